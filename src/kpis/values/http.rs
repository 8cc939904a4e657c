//! `/v1/kpi-values`: pages as JSON, or everything that fits the filters as CSV or JSON lines, streamed.

use super::ops;
use super::provisional::ListedValue;
use super::rules::{ScaledValue, Visibility, disclose};
use super::store::{self, ListReplacedKpiValues, ListRevisions, ListValues, ReplacedRow, RevisionRow};
use crate::calendar::Period;
use crate::db::Conn;
use crate::db::jobs::JobKind;
use crate::decimal::{format_scaled, write_scaled};
use crate::error::{Error, Result};
use crate::http::csv::Sheet;
use crate::http::jobs::JobResponse;
use crate::http::lists::{Listed, json_lines};
use crate::http::params::Params;
use crate::http::{Asked, CSV, Context, Cx, JSON, Listing, NDJSON, Routes, Upload};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::{BreakdownInput, shown_breakdown};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::names::Names;
use crate::path;
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(list_kpi_values).service(list_kpi_value_revisions).service(list_replaced_kpi_values);
}

/// A KPI value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiValueResponse)]
pub struct ValueResponse {
    /// The series and the first day of the period.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100, nullable = false)]
    innovation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    innovation_name: Option<String>,
    /// A member, or with several dimensions an object of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BreakdownInput)]
    breakdown: Option<Value>,
    #[schema(example = "2017-03", max_length = 20)]
    period: String,
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    /// The value. Null if a small count is suppressed, and where there was nothing to divide: numerator and denominator are 0.
    #[schema(value_type = Option<f64>)]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    numerator: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    denominator: Option<Box<RawValue>>,
    /// Whether small counts are suppressed and others rounded for you.
    suppressed: bool,
    qualifier: Qualifier,
    basis: Basis,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Not shown beside a suppressed value.
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
    /// Whether the series is invented for illustration.
    illustrative: bool,
    /// Whether it awaits approval, and does not count yet. Only with `provisional=true`.
    provisional: bool,
    #[schema(minimum = 1)]
    version: i32,
    /// The version of the KPI's definition it was reported under.
    #[schema(minimum = 1)]
    kpi_version: i32,
    submission: Id,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

/// What a value was before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiValueRevisionResponse)]
pub struct RevisionResponse {
    #[schema(minimum = 1)]
    version: i32,
    #[schema(value_type = Option<f64>)]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    numerator: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    denominator: Option<Box<RawValue>>,
    qualifier: Qualifier,
    basis: Basis,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
    /// The version of the KPI's definition it was sent under.
    #[schema(minimum = 1)]
    kpi_version: i32,
    submission: Id,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// The submission that replaced it.
    replaced_by: Id,
    #[schema(format = "date-time", max_length = 40)]
    replaced_at: String,
}

fn number(scaled: i64, decimals: u8) -> Box<RawValue> {
    RawValue::from_string(format_scaled(scaled, decimals)).unwrap_or_default()
}

/// The value as the reader may see it, each part as JSON text.
type Shown = (Option<Box<RawValue>>, Option<Box<RawValue>>, Option<Box<RawValue>>);

fn show(kpi: &KpiRow, visibility: Visibility, value: ScaledValue) -> Shown {
    let Some(shown) = disclose(kpi, visibility, value) else { return (None, None, None) };
    let text = |scaled: i64| number(scaled, kpi.decimals_u8());
    (
        Some(text(shown.value)).filter(|_| !shown.is_not_applicable()),
        shown.numerator.map(text),
        shown.denominator.map(text),
    )
}

/// The answers about a page of values.
fn render(conn: &mut Conn, context: &Context, rows: Vec<ListedValue>) -> Result<Vec<ValueResponse>> {
    let keys = rows.iter().map(|ListedValue { row, .. }| (row.kpi_id, row.organisation_id, row.innovation_id));
    let keys: Vec<_> = keys.collect();
    let names = Names::of(conn, &keys)?;
    let unsuppressed = ops::unsuppressed(conn, context, &rows)?;
    Ok(rows.into_iter().filter_map(|row| value(&names, &unsuppressed, row)).collect())
}

/// `None` for a value whose KPI is not among the names.
fn value(names: &Names, unsuppressed: &ops::Unsuppressed, listed: ListedValue) -> Option<ValueResponse> {
    let ListedValue { row, provisional } = listed;
    let kpi = names.kpi(row.kpi_id)?;
    let period = Period::containing(kpi.period_type, row.period_start);
    let visibility = unsuppressed.visibility(kpi, row.organisation_id, row.innovation_id);
    let scaled = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
    let (value, numerator, denominator) = show(kpi, visibility, scaled);
    let (organisation, organisation_name) = names.organisation(row.organisation_id);
    let (innovation, innovation_name) = names.innovation(row.innovation_id).unzip();
    Some(ValueResponse {
        id: format!("{}.{}", row.series_id, row.period_start),
        kpi: kpi.code.clone(),
        kpi_name: kpi.name.clone(),
        organisation,
        organisation_name,
        innovation,
        innovation_name,
        breakdown: (!row.breakdown.is_empty()).then(|| shown_breakdown(&row.breakdown)),
        period: period.label(),
        start: period.start(),
        end: period.end(),
        value,
        numerator,
        denominator,
        suppressed: !visibility.is_whole(kpi),
        qualifier: row.qualifier,
        basis: row.basis,
        comment: row.comment.filter(|_| visibility.is_whole(kpi)),
        illustrative: row.illustrative,
        provisional,
        version: row.version,
        kpi_version: row.kpi_version,
        submission: row.submission_id,
        updated_at: instant(row.updated_at),
    })
}

/// The rows of a chunk of a stream.
const CHUNK: i64 = 5000;

/// List KPI values
///
/// Returns a page as JSON. With `Accept: text/csv` or `application/x-ndjson` it streams everything that fits the filters.
/// The CSV has the columns of a submission, so that it can be sent back. With `provisional=true` the values that await approval stand
/// in the place of those that count, marked, wherever you may see values as they are; the CSV then has a column that says so.
/// With `Prefer: respond-async` beside one of these forms a job makes the export.
#[utoipa::path(tag = "kpi-values", params(ListValues), responses((status = 200, description = "A page of values", body = Listing<ValueResponse>), (status = 202, description = "A job makes the export", body = JobResponse)))]
#[get("/v1/kpi-values")]
pub async fn list_kpi_values(cx: Cx, asked: Asked<ListValues>) -> Result<Listed<ValueResponse>> {
    if cx.later && !cx.wants(JSON) {
        ListValues::read(asked.0)?;
        return cx.answer_later(JobKind::ExportKpiValues, Upload::nothing()?).await.map(Listed::instead);
    }
    kpi_values(cx, asked).await
}

/// A page of values, or the whole selection.
///
/// # Errors
/// As [`Cx::list_with`].
pub async fn kpi_values(cx: Cx, asked: Asked<ListValues>) -> Result<Listed<ValueResponse>> {
    let marked = asked.0.get("provisional").is_some_and(|word| word == "true");
    match cx.accept {
        "text/csv" => {
            let lines = move |conn: &mut Conn, context: &Context, rows| csv_lines(conn, context, rows, marked);
            let below = move |lines: &[Vec<u8>], first| below_header(lines, first, marked);
            cx.export_with(asked, (CSV, CHUNK), store::list, lines, below).await
        }
        "application/x-ndjson" => {
            cx.export_with(asked, (NDJSON, CHUNK), store::list, render, |rows, _| json_lines(rows)).await
        }
        _ => cx.list_with(asked, store::list, render).await,
    }
}

/// The columns of a submission, so that an export can be sent back.
const COLUMNS: [&str; 12] = [
    "kpi",
    "organisation",
    "innovation",
    "period",
    "breakdown",
    "value",
    "numerator",
    "denominator",
    "qualifier",
    "basis",
    "comment",
    "illustrative",
];

/// A chunk of an export as lines of CSV. A row costs no more than its own texts: what several rows have in common is written
/// once, and figures go into texts that are used again. `marked` says whether there is a last column for what awaits approval.
fn csv_lines(conn: &mut Conn, context: &Context, rows: Vec<ListedValue>, marked: bool) -> Result<Vec<Vec<u8>>> {
    let keys: Vec<_> =
        rows.iter().map(|ListedValue { row, .. }| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let unsuppressed = ops::unsuppressed(conn, context, &rows)?;
    let mut sheet = Sheet::without_header();
    let (mut of_period, mut period) = (None, String::new());
    let mut figures = [const { String::new() }; 3];
    let flag = |is: bool| if is { "true" } else { "" };
    for ListedValue { row, provisional } in &rows {
        let Some(kpi) = names.kpi(row.kpi_id) else { continue };
        if of_period != Some((kpi.period_type, row.period_start)) {
            of_period = Some((kpi.period_type, row.period_start));
            period = Period::containing(kpi.period_type, row.period_start).label();
        }
        let visibility = unsuppressed.visibility(kpi, row.organisation_id, row.innovation_id);
        let scaled = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
        let shown = disclose(kpi, visibility, scaled);
        let value = shown.filter(|shown| !shown.is_not_applicable()).map(|shown| shown.value);
        let parts = [value, shown.and_then(|shown| shown.numerator), shown.and_then(|shown| shown.denominator)];
        for (text, figure) in figures.iter_mut().zip(parts) {
            text.clear();
            if let Some(figure) = figure {
                write_scaled(text, figure, kpi.decimals_u8());
            }
        }
        let [value, numerator, denominator] = figures.each_ref().map(String::as_str);
        // Of one dimension the member alone.
        let breakdown = match row.breakdown.split_once('=') {
            Some((_, member)) if !member.contains('=') => member,
            _ => &row.breakdown,
        };
        let comment = row.comment.as_deref().filter(|_| visibility.is_whole(kpi)).unwrap_or_default();
        let cells = [
            kpi.code.as_str(),
            names.organisation_code(row.organisation_id),
            names.innovation_slug(row.innovation_id),
            &period,
            breakdown,
            value,
            numerator,
            denominator,
            row.qualifier.as_str(),
            row.basis.as_str(),
            comment,
            flag(row.illustrative),
        ];
        sheet.row(cells.into_iter().chain(marked.then(|| flag(*provisional))))?;
    }
    Ok(vec![sheet.finish()?])
}

/// The chunk's lines, below the names of the columns where they are the first.
fn below_header(lines: &[Vec<u8>], first: bool, marked: bool) -> Result<Vec<u8>> {
    let columns = COLUMNS.into_iter().chain(marked.then_some("provisional"));
    let mut chunk = if first { Sheet::with_header(columns)?.finish()? } else { Vec::new() };
    lines.iter().for_each(|lines| chunk.extend_from_slice(lines));
    Ok(chunk)
}

path! { KpiValuePath, id: [example = "1042.2017-03-01", pattern = r"^[0-9]{1,18}\.[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length = 40] "The value's id: series and first day of the period" }

impl KpiValuePath {
    /// The series and the first day of the period.
    fn read(&self) -> Result<(i64, NaiveDate)> {
        let parts = self.id.split_once('.');
        let read = parts.and_then(|(series, start)| Some((series.parse().ok()?, start.parse().ok()?)));
        read.ok_or_else(|| Error::not_found("KPI value"))
    }
}

/// The KPI of a series that the caller may see, and how much of it.
fn visible(conn: &mut Conn, context: &Context, series: i64) -> Result<(KpiRow, Visibility)> {
    let missing = || Error::not_found("KPI value");
    let (kpi, organisation, innovation) = store::series_key(conn, series)?.ok_or_else(missing)?;
    let kpi = catalogue::store::find_by_ids(conn, &[kpi])?.remove(&kpi).ok_or_else(missing)?;
    match ops::visibility(conn, context, &kpi, organisation, innovation)? {
        Visibility::Hidden => Err(missing()),
        visibility => Ok((kpi, visibility)),
    }
}

fn revision(kpi: &KpiRow, visibility: Visibility, row: RevisionRow) -> RevisionResponse {
    let scaled = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
    let (value, numerator, denominator) = show(kpi, visibility, scaled);
    RevisionResponse {
        version: row.version,
        value,
        numerator,
        denominator,
        qualifier: row.qualifier,
        basis: row.basis,
        comment: row.comment.filter(|_| visibility.is_whole(kpi)),
        kpi_version: row.kpi_version,
        submission: row.submission_id,
        updated_at: instant(row.updated_at),
        replaced_by: row.replaced_by,
        replaced_at: instant(row.replaced_at),
    }
}

/// List the revisions of a value
///
/// Lists every earlier version of the value, oldest first by default.
#[utoipa::path(tag = "kpi-values", params(KpiValuePath, ListRevisions), responses((status = 200, description = "A page of revisions", body = Listing<RevisionResponse>)))]
#[get("/v1/kpi-values/{id}/revisions")]
pub async fn list_kpi_value_revisions(
    cx: Cx,
    path: web::Path<KpiValuePath>,
    asked: Asked<ListRevisions>,
) -> Result<Listed<RevisionResponse>> {
    let (series, start) = path.read()?;
    let rows = move |conn: &mut Conn, context: &Context, _: &ListRevisions| {
        visible(conn, context, series).map(|_| store::revisions(series, start))
    };
    let render = move |conn: &mut Conn, context: &Context, rows: Vec<RevisionRow>| {
        let (kpi, visibility) = visible(conn, context, series)?;
        Ok(rows.into_iter().map(|row| revision(&kpi, visibility, row)).collect())
    };
    cx.list_with(asked, rows, render).await
}

/// A value that a submission wrote over or took away.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReplacedKpiValueResponse)]
pub struct ReplacedResponse {
    /// The series and the first day of the period.
    #[schema(example = "1042.2017-03-01", max_length = 40)]
    id: String,
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100, nullable = false)]
    innovation: Option<String>,
    /// A member, or with several dimensions an object of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BreakdownInput)]
    breakdown: Option<Value>,
    #[schema(example = "2017-03", max_length = 20)]
    period: String,
    /// The version that was replaced.
    #[schema(minimum = 1)]
    version: i32,
    /// Whether there is no value now.
    deleted: bool,
    replaced_by: Id,
    #[schema(format = "date-time", max_length = 40)]
    replaced_at: String,
}

fn render_replaced(conn: &mut Conn, _: &Context, rows: Vec<ReplacedRow>) -> Result<Vec<ReplacedResponse>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let (names, present) = (Names::of(conn, &keys)?, store::present(conn, &rows)?);
    let replaced = |row: ReplacedRow| {
        let kpi = names.kpi(row.kpi_id)?;
        Some(ReplacedResponse {
            id: format!("{}.{}", row.series_id, row.period_start),
            kpi: kpi.code.clone(),
            organisation: names.organisation(row.organisation_id).0,
            innovation: names.innovation(row.innovation_id).map(|(slug, _)| slug),
            breakdown: (!row.breakdown.is_empty()).then(|| shown_breakdown(&row.breakdown)),
            period: Period::containing(kpi.period_type, row.period_start).label(),
            version: row.version,
            deleted: !present.contains(&(row.series_id, row.period_start)),
            replaced_by: row.replaced_by,
            replaced_at: instant(row.replaced_at),
        })
    };
    Ok(rows.into_iter().filter_map(replaced).collect())
}

/// List the values that a submission replaced
///
/// Lists the values that a submission wrote over or took away. Those that are `deleted` are in no other list.
#[utoipa::path(tag = "kpi-values", params(ListReplacedKpiValues), responses((status = 200, description = "A page of replaced values", body = Listing<ReplacedResponse>)))]
#[get("/v1/kpi-value-revisions")]
pub async fn list_replaced_kpi_values(cx: Cx, asked: Asked<ListReplacedKpiValues>) -> Result<Listed<ReplacedResponse>> {
    cx.list_with(asked, store::replaced, render_replaced).await
}
