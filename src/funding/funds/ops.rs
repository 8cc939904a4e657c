//! What can be done with funds, each in one transaction.

use crate::access::Operation;
use super::store::{self, FundRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::events::{self, Event};
use crate::funding::ledger;
use crate::programmes;
use crate::vocabulary::{Id, fold};
use iso_currency::Currency;
use serde_json::json;

/// A fund as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fund {
    pub code: String,
    pub name: String,
    pub programme: Option<String>,
    pub currency: String,
    pub illustrative: bool,
}

impl Fund {
    fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.code = self.code.to_ascii_uppercase();
        self.name = self.name.trim().to_owned();
        self.programme = self.programme.map(|slug| slug.to_ascii_lowercase());
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if Currency::from_code(&self.currency).is_none_or(|known| known.exponent().is_none()) {
            faults.add("/currency", "unknown-currency", "Expected a code of ISO 4217, such as GBP.");
        }
        faults.check()?;
        Ok(self)
    }
}

impl FundRow {
    pub fn fund(&self) -> Fund {
        Fund {
            code: self.code.clone(),
            name: self.name.clone(),
            programme: self.programme.clone(),
            currency: self.currency.clone(),
            illustrative: self.illustrative,
        }
    }
}

/// The programmes whose funds the caller sees; all without.
pub fn seen(context: &Context) -> Option<Vec<String>> {
    let reach = context.actor.reach(Operation::get_fund);
    (!reach.everything).then_some(reach.programmes)
}

/// A fund that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_fund(conn: &mut Conn, context: &Context, code: &str) -> Result<FundRow> {
    let found = store::find(conn, &code.to_ascii_uppercase())?;
    let reach = context.actor.reach(Operation::get_fund);
    found.filter(|fund| reach.covers_programme(fund.programme.as_deref())).ok_or_else(|| Error::not_found("fund"))
}

/// A fund that the caller keeps.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, code: &str) -> Result<FundRow> {
    let fund = get_fund(conn, context, code)?;
    context.keep_programme(fund.programme.as_deref())?;
    Ok(fund)
}

/// The fund that a request refers to and the caller may spend from.
///
/// # Errors
/// `unknown-reference`, pointing at the value; `forbidden`.
pub fn referred(conn: &mut Conn, context: &Context, pointer: &str, code: &str) -> Result<FundRow> {
    kept(conn, context, code).map_err(|error| if error.code() == Code::NotFound { unknown(pointer) } else { error })
}

/// The id of a fund that a list is narrowed to; what of it the caller sees is decided by the list.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn get_fund_id(conn: &mut Conn, pointer: &str, code: &str) -> Result<Id> {
    store::find(conn, &code.to_ascii_uppercase())?.map(|fund| fund.id).ok_or_else(|| unknown(pointer))
}

fn unknown(pointer: &str) -> Error {
    let detail = "There is no fund of that code that you may see.";
    Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fund", detail))
}

fn row(conn: &mut Conn, context: &Context, new: Fund, present: Option<&FundRow>) -> Result<FundRow> {
    let programme =
        new.programme.as_deref().map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let now = context.now.naive_utc();
    Ok(FundRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        sort_name: fold(&new.name),
        search_text: fold(&format!("{} {}", new.code, new.name)),
        code: new.code,
        name: new.name,
        programme,
        currency: new.currency,
        illustrative: new.illustrative,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn trace(conn: &mut Conn, context: &Context, row: &FundRow) -> Result<()> {
    let event = Event::new("fund", &row.code, row.version, json!({ "currency": row.currency }));
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })
}

/// Opens a fund, with nothing in it.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_fund(conn: &mut Conn, context: &Context, new: Fund) -> Result<FundRow> {
    let row = row(conn, context, new.checked()?, None)?;
    store::insert(conn, &row)?;
    ledger::store::open_fund(conn, row.id)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes a fund's name and programme; its code and currency stay.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_fund(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    change: impl FnOnce(Fund) -> Result<Fund>,
) -> Result<FundRow> {
    let present = kept(conn, context, code)?;
    context.check_version(present.version)?;
    let before = present.fund();
    let new = change(before.clone())?.checked()?;
    if (&new.code, &new.currency) != (&before.code, &before.currency) {
        return Err(Error::new(Code::Immutable).detail("A fund's code and currency cannot change."));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, new, Some(&present))?;
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}
