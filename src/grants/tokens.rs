//! Access tokens: issuing our own, and checking everyone's. The JWT library checks signatures; what it leaves open
//! (critical headers, token type, an empty subject, an issue date ahead of us, a life without end) is checked here.

use super::keys::SigningKey;
use crate::error::{Code, Error, Result};
use crate::vocabulary::{Id, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest life of an access token, whoever issued it.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::hours(24);
/// How far clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
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
    };
    jsonwebtoken::encode(&header, &claims, &key.key).map_err(Error::internal)
}

/// One issuer and the keys it signs with.
pub struct Issuer {
    pub name: String,
    pub audience: String,
    pub keys: Vec<Jwk>,
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
}

#[derive(Deserialize)]
struct Checked {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
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
        (None, AlgorithmParameters::RSA(_)) => vec![Algorithm::RS256, Algorithm::PS256],
        _ => Vec::new(),
    }
}

/// Checks a token in full.
///
/// # Errors
/// `invalid-token` with a detail that says which check failed and what was expected.
pub fn verify(token: &str, issuers: &[&Issuer], now: Timestamp) -> Result<Verified> {
    let header = read_header(token)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    for refused in ["crit", "b64", "zip", "enc"] {
        if header.contains_key(refused) {
            return Err(bad(format!("its header holds {refused}, which is not supported")));
        }
    }
    let kid = text("kid").ok_or_else(|| bad("its header has no kid"))?;
    let known = issuers.iter().find_map(|issuer| {
        let key = issuer.keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid))?;
        Some((issuer, key))
    });
    let (issuer, key) = known.ok_or_else(|| bad("its kid names no key this service trusts"))?;
    if issuer.typed && !text("typ").is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt")) {
        return Err(bad("its typ is not at+jwt"));
    }
    let fits = |alg: &str| alg.parse().is_ok_and(|alg| algorithms(key).contains(&alg));
    if !text("alg").is_some_and(fits) {
        return Err(bad("its alg is not one of its key"));
    }
    let claims = read_claims(token, key)?;
    let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or_else(|| bad("one of its dates is out of range"));
    let (expires_at, issued_at) = (at(claims.exp)?, at(claims.iat)?);
    if claims.iss != issuer.name {
        return Err(bad(format!("its iss is not {}", issuer.name)));
    }
    if !claims.aud.names(&issuer.audience) {
        return Err(bad(format!("its aud is not {}", issuer.audience)));
    }
    if expires_at + LEEWAY <= now {
        return Err(bad("it has expired"));
    }
    if issued_at > now + LEEWAY {
        return Err(bad("its iat lies in the future"));
    }
    if claims.nbf.map(at).transpose()?.is_some_and(|nbf| nbf > now + LEEWAY) {
        return Err(bad("its nbf lies in the future"));
    }
    if expires_at - issued_at > LONGEST_LIFE {
        return Err(bad("it lives longer than 24 hours"));
    }
    let subject = claims.sub.trim();
    if subject.is_empty() || subject.len() > 200 || subject.chars().any(char::is_control) {
        return Err(bad("its sub is empty, too long, or holds control characters"));
    }
    Ok(Verified { subject: format!("{}{subject}", issuer.prefix), expires_at })
}

fn read_header(token: &str) -> Result<serde_json::Map<String, Value>> {
    let malformed = || bad("it is no signed JWT");
    if token.len() > LONGEST_TOKEN || token.split('.').count() != 3 {
        return Err(malformed());
    }
    let head = token.split('.').next().ok_or_else(malformed)?;
    let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| malformed())?;
    serde_json::from_slice(&head).map_err(|_| malformed())
}

fn read_claims(token: &str, key: &Jwk) -> Result<Checked> {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.algorithms = algorithms(key);
    // The dates, issuer and audience are checked above against our own clock, with a reason for each refusal.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_jwk(key).map_err(Error::internal)?;
    let refused = |error: jsonwebtoken::errors::Error| {
        use jsonwebtoken::errors::ErrorKind;
        match error.kind() {
            ErrorKind::InvalidSignature => bad("its signature does not fit"),
            ErrorKind::Json(_) => bad("its claims are not iss, sub, aud, exp and iat of the types RFC 7519 gives them"),
            _ => bad("it is no signed JWT"),
        }
    };
    Ok(jsonwebtoken::decode::<Checked>(token, &key, &validation).map_err(refused)?.claims)
}

fn bad(reason: impl std::fmt::Display) -> Error {
    Error::new(Code::InvalidToken).detail(format!("The bearer token was refused: {reason}."))
}
