//! The rules for a webhook, its moves, and what it is sent.

use crate::changes::rules::{Change, Resource};
use crate::error::{Error, Faults, Result};
use crate::transitions::rules::Machine;
use crate::vocabulary::{Id, Instant};
use crate::{words, written};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

words! {
    /// Whether a webhook is told of changes.
    pub enum WebhookState { Active = "active", Suspended = "suspended" }
}

words! {
    /// What came of sending a message.
    pub enum DeliveryOutcome { Delivered = "delivered", Failed = "failed" }
}

impl Machine for WebhookState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Active => vec![Self::Suspended],
            Self::Suspended => vec![Self::Active],
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Suspended
    }
}

/// Where somebody wants to be told of the changes that they may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateWebhookRequest, example = json!({ "name": "Data warehouse", "url": "https://warehouse.example/register", "resources": ["innovations", "adoptions"] }))]
pub struct Webhook {
    #[schema(example = "Data warehouse", min_length = 1, max_length = 200)]
    pub name: String,
    /// The https address that changes are sent to. It must not lead to a private network.
    #[schema(
        example = "https://warehouse.example/register",
        pattern = r"^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\S*)?$",
        max_length = 500
    )]
    pub url: String,
    /// The kinds of records. Default: all.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub resources: Vec<Resource>,
    /// The cursor of `/v1/changes` that it has got to; changes behind it are sent next. Set it back to have them sent again.
    /// Default: the end.
    #[schema(pattern = "^(now|[A-Za-z0-9_-]{48})$", max_length = 48, nullable = false)]
    pub after: Option<String>,
}

/// What the register adds to a webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAdded {
    pub id: Id,
    pub state: WebhookState,
    /// The subject whose grants decide what is sent.
    #[schema(max_length = 300)]
    pub made_by: String,
    /// How often the next message was tried in vain.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// Since when nothing could be sent.
    pub failing_since: Option<Instant>,
    /// When it is tried next, where it was in vain.
    pub next_attempt_at: Option<Instant>,
}

written! { Webhook, WebhookAdded, |_, added| added.id.to_string() }

impl Webhook {
    /// # Errors
    /// `validation-failed` for a blank name, or an address with a user or a fragment in it.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        let is_bare = |url: url::Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !url::Url::parse(&self.url).is_ok_and(is_bare) {
            faults.add("/url", "address", "Expected an https address without a user or a fragment.");
        }
        self.resources.sort_unstable();
        self.resources.dedup();
        faults.check()?;
        Ok(self)
    }
}

/// For how long after a change of secrets messages are signed with the former one as well.
pub const FORMER_SIGNS_FOR: TimeDelta = TimeDelta::hours(24);
/// For how long a message is tried.
pub const TRIED_FOR: TimeDelta = TimeDelta::hours(72);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// How long to wait after so many attempts in vain: 5 seconds, doubled each time up to an hour, and up to a quarter more by
/// chance, so that those who fail together do not come back together.
pub fn wait_after(attempts: i32, chance: u8) -> TimeDelta {
    let doubled = 5_i32.saturating_mul(1 << attempts.clamp(1, 12).saturating_sub(1));
    let wait = TimeDelta::seconds(doubled.into()).min(LONGEST_WAIT);
    wait + wait * i32::from(chance) / 1024
}

/// What a secret begins with (Standard Webhooks).
const PREFIX: &str = "whsec_";

/// A secret as its owner is told it.
pub fn shown(secret: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

/// The signatures of a message under each of the secrets (Standard Webhooks, v1).
pub fn signatures(secrets: &[Vec<u8>], message: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{message}.{timestamp}.{body}");
    let sign = |secret: &Vec<u8>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// An event in the form of CloudEvents 1.0.
///
/// # Errors
/// `internal` when the entry cannot be written as JSON.
pub fn cloud_event(
    source: &str,
    message: &str,
    (kind, change): (&str, Change),
    (subject, at): (Option<&str>, &str),
    entry: &impl Serialize,
) -> Result<String> {
    let mut event = json!({
        "specversion": "1.0",
        "id": message,
        "source": format!("{source}/v1/changes"),
        "type": format!("register.{kind}.{}", change.as_str()),
        "time": at,
        "datacontenttype": "application/json",
        "data": serde_json::to_value(entry)?,
    });
    if let Some(subject) = subject {
        event["subject"] = Value::from(subject);
    }
    serde_json::to_string(&event).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_tried_less_and_less_but_every_hour() {
        let waits: Vec<i64> = [1, 2, 3, 10, 11, 100].iter().map(|n| wait_after(*n, 0).num_seconds()).collect();
        assert_eq!(waits, [5, 10, 20, 2560, 3600, 3600]);
        assert_eq!(wait_after(11, 255).num_seconds(), 4496, "and by chance a little later");
    }
}
