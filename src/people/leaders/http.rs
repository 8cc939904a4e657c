//! `/v1/leaders`.

use super::ops;
use super::rules::{GOAL, Leader, LeaderKind};
use super::store::{self, ListLeaders};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes};
use crate::params;
use crate::record::Stored;
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

type LeaderResponse = Stored<Leader>;
type LeaderPatch = Patch<Leader>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_leaders)
        .service(create_leader)
        .service(get_leaders_progress)
        .service(get_leader)
        .service(update_leader);
}

params! {
    /// When leaders are counted.
    pub struct GetLeadersProgress {
        /// The day to count on. Default: today.
        on: NaiveDate = "on",
    }
}

/// The number of leaders of one kind.
#[derive(Serialize, ToSchema)]
pub struct LeaderCountResponse {
    kind: LeaderKind,
    #[schema(minimum = 0)]
    count: i64,
}

/// The goal: at least and at most how many leaders.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "least": 200, "most": 300 }))]
pub struct LeaderGoalResponse {
    least: i64,
    most: i64,
}

/// The number of innovation leaders, beside the goal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadersProgressResponse {
    on: NaiveDate,
    /// The number of people, each counted once even with several kinds.
    #[schema(minimum = 0)]
    total: i64,
    #[schema(max_items = 20)]
    kinds: Vec<LeaderCountResponse>,
    goal: LeaderGoalResponse,
    /// Whether the number has reached the lower end of the goal.
    met: bool,
}

/// List innovation leaders
///
/// Lists the leaders, earliest first by default.
#[utoipa::path(tag = "people", params(ListLeaders), responses((status = 200, description = "A page of leaders", body = Listing<LeaderResponse>)))]
#[get("/v1/leaders")]
pub async fn list_leaders(cx: Cx, asked: Asked<ListLeaders>) -> Result<Listed<LeaderResponse>> {
    cx.list(asked, store::list).await
}

/// Name an innovation leader
///
/// Records that a person is a leader of a kind from a day on.
#[utoipa::path(tag = "people", request_body = Leader, responses((status = 201, description = "Named", body = LeaderResponse)))]
#[post("/v1/leaders")]
pub async fn create_leader(cx: Cx, body: Body<Leader>) -> Result<Created<LeaderResponse>> {
    cx.create(body, ops::create_leader).await
}

/// Get how many innovation leaders there are
///
/// Counts the leaders by kind, beside the goal of 200 to 300. Erased people still count.
#[utoipa::path(tag = "people", params(GetLeadersProgress), responses((status = 200, description = "The progress", body = LeadersProgressResponse)))]
#[get("/v1/leaders/progress")]
pub async fn get_leaders_progress(cx: Cx, query: Query<GetLeadersProgress>) -> Result<Reply> {
    cx.snapshot(move |conn, context| {
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
/// Returns the kind of leader, the organisation and the dates.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The leader", body = LeaderResponse)))]
#[get("/v1/leaders/{id}")]
pub async fn get_leader(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<LeaderResponse>> {
    cx.show(move |conn, _| ops::get_leader(conn, &path.id)).await
}

/// Change an innovation leader
///
/// Takes a merge patch of the organisation, the programme and `to`, which ends the record.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = LeaderPatch, example = json!({ "to": "2018-09-01" })), responses((status = 200, description = "Changed", body = LeaderResponse)))]
#[patch("/v1/leaders/{id}")]
pub async fn update_leader(cx: Cx, path: web::Path<IdPath>, body: Body<LeaderPatch>) -> Result<Answer<LeaderResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_leader(conn, context, &path.id, &patch)).await
}
