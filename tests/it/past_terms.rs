//! What a KPI asked of a period holds for that period, whatever its definition asks since.

use crate::support::*;

const SUBMIT: &str = "/v1/kpi-submissions?kpi=ae";
const MAY: &str = "2026-05";

/// A set of one KPI, due after 20 days and locked after 60. Of May RF4 sends in time and RJZ does not; on 1 July the KPI is made
/// due after 10 days, locked after 15, and complete from two fifths on.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for trust in ["RF4", "RJZ"] {
        app.trust(trust, "QMF").await;
    }
    app.kpi("ae", json!({ "dueDays": 20, "lockDays": 60 })).await;
    let set = json!({ "code": "urgent", "name": "Urgent care", "kpis": ["ae"], "assignments": [{ "place": "QMF", "organisationTypes": ["nhs-trust"] }] });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    app.set_clock("2026-06-18T09:00:00Z");
    send(&app, "RF4", MAY, 100).await.expect(201);
    app.set_clock("2026-06-25T09:00:00Z");
    send(&app, "RJZ", MAY, 100).await.expect(201);
    app
}

async fn send(app: &TestApp, trust: &str, period: &str, value: i64) -> Answer {
    app.submitter(trust).post(SUBMIT, json!({ "rows": [row(trust, period, value)] })).await
}

async fn tighten(app: &TestApp) {
    app.set_clock("2026-07-01T09:00:00Z");
    let terms = json!({ "dueDays": 10, "lockDays": 15, "completeAt": 0.4, "changeNote": "Sooner." });
    app.admin().patch("/v1/kpis/ae", 1, terms).await.expect(200);
}

async fn returned(app: &TestApp) -> Vec<[String; 4]> {
    let list = app.admin().get(&format!("/v1/kpi-returns?period={MAY}")).await.expect(200);
    let columns = ["organisation", "onTimeUntil", "locksAt", "late"].map(|name| column(&list, name));
    let mut found: Vec<[String; 4]> = (0..2).map(|n| columns.clone().map(|column| column[n].clone())).collect();
    found.sort();
    found
}

async fn completeness(app: &TestApp, period: &str) -> Value {
    app.admin().get(&format!("/v1/kpi-sets/urgent/completeness?period={period}&place=QMF")).await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn a_deadline_that_is_changed_leaves_past_returns_as_they_were(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let expected = [
        ["RF4", "2026-06-20T23:00:00Z", "2026-07-30T23:00:00Z", "false"],
        ["RJZ", "2026-06-20T23:00:00Z", "2026-07-30T23:00:00Z", "true"],
    ];
    let before = completeness(&app, MAY).await;
    assert_eq!((&before["onTime"], &before["received"]), (&json!(1), &json!(2)));
    assert_eq!(returned(&app).await, expected);
    tighten(&app).await;
    assert_eq!(returned(&app).await, expected);
    assert_eq!(completeness(&app, MAY).await, before);
    for (period, due) in [("2026-06", "2026-07-20T23:00:00Z"), ("2026-07", "2026-08-10T23:00:00Z")] {
        assert_eq!(completeness(&app, period).await["dueAt"], due, "{period}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_lock_that_is_changed_locks_no_period_that_ended_before(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    tighten(&app).await;
    send(&app, "RF4", MAY, 101).await.expect(201);
    app.set_clock("2026-07-31T00:00:00Z");
    let locked = send(&app, "RF4", MAY, 102).await.problem(422, "rows-rejected");
    assert_eq!(locked["rows"][0]["errors"][0]["code"], "period-locked", "60 days have gone by");
    send(&app, "RF4", "2026-07", 100).await.expect(201);
    app.set_clock("2026-08-16T00:00:00Z");
    send(&app, "RF4", "2026-06", 100).await.expect(201);
    let locked = send(&app, "RF4", "2026-07", 101).await.problem(422, "rows-rejected");
    assert!(locked["rows"][0]["errors"][0]["detail"].as_str().unwrap().contains("2026-08-15T23:00:00Z"), "{locked}");
}

#[rstest]
#[actix_web::test]
async fn a_kpi_that_is_retired_leaves_past_returns_as_they_were(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (before, returns) = (completeness(&app, MAY).await, returned(&app).await);
    app.set_clock("2026-07-02T09:00:00Z");
    let retired = json!({ "to": "retired", "reason": "Counted elsewhere." });
    app.admin().transition("/v1/kpis/ae", 1, retired).await.expect(200);
    assert_eq!(completeness(&app, MAY).await, before);
    assert_eq!(returned(&app).await, returns);
    let july = completeness(&app, "2026-07").await;
    assert_eq!((&july["expected"], &july["dueAt"]), (&json!(0), &json!(null)));
}

#[rstest]
#[actix_web::test]
async fn a_total_is_held_against_what_was_complete_in_its_period(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    send(&app, "RF4", "2026-06", 100).await.expect(201);
    tighten(&app).await;
    app.set_clock("2026-08-01T09:00:00Z");
    send(&app, "RF4", "2026-07", 100).await.expect(201);
    let totals = app.admin().get("/v1/kpis/ae/totals?place=QMF").await.expect(200);
    let points = totals["points"].as_array().unwrap();
    let partial: Vec<(&Value, &Value)> = points.iter().map(|point| (&point["coverage"], &point["partial"])).collect();
    let expected = [(json!(1.0), json!(false)), (json!(0.5), json!(true)), (json!(0.5), json!(false))];
    assert_eq!(partial, expected.iter().map(|(coverage, partial)| (coverage, partial)).collect::<Vec<_>>());
    let grid = app.admin().get("/v1/kpi-grid?organisation=RJZ&kpi=ae").await.expect(200);
    assert_eq!(grid["cells"][0]["stale"], true, "June was due on 20 July");
}
