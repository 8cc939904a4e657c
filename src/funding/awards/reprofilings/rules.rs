//! What a reprofiling may be.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::{PlannedYear, Share, check_profile, read_profile};
use crate::vocabulary::Id;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Another profile of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateAwardReprofilingRequest, example = json!({ "profile": [{ "financialYear": "2015-16", "amount": "200000.00" }, { "financialYear": "2016-17", "amount": "100000.00" }], "reason": "Three trusts begin a year later." }))]
pub struct Reprofiling {
    /// The amounts by financial year, which add up to the award's amount.
    #[schema(min_items = 1, max_items = 30)]
    pub profile: Vec<PlannedYear>,
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReprofilingAdded {
    pub id: Id,
    /// The id of the award.
    pub award: Id,
    /// The profile that it had until then.
    #[schema(max_items = 30)]
    pub profile_before: Vec<PlannedYear>,
    /// The subject of whoever made it.
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Reprofiling, ReprofilingAdded, |_, added| added.id.to_string() }

impl Reprofiling {
    /// Checks it against the amount and the days of the award, of which the second is the first after its plan, and returns
    /// the profile.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, amount: Money, days: (NaiveDate, NaiveDate)) -> Result<Vec<Share>> {
        let mut faults = Faults::default();
        let profile = read_profile(&self.profile, amount, &mut faults);
        if let Some(profile) = &profile {
            check_profile(profile, amount, days, &mut faults);
        }
        if self.reason.trim().is_empty() {
            faults.add("/reason", "missing", "The reason cannot be blank.");
        }
        faults.check()?;
        Ok(profile.unwrap_or_default())
    }
}
