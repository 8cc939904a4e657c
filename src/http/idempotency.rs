//! `Idempotency-Key`: the same key and request get the same answer, across instances, for a day.
//!
//! A claim is a row written in a short transaction of its own before the work begins, finished in the work's own
//! transaction, and given back when the work fails. It names the instance that works: while that lives, others wait for
//! its answer; where it has died they take the claim over. Finishing and giving back are bound to the claim, so that who
//! comes late changes nothing.

use crate::db::dialect::{Condition, Engine};
use crate::db::schema::idempotency_keys as keys;
use crate::db::{Conn, Db, Keep, dialect, violations};
use crate::error::{Code, Error, Kind, Result};
use crate::http::context::Context;
use crate::http::reply::{CSV, JSON, NDJSON, Reply, SVG};
use crate::vocabulary::{Id, Timestamp, hex};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool};
use std::time::{Duration, Instant};

const KEPT: TimeDelta = TimeDelta::hours(24);
/// For how long instances of an earlier version, which do not know who works, leave a claim alone.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How often somebody who waits for another's answer looks whether it is there.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// How long a claim may stay that cannot be given back, since the database takes no changes.
const GIVES_BACK_FOR: Duration = Duration::from_secs(600);
/// How many answers that have run out are removed at a time.
const SWEPT: i64 = 1_000;
/// The largest answer that is kept. A larger one is kept as its status and where its record is: whoever asks again is
/// answered with the record as it is read there.
pub const MOST_KEPT: usize = 64 * 1024;
/// The name among the headers of a kept answer by which that place goes. It is no header.
const ELSEWHERE: &str = "Elsewhere";
/// The status of an answer that named somebody who was erased since. An earlier version answers it with no body.
const GONE: i32 = 410;
/// Longest key a client may send.
pub const LONGEST: usize = 200;

/// A request that wants to be done once.
#[derive(Debug, Clone)]
pub struct Claim {
    id: Id,
    /// The instance that works.
    instance: i32,
    caller: String,
    operation: &'static str,
    key: String,
    hash: Vec<u8>,
    /// What the caller was allowed when the request was made; a replay needs the same.
    authority: String,
    now: Timestamp,
    /// The path of the record that a change is about.
    record: Option<String>,
}

impl Claim {
    pub fn new(context: &Context, key: &str, hash: &[u8], instance: i32, target: &str) -> Self {
        let actor = &context.actor;
        let end_user = actor.end_user.as_ref().map_or("", |end_user| &end_user.code);
        let mut grants: Vec<String> =
            actor.grants.iter().map(|grant| format!("{}:{:?}", grant.role.as_str(), grant.scope)).collect();
        grants.sort();
        grants.dedup();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, grants.join("|").as_bytes());
        Self {
            id: Id::generate(),
            instance,
            caller: format!("{}|{end_user}", actor.subject),
            operation: context.operation.id(),
            key: key.to_owned(),
            hash: hash.to_vec(),
            authority: hex(digest.as_ref()),
            now: context.now,
            record: target.split('?').next().and_then(|path| path.strip_suffix("/transitions")).map(str::to_owned),
        }
    }
}

/// What became of the wish to claim a key.
enum Claimed {
    /// The work can begin.
    Mine,
    Answered(Reply),
    /// Another works on the same request.
    Busy,
}

/// Claims the key, or brings back the answer that was given before, waiting for it where another works on it.
///
/// # Errors
/// `idempotency-mismatch` for another request under the same key; `idempotency-in-flight` where the other takes longer
/// than this answer may; `forbidden` when the caller's grants have changed since.
pub async fn await_claim(db: &Db, claim: &Claim) -> Result<Option<Reply>> {
    let until = db.due();
    loop {
        let wanted = claim.clone();
        match db.write(move |conn| try_claim(conn, &wanted)).await {
            Ok(Claimed::Mine) => return Ok(None),
            Ok(Claimed::Answered(reply)) => return Ok(Some(reply)),
            Ok(Claimed::Busy) if Instant::now() + LOOKS_EVERY * 5 > until => {
                return Err(Error::new(Code::IdempotencyInFlight));
            }
            Ok(Claimed::Busy) => tokio::time::sleep(LOOKS_EVERY).await,
            Err(error) => {
                if error.code().kind() == Kind::Unavailable {
                    // It may have been written all the same, after nobody waited for it any more.
                    give_back_later(db, claim.clone());
                }
                return Err(error);
            }
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct Found {
    request_hash: Vec<u8>,
    authority: String,
    lease_until: NaiveDateTime,
    expires_at: NaiveDateTime,
    status: Option<i32>,
    headers: Option<String>,
    body: Option<Vec<u8>>,
    instance: Option<i32>,
}

fn try_claim(conn: &mut Conn, claim: &Claim) -> Result<Claimed> {
    let now = claim.now.naive_utc();
    let mine = keys::table.find((&claim.caller, claim.operation, &claim.key));
    let found: Option<Found> = mine.select(Found::as_select()).first(conn).optional()?;
    let row = (
        keys::request_hash.eq(&claim.hash),
        keys::authority.eq(&claim.authority),
        keys::lease_until.eq(now + LEASE),
        keys::expires_at.eq(now + KEPT),
        keys::claim_id.eq(Some(claim.id)),
        keys::instance.eq(Some(claim.instance)),
    );
    let Some(found) = found else {
        let key =
            (keys::caller.eq(&claim.caller), keys::operation.eq(claim.operation), keys::idempotency_key.eq(&claim.key));
        let inserted = diesel::insert_into(keys::table).values((key, row)).execute_kept(conn);
        return match inserted.map_err(violations::unique("")) {
            Err(error) if error.code() == Code::AlreadyExists => Ok(Claimed::Busy),
            inserted => inserted.map(|_| Claimed::Mine),
        };
    };
    if found.expires_at > now {
        let lives = match found.instance {
            Some(instance) if found.status.is_none() => dialect::lives(conn, instance, claim.instance)?,
            _ => found.lease_until > now,
        };
        if (found.status.is_some() || lives) && found.request_hash != claim.hash {
            return Err(Error::new(Code::IdempotencyMismatch));
        }
        match found.status {
            Some(GONE) => return Err(Error::new(Code::PersonErased)),
            Some(_) if found.authority != claim.authority => {
                return Err(Error::new(Code::Forbidden)
                    .detail("Your grants have changed since this request was first answered."));
            }
            Some(status) => return stored(status, found.headers, found.body).map(Claimed::Answered),
            None if lives => return Ok(Claimed::Busy),
            None => {}
        }
    }
    let nothing = (keys::status.eq(None::<i32>), keys::headers.eq(None::<String>), keys::body.eq(None::<Vec<u8>>));
    let unchanged = mine.filter(keys::lease_until.eq(found.lease_until));
    let taken_over = diesel::update(unchanged).set((row, nothing)).execute_kept(conn)?;
    Ok(if taken_over == 1 { Claimed::Mine } else { Claimed::Busy })
}

fn stored(status: i32, headers: Option<String>, body: Option<Vec<u8>>) -> Result<Reply> {
    let (content_type, pairs): (String, Vec<(String, String)>) = serde_json::from_str(&headers.unwrap_or_default())?;
    let known = [JSON, CSV, NDJSON, SVG].into_iter().find(|known| *known == content_type).unwrap_or_default();
    let mut reply = Reply {
        status: u16::try_from(status).unwrap_or(200),
        content_type: known,
        headers: Vec::new(),
        body: body.unwrap_or_default(),
        kept: None,
        elsewhere: None,
    };
    for (name, value) in pairs {
        if name == ELSEWHERE {
            reply.elsewhere = Some(value);
            continue;
        }
        if let Some(name) = ["ETag", "Location", "Link", "Preference-Applied"].into_iter().find(|known| *known == name)
        {
            reply = reply.header(name, value);
        }
    }
    Ok(reply.header("Idempotency-Replayed", "true".to_owned()))
}

/// Keeps the answer, in the transaction of the work itself. Returns how many bytes of it are kept.
///
/// # Errors
/// `overloaded` when the claim was taken over meanwhile, which undoes the work.
pub fn finish(conn: &mut Conn, claim: &Claim, reply: &Reply) -> Result<usize> {
    let (body, mut headers) = (kept(reply), reply.headers.clone());
    let elsewhere = record(claim, reply).filter(|_| body.is_none());
    headers.extend(elsewhere.map(|path| (ELSEWHERE, path)));
    let content_type = if body.is_some() { reply.content_type } else { "" };
    let headers = serde_json::to_string(&(content_type, headers))?;
    let finished = diesel::update(keys::table.find((&claim.caller, claim.operation, &claim.key)))
        .filter(keys::status.is_null())
        .filter(keys::claim_id.eq(Some(claim.id)))
        .set((keys::status.eq(i32::from(reply.status)), keys::headers.eq(headers), keys::body.eq(body)))
        .execute_kept(conn)?;
    if finished == 1 {
        Ok(body.map_or(0, <[u8]>::len))
    } else {
        Err(Error::new(Code::Overloaded).context("the claim was taken over"))
    }
}

/// What is kept of an answer: all of it or its short form; nothing of one that is too large.
fn kept(reply: &Reply) -> Option<&[u8]> {
    let body = reply.kept.as_ref().unwrap_or(&reply.body);
    (body.len() <= MOST_KEPT).then_some(body)
}

/// The path of the record that an answer is about.
fn record(claim: &Claim, reply: &Reply) -> Option<String> {
    let location = reply.headers.iter().find(|(name, _)| *name == "Location").map(|(_, path)| path.clone());
    location.or_else(|| claim.record.clone())
}

/// Empties the kept answers that say one of these texts. The same request is neither answered as before nor done again.
///
/// # Errors
/// The database's own.
pub fn forget(conn: &mut Conn, said: &[String]) -> Result<()> {
    for text in said {
        let bytes = text.as_bytes().to_vec();
        let says: Condition<keys::table> = match conn.engine() {
            Engine::Postgres => Box::new(sql::<Bool>("position(").bind::<Binary, _>(bytes).sql(" in body) > 0")),
            Engine::Sqlite => Box::new(sql::<Bool>("instr(body, ").bind::<Binary, _>(bytes).sql(") > 0")),
        };
        let located = keys::headers.like(format!("%{text}%")).assume_not_null();
        let headers = serde_json::to_string(&("", [("", ""); 0]))?;
        let nothing = (keys::status.eq(GONE), keys::headers.eq(headers), keys::body.eq(Vec::new()));
        let answered = keys::table.filter(keys::status.is_not_null()).filter(says.or(located));
        diesel::update(answered).set(nothing).execute(conn)?;
    }
    Ok(())
}

/// Puts another text in the place of a caller's subject.
///
/// # Errors
/// The database's own.
pub fn rename(conn: &mut Conn, subject: &str, nobody: &str) -> Result<()> {
    let own = keys::table.filter(keys::caller.like(format!("{}|%", subject.replace('%', "_"))));
    let callers: Vec<String> = own.select(keys::caller).distinct().load(conn)?;
    for caller in callers {
        if let Some(end_user) = caller.strip_prefix(subject).and_then(|rest| rest.strip_prefix('|')) {
            let renamed = keys::caller.eq(format!("{nobody}|{end_user}"));
            diesel::update(keys::table.filter(keys::caller.eq(&caller))).set(renamed).execute(conn)?;
        }
    }
    Ok(())
}

/// Gives the key back after a failure: at once, or as soon as the database takes changes again.
pub async fn give_back(db: &Db, claim: Claim) {
    let given = claim.clone();
    if db.write(move |conn| release(conn, &given)).await.is_err() {
        give_back_later(db, claim);
    }
}

fn give_back_later(db: &Db, claim: Claim) {
    let (db, since) = (db.clone(), Instant::now());
    actix_web::rt::spawn(async move {
        while since.elapsed() < GIVES_BACK_FOR {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (db, given) = (db.until(Instant::now() + db.patience()), claim.clone());
            if db.write(move |conn| release(conn, &given)).await.is_ok() {
                return;
            }
        }
        tracing::warn!("an idempotency key could not be given back");
    });
}

fn release(conn: &mut Conn, claim: &Claim) -> Result<()> {
    let mine = keys::table.find((&claim.caller, claim.operation, &claim.key));
    let unfinished = mine.filter(keys::status.is_null()).filter(keys::claim_id.eq(Some(claim.id)));
    diesel::delete(unfinished).execute(conn)?;
    Ok(())
}

/// Removes some of what has run out, and says whether there may be more.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let expired = keys::table.filter(keys::expires_at.lt(now.naive_utc()));
    let last = expired.order_by(keys::expires_at).select(keys::expires_at).offset(SWEPT);
    let last: Option<NaiveDateTime> = last.first(conn).optional()?;
    match last {
        Some(last) => diesel::delete(keys::table.filter(keys::expires_at.le(last))).execute(conn)?,
        None => diesel::delete(expired).execute(conn)?,
    };
    Ok(last.is_some())
}
