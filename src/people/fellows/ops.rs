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

/// Whether the caller may change a fellow, and so see the contacts: national administrators, the managers of a
/// programme the fellow is in, and the fellow.
pub fn is_kept(conn: &mut Conn, context: &Context, found: &NamedFellow) -> Result<bool> {
    let reach = context.actor.reach(Operation::update_fellow);
    if reach.is_everything() || (found.person.is(context) && context.actor.may(Operation::update_fellow)) {
        return Ok(true);
    }
    if reach.whole_programmes().is_empty() {
        return Ok(false);
    }
    let programmes = store::programmes_of(conn, found.row.id)?;
    Ok(programmes.iter().any(|slug| reach.covers_programme(Some(slug))))
}

/// Registers a fellow.
///
/// # Errors
/// `forbidden`, `validation-failed`.
pub fn create_fellow(conn: &mut Conn, context: &Context, new: Fellow) -> Result<NamedFellow> {
    let reach = context.reach();
    if !reach.is_everything() && reach.whole_programmes().is_empty() {
        return Err(outside());
    }
    new.check()?;
    let made = NamedFellow::new(context, new);
    people::insert(conn, &made.person)?;
    store::insert(conn, &made.row)?;
    trace(conn, context, &made)?;
    Ok(made)
}

/// Changes a fellow's profile and contacts. A fellow cannot change the subject.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for an erased person, `validation-failed`.
pub fn update_fellow(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Fellow>) -> Result<NamedFellow> {
    let present = get_fellow(conn, id)?;
    if !is_kept(conn, context, &present)? {
        return Err(outside());
    }
    let Some(new) = context.revised(&present.fellow(), present.row.version, patch)? else { return Ok(present) };
    present.person.check_not_erased()?;
    new.check()?;
    if new.subject != present.person.subject && present.person.is(context) {
        return Err(Error::new(Code::Forbidden).detail("You cannot change the subject of your own record."));
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
