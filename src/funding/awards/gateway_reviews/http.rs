//! `/v1/awards/{id}/gateway-reviews`.

use super::ops;
use super::rules::{Advice, AskedReviewMove, GatewayReview};
use super::store::{self, ListGatewayReviews};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type GatewayReviewResponse = Stored<GatewayReview>;
type GatewayReviewPatch = Patch<GatewayReview>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_gateway_reviews)
        .service(create_gateway_review)
        .service(get_gateway_review)
        .service(update_gateway_review)
        .service(recommend_gateway_review)
        .service(transition_gateway_review);
}

path! { GatewayReviewPath, id: uuid "The award's id", review: uuid "The review's id" }

/// List the gateway reviews of an award
///
/// Lists the reviews by due date. `overdue` marks those that should have been decided by now.
#[utoipa::path(tag = "funding", params(IdPath, ListGatewayReviews), responses((status = 200, description = "A page of reviews", body = Listing<GatewayReviewResponse>)))]
#[get("/v1/awards/{id}/gateway-reviews")]
pub async fn list_gateway_reviews(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListGatewayReviews>,
) -> Result<Listed<GatewayReviewResponse>> {
    cx.list_with(
        asked,
        move |conn, context, _| store::list(conn, context, &path.id),
        |_, context, rows| rows.into_iter().map(|row| row.stored(context.today())).collect(),
    )
    .await
}

/// Schedule a gateway review of an award
///
/// Give a title and the day it is due.
#[utoipa::path(tag = "funding", params(IdPath), request_body = GatewayReview, responses((status = 201, description = "Scheduled", body = GatewayReviewResponse)))]
#[post("/v1/awards/{id}/gateway-reviews")]
pub async fn create_gateway_review(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<GatewayReview>,
) -> Result<Created<GatewayReviewResponse>> {
    cx.create_money(body, move |conn, context, new| ops::create_gateway_review(conn, context, &path.id, new)).await
}

/// Get a gateway review of an award
///
/// Returns the review with its recommendations and its decision.
#[utoipa::path(tag = "funding", params(GatewayReviewPath), responses((status = 200, description = "The review", body = GatewayReviewResponse)))]
#[get("/v1/awards/{id}/gateway-reviews/{review}")]
pub async fn get_gateway_review(cx: Cx, path: web::Path<GatewayReviewPath>) -> Result<Answer<GatewayReviewResponse>> {
    cx.show(move |conn, context| ops::get_gateway_review(conn, context, &path.id, &path.review)).await
}

/// Change a gateway review of an award
///
/// Takes a merge patch of the title and due date. A review can change until it is decided.
#[utoipa::path(tag = "funding", params(GatewayReviewPath), request_body(content = GatewayReviewPatch, example = json!({ "dueOn": "2016-02-29" })), responses((status = 200, description = "Changed", body = GatewayReviewResponse)))]
#[patch("/v1/awards/{id}/gateway-reviews/{review}")]
pub async fn update_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<GatewayReviewPatch>,
) -> Result<Answer<GatewayReviewResponse>> {
    cx.change_money(body, move |conn, context, patch| {
        ops::update_gateway_review(conn, context, &path.id, &path.review, &patch)
    })
    .await
}

/// Recommend a decision of a gateway review
///
/// Programme managers and evaluators recommend while the review is in progress. A second recommendation replaces the first.
#[utoipa::path(tag = "funding", params(GatewayReviewPath), request_body = Advice, responses((status = 200, description = "Recommended", body = GatewayReviewResponse)))]
#[post("/v1/awards/{id}/gateway-reviews/{review}/recommendations")]
pub async fn recommend_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<Advice>,
) -> Result<Answer<GatewayReviewResponse>> {
    cx.change_money(body, move |conn, context, advice| {
        ops::recommend_gateway_review(conn, context, &path.id, &path.review, advice)
    })
    .await
}

/// Move a gateway review
///
/// Moves to `in-progress`, then to `decided` by a national administrator. `pause` suspends the award, conditions become
/// milestones, and `stop` allows its termination.
#[utoipa::path(tag = "funding", params(GatewayReviewPath), request_body = AskedReviewMove, responses((status = 200, description = "Moved", body = GatewayReviewResponse)))]
#[post("/v1/awards/{id}/gateway-reviews/{review}/transitions")]
pub async fn transition_gateway_review(
    cx: Cx,
    path: web::Path<GatewayReviewPath>,
    body: Body<AskedReviewMove>,
) -> Result<Answer<GatewayReviewResponse>> {
    cx.change_money(body, move |conn, context, asked| {
        ops::transition_gateway_review(conn, context, &path.id, &path.review, asked)
    })
    .await
}
