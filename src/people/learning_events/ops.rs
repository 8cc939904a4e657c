//! What can be done with learning events, each in one transaction.

use super::rules::LearningEvent;
use super::store::{self, HostedEvent, LearningEventRow};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::vocabulary::{Id, instant};
use crate::{organisations, programmes};
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_learning_event(conn: &mut Conn, id: &str) -> Result<HostedEvent> {
    by_id(id, "learning event", |id| store::find(conn, id))
}

/// Plans a learning event.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_learning_event(conn: &mut Conn, context: &Context, new: LearningEvent) -> Result<HostedEvent> {
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let times = new.check()?;
    let host = host_of(conn, &new)?;
    let programme = programmes::ops::referred(conn, "/programme", &new.programme)?;
    let row = LearningEventRow::new(context, LearningEvent { programme, ..new }, times, host);
    store::insert(conn, &row)?;
    finish(conn, context, row)
}

/// Changes a learning event, except its programme.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_learning_event(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<LearningEvent>,
) -> Result<HostedEvent> {
    let present = get_learning_event(conn, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    let before = present.event();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    let times = before.check_change(&new)?;
    let host = host_of(conn, &new)?;
    let row = present.row.revised(context, new, times, host);
    store::update(conn, &row)?;
    finish(conn, context, row)
}

/// Raises an event's version after a change of its list, since the number who attended is part of the answer.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn touch(conn: &mut Conn, context: &Context, row: &LearningEventRow) -> Result<()> {
    let touched = LearningEventRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row.clone() };
    store::update(conn, &touched)
}

fn host_of(conn: &mut Conn, new: &LearningEvent) -> Result<Option<Id>> {
    new.host.as_ref().map(|code| organisations::ops::referred(conn, "/host", code)).transpose()
}

fn finish(conn: &mut Conn, context: &Context, row: LearningEventRow) -> Result<HostedEvent> {
    let data = json!({ "kind": row.kind, "startsAt": instant(row.starts_at) });
    let event = Event::new("learning-event", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { organisation_id: row.host_id, programme: Some(row.programme), ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a learning event was lost"))
}
