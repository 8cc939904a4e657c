//! `GET /v1/audit-events`.

use super::store::{self, AuditEventRow, ListAuditEvents};
use crate::error::Result;
use crate::http::{Asked, Cx, Listed, Listing};
use crate::vocabulary::{Id, hex, instant};
use actix_web::get;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One event of the audit trail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEventResponse {
    id: Id,
    /// The position in the order of all events, without gaps.
    #[schema(minimum = 1)]
    position: i64,
    #[schema(format = "date-time", max_length = 40)]
    occurred_at: String,
    /// Who did it; `erased:` and a number once that person was erased.
    #[schema(max_length = 300)]
    subject: String,
    #[schema(max_length = 60)]
    end_user_organisation: Option<String>,
    #[schema(example = "create_innovation", max_length = 60)]
    operation: String,
    #[schema(example = "innovation", max_length = 60)]
    resource: String,
    #[schema(example = "heartflow", max_length = 200)]
    key: String,
    /// The version of the record after the event.
    #[schema(minimum = 0)]
    version: i32,
    /// The subject of the person whose record it is, where it is a person's.
    #[schema(max_length = 300)]
    owner: Option<String>,
    #[schema(max_length = 60)]
    request_id: String,
    /// The details: ids and codes, never a person's name. Null once an erasure took them.
    #[schema(value_type = Option<Object>)]
    data: Box<RawValue>,
    /// Whether an erasure took something out of the event.
    erased: bool,
    /// The SHA-256, in hexadecimal, of the previous event's hash and of this event. Details and subjects are part of it
    /// by salted digests, so that they can be erased and the trail still be verified.
    #[schema(max_length = 64)]
    hash: String,
}

impl From<AuditEventRow> for AuditEventResponse {
    fn from(row: AuditEventRow) -> Self {
        Self {
            id: row.id,
            position: row.position,
            occurred_at: instant(row.occurred_at),
            subject: row.subject,
            owner: row.owner,
            end_user_organisation: row.end_user_organisation,
            operation: row.operation,
            resource: row.resource,
            key: row.resource_key,
            version: row.resource_version,
            request_id: row.request_id,
            data: row.data.value,
            erased: row.erased_by.is_some(),
            hash: hex(&row.hash),
        }
    }
}

/// List audit events
///
/// Lists the events in your scope about records that you may see, what you did, and what was done to records of your own;
/// oldest first by default. As CSV or JSON lines, the whole selection.
#[utoipa::path(tag = "audit-events", params(ListAuditEvents), responses((status = 200, description = "A page of events", body = Listing<AuditEventResponse>)))]
#[get("/v1/audit-events")]
pub async fn list_audit_events(cx: Cx, asked: Asked<ListAuditEvents>) -> Result<Listed<AuditEventResponse>> {
    cx.list(asked, store::list).await
}
