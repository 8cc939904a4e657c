//! What can be done with contributions, each in one transaction.

use super::store::{self, ContributionRow, NamedContribution};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::funding::funds::ops::{get_fund, kept};
use crate::funding::ledger;
use crate::funding::money::Money;
use crate::vocabulary::Id;
use crate::{organisations, words};
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// Where a contribution comes from.
    pub enum ContributionSource { Nhs = "nhs", Charity = "charity", Industry = "industry" }
}

/// A contribution to make.
#[derive(Debug, Clone)]
pub struct Contribution {
    pub contributor: String,
    pub source: ContributionSource,
    pub amount: Money,
    pub received_on: NaiveDate,
    pub note: Option<String>,
}

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
    new.amount.check_currency(&fund.currency, "fund")?;
    if new.received_on > context.today() {
        return Err(Error::invalid("/receivedOn", "future", "A contribution is recorded once it was received."));
    }
    let row = ContributionRow {
        id: Id::generate(),
        fund_id: fund.id,
        contributor_id: organisations::ops::referred(conn, "/contributor", &new.contributor)?,
        source: new.source,
        amount_minor: new.amount.minor,
        received_on: new.received_on,
        note: new.note,
        made_by: context.actor.subject.clone(),
        created_at: context.now.naive_utc(),
    };
    ledger::ops::contribute(conn, fund.id, new.amount)?;
    store::insert(conn, &row)?;
    let data = json!({ "fund": fund.code, "amount": new.amount.amount(), "source": row.source });
    let event = Event::new("contribution", &row.id.to_string(), 1, data);
    events::record(conn, context, Event { programme: fund.programme.clone(), ..event })?;
    store::find(conn, fund.id, row.id)?.ok_or_else(|| Error::internal("a contribution was lost"))
}
