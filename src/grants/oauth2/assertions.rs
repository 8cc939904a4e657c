//! Client assertions (RFC 7523): a JWT that a client signs to prove who it is, good once and for five minutes.

use crate::grants::client_keys::rules::algorithms;
use crate::grants::tokens::{Audience, Dates, Jwt, LEEWAY};
use crate::vocabulary::{Id, Timestamp};
use chrono::TimeDelta;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;

const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_JTI: usize = 200;

#[derive(Deserialize, Clone)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
    iat: Option<i64>,
    nbf: Option<i64>,
}

/// An assertion that is the client's own, and has yet to be found unused.
#[derive(Debug)]
pub struct Asserted {
    pub jti: String,
    /// Until when it must be remembered as used.
    pub expires_at: Timestamp,
}

/// The client that an assertion says it comes from, and the key it says it is signed with. Nothing is checked yet.
///
/// # Errors
/// What is wrong with it.
pub fn signer(assertion: &str) -> Result<(Id, String), String> {
    let jwt = Jwt::read(assertion)?;
    let issuer = jwt.unchecked("iss").ok_or("its iss is missing; expected the client's id")?;
    let client = Id::parse(&issuer).ok_or("its iss is not the id of a client")?;
    Ok((client, jwt.kid()?.to_owned()))
}

/// Checks an assertion in full, but for whether it was used before.
///
/// # Errors
/// The claim that failed, and what was expected.
pub fn check(assertion: &str, client: Id, keys: &[Jwk], audience: &str, now: Timestamp) -> Result<Asserted, String> {
    let jwt = Jwt::read(assertion)?;
    if jwt.is_access_token() {
        return Err("its typ is at+jwt, which is an access token's".to_owned());
    }
    let kid = jwt.kid()?;
    let key = keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid));
    let key = key.ok_or("its kid names no key of the client that is in use")?;
    let claims: Claims = jwt.claims(key, algorithms(key)).map_err(|reason| {
        if reason.contains("claims") { "its claims must be iss, sub, aud, exp and jti".to_owned() } else { reason }
    })?;
    let id = client.to_string();
    if claims.iss != id || claims.sub != id {
        return Err(format!("its iss and sub must both be the client's id, {id}"));
    }
    if !claims.aud.names(audience) {
        return Err(format!("its aud is not {audience}"));
    }
    let expires_at = Dates { exp: claims.exp, iat: claims.iat, nbf: claims.nbf }.check(now)?;
    if expires_at > now + LONGEST_LIFE + LEEWAY {
        return Err("its exp lies more than five minutes ahead".to_owned());
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI || claims.jti.contains(char::is_control) {
        return Err(format!("its jti must have 1 to {LONGEST_JTI} bytes, and no control characters"));
    }
    Ok(Asserted { jti: claims.jti, expires_at: expires_at + LEEWAY })
}
