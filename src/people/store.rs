//! Persons in the database.

use crate::db::Conn;
use crate::db::schema::people;
use crate::error::Result;
use crate::vocabulary::Id;
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
    let present = people::table.find(row.id).filter(people::version.eq(row.version - 1));
    match diesel::update(present).set(row.clone()).execute(conn)? {
        0 => Err(crate::context::changed(row.version)),
        _ => Ok(()),
    }
}
