//! `/v1/benefits`.

use super::ops;
use super::rules::Benefit;
use super::store::{self, ListBenefits};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type BenefitResponse = Stored<Benefit>;
type BenefitPatch = Patch<Benefit>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_benefits)
        .service(create_benefit)
        .service(get_benefit)
        .service(update_benefit)
        .service(delete_benefit);
}

/// List benefits
///
/// Lists what innovations achieved, as claimed and as confirmed, earliest first by default.
#[utoipa::path(tag = "benefits", params(ListBenefits), responses((status = 200, description = "A page of benefits", body = Listing<BenefitResponse>)))]
#[get("/v1/benefits")]
pub async fn list_benefits(cx: Cx, asked: Asked<ListBenefits>) -> Result<Listed<BenefitResponse>> {
    cx.list(asked, store::list).await
}

/// Claim a benefit
///
/// Give the unit, method and population, and how certain the figure is. Somebody else confirms the figure that was achieved.
#[utoipa::path(tag = "benefits", request_body = Benefit, responses((status = 201, description = "Claimed", body = BenefitResponse)))]
#[post("/v1/benefits")]
pub async fn create_benefit(cx: Cx, body: Body<Benefit>) -> Result<Created<BenefitResponse>> {
    cx.create(body, ops::create_benefit).await
}

/// Get a benefit
///
/// Returns the figure that was claimed and the figure that was confirmed.
#[utoipa::path(tag = "benefits", params(IdPath), responses((status = 200, description = "The benefit", body = BenefitResponse)))]
#[get("/v1/benefits/{id}")]
pub async fn get_benefit(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<BenefitResponse>> {
    cx.show(move |conn, context| ops::get_benefit(conn, context, &path.id)).await
}

/// Change a benefit
///
/// Takes a merge patch. Only somebody other than the person who made the claim can set `realised`.
#[utoipa::path(tag = "benefits", params(IdPath), request_body(content = BenefitPatch, example = json!({ "realised": 90000 })), responses((status = 200, description = "Changed", body = BenefitResponse)))]
#[patch("/v1/benefits/{id}")]
pub async fn update_benefit(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<BenefitPatch>,
) -> Result<Answer<BenefitResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_benefit(conn, context, &path.id, &patch)).await
}

/// Archive a benefit
///
/// Removes it from every list and report. The audit trail keeps it.
#[utoipa::path(tag = "benefits", params(IdPath), responses((status = 204, description = "Archived")))]
#[delete("/v1/benefits/{id}")]
pub async fn delete_benefit(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_benefit(conn, context, &path.id)).await
}
