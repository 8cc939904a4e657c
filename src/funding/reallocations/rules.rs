//! What a reallocation may be.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::Floor;
use crate::vocabulary::Id;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Money moved from one fund to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateReallocationRequest, example = json!({ "fromFund": "NIA-2015", "toFund": "ITP-2018", "amount": { "amount": "25000.00", "currency": "GBP" }, "reason": "What a terminated award released." }))]
pub struct Reallocation {
    /// The code of the fund that gives.
    #[schema(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub from_fund: String,
    /// The code of the fund that receives.
    #[schema(example = "ITP-2018", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub to_fund: String,
    /// The id of the award whose end freed the money.
    #[schema(nullable = false)]
    pub award: Option<Id>,
    /// The amount, in the currency of both funds.
    pub amount: Money,
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// The day it was made: not before the first day of either fund, nor the approval of the award. Default: today.
    #[schema(nullable = false)]
    pub made_on: Option<NaiveDate>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReallocationAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub from_fund_name: String,
    #[schema(max_length = 200)]
    pub to_fund_name: String,
    /// The subject of whoever recorded it.
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Reallocation, ReallocationAdded, |_, added| added.id.to_string() }

impl Reallocation {
    /// Whether it may be made between funds of these currencies, and not before what it rests on.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, today: NaiveDate, rests_on: Floor, from_currency: &str, to_currency: &str) -> Result<()> {
        let mut faults = Faults::default();
        faults.take(self.amount.check("/amount"));
        if self.from_fund.eq_ignore_ascii_case(&self.to_fund) {
            faults.add("/toFund", "same", "fromFund and toFund must be different funds.");
        }
        if from_currency != to_currency || self.amount.currency.code() != from_currency {
            let detail = format!("Expected {from_currency} in both funds, as fromFund has.");
            faults.add("/amount/currency", "currency", detail);
        }
        if self.made_on.is_some_and(|day| day > today) {
            faults.add("/madeOn", "future", "The day of a reallocation cannot lie in the future.");
        }
        faults.take(rests_on.check("/madeOn", self.made_on.unwrap_or(today)));
        faults.check()
    }
}
