//! `/v1/people/{id}/requests`.

use super::ops;
use super::rules::PersonRequest;
use super::store::{self, ListPersonRequests};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::path;
use crate::people::ops::get_person;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type PersonRequestResponse = Stored<PersonRequest>;
type PersonRequestPatch = Patch<PersonRequest>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_person_requests)
        .service(create_person_request)
        .service(get_person_request)
        .service(update_person_request);
}

path! { PersonRequestPath, id: uuid "The person's id", request: uuid "The request's id" }

/// List the requests about a person
///
/// Lists what a person asked about the data held about them, the first due first by default.
#[utoipa::path(tag = "people", params(IdPath, ListPersonRequests), responses((status = 200, description = "A page of requests", body = Listing<PersonRequestResponse>)))]
#[get("/v1/people/{id}/requests")]
pub async fn list_person_requests(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListPersonRequests>,
) -> Result<Listed<PersonRequestResponse>> {
    cx.list(asked, move |conn, _, asked| Ok(store::list(get_person(conn, &path.id)?.id, asked))).await
}

/// Record a request about a person
///
/// Records that a person asked for access to, correction, restriction or erasure of their data, or objected to its use. It
/// is due a month later.
#[utoipa::path(tag = "people", params(IdPath), request_body = PersonRequest, responses((status = 201, description = "Recorded", body = PersonRequestResponse)))]
#[post("/v1/people/{id}/requests")]
pub async fn create_person_request(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<PersonRequest>,
) -> Result<Created<PersonRequestResponse>> {
    cx.create(body, move |conn, context, new| ops::create_person_request(conn, context, &path.id, new)).await
}

/// Get a request about a person
///
/// Returns what was asked, by when it must be decided, and how it was.
#[utoipa::path(tag = "people", params(PersonRequestPath), responses((status = 200, description = "The request", body = PersonRequestResponse)))]
#[get("/v1/people/{id}/requests/{request}")]
pub async fn get_person_request(cx: Cx, path: web::Path<PersonRequestPath>) -> Result<Answer<PersonRequestResponse>> {
    cx.show(move |conn, _| ops::get_person_request(conn, &path.id, &path.request)).await
}

/// Decide on a request about a person
///
/// Takes a merge patch of `decision` and `ground`. It records the decision; to do what was asked is another request, such as
/// `POST /v1/people/{id}/erasure`.
#[utoipa::path(tag = "people", params(PersonRequestPath), request_body(content = PersonRequestPatch, example = json!({ "decision": "granted" })), responses((status = 200, description = "Changed", body = PersonRequestResponse)))]
#[patch("/v1/people/{id}/requests/{request}")]
pub async fn update_person_request(
    cx: Cx,
    path: web::Path<PersonRequestPath>,
    body: Body<PersonRequestPatch>,
) -> Result<Answer<PersonRequestResponse>> {
    cx.change(body, move |conn, context, patch| {
        ops::update_person_request(conn, context, (&path.id, &path.request), &patch)
    })
    .await
}
