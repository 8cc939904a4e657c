//! `/v1/kpis`: the catalogue, each definition with its versions, and a template for whoever sends values.

use super::ops;
use super::rules::{AskedKpiMove, Kpi};
use super::store::{self, KpiVersionRow, ListKpiVersions, ListKpis};
use crate::calendar::{Period, london_date};
use crate::db::Conn;
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::http::{Answer, Asked, Body, CSV, Context, Created, Cx, Listed, Listing, Patch, Reply, Routes};
use crate::path;
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::instant;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

type KpiResponse = Stored<Kpi>;
type KpiPatch = Patch<Kpi>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_kpis)
        .service(create_kpi)
        .service(get_kpi)
        .service(update_kpi)
        .service(transition_kpi)
        .service(list_kpi_transitions)
        .service(list_kpi_versions)
        .service(get_kpi_template);
}

path! { KpiPath, code: kpi "The KPI's code, in any case" }

/// List KPIs
///
/// Lists the catalogue, by name by default.
#[utoipa::path(tag = "kpis", params(ListKpis), responses((status = 200, description = "A page of KPIs", body = Listing<KpiResponse>)))]
#[get("/v1/kpis")]
pub async fn list_kpis(cx: Cx, asked: Asked<ListKpis>) -> Result<Listed<KpiResponse>> {
    cx.list(asked, store::list).await
}

/// Define a KPI
///
/// A national-admin may define a KPI as agreed or live, with `agreedBy` and `agreedOn`. Everyone else proposes one, a programme-manager
/// for their own programmes. `/v1/kpi-definition-library` has definitions to begin with: the `definition` of an entry is a body of this
/// request. A standard dimension (`imd-quintile`, `ethnicity`, `sex`, `age-band`) needs no members: it has those of its code list.
#[utoipa::path(tag = "kpis", request_body = Kpi, responses((status = 201, description = "Defined", body = KpiResponse)))]
#[post("/v1/kpis")]
pub async fn create_kpi(cx: Cx, body: Body<Kpi>) -> Result<Created<KpiResponse>> {
    cx.create(body, ops::create_kpi).await
}

/// Get a KPI
///
/// Returns the definition in force. Earlier definitions are under `versions`.
#[utoipa::path(tag = "kpis", params(KpiPath), responses((status = 200, description = "The KPI", body = KpiResponse)))]
#[get("/v1/kpis/{code}")]
pub async fn get_kpi(cx: Cx, path: web::Path<KpiPath>) -> Result<Answer<KpiResponse>> {
    cx.show(move |conn, _| ops::show_kpi(conn, &path.code)).await
}

/// Change a KPI
///
/// Takes a merge patch of the definition, which creates a new version. Once the KPI is agreed, a change of what is counted, how or in
/// which words needs a `changeNote`, which its version keeps. Once it is live, its unit, value type, multiplier, period type,
/// breakdowns and decimals cannot change. Define a KPI with a new code as its successor instead.
#[utoipa::path(tag = "kpis", params(KpiPath), request_body(content = KpiPatch, example = json!({ "dueDays": 15 })), responses((status = 200, description = "Changed", body = KpiResponse)))]
#[patch("/v1/kpis/{code}")]
pub async fn update_kpi(cx: Cx, path: web::Path<KpiPath>, body: Body<KpiPatch>) -> Result<Answer<KpiResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_kpi(conn, context, &path.code, &patch)).await
}

/// Move a KPI to another status
///
/// Moves from proposed to agreed or retired; from agreed to live, proposed or retired; from live to retired or superseded.
/// A move to agreed says by whom, a move to superseded what takes its place, and a move back to proposed, or to retired or superseded,
/// why.
#[utoipa::path(tag = "kpis", params(KpiPath), request_body(content = AskedKpiMove, example = json!({ "to": "retired", "reason": "Nobody asks for it any more." })), responses((status = 200, description = "Moved", body = KpiResponse)))]
#[post("/v1/kpis/{code}/transitions")]
pub async fn transition_kpi(cx: Cx, path: web::Path<KpiPath>, body: Body<AskedKpiMove>) -> Result<Answer<KpiResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_kpi(conn, context, &path.code, asked)).await
}

/// List the moves of a KPI
///
/// Lists the changes of status: when, by whom, and why.
#[utoipa::path(tag = "kpis", params(KpiPath, ListTransitions), responses((status = 200, description = "A page of its history", body = Listing<TransitionResponse>)))]
#[get("/v1/kpis/{code}/transitions")]
pub async fn list_kpi_transitions(
    cx: Cx,
    path: web::Path<KpiPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    let moves = move |conn: &mut Conn, _: &Context, _: &ListTransitions| {
        Ok(transitions::store::history(ops::RESOURCE, ops::get_kpi(conn, &path.code)?.id))
    };
    cx.list(asked, moves).await
}

/// A present or past definition of a KPI.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiVersionResponse {
    /// The number of the definition, which values refer to.
    #[schema(minimum = 1)]
    number: i32,
    #[schema(value_type = Kpi)]
    definition: Value,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    made_at: String,
    /// The day from which on values are taken under it.
    from: NaiveDate,
    /// What changed, and why; null where nobody said.
    #[schema(max_length = 2000)]
    change_note: Option<String>,
}

impl From<KpiVersionRow> for KpiVersionResponse {
    fn from(row: KpiVersionRow) -> Self {
        let KpiVersionRow { number, document, made_by, made_at, change_note, .. } = row;
        let from = london_date(made_at.and_utc());
        Self { number, definition: document.value, made_by, made_at: instant(made_at), from, change_note }
    }
}

/// List the versions of a KPI
///
/// Lists every definition that the KPI has had, including the present one, each whole and with what changed. Values keep the number
/// of the definition that they were reported under (`kpiVersion`).
#[utoipa::path(tag = "kpis", params(KpiPath, ListKpiVersions), responses((status = 200, description = "A page of its definitions", body = Listing<KpiVersionResponse>)))]
#[get("/v1/kpis/{code}/versions")]
pub async fn list_kpi_versions(
    cx: Cx,
    path: web::Path<KpiPath>,
    asked: Asked<ListKpiVersions>,
) -> Result<Listed<KpiVersionResponse>> {
    let versions = move |conn: &mut Conn, _: &Context, _: &ListKpiVersions| {
        Ok(store::versions(ops::get_kpi(conn, &path.code)?.id))
    };
    cx.list(asked, versions).await
}

/// Get a CSV template for a KPI's values
///
/// Returns the columns of a submission, with an example row for each member of the breakdowns, in the last complete period.
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
