//! What two figures say beside each other, as it is answered: also beside the totals of today, where a release said something else.

use super::figures::Side;
use super::rules::ReleaseStatus;
use crate::decimal::json_number;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

/// A figure or a value, as one side of a comparison.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseSide)]
pub struct SideResponse {
    /// Null where there is none, and for what is kept back.
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    #[schema(value_type = Option<f64>)]
    numerator: Option<Number>,
    #[schema(value_type = Option<f64>)]
    denominator: Option<Number>,
    /// Whether it is kept back as a small count.
    suppressed: bool,
}

impl SideResponse {
    pub fn of(side: Side, decimals: u8) -> Self {
        let number = |scaled: Option<i64>| scaled.map(|scaled| json_number(scaled, decimals));
        Self {
            value: number(side.value),
            numerator: number(side.numerator),
            denominator: number(side.denominator),
            suppressed: side.suppressed,
        }
    }
}

/// A figure that is another one now than the last release that holds it says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RevisedSince)]
pub struct RevisedResponse {
    #[schema(example = "2024-04", max_length = 20)]
    pub period: String,
    /// The id of the release.
    pub release: Id,
    pub status: ReleaseStatus,
    pub published_on: NaiveDate,
    /// As it was released.
    pub old: SideResponse,
    /// As it is now.
    pub new: SideResponse,
}
