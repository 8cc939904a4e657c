//! The task that sends what webhooks wait for, on every instance; a lease lets one of them send to each.

use super::ops::{RESOURCE, after_entry, moved, scope_name};
use super::rules::{DeliveryOutcome, TRIED_FOR, WebhookState, cloud_event, signatures, wait_after};
use super::store::{self, DeliveryRow, WebhookRow};
use crate::access::Operation;
use crate::changes;
use crate::changes::ops::{After, Entry, Page, Wanted};
use crate::changes::rules::{Change, Cursor, kind_of};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::events;
use crate::grants::doorkeeper::actor_of;
use crate::grants::keys::SealingKey;
use crate::http::Context;
use crate::http::outbound::Outbound;
use crate::http::service::Service;
use crate::transitions::rules::Move;
use crate::vocabulary::{Id, Timestamp, random};
use actix_web::web::Data;
use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether anybody waits.
const LOOK: Duration = Duration::from_millis(500);
/// Longer than any call takes; it is held anew after each.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many changes are read at a time.
const SOME: usize = 100;

/// Sends, with what it needs to do so.
pub struct Postman {
    service: Data<Service>,
    outbound: Outbound,
    /// Unseals the secrets of webhooks.
    sealing: Arc<SealingKey>,
    /// Where the register is, in messages.
    source: String,
}

/// What became of one turn.
enum Turn {
    /// There is nothing more, or somebody else sends now.
    Over,
    More,
}

impl Postman {
    pub fn new(service: Data<Service>, outbound: Outbound, sealing: SealingKey, source: String) -> Self {
        Self { service, outbound, sealing: Arc::new(sealing), source }
    }

    /// Sends until the process ends.
    pub async fn keep_delivering(self) {
        let postman = Arc::new(self);
        loop {
            tokio::time::sleep(LOOK).await;
            if postman.service.is_leaving() {
                return;
            }
            if let Err(error) = postman.clone().round().await {
                warn(&error);
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.service.clock)()
    }

    /// Begins to serve everyone who waits, side by side: one that is slow holds up itself alone.
    async fn round(self: Arc<Self>) -> Result<()> {
        let now = self.now();
        let due = self
            .service
            .db
            .read(move |conn| {
                let end = events::end(conn)?.position;
                store::due(conn, now, end)
            })
            .await?;
        // Nobody else has the postman while nobody is served.
        if due.is_empty() && Arc::strong_count(&self) <= 2 {
            self.service.metrics.delivery_lag_seconds.set(0);
        }
        for row in due {
            let postman = self.clone();
            actix_web::rt::spawn(async move {
                if let Err(error) = postman.serve(row).await {
                    warn(&error);
                }
            });
        }
        Ok(())
    }

    /// Sends one webhook what it waits for, as long as it is taken.
    async fn serve(&self, row: WebhookRow) -> Result<()> {
        let (id, lease, until) = (row.id, lease()?, self.now() + LEASE);
        if !self.service.db.write(move |conn| store::claim(conn, &row, lease, until)).await? {
            return Ok(());
        }
        while !self.service.is_leaving() && matches!(self.turn(id, lease).await?, Turn::More) {}
        Ok(())
    }

    /// Sends the next few changes.
    async fn turn(&self, id: Id, lease: i64) -> Result<Turn> {
        let now = self.now();
        let sealing = self.sealing.clone();
        let read = self.service.db.snapshot(move |conn| read(conn, id, lease, &sealing, now)).await;
        let letters = match read {
            Ok(Some(letters)) => letters,
            Ok(None) => return Ok(Turn::Over),
            Err(error) if error.code() == Code::CursorExpired => {
                let why = "Its cursor is out of date: the register was restored. Set after to now, and read the lists.";
                self.service.db.write(move |conn| suspend(conn, id, lease, why, now)).await?;
                return Ok(Turn::Over);
            }
            Err(error) => return Err(error),
        };
        let Letters { row, page, secrets, context } = letters;
        let keep = move |conn: &mut Conn| changes::ops::keep_scope(conn, &context, &page).map(|()| page);
        let page = self.service.db.write(keep).await?;
        let (is_last, next) = (page.is_last, page.next.clone());
        let mut before = row.after_cursor.clone();
        for (place, entry) in page.data.iter().enumerate() {
            let follows = page.data.get(place + 1).is_some_and(|other| other.position == entry.position);
            let after = after_entry(&next, entry.position, follows);
            if !self.send(&row, lease, entry, &secrets, (&before, &after)).await? {
                return Ok(Turn::Over);
            }
            before = after.text();
        }
        let until = if is_last { self.now() } else { self.now() + LEASE };
        let held = self.service.db.write(move |conn| store::advance(conn, id, lease, &next, until)).await?;
        Ok(if held && !is_last { Turn::More } else { Turn::Over })
    }

    /// Sends one change. Returns whether it was taken, and the next may be sent.
    async fn send(
        &self,
        row: &WebhookRow,
        lease: i64,
        entry: &Entry,
        secrets: &[Vec<u8>],
        (before, after): (&str, &Cursor),
    ) -> Result<bool> {
        let subject = match entry.resource {
            Some(resource) => resource.as_str().to_owned(),
            None => format!("scope.{}", scope_name(&after.scope)),
        };
        let epoch = crate::vocabulary::hex(&after.epoch);
        let message = format!("{epoch}.{}.{subject}", entry.position);
        let kind = entry.resource.map_or("scope", kind_of);
        // What came to be seen, or is seen no more, is a change of the scope.
        let change = if entry.resource.is_some() { entry.change } else { Change::Changed };
        let about = (entry.href.as_deref(), entry.at.as_str());
        let body = cloud_event(&self.source, &message, (kind, change), about, entry)?;
        let sent_at = self.now();
        let headers = headers(secrets, &message, sent_at.timestamp(), &body)?;
        let lag = entry.at.parse::<Timestamp>().map_or(0, |at| (sent_at - at).num_seconds());
        self.service.metrics.delivery_lag_seconds.set(lag);
        let answered = self.outbound.post(&row.url, headers, body.into_bytes()).await;
        let (status, problem) = match answered {
            Ok(status) => (Some(i32::from(status)), None),
            Err(why) => (None, Some(why)),
        };
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        let outcome = if taken { DeliveryOutcome::Delivered } else { DeliveryOutcome::Failed };
        self.service.metrics.deliveries.with_label_values(&[outcome.as_str()]).inc();
        let now = self.now();
        let delivery = DeliveryRow {
            id: Id::generate(),
            webhook_id: row.id,
            message,
            position: entry.position,
            after_cursor: before.to_owned(),
            resource: entry.resource,
            record_key: entry.key.clone(),
            change: entry.change,
            outcome,
            attempts: 1,
            status,
            problem,
            created_at: now.naive_utc(),
            updated_at: now.naive_utc(),
        };
        let (id, after) = (row.id, after.clone());
        let settle = move |conn: &mut Conn| {
            let held =
                if taken { store::advance(conn, id, lease, &after, now + LEASE)? } else { fail(conn, id, lease, now)? };
            // Of one that was taken away meanwhile there is nothing to note.
            if held {
                store::note(conn, delivery)?;
            }
            Ok(held && taken)
        };
        let goes_on = self.service.db.write(settle).await?;
        self.service.written.notify_one();
        Ok(goes_on)
    }
}

fn warn(error: &Error) {
    tracing::warn!(cause = error.cause().unwrap_or_default(), "webhooks could not be served");
}

/// What is to be sent next.
struct Letters {
    row: WebhookRow,
    page: Page,
    secrets: Vec<Vec<u8>>,
    context: Context,
}

/// Reads what a webhook is to be sent, as whoever made it sees it now. None where the lease is lost.
fn read(conn: &mut Conn, id: Id, lease: i64, sealing: &SealingKey, now: Timestamp) -> Result<Option<Letters>> {
    let everywhere = Context::local(Operation::get_webhook, now);
    let Some(row) = store::find(conn, &everywhere, id)?.filter(|row| row.lease == lease) else { return Ok(None) };
    if row.state != WebhookState::Active {
        return Ok(None);
    }
    let actor = Arc::new(actor_of(conn, &row.made_by, now)?);
    let context = Context { actor, operation: Operation::list_changes, ..everywhere };
    let wanted = Wanted { resources: row.webhook()?.resources, place: None, limit: SOME };
    let page = changes::ops::page(conn, &context, &wanted, &After::read(Some(&row.after_cursor))?)?;
    let name = id.to_string();
    let former = row.former_sealed.as_ref().filter(|_| row.former_until.is_some_and(|until| until > now.naive_utc()));
    let secrets = [Some(&row.secret_sealed), former].into_iter().flatten().map(|sealed| sealing.unseal(&name, sealed));
    let secrets = secrets.collect::<Result<_>>()?;
    Ok(Some(Letters { row, page, secrets, context }))
}

fn headers(secrets: &[Vec<u8>], message: &str, timestamp: i64, body: &str) -> Result<HeaderMap> {
    let values = [
        ("webhook-id", message.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures(secrets, message, timestamp, body)),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cloudevents+json"));
    for (name, value) in values {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).map_err(Error::internal)?);
    }
    Ok(headers)
}

/// Lets it wait, or suspends it after long enough. Returns whether the lease was held.
fn fail(conn: &mut Conn, id: Id, lease: i64, now: Timestamp) -> Result<bool> {
    let everywhere = Context::local(Operation::transition_webhook, now);
    let Some(row) = store::find(conn, &everywhere, id)?.filter(|row| row.lease == lease) else { return Ok(false) };
    let (attempts, since) = (row.attempts + 1, row.failing_since.map_or(now, |since| since.and_utc()));
    let [chance] = random()?;
    let held = store::postpone(conn, id, lease, (attempts, since, now + wait_after(attempts, chance)), now)?;
    if held && now - since >= TRIED_FOR {
        suspend(conn, id, 0, "Nothing could be sent for 72 hours. What waits is behind its cursor.", now)?;
    }
    Ok(held)
}

/// Suspends a webhook that cannot be served.
fn suspend(conn: &mut Conn, id: Id, lease: i64, why: &str, now: Timestamp) -> Result<()> {
    let context = Context::local(Operation::transition_webhook, now);
    let Some(row) = store::find(conn, &context, id)?.filter(|row| row.lease == lease) else { return Ok(()) };
    tracing::warn!(webhook = %id, why, "a {RESOURCE} is suspended");
    let step = Move { to: WebhookState::Suspended, reason: Some(why.to_owned()), effective_on: context.today() };
    moved(conn, &context, row, &step)
}

/// A number that nobody else has a lease by.
fn lease() -> Result<i64> {
    Ok(i64::from_be_bytes(random()?) | 1)
}
