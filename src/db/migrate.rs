//! Embedded migrations: the same names on both engines. PostgreSQL's run under an advisory lock, since diesel takes
//! none and two instances may start at once.

use super::conn::{Conn, DatabaseUrl};
use crate::error::{Error, Result};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The lowest application generation a schema can be served by; a migration that breaks older code raises it there.
const APP_GENERATION: i32 = 1;

/// An arbitrary constant that every instance of this service locks while it migrates.
const LOCK: i64 = 0x0049_4e4e_4f56;

/// Brings the schema up to date; returns the names of the migrations that ran.
///
/// # Errors
/// `unavailable` without a connection, `internal` when a migration fails.
pub fn up(url: &DatabaseUrl) -> Result<Vec<String>> {
    with_lock(url, |conn| run(conn, true))
}

/// Takes every migration back. All data is lost.
///
/// # Errors
/// As [`up`].
pub fn down(url: &DatabaseUrl) -> Result<Vec<String>> {
    with_lock(url, |conn| run(conn, false))
}

fn with_lock<T>(url: &DatabaseUrl, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let mut conn = Conn::open(url)?;
    if let Conn::Postgres(c) = &mut conn {
        diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(c)?;
    }
    // The lock ends with the connection.
    job(&mut conn)
}

fn run(conn: &mut Conn, up: bool) -> Result<Vec<String>> {
    fn go<C: MigrationHarness<DB>, DB: diesel::backend::Backend>(
        conn: &mut C,
        source: EmbeddedMigrations,
        up: bool,
    ) -> Result<Vec<String>> {
        let versions = if up { conn.run_pending_migrations(source) } else { conn.revert_all_migrations(source) };
        Ok(versions.map_err(Error::internal)?.iter().map(ToString::to_string).collect())
    }
    match conn {
        Conn::Postgres(c) => go(c, POSTGRES, up),
        Conn::Sqlite(c) => go(c, SQLITE, up),
    }
}

/// Whether the schema is there, complete, and one this build may serve.
///
/// # Errors
/// Text for the operator that says what to do.
pub fn check(conn: &mut Conn) -> Result<(), String> {
    let pending = match conn {
        Conn::Postgres(c) => c.has_pending_migration(POSTGRES),
        Conn::Sqlite(c) => c.has_pending_migration(SQLITE),
    };
    match pending {
        Err(_) => return Err("the database cannot be read".to_owned()),
        Ok(true) => return Err("the schema is not up to date: run `innovation-register migrate`".to_owned()),
        Ok(false) => {}
    }
    let needed: i32 = super::schema::schema_info::table
        .select(super::schema::schema_info::min_app_generation)
        .first(conn)
        .map_err(|_| "the schema has no schema_info row: it was not made by this service".to_owned())?;
    if needed > APP_GENERATION {
        return Err(format!(
            "the schema needs generation {needed} of this service; this build is generation {APP_GENERATION}"
        ));
    }
    Ok(())
}
