//! What partners do every month, and what is promised to them: a dry run tells, the real run does exactly that, a second
//! one changes nothing.

use crate::support::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;

const SUBMIT: &str = "/v1/kpi-submissions?kpi=ae";

/// Two trusts and a live monthly count.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "max": 100_000 })).await;
    app
}

fn sending(rows: &[Value]) -> Value {
    json!({ "rows": rows })
}

fn counts(received: i64, [created, updated, unchanged, deleted, rejected]: [i64; 5]) -> Value {
    json!({ "received": received, "created": created, "updated": updated, "unchanged": unchanged, "deleted": deleted, "rejected": rejected })
}

async fn all_values(app: &TestApp) -> Value {
    app.admin().get("/v1/kpi-values?limit=500").await.expect(200)["data"].clone()
}

/// Codes of what is wrong, by the pointer of the row.
fn errors(answer: &Value) -> BTreeMap<String, Vec<String>> {
    let codes = |row: &Value| {
        row["errors"].as_array().into_iter().flatten().map(|e| e["code"].as_str().unwrap().to_owned()).collect()
    };
    let rejected = answer["rows"].as_array().unwrap().iter().filter(|row| row["outcome"] == "rejected");
    rejected.map(|row| (row["pointer"].as_str().unwrap().to_owned(), codes(row))).collect()
}

/// A member of each of these, as text.
fn texts(of: &Value, member: &str) -> Vec<String> {
    of.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[actix_web::test]
async fn a_dry_run_tells_what_the_real_run_then_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([row("RF4", "2026-01", 10), row("RF4", "2026-02", 20)])).await;
    let before = all_values(&app).await;
    let body = sending(&[row("RF4", "2026-01", 11), row("RF4", "2026-02", 20), row("RF4", "2026-03", 30)]);
    let submitter = app.submitter("RF4");
    let dry = submitter.post(&format!("{SUBMIT}&dryRun=true"), body.clone()).await.expect(200);
    assert_eq!((&dry["state"], &dry["dryRun"]), (&json!("checked"), &json!(true)));
    assert_eq!(dry["counts"], counts(3, [1, 1, 1, 0, 0]));
    assert_eq!(all_values(&app).await, before, "a dry run writes nothing");

    let real = submitter.post(SUBMIT, body.clone()).await;
    assert_eq!(real.header("location"), format!("/v1/kpi-submissions/{}", real.json()["id"].as_str().unwrap()));
    let real = real.expect(201);
    assert_eq!((&real["counts"], &real["rows"]), (&dry["counts"], &dry["rows"]));
    let again = submitter.post(SUBMIT, body).await.expect(201);
    assert_eq!(again["counts"], counts(3, [0, 0, 3, 0, 0]));
}

#[rstest]
#[actix_web::test]
async fn each_changed_row_is_told_with_what_it_was_and_becomes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([{ "organisation": "RF4", "period": "2026-01", "value": 10, "comment": "First." }])).await;
    let body = json!({ "kpi": "AE", "rows": [{ "organisation": "rf4", "period": "202601", "value": 12, "qualifier": "at-least" }] });
    let answer = app.submitter("RF4").post("/v1/kpi-submissions", body).await.expect(201);
    let old = json!({ "value": 10, "qualifier": "exact", "basis": "measured", "comment": "First." });
    let new = json!({ "value": 12, "qualifier": "at-least", "basis": "measured", "comment": "First." });
    let key = json!({ "kpi": "ae", "organisation": "RF4", "period": "2026-01" });
    assert_eq!(
        answer["rows"],
        json!([{ "line": 1, "pointer": "/rows/0", "outcome": "updated", "errors": [], "key": key, "old": old, "new": new }])
    );
}

#[rstest]
#[actix_web::test]
async fn one_wrong_row_stops_an_atomic_submission_and_not_a_partial_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let body = sending(&[row("RF4", "2026-01", 1), row("RF4", "2026-13", 2), row("RF4", "2026-03", 3)]);
    let submitter = app.submitter("RF4");
    let refused = submitter.post(SUBMIT, body.clone()).await.problem(422, "rows-rejected");
    assert_eq!(refused["counts"], counts(3, [0, 0, 0, 0, 1]));
    assert_eq!(errors(&refused), BTreeMap::from([("/rows/1".to_owned(), vec!["period-malformed".to_owned()])]));
    assert_eq!(all_values(&app).await, json!([]));
    let kept = submitter.get(&format!("/v1/kpi-submissions/{}", refused["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(kept["state"], "rejected");

    let dry = submitter.post(&format!("{SUBMIT}&mode=partial&dryRun=true"), body.clone()).await.expect(200);
    let partial = submitter.post(&format!("{SUBMIT}&mode=partial"), body).await;
    let location = partial.header("location").to_owned();
    let partial = partial.expect(201);
    assert_eq!((&partial["counts"], &dry["counts"]), (&counts(3, [2, 0, 0, 0, 1]), &counts(3, [2, 0, 0, 0, 1])));
    assert_eq!(all_values(&app).await.as_array().unwrap().len(), 2);
    let rejected = submitter.get(&format!("{location}/rows?outcome=rejected")).await.expect(200);
    assert_eq!(rejected["data"][0]["pointer"], "/rows/1");
    let lines = submitter.get(&format!("{location}/rows")).accept("application/x-ndjson").await;
    assert_eq!(lines.text().lines().count(), 1);
    let created = submitter.get(&format!("{location}/rows?outcome=created&count=true")).await.expect(200);
    assert_eq!((&created["data"], &created["page"]["count"]["total"]), (&json!([]), &json!(0)));
}

#[rstest]
#[actix_web::test]
async fn each_strategy_takes_what_it_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([row("RF4", "2026-01", 1)])).await;
    let send = async |strategy: &str, rows: &[Value]| {
        app.submitter("RF4")
            .post(&format!("{SUBMIT}&mode=partial&strategy={strategy}"), sending(rows))
            .await
            .expect(201)
    };
    let (there, new) = (row("RF4", "2026-01", 2), row("RF4", "2026-02", 2));
    let created = send("create", &[there.clone(), new.clone()]).await;
    assert_eq!(errors(&created)["/rows/0"], ["exists"]);
    assert_eq!(created["counts"], counts(2, [1, 0, 0, 0, 1]));
    let updated = send("update", &[there.clone(), row("RF4", "2026-03", 2)]).await;
    assert_eq!(errors(&updated)["/rows/1"], ["missing"]);
    assert_eq!(updated["counts"], counts(2, [0, 1, 0, 0, 1]));
    let keys = [json!({ "organisation": "RF4", "period": "2026-01" }), row("RF4", "2026-04", 9)];
    assert_eq!(send("delete", &keys).await["counts"], counts(2, [0, 0, 1, 1, 0]));
    assert_eq!(send("upsert", &[there, new]).await["counts"], counts(2, [1, 0, 1, 0, 0]));
    app.submitter("RF4")
        .post(&format!("{SUBMIT}&strategy=replace"), sending(&[]))
        .await
        .problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn everything_wrong_with_a_row_is_told_by_its_code(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.kpi("draft", json!({ "status": "proposed" })).await;
    app.kpi("by-type", json!({ "breakdowns": [{ "dimension": "type", "members": ["1", "2"] }] })).await;
    let all: [(Value, &[&str]); 15] = [
        (json!({ "kpi": "never", "organisation": "RF4", "period": "2026-01", "value": 1 }), &["unknown-kpi"]),
        (json!({ "kpi": "draft", "organisation": "RF4", "period": "2026-01", "value": 1 }), &["not-live"]),
        (row("NOWHERE", "2026-01", 1), &["unknown-organisation"]),
        (
            json!({ "organisation": "RF4", "innovation": "never", "period": "2026-01", "value": 1 }),
            &["unknown-innovation"],
        ),
        (json!({ "kpi": "by-type", "organisation": "RF4", "period": "2026-01", "value": 1 }), &["unknown-breakdown"]),
        (
            json!({ "kpi": "by-type", "organisation": "RF4", "period": "2026-01", "breakdown": "3", "value": 1 }),
            &["unknown-breakdown"],
        ),
        (row("RJZ", "2026-01", 1), &["out-of-scope"]),
        (row("RF4", "soon", 1), &["period-malformed"]),
        (row("RF4", "2026-Q1", 1), &["period-type"]),
        (row("RF4", "2026-07", 1), &["period-future"]),
        (row("RF4", "2026-02", "12"), &["value-type"]),
        (row("RF4", "2026-02", 1.5), &["value-type"]),
        (row("RF4", "2026-02", -1), &["value-range"]),
        (row("RF4", "2026-02", 100_001), &["value-range"]),
        (
            json!({ "organisation": "NOWHERE", "period": "soon", "qualifier": "maybe" }),
            &["period-malformed", "unknown-organisation", "unknown-word", "value-missing"],
        ),
    ];
    let body: Vec<Value> = all.iter().map(|(row, _)| row.clone()).collect();
    let answer = app.submitter("RF4").post(&format!("{SUBMIT}&mode=partial"), sending(&body)).await.expect(201);
    assert_eq!(answer["counts"], counts(15, [0, 0, 0, 0, 15]));
    let told = errors(&answer);
    for (index, (row, codes)) in all.iter().enumerate() {
        let mut told = told[&format!("/rows/{index}")].clone();
        told.sort();
        assert_eq!(&told, codes, "{row}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_key_stands_in_one_row_of_a_submission(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let body = sending(&[row("RF4", "2026-01", 1), row("rf4", "202601", 1), row("RF4", "2026-01-01", 2)]);
    let answer = app.submitter("RF4").post(&format!("{SUBMIT}&mode=partial"), body).await.expect(201);
    assert_eq!(errors(&answer).into_values().flatten().collect::<Vec<_>>(), ["duplicate-key", "duplicate-key"]);
    assert_eq!(all_values(&app).await[0]["value"], 1);
}

#[rstest]
#[actix_web::test]
async fn a_period_is_read_by_the_kind_of_the_kpi_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for (kind, written, label, start, end) in [
        ("month", "2011-12", "2011-12", "2011-12-01", "2011-12-31"),
        ("financial-year", "2011-12", "2011-12", "2011-04-01", "2012-03-31"),
        ("day", "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("week", "2024-W10", "2024-W10", "2024-03-04", "2024-03-10"),
        ("quarter", "2024Q1", "2024-Q1", "2024-01-01", "2024-03-31"),
        ("financial-quarter", "2024-25-Q4", "2024-25-Q4", "2025-01-01", "2025-03-31"),
        ("year", "2024", "2024", "2024-01-01", "2024-12-31"),
    ] {
        let kpi = format!("by-{kind}");
        app.kpi(&kpi, json!({ "periodType": kind })).await;
        app.values(&kpi, json!([row("RF4", written, 1)])).await;
        let value = app.admin().get(&format!("/v1/kpi-values?kpi={kpi}")).await.expect(200)["data"][0].clone();
        assert_eq!(
            (&value["period"], &value["start"], &value["end"]),
            (&json!(label), &json!(start), &json!(end)),
            "{kind}"
        );
    }
    let wrong = app.admin().post("/v1/kpi-submissions?kpi=by-year", sending(&[row("RF4", "2011-12", 1)])).await;
    let problem = wrong.problem(422, "rows-rejected");
    assert_eq!(problem["rows"][0]["errors"][0]["code"], "period-type");
}

#[rstest]
#[actix_web::test]
async fn a_quotient_is_kept_with_its_numerator_and_denominator(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.kpi(
        "share",
        json!({ "valueType": "percentage", "aggregation": "ratio-of-sums", "decimals": 2, "min": 0, "max": 100 }),
    )
    .await;
    let fraction = |period: &str, numerator: i64, denominator: i64| json!({ "organisation": "RF4", "period": period, "numerator": numerator, "denominator": denominator });
    app.values("share", json!([fraction("2026-01", 2, 3)])).await;
    let value = app.admin().get("/v1/kpi-values?kpi=share").await.expect(200)["data"][0].clone();
    assert_eq!((&value["value"], &value["numerator"], &value["denominator"]), (&json!(66.67), &json!(2), &json!(3)));
    let mut contradiction = fraction("2026-05", 1, 2);
    contradiction["value"] = json!(51);
    let wrong = [
        fraction("2026-02", 1, 0),
        fraction("2026-03", 3, 2),
        json!({ "organisation": "RF4", "period": "2026-04", "numerator": 3 }),
        contradiction,
    ];
    let answer = app.admin().post("/v1/kpi-submissions?kpi=share&mode=partial", sending(&wrong)).await.expect(201);
    let codes: Vec<String> = errors(&answer).into_values().flatten().collect();
    assert_eq!(codes, ["value-range", "value-range", "value-missing", "value-range"]);
}

#[rstest]
#[actix_web::test]
async fn a_csv_comes_back_with_what_to_mend_and_is_taken_once_mended(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let sent = "\u{feff}organisation,period,value,comment\r\nRF4,2026-01,10,\"a, b\"\r\nRF4,2026-02,ten,=SUM(A1)\r\n";
    let submitter = app.submitter("RF4");
    let target = format!("{SUBMIT}&mode=partial");
    let refused = submitter.post_csv(SUBMIT, sent).accept("text/csv").await;
    assert!(refused.status == 422 && refused.text().contains("not-written"), "{}", refused.text());
    let answer = submitter.post_csv(&target, sent).accept("text/csv").await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "text/csv; charset=utf-8"));
    let mut lines = answer.text().lines();
    assert_eq!(lines.next().unwrap(), "organisation,period,value,comment,outcome,problem,expected");
    assert_eq!(lines.next().unwrap(), "RF4,2026-01,10,\"a, b\",created,,");
    assert!(lines.next().unwrap().starts_with("RF4,2026-02,ten,'=SUM(A1),rejected,value-type,"), "{}", answer.text());
    let mended = answer.text().replace(",ten,", ",20,");
    let again = submitter.post_csv(&target, &mended).accept("text/csv").await;
    assert_eq!(again.status, 201, "{}", again.text());
    assert!(
        again.text().contains("RF4,2026-01,10,\"a, b\",unchanged,,") && again.text().contains(",created,,"),
        "{}",
        again.text()
    );
}

#[rstest]
#[actix_web::test]
async fn a_csv_row_is_told_by_its_line_in_an_editor(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let sent = "value,period,organisation\n1,2026-01,RF4\n\n2,2026-02,NOWHERE\n";
    let refused = app.submitter("RF4").post_csv(SUBMIT, sent).await.problem(422, "rows-rejected");
    assert_eq!((&refused["rows"][0]["line"], &refused["rows"][0]["pointer"]), (&json!(4), &json!("/rows/1")));
    app.submitter("RF4").post_csv(SUBMIT, "organisation,period,amount\n").await.problem(400, "unknown-column");
    let long = "organisation,period,value\r\nRF4,2026-01,1\r\nRF4,2026-02,1,234\r\n";
    let refused = app.submitter("RF4").post_csv(SUBMIT, long).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/line/3", "lines of CRLF files are counted too");
}

#[rstest]
#[actix_web::test]
async fn json_of_the_wrong_shape_is_told_where(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for body in [
        json!({}),
        json!({ "rows": {} }),
        json!({ "rows": [{ "organization": "RF4" }] }),
        json!({ "rows": [], "colour": 1 }),
    ] {
        app.submitter("RF4").post(SUBMIT, body).await.problem(400, "malformed-body");
    }
}

#[rstest]
#[actix_web::test]
async fn more_rows_than_a_submission_holds_are_refused_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let sent = format!("value\n{}", "1\n".repeat(500_001));
    app.submitter("RF4").post_csv(SUBMIT, &sent).await.problem(422, "too-many-rows");
}

#[rstest]
#[actix_web::test]
async fn a_dimension_more_makes_another_series(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let dimensions =
        json!([{ "dimension": "type", "members": ["1", "2"] }, { "dimension": "sex", "members": ["f", "m"] }]);
    app.kpi("by-both", json!({ "breakdowns": dimensions })).await;
    let given = |breakdown: Value, value: i64| json!({ "organisation": "RF4", "period": "2026-01", "breakdown": breakdown, "value": value });
    app.values(
        "by-both",
        json!([given(json!({ "type": "1", "sex": "f" }), 1), given(json!({ "sex": "m", "type": "1" }), 2)]),
    )
    .await;
    app.admin()
        .post_csv(
            "/v1/kpi-submissions?kpi=by-both",
            "organisation,period,breakdown,value\nRF4,2026-01,sex=f;type=2,3\n",
        )
        .await
        .expect(201);
    let found = async |breakdown: &str| {
        app.admin().get(&format!("/v1/kpi-values?kpi=by-both&breakdown={breakdown}")).await.expect(200)["data"][0]
            .clone()
    };
    assert_eq!(found("type%3D1%3Bsex%3Dm").await["value"], 2);
    assert_eq!(found("sex%3Df%3Btype%3D2").await["breakdown"], json!({ "sex": "f", "type": "2" }));
}

#[rstest]
#[actix_web::test]
async fn what_a_value_was_stays_readable(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for value in [10, 11, 11, 12] {
        app.values("ae", json!([row("RF4", "2026-01", value)])).await;
    }
    let value = all_values(&app).await[0].clone();
    assert_eq!((&value["value"], &value["version"]), (&json!(12), &json!(3)));
    let target = format!("/v1/kpi-values/{}/revisions", value["id"].as_str().unwrap());
    assert_eq!(column(&app.submitter("RF4").get(&target).await.expect(200), "value"), ["10", "11"]);
    app.admin().post(&format!("{SUBMIT}&strategy=delete"), sending(&[row("RF4", "2026-01", 0)])).await.expect(201);
    assert_eq!(all_values(&app).await, json!([]));
    app.values("ae", json!([row("RF4", "2026-01", 13)])).await;
    assert_eq!(all_values(&app).await[0]["version"], 4, "a value that comes back goes on counting");
    assert_eq!(column(&app.admin().get(&target).await.expect(200), "version"), ["1", "2", "3"]);
}

#[rstest]
#[actix_web::test]
async fn a_key_makes_a_request_safe_to_repeat(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let keyed = app.submitter("RF4").with("idempotency-key", "return-2026-01");
    let first = keyed.post(SUBMIT, sending(&[row("RF4", "2026-01", 1)])).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = keyed.post(SUBMIT, sending(&[row("RF4", "2026-01", 1)])).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((again.header("location"), &again.body), (first.header("location"), &first.body));
    keyed.post(SUBMIT, sending(&[row("RF4", "2026-01", 2)])).await.problem(422, "idempotency-mismatch");
    keyed
        .post(&format!("{SUBMIT}&dryRun=true"), sending(&[row("RF4", "2026-01", 1)]))
        .await
        .problem(422, "idempotency-mismatch");
    app.sql("UPDATE idempotency_keys SET status = NULL, lease_until = '2026-06-15 09:01:00'");
    keyed.post(SUBMIT, sending(&[row("RF4", "2026-01", 1)])).await.problem(409, "idempotency-in-flight");
    app.submitter("RF4").with("idempotency-key", "return-2026-01").post(SUBMIT, sending(&[])).await.expect(201);
    app.submitter("RF4")
        .with("idempotency-key", "two words")
        .post(SUBMIT, sending(&[]))
        .await
        .problem(400, "malformed-header");
}

#[rstest]
#[actix_web::test]
async fn a_refused_request_leaves_its_key_free(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let keyed = app.submitter("RF4").with("idempotency-key", "mended");
    keyed.post(SUBMIT, sending(&[row("RF4", "soon", 1)])).await.problem(422, "rows-rejected");
    keyed.post(SUBMIT, sending(&[row("RF4", "2026-01", 1)])).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn eight_who_send_the_same_values_at_once_all_succeed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let keys: Vec<(&str, String)> =
        (1..=12).flat_map(|month| ["RF4", "RJZ"].map(|trust| (trust, format!("2025-{month:02}")))).collect();
    let admin = app.admin();
    let send = async |sender: i64| {
        let mut rows: Vec<Value> = keys.iter().map(|(trust, month)| row(trust, month, 100 + sender)).collect();
        if sender % 2 == 1 {
            rows.reverse();
        }
        admin.post(SUBMIT, sending(&rows)).await.expect(201)["counts"].clone()
    };
    let told = futures_util::future::join_all((0..8).map(send)).await;
    let sum = |name: &str| told.iter().map(|counts| counts[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!((sum("created"), sum("updated"), sum("rejected")), (24, 168, 0));
    let values = all_values(&app).await;
    let values: Vec<&Value> = values.as_array().unwrap().iter().collect();
    assert_eq!(values.len(), 24);
    let last = &values[0]["value"];
    assert!(values.iter().all(|value| value["value"] == *last && value["version"] == 8), "{values:?}");
}

#[rstest]
#[actix_web::test]
async fn a_submission_is_seen_by_its_sender_and_those_above(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.innovation("other").await;
    let sender = app.submitter("RF4");
    let sent = sender.post(SUBMIT, sending(&[row("RF4", "2026-01", 1)])).await;
    let location = sent.header("location").to_owned();
    for who in [&sender, &app.submitter("RF4"), &app.lead("Y56"), &app.admin()] {
        assert_eq!(who.get(&location).await.expect(200)["counts"], counts(1, [1, 0, 0, 0, 0]));
        assert_eq!(rows(&who.get("/v1/kpi-submissions?kpi=AE&state=accepted").await.expect(200)).len(), 1);
    }
    for who in [app.submitter("RJZ"), app.lead("QKK"), app.fellow("other")] {
        who.get(&location).await.problem(404, "not-found");
        assert!(rows(&who.get("/v1/kpi-submissions").await.expect(200)).is_empty());
    }
    app.reader().get(&location).await.problem(403, "forbidden");
}

/// A row as a random sender would write it: often wrong, often repeated.
fn any_row() -> impl Strategy<Value = Value> {
    let organisation = prop::sample::select(vec!["RF4", "rf4", "RJZ", "NOWHERE"]);
    let period = prop::sample::select(vec!["2026-01", "202601", "2026-02", "2026-03", "2026-09", "2026-Q1"]);
    (organisation, period, -2i64..4).prop_map(|(organisation, period, value)| row(organisation, period, value))
}

#[rstest]
#[actix_web::test]
async fn whatever_is_sent_is_told_before_and_changes_nothing_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..24 {
        let sent = prop::collection::vec(any_row(), 0..9).new_tree(&mut runner).unwrap().current();
        let partial = format!("{SUBMIT}&mode=partial");
        let dry = submitter.post(&format!("{partial}&dryRun=true"), sending(&sent)).await.expect(200);
        let real = submitter.post(&partial, sending(&sent)).await.expect(201);
        assert_eq!((&real["counts"], &real["rows"]), (&dry["counts"], &dry["rows"]), "{sent:?}");
        let again = submitter.post(&partial, sending(&sent)).await.expect(201);
        let (real, again) = (&real["counts"], &again["counts"]);
        assert_eq!(
            (&again["created"], &again["updated"], &again["rejected"]),
            (&json!(0), &json!(0), &real["rejected"]),
            "{sent:?}"
        );
    }
}

#[rstest]
#[actix_web::test]
async fn a_value_outside_the_life_of_its_organisation_is_taken_with_a_warning(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let trust = json!({ "code": "RW1", "name": "Trust", "type": "nhs-trust", "validFrom": "2020-04-15", "validTo": "2024-04-01" });
    app.admin().post("/v1/organisations", trust).await.expect(201);
    app.kpi("ae", json!({})).await;
    let months = ["2020-03", "2020-04", "2024-03", "2024-04"];
    let sent: Vec<Value> = months.map(|month| row("RW1", month, 9)).to_vec();
    let told = app.admin().post("/v1/kpi-submissions?kpi=ae", json!({ "rows": sent })).await.expect(201);
    assert_eq!(texts(&told["warnings"], "pointer"), ["/rows/0", "/rows/3"]);
    assert_eq!(
        told["warnings"][0]["detail"],
        "RW1 exists from 2020-04-15 until the day before 2024-04-01, and not in 2020-03."
    );
    let csv = "organisation,period,value\nRW1,2024-03,9\nRW1,2024-04,9\n";
    let request = app.admin().post_csv("/v1/kpi-submissions?kpi=ae&dryRun=true", csv).accept("text/csv").await;
    assert!(request.text().contains("RW1,2024-04,9,unchanged,outside-life,"), "{}", request.text());
    assert!(request.text().contains("RW1,2024-03,9,unchanged,,"), "{}", request.text());
    let found = app.admin().get("/v1/kpis/ae/spc?organisation=RW1").await.expect(200);
    assert!(texts(&found["warnings"], "code").contains(&"outside-life".to_owned()), "{found}");
}

#[rstest]
#[actix_web::test]
async fn a_comment_comes_back_as_it_was_sent(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let comments = [
        "tab\there",
        "two\r\nlines\nand three",
        "back\\slash \\N \\. \\x41",
        "\"quoted\", 'both'",
        "naïve 心 🫀",
        "=1+1",
        "'; DROP TABLE kpis; --",
    ];
    for (value, comment) in (1..).zip(comments) {
        for value in [value * 10, value * 10 + 1] {
            let sent = json!({ "organisation": "RF4", "period": "2026-01", "value": value, "comment": comment });
            app.values("ae", json!([sent])).await;
            assert_eq!(all_values(&app).await[0]["comment"], comment, "{comment:?}");
        }
        let csv = app.admin().get("/v1/kpi-values").accept("text/csv").await;
        let again = app.admin().post_csv("/v1/kpi-submissions", csv.text()).await.expect(201);
        assert_eq!(again["counts"]["unchanged"], 1, "{again}");
    }
    for (comment, code) in
        [("a\u{0}b", "control-character"), ("see 943 476 5919", "nhs-number"), (&"x".repeat(2001), "too-long")]
    {
        let sent = json!({ "organisation": "RF4", "period": "2026-01", "value": 1, "comment": comment });
        let refused = app.admin().post(SUBMIT, sending(&[sent])).await.problem(422, "rows-rejected");
        assert_eq!(errors(&refused)["/rows/0"], [code]);
    }
}

#[rstest]
#[actix_web::test]
async fn a_number_is_kept_exactly_or_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.kpi("fine", json!({ "valueType": "number", "decimals": 6 })).await;
    let send = async |number: &str| {
        let body = format!("organisation,period,value\nRF4,2026-01,{number}\n");
        app.admin().post_csv("/v1/kpi-submissions?kpi=fine", &body).await
    };
    for (number, kept) in [
        ("0.1", "0.1"),
        ("-0.000001", "-0.000001"),
        ("123456789.123456", "123456789.123456"),
        ("0.1000000", "0.1"),
        ("7", "7"),
    ] {
        send(number).await.expect(201);
        let told = app.admin().get("/v1/kpi-values?kpi=fine").await;
        assert!(told.text().contains(&format!("\"value\":{kept},")), "{number}: {}", told.text());
    }
    for number in
        ["0.1234567", "1e3", "1e400", "99999999999999999999", "NaN", "inf", "1,000", "0x10", "1 000", "--1", "٣"]
    {
        let quoted = format!("\"{number}\"");
        let refused = send(&quoted).await.problem(422, "rows-rejected");
        let code = &errors(&refused)["/rows/0"][0];
        assert!(code.starts_with("value-"), "{number}: {code}");
    }
}
