//! The codes of KPIs.

/// Whether a text can be the code of a KPI or of a set of them.
pub fn is_code(code: &str) -> bool {
    code.len() <= 60
        && code.starts_with(|c: char| c.is_ascii_alphanumeric())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
