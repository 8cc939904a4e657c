//! The service under test, and those who call it.

use super::http::Request;
use super::{Engine, postgres};
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use chrono::{DateTime, TimeDelta};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use innovation_register::access::{Operation, Role};
use innovation_register::config::Config;
use innovation_register::db::{Conn, DatabaseUrl, transaction};
use innovation_register::demonstration;
use innovation_register::grants::keys::{self, SealingKey, SigningKey};
use innovation_register::grants::ops::{NewLocalToken, issue_local_token};
use innovation_register::http::context::Context;
use innovation_register::startup;
use innovation_register::vocabulary::Timestamp;
use reqwest::Method;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;
use tempfile::TempDir;

/// The moment at which every test begins: a Monday in British Summer Time.
pub const START: fn() -> Timestamp = || DateTime::from_timestamp(1_781_514_000, 0).expect("15 June 2026, 09:00 UTC");

/// What tests leave otherwise: no limit of requests, few threads, and a sealing key that is the same everywhere.
const SETTINGS: [(&str, &str); 7] = [
    ("LISTEN", "127.0.0.1:0"),
    ("RATE_LIMIT", "off"),
    ("WORKERS", "1"),
    ("DB_READERS", "2"),
    ("DB_WRITERS", "2"),
    ("LOCAL_TOKENS", "true"),
    ("KEY_SECRET", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"),
];

/// The service on a free port, with a database of its own.
pub struct TestApp {
    pub engine: Engine,
    /// Where it listens, and the issuer of its tokens.
    pub url: String,
    pub database: DatabaseUrl,
    config: Config,
    conn: Mutex<Conn>,
    clock: Arc<Mutex<Timestamp>>,
    client: reqwest::Client,
    server: ServerHandle,
    _folder: TempDir,
}

impl TestApp {
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// With the demonstration data.
    pub async fn seeded(engine: Engine) -> Self {
        let folder = folder();
        let database = match engine {
            Engine::Postgres => postgres::seeded_database(),
            Engine::Sqlite => {
                static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
                copied(TEMPLATE.get_or_init(|| sqlite_template(seed)), &folder)
            }
        };
        Self::of(database, folder).await
    }

    /// With settings other than those of the other tests.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let folder = folder();
        Self::on(database(engine, &folder), folder, settings).await
    }

    /// On a database that is there already; the folder is the one it lies in.
    pub async fn of(database: DatabaseUrl, folder: TempDir) -> Self {
        Self::on(database, folder, &[]).await
    }

    /// On PostgreSQL, which writes every parse and every plan into its log, and sorts or reads a whole table only where
    /// no index serves: at the few rows of a test it would choose that anyway.
    pub async fn watched() -> Self {
        Self::watched_where("enable_sort%3Doff").await
    }

    /// As [`Self::watched`], but it sorts unless the setting says otherwise.
    pub async fn watched_where(setting: &str) -> Self {
        let options = format!(
            "-csession_preload_libraries%3Dauto_explain%20-cauto_explain.log_min_duration%3D0\
             %20-clog_min_duration_statement%3D0%20-cenable_seqscan%3Doff%20-cjit%3Doff%20-c{setting}"
        );
        let url = format!("{}&options={options}", address_of(&postgres::database()));
        Self::on(DatabaseUrl::parse(&url).expect("a good address"), folder(), &[]).await
    }

    /// On this database, with the files of its own in the folder.
    pub async fn on(database: DatabaseUrl, folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let url = address_of(&database);
        let mut pairs: Vec<(&str, &str)> = SETTINGS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
        pairs.retain(|(name, _)| !settings.iter().any(|(other, _)| other == name));
        pairs.extend_from_slice(settings);
        let config = Config::from_pairs(&pairs).unwrap_or_else(|faults| panic!("{faults}"));
        let clock = Arc::new(Mutex::new(START()));
        let (server, url) = serve(config.clone(), clock.clone());
        let client = client();
        let conn = connect(&database);
        let (engine, conn) = (conn.engine(), Mutex::new(conn));
        Self { engine, url, database, config, conn, clock, client, server, _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        *self.clock.lock().expect("the clock is never held for long")
    }

    /// Puts the service's clock forward, or back.
    pub fn advance(&self, by: TimeDelta) {
        *self.clock.lock().expect("the clock is never held for long") += by;
    }

    /// Sets the service's clock, to before its keys were made if need be.
    pub fn set_clock(&self, now: &str) {
        self.sql("UPDATE signing_keys SET signs_from = '2000-01-01 00:00:00'");
        *self.clock.lock().expect("the clock is never held for long") = now.parse().expect("an instant");
    }

    /// SQL that no operation of the API does yet, or must not do.
    pub fn sql(&self, statements: &str) {
        self.conn
            .lock()
            .expect("no test fails while it holds the connection")
            .batch_execute(statements)
            .expect("good SQL");
    }

    /// As somebody with the owner's rights, who takes away first what guards the audit trail.
    pub fn tamper(&self, statements: &str) {
        let tables = ["events", "subjects", "audit_checkpoints", "audit_checkpoint_keys"];
        let unguarded: String = match self.engine {
            Engine::Postgres => {
                tables.iter().map(|table| format!("ALTER TABLE {table} DISABLE TRIGGER USER;")).collect()
            }
            Engine::Sqlite => [
                "events_stay_insert",
                "events_stay_update",
                "events_stay_delete",
                "subjects_are_erased_alone",
                "subjects_stay",
                "audit_checkpoints_stay_update",
                "audit_checkpoints_stay_delete",
                "audit_checkpoint_keys_stay_update",
                "audit_checkpoint_keys_stay_delete",
            ]
            .iter()
            .map(|trigger| format!("DROP TRIGGER IF EXISTS {trigger};"))
            .collect(),
        };
        self.sql(&unguarded);
        self.sql(statements);
    }

    /// Every text and every run of bytes in every table, as one text for each row, with the table's name.
    pub fn everything(&self) -> Vec<(String, String)> {
        let mut conn = self.conn.lock().expect("no test fails while it holds the connection");
        let (tables, row) = match self.engine {
            Engine::Postgres => ("tablename::text FROM pg_tables WHERE schemaname = 'public'", "CAST(t AS TEXT)"),
            Engine::Sqlite => ("name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'", ""),
        };
        let text = |query: &str| diesel::dsl::sql::<diesel::sql_types::Text>(query);
        let mut found = Vec::new();
        for table in diesel::select(text(tables)).load::<String>(&mut *conn).expect("a catalogue") {
            let columns: Vec<String> = match self.engine {
                Engine::Postgres => {
                    let bytes = format!(
                        "column_name::text FROM information_schema.columns WHERE table_name = '{table}' AND data_type = 'bytea'"
                    );
                    let bytes = diesel::select(text(&bytes)).load::<String>(&mut *conn).expect("columns");
                    let shown = bytes.iter().map(|name| format!("coalesce(encode(\"{name}\", 'escape'), '')"));
                    let shown = std::iter::once(row.to_owned()).chain(shown);
                    shown.map(|shown| format!("encode(convert_to({shown}, 'UTF8'), 'hex')")).collect()
                }
                Engine::Sqlite => {
                    let names = format!("name FROM pragma_table_info('{table}')");
                    let names = diesel::select(text(&names)).load::<String>(&mut *conn).expect("columns");
                    names.iter().map(|name| format!("hex(coalesce(\"{name}\", ''))")).collect()
                }
            };
            let columns = columns.join(" || '20' || ");
            let query = format!("{columns} FROM \"{table}\" t");
            for row in diesel::select(text(&query)).load::<String>(&mut *conn).expect("rows") {
                let digits =
                    (0..row.len() / 2).filter_map(|at| u8::from_str_radix(row.get(2 * at..2 * at + 2)?, 16).ok());
                let bytes: Vec<u8> = digits.collect();
                found.push((table.clone(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        found
    }

    /// Decides on texts: puts one text in the place of others, in every column that holds text of these tables.
    pub fn put_instead(&self, tables: &[String], others: &[&str], one: &str) {
        for table in tables {
            let names = match self.engine {
                Engine::Postgres => format!(
                    "column_name::text FROM information_schema.columns WHERE table_name = '{table}' AND data_type = 'text'"
                ),
                Engine::Sqlite => format!("name FROM pragma_table_info('{table}') WHERE type = 'TEXT'"),
            };
            let columns: Vec<String> = {
                let mut conn = self.conn.lock().expect("no test fails while it holds the connection");
                let names = diesel::dsl::sql::<diesel::sql_types::Text>(&names);
                diesel::select(names).load(&mut *conn).expect("a catalogue")
            };
            for column in columns {
                let put = |text: String, other: &&str| format!("replace({text}, '{other}', '{one}')");
                let value = others.iter().fold(column.clone(), put);
                self.sql(&format!("UPDATE {table} SET {column} = {value} WHERE {column} <> {value}"));
            }
        }
    }

    /// The bytes of every file that the database keeps in the test's folder.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self._folder.path()).expect("the test's folder").flatten();
        files
            .map(|file| (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).expect("a file")))
            .collect()
    }

    /// How many rows there are of a table, or of one with a condition after it.
    pub fn count(&self, table: &str) -> u64 {
        let rows = diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("count(*) FROM {table}"));
        let mut conn = self.conn.lock().expect("no test fails while it holds the connection");
        let count: i64 = diesel::select(rows).get_result(&mut *conn).expect("good SQL");
        count.try_into().expect("no fewer than none")
    }

    /// What PostgreSQL has written into its log about this database.
    pub fn log(&self) -> Vec<String> {
        postgres::log(&self.database)
    }

    /// Keeps every writer of organisations waiting for so long.
    pub async fn hold_writes(&self, time: Duration) {
        let hold = match self.engine {
            Engine::Postgres => "BEGIN; LOCK TABLE organisations IN SHARE ROW EXCLUSIVE MODE",
            Engine::Sqlite => "BEGIN IMMEDIATE",
        };
        let mut conn = connect(&self.database);
        conn.batch_execute(hold).expect("nobody else holds it");
        actix_web::rt::time::sleep(time).await;
    }

    /// A token, by the way that `innovation-register token` makes one.
    pub fn token(&self, wanted: &NewLocalToken) -> String {
        let sealing = SealingKey::open(&self.config.keys).expect("a sealing key");
        let context = Context::local(Operation::issue_local_token, self.now());
        let issuer = (self.url.as_str(), self.config.audience.as_str());
        let mut conn = self.conn.lock().expect("no test fails while it holds the connection");
        let issued = transaction(&mut conn, |conn| issue_local_token(conn, &sealing, &context, issuer, wanted));
        issued.unwrap_or_else(|error| panic!("{}: {:?}", error.public_detail(), error.listed()))
    }

    /// The key that the service signs tokens with at this moment.
    pub fn signing_key(&self) -> SigningKey {
        let sealing = SealingKey::open(&self.config.keys).expect("a sealing key");
        let mut conn = self.conn.lock().expect("no test fails while it holds the connection");
        keys::signing(&mut conn, &sealing, self.now()).expect("a signing key")
    }

    /// The bearer of any token.
    pub fn bearer(&self, token: impl Into<String>) -> Actor {
        Actor { client: self.client.clone(), url: self.url.clone(), token: Some(token.into()), headers: Vec::new() }
    }

    pub fn actor(&self, wanted: &NewLocalToken) -> Actor {
        self.bearer(self.token(wanted))
    }

    pub fn anonymous(&self) -> Actor {
        Actor { token: None, ..self.bearer("") }
    }

    /// Nobody in particular, at another of its addresses.
    pub fn elsewhere(&self, address: &str) -> Actor {
        Actor { url: format!("http://{address}"), ..self.anonymous() }
    }

    pub fn admin(&self) -> Actor {
        self.actor(&grant(Role::NationalAdmin))
    }

    /// Whoever only reads.
    pub fn reader(&self) -> Actor {
        self.actor(&grant(Role::Reader))
    }

    pub fn submitter(&self, organisation: &str) -> Actor {
        self.actor(&NewLocalToken { organisation: Some(organisation.to_owned()), ..grant(Role::Submitter) })
    }

    pub fn lead(&self, organisation: &str) -> Actor {
        self.actor(&NewLocalToken { organisation: Some(organisation.to_owned()), ..grant(Role::RegionalLead) })
    }

    pub fn manager(&self, programme: &str) -> Actor {
        self.actor(&NewLocalToken { programme: Some(programme.to_owned()), ..grant(Role::ProgrammeManager) })
    }

    pub fn fellow(&self, innovation: &str) -> Actor {
        self.actor(&NewLocalToken { innovation: Some(innovation.to_owned()), ..grant(Role::Fellow) })
    }

    /// Who judges whatever there is to judge.
    pub fn evaluator(&self) -> Actor {
        self.actor(&grant(Role::NationalEvaluator))
    }
}

impl Drop for TestApp {
    /// Its thread ends, and with it the lanes and their connections.
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if self.engine == Engine::Postgres {
            postgres::discard(&self.database);
        }
    }
}

/// A grant that holds for the rest of the day.
pub fn grant(role: Role) -> NewLocalToken {
    let life = TimeDelta::hours(12);
    NewLocalToken { role, organisation: None, programme: None, innovation: None, subject: None, body: None, life }
}

/// A client that keeps no connection for as long as the service waits for the first request on one.
fn client() -> reqwest::Client {
    // Fails where it was done before, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(3)).build().expect("a client")
}

/// Runs the service on a thread of its own, as `serve` does.
fn serve(config: Config, clock: Arc<Mutex<Timestamp>>) -> (ServerHandle, String) {
    let (say, said) = mpsc::channel();
    let now = move || *clock.lock().expect("the clock is never held for long");
    let run = move || {
        System::new().block_on(async move {
            match startup::build(config, Arc::new(now)).await {
                Err(fault) => drop(say.send(Err(fault))),
                Ok(running) => {
                    drop(say.send(Ok((running.handle, format!("http://{}", running.address)))));
                    running.server.await.expect("the server ends well");
                }
            }
        });
    };
    std::thread::spawn(run);
    said.recv().expect("the service says how it went").unwrap_or_else(|fault| panic!("{fault}"))
}

/// In memory where there is such a place: SQLite waits for the disk at every commit.
pub fn folder() -> TempDir {
    TempDir::with_prefix_in("register-test-", "/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder")
}

/// A migrated database of the test's own.
pub fn database(engine: Engine, folder: &TempDir) -> DatabaseUrl {
    match engine {
        Engine::Postgres => postgres::database(),
        Engine::Sqlite => {
            static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
            copied(TEMPLATE.get_or_init(|| sqlite_template(|_| ())), folder)
        }
    }
}

/// A database with nothing in it.
pub fn empty_database(engine: Engine, folder: &TempDir) -> DatabaseUrl {
    match engine {
        Engine::Postgres => postgres::empty_database(),
        Engine::Sqlite => sqlite(folder.path().join("empty.sqlite")),
    }
}

fn sqlite(path: PathBuf) -> DatabaseUrl {
    DatabaseUrl::parse(&format!("sqlite://{}", path.display())).expect("a good address")
}

/// A migrated file with something in it, for tests to copy.
fn sqlite_template(fill: fn(&DatabaseUrl)) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join("template.sqlite");
    startup::migrate_database(&sqlite(path.clone()), START()).expect("migrations that run");
    fill(&sqlite(path.clone()));
    std::fs::read(path).expect("what was just written")
}

fn copied(template: &[u8], folder: &TempDir) -> DatabaseUrl {
    let path = folder.path().join("register.sqlite");
    std::fs::write(&path, template).expect("room for a database");
    sqlite(path)
}

/// Loads the demonstration.
pub fn seed(database: &DatabaseUrl) {
    let context = Context::local(Operation::seed, START());
    transaction(&mut connect(database), |conn| demonstration::seed(conn, &context)).expect("the demonstration loads");
}

pub fn connect(database: &DatabaseUrl) -> Conn {
    Conn::open(database).unwrap_or_else(|error| panic!("{:?}", error.cause()))
}

/// The address as `DATABASE_URL` writes it.
pub fn address_of(database: &DatabaseUrl) -> String {
    match database {
        DatabaseUrl::Postgres(url) => url.clone(),
        DatabaseUrl::Sqlite(path) => format!("sqlite://{path}"),
    }
}

/// Settings with which the binary serves this database as the tests' own service does.
pub fn settings(database: &DatabaseUrl) -> Vec<(&'static str, String)> {
    let ours = SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned()));
    ours.chain([("DATABASE_URL", address_of(database))]).collect()
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Actor {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Actor {
    /// The bearer of a token at a service that another process runs.
    pub fn at(url: &str, token: &str) -> Self {
        let client = client();
        Self { client, url: url.to_owned(), token: Some(token.to_owned()), headers: Vec::new() }
    }

    /// The same caller, with a header on every request.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// The same caller, without that header.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(header, _)| *header != name);
        other
    }

    pub fn request(&self, method: &str, target: &str) -> Request {
        let name = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(name, format!("{}{target}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        Request::new(method, target, request)
    }

    pub fn get(&self, target: &str) -> Request {
        self.request("GET", target)
    }

    pub fn post(&self, target: &str, body: Value) -> Request {
        self.request("POST", target).json(&body)
    }

    pub fn patch(&self, target: &str, version: i64, body: Value) -> Request {
        self.request("PATCH", target).json(&body).if_match(version)
    }

    pub fn delete(&self, target: &str, version: i64) -> Request {
        self.request("DELETE", target).if_match(version)
    }

    /// Moves a record to another state.
    pub fn transition(&self, target: &str, version: i64, body: Value) -> Request {
        self.post(&format!("{target}/transitions"), body).if_match(version)
    }

    pub fn post_csv(&self, target: &str, body: &str) -> Request {
        self.request("POST", target).header("content-type", "text/csv").body(body.to_owned())
    }
}
