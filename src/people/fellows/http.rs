//! `/v1/fellows`.

use super::ops;
use super::rules::Fellow;
use super::store::{self, ListFellows, NamedFellow};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Record;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

type FellowPatch = Patch<Fellow>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_fellows).service(create_fellow).service(get_fellow).service(update_fellow);
}

/// A fellow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FellowResponse {
    id: Id,
    /// The id of the person, for an export or an erasure.
    person: Id,
    #[schema(max_length = 200)]
    name: String,
    /// The e-mail address. Like the subject, only those who keep the fellow see it, and lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254, nullable = false)]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    subject: Option<String>,
    /// When the person agreed to be named in public. Null without such consent.
    #[schema(format = "date-time", max_length = 40)]
    named_publicly_since: Option<String>,
    #[schema(max_length = 200)]
    profession: Option<String>,
    #[schema(max_length = 5000)]
    biography: Option<String>,
    #[schema(max_length = 500)]
    website: Option<String>,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

/// Without contacts.
impl From<NamedFellow> for FellowResponse {
    fn from(NamedFellow { row, person }: NamedFellow) -> Self {
        Self {
            id: row.id,
            person: person.id,
            name: person.shown_name(),
            email: None,
            subject: None,
            named_publicly_since: person.consented_at.map(instant),
            profession: row.profession,
            biography: row.biography,
            website: row.website,
            illustrative: person.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

impl NamedFellow {
    /// With contacts for those who keep the fellow.
    fn shown(self, context: &Context) -> FellowResponse {
        if !ops::keeps(context, &self) {
            return self.into();
        }
        let (email, subject) = (self.person.email.clone(), self.person.subject.clone());
        FellowResponse { email, subject, ..self.into() }
    }
}

impl Record for FellowResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

/// List fellows
///
/// Lists the fellows by name, without contacts.
#[utoipa::path(tag = "people", params(ListFellows), responses((status = 200, description = "A page of fellows", body = Listing<FellowResponse>)))]
#[get("/v1/fellows")]
pub async fn list_fellows(cx: Cx, asked: Asked<ListFellows>) -> Result<Listed<FellowResponse>> {
    cx.list(asked, store::list).await
}

/// Register a fellow
///
/// Record no more about the person than the programme needs.
#[utoipa::path(tag = "people", request_body = Fellow, responses((status = 201, description = "Registered", body = FellowResponse)))]
#[post("/v1/fellows")]
pub async fn create_fellow(cx: Cx, body: Body<Fellow>) -> Result<Created<FellowResponse>> {
    cx.create(body, |conn, context, new| Ok(ops::create_fellow(conn, context, new)?.shown(context))).await
}

/// Get a fellow
///
/// Returns the fellow. Those who keep the fellow also see the contacts.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "The fellow", body = FellowResponse)))]
#[get("/v1/fellows/{id}")]
pub async fn get_fellow(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<FellowResponse>> {
    cx.show(move |conn, context| Ok(ops::get_fellow(conn, &path.id)?.shown(context))).await
}

/// Change a fellow
///
/// Takes a merge patch from the fellow, or from managers of the programme that registered the fellow as long as the person
/// has no subject, and from national administrators, who alone change the subject.
#[utoipa::path(tag = "people", params(IdPath), request_body(content = FellowPatch, example = json!({ "profession": "Consultant paramedic" })), responses((status = 200, description = "Changed", body = FellowResponse)))]
#[patch("/v1/fellows/{id}")]
pub async fn update_fellow(cx: Cx, path: web::Path<IdPath>, body: Body<FellowPatch>) -> Result<Answer<FellowResponse>> {
    cx.change(body, move |conn, context, patch| Ok(ops::update_fellow(conn, context, &path.id, &patch)?.shown(context)))
        .await
}
