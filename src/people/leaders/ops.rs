//! What can be done with leaders, each in one transaction.

use super::rules::Leader;
use super::store::{self, LeaderRow, NamedLeader};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::ops::referred;
use crate::people::store::subject_of;
use crate::vocabulary::Id;
use crate::{organisations, programmes};
use chrono::NaiveDate;
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_leader(conn: &mut Conn, id: &str) -> Result<NamedLeader> {
    by_id(id, "leader", |id| store::find(conn, id))
}

/// Records a person as an innovation leader.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_leader(conn: &mut Conn, context: &Context, new: Leader) -> Result<NamedLeader> {
    new.check()?;
    let (new, organisation) = resolved(conn, context, new)?;
    referred(conn, "/person", new.person)?;
    let row = LeaderRow::new(context, new, organisation);
    store::insert(conn, &row)?;
    finish(conn, context, row)
}

/// Changes where and how long somebody is a leader.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_leader(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Leader>) -> Result<NamedLeader> {
    let present = get_leader(conn, id)?;
    context.keep_programme(present.row.programme.as_deref())?;
    let before = present.leader();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    let (new, organisation) = resolved(conn, context, new)?;
    let row = present.row.revised(context, new, organisation);
    store::update(conn, &row)?;
    finish(conn, context, row)
}

/// The leader with the programme's slug as the register writes it, once the caller keeps that programme, and the id of
/// the organisation.
fn resolved(conn: &mut Conn, context: &Context, new: Leader) -> Result<(Leader, Option<Id>)> {
    let programme = new.programme.as_deref();
    let programme = programme.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let organisation = new.organisation.as_deref();
    let organisation =
        organisation.map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    Ok((Leader { programme, ..new }, organisation))
}

fn finish(conn: &mut Conn, context: &Context, row: LeaderRow) -> Result<NamedLeader> {
    let to: Option<NaiveDate> = row.to_on.into();
    let data = json!({ "person": row.person_id, "kind": row.kind, "to": to });
    let event = Event::new("leader", &row.id.to_string(), row.version, data);
    let owner = subject_of(conn, row.person_id)?;
    let ends = Event { organisation_id: row.organisation_id, programme: row.programme, owner, ..event };
    events::record(conn, context, ends)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a leader was lost"))
}
