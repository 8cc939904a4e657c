//! From a client's proof to an access token.

use super::assertions;
use super::keys_of_clients::KeysOfClients;
use super::requests::{Proof, client_refused};
use super::store;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::grants::clients::rules::ClientState;
use crate::grants::clients::store::{self as clients, ClientRow};
use crate::grants::keys::{self, SealingKey};
use crate::grants::{client_keys, client_secrets, tokens};
use crate::http::outbound::Outbound;
use crate::http::problem::TokenError;
use crate::vocabulary::{Id, Timestamp};
use chrono::TimeDelta;
use jsonwebtoken::jwk::Jwk;
use std::sync::Arc;
use tokio::sync::Semaphore;

pub use super::store::sweep;

/// How long an access token lives.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// How many secrets are hashed at once: each takes 19 MiB and some hundredths of a second of a processor.
const HASHED_AT_ONCE: usize = 2;

/// What hands out tokens.
pub struct TokenOffice {
    db: Db,
    issuer: String,
    audience: String,
    sealing: Arc<SealingKey>,
    outbound: Outbound,
    keys_of_clients: KeysOfClients,
    hashing: Arc<Semaphore>,
}

/// Why no token was given: the client's fault, or ours.
pub enum Refused {
    ByRule(TokenError),
    ByFault(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::ByFault(error)
    }
}

fn refused(detail: impl Into<String>) -> Refused {
    Refused::ByRule(client_refused(detail))
}

impl TokenOffice {
    pub fn new(db: Db, issuer: String, audience: String, sealing: SealingKey, outbound: Outbound) -> Self {
        let hashing = Arc::new(Semaphore::new(HASHED_AT_ONCE));
        let (sealing, keys_of_clients) = (Arc::new(sealing), KeysOfClients::default());
        Self { db, issuer, audience, sealing, outbound, keys_of_clients, hashing }
    }

    /// The issuer, which is also where everything else is below.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The address that clients ask for tokens at, and that assertions are made for.
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.issuer)
    }

    /// Lets a client in that has proven who it is, and gives it a token.
    ///
    /// # Errors
    /// What was wrong with the proof, and what was expected; or the database's own.
    pub async fn issue(&self, proof: Proof, now: Timestamp) -> Result<String, Refused> {
        let used = match proof {
            Proof::Assertion(assertion) => self.check_assertion(&assertion, now).await?,
            Proof::Secret { client, secret } => (self.check_secret(&client, secret, now).await?, None),
        };
        let (client, jti) = used;
        let (issuer, audience, sealing) = (self.issuer.clone(), self.audience.clone(), self.sealing.clone());
        let issued = self.db.write(move |conn| {
            if let Some((jti, expires_at)) = &jti
                && !store::use_up(conn, client, jti, *expires_at)?
            {
                return Ok(None);
            }
            let key = keys::signing(conn, &sealing, now)?;
            tokens::issue(&key, &issuer, &audience, &client.to_string(), now, LIFE).map(Some)
        });
        issued.await?.ok_or_else(|| refused("The assertion was refused: its jti was used before; each is good once."))
    }

    async fn check_assertion(
        &self,
        assertion: &str,
        now: Timestamp,
    ) -> Result<(Id, Option<(String, Timestamp)>), Refused> {
        let no = |reason: String| refused(format!("The assertion was refused: {reason}."));
        let (client, kid) = assertions::signer(assertion).map_err(no)?;
        let found = self.db.read(move |conn| known(conn, client)).await?;
        let (row, mut keys) = found.ok_or_else(|| no("its iss names no client of this register".to_owned()))?;
        if let Some(url) = &row.jwks_url {
            let published = self.keys_of_clients.at(&self.outbound, client, url, &kid).await;
            // Keys that were uploaded are good even where the address is down.
            if keys.iter().all(|key| key.common.key_id.as_deref() != Some(&kid)) {
                keys.extend(published.map_err(no)?);
            }
        }
        let asserted = assertions::check(assertion, client, &keys, &self.token_endpoint(), now).map_err(no)?;
        check_state(&row)?;
        Ok((client, Some((asserted.jti, asserted.expires_at))))
    }

    async fn check_secret(&self, client: &str, secret: String, now: Timestamp) -> Result<Id, Refused> {
        let id = Id::parse(client);
        let found = self.db.read(move |conn| match id {
            Some(id) => Ok(clients::find(conn, id)?.zip(Some(client_secrets::store::in_use(conn, id, now)?))),
            None => Ok(None),
        });
        let (row, hashes) = found.await?.map_or((None, Vec::new()), |(row, hashes)| (Some(row), hashes));
        let turn = self.hashing.clone().acquire_owned().await.map_err(Error::internal)?;
        let verifying = tokio::task::spawn_blocking(move || {
            let fits = client_secrets::rules::verify(&secret, &hashes);
            drop(turn);
            fits
        });
        let fits = verifying.await.map_err(Error::internal)?;
        let row = row.filter(|_| fits);
        let row = row.ok_or_else(|| {
            refused("The client was refused: there is no such client, or the secret is not one of its secrets.")
        })?;
        check_state(&row)?;
        Ok(row.id)
    }
}

fn check_state(row: &ClientRow) -> Result<(), Refused> {
    match row.state {
        ClientState::Active => Ok(()),
        ClientState::Suspended => {
            Err(refused("The client is suspended. Its organisation, or the register, can say why."))
        }
    }
}

/// A client and the keys that were uploaded for it.
fn known(conn: &mut Conn, client: Id) -> Result<Option<(ClientRow, Vec<Jwk>)>> {
    let Some(row) = clients::find(conn, client)? else { return Ok(None) };
    Ok(Some((row, client_keys::store::in_use(conn, client)?)))
}
