//! What a target may be, and which of several holds.

use crate::calendar::{Period, PeriodType};
use crate::decimal::json_number;
use crate::error::{Fault, Faults, Result};
use crate::kpis::catalogue::rules::domain::{self, Bounds};
use crate::kpis::catalogue::rules::scaled;
use crate::record::only_written;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

words! {
    /// Whether values are judged against it.
    pub enum TargetKind {
        /// What values should reach.
        Target = "target",
        /// What is planned on the way there: it is drawn and judges nothing.
        Trajectory = "trajectory",
    }
}

/// A target of a KPI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateKpiTargetRequest, example = json!({ "value": 0.95, "from": "2024-04" }))]
pub struct KpiTarget {
    /// In the KPI's unit and with no more decimals than the KPI has.
    #[schema(value_type = f64)]
    pub value: Number,
    /// The first period it applies to, written as the KPI's period type requires. A date means the period that holds it.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(min_length = 4, max_length = 20, required = true, write_only)]
    pub from: String,
    /// The first period it no longer applies to, written like `from`. Default: no end.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(min_length = 4, max_length = 20, nullable = false, write_only)]
    pub to: Option<String>,
    /// The code of the one organisation it is set for. Default: every organisation.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    /// A target judges; a trajectory, the plan on the way there, is drawn only.
    #[serde(default = "judging")]
    #[schema(default = "target")]
    pub kind: TargetKind,
}

fn judging() -> TargetKind {
    TargetKind::Target
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiTargetAdded {
    pub id: Id,
    #[schema(example = "emergency-performance", max_length = 60)]
    pub kpi: String,
    #[schema(max_length = 300)]
    pub kpi_name: String,
    /// The first day of the first period it applies to.
    pub from: NaiveDate,
    /// The first day it no longer applies. Null while it has no end.
    pub to: Option<NaiveDate>,
    /// The name of the organisation; null if it is set for every organisation.
    #[schema(max_length = 300)]
    pub organisation_name: Option<String>,
    #[schema(max_length = 300)]
    pub made_by: String,
}

written! { KpiTarget, KpiTargetAdded, |_, added| added.id.to_string() }

/// The KPI that a target is of, as far as a target depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub period_type: PeriodType,
    pub decimals: u8,
    /// The least and the greatest value there can be, scaled by ten to the decimals.
    pub bounds: Bounds,
}

/// A target as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Scaled by ten to the KPI's decimals.
    pub value: i64,
    pub from: NaiveDate,
    /// The first day it no longer applies.
    pub to: Option<NaiveDate>,
    pub kind: TargetKind,
}

impl KpiTarget {
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn read(&self, scale: Scale) -> Result<Figures> {
        let mut faults = Faults::default();
        let value = faults.take(scaled("/value", &self.value.to_string(), scale.decimals));
        if value.is_some_and(|value| !domain::holds(scale.bounds, value)) {
            let expected = domain::in_words(scale.bounds, scale.decimals);
            let detail =
                format!("No value can reach this target: expected a number {expected}, as the KPI's values are.");
            faults.add("/value", "value-range", detail);
        }
        let from = faults.take(first_day("/from", scale.period_type, &self.from));
        let to = self.to.as_ref().map(|to| first_day("/to", scale.period_type, to)).transpose();
        let to = faults.take(to).flatten();
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            let detail = "to is the first period to which the target no longer applies, so it must be after from.";
            faults.add("/to", "range", detail);
        }
        faults.check()?;
        // Without a fault there is a value and a beginning.
        Ok(Figures { value: value.unwrap_or_default(), from: from.unwrap_or_default(), to, kind: self.kind })
    }
}

impl Figures {
    /// The target as it is answered.
    pub fn written(self, decimals: u8, organisation: Option<String>) -> KpiTarget {
        let Self { value, from, to, kind } = self;
        let (from, to) = (from.to_string(), to.map(|to| to.to_string()));
        KpiTarget { value: json_number(value, decimals), from, to, organisation, kind }
    }
}

/// The first day of the period that the text names.
fn first_day(pointer: &str, kind: PeriodType, text: &str) -> Result<NaiveDate, Fault> {
    let period = Period::parse_or_day(kind, text);
    period.map(Period::start).map_err(|error| Fault::new(pointer, error.code(), error.detail()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_begins_with_a_period() {
        for (kind, text, expected) in [
            (PeriodType::Month, "2024-03", Ok("2024-03-01")),
            (PeriodType::Month, "2024-03-15", Ok("2024-03-01")),
            (PeriodType::FinancialYear, "2011-12", Ok("2011-04-01")),
            (PeriodType::FinancialYear, "2011-12-31", Ok("2011-04-01")),
            (PeriodType::Quarter, "2024", Err("/from period-type")),
            (PeriodType::Quarter, "soon", Err("/from period-malformed")),
            (PeriodType::Quarter, "+99999-01-01", Err("/from period-malformed")),
        ] {
            let read = first_day("/from", kind, text).map(|day| day.to_string());
            let read = read.map_err(|fault| format!("{} {}", fault.pointer, fault.code));
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
