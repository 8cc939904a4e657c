//! `/v1/leaders`.

use super::ops::{self, GOAL, Leader, LeaderKind};
use super::store::{self, LeaderFilter, NamedLeader};
use crate::error::Result;
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::vocabulary::{Id, instant};
use crate::{organisations, params};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_leaders)
        .service(create_leader)
        .service(get_leaders_progress)
        .service(get_leader)
        .service(update_leader);
}

params! {
    /// What a list of leaders may be narrowed to.
    pub struct ListLeaders list of NamedLeader {
        /// What makes them leaders.
        kind: OneOf<LeaderKind> = "kind",
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// The code of a place: organisations there or below it today.
        place: CodeParam = "place",
        /// Those who are leaders on this day.
        active_on: NaiveDate = "activeOn",
    }
}

params! {
    /// When leaders are counted.
    pub struct GetLeadersProgress {
        /// The day; today unless told.
        on: NaiveDate = "on",
    }
}

/// Names a leader in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LeaderPath {
    /// The leader's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A leader to name.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "person": "01a20d9c-dde4-71a4-9e4d-b70329105025", "kind": "clinical", "organisation": "RJZ", "from": "2015-09-01" }))]
pub struct CreateLeaderRequest {
    person: Id,
    kind: LeaderKind,
    /// The code of the organisation where they lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    organisation: Option<String>,
    /// The slug of the programme they lead for; without one only national administrators keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    from: NaiveDate,
    /// The first day it no longer holds; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
}

type LeaderPatch = Patch<CreateLeaderRequest>;

impl From<CreateLeaderRequest> for Leader {
    fn from(request: CreateLeaderRequest) -> Self {
        let CreateLeaderRequest { person, kind, organisation, programme, from, to } = request;
        Self { person, kind, organisation, programme, from, to }
    }
}

impl From<Leader> for CreateLeaderRequest {
    fn from(leader: Leader) -> Self {
        let Leader { person, kind, organisation, programme, from, to } = leader;
        Self { person, kind, organisation, programme, from, to }
    }
}

/// An innovation leader.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderResponse {
    id: Id,
    person: Id,
    /// What the person is called.
    #[schema(max_length = 200)]
    name: String,
    kind: LeaderKind,
    #[schema(example = "RJZ", max_length = 60)]
    organisation: Option<String>,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    from: NaiveDate,
    /// The first day it no longer holds; null until further notice.
    to: Option<NaiveDate>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedLeader> for LeaderResponse {
    fn from(found: NamedLeader) -> Self {
        let said = found.leader();
        Self {
            id: found.row.id,
            person: said.person,
            name: found.person.told(),
            kind: said.kind,
            organisation: said.organisation,
            programme: said.programme,
            from: said.from,
            to: said.to,
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }
}

/// How many leaders of a kind there are.
#[derive(Serialize, ToSchema)]
pub struct LeaderCountResponse {
    kind: LeaderKind,
    #[schema(minimum = 0)]
    count: i64,
}

/// How many leaders there are to be.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "least": 200, "most": 300 }))]
pub struct LeaderGoalResponse {
    least: i64,
    most: i64,
}

/// How many innovation leaders there are, against the goal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadersProgressResponse {
    on: NaiveDate,
    /// People, each once, of whatever kinds they lead as.
    #[schema(minimum = 0)]
    total: i64,
    #[schema(max_items = 20)]
    kinds: Vec<LeaderCountResponse>,
    goal: LeaderGoalResponse,
    /// Whether there are as many as the goal says, at least.
    met: bool,
}

fn reply(found: NamedLeader) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&LeaderResponse::from(found))?.version(version))
}

/// List innovation leaders
///
/// The earliest first.
#[utoipa::path(tag = "people", params(ListLeaders), responses((status = 200, description = "A page of leaders", body = Listing<LeaderResponse>)))]
#[get("/v1/leaders")]
pub async fn list_leaders(cx: Cx, query: Query<ListLeaders>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let place = query.place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let filter = LeaderFilter {
            kinds: query.kind.map(|kinds| kinds.0),
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            place: place.map(|place| (place, context.today())),
            active_on: query.active_on,
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, LeaderResponse::from)
    })
    .await
}

/// Name an innovation leader
///
/// A person leads as something, from a day on.
#[utoipa::path(
    tag = "people",
    request_body = CreateLeaderRequest,
    responses((status = 201, description = "Named", body = LeaderResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/leaders")]
pub async fn create_leader(cx: Cx, body: Body<CreateLeaderRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_leader(conn, context, &request.into())?;
        let (location, version) = (format!("/v1/leaders/{}", made.row.id), made.row.version);
        Reply::created(location, version, &LeaderResponse::from(made))
    })
    .await
}

/// Get how many innovation leaders there are
///
/// By kind, against the goal of 200 to 300. Somebody who was erased still counts.
#[utoipa::path(
    tag = "people",
    params(GetLeadersProgress),
    responses((status = 200, description = "The progress", body = LeadersProgressResponse)),
)]
#[get("/v1/leaders/progress")]
pub async fn get_leaders_progress(cx: Cx, query: Query<GetLeadersProgress>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let on = query.0.on.unwrap_or_else(|| context.today());
        let (kinds, total) = store::counted(conn, on)?;
        let kinds = kinds.into_iter().map(|(kind, count)| LeaderCountResponse { kind, count }).collect();
        let (least, most) = GOAL;
        let goal = LeaderGoalResponse { least, most };
        Reply::ok(&LeadersProgressResponse { on, total, kinds, goal, met: total >= least })
    })
    .await
}

/// Get an innovation leader
///
/// With what they lead as, where and how long.
#[utoipa::path(
    tag = "people",
    params(LeaderPath),
    responses((status = 200, description = "The leader", body = LeaderResponse, headers(("ETag" = String)))),
)]
#[get("/v1/leaders/{id}")]
pub async fn get_leader(cx: Cx, path: web::Path<LeaderPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_leader(conn, &path.id)?)).await
}

/// Change an innovation leader
///
/// A merge patch of where they lead and of `to`, which ends it.
#[utoipa::path(
    tag = "people",
    params(LeaderPath),
    request_body(content = LeaderPatch, content_type = "application/merge-patch+json", example = json!({ "to": "2018-09-01" })),
    responses((status = 200, description = "Changed", body = LeaderResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/leaders/{id}")]
pub async fn update_leader(cx: Cx, path: web::Path<LeaderPath>, body: Body<LeaderPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Leader| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_leader(conn, context, &path.id, change)?)
    })
    .await
}
