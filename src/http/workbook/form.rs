//! What a workbook is in a request, and how its cells are named.

/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A workbook, as the API document has it.
pub struct WorkbookBody;

impl utoipa::PartialSchema for WorkbookBody {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let description = "An Excel workbook (.xlsx): a sheet whose first row names its columns.";
        let schema = serde_json::json!({ "type": "string", "format": "binary", "description": description, "maxLength": i32::MAX });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl utoipa::ToSchema for WorkbookBody {}

/// The sheet with the table, in the workbooks that are written here.
pub const SHEET: &str = "Return";

/// The letters of a column, of which the first has place 0.
pub fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        match (column / 26).checked_sub(1) {
            Some(rest) => column = rest,
            None => return letters.into_iter().rev().collect(),
        }
    }
}

/// A cell of a sheet, by the place of its column and the number of its row, as a JSON pointer.
pub fn pointer(sheet: &str, column: usize, row: u32) -> String {
    format!("/sheets/{}/{}{row}", sheet.replace('~', "~0").replace('/', "~1"), letters(column))
}
