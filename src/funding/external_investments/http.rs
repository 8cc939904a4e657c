//! `/v1/external-investments`.

use super::ops;
use super::rules::Investment;
use super::store::{self, ListExternalInvestments};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type ExternalInvestmentResponse = Stored<Investment>;
type ExternalInvestmentPatch = Patch<Investment>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_external_investments)
        .service(create_external_investment)
        .service(get_external_investment)
        .service(update_external_investment)
        .service(delete_external_investment);
}

/// List external investments
///
/// Lists the investments you may see, earliest first by default.
#[utoipa::path(tag = "funding", params(ListExternalInvestments), responses((status = 200, description = "A page of investments", body = Listing<ExternalInvestmentResponse>)))]
#[get("/v1/external-investments")]
pub async fn list_external_investments(
    cx: Cx,
    asked: Asked<ListExternalInvestments>,
) -> Result<Listed<ExternalInvestmentResponse>> {
    cx.list(asked, store::list).await
}

/// Record an external investment
///
/// Record an investment in an innovation, or raised by a fellow, and how certain the amount is.
#[utoipa::path(tag = "funding", request_body = Investment, responses((status = 201, description = "Recorded", body = ExternalInvestmentResponse)))]
#[post("/v1/external-investments")]
pub async fn create_external_investment(cx: Cx, body: Body<Investment>) -> Result<Created<ExternalInvestmentResponse>> {
    cx.create(body, ops::create_external_investment).await
}

/// Get an external investment
///
/// Returns who invested, when and how much.
#[utoipa::path(tag = "funding", params(IdPath), responses((status = 200, description = "The investment", body = ExternalInvestmentResponse)))]
#[get("/v1/external-investments/{id}")]
pub async fn get_external_investment(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ExternalInvestmentResponse>> {
    cx.show(move |conn, context| ops::get_external_investment(conn, context, &path.id)).await
}

/// Change an external investment
///
/// Takes a merge patch.
#[utoipa::path(tag = "funding", params(IdPath), request_body(content = ExternalInvestmentPatch, example = json!({ "qualifier": "exact" })), responses((status = 200, description = "Changed", body = ExternalInvestmentResponse)))]
#[patch("/v1/external-investments/{id}")]
pub async fn update_external_investment(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<ExternalInvestmentPatch>,
) -> Result<Answer<ExternalInvestmentResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_external_investment(conn, context, &path.id, &patch)).await
}

/// Archive an external investment
///
/// Removes it from every list and figure. The audit trail keeps it.
#[utoipa::path(tag = "funding", params(IdPath), responses((status = 204, description = "Archived")))]
#[delete("/v1/external-investments/{id}")]
pub async fn delete_external_investment(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_external_investment(conn, context, &path.id)).await
}
