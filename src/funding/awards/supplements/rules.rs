//! What a supplement may be, and its moves.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::{PlannedYear, Share, check_profile, read_profile};
use crate::transitions::rules::Machine;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The state of a supplement.
    pub enum SupplementState { Proposed = "proposed", Approved = "approved", Rejected = "rejected" }
}

impl Machine for SupplementState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Approved, Self::Rejected],
            Self::Approved | Self::Rejected => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Rejected
    }
}

/// More money for an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateAwardSupplementRequest, example = json!({ "amount": { "amount": "10000.00", "currency": "GBP" }, "profile": [{ "financialYear": "2016-17", "amount": "10000.00" }], "reason": "Two more trusts begin." }))]
pub struct Supplement {
    /// By how much the award rises, in its currency.
    pub amount: Money,
    /// The amounts by financial year, which add up to the amount and are added to those of the award.
    #[schema(min_items = 1, max_items = 30)]
    pub profile: Vec<PlannedYear>,
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupplementAdded {
    pub id: Id,
    /// The id of the award.
    pub award: Id,
    pub state: SupplementState,
    /// The subject of whoever proposed it.
    #[schema(max_length = 300)]
    pub proposed_by: String,
    /// The subject of whoever approved or rejected it.
    #[schema(max_length = 300)]
    pub decided_by: Option<String>,
    /// The day on which the decision took effect.
    pub decided_on: Option<NaiveDate>,
}

written! { Supplement, SupplementAdded, |_, added| added.id.to_string() }

impl Supplement {
    /// Checks it against the days of the award, of which the second is the first after its plan, and returns its profile.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, days: (NaiveDate, NaiveDate)) -> Result<Vec<Share>> {
        let mut faults = Faults::default();
        let amount = faults.take(self.amount.check("/amount"));
        let profile = read_profile(&self.profile, self.amount, &mut faults);
        if let Some((profile, ())) = profile.as_ref().zip(amount) {
            check_profile(profile, self.amount, days, &mut faults);
        }
        if self.reason.trim().is_empty() {
            faults.add("/reason", "missing", "The reason cannot be blank.");
        }
        faults.check()?;
        Ok(profile.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supplement_is_decided_once() {
        use SupplementState::*;
        assert_eq!(
            SupplementState::ALL.iter().map(|state| state.next()).collect::<Vec<_>>(),
            [vec![Approved, Rejected], vec![], vec![]]
        );
        assert!(Proposed.needs_reason(Rejected) && !Proposed.needs_reason(Approved));
    }
}
