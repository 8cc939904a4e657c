//! Memberships in the database.

use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::programme_memberships;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programme_memberships)]
pub struct MembershipRow {
    pub id: Id,
    pub innovation_id: Id,
    pub programme: String,
    pub from_on: NaiveDate,
    /// The first day it is a member no longer.
    pub to_on: NaiveDate,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    MembershipRow, programme_memberships::table, programme_memberships::BoxedQuery<'static, MultiBackend>, select: programme_memberships::version;
    0: "from" => programme_memberships::from_on, Day, |row| row.from_on;
    1: "programme" => programme_memberships::programme, Text, |row| row.programme.clone();
    tie 2 => programme_memberships::id, Id, |row| row.id;
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, innovation: Id, request: &PageRequest) -> Result<Page<MembershipRow>> {
    page(conn, request, || {
        programme_memberships::table
            .filter(programme_memberships::innovation_id.eq(innovation))
            .into_boxed::<MultiBackend>()
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, innovation: Id, id: Id) -> Result<Option<MembershipRow>> {
    let one = programme_memberships::table.find(id).filter(programme_memberships::innovation_id.eq(innovation));
    Ok(one.first(conn).optional()?)
}

/// Whether another membership of the same innovation and programme shares a day with this one.
///
/// # Errors
/// The database's own.
pub fn overlaps(conn: &mut Conn, row: &MembershipRow) -> Result<bool> {
    let others = programme_memberships::table
        .filter(programme_memberships::innovation_id.eq(row.innovation_id))
        .filter(programme_memberships::programme.eq(row.programme.clone()))
        .filter(programme_memberships::id.ne(row.id))
        .filter(programme_memberships::from_on.lt(row.to_on))
        .filter(programme_memberships::to_on.gt(row.from_on));
    Ok(others.count().get_result::<i64>(conn)? > 0)
}

/// # Errors
/// `already-exists` for one from the same day.
pub fn insert(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    let taken = violations::unique("The innovation is a member from that day already.");
    diesel::insert_into(programme_memberships::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` as for [`insert`].
pub fn update(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    let taken = violations::unique("The innovation is a member from that day already.");
    overwrite!(conn, programme_memberships, row, taken)
}
