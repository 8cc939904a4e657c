//! What can be done with pledges, each in one serializable transaction.

use super::rules::Pledge;
use super::store::{self, NamedPledge, PledgeRow};
use crate::access::Operation;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::funding::funds::ops::referred;
use crate::funding::funds::store::{FundRow, floor_of};
use crate::funding::ledger;
use crate::funding::money::Money;
use crate::http::{Context, Patch};
use crate::organisations;
use crate::vocabulary::Id;
use serde_json::json;

/// A pledge to a fund that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_pledge(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedPledge> {
    let reach = context.actor.reach(Operation::get_pledge);
    by_id(id, "pledge", |id| {
        Ok(store::find(conn, id)?.filter(|found| reach.covers_programme(found.fund.programme.as_deref())))
    })
}

/// Records a pledge. A confirmed one may be committed at once.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_pledge(conn: &mut Conn, context: &Context, new: Pledge) -> Result<NamedPledge> {
    let fund = referred(conn, context, "/fund", &new.fund)?;
    let year = new.check(context.today(), floor_of(conn, fund.id)?)?;
    let amount = new.amount;
    amount.check_currency(&fund.currency, "fund")?;
    let contributor = organisations::ops::referred(conn, "/contributor", &new.contributor)?;
    let row = PledgeRow::new(context, new, fund.id, contributor, year);
    ledger::ops::pledge(conn, fund.id, row.capacity(), amount)?;
    store::insert(conn, &row)?;
    finish(conn, context, &fund, &row)
}

/// Changes a pledge. What is committed by it already must still be there, by year.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`,
/// `insufficient-funds` with the year to whose end more is committed than there would be.
pub fn update_pledge(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Pledge>) -> Result<NamedPledge> {
    let present = get_pledge(conn, context, id)?;
    context.keep_programme(present.fund.programme.as_deref())?;
    let before = present.pledge();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new, present.paid())?;
    let year = new.check(context.today(), floor_of(conn, present.fund.id)?)?;
    let amount = new.amount;
    amount.check_currency(&present.fund.currency, "fund")?;
    let contributor = organisations::ops::referred(conn, "/contributor", &new.contributor)?;
    let no_longer = present.row.capacity().map(|(year, minor)| (year, -minor));
    let row = present.row.revised(context, new, contributor, year);
    ledger::ops::pledge(conn, row.fund_id, no_longer.into_iter().chain(row.capacity()), amount)?;
    store::update(conn, &row)?;
    finish(conn, context, &present.fund, &row)
}

/// Notes that a contribution pays so much of a pledge to this fund.
///
/// # Errors
/// `unknown-reference`, pointing at the pledge; `validation-failed`.
pub fn pay(
    conn: &mut Conn,
    context: &Context,
    fund: &FundRow,
    pledge: Id,
    contributor: Id,
    amount: Money,
) -> Result<()> {
    let found = store::find(conn, pledge)?.filter(|found| found.row.fund_id == fund.id).ok_or_else(|| {
        let detail = "There is no pledge with this id to the fund.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new("/pledge", "unknown-pledge", detail))
    })?;
    found.pledge().check_payment(found.paid(), found.row.contributor_id == contributor, amount)?;
    let row = found.row.paid(context, amount);
    store::update(conn, &row)?;
    finish(conn, context, fund, &row).map(drop)
}

/// Notes that so much of a pledge is not paid after all, since the contribution that paid it is taken back.
///
/// # Errors
/// `internal` for a pledge that is not there.
pub fn unpay(conn: &mut Conn, context: &Context, fund: &FundRow, pledge: Id, amount: Money) -> Result<()> {
    let found = store::find(conn, pledge)?.ok_or_else(|| Error::internal("a pledge was lost"))?;
    let row = found.row.paid(context, Money { minor: -amount.minor, ..amount });
    store::update(conn, &row)?;
    finish(conn, context, fund, &row).map(drop)
}

fn finish(conn: &mut Conn, context: &Context, fund: &FundRow, row: &PledgeRow) -> Result<NamedPledge> {
    let data = json!({ "fund": fund.code, "amount": Money::of(row.amount_minor, &fund.currency).amount(), "certainty": row.certainty });
    let event = Event::new("pledge", &row.id.to_string(), row.version, data);
    let (organisation_id, programme) = (Some(row.contributor_id), fund.programme.clone());
    events::record(conn, context, Event { organisation_id, programme, ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a pledge was lost"))
}
