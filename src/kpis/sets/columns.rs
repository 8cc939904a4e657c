//! The columns of a table with a column for each KPI of a set, whoever reads or writes it.

/// The columns that say what the values of a row are about. The name of the organisation is for people, and not read.
pub const KEY: [&str; 5] = ["organisation", "organisationName", "innovation", "period", "breakdown"];

/// What is said of a value, in columns of their own.
pub const FIGURES: [&str; 7] = ["value", "numerator", "denominator", "qualifier", "basis", "comment", "justification"];

/// The column in which something is said of a KPI: its code alone for the value.
pub fn column(kpi: &str, figure: &str) -> String {
    if figure == FIGURES[0] { kpi.to_owned() } else { format!("{kpi}.{figure}") }
}
