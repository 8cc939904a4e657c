//! `/v1/events/{id}/attendances`.

use super::ops;
use super::rules::Attendance;
use super::store::{self, ListAttendances};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::path;
use crate::people::learning_events::ops::get_learning_event;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type AttendanceResponse = Stored<Attendance>;
type AttendancePatch = Patch<Attendance>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_attendances).service(create_attendance).service(get_attendance).service(update_attendance);
}

path! { AttendancePath, id: uuid "The event's id", attendance: uuid "The attendance's id" }

/// List the attendances at a learning event
///
/// Lists those who were invited and those who attended, in the order they were added by default.
#[utoipa::path(tag = "people", params(IdPath, ListAttendances), responses((status = 200, description = "A page of attendances", body = Listing<AttendanceResponse>)))]
#[get("/v1/events/{id}/attendances")]
pub async fn list_attendances(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAttendances>,
) -> Result<Listed<AttendanceResponse>> {
    cx.list(asked, move |conn, _, asked| Ok(store::list(get_learning_event(conn, &path.id)?.row.id, asked))).await
}

/// Add a person to a learning event
///
/// A person can be added to an event once.
#[utoipa::path(tag = "people", params(IdPath), request_body = Attendance, responses((status = 201, description = "On the list", body = AttendanceResponse)))]
#[post("/v1/events/{id}/attendances")]
pub async fn create_attendance(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Attendance>,
) -> Result<Created<AttendanceResponse>> {
    cx.create(body, move |conn, context, new| ops::create_attendance(conn, context, &path.id, new)).await
}

/// Get an attendance at a learning event
///
/// Returns the person, their role, and whether they attended.
#[utoipa::path(tag = "people", params(AttendancePath), responses((status = 200, description = "The attendance", body = AttendanceResponse)))]
#[get("/v1/events/{id}/attendances/{attendance}")]
pub async fn get_attendance(cx: Cx, path: web::Path<AttendancePath>) -> Result<Answer<AttendanceResponse>> {
    cx.show(move |conn, _| ops::get_attendance(conn, &path.id, &path.attendance)).await
}

/// Change an attendance at a learning event
///
/// Takes a merge patch. `{"state": "attended"}` records that the person attended.
#[utoipa::path(tag = "people", params(AttendancePath), request_body(content = AttendancePatch, example = json!({ "state": "attended" })), responses((status = 200, description = "Changed", body = AttendanceResponse)))]
#[patch("/v1/events/{id}/attendances/{attendance}")]
pub async fn update_attendance(
    cx: Cx,
    path: web::Path<AttendancePath>,
    body: Body<AttendancePatch>,
) -> Result<Answer<AttendanceResponse>> {
    cx.change(body, move |conn, context, patch| {
        ops::update_attendance(conn, context, (&path.id, &path.attendance), &patch)
    })
    .await
}
