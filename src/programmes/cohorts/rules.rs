//! The rules for a cohort.

use crate::error::{Code, Error, Faults, Result};
use crate::vocabulary::Instant;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A cohort of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateCohortRequest, example = json!({ "number": 3, "name": "Wave 3", "targetSize": 8, "opensAt": "2017-05-22T08:00:00Z" }))]
pub struct Cohort {
    #[schema(minimum = 1, maximum = 9999)]
    pub number: i32,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The intended number of fellows.
    #[schema(minimum = 1, maximum = 100_000, nullable = false)]
    pub target_size: Option<i32>,
    /// When applications for it open.
    #[schema(nullable = false)]
    pub opens_at: Option<Instant>,
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// The last day.
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CohortAdded {
    #[schema(example = "nia", max_length = 60)]
    pub programme: String,
    #[schema(example = "NHS Innovation Accelerator", max_length = 200)]
    pub programme_name: String,
}

written! { Cohort, CohortAdded, |written, _| written.number.to_string() }

impl Cohort {
    /// Trims the name and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(starts, ends)| ends < starts) {
            faults.add("/endsOn", "range", "The cohort cannot end before it starts.");
        }
        faults.check()?;
        Ok(self)
    }

    /// # Errors
    /// `immutable` for another number.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if new.number == self.number {
            return Ok(());
        }
        Err(Error::new(Code::Immutable).detail("The number of a cohort cannot change."))
    }
}
