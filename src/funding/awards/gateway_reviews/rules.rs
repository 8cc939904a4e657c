//! How a gateway review goes.

use crate::transitions::rules::Machine;
use crate::words;
use chrono::NaiveDate;

words! {
    /// How far a gateway review has come.
    pub enum GatewayReviewState { Scheduled = "scheduled", InProgress = "in-progress", Decided = "decided" }
}

words! {
    /// What is decided, or recommended, at a gateway.
    pub enum GatewayDecision {
        Continue = "continue",
        ContinueWithConditions = "continue-with-conditions",
        Pause = "pause",
        Stop = "stop",
    }
}

words! {
    /// As what somebody recommends.
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

/// Whether a review should have been decided by today.
pub fn is_overdue(state: GatewayReviewState, due_on: NaiveDate, today: NaiveDate) -> bool {
    state != GatewayReviewState::Decided && due_on < today
}
