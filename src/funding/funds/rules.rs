//! What a fund may be, and its position.

use crate::error::{Code, Error, Faults, Result};
use crate::funding::ledger::rules::FundBalance;
use crate::funding::money::{Money, currency};
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateFundRequest, example = json!({ "code": "NIA-2016", "name": "NHS Innovation Accelerator 2016", "programme": "nia", "currency": "GBP" }))]
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
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

written! { Fund, (), |written, ()| written.code.clone() }

impl Fund {
    /// # Errors
    /// `validation-failed` for a blank name or an unknown currency.
    pub fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        if self.name.trim().is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if let Err(expected) = currency(&self.currency) {
            faults.add("/currency", "unknown-currency", expected);
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

/// A fund's money at this moment: `contributed + reallocatedIn - reallocatedOut = available + outstanding + disbursed`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FundPositionResponse)]
pub struct FundPosition {
    #[schema(example = "NIA-2015", max_length = 60)]
    fund: String,
    contributed: Money,
    reallocated_in: Money,
    reallocated_out: Money,
    /// The money available for new awards.
    available: Money,
    /// The money set aside for awards and not yet disbursed.
    outstanding: Money,
    /// The money paid out, less what was returned.
    disbursed: Money,
}

impl FundPosition {
    pub fn of(fund: String, currency: &str, balance: FundBalance) -> Self {
        let money = |minor| Money::of(minor, currency);
        Self {
            fund,
            contributed: money(balance.contributed),
            reallocated_in: money(balance.reallocated_in),
            reallocated_out: money(balance.reallocated_out),
            available: money(balance.available),
            outstanding: money(balance.outstanding),
            disbursed: money(balance.disbursed),
        }
    }
}
