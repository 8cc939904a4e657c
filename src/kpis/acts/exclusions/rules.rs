//! What an exclusion says.

use crate::kpis::catalogue::rules::{BreakdownInput, BreakdownText};
use crate::record::only_written;
use crate::vocabulary::Id;
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An exclusion: a point that is left out of the calculations of its series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateExclusionRequest, example = json!({ "kpi": "emergency-attendances", "organisation": "RF4", "breakdown": "1", "period": "2017-04", "reason": "The system was down for a week." }))]
pub struct Exclusion {
    /// The code of the KPI.
    #[schema(example = "emergency-attendances", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub kpi: String,
    /// The code of the organisation of the series, or of the place of the total.
    #[schema(example = "RF4", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub organisation: String,
    /// The slug of the innovation of the series. Default: no innovation.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    #[serde(skip_serializing_if = "only_written")]
    #[schema(value_type = BreakdownInput, required = false, write_only)]
    pub breakdown: Option<BreakdownText>,
    #[schema(example = "2017-04", min_length = 4, max_length = 20)]
    pub period: String,
    /// The reason, such as a breakdown or an error of measurement.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub kpi_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null for a series of no innovation.
    #[schema(max_length = 300)]
    pub innovation_name: Option<String>,
    /// `dimension=member`, several joined by `;`; null for the total.
    #[schema(example = "type=1", max_length = 2000)]
    pub breakdown: Option<String>,
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Exclusion, ExclusionAdded, |_, added| added.id.to_string() }
