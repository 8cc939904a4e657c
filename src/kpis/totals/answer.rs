//! Totals as they are answered: JSON, and the same as CSV.

use super::asked::{Asked, PeriodTotal};
use super::notes::Note;
use super::ops::Totalled;
use super::rules::TotalBasis;
use crate::calendar::Period;
use crate::decimal::json_number;
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::returns::rules::ReturnState;
use crate::organisations::rules::Geography;
use crate::vocabulary::{Basis, Qualifier};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

/// The total of a period.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiTotalPoint)]
pub struct PointResponse {
    #[schema(example = "2024-04", max_length = 20)]
    period: String,
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    /// `dimension=member`, several joined by `;`; null for the total over the members.
    #[schema(max_length = 2000)]
    breakdown: Option<String>,
    /// What was reported, added up. Null where nothing was, and for what is kept back.
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    /// Null unless the value is a ratio made of its parts.
    #[schema(value_type = Option<f64>)]
    numerator: Option<Number>,
    /// Of a ratio its lower part; of a mean the number of things it was taken of.
    #[schema(value_type = Option<f64>)]
    denominator: Option<Number>,
    qualifier: Qualifier,
    basis: Basis,
    /// Organisations that values are expected of.
    #[schema(minimum = 0)]
    expected: usize,
    /// Those of them whose values are all there.
    #[schema(minimum = 0)]
    actual: usize,
    /// What the series present had in their last value, as a share of what all expected had in theirs.
    #[schema(minimum = 0, maximum = 1)]
    coverage: f64,
    /// Whether the coverage is under the KPI's `completeAt`, so that nothing should be said of the total.
    partial: bool,
    /// Whether the value is kept back as a small count.
    suppressed: bool,
    /// Whether something of it awaits approval, and does not count yet. Only with `provisional=true`.
    provisional: bool,
    /// Whether a part of what a divided organisation had itself counts, by a share: an estimate.
    apportioned: bool,
    /// The state of the return that has come least far of those that its values are of: due, withdrawn, returned, received, submitted,
    /// approved, accepted. Absent where there are no returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<ReturnState>,
}

/// Something to know before you rely on the totals.
#[derive(Serialize, ToSchema)]
#[schema(as = KpiTotalNote)]
pub struct NoteResponse {
    #[schema(example = "partial", max_length = 60)]
    code: &'static str,
    #[schema(max_length = 500)]
    detail: String,
}

impl From<Note> for NoteResponse {
    fn from(Note { code, detail }: Note) -> Self {
        Self { code, detail }
    }
}

/// The totals of a KPI below a place.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiTotalsResponse {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "QKK", max_length = 60)]
    place: String,
    #[schema(max_length = 300)]
    place_name: String,
    #[schema(max_length = 200)]
    innovation: Option<String>,
    geography: Geography,
    as_of: NaiveDate,
    /// The position of the last change that is in the totals, as `/v1/changes` counts them.
    #[schema(minimum = 0)]
    as_of_position: i64,
    aggregation: Aggregation,
    /// Of which organisations the totals are made.
    basis: TotalBasis,
    /// How many organisations have values in these periods.
    #[schema(minimum = 0)]
    organisations: usize,
    /// How many reported, but not in every period. Null unless `basis` is `comparable`.
    #[schema(minimum = 0)]
    left_out: Option<usize>,
    /// Whether some or all of the values are invented for illustration, or the edges and successions by which their organisations lie below
    /// the place.
    illustrative: bool,
    /// From the first period with a value to the last.
    #[schema(max_items = 10000)]
    points: Vec<PointResponse>,
    #[schema(max_items = 20)]
    notes: Vec<NoteResponse>,
}

/// A share as it is answered: enough digits to compare.
pub fn share(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

impl PointResponse {
    fn of(asked: &Asked, period: Period, total: &PeriodTotal, totalled: &Totalled) -> Option<Self> {
        let coverage = total.coverage?;
        let number = |scaled: i64| json_number(scaled, asked.kpi.decimals_u8());
        Some(Self {
            period: period.label(),
            start: period.start(),
            end: period.end(),
            breakdown: asked.breakdown.clone(),
            value: total.value.map(|value| number(value.value)),
            numerator: total.value.and_then(|value| value.numerator).map(number),
            denominator: total.value.and_then(|value| value.denominator).map(number),
            qualifier: total.qualifier,
            basis: total.basis,
            expected: coverage.expected,
            actual: coverage.actual,
            coverage: share(coverage.share),
            partial: coverage.partial,
            suppressed: total.suppressed,
            provisional: total.provisional,
            apportioned: totalled.apportioned.contains(&period.start()),
            state: totalled.states.get(&period.start()).copied(),
        })
    }
}

impl KpiTotalsResponse {
    pub fn of(asked: Asked, innovation: Option<String>, totalled: Totalled) -> Option<Self> {
        let map = totalled.map?;
        let inside = totalled.periods.iter().filter(|(period, _)| asked.window.holds(**period));
        let point = |(period, total): (&Period, &PeriodTotal)| PointResponse::of(&asked, *period, total, &totalled);
        let points = inside.filter_map(point).collect();
        Some(Self {
            points,
            notes: totalled.notes.into_iter().map(Into::into).collect(),
            kpi: asked.kpi.code,
            place: asked.organisation.code,
            place_name: asked.organisation.name,
            innovation,
            geography: map.geography,
            as_of: map.as_of,
            as_of_position: totalled.position,
            aggregation: asked.kpi.aggregation,
            basis: asked.basis,
            organisations: totalled.organisations,
            left_out: totalled.left_out,
            illustrative: totalled.illustrative,
        })
    }

    /// # Errors
    /// What the writer fails with.
    pub fn csv(&self) -> Result<Vec<u8>> {
        let mut sheet = Sheet::with_header([
            "kpi",
            "place",
            "innovation",
            "period",
            "breakdown",
            "value",
            "numerator",
            "denominator",
            "qualifier",
            "basis",
            "expected",
            "actual",
            "coverage",
            "partial",
            "suppressed",
            "provisional",
            "apportioned",
            "state",
            "illustrative",
        ])?;
        let number = |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
        let flag = |is: bool| if is { "true" } else { "" };
        for point in &self.points {
            sheet.row([
                self.kpi.as_str(),
                &self.place,
                self.innovation.as_deref().unwrap_or_default(),
                &point.period,
                point.breakdown.as_deref().unwrap_or_default(),
                &number(&point.value),
                &number(&point.numerator),
                &number(&point.denominator),
                point.qualifier.as_str(),
                point.basis.as_str(),
                &point.expected.to_string(),
                &point.actual.to_string(),
                &point.coverage.to_string(),
                flag(point.partial),
                flag(point.suppressed),
                flag(point.provisional),
                flag(point.apportioned),
                point.state.map_or("", ReturnState::as_str),
                flag(self.illustrative),
            ])?;
        }
        sheet.finish()
    }
}
