//! A workbook that was sent. It is unpacked within limits before anything reads it, and nothing in it is followed or run: its
//! cells are taken as they are, a formula by the value that was kept of it.

use super::form::{SHEET, pointer};
use super::numbers;
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv::{Hint, Row, Rows, present};
use calamine::{DataRef, Reader as _, SheetType, Xlsx};
use csv::StringRecord;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use zip::ZipArchive;

/// The most files in a workbook.
const MOST_PARTS: usize = 10_000;
/// The most bytes of what is held whole, unpacked: the texts of all cells, and each of the small parts.
const MOST_TEXTS: u64 = 32 << 20;
const MOST_SMALL: u64 = 2 << 20;
/// A spreadsheet has no more columns and rows.
const MOST_COLUMNS: u32 = 16_384;
const MOST_ROWS: u32 = 1_048_576;

/// Whether a file begins as a workbook does. It is at its beginning again afterwards.
///
/// # Errors
/// `internal` when it cannot be read.
pub fn is_workbook(mut file: &File) -> Result<bool> {
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start).map_err(Error::internal)?;
    file.rewind().map_err(Error::internal)?;
    Ok(start == b"PK\x03\x04")
}

/// How many bytes a workbook has unpacked, unpacking nothing beyond the limits.
///
/// # Errors
/// `malformed-body` for what is no workbook; `body-too-large` for one that has more than the limit.
fn unpacked_size(file: &File, limit: u64) -> Result<u64> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|cause| unreadable().context(cause))?;
    if archive.len() > MOST_PARTS {
        return Err(unreadable());
    }
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|cause| unreadable().context(cause))?;
        let most = left.min(most_of(&part.name().map_err(|cause| unreadable().context(cause))?));
        let size = io::copy(&mut part.take(most + 1), &mut io::sink()).map_err(|cause| unreadable().context(cause))?;
        if size > most {
            let detail =
                format!("The workbook is too large: unpacked it may have {limit} bytes, and its texts {MOST_TEXTS}.");
            return Err(Error::new(Code::BodyTooLarge).detail(detail));
        }
        left -= size;
    }
    Ok(limit - left)
}

/// The most bytes of a part that is held whole.
fn most_of(part: &str) -> u64 {
    let name = part.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "sharedstrings.xml" => MOST_TEXTS,
        "styles.xml" | "workbook.xml" | "[content_types].xml" => MOST_SMALL,
        other if other.ends_with(".rels") => MOST_SMALL,
        _ => u64::MAX - 1,
    }
}

fn unreadable() -> Error {
    let detail =
        "This is no workbook that can be read. Save it as Excel Workbook (.xlsx), without a password, or as CSV UTF-8.";
    Error::new(Code::MalformedBody).detail(detail).fault(Fault::new("", "workbook", detail))
}

/// The table of a workbook: its first row names the columns.
pub struct Book {
    /// The name of its sheet.
    pub name: String,
    /// How many bytes it has unpacked.
    pub unpacked: u64,
    header: Line,
    lines: Vec<Line>,
}

/// A row of the sheet by its number, with the cells that say something.
#[derive(Default)]
struct Line {
    number: u32,
    cells: Vec<(u16, Box<str>)>,
}

impl Book {
    /// Reads the sheet called Return, or the first one.
    ///
    /// # Errors
    /// As [`unpacked_size`]; `malformed-body` for what is no workbook; `no-rows` for an empty sheet.
    pub fn open(file: File, limit: u64) -> Result<Self> {
        let unpacked = unpacked_size(&file, limit)?;
        (&file).rewind().map_err(Error::internal)?;
        // Whatever a file makes of its reader, it is a fault of the file.
        catch_unwind(AssertUnwindSafe(|| Self::read(file, unpacked))).unwrap_or_else(|_| Err(unreadable()))
    }

    fn read(file: File, unpacked: u64) -> Result<Self> {
        let mut book = Xlsx::new(BufReader::new(file)).map_err(|cause| unreadable().context(cause))?;
        let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let sheets: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
        let named = sheets.iter().find(|name| name.trim().eq_ignore_ascii_case(SHEET));
        let name = named.or(sheets.first()).cloned().ok_or_else(unreadable)?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(|cause| unreadable().context(cause))?;
        let mut lines: Vec<Line> = Vec::new();
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|cause| unreadable().context(cause))? {
            let (row, column) = cell.pos;
            if row >= MOST_ROWS || column >= MOST_COLUMNS {
                return Err(unreadable());
            }
            let text = text(&cell.value, cell.formula.is_some());
            if text.trim().is_empty() {
                continue;
            }
            let number = row + 1;
            match lines.last() {
                Some(last) if last.number > number => return Err(unreadable()),
                Some(last) if last.number == number => {}
                _ => lines.push(Line { number, cells: Vec::new() }),
            }
            if let Some(line) = lines.last_mut() {
                line.cells.push((column as u16, text.into()));
            }
        }
        let mut lines = lines.into_iter();
        let Some(header) = lines.next() else {
            let detail = format!("The sheet {name} is empty; expected a row that names columns, and rows below it.");
            return Err(Error::new(Code::NoRows).detail(detail.clone()).fault(Fault::new(
                pointer(&name, 0, 1),
                "no-rows",
                detail,
            )));
        };
        Ok(Self { name, unpacked, header, lines: lines.collect() })
    }

    /// The table, by the columns that an operation knows. `hint` says what they are to somebody who sent another one.
    ///
    /// # Errors
    /// `unknown-column`; `validation-failed` for a column that is there twice.
    pub fn table<'b>(&'b self, columns: &[&str], hint: Hint<'_>) -> Result<Table<'b>> {
        let width = self.header.cells.iter().map(|(column, _)| usize::from(*column) + 1).max().unwrap_or_default();
        let mut names = vec![""; width];
        let mut places = vec![None; columns.len()];
        for (column, name) in &self.header.cells {
            let place = usize::from(*column);
            let name = name.trim();
            let fault = |code, word, detail: String| {
                let at = pointer(&self.name, place, self.header.number);
                Err(Error::new(code).detail(detail.clone()).fault(Fault::new(at, word, detail)))
            };
            let known = columns.iter().position(|known| known.eq_ignore_ascii_case(name));
            let Some(slot) = known.and_then(|known| places.get_mut(known)) else {
                let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                let detail = format!("There is no column \"{name}\". {}", hint(Some(&name)));
                return fault(Code::UnknownColumn, "unknown-column", detail);
            };
            if slot.replace(place).is_some() {
                return fault(Code::ValidationFailed, "column-twice", format!("The column {name} is there twice."));
            }
            if let Some(slot) = names.get_mut(place) {
                *slot = name;
            }
        }
        Ok(Table { book: self, header: StringRecord::from(names), places, next: 0, record: StringRecord::new() })
    }

    /// Where the named columns stand, in lower case.
    pub fn columns(&self) -> Vec<(String, usize)> {
        let named = |(column, name): &(u16, Box<str>)| (name.trim().to_ascii_lowercase(), usize::from(*column));
        self.header.cells.iter().map(named).collect()
    }
}

/// What a cell says.
fn text(cell: &DataRef<'_>, is_formula: bool) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => numbers::plain(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            numbers::day((year, month, day), (hour, minute, second))
        }
        DataRef::DateTime(span) => numbers::plain(span.as_f64()),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        // Nobody has worked it out: it is told as a fault of its cell, and not passed over.
        DataRef::Empty if is_formula => "=".to_owned(),
        DataRef::Empty => String::new(),
    }
}

/// The rows of a book, being read.
pub struct Table<'b> {
    book: &'b Book,
    header: StringRecord,
    places: Vec<Option<usize>>,
    next: usize,
    record: StringRecord,
}

impl Rows for Table<'_> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        let Some(line) = self.book.lines.get(self.next) else {
            if self.next > 0 {
                return Ok(None);
            }
            let detail = "There is a header and no row below it, so there is nothing to take.";
            let at = pointer(&self.book.name, 0, self.book.header.number + 1);
            return Err(Error::new(Code::NoRows).detail(detail).fault(Fault::new(at, "no-rows", detail)));
        };
        self.next += 1;
        let mut cells = vec![""; self.header.len()];
        for (column, text) in &line.cells {
            let place = usize::from(*column);
            let slot = cells.get_mut(place).filter(|_| self.header.get(place).is_some_and(|name| !name.is_empty()));
            let Some(slot) = slot else {
                let at = pointer(&self.book.name, place, line.number);
                let detail = "This cell has text, and no name above it. Empty the cell or name its column.";
                return Err(Error::invalid(at, "no-column", detail));
            };
            *slot = text;
        }
        self.record = StringRecord::from(cells);
        Ok(Some(Row::of(line.number, &self.record, &self.places)))
    }

    fn present(&self) -> Vec<(usize, &str)> {
        present(&self.header, &self.places)
    }
}
