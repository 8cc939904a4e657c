//! `/v1/events`.

use super::ops;
use super::rules::LearningEvent;
use super::store::{self, ListLearningEvents};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type LearningEventResponse = Stored<LearningEvent>;
type LearningEventPatch = Patch<LearningEvent>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_learning_events)
        .service(create_learning_event)
        .service(get_learning_event)
        .service(update_learning_event);
}

/// List learning events
///
/// Lists the learning events of every programme, earliest first by default.
#[utoipa::path(tag = "people", params(ListLearningEvents), responses((status = 200, description = "A page of events", body = Listing<LearningEventResponse>)))]
#[get("/v1/events")]
pub async fn list_learning_events(cx: Cx, asked: Asked<ListLearningEvents>) -> Result<Listed<LearningEventResponse>> {
    cx.list(asked, store::list).await
}

/// Plan a learning event
///
/// Adds an event of a programme. Give its times as instants or as local times of a time zone.
#[utoipa::path(tag = "people", request_body = LearningEvent, responses((status = 201, description = "Planned", body = LearningEventResponse)))]
#[post("/v1/events")]
pub async fn create_learning_event(cx: Cx, body: Body<LearningEvent>) -> Result<Created<LearningEventResponse>> {
    cx.create(body, ops::create_learning_event).await
}

/// Get a learning event
///
/// Returns the event, and how many people attended.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The event", body = LearningEventResponse)))]
#[get("/v1/events/{id}")]
pub async fn get_learning_event(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<LearningEventResponse>> {
    cx.show(move |conn, _| ops::get_learning_event(conn, &path.id)).await
}

/// Change a learning event
///
/// Takes a merge patch. The programme cannot change.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = LearningEventPatch, example = json!({ "endsAt": "2015-10-06T17:00" })), responses((status = 200, description = "Changed", body = LearningEventResponse)))]
#[patch("/v1/events/{id}")]
pub async fn update_learning_event(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<LearningEventPatch>,
) -> Result<Answer<LearningEventResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_learning_event(conn, context, &path.id, &patch)).await
}
