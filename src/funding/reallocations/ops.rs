//! What can be done with reallocations, each in one serializable transaction.

use super::rules::{Freed, Reallocation};
use super::store::{self, NamedReallocation, ReallocationRow};
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::events::{self, Event};
use crate::funding::awards;
use crate::funding::funds::ops::referred;
use crate::funding::funds::store::{floor_of, seen_with_money};
use crate::funding::ledger;
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// # Errors
/// `not-found`, also when the caller may see neither fund.
pub fn get_reallocation(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedReallocation> {
    by_id(id, "reallocation", |id| store::find(conn, seen_with_money(context), id))
}

/// What an award has to give to a reallocation from a fund on a day.
fn freed(conn: &mut Conn, context: &Context, (award, from): (Id, Id), on: NaiveDate) -> Result<Freed> {
    let award = awards::ops::referred(conn, context, "/award", award)?.row;
    let ended = if award.state.is_over() { awards::store::last_moved(conn, award.id)? } else { None };
    let released = ledger::store::released(conn, award.id, on)?;
    let left = released - store::reallocated_of(conn, award.id)?;
    Ok(Freed { is_of_fund: award.fund_id == from, ended, left })
}

/// Moves available money from one fund to another with the same currency. The caller must be able to change both.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `insufficient-funds`.
pub fn create_reallocation(conn: &mut Conn, context: &Context, new: Reallocation) -> Result<NamedReallocation> {
    let from = referred(conn, context, "/fromFund", &new.from_fund)?;
    let to = referred(conn, context, "/toFund", &new.to_fund)?;
    let rests_on = floor_of(conn, from.id)?.and(floor_of(conn, to.id)?);
    let on = new.made_on.unwrap_or_else(|| context.today());
    let freed = new.award.map(|award| freed(conn, context, (award, from.id), on)).transpose()?;
    new.check(context.today(), rests_on, (&from.currency, &to.currency), freed)?;
    let amount = new.amount;
    let row = ReallocationRow::new(context, new, from.id, to.id);
    store::insert(conn, &row)?;
    ledger::ops::reallocate(conn, context, (from.id, to.id), row.id, amount, row.made_on)?;
    let data = json!({ "from": from.code, "to": to.code, "amount": amount.amount() });
    let event = Event::new("reallocation", &row.id.to_string(), 1, data);
    let ends = Event { programme: from.programme.clone(), other_programme: to.programme.clone(), ..event };
    events::record(conn, context, ends)?;
    Ok(NamedReallocation { row, from, to })
}
