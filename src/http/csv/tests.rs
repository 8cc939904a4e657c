//! What is written is read back, whatever a spreadsheet does to it.

use super::cells::is_misread;
use super::{Reader, Sheet};
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
