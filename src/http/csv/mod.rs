//! CSV, the same for every body and every answer: one [`Reader`], one [`Sheet`] that is written, and what the two agree on.

mod annotated;
mod body;
mod cells;
mod reader;
mod table;
mod watch;
mod writer;

pub use annotated::annotate;
pub use body::schema;
pub use cells::{MARK, is_marked, is_of_file};
pub use reader::{Hint, Reader, Row, Rows, present};
pub use table::Table;
pub use writer::{Sheet, sheet_of_faults};

#[cfg(test)]
mod tests;
