//! Moves in the database, of every resource in one table.

use super::rules::Move;
use crate::db::schema::transitions;
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Id, Word};
use crate::{params, sortable};
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

sortable! { TransitionRow, Query, key "id" => transitions::id as Id;
    transitions of |row| row => "madeAt" made_at, "updatedAt" made_at, then id;
}

/// Records a move that was decided.
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
    diesel::insert_into(transitions::table).values(row).execute_kept(conn)?;
    Ok(())
}

/// The moves of a record to some states, in the order in which they were made.
pub fn moves_to<S: Word>(conn: &mut Conn, resource: &str, id: Id, states: &[S]) -> Result<Vec<TransitionRow>> {
    moves_of_each(conn, resource, &[id], states)
}

/// SQLite takes a bounded number of parameters.
const PART: usize = 10_000;

/// The moves of some records to some states, those of each in the order in which they were made.
pub fn moves_of_each<S: Word>(conn: &mut Conn, resource: &str, ids: &[Id], states: &[S]) -> Result<Vec<TransitionRow>> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut found = Vec::new();
    for some in ids.chunks(PART) {
        let moves = transitions::table
            .filter(transitions::resource.eq(resource.to_owned()))
            .filter(transitions::resource_id.eq_any(some.to_vec()))
            .filter(transitions::to_state.eq_any(words.clone()))
            .order_by((transitions::made_at, transitions::id));
        found.extend(moves.load::<TransitionRow>(conn)?);
    }
    Ok(found)
}

/// Gives a move that was recorded wrongly another day.
pub fn redate(conn: &mut Conn, id: Id, on: NaiveDate) -> Result<()> {
    diesel::update(transitions::table.find(id)).set(transitions::effective_on.eq(on)).execute_kept(conn)?;
    Ok(())
}

/// Takes out a move that was not made. The trail keeps it.
pub fn remove(conn: &mut Conn, id: Id) -> Result<()> {
    diesel::delete(transitions::table.find(id)).execute_kept(conn)?;
    Ok(())
}

params! {
    /// How a history is paged.
    pub struct ListTransitions list of TransitionRow {}
}

type Query = transitions::BoxedQuery<'static, MultiBackend>;

/// The moves of one record.
pub fn history(resource: &'static str, id: Id) -> Query {
    let moves = transitions::table.filter(transitions::resource.eq(resource));
    moves.filter(transitions::resource_id.eq(id)).into_boxed()
}
