//! What can be done with attendances, each in one transaction.

use super::store::{self, AttendanceRow, NamedAttendance};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::people::learning_events::ops::{get_learning_event, touch};
use crate::people::learning_events::store::LearningEventRow;
use crate::people::ops::referred;
use crate::vocabulary::Id;
use crate::words;
use serde_json::json;

words! {
    /// As what somebody is at a learning event.
    pub enum AttendanceRole {
        Participant = "participant",
        Speaker = "speaker",
        Facilitator = "facilitator",
        Mentor = "mentor",
    }
}

words! {
    /// Whether somebody came.
    pub enum AttendanceState {
        Invited = "invited",
        Registered = "registered",
        Attended = "attended",
        Absent = "absent",
    }
}

/// An attendance as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    pub person: Id,
    pub role: AttendanceRole,
    pub state: AttendanceState,
}

impl NamedAttendance {
    pub fn attendance(&self) -> Attendance {
        Attendance { person: self.row.person_id, role: self.row.role, state: self.row.state }
    }
}

/// # Errors
/// `not-found` for the event or the attendance.
pub fn get_attendance(conn: &mut Conn, event: &str, id: &str) -> Result<NamedAttendance> {
    let event = get_learning_event(conn, event)?.row;
    by_id(id, "attendance", |id| store::find(conn, event.id, id))
}

fn kept(conn: &mut Conn, context: &Context, event: &str) -> Result<LearningEventRow> {
    let event = get_learning_event(conn, event)?.row;
    context.keep_programme(Some(&event.programme))?;
    Ok(event)
}

fn finish(
    conn: &mut Conn,
    context: &Context,
    event: &LearningEventRow,
    row: &AttendanceRow,
) -> Result<NamedAttendance> {
    touch(conn, context, event)?;
    let data = json!({ "event": event.id, "person": row.person_id, "state": row.state });
    let trace = Event::new("attendance", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: Some(event.programme.clone()), ..trace })?;
    store::find(conn, event.id, row.id)?.ok_or_else(|| Error::internal("an attendance was lost"))
}

/// Puts a person on the list of an event.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `already-exists`.
pub fn create_attendance(conn: &mut Conn, context: &Context, event: &str, new: Attendance) -> Result<NamedAttendance> {
    let event = kept(conn, context, event)?;
    let now = context.now.naive_utc();
    let row = AttendanceRow {
        id: Id::generate(),
        event_id: event.id,
        person_id: referred(conn, "/person", new.person)?,
        role: new.role,
        state: new.state,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    finish(conn, context, &event, &row)
}

/// Changes as what somebody is there, and whether they came.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_attendance(
    conn: &mut Conn,
    context: &Context,
    event: &str,
    id: &str,
    change: impl FnOnce(Attendance) -> Result<Attendance>,
) -> Result<NamedAttendance> {
    let kept = kept(conn, context, event)?;
    let present = get_attendance(conn, event, id)?;
    context.check_version(present.row.version)?;
    let before = present.attendance();
    let new = change(before)?;
    if new.person != before.person {
        return Err(Error::new(Code::Immutable).detail("Whose attendance it is cannot change."));
    }
    if new == before {
        return Ok(present);
    }
    let row = AttendanceRow {
        role: new.role,
        state: new.state,
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    store::update(conn, &row)?;
    finish(conn, context, &kept, &row)
}
