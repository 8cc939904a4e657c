//! What a person may ask for: what is held about them, and to be forgotten.

use super::fellows;
use super::store::{self, PersonRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::vocabulary::{Id, fold};
use serde_json::json;

/// What an erased person is called.
pub const ERASED: &str = "Erased person";

impl PersonRow {
    pub fn called(&self) -> &str {
        if self.erased_at.is_some() { ERASED } else { &self.name }
    }

    /// Whether the caller is this person.
    pub fn is(&self, context: &Context) -> bool {
        self.subject.as_deref().is_some_and(|subject| subject == context.actor.subject)
    }
}

/// A person as they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    pub subject: Option<String>,
    /// Whether the person agreed to be named to the public.
    pub named_publicly: bool,
    pub illustrative: bool,
}

impl PersonRow {
    pub fn person(&self) -> Person {
        Person {
            name: self.name.clone(),
            email: self.email.clone(),
            subject: self.subject.clone(),
            named_publicly: self.consented_at.is_some(),
            illustrative: self.illustrative,
        }
    }
}

fn row(context: &Context, new: Person, present: Option<&PersonRow>) -> Result<PersonRow> {
    let name = new.name.trim().to_owned();
    if name.is_empty() {
        return Err(Error::invalid("/name", "missing", "The name cannot be blank."));
    }
    let now = context.now.naive_utc();
    let consented_at = present.and_then(|row| row.consented_at).or(Some(now)).filter(|_| new.named_publicly);
    Ok(PersonRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        sort_name: fold(&name),
        search_text: fold(&name),
        name,
        email: new.email,
        subject: new.subject,
        consented_at,
        erased_at: None,
        illustrative: new.illustrative,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

/// Registers a person who is no fellow, such as a mentor or a leader. The event names nobody.
///
/// # Errors
/// `validation-failed`.
pub fn create_person(conn: &mut Conn, context: &Context, new: Person) -> Result<PersonRow> {
    let row = row(context, new, None)?;
    store::insert(conn, &row)?;
    events::record(conn, context, Event::new("person", &row.id.to_string(), row.version, json!({})))?;
    Ok(row)
}

/// Changes a person's name and contacts.
///
/// # Errors
/// `not-found`, `version-mismatch`, `immutable` for an erased person, `validation-failed`.
pub fn update_person(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Person) -> Result<Person>,
) -> Result<PersonRow> {
    let present = get_person(conn, id)?;
    context.check_version(present.version)?;
    if present.erased_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("An erased person stays erased."));
    }
    let before = present.person();
    let new = change(before.clone())?;
    if new == before {
        return Ok(present);
    }
    let row = row(context, new, Some(&present))?;
    store::update(conn, &row)?;
    events::record(conn, context, Event::new("person", &row.id.to_string(), row.version, json!({})))?;
    Ok(row)
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
        let detail = "There is no person of that id.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-person", detail))
    })
}

/// Forgets a person's name and contacts for good. What they did stays, and with it every total.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn erase_person(conn: &mut Conn, context: &Context, id: &str, reason: &str) -> Result<()> {
    context.reach().require_everything()?;
    let present = get_person(conn, id)?;
    if present.erased_at.is_some() {
        return Ok(());
    }
    let now = context.now.naive_utc();
    let row = PersonRow {
        name: String::new(),
        sort_name: String::new(),
        email: None,
        subject: None,
        consented_at: None,
        erased_at: Some(now),
        search_text: String::new(),
        version: present.version + 1,
        updated_at: now,
        ..present
    };
    store::update(conn, &row)?;
    fellows::store::forget(conn, row.id, now)?;
    let event = Event::new("person", &row.id.to_string(), row.version, json!({ "erased": true, "reason": reason }));
    events::record(conn, context, event)
}
