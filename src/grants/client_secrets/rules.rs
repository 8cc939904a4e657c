//! Secrets of clients: made here, shown once, kept as a hash.

use crate::error::{Error, Result};
use crate::record::Record;
use crate::vocabulary::{Id, Instant, Timestamp, random};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const USUAL: TimeDelta = TimeDelta::days(180);
const LONGEST: TimeDelta = TimeDelta::days(365);
/// How our secrets begin, so that scanners of repositories know one when it has leaked.
const PREFIX: &str = "ir_secret_";

/// How long a new secret of a client lasts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateClientSecretRequest, example = json!({ "to": "2027-04-01T00:00:00Z" }))]
pub struct NewSecret {
    /// The instant from which it is refused, at most a year from now. Default: 180 days from now.
    #[schema(nullable = false)]
    pub to: Option<Instant>,
}

/// A secret of a client, without the secret itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretResponse {
    pub id: Id,
    /// The instant from which it is refused.
    pub to: Instant,
    /// The subject of whoever had it made.
    #[schema(max_length = 300)]
    pub made_by: String,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A secret that was just made. It is shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeSecretResponse {
    pub id: Id,
    /// The `client_secret` at the token endpoint.
    #[schema(example = "ir_secret_9nF0…", max_length = 100)]
    pub secret: String,
    /// The instant from which it is refused.
    pub to: Instant,
    pub version: i32,
}

impl Record for MadeSecretResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

impl NewSecret {
    /// # Errors
    /// `validation-failed` for an end in the past or more than a year from now.
    pub fn end(&self, now: Timestamp) -> Result<Timestamp> {
        let to = self.to.map_or(now + USUAL, |Instant(to)| to);
        if to > now && to <= now + LONGEST {
            return Ok(to);
        }
        Err(Error::invalid("/to", "range", "A secret ends in the future, and at most a year from now."))
    }
}

/// A new secret of 256 random bits.
///
/// # Errors
/// `internal` without randomness.
pub fn make() -> Result<String> {
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// The hash of a secret, by argon2id with a salt of its own (RFC 9106).
///
/// # Errors
/// `internal`.
pub fn hash(secret: &str) -> Result<String> {
    let salt = SaltString::from_b64(&STANDARD_NO_PAD.encode(random::<16>()?))
        .map_err(|cause| Error::internal(cause.to_string()))?;
    let hashed = Argon2::default().hash_password(secret.as_bytes(), &salt);
    Ok(hashed.map_err(|cause| Error::internal(cause.to_string()))?.to_string())
}

/// Whether it is the secret of one of the hashes. It takes as long whether there is one or none, so that nobody learns from
/// the time which clients there are.
pub fn verify(secret: &str, hashes: &[String]) -> bool {
    const OF_NOTHING: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let fits = |hash: &str| {
        PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok())
    };
    let nothing = [OF_NOTHING.to_owned()];
    let tried = if hashes.is_empty() { &nothing } else { hashes };
    let found = tried.iter().fold(false, |found, hash| fits(hash) | found);
    found && !hashes.is_empty()
}
