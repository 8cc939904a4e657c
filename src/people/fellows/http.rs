//! `/v1/fellows`.

use super::ops::{self, Fellow};
use super::store::{self, FellowFilter, NamedFellow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::params::{CodeParam, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::vocabulary::{Id, instant};
use crate::{innovations, params};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_fellows).service(create_fellow).service(get_fellow).service(update_fellow);
}

params! {
    /// What a list of fellows may be narrowed to.
    pub struct ListFellows list of NamedFellow {
        /// Words of the name.
        q: SearchTerms = "q",
        /// The slug of a programme they are or were in.
        programme: CodeParam = "programme",
        /// The slug of an innovation they carry or carried.
        innovation: CodeParam = "innovation",
    }
}

/// Names a fellow in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FellowPath {
    /// The fellow's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A fellow to register.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "name": "Fellow 1 (illustrative)", "profession": "Paramedic", "illustrative": true }))]
pub struct CreateFellowRequest {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Told to national administrators, the fellow's programme managers and the fellow alone, as is the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "email", max_length = 254, nullable = false)]
    email: Option<String>,
    /// The subject of the fellow's own tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    subject: Option<String>,
    /// Whether the person agreed to be named to the public.
    #[serde(default)]
    named_publicly: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    profession: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000, nullable = false)]
    biography: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "https://example.org",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    website: Option<String>,
    /// Whether it is drawn up for illustration and is no real person.
    #[serde(default)]
    illustrative: bool,
}

type FellowPatch = Patch<CreateFellowRequest>;

impl From<CreateFellowRequest> for Fellow {
    fn from(request: CreateFellowRequest) -> Self {
        Self {
            name: request.name,
            email: request.email,
            subject: request.subject,
            named_publicly: request.named_publicly,
            profession: request.profession,
            biography: request.biography,
            website: request.website,
            illustrative: request.illustrative,
        }
    }
}

impl From<Fellow> for CreateFellowRequest {
    fn from(fellow: Fellow) -> Self {
        Self {
            name: fellow.name,
            email: fellow.email,
            subject: fellow.subject,
            named_publicly: fellow.named_publicly,
            profession: fellow.profession,
            biography: fellow.biography,
            website: fellow.website,
            illustrative: fellow.illustrative,
        }
    }
}

/// A fellow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FellowResponse {
    id: Id,
    /// The person, for an export or an erasure.
    person: Id,
    #[schema(max_length = 200)]
    name: String,
    /// Told to those alone who may change the fellow, and not in lists, as is the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254, nullable = false)]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    subject: Option<String>,
    /// Since when the person agrees to be named to the public; null without that.
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

impl FellowResponse {
    fn of(found: NamedFellow) -> Self {
        let NamedFellow { row, person } = found;
        Self {
            id: row.id,
            person: person.id,
            name: person.called().to_owned(),
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

    fn alone(conn: &mut Conn, context: &Context, found: NamedFellow) -> Result<Self> {
        let (email, subject) = match ops::is_kept(conn, context, &found)? {
            true => (found.person.email.clone(), found.person.subject.clone()),
            false => (None, None),
        };
        Ok(Self { email, subject, ..Self::of(found) })
    }
}

fn reply(conn: &mut Conn, context: &Context, found: NamedFellow) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&FellowResponse::alone(conn, context, found)?)?.version(version))
}

/// List fellows
///
/// By name, without contacts.
#[utoipa::path(tag = "people", params(ListFellows), responses((status = 200, description = "A page of fellows", body = Listing<FellowResponse>)))]
#[get("/v1/fellows")]
pub async fn list_fellows(cx: Cx, query: Query<ListFellows>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let innovation = match &query.innovation {
            Some(slug) => Some(innovations::ops::referred(conn, "?innovation", &slug.0)?),
            None => None,
        };
        let programme = query.programme.map(|slug| slug.0.to_ascii_lowercase());
        let filter = FellowFilter { search: query.q, programme, innovation };
        Reply::page(store::list(conn, &filter, &query.page)?, &target, FellowResponse::of)
    })
    .await
}

/// Register a fellow
///
/// With as little about the person as the programme needs.
#[utoipa::path(
    tag = "people",
    request_body = CreateFellowRequest,
    responses((status = 201, description = "Registered", body = FellowResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/fellows")]
pub async fn create_fellow(cx: Cx, body: Body<CreateFellowRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let found = ops::create_fellow(conn, context, request.into())?;
        let (location, version) = (format!("/v1/fellows/{}", found.row.id), found.row.version);
        Reply::created(location, version, &FellowResponse::alone(conn, context, found)?)
    })
    .await
}

/// Get a fellow
///
/// With contacts for those who may change the fellow.
#[utoipa::path(
    tag = "people",
    params(FellowPath),
    responses((status = 200, description = "The fellow", body = FellowResponse, headers(("ETag" = String)))),
)]
#[get("/v1/fellows/{id}")]
pub async fn get_fellow(cx: Cx, path: web::Path<FellowPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let found = ops::get_fellow(conn, &path.id)?;
        reply(conn, context, found)
    })
    .await
}

/// Change a fellow
///
/// A merge patch by national administrators, the managers of the fellow's programmes, or the fellow.
#[utoipa::path(
    tag = "people",
    params(FellowPath),
    request_body(content = FellowPatch, content_type = "application/merge-patch+json", example = json!({ "profession": "Consultant paramedic" })),
    responses((status = 200, description = "Changed", body = FellowResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/fellows/{id}")]
pub async fn update_fellow(cx: Cx, path: web::Path<FellowPath>, body: Body<FellowPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Fellow| Ok(patch.apply(&present.into())?.into());
        let found = ops::update_fellow(conn, context, &path.id, change)?;
        reply(conn, context, found)
    })
    .await
}
