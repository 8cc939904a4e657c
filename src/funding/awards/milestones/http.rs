//! `/v1/awards/{id}/milestones`.

use super::ops;
use super::rules::Milestone;
use super::store::{self, ListMilestones};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type MilestoneResponse = Stored<Milestone>;
type MilestonePatch = Patch<Milestone>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_milestones).service(create_milestone).service(get_milestone).service(update_milestone);
}

path! { MilestonePath, id: uuid "The award's id", milestone: uuid "The milestone's id" }

/// List the milestones of an award
///
/// Lists the milestones by due date, including the conditions of gateway reviews.
#[utoipa::path(tag = "funding", params(IdPath, ListMilestones), responses((status = 200, description = "A page of milestones", body = Listing<MilestoneResponse>)))]
#[get("/v1/awards/{id}/milestones")]
pub async fn list_milestones(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListMilestones>,
) -> Result<Listed<MilestoneResponse>> {
    cx.list(asked, move |conn, context, asked| store::list(conn, context, &path.id, asked)).await
}

/// Add a milestone to an award
///
/// Give what is to be reached, and by when.
#[utoipa::path(tag = "funding", params(IdPath), request_body = Milestone, responses((status = 201, description = "Added", body = MilestoneResponse)))]
#[post("/v1/awards/{id}/milestones")]
pub async fn create_milestone(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Milestone>,
) -> Result<Created<MilestoneResponse>> {
    cx.create_money(body, move |conn, context, new| ops::create_milestone(conn, context, &path.id, new)).await
}

/// Get a milestone of an award
///
/// Returns the milestone, and whether and when it was met.
#[utoipa::path(tag = "funding", params(MilestonePath), responses((status = 200, description = "The milestone", body = MilestoneResponse)))]
#[get("/v1/awards/{id}/milestones/{milestone}")]
pub async fn get_milestone(cx: Cx, path: web::Path<MilestonePath>) -> Result<Answer<MilestoneResponse>> {
    cx.show(move |conn, context| ops::get_milestone(conn, context, &path.id, &path.milestone)).await
}

/// Change a milestone of an award
///
/// Takes a merge patch. `{"state": "met", "metOn": ...}` records that it was reached.
#[utoipa::path(tag = "funding", params(MilestonePath), request_body(content = MilestonePatch, example = json!({ "state": "met", "metOn": "2016-01-20" })), responses((status = 200, description = "Changed", body = MilestoneResponse)))]
#[patch("/v1/awards/{id}/milestones/{milestone}")]
pub async fn update_milestone(
    cx: Cx,
    path: web::Path<MilestonePath>,
    body: Body<MilestonePatch>,
) -> Result<Answer<MilestoneResponse>> {
    cx.change_money(body, move |conn, context, patch| {
        ops::update_milestone(conn, context, &path.id, &path.milestone, &patch)
    })
    .await
}
