//! Events in the database.

use super::event::Event;
use crate::db::schema::events;
use crate::db::{Conn, Keep, dialect};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Held by the one instance that numbers events.
const LOCK: i64 = 0x4556_454e_5453;
const BATCH: i64 = 500;

#[derive(Insertable)]
#[diesel(table_name = events)]
struct NewEventRow {
    id: Id,
    occurred_at: NaiveDateTime,
    subject: String,
    end_user_organisation: Option<String>,
    operation: &'static str,
    resource: &'static str,
    resource_key: String,
    resource_version: i32,
    organisation_id: Option<Id>,
    innovation_id: Option<Id>,
    programme: Option<String>,
    request_id: String,
    data: String,
}

/// Writes the event into the transaction of the change it is about.
pub fn record(conn: &mut Conn, context: &Context, event: Event) -> Result<()> {
    let row = NewEventRow {
        id: Id::generate(),
        occurred_at: context.now.naive_utc(),
        subject: context.actor.subject.clone(),
        end_user_organisation: context.actor.end_user.as_ref().map(|end_user| end_user.code.clone()),
        operation: context.operation.id(),
        resource: event.resource,
        resource_key: event.key,
        resource_version: event.version,
        organisation_id: event.organisation_id,
        innovation_id: event.innovation_id,
        programme: event.programme,
        request_id: context.request_id.clone(),
        data: event.data.to_string(),
    };
    diesel::insert_into(events::table).values(row).execute_kept(conn)?;
    Ok(())
}

/// An event as it is hashed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct EventRow {
    id: Id,
    occurred_at: NaiveDateTime,
    subject: String,
    end_user_organisation: Option<String>,
    operation: String,
    resource: String,
    resource_key: String,
    resource_version: i32,
    organisation_id: Option<Id>,
    innovation_id: Option<Id>,
    programme: Option<String>,
    request_id: String,
    data: String,
}

/// Numbers the committed events that have no position yet, and chains their hashes. Returns how many.
pub fn sequence(conn: &mut Conn) -> Result<usize> {
    if !dialect::try_lock(conn, LOCK)? {
        return Ok(0);
    }
    let unnumbered = events::table.filter(events::position.is_null()).order_by(events::id);
    let waiting: Vec<EventRow> = unnumbered.select(EventRow::as_select()).limit(BATCH).load(conn)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let End { mut position, hash: mut chained } = end(conn)?;
    for event in &waiting {
        position += 1;
        chained = event.chained_to(&chained, position);
        diesel::update(events::table.find(event.id))
            .set((events::position.eq(position), events::hash.eq(&chained)))
            .execute_kept(conn)?;
    }
    Ok(waiting.len())
}

/// The last numbered event, or 0 and nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct End {
    pub position: i64,
    pub hash: Vec<u8>,
}

/// Where the chain ends.
pub fn end(conn: &mut Conn) -> Result<End> {
    type Last = (Option<i64>, Option<Vec<u8>>);
    let last: Option<Last> = events::table
        .filter(events::position.is_not_null())
        .order_by(events::position.desc())
        .select((events::position, events::hash))
        .first(conn)
        .optional()?;
    let last =
        last.map(|(position, hash)| End { position: position.unwrap_or_default(), hash: hash.unwrap_or_default() });
    Ok(last.unwrap_or_default())
}

/// Makes the chain again from the first event to the last, and holds it against what is stored.
///
/// # Errors
/// `internal`, with words for the operator, at the first event that is missing or was altered.
pub fn verify(conn: &mut Conn) -> Result<End> {
    let End { mut position, hash: mut chained } = End::default();
    loop {
        let next = events::table.filter(events::position.gt(position)).order_by(events::position).limit(BATCH);
        let stored: Vec<(Option<i64>, Option<Vec<u8>>, EventRow)> =
            next.select((events::position, events::hash, EventRow::as_select())).load(conn)?;
        if stored.is_empty() {
            return Ok(End { position, hash: chained });
        }
        for (at, hash, event) in stored {
            position += 1;
            chained = event.chained_to(&chained, position);
            if at != Some(position) || hash.as_ref() != Some(&chained) {
                return Err(Error::internal(format!("event {position} of the audit trail is missing or was altered")));
            }
        }
    }
}

impl EventRow {
    /// SHA-256 over the hash before and every field: a changed or missing event breaks the chain from there on.
    fn chained_to(&self, before: &[u8], position: i64) -> Vec<u8> {
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        digest.update(before);
        digest.update(&position.to_be_bytes());
        digest.update(self.id.as_bytes());
        let at = self.occurred_at.and_utc().timestamp_micros().to_string();
        let version = self.resource_version.to_string();
        let end_user = self.end_user_organisation.as_deref().unwrap_or_default();
        let id = |id: &Option<Id>| id.map(|id| id.to_string()).unwrap_or_default();
        let (organisation, innovation) = (id(&self.organisation_id), id(&self.innovation_id));
        let programme = self.programme.as_deref().unwrap_or_default();
        let fields = [
            &organisation,
            &innovation,
            programme,
            &at,
            &self.subject,
            end_user,
            &self.operation,
            &self.resource,
            &self.resource_key,
            &version,
            &self.request_id,
            &self.data,
        ];
        for field in fields {
            digest.update(&(field.len() as u64).to_be_bytes());
            digest.update(field.as_bytes());
        }
        digest.finish().as_ref().to_vec()
    }
}
