//! Who is asking: the bearer token checked, its subject's grants read, and both remembered for a moment.

use super::claims::{ClaimMap, Mapped};
use super::clients::rules::ClientState;
use super::clients::store as clients;
use super::tokens::{self, Issuer, Verified};
use super::{keys, store};
use crate::access::{Actor, Doorkeeper, EndUser, Grant, Scope, ScopeKind};
use crate::calendar::london_date;
use crate::config::{ExternalIssuer, ExternalKeys};
use crate::db::{Conn, Db};
use crate::error::{Code, Error, Result};
use crate::http::outbound::Outbound;
use crate::vocabulary::{Id, Timestamp};
use crate::{innovations, organisations};
use chrono::TimeDelta;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A revocation must hold within five seconds everywhere: grants are polled every two, and nothing is remembered longer
/// than this even so.
const REMEMBERED: TimeDelta = TimeDelta::seconds(30);
/// While grants cannot be polled, nobody is let in from memory.
const POLLED_WITHIN: Duration = Duration::from_secs(5);
const REMEMBERED_TOKENS: usize = 10_000;

type TokenDigest = [u8; 32];
/// Until when, and as whom.
type Admitted = (Timestamp, Arc<Actor>);

/// What this process remembers of tokens, keys and grants.
pub struct TokenDoorkeeper {
    db: Db,
    builtin: RwLock<Arc<Issuer>>,
    external: Option<External>,
    /// By the SHA-256 of the token and of what narrows it.
    admitted: RwLock<HashMap<TokenDigest, Admitted>>,
    generation: AtomicI64,
    /// When the generation was read last.
    polled: RwLock<Instant>,
}

impl TokenDoorkeeper {
    /// # Errors
    /// Text for the operator, where the external issuer's keys cannot be read.
    pub fn new(db: Db, issuer: String, audience: String, external: Option<&ExternalIssuer>) -> Result<Self, String> {
        let builtin = Issuer {
            name: issuer,
            audience,
            keys: Vec::new(),
            algorithms: vec![Algorithm::ES256],
            claims: ClaimMap::default(),
            typed: true,
            prefix: String::new(),
        };
        let external = external.map(External::read).transpose()?;
        Ok(Self {
            db,
            builtin: RwLock::new(Arc::new(builtin)),
            external,
            admitted: RwLock::default(),
            generation: AtomicI64::new(-1),
            polled: RwLock::new(Instant::now()),
        })
    }

    pub fn issuer(&self) -> Arc<Issuer> {
        self.builtin.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the published keys again.
    pub fn reload_keys(&self, conn: &mut Conn, now: Timestamp) -> Result<()> {
        let keys = keys::published(conn, now)?;
        let new = Issuer { keys, ..self.issuer().as_ref().clone() };
        *self.builtin.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(())
    }

    /// Forgets everyone when any grant has changed anywhere.
    pub fn poll_grants(&self, conn: &mut Conn) -> Result<()> {
        let generation = store::generation(conn)?;
        if self.generation.swap(generation, Ordering::AcqRel) != generation {
            self.admitted.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
        *self.polled.write().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(())
    }

    fn remembered(&self, key: &[u8; 32], now: Timestamp) -> Option<Arc<Actor>> {
        if self.polled.read().unwrap_or_else(PoisonError::into_inner).elapsed() > POLLED_WITHIN {
            return None;
        }
        let admitted = self.admitted.read().unwrap_or_else(PoisonError::into_inner);
        admitted.get(key).filter(|(until, _)| *until > now).map(|(_, actor)| actor.clone())
    }

    /// Remembers an actor, unless grants have changed since the generation that theirs were read after.
    fn remember(&self, key: [u8; 32], until: Timestamp, actor: Arc<Actor>, generation: i64) {
        let mut admitted = self.admitted.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::Acquire) != generation {
            return;
        }
        if admitted.len() >= REMEMBERED_TOKENS {
            admitted.clear();
        }
        admitted.insert(key, (until, actor));
    }
}

/// An issuer outside this service, and where its keys are.
struct External {
    issuer: RwLock<Arc<Issuer>>,
    keys: Option<RemoteKeys>,
}

/// Keys at an address of the operator's choice.
struct RemoteKeys {
    url: String,
    outbound: Outbound,
    /// When they were asked for last.
    read: RwLock<Option<Instant>>,
}

/// How often the keys of an external issuer are read, and how soon again because a token names an unknown one.
const KEYS_KEPT: Duration = Duration::from_secs(600);
const KEYS_AGAIN: Duration = Duration::from_secs(30);

impl External {
    fn read(settings: &ExternalIssuer) -> Result<Self, String> {
        let claims = match &settings.grants_file {
            None => ClaimMap::default(),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|cause| format!("OIDC_GRANTS_FILE: {cause}"))?;
                ClaimMap::parse(&text).map_err(|fault| format!("OIDC_GRANTS_FILE: {fault}"))?
            }
        };
        let (keys, remote) = match &settings.keys {
            ExternalKeys::File(file) => {
                let text = std::fs::read(file).map_err(|cause| format!("OIDC_JWKS_FILE: {cause}"))?;
                (key_set(&text).ok_or("OIDC_JWKS_FILE: the file is no JWKS")?, None)
            }
            ExternalKeys::Url(url) => {
                // The operator names it, so it may lie anywhere.
                let outbound = Outbound::anywhere()?;
                (Vec::new(), Some(RemoteKeys { url: url.clone(), outbound, read: RwLock::default() }))
            }
        };
        let issuer = Issuer {
            name: settings.issuer.clone(),
            audience: settings.audience.clone(),
            keys,
            algorithms: settings.algorithms.iter().filter_map(|name| name.parse().ok()).collect(),
            claims,
            typed: false,
            prefix: format!("{}#", settings.issuer),
        };
        Ok(Self { issuer: RwLock::new(Arc::new(issuer)), keys: remote })
    }

    fn issuer(&self) -> Arc<Issuer> {
        self.issuer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys again, where that was not done for so long. Returns whether it was done now. Those that are there stay
    /// where it fails.
    async fn refresh(&self, older_than: Duration) -> bool {
        let Some(remote) = &self.keys else { return false };
        {
            let mut read = remote.read.write().unwrap_or_else(PoisonError::into_inner);
            if read.is_some_and(|at| at.elapsed() < older_than) {
                return false;
            }
            *read = Some(Instant::now());
        }
        let found = remote.outbound.get(&remote.url).await;
        match found.and_then(|body| key_set(&body).ok_or_else(|| "what is there is no JWKS".to_owned())) {
            Ok(keys) => {
                let new = Issuer { keys, ..self.issuer().as_ref().clone() };
                *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
            }
            Err(cause) => tracing::warn!(cause, "the keys at OIDC_JWKS_URL cannot be read"),
        }
        true
    }
}

fn key_set(text: &[u8]) -> Option<Vec<Jwk>> {
    serde_json::from_slice::<JwkSet>(text).ok().map(|set| set.keys)
}

impl Doorkeeper for TokenDoorkeeper {
    fn admit<'a>(
        &'a self,
        authorization: &'a str,
        end_user: Option<&'a str>,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Actor>>> + Send + 'a>> {
        Box::pin(self.authenticate(authorization, end_user, now))
    }
}

impl TokenDoorkeeper {
    async fn authenticate(&self, authorization: &str, end_user: Option<&str>, now: Timestamp) -> Result<Arc<Actor>> {
        let token = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some(token) = token.map(|(_, token)| token.trim()) else {
            return Err(Error::new(Code::Unauthenticated)
                .detail("The Authorization header must be: Bearer, a space, and a token."));
        };
        let keyed = format!("{token} {}", end_user.unwrap_or_default());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, keyed.as_bytes());
        let mut key = [0u8; 32];
        key.copy_from_slice(digest.as_ref());
        if let Some(actor) = self.remembered(&key, now) {
            return Ok(actor);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let verified = self.verify(token, now).await?;
        let end_user = end_user.map(str::to_ascii_uppercase);
        let actor = self.db.read(move |conn| Ok(Arc::new(resolve(conn, &verified, end_user.as_deref(), now)?))).await?;
        let until =
            actor.grants.iter().map(|grant| grant.to).chain(actor.expires_at).fold(now + REMEMBERED, Timestamp::min);
        self.remember(key, until, actor.clone(), generation);
        Ok(actor)
    }

    async fn verify(&self, token: &str, now: Timestamp) -> Result<Verified> {
        let verify = || {
            let (builtin, external) = (self.issuer(), self.external.as_ref().map(External::issuer));
            let issuers: Vec<&Issuer> = std::iter::once(builtin.as_ref()).chain(external.as_deref()).collect();
            tokens::verify(token, &issuers, now)
        };
        match (verify(), &self.external) {
            (Err(error), Some(external)) if error.public_detail().contains(tokens::UNKNOWN_KEY) => {
                if external.refresh(KEYS_AGAIN).await { verify() } else { Err(error) }
            }
            (verified, _) => verified,
        }
    }

    /// Reads the keys of an external issuer again when it is time.
    pub async fn refresh_keys(&self) {
        if let Some(external) = &self.external {
            external.refresh(KEYS_KEPT).await;
        }
    }
}

/// Reads the grants, and finds the end user's organisation among what they hold for.
///
/// # Errors
/// `invalid-token` for a client that is suspended; as [`end_user_within`].
fn resolve(conn: &mut Conn, verified: &Verified, end_user: Option<&str>, now: Timestamp) -> Result<Actor> {
    let subject = &verified.subject;
    // Clients' subjects are their ids.
    let client = Id::parse(subject).map(|id| clients::find(conn, id)).transpose()?.flatten();
    if client.as_ref().is_some_and(|client| client.state == ClientState::Suspended) {
        return Err(tokens::refused("its client is suspended"));
    }
    let (mut grants, granted) = store::grants_of(conn, subject, now)?;
    for mapped in &verified.mapped {
        grants.extend(mapped_grant(conn, mapped, verified, now)?);
    }
    let named = verified.body.as_deref().map(|code| organisations::store::id_of(conn, &code.to_ascii_uppercase()));
    let body = match (client, named.transpose()?.flatten()) {
        (Some(client), _) => Some(client.organisation_id),
        (None, Some(named)) => Some(named),
        (None, None) => granted,
    };
    let end_user = end_user.map(|code| end_user_within(conn, &grants, code, now)).transpose()?;
    Ok(Actor { subject: subject.clone(), grants, expires_at: Some(verified.expires_at), end_user, body })
}

/// A subject as it could act now, by the grants of this register: for what is done for it while it is away. One whose
/// client is suspended may do nothing.
///
/// # Errors
/// The database's own.
pub fn actor_of(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<Actor> {
    let client = Id::parse(subject).map(|id| clients::find(conn, id)).transpose()?.flatten();
    let (mut grants, granted) = store::grants_of(conn, subject, now)?;
    if client.as_ref().is_some_and(|client| client.state == ClientState::Suspended) {
        grants.clear();
    }
    let body = client.map(|client| client.organisation_id).or(granted);
    Ok(Actor { subject: subject.to_owned(), grants, expires_at: None, end_user: None, body })
}

/// The grant that a claim stands for, while the token is good; none where it names nothing of the register.
fn mapped_grant(conn: &mut Conn, mapped: &Mapped, verified: &Verified, now: Timestamp) -> Result<Option<Grant>> {
    let (role, target) = (mapped.role, mapped.target.as_deref());
    let (mut organisation, mut innovation, mut programme) = (None, None, None);
    match (role.scope(), target) {
        (ScopeKind::Organisation, Some(code)) => {
            let code = code.to_ascii_uppercase();
            organisation = organisations::store::id_of(conn, &code)?.map(|id| (id, code));
        }
        (ScopeKind::Innovation, Some(slug)) => {
            let slug = slug.to_ascii_lowercase();
            innovation = innovations::store::id_of(conn, &slug)?.map(|id| (id, slug));
        }
        (ScopeKind::Programme, Some(slug)) => programme = Some(slug.to_ascii_lowercase()),
        _ => {}
    }
    let scope = store::scope_of(role, organisation, innovation, programme);
    Ok(scope.map(|scope| Grant { role, scope, from: now, to: verified.expires_at }))
}

/// The organisation of an end user: one that a grant for the whole register, or for an organisation at or above it, holds for.
///
/// # Errors
/// `forbidden`.
fn end_user_within(conn: &mut Conn, grants: &[Grant], code: &str, now: Timestamp) -> Result<EndUser> {
    let outside = || {
        let detail = "NHSD-End-User-Organisation-ODS names no organisation inside your grants.";
        Error::new(Code::Forbidden).detail(detail)
    };
    let id = organisations::store::id_of(conn, code)?.ok_or_else(outside)?;
    let places: Vec<Id> = grants.iter().filter_map(|grant| grant.scope.organisation()).collect();
    let inside = grants.iter().any(|grant| grant.scope == Scope::National)
        || organisations::store::is_below_any(conn, id, &places, london_date(now))?;
    if inside { Ok(EndUser { id, code: code.to_owned() }) } else { Err(outside()) }
}
