//! What can be done with the moves of an adoption, each in one transaction.

use super::rules::{AskedStage, Correction, History, Step};
use super::store::{self, MoveRow};
use crate::adoptions::dated::DatedAdoption;
use crate::adoptions::ops::{confirmed, finish, kept, shown_one};
use crate::adoptions::rules::Adoption;
use crate::adoptions::store::{self as adoptions, AdoptionRow};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::{Context, Wrong};
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

/// Puts a history in the place of another, where it is one that there can be.
///
/// # Errors
/// `illegal-transition`; `validation-failed` for what begins after the organisation closed.
pub fn rewrite(
    conn: &mut Conn,
    context: &Context,
    present: &DatedAdoption,
    after: &History,
    pointer: &str,
) -> Result<AdoptionRow> {
    let before = present.history();
    before.check_change(after)?;
    before.check_life(after, present.named.closed_on(context.today()), pointer)?;
    let row = present.named.row.clone().touched(context);
    let row = AdoptionRow { stage: after.stage().unwrap_or(row.stage), ..row };
    adoptions::update(conn, &row)?;
    store::put_in_order(conn, context, &before, after)?;
    adoptions::write_spells(conn, &row, after)?;
    Ok(row)
}

/// Moves an adoption to a stage, from the day the move took effect. A proposed one counts by that: whoever records a move of it
/// says so.
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
    asked.check(context.today())?;
    let on = asked.effective_on.unwrap_or_else(|| context.today());
    let step = Step { id: Id::generate(), on, rank: 0, to: asked.to };
    let after = present.history().with(step, asked.rank);
    let row = rewrite(conn, context, &present, &after, "/effectiveOn")?;
    let step = after.steps().iter().find(|known| known.id == step.id).copied().unwrap_or(step);
    store::insert(conn, &MoveRow::new(context, row.id, step, asked.reason))?;
    let from = after.stage_before(step.id);
    finish(
        conn,
        context,
        &row,
        json!({ "move": step.id, "from": from, "to": step.to, "effectiveOn": step.on, "approval": row.approval }),
    )
}

/// A move of an adoption that was not withdrawn.
fn standing(present: &DatedAdoption, id: &str) -> Result<MoveRow> {
    let known = Id::parse(id).and_then(|id| present.moves.iter().find(|row| row.id == id));
    let row = known.ok_or_else(|| Error::not_found("move of this adoption"))?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The move was withdrawn. Enter it anew if it was right."));
    }
    Ok(row.clone())
}

/// Corrects a move that was recorded wrongly. What was recorded stays in the list of moves, marked as withdrawn.
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
    let row = standing(&present, transition)?;
    let before = present.history();
    let new = correction.of(row.step(), context.today())?;
    let after = before.with(new, correction.rank);
    if after == before {
        return shown_one(conn, context, present.named);
    }
    let adoption = rewrite(conn, context, &present, &after, "/effectiveOn")?;
    let wrong = MoveRow { id: Id::generate(), rank: before.next_rank(), ..row.clone() };
    store::insert(conn, &wrong.withdrawn(context, &correction.reason))?;
    let data =
        json!({ "move": row.id, "from": row.to_stage, "was": row.effective_on, "to": new.to, "effectiveOn": new.on });
    finish(conn, context, &adoption, data)
}

/// Withdraws a move that was not made. It stays in the list of moves, marked as withdrawn.
///
/// # Errors
/// As [`update_adoption_transition`]; `immutable` for the only move.
pub fn delete_adoption_transition(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    transition: &str,
    wrong: Wrong,
) -> Result<()> {
    let present = kept(conn, context, id)?;
    let row = standing(&present, transition)?;
    let reason = wrong.given()?;
    if present.history().steps().len() == 1 {
        let detail = "An adoption has at least one move. Correct it, or delete the adoption if it should not be there.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    withdraw(conn, context, &present, row, &reason)
}

/// Withdraws a move that others stand beside.
///
/// # Errors
/// As [`rewrite`].
pub fn withdraw(conn: &mut Conn, context: &Context, present: &DatedAdoption, row: MoveRow, reason: &str) -> Result<()> {
    let adoption = rewrite(conn, context, present, &present.history().without(row.id), "?reason")?;
    let data = json!({ "move": row.id, "withdrawn": true, "to": row.to_stage, "effectiveOn": row.effective_on });
    store::update(conn, &row.withdrawn(context, reason))?;
    finish(conn, context, &adoption, data).map(drop)
}
