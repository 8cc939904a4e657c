//! `/v1/webhooks`.

use super::ops::{self, MadeSecret};
use super::rules::{DeliveryOutcome, Webhook};
use super::store::{self, DeliveryRow, ListWebhookDeliveries, ListWebhooks};
use crate::changes::rules::{Change, Resource};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::grants::keys::SealingKey;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Id, instant};
use actix_web::{delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

type WebhookResponse = Stored<Webhook>;
type WebhookPatch = Patch<Webhook>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(create_webhook_secret)
        .service(transition_webhook)
        .service(list_webhook_transitions)
        .service(list_webhook_deliveries);
}

fn sealing(cx: &Cx) -> Result<SealingKey> {
    SealingKey::open(&cx.service.config.keys).map_err(Error::internal)
}

/// List webhooks
///
/// Lists your webhooks, by name; all of them for a national administrator.
#[utoipa::path(tag = "webhooks", params(ListWebhooks), responses((status = 200, description = "A page of webhooks", body = Listing<WebhookResponse>)))]
#[get("/v1/webhooks")]
pub async fn list_webhooks(cx: Cx, asked: Asked<ListWebhooks>) -> Result<Listed<WebhookResponse>> {
    cx.list(asked, store::list).await
}

/// Make a webhook
///
/// From now on, or from the cursor that you name, each change that you may see is sent to the address: as a CloudEvent of the
/// entry in `/v1/changes`, in order, signed as Standard Webhooks says. The answer shows the secret, this once. Your grants
/// decide what is sent, as they are then.
#[utoipa::path(tag = "webhooks", request_body = Webhook, responses((status = 201, description = "Made", body = MadeSecret)))]
#[post("/v1/webhooks")]
pub async fn create_webhook(cx: Cx, body: Body<Webhook>) -> Result<Created<MadeSecret>> {
    let sealing = sealing(&cx)?;
    cx.create(body, move |conn, context, new| ops::create_webhook(conn, context, &sealing, new)).await
}

/// Get a webhook
///
/// Returns the webhook, how far it has got, and since when it fails. What waits for it is `/v1/changes?after=` its `after`.
#[utoipa::path(tag = "webhooks", params(IdPath), responses((status = 200, description = "The webhook", body = WebhookResponse)))]
#[get("/v1/webhooks/{id}")]
pub async fn get_webhook(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<WebhookResponse>> {
    cx.show(move |conn, context| ops::get_webhook(conn, context, &path.id)).await
}

/// Change a webhook
///
/// Takes a merge patch. With another `after` it goes on from there: an earlier cursor has changes sent again.
#[utoipa::path(tag = "webhooks", params(IdPath), request_body(content = WebhookPatch, example = json!({ "resources": ["innovations"] })), responses((status = 200, description = "Changed", body = WebhookResponse)))]
#[patch("/v1/webhooks/{id}")]
pub async fn update_webhook(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<WebhookPatch>,
) -> Result<Answer<WebhookResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_webhook(conn, context, &path.id, &patch)).await
}

/// Delete a webhook
///
/// Nothing is sent any more. The secrets and the list of deliveries are gone.
#[utoipa::path(tag = "webhooks", params(IdPath), responses((status = 204, description = "Deleted")))]
#[delete("/v1/webhooks/{id}")]
pub async fn delete_webhook(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_webhook(conn, context, &path.id)).await
}

/// How the former secret ends.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateWebhookSecretRequest, example = json!({}))]
pub struct NewSecret {
    /// Whether messages are signed with the former secret as well, for a day. False for one that others know.
    #[serde(default = "signs")]
    #[schema(default = true)]
    pub former_signs: bool,
}

fn signs() -> bool {
    true
}

/// Make another secret for a webhook
///
/// The answer shows the secret, this once. For a day messages are signed with the former one as well, unless you say otherwise.
#[utoipa::path(tag = "webhooks", params(IdPath), request_body = NewSecret, responses((status = 201, description = "Made", body = MadeSecret)))]
#[post("/v1/webhooks/{id}/secrets")]
pub async fn create_webhook_secret(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<NewSecret>,
) -> Result<Created<MadeSecret>> {
    let sealing = sealing(&cx)?;
    let make = move |conn: &mut Conn, context: &Context, new: NewSecret| {
        ops::create_webhook_secret(conn, context, &sealing, (&path.id, new.former_signs))
    };
    cx.create(body, make).await
}

/// Suspend a webhook
///
/// Moves from `active` to `suspended`, with a reason, and back. Nothing is skipped: it goes on where it was.
#[utoipa::path(tag = "webhooks", params(IdPath), request_body(content = AskedMove, example = json!({ "to": "suspended", "reason": "The warehouse is being moved." })), responses((status = 200, description = "Moved", body = WebhookResponse)))]
#[post("/v1/webhooks/{id}/transitions")]
pub async fn transition_webhook(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<WebhookResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_webhook(conn, context, &path.id, asked)).await
}

/// List the moves of a webhook
///
/// Every suspension and its end, oldest first by default.
#[utoipa::path(tag = "webhooks", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/webhooks/{id}/transitions")]
pub async fn list_webhook_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        Ok(transitions::store::history(ops::RESOURCE, ops::get_webhook(conn, context, &path.id)?.id))
    })
    .await
}

/// A message that was sent, or could not be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDeliveryResponse)]
pub struct DeliveryResponse {
    id: Id,
    /// The `webhook-id` of the message: the same each time that it is sent.
    #[schema(max_length = 100)]
    message: String,
    /// The position of the change.
    #[schema(minimum = 0)]
    position: i64,
    /// The cursor before it. Set the webhook's `after` to it to have it sent again, and what follows.
    #[schema(max_length = 100)]
    after: String,
    resource: Option<Resource>,
    #[schema(max_length = 200)]
    key: Option<String>,
    change: Change,
    outcome: DeliveryOutcome,
    #[schema(minimum = 1)]
    attempts: i32,
    /// The status that the address answered with last, where it answered.
    #[schema(minimum = 100, maximum = 999)]
    status: Option<i32>,
    /// Why there was no answer.
    #[schema(max_length = 200)]
    problem: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    first_attempt_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<DeliveryRow> for DeliveryResponse {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            message: row.message,
            position: row.position,
            after: row.after_cursor,
            resource: row.resource,
            key: row.record_key,
            change: row.change,
            outcome: row.outcome,
            attempts: row.attempts,
            status: row.status,
            problem: row.problem,
            first_attempt_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
        }
    }
}

/// List what a webhook was sent
///
/// Lists the messages of the last thirty days, oldest first by default, with how often each was tried and what was answered.
#[utoipa::path(tag = "webhooks", params(IdPath, ListWebhookDeliveries), responses((status = 200, description = "A page of deliveries", body = Listing<DeliveryResponse>)))]
#[get("/v1/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListWebhookDeliveries>,
) -> Result<Listed<DeliveryResponse>> {
    cx.list(asked, move |conn, context, asked| {
        Ok(store::deliveries(ops::get_webhook(conn, context, &path.id)?.id, asked))
    })
    .await
}
