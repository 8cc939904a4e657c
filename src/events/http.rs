//! `GET /v1/audit-events`.

use super::store::{self, EventFilter, EventRow};
use crate::error::Result;
use crate::http::params::{CodeParam, Line, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::Cx;
use crate::params;
use crate::vocabulary::{Id, Timestamp, instant};
use actix_web::get;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

params! {
    /// What the audit trail may be narrowed to.
    pub struct ListAuditEvents list of EventRow {
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
        /// Events before this instant.
        to: Timestamp = "to",
    }
}

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
    #[schema(max_length = 60)]
    request_id: String,
    /// The details: ids and codes, never a person's name.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// The SHA-256, in hexadecimal, of the previous event's hash and every field of this event.
    #[schema(max_length = 64)]
    hash: String,
}

impl AuditEventResponse {
    fn of(row: EventRow) -> Self {
        Self {
            id: row.id,
            position: row.position.unwrap_or_default(),
            occurred_at: instant(row.occurred_at),
            subject: row.subject,
            end_user_organisation: row.end_user_organisation,
            operation: row.operation,
            resource: row.resource,
            key: row.resource_key,
            version: row.resource_version,
            request_id: row.request_id,
            data: RawValue::from_string(row.data).unwrap_or_default(),
            hash: row.hash.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// List audit events
///
/// Lists every event in your scope, and every event of your own, oldest first by default.
#[utoipa::path(tag = "audit-events", params(ListAuditEvents), responses((status = 200, description = "A page of events", body = Listing<AuditEventResponse>)))]
#[get("/v1/audit-events")]
pub async fn list_audit_events(cx: Cx, query: Query<ListAuditEvents>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let filter = EventFilter {
            resource: query.resource.map(|code| code.0),
            key: query.key.map(|line| line.0),
            subject: query.subject.map(|line| line.0),
            operation: query.operation.map(|line| line.0),
            from: query.from.map(|at| at.naive_utc()),
            to: query.to.map(|at| at.naive_utc()),
        };
        let page = store::list(conn, &context.reach(), context, &filter, &query.page)?;
        Reply::page(page, &target, AuditEventResponse::of)
    })
    .await
}
