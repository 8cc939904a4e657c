//! What can be posted to an award, each in one serializable transaction.

use super::rules::{NewTransaction, PostedKind};
use super::store::{self, AwardTransaction};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards;
use crate::funding::awards::ops::{get_award, not_now, reached, trace};
use crate::funding::awards::rules::{AwardState, state_on};
use crate::funding::awards::store::AwardRow;
use crate::funding::awards::supplements;
use crate::funding::ledger;
use crate::funding::ledger::ops::{Posting, post_to_award, release_rest};
use crate::funding::years::Floor;
use crate::http::Context;
use chrono::NaiveDate;
use serde_json::json;

/// # Errors
/// `not-found` for the award or the transaction.
pub fn get_award_transaction(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<AwardTransaction> {
    let award = get_award(conn, context, award)?;
    by_id(id, "transaction", |id| store::find(conn, award.row.id, id))
}

/// Whether the award can have this movement on a day on which it is in this state.
fn check_state(then: AwardState, award: &AwardRow, kind: PostedKind, on: NaiveDate) -> Result<()> {
    let states = kind.states();
    if states.contains(&then) {
        return Ok(());
    }
    let refused = not_now(then, states);
    if then == award.state {
        return Err(refused);
    }
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    Err(refused.detail(format!(
        "On {on} the award was {}. This can be dated while it is {}.",
        then.as_str(),
        words.join(", ")
    )))
}

/// Posts a movement. Money returned to an award that is over goes straight to its fund.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` for a day on which the award was in another state, `validation-failed`,
/// `separation-of-duties`, `insufficient-funds` also where there was too little on that day or a later one.
pub fn create_award_transaction(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    new: NewTransaction,
) -> Result<AwardTransaction> {
    let award = reached(conn, context, award)?.row;
    let paid = match new.kind {
        PostedKind::Return | PostedKind::WriteOff => ledger::store::first_paid(conn, award.id)?,
        PostedKind::Disbursement | PostedKind::Release => None,
    };
    let paid = paid.map(|day| Floor::new(day, "money was first paid out on that day"));
    new.check(context.today(), paid.map_or(award.approval(), |paid| award.approval().and(paid)))?;
    let on = new.posted_on.unwrap_or_else(|| context.today());
    new.amount.check_currency(&award.currency, "award")?;
    let moves = awards::store::moves(conn, award.id)?;
    check_state(state_on(&moves, on), &award, new.kind, on)?;
    new.check_reviews(on, &awards::store::undecided_reviews(conn, award.id)?)?;
    let NewTransaction { kind, amount, note, .. } = new;
    let subject = &context.actor.subject;
    if kind == PostedKind::Disbursement
        && (award.approved_by.as_ref() == Some(subject) || supplements::store::has_approved(conn, award.id, subject)?)
    {
        let detail = "You approved this award, or more for it, so somebody else must disburse it.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    let posting = Posting { fund: award.fund_id, award: award.id, kind: kind.posts(), amount, on, note };
    let row = post_to_award(conn, context, posting)?;
    if kind == PostedKind::Return && award.state.is_over() {
        // Its fund has the money again when it came back, and not before the award ended.
        let ended = moves.iter().map(|(on, _)| *on).max();
        release_rest(conn, context, (award.fund_id, award.id, &award.currency), ended.map_or(on, |day| day.max(on)))?;
    }
    let award = award.touched(context);
    awards::store::update(conn, &award)?;
    let data = json!({ "transaction": row.id, "kind": row.kind, "amount": amount.amount() });
    trace(conn, context, &award, Event::new("award", &award.id.to_string(), award.version, data))?;
    Ok(AwardTransaction { row, currency: award.currency })
}
