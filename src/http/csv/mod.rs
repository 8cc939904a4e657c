//! CSV, the same for every body and every answer: one [`Reader`], one [`Sheet`] that is written, and what the two agree on.

mod reader;
mod table;
mod watch;
mod writer;

pub use reader::{Reader, Row};
pub use table::Table;
pub use writer::{Sheet, sheet_of_faults};

use super::params::byte_order_mark;
use crate::error::{Code, Error, Fault};
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};

/// The byte order mark by which programs know UTF-8.
pub const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether a query that the gate let pass asks for [`MARK`] before CSV.
pub fn is_marked(query: &str) -> bool {
    byte_order_mark(query).is_ok_and(|asked| asked == Some(true))
}

/// What a cell says to take away what is there.
const NONE: &str = "(none)";

/// Whether the text is [`NONE`], in any case and with spaces around it.
fn takes_away(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(NONE)
}

/// Whether a cell with this text would be taken for something else: by a spreadsheet for a formula, or by this service for
/// [`NONE`]. An apostrophe in front keeps the text what it is, so those that are there already make no difference.
fn is_misread(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    let invisible =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let formula = text.trim_start_matches(invisible).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let control = text.starts_with(['\t', '\r', '\n']);
    (formula || control) && !is_number(text) || takes_away(text)
}

/// Whether the text is a number in digits and a point, such as -2.5.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.split_once('.').map_or_else(|| digits(unsigned), |(whole, rest)| digits(whole) && digits(rest))
}

/// A fault of the whole file, on a line of it: 400 for a file that cannot be read, 422 for one that breaks a rule.
fn refusal(code: Code, line: u32, word: &'static str, detail: impl Into<String>) -> Error {
    let detail = detail.into();
    Error::new(code).detail(detail.clone()).fault(Fault::new(format!("/line/{line}"), word, detail))
}

/// Whether the error is about a CSV as a whole, and not about the request that brought it.
pub fn is_of_file(error: &Error) -> bool {
    error.listed().iter().any(|fault| fault.pointer.starts_with("/line/"))
}

/// The schema of a CSV body with these columns.
pub fn schema(columns: &[&str]) -> RefOr<Schema> {
    let names = columns.join("|");
    let description = format!(
        "A header that names columns in any order, then a line for each row. The columns are {}. Commas, semicolons or tabs \
         separate cells, names may be in any case, and an empty cell says nothing.",
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
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::http::csv::schema(&$columns)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [&str; 3] = ["code", "name", "note"];

    fn rows(file: &[u8]) -> crate::error::Result<Vec<[Option<String>; 3]>> {
        let mut reader = Reader::open(file, &COLUMNS, &[])?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row()? {
            rows.push([0, 1, 2].map(|column| row.verbatim(column).map(str::to_owned)));
        }
        Ok(rows)
    }

    #[test]
    fn a_cell_that_would_be_taken_for_a_formula_is_kept_from_it_and_a_number_is_not() {
        for formula in [
            "=1+1",
            "+44 20 7946",
            "-2+3+cmd|' /C calc'!A0",
            "@SUM(A1)",
            " =1",
            "\u{a0}=1",
            "\u{3000}＝1",
            "＝1",
            "＋1",
            "－1",
            "＠a",
            "\t=1",
            "\tx",
            "\rx",
            "\u{200b}=1",
            "'=1",
            "-",
            "- 2",
            "-2,5",
            "(none)",
            "(None) ",
        ] {
            assert!(is_misread(formula), "{formula:?}");
        }
        for text in ["-2", "-2.5", "0", "2+3", "a=1", "King's", "'tis", "", "n/a", "none", "£12"] {
            assert!(!is_misread(text), "{text:?}");
        }
    }

    /// Cells with all that may go wrong in one.
    fn cell() -> impl Strategy<Value = String> {
        "([ '\"=+@;,\t\r\n\u{a0}＝a-c1-3é.-]|\\(none\\)|cmd\\|){0,8}"
            .prop_filter("says something", |text| !text.trim().is_empty())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(written in prop::collection::vec([cell(), cell(), cell()], 1..6)) {
            let mut sheet = Sheet::with_header(COLUMNS).unwrap();
            written.iter().for_each(|row| sheet.row(row).unwrap());
            let read = rows(&sheet.finish().unwrap()).unwrap();
            prop_assert_eq!(read, written.into_iter().map(|row| row.map(Some)).collect::<Vec<_>>());
        }

        #[test]
        fn every_line_end_and_every_delimiter_gives_the_same_rows(cells in prop::collection::vec(["[a-z]{1,4}", "[a-z ,;]{0,5}[a-z]", "[0-9]{1,3}"], 1..5)) {
            let mut all = Vec::new();
            for end in ["\n", "\r\n", "\r"] {
                for delimiter in [",", ";", "\t"] {
                    for start in ["", "\u{feff}"] {
                        let lines = cells.iter().map(|[code, name, note]| [code.as_str(), &format!("\"{name}\""), note].join(delimiter));
                        let text: Vec<String> = [COLUMNS.join(delimiter)].into_iter().chain(lines).collect();
                        all.push(rows(format!("{start}{}{end}", text.join(end)).as_bytes()).unwrap());
                    }
                }
            }
            prop_assert!(all.iter().all(|read| read == &all[0]) && all[0].len() == cells.len());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), quoted in "[\"',;\t\r\ncodena ]{0,60}") {
            let _ = rows(&bytes);
            let _ = rows(quoted.as_bytes());
            let _ = rows(format!("code,name\n{quoted}").as_bytes());
        }
    }
}
