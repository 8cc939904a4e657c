//! Reading a bulk return of adoptions.

use super::rules::{COLUMNS, ImportRow, MOST_ROWS, THEIRS, value};
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::vocabulary::Change;
use serde_json::Value;
use std::fs::File;

/// Reads the rows of a return.
///
/// # Errors
/// As [`csv::Reader::open`] and [`csv::Reader::next_row`]; `too-many-rows`.
pub fn read_rows(file: File) -> Result<Vec<ImportRow>> {
    let mut reader = csv::Reader::open(file, &COLUMNS, &["innovation", "organisation"])?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        if rows.len() >= MOST_ROWS {
            let detail = format!("A return can have at most {MOST_ROWS} rows. Send the rest in another.");
            let fault = Fault::new(format!("/line/{}", row.line), "too-many-rows", detail.clone());
            return Err(Error::new(Code::TooManyRows).detail(detail).fault(fault));
        }
        let cell = |(column, name): (usize, &&str)| match row.change(column) {
            Change::Keep => None,
            Change::Clear => Some(((*name).to_owned(), Value::Null)),
            Change::Set(text) => Some(((*name).to_owned(), value(name, text.trim()))),
        };
        rows.push(ImportRow {
            line: row.line,
            cells: COLUMNS.iter().enumerate().take(THEIRS).filter_map(cell).collect(),
        });
    }
    Ok(rows)
}
