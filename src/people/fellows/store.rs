//! Fellows in the database, each read with its person.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{fellows, fellowship_innovations, fellowships, people};
use crate::error::Result;
use crate::people::store::PersonRow;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = fellows, treat_none_as_null = true)]
pub struct FellowRow {
    pub id: Id,
    pub person_id: Id,
    pub profession: Option<String>,
    pub biography: Option<String>,
    pub website: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A fellow with the person, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedFellow {
    pub row: FellowRow,
    pub person: PersonRow,
}

type Source = dsl::InnerJoinQuerySource<fellows::table, people::table>;
type Columns = (<fellows::table as Table>::AllColumns, <people::table as Table>::AllColumns);
type Named = dsl::Select<dsl::InnerJoin<fellows::table, people::table>, Columns>;

sortable! {
    NamedFellow, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: fellows::version;
    0: "name" => people::sort_name, Text, |found| found.person.sort_name.clone();
    1: "createdAt" => fellows::created_at, Instant, |found| found.row.created_at;
    tie 2 => fellows::person_id, Id, |found| found.row.person_id;
}

fn named() -> Named {
    fellows::table.inner_join(people::table).select((fellows::all_columns, people::all_columns))
}

/// What a list of fellows may be narrowed to.
pub struct FellowFilter {
    pub search: Option<SearchTerms>,
    pub programme: Option<String>,
    pub innovation: Option<Id>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &FellowFilter, request: &PageRequest) -> Result<Page<NamedFellow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = named().into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "people", terms));
        }
        if let Some(programme) = &filter.programme {
            let held = fellowships::table.filter(fellowships::programme.eq(programme.clone()));
            query = query.filter(fellows::id.eq_any(held.select(fellowships::fellow_id)));
        }
        if let Some(innovation) = filter.innovation {
            let carried = fellowship_innovations::table
                .filter(fellowship_innovations::innovation_id.eq(innovation))
                .select(fellowship_innovations::fellowship_id);
            let held = fellowships::table.filter(fellowships::id.eq_any(carried));
            query = query.filter(fellows::id.eq_any(held.select(fellowships::fellow_id)));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedFellow>> {
    Ok(named().filter(fellows::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn find_of_person(conn: &mut Conn, person: Id) -> Result<Option<FellowRow>> {
    Ok(fellows::table.filter(fellows::person_id.eq(person)).first(conn).optional()?)
}

/// The programmes a fellow is or was in.
///
/// # Errors
/// The database's own.
pub fn programmes_of(conn: &mut Conn, fellow: Id) -> Result<Vec<String>> {
    let held = fellowships::table.filter(fellowships::fellow_id.eq(fellow));
    Ok(held.select(fellowships::programme).distinct().load(conn)?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &FellowRow) -> Result<()> {
    diesel::insert_into(fellows::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &FellowRow) -> Result<()> {
    overwrite!(conn, fellows, row)
}

/// Empties the profile of an erased person.
///
/// # Errors
/// The database's own.
pub fn forget(conn: &mut Conn, person: Id, at: NaiveDateTime) -> Result<()> {
    let nothing = None::<String>;
    let emptied = (
        fellows::profession.eq(nothing.clone()),
        fellows::biography.eq(nothing.clone()),
        fellows::website.eq(nothing),
        fellows::version.eq(fellows::version + 1),
        fellows::updated_at.eq(at),
    );
    diesel::update(fellows::table.filter(fellows::person_id.eq(person))).set(emptied).execute(conn)?;
    Ok(())
}
