//! `/v1/adoptions`.

use super::rules::Adoption;
use super::store::{self, ListAdoptions};
use super::{ops, shown};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use actix_web::{delete, get, patch, post, web};

type AdoptionResponse = Stored<Adoption>;
type AdoptionPatch = Patch<Adoption>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_adoptions)
        .service(create_adoption)
        .service(get_adoption)
        .service(update_adoption)
        .service(delete_adoption)
        .service(transition_adoption_approval)
        .service(list_adoption_approval_transitions);
    super::moves::http::routes(routes);
    super::counts::http::routes(routes);
    super::imports::http::routes(routes);
}

/// List adoptions
///
/// Lists which organisations use which innovations, and the stage each has reached. `usingOn` lists those in use on that day, and
/// `stageOn` with `stage` or `measure` those that had a stage on that day: an answer about a past day never changes by later moves.
#[utoipa::path(tag = "adoptions", params(ListAdoptions), responses((status = 200, description = "A page of adoptions", body = Listing<AdoptionResponse>)))]
#[get("/v1/adoptions")]
pub async fn list_adoptions(cx: Cx, asked: Asked<ListAdoptions>) -> Result<Listed<AdoptionResponse>> {
    cx.list_with(asked, store::list, shown::shown).await
}

/// Record an adoption
///
/// There is one adoption for each innovation, indication and organisation; what is adopted again after an end goes on with the same
/// record. A fellow of the innovation may record the stages `identified` and `engaged` only, and what they record counts once the
/// organisation or its regional lead approves it.
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
/// Takes a merge patch of the facts. To change the stage, use the transitions. Numbers are counted on `countedOn`, by default today:
/// a day keeps what was counted on it, a number counted again on the same day takes the place of the one before, and null takes a number
/// away from that day on. In which order days are entered makes no difference.
#[utoipa::path(tag = "adoptions", params(IdPath), request_body(content = AdoptionPatch, example = json!({ "sites": 4 })), responses((status = 200, description = "Changed", body = AdoptionResponse)))]
#[patch("/v1/adoptions/{id}")]
pub async fn update_adoption(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AdoptionPatch>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_adoption(conn, context, &path.id, &patch)).await
}

/// Delete an adoption that is wrong
///
/// Takes a record that should not be there out of every list and report. Its moves count nowhere. An adoption that ended is moved to
/// `decommissioned` or `superseded` instead.
#[utoipa::path(tag = "adoptions", params(IdPath, Wrong), responses((status = 204, description = "Deleted")))]
#[delete("/v1/adoptions/{id}")]
pub async fn delete_adoption(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_adoption(conn, context, &path.id, wrong.0)).await
}

/// Approve an adoption that a fellow proposed
///
/// Moves to `approved`, or to `refused` with a reason. Send the adoption's version in `If-Match`.
#[utoipa::path(tag = "adoptions", params(IdPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = AdoptionResponse)))]
#[post("/v1/adoptions/{id}/approval/transitions")]
pub async fn transition_adoption_approval(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_adoption_approval(conn, context, &path.id, asked)).await
}

/// List what was said of a proposed adoption
///
/// Lists when it was approved or refused, oldest first by default.
#[utoipa::path(tag = "adoptions", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/adoptions/{id}/approval/transitions")]
pub async fn list_adoption_approval_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_adoption(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::APPROVAL, found.row.id))
    })
    .await
}
