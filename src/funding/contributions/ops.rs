//! What can be done with contributions, each in one transaction.

use super::rules::Contribution;
use super::store::{self, ContributionRow, NamedContribution};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::funding::funds::ops::{get_fund, kept};
use crate::funding::funds::store::floor_of;
use crate::funding::{ledger, pledges};
use crate::http::Context;
use crate::organisations;
use serde_json::json;

/// # Errors
/// `not-found` for the fund or the contribution.
pub fn get_contribution(conn: &mut Conn, context: &Context, fund: &str, id: &str) -> Result<NamedContribution> {
    let fund = get_fund(conn, context, fund)?;
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
    let data = json!({ "fund": fund.code, "amount": amount.amount(), "source": row.source, "pledge": row.pledge_id });
    let event = Event::new("contribution", &row.id.to_string(), 1, data);
    let ends = Event { organisation_id: Some(contributor), programme: fund.programme, ..event };
    events::record(conn, context, ends)?;
    store::find(conn, fund.id, row.id)?.ok_or_else(|| Error::internal("a contribution was lost"))
}
