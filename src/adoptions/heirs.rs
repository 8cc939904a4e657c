//! What a successor takes over of its predecessor's adoptions: rows of its own, so that each organisation counts for its own days.

use super::dated::{DatedAdoption, DatedFacts, dated, facts_of, restated, without_codes, write_facts};
use super::moves::ops::{rewrite, withdraw};
use super::moves::rules::{AdoptionStage, Step};
use super::moves::store::{self as moves, MoveRow};
use super::ops::{archive, finish, record_adoption};
use super::rules::{ALL_BELOW, Adoption};
use super::store;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::organisations::store::codes_below;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeSet;

/// What an heir was given.
pub enum Taken {
    /// A move of its adoption.
    Stage(Id),
    /// The codes that its adoption covers beside its own: with spaces between.
    Covers(Id, String),
}

/// Writes the stages that an organisation had reached into the adoptions of its heir, as moves of the day on which that took its
/// place, and has them cover what its own covered. Where the heir has come as far itself, no stage is written; neither is
/// anything of a day that is still to come.
///
/// # Errors
/// What the database fails with.
pub fn take_over(
    conn: &mut Conn,
    context: &Context,
    from: (Id, &str),
    heir: (Id, &str),
    on: NaiveDate,
) -> Result<Vec<Taken>> {
    let mut given = Vec::new();
    let Some(eve) = on.pred_opt().filter(|_| on <= context.today()) else { return Ok(given) };
    for (adoption, stage) in moves::held_by(conn, from.0, AdoptionStage::ALL.to_vec(), eve)? {
        let Some(named) = store::find(conn, adoption)? else { continue };
        let Some(dated) = dated(conn, vec![named])?.pop() else { continue };
        let Some((taken, moved)) = take_stage(conn, context, (from.1, &dated), heir, (stage, on))? else { continue };
        given.extend(moved.map(Taken::Stage));
        let covered = covered_by(conn, &dated, eve)?;
        given.extend(cover(conn, taken, &covered, on)?);
    }
    Ok(given)
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
        return archive(conn, context, present.named.row, reason.to_owned());
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
    withdraw(conn, context, &present, row, reason)
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
    (code, of): (&str, &DatedAdoption),
    heir: (Id, &str),
    (stage, on): (AdoptionStage, NaiveDate),
) -> Result<Option<(Id, Option<Id>)>> {
    let (row, reason) = (&of.named.row, Some(format!("Taken over from {code}.")));
    let Some(present) = store::find_by_key(conn, (row.innovation_id, &row.indication, heir.0))? else {
        if stage.needs_reason() {
            return Ok(None);
        }
        let known = of.adoption();
        let new = Adoption::of(known.innovation, heir.1.to_owned(), stage);
        let (indication, illustrative) = (known.indication, known.illustrative);
        let new = Adoption { indication, illustrative, since: Some(on), ..new };
        let id = record_adoption(conn, context, new, reason)?.added.id;
        return Ok(Some((id, moves::moves(conn, &[id])?.first().map(|first| first.id))));
    };
    let present = dated(conn, vec![present])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))?;
    let step = Step { id: Id::generate(), on, rank: 0, to: stage };
    let (before, after) = (present.history(), present.history().with(step, None));
    // Only what is a step forward for the heir.
    if stage.needs_reason() || before.says(stage, on) || before.check_change(&after).is_err() {
        return Ok(Some((present.named.row.id, None)));
    }
    let changed = rewrite(conn, context, &present, &after, "/effectiveOn")?;
    let step = after.steps().iter().find(|known| known.id == step.id).copied().unwrap_or(step);
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

/// Has an adoption cover these organisations too from a day on. Returns those that it did not.
fn cover(conn: &mut Conn, adoption: Id, codes: &BTreeSet<String>, on: NaiveDate) -> Result<Option<Taken>> {
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
    let given = Taken::Covers(adoption, added.join(" "));
    let all: BTreeSet<&str> = own.into_iter().chain(added).collect();
    let all = all.into_iter().collect::<Vec<_>>().join(" ");
    let covers = restated(&facts.covers, on, &[all]);
    write_facts(conn, adoption, &DatedFacts { covers, ..facts })?;
    Ok(Some(given))
}
