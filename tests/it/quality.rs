//! Which values there can be, and which deserve a second look, through HTTP.

use crate::support::*;

/// A trust, and a KPI of this kind.
async fn world(engine: Engine, kpi: Value) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("ae", kpi).await;
    app
}

/// A year of about a hundred.
fn year() -> Value {
    let values = [100, 104, 98, 101, 99, 103, 97, 100, 102, 99, 101, 100];
    let month = |(n, value): (usize, &i64)| row("RF4", &format!("2024-{:02}", n + 1), *value);
    values.iter().enumerate().map(month).collect()
}

fn sending(rows: Value) -> Value {
    json!({ "kpi": "ae", "rows": rows })
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

const SUBMIT: &str = "/v1/kpi-submissions";
const FLAGS: &str = "/v1/kpi-value-flags?kpi=ae";

#[rstest]
#[case("ratio", json!({}), json!([{ "value": 1.7 }, { "value": -0.5 }, { "numerator": 300, "denominator": 200 }]), json!([{ "value": 1 }, { "numerator": 2, "denominator": 4 }]))]
#[case("percentage", json!({}), json!([{ "value": 140 }, { "numerator": 300, "denominator": 200 }]), json!([{ "value": 100 }]))]
#[case("percentage", json!({ "mayExceed": true }), json!([{ "value": -1 }]), json!([{ "value": 140 }, { "numerator": 300, "denominator": 200 }]))]
#[case("duration", json!({}), json!([{ "value": -30 }]), json!([{ "value": 0 }]))]
#[case("rate", json!({}), json!([{ "value": -1 }]), json!([{ "numerator": 300, "denominator": 200 }]))]
#[case("money", json!({}), json!([]), json!([{ "value": -250 }]))]
#[case("money", json!({ "min": 0 }), json!([{ "value": -250 }]), json!([{ "value": 250 }]))]
#[actix_web::test]
async fn a_value_lies_where_its_kind_allows(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] kind: &str,
    #[case] others: Value,
    #[case] wrong: Value,
    #[case] good: Value,
) {
    let mut kpi = json!({ "valueType": kind, "aggregation": "none", "decimals": 2 });
    kpi.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    let app = world(engine, kpi).await;
    for (rows, outcome) in [(wrong, "rejected"), (good, "created")] {
        for mut one in rows.as_array().unwrap().clone() {
            (one["organisation"], one["period"]) = (json!("RF4"), json!("2026-01"));
            let told = app.admin().post(&format!("{SUBMIT}?dryRun=true"), sending(json!([one]))).await.expect(200);
            assert_eq!(told["rows"][0]["outcome"], outcome, "{told}");
            if outcome == "rejected" {
                assert_eq!(codes(&told["rows"][0]["errors"]), ["value-range"], "{told}");
            }
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_target_lies_where_a_value_can(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({ "valueType": "percentage", "aggregation": "ratio-of-sums" })).await;
    let refused = app.admin().post("/v1/kpis/ae/targets", json!({ "value": 120, "from": "2024-04" })).await;
    let detail = refused.problem(422, "validation-failed")["errors"][0]["detail"].clone();
    assert_eq!(detail, "No value can reach this target: expected a number from 0 to 100, as the KPI's values are.");
    let wide = json!({ "code": "wide", "name": "Wide", "definition": "Wide.", "level": "process", "unit": "%", "periodType": "month",
        "valueType": "percentage", "improvementDirection": "neutral", "aggregation": "none", "max": 120 });
    let refused = app.admin().post("/v1/kpis", wide).await.problem(422, "validation-failed");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/max"), &json!("value-range"))
    );
}

#[rstest]
#[actix_web::test]
async fn nothing_to_divide_is_said_in_several_ways_and_kept_as_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({ "valueType": "percentage", "aggregation": "ratio-of-sums" })).await;
    let said = json!({ "organisation": "RF4", "period": "2026-01", "qualifier": "not-applicable" });
    app.admin().post(SUBMIT, sending(json!([said]))).await.expect(201);
    for csv in [
        "organisation,period,qualifier\nRF4,2026-01,not-applicable\n",
        "organisation,period,numerator,denominator\nRF4,2026-01,0,0\n",
        "organisation,period,numerator,denominator,qualifier\nRF4,2026-01,0,0,not-applicable\n",
    ] {
        let again = app.admin().post_csv(&format!("{SUBMIT}?kpi=ae"), csv).await.expect(201);
        assert_eq!(again["counts"]["unchanged"], 1, "{csv}: {again}");
    }
    let value = &app.admin().get("/v1/kpi-values?kpi=ae").await.expect(200)["data"][0];
    assert_eq!([&value["value"], &value["numerator"], &value["denominator"]], [&json!(null), &json!(0), &json!(0)]);
    assert_eq!(value["qualifier"], "exact");
    let some = json!({ "organisation": "RF4", "period": "2026-02", "qualifier": "not-applicable", "numerator": 1, "denominator": 2 });
    let refused = app.admin().post(SUBMIT, sending(json!([some]))).await.problem(422, "rows-rejected");
    assert_eq!(codes(&refused["rows"][0]["errors"]), ["value-range"]);
    app.kpi("count", json!({})).await;
    let count = json!({ "kpi": "count", "organisation": "RF4", "period": "2026-02", "qualifier": "not-applicable" });
    let refused = app.admin().post(SUBMIT, sending(json!([count]))).await.problem(422, "rows-rejected");
    assert_eq!(codes(&refused["rows"][0]["errors"]), ["value-type"]);
}

#[rstest]
#[actix_web::test]
async fn a_total_that_is_too_large_says_so_wherever_it_is_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.trust("RF5", "QMF").await;
    let large = 9_000_000_000_000_000_000_i64;
    app.values("ae", json!([row("RF4", "2026-01", large), row("RF5", "2026-01", large), row("RF4", "2026-02", 1)]))
        .await;
    let totals = app.admin().get("/v1/kpis/ae/totals?place=QMF").await.expect(200);
    assert_eq!(totals["points"][0]["value"], json!(null));
    assert!(codes(&totals["notes"]).contains(&"too-large"), "{totals}");
    let spc = app.admin().get("/v1/kpis/ae/spc?place=QMF").await.expect(200);
    assert!(codes(&spc["warnings"]).contains(&"too-large"), "{spc}");
    let chart = app.admin().get("/v1/kpis/ae/chart.svg?place=QMF").await;
    assert!(chart.text().contains("Too large: in 2026-01"), "{}", chart.text());
}

#[rstest]
#[actix_web::test]
async fn a_doubtful_value_is_warned_of_in_the_dry_run_and_in_the_real_run(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.values("ae", year()).await;
    let rows = json!([row("RF4", "2025-01", 104), row("RF4", "2025-02", 400), row("RF4", "2024-12", 100)]);
    let submitter = app.submitter("RF4");
    let dry = submitter.post(&format!("{SUBMIT}?dryRun=true"), sending(rows.clone())).await.expect(200);
    assert_eq!(codes(&dry["warnings"]), ["change", "outlier"], "{dry}");
    assert_eq!(dry["warnings"][0]["pointer"], "/rows/1");
    assert_eq!(
        dry["warnings"][0]["detail"],
        "400 after 104 in 2025-01. Expected at most 3 times the value before, and at least a third of it."
    );
    let real = submitter.post(SUBMIT, sending(rows.clone())).await.expect(201);
    assert_eq!((&real["warnings"], &real["counts"]["created"]), (&dry["warnings"], &json!(2)));
    let again = submitter.post(SUBMIT, sending(rows)).await.expect(201);
    assert_eq!(again["warnings"], json!([]), "what does not change is not looked at again");
}

#[rstest]
#[actix_web::test]
async fn a_share_in_the_place_of_a_percentage_is_warned_of(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({ "valueType": "percentage", "aggregation": "none", "decimals": 1 })).await;
    let rows = json!([row("RF4", "2026-01", 94), row("RF4", "2026-02", 0.9)]);
    let told = app.submitter("RF4").post(SUBMIT, sending(rows)).await.expect(201);
    assert_eq!(codes(&told["warnings"]), ["share-for-percentage"]);
}

#[rstest]
#[actix_web::test]
async fn a_justification_takes_the_warnings_of_its_row_away(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.values("ae", year()).await;
    let csv = "organisation,period,value,justification\nRF4,2025-01,400,A second department opened.\nRF4,2025-02,10,\n";
    let submitter = app.submitter("RF4");
    let target = format!("{SUBMIT}?kpi=ae");
    let dry = submitter.post_csv(&format!("{target}&dryRun=true"), csv).accept("text/csv").await;
    let lines: Vec<&str> = dry.text().lines().collect();
    assert!(lines[1].ends_with("created,,") && lines[2].contains("change; outlier"), "{lines:?}");
    let real = submitter.post_csv(&target, csv).await.expect(201);
    assert_eq!(real["warnings"][0]["pointer"], "/rows/1");
    let flags = app.admin().get(FLAGS).await.expect(200);
    let mut states = column(&flags, "status");
    states.sort_unstable();
    assert_eq!(states, ["justified", "justified", "open", "open"]);
    let long = json!([{ "organisation": "RF4", "period": "2025-03", "value": 1, "justification": "x".repeat(2001) }]);
    let refused = submitter.post(SUBMIT, sending(long)).await.problem(422, "rows-rejected");
    assert_eq!(codes(&refused["rows"][0]["errors"]), ["too-long"]);
}

#[rstest]
#[actix_web::test]
async fn a_flag_stands_until_it_is_justified_or_its_value_is_replaced(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.trust("RJZ", "QKK").await;
    app.values("ae", json!([row("RF4", "2026-01", 10), row("RF4", "2026-02", 100), row("RF4", "2026-03", 400)])).await;
    let lead = app.lead("QMF");
    let open = lead.get(&format!("{FLAGS}&place=QMF&status=open&sort=raisedAt")).await.expect(200);
    assert_eq!(column(&open, "period"), ["2026-02", "2026-03"]);
    let flag = format!("/v1/kpi-value-flags/{}", open["data"][0]["id"].as_str().unwrap());
    let justified = json!({ "justification": "It opened." });
    app.submitter("RJZ").patch(&flag, 1, justified.clone()).await.problem(404, "not-found");
    let cleared = app.submitter("RF4").patch(&flag, 1, justified.clone()).await.expect(200);
    assert_eq!((&cleared["status"], &cleared["version"]), (&json!("justified"), &json!(2)));
    let again = json!([{ "organisation": "RF4", "period": "2026-03", "value": 400, "justification": "Two opened." }]);
    let again = app.submitter("RF4").post(SUBMIT, sending(again)).await.expect(201);
    assert_eq!(again["counts"]["unchanged"], 1);
    assert_eq!(rows(&lead.get(&format!("{FLAGS}&status=open")).await.expect(200)).len(), 0);
    app.values("ae", json!([row("RF4", "2026-02", 20)])).await;
    let replaced = lead.get(&flag).await.expect(200);
    assert_eq!(replaced["status"], "replaced");
    app.submitter("RF4").patch(&flag, 3, json!({ "justification": "Late." })).await.problem(409, "immutable");
    app.reader().get(FLAGS).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn values_of_several_kpis_are_held_against_each_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    let rule = |left: &str, missing: &str| json!([{ "left": left, "operator": "<=", "right": "ae", "missing": missing, "message": "Nobody is admitted who did not attend." }]);
    app.kpi("admitted", json!({ "validationRules": rule("admitted", "fail") })).await;
    app.values("ae", json!([row("RF4", "2026-01", 10), row("RF4", "2026-02", 10)])).await;
    let of = |kpi: &str, period: &str, value: u32| json!({ "kpi": kpi, "organisation": "RF4", "period": period, "value": value });
    let rows = json!([
        of("admitted", "2026-01", 10),
        of("admitted", "2026-02", 11),
        of("admitted", "2026-03", 9),
        of("admitted", "2026-04", 9),
        of("ae", "2026-04", 9),
        of("admitted", "2026-05", 9),
        of("ae", "2026-05", 8)
    ]);
    let told = app.submitter("RF4").post(SUBMIT, json!({ "rows": rows })).await.expect(201);
    assert_eq!(codes(&told["warnings"]), ["validation-rule"; 3]);
    let pointers: Vec<&str> =
        told["warnings"].as_array().unwrap().iter().map(|w| w["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/rows/1", "/rows/2", "/rows/5"], "{told}");
    assert_eq!(
        told["warnings"][0]["detail"],
        "Nobody is admitted who did not attend. Expected admitted <= ae; found 11 and 10."
    );
    for (wrong, code) in [("admitted + never", "unknown-kpi"), ("admitted *", "format"), ("ae", "not-applicable")] {
        let patch = json!({ "validationRules": rule(wrong, "skip") });
        let refused = app.admin().patch("/v1/kpis/admitted", 1, patch).await.problem(422, "validation-failed");
        assert_eq!(codes(&refused["errors"])[0], code, "{wrong}");
    }
}
