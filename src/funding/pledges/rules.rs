//! What a pledge may be.

use crate::error::{Code, Error, Faults, Result};
use crate::funding::ledger::rules::PledgeCertainty;
use crate::funding::money::Money;
use crate::funding::years::{FOUNDED, Floor, read_year};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// What pledged money may be spent on.
    pub enum PledgeNature { Revenue = "revenue", Capital = "capital" }
}

/// A pledge of money to a fund, for one financial year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreatePledgeRequest, example = json!({ "fund": "NIA-2015", "contributor": "QKK", "financialYear": "2027-28", "amount": { "amount": "1000000.00", "currency": "GBP" }, "certainty": "confirmed", "nature": "revenue" }))]
pub struct Pledge {
    /// The code of the fund.
    #[schema(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub fund: String,
    /// The code of the organisation that pledges.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub contributor: String,
    /// The financial year from which the money may be committed. What it leaves carries forward.
    #[schema(example = "2027-28", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub financial_year: String,
    /// In the fund's currency.
    pub amount: Money,
    /// Only confirmed pledges may be committed.
    pub certainty: PledgeCertainty,
    pub nature: PledgeNature,
    /// The day on which it was announced.
    #[schema(nullable = false)]
    pub announced_on: Option<NaiveDate>,
    #[schema(max_length = 2000, nullable = false)]
    pub note: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PledgeAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub fund_name: String,
    /// The name of the organisation that pledges.
    #[schema(max_length = 300)]
    pub contributor_name: String,
    /// What contributions have paid of it.
    pub paid: Money,
    /// The subject of whoever recorded it.
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Pledge, PledgeAdded, |_, added| added.id.to_string() }

impl Pledge {
    /// Checks every rule and returns the calendar year of the 1 April on which its year begins.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, today: NaiveDate, fund: Floor) -> Result<i32> {
        let mut faults = Faults::default();
        let year = faults.take(read_year("/financialYear", &self.financial_year));
        if let Some(year) = year {
            faults.take(fund.check_year("/financialYear", year));
        }
        faults.take(self.amount.check("/amount"));
        if let Some(day) = self.announced_on {
            faults.take(FOUNDED.check("/announcedOn", day));
            if day > today {
                faults.add("/announcedOn", "future", "The day of an announcement cannot lie in the future.");
            }
        }
        faults.check()?;
        year.ok_or_else(|| Error::internal("a fault was lost"))
    }

    /// Whether it may become the other, once so much of it is paid.
    ///
    /// # Errors
    /// `immutable` for another fund, and for another contributor or an indicative pledge once something is paid;
    /// `validation-failed` for less than is paid.
    pub fn check_change(&self, new: &Self, paid: Money) -> Result<()> {
        let immutable = |detail| Err(Error::new(Code::Immutable).detail(detail));
        if !self.fund.eq_ignore_ascii_case(&new.fund) {
            return immutable("The fund of a pledge cannot change. Make this one indicative and add another.");
        }
        if paid.minor == 0 {
            return Ok(());
        }
        if !self.contributor.eq_ignore_ascii_case(&new.contributor) || new.certainty != PledgeCertainty::Confirmed {
            return immutable("Some of this pledge is paid, so its contributor cannot change, and it stays confirmed.");
        }
        if new.amount.minor < paid.minor {
            let detail = format!("Expected at least {}, which is paid already.", paid.amount());
            return Err(Error::invalid("/amount/amount", "paid", detail));
        }
        Ok(())
    }

    /// Whether a contribution of this organisation may pay so much of it.
    ///
    /// # Errors
    /// `validation-failed` for an indicative pledge, that of somebody else, or more than is left of it.
    pub fn check_payment(&self, paid: Money, is_theirs: bool, amount: Money) -> Result<()> {
        let mut faults = Faults::default();
        if self.certainty != PledgeCertainty::Confirmed {
            faults.add("/pledge", "indicative", "The pledge is indicative. Confirm it first.");
        }
        if !is_theirs {
            let detail = format!("Expected {}, whose pledge it is.", self.contributor);
            faults.add("/contributor", "another-contributor", detail);
        }
        let left = Money { minor: self.amount.minor - paid.minor, ..self.amount };
        if amount.minor > left.minor {
            let detail = format!(
                "Expected at most {}, which is left of the pledge. Raise the pledge, or record the rest as a contribution of its own.",
                left.amount()
            );
            faults.add("/amount/amount", "more-than-pledged", detail);
        }
        faults.check()
    }
}
