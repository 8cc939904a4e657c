//! Requests that are answered later: each is done once, whatever dies meanwhile, with the rights that its maker has then.

use crate::support::*;
use std::time::Duration;

const SUBMIT: &str = "/v1/kpi-submissions?kpi=ae";
const PATIENCE: Duration = Duration::from_secs(60);

/// Two trusts and a live monthly count.
async fn world(engine: Engine, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(engine, settings).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "max": 100_000 })).await;
    app
}

fn later(request: Request) -> Request {
    request.header("prefer", "respond-async")
}

/// The job of a request, once it has this state.
async fn ended(actor: &Actor, asked: &Answer, state: &str) -> Value {
    asked.expect(202);
    assert_eq!(asked.header("preference-applied"), "respond-async");
    job_in(actor, asked.header("location"), state).await
}

async fn job_in(actor: &Actor, location: &str, state: &str) -> Value {
    let mut job = Value::Null;
    eventually(&format!("the job is {state}"), PATIENCE, async || {
        job = actor.get(location).await.expect(200);
        job["state"] == state
    })
    .await;
    job
}

/// What an answer says beside its own id.
fn but_for_the_id(mut answer: Value) -> Value {
    answer["id"] = Value::Null;
    answer
}

#[rstest]
#[actix_web::test]
async fn a_submission_by_job_equals_one_without(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("", "&mode=partial")] mode: &str,
) {
    let (one, other) = (world(engine, &[]).await, world(engine, &[]).await);
    let mut rows: Vec<Value> = (1..=12).map(|month| row("RF4", &format!("2025-{month:02}"), month)).collect();
    if !mode.is_empty() {
        rows.push(row("RF4", "2025-13", 1));
    }
    let (target, body) = (format!("{SUBMIT}{mode}"), json!({ "rows": rows }));
    let at_once = one.submitter("RF4").post(&target, body.clone()).await.expect(201);
    let submitter = other.submitter("RF4");
    let job = ended(&submitter, &later(submitter.post(&target, body)).await, "succeeded").await;
    assert_eq!(job["progress"], json!({ "done": rows.len(), "of": rows.len(), "unit": "rows" }));
    let (result, id) = (job["result"].as_str().unwrap(), job["id"].as_str().unwrap());
    let submission = submitter.get(result).await.expect(200);
    assert_eq!(submission["counts"], at_once["counts"], "{result} is the submission's own address");
    let answer = submitter.get(&format!("/v1/jobs/{id}/result")).await.expect(200);
    assert_eq!(but_for_the_id(answer), but_for_the_id(at_once));
    let values = async |app: &TestApp| {
        column(&app.admin().get("/v1/kpi-values?sort=period").await.expect(200), "value").join(" ")
    };
    assert_eq!(values(&one).await, values(&other).await);
}

#[rstest]
#[actix_web::test]
async fn wrong_rows_are_told_by_the_job_and_nothing_is_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let submitter = app.submitter("RF4");
    let wrong = "organisation,period,value\nRF4,2026-01,10\nRJZ,2026-01,10\nRF4,2026-13,10\n";
    let asked = later(submitter.post_csv(SUBMIT, wrong)).accept("text/csv").await;
    let job = ended(&submitter, &asked, "failed").await;
    let problem = &job["problem"];
    assert_eq!((&problem["status"], &problem["counts"]["rejected"]), (&json!(422), &json!(2)), "{problem}");
    let codes: Vec<&Value> = problem["rows"].as_array().unwrap().iter().map(|row| &row["errors"][0]["code"]).collect();
    assert_eq!(codes[..2], ["out-of-scope", "period-malformed"]);
    let id = job["id"].as_str().unwrap();
    submitter.get(&format!("/v1/jobs/{id}/result")).await.problem(404, "not-found");
    let unreadable = later(submitter.post_csv(SUBMIT, "organisation,period,colour\nRF4,2026-01,red\n")).await;
    let job = ended(&submitter, &unreadable, "failed").await;
    assert_eq!((&job["problem"]["status"], &job["result"]), (&json!(400), &Value::Null));
    assert_eq!(app.count("kpi_values"), 0);
    let listed = submitter.get("/v1/jobs?state=failed&sort=-createdAt").await.expect(200);
    assert_eq!(rows(&listed).iter().map(|job| &job["problem"]).collect::<Vec<_>>(), [&Value::Null; 2]);
}

#[rstest]
#[actix_web::test]
async fn the_same_request_again_is_the_same_job(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let submitter = app.submitter("RF4");
    let send = || later(submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2026-01", 10)] }))).with_key("may");
    let (first, second) = (send().await, send().await);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!((second.header("idempotency-replayed"), second.header("preference-applied")), ("true", "respond-async"));
    ended(&submitter, &first, "succeeded").await;
    assert_eq!((app.count("jobs"), app.count("kpi_submissions"), app.count("kpi_values")), (1, 1, 1));
}

/// Every job waits from now on, until it is put in front again.
fn hold_back(app: &TestApp) {
    app.sql("UPDATE jobs SET state = 'queued', lease = 0, lease_until = '2999-01-01 00:00:00', result = NULL, ended_at = NULL");
}

fn let_go(app: &TestApp) {
    app.sql("UPDATE jobs SET lease_until = '2000-01-01 00:00:00'");
}

#[rstest]
#[actix_web::test]
async fn a_right_that_is_taken_away_before_its_turn_fails_the_job(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let admin = app.admin();
    let submitter = app.submitter("RF4");
    let asked = later(submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2026-01", 10)] }))).await;
    ended(&submitter, &asked, "succeeded").await;
    hold_back(&app);
    let made_by = admin.get(asked.header("location")).await.expect(200)["madeBy"].as_str().unwrap().to_owned();
    let grants = admin.get(&format!("/v1/grants?subject={made_by}")).await.expect(200);
    admin.delete(&format!("/v1/grants/{}", grants["data"][0]["id"].as_str().unwrap()), 1).await.expect(204);
    let_go(&app);
    let job = job_in(&admin, asked.header("location"), "failed").await;
    assert_eq!((&job["problem"]["code"], &job["result"]), (&json!("forbidden"), &Value::Null));
    assert_eq!(app.count("kpi_submissions"), 1, "it was not sent again");
}

#[rstest]
#[actix_web::test]
async fn a_job_of_an_instance_that_died_is_taken_up_by_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let submitter = app.submitter("RF4");
    let asked = later(submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2026-01", 10)] }))).await;
    ended(&submitter, &asked, "succeeded").await;
    // As if its instance, which is none that lives, had died before it committed anything.
    app.sql("DELETE FROM kpi_values; DELETE FROM job_parts WHERE is_answer");
    app.sql("UPDATE jobs SET state = 'running', lease = 7, instance = 0, lease_until = '2999-01-01 00:00:00'");
    job_in(&submitter, asked.header("location"), "succeeded").await;
    assert_eq!(app.count("kpi_values"), 1);
    assert_eq!(app.count("jobs WHERE attempts = 2"), 1);
}

#[rstest]
#[actix_web::test]
async fn a_job_is_cancelled_by_whom_it_belongs_to_and_writes_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let submitter = app.submitter("RF4");
    let asked = later(submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2026-01", 10)] }))).await;
    let location = asked.header("location").to_owned();
    ended(&submitter, &asked, "succeeded").await;
    let cancel = |actor: &Actor| {
        actor.post(&format!("{location}/transitions"), json!({ "to": "cancelled" })).header("if-match", "*")
    };
    cancel(&submitter).await.problem(409, "illegal-transition");
    app.sql("DELETE FROM kpi_values");
    hold_back(&app);
    cancel(&app.submitter("RJZ")).await.problem(404, "not-found");
    assert_eq!(rows(&app.submitter("RJZ").get("/v1/jobs").await.expect(200)).len(), 0);
    assert_eq!(cancel(&submitter).await.expect(200)["state"], "cancelled");
    let_go(&app);
    let next = later(submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2026-02", 10)] }))).await;
    ended(&submitter, &next, "succeeded").await;
    assert_eq!(app.count("kpi_values"), 1, "only what was sent after it");
    assert_eq!(column(&app.admin().get("/v1/jobs").await.expect(200), "state"), ["cancelled", "succeeded"]);
}

#[rstest]
#[actix_web::test]
async fn an_export_that_is_too_large_to_answer_at_once_is_made_by_a_job(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[("MAX_EXPORT_BYTES", "600")]).await;
    let months: Vec<Value> = (1..=40).map(|n| row("RF4", &format!("{}-{:02}", 2020 + n / 12, n % 12 + 1), n)).collect();
    app.values("ae", json!(months)).await;
    let reader = app.reader();
    let export = |target: &str| reader.get(target).accept("text/csv");
    let refused = export("/v1/kpi-values").await;
    let detail = refused.problem(413, "export-too-large")["detail"].clone();
    assert!(detail.as_str().unwrap().contains("Prefer: respond-async"), "{detail}");
    let page = later(reader.get("/v1/kpi-values?limit=1")).await;
    assert_eq!(page.status, 200, "a page is answered at once");
    let asked = later(export("/v1/kpi-values?bom=true")).await;
    let job = ended(&reader, &asked, "succeeded").await;
    assert_eq!(job["progress"], json!({ "done": 40, "of": null, "unit": "values" }));
    let result = reader.get(job["result"].as_str().unwrap()).await;
    assert_eq!((result.status, result.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(result.header("content-length"), result.body.len().to_string());
    assert!(result.text().starts_with("\u{feff}kpi,organisation,innovation,period"), "{}", result.text());
    assert!(result.text().contains("ae,RF4,,2021-01,,12,,,exact,measured,,\n"), "{}", result.text());
    app.submitter("RJZ").get(job["result"].as_str().unwrap()).await.problem(404, "not-found");
}

/// A KPI by day, and a submission of so many rows, which takes a while.
async fn large(admin: &Actor, rows: i64) -> String {
    let trust = json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust" });
    admin.post("/v1/organisations", trust).await.expect(201);
    let kpi = json!({
        "code": "daily", "name": "Daily", "definition": "Daily.", "level": "process", "unit": "things", "periodType": "day",
        "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live",
        "agreedBy": "Data group", "agreedOn": "2015-04-01"
    });
    admin.post("/v1/kpis", kpi).await.expect(201);
    let first = chrono::NaiveDate::from_ymd_opt(1960, 1, 1).unwrap();
    let line = |n: i64| format!("RJZ,{},{}\n", first + chrono::TimeDelta::days(n), n % 90);
    std::iter::once("organisation,period,value\n".to_owned()).chain((0..rows).map(line)).collect()
}

/// Of two instances the one that does the job is killed, and the other ends it; SQLite is served by one, which begins anew.
#[rstest]
#[case(Sqlite, 1)]
#[case(Postgres, 2)]
#[actix_web::test]
async fn a_job_that_is_killed_at_half_ends_once(#[case] engine: Engine, #[case] instances: usize) {
    const ROWS: i64 = 10_000;
    let folder = folder();
    let settings = told(&database(engine, &folder));
    let token = run(&settings, &["token", "--role", "national-admin", "--ttl", "1h"]);
    let mut served: Vec<Served> = (0..instances).map(|_| Served::start(&settings)).collect();
    let first = Actor::at(&served[0].url, &token);
    let body = large(&first, ROWS).await;
    let asked = later(first.post_csv("/v1/kpi-submissions?kpi=daily&mode=partial", &body)).await;
    asked.expect(202);
    let location = asked.header("location").to_owned();
    eventually("the job is begun", PATIENCE, async || first.get(&location).await.expect(200)["state"] != "queued")
        .await;
    // Whichever does it: one after the other is killed, and begins anew.
    for place in 0..instances {
        drop(served.remove(0));
        served.push(Served::start(&settings));
        assert_eq!(served.len(), instances, "{place}");
    }
    let admin = Actor::at(&served[0].url, &token);
    let job = job_in(&admin, &location, "succeeded").await;
    assert_eq!(job["progress"], json!({ "done": ROWS, "of": ROWS, "unit": "rows" }));
    let submissions = admin.get("/v1/kpi-submissions").await.expect(200);
    let counts: Vec<&Value> = rows(&submissions).iter().map(|one| &one["counts"]["created"]).collect();
    assert_eq!(counts, [&json!(ROWS)], "one submission wrote every value");
    let values = admin.get("/v1/kpi-values?kpi=daily&count=true&limit=1").await.expect(200);
    assert_eq!(values["page"]["count"]["total"], ROWS);
    let newest = admin.get("/v1/kpi-values?kpi=daily&sort=-period&limit=1").await.expect(200);
    assert_eq!(newest["data"][0]["version"], 1, "no value was written twice");
}

#[rstest]
#[actix_web::test]
async fn relative_periods_are_read_by_the_day_in_london(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, &[]).await;
    let months = (1..=18).map(|n| row("RF4", &format!("{}-{:02}", 2025 + (n - 1) / 12, (n - 1) % 12 + 1), n)).collect();
    app.values("ae", Value::Array(months)).await;
    let reader = app.reader();
    let periods = async |period: &str| {
        let listed = reader.get(&format!("/v1/kpi-values?kpi=ae&period={period}&sort=period")).await.expect(200);
        column(&listed, "period")
    };
    // It is 15 June 2026.
    assert_eq!(periods("last-3-months").await, ["2026-03", "2026-04", "2026-05"]);
    assert_eq!(periods("this-month").await, ["2026-06"]);
    assert_eq!(periods("this-financial-year").await, ["2026-04", "2026-05", "2026-06"]);
    assert_eq!(periods("last-financial-year").await.len(), 12);
    let totals = reader.get("/v1/kpis/ae/totals?place=QMF&period=last-12-months").await.expect(200);
    assert_eq!((&totals["from"], &totals["to"]), (&json!("2025-06"), &json!("2026-05")));
    assert_eq!(totals["points"].as_array().unwrap().len(), 12);
    let spc = reader.get("/v1/kpis/ae/spc?organisation=RF4&period=last-4-quarters").await.expect(200);
    assert_eq!((&spc["parameters"]["from"], &spc["parameters"]["to"]), (&json!("2025-04"), &json!("2026-03")));
    let grid = reader.get("/v1/kpi-grid?organisation=RF4&period=last-12-months").await.expect(200);
    assert_eq!((&grid["from"], &grid["to"]), (&json!("2025-06-01"), &json!("2026-05-31")));
    let wrong = reader.get("/v1/kpis/ae/totals?place=QMF&period=last-fortnight").await;
    let expected = wrong.problem(422, "validation-failed")["errors"][0]["detail"].clone();
    assert!(expected.as_str().unwrap().contains("last-12-months"), "{expected}");
    let both = reader.get("/v1/kpi-values?kpi=ae&period=last-month&from=2026-01").await;
    assert_eq!(both.problem(422, "validation-failed")["errors"][0]["code"], "not-applicable");
}
