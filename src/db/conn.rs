//! One connection type over both engines, chosen by the scheme of the URL and by nothing else.

#![expect(clippy::disallowed_methods, reason = "connections are made here, by the scheme of the parsed URL")]

use super::statements;
use crate::error::{Code, Error, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use std::time::Duration;

/// A connection to either engine. Where the engines differ, `db::dialect` matches on it; nothing else does.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Where the database is: parsed once, so that a mistyped URL is refused at start and never opens a file by that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    Postgres(String),
    Sqlite(String),
}

impl DatabaseUrl {
    /// Reads `sqlite://path` or `postgres://...`.
    ///
    /// # Errors
    /// Text that says what was expected; it never repeats the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() || path.contains('?') {
                return Err("sqlite:// needs the path of a file, without parameters".to_owned());
            }
            return Ok(Self::Sqlite(path.to_owned()));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("expected sqlite://PATH or postgres://USER@HOST/DATABASE".to_owned());
        }
        if needs_tls(url) {
            if !cfg!(feature = "tls") {
                return Err(
                    "a PostgreSQL that is not on this machine needs TLS, and this build has none: build with the \
                     feature tls, or spell out sslmode=disable"
                        .to_owned(),
                );
            }
            let joint = if url.contains('?') { '&' } else { '?' };
            return Ok(Self::Postgres(format!("{url}{joint}sslmode=require")));
        }
        Ok(Self::Postgres(url.to_owned()))
    }
}

/// libpq's own default falls back to plain text in silence; so where one of the hosts is not this machine, all get TLS
/// unless the URL says otherwise in so many words.
fn needs_tls(url: &str) -> bool {
    if url.contains("sslmode=") {
        return false;
    }
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    let by_parameter = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("host="));
    let port_cut = |host: &'_ str| host.rsplit_once(':').map_or(host.len(), |(name, _)| name.len());
    let is_here = |host: &str| {
        host.is_empty()
            || host.starts_with('/')
            || host.starts_with("%2F")
            || host.starts_with("127.")
            || matches!(host, "localhost" | "[::1]" | "::1")
    };
    match by_parameter {
        Some(hosts) => !hosts.split(',').all(is_here),
        None => !hosts.split(',').all(|host| is_here(&host[..port_cut(host)])),
    }
}

/// What is asked of libpq where the URL does not say otherwise: no waiting for a server that does not answer a
/// connection, and an end to one that has gone away without a word.
const PATIENCE_OF_LIBPQ: [(&str, &str); 6] = [
    ("connect_timeout", "2"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
    ("application_name", "innovation-register"),
];

/// The URL with [`PATIENCE_OF_LIBPQ`].
fn patient(url: &str) -> String {
    let mut whole = url.to_owned();
    for (name, value) in PATIENCE_OF_LIBPQ {
        if !url.contains(&format!("{name}=")) {
            whole = format!("{whole}{}{name}={value}", if whole.contains('?') { '&' } else { '?' });
        }
    }
    whole
}

/// How long one statement may take at the server, and how long it may wait for a lock. The server keeps to them even
/// where this process no longer can.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub statement: Duration,
    pub lock: Duration,
    /// How much of a SQLite file the connection keeps in memory, in KiB.
    pub cache: u32,
}

impl Limits {
    /// Enough for short work.
    pub const LITTLE: u32 = 2_000;
    /// With less, the pages of an index go to the journal again and again: 200,000 values take twice as long to write.
    pub const MUCH: u32 = 16_000;
}

impl Conn {
    /// A connection whose statements may take as long as they need.
    ///
    /// # Errors
    /// `unavailable` when the database cannot be reached.
    pub fn open(url: &DatabaseUrl) -> Result<Self> {
        Ok(Self::open_within(url, None)?.0)
    }

    /// A connection, and the number of the process that serves it at a PostgreSQL server.
    ///
    /// # Errors
    /// As [`Conn::open`].
    pub fn open_within(url: &DatabaseUrl, limits: Option<Limits>) -> Result<(Self, Option<i32>)> {
        let unreachable = |cause: ConnectionError| Error::new(Code::Unavailable).context(cause);
        let (mut conn, process) = match url {
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(&patient(url)).map_err(unreachable)?;
                let session: Session = diesel::sql_query(session(limits)).get_result(&mut conn)?;
                (Self::Postgres(conn), Some(session.process))
            }
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(unreachable)?;
                // FULL: a commit that was acknowledged survives a loss of power. Above its limit the journal gives its
                // room back at the next checkpoint. What is taken out is overwritten, so that nobody finds it in the file.
                let lock = limits.map_or(Duration::from_secs(5), |limits| limits.lock).as_millis();
                let cache = limits.map_or(Limits::LITTLE, |limits| limits.cache);
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {lock}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache}; \
                     PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = ON;"
                ))?;
                (Self::Sqlite(conn), None)
            }
        };
        statements::watch(&mut conn);
        Ok((conn, process))
    }

    /// Asks for an answer.
    ///
    /// # Errors
    /// What the database says instead.
    pub fn answers(&mut self) -> QueryResult<()> {
        self.batch_execute("SELECT 1")
    }

    /// Forgets all kept statements when there are very many, at the server too.
    pub fn forget_statements_if_many(&mut self) -> Result<()> {
        match (statements::forget_if_many(self), self) {
            (true, Self::Postgres(conn)) => Ok(conn.batch_execute("DEALLOCATE ALL")?),
            _ => Ok(()),
        }
    }
}

/// What a session begins with, in one round trip. Every instant is UTC: a session elsewhere would shift what `now()` and
/// literals mean. Messages are in English where the role may choose, since diesel hands on the text of a failure but not
/// its code (`violations`). The server ends statements that nobody waits for, and notices a client that is gone.
fn session(limits: Option<Limits>) -> String {
    let milliseconds = |time: fn(&Limits) -> Duration| limits.as_ref().map_or(0, |limits| time(limits).as_millis());
    let (statement, lock) = (milliseconds(|limits| limits.statement), milliseconds(|limits| limits.lock));
    format!(
        "SELECT pg_backend_pid() AS process, set_config('TimeZone', 'UTC', false), \
         set_config('statement_timeout', '{statement}', false), set_config('lock_timeout', '{lock}', false), \
         set_config('idle_in_transaction_session_timeout', '{statement}', false), \
         set_config('client_connection_check_interval', '1000', false), \
         set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false), \
         set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false), \
         CASE WHEN has_parameter_privilege('lc_messages', 'SET') THEN set_config('lc_messages', 'C', false) END"
    )
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    process: i32,
}

#[cfg(test)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_engine_and_anything_else_is_refused() {
        assert_eq!(DatabaseUrl::parse("sqlite://a.sqlite"), Ok(DatabaseUrl::Sqlite("a.sqlite".into())));
        assert!(DatabaseUrl::parse("postgre://h/d").is_err());
        assert!(DatabaseUrl::parse("a.sqlite").is_err());
        assert!(DatabaseUrl::parse("sqlite://").is_err());
    }

    #[test]
    fn a_distant_postgresql_gets_tls_unless_its_url_says_otherwise() {
        let url = |text: &str| match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Postgres(url)) => url,
            other => panic!("{other:?}"),
        };
        assert_eq!(url("postgres://u:p@localhost:5432/r"), "postgres://u:p@localhost:5432/r");
        assert_eq!(url("postgres:///r?host=/run/pg"), "postgres:///r?host=/run/pg");
        assert_eq!(url("postgres://u@db.example/r?sslmode=disable"), "postgres://u@db.example/r?sslmode=disable");
        if cfg!(feature = "tls") {
            assert_eq!(url("postgres://u@db.example/r"), "postgres://u@db.example/r?sslmode=require");
            assert_eq!(url("postgres://u@db.example/r?a=b"), "postgres://u@db.example/r?a=b&sslmode=require");
        } else {
            assert!(DatabaseUrl::parse("postgres://u@db.example/r").is_err());
            assert!(DatabaseUrl::parse("postgres://u@127.0.0.1:5432,db.example:5432/r").is_err());
        }
    }
}
