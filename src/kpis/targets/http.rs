//! `/v1/kpis/{code}/targets`: set one, read them, take one away.

use super::ops::{self, NewTarget};
use super::store::{self, TargetRow};
use crate::db::Conn;
use crate::error::Result;
use crate::http::params::{CodeParam, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::decimal::format_scaled;
use crate::calendar::told;
use crate::organisations;
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{delete, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_kpi_targets).service(create_kpi_target).service(get_kpi_target).service(delete_kpi_target);
}

params! {
    /// What the targets of a KPI may be narrowed to.
    pub struct ListKpiTargets list of TargetRow {
        /// The code of an organisation: only the targets set for it alone.
        organisation: CodeParam = "organisation",
    }
}

/// A target to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "value": 0.95, "from": "2024-04" }))]
pub struct CreateKpiTargetRequest {
    /// In the KPI's unit, with no more decimals than it has.
    #[schema(value_type = f64)]
    value: Number,
    /// The first period it holds in, written as the KPI writes its periods; a date stands for the period that holds it.
    #[schema(min_length = 4, max_length = 20)]
    from: String,
    /// The first period it no longer holds in; until further notice unless told.
    #[schema(min_length = 4, max_length = 20, nullable = false)]
    to: Option<String>,
    /// The code of the one organisation it is set for; every organisation's unless told.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    organisation: Option<String>,
}

/// A target of a KPI.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiTargetResponse {
    id: Id,
    #[schema(example = "ae-performance", max_length = 60)]
    kpi: String,
    /// The code of the one organisation it is set for; null for every organisation's.
    #[schema(max_length = 60)]
    organisation: Option<String>,
    /// The first day of the first period it holds in.
    from: NaiveDate,
    /// The first day it no longer holds; null until further notice.
    to: Option<NaiveDate>,
    /// In the KPI's unit.
    #[schema(value_type = f64)]
    value: Value,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl KpiTargetResponse {
    fn of(kpi: &KpiRow, row: TargetRow, codes: &HashMap<Id, String>) -> Self {
        Self {
            id: row.id,
            kpi: kpi.code.clone(),
            organisation: row.organisation_id.and_then(|id| codes.get(&id).cloned()),
            from: row.from_on,
            to: told(row.to_on),
            value: catalogue::ops::number(Some(&format_scaled(row.value, kpi.decimals_u8()))),
            made_by: row.made_by,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }

    /// One target, with the code of its organisation looked up.
    fn one(conn: &mut Conn, kpi: &KpiRow, row: TargetRow) -> Result<Self> {
        let codes = organisations::store::codes(conn, row.organisation_id)?;
        Ok(Self::of(kpi, row, &codes))
    }
}

/// List the targets of a KPI
///
/// Of two that hold at once, an organisation's own goes before everyone's, then the later start before the earlier.
#[utoipa::path(
    tag = "kpis",
    params(("code" = String, Path, description = "The KPI's code, in any case", example = "ae-performance", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60), ListKpiTargets),
    responses((status = 200, description = "A page of its targets", body = Listing<KpiTargetResponse>)),
)]
#[get("/v1/kpis/{code}/targets")]
pub async fn list_kpi_targets(cx: Cx, code: web::Path<String>, query: Query<ListKpiTargets>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let kpi = catalogue::ops::get_kpi(conn, &code)?;
        let organisation = match &query.organisation {
            Some(code) => Some(organisations::ops::referred(conn, "?organisation", &code.0)?),
            None => None,
        };
        let page = store::list(conn, kpi.id, organisation, &query.page)?;
        let codes = organisations::store::codes(conn, page.rows.iter().filter_map(|row| row.organisation_id))?;
        Reply::page(page, &target, |row| KpiTargetResponse::of(&kpi, row, &codes))
    })
    .await
}

/// Set a target of a KPI
///
/// It holds from a period on, for every organisation or for one, until another day if told.
#[utoipa::path(
    tag = "kpis",
    params(("code" = String, Path, description = "The KPI's code, in any case", example = "ae-performance", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)),
    request_body = CreateKpiTargetRequest,
    responses((status = 201, description = "Set", body = KpiTargetResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/kpis/{code}/targets")]
pub async fn create_kpi_target(cx: Cx, code: web::Path<String>, body: Body<CreateKpiTargetRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let new = NewTarget {
            value: request.value.to_string(),
            from: request.from,
            to: request.to,
            organisation: request.organisation,
        };
        let (kpi, row) = ops::create_kpi_target(conn, context, &code, &new)?;
        let (location, version) = (format!("/v1/kpis/{}/targets/{}", kpi.code, row.id), row.version);
        Reply::created(location, version, &KpiTargetResponse::one(conn, &kpi, row)?)
    })
    .await
}

/// Get a target of a KPI
///
/// Its value, the periods it holds in, and the organisation it is meant for, if it is for one.
#[utoipa::path(
    tag = "kpis",
    params(
        ("code" = String, Path, description = "The KPI's code, in any case", example = "ae-performance", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60),
        ("id" = String, Path, description = "The target's id", format = "uuid", max_length = 36),
    ),
    responses((status = 200, description = "The target", body = KpiTargetResponse, headers(("ETag" = String)))),
)]
#[get("/v1/kpis/{code}/targets/{id}")]
pub async fn get_kpi_target(cx: Cx, path: web::Path<(String, String)>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let (kpi, row) = ops::get_kpi_target(conn, &path.0, &path.1)?;
        let version = row.version;
        Ok(Reply::ok(&KpiTargetResponse::one(conn, &kpi, row)?)?.version(version))
    })
    .await
}

/// Take a target of a KPI away
///
/// Values are judged as if it had never been; the audit trail keeps what it was.
#[utoipa::path(
    tag = "kpis",
    params(
        ("code" = String, Path, description = "The KPI's code, in any case", example = "ae-performance", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60),
        ("id" = String, Path, description = "The target's id", format = "uuid", max_length = 36),
    ),
    responses((status = 204, description = "Taken away")),
)]
#[delete("/v1/kpis/{code}/targets/{id}")]
pub async fn delete_kpi_target(cx: Cx, path: web::Path<(String, String)>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_kpi_target(conn, context, &path.0, &path.1)?;
        Ok(Reply::no_content())
    })
    .await
}
