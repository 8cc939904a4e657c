//! Many organisations at once, as CSV: each row is a merge patch of the organisation with its code, or a new one.

use super::ops::{self, Imported};
use super::rules::Organisation;
use super::store;
use crate::csv_body;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::http::{Context, Reply};
use crate::vocabulary::Change;
use serde::Serialize;
use serde_json::Value;
use std::fs::File;
use utoipa::ToSchema;

const COLUMNS: [&str; 9] = ["code", "name", "type", "odsCode", "status", "validFrom", "validTo", "postcode", "parent"];

csv_body! {
    /// Organisations as CSV.
    OrganisationsCsv: COLUMNS
}

/// Organisations as CSV, as the one file of a form: what `curl -F file=@organisations.csv` and browsers send.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the file is taken out of the form while it arrives")]
pub struct OrganisationsFileRequest {
    file: OrganisationsCsv,
}

/// How many rows were created, updated and left unchanged.
#[derive(Default, Serialize, ToSchema)]
pub struct ImportResponse {
    counts: ImportCounts,
}

/// Rows by what became of them.
#[derive(Default, Serialize, ToSchema)]
pub struct ImportCounts {
    #[schema(minimum = 0)]
    received: u32,
    #[schema(minimum = 0)]
    created: u32,
    #[schema(minimum = 0)]
    updated: u32,
    #[schema(minimum = 0)]
    unchanged: u32,
}

const FAULTS_OF_A_ROW: [Code; 4] =
    [Code::MalformedBody, Code::ValidationFailed, Code::UnknownReference, Code::Immutable];
/// The most faults of a file that are reported at once.
const MOST_FAULTS: usize = 1000;

/// A row of an import: its line, and its cells in the form of a merge patch.
pub struct ImportRow {
    line: u32,
    patch: Value,
}

/// Reads the rows of an import; an empty cell says nothing, `(none)` takes away.
///
/// # Errors
/// As [`csv::Reader`].
pub fn read_rows(file: File) -> Result<Vec<ImportRow>> {
    let mut reader = csv::Reader::open(file, &COLUMNS, &["code", "name", "type"])?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let member = |(column, name): (usize, &&str)| match row.change(column) {
            Change::Keep => None,
            Change::Clear => Some(((*name).to_owned(), Value::Null)),
            Change::Set(text) => Some(((*name).to_owned(), Value::from(text.trim()))),
        };
        rows.push(ImportRow { line: row.line, patch: COLUMNS.iter().enumerate().filter_map(member).collect() });
    }
    Ok(rows)
}

/// Creates or updates one organisation for each row. `fit` checks a row against the schema of the JSON body.
///
/// # Errors
/// `validation-failed` with the faults of all rows; what the database fails with.
pub fn import(
    conn: &mut Conn,
    context: &Context,
    rows: Vec<ImportRow>,
    fit: impl Fn(Value) -> Result<Organisation>,
) -> Result<Reply> {
    let (mut done, mut faults) = (ImportResponse::default(), Vec::new());
    for ImportRow { line, patch } in rows {
        done.counts.received += 1;
        match import_row(conn, context, &patch, &fit) {
            Ok(Imported::Created) => done.counts.created += 1,
            Ok(Imported::Updated) => done.counts.updated += 1,
            Ok(Imported::Unchanged) => done.counts.unchanged += 1,
            Err(error) if FAULTS_OF_A_ROW.contains(&error.code()) => {
                faults.extend(error.listed().iter().map(|fault| fault_of_cell(line, fault)));
            }
            Err(error) => return Err(error),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Reply::ok(&done) } else { Err(Error::validation(faults)) }
}

fn import_row(
    conn: &mut Conn,
    context: &Context,
    patch: &Value,
    fit: impl Fn(Value) -> Result<Organisation>,
) -> Result<Imported> {
    let code = patch["code"].as_str().unwrap_or_default();
    let present = store::find(conn, &code.to_ascii_uppercase())?;
    if present.is_some() && patch.get("parent").is_some_and(Value::is_null) {
        return Err(Error::invalid("/parent", "immutable", "End the edge to take a parent away."));
    }
    let mut document = Value::Null;
    if let Some(row) = &present {
        // Merging leaves out what is null, as a body does.
        json_patch::merge(&mut document, &serde_json::to_value(row.organisation())?);
    }
    json_patch::merge(&mut document, patch);
    ops::import_organisation(conn, context, fit(document)?)
}

/// A fault of a row, in its place in the file and with what to do about it in a spreadsheet.
fn fault_of_cell(line: u32, fault: &Fault) -> Fault {
    let date = fault.code == "format" && ["/validFrom", "/validTo"].contains(&fault.pointer.as_str());
    let detail = if date {
        "Expected a date, such as 2019-04-01: format the column as Text, write each date so and save again."
    } else {
        &fault.detail
    };
    Fault::new(format!("/line/{line}{}", fault.pointer), fault.code, detail)
}
