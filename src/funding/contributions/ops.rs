//! What can be done with contributions, each in one transaction.

use super::rules::Contribution;
use super::store::{self, ContributionRow, NamedContribution};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::funding::funds::ops::{get_fund_with_money, kept};
use crate::funding::funds::store::{FundRow, floor_of, funders};
use crate::funding::money::Money;
use crate::funding::{ledger, pledges};
use crate::http::{Context, Wrong};
use crate::organisations;
use serde_json::json;

/// # Errors
/// `not-found` for the fund or the contribution.
pub fn get_contribution(conn: &mut Conn, context: &Context, fund: &str, id: &str) -> Result<NamedContribution> {
    let fund = get_fund_with_money(conn, context, fund)?;
    by_id(id, "contribution", |id| store::find(conn, fund.id, id))
}

/// Puts money into a fund.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_contribution(
    conn: &mut Conn,
    context: &Context,
    fund: &str,
    new: Contribution,
) -> Result<NamedContribution> {
    let fund = kept(conn, context, fund)?;
    new.check(context.today(), floor_of(conn, fund.id)?)?;
    let amount = new.amount;
    amount.check_currency(&fund.currency, "fund")?;
    let contributor = organisations::ops::referred(conn, "/contributor", &new.contributor)?;
    if let Some(pledge) = new.pledge {
        pledges::ops::pay(conn, context, &fund, pledge, contributor, amount)?;
    }
    let row = ContributionRow::new(context, new, fund.id, contributor);
    ledger::ops::contribute(conn, fund.id, amount, row.received_on, row.pledge_id.is_some())?;
    store::insert(conn, &row)?;
    finish(conn, context, fund, &row)?;
    store::find(conn, row.fund_id, row.id)?.ok_or_else(|| Error::internal("a contribution was lost"))
}

fn finish(conn: &mut Conn, context: &Context, fund: FundRow, row: &ContributionRow) -> Result<()> {
    let amount = Money::of(row.amount_minor, &fund.currency).amount();
    let mut data = json!({ "fund": fund.code, "amount": amount, "source": row.source, "pledge": row.pledge_id });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let event = Event::new("contribution", &row.id.to_string(), row.version, data);
    let ends = Event { organisation_id: Some(row.contributor_id), programme: fund.programme, ..event };
    events::record(conn, context, ends)
}

/// Takes a contribution back that was recorded wrongly. It is kept, with the reason, and counts nowhere.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for one that was taken back already or whose contributor publishes the
/// fund's grants, `validation-failed` without a reason, `insufficient-funds` where the money was paid out, moved on or committed.
pub fn delete_contribution(conn: &mut Conn, context: &Context, fund: &str, id: &str, wrong: Wrong) -> Result<()> {
    let fund = kept(conn, context, fund)?;
    let (contributor, row) = {
        let found = by_id(id, "contribution", |id| store::find(conn, fund.id, id))?;
        (found.contributor.0, found.row)
    };
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The contribution was taken back already."));
    }
    let reason = wrong.given()?;
    let amount = Money::of(row.amount_minor, &fund.currency);
    ledger::ops::take_back(conn, fund.id, amount, row.received_on, row.pledge_id.is_some())?;
    if let Some(pledge) = row.pledge_id {
        pledges::ops::unpay(conn, context, &fund, pledge, amount)?;
    }
    let row = row.withdrawn(context, reason);
    store::update(conn, &row)?;
    if fund.publishing_funder.as_ref() == Some(&contributor)
        && !funders(conn, &[fund.id])?.get(&fund.id).is_some_and(|known| known.contains(&row.contributor_id))
    {
        let detail = "The fund names the contributor as its publishingFunder, and has no other money of it. Name another one first.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    finish(conn, context, fund, &row)
}
