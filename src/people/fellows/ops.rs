//! What can be done with fellows, each in one transaction.

use crate::access::Operation;
use super::store::{self, FellowRow, NamedFellow};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::events::{self, Event};
use crate::people::store::{self as persons, PersonRow};
use crate::vocabulary::{Id, fold};
use serde_json::json;

/// A fellow as it is to be: the person and the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fellow {
    pub name: String,
    pub email: Option<String>,
    pub subject: Option<String>,
    /// Whether the person agreed to be named to the public.
    pub named_publicly: bool,
    pub profession: Option<String>,
    pub biography: Option<String>,
    pub website: Option<String>,
    pub illustrative: bool,
}

impl Fellow {
    fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        faults.check()?;
        Ok(self)
    }
}

impl NamedFellow {
    pub fn fellow(&self) -> Fellow {
        Fellow {
            name: self.person.name.clone(),
            email: self.person.email.clone(),
            subject: self.person.subject.clone(),
            named_publicly: self.person.consented_at.is_some(),
            profession: self.row.profession.clone(),
            biography: self.row.biography.clone(),
            website: self.row.website.clone(),
            illustrative: self.person.illustrative,
        }
    }
}

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
        let detail = "There is no fellow of that id.";
        let fault = Fault::new(pointer, "unknown-fellow", detail);
        Error::new(Code::UnknownReference).detail(detail).fault(fault)
    })
}

/// Whether the caller may change a fellow, and so see the contacts: national administrators, the managers of a
/// programme the fellow is in, and the fellow.
///
/// # Errors
/// The database's own.
pub fn is_kept(conn: &mut Conn, context: &Context, found: &NamedFellow) -> Result<bool> {
    let reach = context.actor.reach(Operation::update_fellow);
    if reach.everything || (found.person.is(context) && context.actor.may(Operation::update_fellow)) {
        return Ok(true);
    }
    if reach.programmes.is_empty() {
        return Ok(false);
    }
    let programmes = store::programmes_of(conn, found.row.id)?;
    Ok(programmes.iter().any(|slug| reach.covers_programme(Some(slug))))
}

fn rows(fellow: Fellow, present: NamedFellow, context: &Context) -> NamedFellow {
    let now = context.now.naive_utc();
    let consented_at = fellow.named_publicly.then(|| present.person.consented_at.unwrap_or(now));
    let person = PersonRow {
        sort_name: fold(&fellow.name),
        search_text: fold(&fellow.name),
        name: fellow.name,
        email: fellow.email,
        subject: fellow.subject,
        consented_at,
        illustrative: fellow.illustrative,
        version: present.person.version + 1,
        updated_at: now,
        ..present.person
    };
    let row = FellowRow {
        profession: fellow.profession,
        biography: fellow.biography,
        website: fellow.website,
        version: present.row.version + 1,
        updated_at: now,
        ..present.row
    };
    NamedFellow { row, person }
}

/// Records the change by its id alone: names and contacts are in no event.
fn trace(conn: &mut Conn, context: &Context, found: &NamedFellow) -> Result<()> {
    let event =
        Event::new("fellow", &found.row.id.to_string(), found.row.version, json!({ "person": found.person.id }));
    events::record(conn, context, event)
}

/// Registers a fellow.
///
/// # Errors
/// `forbidden`, `validation-failed`.
pub fn create_fellow(conn: &mut Conn, context: &Context, new: Fellow) -> Result<NamedFellow> {
    let reach = context.reach();
    if !reach.everything && reach.programmes.is_empty() {
        return Err(outside());
    }
    let now = context.now.naive_utc();
    let person = PersonRow {
        id: Id::generate(),
        name: String::new(),
        sort_name: String::new(),
        email: None,
        subject: None,
        consented_at: None,
        erased_at: None,
        illustrative: false,
        search_text: String::new(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let row = FellowRow {
        id: Id::generate(),
        person_id: person.id,
        profession: None,
        biography: None,
        website: None,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let made = rows(new.checked()?, NamedFellow { row, person }, context);
    persons::insert(conn, &made.person)?;
    store::insert(conn, &made.row)?;
    trace(conn, context, &made)?;
    Ok(made)
}

/// Changes a fellow's profile and contacts. Only others than the fellow say whose tokens are the fellow's.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for an erased person, `validation-failed`.
pub fn update_fellow(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Fellow) -> Result<Fellow>,
) -> Result<NamedFellow> {
    let present = get_fellow(conn, id)?;
    if !is_kept(conn, context, &present)? {
        return Err(outside());
    }
    context.check_version(present.row.version)?;
    if present.person.erased_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("An erased person stays erased."));
    }
    let before = present.fellow();
    let new = change(before.clone())?.checked()?;
    if new == before {
        return Ok(present);
    }
    if new.subject != before.subject && present.person.is(context) {
        return Err(Error::new(Code::Forbidden).detail("Whose tokens are yours is not for you to say."));
    }
    let changed = rows(new, present, context);
    persons::update(conn, &changed.person)?;
    store::update(conn, &changed.row)?;
    trace(conn, context, &changed)?;
    Ok(changed)
}
