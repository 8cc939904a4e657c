//! Totals of many organisations are kept, and say the same as those that are added up.

use crate::support::*;
use chrono::TimeDelta;
use std::time::Duration;

/// Three trusts of two boards with a year of values, some of them missing.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for (trust, board) in [("RJZ", "QKK"), ("RJ1", "QKK"), ("RAL", "QMJ")] {
        app.trust(trust, board).await;
    }
    app.kpi("ae", json!({ "disclosureControl": true })).await;
    let sent = |(n, trust): (usize, &str)| row(trust, &month(n), 40 + n * 7 % 30 + trust.len());
    let all = (0..12).flat_map(|n| ["RJZ", "RJ1", "RAL"].map(|trust| (n, trust)));
    let some = all.filter(|(n, trust)| (*n, *trust) != (4, "RJ1") && (*n < 9 || *trust != "RAL"));
    app.values("ae", some.map(sent).collect()).await;
    app
}

fn month(n: usize) -> String {
    format!("2024-{:02}", n + 1)
}

/// Asks for England's total to be kept, as a large one asks for itself.
fn want(app: &TestApp) {
    app.sql(
        "INSERT INTO kpi_total_summaries (kpi_number, innovation_id, breakdown, place_id, map_on, position, made_at, claimed_at, wanted_on)
         SELECT k.number, s.innovation_id, '', o.id, '2026-06-15', 0, '1970-01-01 00:00:00', '1970-01-01 00:00:00', '2026-06-15'
         FROM kpis k JOIN series s ON s.kpi_id = k.id JOIN organisations o ON o.code = 'E92000001' WHERE k.code = 'ae'
         ORDER BY s.id LIMIT 1",
    );
}

const QUESTIONS: [&str; 5] =
    ["", "&from=2024-03", "&to=2024-05", "&from=2024-05&to=2024-05", "&from=2024-10&to=2024-12"];

/// What England's total says to every question, without what is said of how far it goes.
async fn told(reader: &Actor) -> Vec<Value> {
    let mut told = Vec::new();
    for question in QUESTIONS {
        let mut totals = reader.get(&format!("/v1/kpis/ae/totals?place=E92000001{question}")).await.expect(200);
        totals.as_object_mut().unwrap().remove("asOfPosition");
        let spc = reader.get(&format!("/v1/kpis/ae/spc?place=E92000001{question}")).await.expect(200);
        told.extend([totals, spc]);
    }
    told
}

async fn is_kept(app: &TestApp) {
    let made = async || app.count("kpi_total_summaries WHERE document IS NOT NULL AND claimed_at < made_at") == 1;
    eventually("the total is kept", Duration::from_secs(30), made).await;
}

#[rstest]
#[actix_web::test]
async fn a_kept_total_says_what_one_says_that_is_added_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (whole, coarse) = (told(&app.admin()).await, told(&app.reader()).await);
    assert_ne!(whole, coarse);
    want(&app);
    is_kept(&app).await;
    // Values that are taken away behind its back are still in it: so it is what answers.
    app.sql("DELETE FROM kpi_values");
    assert_eq!(told(&app.admin()).await, whole);
    assert_eq!(told(&app.reader()).await, coarse);
}

#[rstest]
#[actix_web::test]
async fn a_kept_total_says_that_it_is_behind_and_catches_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    want(&app);
    is_kept(&app).await;
    let total =
        async || app.admin().get("/v1/kpis/ae/totals?place=E92000001&from=2024-05&to=2024-05").await.expect(200);
    let before = total().await;
    app.values("ae", json!([row("RJ1", "2024-05", 1000)])).await;
    let notes = |answer: &Value| answer["notes"].to_string();
    eventually("it is behind", Duration::from_secs(10), async || notes(&total().await).contains("behind")).await;
    assert_eq!(total().await["points"], before["points"]);
    app.advance(TimeDelta::seconds(20));
    let more = before["points"][0]["value"].as_i64().unwrap() + 1000;
    let caught_up = async || total().await["points"][0]["value"] == json!(more);
    eventually("it has caught up", Duration::from_secs(30), caught_up).await;
    let now = total().await;
    assert!(!notes(&now).contains("behind"), "{now}");
    assert!(now["asOfPosition"].as_i64() > before["asOfPosition"].as_i64());
}

#[rstest]
#[actix_web::test]
async fn a_kept_total_that_nobody_brings_up_to_date_is_added_up_instead(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    want(&app);
    is_kept(&app).await;
    app.sql("UPDATE kpi_total_summaries SET claimed_at = '2099-01-01 00:00:00', made_at = '2026-06-15 00:00:00'");
    app.values("ae", json!([row("RJ1", "2024-05", 1000)])).await;
    let value = async || {
        let answer = app.admin().get("/v1/kpis/ae/totals?place=E92000001&from=2024-05&to=2024-05").await.expect(200);
        answer["points"][0]["value"].as_f64().unwrap()
    };
    eventually("it is added up", Duration::from_secs(10), async || value().await > 1000.0).await;
}

#[rstest]
#[actix_web::test]
async fn a_kept_total_that_is_asked_for_stays_kept(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    want(&app);
    is_kept(&app).await;
    app.advance(TimeDelta::days(10));
    let wanted = async || {
        app.admin().get("/v1/kpis/ae/totals?place=E92000001").await.expect(200);
        app.count("kpi_total_summaries WHERE wanted_on = '2026-06-25'") == 1
    };
    eventually("it is said that it is asked for", Duration::from_secs(30), wanted).await;
}
