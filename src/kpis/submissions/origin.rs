//! Where in a delivery its values stood, so that an answer points at what the sender sees: a row, a cell of a wide row, or a
//! cell of a workbook.

use crate::http::workbook::pointer;

/// Where the values of a delivery stood. By default each row is one value.
#[derive(Debug, Default)]
pub struct Origin {
    /// The row of each value, of a table with a column for each KPI.
    pub rows: Option<Vec<u32>>,
    /// The sheet of a workbook.
    pub sheet: Option<Sheet>,
}

/// A sheet of a workbook: its name, and where its columns stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// The name of each column that is known, in lower case, and its place.
    pub columns: Vec<(String, usize)>,
}

impl Origin {
    /// Where a value stood, by its number and its line, or the cell of its row that a fault of this code is about.
    pub fn pointer(&self, (index, line): (usize, u32), kpi: &str, code: Option<&str>) -> String {
        match (&self.sheet, &self.rows) {
            (Some(sheet), _) => pointer(&sheet.name, sheet.place(&self.column(kpi, code)), line),
            (None, Some(rows)) => format!("/rows/{}/{kpi}", rows.get(index).copied().unwrap_or_default()),
            (None, None) => format!("/rows/{index}"),
        }
    }

    /// The column that a fault of this code is about, in lower case.
    pub fn column(&self, kpi: &str, code: Option<&str>) -> String {
        let is_wide = self.rows.is_some();
        match code.unwrap_or_default() {
            "unknown-organisation" | "out-of-scope" | "outside-life" => "organisation".to_owned(),
            "unknown-innovation" => "innovation".to_owned(),
            "period-malformed" => "period".to_owned(),
            _ if is_wide => kpi.to_ascii_lowercase(),
            // In a wide row they can be right for another KPI.
            "period-type" | "period-future" | "period-locked" => "period".to_owned(),
            "unknown-breakdown" => "breakdown".to_owned(),
            "unknown-kpi" | "not-live" => "kpi".to_owned(),
            _ => "value".to_owned(),
        }
    }
}

impl Sheet {
    /// Where a column stands; of one that is not there, where a part of it does, or where rows begin.
    fn place(&self, column: &str) -> usize {
        let start = format!("{column}.");
        let own = self.columns.iter().find(|(name, _)| name == column);
        let part = || self.columns.iter().find(|(name, _)| name.starts_with(&start));
        own.or_else(part).map_or(0, |(_, place)| *place)
    }
}
