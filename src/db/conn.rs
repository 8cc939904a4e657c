//! One connection type over both engines, chosen by the scheme of the URL and by nothing else.

#![expect(clippy::disallowed_methods, reason = "connections are made here, by the scheme of the parsed URL")]

use super::statements;
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

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

/// libpq's own default falls back to plain text in silence; so a host that is not this machine gets TLS unless
/// the URL says otherwise in so many words.
fn needs_tls(url: &str) -> bool {
    if url.contains("sslmode=") {
        return false;
    }
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let by_parameter = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("host="));
    let host = by_parameter.unwrap_or_else(|| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let local = host.is_empty()
        || host.starts_with('/')
        || host.starts_with("%2F")
        || host.starts_with("127.")
        || matches!(host, "localhost" | "[::1]" | "::1");
    !local
}

impl Conn {
    /// # Errors
    /// `unavailable` when the database cannot be reached.
    pub fn open(url: &DatabaseUrl) -> Result<Self> {
        let unreachable = |cause: String| Error::new(crate::error::Code::Unavailable).context(cause);
        let mut conn = match url {
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(|e| unreachable(e.to_string()))?;
                // Every instant is UTC; a session elsewhere would shift what `now()` and literals mean.
                conn.batch_execute("SET TIME ZONE 'UTC'; SET application_name = 'innovation-register'")?;
                Self::Postgres(conn)
            }
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(|e| unreachable(e.to_string()))?;
                // FULL: a commit that was acknowledged survives a loss of power.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000;",
                )?;
                Self::Sqlite(conn)
            }
        };
        statements::watch(&mut conn);
        Ok(conn)
    }

    /// Forgets all kept statements when there are very many, at the server too.
    pub fn forget_statements_if_many(&mut self) -> Result<()> {
        match (statements::forget_if_many(self), self) {
            (true, Self::Postgres(conn)) => Ok(conn.batch_execute("DEALLOCATE ALL")?),
            _ => Ok(()),
        }
    }
}

/// Makes connections for r2d2.
pub struct Source(pub DatabaseUrl);

impl r2d2::ManageConnection for Source {
    type Connection = Conn;
    type Error = SourceError;

    fn connect(&self) -> Result<Conn, SourceError> {
        Conn::open(&self.0).map_err(|e| SourceError(e.cause().unwrap_or_default().to_owned()))
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), SourceError> {
        conn.batch_execute("SELECT 1").map_err(|e| SourceError(e.to_string()))
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::r2d2::R2D2Connection;
        std::thread::panicking() || conn.is_broken()
    }
}

#[derive(Debug)]
pub struct SourceError(String);

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceError {}

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
        }
    }
}
