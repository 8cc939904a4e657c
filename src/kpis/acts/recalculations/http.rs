//! `/v1/recalculations`.

use super::ops;
use super::rules::Recalculation;
use super::store::{self, ListRecalculations};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Reply, Routes};
use crate::kpis::acts::ops::known;
use crate::kpis::acts::rules::ActKind;
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use actix_web::{delete, get, post, web};

type RecalculationResponse = Stored<Recalculation>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_recalculations)
        .service(create_recalculation)
        .service(get_recalculation)
        .service(delete_recalculation)
        .service(transition_recalculation)
        .service(list_recalculation_transitions);
}

/// List recalculations
///
/// Lists those in force, with who made them and why; with `state=proposed` those that wait for somebody to accept them.
#[utoipa::path(tag = "spc", params(ListRecalculations), responses((status = 200, description = "A page of recalculations", body = Listing<RecalculationResponse>)))]
#[get("/v1/recalculations")]
pub async fn list_recalculations(cx: Cx, asked: Asked<ListRecalculations>) -> Result<Listed<RecalculationResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Recalculate the mean and limits of a series
///
/// From this period on the series has a new mean and limits, and no rule looks back past it.
/// A recalculation at the first point sets the baseline of the first part. A recalculation with a breakdown applies to
/// that member's series only, and one without a breakdown to the total.
///
/// Whoever may recalculate makes one that is accepted; a submitter proposes one, which does nothing until another accepts it. The
/// answer warns where there are few points, and where it would hide a concern.
#[utoipa::path(tag = "spc", request_body = Recalculation, responses((status = 201, description = "Recorded", body = RecalculationResponse)))]
#[post("/v1/recalculations")]
pub async fn create_recalculation(cx: Cx, body: Body<Recalculation>) -> Result<Created<RecalculationResponse>> {
    cx.create(body, ops::create_recalculation).await
}

/// Get a recalculation
///
/// Returns its series, first period, state, author and reason, what you may do with it, and what speaks against it.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 200, description = "The recalculation", body = RecalculationResponse)))]
#[get("/v1/recalculations/{id}")]
pub async fn get_recalculation(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<RecalculationResponse>> {
    cx.show_whole(move |conn, context| ops::get_recalculation(conn, context, &path.id)).await
}

/// Remove a recalculation
///
/// The series no longer has new limits from that period on. The audit trail keeps a record of the recalculation. Whoever proposed one
/// takes it back so.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 204, description = "Removed")))]
#[delete("/v1/recalculations/{id}")]
pub async fn delete_recalculation(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_recalculation(conn, context, &path.id)).await
}

/// Accept or refuse a proposed recalculation
///
/// For those who may recalculate the series. Nobody accepts what they or somebody of their organisation proposed. Refusing needs a
/// reason.
#[utoipa::path(tag = "spc", params(IdPath), request_body(content = AskedMove, example = json!({ "to": "accepted" })), responses((status = 200, description = "Moved", body = RecalculationResponse)))]
#[post("/v1/recalculations/{id}/transitions")]
pub async fn transition_recalculation(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<RecalculationResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_recalculation(conn, context, &path.id, asked)).await
}

/// List the moves of a recalculation
///
/// Lists who accepted or refused it, when and why. One that was never proposed has none.
#[utoipa::path(tag = "spc", params(IdPath, ListTransitions), responses((status = 200, description = "A page of its history", body = Listing<TransitionResponse>)))]
#[get("/v1/recalculations/{id}/transitions")]
pub async fn list_recalculation_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    let moves = move |conn: &mut Conn, context: &Context, _: &ListTransitions| {
        Ok(transitions::store::history(ops::RESOURCE, known(conn, context, ActKind::Recalculation, &path.id)?.id))
    };
    cx.list(asked, moves).await
}
