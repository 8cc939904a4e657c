//! What can be done with learning events, each in one transaction.

use super::store::{self, HostedEvent, LearningEventRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Faults, Result};
use crate::events::{self, Event};
use crate::programmes::calls::rules::moment;
use crate::vocabulary::{Id, Timestamp, fold, instant};
use crate::{organisations, programmes, words};
use chrono_tz::Tz;
use serde_json::json;

words! {
    /// What kind of learning event.
    pub enum EventKind {
        Workshop = "workshop",
        LearningSet = "learning-set",
        SiteVisit = "site-visit",
        Webinar = "webinar",
        Conference = "conference",
        Other = "other",
    }
}

/// A learning event as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearningEvent {
    pub programme: String,
    pub title: String,
    pub kind: EventKind,
    /// An instant, or a local time of the zone.
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    pub host: Option<String>,
    pub illustrative: bool,
}

impl LearningEvent {
    fn checked(&self) -> Result<(Timestamp, Timestamp)> {
        let mut faults = Faults::default();
        let zone: Tz = self.zone.parse().unwrap_or_else(|_| {
            faults.add("/zone", "zone", "Expected an IANA time zone, such as Europe/London.");
            chrono_tz::Europe::London
        });
        if self.title.trim().is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        let starts_at = faults.take(moment("/startsAt", &self.starts_at, zone));
        let ends_at = faults.take(moment("/endsAt", &self.ends_at, zone));
        if starts_at.zip(ends_at).is_some_and(|(start, end)| end <= start) {
            faults.add("/endsAt", "range", "It ends after it starts.");
        }
        faults.check()?;
        starts_at.zip(ends_at).ok_or_else(|| Error::internal("a fault was lost"))
    }
}

impl HostedEvent {
    pub fn event(&self) -> LearningEvent {
        LearningEvent {
            programme: self.row.programme.clone(),
            title: self.row.title.clone(),
            kind: self.row.kind,
            starts_at: instant(self.row.starts_at),
            ends_at: instant(self.row.ends_at),
            zone: self.row.zone.clone(),
            host: self.host.clone(),
            illustrative: self.row.illustrative,
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_learning_event(conn: &mut Conn, id: &str) -> Result<HostedEvent> {
    by_id(id, "learning event", |id| store::find(conn, id))
}

fn row(
    conn: &mut Conn,
    context: &Context,
    new: LearningEvent,
    present: Option<&LearningEventRow>,
) -> Result<LearningEventRow> {
    let (starts_at, ends_at) = new.checked()?;
    let host_id = new.host.as_ref().map(|code| organisations::ops::referred(conn, "/host", code)).transpose()?;
    let now = context.now.naive_utc();
    Ok(LearningEventRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        programme: programmes::ops::referred(conn, "/programme", &new.programme)?,
        sort_title: fold(&new.title),
        search_text: fold(&new.title),
        title: new.title.trim().to_owned(),
        kind: new.kind,
        starts_at: starts_at.naive_utc(),
        ends_at: ends_at.naive_utc(),
        zone: new.zone,
        host_id,
        illustrative: new.illustrative,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn finish(conn: &mut Conn, context: &Context, row: &LearningEventRow) -> Result<HostedEvent> {
    let data = json!({ "kind": row.kind, "startsAt": instant(row.starts_at) });
    let event = Event::new("learning-event", &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: row.host_id, programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a learning event was lost"))
}

/// Plans a learning event.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_learning_event(conn: &mut Conn, context: &Context, new: LearningEvent) -> Result<HostedEvent> {
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let row = row(conn, context, new, None)?;
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes everything of a learning event but its programme.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_learning_event(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(LearningEvent) -> Result<LearningEvent>,
) -> Result<HostedEvent> {
    let present = get_learning_event(conn, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    context.check_version(present.row.version)?;
    let before = present.event();
    let new = change(before.clone())?;
    if !new.programme.eq_ignore_ascii_case(&before.programme) {
        return Err(Error::new(Code::Immutable).detail("The programme of an event cannot change."));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, new, Some(&present.row))?;
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

/// Raises an event's version after a change of its list: how many attended is part of what is told of it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn touch(conn: &mut Conn, context: &Context, row: &LearningEventRow) -> Result<()> {
    let touched = LearningEventRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row.clone() };
    store::update(conn, &touched)
}
