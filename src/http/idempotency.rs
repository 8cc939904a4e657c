//! `Idempotency-Key`: the same key and request get the same answer, across instances, for a day.
//!
//! A claim is a row written in a short transaction of its own before the work begins, finished in the work's own
//! transaction, and given up when the work fails; a claim whose instance died runs out.

use crate::db::schema::idempotency_keys as keys;
use crate::db::{Conn, Keep};
use crate::error::{Code, Error, Result};
use crate::http::context::Context;
use crate::http::reply::{CSV, JSON, NDJSON, Reply, SVG};
use crate::vocabulary::{Timestamp, hex};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

const KEPT: TimeDelta = TimeDelta::hours(24);
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Longest key a client may send.
pub const LONGEST: usize = 200;

/// A request that wants to be done once.
#[derive(Debug, Clone)]
pub struct Claim {
    caller: String,
    operation: &'static str,
    key: String,
    hash: Vec<u8>,
    /// What the caller was allowed when the request was made; a replay needs the same.
    authority: String,
    now: Timestamp,
}

impl Claim {
    pub fn new(context: &Context, key: &str, hash: &[u8]) -> Self {
        let actor = &context.actor;
        let end_user = actor.end_user_organisation.as_deref().unwrap_or_default();
        let mut grants: Vec<String> =
            actor.grants.iter().map(|grant| format!("{}:{:?}", grant.role.as_str(), grant.scope)).collect();
        grants.sort();
        grants.dedup();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, grants.join("|").as_bytes());
        Self {
            caller: format!("{}|{end_user}", actor.subject),
            operation: context.operation.id(),
            key: key.to_owned(),
            hash: hash.to_vec(),
            authority: hex(digest.as_ref()),
            now: context.now,
        }
    }
}

type Stored = (Vec<u8>, String, NaiveDateTime, NaiveDateTime, Option<i32>, Option<String>, Option<Vec<u8>>);

/// Claims the key, or brings back the answer that was given before.
///
/// # Errors
/// `idempotency-mismatch` for another request under the same key; `idempotency-in-flight` while the first one runs;
/// `forbidden` when the caller's grants have changed since.
pub fn claim(conn: &mut Conn, claim: &Claim) -> Result<Option<Reply>> {
    let now = claim.now.naive_utc();
    let mine = keys::table.find((&claim.caller, claim.operation, &claim.key));
    let found: Option<Stored> = mine
        .select((
            keys::request_hash,
            keys::authority,
            keys::lease_until,
            keys::expires_at,
            keys::status,
            keys::headers,
            keys::body,
        ))
        .first(conn)
        .optional()?;
    if let Some((hash, authority, lease_until, expires_at, status, headers, body)) = found {
        if expires_at > now && (status.is_some() || lease_until > now) {
            if hash != claim.hash {
                return Err(Error::new(Code::IdempotencyMismatch));
            }
            let Some(status) = status else { return Err(Error::new(Code::IdempotencyInFlight)) };
            if authority != claim.authority {
                return Err(Error::new(Code::Forbidden)
                    .detail("Your grants have changed since this request was first answered."));
            }
            return stored(status, headers, body).map(Some);
        }
        diesel::delete(mine).execute(conn)?;
    }
    let row = (
        keys::caller.eq(&claim.caller),
        keys::operation.eq(claim.operation),
        keys::idempotency_key.eq(&claim.key),
        keys::request_hash.eq(&claim.hash),
        keys::authority.eq(&claim.authority),
        keys::lease_until.eq(now + LEASE),
        keys::expires_at.eq(now + KEPT),
    );
    let in_flight = |_: Error| Error::new(Code::IdempotencyInFlight);
    diesel::insert_into(keys::table)
        .values(row)
        .execute_kept(conn)
        .map_err(crate::db::violations::unique(""))
        .map_err(|error| if error.code() == Code::AlreadyExists { in_flight(error) } else { error })?;
    Ok(None)
}

fn stored(status: i32, headers: Option<String>, body: Option<Vec<u8>>) -> Result<Reply> {
    let (content_type, pairs): (String, Vec<(String, String)>) = serde_json::from_str(&headers.unwrap_or_default())?;
    let known = [JSON, CSV, NDJSON, SVG].into_iter().find(|known| *known == content_type).unwrap_or_default();
    let mut reply = Reply {
        status: u16::try_from(status).unwrap_or(200),
        content_type: known,
        headers: Vec::new(),
        body: body.unwrap_or_default(),
    };
    for (name, value) in pairs {
        if let Some(name) = ["ETag", "Location", "Link"].into_iter().find(|known| *known == name) {
            reply = reply.header(name, value);
        }
    }
    Ok(reply.header("Idempotency-Replayed", "true".to_owned()))
}

/// Keeps the answer, in the transaction of the work itself.
///
/// # Errors
/// `idempotency-in-flight` when the claim was taken over meanwhile, which undoes the work.
pub fn finish(conn: &mut Conn, claim: &Claim, reply: &Reply) -> Result<()> {
    let headers = serde_json::to_string(&(reply.content_type, &reply.headers))?;
    let mine = keys::table.find((&claim.caller, claim.operation, &claim.key)).filter(keys::status.is_null());
    let kept = diesel::update(mine)
        .set((keys::status.eq(i32::from(reply.status)), keys::headers.eq(headers), keys::body.eq(&reply.body)))
        .execute_kept(conn)?;
    if kept == 1 { Ok(()) } else { Err(Error::new(Code::IdempotencyInFlight)) }
}

/// Gives the key back after a failure.
pub fn release(conn: &mut Conn, claim: &Claim) -> Result<()> {
    let mine = keys::table.find((&claim.caller, claim.operation, &claim.key)).filter(keys::status.is_null());
    diesel::delete(mine).execute(conn)?;
    Ok(())
}

/// Removes what has run out.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(keys::table.filter(keys::expires_at.lt(now.naive_utc()))).execute(conn)?)
}
