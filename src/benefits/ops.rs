//! What can be done with benefits, each in one transaction.

use super::kinds::SavingClass;
use super::realisations::{self, store::RealisationRow};
use super::rules::{Benefit, Side, SideState};
use super::store::{self, BenefitRow, NamedBenefit, References, SideRow};
use crate::access::{Operation, outside};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Faults, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::record::Stored;
use crate::transitions::authors;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{innovations, organisations, programmes, transitions};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The name of what sides say among the moves of every resource.
pub const SIDE: &str = "benefit-side";
const RESOURCE: &str = "benefit";

/// # Errors
/// `not-found`, for a claim too that does not count and is of no side of the caller's.
pub fn get_benefit(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedBenefit> {
    let found = by_id(id, RESOURCE, |id| store::find(conn, context, id))?;
    organisations::ops::require_within(conn, context, found.row.organisation_id, RESOURCE)?;
    Ok(found)
}

/// Benefits as the caller may see them: figures of patients as they are for who may see values of that programme,
/// organisation or innovation so.
pub fn shown(conn: &mut Conn, context: &Context, rows: Vec<NamedBenefit>) -> Result<Vec<Stored<Benefit>>> {
    let ids: Vec<Id> = rows.iter().map(|found| found.row.id).collect();
    let mut sides: HashMap<Id, Vec<SideRow>> = HashMap::new();
    for side in store::sides(conn, &ids)? {
        sides.entry(side.benefit_id).or_default().push(side);
    }
    let mut realised: HashMap<Id, Vec<RealisationRow>> = HashMap::new();
    for row in realisations::store::latest(conn, &ids)? {
        realised.entry(row.benefit_id).or_default().push(row);
    }
    let whole = seen_whole(conn, context, &rows)?;
    let invented = store::resting_on_illustrative(conn, ids)?;
    let show = |found: NamedBenefit| {
        let is_whole = whole.contains(&found.row.id);
        let sides = sides.remove(&found.row.id).unwrap_or_default();
        let hidden = !is_whole && found.row.kind.is_of_patients();
        let realised = realised.remove(&found.row.id).unwrap_or_default();
        let realised = realised.iter().map(|row| row.year(hidden)).collect();
        let rests_on_illustrative = invented.contains(&found.row.id);
        found.stored(sides, realised, !is_whole, rests_on_illustrative)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Those of the claims of which the caller may see counts of patients as they are.
pub fn seen_whole(conn: &mut Conn, context: &Context, claims: &[NamedBenefit]) -> Result<HashSet<Id>> {
    let places: Vec<Id> = claims.iter().filter_map(|found| found.row.organisation_id).collect();
    let reach = context.actor.reach(Operation::see_unsuppressed_values);
    let whole = organisations::ops::Covered::of(conn, context, reach, &places)?;
    let is_whole = |found: &&NamedBenefit| {
        let row = &found.row;
        whole.covers(row.programme.as_deref(), row.organisation_id, Some(row.innovation_id))
    };
    Ok(claims.iter().filter(is_whole).map(|found| found.row.id).collect())
}

fn shown_one(conn: &mut Conn, context: &Context, found: NamedBenefit) -> Result<Stored<Benefit>> {
    shown(conn, context, vec![found])?.pop().ok_or_else(|| Error::internal("a benefit was lost"))
}

/// As the caller may see it.
///
/// # Errors
/// `not-found`.
pub fn show_benefit(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Benefit>> {
    let found = get_benefit(conn, context, id)?;
    shown_one(conn, context, found)
}

/// Finds what a benefit refers to. Naming it gives no right over it: its side must accept the claim.
fn referred(conn: &mut Conn, new: &Benefit) -> Result<References> {
    let innovation = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let programme = new.programme.as_deref();
    let programme = programme.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    let organisation = new.organisation.as_deref();
    let organisation =
        organisation.map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    Ok(References { innovation, programme, organisation })
}

/// The sides that the caller speaks for.
fn own_sides(conn: &mut Conn, context: &Context, of: &References) -> Result<Vec<Side>> {
    let reach = context.actor.reach(Operation::transition_benefit_side);
    let mut own = Vec::new();
    if !organisations::ops::is_within(conn, context, &reach, of.organisation)? {
        return Ok(own);
    }
    for side in of.sides() {
        let speaks = match side {
            Side::Programme => reach.names(of.programme.as_deref(), None),
            Side::Organisation => organisations::ops::covers(conn, context, &reach, None, of.organisation, None)?,
            Side::Innovation => {
                let keeper = innovations::store::keeper_of(conn, of.innovation)?;
                reach.names(keeper.as_deref(), Some(of.innovation))
            }
        };
        if speaks {
            own.push(side);
        }
    }
    Ok(own)
}

/// Whether the caller speaks for a side of a claim.
pub fn speaks_for(conn: &mut Conn, context: &Context, claim: &BenefitRow) -> Result<bool> {
    Ok(!own_sides(conn, context, &claim.references())?.is_empty())
}

/// Whether the caller is independent of a claim: neither they nor anybody of their body claimed it, changed it, or claimed what it
/// takes the place of.
pub fn is_independent(conn: &mut Conn, context: &Context, claim: &BenefitRow) -> Result<bool> {
    let (subject, body) = (&context.actor.subject, context.actor.body);
    let claimant = claim.claimed_by == *subject || body.is_none() || claim.claimed_by_body == body;
    Ok(!claimant && !authors::wrote_before(conn, context, RESOURCE, claim.id)?)
}

/// Keeps whoever claimed a figure, or changed it, as not independent of the claim that comes after: its next version, or what takes its
/// place.
fn keep_claimants(conn: &mut Conn, before: &BenefitRow, claim: Id) -> Result<()> {
    authors::keep(conn, RESOURCE, claim, (&before.claimed_by, before.claimed_by_body))?;
    authors::inherit(conn, RESOURCE, before.id, claim)
}

/// Makes the next version of a claim of which something was realised.
pub fn touch(conn: &mut Conn, context: &Context, claim: BenefitRow, realised: Value) -> Result<()> {
    let row = claim.touched(context);
    store::update(conn, &row)?;
    record(conn, context, &row, json!({ "realised": realised, "shown": row.counted }))
}

/// Traces what was done to a claim, which `counted` before or did not.
fn trace(conn: &mut Conn, context: &Context, row: &BenefitRow, counted: bool) -> Result<()> {
    let data = json!({
        "kind": row.kind, "claimed": row.claimed, "counted": row.counted, "shown": counted || row.counted
    });
    record(conn, context, row, data)
}

fn record(conn: &mut Conn, context: &Context, row: &BenefitRow, data: Value) -> Result<()> {
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: Some(row.innovation_id),
        programme: row.programme.clone(),
        other_programme: innovations::store::keeper_of(conn, row.innovation_id)?,
        owner: Some(row.claimed_by.clone()),
        ..Event::new(RESOURCE, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

fn finish(conn: &mut Conn, context: &Context, row: &BenefitRow, counted: bool) -> Result<Stored<Benefit>> {
    trace(conn, context, row, counted)?;
    let found = store::find(conn, context, row.id)?.ok_or_else(|| Error::internal("a benefit was lost"))?;
    shown_one(conn, context, found)
}

fn archive(conn: &mut Conn, context: &Context, row: BenefitRow, reason: Value) -> Result<()> {
    let row = row.archived(context);
    store::update(conn, &row)?;
    record(conn, context, &row, json!({ "archived": true, "reason": reason, "shown": row.counted }))
}

/// Checks the claim that this one is to take the place of: of the same side, for which the caller speaks, and about the same.
/// Returns it.
fn check_replaced(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<Option<BenefitRow>> {
    let Some(id) = row.replaces else { return Ok(None) };
    let found = store::find(conn, context, id)?.map(|found| found.row);
    let Some(before) = found.filter(|before| before.claimed_from == row.claimed_from) else {
        return Err(Error::invalid("/replaces", "unknown-benefit", NOT_OURS));
    };
    if !own_sides(conn, context, &before.references())?.contains(&row.claimed_from) {
        return Err(outside());
    }
    let meet = before.extent().period.meet(row.extent().period).is_some();
    if before.references() == row.references() && before.kind == row.kind && meet {
        return Ok(Some(before));
    }
    Err(Error::invalid("/replaces", "other-claim", OTHER))
}

const NOT_OURS: &str = "There is no such claim that was made from this side.";

const OTHER: &str = "Expected a claim of the same kind about the same innovation, programme and organisation, with a day in common. What \
                     is true of other days stands beside it.";

/// The sides of a claim that was made or changed: those that the caller speaks for have accepted it, the others are asked.
fn ask_sides(conn: &mut Conn, context: &Context, row: &BenefitRow, own: &[Side]) -> Result<()> {
    let mut before = store::sides(conn, &[row.id])?;
    for side in row.references().sides() {
        let known = before.iter().position(|row| row.side == side).map(|at| before.swap_remove(at));
        let from = known.as_ref().map(|row| row.state);
        let asked = SideRow {
            id: known.map_or_else(Id::generate, |row| row.id),
            benefit_id: row.id,
            side,
            state: SideState::Claimed,
            decided_by: None,
            decided_on: None,
        };
        let accepted = own.contains(&side);
        let row = if accepted { asked.decided(context, SideState::Accepted, context.today()) } else { asked };
        if let Some(from) = from.filter(|from| *from != row.state) {
            let reason = Some("The claim was changed.".to_owned());
            let step = Move { to: row.state, reason, effective_on: context.today() };
            transitions::store::record(conn, context, SIDE, row.id, from, &step)?;
        }
        store::keep_side(conn, &row)?;
    }
    for gone in before {
        store::remove_side(conn, gone.id)?;
    }
    Ok(())
}

/// Archives what a claim replaces, once that claim counts.
fn replace(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<()> {
    let Some(id) = row.replaces.filter(|_| row.counted) else { return Ok(()) };
    match store::find(conn, context, id)? {
        Some(found) => archive(conn, context, found.row, json!({ "replacedBy": row.id })),
        None => Ok(()),
    }
}

/// Claims a benefit from one side. Every other side that it names is asked to accept it.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_benefit(conn: &mut Conn, context: &Context, new: Benefit) -> Result<Stored<Benefit>> {
    let figures = new.check()?;
    let references = referred(conn, &new)?;
    let own = own_sides(conn, context, &references)?;
    let from = *own.first().ok_or_else(outside)?;
    let mut row = BenefitRow::new(context, new, figures, references, from);
    check_others(conn, context, &row)?;
    let replaced = check_replaced(conn, context, &row)?;
    let own = accepting(context, &row, own);
    row.counted = row.references().sides().iter().all(|side| own.contains(side));
    store::insert(conn, &row)?;
    if let Some(before) = replaced {
        keep_claimants(conn, &before, row.id)?;
    }
    ask_sides(conn, context, &row, &own)?;
    replace(conn, context, &row)?;
    finish(conn, context, &row, false)
}

/// Those of the caller's sides that accept the claim by making it. What is taken out of a budget is for whoever holds the budget to say: a
/// right over everything does not stand in for it.
fn accepting(context: &Context, row: &BenefitRow, mut own: Vec<Side>) -> Vec<Side> {
    let cash = row.class == Some(SavingClass::CashReleasing);
    if cash && context.reach().is_everything() && context.actor.body != row.organisation_id {
        own.retain(|side| *side != Side::Organisation);
    }
    own
}

/// Checks the claims that this one names: what it puts into money, and what holds it.
fn check_others(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<()> {
    let (mut faults, own) = (Faults::default(), row.extent());
    let mut other = |id: Id| -> Result<Option<BenefitRow>> {
        Ok(store::find(conn, context, id)?.map(|found| found.row).filter(|other| other.id != row.id))
    };
    if let Some(behind) = row.monetises
        && !other(behind)?.is_some_and(|behind| behind.extent().is_monetised_by(&own))
    {
        let detail =
            "Expected a claim about the same innovation that is counted in beds, appointments, hours or the like.";
        faults.add("/monetises/benefit", "unknown-benefit", detail);
    }
    let (mut part, mut holder) = (own, row.counted_within);
    // A chain of claims within claims is short; one that is not may be a circle.
    for _ in 0..LONGEST_CHAIN {
        let Some(id) = holder else { return faults.check() };
        let Some(around) = other(id)? else { break };
        if let Some(misfit) = part.misfit(&around.extent()) {
            faults.add("/countedWithin", "misfit", misfit);
            return faults.check();
        }
        (part, holder) = (around.extent(), around.counted_within);
    }
    let detail = "Expected a claim that you may see, which is not itself counted within this one.";
    faults.add("/countedWithin", "unknown-benefit", detail);
    faults.check()
}

/// Checks that what names this claim may still do so.
fn check_resting(conn: &mut Conn, row: &BenefitRow) -> Result<()> {
    let own = row.extent();
    for other in store::resting_on(conn, row.id)? {
        let part = (other.counted_within == Some(row.id)).then(|| other.extent().misfit(&own)).flatten();
        let saving = other.monetises == Some(row.id) && !own.is_monetised_by(&other.extent());
        let misfit = part.or(saving.then_some("A saving puts this claim into money."));
        if let Some(misfit) = misfit {
            let detail = format!("The claim {} rests on this one, and would not any more. {misfit}", other.id);
            return Err(Error::new(Code::Immutable).detail(detail));
        }
    }
    Ok(())
}

/// How many claims may be counted one within another.
const LONGEST_CHAIN: usize = 10;

const CONFIRMED: &str = "The figure was confirmed, so the claim stays as it is. Make a new claim that replaces it.";

/// Changes a claim, which its sides are then asked to accept once more.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`, `immutable` once it is confirmed.
pub fn update_benefit(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Benefit>) -> Result<Stored<Benefit>> {
    let present = get_benefit(conn, context, id)?;
    let own = own_sides(conn, context, &present.row.references())?;
    if own.is_empty() {
        return Err(outside());
    }
    let before = present.benefit();
    let Some(new) = context.revised(&before, present.row.version, patch)? else {
        return shown_one(conn, context, present);
    };
    require_unconfirmed(conn, present.row.id)?;
    let figures = new.check()?;
    if !own.contains(&present.row.claimed_from) {
        return Err(outside());
    }
    let references = referred(conn, &new)?;
    let own = own_sides(conn, context, &references)?;
    let from = *own.iter().find(|side| **side == present.row.claimed_from).or(own.first()).ok_or_else(outside)?;
    let (counted, replaces) = (present.row.counted, new.replaces != before.replaces);
    let mut row = present.row.clone().revised(context, new, figures, references, from);
    check_others(conn, context, &row)?;
    check_resting(conn, &row)?;
    let replaced = if replaces { check_replaced(conn, context, &row)? } else { None };
    let own = accepting(context, &row, own);
    row.counted = row.references().sides().iter().all(|side| own.contains(side));
    store::update(conn, &row)?;
    for before in [present.row].into_iter().chain(replaced) {
        keep_claimants(conn, &before, row.id)?;
    }
    ask_sides(conn, context, &row, &own)?;
    replace(conn, context, &row)?;
    finish(conn, context, &row, counted)
}

/// # Errors
/// `immutable` where a figure that was achieved is confirmed.
fn require_unconfirmed(conn: &mut Conn, id: Id) -> Result<()> {
    if realisations::store::latest(conn, &[id])?.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::Immutable).detail(CONFIRMED))
}

/// A side of a benefit, and the benefit.
///
/// # Errors
/// `not-found`.
pub fn get_side(conn: &mut Conn, context: &Context, id: &str, side: &str) -> Result<(NamedBenefit, SideRow)> {
    let found = get_benefit(conn, context, id)?;
    let side = Side::parse(side);
    let row = store::sides(conn, &[found.row.id])?.into_iter().find(|row| Some(row.side) == side);
    Ok((found, row.ok_or_else(|| Error::not_found("side of this benefit"))?))
}

/// Accepts a claim for a side of it, or refuses it. It counts once all have accepted.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`, `immutable` once it is confirmed.
pub fn transition_benefit_side(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    side: &str,
    asked: AskedMove,
) -> Result<Stored<Benefit>> {
    let (found, present) = get_side(conn, context, id, side)?;
    let own = own_sides(conn, context, &found.row.references())?;
    if !accepting(context, &found.row, own).contains(&present.side) {
        return Err(outside());
    }
    context.check_version(found.row.version)?;
    let step: Move<SideState> = asked.read(context.today())?;
    let from = present.state;
    step.decide(from)?;
    if let Some(on) = present.decided_on.filter(|on| step.effective_on < *on) {
        let detail = format!("Expected {on} or a later day: on that day this side said what it says now.");
        return Err(Error::invalid("/effectiveOn", "too-early", detail));
    }
    require_unconfirmed(conn, found.row.id)?;
    let decided = present.decided(context, step.to, step.effective_on);
    store::keep_side(conn, &decided)?;
    transitions::store::record(conn, context, SIDE, decided.id, from, &step)?;
    let sides = store::sides(conn, &[found.row.id])?;
    let counted = found.row.counted;
    let mut row = found.row.touched(context);
    row.counted = sides.iter().all(|side| side.state == SideState::Accepted);
    store::update(conn, &row)?;
    replace(conn, context, &row)?;
    finish(conn, context, &row, counted)
}

/// Takes a benefit out of every list and report, for a reason that the trail keeps. One that is confirmed only a national administrator takes
/// out.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_benefit(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let present = get_benefit(conn, context, id)?.row;
    if !own_sides(conn, context, &present.references())?.contains(&present.claimed_from) {
        return Err(outside());
    }
    context.check_version(present.version)?;
    if !context.reach().is_everything() {
        require_unconfirmed(conn, present.id)?;
    }
    let reason = wrong.given()?;
    archive(conn, context, present, json!(reason))
}
