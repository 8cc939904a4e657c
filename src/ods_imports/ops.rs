//! Loading a file of the Organisation Data Service, in one transaction.

use super::joining::join;
use super::listing::list;
use super::outcome::{MOST, OdsImportCounts, Outcome};
use super::rules::{COLUMNS, Cells, OdsFile, Row, read};
use super::succeeding::succeed;
use crate::db::dialect::lock;
use crate::db::{Conn, part};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{Context, csv};
use crate::organisations::edges::ops::HIERARCHY_LOCK;
use crate::organisations::rules::is_code;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use utoipa::ToSchema;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct OdsImport {
    pub file: OdsFile,
    pub dry_run: bool,
    /// The day from which a new parent counts where the file gives none.
    pub on: Option<NaiveDate>,
}

/// What a file changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OdsImportResponse {
    file: OdsFile,
    dry_run: bool,
    counts: OdsImportCounts,
    /// Things to check, the first 1,000.
    #[schema(max_items = 1000)]
    warnings: Vec<Fault>,
}

impl Cells for csv::Row<'_> {
    fn cell(&self, column: usize) -> Option<&str> {
        self.text(column - 1)
    }

    fn number(&self) -> usize {
        self.cells()
    }
}

/// Rows with the lines that they stand on.
pub type Rows = Vec<(u32, Row)>;

/// Reads the rows of a file. Rows that say the same are one.
///
/// # Errors
/// As [`csv::Reader`]; `malformed-body` for what begins with no code; `validation-failed` with the rows that cannot be read,
/// and those that contradict an earlier one.
pub fn read_rows(file: Option<OdsFile>, sent: File) -> Result<Rows> {
    let mut reader = csv::Reader::headless(sent, &COLUMNS)?;
    let (mut rows, mut faults) = (Rows::new(), Vec::new());
    let mut first: HashMap<String, usize> = HashMap::new();
    while let Some(row) = reader.next_row()? {
        let begins = row.cell(1).is_some_and(is_code) && row.cell(2).is_some();
        if rows.is_empty() && faults.is_empty() && !begins {
            let detail = "This is no file of the Organisation Data Service, of which each row begins with a code and a name or another code.";
            let fault = Fault::new(format!("/line/{}", row.line), "format", detail);
            return Err(Error::new(Code::MalformedBody).detail(detail).fault(fault));
        }
        let (file, line) = (named(file)?, row.line);
        match read(file, &row, line) {
            Ok(row) => {
                let subject = row.subject();
                match subject.as_ref().and_then(|subject| rows.get(*first.get(subject)?)) {
                    Some((_, earlier)) if *earlier == row => {}
                    Some((earlier, _)) => faults.push(contradiction(line, *earlier, subject.as_deref())),
                    None => {
                        first.extend(subject.map(|subject| (subject, rows.len())));
                        rows.push((line, row));
                    }
                }
            }
            Err(fault) => faults.push(fault),
        }
        if faults.len() >= MOST {
            break;
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(Error::validation(faults)) }
}

fn contradiction(line: u32, earlier: u32, subject: Option<&str>) -> Fault {
    let subject = subject.unwrap_or_default();
    let detail =
        format!("Lines {earlier} and {line} say different things of {subject}. Take the one that does not hold out.");
    Fault::new(format!("/line/{line}"), "duplicate", detail)
}

/// The report that a file is said to be.
///
/// # Errors
/// `validation-failed` where nothing says so.
pub fn named(file: Option<OdsFile>) -> Result<OdsFile> {
    let missing = || Error::invalid("?file", "missing", "Say which report the file is, such as file=epraccur.");
    file.ok_or_else(missing)
}

/// Loads the rows of a file. A dry run does the same, and nothing of it stays.
///
/// # Errors
/// `validation-failed` with the rows that break a rule for organisations; what the database fails with.
pub fn import_ods_file(conn: &mut Conn, context: &Context, asked: &OdsImport, rows: Rows) -> Result<OdsImportResponse> {
    let OdsImport { file, dry_run, on } = *asked;
    lock(conn, HIERARCHY_LOCK)?;
    part(conn, |conn| {
        let outcome = load_rows(conn, context, rows, on.unwrap_or_else(|| context.today()))?;
        let (counts, warnings) = (outcome.counts, outcome.warnings());
        Ok((OdsImportResponse { file, dry_run, counts, warnings }, !dry_run))
    })
}

fn load_rows(conn: &mut Conn, context: &Context, rows: Rows, on: NaiveDate) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let (mut listed, mut memberships, mut succeeded) = (Vec::new(), Vec::new(), Vec::new());
    for (line, row) in rows {
        outcome.counts.received += 1;
        match row {
            Row::Listed(row) => listed.push((line, row)),
            Row::Membership(row) => memberships.push((line, row)),
            Row::Succeeded(row) => succeeded.push((line, row)),
            Row::PassedOver => outcome.counts.passed_over += 1,
        }
    }
    if !listed.is_empty() {
        list(conn, context, listed, on, &mut outcome)?;
    }
    if !memberships.is_empty() {
        join(conn, context, memberships, on, &mut outcome)?;
    }
    if !succeeded.is_empty() {
        succeed(conn, context, succeeded, &mut outcome)?;
    }
    Ok(outcome)
}

/// What a load of a file by the operator's verb prints.
///
/// # Errors
/// As [`read_rows`] and [`import_ods_file`].
pub fn load(conn: &mut Conn, context: &Context, asked: &OdsImport, sent: File) -> Result<String> {
    let rows = read_rows(Some(asked.file), sent)?;
    Ok(serde_json::to_string(&import_ods_file(conn, context, asked, rows)?)?)
}
