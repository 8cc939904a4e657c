//! The shapes of a move and of a history.

use super::rules::AskedMove;
use super::store::TransitionRow;
use crate::params;
use crate::vocabulary::{Id, instant};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A move to make.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "to": "development", "reason": "The prototype works." }))]
pub struct TransitionRequest {
    /// The state to go to.
    #[schema(max_length = 60, min_length = 1)]
    pub to: String,
    /// Why; some moves need it.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day it took effect; today unless told.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
}

impl From<TransitionRequest> for AskedMove {
    fn from(request: TransitionRequest) -> Self {
        Self { to: request.to, reason: request.reason, effective_on: request.effective_on }
    }
}

/// A move that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransitionResponse {
    id: Id,
    #[schema(example = "proof-of-concept", max_length = 60)]
    from: String,
    #[schema(example = "development", max_length = 60)]
    to: String,
    #[schema(max_length = 2000)]
    reason: Option<String>,
    effective_on: NaiveDate,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    made_at: String,
}

impl From<TransitionRow> for TransitionResponse {
    fn from(row: TransitionRow) -> Self {
        Self {
            id: row.id,
            from: row.from_state,
            to: row.to_state,
            reason: row.reason,
            effective_on: row.effective_on,
            made_by: row.made_by,
            made_at: instant(row.made_at),
        }
    }
}

params! {
    /// How a history is paged.
    pub struct ListTransitions list of TransitionRow {}
}
