//! What can be done with programmes, each in one transaction.

use super::rules::Programme;
use super::store::{self, ProgrammeRow};
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
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

/// A programme that the caller may change.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, slug: &str) -> Result<ProgrammeRow> {
    let programme = get_programme(conn, slug)?;
    context.keep_programme(Some(&programme.slug))?;
    Ok(programme)
}

/// Creates a programme.
///
/// # Errors
/// `forbidden`, `validation-failed`, `already-exists`.
pub fn create_programme(conn: &mut Conn, context: &Context, new: Programme) -> Result<ProgrammeRow> {
    context.reach().require_everything()?;
    let row = ProgrammeRow::new(context, new.checked()?);
    store::insert(conn, &row)?;
    finish(conn, context, row)
}

/// Changes a programme, except its slug.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_programme(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    patch: &Patch<Programme>,
) -> Result<ProgrammeRow> {
    let present = kept(conn, context, slug)?;
    let before = present.programme();
    let Some(new) = context.revised_by(&before, present.version, patch, Programme::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, row)
}

fn finish(conn: &mut Conn, context: &Context, row: ProgrammeRow) -> Result<ProgrammeRow> {
    let data = json!({ "kind": row.kind, "startsOn": row.starts_on, "endsOn": row.ends_on });
    let event = Event::new("programme", &row.slug, row.version, data);
    events::record(conn, context, Event { programme: Some(row.slug.clone()), ..event })?;
    Ok(row)
}
