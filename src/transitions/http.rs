//! The shape of a move that was made.

use super::store::TransitionRow;
use crate::vocabulary::{Id, instant};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

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
