//! `/v1/people/{id}`: what is held about a person, and its erasure.

use super::ops::{self, Person};
use super::store::PersonRow;
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    super::fellows::http::routes(config);
    super::fellowships::http::routes(config);
    super::mentorships::http::routes(config);
    super::learning_events::http::routes(config);
    super::attendances::http::routes(config);
    super::networks::http::routes(config);
    super::network_memberships::http::routes(config);
    super::leaders::http::routes(config);
    config.service(list_people).service(create_person).service(get_person).service(update_person).service(erase_person);
}

/// Names a person in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PersonPath {
    /// The person's id
    #[param(format = "uuid", max_length = 36)]
    pub id: String,
}

params! {
    /// Whom a list of people may be narrowed to.
    pub struct ListPeople list of PersonRow {
        /// Words of the name.
        q: SearchTerms = "q",
    }
}

/// A person to register who is no fellow: a mentor, a leader, a guest.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "name": "Mentor 1 (illustrative)", "illustrative": true }))]
pub struct CreatePersonRequest {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "email", max_length = 254, nullable = false)]
    email: Option<String>,
    /// The subject of the person's own tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    subject: Option<String>,
    /// Whether the person agreed to be named to the public.
    #[serde(default)]
    named_publicly: bool,
    /// Whether it is drawn up for illustration and is no real person.
    #[serde(default)]
    illustrative: bool,
}

type PersonPatch = Patch<CreatePersonRequest>;

impl From<CreatePersonRequest> for Person {
    fn from(request: CreatePersonRequest) -> Self {
        let CreatePersonRequest { name, email, subject, named_publicly, illustrative } = request;
        Self { name, email, subject, named_publicly, illustrative }
    }
}

impl From<Person> for CreatePersonRequest {
    fn from(person: Person) -> Self {
        let Person { name, email, subject, named_publicly, illustrative } = person;
        Self { name, email, subject, named_publicly, illustrative }
    }
}

/// A person, without contacts: those are told in the subject-access export alone.
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
            name: row.called().to_owned(),
            named_publicly: row.consented_at.is_some(),
            erased: row.erased_at.is_some(),
            illustrative: row.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: PersonRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&PersonResponse::from(row))?.version(version))
}

/// List people
///
/// By name, without contacts: for whoever names mentors, leaders and guests.
#[utoipa::path(tag = "people", params(ListPeople), responses((status = 200, description = "A page of people", body = Listing<PersonResponse>)))]
#[get("/v1/people")]
pub async fn list_people(cx: Cx, query: Query<ListPeople>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let page = super::store::list(conn, query.q.as_ref(), &query.page)?;
        Reply::page(page, &target, PersonResponse::from)
    })
    .await
}

/// Register a person
///
/// Who is no fellow: a mentor, a leader, a guest of an event. Say no more of anyone than is needed.
#[utoipa::path(
    tag = "people",
    request_body = CreatePersonRequest,
    responses((status = 201, description = "Registered", body = PersonResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/people")]
pub async fn create_person(cx: Cx, body: Body<CreatePersonRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let row = ops::create_person(conn, context, request.into())?;
        Reply::created(format!("/v1/people/{}", row.id), row.version, &PersonResponse::from(row))
    })
    .await
}

/// Get a person
///
/// Without contacts.
#[utoipa::path(
    tag = "people",
    params(PersonPath),
    responses((status = 200, description = "The person", body = PersonResponse, headers(("ETag" = String)))),
)]
#[get("/v1/people/{id}")]
pub async fn get_person(cx: Cx, path: web::Path<PersonPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_person(conn, &path.id)?)).await
}

/// Change a person
///
/// A merge patch of name, contacts and consent, by national administrators.
#[utoipa::path(
    tag = "people",
    params(PersonPath),
    request_body(content = PersonPatch, content_type = "application/merge-patch+json", example = json!({ "namedPublicly": true })),
    responses((status = 200, description = "Changed", body = PersonResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/people/{id}")]
pub async fn update_person(cx: Cx, path: web::Path<PersonPath>, body: Body<PersonPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Person| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_person(conn, context, &path.id, change)?)
    })
    .await
}

/// Why a person is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Asked for by the person on 3 March." }))]
pub struct ErasePersonRequest {
    /// Kept in the audit trail: name nobody in it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Erase a person
///
/// Name, contacts, consent and profile are gone for good; fellowships, awards and every total stay. Again is no fault.
#[utoipa::path(
    tag = "people",
    params(PersonPath),
    request_body = ErasePersonRequest,
    responses((status = 204, description = "Erased")),
)]
#[post("/v1/people/{id}/erasure")]
pub async fn erase_person(cx: Cx, path: web::Path<PersonPath>, body: Body<ErasePersonRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        ops::erase_person(conn, context, &path.id, &request.reason)?;
        Ok(Reply::no_content())
    })
    .await
}
