//! `/v1/events/{id}/attendances`.

use super::ops::{self, Attendance, AttendanceRole, AttendanceState};
use super::store::{self, NamedAttendance};
use crate::error::Result;
use crate::http::params::{OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::people::learning_events::http::LearningEventPath;
use crate::people::learning_events::ops::get_learning_event;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_attendances).service(create_attendance).service(get_attendance).service(update_attendance);
}

params! {
    /// What the list of an event may be narrowed to.
    pub struct ListAttendances list of NamedAttendance {
        /// Whether they came.
        state: OneOf<AttendanceState> = "state",
    }
}

/// Names an attendance in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AttendancePath {
    /// The event's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
    /// The attendance's id
    #[param(format = "uuid", max_length = 36)]
    attendance: String,
}

/// Somebody to put on the list of an event.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "person": "01a20d9c-dde4-71a4-9e4d-b70329105025", "role": "participant", "state": "attended" }))]
pub struct CreateAttendanceRequest {
    person: Id,
    #[serde(default = "participant")]
    #[schema(default = "participant")]
    role: AttendanceRole,
    #[serde(default = "invited")]
    #[schema(default = "invited")]
    state: AttendanceState,
}

fn participant() -> AttendanceRole {
    AttendanceRole::Participant
}

fn invited() -> AttendanceState {
    AttendanceState::Invited
}

type AttendancePatch = Patch<CreateAttendanceRequest>;

impl From<CreateAttendanceRequest> for Attendance {
    fn from(request: CreateAttendanceRequest) -> Self {
        Self { person: request.person, role: request.role, state: request.state }
    }
}

impl From<Attendance> for CreateAttendanceRequest {
    fn from(attendance: Attendance) -> Self {
        Self { person: attendance.person, role: attendance.role, state: attendance.state }
    }
}

/// Somebody on the list of an event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttendanceResponse {
    id: Id,
    person: Id,
    /// What the person is called.
    #[schema(max_length = 200)]
    name: String,
    role: AttendanceRole,
    state: AttendanceState,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedAttendance> for AttendanceResponse {
    fn from(found: NamedAttendance) -> Self {
        Self {
            id: found.row.id,
            person: found.row.person_id,
            name: found.person.told(),
            role: found.row.role,
            state: found.row.state,
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }
}

fn reply(found: NamedAttendance) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&AttendanceResponse::from(found))?.version(version))
}

/// List who is on the list of a learning event
///
/// In the order they were put there.
#[utoipa::path(
    tag = "people",
    params(LearningEventPath, ListAttendances),
    responses((status = 200, description = "A page of attendances", body = Listing<AttendanceResponse>)),
)]
#[get("/v1/events/{id}/attendances")]
pub async fn list_attendances(
    cx: Cx,
    path: web::Path<LearningEventPath>,
    query: Query<ListAttendances>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let event = get_learning_event(conn, &path.id)?;
        let states = query.state.map(|states| states.0);
        let page = store::list(conn, event.row.id, states.as_deref(), &query.page)?;
        Reply::page(page, &target, AttendanceResponse::from)
    })
    .await
}

/// Put somebody on the list of a learning event
///
/// Once a person.
#[utoipa::path(
    tag = "people",
    params(LearningEventPath),
    request_body = CreateAttendanceRequest,
    responses((status = 201, description = "On the list", body = AttendanceResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/events/{id}/attendances")]
pub async fn create_attendance(
    cx: Cx,
    path: web::Path<LearningEventPath>,
    body: Body<CreateAttendanceRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let made = ops::create_attendance(conn, context, &path.id, request.into())?;
        let location = format!("/v1/events/{}/attendances/{}", made.row.event_id, made.row.id);
        Reply::created(location, made.row.version, &AttendanceResponse::from(made))
    })
    .await
}

/// Get an attendance at a learning event
///
/// With whether the person came.
#[utoipa::path(
    tag = "people",
    params(AttendancePath),
    responses((status = 200, description = "The attendance", body = AttendanceResponse, headers(("ETag" = String)))),
)]
#[get("/v1/events/{id}/attendances/{attendance}")]
pub async fn get_attendance(cx: Cx, path: web::Path<AttendancePath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_attendance(conn, &path.id, &path.attendance)?)).await
}

/// Change an attendance at a learning event
///
/// A merge patch: `{"state": "attended"}` says that the person came.
#[utoipa::path(
    tag = "people",
    params(AttendancePath),
    request_body(content = AttendancePatch, content_type = "application/merge-patch+json", example = json!({ "state": "attended" })),
    responses((status = 200, description = "Changed", body = AttendanceResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/events/{id}/attendances/{attendance}")]
pub async fn update_attendance(cx: Cx, path: web::Path<AttendancePath>, body: Body<AttendancePatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Attendance| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_attendance(conn, context, &path.id, &path.attendance, change)?)
    })
    .await
}
