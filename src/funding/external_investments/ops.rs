//! What can be done with external investments, each in one transaction.

use super::store::{self, InvestmentRow, NamedInvestment, Sight};
use crate::access::{Operation, Reach};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Error, Faults, Result};
use crate::events::{self, Event};
use crate::funding::money::Money;
use crate::people::fellows;
use crate::vocabulary::{Basis, Id, Qualifier, fold};
use crate::{innovations, programmes, words};
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// What kind of money came in.
    pub enum InvestmentKind {
        Equity = "equity",
        Grant = "grant",
        Loan = "loan",
        Revenue = "revenue",
        Philanthropy = "philanthropy",
        Other = "other",
    }
}

/// An external investment as it is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Investment {
    /// One of this and `fellow`.
    pub innovation: Option<String>,
    pub fellow: Option<Id>,
    pub programme: Option<String>,
    pub investor: String,
    pub kind: InvestmentKind,
    pub amount: Money,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub invested_on: NaiveDate,
    pub source: Option<String>,
    pub illustrative: bool,
}

impl Investment {
    fn checked(mut self, today: NaiveDate) -> Result<Self> {
        let mut faults = Faults::default();
        self.programme = self.programme.map(|slug| slug.to_ascii_lowercase());
        self.innovation = self.innovation.map(|slug| slug.to_ascii_lowercase());
        if self.innovation.is_some() == self.fellow.is_some() {
            faults.add("/innovation", "one-of", "Expected one of innovation and fellow.");
        }
        if self.invested_on > today {
            faults.add("/investedOn", "future", "An investment is recorded once it was made.");
        }
        faults.check()?;
        Ok(self)
    }
}

impl NamedInvestment {
    pub fn investment(&self) -> Investment {
        let row = &self.row;
        Investment {
            innovation: self.innovation.clone(),
            fellow: row.fellow_id,
            programme: row.programme.clone(),
            investor: row.investor.clone(),
            kind: row.kind,
            amount: Money::of(row.amount_minor, &row.currency),
            qualifier: row.qualifier,
            basis: row.basis,
            invested_on: row.invested_on,
            source: row.source.clone(),
            illustrative: row.illustrative,
        }
    }
}

/// Which investments the caller sees.
pub fn sight(context: &Context) -> Sight {
    Sight { reach: context.actor.reach(Operation::get_external_investment), subject: context.actor.subject.clone() }
}

/// # Errors
/// `not-found`.
pub fn get_external_investment(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedInvestment> {
    by_id(id, "external investment", |id| store::find(conn, &sight(context), id))
}

fn row(conn: &mut Conn, context: &Context, new: Investment, present: Option<&InvestmentRow>) -> Result<InvestmentRow> {
    let new = new.checked(context.today())?;
    let programme =
        new.programme.as_deref().map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let innovation_id =
        new.innovation.as_ref().map(|slug| innovations::ops::referred(conn, "/innovation", slug)).transpose()?;
    let fellow_id = match new.fellow {
        Some(fellow) => Some(fellows::ops::referred(conn, "/fellow", fellow)?.row.id),
        None => None,
    };
    let now = context.now.naive_utc();
    Ok(InvestmentRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        innovation_id,
        fellow_id,
        programme,
        sort_investor: fold(&new.investor),
        investor: new.investor,
        kind: new.kind,
        amount_minor: new.amount.minor,
        currency: new.amount.currency.code().to_owned(),
        qualifier: new.qualifier,
        basis: new.basis,
        invested_on: new.invested_on,
        source: new.source,
        illustrative: new.illustrative,
        archived_at: None,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn trace(conn: &mut Conn, context: &Context, row: &InvestmentRow) -> Result<()> {
    let data = json!({ "programme": row.programme, "archived": row.archived_at.is_some() });
    let event = Event::new("external-investment", &row.id.to_string(), row.version, data);
    let scopes = Event { innovation_id: row.innovation_id, programme: row.programme.clone(), ..event };
    events::record(conn, context, scopes)
}

/// Records the change and answers the investment as it is now.
fn finish(conn: &mut Conn, context: &Context, row: &InvestmentRow) -> Result<NamedInvestment> {
    trace(conn, context, row)?;
    let everything = Sight { reach: Reach::everything(), subject: String::new() };
    store::find(conn, &everything, row.id)?.ok_or_else(|| Error::internal("an investment was lost"))
}

/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_external_investment(conn: &mut Conn, context: &Context, new: Investment) -> Result<NamedInvestment> {
    let row = row(conn, context, new, None)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedInvestment> {
    let present = get_external_investment(conn, context, id)?;
    context.keep_programme(present.row.programme.as_deref())?;
    context.check_version(present.row.version)?;
    Ok(present)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`.
pub fn update_external_investment(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Investment) -> Result<Investment>,
) -> Result<NamedInvestment> {
    let present = kept(conn, context, id)?;
    let before = present.investment();
    let new = change(before.clone())?;
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, new, Some(&present.row))?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

/// Takes an investment out of every list and figure.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_external_investment(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = kept(conn, context, id)?;
    let now = context.now.naive_utc();
    let version = present.row.version + 1;
    let row = InvestmentRow { archived_at: Some(now), version, updated_at: now, ..present.row };
    store::update(conn, &row)?;
    trace(conn, context, &row)
}
