//! CSV bodies: their header and their faults, the same for every operation that reads them. What does not fit the
//! published schema, which pins the names in the header, is 400; what fits but breaks a rule of CSV is 422.

use crate::error::{Code, Error, Fault, Result};
use csv::{ErrorKind, StringRecord};
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};

/// Where each of the columns stands in the header, which may name them in any order.
///
/// # Errors
/// `unknown-column` for a name that is none of theirs; `validation-failed` for one given twice and for each that is
/// needed and not there.
pub fn places<const N: usize>(
    header: &StringRecord,
    columns: &[&str; N],
    needed: &[&str],
) -> Result<[Option<usize>; N]> {
    let mut places = [None; N];
    let mut faults = Vec::new();
    let mut fault = |code, detail: String| faults.push(Fault::new("/line/1", code, detail));
    for (index, name) in header.iter().enumerate() {
        // A spreadsheet may begin its export with a byte order mark.
        let name = name.trim().trim_start_matches('\u{feff}');
        match columns.iter().position(|known| *known == name).and_then(|known| places.get_mut(known)) {
            Some(Some(_)) => fault("column-twice", format!("The column {name} is there twice.")),
            Some(place) => *place = Some(index),
            None => return Err(unknown(name, columns)),
        }
    }
    if header.is_empty() {
        return Err(unknown("", columns));
    }
    for (name, place) in columns.iter().zip(places) {
        if place.is_none() && needed.contains(name) {
            fault("column-missing", format!("The column {name} is missing."));
        }
    }
    if faults.is_empty() { Ok(places) } else { Err(Error::validation(faults)) }
}

fn unknown(name: &str, columns: &[&str]) -> Error {
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let detail = format!("There is no column \"{name}\"; the columns are {}.", columns.join(", "));
    Error::new(Code::UnknownColumn).detail(detail.clone()).fault(Fault::new("/line/1", "unknown-column", detail))
}

/// What is told of a line that the reader stopped at.
pub fn unreadable(cause: &csv::Error) -> Error {
    let line = cause.position().map_or(1, csv::Position::line);
    let told = |detail: String| Fault::new(format!("/line/{line}"), "csv", detail);
    match cause.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let detail = format!("Line {line} of the CSV has {len} cells, where the header has {expected_len}.");
            Error::validation(vec![told(detail)])
        }
        ErrorKind::Io(_) => Error::internal(cause),
        _ => {
            let detail = format!("Line {line} of the CSV is no UTF-8.");
            Error::new(Code::MalformedBody).detail(detail.clone()).fault(told(detail))
        }
    }
}

/// The schema of a CSV body with these columns.
pub fn schema(columns: &[&str]) -> RefOr<Schema> {
    let names = columns.join("|");
    let description = format!(
        "A header that names columns in any order, then a line for each row. The columns are {}.",
        columns.join(", ")
    );
    let schema = json!({
        "type": "string",
        "description": description,
        "maxLength": i32::MAX,
        "pattern": format!("^(({names}),)*({names})(\\r?\\n|$)"),
    });
    serde_json::from_value(schema).unwrap_or_default()
}

/// Declares the schema of a CSV body by its columns.
#[macro_export]
macro_rules! csv_body {
    ($(#[$meta:meta])* $name:ident: $columns:expr) => {
        $(#[$meta])*
        struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::http::csv_body::schema(&$columns)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_any_order_and_their_faults_told() {
        let places = |header: &[&str]| places(&header.to_vec().into(), &["a", "b", "c"], &["b"]);
        assert_eq!(places(&["\u{feff}c", " b "]).unwrap(), [None, Some(1), Some(0)]);
        for (header, code) in [
            (&["a", "d"][..], "unknown-column"),
            (&[], "unknown-column"),
            (&["b", "a", "a"], "column-twice"),
            (&["a"], "column-missing"),
        ] {
            let error = places(header).unwrap_err();
            assert_eq!(error.listed()[0].code, code, "{header:?}");
        }
    }
}
