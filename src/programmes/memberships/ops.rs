//! What can be done with memberships, each in one transaction. What an innovation is listed by depends on its
//! memberships, so every change of one that holds makes a new version of the innovation.

use super::rules::{Membership, MembershipEnd};
use super::store::{self, MembershipRow, NamedMembership};
use crate::access::Operation;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::innovations::ops::{get_innovation, keeps};
use crate::innovations::store::InnovationRow;
use crate::transitions::links::{Ends, LinkState};
use crate::transitions::rules::AskedMove;
use crate::{innovations, programmes, transitions};
use serde_json::{Value, json};

/// The name of a membership's moves among those of every resource, and of its events.
pub const RESOURCE: &str = "programme-membership";

/// A membership that holds or held, or of which the caller keeps an end.
///
/// # Errors
/// `not-found` for the innovation or the membership.
pub fn get_programme_membership(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<NamedMembership> {
    find(conn, context, slug, id).map(|(found, _)| found)
}

fn find(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<(NamedMembership, Ends)> {
    let innovation = get_innovation(conn, context, slug)?.row;
    let found = by_id(id, "membership", |id| store::find(conn, innovation.id, id))?;
    let ends = ends(context, &innovation, &found.row.programme, Some(found.row.proposed_by)).1;
    if ends.see(found.row.state) {
        return Ok((found, ends));
    }
    Err(Error::not_found("membership"))
}

/// Which end proposes a membership, and which the caller keeps. The programme's does, unless the caller keeps the
/// innovation alone.
fn ends(
    context: &Context,
    innovation: &InnovationRow,
    programme: &str,
    proposed_by: Option<MembershipEnd>,
) -> (MembershipEnd, Ends) {
    let reach = context.actor.reach(Operation::transition_programme_membership);
    let (its, own) = (reach.covers_programme(Some(programme)), keeps(context, innovation));
    match proposed_by.unwrap_or(if its || !own { MembershipEnd::Programme } else { MembershipEnd::Innovation }) {
        MembershipEnd::Programme => (MembershipEnd::Programme, Ends { proposing: its, answering: own }),
        MembershipEnd::Innovation => (MembershipEnd::Innovation, Ends { proposing: own, answering: its }),
    }
}

/// Makes an innovation a member of a programme, or proposes it where the caller keeps one of them alone.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference` for the programme, `already-exists`.
pub fn create_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: Membership,
) -> Result<NamedMembership> {
    let innovation = get_innovation(conn, context, slug)?.row;
    let (proposed_by, ends) = ends(context, &innovation, &new.programme.to_ascii_lowercase(), None);
    let state = ends.begin()?;
    let new = new.checked()?;
    programmes::ops::referred(conn, "/programme", &new.programme)?;
    if innovation.draft {
        return Err(Error::new(Code::Immutable).detail("A draft joins no programme before it is published."));
    }
    let row = MembershipRow::new(context, new, innovation.id, (proposed_by, state));
    check_overlaps(conn, &row)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row, json!(row.membership()))
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
    let (present, ends) = find(conn, context, slug, id)?;
    let before = present.row.membership();
    ends.check_change(present.row.state, true)?;
    let Some(new) = context.revised_by(&before, present.row.version, patch, Membership::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    ends.check_change(present.row.state, new.narrows(&before))?;
    let row = present.row.revised(context, &new);
    check_overlaps(conn, &row)?;
    store::update(conn, &row)?;
    finish(conn, context, &row, json!(row.membership()))
}

/// Agrees to a membership, declines or ends it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    asked: AskedMove,
) -> Result<NamedMembership> {
    let (present, ends) = find(conn, context, slug, id)?;
    let from = present.row.state;
    let step = ends.decide(context, asked, (from, present.row.version))?;
    let row = present.row.moved(context, &step);
    if row.state == LinkState::Proposed {
        check_overlaps(conn, &row)?;
    }
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": step.effective_on }))
}

fn check_overlaps(conn: &mut Conn, row: &MembershipRow) -> Result<()> {
    if store::overlaps(conn, row)? {
        let detail = "The innovation is in the programme on some of these days already, or is proposed for it.";
        return Err(Error::new(Code::AlreadyExists).detail(detail));
    }
    Ok(())
}

fn finish(conn: &mut Conn, context: &Context, row: &MembershipRow, mut data: Value) -> Result<NamedMembership> {
    let holds = LinkState::HELD.contains(&row.state);
    data["shown"] = json!(holds);
    if holds {
        innovations::store::touch(conn, row.innovation_id, context.now.naive_utc())?;
    }
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let ends = Event {
        innovation_id: Some(row.innovation_id),
        programme: Some(row.programme.clone()),
        other_programme: innovations::store::keeper_of(conn, row.innovation_id)?,
        ..event
    };
    events::record(conn, context, ends)?;
    store::find(conn, row.innovation_id, row.id)?.ok_or_else(|| Error::internal("a membership was lost"))
}
