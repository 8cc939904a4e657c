//! The rules for a programme.

use crate::error::{Code, Error, Faults, Result};
use crate::vocabulary;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kind of programme.
    pub enum ProgrammeKind {
        Fellowship = "fellowship",
        CentralPurchase = "central-purchase",
        RapidUptake = "rapid-uptake",
        FundingMandate = "funding-mandate",
        Locality = "locality",
        Evaluation = "evaluation",
        Oversight = "oversight",
    }
}

/// A programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateProgrammeRequest, example = json!({ "slug": "rural-care", "name": "Rural Care Accelerator", "kind": "fellowship", "summary": "Fellows who bring proven innovations into use.", "startsOn": "2019-07-01" }))]
pub struct Programme {
    /// The public key, which never changes.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    pub slug: String,
    #[schema(example = "NHS Innovation Accelerator", min_length = 1, max_length = 200)]
    pub name: String,
    pub kind: ProgrammeKind,
    #[schema(min_length = 1, max_length = 2000)]
    pub summary: String,
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// The last day.
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    #[schema(
        example = "https://nhsaccelerator.com",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    pub website: Option<String>,
    /// For how many months after an innovation left the programme an organisation's first use of it is still put down to the programme.
    #[serde(default = "year_after")]
    #[schema(minimum = 0, maximum = 120, default = 12)]
    pub attribution_months: i32,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// The default of `attributionMonths`.
pub fn year_after() -> i32 {
    12
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeAdded {
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Programme, ProgrammeAdded, |written, _| written.slug.clone() }

impl Programme {
    /// Trims texts, puts the slug in lower case, and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.slug.make_ascii_lowercase();
        for (pointer, text) in [("/name", &mut self.name), ("/summary", &mut self.summary)] {
            *text = text.trim().to_owned();
            if text.is_empty() {
                faults.add(pointer, "missing", "It cannot be blank.");
            }
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(starts, ends)| ends < starts) {
            faults.add("/endsOn", "range", "The programme cannot end before it starts.");
        }
        faults.check()?;
        Ok(self)
    }

    /// # Errors
    /// `immutable` for another slug.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if new.slug == self.slug {
            return Ok(());
        }
        let detail = "The slug cannot change, since others refer to the programme by it.";
        Err(Error::new(Code::Immutable).detail(detail))
    }

    pub fn search_text(&self) -> String {
        vocabulary::search_text(&format!("{} {} {}", self.slug, self.name, self.summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_programme_is_listed_at_once() {
        let day = |text: &str| text.parse().ok();
        let programme = Programme {
            slug: "NIA".to_owned(),
            name: " ".to_owned(),
            kind: ProgrammeKind::Fellowship,
            summary: String::new(),
            starts_on: day("2016-04-01"),
            ends_on: day("2015-04-01"),
            website: None,
            attribution_months: year_after(),
            illustrative: false,
        };
        let error = programme.checked().unwrap_err();
        let pointers: Vec<&str> = error.listed().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/summary", "/endsOn"]);
    }
}
