//! `/v1/mentorships`.

use super::ops;
use super::rules::Mentorship;
use super::store::{self, ListMentorships};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type MentorshipResponse = Stored<Mentorship>;
type MentorshipPatch = Patch<Mentorship>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_mentorships).service(create_mentorship).service(get_mentorship).service(update_mentorship);
}

/// List mentorships
///
/// Lists the mentorships of every programme, earliest first by default.
#[utoipa::path(tag = "people", params(ListMentorships), responses((status = 200, description = "A page of mentorships", body = Listing<MentorshipResponse>)))]
#[get("/v1/mentorships")]
pub async fn list_mentorships(cx: Cx, asked: Asked<ListMentorships>) -> Result<Listed<MentorshipResponse>> {
    cx.list(asked, store::list).await
}

/// Begin a mentorship
///
/// Records that a person supports a fellowship, in what, and from which day.
#[utoipa::path(tag = "people", request_body = Mentorship, responses((status = 201, description = "Begun", body = MentorshipResponse)))]
#[post("/v1/mentorships")]
pub async fn create_mentorship(cx: Cx, body: Body<Mentorship>) -> Result<Created<MentorshipResponse>> {
    cx.create(body, ops::create_mentorship).await
}

/// Get a mentorship
///
/// Returns the mentor, what the support is about, and its dates.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The mentorship", body = MentorshipResponse)))]
#[get("/v1/mentorships/{id}")]
pub async fn get_mentorship(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<MentorshipResponse>> {
    cx.show(move |conn, _| ops::get_mentorship(conn, &path.id)).await
}

/// Change a mentorship
///
/// Takes a merge patch of `focus` and of `to`, which ends the mentorship.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = MentorshipPatch, example = json!({ "to": "2016-07-01" })), responses((status = 200, description = "Changed", body = MentorshipResponse)))]
#[patch("/v1/mentorships/{id}")]
pub async fn update_mentorship(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<MentorshipPatch>,
) -> Result<Answer<MentorshipResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_mentorship(conn, context, &path.id, &patch)).await
}
