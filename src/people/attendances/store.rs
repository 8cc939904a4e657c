//! Attendances in the database.

use super::ops::{AttendanceRole, AttendanceState};
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{attendances, people};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::people::store::Called;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
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

/// An attendance with what the person is called, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAttendance {
    pub row: AttendanceRow,
    pub person: Called,
}

type Source = dsl::InnerJoinQuerySource<attendances::table, people::table>;
type Columns = (<attendances::table as Table>::AllColumns, (people::name, people::erased_at));
type Named = dsl::Select<dsl::InnerJoin<attendances::table, people::table>, Columns>;

sortable! {
    NamedAttendance, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: attendances::version;
    tie 0 => attendances::id, Id, |found| found.row.id;
}

fn named() -> Named {
    let columns = (attendances::all_columns, (people::name, people::erased_at));
    attendances::table.inner_join(people::table).select(columns)
}

/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    event: Id,
    states: Option<&[AttendanceState]>,
    request: &PageRequest,
) -> Result<Page<NamedAttendance>> {
    page(conn, request, || {
        let mut query = named().filter(attendances::event_id.eq(event)).into_boxed::<MultiBackend>();
        if let Some(states) = states {
            query = query.filter(attendances::state.eq_any(states.to_vec()));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, event: Id, id: Id) -> Result<Option<NamedAttendance>> {
    let one = named().filter(attendances::id.eq(id)).filter(attendances::event_id.eq(event));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<AttendanceRow>> {
    Ok(attendances::table.filter(attendances::person_id.eq(person)).order_by(attendances::id).load(conn)?)
}

/// # Errors
/// `already-exists` for the same person at the same event.
pub fn insert(conn: &mut Conn, row: &AttendanceRow) -> Result<()> {
    let taken = violations::unique("The person is on the list of that event already.");
    diesel::insert_into(attendances::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &AttendanceRow) -> Result<()> {
    overwrite!(conn, attendances, row)
}
