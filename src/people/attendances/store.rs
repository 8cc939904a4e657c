//! Attendances in the database.

use super::rules::{Attendance, AttendanceAdded, AttendanceRole, AttendanceState};
use crate::db::schema::{attendances, people};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{one_of, params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = attendances)]
pub struct AttendanceRow {
    pub id: Id,
    pub event_id: Id,
    pub person_id: Id,
    pub role: AttendanceRole,
    pub state: AttendanceState,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl AttendanceRow {
    pub fn new(context: &Context, event_id: Id, new: Attendance) -> Self {
        let (Attendance { person: person_id, role, state }, now) = (new, context.now.naive_utc());
        Self { id: Id::generate(), event_id, person_id, role, state, version: 1, created_at: now, updated_at: now }
    }

    pub fn attendance(&self) -> Attendance {
        Attendance { person: self.person_id, role: self.role, state: self.state }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Attendance) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { role: new.role, state: new.state, version, updated_at, ..self }
    }
}

/// An attendance with the person's name, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAttendance {
    pub row: AttendanceRow,
    #[diesel(deserialize_as = PersonName)]
    pub name: String,
}

impl From<NamedAttendance> for Stored<Attendance> {
    fn from(NamedAttendance { row, name }: NamedAttendance) -> Self {
        let (added, written) = (AttendanceAdded { id: row.id, name }, row.attendance());
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Columns = (<attendances::table as Table>::AllColumns, NameColumns);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedAttendance, Query, key "id" => attendances::id as Id;
    attendances of |found| found.row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

writable! { attendances, AttendanceRow, "The person is on the list of this event already." }

params! {
    /// The filters of an event's list.
    pub struct ListAttendances list of NamedAttendance {
        /// Whether they attended.
        state: OneOf<AttendanceState> = "state",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (attendances::all_columns, NAME_COLUMNS);
    attendances::table.inner_join(people::table).select(columns)
}

/// The list of one event.
pub fn list(event: Id, asked: &ListAttendances) -> Query {
    let query = named().filter(attendances::event_id.eq(event)).into_boxed::<MultiBackend>();
    match &asked.state {
        Some(states) => query.filter(one_of!(attendances::state, states.0.clone())),
        None => query,
    }
}

pub fn find(conn: &mut Conn, event: Id, id: Id) -> Result<Option<NamedAttendance>> {
    let one = named().filter(attendances::id.eq(id)).filter(attendances::event_id.eq(event));
    Ok(one.first(conn).optional()?)
}

pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<AttendanceRow>> {
    Ok(attendances::table.filter(attendances::person_id.eq(person)).order_by(attendances::id).load(conn)?)
}
