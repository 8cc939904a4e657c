//! Who wrote what somebody else must agree to. The record names its present author; here are those of its earlier versions, who
//! are no more independent of it because another changed it after them.

use crate::db::schema::former_authors;
use crate::db::{Conn, Keep};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::Id;
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = former_authors)]
struct AuthorRow {
    resource: String,
    record_id: Id,
    subject: String,
    /// `Id::NONE` where it is not known, or does not matter.
    body_id: Id,
}

/// How many records a statement names: its parameters are bounded.
const PART: usize = 5_000;

fn of(resource: &str, id: Id) -> former_authors::BoxedQuery<'static, crate::db::MultiBackend> {
    let those = former_authors::table.filter(former_authors::resource.eq(resource.to_owned()));
    those.filter(former_authors::record_id.eq(id)).into_boxed()
}

/// Keeps an author whose version is about to be written over.
///
/// # Errors
/// The database's own.
pub fn keep(conn: &mut Conn, resource: &str, id: Id, (subject, body): (&str, Option<Id>)) -> Result<()> {
    let body_id = body.unwrap_or(Id::NONE);
    let row = AuthorRow { resource: resource.to_owned(), record_id: id, subject: subject.to_owned(), body_id };
    let known = of(resource, id).filter(former_authors::subject.eq(row.subject.clone()));
    let known = known.filter(former_authors::body_id.eq(body_id)).first::<AuthorRow>(conn).optional()?;
    if known.is_none() {
        diesel::insert_into(former_authors::table).values(row).execute_kept(conn)?;
    }
    Ok(())
}

/// As [`keep`], of many records at once.
///
/// # Errors
/// The database's own.
pub fn keep_all(conn: &mut Conn, resource: &str, ids: &[Id], (subject, body): (&str, Option<Id>)) -> Result<()> {
    let body_id = body.unwrap_or(Id::NONE);
    let row =
        |id: &Id| AuthorRow { resource: resource.to_owned(), record_id: *id, subject: subject.to_owned(), body_id };
    match conn {
        Conn::Postgres(c) => {
            for some in ids.chunks(PART) {
                let rows: Vec<AuthorRow> = some.iter().map(row).collect();
                diesel::insert_into(former_authors::table).values(rows).on_conflict_do_nothing().execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for id in ids {
                diesel::insert_into(former_authors::table).values(row(id)).on_conflict_do_nothing().execute(c)?;
            }
        }
    }
    Ok(())
}

/// Forgets who wrote some records, where what they wrote is settled or gone.
///
/// # Errors
/// The database's own.
pub fn forget(conn: &mut Conn, resource: &str, ids: &[Id]) -> Result<()> {
    for some in ids.chunks(PART) {
        let those = former_authors::table.filter(former_authors::resource.eq(resource.to_owned()));
        diesel::delete(those.filter(former_authors::record_id.eq_any(some.to_vec()))).execute(conn)?;
    }
    Ok(())
}

/// Keeps the earlier authors of one record as those of another, which takes its place.
///
/// # Errors
/// The database's own.
pub fn inherit(conn: &mut Conn, resource: &str, from: Id, to: Id) -> Result<()> {
    for row in of(resource, from).load::<AuthorRow>(conn)? {
        let body = Some(row.body_id).filter(|body| *body != Id::NONE);
        keep(conn, resource, to, (&row.subject, body))?;
    }
    Ok(())
}

/// Whether the caller, or somebody of the caller's body, wrote an earlier version.
///
/// # Errors
/// The database's own.
pub fn wrote_before(conn: &mut Conn, context: &Context, resource: &str, id: Id) -> Result<bool> {
    let authors: Vec<AuthorRow> = of(resource, id).load(conn)?;
    let is_caller = |row: &AuthorRow| row.subject == context.actor.subject || Some(row.body_id) == context.actor.body;
    Ok(authors.iter().any(is_caller))
}
