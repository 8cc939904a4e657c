//! `/v1/kpis`: the catalogue, each definition with its versions, and a template for whoever sends values.

use super::ops;
use super::rules::{Aggregation, Breakdown, ConflictRule, ImprovementDirection, Kpi, KpiLevel, KpiStatus, ValueType};
use super::store::{self, KpiFilter, KpiRow, KpiVersionRow};
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::http::lists::Listed;
use crate::http::params::{Asked, CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{CSV, Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::calendar::{Period, PeriodType};
use crate::params;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::instant;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_kpis)
        .service(create_kpi)
        .service(get_kpi)
        .service(update_kpi)
        .service(transition_kpi)
        .service(list_kpi_transitions)
        .service(list_kpi_versions)
        .service(get_kpi_template);
}

params! {
    /// What the catalogue may be narrowed to.
    pub struct ListKpis list of KpiRow {
        /// Words of the name, code, definition, unit or programme; quotation marks hold a phrase together.
        q: SearchTerms = "q",
        /// Where they stand.
        status: OneOf<KpiStatus> = "status",
        /// What they look at.
        level: OneOf<KpiLevel> = "level",
        /// The slug of the programme that asks for them.
        programme: CodeParam = "programme",
        /// How long their periods are.
        period_type: OneOf<PeriodType> = "periodType",
        /// What kind of figure their values are.
        value_type: OneOf<ValueType> = "valueType",
    }
}

/// A dimension that values are broken down by, with all its members.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KpiBreakdown, example = json!({ "dimension": "type", "members": ["1", "2", "other"] }))]
pub struct BreakdownBody {
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$", max_length = 40)]
    dimension: String,
    #[schema(min_items = 1, max_items = 100)]
    members: Vec<Member>,
}

/// A member of a dimension.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = KpiBreakdownMember, example = "1", pattern = "^[a-z0-9][a-z0-9-]{0,39}$", max_length = 40)]
pub struct Member(String);

impl From<BreakdownBody> for Breakdown {
    fn from(body: BreakdownBody) -> Self {
        Self { dimension: body.dimension, members: body.members.into_iter().map(|member| member.0).collect() }
    }
}

impl From<Breakdown> for BreakdownBody {
    fn from(breakdown: Breakdown) -> Self {
        Self { dimension: breakdown.dimension, members: breakdown.members.into_iter().map(Member).collect() }
    }
}

/// A KPI to define.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "code": "ae-attendances",
    "name": "A&E attendances",
    "definition": "Attendances at accident and emergency departments in the month.",
    "level": "process",
    "unit": "attendances",
    "periodType": "month",
    "valueType": "count",
    "improvementDirection": "decrease",
    "aggregation": "sum",
    "breakdowns": [{ "dimension": "type", "members": ["1", "2", "other"] }],
    "min": 0,
    "dueDays": 20
}))]
pub struct CreateKpiRequest {
    /// Its code, kept in lower case and found in any.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    code: String,
    #[schema(min_length = 1, max_length = 300)]
    name: String,
    /// What is counted or measured, exactly.
    #[schema(min_length = 1, max_length = 5000)]
    definition: String,
    level: KpiLevel,
    #[schema(min_length = 1, max_length = 100)]
    unit: String,
    period_type: PeriodType,
    value_type: ValueType,
    improvement_direction: ImprovementDirection,
    aggregation: Aggregation,
    /// Decimal places its values are kept with; none unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 6, nullable = false)]
    decimals: Option<u8>,
    /// The "per" of a rate: 1000 for "per 1,000".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000, nullable = false)]
    multiplier: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    breakdowns: Vec<BreakdownBody>,
    /// The least a value may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, nullable = false)]
    min: Option<Number>,
    /// The most a value may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, nullable = false)]
    max: Option<Number>,
    /// The slug of the programme that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    /// The code of the KPI it takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    successor_of: Option<String>,
    /// Days after a period's end until its values are due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3650, nullable = false)]
    due_days: Option<i32>,
    /// Days after a period's end until its values are locked; never unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 36500, nullable = false)]
    lock_days: Option<i32>,
    /// How many periods after the present one are open; none unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1000, nullable = false)]
    open_future_periods: Option<i32>,
    /// Whether someone other than the sender approves its values; no unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approval_required: Option<bool>,
    /// Whether small counts are suppressed for readers without the grant to see them; no unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disclosure_control: Option<bool>,
    /// What a point is called whose rules say improvement and concern at once; improvement unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    conflict_rule: Option<ConflictRule>,
    /// Proposed unless told; a national-admin may create one as agreed or live. From then on transitions change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<KpiStatus>,
}

type KpiPatch = Patch<CreateKpiRequest>;

impl From<CreateKpiRequest> for Kpi {
    fn from(request: CreateKpiRequest) -> Self {
        Self {
            code: request.code,
            name: request.name,
            definition: request.definition,
            level: request.level,
            unit: request.unit,
            period_type: request.period_type,
            value_type: request.value_type,
            improvement_direction: request.improvement_direction,
            aggregation: request.aggregation,
            decimals: request.decimals.unwrap_or(0),
            multiplier: request.multiplier.unwrap_or(1),
            breakdowns: request.breakdowns.into_iter().map(Into::into).collect(),
            min: request.min.map(|min| min.to_string()),
            max: request.max.map(|max| max.to_string()),
            programme: request.programme,
            successor_of: request.successor_of,
            due_days: request.due_days,
            lock_days: request.lock_days,
            open_future_periods: request.open_future_periods.unwrap_or(0),
            approval_required: request.approval_required.unwrap_or(false),
            disclosure_control: request.disclosure_control.unwrap_or(false),
            conflict_rule: request.conflict_rule.unwrap_or(ConflictRule::Improvement),
            status: request.status.unwrap_or(KpiStatus::Proposed),
        }
    }
}

/// A KPI.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiResponse {
    #[schema(example = "ae-attendances", max_length = 60)]
    code: String,
    #[schema(max_length = 300)]
    name: String,
    #[schema(max_length = 5000)]
    definition: String,
    level: KpiLevel,
    #[schema(max_length = 100)]
    unit: String,
    period_type: PeriodType,
    value_type: ValueType,
    improvement_direction: ImprovementDirection,
    aggregation: Aggregation,
    #[schema(minimum = 0, maximum = 6)]
    decimals: u8,
    /// The "per" of a rate; null for anything else.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    multiplier: Option<i64>,
    #[schema(max_items = 8)]
    breakdowns: Vec<BreakdownBody>,
    /// Null without a lower bound.
    #[schema(value_type = Option<f64>)]
    min: Value,
    /// Null without an upper bound.
    #[schema(value_type = Option<f64>)]
    max: Value,
    /// Null for a KPI of no programme in particular.
    #[schema(max_length = 60)]
    programme: Option<String>,
    #[schema(max_length = 60)]
    successor_of: Option<String>,
    /// Null where no day is set.
    #[schema(minimum = 0)]
    due_days: Option<i32>,
    /// Null where values are never locked.
    #[schema(minimum = 0)]
    lock_days: Option<i32>,
    #[schema(minimum = 0)]
    open_future_periods: i32,
    approval_required: bool,
    disclosure_control: bool,
    conflict_rule: ConflictRule,
    status: KpiStatus,
    /// The number of the present definition, of those under `versions`.
    #[schema(minimum = 1)]
    definition_version: i32,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl KpiResponse {
    fn of(row: KpiRow) -> Self {
        let kpi = row.kpi();
        Self {
            code: kpi.code,
            name: kpi.name,
            definition: kpi.definition,
            level: kpi.level,
            unit: kpi.unit,
            period_type: kpi.period_type,
            value_type: kpi.value_type,
            improvement_direction: kpi.improvement_direction,
            aggregation: kpi.aggregation,
            decimals: kpi.decimals,
            multiplier: (kpi.value_type == ValueType::Rate).then_some(kpi.multiplier),
            breakdowns: kpi.breakdowns.into_iter().map(Into::into).collect(),
            min: ops::number(kpi.min.as_deref()),
            max: ops::number(kpi.max.as_deref()),
            programme: kpi.programme,
            successor_of: kpi.successor_of,
            due_days: kpi.due_days,
            lock_days: kpi.lock_days,
            open_future_periods: kpi.open_future_periods,
            approval_required: kpi.approval_required,
            disclosure_control: kpi.disclosure_control,
            conflict_rule: kpi.conflict_rule,
            status: kpi.status,
            definition_version: row.definition_version,
            version: row.version,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
        }
    }

    fn reply(row: KpiRow) -> Result<Reply> {
        let version = row.version;
        Ok(Reply::ok(&Self::of(row))?.version(version))
    }
}

/// Names a KPI in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct KpiPath {
    /// Its code, in any case
    #[param(example = "ae-attendances", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    code: String,
}

/// List KPIs
///
/// The whole catalogue, filtered, sorted and paged.
#[utoipa::path(tag = "kpis", params(ListKpis), responses((status = 200, description = "A page of KPIs", body = Listing<KpiResponse>)))]
#[get("/v1/kpis")]
pub async fn list_kpis(cx: Cx, query: Query<ListKpis>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let filter = KpiFilter {
            search: query.q,
            statuses: query.status.map(|statuses| statuses.0),
            levels: query.level.map(|levels| levels.0),
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            period_types: query.period_type.map(|types| types.0),
            value_types: query.value_type.map(|types| types.0),
        };
        Reply::page(store::list(conn, &filter, &query.page)?, &target, KpiResponse::of)
    })
    .await
}

/// Define a KPI
///
/// A national-admin may define one as agreed or live; everyone else proposes, a programme-manager for their programme.
#[utoipa::path(
    tag = "kpis",
    request_body = CreateKpiRequest,
    responses((status = 201, description = "Defined", body = KpiResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/kpis")]
pub async fn create_kpi(cx: Cx, body: Body<CreateKpiRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let row = ops::create_kpi(conn, context, request.into())?;
        let (location, version) = (format!("/v1/kpis/{}", row.code), row.version);
        Reply::created(location, version, &KpiResponse::of(row))
    })
    .await
}

/// Get a KPI
///
/// The definition in force. Earlier ones are under its versions.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath),
    responses((status = 200, description = "The KPI", body = KpiResponse, headers(("ETag" = String)))),
)]
#[get("/v1/kpis/{code}")]
pub async fn get_kpi(cx: Cx, path: web::Path<KpiPath>) -> Result<Reply> {
    cx.read(move |conn, _| KpiResponse::reply(ops::get_kpi(conn, &path.code)?)).await
}

/// Change a KPI
///
/// A merge patch of its definition, which becomes a new version. Once the KPI is live, its unit, value type, multiplier,
/// period type, breakdowns and decimals stay: define a new code as its successor.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath),
    request_body(content = KpiPatch, content_type = "application/merge-patch+json", example = json!({ "dueDays": 15 })),
    responses((status = 200, description = "Changed", body = KpiResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/kpis/{code}")]
pub async fn update_kpi(cx: Cx, path: web::Path<KpiPath>, body: Body<KpiPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: &Kpi| {
            let document: CreateKpiRequest = serde_json::from_value(ops::document(present))?;
            Ok(patch.apply(&CreateKpiRequest { status: Some(present.status), ..document })?.into())
        };
        KpiResponse::reply(ops::update_kpi(conn, context, &path.code, change)?)
    })
    .await
}

/// Move a KPI to another status
///
/// From proposed to agreed, live or retired; from agreed to live, back to proposed, or retired; from live to retired or
/// superseded. Back to proposed, retired and superseded need a reason.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath),
    request_body(content = AskedMove, example = json!({ "to": "live" })),
    responses((status = 200, description = "Moved", body = KpiResponse, headers(("ETag" = String)))),
)]
#[post("/v1/kpis/{code}/transitions")]
pub async fn transition_kpi(cx: Cx, path: web::Path<KpiPath>, body: Body<AskedMove>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        KpiResponse::reply(ops::transition_kpi(conn, context, &path.code, request.into())?)
    })
    .await
}

/// List the moves of a KPI
///
/// From proposal to retirement: when, by whom, and why.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath, ListTransitions),
    responses((status = 200, description = "A page of its history", body = Listing<TransitionResponse>)),
)]
#[get("/v1/kpis/{code}/transitions")]
pub async fn list_kpi_transitions(cx: Cx, path: web::Path<KpiPath>, asked: Asked<ListTransitions>) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, _, _: &ListTransitions| {
        let kpi = ops::get_kpi(conn, &path.code)?;
        Ok(transitions::store::history(ops::RESOURCE, kpi.id))
    })
    .await
}

params! {
    /// How the versions are paged.
    pub struct ListKpiVersions list of KpiVersionRow {}
}

/// A definition that a KPI has or had.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiVersionResponse {
    /// Values name the version they were taken under.
    #[schema(minimum = 1)]
    number: i32,
    #[schema(value_type = CreateKpiRequest)]
    definition: Value,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    made_at: String,
}

impl KpiVersionResponse {
    fn of(row: KpiVersionRow) -> Self {
        Self {
            number: row.number,
            definition: serde_json::from_str(&row.document).unwrap_or_default(),
            made_by: row.made_by,
            made_at: instant(row.made_at),
        }
    }
}

/// List the versions of a KPI
///
/// Every definition it ever had, the present one included.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath, ListKpiVersions),
    responses((status = 200, description = "A page of its definitions", body = Listing<KpiVersionResponse>)),
)]
#[get("/v1/kpis/{code}/versions")]
pub async fn list_kpi_versions(cx: Cx, path: web::Path<KpiPath>, query: Query<ListKpiVersions>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let kpi = ops::get_kpi(conn, &path.code)?;
        Reply::page(store::versions(conn, kpi.id, &query.page)?, &target, KpiVersionResponse::of)
    })
    .await
}

/// Get a CSV template for a KPI's values
///
/// The columns a submission takes, with an example row for each member of its breakdowns, in the last period that is over.
#[utoipa::path(
    tag = "kpis",
    params(KpiPath),
    responses((status = 200, description = "The template", body = String, content_type = "text/csv",
        example = json!("organisation,period,breakdown,value,qualifier,basis,comment\nRF4,2017-03,1,0,exact,measured,\n"))),
)]
#[get("/v1/kpis/{code}/template.csv")]
pub async fn get_kpi_template(cx: Cx, path: web::Path<KpiPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let kpi = ops::get_kpi(conn, &path.code)?.kpi();
        let period = Period::containing(kpi.period_type, context.today()).previous();
        let mut sheet = Sheet::without_header();
        kpi.template(&period.label()).iter().try_for_each(|row| sheet.row(row))?;
        let name = format!("attachment; filename=\"{}.csv\"", kpi.code);
        let reply = Reply::text(StatusCode::OK, CSV, sheet.finish()?);
        Ok(reply.header("Content-Disposition", name))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_version_keeps_is_a_request_for_the_same_definition() {
        let sent = json!({
            "code": "Rate-1", "name": "A rate", "definition": "So many per thousand.", "level": "outcome", "unit": "per 1,000",
            "periodType": "financial-quarter", "valueType": "rate", "improvementDirection": "neutral",
            "aggregation": "ratio-of-sums", "decimals": 2, "multiplier": 1000, "min": -0.5, "max": 1e3, "programme": "nia",
            "breakdowns": [{ "dimension": "type", "members": ["1", "other"] }], "successorOf": "rate-0", "dueDays": 20,
            "lockDays": 40, "openFuturePeriods": 1, "approvalRequired": true, "disclosureControl": true,
            "conflictRule": "concern"
        });
        let kpi = Kpi::from(serde_json::from_value::<CreateKpiRequest>(sent.clone()).unwrap()).checked().unwrap();
        let kept = ops::document(&kpi);
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&kept), names(&sent));
        assert_eq!((&kept["code"], &kept["min"], &kept["max"]), (&json!("rate-1"), &json!(-0.5), &json!(1000)));
        assert_eq!(Kpi::from(serde_json::from_value::<CreateKpiRequest>(kept).unwrap()), kpi);
    }
}
