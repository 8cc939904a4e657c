//! What is written is read back, what a spreadsheet does is understood, and no bytes do harm.

use super::form::letters;
use super::*;
use crate::error::Code;
use crate::http::csv::Rows;
use proptest::prelude::*;
use std::fs::File;
use std::io::{Cursor, Seek, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const COLUMNS: [&str; 3] = ["organisation", "period", "value"];
const LIMIT: u64 = 1 << 20;

fn spooled(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// The table of a workbook.
fn read(bytes: &[u8]) -> crate::error::Result<Vec<(u32, Vec<Option<String>>)>> {
    let book = Book::open(spooled(bytes), LIMIT)?;
    let mut table = book.table(&COLUMNS, &|_| String::new())?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        rows.push((row.line, (0..3).map(|column| row.verbatim(column).map(str::to_owned)).collect()));
    }
    Ok(rows)
}

fn written(rows: &[[&str; 3]]) -> Vec<u8> {
    let mut sheets = Sheets::with_header(COLUMNS).unwrap();
    for [organisation, period, value] in rows {
        let cells = [Cell::Text(organisation), Cell::Text(period), Cell::Figure(value)];
        sheets.row(cells.map(|cell| (cell, Look::Plain))).unwrap();
    }
    sheets.finish().unwrap()
}

/// A workbook with this sheet, as a spreadsheet program would write it.
fn with_sheet(cells: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData>{cells}</sheetData></worksheet>")),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Organisation</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>period</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>VALUE</t></is></c></row>";

#[test]
fn what_is_written_is_read_back_and_no_text_is_a_formula() {
    let rows = read(&written(&[["RF4", "2024-03", "12.5"], ["=1+1", "2024-04", "x"], ["RJZ", "2024-05", ""]])).unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows[0], (2, vec![text("RF4"), text("2024-03"), text("12.5")]));
    assert_eq!(rows[1], (3, vec![text("=1+1"), text("2024-04"), text("x")]));
    assert_eq!(rows[2], (4, vec![text("RJZ"), text("2024-05"), None]));
}

#[test]
fn numbers_days_and_formulas_are_what_the_sheet_shows() {
    let cells = "<row r=\"3\"><c r=\"A3\" t=\"str\"><f>B1</f><v>RF4</v></c><c r=\"B3\" s=\"1\"><v>45352</v></c><c r=\"C3\"><f>0.1+0.2</f><v>0.30000000000000004</v></c></row>\
                 <row r=\"7\"><c r=\"B7\"><v>2024</v></c><c r=\"C7\"><v>1E5</v></c></row>\
                 <row r=\"8\"><c r=\"A8\" t=\"e\"><v>#N/A</v></c><c r=\"C8\"><f>SUM(A1)</f></c></row>";
    let rows = read(&with_sheet(&format!("{HEADER}{cells}"))).unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows[0], (3, vec![text("RF4"), text("2024-03-01"), text("0.3")]));
    assert_eq!(rows[1], (7, vec![None, text("2024"), text("100000")]));
    assert_eq!(rows[2], (8, vec![text("#N/A"), None, text("=")]));
}

#[test]
fn what_is_wrong_with_a_sheet_is_told_by_its_cell() {
    let fault = |cells: &str| {
        let error = read(&with_sheet(cells)).unwrap_err();
        (error.code(), error.listed()[0].pointer.clone())
    };
    assert_eq!(fault(""), (Code::NoRows, "/sheets/Data/A1".to_owned()));
    assert_eq!(fault(HEADER), (Code::NoRows, "/sheets/Data/A2".to_owned()));
    let other = HEADER.replace("VALUE", "Wert");
    assert_eq!(fault(&other), (Code::UnknownColumn, "/sheets/Data/C1".to_owned()));
    let stray = format!("{HEADER}<row r=\"2\"><c r=\"AB2\"><v>1</v></c></row>");
    assert_eq!(fault(&stray), (Code::ValidationFailed, "/sheets/Data/AB2".to_owned()));
}

#[test]
fn a_small_file_that_unpacks_to_much_is_refused_before_it_is_read() {
    for part in ["xl/worksheets/sheet1.xml", "xl/media/image1.png", "xl/styles.xml"] {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(part, SimpleFileOptions::default()).unwrap();
        archive.write_all(&vec![b' '; 4 << 20]).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 10_000, "{}", bytes.len());
        assert_eq!(
            Book::open(spooled(&bytes), LIMIT).err().map(|error| error.code()),
            Some(Code::BodyTooLarge),
            "{part}"
        );
        assert_eq!(
            Book::open(spooled(&bytes), 3 << 20).err().map(|error| error.code()),
            Some(Code::BodyTooLarge),
            "{part}"
        );
    }
}

#[test]
fn a_column_has_the_letters_that_a_spreadsheet_gives_it() {
    for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
        assert_eq!(letters(column), expected);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Book::open(spooled(&bytes), LIMIT);
    }

    #[test]
    fn no_change_of_a_workbook_makes_the_reader_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = written(&[["RF4", "2024-03", "12.5"]]);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn no_sheet_makes_the_reader_panic(text in "[<>/a-z0-9=\" ]{0,200}") {
        let _ = read(&with_sheet(&text));
        let _ = read(&with_sheet(&format!("{HEADER}<row r=\"2\"><c {text}</row>")));
    }

    #[test]
    fn a_number_keeps_its_digits(number in -1_000_000_000_000i64..1_000_000_000_000, decimals in 0u32..3) {
        let text = crate::decimal::format_scaled(number, u8::try_from(decimals).unwrap());
        let read = read(&written(&[["RF4", "2024", &text]])).unwrap();
        let read: f64 = read[0].1[2].as_deref().unwrap_or("0").parse().unwrap();
        prop_assert_eq!(read, text.parse::<f64>().unwrap());
    }
}
