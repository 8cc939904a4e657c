//! What clients see while the database is lost, hangs, is locked or takes no changes, while an instance dies or leaves,
//! and while a large delivery is written.

use crate::support::*;
use diesel::connection::SimpleConnection;
use futures_util::future::join;
use innovation_register::error::Error;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Short enough for a test to wait for, and long enough for a busy machine to do in it what is possible at all.
const PATIENCE: [(&str, &str); 1] = [("DB_PATIENCE", "3")];
const WITHIN_PATIENCE: Duration = Duration::from_secs(6);
const SOON: Duration = Duration::from_secs(10);

/// What readiness says is wrong; empty where nothing is.
async fn wrong(app: &TestApp) -> String {
    let asked = Instant::now();
    let answer = app.anonymous().get("/health/ready").await;
    assert!(asked.elapsed() < Duration::from_secs(2), "readiness is told at once");
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

fn innovation(name: &str) -> Value {
    json!({ "name": name, "summary": "Does good.", "mainCategory": "digital" })
}

#[actix_web::test]
async fn connections_that_were_lost_are_replaced_before_anybody_notices() {
    let app = TestApp::start(Postgres).await;
    let admin = app.admin();
    app.innovation("heartflow").await;
    for _ in 0..3 {
        admin.get("/v1/innovations").await.expect(200);
        app.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        // The first to meet a dead connection is told so; nobody after it.
        eventually("reads succeed", SOON, async || admin.get("/v1/innovations/heartflow").await.status == 200).await;
        for _ in 0..10 {
            admin.get("/v1/innovations/heartflow").await.expect(200);
            admin.get("/v1/innovations?q=heart").await.expect(200);
        }
        eventually("changes succeed", SOON, async || {
            let name = uuid::Uuid::now_v7().to_string();
            admin.post("/v1/innovations", innovation(&name)).await.status == 201
        })
        .await;
        eventually("it is ready", SOON, async || wrong(&app).await.is_empty()).await;
    }
}

#[actix_web::test]
async fn a_locked_table_holds_up_nobody_who_asks_for_another() {
    let app = TestApp::with(Postgres, &PATIENCE).await;
    app.trust("RJZ", "QKK").await;
    let admin = app.admin();
    app.sql("BEGIN; LOCK TABLE innovations IN ACCESS EXCLUSIVE MODE");
    let blocked = async |number: u32| admin.get(&format!("/v1/innovations?limit={number}")).await;
    let others = async {
        for _ in 0..20 {
            admin.get("/v1/organisations/RJZ").await.expect(200);
            assert_eq!(wrong(&app).await, "");
        }
    };
    let asked = Instant::now();
    let (answers, ()) = join(futures_util::future::join_all((1..=4).map(blocked)), others).await;
    answers.iter().for_each(|answer| drop(answer.problem(503, "overloaded")));
    assert!(asked.elapsed() < WITHIN_PATIENCE && answers[0].header("retry-after") == "1");
    app.sql("COMMIT");
    admin.get("/v1/innovations").await.expect(200);
}

#[actix_web::test]
async fn few_rows_and_exports_wait_no_longer_than_anybody_for_a_lock() {
    let app = daily(TestApp::with(Postgres, &PATIENCE).await).await;
    let (admin, export) = (app.admin(), app.admin().with("accept", "text/csv"));
    app.sql("BEGIN; LOCK TABLE kpi_values IN ACCESS EXCLUSIVE MODE");
    let asked = Instant::now();
    let sending = async { admin.post(SUBMIT, days(1, 1, &[])).await };
    let exporting = async { export.get("/v1/kpi-values?kpi=daily").await };
    let (sent, exported) = join(sending, exporting).await;
    sent.problem(503, "overloaded");
    exported.problem(503, "overloaded");
    assert!(asked.elapsed() < WITHIN_PATIENCE);
    app.sql("COMMIT");
    admin.post(SUBMIT, days(1, 1, &[])).await.expect(201);
}

/// A way to PostgreSQL that swallows all that passes, and closes nothing, while it is told to.
struct Swallower {
    silent: Arc<AtomicBool>,
    url: String,
    _folder: tempfile::TempDir,
}

impl Swallower {
    /// Before a server that is reached by a socket in a folder, which the address names.
    fn before(address: &str) -> Self {
        let (silent, folder) = (Arc::new(AtomicBool::new(false)), folder());
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let host = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("host=")).unwrap();
        let (url, server) = (address.replace(host, folder.path().to_str().unwrap()), format!("{host}/.s.PGSQL.5432"));
        let told = silent.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&server).unwrap());
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let told = told.clone();
                    std::thread::spawn(move || pump(from, to, &told));
                }
            }
        });
        Self { silent, url, _folder: folder }
    }
}

/// Passes on what comes; what once met silence says nothing any more.
fn pump(mut from: UnixStream, mut to: UnixStream, silent: &AtomicBool) {
    use std::io::{Read, Write};
    let (mut part, mut dead) = ([0; 8192], false);
    while let Ok(length @ 1..) = from.read(&mut part) {
        dead |= silent.load(Ordering::Relaxed);
        if !dead && to.write_all(&part[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[actix_web::test]
async fn a_database_that_says_nothing_is_answered_for_and_found_again() {
    let (direct, folder) = (database(Postgres, &folder()), folder());
    let swallower = Swallower::before(&address_of(&direct));
    let app = TestApp::on(direct, folder, &[("DATABASE_URL", &swallower.url), PATIENCE[0]]).await;
    let admin = app.admin();
    app.innovation("heartflow").await;
    swallower.silent.store(true, Ordering::Relaxed);
    let asked = Instant::now();
    admin.get("/v1/innovations/heartflow").await.problem(503, "overloaded");
    assert!(asked.elapsed() < WITHIN_PATIENCE);
    eventually("readiness tells", SOON, async || wrong(&app).await == "unavailable").await;
    eventually("requests are refused at once", SOON, async || {
        let asked = Instant::now();
        let refused = admin.post("/v1/innovations", innovation("Other")).await.json()["code"] == "unavailable";
        refused && asked.elapsed() < Duration::from_millis(500)
    })
    .await;
    swallower.silent.store(false, Ordering::Relaxed);
    eventually("it is ready again", SOON, async || wrong(&app).await.is_empty()).await;
    admin.get("/v1/innovations/heartflow").await.expect(200);
    admin.post("/v1/innovations", innovation("Other")).await.expect(201);
}

#[actix_web::test]
async fn a_database_that_takes_no_changes_is_still_read() {
    let app = TestApp::start(Postgres).await;
    let admin = app.admin();
    app.innovation("heartflow").await;
    let read_only = |on: &str| {
        let name = "current_database()";
        app.sql(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {on}', {name}); END $$; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name} AND pid <> pg_backend_pid()"
        ));
    };
    read_only("on");
    eventually("readiness tells", SOON, async || wrong(&app).await == "read-only").await;
    let refused = admin.post("/v1/innovations", innovation("Other")).await;
    refused.problem(503, "read-only");
    assert_eq!(refused.header("retry-after"), "1");
    eventually("reading works", SOON, async || admin.get("/v1/innovations/heartflow").await.status == 200).await;
    app.sql("SET default_transaction_read_only = off");
    read_only("off");
    eventually("it is ready again", SOON, async || wrong(&app).await.is_empty()).await;
    admin.post("/v1/innovations", innovation("Other")).await.expect(201);
}

#[test]
fn a_full_disk_and_a_file_that_cannot_be_written_are_told_by_their_codes() {
    let folder = folder();
    let mut conn = connect(&database(Sqlite, &folder));
    let mut told = |statements: &str| Error::from(conn.batch_execute(statements).unwrap_err()).code().as_str();
    let full = told("PRAGMA max_page_count = 1; CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(99999))");
    assert_eq!(full, "storage-full");
    assert_eq!(told("PRAGMA query_only = 1; DELETE FROM organisations"), "read-only");
}

/// Makes the keyed request that was answered last look as if the work were still in progress at this instance.
fn reopen(app: &TestApp, instance: &str) {
    app.sql(&format!("UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL, instance = {instance}"));
}

#[rstest]
#[actix_web::test]
async fn a_key_of_an_instance_that_died_is_taken_over_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &PATIENCE).await;
    let keyed = app.admin().with("idempotency-key", "once");
    keyed.post("/v1/innovations", innovation("HeartFlow")).await.expect(201);
    reopen(&app, "123");
    let again = keyed.post("/v1/innovations", innovation("HeartFlow")).await;
    again.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "", "the work was done anew");
    assert_eq!(keyed.post("/v1/innovations", innovation("HeartFlow")).await.header("idempotency-replayed"), "true");
}

#[rstest]
#[actix_web::test]
async fn a_key_of_an_instance_that_lives_is_waited_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &PATIENCE).await;
    let keyed = app.admin().with("idempotency-key", "once");
    keyed.post("/v1/innovations", innovation("HeartFlow")).await.expect(201);
    reopen(&app, "instance");
    let waiting = keyed.post("/v1/innovations", innovation("HeartFlow")).await;
    waiting.problem(409, "idempotency-in-flight");
    assert_eq!(waiting.header("retry-after"), "1");
    keyed.post("/v1/innovations", innovation("Other")).await.problem(422, "idempotency-mismatch");
}

#[actix_web::test]
async fn who_finishes_after_another_took_the_key_over_writes_nothing() {
    let app = TestApp::start(Postgres).await;
    let keyed = app.admin().with("idempotency-key", "once");
    let organisation = json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust" });
    let late = async { keyed.post("/v1/organisations", organisation.clone()).await };
    let overtaken = async {
        eventually("it is claimed", SOON, async || app.count("idempotency_keys") == 1).await;
        app.sql("UPDATE idempotency_keys SET claim_id = NULL, instance = 123");
    };
    let held = app.hold_writes(Duration::from_secs(1));
    let (late, ..) = futures_util::future::join3(late, overtaken, held).await;
    late.problem(503, "overloaded");
    app.admin().get("/v1/organisations/RJZ").await.problem(404, "not-found");
    keyed.post("/v1/organisations", organisation).await.expect(201);
}

/// A daily count of one trust over some days, of which those named are wrong.
fn days(count: u32, value: u32, wrong: &[u32]) -> Value {
    let first = chrono::NaiveDate::from_ymd_opt(2010, 1, 1).unwrap();
    let day = |n: u32| first.checked_add_days(chrono::Days::new(u64::from(n))).unwrap().to_string();
    let value_of = |n: u32| if wrong.contains(&n) { json!("many") } else { json!(value) };
    json!({ "rows": (0..count).map(|n| row("RJZ", &day(n), value_of(n))).collect::<Vec<_>>() })
}

async fn daily(app: TestApp) -> TestApp {
    app.trust("RJZ", "QKK").await;
    app.kpi("daily", json!({ "periodType": "day" })).await;
    app
}

const SUBMIT: &str = "/v1/kpi-submissions?kpi=daily";

#[rstest]
#[actix_web::test]
async fn a_large_delivery_is_told_as_a_small_one_is(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = daily(TestApp::start(engine).await).await;
    let keyed = app.admin().with("idempotency-key", "once");
    let partial = format!("{SUBMIT}&mode=partial");
    let told = keyed.post(&partial, days(5000, 1, &[7, 4000])).await.expect(201);
    let counts = |created: u32, updated: u32, unchanged: u32, rejected: u32| json!({ "received": 5000, "created": created, "updated": updated, "unchanged": unchanged, "deleted": 0, "rejected": rejected });
    assert_eq!(told["counts"], counts(4998, 0, 0, 2));
    let again = keyed.post(&partial, days(5000, 1, &[7, 4000])).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(again.expect(201)["counts"] == told["counts"] && again.text().len() < 64 * 1024);
    app.admin().post(SUBMIT, days(5000, 2, &[9])).await.problem(422, "rows-rejected");
    assert_eq!(app.admin().post(SUBMIT, days(5000, 2, &[])).await.expect(201)["counts"], counts(2, 4998, 0, 0));
    assert_eq!(app.admin().post(SUBMIT, days(5000, 2, &[])).await.expect(201)["counts"], counts(0, 0, 5000, 0));
    let stored = app.admin().get("/v1/kpi-values?kpi=daily&sort=-period&limit=1&count=true").await.expect(200);
    assert!(stored["page"]["count"]["total"] == 5000 && rows(&stored)[0]["value"] == 2, "{stored}");
    assert_eq!(app.count("kpi_value_revisions"), 4998);
    assert_eq!(app.count("kpi_submissions WHERE unfinished"), 0);
}

#[rstest]
#[actix_web::test]
async fn whoever_writes_beside_a_large_delivery_loses_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = daily(TestApp::start(engine).await).await;
    let admin = app.admin();
    for (round, mode) in (1u32..).zip(["atomic", "partial", "atomic", "partial"]) {
        let large =
            async { admin.post(&format!("{SUBMIT}&mode={mode}"), days(4000, round * 1000, &[])).await.expect(201) };
        let small = async {
            for number in 1..=10 {
                admin.post(SUBMIT, days(3, round * 1000 + number, &[])).await.expect(201);
                admin.post("/v1/innovations", innovation("Beside")).await.expect(201);
            }
        };
        join(large, small).await;
    }
    // Each change of a value but the first made a revision of the one before, and counted a version on.
    let value = admin.get("/v1/kpi-values?kpi=daily&from=2010-01-01&to=2010-01-01").await.expect(200);
    let version = rows(&value)[0]["version"].as_u64().unwrap();
    assert_eq!(app.count("kpi_value_revisions WHERE period_start = '2010-01-01'"), version - 1);
    assert_eq!(app.count("kpi_value_revisions WHERE period_start = '2020-01-01'"), 3);
}

#[rstest]
#[actix_web::test]
async fn an_export_above_the_limit_is_refused_and_below_it_has_a_length(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("MAX_EXPORT_BYTES", "600")]).await;
    app.innovation("heartflow").await;
    let export = |target: &str| app.admin().get(target).accept("text/csv");
    let whole = export("/v1/innovations?limit=1").await;
    assert_eq!(whole.header("content-length"), whole.text().len().to_string());
    for number in 0..10 {
        app.innovation(&format!("innovation-{number}")).await;
    }
    export("/v1/innovations").await.problem(413, "export-too-large");
}
