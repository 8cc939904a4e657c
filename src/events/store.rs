//! Events in the database.

use super::Event;
use crate::access::Reach;
use crate::http::context::Context;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{events, organisation_closure};
use crate::db::{Conn, dialect};
use crate::error::Result;
use crate::sortable;
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

pub fn insert(conn: &mut Conn, context: &Context, event: Event) -> Result<()> {
    let row = NewEventRow {
        id: Id::generate(),
        occurred_at: context.now.naive_utc(),
        subject: context.actor.subject.clone(),
        end_user_organisation: context.actor.end_user_organisation.clone(),
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
    diesel::insert_into(events::table).values(row).execute(conn)?;
    Ok(())
}

#[derive(Queryable)]
pub struct EventRow {
    pub id: Id,
    pub position: Option<i64>,
    pub occurred_at: NaiveDateTime,
    pub subject: String,
    pub end_user_organisation: Option<String>,
    pub operation: String,
    pub resource: String,
    pub resource_key: String,
    pub resource_version: i32,
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub programme: Option<String>,
    pub request_id: String,
    pub data: String,
    pub hash: Option<Vec<u8>>,
}

sortable! {
    EventRow, events::table, events::BoxedQuery<'static, MultiBackend>;
    0: "occurredAt" => events::occurred_at, Instant, |row| row.occurred_at;
    tie 1 => events::id, Id, |row| row.id;
}

/// Numbers the committed events that have no position yet, and chains their hashes. Returns how many.
///
/// # Errors
/// The database's own.
pub fn sequence(conn: &mut Conn) -> Result<usize> {
    if !dialect::try_lock(conn, LOCK)? {
        return Ok(0);
    }
    let waiting: Vec<EventRow> =
        events::table.filter(events::position.is_null()).order_by(events::id).limit(BATCH).load(conn)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    type Last = (Option<i64>, Option<Vec<u8>>);
    let last: Option<Last> = events::table
        .filter(events::position.is_not_null())
        .order_by(events::position.desc())
        .select((events::position, events::hash))
        .first(conn)
        .optional()?;
    let (mut position, mut chained) = last.map_or((0, Vec::new()), |(p, h)| (p.unwrap_or(0), h.unwrap_or_default()));
    for event in &waiting {
        position += 1;
        chained = event.chained_to(&chained, position);
        diesel::update(events::table.find(event.id))
            .set((events::position.eq(position), events::hash.eq(&chained)))
            .execute(conn)?;
    }
    Ok(waiting.len())
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

/// What the audit trail may be narrowed to.
#[derive(Default)]
pub struct EventFilter {
    pub resource: Option<String>,
    pub key: Option<String>,
    pub subject: Option<String>,
    pub operation: Option<String>,
    pub from: Option<NaiveDateTime>,
    pub to: Option<NaiveDateTime>,
}

/// Numbered events inside the reach, and the caller's own.
pub fn list(
    conn: &mut Conn,
    reach: &Reach,
    context: &Context,
    filter: &EventFilter,
    request: &PageRequest,
) -> Result<Page<EventRow>> {
    let today = context.today();
    page(conn, request, || {
        let mut query = events::table.filter(events::position.is_not_null()).into_boxed::<MultiBackend>();
        if !reach.everything {
            let places = crate::organisations::store::below(reach.organisations.clone(), today);
            query = query.filter(
                events::subject
                    .eq(context.actor.subject.clone())
                    .or(events::organisation_id.eq_any(places.select(organisation_closure::descendant_id.nullable())))
                    .or(events::programme.eq_any(reach.programmes.clone()))
                    .or(events::innovation_id.eq_any(reach.innovations.clone())),
            );
        }
        if let Some(resource) = &filter.resource {
            query = query.filter(events::resource.eq(resource.clone()));
        }
        if let Some(key) = &filter.key {
            query = query.filter(events::resource_key.eq(key.clone()));
        }
        if let Some(subject) = &filter.subject {
            query = query.filter(events::subject.eq(subject.clone()));
        }
        if let Some(operation) = &filter.operation {
            query = query.filter(events::operation.eq(operation.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(events::occurred_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(events::occurred_at.lt(to));
        }
        query
    })
}
