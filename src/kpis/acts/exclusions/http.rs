//! `/v1/exclusions`.

use super::ops;
use super::rules::Exclusion;
use super::store::{self, ListExclusions};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Reply, Routes};
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type ExclusionResponse = Stored<Exclusion>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_exclusions).service(create_exclusion).service(get_exclusion).service(delete_exclusion);
}

/// List exclusions
///
/// Lists those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListExclusions), responses((status = 200, description = "A page of exclusions", body = Listing<ExclusionResponse>)))]
#[get("/v1/exclusions")]
pub async fn list_exclusions(cx: Cx, asked: Asked<ListExclusions>) -> Result<Listed<ExclusionResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Exclude a point from the calculations of its series
///
/// The point is still shown, and its neighbours count as consecutive. An exclusion with a breakdown applies to that
/// member's series only, and one without a breakdown to the total.
#[utoipa::path(tag = "spc", request_body = Exclusion, responses((status = 201, description = "Recorded", body = ExclusionResponse)))]
#[post("/v1/exclusions")]
pub async fn create_exclusion(cx: Cx, body: Body<Exclusion>) -> Result<Created<ExclusionResponse>> {
    cx.create(body, ops::create_exclusion).await
}

/// Get an exclusion
///
/// Returns an exclusion in force: its series, period, author and reason.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 200, description = "The exclusion", body = ExclusionResponse)))]
#[get("/v1/exclusions/{id}")]
pub async fn get_exclusion(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ExclusionResponse>> {
    cx.show_whole(move |conn, context| ops::get_exclusion(conn, context, &path.id)).await
}

/// Remove an exclusion
///
/// The point counts again in the calculations of its series. The audit trail keeps a record of the exclusion.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 204, description = "Removed")))]
#[delete("/v1/exclusions/{id}")]
pub async fn delete_exclusion(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_exclusion(conn, context, &path.id)).await
}
