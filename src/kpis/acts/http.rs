//! `/v1/recalculations` and `/v1/exclusions`: add, read and remove them. Each resource has its own words; what is
//! done with them is written once.

use super::ops;
use super::rules::{ActKind, Exclusion, Recalculation};
use super::store::{self, ListExclusions, ListRecalculations};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Reply, Routes};
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type RecalculationResponse = Stored<Recalculation>;
type ExclusionResponse = Stored<Exclusion>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_recalculations)
        .service(create_recalculation)
        .service(get_recalculation)
        .service(delete_recalculation)
        .service(list_exclusions)
        .service(create_exclusion)
        .service(get_exclusion)
        .service(delete_exclusion);
}

/// List recalculations
///
/// Lists those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListRecalculations), responses((status = 200, description = "A page of recalculations", body = Listing<RecalculationResponse>)))]
#[get("/v1/recalculations")]
pub async fn list_recalculations(cx: Cx, asked: Asked<ListRecalculations>) -> Result<Listed<RecalculationResponse>> {
    cx.list_with(asked, store::recalculations, |conn, _, rows| store::named(conn, rows)).await
}

/// Recalculate the mean and limits of a series
///
/// From this period on the series has a new mean and limits, and no rule looks back past it.
/// A recalculation at the first point sets the baseline of the first part. A recalculation with a breakdown applies to
/// that member's series only, and one without a breakdown to the total.
#[utoipa::path(tag = "spc", request_body = Recalculation, responses((status = 201, description = "Recorded", body = RecalculationResponse)))]
#[post("/v1/recalculations")]
pub async fn create_recalculation(cx: Cx, body: Body<Recalculation>) -> Result<Created<RecalculationResponse>> {
    cx.create(body, ops::create_act::<Recalculation>).await
}

/// Get a recalculation
///
/// Returns a recalculation in force: its series, first period, author and reason.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 200, description = "The recalculation", body = RecalculationResponse)))]
#[get("/v1/recalculations/{id}")]
pub async fn get_recalculation(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<RecalculationResponse>> {
    cx.show_whole(move |conn, context| ops::get_act::<Recalculation>(conn, context, &path.id)).await
}

/// Remove a recalculation
///
/// The series no longer has new limits from that period on. The audit trail keeps a record of the recalculation.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 204, description = "Removed")))]
#[delete("/v1/recalculations/{id}")]
pub async fn delete_recalculation(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_act(conn, context, ActKind::Recalculation, &path.id)).await
}

/// List exclusions
///
/// Lists those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListExclusions), responses((status = 200, description = "A page of exclusions", body = Listing<ExclusionResponse>)))]
#[get("/v1/exclusions")]
pub async fn list_exclusions(cx: Cx, asked: Asked<ListExclusions>) -> Result<Listed<ExclusionResponse>> {
    cx.list_with(asked, store::exclusions, |conn, _, rows| store::named(conn, rows)).await
}

/// Exclude a point from the calculations of its series
///
/// The point is still shown, and its neighbours count as consecutive. An exclusion with a breakdown applies to that
/// member's series only, and one without a breakdown to the total.
#[utoipa::path(tag = "spc", request_body = Exclusion, responses((status = 201, description = "Recorded", body = ExclusionResponse)))]
#[post("/v1/exclusions")]
pub async fn create_exclusion(cx: Cx, body: Body<Exclusion>) -> Result<Created<ExclusionResponse>> {
    cx.create(body, ops::create_act::<Exclusion>).await
}

/// Get an exclusion
///
/// Returns an exclusion in force: its series, period, author and reason.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 200, description = "The exclusion", body = ExclusionResponse)))]
#[get("/v1/exclusions/{id}")]
pub async fn get_exclusion(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ExclusionResponse>> {
    cx.show_whole(move |conn, context| ops::get_act::<Exclusion>(conn, context, &path.id)).await
}

/// Remove an exclusion
///
/// The point counts again in the calculations of its series. The audit trail keeps a record of the exclusion.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 204, description = "Removed")))]
#[delete("/v1/exclusions/{id}")]
pub async fn delete_exclusion(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_act(conn, context, ActKind::Exclusion, &path.id)).await
}
