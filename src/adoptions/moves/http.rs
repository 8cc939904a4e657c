//! `/v1/adoptions/{id}/transitions`.

use super::asked::{AskedStage, Correction};
use super::ops;
use super::rules::AdoptionStage;
use super::store::{self, ListAdoptionMoves, MoveRow, WithdrawAdoptionMoves};
use crate::adoptions::ops::get_adoption;
use crate::adoptions::rules::Adoption;
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Cx, IdPath, Listed, Listing, Query, Reply, Routes};
use crate::path;
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use actix_web::{delete, get, patch, post, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

type AdoptionResponse = Stored<Adoption>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(transition_adoption)
        .service(list_adoption_transitions)
        .service(update_adoption_transition)
        .service(delete_adoption_transition);
}

path! { MovePath, id: uuid "The adoption's id", transition: uuid "The id of the move" }

/// A move of an adoption.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionMoveResponse {
    id: Id,
    /// The stage before it. Null for the first stage, and for a move that was withdrawn.
    from: Option<AdoptionStage>,
    to: AdoptionStage,
    #[schema(max_length = 2000)]
    reason: Option<String>,
    effective_on: NaiveDate,
    /// Of the moves of one day, that with the lower rank comes first.
    #[schema(minimum = 1)]
    rank: i32,
    /// Whoever recorded it.
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    made_at: String,
    /// Whether it was wrong, and counts nowhere.
    withdrawn: bool,
    #[schema(max_length = 300)]
    withdrawn_by: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    withdrawn_at: Option<String>,
    #[schema(max_length = 2000)]
    withdrawn_why: Option<String>,
}

impl AdoptionMoveResponse {
    fn of(row: MoveRow, from: Option<AdoptionStage>) -> Self {
        Self {
            id: row.id,
            from,
            to: row.to_stage,
            reason: row.reason,
            effective_on: row.effective_on,
            rank: row.rank,
            made_by: row.made_by,
            made_at: instant(row.made_at),
            withdrawn: row.withdrawn_at.is_some(),
            withdrawn_by: row.withdrawn_by,
            withdrawn_at: row.withdrawn_at.map(instant),
            withdrawn_why: row.withdrawn_why,
        }
    }
}

/// Move an adoption
///
/// Moves forward to any later stage, from the day on which the move took effect. Before `adopted` an adoption may be declined. From
/// `piloting` on it may be paused, and resumes at the stage it left. From `adopted` on it may be decommissioned or superseded, and
/// begin anew after that. A move that comes late is entered with its day between those that are there; the history that it makes
/// must be one that there can be. What cannot stand alone goes with the rest of it in `then`: a pause that comes late with the end of that
/// pause, or an end with the new beginning after it. Nothing begins on the day on which the organisation closed or later. A move by
/// somebody who may approve what a fellow proposed approves it.
#[utoipa::path(tag = "adoptions", params(IdPath), request_body = AskedStage, responses((status = 200, description = "Moved", body = AdoptionResponse)))]
#[post("/v1/adoptions/{id}/transitions")]
pub async fn transition_adoption(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedStage>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_adoption(conn, context, &path.id, asked)).await
}

/// List the moves of an adoption
///
/// Lists every change of the stage with the first stage, by the day it took effect. What was withdrawn is listed too, and is marked.
#[utoipa::path(tag = "adoptions", params(IdPath, ListAdoptionMoves), responses((status = 200, description = "A page of moves", body = Listing<AdoptionMoveResponse>)))]
#[get("/v1/adoptions/{id}/transitions")]
pub async fn list_adoption_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAdoptionMoves>,
) -> Result<Listed<AdoptionMoveResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, asked: &ListAdoptionMoves| {
        Ok(store::list(get_adoption(conn, context, &path.id)?.row.id, asked))
    };
    cx.list_with(asked, rows, shown).await
}

/// The moves of one adoption, each with the stage before it.
fn shown(conn: &mut Conn, _: &Context, rows: Vec<MoveRow>) -> Result<Vec<AdoptionMoveResponse>> {
    let of: Vec<Id> = rows.iter().map(|row| row.adoption_id).take(1).collect();
    let history = store::history(&store::moves(conn, &of)?);
    let show = |row: MoveRow| {
        let from = history.stage_before(row.id);
        AdoptionMoveResponse::of(row, from)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Correct a move of an adoption
///
/// Corrects the day, the stage or the rank of a move that was recorded wrongly, the first stage included, with a reason. Other moves that
/// have to change with it go in `also`. What was recorded stays in the list of moves, marked as withdrawn. Send the adoption's version in
/// `If-Match`.
#[utoipa::path(tag = "adoptions", params(MovePath), request_body = Correction, responses((status = 200, description = "Corrected", body = AdoptionResponse)))]
#[patch("/v1/adoptions/{id}/transitions/{transition}")]
pub async fn update_adoption_transition(
    cx: Cx,
    path: web::Path<MovePath>,
    body: Body<Correction>,
) -> Result<Answer<AdoptionResponse>> {
    cx.change(body, move |conn, context, correction| {
        ops::update_adoption_transition(conn, context, &path.id, &path.transition, &correction)
    })
    .await
}

/// Withdraw a move of an adoption
///
/// Withdraws a move that was not made, with a reason. Other moves that have to go with it are named in `also`. They stay in the list of
/// moves, marked as withdrawn. Send the adoption's version in `If-Match`.
#[utoipa::path(tag = "adoptions", params(MovePath, WithdrawAdoptionMoves), responses((status = 204, description = "Withdrawn")))]
#[delete("/v1/adoptions/{id}/transitions/{transition}")]
pub async fn delete_adoption_transition(
    cx: Cx,
    path: web::Path<MovePath>,
    wrong: Query<WithdrawAdoptionMoves>,
) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_adoption_transition(conn, context, &path.id, &path.transition, wrong.0))
        .await
}
