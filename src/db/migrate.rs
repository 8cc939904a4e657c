//! Embedded migrations: the same names on both engines. PostgreSQL's run under an advisory lock, since diesel takes
//! none and two instances may start at once.

use super::conn::{Conn, DatabaseUrl};
use super::door::transaction;
use super::drift;
use super::schema::schema_info;
use crate::error::{Error, Result};
use crate::vocabulary::{hex, random};
use diesel::dsl::sql;
use diesel::migration::MigrationVersion;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeMap;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Gives the database an epoch of its own, so that what was said of positions in another is told to be out of date.
///
/// # Errors
/// The database's own.
pub fn begin_epoch(conn: &mut Conn) -> Result<()> {
    diesel::update(schema_info::table).set(schema_info::epoch.eq(random::<16>()?.to_vec())).execute(conn)?;
    Ok(())
}

/// The lowest application generation a schema can be served by; a migration that breaks older code raises it there.
const APP_GENERATION: i32 = 2;

/// Runs what is written for both engines with the connection and the migrations of one.
macro_rules! on_source {
    ($conn:expr, $c:ident, $source:ident => $job:expr) => {
        match $conn {
            Conn::Postgres($c) => {
                let $source = POSTGRES;
                $job
            }
            Conn::Sqlite($c) => {
                let $source = SQLITE;
                $job
            }
        }
    };
}

/// An arbitrary constant that every instance of this service locks while it migrates.
const LOCK: i64 = 0x0049_4e4e_4f56;

/// Brings the schema up to date, all of it or nothing; returns the versions of the migrations that ran.
///
/// # Errors
/// `unavailable` without a connection, `internal` when a migration fails or the schema is not one that this build's
/// migrations made.
pub fn up(url: &DatabaseUrl) -> Result<Vec<String>> {
    with_lock(url, |conn| transaction(conn, up_from_here))
}

/// Takes every migration back. All data is lost.
///
/// # Errors
/// As [`up`].
pub fn down(url: &DatabaseUrl) -> Result<Vec<String>> {
    with_lock(url, |conn| on_source!(conn, c, source => versions(c.revert_all_migrations(source))))
}

fn with_lock<T>(url: &DatabaseUrl, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let mut conn = Conn::open(url)?;
    if let Conn::Postgres(c) = &mut conn {
        diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(c)?;
    }
    // The lock ends with the connection.
    job(&mut conn)
}

fn up_from_here(conn: &mut Conn) -> Result<Vec<String>> {
    let before = applied(conn)?;
    let checked = before.iter().any(|version| version == drift::CHECKSUMS);
    let mut ran = Vec::new();
    if checked {
        drift::refuse_edited(conn)?;
    } else if !before.is_empty() {
        let unknown = |error: Error| format!("{} ({})", drift::UNKNOWN, error.cause().unwrap_or_default());
        ran = run(conn, Some(drift::UNCHECKED)).map_err(|error| Error::internal(unknown(error)))?;
        drift::refuse_unknown(conn)?;
    }
    ran.extend(run(conn, None)?);
    let applied = applied(conn)?;
    drift::store(conn, &applied)?;
    Ok(ran)
}

/// Runs what is still to be run, up to a version or all of it.
fn run(conn: &mut Conn, last: Option<&str>) -> Result<Vec<String>> {
    on_source!(conn, c, source => {
        let mut pending = c.pending_migrations(source).map_err(Error::internal)?;
        pending.retain(|migration| last.is_none_or(|last| migration.name().version() <= MigrationVersion::from(last)));
        versions(c.run_migrations(&pending))
    })
}

/// The versions of the migrations that were applied, of later builds too.
pub fn applied(conn: &mut Conn) -> Result<Vec<String>> {
    on_source!(conn, c, _source => versions(c.applied_migrations()))
}

/// The applied migrations with their checksums, as far as the schema stores any. Unlike [`applied`] this only reads.
pub fn checksums(conn: &mut Conn) -> Result<BTreeMap<String, Option<String>>> {
    let applied: Vec<String> = diesel::select(sql::<Text>("version FROM __diesel_schema_migrations")).load(conn)?;
    let has_any = applied.iter().any(|version| version == drift::CHECKSUMS);
    let mut stored = if has_any { drift::stored(conn)? } else { BTreeMap::new() };
    let mut checksum = |version: &str| stored.remove(version).map(|checksum| hex(&checksum));
    Ok(applied.into_iter().map(|version| (version.clone(), checksum(&version))).collect())
}

fn versions(versions: diesel::migration::Result<Vec<MigrationVersion<'_>>>) -> Result<Vec<String>> {
    Ok(versions.map_err(Error::internal)?.iter().map(ToString::to_string).collect())
}

/// Whether the schema is there, complete, and one this build may serve.
///
/// # Errors
/// Text for the operator that says what to do.
pub fn check(conn: &mut Conn) -> Result<(), String> {
    match on_source!(conn, c, source => c.has_pending_migration(source)) {
        Err(_) => return Err("the database cannot be read".to_owned()),
        Ok(true) => return Err("the schema is not up to date: run `innovation-register migrate`".to_owned()),
        Ok(false) => {}
    }
    drift::refuse_edited(conn).map_err(|error| error.cause().unwrap_or("the checksums cannot be read").to_owned())?;
    let needed: i32 = schema_info::table
        .select(schema_info::min_app_generation)
        .first(conn)
        .map_err(|_| "the schema has no schema_info row: it was not made by this service".to_owned())?;
    if needed > APP_GENERATION {
        return Err(format!(
            "the schema needs generation {needed} of this service; this build is generation {APP_GENERATION}"
        ));
    }
    Ok(())
}
