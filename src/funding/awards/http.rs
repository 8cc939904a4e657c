//! `/v1/awards`.

use super::ops;
use super::rules::{AskedAwardMove, Award};
use super::store::{self, ListAwards};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::store::ListTransitions;
use actix_web::{get, patch, post, web};

type AwardResponse = Stored<Award>;
type AwardPatch = Patch<Award>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_awards)
        .service(create_award)
        .service(get_award)
        .service(update_award)
        .service(transition_award)
        .service(list_award_transitions);
    super::supplements::http::routes(routes);
    super::reprofilings::http::routes(routes);
    super::milestones::http::routes(routes);
    super::gateway_reviews::http::routes(routes);
    super::transactions::http::routes(routes);
}

/// List awards
///
/// Lists the awards you may see, by the first day of their plan.
#[utoipa::path(tag = "funding", params(ListAwards), responses((status = 200, description = "A page of awards", body = Listing<AwardResponse>)))]
#[get("/v1/awards")]
pub async fn list_awards(cx: Cx, asked: Asked<ListAwards>) -> Result<Listed<AwardResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::answers(conn, rows)).await
}

/// Propose an award
///
/// An award goes to one organisation or one person. The money is committed, by financial year, when somebody else approves the
/// award.
#[utoipa::path(tag = "funding", request_body = Award, responses((status = 201, description = "Proposed", body = AwardResponse)))]
#[post("/v1/awards")]
pub async fn create_award(cx: Cx, body: Body<Award>) -> Result<Created<AwardResponse>> {
    cx.create_money(body, |conn, context, new| {
        let made = ops::create_award(conn, context, new)?;
        ops::answer(conn, context, made)
    })
    .await
}

/// Get an award
///
/// Returns the award with its balance, its profile by financial year, and the operations you may do now.
#[utoipa::path(tag = "funding", params(IdPath), responses((status = 200, description = "The award", body = AwardResponse)))]
#[get("/v1/awards/{id}")]
pub async fn get_award(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<AwardResponse>> {
    cx.show_whole(move |conn, context| {
        let found = ops::get_award(conn, context, &path.id)?;
        ops::answer(conn, context, found)
    })
    .await
}

/// Change an award
///
/// Takes a merge patch. While the award is proposed everything can change; afterwards its terms (fund, programme, kind, recipient,
/// fellowship, innovation, amount and days) and its profile cannot: a supplement raises the amount, and a reprofiling moves it
/// between years. Whoever changes the terms becomes its proposer, and whoever approved the award does not rewrite its title or
/// description.
#[utoipa::path(
    tag = "funding",
    params(IdPath),
    request_body(content = AwardPatch, example = json!({ "evaluationPlan": { "design": "Before and after.", "dimensions": ["health"] } })),
    responses((status = 200, description = "Changed", body = AwardResponse)),
)]
#[patch("/v1/awards/{id}")]
pub async fn update_award(cx: Cx, path: web::Path<IdPath>, body: Body<AwardPatch>) -> Result<Answer<AwardResponse>> {
    cx.change_money(body, move |conn, context, patch| {
        let changed = ops::update_award(conn, context, &path.id, &patch)?;
        ops::answer(conn, context, changed)
    })
    .await
}

/// Move an award
///
/// Approval commits the amount in the fund's years, as the profile says. It needs what the fund may commit to the end of each, and
/// no cash. Completion, cancellation and termination return what is left to the fund, from the end of the profile.
#[utoipa::path(tag = "funding", params(IdPath), request_body = AskedAwardMove, responses((status = 200, description = "Moved", body = AwardResponse)))]
#[post("/v1/awards/{id}/transitions")]
pub async fn transition_award(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedAwardMove>,
) -> Result<Answer<AwardResponse>> {
    cx.change_money(body, move |conn, context, asked| {
        let moved = ops::transition_award(conn, context, &path.id, asked)?;
        ops::answer(conn, context, moved)
    })
    .await
}

/// List the moves of an award
///
/// Lists every change of the state, oldest first by default.
#[utoipa::path(tag = "funding", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/awards/{id}/transitions")]
pub async fn list_award_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_award(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
