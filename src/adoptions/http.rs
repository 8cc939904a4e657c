//! `/v1/adoptions`.

use super::ops::{self, Facts, NewAdoption};
use super::rules::{AdoptionStage, Barrier};
use super::store::{self, AdoptionFilter, NamedAdoption};
use crate::error::Result;
use crate::http::lists::Listed;
use crate::http::params::{Asked, CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::calendar::told;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Id, Timestamp, instant};
use crate::{innovations, organisations, params, transitions};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_adoptions)
        .service(create_adoption)
        .service(get_adoption)
        .service(update_adoption)
        .service(transition_adoption)
        .service(list_adoption_transitions);
}

params! {
    /// What a list of adoptions may be narrowed to.
    pub struct ListAdoptions list of NamedAdoption {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// The code of the organisation.
        organisation: CodeParam = "organisation",
        /// The slug of a programme that the innovation was a member of by then.
        programme: CodeParam = "programme",
        /// The code of a place: organisations there or below it today.
        place: CodeParam = "place",
        /// How far they have come.
        stage: OneOf<AdoptionStage> = "stage",
        /// Those in use on this day.
        using_on: NaiveDate = "usingOn",
        /// Those changed at this instant or later.
        updated_from: Timestamp = "updatedFrom",
    }
}

/// Names an adoption in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AdoptionPath {
    /// The adoption's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// What is known of an adoption beside its stage.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "sites": 3, "users": 120, "patients": 4000, "barriers": ["slow-procurement"] }))]
pub struct AdoptionFacts {
    /// Sites where it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    sites: Option<i64>,
    /// Members of staff who use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    users: Option<i64>,
    /// Patients it reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    patients: Option<i64>,
    /// Who decided on it, by their office and not by their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Medical director", min_length = 1, max_length = 200, nullable = false)]
    decided_by: Option<String>,
    /// What stands in the way.
    #[serde(default)]
    #[schema(max_items = 6)]
    barriers: Vec<Barrier>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

type AdoptionPatch = Patch<AdoptionFacts>;

impl From<AdoptionFacts> for Facts {
    fn from(facts: AdoptionFacts) -> Self {
        Self {
            sites: facts.sites,
            users: facts.users,
            patients: facts.patients,
            decided_by: facts.decided_by,
            barriers: facts.barriers,
            illustrative: facts.illustrative,
        }
    }
}

impl From<Facts> for AdoptionFacts {
    fn from(facts: Facts) -> Self {
        Self {
            sites: facts.sites,
            users: facts.users,
            patients: facts.patients,
            decided_by: facts.decided_by,
            barriers: facts.barriers,
            illustrative: facts.illustrative,
        }
    }
}

/// An adoption to record.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "innovation": "mycopd", "organisation": "RJZ", "stage": "piloting", "since": "2016-02-01", "sites": 2 }))]
pub struct CreateAdoptionRequest {
    /// The slug of the innovation.
    #[schema(pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
    innovation: String,
    /// The code of the organisation.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    organisation: String,
    #[serde(default = "identified")]
    #[schema(default = "identified")]
    stage: AdoptionStage,
    /// The day that stage began; today unless told.
    #[schema(nullable = false)]
    since: Option<NaiveDate>,
    /// Sites where it is used.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    sites: Option<i64>,
    /// Members of staff who use it.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    users: Option<i64>,
    /// Patients it reached.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    patients: Option<i64>,
    /// Who decided on it, by their office and not by their name.
    #[schema(example = "Medical director", min_length = 1, max_length = 200, nullable = false)]
    decided_by: Option<String>,
    /// What stands in the way.
    #[serde(default)]
    #[schema(max_items = 6)]
    barriers: Vec<Barrier>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

fn identified() -> AdoptionStage {
    AdoptionStage::Identified
}

impl From<CreateAdoptionRequest> for NewAdoption {
    fn from(request: CreateAdoptionRequest) -> Self {
        Self {
            innovation: request.innovation,
            organisation: request.organisation,
            stage: request.stage,
            since: request.since,
            facts: Facts {
                sites: request.sites,
                users: request.users,
                patients: request.patients,
                decided_by: request.decided_by,
                barriers: request.barriers,
                illustrative: request.illustrative,
            },
        }
    }
}

/// An adoption of an innovation by an organisation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionResponse {
    id: Id,
    #[schema(example = "mycopd", max_length = 60)]
    innovation: String,
    #[schema(example = "RJZ", max_length = 60)]
    organisation: String,
    /// What the organisation is called.
    #[schema(max_length = 300)]
    organisation_name: String,
    stage: AdoptionStage,
    /// The day the present stage began.
    stage_on: NaiveDate,
    /// The first day of use: of piloting or a later stage.
    using_from: Option<NaiveDate>,
    /// The first day after use; null until further notice, and before it began.
    using_to: Option<NaiveDate>,
    #[schema(minimum = 0)]
    sites: Option<i64>,
    #[schema(minimum = 0)]
    users: Option<i64>,
    #[schema(minimum = 0)]
    patients: Option<i64>,
    #[schema(max_length = 200)]
    decided_by: Option<String>,
    #[schema(max_items = 6)]
    barriers: Vec<Barrier>,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedAdoption> for AdoptionResponse {
    fn from(found: NamedAdoption) -> Self {
        let row = found.row;
        Self {
            id: row.id,
            innovation: found.innovation,
            organisation: found.organisation,
            organisation_name: found.organisation_name,
            stage: row.stage,
            stage_on: row.stage_on,
            using_from: row.using_from,
            using_to: told(row.using_to),
            sites: row.sites,
            users: row.users,
            patients: row.patients,
            decided_by: row.decided_by,
            barriers: row.barriers.0,
            illustrative: row.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(found: NamedAdoption) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&AdoptionResponse::from(found))?.version(version))
}

/// List adoptions
///
/// Which organisation has come how far with which innovation; `usingOn` keeps those in use on a day.
#[utoipa::path(tag = "adoptions", params(ListAdoptions), responses((status = 200, description = "A page of adoptions", body = Listing<AdoptionResponse>)))]
#[get("/v1/adoptions")]
pub async fn list_adoptions(cx: Cx, query: Query<ListAdoptions>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let innovation =
            query.innovation.map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
        let organisation =
            query.organisation.map(|code| organisations::ops::referred(conn, "?organisation", &code.0)).transpose()?;
        let place = query.place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let filter = AdoptionFilter {
            innovation,
            organisation,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            place: place.map(|place| (place, context.today())),
            stages: query.stage.map(|stages| stages.0),
            using_on: query.using_on,
            updated_from: query.updated_from.map(|at| at.naive_utc()),
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, AdoptionResponse::from)
    })
    .await
}

/// Record an adoption
///
/// One an innovation and organisation. Who speaks for the innovation alone proposes: `identified` or `engaged`.
#[utoipa::path(
    tag = "adoptions",
    request_body = CreateAdoptionRequest,
    responses((status = 201, description = "Recorded", body = AdoptionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/adoptions")]
pub async fn create_adoption(cx: Cx, body: Body<CreateAdoptionRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_adoption(conn, context, request.into())?;
        let (location, version) = (format!("/v1/adoptions/{}", made.row.id), made.row.version);
        Reply::created(location, version, &AdoptionResponse::from(made))
    })
    .await
}

/// Get an adoption
///
/// With its stage, the days of use, and what is known of it.
#[utoipa::path(
    tag = "adoptions",
    params(AdoptionPath),
    responses((status = 200, description = "The adoption", body = AdoptionResponse, headers(("ETag" = String)))),
)]
#[get("/v1/adoptions/{id}")]
pub async fn get_adoption(cx: Cx, path: web::Path<AdoptionPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_adoption(conn, &path.id)?)).await
}

/// Change what is known of an adoption
///
/// A merge patch of its facts; its stage moves by transitions.
#[utoipa::path(
    tag = "adoptions",
    params(AdoptionPath),
    request_body(content = AdoptionPatch, content_type = "application/merge-patch+json", example = json!({ "sites": 4 })),
    responses((status = 200, description = "Changed", body = AdoptionResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/adoptions/{id}")]
pub async fn update_adoption(cx: Cx, path: web::Path<AdoptionPath>, body: Body<AdoptionPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Facts| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_adoption(conn, context, &path.id, change)?)
    })
    .await
}

/// Move an adoption
///
/// Forward, skipping stages where need be, with the day it took effect. Before `adopted` it may be declined or paused;
/// a paused one resumes to the stage it left; afterwards it may be decommissioned or superseded.
#[utoipa::path(
    tag = "adoptions",
    params(AdoptionPath),
    request_body = AskedMove,
    responses((status = 200, description = "Moved", body = AdoptionResponse, headers(("ETag" = String)))),
)]
#[post("/v1/adoptions/{id}/transitions")]
pub async fn transition_adoption(
    cx: Cx,
    path: web::Path<AdoptionPath>,
    body: Body<AskedMove>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        reply(ops::transition_adoption(conn, context, &path.id, request.into())?)
    })
    .await
}

/// List the moves of an adoption
///
/// Every change of its stage, oldest first unless sorted otherwise.
#[utoipa::path(
    tag = "adoptions",
    params(AdoptionPath, ListTransitions),
    responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)),
)]
#[get("/v1/adoptions/{id}/transitions")]
pub async fn list_adoption_transitions(
    cx: Cx,
    path: web::Path<AdoptionPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, _, _: &ListTransitions| {
        let found = ops::get_adoption(conn, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
