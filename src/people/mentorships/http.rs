//! `/v1/mentorships`.

use super::ops::{self, Mentorship};
use super::store::{self, MentorshipFilter, NamedMentorship};
use crate::error::Result;
use crate::http::params::{CodeParam, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_mentorships).service(create_mentorship).service(get_mentorship).service(update_mentorship);
}

params! {
    /// What a list of mentorships may be narrowed to.
    pub struct ListMentorships list of NamedMentorship {
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// The id of the fellowship they support.
        fellowship: Id = "fellowship",
        /// The id of the mentor, who is a person.
        mentor: Id = "mentor",
        /// Those that hold on this day.
        active_on: NaiveDate = "activeOn",
    }
}

/// Names a mentorship in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MentorshipPath {
    /// The mentorship's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A mentorship to begin.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "mentor": "01a20d9c-dde4-71a4-9e4d-b70329105025", "fellowship": "01a20d9c-dde4-71a4-9e4d-b70329105026", "focus": "Commissioning", "from": "2015-09-01" }))]
pub struct CreateMentorshipRequest {
    /// The id of the mentor, who is a person.
    mentor: Id,
    fellowship: Id,
    /// What the support is about.
    #[schema(example = "Commissioning", min_length = 1, max_length = 200)]
    focus: String,
    from: NaiveDate,
    /// The first day it no longer holds; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
}

type MentorshipPatch = Patch<CreateMentorshipRequest>;

impl From<CreateMentorshipRequest> for Mentorship {
    fn from(request: CreateMentorshipRequest) -> Self {
        let CreateMentorshipRequest { mentor, fellowship, focus, from, to } = request;
        Self { mentor, fellowship, focus, from, to }
    }
}

impl From<Mentorship> for CreateMentorshipRequest {
    fn from(mentorship: Mentorship) -> Self {
        let Mentorship { mentor, fellowship, focus, from, to } = mentorship;
        Self { mentor, fellowship, focus, from, to }
    }
}

/// A mentorship.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MentorshipResponse {
    id: Id,
    mentor: Id,
    /// What the mentor is called.
    #[schema(max_length = 200)]
    mentor_name: String,
    fellowship: Id,
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(max_length = 200)]
    focus: String,
    from: NaiveDate,
    /// The first day it no longer holds; null until further notice.
    to: Option<NaiveDate>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedMentorship> for MentorshipResponse {
    fn from(found: NamedMentorship) -> Self {
        let said = found.mentorship();
        Self {
            id: found.row.id,
            mentor: said.mentor,
            mentor_name: found.mentor.told(),
            fellowship: said.fellowship,
            programme: found.row.programme,
            focus: said.focus,
            from: said.from,
            to: said.to,
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }
}

fn reply(found: NamedMentorship) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&MentorshipResponse::from(found))?.version(version))
}

/// List mentorships
///
/// Of every programme, the earliest first.
#[utoipa::path(tag = "people", params(ListMentorships), responses((status = 200, description = "A page of mentorships", body = Listing<MentorshipResponse>)))]
#[get("/v1/mentorships")]
pub async fn list_mentorships(cx: Cx, query: Query<ListMentorships>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let filter = MentorshipFilter {
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            fellowship: query.fellowship,
            mentor: query.mentor,
            active_on: query.active_on,
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, MentorshipResponse::from)
    })
    .await
}

/// Begin a mentorship
///
/// A person supports a fellowship in something, from a day on.
#[utoipa::path(
    tag = "people",
    request_body = CreateMentorshipRequest,
    responses((status = 201, description = "Begun", body = MentorshipResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/mentorships")]
pub async fn create_mentorship(cx: Cx, body: Body<CreateMentorshipRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_mentorship(conn, context, request.into())?;
        let (location, version) = (format!("/v1/mentorships/{}", made.row.id), made.row.version);
        Reply::created(location, version, &MentorshipResponse::from(made))
    })
    .await
}

/// Get a mentorship
///
/// With what it is about and when it holds.
#[utoipa::path(
    tag = "people",
    params(MentorshipPath),
    responses((status = 200, description = "The mentorship", body = MentorshipResponse, headers(("ETag" = String)))),
)]
#[get("/v1/mentorships/{id}")]
pub async fn get_mentorship(cx: Cx, path: web::Path<MentorshipPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_mentorship(conn, &path.id)?)).await
}

/// Change a mentorship
///
/// A merge patch of its focus, and of `to`, which ends it.
#[utoipa::path(
    tag = "people",
    params(MentorshipPath),
    request_body(content = MentorshipPatch, content_type = "application/merge-patch+json", example = json!({ "to": "2016-07-01" })),
    responses((status = 200, description = "Changed", body = MentorshipResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/mentorships/{id}")]
pub async fn update_mentorship(cx: Cx, path: web::Path<MentorshipPath>, body: Body<MentorshipPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Mentorship| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_mentorship(conn, context, &path.id, change)?)
    })
    .await
}
