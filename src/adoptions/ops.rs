//! What can be done with adoptions, each in one transaction.

use super::rules::{Adoption, AdoptionStage};
use super::store::{self, AdoptionRow, NamedAdoption};
use crate::access::{Operation, outside};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::record::Stored;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{innovations, organisations, transitions};
use serde_json::{Value, json};

/// The name of an adoption's moves among those of every resource.
pub const RESOURCE: &str = "adoption";

/// # Errors
/// `not-found`.
pub fn get_adoption(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAdoption> {
    let found = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, Some(found.row.organisation_id), RESOURCE)?;
    Ok(found)
}

/// Adoptions as the caller may see them: counts of patients as they are for who may see values of that organisation or
/// innovation so.
pub fn shown(conn: &mut Conn, context: &Context, rows: Vec<NamedAdoption>) -> Result<Vec<Stored<Adoption>>> {
    let places: Vec<Id> = rows.iter().map(|found| found.row.organisation_id).collect();
    let reach = context.actor.reach(Operation::see_unsuppressed_values);
    let whole = organisations::ops::Covered::of(conn, context, reach, &places)?;
    let show = |found: NamedAdoption| {
        let is_whole = whole.covers(None, Some(found.row.organisation_id), Some(found.row.innovation_id));
        found.stored(!is_whole)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// As [`get_adoption`], as the caller may see it.
///
/// # Errors
/// `not-found`.
pub fn show_adoption(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Adoption>> {
    let found = get_adoption(conn, context, id)?;
    shown_one(conn, context, found)
}

fn shown_one(conn: &mut Conn, context: &Context, found: NamedAdoption) -> Result<Stored<Adoption>> {
    shown(conn, context, vec![found])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))
}

fn finish(conn: &mut Conn, context: &Context, row: &AdoptionRow, data: Value) -> Result<Stored<Adoption>> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let (organisation, innovation) = (Some(row.organisation_id), Some(row.innovation_id));
    events::record(conn, context, Event { organisation_id: organisation, innovation_id: innovation, ..event })?;
    let found = store::find(conn, row.id)?.ok_or_else(|| Error::internal("an adoption was lost"))?;
    shown_one(conn, context, found)
}

/// Records the stage that an organisation has reached with an innovation. A fellow of the innovation may only
/// record `identified` or `engaged`.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_adoption(conn: &mut Conn, context: &Context, new: Adoption) -> Result<Stored<Adoption>> {
    let reach = context.reach();
    let innovation = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    let own = new.stage.is_proposal().then_some(innovation);
    if !organisations::ops::covers(conn, context, &reach, None, Some(organisation), own)? {
        return Err(outside());
    }
    new.check(context.today())?;
    let row = AdoptionRow::new(context, new, innovation, organisation);
    store::insert(conn, &row)?;
    finish(conn, context, &row, json!({ "stage": row.stage, "since": row.stage_on }))
}

/// An adoption that the caller may change.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAdoption> {
    let present = get_adoption(conn, context, id)?;
    if organisations::ops::covers_organisation(conn, context, &context.reach(), present.row.organisation_id)? {
        Ok(present)
    } else {
        Err(outside())
    }
}

/// Changes the facts of an adoption. Its stage changes by transitions.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_adoption(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Adoption>,
) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?;
    let before = present.adoption();
    let Some(new) = context.revised(&before, present.row.version, patch)? else {
        return shown_one(conn, context, present);
    };
    before.check_change(&new)?;
    let row = present.row.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, &row, json!({ "sites": row.sites, "users": row.users, "patients": row.patients }))
}

/// Moves an adoption, with the day the move took effect. Use begins at piloting or a later stage. Use that resumes after a pause or a
/// refusal keeps its first day, so the time between counts as use.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_adoption(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?.row;
    context.check_version(present.version)?;
    let step: Move<AdoptionStage> = asked.read(context.today())?;
    let from = present.stage;
    step.decide(from)?;
    let allowed = from.allowed(present.paused_from);
    if !allowed.contains(&step.to) {
        let words: Vec<&str> = allowed.iter().map(|stage| stage.as_str()).collect();
        let detail = format!("A paused adoption resumes at the stage it left. Allowed moves: {}.", words.join(", "));
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("allowed", words));
    }
    if step.effective_on < present.stage_on {
        let began = present.stage_on;
        let detail = format!("The present stage began on {began}. The next stage cannot begin before that day.");
        return Err(Error::invalid("/effectiveOn", "range", detail));
    }
    let row = present.moved(context, &step);
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": step.effective_on }))
}
