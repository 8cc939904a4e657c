//! The binary as an operator runs it: its verbs, and what survives when it is killed.

use crate::support::*;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::{Days, NaiveDate};
use diesel::connection::SimpleConnection;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[rstest]
#[actix_web::test]
async fn what_was_acknowledged_survives_a_kill_and_what_was_not_is_whole_or_absent(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    const SUBMISSIONS: u64 = 20;
    const ROWS: u64 = 50;
    let folder = folder();
    let settings = told(&database(engine, &folder));
    let token = run(&settings, &["token", "--role", "national-admin", "--ttl", "1h"]);
    let first_day = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let rows_of = |number: u64| -> Value {
        let day = |n: u64| first_day.checked_add_days(Days::new(number * ROWS + n)).unwrap().to_string();
        (0..ROWS).map(|n| row("RJZ", &day(n), number + 1)).collect()
    };

    let served = Served::start(&settings);
    let admin = Actor::at(&served.url, &token);
    admin.post("/v1/organisations", json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust" })).await.expect(201);
    let kpi = json!({
        "code": "daily", "name": "Daily", "definition": "Daily.", "level": "process", "unit": "things", "periodType": "day",
        "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live",
        "agreedBy": "Data group", "agreedOn": "2015-04-01"
    });
    admin.post("/v1/kpis", kpi).await.expect(201);
    let acknowledged = AtomicUsize::new(0);
    let send = async |number: u64| {
        let status = admin.post("/v1/kpi-submissions?kpi=daily", json!({ "rows": rows_of(number) })).status().await;
        if status == Some(201) {
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        status == Some(201)
    };
    let kill = async {
        eventually("some are acknowledged", Duration::from_secs(30), async || {
            acknowledged.load(Ordering::Relaxed) >= 4
        })
        .await;
        drop(served);
    };
    let (sent, ()) = futures_util::future::join(futures_util::future::join_all((0..SUBMISSIONS).map(send)), kill).await;

    let again = Served::start(&settings);
    let admin = Actor::at(&again.url, &token);
    let stored = admin.get("/v1/kpi-values?kpi=daily").accept("application/x-ndjson").await;
    let stored: Vec<Value> = stored.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (number, acknowledged) in (0..).zip(sent) {
        let kept = stored.iter().filter(|value| value["value"] == number + 1).count() as u64;
        assert!(
            kept == ROWS || (kept == 0 && !acknowledged),
            "submission {number}, acknowledged {acknowledged}: {kept} values"
        );
    }
    let told = admin.post("/v1/kpi-submissions?kpi=daily", json!({ "rows": rows_of(0) })).await.expect(201);
    assert_eq!(told["counts"]["rejected"], 0, "it goes on where it was");
}

/// A collector of traces, and what it was sent.
fn collector() -> (String, Arc<Mutex<Vec<Value>>>) {
    let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (listener, kept) = (TcpListener::bind("127.0.0.1:0").unwrap(), sent.clone());
    let address = format!("http://{}", listener.local_addr().unwrap());
    let take = move |request: HttpRequest, body: web::Json<Value>| {
        assert_eq!(request.path(), "/v1/traces");
        kept.lock().unwrap().push(body.into_inner());
        std::future::ready(HttpResponse::Ok().json(json!({})))
    };
    let app = move || App::new().default_service(web::post().to(take.clone()));
    actix_web::rt::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run());
    (address, sent)
}

#[rstest]
#[actix_web::test]
async fn a_callers_trace_goes_on_to_the_database_and_names_nobody(#[values(Sqlite, Postgres)] engine: Engine) {
    let (address, sent) = collector();
    let folder = folder();
    let mut settings = told(&database(engine, &folder));
    settings.extend([("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned())]);
    let served = Served::start(&settings);
    let reader = Actor::at(&served.url, &run(&settings, &["token", "--role", "reader", "--subject", "jo-bloggs"]));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    reader.get("/v1/fellows?q=bloggs").header("traceparent", &parent).await.expect(200);
    let spans = || -> Vec<Value> {
        let batches = sent.lock().unwrap();
        let all = batches.iter().flat_map(|batch| batch.pointer("/resourceSpans/0/scopeSpans/0/spans"));
        all.flat_map(|spans| spans.as_array().unwrap().clone()).filter(|span| span["traceId"] == trace).collect()
    };
    let named = |name: &str| spans().into_iter().find(|span| span["name"] == name);
    eventually("the spans arrive", Duration::from_secs(10), async || {
        named("list_fellows").is_some() && named("database").is_some()
    })
    .await;
    let (request, work) = (named("list_fellows").unwrap(), named("database").unwrap());
    assert_eq!((&request["parentSpanId"], &work["parentSpanId"]), (&json!("00f067aa0ba902b7"), &request["spanId"]));
    assert!(!json!(sent.lock().unwrap().clone()).to_string().contains("bloggs"));
}

#[rstest]
#[actix_web::test]
async fn one_that_is_told_to_leave_says_so_and_answers_until_it_goes(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = folder();
    let mut settings = told(&database(engine, &folder));
    settings.push(("SHUTDOWN_DELAY", "2".to_owned()));
    let mut served = Served::start(&settings);
    let anyone = Actor::at(&served.url, &run(&settings, &["token", "--role", "reader"]));
    assert_eq!(anyone.get("/health/ready").await.status, 200);
    Command::new("kill").args(["-TERM", &served.process.id().to_string()]).status().unwrap();
    eventually("readiness tells", Duration::from_secs(2), async || anyone.get("/health/ready").await.status == 503)
        .await;
    anyone.get("/health/ready").await.problem(503, "leaving");
    let answer = anyone.get("/v1/innovations").await;
    assert!(answer.status == 200 && answer.header("connection") == "close");
    eventually("it has gone", Duration::from_secs(30), async || served.process.try_wait().unwrap().is_some()).await;
    assert!(served.process.wait().unwrap().success());
}

#[actix_web::test]
async fn instances_that_start_at_once_on_a_fresh_database_all_serve() {
    let folder = folder();
    let settings = told(&empty_database(Postgres, &folder));
    run(&settings, &["migrate"]);
    let start = || {
        std::thread::spawn({
            let settings = settings.clone();
            move || Served::start(&settings)
        })
    };
    let starting: Vec<_> = (0..3).map(|_| start()).collect();
    let served: Vec<Served> = starting.into_iter().map(|thread| thread.join().unwrap()).collect();
    let token = run(&settings, &["token", "--role", "reader"]);
    for instance in &served {
        Actor::at(&instance.url, &token).get("/v1/me").await.expect(200);
    }
}

#[actix_web::test]
async fn what_was_written_in_steps_when_the_process_died_is_closed_at_the_next_start() {
    let folder = folder();
    let database = database(Sqlite, &folder);
    let settings = told(&database);
    let token = run(&settings, &["token", "--role", "national-admin", "--ttl", "1h"]);
    let written = "INSERT INTO kpi_submissions VALUES (randomblob(16), 'daily', 'accepted', 0, 'partial', 'upsert', 9, 4, 0, 0, 0, 1, \
                   NULL, 'somebody', '2026-01-01 00:00:00', 1, NULL)";
    connect(&database).batch_execute(written).unwrap();
    for _ in 0..2 {
        let served = Served::start(&settings);
        let admin = Actor::at(&served.url, &token);
        eventually("it is in the audit trail, once", Duration::from_secs(10), async || {
            let events = admin.get("/v1/audit-events?resource=kpi-submission").await.expect(200);
            rows(&events).len() == 1 && rows(&events)[0]["data"]["created"] == 4
        })
        .await;
    }
}

#[rstest]
#[actix_web::test]
async fn the_verbs_make_fill_check_and_empty_a_database(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = folder();
    let settings = told(&empty_database(engine, &folder));
    assert!(run(&settings, &["migrate"]).contains("00001"));
    assert_eq!(run(&settings, &["migrate"]), "nothing to do");
    assert!(run(&settings, &["seed"]).contains("illustrative values loaded"));
    assert!(run(&settings, &["seed"]).contains("there already"));
    assert!(run(&settings, &["check-config"]).contains("up to date"));
    let served = Served::start(&settings);
    let token = run(&settings, &["token", "--role", "regional-lead", "--organisation", "QKK"]);
    let lead = Actor::at(&served.url, &token);
    let found = lead.get("/v1/kpis/emergency-performance/spc?organisation=RJZ").await.expect(200);
    assert!(found["points"].as_array().unwrap().len() > 12, "{found}");
    drop(served);
    assert!(run(&settings, &["migrate", "--down"]).contains("00001"));
}

#[rstest]
#[actix_web::test]
async fn a_faulty_configuration_is_told_in_full_and_nothing_starts(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = folder();
    let mut settings = told(&database(engine, &folder));
    settings.extend([
        ("RATE_LIMIT", "fast".to_owned()),
        ("DB_PATIENCE", "0".to_owned()),
        ("LOCAL_TOKENS", "false".to_owned()),
    ]);
    let faults = fail(&settings, &["serve"]);
    assert!(
        faults.contains("2 fault(s)") && faults.contains("RATE_LIMIT") && faults.contains("DB_PATIENCE"),
        "{faults}"
    );
    settings.retain(|(name, _)| !["RATE_LIMIT", "DB_PATIENCE"].contains(name));
    assert!(fail(&settings, &["token", "--role", "reader"]).contains("LOCAL_TOKENS"));
    settings.retain(|(name, _)| *name != "LOCAL_TOKENS");
    settings.push(("LOCAL_TOKENS", "true".to_owned()));
    assert!(fail(&settings, &["token", "--role", "submitter"]).contains("holds for one organisation"));
    assert!(fail(&settings, &["token", "--role", "submitter", "--organisation", "NOWHERE"]).contains("NOWHERE"));
    settings.retain(|(name, _)| *name != "DATABASE_URL");
    settings.push(("DATABASE_URL", "mysql://nobody:secret@host/db".to_owned()));
    let fault = fail(&settings, &["check-config"]);
    assert!(fault.contains("DATABASE_URL") && !fault.contains("secret"), "{fault}");
}

#[test]
fn the_document_is_printed_as_it_is_served() {
    let printed: Value = serde_json::from_str(&run(&[], &["openapi"])).unwrap();
    assert_eq!(printed, innovation_register::startup::document().unwrap());
}

#[rstest]
#[actix_web::test]
async fn boards_that_merged_are_loaded_by_a_verb_and_so_are_published_files(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = folder();
    let settings = told(&empty_database(engine, &folder));
    run(&settings, &["migrate"]);
    assert_eq!(run(&settings, &["import-successions"]), "12 successions loaded");
    assert_eq!(run(&settings, &["import-successions"]), "0 successions loaded");
    let file = folder.path().join("epraccur.csv");
    std::fs::write(&file, "G85001,THE SURGERY,Y56,QKK,,,,,,SE5 9RS,19740401\n").unwrap();
    let loaded = run(&settings, &["import-ods", "--file", "epraccur", file.to_str().unwrap()]);
    let counts: Value = serde_json::from_str(&loaded).unwrap();
    assert_eq!(counts["counts"]["created"], 1);
}
