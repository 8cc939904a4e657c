//! What became of the rows of a file.

use crate::error::Fault;
use serde::Serialize;
use utoipa::ToSchema;

/// The most faults and warnings of a file that are answered at once.
pub const MOST: usize = 1000;

/// How many rows were read, and what became of them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OdsImportCounts {
    /// Rows that say the same count once.
    #[schema(minimum = 0)]
    pub received: u32,
    #[schema(minimum = 0)]
    pub created: u32,
    #[schema(minimum = 0)]
    pub updated: u32,
    #[schema(minimum = 0)]
    pub unchanged: u32,
    /// Rows about what the register does not keep, such as a prescribing cost centre that is no practice, and rows that were
    /// refused with a warning.
    #[schema(minimum = 0)]
    pub passed_over: u32,
}

/// Counts, and things to check with the lines that they are about.
#[derive(Debug, Default)]
pub struct Outcome {
    pub counts: OdsImportCounts,
    warnings: Vec<(u32, Fault)>,
}

impl Outcome {
    pub fn warn(&mut self, line: u32, code: &'static str, detail: impl Into<String>) {
        self.warnings.push((line, Fault::new(format!("/line/{line}"), code, detail)));
    }

    /// Takes nothing of a row, and says why.
    pub fn refuse(&mut self, line: u32, code: &'static str, detail: impl Into<String>) {
        self.warn(line, code, detail);
        self.counts.passed_over += 1;
    }

    pub fn count(&mut self, exists: bool, changed: bool) {
        match (exists, changed) {
            (false, _) => self.counts.created += 1,
            (true, true) => self.counts.updated += 1,
            (true, false) => self.counts.unchanged += 1,
        }
    }

    /// The first warnings in the order of the file.
    pub fn warnings(mut self) -> Vec<Fault> {
        self.warnings.sort_by_key(|(line, _)| *line);
        self.warnings.into_iter().map(|(_, fault)| fault).take(MOST).collect()
    }
}
