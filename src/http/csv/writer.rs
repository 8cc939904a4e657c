//! CSV answers.

use super::cells::{NONE, is_misread};
use crate::error::{Error, Result};
use crate::vocabulary::Change;
use std::borrow::Cow;

/// A sheet being written: cells that no spreadsheet takes for a formula, and that the reader gives back as they are.
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A sheet that begins with the names of its columns.
    ///
    /// # Errors
    /// `internal`, as all of these, when the sheet cannot be written.
    pub fn with_header<C: AsRef<str>>(columns: impl IntoIterator<Item = C>) -> Result<Self> {
        Self::separated_by(b',', columns)
    }

    /// A sheet for a program that separates cells by something else than commas.
    ///
    /// # Errors
    /// As [`Sheet::with_header`].
    pub fn separated_by<C: AsRef<str>>(delimiter: u8, columns: impl IntoIterator<Item = C>) -> Result<Self> {
        let mut sheet = Self(csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new()));
        sheet.row(columns)?;
        Ok(sheet)
    }

    /// A sheet that begins with the row that is written first, since its header was sent already or is a row like others.
    pub fn without_header() -> Self {
        Self(csv::Writer::from_writer(Vec::new()))
    }

    /// Writes a row of texts.
    ///
    /// # Errors
    /// As [`Sheet::with_header`]; a row has as many cells as the one before.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> Result<()> {
        cells.into_iter().try_for_each(|cell| self.cell(cell.as_ref()))?;
        self.end_row()
    }

    /// Writes a row of cells that were read as [`Change`]s, so that they say the same when they are read again.
    ///
    /// # Errors
    /// As [`Sheet::row`].
    pub fn row_of_changes<'a>(&mut self, cells: impl IntoIterator<Item = Change<&'a str>>) -> Result<()> {
        for cell in cells {
            match cell {
                Change::Keep => self.cell("")?,
                Change::Clear => self.0.write_field(NONE).map_err(Error::internal)?,
                Change::Set(text) => self.cell(text)?,
            }
        }
        self.end_row()
    }

    fn cell(&mut self, text: &str) -> Result<()> {
        let cell = if is_misread(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
        self.0.write_field(cell.as_bytes()).map_err(Error::internal)
    }

    fn end_row(&mut self) -> Result<()> {
        self.0.write_record(None::<&[u8]>).map_err(Error::internal)
    }

    /// # Errors
    /// As [`Sheet::with_header`].
    pub fn finish(self) -> Result<Vec<u8>> {
        self.0.into_inner().map_err(Error::internal)
    }
}

/// The faults of a file that was refused whole, for a sender who wants CSV: its columns are those of an answer that tells of
/// rows.
///
/// # Errors
/// As [`Sheet::with_header`].
pub fn sheet_of_faults(error: &Error) -> Result<Vec<u8>> {
    let mut sheet = Sheet::with_header(["line", "problem", "expected"])?;
    for fault in error.listed() {
        let line = fault.pointer.trim_start_matches("/line/").split('/').next().unwrap_or_default();
        sheet.row([line, fault.code, &fault.detail])?;
    }
    sheet.finish()
}
