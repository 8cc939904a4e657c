//! Milestones in the database.

use super::ops::MilestoneState;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::award_milestones;
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = award_milestones, treat_none_as_null = true)]
pub struct MilestoneRow {
    pub id: Id,
    pub award_id: Id,
    /// The review that made it a condition.
    pub gateway_review_id: Option<Id>,
    pub title: String,
    pub due_on: NaiveDate,
    pub state: MilestoneState,
    pub met_on: Option<NaiveDate>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    MilestoneRow, award_milestones::table, award_milestones::BoxedQuery<'static, MultiBackend>;
    0: "dueOn" => award_milestones::due_on, Day, |row| row.due_on;
    tie 1 => award_milestones::id, Id, |row| row.id;
}

/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    award: Id,
    states: Option<&[MilestoneState]>,
    request: &PageRequest,
) -> Result<Page<MilestoneRow>> {
    page(conn, request, || {
        let mut query =
            award_milestones::table.filter(award_milestones::award_id.eq(award)).into_boxed::<MultiBackend>();
        if let Some(states) = states {
            query = query.filter(award_milestones::state.eq_any(states.to_vec()));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<MilestoneRow>> {
    let one = award_milestones::table.find(id).filter(award_milestones::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &MilestoneRow) -> Result<()> {
    diesel::insert_into(award_milestones::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &MilestoneRow) -> Result<()> {
    overwrite!(conn, award_milestones, row)
}
