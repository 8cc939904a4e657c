//! Whether the schema is what this build's migrations make: each migration's checksum is stored when it is applied, and
//! held against the text that the build has.

use super::conn::Conn;
use super::dialect::Engine;
use super::schema::schema_checksums;
use crate::error::{Error, Result};
use crate::vocabulary::hex;
use aws_lc_rs::digest::{SHA256, digest};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A migration's text on each engine.
struct Migration {
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

macro_rules! migrations {
    ($($name:literal)*) => {
        const MIGRATIONS: &[Migration] = &[$(Migration {
            name: $name,
            postgres: include_str!(concat!("../../migrations/postgres/", $name, "/up.sql")),
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, "/up.sql")),
        },)*];
    };
}

migrations! {
    "00001_register"
    "00002_programmes"
    "00003_people"
    "00004_money"
    "00005_benefits"
    "00006_lists"
    "00007_illustrative_series"
    "00008_audit_order"
    "00009_search_keys"
    "00010_schema_checksums"
    "00011_claims_and_steps"
    "00012_clients"
    "00013_shares"
    "00014_events_that_forget"
    "00015_links"
    "00016_claims"
    "00017_feed"
    "00018_webhooks"
    "00019_organisations_over_time"
    "00020_adoption_histories"
    "00021_two_books"
    "00022_eligibility"
    "00023_claims_by_kind"
    "00024_partial_totals"
    "00025_populations"
    "00026_adoption_facts"
    "00027_successions_taken_back"
    "00028_claimants_and_contributions"
    "00029_illustrative_ways"
    "00030_values_by_kpi"
    "00031_returns"
    "00032_agreed_definitions"
    "00033_kept_totals"
    "00034_releases"
    "00035_jobs"
    "00036_proposals_and_annotations"
}

/// From this migration on every applied one has a checksum.
pub const CHECKSUMS: &str = "00010";

/// The last migration of the last version without checksums. A database that comes from there, or from earlier, is known by
/// the shape that its schema has after this one, since migrations were edited until then.
pub const UNCHECKED: &str = "00008";
const SHAPE_ON_POSTGRES: &str = "059012ed0851a6422dc915cef1a8c5970cf7fb1f2b5084318d48ea6df1bf94f1";
const SHAPE_ON_SQLITE: &str = "18f26d1c576dd9d0b25603f3632f44a295a2e48c560b35bdbac85b939c56f184";

/// The SHA-256 of each migration's text, by version, as this build has it: made once, since the schema of a database that
/// is served is looked at all the time.
fn checksums(conn: &Conn) -> &'static BTreeMap<&'static str, Vec<u8>> {
    static ON_POSTGRES: OnceLock<BTreeMap<&str, Vec<u8>>> = OnceLock::new();
    static ON_SQLITE: OnceLock<BTreeMap<&str, Vec<u8>>> = OnceLock::new();
    match conn {
        Conn::Postgres(_) => &ON_POSTGRES,
        Conn::Sqlite(_) => &ON_SQLITE,
    }
    .get_or_init(|| digests(conn))
}

fn digests(conn: &Conn) -> BTreeMap<&'static str, Vec<u8>> {
    let text = |migration: &Migration| match conn.engine() {
        Engine::Postgres => migration.postgres,
        Engine::Sqlite => migration.sqlite,
    };
    let version = |name: &'static str| name.split_once('_').map_or(name, |(version, _)| version);
    let checksum = |text: &str| digest(&SHA256, text.as_bytes()).as_ref().to_vec();
    MIGRATIONS.iter().map(|migration| (version(migration.name), checksum(text(migration)))).collect()
}

/// The checksums that are stored, by version.
///
/// # Errors
/// `internal` where the schema is too old to have any.
pub fn stored(conn: &mut Conn) -> Result<BTreeMap<String, Vec<u8>>> {
    let rows: Vec<(String, Vec<u8>)> = schema_checksums::table.load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Stores the checksums of those applied migrations that have none yet.
pub fn store(conn: &mut Conn, applied: &[String]) -> Result<()> {
    let stored = stored(conn)?;
    for (version, checksum) in checksums(conn) {
        if applied.iter().any(|known| known == version) && !stored.contains_key(*version) {
            let row = (schema_checksums::version.eq(version), schema_checksums::checksum.eq(checksum));
            diesel::insert_into(schema_checksums::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// Refuses a schema for which a migration was applied from another text than this build has. Migrations that only a later
/// version knows are that version's.
///
/// # Errors
/// `internal`, with what the operator should do.
pub fn refuse_edited(conn: &mut Conn) -> Result<()> {
    let stored = stored(conn)?;
    let ours = checksums(conn);
    let edited = ours.iter().find(|(version, ours)| stored.get(**version).is_some_and(|stored| stored != *ours));
    match edited {
        None => Ok(()),
        Some((version, _)) => Err(Error::internal(format!(
            "migration {version} was applied to this database from another text than this build has, so the schema may \
             differ from what it expects. Use a released version: in those, no migration was ever edited. Nothing was \
             changed"
        ))),
    }
}

/// Refuses a schema without checksums, brought to [`UNCHECKED`], that edited migrations made.
///
/// # Errors
/// `internal`, with what the operator should do.
pub fn refuse_unknown(conn: &mut Conn) -> Result<()> {
    let expected = match conn.engine() {
        Engine::Postgres => SHAPE_ON_POSTGRES,
        Engine::Sqlite => SHAPE_ON_SQLITE,
    };
    if shape(conn)? == expected { Ok(()) } else { Err(Error::internal(UNKNOWN)) }
}

pub const UNKNOWN: &str = "this schema was made before the first released version, by migrations that were edited since, so \
    it cannot be brought up to date. Keep it with the build that made it: read what you need from there (lists as CSV or \
    JSON lines), and begin a new database with this version. Nothing was changed";

/// A digest of every column, constraint, index and trigger. PostgreSQL's are described in words that do not hang on its
/// version; SQLite keeps the text of each.
fn shape(conn: &mut Conn) -> Result<String> {
    let lines = match conn.engine() {
        Engine::Postgres => {
            "line FROM (
             SELECT format('column %s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
             UNION ALL
             SELECT format('constraint %s %s %s', t.relname, o.conname, o.contype)
             FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
             WHERE o.connamespace = current_schema()::regnamespace AND o.contype IN ('c', 'f', 'p', 'u')
             UNION ALL
             SELECT format('index %s %s %s %s', t.relname, c.relname, i.indisunique,
                           (SELECT string_agg(coalesce(a.attname, '-'), ' ' ORDER BY k.place)
                            FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
                            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number))
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
             WHERE c.relnamespace = current_schema()::regnamespace) AS lines"
        }
        Engine::Sqlite => {
            "type || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
             AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"
        }
    };
    let mut lines: Vec<String> = diesel::select(sql::<Text>(lines)).load(conn)?;
    lines.retain(|line| !line.contains("__diesel_schema_migrations"));
    lines.sort();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(hex(digest(&SHA256, text.as_bytes()).as_ref()))
}
