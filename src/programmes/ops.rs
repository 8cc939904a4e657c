//! What can be done with programmes, each in one transaction.

use super::rules::Programme;
use super::store::{self, ProgrammeRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::vocabulary::{Id, fold};
use chrono::NaiveDateTime;
use serde_json::json;

/// The programme of a slug, in any case.
///
/// # Errors
/// `not-found`.
pub fn get_programme(conn: &mut Conn, slug: &str) -> Result<ProgrammeRow> {
    store::find(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| Error::not_found("programme"))
}

/// The slug of the programme that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, slug: &str) -> Result<String> {
    let found = store::find(conn, &slug.to_ascii_lowercase())?;
    found.map(|row| row.slug).ok_or_else(|| {
        let detail = format!("There is no programme {slug}.");
        let fault = Fault::new(pointer, "unknown-programme", detail.clone());
        Error::new(Code::UnknownReference).detail(detail).fault(fault)
    })
}

/// A programme that the caller keeps.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, slug: &str) -> Result<ProgrammeRow> {
    let programme = get_programme(conn, slug)?;
    context.keep_programme(Some(&programme.slug))?;
    Ok(programme)
}

impl ProgrammeRow {
    pub fn programme(&self) -> Programme {
        Programme {
            slug: self.slug.clone(),
            name: self.name.clone(),
            kind: self.kind,
            summary: self.summary.clone(),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            website: self.website.clone(),
            illustrative: self.illustrative,
        }
    }
}

fn row(programme: Programme, id: Id, version: i32, created_at: NaiveDateTime, context: &Context) -> ProgrammeRow {
    ProgrammeRow {
        id,
        sort_name: fold(&programme.name),
        search_text: programme.search_text(),
        slug: programme.slug,
        name: programme.name,
        kind: programme.kind,
        summary: programme.summary,
        starts_on: programme.starts_on,
        ends_on: programme.ends_on,
        website: programme.website,
        illustrative: programme.illustrative,
        version,
        created_at,
        updated_at: context.now.naive_utc(),
    }
}

fn trace(conn: &mut Conn, context: &Context, row: &ProgrammeRow) -> Result<()> {
    let data = json!({ "kind": row.kind, "startsOn": row.starts_on, "endsOn": row.ends_on });
    let event = Event::new("programme", &row.slug, row.version, data);
    events::record(conn, context, Event { programme: Some(row.slug.clone()), ..event })
}

/// Creates a programme.
///
/// # Errors
/// `forbidden`, `validation-failed`, `already-exists`.
pub fn create_programme(conn: &mut Conn, context: &Context, new: Programme) -> Result<ProgrammeRow> {
    context.reach().require_everything()?;
    let row = row(new.checked()?, Id::generate(), 1, context.now.naive_utc(), context);
    store::insert(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes everything of a programme but its slug.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_programme(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    change: impl FnOnce(Programme) -> Result<Programme>,
) -> Result<ProgrammeRow> {
    let present = kept(conn, context, slug)?;
    context.check_version(present.version)?;
    let before = present.programme();
    let new = change(before.clone())?.checked()?;
    if new.slug != before.slug {
        return Err(Error::new(Code::Immutable).detail("A slug cannot change: others refer to the programme by it."));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(new, present.id, present.version + 1, present.created_at, context);
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}
