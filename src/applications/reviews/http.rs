//! `/v1/applications/{id}/reviews`, `/v1/reviews/{id}`.

use super::ops::{self, Judgement};
use super::rules::{Recommendation, ReviewState, Scores};
use super::store::{self, ReviewRow};
use crate::applications::http::ApplicationPath;
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::Result;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::transitions::rules::AskedMove;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_reviews)
        .service(create_review)
        .service(get_review)
        .service(update_review)
        .service(transition_review);
}

params! {
    /// How the reviews of an application are paged.
    pub struct ListReviews list of ReviewRow {}
}

/// Names a review in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ReviewPath {
    /// The review's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A reviewer to ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reviewer": "reviewer-7" }))]
pub struct CreateReviewRequest {
    /// The subject of the reviewer's tokens.
    #[schema(min_length = 1, max_length = 300, pattern = "^\\S+$")]
    reviewer: String,
}

/// What a reviewer writes.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewRequest, example = json!({ "scores": { "impact": 4 }, "recommendation": "fund" }))]
pub struct JudgementBody {
    /// From zero to the criterion's highest, by the code of the criterion.
    #[schema(value_type = std::collections::HashMap<String, i32>)]
    scores: Scores,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recommendation: Option<Recommendation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000, nullable = false)]
    comment: Option<String>,
}

type ReviewPatch = Patch<JudgementBody>;

impl From<JudgementBody> for Judgement {
    fn from(body: JudgementBody) -> Self {
        Self { scores: body.scores, recommendation: body.recommendation, comment: body.comment }
    }
}

impl From<Judgement> for JudgementBody {
    fn from(judgement: Judgement) -> Self {
        Self { scores: judgement.scores, recommendation: judgement.recommendation, comment: judgement.comment }
    }
}

/// A review of an application.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewResponse {
    id: Id,
    application: Id,
    #[schema(max_length = 300)]
    reviewer: String,
    state: ReviewState,
    /// The conflict of interest that took the reviewer out.
    #[schema(max_length = 2000)]
    conflict: Option<String>,
    /// Not told to a reviewer whose own review is still to come, and so with the three that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, i32>>, nullable = false)]
    scores: Option<Scores>,
    /// The weighted share of the highest score, from 0 to 1; null until it is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1, nullable = false)]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recommendation: Option<Recommendation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000, nullable = false)]
    comment: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

/// Millionths as a share.
pub fn share(ppm: i64) -> f64 {
    ppm as f64 / 1_000_000.0
}

impl ReviewResponse {
    fn of(row: ReviewRow, subject: &str, own: Option<&ReviewRow>) -> Result<Self> {
        let open = row.is_open_to(subject, own);
        Ok(Self {
            scores: open.then(|| row.scores()).transpose()?,
            id: row.id,
            application: row.application_id,
            reviewer: row.reviewer,
            state: row.state,
            conflict: row.conflict,
            score: row.score_ppm.filter(|_| open).map(share),
            recommendation: row.recommendation.filter(|_| open),
            comment: row.comment.filter(|_| open),
            submitted_at: row.submitted_at.map(instant),
            version: row.version,
            updated_at: instant(row.updated_at),
        })
    }
}

fn reply(conn: &mut Conn, context: &Context, row: ReviewRow) -> Result<Reply> {
    let own = store::find_of(conn, row.application_id, &context.actor.subject)?;
    let version = row.version;
    Ok(Reply::ok(&ReviewResponse::of(row, &context.actor.subject, own.as_ref())?)?.version(version))
}

/// List the reviews of an application
///
/// For the programme and its reviewers. A reviewer sees no other's scores before submitting their own.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath, ListReviews),
    responses((status = 200, description = "A page of reviews", body = Listing<ReviewResponse>)),
)]
#[get("/v1/applications/{id}/reviews")]
pub async fn list_reviews(cx: Cx, path: web::Path<ApplicationPath>, query: Query<ListReviews>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let application = ops::reviewed(conn, context, &path.id)?;
        let subject = &context.actor.subject;
        let own = store::find_of(conn, application.id, subject)?;
        let page = store::list(conn, application.id, &query.page)?;
        Reply::page_of(page, &target, |row| ReviewResponse::of(row, subject, own.as_ref()))
    })
    .await
}

/// Ask a reviewer to score an application
///
/// By the programme, from its review to its decision; never the applicant.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath),
    request_body = CreateReviewRequest,
    responses((status = 201, description = "Asked", body = ReviewResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/applications/{id}/reviews")]
pub async fn create_review(cx: Cx, path: web::Path<ApplicationPath>, body: Body<CreateReviewRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let row = ops::create_review(conn, context, &path.id, &request.reviewer)?;
        let (location, version) = (format!("/v1/reviews/{}", row.id), row.version);
        let own = store::find_of(conn, row.application_id, &context.actor.subject)?;
        Reply::created(location, version, &ReviewResponse::of(row, &context.actor.subject, own.as_ref())?)
    })
    .await
}

/// Get a review
///
/// With its scores, unless the caller's own review of the application is still to come.
#[utoipa::path(
    tag = "applications",
    params(ReviewPath),
    responses((status = 200, description = "The review", body = ReviewResponse, headers(("ETag" = String)))),
)]
#[get("/v1/reviews/{id}")]
pub async fn get_review(cx: Cx, path: web::Path<ReviewPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let (row, _, own) = ops::get_review(conn, context, &path.id)?;
        let version = row.version;
        Ok(Reply::ok(&ReviewResponse::of(row, &context.actor.subject, own.as_ref())?)?.version(version))
    })
    .await
}

/// Write a review
///
/// A merge patch by its reviewer, until it is submitted: scores, recommendation, comment.
#[utoipa::path(
    tag = "applications",
    params(ReviewPath),
    request_body(content = ReviewPatch, content_type = "application/merge-patch+json", example = json!({ "scores": { "impact": 4 }, "recommendation": "fund" })),
    responses((status = 200, description = "Written", body = ReviewResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/reviews/{id}")]
pub async fn update_review(cx: Cx, path: web::Path<ReviewPath>, body: Body<ReviewPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Judgement| Ok(patch.apply(&present.into())?.into());
        let row = ops::update_review(conn, context, &path.id, change)?;
        reply(conn, context, row)
    })
    .await
}

/// Submit a review, or step back from it
///
/// `submitted` needs a score for every criterion; `recused` needs the conflict of interest as its reason.
#[utoipa::path(
    tag = "applications",
    params(ReviewPath),
    request_body = AskedMove,
    responses((status = 200, description = "Moved", body = ReviewResponse, headers(("ETag" = String)))),
)]
#[post("/v1/reviews/{id}/transitions")]
pub async fn transition_review(cx: Cx, path: web::Path<ReviewPath>, body: Body<AskedMove>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let row = ops::transition_review(conn, context, &path.id, request.into())?;
        reply(conn, context, row)
    })
    .await
}
