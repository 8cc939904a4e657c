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
    /// The id of the award of fromFund whose end freed the money. Not more than it released can be reallocated in its name.
    #[schema(nullable = false)]
    pub award: Option<Id>,
    /// The amount, in the currency of both funds.
    pub amount: Money,
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// The day it was made: not before the first day of either fund, nor the end of the award. Default: today.
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

/// What an award that a reallocation names has to give.
#[derive(Debug, Clone, Copy)]
pub struct Freed {
    /// Whether the fund that gives is its fund.
    pub is_of_fund: bool,
    /// The day on which it ended, if it is over.
    pub ended: Option<NaiveDate>,
    /// What it released up to the day of the reallocation, less what was reallocated in its name.
    pub left: i64,
}

impl Freed {
    fn check(&self, amount: Money, on: NaiveDate, faults: &mut Faults) {
        if !self.is_of_fund {
            faults.add("/award", "another-fund", "Expected an award of fromFund.");
            return;
        }
        let Some(ended) = self.ended else {
            faults.add("/award", "not-over", "Expected an award that is over: its end frees the money.");
            return;
        };
        if faults.take(Floor::new(ended, "the award ended on that day").check("/madeOn", on)).is_some()
            && amount.minor > self.left
        {
            let left = Money { minor: self.left.max(0), ..amount }.amount();
            let detail = format!("Expected at most {left}, which is left of what the award released by that day.");
            faults.add("/amount/amount", "more-than-freed", detail);
        }
    }
}

impl Reallocation {
    /// Whether it may be made between funds of these currencies, not before what it rests on, and by what its award freed.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(
        &self,
        today: NaiveDate,
        rests_on: Floor,
        (from_currency, to_currency): (&str, &str),
        freed: Option<Freed>,
    ) -> Result<()> {
        let mut faults = Faults::default();
        if let Some(freed) = freed {
            freed.check(self.amount, self.made_on.unwrap_or(today), &mut faults);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_award_gives_what_its_end_freed_and_no_more() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sound = Freed { is_of_fund: true, ended: Some(day("2024-06-01")), left: 100 };
        for (freed, minor, on, code) in [
            (sound, 100, "2024-06-01", None),
            (sound, 101, "2024-06-01", Some("more-than-freed")),
            (sound, 100, "2024-05-31", Some("too-early")),
            (Freed { ended: None, ..sound }, 1, "2024-06-01", Some("not-over")),
            (Freed { is_of_fund: false, ..sound }, 1, "2024-06-01", Some("another-fund")),
        ] {
            let mut faults = Faults::default();
            freed.check(Money::of(minor, "GBP"), day(on), &mut faults);
            let found = faults.check().err().and_then(|error| error.listed().first().map(|fault| fault.code));
            assert_eq!(found, code, "{freed:?} {minor} {on}");
        }
    }
}
