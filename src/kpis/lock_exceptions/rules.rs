//! The rules for a lock exception.

use crate::calendar::Span;
use crate::error::{Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::{Id, Instant, Timestamp};
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That an organisation may still send some locked periods for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateLockExceptionRequest, example = json!({ "set": "stroke-care", "organisation": "RJZ", "from": "2024-04-01", "to": "2024-07-01", "until": "2030-01-01T00:00:00Z", "reason": "The records system was replaced." }))]
pub struct LockException {
    /// The code of the set of KPIs. Name a set or a KPI.
    #[schema(
        example = "stroke-care",
        pattern = "^[A-Za-z0-9-]{1,60}$",
        min_length = 1,
        max_length = 60,
        nullable = false
    )]
    pub set: Option<String>,
    /// The code of the KPI.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60, nullable = false)]
    pub kpi: Option<String>,
    /// The code of the organisation.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub organisation: String,
    /// The first day. It is for the periods whose last day lies in these days.
    pub from: NaiveDate,
    /// The first day after them.
    pub to: NaiveDate,
    /// Until when they are accepted.
    pub until: Instant,
    /// The reason. Do not name people.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LockExceptionAdded {
    pub id: Id,
    /// Null for an exception of a KPI.
    #[schema(max_length = 300)]
    pub set_name: Option<String>,
    /// Null for an exception of a set.
    #[schema(max_length = 300)]
    pub kpi_name: Option<String>,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
    /// Null unless it was taken back.
    pub withdrawn: Option<Withdrawal>,
}

written! { LockException, LockExceptionAdded, |_, added| added.id.to_string() }

impl LockException {
    /// Its days, and its reason without spaces around it.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(&self, now: Timestamp) -> Result<(Span, String)> {
        let mut faults = Faults::default();
        match (&self.set, &self.kpi) {
            (None, None) => faults.add("/set", "missing", "Name a set or a KPI."),
            (Some(_), Some(_)) => faults.add("/kpi", "not-applicable", "Name a set or a KPI, not both."),
            _ => {}
        }
        if self.until.0 <= now {
            faults.add("/until", "too-early", "Expected an instant in the future.");
        }
        let reason = self.reason.trim();
        if reason.is_empty() {
            faults.add("/reason", "missing", "The reason cannot be blank.");
        }
        faults.check()?;
        Ok((Span::new(Some(self.from), Some(self.to))?, reason.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_of_a_set_or_of_a_kpi_and_ends_in_the_future() {
        let now = "2026-04-01T00:00:00Z".parse::<Timestamp>().expect("an instant");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let sound = LockException {
            set: Some("urgent".to_owned()),
            kpi: None,
            organisation: "RJZ".to_owned(),
            from: day("2026-01-01"),
            to: day("2026-02-01"),
            until: Instant(now + chrono::TimeDelta::days(1)),
            reason: " Late records. ".to_owned(),
        };
        assert_eq!(sound.checked(now).expect("sound").1, "Late records.");
        let pointers = |wrong: LockException| {
            let faults = wrong.checked(now).expect_err("faults");
            faults.listed().iter().map(|fault| fault.pointer.to_string()).collect::<Vec<_>>()
        };
        let both = LockException { kpi: Some("ae".to_owned()), reason: " ".to_owned(), ..sound.clone() };
        assert_eq!(pointers(both), ["/kpi", "/reason"]);
        assert_eq!(pointers(LockException { set: None, until: Instant(now), ..sound.clone() }), ["/set", "/until"]);
        assert_eq!(pointers(LockException { to: day("2026-01-01"), ..sound }), ["/to"]);
    }
}
