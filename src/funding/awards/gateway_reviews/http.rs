//! `/v1/awards/{id}/gateway-reviews`.

use super::ops::{self, Advice, Decision};
use super::rules::{GatewayDecision, GatewayReviewState, is_overdue};
use super::store::{self, GatewayReviewRow};
use crate::error::Result;
use crate::funding::awards::http::AwardPath;
use crate::funding::awards::ops::get_award;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::transitions::rules::AskedMove;
use crate::vocabulary::{Id, instant};
use crate::http::context::Context;
use crate::params;
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_gateway_reviews)
        .service(create_gateway_review)
        .service(get_gateway_review)
        .service(update_gateway_review)
        .service(recommend_gateway_review)
        .service(transition_gateway_review);
}

params! {
    /// How the gateway reviews of an award are paged.
    pub struct ListGatewayReviews list of GatewayReviewRow {}
}

/// Names a gateway review in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct GatewayReviewPath {
    /// The award's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
    /// The review's id
    #[param(format = "uuid", max_length = 36)]
    review: String,
}

/// A review to schedule.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "title": "After six months", "dueOn": "2016-01-31" }))]
pub struct CreateGatewayReviewRequest {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    due_on: NaiveDate,
}

type GatewayReviewPatch = Patch<CreateGatewayReviewRequest>;

/// What somebody recommends at a gateway.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "decision": "stop", "comment": "Nothing has changed in six months." }))]
pub struct RecommendGatewayReviewRequest {
    decision: GatewayDecision,
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
}

/// What an award that goes on is to reach.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionBody {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    due_on: NaiveDate,
}

/// A move of a gateway review.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "to": "decided", "decision": "stop", "reason": "Nothing has changed in six months." }))]
pub struct GatewayReviewTransitionRequest {
    /// The state to go to.
    #[schema(max_length = 60, min_length = 1)]
    to: String,
    /// Why; a decision needs it.
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// The day it took effect; today unless told.
    #[schema(nullable = false)]
    effective_on: Option<NaiveDate>,
    /// With the move to `decided`.
    #[schema(nullable = false)]
    decision: Option<GatewayDecision>,
    /// With a decision to continue with conditions; they become milestones.
    #[serde(default)]
    #[schema(max_items = 20)]
    conditions: Vec<ConditionBody>,
}

/// What somebody recommended.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RecommendationResponse {
    #[schema(max_length = 300)]
    by: String,
    /// As what.
    #[schema(example = "evaluator", max_length = 30)]
    role: String,
    decision: GatewayDecision,
    #[schema(max_length = 2000)]
    comment: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    at: String,
}

/// A gateway review.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayReviewResponse {
    id: Id,
    #[schema(max_length = 200)]
    title: String,
    due_on: NaiveDate,
    state: GatewayReviewState,
    /// Whether it should have been decided by today.
    overdue: bool,
    #[schema(max_items = 1000)]
    recommendations: Vec<RecommendationResponse>,
    decision: Option<GatewayDecision>,
    #[schema(max_length = 2000)]
    reason: Option<String>,
    #[schema(max_length = 300)]
    decided_by: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    decided_at: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl GatewayReviewResponse {
    fn of(row: GatewayReviewRow, context: &Context) -> Result<Self> {
        let recommendations = serde_json::from_value(Value::Array(row.recommendations()?))?;
        Ok(Self {
            id: row.id,
            title: row.title,
            due_on: row.due_on,
            state: row.state,
            overdue: is_overdue(row.state, row.due_on, context.today()),
            recommendations,
            decision: row.decision,
            reason: row.reason,
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(instant),
            version: row.version,
            updated_at: instant(row.updated_at),
        })
    }
}

fn reply(row: GatewayReviewRow, context: &Context) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&GatewayReviewResponse::of(row, context)?)?.version(version))
}

/// List the gateway reviews of an award
///
/// The first due first; `overdue` says which should have been decided.
#[utoipa::path(
    tag = "funding",
    params(AwardPath, ListGatewayReviews),
    responses((status = 200, description = "A page of reviews", body = Listing<GatewayReviewResponse>)),
)]
#[get("/v1/awards/{id}/gateway-reviews")]
pub async fn list_gateway_reviews(
    cx: Cx,
    path: web::Path<AwardPath>,
    query: Query<ListGatewayReviews>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let award = get_award(conn, context, &path.id)?;
        let page = store::list(conn, award.row.id, &query.page)?;
        Reply::page_of(page, &target, |row| GatewayReviewResponse::of(row, context))
    })
    .await
}

/// Schedule a gateway review of an award
///
/// Due on a day.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    request_body = CreateGatewayReviewRequest,
    responses((status = 201, description = "Scheduled", body = GatewayReviewResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/awards/{id}/gateway-reviews")]
pub async fn create_gateway_review(
    cx: Cx,
    path: web::Path<AwardPath>,
    body: Body<CreateGatewayReviewRequest>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let row = ops::create_gateway_review(conn, context, &path.id, request.title, request.due_on)?;
        let location = format!("/v1/awards/{}/gateway-reviews/{}", row.award_id, row.id);
        Reply::created(location, row.version, &GatewayReviewResponse::of(row, context)?)
    })
    .await
}

/// Get a gateway review of an award
///
/// With its recommendations and its decision.
#[utoipa::path(
    tag = "funding",
    params(GatewayReviewPath),
    responses((status = 200, description = "The review", body = GatewayReviewResponse, headers(("ETag" = String)))),
)]
#[get("/v1/awards/{id}/gateway-reviews/{review}")]
pub async fn get_gateway_review(cx: Cx, path: web::Path<GatewayReviewPath>) -> Result<Reply> {
    cx.read(move |conn, context| reply(ops::get_gateway_review(conn, context, &path.id, &path.review)?, context)).await
}

/// Change a gateway review of an award
///
/// A merge patch of its title and the day it is due, until it is decided.
#[utoipa::path(
    tag = "funding",
    params(GatewayReviewPath),
    request_body(content = GatewayReviewPatch, content_type = "application/merge-patch+json", example = json!({ "dueOn": "2016-02-29" })),
    responses((status = 200, description = "Changed", body = GatewayReviewResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/awards/{id}/gateway-reviews/{review}")]
pub async fn update_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<GatewayReviewPatch>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, patch| {
        let change = |(title, due_on)| {
            let new = patch.apply(&CreateGatewayReviewRequest { title, due_on })?;
            Ok((new.title, new.due_on))
        };
        reply(ops::update_gateway_review(conn, context, &path.id, &path.review, change)?, context)
    })
    .await
}

/// Recommend a decision of a gateway review
///
/// As the programme's manager or as an evaluator, while it is in progress; a second one takes the place of the first.
#[utoipa::path(
    tag = "funding",
    params(GatewayReviewPath),
    request_body = RecommendGatewayReviewRequest,
    responses((status = 200, description = "Recommended", body = GatewayReviewResponse, headers(("ETag" = String)))),
)]
#[post("/v1/awards/{id}/gateway-reviews/{review}/recommendations")]
pub async fn recommend_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<RecommendGatewayReviewRequest>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let advice = Advice { decision: request.decision, comment: request.comment };
        reply(ops::recommend_gateway_review(conn, context, &path.id, &path.review, &advice)?, context)
    })
    .await
}

/// Move a gateway review
///
/// To `in-progress`, then to `decided` by a national administrator: `pause` suspends the award, conditions become its
/// milestones, and `stop` is what its termination needs.
#[utoipa::path(
    tag = "funding",
    params(GatewayReviewPath),
    request_body = GatewayReviewTransitionRequest,
    responses((status = 200, description = "Moved", body = GatewayReviewResponse, headers(("ETag" = String)))),
)]
#[post("/v1/awards/{id}/gateway-reviews/{review}/transitions")]
pub async fn transition_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<GatewayReviewTransitionRequest>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let asked = AskedMove { to: request.to, reason: request.reason, effective_on: request.effective_on };
        let conditions = request.conditions.into_iter().map(|condition| (condition.title, condition.due_on)).collect();
        let decision = Decision { decision: request.decision, conditions };
        reply(ops::transition_gateway_review(conn, context, &path.id, &path.review, asked, decision)?, context)
    })
    .await
}
