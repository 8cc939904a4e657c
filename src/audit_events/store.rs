//! Numbered events in the database.

use crate::access::ReachParts;
use crate::db::json::Json;
use crate::db::schema::{events, organisation_closure};
use crate::db::{Conn, MultiBackend};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context, Line};
use crate::organisations::store::below;
use crate::vocabulary::{Id, Timestamp};
use crate::{narrow, params, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::value::RawValue;

/// An event that has its number, and the hash that chains it to the one before.
#[derive(Queryable)]
pub struct AuditEventRow {
    pub id: Id,
    pub position: i64,
    pub occurred_at: NaiveDateTime,
    pub subject: String,
    pub end_user_organisation: Option<String>,
    pub operation: String,
    pub resource: String,
    pub resource_key: String,
    pub resource_version: i32,
    pub request_id: String,
    pub data: Json<Box<RawValue>>,
    pub hash: Vec<u8>,
}

type Columns = (
    events::id,
    dsl::AssumeNotNull<events::position>,
    events::occurred_at,
    events::subject,
    events::end_user_organisation,
    events::operation,
    events::resource,
    events::resource_key,
    events::resource_version,
    events::request_id,
    events::data,
    dsl::AssumeNotNull<events::hash>,
);
type Query = dsl::IntoBoxed<'static, dsl::Select<events::table, Columns>, MultiBackend>;

sortable! { AuditEventRow, Query, key "id" => events::id as Id;
    events of |row| row => "occurredAt" occurred_at, "updatedAt" occurred_at, then id;
}

params! {
    /// What the audit trail may be narrowed to.
    pub struct ListAuditEvents list of AuditEventRow {
        /// The kind of record, such as `innovation`.
        resource: CodeParam = "resource",
        /// The key of the record.
        key: Line = "key",
        /// The subject of whoever did it.
        subject: Line = "subject",
        /// The operation id of what was done.
        operation: Line = "operation",
        /// Events at this instant or later.
        from: Timestamp = "from",
        /// Events at this instant or earlier.
        to: Timestamp = "to",
    }
}

/// Numbered events inside the reach, and the caller's own.
///
/// # Errors
/// `validation-failed` when `to` is before `from`.
pub fn list(_: &mut Conn, context: &Context, asked: &ListAuditEvents) -> Result<Query> {
    if asked.from.zip(asked.to).is_some_and(|(from, to)| to < from) {
        return Err(Error::invalid("?to", "range", "Expected an instant that is not before from."));
    }
    let columns = (
        events::id,
        events::position.assume_not_null(),
        events::occurred_at,
        events::subject,
        events::end_user_organisation,
        events::operation,
        events::resource,
        events::resource_key,
        events::resource_version,
        events::request_id,
        events::data,
        events::hash.assume_not_null(),
    );
    let mut query = events::table.select(columns).into_boxed::<MultiBackend>();
    query = query.filter(events::position.is_not_null());
    let ReachParts { everything, organisations, programmes, innovations, within } = context.reach().into_parts();
    if let Some(place) = within {
        let inside = below(vec![place], context.today()).select(organisation_closure::descendant_id.nullable());
        query = query.filter(events::organisation_id.eq_any(inside));
    }
    if !everything {
        let places = below(organisations, context.today());
        query = query.filter(
            events::subject
                .eq(context.actor.subject.clone())
                .or(events::organisation_id.eq_any(places.select(organisation_closure::descendant_id.nullable())))
                .or(events::programme.eq_any(programmes))
                .or(events::innovation_id.eq_any(innovations)),
        );
    }
    if let Some(CodeParam(resource)) = &asked.resource {
        query = query.filter(events::resource.eq(resource.clone()));
    }
    if let Some(Line(key)) = &asked.key {
        query = query.filter(events::resource_key.eq(key.clone()));
    }
    if let Some(Line(subject)) = &asked.subject {
        query = query.filter(events::subject.eq(subject.clone()));
    }
    if let Some(Line(operation)) = &asked.operation {
        query = query.filter(events::operation.eq(operation.clone()));
    }
    narrow! { query, asked;
        from => events::occurred_at.ge(from.naive_utc());
        to => events::occurred_at.le(to.naive_utc());
    }
    Ok(query)
}
