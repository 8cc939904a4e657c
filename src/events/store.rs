//! Events in the database.

use super::chain::{EventRow, FORGOTTEN, RULE, SubjectRow, Subjects, Voucher, nobody, salt, salted};
use super::event::Event;
use crate::db::schema::{events, subjects};
use crate::db::{Conn, Keep, dialect, migrate};
use crate::error::Result;
use crate::http::Context;
use crate::insert_all;
use crate::vocabulary::Id;
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

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
    other_organisation_id: Option<Id>,
    other_programme: Option<String>,
    owner: Option<String>,
    request_id: String,
    data: String,
}

/// Writes the event into the transaction of the change it is about.
pub fn record(conn: &mut Conn, context: &Context, event: Event) -> Result<()> {
    record_as(conn, context, event, Id::generate())
}

/// As [`record`], of many at once.
pub fn record_all(conn: &mut Conn, context: &Context, events: Vec<Event>) -> Result<()> {
    let rows: Vec<NewEventRow> = events.into_iter().map(|event| row(context, event, Id::generate())).collect();
    insert_all!(conn, events::table, rows);
    Ok(())
}

/// As [`record`], with an id that was made before.
pub fn record_as(conn: &mut Conn, context: &Context, event: Event, id: Id) -> Result<()> {
    diesel::insert_into(events::table).values(row(context, event, id)).execute_kept(conn)?;
    Ok(())
}

fn row(context: &Context, event: Event, id: Id) -> NewEventRow {
    NewEventRow {
        id,
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
        other_organisation_id: event.other_organisation_id,
        other_programme: event.other_programme,
        owner: event.owner,
        request_id: context.request_id.clone(),
        data: event.data.to_string(),
    }
}

/// Numbers the committed events that have no position yet, and chains their hashes. Returns how many.
pub fn sequence(conn: &mut Conn) -> Result<usize> {
    if dialect::try_lock(conn, LOCK)? { number_some(conn) } else { Ok(0) }
}

/// Numbers every committed event, waiting for whoever else does: until this transaction ends, nobody numbers another.
///
/// # Errors
/// `overloaded` when the wait is cut short.
pub fn sequence_all(conn: &mut Conn) -> Result<()> {
    dialect::lock(conn, LOCK)?;
    while number_some(conn)? > 0 {}
    Ok(())
}

fn number_some(conn: &mut Conn) -> Result<usize> {
    let unnumbered = events::table.filter(events::position.is_null()).order_by(events::id);
    let mut waiting: Vec<EventRow> = unnumbered.select(EventRow::as_select()).limit(BATCH).load(conn)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let named = waiting.iter().flat_map(|event| [Some(&event.subject), event.owner.as_ref()]).flatten();
    let ids = identify(conn, named.cloned().collect())?;
    let known: Subjects = ids.values().map(|row| (row.id, row.clone())).collect();
    let id_of = |subject: &str| ids.get(subject).map(|row| row.id);
    let End { mut position, hash: mut chained } = end(conn)?;
    for event in &mut waiting {
        position += 1;
        let own = salt()?;
        event.digest = Some(salted(&own, &event.data));
        event.salt = Some(own);
        event.subject_id = id_of(&event.subject);
        event.owner_id = event.owner.as_deref().and_then(id_of);
        event.rule = Some(RULE);
        chained = event.chained_to(&chained, position, &known);
        diesel::update(events::table.find(event.id))
            .set((
                events::position.eq(position),
                events::hash.eq(&chained),
                events::rule.eq(event.rule),
                events::subject_id.eq(event.subject_id),
                events::owner_id.eq(event.owner_id),
                events::salt.eq(&event.salt),
                events::digest.eq(&event.digest),
            ))
            .execute_kept(conn)?;
    }
    Ok(waiting.len())
}

/// The numbers of these subjects, new ones for those that have none. Whoever numbers events is alone.
fn identify(conn: &mut Conn, named: BTreeSet<String>) -> Result<HashMap<String, SubjectRow>> {
    let found: Vec<SubjectRow> = subjects::table.filter(subjects::subject.eq_any(&named)).load(conn)?;
    let mut known: HashMap<String, SubjectRow> =
        found.into_iter().filter_map(|row| Some((row.subject.clone()?, row))).collect();
    let fresh: Vec<String> = named.into_iter().filter(|subject| !known.contains_key(subject)).collect();
    if fresh.is_empty() {
        return Ok(known);
    }
    let last: Option<i64> = subjects::table.select(dsl::max(subjects::id)).first(conn)?;
    for (id, subject) in (last.unwrap_or_default() + 1..).zip(fresh) {
        let own = salt()?;
        let digest = salted(&own, &subject);
        let row = SubjectRow { id, subject: Some(subject.clone()), salt: Some(own), digest, erased_by: None };
        diesel::insert_into(subjects::table).values(row.clone()).execute_kept(conn)?;
        known.insert(subject, row);
    }
    Ok(known)
}

/// How many committed events have no position yet.
pub fn unnumbered(conn: &mut Conn) -> Result<i64> {
    Ok(events::table.filter(events::position.is_null()).count().get_result(conn)?)
}

/// The last numbered event, or 0 and nothing.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
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

/// A numbered event as it is stored.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub position: i64,
    pub hash: Vec<u8>,
    pub event: EventRow,
}

/// An event of a schema that knows the first rule alone.
#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct EarlyRow {
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

impl From<EarlyRow> for EventRow {
    fn from(row: EarlyRow) -> Self {
        Self {
            id: row.id,
            occurred_at: row.occurred_at,
            subject: row.subject,
            end_user_organisation: row.end_user_organisation,
            operation: row.operation,
            resource: row.resource,
            resource_key: row.resource_key,
            resource_version: row.resource_version,
            organisation_id: row.organisation_id,
            innovation_id: row.innovation_id,
            programme: row.programme,
            request_id: row.request_id,
            data: row.data,
            rule: None,
            subject_id: None,
            salt: None,
            digest: None,
            owner: None,
            owner_id: None,
            other_organisation_id: None,
            other_programme: None,
            erased_by: None,
        }
    }
}

/// Whether the schema knows the second rule. One that was restored from an earlier version does not, before it is migrated.
///
/// # Errors
/// The database's own.
pub fn can_forget(conn: &mut Conn) -> Result<bool> {
    Ok(migrate::checksums(conn)?.contains_key("00014"))
}

/// The events after this position, some at a time.
pub fn after(conn: &mut Conn, position: i64, limit: i64) -> Result<Vec<Numbered>> {
    let next = events::table.filter(events::position.gt(position)).order_by(events::position).limit(limit);
    let stored: Vec<Chained<EventRow>> =
        next.select((events::position, events::hash, EventRow::as_select())).load(conn)?;
    Ok(numbered(stored))
}

/// As [`after`], of a schema that knows the first rule alone.
pub fn after_of_old(conn: &mut Conn, position: i64, limit: i64) -> Result<Vec<Numbered>> {
    let next = events::table.filter(events::position.gt(position)).order_by(events::position).limit(limit);
    let stored: Vec<Chained<EarlyRow>> =
        next.select((events::position, events::hash, EarlyRow::as_select())).load(conn)?;
    Ok(numbered(stored))
}

/// An event with its place in the chain, as both are read.
type Chained<E> = (Option<i64>, Option<Vec<u8>>, E);

fn numbered<E: Into<EventRow>>(stored: Vec<Chained<E>>) -> Vec<Numbered> {
    let numbered = |(position, hash, event): Chained<E>| Numbered {
        position: position.unwrap_or_default(),
        hash: hash.unwrap_or_default(),
        event: event.into(),
    };
    stored.into_iter().map(numbered).collect()
}

/// The details of one event.
pub fn data_of(conn: &mut Conn, id: Id) -> Result<Option<String>> {
    Ok(events::table.find(id).select(events::data).first(conn).optional()?)
}

pub fn subjects(conn: &mut Conn) -> Result<Subjects> {
    let rows: Vec<SubjectRow> = subjects::table.load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// How many events a subject made, or are about what is the subject's.
pub fn count_of(conn: &mut Conn, subject: &str) -> Result<i64> {
    let own = events::table.filter(events::subject.eq(subject).or(events::owner.eq(subject)));
    Ok(own.count().get_result(conn)?)
}

/// What an erasure did to the trail.
#[derive(Debug)]
pub struct Erased {
    /// The number that the subject had, and keeps.
    pub subject_id: Option<i64>,
    /// How many events lost details or a text that their hash was taken over.
    pub events: u64,
    /// The digest of those events' positions and hashes.
    pub voucher: String,
}

/// Empties the events about a person: the details of those whose details have one of the words as a text of its own, and
/// the subject everywhere. `by` is the id of the event that tells of it, which is written afterwards with what is returned.
///
/// # Errors
/// As [`sequence_all`].
pub fn erase(conn: &mut Conn, subject: Option<&str>, words: &[String], by: Id) -> Result<Erased> {
    sequence_all(conn)?;
    for word in words {
        let says = events::data.like(format!("%{}%", dialect::like(&serde_json::to_string(word)?))).escape('\\');
        let about = events::table.filter(says).filter(events::data.ne(FORGOTTEN));
        let about: Vec<Id> = about.select(events::id).load(conn)?;
        for some in about.chunks(500) {
            let unvouched = events::table.filter(events::id.eq_any(some)).filter(events::erased_by.is_null());
            diesel::update(unvouched).set(events::erased_by.eq(Some(by))).execute(conn)?;
            diesel::update(events::table.filter(events::id.eq_any(some)))
                .set((events::data.eq(FORGOTTEN), events::salt.eq(None::<Vec<u8>>)))
                .execute(conn)?;
        }
    }
    let subject_id = match subject {
        Some(subject) => erase_subject(conn, subject, by)?,
        None => None,
    };
    let emptied: Vec<(Option<i64>, Option<Vec<u8>>, EventRow)> = events::table
        .filter(events::erased_by.eq(by))
        .order_by(events::position)
        .select((events::position, events::hash, EventRow::as_select()))
        .load(conn)?;
    let mut voucher = Voucher::default();
    for (position, hash, event) in emptied {
        voucher.add(position.unwrap_or_default(), &hash.unwrap_or_default(), &event);
    }
    let (events, voucher) = voucher.finish();
    Ok(Erased { subject_id, events, voucher })
}

/// Takes the text of a subject out of the trail. Where the first rule took a hash over it, the erasure vouches for that.
fn erase_subject(conn: &mut Conn, subject: &str, by: Id) -> Result<Option<i64>> {
    // One that did nothing yet, or only while an earlier version numbered events, gets its number now.
    let known = identify(conn, BTreeSet::from([subject.to_owned()]))?;
    let Some(id) = known.values().next().map(|row| row.id) else { return Ok(None) };
    let by_the_first_rule = events::table
        .filter(events::subject.eq(subject))
        .filter(events::rule.is_null())
        .filter(events::erased_by.is_null());
    diesel::update(by_the_first_rule).set(events::erased_by.eq(Some(by))).execute(conn)?;
    diesel::update(events::table.filter(events::subject.eq(subject)))
        .set(events::subject.eq(nobody(id)))
        .execute(conn)?;
    diesel::update(events::table.filter(events::owner.eq(subject)))
        .set(events::owner.eq(Some(nobody(id))))
        .execute(conn)?;
    diesel::update(subjects::table.find(id))
        .set((
            subjects::subject.eq(None::<String>),
            subjects::salt.eq(None::<Vec<u8>>),
            subjects::erased_by.eq(Some(by)),
        ))
        .execute(conn)?;
    Ok(Some(id))
}
