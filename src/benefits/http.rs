//! `/v1/benefits`.

use super::ops;
use super::rules::Benefit;
use super::store::{self, ListBenefits};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use actix_web::{delete, get, patch, post, web};
use serde::Deserialize;

type BenefitResponse = Stored<Benefit>;
type BenefitPatch = Patch<Benefit>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_benefits)
        .service(create_benefit)
        .service(get_benefit)
        .service(update_benefit)
        .service(delete_benefit)
        .service(transition_benefit_side)
        .service(list_benefit_side_transitions);
}

/// List benefits
///
/// Lists what innovations achieved, as claimed and as confirmed, earliest first by default.
#[utoipa::path(tag = "benefits", params(ListBenefits), responses((status = 200, description = "A page of benefits", body = Listing<BenefitResponse>)))]
#[get("/v1/benefits")]
pub async fn list_benefits(cx: Cx, asked: Asked<ListBenefits>) -> Result<Listed<BenefitResponse>> {
    cx.list_with(asked, store::list, ops::shown).await
}

/// Claim a benefit
///
/// Give the method and how certain the figure is; for patients who counted them, for savings the class. You claim from a side that you speak for: the programme, the
/// organisation or the innovation. Reports count the claim once every other side it names has accepted it. Somebody of another body
/// confirms what was achieved of it, year by year, with `/v1/benefits/{id}/realisations`.
#[utoipa::path(tag = "benefits", request_body = Benefit, responses((status = 201, description = "Claimed", body = BenefitResponse)))]
#[post("/v1/benefits")]
pub async fn create_benefit(cx: Cx, body: Body<Benefit>) -> Result<Created<BenefitResponse>> {
    cx.create(body, ops::create_benefit).await
}

/// Get a benefit
///
/// Returns the figure that was claimed, and what was achieved of it by year.
#[utoipa::path(tag = "benefits", params(IdPath), responses((status = 200, description = "The benefit", body = BenefitResponse)))]
#[get("/v1/benefits/{id}")]
pub async fn get_benefit(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<BenefitResponse>> {
    cx.show_whole(move |conn, context| ops::show_benefit(conn, context, &path.id)).await
}

/// Change a benefit
///
/// Takes a merge patch. The side that claimed it changes it, and the other sides are then asked once more. Once a figure that was achieved is
/// confirmed the claim stays as it is, and a new one can replace it.
#[utoipa::path(tag = "benefits", params(IdPath), request_body(content = BenefitPatch, example = json!({ "claimed": 90000 })), responses((status = 200, description = "Changed", body = BenefitResponse)))]
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
/// Removes it from every list and report. The audit trail keeps it, with the reason. Only a national administrator archives a confirmed one.
#[utoipa::path(tag = "benefits", params(IdPath, Wrong), responses((status = 204, description = "Archived")))]
#[delete("/v1/benefits/{id}")]
pub async fn delete_benefit(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_benefit(conn, context, &path.id, wrong.0)).await
}

/// A side of a benefit.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SidePath {
    /// The id of the benefit.
    #[param(format = Uuid, max_length = 36)]
    id: String,
    /// The side: innovation, programme or organisation.
    #[param(example = "programme", max_length = 20)]
    side: String,
}

/// Accept or refuse a claim for a side of it
///
/// `accepted`, or `refused` with a reason. Send the benefit's version in `If-Match`. The claim counts once every side has accepted it.
#[utoipa::path(tag = "benefits", params(SidePath), request_body = AskedMove, responses((status = 200, description = "The benefit", body = BenefitResponse)))]
#[post("/v1/benefits/{id}/sides/{side}/transitions")]
pub async fn transition_benefit_side(
    cx: Cx,
    path: web::Path<SidePath>,
    body: Body<AskedMove>,
) -> Result<Answer<BenefitResponse>> {
    cx.change(body, move |conn, context, asked| {
        ops::transition_benefit_side(conn, context, &path.id, &path.side, asked)
    })
    .await
}

/// List what a side said of a claim
///
/// Lists who accepted or refused the claim for this side, when and why.
#[utoipa::path(tag = "benefits", params(SidePath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/benefits/{id}/sides/{side}/transitions")]
pub async fn list_benefit_side_transitions(
    cx: Cx,
    path: web::Path<SidePath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _: &ListTransitions| {
        let (_, side) = ops::get_side(conn, context, &path.id, &path.side)?;
        Ok(transitions::store::history(ops::SIDE, side.id))
    })
    .await
}
