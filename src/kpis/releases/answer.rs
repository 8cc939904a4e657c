//! Figures and values of releases as they are answered.

use super::frozen::{FigureRow, FrozenValueRow};
use super::store;
use crate::calendar::Period;
use crate::db::Conn;
use crate::decimal::json_number;
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::names::Names;
use crate::kpis::totals::answer::share;
use crate::kpis::values::ops::Unsuppressed;
use crate::kpis::values::rules::UNSUPPRESSED;
use crate::kpis::values::rules::{ScaledValue, disclose};
use crate::organisations::ops::Covered;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A figure of a place, as it was released.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseFigureResponse)]
pub struct FigureResponse {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(max_length = 300)]
    kpi_name: String,
    #[schema(example = "QKK", max_length = 60)]
    place: String,
    #[schema(max_length = 300)]
    place_name: String,
    /// Null for the series of no innovation.
    #[schema(max_length = 100)]
    innovation: Option<String>,
    #[schema(max_length = 300)]
    innovation_name: Option<String>,
    /// `dimension=member`, several joined by `;`; null for the total over the members.
    #[schema(max_length = 2000)]
    breakdown: Option<String>,
    #[schema(example = "2024-04", max_length = 20)]
    period: String,
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    /// What had been reported, added up. Null where nothing was, and for what is kept back.
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    #[schema(value_type = Option<f64>)]
    numerator: Option<Number>,
    #[schema(value_type = Option<f64>)]
    denominator: Option<Number>,
    qualifier: Qualifier,
    basis: Basis,
    /// Organisations that values were expected of, and those of them whose values were all there.
    #[schema(minimum = 0)]
    expected: usize,
    #[schema(minimum = 0)]
    actual: usize,
    #[schema(minimum = 0, maximum = 1)]
    coverage: f64,
    /// Whether so much was missing that nothing should be said of the figure.
    partial: bool,
    /// Whether the value is kept back as a small count.
    suppressed: bool,
    apportioned: bool,
    illustrative: bool,
}

/// A value that figures of a release were made of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseValueResponse)]
pub struct FrozenValueResponse {
    /// The series and the first day of the period, as `/v1/kpi-values` names it.
    #[schema(example = "1042.2017-03-01", max_length = 40)]
    id: String,
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(max_length = 300)]
    kpi_name: String,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[schema(max_length = 300)]
    organisation_name: String,
    /// Null for a value of no innovation.
    #[schema(max_length = 100)]
    innovation: Option<String>,
    #[schema(max_length = 300)]
    innovation_name: Option<String>,
    /// `dimension=member`, several joined by `;`.
    #[schema(max_length = 2000)]
    breakdown: Option<String>,
    #[schema(example = "2017-03", max_length = 20)]
    period: String,
    start: NaiveDate,
    end: NaiveDate,
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    #[schema(value_type = Option<f64>)]
    numerator: Option<Number>,
    #[schema(value_type = Option<f64>)]
    denominator: Option<Number>,
    /// Whether small counts are suppressed and others rounded for you.
    suppressed: bool,
    qualifier: Qualifier,
    basis: Basis,
    illustrative: bool,
    /// The version of the value that was released.
    #[schema(minimum = 1)]
    version: i32,
    /// The version of the KPI's definition that it was reported under.
    #[schema(minimum = 1)]
    kpi_version: i32,
}

/// Whose counts the caller sees as they are, of these places or organisations.
pub fn unsuppressed(conn: &mut Conn, context: &Context, of: impl Iterator<Item = Id>) -> Result<Unsuppressed> {
    let mut organisations: Vec<Id> = of.collect();
    organisations.sort_unstable();
    organisations.dedup();
    let reach = context.actor.reach(UNSUPPRESSED);
    Ok(Unsuppressed::new(Covered::of(conn, context, reach, &organisations)?))
}

/// The figures of a page, each as the caller may see it.
pub fn figures(conn: &mut Conn, context: &Context, rows: Vec<FigureRow>) -> Result<Vec<FigureResponse>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.place_id, row.innovation_id)).collect();
    let (names, kpis) = (Names::of(conn, &keys)?, as_then(conn, rows.first().map(|row| row.release_id))?);
    let unsuppressed = unsuppressed(conn, context, rows.iter().map(|row| row.place_id))?;
    let figure = |row: FigureRow| {
        let kpi = kpis.get(&row.kpi_id)?;
        let is_whole = unsuppressed.visibility(kpi, row.place_id, row.innovation_id).is_whole(kpi);
        Some(FigureResponse::of(kpi, &names, &row, is_whole))
    };
    Ok(rows.into_iter().filter_map(figure).collect())
}

/// The values of a page, each as the caller may see it.
pub fn values(conn: &mut Conn, context: &Context, rows: Vec<FrozenValueRow>) -> Result<Vec<FrozenValueResponse>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let (names, kpis) = (Names::of(conn, &keys)?, as_then(conn, rows.first().map(|row| row.release_id))?);
    let unsuppressed = unsuppressed(conn, context, rows.iter().map(|row| row.organisation_id))?;
    let value = |row: FrozenValueRow| {
        let kpi = kpis.get(&row.kpi_id)?;
        let visibility = unsuppressed.visibility(kpi, row.organisation_id, row.innovation_id);
        let scaled = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
        let shown = disclose(kpi, visibility, scaled);
        Some(FrozenValueResponse::of(kpi, &names, row, (shown, visibility.is_whole(kpi))))
    };
    Ok(rows.into_iter().filter_map(value).collect())
}

/// The KPIs of a page's release as they were.
fn as_then(conn: &mut Conn, release: Option<Id>) -> Result<HashMap<Id, KpiRow>> {
    release.map_or_else(|| Ok(HashMap::new()), |id| store::kpis_as_then(conn, id))
}

/// The text of a breakdown; none of the total.
pub fn member(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl FigureResponse {
    fn of(kpi: &KpiRow, names: &Names, row: &FigureRow, is_whole: bool) -> Self {
        let (figure, period) = (row.shown(is_whole), Period::containing(kpi.period_type, row.period_start));
        let number = |scaled: Option<i64>| scaled.map(|scaled| json_number(scaled, kpi.decimals_u8()));
        let (place, place_name) = names.organisation(row.place_id);
        let (innovation, innovation_name) = names.innovation(row.innovation_id).unzip();
        Self {
            kpi: kpi.code.clone(),
            kpi_name: kpi.name.clone(),
            place,
            place_name,
            innovation,
            innovation_name,
            breakdown: member(&row.breakdown),
            period: period.label(),
            start: period.start(),
            end: period.end(),
            value: number(figure.value),
            numerator: number(figure.numerator),
            denominator: number(figure.denominator),
            qualifier: figure.qualifier,
            basis: figure.basis,
            expected: figure.expected,
            actual: figure.actual,
            coverage: share(figure.share),
            partial: figure.partial,
            suppressed: figure.suppressed,
            apportioned: row.apportioned,
            illustrative: row.illustrative,
        }
    }
}

impl FrozenValueResponse {
    fn of(kpi: &KpiRow, names: &Names, row: FrozenValueRow, (shown, is_whole): (Option<ScaledValue>, bool)) -> Self {
        let period = Period::containing(kpi.period_type, row.period_start);
        let number = |scaled: i64| json_number(scaled, kpi.decimals_u8());
        let (organisation, organisation_name) = names.organisation(row.organisation_id);
        let (innovation, innovation_name) = names.innovation(row.innovation_id).unzip();
        Self {
            id: format!("{}.{}", row.series_id, row.period_start),
            kpi: kpi.code.clone(),
            kpi_name: kpi.name.clone(),
            organisation,
            organisation_name,
            innovation,
            innovation_name,
            breakdown: member(&row.breakdown),
            period: period.label(),
            start: period.start(),
            end: period.end(),
            value: shown.filter(|value| !value.is_not_applicable()).map(|value| number(value.value)),
            numerator: shown.and_then(|value| value.numerator).map(number),
            denominator: shown.and_then(|value| value.denominator).map(number),
            suppressed: !is_whole,
            qualifier: row.qualifier,
            basis: row.basis,
            illustrative: row.illustrative,
            version: row.version,
            kpi_version: row.kpi_version,
        }
    }
}
