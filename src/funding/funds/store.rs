//! Funds in the database.

use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::funds;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = funds, treat_none_as_null = true)]
pub struct FundRow {
    pub id: Id,
    /// In upper case.
    pub code: String,
    pub name: String,
    pub sort_name: String,
    pub programme: Option<String>,
    /// A code of ISO 4217; never changed.
    pub currency: String,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    FundRow, funds::table, funds::BoxedQuery<'static, MultiBackend>;
    0: "name" => funds::sort_name, Text, |row| row.sort_name.clone();
    1: "code" => funds::code, Text, |row| row.code.clone();
    2: "updatedAt" => funds::updated_at, Instant, |row| row.updated_at;
    tie 3 => funds::id, Id, |row| row.id;
}

/// What a list of funds may be narrowed to.
pub struct FundFilter {
    pub search: Option<SearchTerms>,
    pub programme: Option<String>,
    /// The programmes whose funds the caller sees; all without.
    pub seen: Option<Vec<String>>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &FundFilter, request: &PageRequest) -> Result<Page<FundRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = funds::table.into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "funds", terms));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(funds::programme.eq(programme.clone()));
        }
        if let Some(seen) = &filter.seen {
            query = query.filter(funds::programme.eq_any(seen.clone()));
        }
        query
    })
}

/// The fund of a code in upper case.
///
/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<FundRow>> {
    Ok(funds::table.filter(funds::code.eq(code)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn find_by_id(conn: &mut Conn, id: Id) -> Result<Option<FundRow>> {
    Ok(funds::table.find(id).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a code that is taken.
pub fn insert(conn: &mut Conn, row: &FundRow) -> Result<()> {
    let taken = violations::unique("There is a fund of that code already.");
    diesel::insert_into(funds::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &FundRow) -> Result<()> {
    overwrite!(conn, funds, row)
}
