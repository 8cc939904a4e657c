//! Moves in the database, of every resource in one table.

use super::rules::Move;
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::transitions;
use crate::error::Result;
use crate::sortable;
use crate::vocabulary::{Id, Word};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable)]
#[diesel(table_name = transitions)]
pub struct TransitionRow {
    pub id: Id,
    pub resource: String,
    pub resource_id: Id,
    pub from_state: String,
    pub to_state: String,
    pub reason: Option<String>,
    pub effective_on: NaiveDate,
    pub made_by: String,
    pub made_at: NaiveDateTime,
}

sortable! {
    TransitionRow, transitions::table, transitions::BoxedQuery<'static, MultiBackend>;
    0: "madeAt" => transitions::made_at, Instant, |row| row.made_at;
    tie 1 => transitions::id, Id, |row| row.id;
}

/// Records a move that was decided.
///
/// # Errors
/// The database's own.
pub fn record<S: Word>(
    conn: &mut Conn,
    context: &Context,
    resource: &str,
    id: Id,
    from: S,
    step: &Move<S>,
) -> Result<()> {
    let row = TransitionRow {
        id: Id::generate(),
        resource: resource.to_owned(),
        resource_id: id,
        from_state: from.as_str().to_owned(),
        to_state: step.to.as_str().to_owned(),
        reason: step.reason.clone(),
        effective_on: step.effective_on,
        made_by: context.actor.subject.clone(),
        made_at: context.now.naive_utc(),
    };
    diesel::insert_into(transitions::table).values(row).execute(conn)?;
    Ok(())
}

/// The moves of one record.
///
/// # Errors
/// As [`page`].
pub fn history(conn: &mut Conn, resource: &'static str, id: Id, request: &PageRequest) -> Result<Page<TransitionRow>> {
    page(conn, request, || {
        transitions::table
            .filter(transitions::resource.eq(resource))
            .filter(transitions::resource_id.eq(id))
            .into_boxed::<MultiBackend>()
    })
}
