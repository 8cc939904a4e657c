//! The states and decisions of a gateway review.

use crate::error::{Code, Error, Faults, Result};
use crate::funding::awards::milestones::rules::{Milestone, MilestoneState};
use crate::transitions::rules::{AskedMove, Machine};
use crate::vocabulary::{Id, Word};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The state of a gateway review.
    pub enum GatewayReviewState { Scheduled = "scheduled", InProgress = "in-progress", Decided = "decided" }
}

words! {
    /// A decision or recommendation at a gateway.
    pub enum GatewayDecision {
        Continue = "continue",
        ContinueWithConditions = "continue-with-conditions",
        Pause = "pause",
        Stop = "stop",
    }
}

words! {
    /// The role in which somebody recommends.
    pub enum AdviserRole { ProgrammeManager = "programme-manager", Evaluator = "evaluator" }
}

impl Machine for GatewayReviewState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Scheduled => vec![Self::InProgress],
            Self::InProgress => vec![Self::Decided],
            Self::Decided => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Decided
    }
}

/// A gateway review of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateGatewayReviewRequest, example = json!({ "title": "After six months", "dueOn": "2016-01-31" }))]
pub struct GatewayReview {
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub due_on: NaiveDate,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayReviewAdded {
    pub id: Id,
    pub state: GatewayReviewState,
    /// Whether its due date has passed without a decision.
    pub overdue: bool,
    #[schema(max_items = 1000)]
    pub recommendations: Vec<Recommendation>,
    pub decision: Option<GatewayDecision>,
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
    /// The subject of whoever decided.
    #[schema(max_length = 300)]
    pub decided_by: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    pub decided_at: Option<String>,
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecommendationResponse)]
pub struct Recommendation {
    /// The subject of whoever made it.
    #[schema(max_length = 300)]
    pub by: String,
    /// The role in which it was made.
    pub role: AdviserRole,
    pub decision: GatewayDecision,
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    pub at: String,
}

written! { GatewayReview, GatewayReviewAdded, |_, added| added.id.to_string() }

/// A recommendation to make at a gateway.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecommendGatewayReviewRequest, example = json!({ "decision": "stop", "comment": "Nothing has changed in six months." }))]
pub struct Advice {
    pub decision: GatewayDecision,
    #[schema(max_length = 2000, nullable = false)]
    pub comment: Option<String>,
}

/// A condition under which an award continues.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ConditionBody)]
pub struct Condition {
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub due_on: NaiveDate,
}

impl From<Condition> for Milestone {
    fn from(condition: Condition) -> Self {
        Self { title: condition.title, due_on: condition.due_on, state: MilestoneState::Planned, met_on: None }
    }
}

/// A move of a gateway review.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = GatewayReviewTransitionRequest, example = json!({ "to": "decided", "decision": "stop", "reason": "Nothing has changed in six months." }))]
pub struct AskedReviewMove {
    /// The state to move to.
    #[schema(max_length = 60, min_length = 1)]
    pub to: String,
    /// The reason. A decision needs one.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect. Default: today.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// The decision, needed for the move to `decided`.
    #[schema(nullable = false)]
    pub decision: Option<GatewayDecision>,
    /// The conditions of a decision to continue with conditions. They become milestones.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub conditions: Vec<Condition>,
}

impl AskedReviewMove {
    /// The move, and what it decides.
    pub fn parts(self) -> (AskedMove, Verdict) {
        let Self { to, reason, effective_on, decision, conditions } = self;
        (AskedMove { to, reason, effective_on }, Verdict { decision, conditions })
    }
}

/// What a move decides.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub decision: Option<GatewayDecision>,
    pub conditions: Vec<Condition>,
}

impl Verdict {
    /// The decision of a move to `decided`.
    ///
    /// # Errors
    /// `validation-failed` without one, and for conditions without a decision that has them or the reverse.
    pub fn check(&self) -> Result<GatewayDecision> {
        let mut faults = Faults::default();
        if self.decision.is_none() {
            let words = <GatewayDecision as Word>::WORDS.join(", ");
            faults.add("/decision", "missing", format!("Expected one of {words}."));
        }
        let conditional = self.decision == Some(GatewayDecision::ContinueWithConditions);
        if conditional == self.conditions.is_empty() {
            let detail = "Give conditions with the decision continue-with-conditions, and with no other.";
            faults.add("/conditions", "missing", detail);
        }
        faults.check()?;
        self.decision.ok_or_else(|| Error::internal("a fault was lost"))
    }

    /// Whether a move to another state than `decided` decides nothing.
    ///
    /// # Errors
    /// `validation-failed`.
    pub fn check_empty(&self) -> Result<()> {
        if self.decision.is_none() && self.conditions.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("/decision", "unknown-property", "A decision belongs to the move to decided."))
    }
}

impl GatewayReviewState {
    /// # Errors
    /// `immutable` once it is decided.
    pub fn check_change(self) -> Result<()> {
        match self {
            Self::Decided => Err(Error::new(Code::Immutable).detail("A review cannot change once it is decided.")),
            Self::Scheduled | Self::InProgress => Ok(()),
        }
    }

    /// Whether the due date has passed without a decision.
    pub fn is_overdue(self, due_on: NaiveDate, today: NaiveDate) -> bool {
        self != Self::Decided && due_on < today
    }
}
