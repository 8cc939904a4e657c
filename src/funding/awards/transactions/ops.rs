//! What can be posted to an award, each in one serializable transaction.

use super::rules::{NewTransaction, PostedKind};
use super::store::{self, AwardTransaction};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards;
use crate::funding::awards::ops::{get_award, not_now, reached, trace};
use crate::funding::awards::supplements;
use crate::funding::ledger;
use crate::funding::ledger::ops::{Posting, post_to_award, release_rest};
use crate::funding::years::Floor;
use crate::http::Context;
use serde_json::json;

/// # Errors
/// `not-found` for the award or the transaction.
pub fn get_award_transaction(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<AwardTransaction> {
    let award = get_award(conn, context, award)?;
    by_id(id, "transaction", |id| store::find(conn, award.row.id, id))
}

/// Posts a movement. Money returned to an award that is over goes straight to its fund.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` in another state of the award, `validation-failed`,
/// `separation-of-duties`, `insufficient-funds`.
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
    let NewTransaction { kind, amount, posted_on, note } = new;
    amount.check_currency(&award.currency, "award")?;
    if !kind.states().contains(&award.state) {
        return Err(not_now(award.state, kind.states()));
    }
    let subject = &context.actor.subject;
    if kind == PostedKind::Disbursement
        && (award.approved_by.as_ref() == Some(subject) || supplements::store::has_approved(conn, award.id, subject)?)
    {
        let detail = "You approved this award, or more for it, so somebody else must disburse it.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    let on = posted_on.unwrap_or_else(|| context.today());
    let posting = Posting { fund: award.fund_id, award: award.id, kind: kind.posts(), amount, on, note };
    let row = post_to_award(conn, context, posting)?;
    if kind == PostedKind::Return && award.state.is_over() {
        release_rest(conn, context, (award.fund_id, award.id, &award.currency), on)?;
    }
    let award = award.touched(context);
    awards::store::update(conn, &award)?;
    let data = json!({ "transaction": row.id, "kind": row.kind, "amount": amount.amount() });
    trace(conn, context, &award, Event::new("award", &award.id.to_string(), award.version, data))?;
    Ok(AwardTransaction { row, currency: award.currency })
}
