//! `/v1/calls/{id}/applications`, `/v1/calls/{id}/ranking`, `/v1/applications/{id}`.

use super::ops::{self, Standing};
use super::reviews::http::share;
use super::rules::{Application, ApplicationState};
use super::store::{self, ApplicationFilter, NamedApplication, RankedApplication};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::Result;
use crate::http::lists::Listed;
use crate::http::params::{Asked, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::programmes::calls::http::CallPath;
use crate::programmes::calls::ops::get_call;
use crate::programmes::ops::kept;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Id, instant};
use crate::{params, transitions};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_applications)
        .service(create_application)
        .service(list_call_ranking)
        .service(get_application)
        .service(update_application)
        .service(transition_application)
        .service(list_application_transitions);
    super::reviews::http::routes(config);
}

params! {
    /// What the applications to a call may be narrowed to.
    pub struct ListApplications list of NamedApplication {
        /// How far they have come, as last moved.
        state: OneOf<ApplicationState> = "state",
    }
}

params! {
    /// How a ranking is paged.
    pub struct ListCallRanking list of RankedApplication {}
}

/// Names an application in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ApplicationPath {
    /// The application's id
    #[param(format = "uuid", max_length = 36)]
    pub id: String,
}

/// The code of one of the call's priorities.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "mental-health", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
pub struct PriorityCode(String);

/// An application to begin.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Home monitoring for all", "organisation": "RJZ", "priorities": ["primary-care"], "data": { "aim": "Fewer visits." } }))]
pub struct CreateApplicationRequest {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// The code of the organisation it is written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    organisation: Option<String>,
    /// The slug of the innovation it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "heartflow", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    innovation: Option<String>,
    /// One or more of the call's, by the time it is submitted.
    #[serde(default)]
    #[schema(max_items = 50)]
    priorities: Vec<PriorityCode>,
    /// What the call's form asks for; it must fit by the time it is submitted.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

type ApplicationPatch = Patch<CreateApplicationRequest>;

impl From<CreateApplicationRequest> for Application {
    fn from(request: CreateApplicationRequest) -> Self {
        Self {
            title: request.title,
            organisation: request.organisation,
            innovation: request.innovation,
            priorities: request.priorities.into_iter().map(|code| code.0).collect(),
            data: request.data,
        }
    }
}

impl From<Application> for CreateApplicationRequest {
    fn from(application: Application) -> Self {
        Self {
            title: application.title,
            organisation: application.organisation,
            innovation: application.innovation,
            priorities: application.priorities.into_iter().map(PriorityCode).collect(),
            data: application.data,
        }
    }
}

/// An application to a call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationResponse {
    id: Id,
    #[schema(example = "APP-2018-00042", max_length = 30)]
    reference: String,
    call: Id,
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(max_length = 200)]
    title: String,
    #[schema(max_length = 60)]
    organisation: Option<String>,
    #[schema(max_length = 60)]
    innovation: Option<String>,
    state: ApplicationState,
    #[schema(max_items = 50)]
    priorities: Vec<PriorityCode>,
    /// The version of the call's form it was written on.
    #[schema(minimum = 1)]
    form_version: i32,
    #[schema(minimum = 1)]
    data_version: i32,
    /// What the form asks for; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    data: Option<Map<String, Value>>,
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: Option<String>,
    /// The first instant at which an offer can be accepted no more.
    #[schema(format = "date-time", max_length = 40)]
    offer_expires_at: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// Operations on it that your grants and your part in it allow; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["transition_application"]), max_items = 10, nullable = false)]
    actions: Option<Vec<&'static str>>,
}

impl ApplicationResponse {
    fn of(found: NamedApplication, context: &Context) -> Self {
        let NamedApplication { row, organisation, innovation } = found;
        Self {
            state: row.state_at(context.now),
            priorities: row.priorities().into_iter().map(PriorityCode).collect(),
            id: row.id,
            reference: row.reference,
            call: row.call_id,
            programme: row.programme,
            title: row.title,
            organisation,
            innovation,
            form_version: row.form_version,
            data_version: row.data_version,
            data: None,
            submitted_at: row.submitted_at.map(instant),
            offer_expires_at: row.offer_expires_at.map(instant),
            version: row.version,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            actions: None,
        }
    }

    fn alone(conn: &mut Conn, context: &Context, found: NamedApplication, standing: Standing) -> Result<Self> {
        let data = Some(ops::data(conn, &found.row)?);
        let actions = Some(ops::actions(context, &found.row, standing));
        Ok(Self { data, actions, ..Self::of(found, context) })
    }
}

/// An application in a ranking.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RankedApplicationResponse {
    id: Id,
    #[schema(example = "APP-2018-00042", max_length = 30)]
    reference: String,
    #[schema(max_length = 200)]
    title: String,
    state: ApplicationState,
    /// The mean of its reviews, as a share of the highest score.
    #[schema(minimum = 0, maximum = 1)]
    score: f64,
    /// How many reviews that is the mean of.
    #[schema(minimum = 1)]
    reviews: i32,
}

fn reply(conn: &mut Conn, context: &Context, (found, standing): (NamedApplication, Standing)) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&ApplicationResponse::alone(conn, context, found, standing)?)?.version(version))
}

/// List the applications to a call
///
/// The programme sees all of them, an applicant their own, a reviewer those they were asked to review.
#[utoipa::path(
    tag = "applications",
    params(CallPath, ListApplications),
    responses((status = 200, description = "A page of applications", body = Listing<ApplicationResponse>)),
)]
#[get("/v1/calls/{id}/applications")]
pub async fn list_applications(cx: Cx, path: web::Path<CallPath>, query: Query<ListApplications>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let call = get_call(conn, &path.id)?.row;
        let sight = ops::sight(context, &call.programme);
        let filter = ApplicationFilter { call: call.id, sight, states: query.state.map(|states| states.0) };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, |found| ApplicationResponse::of(found, context))
    })
    .await
}

/// Begin an application to a call
///
/// As a draft, for an organisation or an innovation that you act for; submit it before the call closes.
#[utoipa::path(
    tag = "applications",
    params(CallPath),
    request_body = CreateApplicationRequest,
    responses((status = 201, description = "Begun", body = ApplicationResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/calls/{id}/applications")]
pub async fn create_application(
    cx: Cx,
    path: web::Path<CallPath>,
    body: Body<CreateApplicationRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let (found, standing) = ops::create_application(conn, context, &path.id, request.into())?;
        let (location, version) = (format!("/v1/applications/{}", found.row.id), found.row.version);
        Reply::created(location, version, &ApplicationResponse::alone(conn, context, found, standing)?)
    })
    .await
}

/// List the reviewed applications to a call by score
///
/// For the programme; sort by `-score` for the best first. One whose review the caller still owes is not among them.
#[utoipa::path(
    tag = "applications",
    params(CallPath, ListCallRanking),
    responses((status = 200, description = "A page of the ranking", body = Listing<RankedApplicationResponse>)),
)]
#[get("/v1/calls/{id}/ranking")]
pub async fn list_call_ranking(cx: Cx, path: web::Path<CallPath>, query: Query<ListCallRanking>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let call = get_call(conn, &path.id)?.row;
        kept(conn, context, &call.programme)?;
        let page = store::ranking(conn, call.id, &context.actor.subject, &query.page)?;
        Reply::page(page, &target, |RankedApplication(row)| RankedApplicationResponse {
            state: row.state_at(context.now),
            id: row.id,
            reference: row.reference,
            title: row.title,
            score: share(row.score_ppm),
            reviews: row.reviews_submitted,
        })
    })
    .await
}

/// Get an application
///
/// With its data. Its applicant, the programme and its reviewers see it.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath),
    responses((status = 200, description = "The application", body = ApplicationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/applications/{id}")]
pub async fn get_application(cx: Cx, path: web::Path<ApplicationPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let found = ops::get_application(conn, context, &path.id)?;
        reply(conn, context, found)
    })
    .await
}

/// Change a draft of an application
///
/// A merge patch by its applicant, until it is submitted.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath),
    request_body(content = ApplicationPatch, content_type = "application/merge-patch+json", example = json!({ "priorities": ["mental-health"] })),
    responses((status = 200, description = "Changed", body = ApplicationResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/applications/{id}")]
pub async fn update_application(
    cx: Cx,
    path: web::Path<ApplicationPath>,
    body: Body<ApplicationPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Application| Ok(patch.apply(&present.into())?.into());
        let found = ops::update_application(conn, context, &path.id, change)?;
        reply(conn, context, found)
    })
    .await
}

/// Move an application
///
/// The applicant submits (409 `call-closed` from the instant the call closes), withdraws, accepts or declines; the
/// programme makes every other move, and nobody decides their own.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath),
    request_body = AskedMove,
    responses((status = 200, description = "Moved", body = ApplicationResponse, headers(("ETag" = String)))),
)]
#[post("/v1/applications/{id}/transitions")]
pub async fn transition_application(
    cx: Cx,
    path: web::Path<ApplicationPath>,
    body: Body<AskedMove>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let found = ops::transition_application(conn, context, &path.id, request.into())?;
        reply(conn, context, found)
    })
    .await
}

/// List the moves of an application
///
/// Every change of its state, oldest first unless sorted otherwise.
#[utoipa::path(
    tag = "applications",
    params(ApplicationPath, ListTransitions),
    responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)),
)]
#[get("/v1/applications/{id}/transitions")]
pub async fn list_application_transitions(
    cx: Cx,
    path: web::Path<ApplicationPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _: &ListTransitions| {
        let (found, _) = ops::get_application(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
