//! What an external investment may be.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::FOUNDED;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kind of investment.
    pub enum InvestmentKind {
        Equity = "equity",
        Grant = "grant",
        Loan = "loan",
        Revenue = "revenue",
        Philanthropy = "philanthropy",
        Other = "other",
    }
}

words! {
    /// Whose money it is.
    pub enum Sector {
        Private = "private",
        Charity = "charity",
        Public = "public",
    }
}

/// An external investment: in one innovation, or raised by one fellow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateExternalInvestmentRequest, example = json!({
    "innovation": "mycopd", "programme": "nia", "investor": "A fund (illustrative)", "kind": "equity", "sector": "private",
    "amount": { "amount": "500000.00", "currency": "GBP" }, "qualifier": "at-least", "basis": "measured", "investedOn": "2016-02-01"
}))]
pub struct Investment {
    /// The slug of the innovation it went into.
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// The id of the fellow who raised it.
    #[schema(nullable = false)]
    pub fellow: Option<Id>,
    /// The slug of the programme in whose leverage it counts.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub investor: String,
    pub kind: InvestmentKind,
    /// Whose money it is.
    #[schema(nullable = false)]
    pub sector: Option<Sector>,
    pub amount: Money,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub invested_on: NaiveDate,
    /// Where the investment was reported, such as a web address.
    #[schema(max_length = 500, nullable = false)]
    pub source: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvestmentAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub innovation_name: Option<String>,
    #[schema(max_length = 200)]
    pub fellow_name: Option<String>,
}

written! { Investment, InvestmentAdded, |_, added| added.id.to_string() }

impl Investment {
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut faults = Faults::default();
        if self.innovation.is_some() == self.fellow.is_some() {
            faults.add("/innovation", "one-of", "Expected one of innovation and fellow.");
        }
        faults.take(self.amount.check("/amount"));
        if self.invested_on > today {
            faults.add("/investedOn", "future", "The day of an investment cannot lie in the future.");
        }
        faults.take(FOUNDED.check("/investedOn", self.invested_on));
        faults.check()
    }
}
