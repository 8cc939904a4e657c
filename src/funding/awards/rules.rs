//! What an award may be, and its moves.

use crate::calendar::{Period, PeriodType};
use crate::error::{Fault, Faults, Result};
use crate::funding::money::Money;
use crate::transitions::rules::{AskedMove, Machine};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kind of award.
    pub enum AwardKind {
        Grant = "grant",
        Bursary = "bursary",
        CentralPurchase = "central-purchase",
        Contract = "contract",
        Other = "other",
    }
}

words! {
    /// The state of an award.
    pub enum AwardState {
        Proposed = "proposed",
        Approved = "approved",
        Rejected = "rejected",
        Active = "active",
        Suspended = "suspended",
        Completed = "completed",
        Terminated = "terminated",
        Cancelled = "cancelled",
    }
}

words! {
    /// A dimension of an evaluation.
    pub enum EvaluationDimension {
        Health = "health",
        Social = "social",
        Economic = "economic",
        Environmental = "environmental",
        Inequality = "inequality",
    }
}

impl Machine for AwardState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Approved, Self::Rejected],
            Self::Approved => vec![Self::Active, Self::Cancelled],
            Self::Active => vec![Self::Completed, Self::Suspended, Self::Terminated],
            Self::Suspended => vec![Self::Active, Self::Terminated],
            Self::Rejected | Self::Completed | Self::Terminated | Self::Cancelled => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        matches!(to, Self::Rejected | Self::Cancelled | Self::Suspended | Self::Terminated)
    }
}

impl AwardState {
    /// Whether the award is over, so that returned money goes straight to the fund.
    pub fn is_over(self) -> bool {
        self.next().is_empty()
    }
}

/// The amount planned for one financial year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PlannedYearBody)]
pub struct PlannedYear {
    /// The financial year, from 1 April to 31 March.
    #[schema(example = "2015-16", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub financial_year: String,
    /// In the award's currency.
    #[schema(example = "50000.00", pattern = "^[0-9]{1,13}(\\.[0-9]{1,4})?$", max_length = 18)]
    pub amount: String,
}

/// How the results of an award will be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluationPlan {
    /// How it is evaluated, by whom, and against what comparison.
    #[schema(min_length = 1, max_length = 5000)]
    pub design: String,
    #[schema(min_items = 1, max_items = 5)]
    pub dimensions: Vec<EvaluationDimension>,
    /// When the result is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reports_on: Option<NaiveDate>,
}

/// An award, to one organisation or one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAwardRequest, example = json!({
    "fund": "NIA-2015", "kind": "grant", "title": "Spreading a tool in ten trusts", "description": "Support for ten trusts to begin.",
    "recipientOrganisation": "RJZ", "amount": { "amount": "50000.00", "currency": "GBP" }, "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01",
    "profile": [{ "financialYear": "2015-16", "amount": "40000.00" }, { "financialYear": "2016-17", "amount": "10000.00" }],
    "evaluationPlan": { "design": "Before and after, in ten trusts.", "dimensions": ["health", "economic"] }
}))]
pub struct Award {
    /// The code of the fund that pays.
    #[schema(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub fund: String,
    /// The slug of a programme. Default: the fund's programme.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    pub kind: AwardKind,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[schema(max_length = 5000)]
    pub description: String,
    /// The code of the organisation it goes to.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub recipient_organisation: Option<String>,
    /// The id of the person it goes to.
    #[schema(nullable = false)]
    pub recipient_person: Option<Id>,
    /// The slug of the innovation it is for.
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// The id of the fellowship it pays for.
    #[schema(nullable = false)]
    pub fellowship: Option<Id>,
    /// In the fund's currency.
    pub amount: Money,
    pub planned_from: NaiveDate,
    /// The first day after the plan ends.
    pub planned_to: NaiveDate,
    /// The amounts by financial year, which add up to the amount. Default: all in the first financial year.
    #[serde(default)]
    #[schema(max_items = 30, default = json!([]))]
    pub profile: Vec<PlannedYear>,
    /// The evaluation plan, needed before the award becomes active.
    #[schema(nullable = false)]
    pub evaluation_plan: Option<EvaluationPlan>,
    /// The ONS code of the place that benefits, for open data.
    #[schema(example = "E92000001", max_length = 60, nullable = false)]
    pub geocode: Option<String>,
    /// Whether the award may be published as open data once it is approved.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub published: bool,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

fn yes() -> bool {
    true
}

/// An award's money at this moment: `outstanding = committed - released - disbursed + returned`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AwardBalanceResponse)]
pub struct Balance {
    pub committed: Money,
    pub disbursed: Money,
    pub returned: Money,
    pub released: Money,
    pub written_off: Money,
    pub outstanding: Money,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwardAdded {
    pub id: Id,
    #[schema(example = "AWD-2026-00042", max_length = 20)]
    pub reference: String,
    #[schema(max_length = 200)]
    pub fund_name: String,
    /// The name of the organisation or person.
    #[schema(max_length = 300)]
    pub recipient_name: String,
    #[schema(max_length = 200)]
    pub innovation_name: Option<String>,
    /// The day it was approved.
    pub awarded_on: Option<NaiveDate>,
    pub state: AwardState,
    pub balance: Balance,
    /// The subject of whoever proposed the award or last changed its terms.
    #[schema(max_length = 300)]
    pub proposed_by: String,
    #[schema(max_length = 300)]
    pub approved_by: Option<String>,
    /// The operations on this award that you may do now. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<String>>)]
    pub actions: Option<Vec<&'static str>>,
}

written! { Award, AwardAdded, |_, added| added.id.to_string() }

/// A dated decision, taken outside the register, to end an award.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuthorityBody)]
pub struct Authority {
    #[schema(example = "Minute 7 of the board", min_length = 1, max_length = 200)]
    pub reference: String,
    pub on: NaiveDate,
}

/// A move of an award.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AwardTransitionRequest, example = json!({ "to": "approved" }))]
pub struct AskedAwardMove {
    /// The state to move to.
    #[schema(max_length = 60, min_length = 1)]
    pub to: String,
    /// The reason. A rejection, suspension, cancellation or termination needs one.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect. Default: today.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// The authority for a termination, needed when no gateway review decided to stop.
    #[schema(nullable = false)]
    pub authority: Option<Authority>,
}

impl AskedAwardMove {
    /// The move, and the authority for it.
    pub fn parts(self) -> (AskedMove, Option<Authority>) {
        let Self { to, reason, effective_on, authority } = self;
        (AskedMove { to, reason, effective_on }, authority)
    }
}

/// The amount planned for one financial year, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// The calendar year of its 1 April.
    pub year: i32,
    pub minor: i64,
}

impl Share {
    pub fn planned(self, amount: Money) -> PlannedYear {
        let amount = Money { minor: self.minor, ..amount }.amount();
        PlannedYear { financial_year: year_label(self.year), amount }
    }
}

/// The financial year that a day lies in, by the calendar year of its 1 April.
pub fn financial_year(on: NaiveDate) -> i32 {
    Period::containing(PeriodType::FinancialYear, on).start().year()
}

/// As people write it: `2026-27`.
pub fn year_label(year: i32) -> String {
    let first = NaiveDate::from_ymd_opt(year, 4, 1).unwrap_or_default();
    Period::containing(PeriodType::FinancialYear, first).label()
}

/// Reads `2026-27`.
///
/// # Errors
/// A fault at `pointer`.
pub fn read_year(pointer: String, label: &str) -> Result<i32, Fault> {
    let read = Period::parse(PeriodType::FinancialYear, label).map(|period| period.start().year());
    read.map_err(|_| Fault::new(pointer, "financial-year", "Expected a financial year, such as 2026-27."))
}

impl Award {
    /// Checks every rule and returns the profile by year.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self) -> Result<Vec<Share>> {
        let mut faults = Faults::default();
        if self.recipient_organisation.is_some() == self.recipient_person.is_some() {
            let detail = "Expected one of recipientOrganisation and recipientPerson.";
            faults.add("/recipientOrganisation", "one-of", detail);
        }
        if self.title.trim().is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        let amount = faults.take(self.amount.check("/amount"));
        if self.planned_to <= self.planned_from {
            let detail = "plannedTo is the first day after the plan ends, so it must be after plannedFrom.";
            faults.add("/plannedTo", "range", detail);
        }
        let profile = self.shares(&mut faults);
        if let Some((profile, ())) = profile.as_ref().zip(amount) {
            self.check_sum(profile, &mut faults);
        }
        faults.check()?;
        Ok(profile.unwrap_or_default())
    }

    /// The profile by year, if every part of it can be read.
    fn shares(&self, faults: &mut Faults) -> Option<Vec<Share>> {
        if self.profile.is_empty() {
            return Some(vec![Share { year: financial_year(self.planned_from), minor: self.amount.minor }]);
        }
        let mut shares = Vec::with_capacity(self.profile.len());
        for (at, planned) in self.profile.iter().enumerate() {
            let year = faults.take(read_year(format!("/profile/{at}/financialYear"), &planned.financial_year));
            let part = Money::read(&planned.amount, self.amount.currency.code());
            // A wrong currency is reported once, at the award's amount.
            let known = part.currency.exponent().is_some();
            let whole = if known { faults.take(part.check(&format!("/profile/{at}"))) } else { None };
            shares.extend(year.zip(whole).map(|(year, ())| Share { year, minor: part.minor }));
        }
        shares.sort_unstable();
        (shares.len() == self.profile.len()).then_some(shares)
    }

    fn check_sum(&self, profile: &[Share], faults: &mut Faults) {
        if profile.windows(2).any(|pair| matches!(pair, [a, b] if a.year == b.year)) {
            faults.add("/profile", "named-twice", "Give each financial year once.");
        }
        let minor: i64 = profile.iter().map(|year| year.minor).sum();
        if minor != self.amount.minor {
            let (sum, amount) = (Money { minor, ..self.amount }.amount(), self.amount.amount());
            let detail = format!("The profile adds up to {sum}, but the amount of the award is {amount}.");
            faults.add("/profile", "sum", detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_award_moves_as_the_domain_says() {
        use AwardState::*;
        let moves = [
            (Proposed, vec![Approved, Rejected]),
            (Approved, vec![Active, Cancelled]),
            (Active, vec![Completed, Suspended, Terminated]),
            (Suspended, vec![Active, Terminated]),
        ];
        for state in AwardState::ALL {
            let expected = moves.iter().find(|(from, _)| from == state).map(|(_, to)| to.clone()).unwrap_or_default();
            assert_eq!(state.next(), expected, "{state:?}");
        }
    }

    #[test]
    fn a_financial_year_begins_on_1_april() {
        for (day, year, label) in
            [("2026-03-31", 2025, "2025-26"), ("2026-04-01", 2026, "2026-27"), ("1999-12-31", 1999, "1999-00")]
        {
            let of = financial_year(day.parse().unwrap());
            assert_eq!((of, year_label(of).as_str()), (year, label));
            assert_eq!(read_year(String::new(), label), Ok(year));
        }
    }
}
