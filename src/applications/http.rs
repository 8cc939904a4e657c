//! `/v1/calls/{id}/applications`, `/v1/calls/{id}/ranking`, `/v1/applications/{id}`.

use super::ops::{self, Standing};
use super::reviews::http::share;
use super::rules::{Application, ApplicationState, PriorityCode};
use super::store::{ListApplications, ListCallRanking, NamedApplication, RankedApplication};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::record::Record;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

type ApplicationPatch = Patch<Application>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_applications)
        .service(create_application)
        .service(list_call_ranking)
        .service(get_application)
        .service(update_application)
        .service(transition_application)
        .service(list_application_transitions);
    super::reviews::http::routes(routes);
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
    #[schema(example = "NHS Innovation Accelerator", max_length = 200)]
    programme_name: String,
    #[schema(max_length = 200)]
    title: String,
    #[schema(max_length = 60)]
    organisation: Option<String>,
    #[schema(max_length = 300)]
    organisation_name: Option<String>,
    #[schema(max_length = 60)]
    innovation: Option<String>,
    #[schema(max_length = 200)]
    innovation_name: Option<String>,
    state: ApplicationState,
    #[schema(max_items = 50)]
    priorities: Vec<PriorityCode>,
    /// The version of the call's form that the answers are for.
    #[schema(minimum = 1)]
    form_version: i32,
    #[schema(minimum = 1)]
    data_version: i32,
    /// The answers to the call's form. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    data: Option<Map<String, Value>>,
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: Option<String>,
    /// The instant from which an offer can no longer be accepted.
    #[schema(format = "date-time", max_length = 40)]
    offer_expires_at: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// The operations on this application that you may do now. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["transition_application"]), max_items = 10, nullable = false)]
    actions: Option<Vec<&'static str>>,
}

impl Record for ApplicationResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

impl ApplicationResponse {
    fn of(found: NamedApplication, context: &Context) -> Self {
        let NamedApplication { row, programme_name, organisation, innovation } = found;
        let (organisation, organisation_name) = organisation.unzip();
        let (innovation, innovation_name) = innovation.unzip();
        Self {
            state: row.state_at(context.now),
            priorities: row.priorities(),
            id: row.id,
            reference: row.reference,
            call: row.call_id,
            programme: row.programme,
            programme_name,
            title: row.title,
            organisation,
            organisation_name,
            innovation,
            innovation_name,
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

    /// One record by itself: with its data and what the caller may do to it.
    fn alone((found, standing): (NamedApplication, Standing), conn: &mut Conn, context: &Context) -> Result<Self> {
        let data = Some(ops::data(conn, &found.row)?);
        let actions = Some(ops::actions(context, &found.row, standing));
        Ok(Self { data, actions, ..Self::of(found, context) })
    }
}

/// An application with its score.
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
    /// The number of reviews behind the mean.
    #[schema(minimum = 1)]
    reviews: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl RankedApplicationResponse {
    fn of(RankedApplication(row): RankedApplication, context: &Context) -> Self {
        Self {
            state: row.state_at(context.now),
            id: row.id,
            reference: row.reference,
            title: row.title,
            score: share(row.score_ppm),
            reviews: row.reviews_submitted,
            updated_at: instant(row.updated_at),
        }
    }
}

/// List the applications to a call
///
/// The programme sees all applications, an applicant sees their own, and a reviewer sees those they were asked to review.
#[utoipa::path(tag = "applications", params(IdPath, ListApplications), responses((status = 200, description = "A page of applications", body = Listing<ApplicationResponse>)))]
#[get("/v1/calls/{id}/applications")]
pub async fn list_applications(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListApplications>,
) -> Result<Listed<ApplicationResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, asked: &ListApplications| {
        ops::list_applications(conn, context, &path.id, asked)
    };
    cx.list_with(asked, rows, |_, context, rows| {
        Ok(rows.into_iter().map(|found| ApplicationResponse::of(found, context)).collect())
    })
    .await
}

/// Begin an application to a call
///
/// Creates a draft for an organisation or innovation that you act for. Submit it before the call closes.
#[utoipa::path(tag = "applications", params(IdPath), request_body = Application, responses((status = 201, description = "Begun", body = ApplicationResponse)))]
#[post("/v1/calls/{id}/applications")]
pub async fn create_application(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Application>,
) -> Result<Created<ApplicationResponse>> {
    cx.create_at("/v1/applications", body, move |conn, context, new| {
        ApplicationResponse::alone(ops::create_application(conn, context, &path.id, new)?, conn, context)
    })
    .await
}

/// List the reviewed applications to a call by score
///
/// For the programme only. Use `sort=-score` for the best first. Applications that you have yet to review are left out.
#[utoipa::path(tag = "applications", params(IdPath, ListCallRanking), responses((status = 200, description = "A page of the ranking", body = Listing<RankedApplicationResponse>)))]
#[get("/v1/calls/{id}/ranking")]
pub async fn list_call_ranking(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListCallRanking>,
) -> Result<Listed<RankedApplicationResponse>> {
    let rows =
        move |conn: &mut Conn, context: &Context, _: &ListCallRanking| ops::list_call_ranking(conn, context, &path.id);
    cx.list_with(asked, rows, |_, context, rows| {
        Ok(rows.into_iter().map(|found| RankedApplicationResponse::of(found, context)).collect())
    })
    .await
}

/// Get an application
///
/// Returns the application with its answers. Its applicant, the programme and its reviewers can see it.
#[utoipa::path(tag = "applications", params(IdPath), responses((status = 200, description = "The application", body = ApplicationResponse)))]
#[get("/v1/applications/{id}")]
pub async fn get_application(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ApplicationResponse>> {
    cx.show_whole(move |conn, context| {
        ApplicationResponse::alone(ops::get_application(conn, context, &path.id)?, conn, context)
    })
    .await
}

/// Change a draft of an application
///
/// Takes a merge patch. Only the applicant can change an application, and only until it is submitted.
#[utoipa::path(tag = "applications", params(IdPath), request_body(content = ApplicationPatch, example = json!({ "priorities": ["mental-health"] })), responses((status = 200, description = "Changed", body = ApplicationResponse)))]
#[patch("/v1/applications/{id}")]
pub async fn update_application(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<ApplicationPatch>,
) -> Result<Answer<ApplicationResponse>> {
    cx.change(body, move |conn, context, patch| {
        ApplicationResponse::alone(ops::update_application(conn, context, &path.id, &patch)?, conn, context)
    })
    .await
}

/// Move an application
///
/// The applicant submits (409 `call-closed` once the call has closed), withdraws, accepts or declines. The programme makes
/// every other move. Nobody decides on their own application.
#[utoipa::path(tag = "applications", params(IdPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = ApplicationResponse)))]
#[post("/v1/applications/{id}/transitions")]
pub async fn transition_application(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<ApplicationResponse>> {
    let id = path.id.clone();
    let look = move |conn: &mut Conn, context: &Context, asked: AskedMove| {
        Ok((ops::candidate(conn, context, &path.id, &asked)?, asked))
    };
    let consider = |(candidate, asked): (Option<ops::Candidate>, _)| Ok((candidate.map(ops::Candidate::assess), asked));
    let change = move |conn: &mut Conn, context: &Context, (assessed, asked)| {
        let moved = ops::transition_application(conn, context, &id, asked, assessed)?;
        Reply::record(&ApplicationResponse::alone(moved, conn, context)?)
    };
    cx.considered(body, look, consider, change).await.map(Answer::of)
}

/// List the moves of an application
///
/// Lists every change of the state, oldest first by default.
#[utoipa::path(tag = "applications", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/applications/{id}/transitions")]
pub async fn list_application_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _: &ListTransitions| {
        let (found, _) = ops::get_application(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
