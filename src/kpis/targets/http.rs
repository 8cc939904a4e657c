//! `/v1/kpis/{code}/targets`: set, read and remove targets.

use super::ops;
use super::rules::KpiTarget;
use super::store::{self, ListKpiTargets};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, Listed, Listing, Reply, Routes};
use crate::kpis::catalogue;
use crate::kpis::catalogue::http::KpiPath;
use crate::path;
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type KpiTargetResponse = Stored<KpiTarget>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_kpi_targets).service(create_kpi_target).service(get_kpi_target).service(delete_kpi_target);
}

path! { KpiTargetPath, code: kpi "The KPI's code, in any case", id: uuid "The target's id" }

/// List the targets of a KPI
///
/// Lists the targets. Where several apply, an organisation's own target comes before one for every organisation, then a later start before an earlier.
#[utoipa::path(tag = "kpis", params(KpiPath, ListKpiTargets), responses((status = 200, description = "A page of its targets", body = Listing<KpiTargetResponse>)))]
#[get("/v1/kpis/{code}/targets")]
pub async fn list_kpi_targets(
    cx: Cx,
    path: web::Path<KpiPath>,
    asked: Asked<ListKpiTargets>,
) -> Result<Listed<KpiTargetResponse>> {
    let targets = move |conn: &mut Conn, _: &Context, asked: &ListKpiTargets| {
        let kpi = catalogue::ops::get_kpi(conn, &path.code)?.id;
        store::list(conn, kpi, asked)
    };
    cx.list(asked, targets).await
}

/// Set a target of a KPI
///
/// Sets a target from a period on, for every organisation or for one. Give `to` for an end.
#[utoipa::path(tag = "kpis", params(KpiPath), request_body = KpiTarget, responses((status = 201, description = "Set", body = KpiTargetResponse)))]
#[post("/v1/kpis/{code}/targets")]
pub async fn create_kpi_target(
    cx: Cx,
    path: web::Path<KpiPath>,
    body: Body<KpiTarget>,
) -> Result<Created<KpiTargetResponse>> {
    cx.create(body, move |conn, context, new| ops::create_kpi_target(conn, context, &path.code, &new)).await
}

/// Get a target of a KPI
///
/// Returns the value, the periods it applies to, and the organisation if it is set for one.
#[utoipa::path(tag = "kpis", params(KpiTargetPath), responses((status = 200, description = "The target", body = KpiTargetResponse)))]
#[get("/v1/kpis/{code}/targets/{id}")]
pub async fn get_kpi_target(cx: Cx, path: web::Path<KpiTargetPath>) -> Result<Answer<KpiTargetResponse>> {
    cx.show(move |conn, _| ops::get_kpi_target(conn, &path.code, &path.id)).await
}

/// Remove a target of a KPI
///
/// Values are judged as if the target had never existed. The audit trail keeps a record of it.
#[utoipa::path(tag = "kpis", params(KpiTargetPath), responses((status = 204, description = "Removed")))]
#[delete("/v1/kpis/{code}/targets/{id}")]
pub async fn delete_kpi_target(cx: Cx, path: web::Path<KpiTargetPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_kpi_target(conn, context, &path.code, &path.id)).await
}
