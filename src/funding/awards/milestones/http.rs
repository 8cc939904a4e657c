//! `/v1/awards/{id}/milestones`.

use super::ops::{self, Milestone, MilestoneState};
use super::store::{self, MilestoneRow};
use crate::error::Result;
use crate::funding::awards::http::AwardPath;
use crate::funding::awards::ops::get_award;
use crate::http::params::{OneOf, Query};
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
    config.service(list_milestones).service(create_milestone).service(get_milestone).service(update_milestone);
}

params! {
    /// What the milestones of an award may be narrowed to.
    pub struct ListMilestones list of MilestoneRow {
        /// Whether they were reached.
        state: OneOf<MilestoneState> = "state",
    }
}

/// Names a milestone in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MilestonePath {
    /// The award's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
    /// The milestone's id
    #[param(format = "uuid", max_length = 36)]
    milestone: String,
}

/// A milestone to add.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "title": "Ten trusts have begun", "dueOn": "2016-01-31" }))]
pub struct CreateMilestoneRequest {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    due_on: NaiveDate,
    #[serde(default = "planned")]
    #[schema(default = "planned")]
    state: MilestoneState,
    /// The day it was met, for one that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    met_on: Option<NaiveDate>,
}

fn planned() -> MilestoneState {
    MilestoneState::Planned
}

type MilestonePatch = Patch<CreateMilestoneRequest>;

impl From<CreateMilestoneRequest> for Milestone {
    fn from(request: CreateMilestoneRequest) -> Self {
        Self { title: request.title, due_on: request.due_on, state: request.state, met_on: request.met_on }
    }
}

impl From<Milestone> for CreateMilestoneRequest {
    fn from(milestone: Milestone) -> Self {
        Self { title: milestone.title, due_on: milestone.due_on, state: milestone.state, met_on: milestone.met_on }
    }
}

/// A milestone of an award.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneResponse {
    id: Id,
    #[schema(max_length = 200)]
    title: String,
    due_on: NaiveDate,
    state: MilestoneState,
    met_on: Option<NaiveDate>,
    /// The gateway review whose condition it is.
    gateway_review: Option<Id>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<MilestoneRow> for MilestoneResponse {
    fn from(row: MilestoneRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            due_on: row.due_on,
            state: row.state,
            met_on: row.met_on,
            gateway_review: row.gateway_review_id,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: MilestoneRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&MilestoneResponse::from(row))?.version(version))
}

/// List the milestones of an award
///
/// The first due first; conditions of gateway reviews are among them.
#[utoipa::path(
    tag = "funding",
    params(AwardPath, ListMilestones),
    responses((status = 200, description = "A page of milestones", body = Listing<MilestoneResponse>)),
)]
#[get("/v1/awards/{id}/milestones")]
pub async fn list_milestones(cx: Cx, path: web::Path<AwardPath>, query: Query<ListMilestones>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let award = get_award(conn, context, &path.id)?;
        let states = query.state.map(|states| states.0);
        let page = store::list(conn, award.row.id, states.as_deref(), &query.page)?;
        Reply::page(page, &target, MilestoneResponse::from)
    })
    .await
}

/// Add a milestone to an award
///
/// What is to be reached, and by when.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    request_body = CreateMilestoneRequest,
    responses((status = 201, description = "Added", body = MilestoneResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/awards/{id}/milestones")]
pub async fn create_milestone(cx: Cx, path: web::Path<AwardPath>, body: Body<CreateMilestoneRequest>) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let row = ops::create_milestone(conn, context, &path.id, request.into())?;
        let location = format!("/v1/awards/{}/milestones/{}", row.award_id, row.id);
        Reply::created(location, row.version, &MilestoneResponse::from(row))
    })
    .await
}

/// Get a milestone of an award
///
/// With whether and when it was met.
#[utoipa::path(
    tag = "funding",
    params(MilestonePath),
    responses((status = 200, description = "The milestone", body = MilestoneResponse, headers(("ETag" = String)))),
)]
#[get("/v1/awards/{id}/milestones/{milestone}")]
pub async fn get_milestone(cx: Cx, path: web::Path<MilestonePath>) -> Result<Reply> {
    cx.read(move |conn, context| reply(ops::get_milestone(conn, context, &path.id, &path.milestone)?)).await
}

/// Change a milestone of an award
///
/// A merge patch: `{"state": "met", "metOn": ...}` says that it was reached.
#[utoipa::path(
    tag = "funding",
    params(MilestonePath),
    request_body(content = MilestonePatch, content_type = "application/merge-patch+json", example = json!({ "state": "met", "metOn": "2016-01-20" })),
    responses((status = 200, description = "Changed", body = MilestoneResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/awards/{id}/milestones/{milestone}")]
pub async fn update_milestone(cx: Cx, path: web::Path<MilestonePath>, body: Body<MilestonePatch>) -> Result<Reply> {
    cx.write_money(body, move |conn, context, patch| {
        let change = |present: Milestone| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_milestone(conn, context, &path.id, &path.milestone, change)?)
    })
    .await
}
