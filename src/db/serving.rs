//! Who may have a database for themselves: one process serves a SQLite file, and nobody serves what is replaced.

use super::conn::{Conn, DatabaseUrl};
use crate::error::{Error, Result};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::fs::{File, TryLockError};
use std::time::Duration;

/// Held for as long as a SQLite file is served, or taken away. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Claim {
    _lock: Option<File>,
}

/// Claims a SQLite file for this process. PostgreSQL may be served by many.
///
/// # Errors
/// `internal`, with words for the operator, while another process has it.
pub fn claim(url: &DatabaseUrl) -> Result<Claim> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(Claim { _lock: None }) };
    // A file of its own: SQLite's locks on the database would go as soon as any handle of this process on it is closed.
    let path = std::fs::canonicalize(path).map_or_else(|_| path.clone(), |whole| whole.display().to_string());
    let lock = format!("{path}.lock");
    let unusable = |cause| Error::internal(format!("DATABASE_URL: {lock} cannot be locked: {cause}"));
    let file = File::options().create(true).truncate(false).write(true).open(&lock).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Claim { _lock: Some(file) }),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        Err(TryLockError::WouldBlock) => Err(Error::internal(format!(
            "DATABASE_URL: another process serves {path}, and only one may. Stop it first, or use PostgreSQL for several"
        ))),
    }
}

/// Claims a database that no process of this service uses.
///
/// # Errors
/// As [`claim`]; on PostgreSQL also while others are connected to it.
pub fn claim_alone(url: &DatabaseUrl) -> Result<Claim> {
    let claim = claim(url)?;
    if matches!(url, DatabaseUrl::Postgres(_)) {
        let mut conn = Conn::open(url)?;
        let mut others = others(&mut conn)?;
        // The server notices a moment later that a process has ended.
        for _ in 0..50 {
            if others == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            others = self::others(&mut conn)?;
        }
        if others > 0 {
            return Err(Error::internal(format!(
                "DATABASE_URL: {others} connection(s) of this service are open to the database. Stop its instances first"
            )));
        }
    }
    Ok(claim)
}

fn others(conn: &mut Conn) -> Result<i64> {
    let others = "count(*) FROM pg_stat_activity WHERE datname = current_database()
                  AND application_name = 'innovation-register' AND pid <> pg_backend_pid()";
    Ok(diesel::select(sql::<BigInt>(others)).get_result(conn)?)
}
