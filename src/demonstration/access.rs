//! A client, to show what one is. Nobody can use it: the private half of its key was thrown away when it was made, and so is
//! its secret. And a webhook, which is suspended and has no secret, so that nothing is sent; a job that is done, and one that waits.

use crate::access::{Operation, Role};
use crate::changes::rules::Resource;
use crate::db::Conn;
use crate::db::jobs::{self, Asked, JobKind, JobRow, JobState};
use crate::error::Result;
use crate::grants::client_keys::ops::create_client_keys;
use crate::grants::client_keys::rules::NewKeys;
use crate::grants::client_secrets::ops::create_client_secret;
use crate::grants::client_secrets::rules::NewSecret;
use crate::grants::clients::ops::create_client;
use crate::grants::clients::rules::Client;
use crate::grants::ops::create_grant;
use crate::grants::rules::Grant;
use crate::http::{CSV, Context};
use crate::transitions::rules::Move;
use crate::vocabulary::Id;
use crate::webhooks;
use crate::webhooks::rules::{Webhook, WebhookState};
use serde_json::json;

/// Registers the client, with a key, a secret and a grant.
pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let new =
        Client { name: "Data warehouse (illustrative)".to_owned(), organisation: "RJZ".to_owned(), jwks_url: None };
    let client = create_client(conn, &context.step(Operation::create_client), new)?.row.id.to_string();
    let key = json!({
        "kty": "EC",
        "crv": "P-256",
        "kid": "2026-06",
        "x": "ERo02r2EPZXZBG07sm2PhKvx6ddwAP0_sA3H1ro45ic",
        "y": "5QF6VWz6W6h46aDskCh8XF2MVghz4Teid8S62NoagRk"
    });
    let keys = NewKeys { keys: key.as_object().cloned().into_iter().collect() };
    create_client_keys(conn, &context.step(Operation::create_client_keys), &client, keys)?;
    let secret = NewSecret { to: None };
    create_client_secret(conn, &context.step(Operation::create_client_secret), &client, &secret)?;
    let grant = Grant { organisation: Some("RJZ".to_owned()), ..Grant::national(&client, Role::Submitter) };
    create_grant(conn, &context.step(Operation::create_grant), grant)?;
    let new = Webhook {
        name: "Data warehouse (illustrative)".to_owned(),
        url: "https://warehouse.example/register".to_owned(),
        resources: vec![Resource::Innovations, Resource::Adoptions],
        after: None,
    };
    let step = context.step(Operation::create_webhook);
    let row = webhooks::ops::make(conn, &step, Id::generate(), new, Vec::new())?;
    let reason = Some("It shows what a webhook is.".to_owned());
    let suspended = Move { to: WebhookState::Suspended, reason, effective_on: context.today() };
    webhooks::ops::moved(conn, &context.step(Operation::transition_webhook), row, &suspended)?;
    load_jobs(conn, context)
}

/// An export that is done, and one that begins when it is no longer kept.
fn load_jobs(conn: &mut Conn, context: &Context) -> Result<()> {
    let job = || {
        let step = context.step(Operation::list_kpi_values);
        let asked = Asked {
            kind: JobKind::ExportKpiValues,
            made_by: step.actor.subject.clone(),
            end_user_id: None,
            request_id: step.request_id,
            target: "/v1/kpi-values?kpi=emergency-attendances&organisation=RJZ&period=last-12-months".to_owned(),
            accept: "text/csv",
            content_type: String::new(),
        };
        JobRow::new(asked, context.now)
    };
    let answer = "kpi,organisation,innovation,period,breakdown,value,numerator,denominator,qualifier,basis,comment,illustrative\n";
    let row = job();
    let done = JobRow {
        state: JobState::Succeeded,
        result: Some(format!("/v1/jobs/{}/result", row.id)),
        answer_type: Some(CSV.to_owned()),
        answer_bytes: answer.len() as i64,
        attempts: 1,
        started_at: Some(row.created_at),
        ended_at: Some(row.created_at),
        ..row
    };
    jobs::keep_ended(conn, &done, answer.as_bytes())?;
    let row = job();
    jobs::keep(conn, &JobRow { lease_until: row.expires_at, ..row }, std::io::empty())
}
