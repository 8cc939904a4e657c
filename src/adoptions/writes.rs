//! What every change of the course of an adoption writes: its record, its moves and spells, and what its heirs have of it. A successor takes
//! over what its predecessor had come to as rows of its own, so that each organisation counts for its own days; and what changes of the
//! one later reaches the other, which is why all of it is in one file.

use super::dated::{DatedAdoption, DatedFacts, dated, facts_of, restated, without_codes, write_facts};
use super::moves::rules::{AdoptionStage, History, Spell, Step};
use super::moves::store::{self as moves, MoveRow};
use super::rules::{ALL_BELOW, Adoption, Approval};
use super::shown::shown_one;
use super::store::{self, AdoptionRow, NamedAdoption};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::organisations::effects::{Effects, Inheritance, LATE, inherited_by, inherited_from};
use crate::organisations::store::{codes_below, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const RESOURCE: &str = "adoption";

fn trace(conn: &mut Conn, context: &Context, row: &AdoptionRow, data: Value) -> Result<()> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let (organisation, innovation) = (Some(row.organisation_id), Some(row.innovation_id));
    events::record(conn, context, Event { organisation_id: organisation, innovation_id: innovation, ..event })
}

/// Traces a change, and shows what it made.
pub fn finish(conn: &mut Conn, context: &Context, row: &AdoptionRow, data: Value) -> Result<Stored<Adoption>> {
    trace(conn, context, row, data)?;
    let found = store::find(conn, row.id)?.ok_or_else(|| Error::internal("an adoption was lost"))?;
    shown_one(conn, context, found)
}

/// Writes an adoption with its first move, which the caller may make.
///
/// # Errors
/// `already-exists`; `validation-failed` for one that begins after the organisation closed.
pub fn begin(
    conn: &mut Conn,
    context: &Context,
    new: &Adoption,
    (innovation, organisation, approval): (Id, Id, Approval),
    reason: Option<String>,
) -> Result<NamedAdoption> {
    let row = AdoptionRow::new(context, new, (innovation, organisation), approval);
    store::insert(conn, &row)?;
    let named = store::find(conn, row.id)?.ok_or_else(|| Error::internal("an adoption was lost"))?;
    let on = new.since.unwrap_or_else(|| context.today());
    let history = History::default().with(Step { id: Id::generate(), on, rank: 0, to: new.stage }, None);
    History::default().check_life(&history, named.closed_on(context.today()), |_| "/since".to_owned())?;
    for step in history.steps() {
        moves::insert(conn, &MoveRow::new(context, row.id, *step, reason.clone()))?;
    }
    store::write_spells(conn, &row, &history)?;
    renew(conn, context, &row, &[])?;
    Ok(named)
}

/// Puts a history in the place of another, where it is one that there can be.
///
/// # Errors
/// `illegal-transition`; `validation-failed` for what begins after the organisation closed.
pub fn rewrite(
    conn: &mut Conn,
    context: &Context,
    present: &DatedAdoption,
    after: &History,
    pointer: impl Fn(NaiveDate) -> String,
) -> Result<AdoptionRow> {
    let before = present.history();
    before.check_change(after)?;
    before.check_life(after, present.named.closed_on(context.today()), pointer)?;
    let row = present.named.row.clone().touched(context);
    let row = AdoptionRow { stage: after.stage().unwrap_or(row.stage), ..row };
    store::update(conn, &row)?;
    moves::put_in_order(conn, context, &before, after)?;
    store::write_spells(conn, &row, after)?;
    renew(conn, context, &row, &present.spells())?;
    Ok(row)
}

/// Puts a history in the place of that in which some moves were recorded wrongly.
///
/// # Errors
/// As [`rewrite`].
pub fn correct(
    conn: &mut Conn,
    context: &Context,
    present: &DatedAdoption,
    (after, wrong): (&History, Vec<MoveRow>),
    reason: &str,
    pointer: impl Fn(NaiveDate) -> String,
) -> Result<Stored<Adoption>> {
    let adoption = rewrite(conn, context, present, after, pointer)?;
    let mut moves = Vec::new();
    for (rank, row) in (present.history().next_rank()..).zip(wrong) {
        let new = after.step(row.id).ok_or_else(|| Error::internal("a move was lost"))?;
        moves.push(json!({
            "move": row.id, "from": row.to_stage, "was": row.effective_on, "to": new.to, "effectiveOn": new.on
        }));
        let wrong = MoveRow { id: Id::generate(), rank, ..row };
        moves::insert(conn, &wrong.withdrawn(context, reason))?;
    }
    finish(conn, context, &adoption, with_others(moves, "also"))
}

/// Withdraws moves that others stand beside.
///
/// # Errors
/// As [`rewrite`].
pub fn withdraw(
    conn: &mut Conn,
    context: &Context,
    present: &DatedAdoption,
    rows: Vec<MoveRow>,
    reason: &str,
) -> Result<()> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let adoption = rewrite(conn, context, present, &present.history().without(&ids), |_| "?reason".to_owned())?;
    let mut moves = Vec::new();
    for row in rows {
        moves.push(json!({ "move": row.id, "withdrawn": true, "to": row.to_stage, "effectiveOn": row.effective_on }));
        moves::update(conn, &row.withdrawn(context, reason))?;
    }
    finish(conn, context, &adoption, with_others(moves, "also")).map(drop)
}

/// What an event says of the moves of one change: the first, and the others in a member of it.
pub fn with_others(moves: Vec<Value>, others: &str) -> Value {
    let mut moves = moves.into_iter();
    let mut data = moves.next().unwrap_or_else(|| json!({}));
    let rest: Vec<Value> = moves.collect();
    if !rest.is_empty() {
        data[others] = Value::Array(rest);
    }
    data
}

/// Takes an adoption out of every list and report.
///
/// # Errors
/// What the database fails with.
pub fn archive(conn: &mut Conn, context: &Context, present: &DatedAdoption, reason: String) -> Result<()> {
    let row = present.named.row.clone().archived(context, reason);
    store::update(conn, &row)?;
    store::write_spells(conn, &row, &History::default())?;
    renew(conn, context, &row, &present.spells())?;
    trace(conn, context, &row, json!({ "archived": true }))
}

/// Writes the stages that an organisation had reached into the adoptions of its heir, as moves of the day on which that took its
/// place, and has them cover what its own covered. Where the heir has come as far itself, no stage is written; neither is
/// anything of a day that is still to come.
///
/// # Errors
/// What the database fails with.
pub fn take_over(conn: &mut Conn, context: &Context, by: Inheritance) -> Result<()> {
    let Some(eve) = by.on.pred_opt().filter(|_| by.on <= context.today()) else { return Ok(()) };
    for (adoption, stage) in moves::held_by(conn, by.from, AdoptionStage::ALL.to_vec(), eve)? {
        take_one(conn, context, by, (adoption, stage))?;
    }
    Ok(())
}

/// Brings what heirs were given of an adoption up to date, once its spells are others than they were: information that comes late
/// reaches them too. An heir that went on by itself keeps what it has.
///
/// # Errors
/// What the database fails with.
pub fn renew(conn: &mut Conn, context: &Context, of: &AdoptionRow, were: &[Spell]) -> Result<()> {
    for by in inherited_from(conn, of.organisation_id)? {
        let held = by.on.pred_opt().and_then(|eve| were.iter().find(|spell| spell.span().holds(eve)));
        let was = held.map(|spell| spell.stage).filter(|stage| !stage.needs_reason());
        let stage = stage_on_eve(conn, of.id, by.on)?;
        let given = if stage == was { continue } else { given(conn, of, by)? };
        if let Some(given) = given
            && (Some(given.to_stage) != was || !give_back(conn, context, &given, stage)?)
        {
            continue;
        }
        // What others of that day had come to, the heir may have had from this one.
        for by in [by].into_iter().chain(inherited_by(conn, by.heir, by.on)?) {
            let Some(found) = store::find_by_key(conn, (of.innovation_id, &of.indication, by.from))? else { continue };
            if let Some(stage) = stage_on_eve(conn, found.row.id, by.on)? {
                take_one(conn, context, by, (found.row.id, stage))?;
            }
        }
    }
    Ok(())
}

/// The stage that an adoption passes on: that of the day before, unless nothing was used any more.
fn stage_on_eve(conn: &mut Conn, adoption: Id, on: NaiveDate) -> Result<Option<AdoptionStage>> {
    let Some(eve) = on.pred_opt() else { return Ok(None) };
    Ok(moves::stage_on(conn, adoption, eve)?.filter(|stage| !stage.needs_reason()))
}

/// Corrects or takes back the stage that an heir was given, where its own history allows that. Returns whether it does.
fn give_back(conn: &mut Conn, context: &Context, given: &MoveRow, stage: Option<AdoptionStage>) -> Result<bool> {
    if give_other(conn, context, given, stage)? {
        return Ok(true);
    }
    match give_back_stage(conn, context, given.id, LATE) {
        Err(error) if error.code() == Code::IllegalTransition => Ok(false),
        other => other.map(|()| true),
    }
}

/// The move by which an heir was given a stage of the same adoption.
fn given(conn: &mut Conn, of: &AdoptionRow, by: Inheritance) -> Result<Option<MoveRow>> {
    let Some(present) = store::find_by_key(conn, (of.innovation_id, &of.indication, by.heir))? else { return Ok(None) };
    moves::given(conn, by.act, present.row.id)
}

/// Corrects the stage that an heir was given, where it can be another. Returns whether it can.
fn give_other(conn: &mut Conn, context: &Context, given: &MoveRow, stage: Option<AdoptionStage>) -> Result<bool> {
    let Some((to, named)) = stage.zip(store::find(conn, given.adoption_id)?) else { return Ok(false) };
    let Some(present) = dated(conn, vec![named])?.pop() else { return Ok(false) };
    let (before, step) = (present.history(), Step { to, ..given.step() });
    let after = before.with(step, None);
    if before.check_change(&after).is_err() {
        return Ok(false);
    }
    correct(conn, context, &present, (&after, vec![given.clone()]), LATE, |_| "/effectiveOn".to_owned())?;
    Ok(true)
}

/// Gives an heir what one adoption had come to, and keeps with the act what that changed.
fn take_one(conn: &mut Conn, context: &Context, by: Inheritance, (adoption, stage): (Id, AdoptionStage)) -> Result<()> {
    let Some(named) = store::find(conn, adoption)? else { return Ok(()) };
    let Some(of) = dated(conn, vec![named])?.pop() else { return Ok(()) };
    let Some((taken, moved)) = take_stage(conn, context, &of, by, stage)? else { return Ok(()) };
    let mut done = Effects::of(by.act);
    if let Some(moved) = moved {
        done.adoption_moved(moved);
    }
    let Some(eve) = by.on.pred_opt() else { return Ok(()) };
    let covered = covered_by(conn, &of, eve)?;
    if let Some(codes) = cover(conn, taken, &covered, by.on)? {
        done.adoption_covers(taken, codes);
    }
    done.keep(conn)
}

/// Withdraws the move by which an heir was given a stage. An adoption that has no other should not be there.
///
/// # Errors
/// `illegal-transition` where the heir went on from that stage.
pub fn give_back_stage(conn: &mut Conn, context: &Context, moved: Id, reason: &str) -> Result<()> {
    let row = moves::get(conn, moved)?;
    let Some(named) = store::find(conn, row.adoption_id)?.filter(|_| row.withdrawn_at.is_none()) else { return Ok(()) };
    let present = dated(conn, vec![named])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))?;
    let history = present.history();
    if history.steps().len() == 1 {
        return archive(conn, context, &present, reason.to_owned());
    }
    // Without its beginning nothing says from where the next move, of a later day, was made.
    if let [first, next, ..] = history.steps()
        && first.id == row.id
        && first.on < next.on
    {
        let detail = format!(
            "The adoption began with {}, which it was given on {}, and went on to {} on {}. Take that move back first, or correct what it began with.",
            first.to.as_str(),
            first.on,
            next.to.as_str(),
            next.on
        );
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("allowed", Vec::<&str>::new()));
    }
    withdraw(conn, context, &present, vec![row], reason)
}

/// Takes what an heir was given out of what its adoption covers, from a day on. What others gave it stays.
///
/// # Errors
/// What the database fails with.
pub fn give_back_covers(conn: &mut Conn, adoption: Id, on: NaiveDate, codes: &str) -> Result<()> {
    let facts = facts_of(conn, &[adoption])?.remove(&adoption).unwrap_or_default();
    let gone: BTreeSet<&str> = codes.split_whitespace().collect();
    let covers = without_codes(&facts.covers, on, &gone);
    write_facts(conn, adoption, &DatedFacts { covers, ..facts })
}

/// Brings the heir's adoption to a stage. Returns it, where there is one by then, with the move if one was written.
fn take_stage(
    conn: &mut Conn,
    context: &Context,
    of: &DatedAdoption,
    by: Inheritance,
    stage: AdoptionStage,
) -> Result<Option<(Id, Option<Id>)>> {
    let (row, on, names) = (&of.named.row, by.on, names(conn, [by.from, by.heir])?);
    let reason = Some(format!("Taken over from {}.", names.of(by.from).0));
    let Some(present) = store::find_by_key(conn, (row.innovation_id, &row.indication, by.heir))? else {
        if stage.needs_reason() {
            return Ok(None);
        }
        let known = of.adoption();
        let new = Adoption::of(known.innovation, names.of(by.heir).0, stage);
        let (indication, illustrative) = (known.indication, known.illustrative);
        let new = Adoption { indication, illustrative, since: Some(on), ..new };
        let ends = (row.innovation_id, by.heir, Approval::Approved);
        let begun = begin(conn, context, &new, ends, reason)?.row;
        finish(conn, context, &begun, json!({ "stage": begun.stage, "since": on, "approval": begun.approval }))?;
        return Ok(Some((begun.id, moves::moves(conn, &[begun.id])?.first().map(|first| first.id))));
    };
    let present = dated(conn, vec![present])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))?;
    let step = Step { id: Id::generate(), on, rank: 0, to: stage };
    let (before, after) = (present.history(), present.history().with(step, None));
    // Only what is a step forward for the heir.
    if stage.needs_reason() || before.says(stage, on) || before.check_change(&after).is_err() {
        return Ok(Some((present.named.row.id, None)));
    }
    let changed = rewrite(conn, context, &present, &after, |_| "/effectiveOn".to_owned())?;
    let step = after.step(step.id).unwrap_or(step);
    moves::insert(conn, &MoveRow::new(context, changed.id, step, reason))?;
    let from = after.stage_before(step.id);
    finish(conn, context, &changed, json!({ "move": step.id, "from": from, "to": step.to, "effectiveOn": on }))?;
    Ok(Some((changed.id, Some(step.id))))
}

/// The codes of what an adoption covered on a day, one by one: all below the heir would be more.
fn covered_by(conn: &mut Conn, of: &DatedAdoption, day: NaiveDate) -> Result<BTreeSet<String>> {
    let organisation = of.named.row.organisation_id;
    match of.facts.covers_on(day) {
        Some(ALL_BELOW) => Ok(codes_below(conn, organisation, day)?.into_iter().collect()),
        codes => Ok(codes.into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect()),
    }
}

/// Has an adoption cover these organisations too from a day on. Returns those that it did not, with spaces between.
fn cover(conn: &mut Conn, adoption: Id, codes: &BTreeSet<String>, on: NaiveDate) -> Result<Option<String>> {
    let facts = facts_of(conn, &[adoption])?.remove(&adoption).unwrap_or_default();
    let own = facts.covers_on(on).unwrap_or_default();
    if codes.is_empty() || own == ALL_BELOW {
        return Ok(None);
    }
    let own: BTreeSet<&str> = own.split_whitespace().collect();
    let added: Vec<&str> = codes.iter().map(String::as_str).filter(|code| !own.contains(code)).collect();
    if added.is_empty() {
        return Ok(None);
    }
    let given = added.join(" ");
    let all: BTreeSet<&str> = own.into_iter().chain(added).collect();
    let all = all.into_iter().collect::<Vec<_>>().join(" ");
    let covers = restated(&facts.covers, on, &[all]);
    write_facts(conn, adoption, &DatedFacts { covers, ..facts })?;
    Ok(Some(given))
}
