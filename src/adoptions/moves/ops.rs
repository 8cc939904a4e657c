//! What can be done with the moves of an adoption, each in one transaction.

use super::asked::{AskedStage, Correction, pointer};
use super::rules::{History, Step};
use super::store::{self, MoveRow, WithdrawAdoptionMoves};
use crate::adoptions::dated::DatedAdoption;
use crate::adoptions::heirs::renew;
use crate::adoptions::ops::{confirmed, finish, kept, shown_one};
use crate::adoptions::rules::Adoption;
use crate::adoptions::store::{self as adoptions, AdoptionRow};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::{Context, Wrong};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::{Value, json};

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
    adoptions::update(conn, &row)?;
    store::put_in_order(conn, context, &before, after)?;
    adoptions::write_spells(conn, &row, after)?;
    renew(conn, context, &row, &present.spells())?;
    Ok(row)
}

/// Moves an adoption to a stage, from the day the move took effect, and on from there as far as is asked. A proposed one counts by
/// that: whoever records a move of it says so.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_adoption(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedStage,
) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?;
    let present = confirmed(conn, context, present)?;
    let others: Vec<Option<NaiveDate>> = asked.then.iter().map(|one| Some(one.effective_on)).collect();
    let (mut after, mut entered) = (present.history(), Vec::new());
    for one in asked.moves(context.today())? {
        let step = Step { id: Id::generate(), on: one.effective_on, rank: 0, to: one.to };
        after = after.with(step, one.rank);
        entered.push((step.id, one.reason));
    }
    let row = rewrite(conn, context, &present, &after, |day| pointer("then", &others, day))?;
    let mut moves = Vec::new();
    for (id, reason) in entered {
        let step = after.step(id).ok_or_else(|| Error::internal("a move was lost"))?;
        store::insert(conn, &MoveRow::new(context, row.id, step, reason))?;
        let from = after.stage_before(id);
        moves.push(json!({ "move": id, "from": from, "to": step.to, "effectiveOn": step.on }));
    }
    let mut data = with_others(moves, "then");
    data["approval"] = json!(row.approval);
    finish(conn, context, &row, data)
}

/// What an event says of the moves of one change: the first, and the others in a member of it.
fn with_others(moves: Vec<Value>, others: &str) -> Value {
    let mut moves = moves.into_iter();
    let mut data = moves.next().unwrap_or_else(|| json!({}));
    let rest: Vec<Value> = moves.collect();
    if !rest.is_empty() {
        data[others] = Value::Array(rest);
    }
    data
}

/// A move of an adoption that was not withdrawn.
fn standing(present: &DatedAdoption, id: Option<Id>) -> Result<MoveRow> {
    let row = present.moves.iter().find(|row| Some(row.id) == id);
    let row = row.ok_or_else(|| Error::not_found("move of this adoption"))?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The move was withdrawn. Enter it anew if it was right."));
    }
    Ok(row.clone())
}

/// Corrects moves that were recorded wrongly. What was recorded stays in the list of moves, marked as withdrawn.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for a move that was withdrawn, `illegal-transition`, `validation-failed`.
pub fn update_adoption_transition(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    transition: &str,
    correction: &Correction,
) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?;
    let named = standing(&present, Id::parse(transition))?;
    let before = present.history();
    let (mut after, mut wrong) = (before.clone(), Vec::new());
    for one in correction.moves(named.id, context.today())? {
        let row = standing(&present, Some(one.id))?;
        after = after.with(one.of(row.step()), one.rank);
        wrong.push(row);
    }
    if after == before {
        return shown_one(conn, context, present.named);
    }
    wrong.retain(|row| after.step(row.id) != Some(row.step()));
    let others: Vec<Option<NaiveDate>> = correction.also.iter().map(|one| one.effective_on).collect();
    correct(conn, context, &present, (&after, wrong), &correction.reason, |day| pointer("also", &others, day))
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
        store::insert(conn, &wrong.withdrawn(context, reason))?;
    }
    finish(conn, context, &adoption, with_others(moves, "also"))
}

/// Withdraws moves that were not made. They stay in the list of moves, marked as withdrawn.
///
/// # Errors
/// As [`update_adoption_transition`]; `immutable` where no move would be left.
pub fn delete_adoption_transition(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    transition: &str,
    wrong: WithdrawAdoptionMoves,
) -> Result<()> {
    let present = kept(conn, context, id)?;
    let also = wrong.also.map(|codes| codes.0).unwrap_or_default();
    let mut rows = vec![standing(&present, Id::parse(transition))?];
    for id in also {
        let row = standing(&present, Id::parse(&id))?;
        if !rows.iter().any(|known| known.id == row.id) {
            rows.push(row);
        }
    }
    let reason = Wrong { reason: wrong.reason }.given()?;
    if present.history().steps().len() == rows.len() {
        let detail = "An adoption has at least one move. Correct it, or delete the adoption if it should not be there.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    withdraw(conn, context, &present, rows, &reason)
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
        store::update(conn, &row.withdrawn(context, reason))?;
    }
    finish(conn, context, &adoption, with_others(moves, "also")).map(drop)
}
