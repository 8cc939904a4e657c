//! Numbered events in the database.

use super::rules::{FOR_THE_PROGRAMME, READ_BY, WHILE_DRAFTED};
use crate::access::ReachParts;
use crate::db::dialect::Condition;
use crate::db::json::Json;
use crate::db::schema::{audit_checkpoint_keys, audit_checkpoints, events, organisation_closure};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context, Line};
use crate::innovations::ops::referred as innovation;
use crate::organisations::ops::referred as organisation;
use crate::organisations::store::below;
use crate::vocabulary::{Id, Timestamp};
use crate::{narrow, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
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
    pub owner: Option<String>,
    pub end_user_organisation: Option<String>,
    pub operation: String,
    pub resource: String,
    pub resource_key: String,
    pub resource_version: i32,
    pub request_id: String,
    pub data: Json<Box<RawValue>>,
    pub erased_by: Option<Id>,
    pub hash: Vec<u8>,
}

type Columns = (
    events::id,
    dsl::AssumeNotNull<events::position>,
    events::occurred_at,
    events::subject,
    events::owner,
    events::end_user_organisation,
    events::operation,
    events::resource,
    events::resource_key,
    events::resource_version,
    events::request_id,
    events::data,
    events::erased_by,
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
        /// The subject of the person whose record it is.
        owner: Line = "owner",
        /// The operation id of what was done.
        operation: Line = "operation",
        /// The code of the organisation that it was done for, as the request said.
        end_user_organisation: CodeParam = "endUserOrganisation",
        /// The code of an organisation that it is about, at either end.
        organisation: CodeParam = "organisation",
        /// The slug of the innovation that it is about.
        innovation: CodeParam = "innovation",
        /// The slug of a programme that it is about, at either end.
        programme: CodeParam = "programme",
        /// Events at this instant or later.
        from: Timestamp = "from",
        /// Events at this instant or earlier.
        to: Timestamp = "to",
    }
}

pub type Seen = Condition<events::table>;

/// The events that name something inside the reach, at either end.
pub fn inside(reach: ReachParts, today: NaiveDate) -> Seen {
    if reach.everything {
        return Box::new(events::id.is_not_null());
    }
    let places = || below(reach.organisations.clone(), today).select(organisation_closure::descendant_id.nullable());
    let seen = events::organisation_id
        .eq_any(places())
        .or(events::other_organisation_id.eq_any(places()))
        .or(events::programme.eq_any(reach.programmes.clone()))
        .or(events::other_programme.eq_any(reach.programmes.clone()))
        .or(events::innovation_id.eq_any(reach.innovations));
    Box::new(seen.assume_not_null())
}

/// The events inside the reach about records that the caller may see, and the caller's own: what they did, and what was
/// done to what is theirs. Nothing is left out for who may see every record of every kind.
fn seen(context: &Context) -> Option<Seen> {
    let (subject, today) = (context.actor.subject.clone(), context.today());
    let own = events::subject.eq(subject.clone()).or(events::owner.eq(subject).assume_not_null());
    let (mut open, mut partly) = (Vec::new(), Vec::new());
    for (resource, read) in READ_BY {
        let reach = context.actor.reach(*read).into_parts();
        match (reach.everything, context.actor.may(*read)) {
            (true, _) => open.push(*resource),
            (false, true) => partly.push((*resource, reach)),
            (false, false) => {}
        }
    }
    if open.len() == READ_BY.len() {
        return None;
    }
    let mut kinds: Seen = Box::new(events::resource.eq_any(open));
    for (resource, reach) in partly {
        kinds = Box::new(kinds.or(events::resource.eq(resource).and(inside(reach, today))));
    }
    let mut programmes = context.reach().into_parts();
    (programmes.organisations, programmes.innovations) = (Vec::new(), Vec::new());
    let of_programme = events::resource
        .eq_any(FOR_THE_PROGRAMME)
        .and(events::operation.ne_all(WHILE_DRAFTED))
        .and(inside(programmes, today));
    let kinds = kinds.or(of_programme);
    Some(Box::new(own.or(kinds.and(inside(context.reach().into_parts(), today)))))
}

/// Numbered events inside the reach, about records that the caller may see, and the caller's own.
///
/// # Errors
/// `validation-failed` when `to` is before `from`; `unknown-reference` for what the filters name.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListAuditEvents) -> Result<Query> {
    if asked.from.zip(asked.to).is_some_and(|(from, to)| to < from) {
        return Err(Error::invalid("?to", "range", "Expected an instant that is not before from."));
    }
    let columns = (
        events::id,
        events::position.assume_not_null(),
        events::occurred_at,
        events::subject,
        events::owner,
        events::end_user_organisation,
        events::operation,
        events::resource,
        events::resource_key,
        events::resource_version,
        events::request_id,
        events::data,
        events::erased_by,
        events::hash.assume_not_null(),
    );
    let mut query = events::table.select(columns).into_boxed::<MultiBackend>();
    query = query.filter(events::position.is_not_null());
    if let Some(place) = context.within() {
        let inside = || below(vec![place], context.today()).select(organisation_closure::descendant_id.nullable());
        let there = events::organisation_id.eq_any(inside()).or(events::other_organisation_id.eq_any(inside()));
        query = query.filter(there);
    }
    if let Some(seen) = seen(context) {
        query = query.filter(seen);
    }
    if let Some(CodeParam(code)) = &asked.organisation {
        let id = organisation(conn, "?organisation", code)?;
        query = query.filter(events::organisation_id.eq(id).or(events::other_organisation_id.eq(id)));
    }
    if let Some(CodeParam(slug)) = &asked.innovation {
        query = query.filter(events::innovation_id.eq(innovation(conn, "?innovation", slug)?));
    }
    if let Some(CodeParam(slug)) = &asked.programme {
        let slug = slug.to_ascii_lowercase();
        query = query.filter(events::programme.eq(slug.clone()).or(events::other_programme.eq(slug)));
    }
    narrow! { query, asked;
        resource => events::resource.eq(resource.0.clone());
        key => events::resource_key.eq(key.0.clone());
        subject => events::subject.eq(subject.0.clone());
        owner => events::owner.eq(owner.0.clone());
        operation => events::operation.eq(operation.0.clone());
        end_user_organisation => events::end_user_organisation.eq(end_user_organisation.0.to_ascii_uppercase());
        from => events::occurred_at.ge(from.naive_utc());
        to => events::occurred_at.le(to.naive_utc());
    }
    Ok(query)
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = audit_checkpoints)]
pub struct CheckpointRow {
    pub position: i64,
    pub hash: Vec<u8>,
    pub made_at: NaiveDateTime,
    pub kid: String,
    pub signature: String,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = audit_checkpoint_keys)]
pub struct CheckpointKeyRow {
    pub kid: String,
    pub public_jwk: String,
    /// Made under the sealing key, which is not in the database.
    pub voucher: Vec<u8>,
}

pub fn last_checkpoint(conn: &mut Conn) -> Result<Option<CheckpointRow>> {
    Ok(audit_checkpoints::table.order_by(audit_checkpoints::position.desc()).first(conn).optional()?)
}

pub fn checkpoints(conn: &mut Conn) -> Result<Vec<CheckpointRow>> {
    Ok(audit_checkpoints::table.order_by(audit_checkpoints::position).load(conn)?)
}

/// Keeps a checkpoint, unless another instance was faster.
pub fn keep_checkpoint(conn: &mut Conn, row: CheckpointRow) -> Result<()> {
    let kept = audit_checkpoints::table.find(row.position).select(audit_checkpoints::position);
    if kept.first::<i64>(conn).optional()?.is_none() {
        diesel::insert_into(audit_checkpoints::table).values(row).execute_kept(conn)?;
    }
    Ok(())
}

pub fn checkpoint_keys(conn: &mut Conn) -> Result<Vec<CheckpointKeyRow>> {
    Ok(audit_checkpoint_keys::table.order_by(audit_checkpoint_keys::kid).load(conn)?)
}

/// Keeps a key, unless it is kept already.
pub fn keep_key(conn: &mut Conn, row: CheckpointKeyRow) -> Result<()> {
    let kept = audit_checkpoint_keys::table.find(&row.kid).select(audit_checkpoint_keys::kid);
    if kept.first::<String>(conn).optional()?.is_none() {
        diesel::insert_into(audit_checkpoint_keys::table).values(row).execute_kept(conn)?;
    }
    Ok(())
}
