//! `/v1/innovations/{slug}/programme-memberships`.

use super::ops::{self, Membership};
use super::store::{self, MembershipRow};
use crate::error::Result;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::innovations::http::InnovationPath;
use crate::innovations::ops::get_innovation;
use crate::calendar::told;
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_programme_memberships)
        .service(create_programme_membership)
        .service(get_programme_membership)
        .service(update_programme_membership);
}

params! {
    /// How the memberships of an innovation are paged.
    pub struct ListProgrammeMemberships list of MembershipRow {}
}

/// Names a membership in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MembershipPath {
    /// The innovation's slug
    #[param(example = "heartflow", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    slug: String,
    /// The membership's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A membership to begin.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "programme": "itp", "from": "2018-04-01", "to": "2020-04-01" }))]
pub struct CreateProgrammeMembershipRequest {
    /// The slug of the programme.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    programme: String,
    /// The first day it is a member.
    from: NaiveDate,
    /// The first day it is one no longer; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
}

type ProgrammeMembershipPatch = Patch<CreateProgrammeMembershipRequest>;

impl From<CreateProgrammeMembershipRequest> for Membership {
    fn from(request: CreateProgrammeMembershipRequest) -> Self {
        Self { programme: request.programme, from: request.from, to: request.to }
    }
}

impl From<Membership> for CreateProgrammeMembershipRequest {
    fn from(membership: Membership) -> Self {
        Self { programme: membership.programme, from: membership.from, to: membership.to }
    }
}

/// A membership of an innovation in a programme.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeMembershipResponse {
    id: Id,
    #[schema(example = "itp", max_length = 60)]
    programme: String,
    from: NaiveDate,
    /// The first day it is a member no longer; null until further notice.
    to: Option<NaiveDate>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<MembershipRow> for ProgrammeMembershipResponse {
    fn from(row: MembershipRow) -> Self {
        Self {
            id: row.id,
            programme: row.programme,
            from: row.from_on,
            to: told(row.to_on),
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: MembershipRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&ProgrammeMembershipResponse::from(row))?.version(version))
}

/// List the programmes of an innovation
///
/// Those it is, was and will be a member of, oldest first.
#[utoipa::path(
    tag = "programmes",
    params(InnovationPath, ListProgrammeMemberships),
    responses((status = 200, description = "A page of memberships", body = Listing<ProgrammeMembershipResponse>)),
)]
#[get("/v1/innovations/{slug}/programme-memberships")]
pub async fn list_programme_memberships(
    cx: Cx,
    path: web::Path<InnovationPath>,
    query: Query<ListProgrammeMemberships>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let innovation = get_innovation(conn, &path.slug)?.row.id;
        Reply::page(store::list(conn, innovation, &query.page)?, &target, ProgrammeMembershipResponse::from)
    })
    .await
}

/// Make an innovation a member of a programme
///
/// By the programme's managers; two memberships of one programme share no day.
#[utoipa::path(
    tag = "programmes",
    params(InnovationPath),
    request_body = CreateProgrammeMembershipRequest,
    responses((status = 201, description = "Begun", body = ProgrammeMembershipResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/innovations/{slug}/programme-memberships")]
pub async fn create_programme_membership(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<CreateProgrammeMembershipRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let row = ops::create_programme_membership(conn, context, &path.slug, &request.into())?;
        let location = format!("/v1/innovations/{}/programme-memberships/{}", path.slug, row.id);
        Reply::created(location, row.version, &ProgrammeMembershipResponse::from(row))
    })
    .await
}

/// Get a membership of an innovation
///
/// With its programme and its days.
#[utoipa::path(
    tag = "programmes",
    params(MembershipPath),
    responses((status = 200, description = "The membership", body = ProgrammeMembershipResponse, headers(("ETag" = String)))),
)]
#[get("/v1/innovations/{slug}/programme-memberships/{id}")]
pub async fn get_programme_membership(cx: Cx, path: web::Path<MembershipPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_programme_membership(conn, &path.slug, &path.id)?)).await
}

/// Change the days of a membership
///
/// A merge patch: `to` ends it.
#[utoipa::path(
    tag = "programmes",
    params(MembershipPath),
    request_body(content = ProgrammeMembershipPatch, content_type = "application/merge-patch+json", example = json!({ "to": "2020-04-01" })),
    responses((status = 200, description = "Changed", body = ProgrammeMembershipResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/innovations/{slug}/programme-memberships/{id}")]
pub async fn update_programme_membership(
    cx: Cx,
    path: web::Path<MembershipPath>,
    body: Body<ProgrammeMembershipPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Membership| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_programme_membership(conn, context, &path.slug, &path.id, change)?)
    })
    .await
}
