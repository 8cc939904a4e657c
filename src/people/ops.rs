//! Registering and changing people.

use super::fellows;
use super::rules::Person;
use super::store::{self, PersonRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::vocabulary::Id;
use serde_json::{Value, json};

impl PersonRow {
    /// Whether the caller is this person.
    pub fn is(&self, context: &Context) -> bool {
        self.subject.as_deref().is_some_and(|subject| subject == context.actor.subject)
    }

    /// # Errors
    /// `immutable` for an erased person.
    pub fn check_not_erased(&self) -> Result<()> {
        if self.erased_at.is_some() {
            return Err(Error::new(Code::Immutable).detail("An erased person cannot change."));
        }
        Ok(())
    }
}

/// # Errors
/// `not-found`.
pub fn get_person(conn: &mut Conn, id: &str) -> Result<PersonRow> {
    by_id(id, "person", |id| store::find(conn, id))
}

/// The person that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<Id> {
    store::find(conn, id)?.map(|person| person.id).ok_or_else(|| {
        let detail = "There is no person with this id.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-person", detail))
    })
}

/// Registers a person who is not a fellow, such as a mentor or a leader. The event names nobody.
///
/// # Errors
/// `validation-failed`.
pub fn create_person(conn: &mut Conn, context: &Context, new: Person) -> Result<PersonRow> {
    new.check()?;
    let row = PersonRow::new(context, new);
    store::insert(conn, &row)?;
    trace(conn, context, &row, json!({}))?;
    Ok(row)
}

/// Changes a person's name and contacts, and so the answer about the fellow this person may be.
///
/// # Errors
/// `not-found`, `version-mismatch`, `immutable` for an erased person, `validation-failed`.
pub fn update_person(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Person>) -> Result<PersonRow> {
    let present = get_person(conn, id)?;
    let Some(new) = context.revised(&present.person(), present.version, patch)? else { return Ok(present) };
    present.check_not_erased()?;
    new.check()?;
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    fellows::store::touch(conn, row.id, row.updated_at)?;
    let fellow = fellows::store::find_of_person(conn, row.id)?.map(|fellow| fellow.id);
    trace(conn, context, &row, json!({ "fellow": fellow }))?;
    Ok(row)
}

fn trace(conn: &mut Conn, context: &Context, row: &PersonRow, data: Value) -> Result<()> {
    let event = Event::new("person", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { owner: row.subject.clone(), ..event })
}
