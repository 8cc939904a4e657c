//! Access tokens: issuing our own, and checking everyone's. The JWT library checks signatures; what it leaves open
//! (critical headers, token type, an empty subject, an issue date ahead of us, a life without end) is checked here.

use super::claims::{ClaimMap, Mapped};
use super::keys::SigningKey;
use crate::error::{Code, Error, Result};
use crate::vocabulary::{Id, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest life of an access token, whoever issued it.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::hours(24);
/// How far clocks may differ.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(30);
const LONGEST_TOKEN: usize = 8192;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Id,
    /// RFC 9068, 2.2: the client that asked, which is the subject.
    client_id: &'a str,
}

/// Signs an access token (RFC 9068 type `at+jwt`).
///
/// # Errors
/// `internal` when signing fails.
pub fn issue(
    key: &SigningKey,
    issuer: &str,
    audience: &str,
    subject: &str,
    now: Timestamp,
    life: TimeDelta,
) -> Result<String> {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.kid.clone());
    let iat = now.timestamp();
    let claims = Claims {
        iss: issuer,
        sub: subject,
        aud: audience,
        iat,
        nbf: iat,
        exp: (now + life).timestamp(),
        jti: Id::generate(),
        client_id: subject,
    };
    jsonwebtoken::encode(&header, &claims, &key.key).map_err(Error::internal)
}

/// One issuer and the keys it signs with.
#[derive(Clone)]
pub struct Issuer {
    pub name: String,
    pub audience: String,
    pub keys: Vec<Jwk>,
    /// The algorithms that it signs with; of those, a key is used with the ones of its kind.
    pub algorithms: Vec<Algorithm>,
    /// Which of its claims stand for which grants.
    pub claims: ClaimMap,
    /// Whether tokens must be of type `at+jwt`; the built-in issuer's are, so that no other kind of its JWTs passes for one.
    pub typed: bool,
    /// Put before the subject, so that an external issuer cannot name one of ours.
    pub prefix: String,
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub subject: String,
    pub expires_at: Timestamp,
    /// The grants that its claims stand for.
    pub mapped: Vec<Mapped>,
    /// The code of the organisation that its subject belongs to.
    pub body: Option<String>,
}

/// Whether a token was refused because its key is not known, which another look at the issuer's keys may change.
pub const UNKNOWN_KEY: &str = "its kid names no key this service trusts";

#[derive(Deserialize, Clone)]
struct Checked {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
}

/// What a JWT says it is for.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// Algorithms a key may be used with; never a symmetric one, never `none`.
fn algorithms(key: &Jwk) -> Vec<Algorithm> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve};
    match (key.common.key_algorithm, &key.algorithm) {
        (Some(KeyAlgorithm::ES256), AlgorithmParameters::EllipticCurve(_)) => vec![Algorithm::ES256],
        (Some(KeyAlgorithm::ES384), AlgorithmParameters::EllipticCurve(_)) => vec![Algorithm::ES384],
        (Some(KeyAlgorithm::EdDSA), AlgorithmParameters::OctetKeyPair(_)) => vec![Algorithm::EdDSA],
        (Some(KeyAlgorithm::RS256), AlgorithmParameters::RSA(_)) => vec![Algorithm::RS256],
        (Some(KeyAlgorithm::RS512), AlgorithmParameters::RSA(_)) => vec![Algorithm::RS512],
        (Some(KeyAlgorithm::PS256), AlgorithmParameters::RSA(_)) => vec![Algorithm::PS256],
        (None, AlgorithmParameters::EllipticCurve(p)) if p.curve == EllipticCurve::P256 => vec![Algorithm::ES256],
        (None, AlgorithmParameters::OctetKeyPair(_)) => vec![Algorithm::EdDSA],
        (None, AlgorithmParameters::RSA(_)) => vec![Algorithm::RS256, Algorithm::RS512, Algorithm::PS256],
        _ => Vec::new(),
    }
}

/// Checks a token in full.
///
/// # Errors
/// `invalid-token` with a detail that says which check failed and what was expected.
pub fn verify(token: &str, issuers: &[&Issuer], now: Timestamp) -> Result<Verified> {
    checked(token, issuers, now).map_err(|reason| refused(&reason))
}

const MISSHAPEN: &str = "its claims are not all there, or not of the types RFC 7519 gives them";

/// The refusal of a bearer token.
pub fn refused(reason: &str) -> Error {
    Error::new(Code::InvalidToken).detail(format!("The bearer token was refused: {reason}."))
}

fn checked(token: &str, issuers: &[&Issuer], now: Timestamp) -> Result<Verified, String> {
    let jwt = Jwt::read(token)?;
    let kid = jwt.kid()?;
    let known = issuers.iter().find_map(|issuer| {
        let key = issuer.keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid))?;
        Some((issuer, key))
    });
    let (issuer, key) = known.ok_or(UNKNOWN_KEY)?;
    if issuer.typed && !jwt.is_access_token() {
        return Err("its typ is not at+jwt".to_owned());
    }
    let allowed: Vec<Algorithm> =
        algorithms(key).into_iter().filter(|algorithm| issuer.algorithms.contains(algorithm)).collect();
    let all: Map<String, Value> = jwt.claims(key, allowed)?;
    let claims: Checked = serde_json::from_value(Value::Object(all.clone())).map_err(|_| MISSHAPEN.to_owned())?;
    if claims.iss != issuer.name {
        return Err(format!("its iss is not {}", issuer.name));
    }
    if !claims.aud.names(&issuer.audience) {
        return Err(format!("its aud is not {}", issuer.audience));
    }
    let expires_at = Dates { exp: claims.exp, iat: Some(claims.iat), nbf: claims.nbf }.check(now)?;
    if expires_at - at(claims.iat)? > LONGEST_LIFE {
        return Err("it lives longer than 24 hours".to_owned());
    }
    let subject = claims.sub;
    // Not trimmed: to its issuer a subject with a space at an end is another one.
    if subject.is_empty() || subject.len() > 200 || subject != subject.trim() || subject.chars().any(char::is_control) {
        return Err("its sub is empty, too long, holds control characters, or has blanks at an end".to_owned());
    }
    let (body, mapped) = (issuer.claims.body(&all), issuer.claims.apply(&all));
    Ok(Verified { subject: format!("{}{subject}", issuer.prefix), expires_at, mapped, body })
}

/// The dates that a JWT says.
pub struct Dates {
    pub exp: i64,
    pub iat: Option<i64>,
    pub nbf: Option<i64>,
}

impl Dates {
    /// When it expires, where it is valid now, by clocks that may differ a little.
    ///
    /// # Errors
    /// The date that is wrong.
    pub fn check(&self, now: Timestamp) -> Result<Timestamp, String> {
        let expires_at = at(self.exp)?;
        if expires_at + LEEWAY <= now {
            return Err("it has expired".to_owned());
        }
        if self.iat.map(at).transpose()?.is_some_and(|iat| iat > now + LEEWAY) {
            return Err("its iat lies in the future".to_owned());
        }
        if self.nbf.map(at).transpose()?.is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err("its nbf lies in the future".to_owned());
        }
        Ok(expires_at)
    }
}

fn at(seconds: i64) -> Result<Timestamp, String> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| "one of its dates is out of range".to_owned())
}

/// A signed JWT whose header was read, and whose signature was not checked yet.
pub struct Jwt<'a> {
    text: &'a str,
    header: Map<String, Value>,
}

impl<'a> Jwt<'a> {
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &'a str) -> Result<Self, String> {
        let malformed = || "it is no signed JWT".to_owned();
        if text.len() > LONGEST_TOKEN || text.split('.').count() != 3 {
            return Err(malformed());
        }
        let jwt = Self { text, header: part(text, 0).ok_or_else(malformed)? };
        for refused in ["crit", "b64", "zip", "enc"] {
            if jwt.header.contains_key(refused) {
                return Err(format!("its header holds {refused}, which is not supported"));
            }
        }
        Ok(jwt)
    }

    fn text_of(&self, member: &str) -> Option<&str> {
        self.header.get(member).and_then(Value::as_str)
    }

    /// # Errors
    /// Where it names no key.
    pub fn kid(&self) -> Result<&str, String> {
        self.text_of("kid").ok_or_else(|| "its header has no kid".to_owned())
    }

    pub fn is_access_token(&self) -> bool {
        self.text_of("typ").is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"))
    }

    /// A claim before the signature is checked: to find out whose key to check it with, and for nothing else.
    pub fn unchecked(&self, claim: &str) -> Option<String> {
        part::<Map<String, Value>>(self.text, 1)?.get(claim)?.as_str().map(str::to_owned)
    }

    /// The claims, once the signature has been found to be the key's.
    ///
    /// # Errors
    /// What is wrong with the algorithm, the signature or the claims.
    pub fn claims<T: DeserializeOwned + Clone>(&self, key: &Jwk, allowed: Vec<Algorithm>) -> Result<T, String> {
        let alg = self.text_of("alg").and_then(|alg| alg.parse().ok());
        if !alg.is_some_and(|alg: Algorithm| allowed.contains(&alg)) {
            return Err("its alg is not one of its key".to_owned());
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.algorithms = allowed;
        // The dates, issuer and audience are checked by us against our own clock, with a reason for each refusal.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_jwk(key).map_err(|_| "its key cannot be read".to_owned())?;
        let refused = |error: jsonwebtoken::errors::Error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidSignature => "its signature does not fit",
                ErrorKind::Json(_) => MISSHAPEN,
                _ => "it is no signed JWT",
            }
            .to_owned()
        };
        Ok(jsonwebtoken::decode::<T>(self.text, &key, &validation).map_err(refused)?.claims)
    }
}

/// One of the parts of a JWT, as JSON.
fn part<T: DeserializeOwned>(text: &str, index: usize) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
