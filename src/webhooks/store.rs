//! Webhooks and what they were sent in the database.

use super::rules::{DeliveryOutcome, Webhook, WebhookAdded, WebhookState};
use crate::access::Operation;
use crate::changes::rules::{Change, Cursor, Resource};
use crate::db::schema::{webhook_deliveries, webhooks};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::record::{Stored, changed};
use crate::vocabulary::{Id, Instant, Timestamp, fold};
use crate::{one_of, params, sortable};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

/// Days for which it is known what was sent.
const DELIVERIES_KEPT: i64 = 30;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = webhooks)]
pub struct WebhookRow {
    pub id: Id,
    pub name: String,
    pub sort_name: String,
    pub url: String,
    /// A JSON array; an empty one means all.
    pub resources: String,
    pub state: WebhookState,
    pub made_by: String,
    pub after_cursor: String,
    /// The cursor's own position, by which is seen whether there is more.
    pub position: i64,
    pub secret_sealed: Vec<u8>,
    pub former_sealed: Option<Vec<u8>>,
    pub former_until: Option<NaiveDateTime>,
    pub attempts: i32,
    pub failing_since: Option<NaiveDateTime>,
    pub next_attempt_at: NaiveDateTime,
    /// Whoever delivers has a number, and until when.
    pub lease: i64,
    pub lease_until: NaiveDateTime,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl WebhookRow {
    /// # Errors
    /// `internal` when the resources cannot be written as JSON.
    pub fn new(context: &Context, id: Id, new: &Webhook, secret_sealed: Vec<u8>, after: &Cursor) -> Result<Self> {
        let now = context.now.naive_utc();
        Ok(Self {
            id,
            name: new.name.clone(),
            sort_name: fold(&new.name),
            url: new.url.clone(),
            resources: serde_json::to_string(&new.resources)?,
            state: WebhookState::Active,
            made_by: context.actor.subject.clone(),
            after_cursor: after.text(),
            position: after.position,
            secret_sealed,
            former_sealed: None,
            former_until: None,
            attempts: 0,
            failing_since: None,
            next_attempt_at: now,
            lease: 0,
            lease_until: now,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The next version.
    #[must_use]
    pub fn next(self, context: &Context) -> Self {
        Self { version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// # Errors
    /// `internal` for resources that cannot be read.
    pub fn webhook(&self) -> Result<Webhook> {
        Ok(Webhook {
            name: self.name.clone(),
            url: self.url.clone(),
            resources: serde_json::from_str(&self.resources)?,
            after: Some(self.after_cursor.clone()),
        })
    }
}

impl From<WebhookRow> for Stored<Webhook> {
    fn from(row: WebhookRow) -> Self {
        let resources: Vec<Resource> = serde_json::from_str(&row.resources).unwrap_or_default();
        let waits = row.attempts > 0 && row.state == WebhookState::Active;
        Self {
            added: WebhookAdded {
                id: row.id,
                state: row.state,
                made_by: row.made_by,
                attempts: row.attempts,
                failing_since: row.failing_since.map(|at| Instant(at.and_utc())),
                next_attempt_at: waits.then(|| Instant(row.next_attempt_at.and_utc())),
            },
            written: Webhook { name: row.name, url: row.url, resources, after: Some(row.after_cursor) },
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

type Query = webhooks::BoxedQuery<'static, MultiBackend>;

sortable! { WebhookRow, Query, key "id" => webhooks::id as Id;
    webhooks of |row| row => "name" sort_name, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of webhooks may be narrowed to.
    pub struct ListWebhooks list of WebhookRow {
        /// Whether they are told of changes.
        state: OneOf<WebhookState> = "state",
    }
}

/// The webhooks that the caller sees: their own, or all.
fn seen(context: &Context) -> Query {
    let all = webhooks::table.into_boxed();
    if context.actor.reach(Operation::get_webhook).is_everything() {
        return all;
    }
    all.filter(webhooks::made_by.eq(context.actor.subject.clone()))
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(_: &mut Conn, context: &Context, asked: &ListWebhooks) -> Result<Query> {
    let mut query = seen(context);
    if let Some(OneOf(states)) = &asked.state {
        query = query.filter(one_of!(webhooks::state, states.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<WebhookRow>> {
    Ok(seen(context).filter(webhooks::id.eq(id)).first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &WebhookRow) -> Result<()> {
    diesel::insert_into(webhooks::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}

/// Writes over the version before it what people decide. How far it has got is for whoever delivers.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &WebhookRow) -> Result<()> {
    let present = webhooks::table.find(row.id).filter(webhooks::version.eq(row.version - 1));
    let decided = (
        webhooks::name.eq(row.name.clone()),
        webhooks::sort_name.eq(row.sort_name.clone()),
        webhooks::url.eq(row.url.clone()),
        webhooks::resources.eq(row.resources.clone()),
        webhooks::state.eq(row.state),
        webhooks::secret_sealed.eq(row.secret_sealed.clone()),
        webhooks::former_sealed.eq(row.former_sealed.clone()),
        webhooks::former_until.eq(row.former_until),
        webhooks::version.eq(row.version),
        webhooks::updated_at.eq(row.updated_at),
    );
    match diesel::update(present).set(decided).execute_kept(conn)? {
        0 => Err(changed(row.version)),
        _ => Ok(()),
    }
}

/// Begins anew at a cursor: whoever delivers has no lease any more, and nothing counts as tried.
pub fn restart(conn: &mut Conn, id: Id, after: (&str, i64), now: Timestamp) -> Result<()> {
    let now = now.naive_utc();
    let anew = (
        webhooks::after_cursor.eq(after.0.to_owned()),
        webhooks::position.eq(after.1),
        webhooks::attempts.eq(0),
        webhooks::failing_since.eq(None::<NaiveDateTime>),
        webhooks::next_attempt_at.eq(now),
        webhooks::lease.eq(0),
        webhooks::lease_until.eq(now),
    );
    diesel::update(webhooks::table.find(id)).set(anew).execute_kept(conn)?;
    Ok(())
}

/// Removes a webhook, its secrets, and what is known of what it was sent.
pub fn remove(conn: &mut Conn, id: Id) -> Result<()> {
    let sent = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(id));
    diesel::delete(sent).execute(conn)?;
    diesel::delete(webhooks::table.find(id)).execute(conn)?;
    Ok(())
}

/// The webhooks that have something to hear of, and that nobody delivers to.
pub fn due(conn: &mut Conn, now: Timestamp, end: i64) -> Result<Vec<WebhookRow>> {
    let waiting = webhooks::table
        .filter(webhooks::state.eq(WebhookState::Active))
        .filter(webhooks::next_attempt_at.le(now.naive_utc()))
        .filter(webhooks::lease_until.le(now.naive_utc()))
        .filter(webhooks::position.ne(end));
    Ok(waiting.order_by((webhooks::next_attempt_at, webhooks::id)).limit(50).kept().load(conn)?)
}

/// Takes the lease of one that nobody else took meanwhile. Returns whether it did.
pub fn claim(conn: &mut Conn, row: &WebhookRow, lease: i64, until: Timestamp) -> Result<bool> {
    let free = webhooks::table.find(row.id).filter(webhooks::lease.eq(row.lease));
    let free = free.filter(webhooks::lease_until.eq(row.lease_until)).filter(webhooks::state.eq(WebhookState::Active));
    let taken = (webhooks::lease.eq(lease), webhooks::lease_until.eq(until.naive_utc()));
    Ok(diesel::update(free).set(taken).execute_kept(conn)? == 1)
}

/// Moves on to a cursor, and holds the lease until then. Returns whether it was held.
pub fn advance(conn: &mut Conn, id: Id, lease: i64, after: &Cursor, until: Timestamp) -> Result<bool> {
    let held = webhooks::table.find(id).filter(webhooks::lease.eq(lease));
    let further = (
        webhooks::after_cursor.eq(after.text()),
        webhooks::position.eq(after.position),
        webhooks::attempts.eq(0),
        webhooks::failing_since.eq(None::<NaiveDateTime>),
        webhooks::lease_until.eq(until.naive_utc()),
    );
    Ok(diesel::update(held).set(further).execute_kept(conn)? == 1)
}

/// Gives the lease back, to be tried again at this moment.
pub fn postpone(
    conn: &mut Conn,
    id: Id,
    lease: i64,
    (attempts, failing_since, at): (i32, Timestamp, Timestamp),
    now: Timestamp,
) -> Result<bool> {
    let held = webhooks::table.find(id).filter(webhooks::lease.eq(lease));
    let later = (
        webhooks::attempts.eq(attempts),
        webhooks::failing_since.eq(Some(failing_since.naive_utc())),
        webhooks::next_attempt_at.eq(at.naive_utc()),
        webhooks::lease.eq(0),
        webhooks::lease_until.eq(now.naive_utc()),
    );
    Ok(diesel::update(held).set(later).execute_kept(conn)? == 1)
}

/// A message that was sent, or is to be.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = webhook_deliveries)]
pub struct DeliveryRow {
    pub id: Id,
    pub webhook_id: Id,
    pub message: String,
    pub position: i64,
    /// The cursor before it, from which it can be sent again.
    pub after_cursor: String,
    pub resource: Option<Resource>,
    pub record_key: Option<String>,
    pub change: Change,
    pub outcome: DeliveryOutcome,
    pub attempts: i32,
    pub status: Option<i32>,
    pub problem: Option<String>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

type Deliveries = webhook_deliveries::BoxedQuery<'static, MultiBackend>;

sortable! { DeliveryRow, Deliveries, key "id" => webhook_deliveries::id as Id;
    webhook_deliveries of |row| row => "updatedAt" updated_at, then id;
}

params! {
    /// What a list of deliveries may be narrowed to.
    pub struct ListWebhookDeliveries list of DeliveryRow {
        /// What came of them.
        outcome: OneOf<DeliveryOutcome> = "outcome",
    }
}

pub fn deliveries(webhook: Id, asked: &ListWebhookDeliveries) -> Deliveries {
    let mut own = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(webhook)).into_boxed();
    if let Some(OneOf(outcomes)) = &asked.outcome {
        own = own.filter(one_of!(webhook_deliveries::outcome, outcomes.clone()));
    }
    own
}

/// Notes one more attempt to send a message: one row for a message that has not arrived yet.
pub fn note(conn: &mut Conn, row: DeliveryRow) -> Result<()> {
    let waiting = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(row.webhook_id))
        .filter(webhook_deliveries::message.eq(row.message.clone()))
        .filter(webhook_deliveries::outcome.eq(DeliveryOutcome::Failed));
    let again = (
        webhook_deliveries::outcome.eq(row.outcome),
        webhook_deliveries::attempts.eq(webhook_deliveries::attempts + 1),
        webhook_deliveries::status.eq(row.status),
        webhook_deliveries::problem.eq(row.problem.clone()),
        webhook_deliveries::updated_at.eq(row.updated_at),
    );
    if diesel::update(waiting).set(again).execute_kept(conn)? == 0 {
        diesel::insert_into(webhook_deliveries::table).values(row).execute_kept(conn)?;
    }
    Ok(())
}

/// Forgets what was sent long ago.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let before = (now - TimeDelta::days(DELIVERIES_KEPT)).naive_utc();
    let old = webhook_deliveries::table.filter(webhook_deliveries::updated_at.lt(before));
    diesel::delete(old).execute_kept(conn)?;
    Ok(())
}
