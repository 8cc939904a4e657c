//! How much of the storage each client took on a day, counted for all instances that share the database.

use super::conn::Conn;
use super::schema::storage_shares as shares;
use super::statements::Keep;
use crate::error::{Code, Error, Result};
use crate::on_engine;
use crate::vocabulary::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime};
use diesel::prelude::*;

/// Below this nothing is counted: what is small costs no statement.
pub const SMALL: u64 = 16 * 1024;

/// Adds to what the client had stored today, where it is not small; with a limit, only as far as that allows.
///
/// # Errors
/// `storage-share` where it would be more than the limit.
pub fn take(conn: &mut Conn, client: &str, now: Timestamp, bytes: u64, limit: Option<u64>) -> Result<()> {
    if bytes <= SMALL {
        return Ok(());
    }
    let total = add(conn, client, now.date_naive(), i64::try_from(bytes).unwrap_or(i64::MAX / 2))?;
    match limit {
        Some(limit) if u64::try_from(total).unwrap_or(0) > limit => Err(spent(now, limit)),
        _ => Ok(()),
    }
}

/// Takes back what was counted for a request that stored nothing.
///
/// # Errors
/// The database's own.
pub fn give_back(conn: &mut Conn, client: &str, now: Timestamp, bytes: u64) -> Result<()> {
    add(conn, client, now.date_naive(), -i64::try_from(bytes).unwrap_or(0)).map(drop)
}

fn add(conn: &mut Conn, client: &str, day: NaiveDate, bytes: i64) -> Result<i64> {
    let row = (shares::client.eq(client), shares::day.eq(day), shares::bytes.eq(bytes));
    let total = on_engine!(conn, c => diesel::insert_into(shares::table)
        .values(row)
        .on_conflict((shares::client, shares::day))
        .do_update()
        .set(shares::bytes.eq(shares::bytes + bytes))
        .returning(shares::bytes)
        .get_result(c)?);
    Ok(total)
}

fn spent(now: Timestamp, limit: u64) -> Error {
    let midnight = (now.date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
    let seconds = u64::try_from((midnight - now).num_seconds()).unwrap_or(0) + 1;
    let detail = format!(
        "You may have {limit} bytes stored in a day, and this request would be more. The day ends at midnight UTC."
    );
    Error::new(Code::StorageShare).detail(detail).retry_in(seconds)
}

/// Forgets the days that are over.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    diesel::delete(shares::table.filter(shares::day.lt(now.date_naive()))).execute_kept(conn)?;
    Ok(())
}
