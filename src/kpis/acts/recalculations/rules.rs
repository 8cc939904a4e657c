//! What a recalculation says.

use crate::kpis::acts::rules::{ActState, RecalculationKind};
use crate::kpis::catalogue::rules::{BreakdownInput, BreakdownText};
use crate::kpis::spc::answer::SpcWarningResponse;
use crate::record::only_written;
use crate::vocabulary::Id;
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recalculation: the point from which a series has a new mean and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateRecalculationRequest, example = json!({ "kpi": "emergency-attendances", "organisation": "RF4", "breakdown": "1", "from": "2017-04", "baselinePoints": 12, "kind": "process-change", "reason": "A second department opened." }))]
pub struct Recalculation {
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
    /// The first period with the new mean and limits.
    #[schema(example = "2017-04", min_length = 4, max_length = 20)]
    pub from: String,
    /// How many points from there on set the new mean and limits. Default: all points of the part.
    #[schema(minimum = 2, maximum = 10000, nullable = false)]
    pub baseline_points: Option<i32>,
    #[serde(default = "of_review")]
    #[schema(default = "review")]
    pub kind: RecalculationKind,
    /// The reason, such as a change of process or of definition. Do not name people.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// What shows it, such as minutes or an address. Do not name people.
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub evidence: Option<String>,
}

fn of_review() -> RecalculationKind {
    RecalculationKind::Review
}

/// What the register adds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecalculationAdded {
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
    /// Only an accepted one gives the series a new mean and limits.
    pub state: ActState,
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
    /// What speaks against it: few points, or a concern that it would hide. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, nullable = false)]
    pub warnings: Option<Vec<SpcWarningResponse>>,
    /// The operations on this recalculation that you may do now. Lists leave them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["transition_recalculation", "delete_recalculation"]), max_items = 10, nullable = false)]
    pub actions: Option<Vec<&'static str>>,
}

written! { Recalculation, RecalculationAdded, |_, added| added.id.to_string() }
