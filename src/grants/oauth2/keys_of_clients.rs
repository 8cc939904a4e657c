//! The public keys that clients publish themselves, kept for a while.

use crate::http::outbound::Outbound;
use crate::vocabulary::Id;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long keys are kept: one that is taken away is refused after this.
const KEPT: Duration = Duration::from_secs(300);
/// How often they are read again at most, because an assertion names a key that is not among them, or they could not be read.
const AGAIN: Duration = Duration::from_secs(30);
const MOST_CLIENTS: usize = 1_000;
const MOST_KEYS: usize = 20;

/// The keys at an address, and when they were read.
#[derive(Clone)]
struct Read {
    url: String,
    at: Instant,
    keys: Result<Vec<Jwk>, String>,
}

/// What this process has read of clients' addresses.
#[derive(Default)]
pub struct KeysOfClients(Mutex<HashMap<Id, Read>>);

impl KeysOfClients {
    /// The keys that a client publishes.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn at(&self, outbound: &Outbound, client: Id, url: &str, kid: &str) -> Result<Vec<Jwk>, String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&client).cloned();
        if let Some(Read { at, keys, .. }) = known.filter(|read| read.url == url) {
            let holds =
                keys.as_ref().is_ok_and(|keys| keys.iter().any(|key| key.common.key_id.as_deref() == Some(kid)));
            if at.elapsed() < AGAIN || (holds && at.elapsed() < KEPT) {
                return keys;
            }
        }
        let keys = read(outbound, url).await;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_CLIENTS {
            all.clear();
        }
        all.insert(client, Read { url: url.to_owned(), at: Instant::now(), keys: keys.clone() });
        keys
    }
}

async fn read(outbound: &Outbound, url: &str) -> Result<Vec<Jwk>, String> {
    let body = outbound.get(url).await.map_err(|why| format!("its keys at {url} cannot be read: {why}"))?;
    let set: JwkSet = serde_json::from_slice(&body).map_err(|_| format!("what is at {url} is no JWKS"))?;
    Ok(set.keys.into_iter().take(MOST_KEYS).collect())
}
