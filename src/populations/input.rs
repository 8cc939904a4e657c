//! Reading populations that come as CSV.

use crate::csv_body;
use crate::error::Result;
use crate::http::csv;
use crate::vocabulary::Change;
use serde_json::{Map, Value};
use std::fs::File;

pub const COLUMNS: [&str; 12] = [
    "organisation",
    "kind",
    "on",
    "group",
    "edition",
    "innovation",
    "indication",
    "value",
    "qualifier",
    "basis",
    "source",
    "illustrative",
];

csv_body! {
    /// Populations as CSV.
    PopulationsCsv: COLUMNS
}

/// A row of a file: its line, its cells as a body would have them, and the columns that say anything.
pub struct SentRow {
    pub line: u32,
    pub body: Value,
    pub given: Vec<&'static str>,
}

/// Reads the rows. An empty cell says nothing: what is known stays, and else the default holds. What is taken away is the default again.
///
/// # Errors
/// As [`csv::Reader`].
pub fn read_rows(file: File) -> Result<Vec<SentRow>> {
    let mut reader = csv::Reader::open(file, &COLUMNS, &["organisation", "on", "value", "source"])?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let member = |(column, name): (usize, &&str)| match row.change(column) {
            Change::Keep | Change::Clear => None,
            Change::Set(text) => Some(((*name).to_owned(), cell(name, text.trim()))),
        };
        let body = COLUMNS.iter().enumerate().filter_map(member).collect::<Map<_, _>>();
        let says = |(column, _): &(usize, &&str)| !matches!(row.change(*column), Change::Keep);
        let given = COLUMNS.iter().enumerate().filter(says).map(|(_, name)| *name).collect();
        rows.push(SentRow { line: row.line, body: Value::Object(body), given });
    }
    Ok(rows)
}

/// What cannot be read stays the text that it is, and is found wrong with the rest.
fn cell(column: &str, text: &str) -> Value {
    match column {
        "value" => text.parse::<i64>().map_or_else(|_| text.into(), Into::into),
        // Spreadsheets write their own TRUE and FALSE.
        "illustrative" => text.to_ascii_lowercase().parse::<bool>().map_or_else(|_| text.into(), Into::into),
        _ => text.into(),
    }
}
