//! What can be done with leaders, each in one transaction.

use super::store::{self, LeaderRow, NamedLeader};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::calendar::{Span, told};
use crate::people::ops::referred;
use crate::vocabulary::Id;
use crate::{organisations, programmes, words};
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// What makes somebody an innovation leader.
    pub enum LeaderKind {
        Clinical = "clinical",
        Citizen = "citizen",
        Managerial = "managerial",
        Academic = "academic",
        Industry = "industry",
    }
}

/// How many innovation leaders there are to be: at least, and at most.
pub const GOAL: (i64, i64) = (200, 300);

/// A leader as they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    pub person: Id,
    pub kind: LeaderKind,
    pub organisation: Option<String>,
    pub programme: Option<String>,
    pub from: NaiveDate,
    /// The first day it no longer holds; until further notice without.
    pub to: Option<NaiveDate>,
}

impl NamedLeader {
    pub fn leader(&self) -> Leader {
        Leader {
            person: self.row.person_id,
            kind: self.row.kind,
            organisation: self.organisation.clone(),
            programme: self.row.programme.clone(),
            from: self.row.from_on,
            to: told(self.row.to_on),
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_leader(conn: &mut Conn, id: &str) -> Result<NamedLeader> {
    by_id(id, "leader", |id| store::find(conn, id))
}

fn row(conn: &mut Conn, context: &Context, new: &Leader, present: Option<&LeaderRow>) -> Result<LeaderRow> {
    let span = Span::new(Some(new.from), new.to)?;
    let programme =
        new.programme.as_deref().map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let organisation_id =
        new.organisation.as_ref().map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    let now = context.now.naive_utc();
    Ok(LeaderRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        person_id: referred(conn, "/person", new.person)?,
        kind: new.kind,
        organisation_id,
        programme,
        from_on: span.from,
        to_on: span.to,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn finish(conn: &mut Conn, context: &Context, row: &LeaderRow) -> Result<NamedLeader> {
    let data = json!({ "person": row.person_id, "kind": row.kind, "to": told(row.to_on) });
    let event = Event::new("leader", &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: row.organisation_id, programme: row.programme.clone(), ..event };
    events::record(conn, context, scopes)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a leader was lost"))
}

/// Names a person an innovation leader.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_leader(conn: &mut Conn, context: &Context, new: &Leader) -> Result<NamedLeader> {
    let row = row(conn, context, new, None)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes where and how long somebody is a leader.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_leader(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Leader) -> Result<Leader>,
) -> Result<NamedLeader> {
    let present = get_leader(conn, id)?;
    context.keep_programme(present.row.programme.as_deref())?;
    context.check_version(present.row.version)?;
    let before = present.leader();
    let new = change(before.clone())?;
    if (new.person, new.kind, new.from) != (before.person, before.kind, before.from) {
        let detail = "Who leads, as what and since when cannot change: end it and add another.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, &new, Some(&present.row))?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}
