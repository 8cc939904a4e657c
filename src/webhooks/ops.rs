//! What can be done with webhooks, each in one transaction.

use super::rules::{FORMER_SIGNS_FOR, Webhook, WebhookState, shown};
use super::store::{self, WebhookRow};
use crate::changes;
use crate::changes::ops::{After, Wanted};
use crate::changes::rules::{Cursor, DIGEST};
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::events::{self, Event};
use crate::grants::keys::SealingKey;
use crate::http::{Context, Patch};
use crate::record::Record;
use crate::transitions;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::{Id, Instant, random};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The name of a webhook's moves among those of every resource.
pub const RESOURCE: &str = "webhook";

/// A secret that was made, which no other answer shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MadeWebhookSecretResponse)]
pub struct MadeSecret {
    /// The webhook's id.
    pub id: Id,
    /// What messages are signed with, as Standard Webhooks writes it. Keep it: it is not shown again.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", max_length = 100)]
    pub secret: String,
    /// Until when messages are signed with the former secret as well.
    pub former_until: Option<Instant>,
    #[schema(minimum = 1)]
    pub version: i32,
    /// Where the answer is about, below the path that was asked.
    #[serde(skip)]
    pub below: String,
}

impl Record for MadeSecret {
    fn key(&self) -> String {
        self.below.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

/// A webhook that the caller may see: their own, or any for a national administrator.
///
/// # Errors
/// `not-found`.
pub fn get_webhook(conn: &mut Conn, context: &Context, id: &str) -> Result<WebhookRow> {
    by_id(id, RESOURCE, |id| store::find(conn, context, id))
}

fn new_secret(sealing: &SealingKey, id: Id) -> Result<(String, Vec<u8>)> {
    let secret = random::<24>()?;
    Ok((shown(&secret), sealing.seal(&id.to_string(), &secret)?))
}

/// The cursor that somebody names, or the one at the end.
fn cursor(conn: &mut Conn, context: &Context, after: Option<&str>) -> Result<Cursor> {
    let after = After::read(after.or(Some("now")))?;
    let wanted = Wanted { resources: Vec::new(), place: None, limit: 1 };
    let page = changes::ops::page(conn, context, &wanted, &after)?;
    changes::ops::keep_scope(conn, context, &page)?;
    Ok(match after {
        After::Cursor(cursor) => cursor,
        After::Beginning | After::Now => page.next,
    })
}

/// Makes a webhook. What it is sent is what its maker may see, then.
///
/// # Errors
/// `validation-failed`, `invalid-cursor`, `cursor-expired`.
pub fn create_webhook(conn: &mut Conn, context: &Context, sealing: &SealingKey, new: Webhook) -> Result<MadeSecret> {
    let id = Id::generate();
    let (secret, sealed) = new_secret(sealing, id)?;
    let row = make(conn, context, id, new, sealed)?;
    Ok(MadeSecret { id, secret, former_until: None, version: row.version, below: id.to_string() })
}

/// Makes a webhook with what is sealed as its secret.
///
/// # Errors
/// As [`create_webhook`].
pub fn make(conn: &mut Conn, context: &Context, id: Id, new: Webhook, sealed: Vec<u8>) -> Result<WebhookRow> {
    let new = new.checked()?;
    let after = cursor(conn, context, new.after.as_deref())?;
    let row = WebhookRow::new(context, id, &new, sealed, &after)?;
    store::insert(conn, &row)?;
    trace(conn, context, &row, json!({ "resources": new.resources }))?;
    Ok(row)
}

/// Changes a webhook, or sets it back to an earlier cursor.
///
/// # Errors
/// `not-found`, `version-mismatch`, `validation-failed`, `invalid-cursor`, `cursor-expired`.
pub fn update_webhook(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Webhook>) -> Result<WebhookRow> {
    let present = get_webhook(conn, context, id)?;
    let before = present.webhook()?;
    let Some(new) = context.revised_by(&before, present.version, patch, Webhook::checked)? else { return Ok(present) };
    let is_set_back = patch.touches("after") && new.after != before.after;
    let row = WebhookRow {
        sort_name: crate::vocabulary::fold(&new.name),
        name: new.name,
        url: new.url,
        resources: serde_json::to_string(&new.resources)?,
        ..present.next(context)
    };
    store::update(conn, &row)?;
    if is_set_back {
        let after = cursor(conn, context, new.after.as_deref())?;
        store::restart(conn, row.id, (&after.text(), after.position), context.now)?;
    }
    trace(conn, context, &row, json!({ "resources": new.resources, "setBack": is_set_back }))?;
    get_webhook(conn, context, id)
}

/// Removes a webhook.
///
/// # Errors
/// `not-found`, `version-mismatch`.
pub fn delete_webhook(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = get_webhook(conn, context, id)?;
    context.check_version(present.version)?;
    store::remove(conn, present.id)?;
    trace(conn, context, &present.next(context), json!({ "removed": true }))
}

/// Gives a webhook another secret; the former one signs beside it for a day, or not at all.
///
/// # Errors
/// `not-found`.
pub fn create_webhook_secret(
    conn: &mut Conn,
    context: &Context,
    sealing: &SealingKey,
    (id, former_signs): (&str, bool),
) -> Result<MadeSecret> {
    let present = get_webhook(conn, context, id)?;
    let (secret, sealed) = new_secret(sealing, present.id)?;
    let former = Some(present.secret_sealed.clone()).filter(|sealed| former_signs && !sealed.is_empty());
    let until = former.is_some().then(|| context.now + FORMER_SIGNS_FOR);
    let row = WebhookRow {
        secret_sealed: sealed,
        former_sealed: former,
        former_until: until.map(|until| until.naive_utc()),
        ..present.next(context)
    };
    store::update(conn, &row)?;
    trace(conn, context, &row, json!({ "secret": "made" }))?;
    Ok(MadeSecret { id: row.id, secret, former_until: until.map(Instant), version: row.version, below: String::new() })
}

/// Suspends a webhook, or lets it go on where it was.
///
/// # Errors
/// `not-found`, `version-mismatch`, `illegal-transition`, `validation-failed` without a reason to suspend it.
pub fn transition_webhook(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<WebhookRow> {
    let present = get_webhook(conn, context, id)?;
    context.check_version(present.version)?;
    let step: Move<WebhookState> = asked.read(context.today())?;
    step.decide(present.state)?;
    moved(conn, context, present, &step)?;
    get_webhook(conn, context, id)
}

/// Moves a webhook. Whoever sends at this moment stops; one that goes on is tried at once.
pub fn moved(conn: &mut Conn, context: &Context, present: WebhookRow, step: &Move<WebhookState>) -> Result<()> {
    let (from, after) = (present.state, (present.after_cursor.clone(), present.position));
    let row = WebhookRow { state: step.to, ..present.next(context) };
    store::update(conn, &row)?;
    store::restart(conn, row.id, (&after.0, after.1), context.now)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, step)?;
    trace(conn, context, &row, json!({ "from": from, "to": step.to }))
}

fn trace(conn: &mut Conn, context: &Context, row: &WebhookRow, data: Value) -> Result<()> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { owner: Some(row.made_by.clone()), ..event })
}

/// The cursor after an entry: before it, where another of the same position follows.
pub fn after_entry(next: &Cursor, position: i64, follows: bool) -> Cursor {
    Cursor { position: if follows { position - 1 } else { position }, ..next.clone() }
}

/// A name of the scope, for messages that have no other.
pub fn scope_name(scope: &[u8; DIGEST]) -> String {
    crate::vocabulary::hex(&scope[..8])
}
