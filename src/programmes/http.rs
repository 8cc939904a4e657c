//! `/v1/programmes`.

use super::ops;
use super::rules::{Programme, ProgrammeKind};
use super::store::{self, ProgrammeFilter, ProgrammeRow};
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::vocabulary::{Timestamp, instant};
use crate::{organisations, params};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_programmes).service(create_programme).service(get_programme).service(update_programme);
    super::partners::http::routes(config);
    super::cohorts::http::routes(config);
    super::memberships::http::routes(config);
    super::calls::http::routes(config);
}

params! {
    /// What a list of programmes may be narrowed to.
    pub struct ListProgrammes list of ProgrammeRow {
        /// Words of the slug, name or summary; quotation marks hold a phrase together.
        q: SearchTerms = "q",
        /// What they do for innovations.
        kind: OneOf<ProgrammeKind> = "kind",
        /// The code of an organisation that is a partner today.
        partner: CodeParam = "partner",
        /// Those changed at or after this instant.
        updated_from: Timestamp = "updatedFrom",
    }
}

/// Names a programme in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ProgrammePath {
    /// The programme's slug
    #[param(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub slug: String,
}

/// A programme to create.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "slug": "nia", "name": "NHS Innovation Accelerator", "kind": "fellowship", "summary": "Fellows who bring proven innovations into use.", "startsOn": "2015-07-01" }))]
pub struct CreateProgrammeRequest {
    /// Its public key, which never changes.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    slug: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    kind: ProgrammeKind,
    #[schema(min_length = 1, max_length = 2000)]
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ends_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "https://nhsaccelerator.com",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    website: Option<String>,
    /// Whether it is drawn up for illustration and is not to be taken for fact.
    #[serde(default)]
    illustrative: bool,
}

type ProgrammePatch = Patch<CreateProgrammeRequest>;

impl From<CreateProgrammeRequest> for Programme {
    fn from(request: CreateProgrammeRequest) -> Self {
        Self {
            slug: request.slug,
            name: request.name,
            kind: request.kind,
            summary: request.summary,
            starts_on: request.starts_on,
            ends_on: request.ends_on,
            website: request.website,
            illustrative: request.illustrative,
        }
    }
}

impl From<Programme> for CreateProgrammeRequest {
    fn from(programme: Programme) -> Self {
        Self {
            slug: programme.slug,
            name: programme.name,
            kind: programme.kind,
            summary: programme.summary,
            starts_on: programme.starts_on,
            ends_on: programme.ends_on,
            website: programme.website,
            illustrative: programme.illustrative,
        }
    }
}

/// A programme.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeResponse {
    #[schema(example = "nia", max_length = 60)]
    slug: String,
    #[schema(example = "NHS Innovation Accelerator", max_length = 200)]
    name: String,
    kind: ProgrammeKind,
    #[schema(max_length = 2000)]
    summary: String,
    starts_on: Option<NaiveDate>,
    /// Its last day.
    ends_on: Option<NaiveDate>,
    #[schema(max_length = 500)]
    website: Option<String>,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<ProgrammeRow> for ProgrammeResponse {
    fn from(row: ProgrammeRow) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            kind: row.kind,
            summary: row.summary,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            website: row.website,
            illustrative: row.illustrative,
            version: row.version,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: ProgrammeRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&ProgrammeResponse::from(row))?.version(version))
}

/// List programmes
///
/// Filtered, sorted and paged.
#[utoipa::path(tag = "programmes", params(ListProgrammes), responses((status = 200, description = "A page of programmes", body = Listing<ProgrammeResponse>)))]
#[get("/v1/programmes")]
pub async fn list_programmes(cx: Cx, query: Query<ListProgrammes>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let partner = match &query.partner {
            Some(code) => Some(organisations::ops::referred(conn, "?partner", &code.0)?),
            None => None,
        };
        let filter = ProgrammeFilter {
            search: query.q,
            kinds: query.kind.map(|kinds| kinds.0),
            partner,
            today: context.today(),
            updated_from: query.updated_from.map(|at| at.naive_utc()),
        };
        Reply::page(store::list(conn, &filter, &query.page)?, &target, ProgrammeResponse::from)
    })
    .await
}

/// Create a programme
///
/// National administrators may; its managers keep it from then on.
#[utoipa::path(
    tag = "programmes",
    request_body = CreateProgrammeRequest,
    responses((status = 201, description = "Created", body = ProgrammeResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/programmes")]
pub async fn create_programme(cx: Cx, body: Body<CreateProgrammeRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let row = ops::create_programme(conn, context, request.into())?;
        let (location, version) = (format!("/v1/programmes/{}", row.slug), row.version);
        Reply::created(location, version, &ProgrammeResponse::from(row))
    })
    .await
}

/// Get a programme
///
/// By its slug, in any case.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath),
    responses((status = 200, description = "The programme", body = ProgrammeResponse, headers(("ETag" = String)))),
)]
#[get("/v1/programmes/{slug}")]
pub async fn get_programme(cx: Cx, path: web::Path<ProgrammePath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_programme(conn, &path.slug)?)).await
}

/// Change a programme
///
/// A merge patch of everything but its slug, by its managers.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath),
    request_body(content = ProgrammePatch, content_type = "application/merge-patch+json", example = json!({ "website": "https://nhsaccelerator.com" })),
    responses((status = 200, description = "Changed", body = ProgrammeResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/programmes/{slug}")]
pub async fn update_programme(cx: Cx, path: web::Path<ProgrammePath>, body: Body<ProgrammePatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Programme| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_programme(conn, context, &path.slug, change)?)
    })
    .await
}
