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
        let asked = Asked::of(url);
        if let Some(mode @ ("prefer" | "allow")) = asked.mode.as_deref() {
            return Err(format!(
                "sslmode={mode} falls back to plain text in silence: say sslmode=verify-full, or sslmode=disable"
            ));
        }
        if asked.is_by_service {
            return Err("a service file is not read: write the host into the URL".to_owned());
        }
        if asked.is_here || asked.mode.as_deref() == Some("disable") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        if !cfg!(feature = "tls") {
            return Err("a PostgreSQL that is not on this machine needs TLS, and this build has none: build with the \
                        feature tls, or spell out sslmode=disable"
                .to_owned());
        }
        let mut whole = url.to_owned();
        let mut add = |part: &str| whole.push_str(&format!("{}{part}", if whole.contains('?') { '&' } else { '?' }));
        if asked.mode.is_none() {
            add("sslmode=verify-full");
            if let Some(bundle) = certificates().filter(|_| !asked.has_certificates) {
                add(&format!("sslrootcert={bundle}"));
            }
        }
        Ok(Self::Postgres(whole))
    }

    /// What the operator is to know of how safe the way to the database is; nothing where there is nothing to say.
    pub fn caution(&self) -> Option<&'static str> {
        let Self::Postgres(url) = self else { return None };
        let asked = Asked::of(url);
        match asked.mode.as_deref() {
            _ if asked.is_here => None,
            Some("disable") => {
                Some("DATABASE_URL: sslmode=disable: the connection to another machine is not encrypted")
            }
            Some("verify-ca") => Some(
                "DATABASE_URL: sslmode=verify-ca encrypts but does not verify the name of the server: verify-full does",
            ),
            Some("require") => Some(
                "DATABASE_URL: sslmode=require encrypts but does not verify the server, so that whoever is in between can \
                 read and change everything: sslmode=verify-full does",
            ),
            _ => None,
        }
    }
}

/// What a URL asks of the way to the server.
struct Asked {
    mode: Option<String>,
    has_certificates: bool,
    is_by_service: bool,
    /// Whether all its hosts are this machine.
    is_here: bool,
}

impl Asked {
    /// libpq's own default falls back to plain text in silence; so where one of the hosts is not this machine, all get TLS
    /// unless the URL says otherwise in so many words.
    fn of(url: &str) -> Self {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let said = |name: &str| pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = authority.rsplit('@').next().unwrap_or_default();
        // The address goes before the name, and what the environment says fills in for both.
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let unsaid = hosts.is_empty() && said("host").is_none() && said("hostaddr").is_none();
        let from_outside = ["PGHOSTADDR", "PGHOST"].into_iter().find_map(environment).filter(|_| unsaid);
        let port_cut = |host: &'_ str| host.rsplit_once(':').map_or(host.len(), |(name, _)| name.len());
        let is_here = |host: &str| {
            host.is_empty()
                || host.starts_with('/')
                || host.starts_with("%2F")
                || host.starts_with("127.")
                || matches!(host, "localhost" | "[::1]" | "::1")
        };
        let all_here = |hosts: &str| hosts.split(',').all(is_here);
        let named = match said("host") {
            Some(hosts) => all_here(hosts),
            None => hosts.split(',').all(|host| is_here(&host[..port_cut(host)])),
        };
        let addressed = said("hostaddr").or(from_outside.as_deref()).is_none_or(all_here);
        Self {
            mode: said("sslmode").map(str::to_owned),
            has_certificates: said("sslrootcert").is_some(),
            is_by_service: said("service").is_some(),
            is_here: named && addressed,
        }
    }
}

/// Where this machine has the certificates of those who vouch for servers.
fn certificates() -> Option<String> {
    let known = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let named = std::env::var("SSL_CERT_FILE").ok();
    named.into_iter().chain(known.map(str::to_owned)).find(|path| std::path::Path::new(path).is_file())
}

/// Sees to it that only the owner of a SQLite file can read it, and what SQLite writes beside it, which gets the rights of
/// the file.
fn keep_private(path: &str) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    const OWNER_ONLY: u32 = 0o600;
    for file in ["", "-wal", "-shm", "-journal"].map(|end| format!("{path}{end}")) {
        match std::fs::metadata(&file) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(OWNER_ONLY))?;
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && file == path => {
                let made = std::fs::File::options().create_new(true).write(true).mode(OWNER_ONLY).open(&file);
                // Another connection may have made it meanwhile.
                made.map(drop).or_else(|cause| match cause.kind() {
                    std::io::ErrorKind::AlreadyExists => Ok(()),
                    _ => Err(cause),
                })?;
            }
            _ => {}
        }
    }
    Ok(())
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
                if let Err(cause) = keep_private(path) {
                    tracing::debug!(%cause, "the rights of the database file are not ours to change");
                }
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
            assert!(url("postgres://u@db.example/r").starts_with("postgres://u@db.example/r?sslmode=verify-full"));
            assert!(
                url("postgres://u@db.example/r?a=b").starts_with("postgres://u@db.example/r?a=b&sslmode=verify-full")
            );
            let own = "postgres://u@db.example/r?sslrootcert=/ca.pem";
            assert_eq!(url(own), format!("{own}&sslmode=verify-full"));
        } else {
            assert!(DatabaseUrl::parse("postgres://u@db.example/r").is_err());
            assert!(DatabaseUrl::parse("postgres://u@127.0.0.1:5432,db.example:5432/r").is_err());
            assert!(DatabaseUrl::parse("postgres://u@localhost/r?hostaddr=192.0.2.7").is_err());
            assert!(DatabaseUrl::parse("postgres:///r?host=db.example").is_err());
        }
    }

    #[test]
    fn what_falls_back_to_plain_text_is_refused_and_what_does_not_verify_is_told() {
        for mode in ["prefer", "allow"] {
            for host in ["localhost", "db.example"] {
                let fault = DatabaseUrl::parse(&format!("postgres://u@{host}/r?sslm%6Fde={mode}")).unwrap_err();
                assert!(fault.contains("verify-full"), "{fault}");
            }
        }
        let caution = |url: &str| DatabaseUrl::Postgres(url.to_owned()).caution().unwrap_or_default();
        assert!(caution("postgres://u@db.example/r?sslmode=require").contains("does not verify the server"));
        assert!(caution("postgres://u@db.example/r?sslmode=verify-ca").contains("the name of the server"));
        assert!(caution("postgres://u@db.example/r?sslmode=disable").contains("not encrypted"));
        for quiet in ["postgres://u@db.example/r?sslmode=verify-full", "postgres://u@localhost/r?sslmode=disable"] {
            assert_eq!(caution(quiet), "", "{quiet}");
        }
    }

    #[test]
    fn a_sqlite_file_and_what_lies_beside_it_are_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.sqlite").display().to_string();
        let mode = |end: &str| std::fs::metadata(format!("{path}{end}")).unwrap().permissions().mode() & 0o777;
        let open = || Conn::open(&DatabaseUrl::Sqlite(path.clone())).unwrap();
        let mut conn = open();
        conn.batch_execute("CREATE TABLE t (a INTEGER)").unwrap();
        assert_eq!([mode(""), mode("-wal"), mode("-shm")], [0o600; 3]);
        for end in ["", "-wal", "-shm"] {
            std::fs::set_permissions(format!("{path}{end}"), std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        drop(open());
        assert_eq!([mode(""), mode("-wal"), mode("-shm")], [0o600; 3]);
    }
}
