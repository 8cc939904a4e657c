//! What can be done with fellows, each in one transaction.

use super::rules::Fellow;
use super::store::{self, NamedFellow};
use crate::access::{Operation, outside};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::store as people;
use crate::vocabulary::Id;
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_fellow(conn: &mut Conn, id: &str) -> Result<NamedFellow> {
    by_id(id, "fellow", |id| store::find(conn, id))
}

/// The fellow that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<NamedFellow> {
    store::find(conn, id)?.ok_or_else(|| {
        let detail = "There is no fellow with this id.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fellow", detail))
    })
}

/// Whether the caller keeps a fellow, and so sees the contacts and answers for the fellow where others propose a link: the
/// person, before the person has a subject the programme that registered the fellow, and national administrators.
pub fn keeps(context: &Context, found: &NamedFellow) -> bool {
    let reach = context.actor.reach(Operation::update_fellow);
    match &found.person.subject {
        _ if reach.is_everything() => true,
        Some(_) => found.person.is(context) && context.actor.may(Operation::update_fellow),
        None => reach.covers_programme(found.row.keeper.as_deref()),
    }
}

/// Registers a fellow, whom the first of the manager's programmes keeps until the person has a subject.
///
/// # Errors
/// `forbidden`, `validation-failed`, `already-exists` for the subject of somebody else.
pub fn create_fellow(conn: &mut Conn, context: &Context, new: Fellow) -> Result<NamedFellow> {
    let reach = context.reach();
    let keeper = reach.whole_programmes().iter().min().filter(|_| !reach.is_everything()).cloned();
    if !reach.is_everything() && keeper.is_none() {
        return Err(outside());
    }
    new.check()?;
    let made = NamedFellow::new(context, new, keeper);
    people::insert(conn, &made.person)?;
    store::insert(conn, &made.row)?;
    trace(conn, context, &made)?;
    Ok(made)
}

/// Changes a fellow's profile and contacts. Only a national administrator changes the subject.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for an erased person, `validation-failed`.
pub fn update_fellow(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Fellow>) -> Result<NamedFellow> {
    let present = get_fellow(conn, id)?;
    if !keeps(context, &present) {
        return Err(outside());
    }
    let Some(new) = context.revised(&present.fellow(), present.row.version, patch)? else { return Ok(present) };
    present.person.check_not_erased()?;
    new.check()?;
    if new.subject != present.person.subject && !context.reach().is_everything() {
        return Err(
            Error::new(Code::Forbidden).detail("Only a national administrator changes the subject of a person.")
        );
    }
    let changed = present.revised(context, new);
    people::update(conn, &changed.person)?;
    store::update(conn, &changed.row)?;
    trace(conn, context, &changed)?;
    Ok(changed)
}

/// Records the change with ids only, since events hold no names or contacts.
fn trace(conn: &mut Conn, context: &Context, found: &NamedFellow) -> Result<()> {
    let data = json!({ "person": found.person.id });
    let event = Event::new("fellow", &found.row.id.to_string(), found.row.version, data);
    events::record(conn, context, Event { owner: found.person.subject.clone(), ..event })
}
