//! `/v1/kpi-sets`: which KPIs are asked of whom.

use super::ops;
use super::rules::KpiSet;
use super::store::{self, ListKpiSets};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type KpiSetResponse = Stored<KpiSet>;
type KpiSetPatch = Patch<KpiSet>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_kpi_sets).service(create_kpi_set).service(get_kpi_set).service(update_kpi_set);
}

path! { KpiSetPath, code: [example = "urgent-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60] "Its code, in any case" }

/// List sets of KPIs
///
/// Lists the sets, each with its KPIs and the organisations asked for them.
#[utoipa::path(tag = "kpis", params(ListKpiSets), responses((status = 200, description = "A page of sets", body = Listing<KpiSetResponse>)))]
#[get("/v1/kpi-sets")]
pub async fn list_kpi_sets(cx: Cx, asked: Asked<ListKpiSets>) -> Result<Listed<KpiSetResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::with_members(conn, rows)).await
}

/// Create a set of KPIs
///
/// From then on only the organisations of its sets can send values of these KPIs.
#[utoipa::path(tag = "kpis", request_body = KpiSet, responses((status = 201, description = "Created", body = KpiSetResponse)))]
#[post("/v1/kpi-sets")]
pub async fn create_kpi_set(cx: Cx, body: Body<KpiSet>) -> Result<Created<KpiSetResponse>> {
    cx.create(body, ops::create_kpi_set).await
}

/// Get a set of KPIs
///
/// Returns the set with its KPIs and the organisations asked for them.
#[utoipa::path(tag = "kpis", params(KpiSetPath), responses((status = 200, description = "The set", body = KpiSetResponse)))]
#[get("/v1/kpi-sets/{code}")]
pub async fn get_kpi_set(cx: Cx, path: web::Path<KpiSetPath>) -> Result<Answer<KpiSetResponse>> {
    cx.show_whole(move |conn, _| ops::get_kpi_set(conn, &path.code)).await
}

/// Change a set of KPIs
///
/// Takes a merge patch. The code cannot change. A list of KPIs or organisations replaces the list before it.
#[utoipa::path(tag = "kpis", params(KpiSetPath), request_body(content = KpiSetPatch, example = json!({ "organisations": ["QKK", "QMJ"] })), responses((status = 200, description = "Changed", body = KpiSetResponse)))]
#[patch("/v1/kpi-sets/{code}")]
pub async fn update_kpi_set(
    cx: Cx,
    path: web::Path<KpiSetPath>,
    body: Body<KpiSetPatch>,
) -> Result<Answer<KpiSetResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_kpi_set(conn, context, &path.code, &patch)).await
}
