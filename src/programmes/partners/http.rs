//! `/v1/programmes/{slug}/partners`.

use super::ops::{self, Partner, PartnerRole};
use super::store::{self, NamedPartner, PartnerFilter};
use crate::error::Result;
use crate::http::params::{OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::calendar::told;
use crate::params;
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_programme_partners)
        .service(create_programme_partner)
        .service(get_programme_partner)
        .service(update_programme_partner);
}

params! {
    /// What the partners of a programme may be narrowed to.
    pub struct ListProgrammePartners list of NamedPartner {
        /// What they do for it.
        role: OneOf<PartnerRole> = "role",
        /// Those that are partners on this day.
        on: NaiveDate = "on",
    }
}

/// Names a partner in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PartnerPath {
    /// The programme's slug
    #[param(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    slug: String,
    /// The partner's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A partner to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "organisation": "QKK", "role": "partner", "from": "2016-04-01" }))]
pub struct CreateProgrammePartnerRequest {
    /// The code of the organisation.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    organisation: String,
    role: PartnerRole,
    /// The first day it is a partner.
    from: NaiveDate,
    /// The first day it is one no longer; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
}

type ProgrammePartnerPatch = Patch<CreateProgrammePartnerRequest>;

impl From<CreateProgrammePartnerRequest> for Partner {
    fn from(request: CreateProgrammePartnerRequest) -> Self {
        Self { organisation: request.organisation, role: request.role, from: request.from, to: request.to }
    }
}

impl From<Partner> for CreateProgrammePartnerRequest {
    fn from(partner: Partner) -> Self {
        Self { organisation: partner.organisation, role: partner.role, from: partner.from, to: partner.to }
    }
}

/// A partner of a programme.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammePartnerResponse {
    id: Id,
    #[schema(example = "QKK", max_length = 60)]
    organisation: String,
    #[schema(max_length = 300)]
    name: String,
    role: PartnerRole,
    from: NaiveDate,
    /// The first day it is a partner no longer; null until further notice.
    to: Option<NaiveDate>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedPartner> for ProgrammePartnerResponse {
    fn from(found: NamedPartner) -> Self {
        Self {
            id: found.row.id,
            organisation: found.code,
            name: found.name,
            role: found.row.role,
            from: found.row.from_on,
            to: told(found.row.to_on),
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }
}

fn reply(found: NamedPartner) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&ProgrammePartnerResponse::from(found))?.version(version))
}

/// List the partners of a programme
///
/// Those of every time, unless narrowed to a day.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath, ListProgrammePartners),
    responses((status = 200, description = "A page of partners", body = Listing<ProgrammePartnerResponse>)),
)]
#[get("/v1/programmes/{slug}/partners")]
pub async fn list_programme_partners(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    query: Query<ListProgrammePartners>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let programme = get_programme(conn, &path.slug)?;
        let filter = PartnerFilter { roles: query.role.map(|roles| roles.0), on: query.on };
        let page = store::list(conn, &programme.slug, &filter, &query.page)?;
        Reply::page(page, &target, ProgrammePartnerResponse::from)
    })
    .await
}

/// Add a partner to a programme
///
/// In a role, from a day on.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath),
    request_body = CreateProgrammePartnerRequest,
    responses((status = 201, description = "Added", body = ProgrammePartnerResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/programmes/{slug}/partners")]
pub async fn create_programme_partner(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    body: Body<CreateProgrammePartnerRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let found = ops::create_programme_partner(conn, context, &path.slug, &request.into())?;
        let location = format!("/v1/programmes/{}/partners/{}", found.row.programme, found.row.id);
        Reply::created(location, found.row.version, &ProgrammePartnerResponse::from(found))
    })
    .await
}

/// Get a partner of a programme
///
/// With its role and its days.
#[utoipa::path(
    tag = "programmes",
    params(PartnerPath),
    responses((status = 200, description = "The partner", body = ProgrammePartnerResponse, headers(("ETag" = String)))),
)]
#[get("/v1/programmes/{slug}/partners/{id}")]
pub async fn get_programme_partner(cx: Cx, path: web::Path<PartnerPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_programme_partner(conn, &path.slug, &path.id)?)).await
}

/// Change a partner of a programme
///
/// A merge patch of its role and days: `to` ends it.
#[utoipa::path(
    tag = "programmes",
    params(PartnerPath),
    request_body(content = ProgrammePartnerPatch, content_type = "application/merge-patch+json", example = json!({ "to": "2018-04-01" })),
    responses((status = 200, description = "Changed", body = ProgrammePartnerResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/programmes/{slug}/partners/{id}")]
pub async fn update_programme_partner(
    cx: Cx,
    path: web::Path<PartnerPath>,
    body: Body<ProgrammePartnerPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Partner| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_programme_partner(conn, context, &path.slug, &path.id, change)?)
    })
    .await
}
