//! Recording and deciding requests about people.

use super::rules::PersonRequest;
use super::store::{self, RequestRow};
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::ops::get_person;
use serde_json::json;

/// # Errors
/// `not-found` for the person or the request.
pub fn get_person_request(conn: &mut Conn, person: &str, id: &str) -> Result<RequestRow> {
    let person = get_person(conn, person)?;
    by_id(id, "request", |id| store::find(conn, person.id, id))
}

/// Records what a person asked.
///
/// # Errors
/// `not-found`, `validation-failed`.
pub fn create_person_request(
    conn: &mut Conn,
    context: &Context,
    person: &str,
    new: PersonRequest,
) -> Result<RequestRow> {
    let person = get_person(conn, person)?;
    new.check(context.today())?;
    let row = RequestRow::new(context, new, person.id);
    store::insert(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Decides on a request. To do what was asked is another operation.
///
/// # Errors
/// `not-found`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_person_request(
    conn: &mut Conn,
    context: &Context,
    (person, id): (&str, &str),
    patch: &Patch<PersonRequest>,
) -> Result<RequestRow> {
    let present = get_person_request(conn, person, id)?;
    let before = present.request();
    let Some(new) = context.revised(&before, present.version, patch)? else { return Ok(present) };
    before.check_change(&new, context.today())?;
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

fn trace(conn: &mut Conn, context: &Context, row: &RequestRow) -> Result<()> {
    let data = json!({ "person": row.person_id, "kind": row.kind, "due": row.due_on, "decision": row.decision });
    events::record(conn, context, Event::new("person-request", &row.id.to_string(), row.version, data))
}
