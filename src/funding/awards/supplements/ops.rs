//! What can be done with supplements, each in one serializable transaction.

use super::rules::{Supplement, SupplementState};
use super::store::{self, SupplementRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards;
use crate::funding::awards::ops::{get_award, not_now, reached, receives, trace};
use crate::funding::awards::rules::RUNNING;
use crate::funding::awards::store::{AwardRow, NamedAward};
use crate::funding::ledger;
use crate::funding::ledger::ops::Posting;
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::years::together;
use crate::http::Context;
use crate::record::Stored;
use crate::transitions;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// The name of a supplement's moves among those of every resource.
pub const RESOURCE: &str = "award-supplement";

/// # Errors
/// `not-found` for the award or the supplement.
pub fn get_award_supplement(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<Stored<Supplement>> {
    let award = get_award(conn, context, award)?.row;
    find(conn, award.id, id)?.stored(&award.currency)
}

fn find(conn: &mut Conn, award: Id, id: &str) -> Result<SupplementRow> {
    by_id(id, "supplement", |id| store::find(conn, award, id))
}

fn finish(conn: &mut Conn, context: &Context, award: &AwardRow, row: SupplementRow) -> Result<Stored<Supplement>> {
    let answer = row.clone().stored(&award.currency)?;
    let data = json!({ "award": award.id, "state": row.state, "amount": answer.written.amount.amount() });
    trace(conn, context, award, Event::new(RESOURCE, &row.id.to_string(), row.version, data))?;
    Ok(answer)
}

/// Proposes more money for an award.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` in another state of the award, `validation-failed`.
pub fn create_award_supplement(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    new: Supplement,
) -> Result<Stored<Supplement>> {
    let award = reached(conn, context, award)?.row;
    new.check((award.planned_from, award.planned_to))?;
    new.amount.check_currency(&award.currency, "award")?;
    if !RUNNING.contains(&award.state) {
        return Err(not_now(award.state, RUNNING));
    }
    let row = SupplementRow::new(context, new, award.id)?;
    store::insert(conn, &row)?;
    finish(conn, context, &award, row)
}

/// Whether the caller may approve more money for the award: not what they proposed or would receive, and not for an award
/// that they pay out.
fn may_approve(conn: &mut Conn, context: &Context, award: &NamedAward, row: &SupplementRow) -> Result<()> {
    let subject = &context.actor.subject;
    let detail = if row.proposed_by == *subject || receives(context, award) {
        "You proposed this supplement or would receive it, so somebody else must approve it."
    } else if ledger::store::has_paid(conn, award.row.id, subject)? {
        "You paid out money of this award, so somebody else must approve more for it."
    } else {
        return Ok(());
    };
    Err(Error::new(Code::SeparationOfDuties).detail(detail))
}

/// Decides on a supplement. An approval raises the amount and the profile of the award and commits the money.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition` also in another state of the award,
/// `validation-failed`, `separation-of-duties`, `insufficient-funds`.
pub fn transition_award_supplement(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    asked: AskedMove,
) -> Result<Stored<Supplement>> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    context.check_version(present.version)?;
    let step: Move<SupplementState> = asked.read(context.today())?;
    step.decide(present.state)?;
    award.row.approval().check("/effectiveOn", step.effective_on)?;
    if step.to == SupplementState::Approved {
        may_approve(conn, context, &award, &present)?;
        raise(conn, context, &award.row, &present.supplement(&award.row.currency)?, step.effective_on)?;
    }
    let from = present.state;
    let row = SupplementRow {
        state: step.to,
        decided_by: Some(context.actor.subject.clone()),
        decided_on: Some(step.effective_on),
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    store::update(conn, &row)?;
    finish(conn, context, &award.row, row)
}

fn raise(conn: &mut Conn, context: &Context, award: &AwardRow, more: &Supplement, on: NaiveDate) -> Result<()> {
    if !RUNNING.contains(&award.state) {
        return Err(not_now(award.state, RUNNING));
    }
    let shares = more.check((award.planned_from, award.planned_to))?;
    let profile = together(&ledger::store::profile(conn, award.id)?, &shares);
    let (kind, amount) = (TransactionKind::Commitment, more.amount);
    let note = Some(more.reason.clone());
    let posting = Posting { fund: award.fund_id, award: award.id, kind, amount, on, note };
    ledger::ops::commit(conn, context, posting, &profile)?;
    let raised = award.amount_minor + amount.minor;
    let row = AwardRow { amount_minor: raised, ..award.clone().touched(context) };
    awards::store::update(conn, &row)?;
    let data = json!({ "amount": row.amount().amount() });
    trace(conn, context, &row, Event::new(awards::ops::RESOURCE, &row.id.to_string(), row.version, data))
}
