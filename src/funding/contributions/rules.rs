//! What a contribution may be.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::Floor;
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The source of a contribution.
    pub enum ContributionSource { Nhs = "nhs", Charity = "charity", Industry = "industry" }
}

/// A contribution to a fund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateContributionRequest, example = json!({ "contributor": "QKK", "source": "nhs", "amount": { "amount": "1000000.00", "currency": "GBP" }, "receivedOn": "2015-07-01" }))]
pub struct Contribution {
    /// The code of the organisation that gives it.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub contributor: String,
    pub source: ContributionSource,
    /// In the fund's currency.
    pub amount: Money,
    /// A day that is over, and not before the fund's first. What is announced is a pledge.
    pub received_on: NaiveDate,
    /// The id of the pledge that it pays, which counted as capacity already. Without one the money counts as capacity from the
    /// financial year on in which it was received.
    #[schema(nullable = false)]
    pub pledge: Option<Id>,
    #[schema(max_length = 2000, nullable = false)]
    pub note: Option<String>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContributionAdded {
    pub id: Id,
    /// The fund's code.
    #[schema(example = "NIA-2015", max_length = 60)]
    pub fund: String,
    #[schema(max_length = 200)]
    pub fund_name: String,
    /// The contributing organisation's name.
    #[schema(max_length = 300)]
    pub contributor_name: String,
    /// The subject of whoever recorded it.
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
    /// Null unless it was taken back as a mistake, and counts nowhere.
    pub withdrawn: Option<Withdrawal>,
}

written! { Contribution, ContributionAdded, |_, added| added.id.to_string() }

impl Contribution {
    /// # Errors
    /// `validation-failed` for an amount that is none, or a day in the future or before the fund's first.
    pub fn check(&self, today: NaiveDate, fund: Floor) -> Result<()> {
        let mut faults = Faults::default();
        faults.take(self.amount.check("/amount"));
        if self.received_on > today {
            let detail =
                "The day of a contribution cannot lie in the future. Record money that is announced as a pledge.";
            faults.add("/receivedOn", "future", detail);
        }
        faults.take(fund.check("/receivedOn", self.received_on));
        faults.check()
    }
}
