//! Programmes in the database.

use super::rules::ProgrammeKind;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{programme_partners, programmes};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programmes, treat_none_as_null = true)]
pub struct ProgrammeRow {
    pub id: Id,
    pub slug: String,
    pub name: String,
    pub sort_name: String,
    pub kind: ProgrammeKind,
    pub summary: String,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub website: Option<String>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    ProgrammeRow, programmes::table, programmes::BoxedQuery<'static, MultiBackend>, select: programmes::version;
    0: "name" => programmes::sort_name, Text, |row| row.sort_name.clone();
    1: "slug" => programmes::slug, Text, |row| row.slug.clone();
    2: "updatedAt" => programmes::updated_at, Instant, |row| row.updated_at;
    tie 3 => programmes::id, Id, |row| row.id;
}

/// What a list of programmes may be narrowed to.
pub struct ProgrammeFilter {
    pub search: Option<SearchTerms>,
    pub kinds: Option<Vec<ProgrammeKind>>,
    /// An organisation that is a partner on `today`.
    pub partner: Option<Id>,
    pub today: NaiveDate,
    pub updated_from: Option<NaiveDateTime>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &ProgrammeFilter, request: &PageRequest) -> Result<Page<ProgrammeRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = programmes::table.into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "programmes", terms));
        }
        if let Some(kinds) = &filter.kinds {
            query = query.filter(programmes::kind.eq_any(kinds.clone()));
        }
        if let Some(partner) = filter.partner {
            let carried = programme_partners::table
                .filter(programme_partners::organisation_id.eq(partner))
                .filter(programme_partners::from_on.le(filter.today))
                .filter(programme_partners::to_on.gt(filter.today))
                .select(programme_partners::programme);
            query = query.filter(programmes::slug.eq_any(carried));
        }
        if let Some(from) = filter.updated_from {
            query = query.filter(programmes::updated_at.ge(from));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<ProgrammeRow>> {
    Ok(programmes::table.filter(programmes::slug.eq(slug)).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a slug in use.
pub fn insert(conn: &mut Conn, row: &ProgrammeRow) -> Result<()> {
    let taken = violations::unique(format!("There is a programme {} already.", row.slug));
    diesel::insert_into(programmes::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &ProgrammeRow) -> Result<()> {
    overwrite!(conn, programmes, row)
}
