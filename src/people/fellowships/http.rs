//! `/v1/fellowships`.

use super::ops;
use super::rules::Fellowship;
use super::store::{self, ListFellowships};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::path;
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::{AskedMove, CorrectedDay};
use crate::transitions::store::ListTransitions;
use actix_web::{delete, get, patch, post, web};

type FellowshipResponse = Stored<Fellowship>;
type FellowshipPatch = Patch<Fellowship>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_fellowships)
        .service(create_fellowship)
        .service(get_fellowship)
        .service(update_fellowship)
        .service(transition_fellowship)
        .service(list_fellowship_transitions)
        .service(update_fellowship_transition)
        .service(delete_fellowship_transition)
        .service(transition_fellowship_innovation)
        .service(list_fellowship_innovation_transitions);
}

/// List fellowships
///
/// Lists the fellowships of every programme, earliest first by default.
#[utoipa::path(tag = "people", params(ListFellowships), responses((status = 200, description = "A page of fellowships", body = Listing<FellowshipResponse>)))]
#[get("/v1/fellowships")]
pub async fn list_fellowships(cx: Cx, asked: Asked<ListFellowships>) -> Result<Listed<FellowshipResponse>> {
    cx.list_with(asked, store::list, store::whole).await
}

/// Plan a fellowship
///
/// Gives a fellow a place in a cohort, with the innovations that the fellow works on. It is proposed to a fellow whom you do
/// not keep, and counts once the fellow moves it to `planned`; so is each innovation that you do not keep.
#[utoipa::path(tag = "people", request_body = Fellowship, responses((status = 201, description = "Planned", body = FellowshipResponse)))]
#[post("/v1/fellowships")]
pub async fn create_fellowship(cx: Cx, body: Body<Fellowship>) -> Result<Created<FellowshipResponse>> {
    cx.create(body, |conn, context, new| ops::create_fellowship(conn, context, &new)).await
}

/// Get a fellowship
///
/// Returns the fellowship with its innovations, host and share of full time.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The fellowship", body = FellowshipResponse)))]
#[get("/v1/fellowships/{id}")]
pub async fn get_fellowship(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<FellowshipResponse>> {
    cx.show_whole(move |conn, context| ops::get_fellowship(conn, context, &path.id)).await
}

/// Change a fellowship
///
/// Takes a merge patch. The fellow and the programme cannot change, and the state changes by transitions.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = FellowshipPatch, example = json!({ "to": "2016-07-01" })), responses((status = 200, description = "Changed", body = FellowshipResponse)))]
#[patch("/v1/fellowships/{id}")]
pub async fn update_fellowship(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<FellowshipPatch>,
) -> Result<Answer<FellowshipResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_fellowship(conn, context, &path.id, &patch)).await
}

/// Move a fellowship
///
/// Moves from `planned` to `active`, then to `completed`. An active fellowship may pause. A withdrawal needs a reason. A
/// proposed one is moved to `planned` by its fellow alone, or to `declined`, from where the programme may propose it once
/// more. The fellow may withdraw, too.
#[utoipa::path(tag = "people", params(IdPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = FellowshipResponse)))]
#[post("/v1/fellowships/{id}/transitions")]
pub async fn transition_fellowship(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<FellowshipResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_fellowship(conn, context, &path.id, asked)).await
}

/// List the moves of a fellowship
///
/// Every change of its state, oldest first by default.
#[utoipa::path(tag = "people", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/fellowships/{id}/transitions")]
pub async fn list_fellowship_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        Ok(transitions::store::history(ops::RESOURCE, ops::get_fellowship(conn, context, &path.id)?.added.id))
    })
    .await
}

path! { FellowshipMovePath, id: uuid "The fellowship's id", transition: uuid "The id of the move" }

/// Correct the day of a move of a fellowship
///
/// Corrects the day on which a fellowship began, paused, went on or ended, with a reason, which the trail keeps with the day that was
/// wrong. It lies between the days of the moves before and after. Send the fellowship's version in `If-Match`.
#[utoipa::path(tag = "people", params(FellowshipMovePath), request_body = CorrectedDay, responses((status = 200, description = "Corrected", body = FellowshipResponse)))]
#[patch("/v1/fellowships/{id}/transitions/{transition}")]
pub async fn update_fellowship_transition(
    cx: Cx,
    path: web::Path<FellowshipMovePath>,
    body: Body<CorrectedDay>,
) -> Result<Answer<FellowshipResponse>> {
    let FellowshipMovePath { id, transition } = path.into_inner();
    cx.change(body, move |conn, context, corrected| {
        ops::update_fellowship_transition(conn, context, (&id, &transition), &corrected)
    })
    .await
}

/// Withdraw the last move of a fellowship
///
/// Withdraws a move that was not made, with a reason: the fellowship has the state before it again. The trail keeps the move. Send the
/// fellowship's version in `If-Match`.
#[utoipa::path(tag = "people", params(FellowshipMovePath, Wrong), responses((status = 204, description = "Withdrawn")))]
#[delete("/v1/fellowships/{id}/transitions/{transition}")]
pub async fn delete_fellowship_transition(
    cx: Cx,
    path: web::Path<FellowshipMovePath>,
    wrong: Query<Wrong>,
) -> Result<Reply> {
    let FellowshipMovePath { id, transition } = path.into_inner();
    cx.remove(move |conn, context| ops::delete_fellowship_transition(conn, context, (&id, &transition), wrong.0)).await
}

path! { FellowshipInnovationPath, id: uuid "The fellowship's id", slug: innovation "The innovation's slug" }

/// Agree that a fellow works on an innovation
///
/// Moves an innovation of a fellowship from `proposed` to `agreed`, which only those who keep the innovation can do, or to
/// `declined`, and from `agreed` to `ended`. `If-Match` names the version of the fellowship.
#[utoipa::path(tag = "people", params(FellowshipInnovationPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = FellowshipResponse)))]
#[post("/v1/fellowships/{id}/innovations/{slug}/transitions")]
pub async fn transition_fellowship_innovation(
    cx: Cx,
    path: web::Path<FellowshipInnovationPath>,
    body: Body<AskedMove>,
) -> Result<Answer<FellowshipResponse>> {
    let FellowshipInnovationPath { id, slug } = path.into_inner();
    cx.change(body, move |conn, context, asked| {
        ops::transition_fellowship_innovation(conn, context, (&id, &slug), asked)
    })
    .await
}

/// List the moves of an innovation of a fellowship
///
/// Lists who agreed to it, declined or ended it, oldest first by default.
#[utoipa::path(tag = "people", params(FellowshipInnovationPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/fellowships/{id}/innovations/{slug}/transitions")]
pub async fn list_fellowship_innovation_transitions(
    cx: Cx,
    path: web::Path<FellowshipInnovationPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        Ok(transitions::store::history(ops::LINK, ops::get_link(conn, context, &path.id, &path.slug)?))
    })
    .await
}
