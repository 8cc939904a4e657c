//! Who is asking: the bearer token checked, its subject's grants read, and both remembered for a moment.

use super::tokens::{self, Issuer, Verified};
use super::{keys, store};
use crate::access::{Actor, Doorkeeper, Role, Scope};
use crate::calendar::london_date;
use crate::config::ExternalIssuer;
use crate::db::{Conn, Db};
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::vocabulary::{Id, Timestamp};
use chrono::TimeDelta;
use jsonwebtoken::jwk::JwkSet;
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
    external: Option<Issuer>,
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
        let builtin = Issuer { name: issuer, audience, keys: Vec::new(), typed: true, prefix: String::new() };
        let external = external.map(read_external).transpose()?;
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
        let old = self.issuer();
        let new =
            Issuer { name: old.name.clone(), audience: old.audience.clone(), keys, typed: true, prefix: String::new() };
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

    fn remember(&self, key: [u8; 32], until: Timestamp, actor: Arc<Actor>) {
        let mut admitted = self.admitted.write().unwrap_or_else(PoisonError::into_inner);
        if admitted.len() >= REMEMBERED_TOKENS {
            admitted.clear();
        }
        admitted.insert(key, (until, actor));
    }
}

fn read_external(settings: &ExternalIssuer) -> Result<Issuer, String> {
    let text = std::fs::read_to_string(&settings.jwks_file).map_err(|cause| format!("OIDC_JWKS_FILE: {cause}"))?;
    let set: JwkSet = serde_json::from_str(&text).map_err(|_| "OIDC_JWKS_FILE: the file is no JWKS".to_owned())?;
    Ok(Issuer {
        name: settings.issuer.clone(),
        audience: settings.audience.clone(),
        keys: set.keys,
        typed: false,
        prefix: format!("{}#", settings.issuer),
    })
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
        let builtin = self.issuer();
        let issuers: Vec<&Issuer> = std::iter::once(builtin.as_ref()).chain(&self.external).collect();
        let verified = tokens::verify(token, &issuers, now)?;
        let end_user = end_user.map(str::to_ascii_uppercase);
        let actor = self.db.read(move |conn| Ok(Arc::new(resolve(conn, &verified, end_user.as_deref(), now)?))).await?;
        let until =
            actor.grants.iter().map(|grant| grant.to).chain(actor.expires_at).fold(now + REMEMBERED, Timestamp::min);
        self.remember(key, until, actor.clone());
        Ok(actor)
    }
}

/// Reads the grants, narrowed to the end user's organisation where one is named.
fn resolve(conn: &mut Conn, verified: &Verified, end_user: Option<&str>, now: Timestamp) -> Result<Actor> {
    let mut grants = store::grants_of(conn, &verified.subject, now)?;
    if let Some(code) = end_user {
        let today = london_date(now);
        let outside = || {
            Error::new(Code::Forbidden)
                .detail("NHSD-End-User-Organisation-ODS names no organisation inside your grants.")
        };
        let id = crate::organisations::store::id_of(conn, code)?.ok_or_else(outside)?;
        let narrowed = Scope::Organisation { id, code: code.to_owned() };
        let mut kept = Vec::new();
        for mut grant in grants {
            let inside = match &grant.scope {
                Scope::National | Scope::Unscoped => true,
                Scope::Organisation { id: own, .. } => {
                    *own == id || crate::organisations::store::is_below_any(conn, id, &[*own], today)?
                }
                Scope::Programme(_) | Scope::Innovation { .. } => false,
            };
            if inside {
                grant.scope = narrowed.clone();
                kept.push(grant);
            }
        }
        if kept.is_empty() {
            return Err(outside());
        }
        grants = kept;
    }
    Ok(Actor {
        subject: verified.subject.clone(),
        grants,
        expires_at: Some(verified.expires_at),
        end_user_organisation: end_user.map(str::to_owned),
    })
}

/// What `token` on the command line asks for.
#[derive(Debug, Clone)]
pub struct NewLocalToken {
    pub role: Role,
    pub organisation: Option<String>,
    pub programme: Option<String>,
    pub innovation: Option<String>,
    pub subject: Option<String>,
    pub life: TimeDelta,
}

/// Writes the grant and signs a token for its subject.
///
/// # Errors
/// As [`grant_locally`]; `internal` where the signing key cannot be unsealed.
pub fn issue_local_token(
    conn: &mut Conn,
    sealing: &keys::SealingKey,
    context: &Context,
    (issuer, audience): (&str, &str),
    wanted: &NewLocalToken,
) -> Result<String> {
    keys::ensure(conn, sealing, context.now)?;
    let subject = grant_locally(conn, context, wanted)?;
    let key = keys::signing(conn, sealing, context.now)?;
    tokens::issue(&key, issuer, audience, &subject, context.now, wanted.life)
}

/// Writes a dated, audited grant.
///
/// # Errors
/// `validation-failed` when the scope does not fit the role or names nothing.
pub fn grant_locally(conn: &mut Conn, context: &Context, wanted: &NewLocalToken) -> Result<String> {
    let scopes = [wanted.organisation.is_some(), wanted.programme.is_some(), wanted.innovation.is_some()];
    if scopes.into_iter().filter(|given| *given).count() > 1 {
        return Err(Error::invalid("", "scope", "Give one of --organisation, --programme and --innovation."));
    }
    match wanted.role {
        Role::RegionalLead | Role::Submitter if wanted.organisation.is_none() && wanted.innovation.is_none() => {
            return Err(Error::invalid("", "scope", format!("{} needs --organisation.", wanted.role.as_str())));
        }
        Role::ProgrammeManager if wanted.programme.is_none() => {
            return Err(Error::invalid("", "scope", "programme-manager needs --programme."));
        }
        _ => {}
    }
    let organisation_id = match &wanted.organisation {
        None => None,
        Some(code) => {
            let found = crate::organisations::store::id_of(conn, &code.to_ascii_uppercase())?;
            Some(found.ok_or_else(|| {
                Error::invalid("", "unknown-organisation", format!("There is no organisation {code}."))
            })?)
        }
    };
    let innovation_id =
        match &wanted.innovation {
            None => None,
            Some(slug) => {
                let found = crate::innovations::store::id_of(conn, slug)?;
                Some(found.ok_or_else(|| {
                    Error::invalid("", "unknown-innovation", format!("There is no innovation {slug}."))
                })?)
            }
        };
    let id = Id::generate();
    let subject = wanted.subject.clone().unwrap_or_else(|| format!("local-{}-{id}", wanted.role.as_str()));
    let row = store::NewGrantRow {
        id,
        subject: subject.clone(),
        role: wanted.role,
        organisation_id,
        programme: wanted.programme.clone(),
        innovation_id,
        from_at: context.now.naive_utc(),
        to_at: (context.now + wanted.life).naive_utc(),
        made_by: context.actor.subject.clone(),
        created_at: context.now.naive_utc(),
    };
    store::insert_grant(conn, &row)?;
    let data = serde_json::json!({ "role": wanted.role, "organisation": wanted.organisation, "programme": wanted.programme,
        "innovation": wanted.innovation, "until": crate::vocabulary::instant(row.to_at) });
    let event = crate::events::Event {
        organisation_id,
        innovation_id,
        programme: wanted.programme.clone(),
        owner: Some(subject.clone()),
        ..crate::events::Event::new("grant", &id.to_string(), 1, data)
    };
    crate::events::record(conn, context, event)?;
    Ok(subject)
}
