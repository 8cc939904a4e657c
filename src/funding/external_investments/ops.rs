//! What can be done with external investments, each in one transaction.

use super::rules::Investment;
use super::store::{self, InvestmentRow, NamedInvestment, References};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::fellows;
use crate::{innovations, programmes};
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_external_investment(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedInvestment> {
    by_id(id, "external investment", |id| store::find_seen(conn, context, id))
}

/// Checks an investment that the caller may write, and finds what it refers to.
fn checked(conn: &mut Conn, context: &Context, new: &Investment) -> Result<References> {
    new.check(context.today())?;
    let programme = new.programme.as_deref();
    let programme = programme.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let innovation = new.innovation.as_deref();
    let innovation = innovation.map(|slug| innovations::ops::referred(conn, "/innovation", slug)).transpose()?;
    if let Some(fellow) = new.fellow {
        fellows::ops::referred(conn, "/fellow", fellow)?;
    }
    Ok(References { programme, innovation })
}

fn trace(conn: &mut Conn, context: &Context, row: &InvestmentRow) -> Result<()> {
    let data = json!({ "programme": row.programme, "archived": row.archived_at.is_some() });
    let event = Event::new("external-investment", &row.id.to_string(), row.version, data);
    let owner = row.fellow_id.map(|fellow| fellows::store::subject_of(conn, fellow)).transpose()?;
    let (programme, owner) = (row.programme.clone(), owner.flatten());
    let scopes = Event { innovation_id: row.innovation_id, programme, owner, ..event };
    events::record(conn, context, scopes)
}

fn finish(conn: &mut Conn, context: &Context, row: &InvestmentRow) -> Result<NamedInvestment> {
    trace(conn, context, row)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("an investment was lost"))
}

/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_external_investment(conn: &mut Conn, context: &Context, new: Investment) -> Result<NamedInvestment> {
    let references = checked(conn, context, &new)?;
    let row = InvestmentRow::new(context, new, references);
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedInvestment> {
    let present = get_external_investment(conn, context, id)?;
    context.keep_programme(present.row.programme.as_deref())?;
    Ok(present)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`.
pub fn update_external_investment(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Investment>,
) -> Result<NamedInvestment> {
    let present = kept(conn, context, id)?;
    let before = present.investment();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    let references = checked(conn, context, &new)?;
    let row = present.row.clone().revised(context, new, references);
    store::update(conn, &row)?;
    let scope = |row: &InvestmentRow| (row.programme.clone(), row.innovation_id, row.fellow_id);
    if scope(&row) != scope(&present.row) {
        // Told to those who saw it until now as well.
        trace(conn, context, &InvestmentRow { version: row.version, ..present.row })?;
    }
    finish(conn, context, &row)
}

/// Takes an investment out of every list and figure.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_external_investment(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = kept(conn, context, id)?.row;
    context.check_version(present.version)?;
    let row = present.archived(context);
    store::update(conn, &row)?;
    trace(conn, context, &row)
}
