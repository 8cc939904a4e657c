//! What can be posted to an award, each in one serializable transaction.

use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards::ops::{get_award, not_now, reached, touch, trace};
use crate::funding::awards::rules::AwardState;
use crate::funding::awards::store::NamedAward;
use crate::funding::ledger::ops::{Posting, post_to_award, release_rest};
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::ledger::store::{self, TransactionRow};
use crate::funding::money::Money;
use crate::words;
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// What people post to an award; its moves post commitments, and its end a release.
    pub enum PostedKind { Disbursement = "disbursement", Return = "return", WriteOff = "write-off", Release = "release" }
}

impl PostedKind {
    fn posts(self) -> TransactionKind {
        match self {
            Self::Disbursement => TransactionKind::Disbursement,
            Self::Return => TransactionKind::Return,
            Self::WriteOff => TransactionKind::WriteOff,
            Self::Release => TransactionKind::Release,
        }
    }

    /// The states of an award in which it is posted.
    fn states(self) -> &'static [AwardState] {
        use AwardState::{Active, Approved, Completed, Suspended, Terminated};
        match self {
            Self::Disbursement => &[Active],
            Self::Return | Self::WriteOff => &[Active, Suspended, Completed, Terminated],
            Self::Release => &[Approved, Active, Suspended],
        }
    }
}

/// A movement to post.
#[derive(Debug, Clone)]
pub struct NewTransaction {
    pub kind: PostedKind,
    pub amount: Money,
    /// Today unless told.
    pub posted_on: Option<NaiveDate>,
    pub note: Option<String>,
}

/// # Errors
/// `not-found` for the award or the transaction.
pub fn get_award_transaction(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
) -> Result<(NamedAward, TransactionRow)> {
    let award = get_award(conn, context, award)?;
    let found = by_id(id, "transaction", |id| store::find_of_award(conn, award.row.id, id))?;
    Ok((award, found))
}

/// Posts a movement. What comes back to an award that is over goes on to its fund at once.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` in another state of the award, `validation-failed`,
/// `separation-of-duties`, `insufficient-funds`.
pub fn create_award_transaction(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    new: NewTransaction,
) -> Result<(NamedAward, TransactionRow)> {
    let found = reached(conn, context, award)?;
    let row = &found.row;
    let on = new.posted_on.unwrap_or_else(|| context.today());
    new.amount.check_currency(&row.currency, "award")?;
    if on > context.today() {
        return Err(Error::invalid("/postedOn", "future", "A movement is posted once it was made."));
    }
    if !new.kind.states().contains(&row.state) {
        return Err(not_now(row.state, new.kind.states()));
    }
    if new.kind == PostedKind::Disbursement && row.approved_by.as_ref() == Some(&context.actor.subject) {
        return Err(Error::new(Code::SeparationOfDuties).detail("Nobody disburses an award they approved."));
    }
    let posting =
        Posting { fund: row.fund_id, award: row.id, kind: new.kind.posts(), amount: new.amount, on, note: new.note };
    let made = post_to_award(conn, context, posting)?;
    if new.kind == PostedKind::Return && row.state.is_over() {
        release_rest(conn, context, (row.fund_id, row.id, &row.currency), on)?;
    }
    touch(conn, context, row)?;
    let data = json!({ "transaction": made.id, "kind": made.kind, "amount": new.amount.amount() });
    trace(conn, context, row, Event::new("award", &row.id.to_string(), row.version + 1, data))?;
    Ok((found, made))
}
