//! What can be done with partners, each in one transaction.

use super::rules::Partner;
use super::store::{self, NamedPartner, PartnerRow};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::organisations;
use crate::programmes::ops::{get_programme, kept};
use serde_json::json;

/// # Errors
/// `not-found` for the programme or the partner.
pub fn get_programme_partner(conn: &mut Conn, slug: &str, id: &str) -> Result<NamedPartner> {
    let programme = get_programme(conn, slug)?;
    by_id(id, "partner", |id| store::find(conn, &programme.slug, id))
}

/// Makes an organisation a partner of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_programme_partner(conn: &mut Conn, context: &Context, slug: &str, new: Partner) -> Result<NamedPartner> {
    let programme = kept(conn, context, slug)?;
    let new = new.checked()?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    let row = PartnerRow::new(context, &new, programme.slug, organisation);
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes a partner's role and dates. Its organisation cannot change.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `already-exists`.
pub fn update_programme_partner(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    patch: &Patch<Partner>,
) -> Result<NamedPartner> {
    kept(conn, context, slug)?;
    let present = get_programme_partner(conn, slug, id)?;
    let before = present.partner();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Partner::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.row.revised(context, &new);
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

fn finish(conn: &mut Conn, context: &Context, row: &PartnerRow) -> Result<NamedPartner> {
    let found = store::find(conn, &row.programme, row.id)?.ok_or_else(|| Error::internal("a partner was lost"))?;
    let Partner { organisation, role, from, to } = found.partner();
    let data = json!({ "organisation": organisation, "role": role, "from": from, "to": to });
    let event = Event::new("programme-partner", &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: Some(row.organisation_id), programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    Ok(found)
}
