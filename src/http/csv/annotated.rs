//! A file that was sent, with what became of its rows.

use super::{Rows, Sheet};
use crate::delivery::OURS;
use crate::error::Result;
use crate::vocabulary::Change;

/// The sender's own file with `outcome`, `problem` and `expected` beside each row. It can be corrected and sent back as it is.
///
/// # Errors
/// `internal` when the spooled file cannot be read again.
pub fn annotate(
    rows: &mut dyn Rows,
    columns: &[&str],
    verdicts: impl IntoIterator<Item = [String; 3]>,
) -> Result<Vec<u8>> {
    let theirs =
        rows.present().into_iter().filter(|(column, _)| columns.get(*column).is_some_and(|c| !OURS.contains(c)));
    let (places, names): (Vec<usize>, Vec<&str>) = theirs.unzip();
    let mut sheet = Sheet::separated_by(rows.delimiter(), names.into_iter().chain(OURS))?;
    let mut verdicts = verdicts.into_iter();
    while let (Some(row), Some(verdict)) = (rows.next_row()?, verdicts.next()) {
        let ours = verdict.iter().map(|text| Change::Set(text.as_str()));
        sheet.row_of_changes(places.iter().map(|column| row.change(*column)).chain(ours))?;
    }
    sheet.finish()
}
