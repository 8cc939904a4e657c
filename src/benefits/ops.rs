//! What can be done with benefits, each in one transaction.

use super::rules::Benefit;
use super::store::{self, BenefitRow, NamedBenefit, References};
use crate::access::outside;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::{innovations, organisations, programmes};
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_benefit(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedBenefit> {
    let found = by_id(id, "benefit", |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, found.row.organisation_id, "benefit")?;
    Ok(found)
}

/// Finds what a benefit refers to, all of which the caller must be able to write about.
fn referred(conn: &mut Conn, context: &Context, new: &Benefit) -> Result<References> {
    let innovation = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let programme = new.programme.as_deref();
    let programme = programme.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    let organisation = new.organisation.as_deref();
    let organisation =
        organisation.map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    let found = References { innovation, programme, organisation };
    keep(conn, context, &found)?;
    Ok(found)
}

fn keep(conn: &mut Conn, context: &Context, of: &References) -> Result<()> {
    let (reach, programme) = (context.reach(), of.programme.as_deref());
    if organisations::ops::covers(conn, context, &reach, programme, of.organisation, Some(of.innovation))? {
        Ok(())
    } else {
        Err(outside())
    }
}

/// Whether the caller may confirm what the row says was achieved, where that is new.
fn check_confirmation(context: &Context, row: &BenefitRow, before: Option<i64>) -> Result<()> {
    if row.claimed_by != context.actor.subject || row.realised.is_none() || row.realised == before {
        return Ok(());
    }
    let detail = "Somebody other than the person who made the claim must confirm the figure that was achieved.";
    Err(Error::new(Code::SeparationOfDuties).detail(detail))
}

fn trace(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<()> {
    let data = json!({ "kind": row.kind, "claimed": row.claimed, "realised": row.realised, "archived": row.archived_at.is_some() });
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: Some(row.innovation_id),
        programme: row.programme.clone(),
        owner: Some(row.claimed_by.clone()),
        ..Event::new("benefit", &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

fn finish(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<NamedBenefit> {
    trace(conn, context, row)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a benefit was lost"))
}

/// Claims a benefit.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `separation-of-duties` for a claim that sets `realised`.
pub fn create_benefit(conn: &mut Conn, context: &Context, new: Benefit) -> Result<NamedBenefit> {
    let figures = new.check()?;
    let references = referred(conn, context, &new)?;
    let row = BenefitRow::new(context, new, figures, references);
    check_confirmation(context, &row, None)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// A benefit that the caller may change.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedBenefit> {
    let present = get_benefit(conn, context, id)?;
    keep(conn, context, &present.row.references())?;
    Ok(present)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`, `separation-of-duties` for
/// somebody who confirms their own claim.
pub fn update_benefit(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Benefit>) -> Result<NamedBenefit> {
    let present = kept(conn, context, id)?;
    let before = present.benefit();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    let figures = new.check()?;
    let references = referred(conn, context, &new)?;
    let realised = present.row.realised;
    let row = present.row.revised(context, new, figures, references);
    check_confirmation(context, &row, realised)?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

/// Takes a benefit out of every list and report.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_benefit(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = kept(conn, context, id)?.row;
    context.check_version(present.version)?;
    let row = present.archived(context);
    store::update(conn, &row)?;
    trace(conn, context, &row)
}
