//! The result of each row, as it is answered and kept.

use super::rules::Measure;
use crate::decimal::json_number;
use crate::delivery::{Outcome, RowError};
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Basis, Qualifier};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

/// The result of one row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubmissionRowResponse {
    /// The line of the CSV, where the header is line 1, or the place in the JSON, counted from 1.
    #[schema(minimum = 1)]
    pub line: u32,
    /// The JSON pointer to the row. A CSV header does not count.
    #[schema(example = "/rows/5", max_length = 40)]
    pub pointer: String,
    pub outcome: Outcome,
    #[schema(max_items = 20)]
    pub errors: Vec<RowError>,
    /// KPI, organisation, innovation, period and breakdown.
    #[schema(value_type = Object)]
    pub key: Map<String, Value>,
    /// The value before, if there was one.
    pub old: Option<MeasureResponse>,
    /// The value after, if there is one.
    pub new: Option<MeasureResponse>,
}

/// A value with its qualifier, basis and comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MeasureResponse {
    /// Null where there was nothing to divide: numerator and denominator are 0.
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, nullable = false)]
    numerator: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, nullable = false)]
    denominator: Option<Number>,
    qualifier: Qualifier,
    basis: Basis,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
}

impl MeasureResponse {
    pub fn of(measure: &Measure, decimals: u8) -> Self {
        let Measure { value, numerator, denominator, .. } = *measure;
        let number = |scaled| json_number(scaled, decimals);
        let has_value = !ScaledValue { value, numerator, denominator }.is_not_applicable();
        Self {
            value: has_value.then(|| number(value)),
            numerator: numerator.map(number),
            denominator: denominator.map(number),
            qualifier: measure.qualifier,
            basis: measure.basis,
            comment: measure.comment.as_ref().map(ToString::to_string),
        }
    }
}
