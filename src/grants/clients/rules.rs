//! The rules for a client, and its moves.

use crate::error::{Faults, Result};
use crate::transitions::rules::Machine;
use crate::vocabulary::Id;
use crate::{words, written};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// Whether a client is let in.
    pub enum ClientState { Active = "active", Suspended = "suspended" }
}

impl Machine for ClientState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Active => vec![Self::Suspended],
            Self::Suspended => vec![Self::Active],
        }
    }

    fn needs_reason(self, _: Self) -> bool {
        true
    }
}

/// A system that asks for tokens. Its id is also the subject of its tokens, which grants name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateClientRequest, example = json!({ "name": "Data warehouse", "organisation": "RJZ", "jwksUrl": "https://warehouse.example/jwks.json" }))]
pub struct Client {
    #[schema(example = "Data warehouse", min_length = 1, max_length = 200)]
    pub name: String,
    /// The code of the organisation that the client belongs to, which answers for what it does.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub organisation: String,
    /// Where the client publishes its public keys (RFC 7517), for one that rotates them itself. Keys can also be uploaded.
    #[schema(
        example = "https://warehouse.example/jwks.json",
        pattern = r"^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\S*)?$",
        max_length = 500,
        nullable = false
    )]
    pub jwks_url: Option<String>,
}

/// What the register adds to a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientAdded {
    /// The `client_id` at the token endpoint.
    pub id: Id,
    #[schema(max_length = 200)]
    pub organisation_name: String,
    pub state: ClientState,
    /// The subject of whoever registered it.
    #[schema(max_length = 300)]
    pub made_by: String,
}

written! { Client, ClientAdded, |_, added| added.id.to_string() }

impl Client {
    /// # Errors
    /// `validation-failed` for a blank name, or an address with a user or a fragment in it.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.name = self.name.trim().to_owned();
        self.organisation = self.organisation.to_ascii_uppercase();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if self.jwks_url.as_deref().is_some_and(|url| !is_address(url)) {
            faults.add("/jwksUrl", "address", "Expected an https address without a user or a fragment.");
        }
        faults.check()?;
        Ok(self)
    }
}

/// Whether it is an https address; on the machine itself, for trials, http will do.
fn is_address(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| {
        let is_here = matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_loopback());
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        is_bare && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
    })
}
