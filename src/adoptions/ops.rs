//! What can be done with adoptions, each in one transaction.

use super::rules::{AdoptionStage, Barrier};
use super::store::{self, AdoptionRow, NamedAdoption};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::calendar::FOREVER;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::{Id, Words};
use crate::{innovations, organisations, transitions};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of an adoption's moves among those of every resource.
pub const RESOURCE: &str = "adoption";

/// What is known of an adoption beside its stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub sites: Option<i64>,
    pub users: Option<i64>,
    pub patients: Option<i64>,
    /// Who decided on it, by their office.
    pub decided_by: Option<String>,
    pub barriers: Vec<Barrier>,
    pub illustrative: bool,
}

/// An adoption to record.
#[derive(Debug, Clone)]
pub struct NewAdoption {
    pub innovation: String,
    pub organisation: String,
    pub stage: AdoptionStage,
    /// When that stage began; today unless told.
    pub since: Option<NaiveDate>,
    pub facts: Facts,
}

impl NamedAdoption {
    pub fn facts(&self) -> Facts {
        Facts {
            sites: self.row.sites,
            users: self.row.users,
            patients: self.row.patients,
            decided_by: self.row.decided_by.clone(),
            barriers: self.row.barriers.0.clone(),
            illustrative: self.row.illustrative,
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_adoption(conn: &mut Conn, id: &str) -> Result<NamedAdoption> {
    by_id(id, "adoption", |id| store::find(conn, id))
}

fn with(row: AdoptionRow, facts: Facts, context: &Context) -> AdoptionRow {
    let barriers: BTreeSet<Barrier> = facts.barriers.into_iter().collect();
    AdoptionRow {
        sites: facts.sites,
        users: facts.users,
        patients: facts.patients,
        decided_by: facts.decided_by,
        barriers: Words(barriers.into_iter().collect()),
        illustrative: facts.illustrative,
        version: row.version + 1,
        updated_at: context.now.naive_utc(),
        ..row
    }
}

fn finish(conn: &mut Conn, context: &Context, row: &AdoptionRow, data: Value) -> Result<NamedAdoption> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let (organisation, innovation) = (Some(row.organisation_id), Some(row.innovation_id));
    events::record(conn, context, Event { organisation_id: organisation, innovation_id: innovation, ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("an adoption was lost"))
}

/// Records that an organisation has come so far with an innovation. Whoever speaks for the innovation alone may only
/// propose: `identified` or `engaged`.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_adoption(conn: &mut Conn, context: &Context, new: NewAdoption) -> Result<NamedAdoption> {
    let reach = context.reach();
    let innovation = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    let proposed = reach.innovations.contains(&innovation) && new.stage.is_proposal();
    if !proposed && !organisations::ops::covers_organisation(conn, context, &reach, organisation)? {
        return Err(outside());
    }
    let today = context.today();
    let since = new.since.unwrap_or(today);
    if since > today {
        return Err(Error::invalid("/since", "future", "The day its stage began cannot lie in the future."));
    }
    if matches!(new.stage, AdoptionStage::Paused) {
        return Err(Error::invalid("/stage", "illegal", "Record the stage it was paused in, and move it to paused."));
    }
    let now = context.now.naive_utc();
    let blank = AdoptionRow {
        id: Id::generate(),
        innovation_id: innovation,
        organisation_id: organisation,
        stage: new.stage,
        stage_on: since,
        paused_from: None,
        using_from: new.stage.is_use().then_some(since),
        using_to: FOREVER,
        sites: None,
        users: None,
        patients: None,
        decided_by: None,
        barriers: Words(Vec::new()),
        illustrative: false,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let row = with(blank, new.facts, context);
    store::insert(conn, &row)?;
    finish(conn, context, &row, json!({ "stage": row.stage, "since": since }))
}

/// An adoption that the caller keeps, in the version the caller knows.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAdoption> {
    let present = get_adoption(conn, id)?;
    if !organisations::ops::covers_organisation(conn, context, &context.reach(), present.row.organisation_id)? {
        return Err(outside());
    }
    context.check_version(present.row.version)?;
    Ok(present)
}

/// Changes what is known of an adoption; its stage moves by transitions.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn update_adoption(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Facts) -> Result<Facts>,
) -> Result<NamedAdoption> {
    let present = kept(conn, context, id)?;
    let before = present.facts();
    let facts = change(before.clone())?;
    if facts == before {
        return Ok(present);
    }
    let row = with(present.row, facts, context);
    store::update(conn, &row)?;
    finish(conn, context, &row, json!({ "sites": row.sites, "users": row.users, "patients": row.patients }))
}

/// Moves an adoption, with the day it took effect. Use begins at piloting or later; what follows a pause or a
/// refusal of it goes on under the first day, so the time between counts as use.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_adoption(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<NamedAdoption> {
    let present = kept(conn, context, id)?;
    let step: Move<AdoptionStage> = asked.read(context.today())?;
    let from = present.row.stage;
    let allowed = from.allowed(present.row.paused_from);
    step.decide(from)?;
    if !allowed.contains(&step.to) {
        let words: Vec<&str> = allowed.iter().map(|stage| stage.as_str()).collect();
        let detail = format!("A paused adoption resumes to the stage it left; allowed are {}.", words.join(", "));
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("allowed", words));
    }
    if step.effective_on < present.row.stage_on {
        let detail = format!("The present stage began on {}; the next cannot begin before.", present.row.stage_on);
        return Err(Error::invalid("/effectiveOn", "range", detail));
    }
    let on = step.effective_on;
    let row = AdoptionRow {
        stage: step.to,
        stage_on: on,
        paused_from: (step.to == AdoptionStage::Paused).then_some(from),
        using_from: present.row.using_from.or_else(|| step.to.is_use().then_some(on)),
        using_to: match (from.is_use(), step.to.is_use()) {
            (_, true) => FOREVER,
            (true, false) => on,
            (false, false) => present.row.using_to,
        },
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": on }))
}
