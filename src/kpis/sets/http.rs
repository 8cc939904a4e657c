//! `/v1/kpi-sets`: which KPIs are asked of whom.

use super::ops::{self, KpiSet};
use super::store::{self, KpiSetFilter, KpiSetRow};
use crate::error::Result;
use crate::http::params::{CodeParam, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::kpis::catalogue;
use crate::params;
use crate::vocabulary::instant;
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_kpi_sets).service(create_kpi_set).service(get_kpi_set).service(update_kpi_set);
}

params! {
    /// What a list of sets may be narrowed to.
    pub struct ListKpiSets list of KpiSetRow {
        /// The slug of the programme they belong to.
        programme: CodeParam = "programme",
        /// The code of a KPI: only the sets that hold it.
        kpi: CodeParam = "kpi",
    }
}

/// The code of a KPI, in any case.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "ae-attendances", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
pub struct KpiCode(String);

/// The code of an organisation, in any case.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
pub struct OrganisationCode(String);

/// A set of KPIs to ask for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "code": "urgent-care", "name": "Urgent care", "kpis": ["ae-attendances", "ae-performance"], "organisations": ["QKK"] }))]
pub struct CreateKpiSetRequest {
    /// Its code, kept in lower case and found in any.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    code: String,
    #[schema(min_length = 1, max_length = 300)]
    name: String,
    /// The slug of the programme it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    /// What is asked for.
    #[schema(min_items = 1, max_items = 500)]
    kpis: Vec<KpiCode>,
    /// Who is asked, each with all below it.
    #[schema(min_items = 1, max_items = 500)]
    organisations: Vec<OrganisationCode>,
}

type KpiSetPatch = Patch<CreateKpiSetRequest>;

impl From<CreateKpiSetRequest> for KpiSet {
    fn from(request: CreateKpiSetRequest) -> Self {
        Self {
            code: request.code,
            name: request.name,
            programme: request.programme,
            kpis: request.kpis.into_iter().map(|code| code.0).collect(),
            organisations: request.organisations.into_iter().map(|code| code.0).collect(),
        }
    }
}

impl From<KpiSet> for CreateKpiSetRequest {
    fn from(set: KpiSet) -> Self {
        Self {
            code: set.code,
            name: set.name,
            programme: set.programme,
            kpis: set.kpis.into_iter().map(KpiCode).collect(),
            organisations: set.organisations.into_iter().map(OrganisationCode).collect(),
        }
    }
}

/// A set of KPIs and whom it is asked of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiSetResponse {
    #[schema(example = "urgent-care", max_length = 60)]
    code: String,
    #[schema(max_length = 300)]
    name: String,
    /// Null for a set of no programme in particular.
    #[schema(max_length = 60)]
    programme: Option<String>,
    #[schema(max_items = 500)]
    kpis: Vec<KpiCode>,
    /// Each with all below it.
    #[schema(max_items = 500)]
    organisations: Vec<OrganisationCode>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl KpiSetResponse {
    fn of(row: &KpiSetRow, set: KpiSet) -> Self {
        let set = CreateKpiSetRequest::from(set);
        Self {
            code: set.code,
            name: set.name,
            programme: set.programme,
            kpis: set.kpis,
            organisations: set.organisations,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }

    fn reply((row, set): (KpiSetRow, KpiSet)) -> Result<Reply> {
        Ok(Reply::ok(&Self::of(&row, set))?.version(row.version))
    }
}

/// List sets of KPIs
///
/// Each with its KPIs and the organisations that are asked for them.
#[utoipa::path(tag = "kpis", params(ListKpiSets), responses((status = 200, description = "A page of sets", body = Listing<KpiSetResponse>)))]
#[get("/v1/kpi-sets")]
pub async fn list_kpi_sets(cx: Cx, query: Query<ListKpiSets>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let kpi = match &query.kpi {
            Some(code) => Some(catalogue::ops::referred(conn, "?kpi", &code.0)?.id),
            None => None,
        };
        let programme = query.programme.map(|slug| slug.0.to_ascii_lowercase());
        let page = store::list(conn, &KpiSetFilter { programme, kpi }, &query.page)?;
        let mut sets = ops::with_members(conn, &page.rows)?;
        Reply::page(page, &target, |row| sets.remove(&row.id).map(|set| KpiSetResponse::of(&row, set)))
    })
    .await
}

/// Create a set of KPIs
///
/// From then on its KPIs are taken from the organisations of their sets alone.
#[utoipa::path(
    tag = "kpis",
    request_body = CreateKpiSetRequest,
    responses((status = 201, description = "Created", body = KpiSetResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/kpi-sets")]
pub async fn create_kpi_set(cx: Cx, body: Body<CreateKpiSetRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let (row, set) = ops::create_kpi_set(conn, context, request.into())?;
        Reply::created(format!("/v1/kpi-sets/{}", row.code), row.version, &KpiSetResponse::of(&row, set))
    })
    .await
}

/// Get a set of KPIs
///
/// With its KPIs and the organisations that are asked for them.
#[utoipa::path(
    tag = "kpis",
    params(("code" = String, Path, description = "Its code, in any case", example = "urgent-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)),
    responses((status = 200, description = "The set", body = KpiSetResponse, headers(("ETag" = String)))),
)]
#[get("/v1/kpi-sets/{code}")]
pub async fn get_kpi_set(cx: Cx, code: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| KpiSetResponse::reply(ops::get_kpi_set(conn, &code)?)).await
}

/// Change a set of KPIs
///
/// A merge patch of everything but its code; a list of KPIs or organisations takes the place of the one before.
#[utoipa::path(
    tag = "kpis",
    params(("code" = String, Path, description = "Its code, in any case", example = "urgent-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)),
    request_body(content = KpiSetPatch, content_type = "application/merge-patch+json", example = json!({ "organisations": ["QKK", "QMJ"] })),
    responses((status = 200, description = "Changed", body = KpiSetResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/kpi-sets/{code}")]
pub async fn update_kpi_set(cx: Cx, code: web::Path<String>, body: Body<KpiSetPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: KpiSet| Ok(patch.apply(&present.into())?.into());
        KpiSetResponse::reply(ops::update_kpi_set(conn, context, &code, change)?)
    })
    .await
}
