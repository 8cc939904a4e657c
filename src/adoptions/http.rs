//! `/v1/adoptions`.

use super::ops;
use super::rules::Adoption;
use super::store::{self, ListAdoptions};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use actix_web::{get, patch, post, web};

type AdoptionResponse = Stored<Adoption>;
type AdoptionPatch = Patch<Adoption>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_adoptions)
        .service(create_adoption)
        .service(get_adoption)
        .service(update_adoption)
        .service(transition_adoption)
        .service(list_adoption_transitions);
}

/// List adoptions
///
/// Lists which organisations use which innovations, and the stage each has reached. With `usingOn`, lists those in use on that day.
#[utoipa::path(tag = "adoptions", params(ListAdoptions), responses((status = 200, description = "A page of adoptions", body = Listing<AdoptionResponse>)))]
#[get("/v1/adoptions")]
pub async fn list_adoptions(cx: Cx, asked: Asked<ListAdoptions>) -> Result<Listed<AdoptionResponse>> {
    cx.list_with(asked, store::list, ops::shown).await
}

/// Record an adoption
///
/// There is one adoption for each innovation and organisation. A fellow of the innovation may record the stages `identified` and `engaged` only.
#[utoipa::path(tag = "adoptions", request_body = Adoption, responses((status = 201, description = "Recorded", body = AdoptionResponse)))]
#[post("/v1/adoptions")]
pub async fn create_adoption(cx: Cx, body: Body<Adoption>) -> Result<Created<AdoptionResponse>> {
    cx.create(body, ops::create_adoption).await
}

/// Get an adoption
///
/// Returns the stage, the days of use, and the other facts.
#[utoipa::path(tag = "adoptions", params(IdPath), responses((status = 200, description = "The adoption", body = AdoptionResponse)))]
#[get("/v1/adoptions/{id}")]
pub async fn get_adoption(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<AdoptionResponse>> {
    cx.show_whole(move |conn, context| ops::show_adoption(conn, context, &path.id)).await
}

/// Change the facts of an adoption
///
/// Takes a merge patch of the facts. To change the stage, use the transitions.
#[utoipa::path(tag = "adoptions", params(IdPath), request_body(content = AdoptionPatch, example = json!({ "sites": 4 })), responses((status = 200, description = "Changed", body = AdoptionResponse)))]
#[patch("/v1/adoptions/{id}")]
pub async fn update_adoption(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AdoptionPatch>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_adoption(conn, context, &path.id, &patch)).await
}

/// Move an adoption
///
/// Moves forward to any later stage, with the day the move took effect. Before `adopted` it may be declined or paused, and
/// a paused adoption resumes at the stage it left. From `adopted` on it may be decommissioned or superseded.
#[utoipa::path(tag = "adoptions", params(IdPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = AdoptionResponse)))]
#[post("/v1/adoptions/{id}/transitions")]
pub async fn transition_adoption(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_adoption(conn, context, &path.id, asked)).await
}

/// List the moves of an adoption
///
/// Lists every change of the stage, oldest first by default.
#[utoipa::path(tag = "adoptions", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/adoptions/{id}/transitions")]
pub async fn list_adoption_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_adoption(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
