//! What can be done with the moves of an adoption, each in one transaction.

use super::asked::{AskedStage, Correction, pointer};
use super::rules::Step;
use super::store::{self, MoveRow, WithdrawAdoptionMoves};
use crate::adoptions::dated::DatedAdoption;
use crate::adoptions::ops::{confirmed, kept, require_kept};
use crate::adoptions::rules::Adoption;
use crate::adoptions::shown::shown_one;
use crate::adoptions::writes::{correct, finish, rewrite, with_others, withdraw};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::{Context, Wrong};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

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
    let others: Vec<Option<NaiveDate>> = asked.then.iter().map(|one| Some(one.effective_on)).collect();
    let asked = asked.moves(context.today())?;
    require_kept(conn, context, &present.named, asked.iter().map(|one| one.effective_on))?;
    let present = confirmed(conn, context, present)?;
    let (mut after, mut entered) = (present.history(), Vec::new());
    for one in asked {
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
    let days = wrong.iter().flat_map(|row| [Some(row.effective_on), after.step(row.id).map(|step| step.on)]);
    require_kept(conn, context, &present.named, days.flatten())?;
    let others: Vec<Option<NaiveDate>> = correction.also.iter().map(|one| one.effective_on).collect();
    correct(conn, context, &present, (&after, wrong), &correction.reason, |day| pointer("also", &others, day))
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
    require_kept(conn, context, &present.named, rows.iter().map(|row| row.effective_on))?;
    let reason = Wrong { reason: wrong.reason }.given()?;
    if present.history().steps().len() == rows.len() {
        let detail = "An adoption has at least one move. Correct it, or delete the adoption if it should not be there.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    withdraw(conn, context, &present, rows, &reason)
}
