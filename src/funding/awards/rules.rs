//! What an award may be, and its moves.

use crate::error::{Faults, Result};
use crate::funding::money::Money;
use crate::funding::years::{Floor, PlannedYear, Share, check_profile, financial_year, read_profile};
use crate::transitions::rules::{AskedMove, Machine};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
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

/// The states of an award that may be given more, or its profile changed.
pub const RUNNING: &[AwardState] = &[AwardState::Approved, AwardState::Active, AwardState::Suspended];

impl AwardState {
    /// Whether the award is over, so that returned money goes straight to the fund.
    pub fn is_over(self) -> bool {
        self.next().is_empty()
    }
}

/// The state at the end of a day, by the moves in their order. Before the first, an award is proposed.
pub fn state_on(moves: &[(NaiveDate, AwardState)], day: NaiveDate) -> AwardState {
    moves.iter().rev().find(|(on, _)| *on <= day).map_or(AwardState::Proposed, |(_, state)| *state)
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

/// The first day of what an award pays for.
pub fn begins(planned_from: NaiveDate) -> Floor {
    Floor::new(planned_from, "the award begins on that day")
}

impl Award {
    /// Checks every rule, that of its fund's first day among them, and returns the profile by year.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, fund: Floor) -> Result<Vec<Share>> {
        let mut faults = Faults::default();
        if self.recipient_organisation.is_some() == self.recipient_person.is_some() {
            let detail = "Expected one of recipientOrganisation and recipientPerson.";
            faults.add("/recipientOrganisation", "one-of", detail);
        }
        self.check_text(&mut faults);
        let amount = faults.take(self.amount.check("/amount"));
        faults.take(fund.check("/plannedFrom", self.planned_from));
        if self.planned_to <= self.planned_from {
            let detail = "plannedTo is the first day after the plan ends, so it must be after plannedFrom.";
            faults.add("/plannedTo", "range", detail);
        }
        let profile = if self.profile.is_empty() {
            Some(vec![Share { year: financial_year(self.planned_from), minor: self.amount.minor }])
        } else {
            read_profile(&self.profile, self.amount, &mut faults)
        };
        if let Some((profile, ())) = profile.as_ref().zip(amount) {
            check_profile(profile, self.amount, (self.planned_from, self.planned_to), &mut faults);
        }
        faults.check()?;
        Ok(profile.unwrap_or_default())
    }

    /// As [`Award::check`], for an award that is decided on, whose terms and profile are not looked at again.
    ///
    /// # Errors
    /// As [`Award::check`].
    pub fn check_decided(&self) -> Result<()> {
        let mut faults = Faults::default();
        self.check_text(&mut faults);
        faults.check()
    }

    fn check_text(&self, faults: &mut Faults) {
        if self.title.trim().is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        if let Some(day) = self.evaluation_plan.as_ref().and_then(|plan| plan.reports_on) {
            faults.take(begins(self.planned_from).check("/evaluationPlan/reportsOn", day));
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
    fn an_award_has_the_state_of_the_day() {
        use AwardState::*;
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let moves = [
            ("2024-05-01", Approved),
            ("2024-06-01", Active),
            ("2024-09-01", Suspended),
            ("2024-10-01", Active),
            ("2024-10-01", Completed),
        ];
        let moves = moves.map(|(on, state)| (day(on), state));
        for (on, state) in [
            ("2024-04-30", Proposed),
            ("2024-05-31", Approved),
            ("2024-06-01", Active),
            ("2024-09-01", Suspended),
            ("2024-09-30", Suspended),
            ("2024-10-01", Completed),
            ("2026-01-01", Completed),
        ] {
            assert_eq!(state_on(&moves, day(on)), state, "{on}");
        }
    }
}
