//! Totals as they are answered: JSON, and the same as CSV.

use super::asked::{Asked, PeriodTotal};
use super::by::{Part, Parted};
use super::notes::Note;
use super::ops::Totalled;
use super::rules::TotalBasis;
use crate::calendar::Period;
use crate::decimal::json_number;
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::releases::revised::RevisedResponse;
use crate::kpis::returns::rules::ReturnState;
use crate::organisations::rules::Geography;
use crate::vocabulary::{Basis, Qualifier};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use std::collections::BTreeMap;
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
    /// With `by=place:` the code of the place; absent for what lies under no place of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, nullable = false)]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    place_name: Option<String>,
    /// With `by=innovation` its slug; absent for what is of no innovation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100, nullable = false)]
    innovation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    innovation_name: Option<String>,
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
    /// The first period asked for. Null means the first of the totals.
    #[schema(max_length = 20)]
    from: Option<String>,
    /// The last period asked for. Null means the last of the totals.
    #[schema(max_length = 20)]
    to: Option<String>,
    /// The position of the last change that is in the totals, as `/v1/changes` counts them.
    #[schema(minimum = 0)]
    as_of_position: i64,
    aggregation: Aggregation,
    /// What the totals are told apart by. Null where there is one total a period.
    #[schema(example = "place:icb", max_length = 60)]
    by: Option<String>,
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
    /// From the first period with a value to the last; with `by` those of one part after those of another.
    #[schema(max_items = 1000000)]
    points: Vec<PointResponse>,
    #[schema(max_items = 20)]
    notes: Vec<NoteResponse>,
    /// Where these totals differ from the last release of the period; left out where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10000, nullable = false)]
    revised_since: Option<Vec<RevisedResponse>>,
}

/// A share as it is answered: enough digits to compare.
pub fn share(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

impl PointResponse {
    fn of(
        asked: &Asked,
        period: Period,
        total: &PeriodTotal,
        (apportioned, state): (bool, Option<ReturnState>),
    ) -> Option<Self> {
        let coverage = total.coverage?;
        let number = |scaled: i64| json_number(scaled, asked.kpi.decimals_u8());
        Some(Self {
            period: period.label(),
            start: period.start(),
            end: period.end(),
            breakdown: asked.breakdown.clone(),
            place: None,
            place_name: None,
            innovation: None,
            innovation_name: None,
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
            apportioned,
            state,
        })
    }

    /// Says which part of the whole it is of.
    fn of_part(mut self, part: &Part) -> Self {
        match part.clone() {
            Part::Member(text) => self.breakdown = Some(text),
            Part::Place(named) => (self.place, self.place_name) = named.unzip(),
            Part::Innovation(named) => (self.innovation, self.innovation_name) = named.unzip(),
        }
        self
    }
}

impl KpiTotalsResponse {
    /// The totals, or those of the parts that they are told apart by.
    pub fn of(
        asked: Asked,
        innovation: Option<String>,
        totalled: Totalled,
        parts: Option<(String, Vec<Parted>)>,
        revised_since: Option<Vec<RevisedResponse>>,
    ) -> Option<Self> {
        let map = totalled.map?;
        let inside = |periods: &BTreeMap<Period, PeriodTotal>, states: &BTreeMap<NaiveDate, ReturnState>| {
            let point = |(period, total): (&Period, &PeriodTotal)| {
                let apportioned = totalled.apportioned.contains(&period.start());
                let state = states.get(&period.start()).copied();
                PointResponse::of(&asked, *period, total, (apportioned, state)).filter(|_| asked.window.holds(*period))
            };
            periods.iter().filter_map(point).collect::<Vec<PointResponse>>()
        };
        let of_part = |parted: &Parted| -> Vec<PointResponse> {
            let points = inside(&parted.periods, &parted.states).into_iter();
            points.map(|point| point.of_part(&parted.part)).collect()
        };
        let (by, parts) = parts.unzip();
        let points = match &parts {
            None => inside(&totalled.periods, &totalled.states),
            Some(parts) => parts.iter().flat_map(of_part).collect(),
        };
        Some(Self {
            points,
            notes: totalled.notes.into_iter().map(Into::into).collect(),
            kpi: asked.kpi.code,
            place: asked.organisation.code,
            place_name: asked.organisation.name,
            innovation,
            geography: map.geography,
            as_of: map.as_of,
            from: asked.window.from.map(Period::label),
            to: asked.window.to.map(Period::label),
            as_of_position: totalled.position,
            aggregation: asked.kpi.aggregation,
            by,
            basis: asked.basis,
            organisations: totalled.organisations,
            left_out: totalled.left_out,
            illustrative: totalled.illustrative,
            revised_since,
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
        let told_by_place = self.by.as_ref().is_some_and(|by| by.starts_with("place:"));
        for point in &self.points {
            sheet.row([
                self.kpi.as_str(),
                if told_by_place { point.place.as_deref().unwrap_or_default() } else { self.place.as_str() },
                point.innovation.as_ref().or(self.innovation.as_ref()).map_or("", String::as_str),
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
