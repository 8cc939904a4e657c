//! What can be done with fellowships, each in one transaction.

use super::rules::{Fellowship, FellowshipState};
use super::store::{self, FellowshipRow, LinkRow, NamedFellowship, Referred};
use crate::access::{Operation, outside};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::innovations::ops::{get_innovation, keeps};
use crate::innovations::store::InnovationRow;
use crate::people::fellows;
use crate::programmes::{self, cohorts};
use crate::record::Stored;
use crate::transitions::links::{Ends, LinkState};
use crate::transitions::rules::{AskedMove, CorrectedDay, Move};
use crate::transitions::store::TransitionRow;
use crate::vocabulary::Id;
use crate::{innovations, organisations, transitions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name of a fellowship's moves among those of every resource.
pub const RESOURCE: &str = "fellowship";

/// A fellowship that the fellow agreed to, or of which the caller keeps an end.
///
/// # Errors
/// `not-found`.
fn find(conn: &mut Conn, context: &Context, id: &str) -> Result<(NamedFellowship, Ends)> {
    let found = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    let ends = ends(conn, context, &found.row)?;
    if ends.any() || found.row.state.is_agreed() { Ok((found, ends)) } else { Err(Error::not_found(RESOURCE)) }
}

/// A programme proposes, and whoever keeps the fellow answers.
fn ends(conn: &mut Conn, context: &Context, row: &FellowshipRow) -> Result<Ends> {
    let proposing = context.actor.reach(Operation::transition_fellowship).covers_programme(Some(&row.programme));
    let fellow = fellows::store::find(conn, row.fellow_id)?;
    Ok(Ends { proposing, answering: fellow.is_some_and(|fellow| fellows::ops::keeps(context, &fellow)) })
}

/// # Errors
/// `not-found`.
pub fn get_fellowship(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Fellowship>> {
    let (found, _) = find(conn, context, id)?;
    whole(conn, context, found)
}

fn whole(conn: &mut Conn, context: &Context, found: NamedFellowship) -> Result<Stored<Fellowship>> {
    store::whole(conn, context, vec![found])?.pop().ok_or_else(|| Error::internal("a fellowship was lost"))
}

/// The fellowship that a request refers to, which its fellow agreed to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<FellowshipRow> {
    let found = store::find(conn, id)?.map(|found| found.row).filter(|row| row.state.is_agreed());
    found.ok_or_else(|| {
        let detail = "There is no fellowship with this id that its fellow agreed to.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fellowship", detail))
    })
}

/// The ids of the records that a fellowship names. A fault points at each that does not exist.
fn resolved(
    conn: &mut Conn,
    context: &Context,
    new: &Fellowship,
    programme: &str,
    whole_time_equivalent_ppm: i64,
) -> Result<Referred> {
    let mut organisation = |pointer: &str, code: &Option<String>| {
        code.as_ref().map(|code| organisations::ops::referred(conn, pointer, code)).transpose()
    };
    let host = organisation("/host", &new.host)?;
    let industry_partner = organisation("/industryPartner", &new.industry_partner)?;
    let cohort = cohorts::ops::referred(conn, "/cohort", programme, new.cohort)?.id;
    let (mut innovations, mut kept) = (BTreeMap::new(), Vec::new());
    for (at, slug) in new.innovations.iter().enumerate() {
        let id = innovations::ops::referred(conn, &format!("/innovations/{at}"), &slug.0)?;
        let keeper = innovations::store::keeper_of(conn, id)?;
        let answering = innovations::ops::keeps_one(context, id, keeper.as_deref());
        innovations.insert(id, Ends { proposing: true, answering }.begin()?);
        kept.extend(answering.then(|| slug.0.to_ascii_lowercase()));
    }
    Ok(Referred { cohort, host, industry_partner, innovations, kept, whole_time_equivalent_ppm })
}

/// Gives a fellow a place in a cohort: planned where the caller keeps the fellow too, and else proposed to the fellow.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_fellowship(conn: &mut Conn, context: &Context, new: &Fellowship) -> Result<Stored<Fellowship>> {
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let millionths = new.check()?;
    let programme = programmes::ops::referred(conn, "/programme", &new.programme)?;
    let fellow = fellows::ops::referred(conn, "/fellow", new.fellow)?;
    let kept = fellows::ops::keeps(context, &fellow);
    let state = if kept { FellowshipState::Planned } else { FellowshipState::Proposed };
    let referred = resolved(conn, context, new, &programme, millionths)?;
    let row = FellowshipRow::new(context, new, programme, &referred, state);
    store::insert(conn, &row, &referred.innovations)?;
    finish(conn, context, row, written(new, &referred))
}

/// Changes a fellowship, except its fellow, programme and state.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`,
/// `already-exists`.
pub fn update_fellowship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Fellowship>,
) -> Result<Stored<Fellowship>> {
    let (found, _) = find(conn, context, id)?;
    context.keep_programme(Some(&found.row.programme))?;
    let row = found.row.clone();
    let present = whole(conn, context, found)?;
    let Some(new) = context.revised(&present.written, row.version, patch)? else { return Ok(present) };
    let millionths = present.written.check_change(&new)?;
    let referred = resolved(conn, context, &new, &row.programme, millionths)?;
    let row = row.revised(context, &new, &referred);
    store::update(conn, &row, Some(&referred.innovations))?;
    finish(conn, context, row, written(&new, &referred))
}

/// Moves a fellowship. The programme does, except that the fellow agrees to what is proposed, and may decline or withdraw.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_fellowship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
) -> Result<Stored<Fellowship>> {
    let (NamedFellowship { row, .. }, ends) = find(conn, context, id)?;
    let step: Move<FellowshipState> = asked.read(context.today())?;
    let from = row.state;
    let may = match (from, step.to) {
        (FellowshipState::Proposed, FellowshipState::Planned) => ends.answering,
        (FellowshipState::Proposed, _) | (_, FellowshipState::Withdrawn) => ends.any(),
        _ => ends.proposing,
    };
    if !may {
        return Err(outside());
    }
    context.check_version(row.version)?;
    step.decide(from)?;
    let last = dated_moves(conn, row.id)?.iter().map(|known| known.effective_on).max();
    if let Some(on) = last.filter(|on| step.effective_on < *on) {
        let detail = format!("Expected {on} or a later day: the move before it took effect on that day.");
        return Err(Error::invalid("/effectiveOn", "too-early", detail));
    }
    let row = row.moved(context, step.to);
    store::update(conn, &row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, row, json!({ "from": from, "to": step.to, "effectiveOn": step.effective_on }))
}

/// The moves by which a fellowship began, paused, went on or ended.
fn dated_moves(conn: &mut Conn, fellowship: Id) -> Result<Vec<TransitionRow>> {
    transitions::store::moves_to(conn, RESOURCE, fellowship, &FellowshipState::DATED)
}

/// A fellowship that the caller keeps, of the version that they know, with its dated moves and the place of one among them.
fn find_move(
    conn: &mut Conn,
    context: &Context,
    (id, transition): (&str, &str),
) -> Result<(FellowshipRow, Vec<TransitionRow>, usize)> {
    let row = find(conn, context, id)?.0.row;
    let moves = dated_moves(conn, row.id)?;
    let at = Id::parse(transition).and_then(|id| moves.iter().position(|known| known.id == id));
    let at = at.ok_or_else(|| Error::not_found("move by which this fellowship began, paused, went on or ended"))?;
    context.keep_programme(Some(&row.programme))?;
    context.check_version(row.version)?;
    Ok((row, moves, at))
}

/// Corrects the day on which a fellowship began, paused, went on or ended.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`.
pub fn update_fellowship_transition(
    conn: &mut Conn,
    context: &Context,
    at: (&str, &str),
    corrected: &CorrectedDay,
) -> Result<Stored<Fellowship>> {
    let (row, moves, at) = find_move(conn, context, at)?;
    let day = |at: usize| moves.get(at).map(|known| known.effective_on);
    let (before, was, after) = (at.checked_sub(1).and_then(day), day(at), day(at + 1));
    corrected.check(before, after, context.today())?;
    let row = row.clone().moved(context, row.state);
    store::update(conn, &row, None)?;
    let moved = moves.get(at).map(|known| (known.id, known.to_state.clone()));
    let (moved, to) = moved.ok_or_else(|| Error::internal("a move was lost"))?;
    transitions::store::redate(conn, moved, corrected.effective_on)?;
    let data = json!({ "move": moved, "to": to, "was": was, "effectiveOn": corrected.effective_on, "corrected": corrected.reason });
    finish(conn, context, row, data)
}

/// Withdraws the last move of a fellowship, which was not made: it has the state before that again. The trail keeps the move.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed` without a reason; `immutable` for a move that others followed.
pub fn delete_fellowship_transition(conn: &mut Conn, context: &Context, at: (&str, &str), wrong: Wrong) -> Result<()> {
    let (row, mut moves, at) = find_move(conn, context, at)?;
    let reason = wrong.given()?;
    if at + 1 < moves.len() {
        let detail = "Other moves followed it. Withdraw the last one first, or correct the day of this one.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    let last = moves.remove(at);
    let state = FellowshipState::parse(&last.from_state).ok_or_else(|| Error::internal("a state that is none"))?;
    let row = row.moved(context, state);
    store::update(conn, &row, None)?;
    transitions::store::remove(conn, last.id)?;
    let data = json!({
        "move": last.id, "from": last.from_state, "to": last.to_state, "effectiveOn": last.effective_on, "withdrawn": true,
        "reason": reason
    });
    finish(conn, context, row, data).map(drop)
}

/// The name of the moves of an innovation's link to a fellowship among those of every resource.
pub const LINK: &str = "fellowship-innovation";

/// An innovation's link to a fellowship that is agreed, or of which the caller keeps an end.
fn find_link(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    slug: &str,
) -> Result<(FellowshipRow, InnovationRow, LinkRow, Ends)> {
    let row = find(conn, context, id)?.0.row;
    let innovation = get_innovation(conn, context, slug)?.row;
    let link = store::link(conn, row.id, innovation.id)?.ok_or_else(|| Error::not_found("innovation"))?;
    let reach = context.actor.reach(Operation::transition_fellowship_innovation);
    let proposing = reach.covers_programme(Some(&row.programme));
    let ends = Ends { proposing, answering: keeps(context, &innovation) };
    if ends.any() || link.state == LinkState::Agreed {
        return Ok((row, innovation, link, ends));
    }
    Err(Error::not_found("innovation"))
}

/// The link whose moves are asked for.
///
/// # Errors
/// `not-found`.
pub fn get_link(conn: &mut Conn, context: &Context, id: &str, slug: &str) -> Result<Id> {
    find_link(conn, context, id, slug).map(|(_, _, link, _)| link.id)
}

/// Agrees that a fellow works on an innovation, declines or ends it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_fellowship_innovation(
    conn: &mut Conn,
    context: &Context,
    (id, slug): (&str, &str),
    asked: AskedMove,
) -> Result<Stored<Fellowship>> {
    let (row, innovation, link, ends) = find_link(conn, context, id, slug)?;
    let step = ends.decide(context, asked, (link.state, row.version))?;
    let row = row.clone().moved(context, row.state);
    store::update(conn, &row, None)?;
    store::move_link(conn, link.id, step.to)?;
    transitions::store::record(conn, context, LINK, link.id, link.state, &step)?;
    let data = json!({ "innovation": innovation.slug, "from": link.state, "to": step.to });
    finish(conn, context, row, data)
}

/// What the trail says of it: an innovation that is merely proposed is no business of the host's.
fn written(new: &Fellowship, referred: &Referred) -> Value {
    json!({ "fellow": new.fellow, "cohort": new.cohort, "innovations": referred.kept })
}

/// Records the change. What the fellow has not agreed to is no business of the host's.
fn finish(conn: &mut Conn, context: &Context, row: FellowshipRow, mut data: Value) -> Result<Stored<Fellowship>> {
    let agreed = row.state.is_agreed();
    data["shown"] = json!(agreed);
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let ends = Event {
        organisation_id: row.host_id.filter(|_| agreed),
        other_organisation_id: row.industry_partner_id.filter(|_| agreed),
        programme: Some(row.programme),
        owner: fellows::store::subject_of(conn, row.fellow_id)?,
        ..event
    };
    events::record(conn, context, ends)?;
    let found = store::find(conn, row.id)?.ok_or_else(|| Error::internal("a fellowship was lost"))?;
    whole(conn, context, found)
}
