//! What can be done with benefits, each in one transaction.

use super::rules::Benefit;
use super::store::{self, BenefitRow, NamedBenefit};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::calendar::{FOREVER, told};
use crate::vocabulary::Id;
use crate::{innovations, organisations, programmes};
use serde_json::json;

impl NamedBenefit {
    pub fn benefit(&self) -> Benefit {
        let row = &self.row;
        Benefit {
            innovation: self.innovation.clone(),
            programme: row.programme.clone(),
            organisation: self.organisation.clone(),
            kind: row.kind,
            unit: Some(row.unit.clone()),
            method: row.method.clone(),
            population: Some(row.population.clone()).filter(|name| !name.is_empty()),
            baseline: row.baseline,
            claimed: row.claimed,
            realised: row.realised,
            qualifier: row.qualifier,
            basis: row.basis,
            from: row.from_on,
            to: told(row.to_on),
            illustrative: row.illustrative,
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_benefit(conn: &mut Conn, id: &str) -> Result<NamedBenefit> {
    by_id(id, "benefit", |id| store::find(conn, id))
}

/// The row of a benefit that the caller may write, with the ids behind what it names.
fn row(conn: &mut Conn, context: &Context, new: Benefit, present: Option<&BenefitRow>) -> Result<BenefitRow> {
    let new = new.checked()?;
    let innovation_id = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let programme =
        new.programme.as_deref().map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    let organisation_id = new
        .organisation
        .as_deref()
        .map(|code| organisations::ops::referred(conn, "/organisation", code))
        .transpose()?;
    let (reach, programme_slug) = (context.reach(), programme.as_deref());
    if !organisations::ops::covers(conn, context, &reach, programme_slug, organisation_id, Some(innovation_id))? {
        return Err(outside());
    }
    let subject = &context.actor.subject;
    // Whoever changes a claim makes it theirs, so that they do not confirm it in the same breath.
    let claimed_by = match present {
        Some(row) if row.claimed == new.claimed => row.claimed_by.clone(),
        _ => subject.clone(),
    };
    if claimed_by == *subject && new.realised.is_some() && new.realised != present.and_then(|row| row.realised) {
        let detail = "What was realised is confirmed by somebody else than who claimed it.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    let now = context.now.naive_utc();
    Ok(BenefitRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        innovation_id,
        programme,
        organisation_id,
        kind: new.kind,
        unit: new.unit.unwrap_or_default(),
        method: new.method,
        population: new.population.unwrap_or_default(),
        baseline: new.baseline,
        claimed: new.claimed,
        realised: new.realised,
        qualifier: new.qualifier,
        basis: new.basis,
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        claimed_by,
        illustrative: new.illustrative,
        archived_at: None,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn trace(conn: &mut Conn, context: &Context, row: &BenefitRow) -> Result<()> {
    let data = json!({ "kind": row.kind, "claimed": row.claimed, "realised": row.realised, "archived": row.archived_at.is_some() });
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: Some(row.innovation_id),
        programme: row.programme.clone(),
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
/// `forbidden`, `validation-failed`, `unknown-reference`, `separation-of-duties` for one said to be realised.
pub fn create_benefit(conn: &mut Conn, context: &Context, new: Benefit) -> Result<NamedBenefit> {
    let row = row(conn, context, new, None)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// A benefit that the caller keeps, in the version the caller knows.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedBenefit> {
    let present = get_benefit(conn, id)?;
    let BenefitRow { programme, organisation_id, innovation_id, .. } = &present.row;
    let (reach, programme) = (context.reach(), programme.as_deref());
    if !organisations::ops::covers(conn, context, &reach, programme, *organisation_id, Some(*innovation_id))? {
        return Err(outside());
    }
    context.check_version(present.row.version)?;
    Ok(present)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`, `separation-of-duties` for
/// who confirms their own claim.
pub fn update_benefit(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Benefit) -> Result<Benefit>,
) -> Result<NamedBenefit> {
    let present = kept(conn, context, id)?;
    let before = present.benefit();
    let new = change(before.clone())?;
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, new, Some(&present.row))?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

/// Takes a benefit out of every list and report.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_benefit(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = kept(conn, context, id)?;
    let now = context.now.naive_utc();
    let version = present.row.version + 1;
    let row = BenefitRow { archived_at: Some(now), version, updated_at: now, ..present.row };
    store::update(conn, &row)?;
    trace(conn, context, &row)
}
