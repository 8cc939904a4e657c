//! What a fund may be, and its position.

use crate::error::{Code, Error, Faults, Result};
use crate::funding::ledger::rules::{FundBalance, FundYear, FundYears, left};
use crate::funding::money::{Money, currency};
use crate::funding::years::{FOUNDED, Floor, year_label};
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateFundRequest, example = json!({ "code": "NIA-2016", "name": "NHS Innovation Accelerator 2016", "programme": "nia", "currency": "GBP", "from": "2016-04-01" }))]
pub struct Fund {
    /// Stored in upper case.
    #[schema(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The slug of the programme it pays for. Without a programme, only national administrators can change the fund.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// The ISO 4217 code of the fund's one currency.
    #[schema(example = "GBP", pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Its first day. Nothing of it is dated before. Default: the first day of its programme or, without one, 5 July 1948, the first
    /// day of the health service.
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
    /// The code of the organisation that publishes its grants as open data: one of its contributors, or of those who pledged
    /// to it. Default: the one of them whose money was recorded first.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub publishing_funder: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

written! { Fund, (), |written, ()| written.code.clone() }

impl Fund {
    /// # Errors
    /// `validation-failed` for a blank name, an unknown currency, or a first day before that of the health service.
    pub fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        if self.name.trim().is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if let Err(expected) = currency(&self.currency) {
            faults.add("/currency", "unknown-currency", expected);
        }
        if let Some(from) = self.from {
            faults.take(FOUNDED.check("/from", from));
        }
        faults.check()
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// As [`Fund::check`]; `immutable` for another code or currency.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        new.check()?;
        if self.code.eq_ignore_ascii_case(&new.code) && self.currency == new.currency {
            return Ok(());
        }
        Err(Error::new(Code::Immutable).detail("A fund's code and currency cannot change."))
    }
}

/// The first day of a fund that says so, or else of its programme, or else of the health service.
pub fn floor(from: Option<NaiveDate>, programme: Option<NaiveDate>) -> Floor {
    match (from, programme) {
        (Some(day), _) => Floor::new(day, "the fund begins on that day"),
        (None, Some(day)) => {
            FOUNDED.and(Floor::new(day, "the fund says no first day, and its programme starts on that day"))
        }
        (None, None) => FOUNDED,
    }
}

/// What a fund may commit of one financial year, and has committed. Amounts are in the fund's currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FundYearResponse)]
pub struct PositionYear {
    #[schema(example = "2015-16", max_length = 10)]
    financial_year: String,
    /// By confirmed pledges for this year.
    #[schema(example = "1000000.00", max_length = 30)]
    pledged: String,
    /// Contributions of this year that pay no pledge.
    #[schema(example = "0.00", max_length = 30)]
    received_unpledged: String,
    /// Reallocated in, less reallocated out, in this year.
    #[schema(example = "-25000.00", max_length = 30)]
    reallocated: String,
    /// What awards commit of this year, less what was released.
    #[schema(example = "650000.00", max_length = 30)]
    committed: String,
    /// What this year and those before it leave for new commitments. It carries forward to the next.
    #[schema(example = "325000.00", max_length = 30)]
    available: String,
}

/// A fund's money at this moment, in two books. Cash: `contributed + reallocatedIn - reallocatedOut - disbursed = cash`.
/// Capacity: `available` and `years`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FundPositionResponse)]
pub struct FundPosition {
    #[schema(example = "NIA-2015", max_length = 60)]
    fund: String,
    contributed: Money,
    reallocated_in: Money,
    reallocated_out: Money,
    /// The money in hand. A disbursement and a reallocation need it.
    cash: Money,
    /// What confirmed pledges, contributions without a pledge and reallocations let the fund commit to the end of this financial
    /// year, less what is committed to it. An award needs as much of each of its years.
    available: Money,
    /// The money promised to awards and not yet disbursed, of all years.
    outstanding: Money,
    /// The money paid out, less what was returned.
    disbursed: Money,
    /// Each financial year in which something was pledged, received, reallocated or committed.
    #[schema(max_items = 1000)]
    years: Vec<PositionYear>,
}

impl FundPosition {
    /// The position in the financial year that begins on 1 April of `this_year`.
    pub fn of(fund: String, currency: &str, balance: FundBalance, years: &FundYears, this_year: i32) -> Self {
        let money = |minor| Money::of(minor, currency);
        let amount = |minor| money(minor).amount();
        let year = |(year, of): (&i32, &FundYear)| PositionYear {
            financial_year: year_label(*year),
            pledged: amount(of.pledged),
            received_unpledged: amount(of.received),
            reallocated: amount(of.reallocated),
            committed: amount(of.committed),
            available: amount(left(years, *year)),
        };
        Self {
            fund,
            contributed: money(balance.contributed),
            reallocated_in: money(balance.reallocated_in),
            reallocated_out: money(balance.reallocated_out),
            cash: money(balance.cash),
            available: money(left(years, this_year).max(0)),
            outstanding: money(balance.outstanding),
            disbursed: money(balance.disbursed),
            years: years.iter().map(year).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fund_begins_when_it_says_or_else_with_its_programme() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (from, programme, first) in [
            (Some("2016-04-01"), Some("2015-07-01"), "2016-04-01"),
            (Some("2015-04-01"), Some("2015-07-01"), "2015-04-01"),
            (None, Some("2015-07-01"), "2015-07-01"),
            (None, Some("1940-01-01"), "1948-07-05"),
            (None, None, "1948-07-05"),
        ] {
            assert_eq!(floor(from.map(day), programme.map(day)).day, day(first), "{from:?} {programme:?}");
        }
    }
}
