//! `/v1/programmes/{slug}/cohorts`.

use super::ops::{self, Cohort};
use super::store::{self, CohortRow};
use crate::error::{Error, Result};
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Timestamp, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_cohorts).service(create_cohort).service(get_cohort).service(update_cohort);
}

params! {
    /// How the cohorts of a programme are paged.
    pub struct ListCohorts list of CohortRow {}
}

/// Names a cohort in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct CohortPath {
    /// The programme's slug
    #[param(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    slug: String,
    /// The cohort's number
    #[param(example = "1", pattern = "^[1-9][0-9]{0,3}$", max_length = 4)]
    number: String,
}

impl CohortPath {
    fn number(&self) -> Result<i32> {
        self.number.parse().map_err(|_| Error::not_found("cohort"))
    }
}

/// A cohort to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "number": 2, "name": "Wave 2", "targetSize": 8, "opensAt": "2016-05-23T08:00:00Z" }))]
pub struct CreateCohortRequest {
    #[schema(minimum = 1, maximum = 9999)]
    number: i32,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// How many fellows it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, nullable = false)]
    target_size: Option<i32>,
    /// When one may apply for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", max_length = 40, nullable = false)]
    opens_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ends_on: Option<NaiveDate>,
}

type CohortPatch = Patch<CreateCohortRequest>;

impl From<CreateCohortRequest> for Cohort {
    fn from(request: CreateCohortRequest) -> Self {
        Self {
            number: request.number,
            name: request.name,
            target_size: request.target_size,
            opens_at: request.opens_at,
            starts_on: request.starts_on,
            ends_on: request.ends_on,
        }
    }
}

impl From<Cohort> for CreateCohortRequest {
    fn from(cohort: Cohort) -> Self {
        Self {
            number: cohort.number,
            name: cohort.name,
            target_size: cohort.target_size,
            opens_at: cohort.opens_at,
            starts_on: cohort.starts_on,
            ends_on: cohort.ends_on,
        }
    }
}

/// A cohort of a programme.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CohortResponse {
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(minimum = 1, maximum = 9999)]
    number: i32,
    #[schema(max_length = 200)]
    name: String,
    /// How many fellows it is to have.
    #[schema(minimum = 1, maximum = 100_000)]
    target_size: Option<i32>,
    #[schema(format = "date-time", max_length = 40)]
    opens_at: Option<String>,
    starts_on: Option<NaiveDate>,
    /// Its last day.
    ends_on: Option<NaiveDate>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<CohortRow> for CohortResponse {
    fn from(row: CohortRow) -> Self {
        Self {
            programme: row.programme,
            number: row.number,
            name: row.name,
            target_size: row.target_size,
            opens_at: row.opens_at.map(instant),
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: CohortRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&CohortResponse::from(row))?.version(version))
}

/// List the cohorts of a programme
///
/// In the order of their numbers.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath, ListCohorts),
    responses((status = 200, description = "A page of cohorts", body = Listing<CohortResponse>)),
)]
#[get("/v1/programmes/{slug}/cohorts")]
pub async fn list_cohorts(cx: Cx, path: web::Path<ProgrammePath>, query: Query<ListCohorts>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let programme = get_programme(conn, &path.slug)?;
        Reply::page(store::list(conn, &programme.slug, &query.page)?, &target, CohortResponse::from)
    })
    .await
}

/// Add a cohort to a programme
///
/// By the programme's managers; its number is its key.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath),
    request_body = CreateCohortRequest,
    responses((status = 201, description = "Added", body = CohortResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/programmes/{slug}/cohorts")]
pub async fn create_cohort(cx: Cx, path: web::Path<ProgrammePath>, body: Body<CreateCohortRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let row = ops::create_cohort(conn, context, &path.slug, request.into())?;
        let (location, version) = (format!("/v1/programmes/{}/cohorts/{}", row.programme, row.number), row.version);
        Reply::created(location, version, &CohortResponse::from(row))
    })
    .await
}

/// Get a cohort of a programme
///
/// By its number.
#[utoipa::path(
    tag = "programmes",
    params(CohortPath),
    responses((status = 200, description = "The cohort", body = CohortResponse, headers(("ETag" = String)))),
)]
#[get("/v1/programmes/{slug}/cohorts/{number}")]
pub async fn get_cohort(cx: Cx, path: web::Path<CohortPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_cohort(conn, &path.slug, path.number()?)?)).await
}

/// Change a cohort of a programme
///
/// A merge patch of everything but its number.
#[utoipa::path(
    tag = "programmes",
    params(CohortPath),
    request_body(content = CohortPatch, content_type = "application/merge-patch+json", example = json!({ "targetSize": 10 })),
    responses((status = 200, description = "Changed", body = CohortResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/programmes/{slug}/cohorts/{number}")]
pub async fn update_cohort(cx: Cx, path: web::Path<CohortPath>, body: Body<CohortPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Cohort| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_cohort(conn, context, &path.slug, path.number()?, change)?)
    })
    .await
}
