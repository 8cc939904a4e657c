//! The rows of a delivery, whatever they are about: how they are processed, what becomes of each, and how many fared how.

use crate::error::{Code, Error};
use crate::words;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

words! {
    /// What happens when a row is wrong.
    pub enum Mode { Atomic = "atomic", Partial = "partial" }
}

words! {
    /// The result of a submission.
    pub enum SubmissionState { Checked = "checked", Accepted = "accepted", Rejected = "rejected" }
}

words! {
    /// The result of a row.
    pub enum Outcome { Rejected = "rejected", Created = "created", Updated = "updated", Deleted = "deleted", Unchanged = "unchanged" }
}

/// The most rows that an answer tells of.
pub const MOST_ROWS: usize = 1000;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RowErrorResponse)]
pub struct RowError {
    #[schema(value_type = String, example = "period-type", max_length = 60)]
    pub code: Cow<'static, str>,
    /// What was expected.
    #[schema(value_type = String, max_length = 2000)]
    pub detail: Cow<'static, str>,
}

impl RowError {
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Cow::Borrowed(code), detail: detail.into() }
    }
}

/// Rows by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SubmissionCounts)]
pub struct Counts {
    #[schema(minimum = 0)]
    pub received: i64,
    #[schema(minimum = 0)]
    pub created: i64,
    #[schema(minimum = 0)]
    pub updated: i64,
    #[schema(minimum = 0)]
    pub unchanged: i64,
    #[schema(minimum = 0)]
    pub deleted: i64,
    #[schema(minimum = 0)]
    pub rejected: i64,
}

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        self.received += 1;
        *match outcome {
            Outcome::Rejected => &mut self.rejected,
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Deleted => &mut self.deleted,
            Outcome::Unchanged => &mut self.unchanged,
        } += 1;
    }

    /// Those of a delivery that fails as a whole: it changes nothing, so its good rows do not count.
    #[must_use]
    pub fn of_failed(self) -> Self {
        Self { received: self.received, rejected: self.rejected, ..Self::default() }
    }
}

/// The failure of a delivery of which a row is wrong, so that nothing was written.
pub fn rejected(counts: Counts) -> Error {
    let detail = format!("{} row(s) were rejected, so nothing was written.", counts.rejected);
    Error::new(Code::RowsRejected).detail(detail)
}

/// The columns that an answer has beside those of the sender.
pub const OURS: [&str; 3] = ["outcome", "problem", "expected"];

/// What the three columns say of a row: nothing was written of a good one where the delivery failed.
pub fn said(verdict: Result<Outcome, &[RowError]>, failed: bool) -> [String; 3] {
    let (outcome, errors): (&str, &[RowError]) = match verdict {
        Ok(_) if failed => ("not-written", &[]),
        Ok(outcome) => (outcome.as_str(), &[]),
        Err(errors) => (Outcome::Rejected.as_str(), errors),
    };
    let join = |part: fn(&RowError) -> &str| errors.iter().map(part).collect::<Vec<_>>().join("; ");
    [outcome.to_owned(), join(|error| &error.code), join(|error| &error.detail)]
}
