//! What can be done with attendances, each in one transaction.

use super::rules::Attendance;
use super::store::{self, AttendanceRow, NamedAttendance};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::learning_events::ops::{get_learning_event, touch};
use crate::people::learning_events::store::LearningEventRow;
use crate::people::ops::referred;
use crate::people::store::subject_of;
use serde_json::json;

/// # Errors
/// `not-found` for the event or the attendance.
pub fn get_attendance(conn: &mut Conn, event: &str, id: &str) -> Result<NamedAttendance> {
    let event = get_learning_event(conn, event)?.row;
    by_id(id, "attendance", |id| store::find(conn, event.id, id))
}

/// Adds a person to the list of an event.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `already-exists`.
pub fn create_attendance(conn: &mut Conn, context: &Context, event: &str, new: Attendance) -> Result<NamedAttendance> {
    let event = kept(conn, context, event)?;
    referred(conn, "/person", new.person)?;
    let row = AttendanceRow::new(context, event.id, new);
    store::insert(conn, &row)?;
    finish(conn, context, event, &row)
}

/// Changes the role of a person, and whether they attended.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_attendance(
    conn: &mut Conn,
    context: &Context,
    (event, id): (&str, &str),
    patch: &Patch<Attendance>,
) -> Result<NamedAttendance> {
    let kept = kept(conn, context, event)?;
    let present = get_attendance(conn, event, id)?;
    let before = present.row.attendance();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    let row = present.row.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, kept, &row)
}

fn kept(conn: &mut Conn, context: &Context, event: &str) -> Result<LearningEventRow> {
    let event = get_learning_event(conn, event)?.row;
    context.keep_programme(Some(&event.programme))?;
    Ok(event)
}

fn finish(conn: &mut Conn, context: &Context, event: LearningEventRow, row: &AttendanceRow) -> Result<NamedAttendance> {
    touch(conn, context, &event)?;
    let data = json!({ "event": event.id, "person": row.person_id, "state": row.state });
    let trace = Event::new("attendance", &row.id.to_string(), row.version, data);
    let (programme, owner) = (Some(event.programme), subject_of(conn, row.person_id)?);
    events::record(conn, context, Event { programme, owner, ..trace })?;
    store::find(conn, event.id, row.id)?.ok_or_else(|| Error::internal("an attendance was lost"))
}
