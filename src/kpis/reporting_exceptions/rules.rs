//! The rules for a reporting exception.

use crate::calendar::Span;
use crate::error::{Code, Error, Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// Why there are no values.
    pub enum ExceptionKind {
        /// The organisation does not do what the KPI counts: nothing is expected of it, and totals are whole without it.
        NotProvidedHere = "not-provided-here",
        /// It does, and nobody collects it for a time: its values are missing all the same, and totals say why.
        NotCollected = "not-collected",
    }
}

/// Why an organisation has no values for a time: it does not do what the KPI counts, or nobody collects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateReportingExceptionRequest, example = json!({ "kpi": "emergency-attendances", "organisation": "RF4", "breakdown": "type=2", "kind": "not-provided-here", "from": "2017-04-01", "reason": "The eye casualty moved to another trust." }))]
pub struct ReportingException {
    /// The code of the KPI.
    #[schema(example = "emergency-attendances", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub kpi: String,
    /// The code of the organisation.
    #[schema(example = "RF4", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub organisation: String,
    /// The slug of the innovation that the values would be about. Default: the values of no innovation.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// One member of each dimension, as `type=1;sex=f`, or the member alone if there is one dimension. Default: every member.
    #[schema(example = "type=2", pattern = "^[A-Za-z0-9=;-]+$", min_length = 1, max_length = 2000, nullable = false)]
    pub breakdown: Option<String>,
    pub kind: ExceptionKind,
    /// The first day. A period is not expected where the exception holds on its last day.
    pub from: NaiveDate,
    /// The first day it no longer holds. Needed for `not-collected`; else the default is no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// The reason. Do not name people.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportingExceptionAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub kpi_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null for values of no innovation.
    #[schema(max_length = 300)]
    pub innovation_name: Option<String>,
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
    /// Null unless it was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
}

written! { ReportingException, ReportingExceptionAdded, |_, added| added.id.to_string() }

impl ReportingException {
    /// Its days, and its reason without spaces around it.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(&self) -> Result<(Span, String)> {
        let mut faults = Faults::default();
        if self.kind == ExceptionKind::NotCollected && self.to.is_none() {
            let detail = "A collection that is paused begins again: give the first day on which values are expected.";
            faults.add("/to", "missing", detail);
        }
        let reason = self.reason.trim();
        if reason.is_empty() {
            faults.add("/reason", "missing", "The reason cannot be blank.");
        }
        faults.check()?;
        Ok((Span::new(Some(self.from), self.to)?, reason.to_owned()))
    }

    /// Whether it may become the other: only its end and reason change.
    ///
    /// # Errors
    /// `immutable`.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if (Self { to: new.to, reason: new.reason.clone(), ..self.clone() }) == *new {
            return Ok(());
        }
        let detail = "Only `to` and `reason` can change. Delete the exception with a reason why it was wrong and add the right one.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_has_an_end_and_a_reason() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let paused = ReportingException {
            kpi: "ae".to_owned(),
            organisation: "RJZ".to_owned(),
            innovation: None,
            breakdown: None,
            kind: ExceptionKind::NotCollected,
            from: day("2020-04-01"),
            to: None,
            reason: " ".to_owned(),
        };
        let faults = paused.checked().expect_err("faults");
        let pointers: Vec<&str> = faults.listed().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/to", "/reason"]);
        let ended = ReportingException { to: Some(day("2020-07-01")), reason: " The pandemic. ".to_owned(), ..paused };
        assert_eq!(ended.checked().expect("sound").1, "The pandemic.");
        assert!(ended.check_change(&ReportingException { to: None, ..ended.clone() }).is_ok());
        assert!(ended.check_change(&ReportingException { from: day("2020-05-01"), ..ended.clone() }).is_err());
    }
}
