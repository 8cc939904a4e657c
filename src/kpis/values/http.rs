//! `/v1/kpi-values`: pages as JSON, or everything that fits the filters as CSV or JSON lines, streamed.

use super::ops;
use super::rules::{ScaledValue, Visibility, disclose};
use super::store::{self, RevisionRow, ValueFilter, ValueRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::list::{Page, PageRequest};
use crate::error::{Error, Result};
use crate::http::csv::Sheet;
use crate::http::params::{CodeParam, Codes, Line, Query};
use crate::http::reply::{CSV, Listing, NDJSON, Reply};
use crate::http::request::Cx;
use crate::http::streaming::{Chunks, streamed};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::decimal::format_scaled;
use crate::calendar::Period;
use crate::kpis::submissions::tell_breakdown;
use crate::params;
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use actix_web::{HttpResponse, Responder, get, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_kpi_values).service(list_kpi_value_revisions);
}

params! {
    /// What a list of values may be narrowed to.
    pub struct ListValues list of ValueRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// A code: that organisation and all below it today.
        place: CodeParam = "place",
        /// Slug of the innovation that values are of.
        innovation: CodeParam = "innovation",
        /// A breakdown, such as 1 or type=1; needs a single KPI.
        breakdown: Line = "breakdown",
        /// From this period on: a period of the KPI's kind with a single KPI, or a date.
        from: Line = "from",
        /// Up to this period.
        to: Line = "to",
        /// The submission that wrote them.
        submission: Id = "submission",
    }
}

params! {
    /// How revisions are paged.
    pub struct ListRevisions list of RevisionRow {}
}

/// A KPI value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiValueResponse)]
pub struct ValueResponse {
    /// Series and first day of the period.
    #[schema(example = "1042.2017-03-01", max_length = 40)]
    id: String,
    #[schema(example = "ae-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100, nullable = false)]
    innovation: Option<String>,
    /// A member, or with several dimensions an object of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = crate::kpis::submissions::http::BreakdownInput)]
    breakdown: Option<Value>,
    #[schema(example = "2017-03", max_length = 20)]
    period: String,
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    /// Null where a small count is kept back.
    #[schema(value_type = Option<f64>)]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    numerator: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64)]
    denominator: Option<Box<RawValue>>,
    /// Whether small counts were kept back and others rounded for you.
    suppressed: bool,
    qualifier: Qualifier,
    basis: Basis,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
    /// Whether the series is invented for illustration.
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
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
    (Some(text(shown.value)), shown.numerator.map(text), shown.denominator.map(text))
}

/// The names that a page of values needs, read once for the page.
struct Names {
    kpis: HashMap<Id, KpiRow>,
    organisations: HashMap<Id, String>,
    innovations: HashMap<Id, String>,
    unsuppressed: ops::Unsuppressed,
}

impl Names {
    fn of(conn: &mut Conn, context: &Context, rows: &[ValueRow]) -> Result<Self> {
        let mut kpis: Vec<Id> = rows.iter().map(|row| row.kpi_id).collect();
        kpis.sort_unstable();
        kpis.dedup();
        let innovations: Vec<Id> = rows.iter().map(|row| row.innovation_id).filter(|id| *id != Id::NONE).collect();
        Ok(Self {
            kpis: catalogue::store::find_by_ids(conn, &kpis)?,
            organisations: crate::organisations::store::codes(conn, rows.iter().map(|row| row.organisation_id))?,
            innovations: crate::innovations::store::slugs(conn, &innovations)?,
            unsuppressed: ops::unsuppressed(conn, context, rows)?,
        })
    }

    /// `None` for a KPI that vanished between two questions.
    fn render(&self, row: ValueRow) -> Option<ValueResponse> {
        let kpi = self.kpis.get(&row.kpi_id)?;
        let period = Period::containing(kpi.period_type, row.period_start);
        let visibility = self.unsuppressed.visibility(kpi, row.organisation_id, row.innovation_id);
        let scaled = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
        let (value, numerator, denominator) = show(kpi, visibility, scaled);
        Some(ValueResponse {
            id: format!("{}.{}", row.series_id, row.period_start),
            kpi: kpi.code.clone(),
            organisation: self.organisations.get(&row.organisation_id).cloned().unwrap_or_default(),
            innovation: self.innovations.get(&row.innovation_id).cloned(),
            breakdown: (!row.breakdown.is_empty()).then(|| tell_breakdown(&row.breakdown)),
            period: period.label(),
            start: period.start(),
            end: period.end(),
            value,
            numerator,
            denominator,
            suppressed: kpi.disclosure_control && visibility == Visibility::Suppressed,
            qualifier: row.qualifier,
            basis: row.basis,
            comment: row.comment,
            illustrative: row.illustrative,
            version: row.version,
            submission: row.submission_id,
            updated_at: instant(row.updated_at),
        })
    }
}

fn filter(conn: &mut Conn, query: ListValues) -> Result<(ValueFilter, PageRequest)> {
    let kpis = match &query.kpi {
        None => None,
        Some(codes) => Some(
            codes.0.iter().map(|code| catalogue::ops::referred(conn, "?kpi", code)).collect::<Result<Vec<KpiRow>>>()?,
        ),
    };
    let only = kpis.as_ref().and_then(|kpis| if let [one] = kpis.as_slice() { Some(one.clone()) } else { None });
    let day = |name: &str, line: Option<Line>| -> Result<Option<NaiveDate>> {
        let Some(Line(text)) = line else { return Ok(None) };
        let period =
            only.as_ref().and_then(|kpi| Period::parse(kpi.period_type, &text).ok()).map(|period| period.start());
        let date = || (text.len() == 10).then(|| text.parse().ok()).flatten();
        let expected = || match &only {
            Some(kpi) => {
                format!("expected a {} such as {}, or a date", kpi.period_type.as_str(), kpi.period_type.example())
            }
            None => "expected a date; periods need a single KPI".to_owned(),
        };
        period.or_else(date).map(Some).ok_or_else(|| Error::invalid(format!("?{name}"), "period-malformed", expected()))
    };
    let (from, to) = (day("from", query.from)?, day("to", query.to)?);
    let breakdown =
        match (query.breakdown, &only) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(Error::invalid("?breakdown", "unknown-breakdown", "A breakdown needs a single KPI."));
            }
            (Some(Line(text)), Some(kpi)) => {
                let canonical = catalogue::rules::parse_breakdown_text(&kpi.breakdowns(), &text);
                Some(canonical.ok_or_else(|| {
                    Error::invalid("?breakdown", "unknown-breakdown", "This is no breakdown of the KPI.")
                })?)
            }
        };
    let organisations = match query.organisation {
        None => None,
        Some(codes) => Some(
            codes
                .0
                .iter()
                .map(|code| crate::organisations::ops::referred(conn, "?organisation", code))
                .collect::<Result<Vec<Id>>>()?,
        ),
    };
    let place = query.place.map(|code| crate::organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
    let innovation =
        query.innovation.map(|slug| crate::innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
    let kpis = kpis.map(|kpis| kpis.iter().map(|kpi| kpi.id).collect());
    Ok((
        ValueFilter { kpis, organisations, place, innovation, breakdown, from, to, submission: query.submission },
        query.page,
    ))
}

/// List KPI values
///
/// A page as JSON; or with `Accept: text/csv` or `application/x-ndjson` everything that fits the filters, streamed.
#[utoipa::path(
    tag = "kpi-values",
    params(ListValues),
    responses((status = 200, description = "A page of values", content((Listing<ValueResponse> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")))),
)]
#[get("/v1/kpi-values")]
pub async fn list_kpi_values(
    cx: Cx,
    query: Query<ListValues>,
    request: actix_web::HttpRequest,
) -> Result<HttpResponse> {
    let Query(query) = query;
    match cx.accept {
        "text/csv" => stream(cx, query, CSV, csv_lines).await,
        "application/x-ndjson" => stream(cx, query, NDJSON, json_lines).await,
        _ => {
            let target = cx.target.clone();
            let reply = cx.read(move |conn, context| {
                let (filter, page) = filter(conn, query)?;
                let (rows, names) = load(conn, context, &filter, &page)?;
                let Page { rows, next, limit, total } = rows;
                let rendered: Vec<ValueResponse> = rows.into_iter().filter_map(|row| names.render(row)).collect();
                Reply::page(Page { rows: rendered, next, limit, total }, &target, |row| row)
            });
            Ok(reply.await?.respond_to(&request))
        }
    }
}

fn load(
    conn: &mut Conn,
    context: &Context,
    filter: &ValueFilter,
    page: &PageRequest,
) -> Result<(Page<ValueRow>, Names)> {
    let rows = store::list(conn, &context.reach(), context.today(), filter, page)?;
    let names = Names::of(conn, context, &rows.rows)?;
    Ok((rows, names))
}

type Render = fn(&[ValueResponse], bool) -> Result<Vec<u8>>;

/// Rows a chunk; a client that does not take one in time is given up.
const CHUNK: i64 = 5000;
/// Streams page after page from the bulk lane, at most a few chunks ahead of the client.
async fn stream(cx: Cx, query: ListValues, content_type: &'static str, render: Render) -> Result<HttpResponse> {
    let work = move |conn: &mut Conn, context: &Context, chunks: &Chunks| {
        let (filter, mut page) = filter(conn, query)?;
        page.limit = CHUNK;
        let mut first = true;
        loop {
            let (rows, names) = load(conn, context, &filter, &page)?;
            let next = rows.next.clone();
            let rendered: Vec<ValueResponse> = rows.rows.into_iter().filter_map(|row| names.render(row)).collect();
            if !chunks.send(render(&rendered, first)?) {
                return Ok(());
            }
            first = false;
            match next {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(()),
            }
        }
    };
    streamed(cx, content_type, work).await
}

fn json_lines(rows: &[ValueResponse], _: bool) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(rows.len() * 300);
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// The columns a submission takes, so that what was read can be sent back.
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

fn csv_lines(rows: &[ValueResponse], first: bool) -> Result<Vec<u8>> {
    let mut sheet = if first { Sheet::with_header(COLUMNS)? } else { Sheet::without_header() };
    for row in rows {
        let breakdown = match &row.breakdown {
            None => String::new(),
            Some(Value::String(member)) => member.clone(),
            Some(members) => {
                let pairs = members.as_object().into_iter().flatten();
                pairs
                    .map(|(dimension, member)| format!("{dimension}={}", member.as_str().unwrap_or_default()))
                    .collect::<Vec<_>>()
                    .join(";")
            }
        };
        let [value, numerator, denominator] = [&row.value, &row.numerator, &row.denominator]
            .map(|number| number.as_ref().map_or("", |number| number.get()));
        sheet.row([
            &row.kpi,
            &row.organisation,
            row.innovation.as_deref().unwrap_or_default(),
            &row.period,
            &breakdown,
            value,
            numerator,
            denominator,
            row.qualifier.as_str(),
            row.basis.as_str(),
            row.comment.as_deref().unwrap_or_default(),
            if row.illustrative { "true" } else { "" },
        ])?;
    }
    sheet.finish()
}

/// List what a value was before
///
/// Every version that was written over or taken away, oldest first.
#[utoipa::path(
    tag = "kpi-values",
    params(("id" = String, Path, description = "The value's id: series and first day of the period", example = "1042.2017-03-01", pattern = r"^[0-9]{1,18}\.[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length = 40), ListRevisions),
    responses((status = 200, description = "A page of revisions", body = Listing<RevisionResponse>)),
)]
#[get("/v1/kpi-values/{id}/revisions")]
pub async fn list_kpi_value_revisions(cx: Cx, id: web::Path<String>, query: Query<ListRevisions>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let missing = || Error::not_found("KPI value");
        let (series, start) = id.split_once('.').ok_or_else(missing)?;
        let (series, start): (i64, NaiveDate) =
            (series.parse().map_err(|_| missing())?, start.parse().map_err(|_| missing())?);
        let (kpi, organisation, innovation) = store::series_key(conn, series)?.ok_or_else(missing)?;
        let kpi = catalogue::store::find_by_ids(conn, &[kpi])?.remove(&kpi).ok_or_else(missing)?;
        let visibility = ops::visibility(conn, context, &kpi, organisation, innovation)?;
        if visibility == Visibility::Hidden {
            return Err(missing());
        }
        let page = store::revisions(conn, series, start, &query.page)?;
        Reply::page(page, &target, |row| {
            let (value, numerator, denominator) = show(
                &kpi,
                visibility,
                ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator },
            );
            RevisionResponse {
                version: row.version,
                value,
                numerator,
                denominator,
                qualifier: row.qualifier,
                basis: row.basis,
                comment: row.comment,
                kpi_version: row.kpi_version,
                submission: row.submission_id,
                updated_at: instant(row.updated_at),
                replaced_by: row.replaced_by,
                replaced_at: instant(row.replaced_at),
            }
        })
    })
    .await
}
