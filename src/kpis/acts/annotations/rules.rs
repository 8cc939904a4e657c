//! What an annotation says.

use crate::error::{Code, Error, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::Id;
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be known of a point of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAnnotationRequest, example = json!({ "kpi": "emergency-attendances", "organisation": "RF4", "breakdown": "type=1", "period": "2017-04", "text": "A second department opened." }))]
pub struct Annotation {
    /// The code of the KPI.
    #[schema(example = "emergency-attendances", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub kpi: String,
    /// The code of the organisation of the series, or of the place of the total.
    #[schema(example = "RF4", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub organisation: String,
    /// The slug of the innovation of the series. Default: no innovation.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// One member of each dimension, as `type=1;sex=f`, or the member alone if there is one dimension. Default: the total over the
    /// members.
    #[schema(example = "type=1", pattern = "^[A-Za-z0-9=;-]+$", min_length = 1, max_length = 2000, nullable = false)]
    pub breakdown: Option<String>,
    #[schema(example = "2017-04", min_length = 4, max_length = 20)]
    pub period: String,
    /// What is to be known of it. Do not name people.
    #[schema(min_length = 1, max_length = 500)]
    pub text: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnnotationAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub kpi_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null for a series of no innovation.
    #[schema(max_length = 300)]
    pub innovation_name: Option<String>,
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
    /// Null unless it was taken back.
    pub withdrawn: Option<Withdrawal>,
}

written! { Annotation, AnnotationAdded, |_, added| added.id.to_string() }

impl Annotation {
    /// The text without spaces around it.
    ///
    /// # Errors
    /// `validation-failed` for a blank one.
    pub fn checked(&self) -> Result<String> {
        let text = self.text.trim();
        if text.is_empty() {
            return Err(Error::invalid(
                "/text",
                "missing",
                "Say what is to be known of the period. Do not name people.",
            ));
        }
        Ok(text.to_owned())
    }

    /// Whether it may become the other: only its text changes.
    ///
    /// # Errors
    /// `immutable`.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if (Self { text: new.text.clone(), ..self.clone() }) == *new {
            return Ok(());
        }
        let detail =
            "Only `text` can change. Delete the annotation with a reason why it was wrong and add the right one.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_says_something_and_stays_where_it_is() {
        let sound = Annotation {
            kpi: "ae".to_owned(),
            organisation: "RJZ".to_owned(),
            innovation: None,
            breakdown: None,
            period: "2026-01".to_owned(),
            text: " A new ward. ".to_owned(),
        };
        assert_eq!(sound.checked().expect("sound"), "A new ward.");
        let blank = Annotation { text: " ".to_owned(), ..sound.clone() };
        assert_eq!(blank.checked().expect_err("blank").code(), Code::ValidationFailed);
        assert!(sound.check_change(&blank).is_ok());
        assert!(sound.check_change(&Annotation { period: "2026-02".to_owned(), ..sound.clone() }).is_err());
    }
}
