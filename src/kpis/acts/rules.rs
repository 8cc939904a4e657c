//! What each kind of act says in words of its own.

use crate::calendar::Period;
use crate::kpis::catalogue::rules::{BreakdownInput, BreakdownText};
use crate::kpis::series::SeriesName;
use crate::record::Written;
use crate::record::only_written;
use crate::vocabulary::Id;
use crate::{words, written};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// What an act does to a series.
    pub enum ActKind {
        /// From its period on the series has a new mean and limits.
        Recalculation = "recalculation",
        /// The point of its period is left out of every calculation.
        Exclusion = "exclusion",
    }
}

/// A recalculation: the point from which a series has a new mean and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateRecalculationRequest, example = json!({ "kpi": "emergency-attendances", "organisation": "RF4", "breakdown": "1", "from": "2017-04", "baselinePoints": 12, "reason": "A second department opened." }))]
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
    /// The reason, such as a change of process or of definition.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

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
pub struct ActAdded {
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

written! { Recalculation, ActAdded, |_, added| added.id.to_string() }

written! { Exclusion, ActAdded, |_, added| added.id.to_string() }

/// What the two resources have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    pub series: SeriesName,
    /// The first period of the new part, or the period to leave out.
    pub period: String,
    /// For a recalculation: how many points set the new mean and limits. None means all points of the part.
    pub baseline_points: Option<i32>,
    pub reason: String,
}

/// One of the two resources.
pub trait Act: Written<Added = ActAdded> + From<Particulars> + Into<Particulars> {
    const KIND: ActKind;
}

impl Act for Recalculation {
    const KIND: ActKind = ActKind::Recalculation;
}

impl Act for Exclusion {
    const KIND: ActKind = ActKind::Exclusion;
}

impl From<Recalculation> for Particulars {
    fn from(act: Recalculation) -> Self {
        let Recalculation { kpi, organisation, innovation, breakdown, from, baseline_points, reason } = act;
        let series = SeriesName { kpi, organisation, innovation, breakdown: breakdown.map(|text| text.0) };
        Self { series, period: from, baseline_points, reason }
    }
}

impl From<Particulars> for Recalculation {
    fn from(Particulars { series, period, baseline_points, reason }: Particulars) -> Self {
        let SeriesName { kpi, organisation, innovation, breakdown } = series;
        let breakdown = breakdown.map(BreakdownText);
        Self { kpi, organisation, innovation, breakdown, from: period, baseline_points, reason }
    }
}

impl From<Exclusion> for Particulars {
    fn from(act: Exclusion) -> Self {
        let Exclusion { kpi, organisation, innovation, breakdown, period, reason } = act;
        let series = SeriesName { kpi, organisation, innovation, breakdown: breakdown.map(|text| text.0) };
        Self { series, period, baseline_points: None, reason }
    }
}

impl From<Particulars> for Exclusion {
    fn from(Particulars { series, period, reason, .. }: Particulars) -> Self {
        let SeriesName { kpi, organisation, innovation, breakdown } = series;
        Self { kpi, organisation, innovation, breakdown: breakdown.map(BreakdownText), period, reason }
    }
}

impl ActKind {
    /// Where a request names the period.
    pub fn period_pointer(self) -> &'static str {
        match self {
            Self::Recalculation => "/from",
            Self::Exclusion => "/period",
        }
    }

    /// The error when the series has an act of this kind at the period already.
    pub fn clash(self, period: Period) -> String {
        match self {
            Self::Recalculation => format!("The series has a recalculation at {period} already."),
            Self::Exclusion => format!("The period {period} of this series is excluded already."),
        }
    }
}
