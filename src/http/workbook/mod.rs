//! Workbooks (.xlsx), read and written: a table on a sheet is read as a CSV is, by the names in its first row.

mod form;
mod numbers;
mod reader;
mod writer;

pub use form::{WorkbookBody, XLSX, pointer};
pub use reader::{Book, is_workbook};
pub use writer::{Cell, Look, Sheets};

#[cfg(test)]
mod tests;
