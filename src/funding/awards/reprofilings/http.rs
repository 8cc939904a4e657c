//! `/v1/awards/{id}/reprofilings`.

use super::ops;
use super::rules::Reprofiling;
use super::store::{self, ListAwardReprofilings};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, post, web};

type AwardReprofilingResponse = Stored<Reprofiling>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_award_reprofilings).service(create_award_reprofiling).service(get_award_reprofiling);
}

path! { AwardReprofilingPath, id: uuid "The award's id", reprofiling: uuid "The reprofiling's id" }

/// List the reprofilings of an award
///
/// Lists them, oldest first by default.
#[utoipa::path(tag = "funding", params(IdPath, ListAwardReprofilings), responses((status = 200, description = "A page of reprofilings", body = Listing<AwardReprofilingResponse>)))]
#[get("/v1/awards/{id}/reprofilings")]
pub async fn list_award_reprofilings(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAwardReprofilings>,
) -> Result<Listed<AwardReprofilingResponse>> {
    cx.list_with(
        asked,
        move |conn, context, _| store::list(conn, context, &path.id),
        |_, _, rows| rows.into_iter().map(|row| row.stored()).collect(),
    )
    .await
}

/// Reprofile an award
///
/// Moves what an award commits between financial years. Its amount stays. Refused with the first year to whose end the fund
/// would have committed too much. Whoever approved the award, or a supplement of it, cannot do this.
#[utoipa::path(tag = "funding", params(IdPath), request_body = Reprofiling, responses((status = 201, description = "Reprofiled", body = AwardReprofilingResponse)))]
#[post("/v1/awards/{id}/reprofilings")]
pub async fn create_award_reprofiling(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Reprofiling>,
) -> Result<Created<AwardReprofilingResponse>> {
    cx.create_money(body, move |conn, context, new| ops::create_award_reprofiling(conn, context, &path.id, new)).await
}

/// Get a reprofiling of an award
///
/// Returns the profile before and after, who moved it, and why.
#[utoipa::path(tag = "funding", params(AwardReprofilingPath), responses((status = 200, description = "The reprofiling", body = AwardReprofilingResponse)))]
#[get("/v1/awards/{id}/reprofilings/{reprofiling}")]
pub async fn get_award_reprofiling(
    cx: Cx,
    path: web::Path<AwardReprofilingPath>,
) -> Result<Answer<AwardReprofilingResponse>> {
    cx.show(move |conn, context| ops::get_award_reprofiling(conn, context, &path.id, &path.reprofiling)).await
}
