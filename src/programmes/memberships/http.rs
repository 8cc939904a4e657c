//! `/v1/innovations/{slug}/programme-memberships`.

use super::ops;
use super::rules::Membership;
use super::store::{self, ListProgrammeMemberships};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::innovations::http::InnovationPath;
use crate::innovations::ops::get_innovation;
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type ProgrammeMembershipResponse = Stored<Membership>;
type ProgrammeMembershipPatch = Patch<Membership>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_programme_memberships)
        .service(create_programme_membership)
        .service(get_programme_membership)
        .service(update_programme_membership);
}

path! { MembershipPath, slug: innovation "The innovation's slug", id: uuid "The membership's id" }

/// List the programmes of an innovation
///
/// Lists the innovation's memberships, past, present and future, earliest first by default.
#[utoipa::path(tag = "programmes", params(InnovationPath, ListProgrammeMemberships), responses((status = 200, description = "A page of memberships", body = Listing<ProgrammeMembershipResponse>)))]
#[get("/v1/innovations/{slug}/programme-memberships")]
pub async fn list_programme_memberships(
    cx: Cx,
    path: web::Path<InnovationPath>,
    asked: Asked<ListProgrammeMemberships>,
) -> Result<Listed<ProgrammeMembershipResponse>> {
    cx.list(asked, move |conn, _, _: &ListProgrammeMemberships| {
        Ok(store::list(get_innovation(conn, &path.slug)?.row.id))
    })
    .await
}

/// Make an innovation a member of a programme
///
/// Only the programme's managers can add a membership. Memberships of an innovation in one programme cannot overlap.
#[utoipa::path(tag = "programmes", params(InnovationPath), request_body = Membership, responses((status = 201, description = "Begun", body = ProgrammeMembershipResponse)))]
#[post("/v1/innovations/{slug}/programme-memberships")]
pub async fn create_programme_membership(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<Membership>,
) -> Result<Created<ProgrammeMembershipResponse>> {
    cx.create(body, move |conn, context, new| ops::create_programme_membership(conn, context, &path.slug, new)).await
}

/// Get a membership of an innovation
///
/// Returns the membership with its programme and dates.
#[utoipa::path(tag = "programmes", params(MembershipPath), responses((status = 200, description = "The membership", body = ProgrammeMembershipResponse)))]
#[get("/v1/innovations/{slug}/programme-memberships/{id}")]
pub async fn get_programme_membership(
    cx: Cx,
    path: web::Path<MembershipPath>,
) -> Result<Answer<ProgrammeMembershipResponse>> {
    cx.show(move |conn, _| ops::get_programme_membership(conn, &path.slug, &path.id)).await
}

/// Change the dates of a membership
///
/// Takes a merge patch. Setting `to` ends the membership.
#[utoipa::path(tag = "programmes", params(MembershipPath), request_body(content = ProgrammeMembershipPatch, example = json!({ "to": "2020-04-01" })), responses((status = 200, description = "Changed", body = ProgrammeMembershipResponse)))]
#[patch("/v1/innovations/{slug}/programme-memberships/{id}")]
pub async fn update_programme_membership(
    cx: Cx,
    path: web::Path<MembershipPath>,
    body: Body<ProgrammeMembershipPatch>,
) -> Result<Answer<ProgrammeMembershipResponse>> {
    let MembershipPath { slug, id } = path.into_inner();
    cx.change(body, move |conn, context, patch| ops::update_programme_membership(conn, context, &slug, &id, &patch))
        .await
}
