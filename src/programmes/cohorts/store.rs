//! Cohorts in the database.

use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::cohorts;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = cohorts, treat_none_as_null = true)]
pub struct CohortRow {
    pub id: Id,
    pub programme: String,
    pub number: i32,
    pub name: String,
    pub target_size: Option<i32>,
    pub opens_at: Option<NaiveDateTime>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    CohortRow, cohorts::table, cohorts::BoxedQuery<'static, MultiBackend>, select: cohorts::version;
    0: "number" => cohorts::number, Small, |row| row.number;
    tie 1 => cohorts::id, Id, |row| row.id;
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, slug: &str, request: &PageRequest) -> Result<Page<CohortRow>> {
    page(conn, request, || cohorts::table.filter(cohorts::programme.eq(slug.to_owned())).into_boxed::<MultiBackend>())
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, slug: &str, number: i32) -> Result<Option<CohortRow>> {
    let one = cohorts::table.filter(cohorts::programme.eq(slug)).filter(cohorts::number.eq(number));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a number in use.
pub fn insert(conn: &mut Conn, row: &CohortRow) -> Result<()> {
    let taken = violations::unique(format!("The programme has a cohort {} already.", row.number));
    diesel::insert_into(cohorts::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &CohortRow) -> Result<()> {
    overwrite!(conn, cohorts, row)
}
