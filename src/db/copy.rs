//! The whole database as a stream of bytes, as it is at one moment, and back: SQLite's own copy of its file, or the
//! archive that PostgreSQL's `pg_dump` writes.

use super::conn::{Conn, DatabaseUrl};
use super::dialect::Engine;
use super::door::snapshot;
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many rows each table has.
pub fn rows(conn: &mut Conn) -> Result<BTreeMap<String, i64>> {
    let tables = match conn.engine() {
        Engine::Postgres => "tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        // What full-text search keeps is the engine's own, and made of the rest.
        Engine::Sqlite => {
            "name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        }
    };
    let mut rows = BTreeMap::new();
    for table in diesel::select(sql::<Text>(tables)).load::<String>(conn)? {
        let count = sql::<BigInt>(&format!("count(*) FROM \"{table}\""));
        rows.insert(table, diesel::select(count).get_result(conn)?);
    }
    Ok(rows)
}

/// Writes everything into `out`, and returns what `look` reads of the same moment. `folder` is for what the engine writes
/// on the way.
///
/// # Errors
/// `internal`, with words for the operator; what `look` returns.
pub fn copy_out<T>(
    url: &DatabaseUrl,
    folder: &Path,
    out: &mut impl Write,
    look: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    match url {
        DatabaseUrl::Sqlite(path) if !Path::new(path).exists() => {
            Err(Error::internal(format!("DATABASE_URL: there is no file {path}")))
        }
        DatabaseUrl::Sqlite(_) => {
            let copy = folder.join("copy.sqlite").display().to_string();
            Conn::open(url)?.batch_execute(&format!("VACUUM INTO '{}'", copy.replace('\'', "''")))?;
            let seen = look(&mut Conn::open(&DatabaseUrl::Sqlite(copy.clone()))?)?;
            let mut file = File::open(copy).map_err(Error::internal)?;
            std::io::copy(&mut file, out).map_err(Error::internal)?;
            Ok(seen)
        }
        DatabaseUrl::Postgres(url_with_password) => snapshot(&mut Conn::open(url)?, |conn| {
            let moment: String = diesel::select(sql::<Text>("pg_export_snapshot()")).get_result(conn)?;
            let schema = format!("\"{}\"", current_schema(conn)?);
            let mut dump = program("pg_dump", conn, url_with_password)?;
            dump.args(["--format=custom", "--no-owner", "--no-privileges", "--snapshot", &moment, "--schema", &schema]);
            let mut dump = dump.stdout(Stdio::piped()).spawn().map_err(Error::internal)?;
            if let Some(mut archive) = dump.stdout.take() {
                std::io::copy(&mut archive, out).map_err(Error::internal)?;
            }
            if !dump.wait().map_err(Error::internal)?.success() {
                return Err(Error::internal("pg_dump failed, for the reason above"));
            }
            look(conn)
        }),
    }
}

fn current_schema(conn: &mut Conn) -> Result<String> {
    Ok(diesel::select(sql::<Text>("current_schema()::text")).get_result(conn)?)
}

/// Makes a database that has nothing in it of what [`copy_out`] wrote.
///
/// # Errors
/// `internal`, with words for the operator.
pub fn copy_in(url: &DatabaseUrl, data: &mut impl Read) -> Result<()> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let path = Path::new(path);
            let mut file = tempfile::NamedTempFile::new_in(folder_of(path)).map_err(Error::internal)?;
            std::io::copy(data, &mut file).map_err(Error::internal)?;
            keep(file, path)
        }
        DatabaseUrl::Postgres(url_with_password) => {
            let mut conn = Conn::open(url)?;
            let schema = current_schema(&mut conn)?;
            let mut restore = program("pg_restore", &mut conn, url_with_password)?;
            restore.args(["--single-transaction", "--no-owner", "--no-privileges", "--schema", &schema]);
            let mut restore = restore.stdin(Stdio::piped()).spawn().map_err(Error::internal)?;
            let sent = restore.stdin.take().map(|mut archive| std::io::copy(data, &mut archive));
            if !restore.wait().map_err(Error::internal)?.success() {
                return Err(Error::internal("pg_restore failed, for the reason above; nothing was restored"));
            }
            sent.transpose().map(drop).map_err(Error::internal)
        }
    }
}

/// Refuses a database that has something in it.
///
/// # Errors
/// `internal`, with words for the operator.
pub fn refuse_used(url: &DatabaseUrl) -> Result<()> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let files = ["", "-wal", "-shm", "-journal"].map(|end| format!("{path}{end}"));
            match files.iter().find(|file| Path::new(file).exists()) {
                None => Ok(()),
                Some(file) => Err(Error::internal(format!(
                    "DATABASE_URL: {file} exists already. Move all files of that database away first, or restore to another path"
                ))),
            }
        }
        DatabaseUrl::Postgres(_) => match rows(&mut Conn::open(url)?)?.len() {
            0 => Ok(()),
            tables => Err(Error::internal(format!(
                "DATABASE_URL: the database has {tables} tables already. Restore into a new one"
            ))),
        },
    }
}

/// Gives a file that was written its name, once it is on the disk; never over another.
///
/// # Errors
/// `internal`, with words for the operator.
pub fn keep(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    let unkept = |cause: std::io::Error| Error::internal(format!("{}: {cause}", path.display()));
    file.as_file().sync_all().map_err(unkept)?;
    file.persist_noclobber(path).map_err(|error| unkept(error.error))?;
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(unkept)
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// One of PostgreSQL's own programs, told which database: the oldest that is no older than the server.
fn program(name: &str, conn: &mut Conn, url: &str) -> Result<Command> {
    let version = sql::<BigInt>("current_setting('server_version_num')::bigint / 10000");
    let server: i64 = diesel::select(version).get_result(conn)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let places = std::env::split_paths(&path).chain(debian.map(|version| version.path().join("bin")));
    let found: Vec<(i64, PathBuf)> =
        places.map(|place| place.join(name)).filter_map(|path| Some((major(&path)?, path))).collect();
    let fitting = found.iter().filter(|(major, _)| *major >= server).min_by_key(|(major, _)| *major);
    let Some((_, path)) = fitting else {
        let there = match found.iter().map(|(major, _)| major).max() {
            None => format!("{name} is neither on the PATH nor below /usr/lib/postgresql"),
            Some(newest) => format!("{name} is of PostgreSQL {newest}"),
        };
        return Err(Error::internal(format!(
            "the server is PostgreSQL {server}, and {there}: install its client programs (Debian: postgresql-client-{server})"
        )));
    };
    let (url, password) = without_password(url);
    let mut command = Command::new(path);
    command.args(["--dbname", &url]).envs(password.map(|password| ("PGPASSWORD", password)));
    Ok(command)
}

/// The major version that a program of PostgreSQL says it has: `pg_dump (PostgreSQL) 15.18`.
fn major(program: &Path) -> Option<i64> {
    let said = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (_, version) = said.split_once("(PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The address and, apart, its password: everybody on the machine can read the arguments of a process.
fn without_password(url: &str) -> (String, Option<String>) {
    let parted = || {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@')?;
        let (user, password) = user.split_once(':')?;
        let encoded = format!("password={}", password.replace('+', "%2B").replace('&', "%26"));
        let decoded: BTreeMap<String, String> = serde_urlencoded::from_str(&encoded).ok()?;
        Some((format!("{scheme}://{user}@{host}{path}"), decoded.into_values().next()))
    };
    parted().unwrap_or_else(|| (url.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_part_of_a_command_line() {
        let parted = |url| without_password(url);
        let with = |password: &str| Some(password.to_owned());
        assert_eq!(
            parted("postgres://u:p%40+%26@h:5432/d?a=b"),
            ("postgres://u@h:5432/d?a=b".to_owned(), with("p@+&"))
        );
        assert_eq!(parted("postgres://u@h/d"), ("postgres://u@h/d".to_owned(), None));
        assert_eq!(parted("postgres:///d?host=/run/a:b@c"), ("postgres:///d?host=/run/a:b@c".to_owned(), None));
    }
}
