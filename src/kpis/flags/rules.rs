//! What a flag says, and how it is cleared.

use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// How far the follow-up of a doubtful value has come.
    pub enum FlagStatus {
        Open = "open",
        /// Somebody said why the value is right.
        Justified = "justified",
        /// Another value took its place, or none did.
        Replaced = "replaced",
        /// Its return was withdrawn before the value was approved, and the value with it.
        Withdrawn = "withdrawn",
    }
}

/// What people write of a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "justification": "A second department opened on the third." }))]
pub struct KpiValueFlag {
    /// Why the value is right though it looks doubtful. Do not name people.
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub justification: Option<String>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiValueFlagAdded {
    pub id: Id,
    /// The id of the value: its series and the first day of the period.
    #[schema(example = "1042.2017-03-01", max_length = 40)]
    pub value: String,
    #[schema(example = "emergency-attendances", max_length = 60)]
    pub kpi: String,
    #[schema(max_length = 300)]
    pub kpi_name: String,
    #[schema(example = "RF4", max_length = 60)]
    pub organisation: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null for a value of no innovation.
    #[schema(max_length = 200)]
    pub innovation: Option<String>,
    #[schema(max_length = 300)]
    pub innovation_name: Option<String>,
    /// `dimension=member`, several joined by `;`; null where the KPI is not broken down.
    #[schema(max_length = 2000)]
    pub breakdown: Option<String>,
    #[schema(example = "2017-03", max_length = 20)]
    pub period: String,
    /// The first day of the period.
    pub start: NaiveDate,
    /// What is doubtful, as in the warnings of the submission.
    #[schema(example = "change", max_length = 60)]
    pub code: String,
    /// What was found, and what was expected.
    #[schema(max_length = 2000)]
    pub detail: String,
    pub status: FlagStatus,
    /// Why there is nothing to justify any more; null while there is.
    #[schema(max_length = 300)]
    pub closed_because: Option<&'static str>,
    /// Who justified it; null while nobody did.
    #[schema(max_length = 300)]
    pub justified_by: Option<String>,
    /// The submission that brought the value.
    pub submission: Id,
    #[schema(format = "date-time", max_length = 40)]
    pub raised_at: String,
}

written! { KpiValueFlag, KpiValueFlagAdded, |_, added| added.id.to_string() }

impl FlagStatus {
    /// Why a flag is closed though nobody said that its value is right.
    pub fn closed_because(self) -> Option<&'static str> {
        match self {
            Self::Open | Self::Justified => None,
            Self::Replaced => Some("The value was replaced or taken away."),
            Self::Withdrawn => Some("The return was withdrawn before the value was approved, and the value with it."),
        }
    }

    /// The status of a flag whose value stands.
    pub fn standing(justification: Option<&str>) -> Self {
        if justification.is_some() { Self::Justified } else { Self::Open }
    }
}

impl KpiValueFlag {
    /// The justification without spaces around it, and the status that follows from it.
    ///
    /// # Errors
    /// `immutable` for a flag of a value that is no longer there; `validation-failed` for a blank justification.
    pub fn checked(self, status: FlagStatus) -> Result<(Option<String>, FlagStatus)> {
        if let Some(because) = status.closed_because() {
            return Err(Error::new(Code::Immutable).detail(format!("{because} There is nothing to justify.")));
        }
        let justification = self.justification.map(|text| text.trim().to_owned());
        if justification.as_ref().is_some_and(String::is_empty) {
            return Err(Error::invalid("/justification", "missing", "Say why the value is right. Do not name people."));
        }
        let status = FlagStatus::standing(justification.as_deref());
        Ok((justification, status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_justification_clears_a_flag_and_taking_it_away_opens_it_again() {
        let checked =
            |text: Option<&str>, status| KpiValueFlag { justification: text.map(str::to_owned) }.checked(status);
        assert_eq!(
            checked(Some(" It opened. "), FlagStatus::Open).unwrap(),
            (Some("It opened.".to_owned()), FlagStatus::Justified)
        );
        assert_eq!(checked(None, FlagStatus::Justified).unwrap(), (None, FlagStatus::Open));
        assert_eq!(checked(Some(" "), FlagStatus::Open).unwrap_err().code(), Code::ValidationFailed);
        for closed in [FlagStatus::Replaced, FlagStatus::Withdrawn] {
            assert_eq!(checked(Some("Late."), closed).unwrap_err().code(), Code::Immutable, "{closed:?}");
        }
    }
}
