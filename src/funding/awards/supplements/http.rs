//! `/v1/awards/{id}/supplements`.

use super::ops;
use super::rules::Supplement;
use super::store::{self, ListAwardSupplements};
use crate::error::Result;
use crate::funding::awards::ops::get_award;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Routes};
use crate::path;
use crate::record::Stored;
use crate::transitions::rules::AskedMove;
use actix_web::{get, post, web};

type AwardSupplementResponse = Stored<Supplement>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_award_supplements)
        .service(create_award_supplement)
        .service(get_award_supplement)
        .service(transition_award_supplement);
}

path! { AwardSupplementPath, id: uuid "The award's id", supplement: uuid "The supplement's id" }

/// List the supplements of an award
///
/// Lists them in the order in which they were proposed.
#[utoipa::path(tag = "funding", params(IdPath, ListAwardSupplements), responses((status = 200, description = "A page of supplements", body = Listing<AwardSupplementResponse>)))]
#[get("/v1/awards/{id}/supplements")]
pub async fn list_award_supplements(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAwardSupplements>,
) -> Result<Listed<AwardSupplementResponse>> {
    let award = path.id.clone();
    cx.list_with(
        asked,
        move |conn, context, asked| store::list(conn, context, &path.id, asked),
        move |conn, context, rows| {
            let currency = get_award(conn, context, &award)?.row.currency;
            rows.into_iter().map(|row| row.stored(&currency)).collect()
        },
    )
    .await
}

/// Propose a supplement of an award
///
/// Proposes more money for an award that is approved, active or suspended. Somebody else approves it by a move.
#[utoipa::path(tag = "funding", params(IdPath), request_body = Supplement, responses((status = 201, description = "Proposed", body = AwardSupplementResponse)))]
#[post("/v1/awards/{id}/supplements")]
pub async fn create_award_supplement(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Supplement>,
) -> Result<Created<AwardSupplementResponse>> {
    cx.create_money(body, move |conn, context, new| ops::create_award_supplement(conn, context, &path.id, new)).await
}

/// Get a supplement of an award
///
/// Returns the supplement, who proposed it, and how it was decided.
#[utoipa::path(tag = "funding", params(AwardSupplementPath), responses((status = 200, description = "The supplement", body = AwardSupplementResponse)))]
#[get("/v1/awards/{id}/supplements/{supplement}")]
pub async fn get_award_supplement(
    cx: Cx,
    path: web::Path<AwardSupplementPath>,
) -> Result<Answer<AwardSupplementResponse>> {
    cx.show(move |conn, context| ops::get_award_supplement(conn, context, &path.id, &path.supplement)).await
}

/// Approve or reject a supplement of an award
///
/// Moves to `approved` or, with a reason, to `rejected`. An approval raises the amount and the profile of the award, and commits
/// the money in the fund's years. Nobody approves a supplement that they proposed or would receive, or one of an award that they
/// pay out.
#[utoipa::path(tag = "funding", params(AwardSupplementPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = AwardSupplementResponse)))]
#[post("/v1/awards/{id}/supplements/{supplement}/transitions")]
pub async fn transition_award_supplement(
    cx: Cx,
    path: web::Path<AwardSupplementPath>,
    body: Body<AskedMove>,
) -> Result<Answer<AwardSupplementResponse>> {
    cx.change_money(body, move |conn, context, asked| {
        ops::transition_award_supplement(conn, context, &path.id, &path.supplement, asked)
    })
    .await
}
