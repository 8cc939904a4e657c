//! The binary as an operator runs it: its verbs, and what survives when it is killed.

use crate::support::*;
use chrono::{Days, NaiveDate};
use std::sync::atomic::{AtomicUsize, Ordering};
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
        "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live"
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
    assert!(fail(&settings, &["token", "--role", "submitter"]).contains("needs --organisation"));
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
