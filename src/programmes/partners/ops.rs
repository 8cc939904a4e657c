//! What can be done with partners, each in one transaction.

use super::rules::Partner;
use super::store::{self, NamedPartner, PartnerRow};
use crate::access::Operation;
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes::ops::{get_programme, kept};
use crate::transitions::links::{Ends, LinkState};
use crate::transitions::rules::AskedMove;
use crate::vocabulary::Id;
use crate::{organisations, transitions};
use serde_json::json;

/// The name of a partner's moves among those of every resource, and of its events.
pub const RESOURCE: &str = "programme-partner";

/// A partner that is or was one, or of which the caller keeps an end.
///
/// # Errors
/// `not-found` for the programme or the partner.
pub fn get_programme_partner(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<NamedPartner> {
    find(conn, context, slug, id).map(|(found, _)| found)
}

fn find(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<(NamedPartner, Ends)> {
    let programme = get_programme(conn, slug)?;
    let found = by_id(id, "partner", |id| store::find(conn, &programme.slug, id))?;
    let ends = ends(conn, context, (&programme.slug, found.row.organisation_id))?;
    if ends.see(found.row.state) {
        return Ok((found, ends));
    }
    Err(Error::not_found("partner"))
}

/// A programme proposes, and whoever acts for the organisation answers.
fn ends(conn: &mut Conn, context: &Context, (programme, organisation): (&str, Id)) -> Result<Ends> {
    let reach = context.actor.reach(Operation::transition_programme_partner);
    let answering = organisations::ops::covers_organisation(conn, context, &reach, organisation)?;
    Ok(Ends { proposing: reach.covers_programme(Some(programme)), answering })
}

/// Makes an organisation a partner of a programme, or proposes it where the caller does not act for the organisation.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_programme_partner(conn: &mut Conn, context: &Context, slug: &str, new: Partner) -> Result<NamedPartner> {
    let programme = kept(conn, context, slug)?;
    let new = new.checked()?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    let state = ends(conn, context, (&programme.slug, organisation))?.begin()?;
    let row = PartnerRow::new(context, &new, (programme.slug, organisation), state);
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
    let (present, ends) = find(conn, context, slug, id)?;
    let before = present.partner();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Partner::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    ends.check_change(present.row.state, new.narrows(&before))?;
    let row = present.row.revised(context, &new);
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

/// Agrees to a partnership, declines or ends it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_programme_partner(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    asked: AskedMove,
) -> Result<NamedPartner> {
    let (present, ends) = find(conn, context, slug, id)?;
    let from = present.row.state;
    let step = ends.decide(context, asked, (from, present.row.version))?;
    let row = present.row.moved(context, &step);
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row)
}

fn finish(conn: &mut Conn, context: &Context, row: &PartnerRow) -> Result<NamedPartner> {
    let found = store::find(conn, &row.programme, row.id)?.ok_or_else(|| Error::internal("a partner was lost"))?;
    let Partner { organisation, role, from, to } = found.partner();
    let shown = LinkState::HELD.contains(&row.state);
    let data = json!({ "organisation": organisation, "role": role, "from": from, "to": to, "state": row.state, "shown": shown });
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: Some(row.organisation_id), programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    Ok(found)
}
