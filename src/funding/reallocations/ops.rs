//! What can be done with reallocations, each in one serializable transaction.

use super::store::{self, ReallocationRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Faults, Result};
use crate::events::{self, Event};
use crate::funding::awards;
use crate::funding::funds::ops::{referred, seen};
use crate::funding::ledger;
use crate::funding::money::Money;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// A reallocation to make.
#[derive(Debug, Clone)]
pub struct Reallocation {
    pub from_fund: String,
    pub to_fund: String,
    pub award: Option<Id>,
    pub amount: Money,
    pub reason: String,
    /// Today unless told.
    pub made_on: Option<NaiveDate>,
}

/// # Errors
/// `not-found`, also for one between funds that are not for the caller's eyes.
pub fn get_reallocation(conn: &mut Conn, context: &Context, id: &str) -> Result<ReallocationRow> {
    let programmes = seen(context);
    by_id(id, "reallocation", |id| store::find(conn, programmes.as_ref(), id))
}

/// Moves what one fund has available to another of the same currency. The caller keeps both.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `insufficient-funds`.
pub fn create_reallocation(conn: &mut Conn, context: &Context, new: &Reallocation) -> Result<ReallocationRow> {
    let from = referred(conn, context, "/fromFund", &new.from_fund)?;
    let to = referred(conn, context, "/toFund", &new.to_fund)?;
    let on = new.made_on.unwrap_or_else(|| context.today());
    let mut faults = Faults::default();
    if from.id == to.id {
        faults.add("/toFund", "same", "Money is reallocated from one fund to another.");
    }
    if from.currency != to.currency || new.amount.currency.code() != from.currency {
        let detail = format!("Expected {} in both funds, as fromFund has.", from.currency);
        faults.add("/amount/currency", "currency", detail);
    }
    if on > context.today() {
        faults.add("/madeOn", "future", "A reallocation is recorded once it was made.");
    }
    faults.check()?;
    let award = new.award.map(|id| awards::ops::referred(conn, context, "/award", id)).transpose()?;
    let row = ReallocationRow {
        id: Id::generate(),
        from_fund_id: from.id,
        to_fund_id: to.id,
        award_id: award.map(|award| award.row.id),
        amount_minor: new.amount.minor,
        reason: new.reason.clone(),
        made_by: context.actor.subject.clone(),
        made_on: on,
        created_at: context.now.naive_utc(),
    };
    store::insert(conn, &row)?;
    ledger::ops::reallocate(conn, context, (from.id, to.id), row.id, new.amount, on)?;
    let data = json!({ "from": from.code, "to": to.code, "amount": new.amount.amount() });
    let event = Event::new("reallocation", &row.id.to_string(), 1, data);
    events::record(conn, context, Event { programme: from.programme, ..event })?;
    Ok(row)
}
