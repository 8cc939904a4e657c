//! Counts of members in the database.

use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::network_memberships;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = network_memberships, treat_none_as_null = true)]
pub struct MembershipRow {
    pub id: Id,
    pub network_id: Id,
    pub counted_on: NaiveDate,
    pub members: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub source: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    MembershipRow, network_memberships::table, network_memberships::BoxedQuery<'static, MultiBackend>;
    0: "countedOn" => network_memberships::counted_on, Day, |row| row.counted_on;
    tie 1 => network_memberships::id, Id, |row| row.id;
}

/// The counts of a network from a day on, and before another.
///
/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    network: Id,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    request: &PageRequest,
) -> Result<Page<MembershipRow>> {
    page(conn, request, || {
        let own = network_memberships::network_id.eq(network);
        let mut query = network_memberships::table.filter(own).into_boxed::<MultiBackend>();
        if let Some(from) = from {
            query = query.filter(network_memberships::counted_on.ge(from));
        }
        if let Some(to) = to {
            query = query.filter(network_memberships::counted_on.lt(to));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, network: Id, id: Id) -> Result<Option<MembershipRow>> {
    let one = network_memberships::table.find(id).filter(network_memberships::network_id.eq(network));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a day that was counted.
pub fn insert(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    let taken = violations::unique("The network's members of that day are counted already.");
    diesel::insert_into(network_memberships::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    overwrite!(conn, network_memberships, row)
}
