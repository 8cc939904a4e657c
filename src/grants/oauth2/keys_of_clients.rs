//! The public keys that clients publish themselves, kept for a while.

use crate::grants::client_keys::rules::usable;
use crate::http::outbound::Outbound;
use crate::vocabulary::Id;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long keys are kept: one that is taken away is refused after this.
const KEPT: Duration = Duration::from_secs(300);
/// How often they are read again at most, because an assertion names a key that is not among them, or they could not be read.
const AGAIN: Duration = Duration::from_secs(30);
const MOST_CLIENTS: usize = 1_000;
const MOST_KEYS: usize = 20;

/// The keys at an address, when they were read, and when that was tried last.
struct Read {
    url: String,
    at: Instant,
    tried: Instant,
    keys: Result<Vec<Jwk>, String>,
}

/// What was read of one client's address last. It is held while that is read again, so that whoever sends many assertions
/// at once makes one call.
type Last = Arc<tokio::sync::Mutex<Option<Read>>>;

/// What this process has read of clients' addresses.
#[derive(Default)]
pub struct KeysOfClients(Mutex<HashMap<Id, Last>>);

impl KeysOfClients {
    /// The keys that a client publishes.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn at(&self, outbound: &Outbound, client: Id, url: &str, kid: &str) -> Result<Vec<Jwk>, String> {
        let mut last = self.last(client).lock_owned().await;
        let known = last.take().filter(|read| read.url == url);
        if let Some(Read { at, tried, keys, .. }) = &known {
            let holds =
                keys.as_ref().is_ok_and(|keys| keys.iter().any(|key| key.common.key_id.as_deref() == Some(kid)));
            if tried.elapsed() < AGAIN || (holds && at.elapsed() < KEPT) {
                let keys = keys.clone();
                *last = known;
                return keys;
            }
        }
        let (outbound, url) = (outbound.clone(), url.to_owned());
        let reading = async move {
            let (found, now) = (read(&outbound, &url).await, Instant::now());
            let read = match (found, known) {
                // Else whoever names a key that there is not could shut the client out while its address is down.
                (Err(_), Some(known)) if known.keys.is_ok() && known.at.elapsed() < KEPT => {
                    Read { tried: now, ..known }
                }
                (keys, _) => Read { url, at: now, tried: now, keys },
            };
            last.insert(read).keys.clone()
        };
        // To its end, even where whoever asked does not wait for it: else each who leaves makes another call.
        tokio::spawn(reading).await.map_err(|_| "its keys cannot be read".to_owned())?
    }

    fn last(&self, client: Id) -> Last {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_CLIENTS && !all.contains_key(&client) {
            all.clear();
        }
        all.entry(client).or_default().clone()
    }
}

/// A JSON Web Key Set, whatever else is in it.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Map<String, Value>>,
}

/// # Errors
/// Why there are no keys. The address is not told: whoever knows a client's id may be told.
async fn read(outbound: &Outbound, url: &str) -> Result<Vec<Jwk>, String> {
    let body = outbound.get(url).await.map_err(|why| format!("the keys at its jwksUrl cannot be read: {why}"))?;
    let set: KeySet = serde_json::from_slice(&body).map_err(|_| "what is at its jwksUrl is no JWKS".to_owned())?;
    Ok(usable(set.keys.into_iter().take(MOST_KEYS)))
}
