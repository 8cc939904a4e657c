//! Persons in the database.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::people;
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = people, treat_none_as_null = true)]
pub struct PersonRow {
    pub id: Id,
    /// Empty once the person is erased.
    pub name: String,
    pub sort_name: String,
    pub email: Option<String>,
    /// The subject of the person's own tokens.
    pub subject: Option<String>,
    /// When the person agreed to be named to the public.
    pub consented_at: Option<NaiveDateTime>,
    pub erased_at: Option<NaiveDateTime>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What a person is called, as far as it is still known.
#[derive(Queryable, Clone)]
pub struct Called {
    name: String,
    erased_at: Option<NaiveDateTime>,
}

impl Called {
    pub fn told(self) -> String {
        if self.erased_at.is_some() { super::ops::ERASED.to_owned() } else { self.name }
    }
}

sortable! {
    PersonRow, people::table, people::BoxedQuery<'static, MultiBackend>;
    0: "name" => people::sort_name, Text, |row| row.sort_name.clone();
    tie 1 => people::id, Id, |row| row.id;
}

/// People by the words of their names.
///
/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, search: Option<&SearchTerms>, request: &PageRequest) -> Result<Page<PersonRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = people::table.into_boxed::<MultiBackend>();
        if let Some(terms) = search {
            query = query.filter(dialect::matches(engine, "people", terms));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<PersonRow>> {
    Ok(people::table.find(id).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &PersonRow) -> Result<()> {
    diesel::insert_into(people::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &PersonRow) -> Result<()> {
    overwrite!(conn, people, row)
}
