//! `/v1/applications/{id}/reviews`, `/v1/reviews/{id}`.

use super::ops;
use super::rules::{Judgement, NewReview, Recommendation, ReviewState, Scores};
use super::store::{self, ListReviews, ReviewRow};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Record;
use crate::transitions::rules::AskedMove;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

type ReviewPatch = Patch<Judgement>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_reviews)
        .service(create_review)
        .service(get_review)
        .service(update_review)
        .service(transition_review);
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
    /// The conflict of interest for which the reviewer stepped back.
    #[schema(max_length = 2000)]
    conflict: Option<String>,
    /// Left out, like the next three properties, for a reviewer who has yet to submit their own review.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, i32>>, nullable = false)]
    scores: Option<Scores>,
    /// The weighted share of the highest score, from 0 to 1. Left out until the review is submitted.
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

/// Turns millionths into a share.
pub fn share(ppm: i64) -> f64 {
    ppm as f64 / 1_000_000.0
}

impl Record for ReviewResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

impl ReviewResponse {
    fn of(row: ReviewRow, subject: &str, own: Option<&ReviewRow>) -> Self {
        let open = row.is_open_to(subject, own);
        Self {
            id: row.id,
            application: row.application_id,
            reviewer: row.reviewer,
            state: row.state,
            conflict: row.conflict,
            scores: open.then_some(row.scores.value),
            score: row.score_ppm.filter(|_| open).map(share),
            recommendation: row.recommendation.filter(|_| open),
            comment: row.comment.filter(|_| open),
            submitted_at: row.submitted_at.map(instant),
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }

    /// One review, with what the caller's own review of the application lets them see.
    fn alone(row: ReviewRow, conn: &mut Conn, context: &Context) -> Result<Self> {
        let subject = &context.actor.subject;
        let own = store::find_of(conn, row.application_id, subject)?;
        Ok(Self::of(row, subject, own.as_ref()))
    }

    /// Reviews of one application.
    fn all(rows: Vec<ReviewRow>, conn: &mut Conn, context: &Context) -> Result<Vec<Self>> {
        let (application, subject) = (rows.first().map(|row| row.application_id), &context.actor.subject);
        let own = application.map(|application| store::find_of(conn, application, subject)).transpose()?.flatten();
        Ok(rows.into_iter().map(|row| Self::of(row, subject, own.as_ref())).collect())
    }
}

/// List the reviews of an application
///
/// For the programme and its reviewers. A reviewer sees the scores of others only after submitting their own.
#[utoipa::path(tag = "applications", params(IdPath, ListReviews), responses((status = 200, description = "A page of reviews", body = Listing<ReviewResponse>)))]
#[get("/v1/applications/{id}/reviews")]
pub async fn list_reviews(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListReviews>,
) -> Result<Listed<ReviewResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, _: &ListReviews| {
        Ok(store::list(ops::reviewed(conn, context, &path.id)?.id))
    };
    cx.list_with(asked, rows, |conn, context, rows| ReviewResponse::all(rows, conn, context)).await
}

/// Ask a reviewer to score an application
///
/// The programme asks a reviewer while the application is under review. The applicant cannot be asked.
#[utoipa::path(tag = "applications", params(IdPath), request_body = NewReview, responses((status = 201, description = "Asked", body = ReviewResponse)))]
#[post("/v1/applications/{id}/reviews")]
pub async fn create_review(cx: Cx, path: web::Path<IdPath>, body: Body<NewReview>) -> Result<Created<ReviewResponse>> {
    cx.create_at("/v1/reviews", body, move |conn, context, new| {
        ReviewResponse::alone(ops::create_review(conn, context, &path.id, new)?, conn, context)
    })
    .await
}

/// Get a review
///
/// Returns the review. The scores are left out while you have yet to submit your own review of the application.
#[utoipa::path(tag = "applications", params(IdPath), responses((status = 200, description = "The review", body = ReviewResponse)))]
#[get("/v1/reviews/{id}")]
pub async fn get_review(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ReviewResponse>> {
    cx.show_whole(move |conn, context| {
        ReviewResponse::alone(ops::get_review(conn, context, &path.id)?.0, conn, context)
    })
    .await
}

/// Write a review
///
/// Takes a merge patch of scores, recommendation and comment. Only the reviewer can change a review, until it is
/// submitted.
#[utoipa::path(tag = "applications", params(IdPath), request_body(content = ReviewPatch, example = json!({ "scores": { "impact": 4 }, "recommendation": "fund" })), responses((status = 200, description = "Written", body = ReviewResponse)))]
#[patch("/v1/reviews/{id}")]
pub async fn update_review(cx: Cx, path: web::Path<IdPath>, body: Body<ReviewPatch>) -> Result<Answer<ReviewResponse>> {
    cx.change(body, move |conn, context, patch| {
        ReviewResponse::alone(ops::update_review(conn, context, &path.id, &patch)?, conn, context)
    })
    .await
}

/// Submit a review, or step back from it
///
/// `submitted` needs a score for every criterion; `recused` needs the conflict of interest as its reason.
#[utoipa::path(tag = "applications", params(IdPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = ReviewResponse)))]
#[post("/v1/reviews/{id}/transitions")]
pub async fn transition_review(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<ReviewResponse>> {
    cx.change(body, move |conn, context, asked| {
        ReviewResponse::alone(ops::transition_review(conn, context, &path.id, asked)?, conn, context)
    })
    .await
}
