//! Assertions that were used, in the database.

use crate::db::schema::used_assertions;
use crate::db::{Conn, Keep, violations};
use crate::error::{Code, Result};
use crate::vocabulary::{Id, Timestamp};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// How many are forgotten at a time.
const SWEPT: i64 = 1_000;

/// Uses an assertion up. Returns whether it was unused.
///
/// # Errors
/// The database's own.
pub fn use_up(conn: &mut Conn, client: Id, jti: &str, expires_at: Timestamp) -> Result<bool> {
    let row = (
        used_assertions::client_id.eq(client),
        used_assertions::jti_digest.eq(digest(&SHA256, jti.as_bytes()).as_ref().to_vec()),
        used_assertions::expires_at.eq(expires_at.naive_utc()),
    );
    let inserted = diesel::insert_into(used_assertions::table).values(row).execute_kept(conn);
    match inserted.map_err(violations::unique("")) {
        Err(error) if error.code() == Code::AlreadyExists => Ok(false),
        inserted => inserted.map(|_| true),
    }
}

/// Forgets some that have expired, and says whether there may be more.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let expired = used_assertions::table.filter(used_assertions::expires_at.lt(now.naive_utc()));
    let last = expired.order_by(used_assertions::expires_at).select(used_assertions::expires_at).offset(SWEPT);
    let last: Option<NaiveDateTime> = last.first(conn).optional()?;
    match last {
        Some(last) => {
            diesel::delete(used_assertions::table.filter(used_assertions::expires_at.le(last))).execute(conn)?
        }
        None => diesel::delete(expired).execute(conn)?,
    };
    Ok(last.is_some())
}
