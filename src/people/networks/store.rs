//! Networks in the database.

use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::networks;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = networks, treat_none_as_null = true)]
pub struct NetworkRow {
    pub id: Id,
    pub slug: String,
    pub name: String,
    pub sort_name: String,
    pub purpose: String,
    pub programme: Option<String>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    NetworkRow, networks::table, networks::BoxedQuery<'static, MultiBackend>;
    0: "name" => networks::sort_name, Text, |row| row.sort_name.clone();
    tie 1 => networks::id, Id, |row| row.id;
}

/// What a list of networks may be narrowed to.
pub struct NetworkFilter {
    pub search: Option<SearchTerms>,
    pub programme: Option<String>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &NetworkFilter, request: &PageRequest) -> Result<Page<NetworkRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = networks::table.into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "networks", terms));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(networks::programme.eq(programme.clone()));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<NetworkRow>> {
    Ok(networks::table.filter(networks::slug.eq(slug)).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a slug that is taken.
pub fn insert(conn: &mut Conn, row: &NetworkRow) -> Result<()> {
    let taken = violations::unique("There is a network of that slug already.");
    diesel::insert_into(networks::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &NetworkRow) -> Result<()> {
    overwrite!(conn, networks, row)
}
