//! What a person may ask for: what is held about them, and to be forgotten.

use super::store::{self, PersonRow};
use super::{fellows, fellowships};
use crate::auth::actor::outside;
use crate::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::vocabulary::{Id, instant};
use serde_json::{Value, json};

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

fn get_person(conn: &mut Conn, id: &str) -> Result<PersonRow> {
    let found = Id::parse(id).map(|id| store::find(conn, id)).transpose()?.flatten();
    found.ok_or_else(|| Error::not_found("person"))
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

/// Everything that is held about one person, for the person and for national administrators.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn export_person(conn: &mut Conn, context: &Context, id: &str) -> Result<Value> {
    let person = get_person(conn, id)?;
    if !context.reach().everything && !person.is(context) {
        return Err(outside());
    }
    let fellow = fellows::store::find_of_person(conn, person.id)?;
    let held = match &fellow {
        Some(fellow) => fellowships::ops::of_fellow(conn, fellow.id)?,
        None => Vec::new(),
    };
    let profile = fellow.map(
        |row| json!({ "id": row.id, "profession": row.profession, "biography": row.biography, "website": row.website }),
    );
    let told = |(row, cohort): &(fellowships::store::FellowshipRow, i32)| json!({ "id": row.id, "programme": row.programme, "cohort": cohort, "from": row.from_on, "state": row.state });
    Ok(json!({
        "person": {
            "id": person.id, "name": person.called(), "email": person.email, "subject": person.subject,
            "namedPubliclySince": person.consented_at.map(instant), "erasedAt": person.erased_at.map(instant),
            "createdAt": instant(person.created_at), "updatedAt": instant(person.updated_at)
        },
        "fellow": profile,
        "fellowships": held.iter().map(told).collect::<Vec<_>>()
    }))
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
