//! `/v1/people`: people without their contacts.

use super::ops;
use super::rules::Person;
use super::store::{self, ListPeople, PersonRow};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Record;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

type PersonPatch = Patch<Person>;

pub fn routes(routes: &mut Routes) {
    super::fellows::http::routes(routes);
    super::fellowships::http::routes(routes);
    super::mentorships::http::routes(routes);
    super::learning_events::http::routes(routes);
    super::attendances::http::routes(routes);
    super::networks::http::routes(routes);
    super::network_memberships::http::routes(routes);
    super::leaders::http::routes(routes);
    routes.service(list_people).service(create_person).service(get_person).service(update_person);
}

/// A person, without contacts. Only the subject-access export has those.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonResponse {
    id: Id,
    #[schema(max_length = 200)]
    name: String,
    named_publicly: bool,
    erased: bool,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<PersonRow> for PersonResponse {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id,
            name: row.shown_name(),
            named_publicly: row.consented_at.is_some(),
            erased: row.erased_at.is_some(),
            illustrative: row.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

impl Record for PersonResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

/// List people
///
/// Lists people by name, without contacts, for callers who name mentors, leaders and guests.
#[utoipa::path(tag = "people", params(ListPeople), responses((status = 200, description = "A page of people", body = Listing<PersonResponse>)))]
#[get("/v1/people")]
pub async fn list_people(cx: Cx, asked: Asked<ListPeople>) -> Result<Listed<PersonResponse>> {
    cx.list(asked, store::list).await
}

/// Register a person
///
/// Registers somebody who is not a fellow, such as a mentor, a leader or a guest of an event. Record no more about a
/// person than you need.
#[utoipa::path(tag = "people", request_body = Person, responses((status = 201, description = "Registered", body = PersonResponse)))]
#[post("/v1/people")]
pub async fn create_person(cx: Cx, body: Body<Person>) -> Result<Created<PersonResponse>> {
    cx.create(body, ops::create_person).await
}

/// Get a person
///
/// Returns the person without contacts.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The person", body = PersonResponse)))]
#[get("/v1/people/{id}")]
pub async fn get_person(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<PersonResponse>> {
    cx.show(move |conn, _| ops::get_person(conn, &path.id)).await
}

/// Change a person
///
/// Takes a merge patch of name, contacts and consent, from national administrators.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = PersonPatch, example = json!({ "namedPublicly": true })), responses((status = 200, description = "Changed", body = PersonResponse)))]
#[patch("/v1/people/{id}")]
pub async fn update_person(cx: Cx, path: web::Path<IdPath>, body: Body<PersonPatch>) -> Result<Answer<PersonResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_person(conn, context, &path.id, &patch)).await
}
