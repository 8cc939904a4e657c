//! A delivery that is a table, long or wide, in a CSV or a workbook: read once for its values, and once more for its answer.

use super::answer::Judged;
use super::input::{COLUMNS, Input, read_long};
use super::origin::Sheet;
use super::suggestions::Known;
use super::told;
use super::wide::Form;
use crate::db::Conn;
use crate::delivery::OURS;
use crate::error::{Error, Fault, Result};
use crate::http::csv::{self, Rows};
use crate::http::workbook::{Book, Cell, Look, Sheets, pointer};
use crate::kpis::sets;
use crate::vocabulary::Change;
use std::fs::File;
use std::io::Seek;

/// The file of a delivery.
pub enum Source {
    Csv(File),
    Book(Box<Book>),
}

/// A delivery that is a table.
pub struct Sent {
    source: Source,
    /// The columns of the set that it is for; without one each row is a value.
    form: Option<Form>,
}

impl Sent {
    pub fn new(source: Source, form: Option<Form>) -> Self {
        Self { source, form }
    }

    /// The delivery, and the values that it holds.
    ///
    /// # Errors
    /// Those of the file as a whole.
    pub fn read_all(self) -> Result<(Option<Self>, Input)> {
        let input = self.input()?;
        Ok((Some(self), input))
    }

    /// The values that it holds.
    ///
    /// # Errors
    /// Those of the file as a whole.
    fn input(&self) -> Result<Input> {
        let read = self.read(|rows, _| match &self.form {
            Some(form) => form.read(rows),
            None => read_long(rows),
        });
        let Source::Book(book) = &self.source else { return read };
        let mut input = read.map_err(|error| in_book(error, &book.name))?;
        input.origin.sheet = Some(Sheet { name: book.name.clone(), columns: book.columns() });
        Ok(input)
    }

    /// Reads it from its beginning, with the columns that it may have.
    fn read<T>(&self, read: impl FnOnce(&mut dyn Rows, &[&str]) -> Result<T>) -> Result<T> {
        let columns = self.form.as_ref().map_or(COLUMNS.to_vec(), Form::columns);
        let hint = |sent: Option<&str>| match &self.form {
            Some(form) => form.hint(sent),
            None => format!(
                "The first row is the header; its columns are {}. A file with a column for each KPI of a set needs ?set=.",
                COLUMNS.join(", ")
            ),
        };
        match &self.source {
            Source::Csv(file) => {
                let mut file = file.try_clone().map_err(Error::internal)?;
                file.rewind().map_err(Error::internal)?;
                read(&mut csv::Reader::open_with(file, &columns, &[], Some(&hint))?, &columns)
            }
            Source::Book(book) => read(&mut book.table(&columns, &hint)?, &columns),
        }
    }

    /// The sender's own table with what became of each row, as CSV.
    ///
    /// # Errors
    /// As [`csv::annotate`].
    pub fn as_csv(&self, judged: &Judged) -> Result<Vec<u8>> {
        let told = told::of_lines(judged).map(|told| told.ours);
        self.read(|rows, columns| csv::annotate(rows, columns, told))
    }

    /// The sender's own table with what became of each row, as a workbook in which what is wrong is marked.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn as_book(&self, judged: &Judged) -> Result<Sheets> {
        self.read(|rows, columns| {
            let is_ours = |column: usize| columns.get(column).is_none_or(|name| OURS.contains(name));
            let theirs = rows.present().into_iter().filter(|(column, _)| !is_ours(*column));
            let theirs: Vec<(usize, String)> = theirs.map(|(column, name)| (column, name.to_owned())).collect();
            let mut sheets = Sheets::with_header(theirs.iter().map(|(_, name)| name.as_str()).chain(OURS))?;
            let mut told = told::of_lines(judged);
            while let (Some(row), Some(told)) = (rows.next_row()?, told.next()) {
                let cells = theirs.iter().map(|(column, name)| {
                    let text = match row.change(*column) {
                        Change::Keep => "",
                        Change::Clear => "(none)",
                        Change::Set(text) => text,
                    };
                    let look = if told.is_wrong(name) { Look::Wrong } else { Look::Plain };
                    (if is_figure(name) { Cell::Figure(text) } else { Cell::Text(text) }, look)
                });
                sheets.row(cells.chain(told.ours.iter().map(|text| (Cell::Text(text), Look::Plain))))?;
            }
            for column in 0..theirs.len() + OURS.len() {
                sheets.width(column as u16, if column < theirs.len() + 1 { 16 } else { 50 })?;
            }
            Ok(sheets)
        })
    }
}

/// The columns for the KPIs of the set that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn form(conn: &mut Conn, pointer: &str, code: &str) -> Result<Form> {
    let set = sets::store::referred(conn, pointer, code)?;
    let kpis = sets::store::kpis_of(conn, set.id)?;
    Ok(Form::new(kpis.iter().map(|kpi| Known::new(&kpi.code, &kpi.name, &[])).collect()))
}

/// Whether a column holds numbers.
fn is_figure(name: &str) -> bool {
    const TEXTS: [&str; 11] = [
        "kpi",
        "organisation",
        "organisationName",
        "innovation",
        "period",
        "breakdown",
        "qualifier",
        "basis",
        "comment",
        "justification",
        "illustrative",
    ];
    let name = name.rsplit('.').next().unwrap_or(name).trim();
    !TEXTS.iter().any(|text| text.eq_ignore_ascii_case(name))
}

/// A fault of a line, as one of a row of the sheet.
fn in_book(error: Error, sheet: &str) -> Error {
    let at = |fault: &Fault| match fault.pointer.strip_prefix("/line/").and_then(|line| line.parse().ok()) {
        Some(line) => Fault::new(pointer(sheet, 0, line), fault.code, fault.detail.clone()),
        None => fault.clone(),
    };
    let faults = error.listed().iter().map(at).collect();
    error.faults(faults)
}
