//! What can be done with memberships, each in one transaction. Who may change an innovation depends on its programmes, so
//! every change of a membership makes a new version of the innovation.

use super::rules::Membership;
use super::store::{self, MembershipRow, NamedMembership};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::innovations::ops::get_innovation;
use crate::{innovations, programmes};
use serde_json::json;

/// # Errors
/// `not-found` for the innovation or the membership.
pub fn get_programme_membership(conn: &mut Conn, slug: &str, id: &str) -> Result<NamedMembership> {
    let innovation = get_innovation(conn, slug)?.row.id;
    by_id(id, "membership", |id| store::find(conn, innovation, id))
}

/// Makes an innovation a member of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference` for the programme, `already-exists`.
pub fn create_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: Membership,
) -> Result<NamedMembership> {
    let innovation = get_innovation(conn, slug)?.row.id;
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let new = new.checked()?;
    programmes::ops::referred(conn, "/programme", &new.programme)?;
    let row = MembershipRow::new(context, new, innovation);
    check_overlaps(conn, &row)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes the dates of a membership.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `already-exists`.
pub fn update_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    patch: &Patch<Membership>,
) -> Result<NamedMembership> {
    let present = get_programme_membership(conn, slug, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    let before = present.row.membership();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Membership::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.row.revised(context, &new);
    check_overlaps(conn, &row)?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

fn check_overlaps(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    if store::overlaps(conn, row)? {
        let detail = "The innovation is in the programme on some of these days already.";
        return Err(Error::new(Code::AlreadyExists).detail(detail));
    }
    Ok(())
}

fn finish(conn: &mut Conn, context: &Context, row: &MembershipRow) -> Result<NamedMembership> {
    innovations::store::touch(conn, row.innovation_id, context.now.naive_utc())?;
    let event = Event::new("programme-membership", &row.id.to_string(), row.version, json!(row.membership()));
    let scopes = Event { innovation_id: Some(row.innovation_id), programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    store::find(conn, row.innovation_id, row.id)?.ok_or_else(|| Error::internal("a membership was lost"))
}
