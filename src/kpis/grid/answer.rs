//! The grid as it is answered: JSON, and the same as CSV.

use super::ops::{Cell, Comparison, Grid};
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::kpis::catalogue::rules::ImprovementDirection;
use crate::kpis::spc::answer::SpcWarningResponse;
use crate::kpis::spc::rules::{Assurance, Point, Profile, Variation};
use crate::kpis::totals::answer::{NoteResponse, share};
use crate::kpis::totals::rules::TotalBasis;
use crate::organisations::rules::Geography;
use crate::vocabulary::instant;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How many of the latest periods a sparkline has at most.
const SPARKLINE: usize = 36;

/// The same figure of the same period elsewhere.
#[derive(Serialize, ToSchema)]
#[schema(as = KpiGridComparison)]
pub struct ComparisonResponse {
    #[schema(example = "E92000001", max_length = 60)]
    place: String,
    #[schema(example = "2024-04", max_length = 20)]
    period: String,
    /// Null where there is none, where it is kept back, and where too much of it is missing.
    value: Option<f64>,
    /// Whether too little of what is expected was reported there.
    partial: bool,
    /// Whether it is kept back as a small count.
    suppressed: bool,
    illustrative: bool,
}

/// What one KPI says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiGridCell)]
pub struct CellResponse {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(max_length = 300)]
    name: String,
    #[schema(max_length = 200)]
    unit: String,
    improvement_direction: ImprovementDirection,
    /// The latest period that something was reported of. Null where nothing was.
    #[schema(example = "2024-04", max_length = 20)]
    period: Option<String>,
    /// Its first day.
    start: Option<NaiveDate>,
    /// Its last day.
    end: Option<NaiveDate>,
    /// Null where there is none, and for what is kept back. A ratio is made of its parts and not rounded.
    value: Option<f64>,
    target: Option<f64>,
    /// What is planned for the period. It is judged by nothing.
    trajectory: Option<f64>,
    /// The mean and the process limits of the last part. Null where there are too few points.
    mean: Option<f64>,
    lpl: Option<f64>,
    upl: Option<f64>,
    variation: Variation,
    assurance: Assurance,
    /// The values of up to 36 periods, the latest last; null for a gap and for what is kept back.
    #[schema(max_items = 36)]
    sparkline: Vec<Option<f64>>,
    /// Organisations that values of the period are expected of. Null for a single series.
    #[schema(minimum = 0)]
    expected: Option<usize>,
    /// Those of them whose values are all there.
    #[schema(minimum = 0)]
    actual: Option<usize>,
    /// What the series present had in their last value, as a share of what all expected had in theirs. Null for a single series.
    #[schema(minimum = 0, maximum = 1)]
    coverage: Option<f64>,
    /// Whether so much is missing that the value counts in no limit, rule or icon.
    partial: bool,
    /// Whether the value is kept back as a small count.
    suppressed: bool,
    /// Whether something of it awaits approval, and does not count yet. Only with `provisional=true`.
    provisional: bool,
    /// When a value of the period was last written.
    #[schema(format = "date-time", max_length = 40)]
    updated_at: Option<String>,
    /// Whether a later period is due, by the KPI's `dueDays`.
    stale: bool,
    /// Whether some or all of the values are invented for illustration, or where their organisations lie.
    illustrative: bool,
    /// Only with `against`, and where the values add up there.
    comparison: Option<ComparisonResponse>,
    /// What to know before you rely on it.
    #[schema(max_items = 10000)]
    warnings: Vec<SpcWarningResponse>,
}

/// A KPI that worries.
#[derive(Serialize, ToSchema)]
#[schema(as = KpiGridWorry)]
pub struct WorryResponse {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(max_length = 300)]
    name: String,
    variation: Variation,
    assurance: Assurance,
}

/// What every KPI of an organisation or a place says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiGridResponse {
    /// The organisation whose series they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", max_length = 60, nullable = false)]
    organisation: Option<String>,
    /// The place whose series were added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "QKK", max_length = 60, nullable = false)]
    place: Option<String>,
    /// Its name.
    #[schema(max_length = 300)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    innovation: Option<String>,
    /// The map on which the organisations of the place were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    geography: Option<Geography>,
    as_of: NaiveDate,
    /// The first day asked for. Null means the first that each KPI has.
    from: Option<NaiveDate>,
    /// The last day asked for. Null means the last that each KPI has.
    to: Option<NaiveDate>,
    /// Which of the place's organisations count.
    basis: TotalBasis,
    profile: Profile,
    /// The exact version of the rules.
    #[schema(example = "making-data-count-2.5+2023-11", max_length = 60)]
    rule_set: &'static str,
    /// Whether anything of it is invented for illustration.
    illustrative: bool,
    /// The finding in one sentence.
    #[schema(max_length = 300)]
    headline: String,
    /// One per KPI, by name.
    #[schema(max_items = 1000)]
    cells: Vec<CellResponse>,
    /// How many KPIs have each variation and, within it, each assurance.
    counts: BTreeMap<String, BTreeMap<String, usize>>,
    /// The KPIs of concern or that fail their target, the worst first: both, then those that fail, then those of concern.
    #[schema(max_items = 1000)]
    worst: Vec<WorryResponse>,
    #[schema(max_items = 20)]
    notes: Vec<NoteResponse>,
}

impl ComparisonResponse {
    fn of(place: &str, comparison: Comparison) -> Self {
        let Comparison { period, value, partial, suppressed, illustrative } = comparison;
        Self { place: place.to_owned(), period: period.label(), value, partial, suppressed, illustrative }
    }
}

impl CellResponse {
    fn of(cell: &Cell, against: Option<&str>) -> Self {
        let study = cell.study.as_ref();
        let (points, facts) =
            study.map_or((&[][..], None), |study| (&study.layout.points[..], study.layout.facts.last()));
        let (last, latest) = (points.last(), cell.latest());
        let coverage = facts.and_then(|facts| facts.coverage);
        let part = study.and_then(|study| study.analysis.parts.last());
        let limits = part.and_then(|part| part.limits);
        Self {
            kpi: cell.kpi.code.clone(),
            name: cell.kpi.name.clone(),
            unit: cell.kpi.unit.clone(),
            improvement_direction: cell.kpi.improvement_direction,
            period: latest.map(|period| period.label()),
            start: latest.map(|period| period.start()),
            end: latest.map(|period| period.end()),
            value: last.and_then(Point::figure),
            target: last.and_then(|point| point.target),
            trajectory: last.and_then(|point| point.trajectory),
            mean: part.and_then(|part| part.mean),
            lpl: limits.map(|limits| limits.lpl),
            upl: limits.map(|limits| limits.upl),
            variation: cell.variation(),
            assurance: cell.assurance(),
            sparkline: points.iter().skip(points.len().saturating_sub(SPARKLINE)).map(Point::figure).collect(),
            expected: coverage.map(|coverage| coverage.expected),
            actual: coverage.map(|coverage| coverage.actual),
            coverage: coverage.map(|coverage| share(coverage.share)),
            partial: last.is_some_and(|point| point.partial),
            suppressed: facts.is_some_and(|facts| facts.suppressed),
            provisional: cell.is_provisional(),
            updated_at: study.and_then(|study| study.updated_at).map(instant),
            stale: cell.stale,
            illustrative: cell.is_illustrative(),
            comparison: against.zip(cell.comparison).map(|(place, found)| ComparisonResponse::of(place, found)),
            warnings: study.map(|study| SpcWarningResponse::of(&study.notes)).unwrap_or_default(),
        }
    }
}

impl WorryResponse {
    fn of(cell: &Cell) -> Self {
        let (kpi, name) = (cell.kpi.code.clone(), cell.kpi.name.clone());
        Self { kpi, name, variation: cell.variation(), assurance: cell.assurance() }
    }
}

impl KpiGridResponse {
    pub fn of(grid: &Grid) -> Self {
        let against = grid.against.as_ref().map(|against| against.code.as_str());
        let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for cell in &grid.cells {
            let of = counts.entry(cell.variation().as_str().to_owned()).or_default();
            *of.entry(cell.assurance().as_str().to_owned()).or_default() += 1;
        }
        let code = || grid.organisation.code.clone();
        Self {
            organisation: (!grid.is_place).then(code),
            place: grid.is_place.then(code),
            name: grid.organisation.name.clone(),
            innovation: grid.innovation.clone(),
            geography: grid.map.map(|map| map.geography),
            as_of: grid.as_of,
            from: grid.days.from,
            to: grid.days.to,
            basis: grid.basis,
            profile: grid.profile,
            rule_set: grid.profile.rule_set(),
            illustrative: grid.is_illustrative(),
            headline: grid.headline(),
            cells: grid.cells.iter().map(|cell| CellResponse::of(cell, against)).collect(),
            counts,
            worst: grid.worst().into_iter().map(WorryResponse::of).collect(),
            notes: grid.notes.iter().cloned().map(Into::into).collect(),
        }
    }

    /// # Errors
    /// What the writer fails with.
    pub fn csv(&self) -> Result<Vec<u8>> {
        let mut sheet = Sheet::with_header([
            "organisation",
            "place",
            "kpi",
            "name",
            "unit",
            "period",
            "value",
            "target",
            "trajectory",
            "variation",
            "assurance",
            "mean",
            "lpl",
            "upl",
            "expected",
            "actual",
            "coverage",
            "partial",
            "suppressed",
            "provisional",
            "stale",
            "illustrative",
            "updatedAt",
            "against",
            "comparison",
            "warnings",
        ])?;
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let count = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let flag = |is: bool| if is { "true" } else { "" };
        for cell in &self.cells {
            let codes: Vec<&str> = cell.warnings.iter().map(|warning| warning.code).collect();
            let comparison = cell.comparison.as_ref();
            sheet.row([
                self.organisation.as_deref().unwrap_or_default(),
                self.place.as_deref().unwrap_or_default(),
                &cell.kpi,
                &cell.name,
                &cell.unit,
                cell.period.as_deref().unwrap_or_default(),
                &number(cell.value),
                &number(cell.target),
                &number(cell.trajectory),
                cell.variation.as_str(),
                cell.assurance.as_str(),
                &number(cell.mean),
                &number(cell.lpl),
                &number(cell.upl),
                &count(cell.expected),
                &count(cell.actual),
                &number(cell.coverage),
                flag(cell.partial),
                flag(cell.suppressed),
                flag(cell.provisional),
                flag(cell.stale),
                flag(cell.illustrative),
                cell.updated_at.as_deref().unwrap_or_default(),
                comparison.map(|found| found.place.as_str()).unwrap_or_default(),
                &number(comparison.and_then(|found| found.value)),
                &codes.join(" "),
            ])?;
        }
        sheet.finish()
    }
}
