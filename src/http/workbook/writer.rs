//! Workbooks that are answered. Text is written as text, so none of it is a formula.

use super::form::SHEET;
use crate::error::{Error, Result};
use rust_xlsxwriter::{Color, DataValidation, DataValidationRule, Format, FormatBorder, Workbook, Worksheet};

/// The longest text that a cell can hold.
const LONGEST: usize = 32_000;

/// How a cell looks, and whether it can be typed in where a sheet is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Plain,
    /// The name of a column.
    Name,
    /// To be mended.
    Wrong,
    /// To be filled in.
    Open,
    /// Nothing is expected here.
    Closed,
}

/// A cell to write.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    Text(&'a str),
    /// A number, in digits and a point; other text stays text.
    Figure(&'a str),
}

/// A workbook being written: a table on its first sheet, text on others.
pub struct Sheets {
    book: Workbook,
    looks: [Format; 5],
    row: u32,
}

impl Sheets {
    /// A workbook with the names of the columns of its table.
    ///
    /// # Errors
    /// `internal`, as all of these, when it cannot be written.
    pub fn with_header<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let plain = || Format::new().set_num_format("@");
        let line = |format: Format| format.set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00AE_B7BD));
        let looks = [
            plain(),
            plain().set_bold().set_background_color(Color::RGB(0x00E8_EDEE)),
            line(plain().set_background_color(Color::RGB(0x00FF_E0DB))),
            line(Format::new().set_unlocked()),
            Format::new().set_background_color(Color::RGB(0x00E8_EDEE)),
        ];
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name(SHEET).map_err(Error::internal)?;
        sheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
        let mut sheets = Self { book, looks, row: 0 };
        sheets.row(names.into_iter().map(|name| (Cell::Text(name), Look::Name)))?;
        Ok(sheets)
    }

    fn sheet(&mut self) -> Result<&mut Worksheet> {
        self.book.worksheet_from_index(0).map_err(Error::internal)
    }

    /// Writes the next row of the table.
    ///
    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = (Cell<'a>, Look)>) -> Result<()> {
        let row = self.row;
        let looks = self.looks.clone();
        let sheet = self.sheet()?;
        for (column, (cell, look)) in (0u16..).zip(cells) {
            let Some(format) = looks.get(look as usize) else { continue };
            let number = match cell {
                Cell::Figure(text) if text.len() <= 16 => text.parse::<f64>().ok().filter(|number| number.is_finite()),
                _ => None,
            };
            let (Cell::Text(text) | Cell::Figure(text)) = cell;
            let written = match number {
                Some(number) => {
                    sheet.write_number_with_format(row, column, number, &format.clone().set_num_format("General"))
                }
                None if text.is_empty() && look == Look::Plain => continue,
                None if text.is_empty() => sheet.write_blank(row, column, format),
                None => {
                    sheet.write_string_with_format(row, column, text.chars().take(LONGEST).collect::<String>(), format)
                }
            };
            written.map_err(Error::internal)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Sets how many characters of a column are seen.
    ///
    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn width(&mut self, column: u16, characters: usize) -> Result<()> {
        let width = characters.clamp(8, 60) as f64 + 2.0;
        self.sheet()?.set_column_width(column, width).map_err(Error::internal)?;
        Ok(())
    }

    /// Lets a column below its name take nothing but numbers within bounds.
    ///
    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn takes_numbers(&mut self, column: u16, (min, max): (f64, f64), expected: &str) -> Result<()> {
        let last = self.row.saturating_sub(1).max(1);
        let rule = DataValidation::new().allow_decimal_number(DataValidationRule::Between(min, max));
        let rule = rule.set_error_title("Not taken").and_then(|rule| rule.set_error_message(expected));
        self.sheet()?
            .add_data_validation(1, column, last, column, &rule.map_err(Error::internal)?)
            .map_err(Error::internal)?;
        Ok(())
    }

    /// Locks what is not open, without a password.
    ///
    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn protect(&mut self) -> Result<()> {
        self.sheet()?.protect();
        Ok(())
    }

    /// Adds a sheet of text, a row for each of these.
    ///
    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn explain(&mut self, name: &str, rows: &[Vec<String>]) -> Result<()> {
        let wrapped = Format::new().set_text_wrap();
        let sheet = self.book.add_worksheet().set_name(name).map_err(Error::internal)?;
        for (row, cells) in (0u32..).zip(rows) {
            for (column, cell) in (0u16..).zip(cells) {
                let text = cell.chars().take(LONGEST).collect::<String>();
                sheet.write_string_with_format(row, column, text, &wrapped).map_err(Error::internal)?;
            }
        }
        for (column, width) in [(0, 34), (1, 60), (2, 24), (3, 24)] {
            sheet.set_column_width(column, width).map_err(Error::internal)?;
        }
        sheet.protect();
        Ok(())
    }

    /// # Errors
    /// As [`Sheets::with_header`].
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.book.save_to_buffer().map_err(Error::internal)
    }
}
