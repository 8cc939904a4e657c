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
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::{ListTransitions, history};
use actix_web::{get, patch, post, web};

type ProgrammeMembershipResponse = Stored<Membership>;
type ProgrammeMembershipPatch = Patch<Membership>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_programme_memberships)
        .service(create_programme_membership)
        .service(get_programme_membership)
        .service(update_programme_membership)
        .service(transition_programme_membership)
        .service(list_programme_membership_transitions);
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
    cx.list(asked, move |conn, context, asked| {
        Ok(store::list(context, &get_innovation(conn, context, &path.slug)?.row, asked))
    })
    .await
}

/// Make an innovation a member of a programme
///
/// The programme's managers propose it, or those who keep the innovation; the other end agrees by a transition, and until
/// then it counts nowhere. Whoever keeps both ends agrees to it at once. Memberships of an innovation in one programme
/// cannot overlap.
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
    cx.show(move |conn, context| ops::get_programme_membership(conn, context, &path.slug, &path.id)).await
}

/// Change the dates of a membership
///
/// Takes a merge patch. Setting `to` ends the membership. What both ends agreed to is extended by both of them alone.
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

/// Agree to a membership, decline or end it
///
/// Moves from `proposed` to `agreed`, which only the end that was asked can do, or to `declined`, from where the
/// end that proposed it may propose it once more, and from `agreed` to `ended`. A membership that ended still counts for the days before.
#[utoipa::path(tag = "programmes", params(MembershipPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = ProgrammeMembershipResponse)))]
#[post("/v1/innovations/{slug}/programme-memberships/{id}/transitions")]
pub async fn transition_programme_membership(
    cx: Cx,
    path: web::Path<MembershipPath>,
    body: Body<AskedMove>,
) -> Result<Answer<ProgrammeMembershipResponse>> {
    let MembershipPath { slug, id } = path.into_inner();
    cx.change(body, move |conn, context, asked| ops::transition_programme_membership(conn, context, &slug, &id, asked))
        .await
}

/// List the moves of a membership
///
/// Lists who agreed to it, declined or ended it, oldest first by default.
#[utoipa::path(tag = "programmes", params(MembershipPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/innovations/{slug}/programme-memberships/{id}/transitions")]
pub async fn list_programme_membership_transitions(
    cx: Cx,
    path: web::Path<MembershipPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_programme_membership(conn, context, &path.slug, &path.id)?;
        Ok(history(ops::RESOURCE, found.row.id))
    })
    .await
}
