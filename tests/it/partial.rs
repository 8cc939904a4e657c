//! What a total says when a part of it is missing, and what the shape of a series lets be said, through HTTP.

use crate::support::*;

/// Two trusts of a board: a large one with 900 to 960 attendances a month and a small one with a few, for so many months from January 2024.
async fn world(engine: Engine, kpi: Value, months: usize, lacks: impl Fn(&str, usize) -> bool) -> TopOf {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    app.kpi("ae", kpi).await;
    let sent: Vec<Value> = (0..months)
        .flat_map(|n| [("RJZ", 900 + (n * 37 % 60)), ("RJ1", 9 + n % 2)].map(|(trust, value)| (n, trust, value)))
        .filter(|(n, trust, _)| !lacks(trust, *n))
        .map(|(n, trust, value)| row(trust, &month(n), value))
        .collect();
    app.values("ae", json!(sent)).await;
    TopOf(app)
}

/// The register, asked of the board.
struct TopOf(TestApp);

impl TopOf {
    async fn spc(&self, more: &str) -> Value {
        self.0.admin().get(&format!("/v1/kpis/ae/spc?place=QKK{more}")).await.expect(200)
    }

    async fn chart(&self, more: &str) -> String {
        self.0.admin().get(&format!("/v1/kpis/ae/chart.svg?place=QKK{more}")).await.text().to_owned()
    }

    async fn totals(&self, more: &str) -> Value {
        self.0.admin().get(&format!("/v1/kpis/ae/totals?place=QKK{more}")).await.expect(200)
    }
}

fn month(n: usize) -> String {
    format!("{}-{:02}", 2024 + n / 12, n % 12 + 1)
}

fn codes(answer: &Value, name: &str) -> Vec<String> {
    answer[name].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap().to_owned()).collect()
}

fn point(answer: &Value, n: usize) -> &Value {
    answer["points"].as_array().unwrap().iter().find(|point| point["period"] == month(n)).unwrap()
}

#[rstest]
#[actix_web::test]
async fn a_missing_return_of_a_large_trust_paints_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let lacks = |trust: &str, n| trust == "RJZ" && n == 13;
    let top = world(engine, json!({}), 14, lacks).await;
    let answer = top.spc("").await;
    assert_eq!(answer["variation"], "common-cause");
    let whole = top.spc("&to=2025-01").await;
    for line in ["mean", "lpl", "upl"] {
        assert_eq!(answer["parts"][0][line], whole["parts"][0][line], "{line}");
    }
    let hollow = point(&answer, 13);
    assert_eq!((&hollow["value"], &hollow["partial"], &hollow["signal"]), (&json!(10.0), &json!(true), &json!(null)));
    assert_eq!((&hollow["expected"], &hollow["actual"]), (&json!(2), &json!(1)));
    assert!(hollow["coverage"].as_f64().unwrap() < 0.02, "{hollow}");
    assert!(whole["points"].as_array().unwrap().iter().all(|point| point["signal"] == "common-cause"));
    assert_eq!(codes(&answer, "warnings"), ["partial"]);
    let chart = top.chart("").await;
    assert!(chart.contains(": 10 (partial)</title>") && chart.contains(">Partial: in 2025-02 "), "{chart}");
}

#[rstest]
#[actix_web::test]
async fn a_missing_return_of_a_small_trust_is_told_with_its_coverage(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |trust: &str, n| trust == "RJ1" && n == 13).await;
    let answer = top.spc("").await;
    let told = point(&answer, 13);
    let coverage = told["coverage"].as_f64().unwrap();
    assert!((0.985..0.995).contains(&coverage), "{told}");
    assert_eq!((&told["partial"], &told["signal"]), (&json!(false), &json!("common-cause")));
    assert_eq!(codes(&answer, "warnings"), ["incomplete"]);
    let totals = top.totals("").await;
    assert_eq!(point(&totals, 13)["coverage"], told["coverage"], "charts and totals are made of the same");
    assert_eq!((&point(&totals, 13)["expected"], &point(&totals, 13)["actual"]), (&json!(2), &json!(1)));
    assert_eq!(codes(&totals, "notes"), ["incomplete"]);
}

#[rstest]
#[actix_web::test]
async fn a_kpi_says_how_complete_its_totals_must_be(#[values(Sqlite, Postgres)] engine: Engine) {
    let lacks = |trust: &str, n| trust == "RJ1" && n == 13;
    let top = world(engine, json!({ "completeAt": 0.999 }), 14, lacks).await;
    assert_eq!(point(&top.spc("").await, 13)["partial"], true);
    let admin = top.0.admin();
    let refused = admin.patch("/v1/kpis/ae", 1, json!({ "completeAt": 1.5 })).await;
    assert!([400, 422].contains(&refused.status), "{}", refused.text());
    let kpi = admin.patch("/v1/kpis/ae", 1, json!({ "completeAt": null })).await.expect(200);
    assert_eq!((&kpi["completeAt"], &kpi["shape"]), (&json!(null), &json!("period")));
    assert_eq!(point(&top.spc("").await, 13)["partial"], true, "a past month keeps the definition of its days");
    let versions = admin.get("/v1/kpis/ae/versions").await;
    assert!(versions.text().contains("0.999"), "{}", versions.text());
    let usual = world(engine, json!({}), 14, lacks).await;
    assert_eq!(point(&usual.spc("").await, 13)["partial"], false);
}

#[rstest]
#[actix_web::test]
async fn a_sum_shows_a_signal_only_where_the_whole_would(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    app.kpi("ae", json!({})).await;
    // Hardly any noise, so that the 15 of the small trust alone would cross the lower limit.
    let mut sent: Vec<Value> = (0..14).map(|n| row("RJZ", &month(n), 1000 + n % 2)).collect();
    sent.extend((0..13).map(|n| row("RJ1", &month(n), 15)));
    app.values("ae", json!(sent)).await;
    let top = TopOf(app);
    let answer = top.spc("").await;
    assert_eq!((&point(&answer, 13)["signal"], &answer["variation"]), (&json!("common-cause"), &json!("common-cause")));
    assert_eq!(codes(&answer, "warnings"), ["incomplete", "signal-withheld"]);
    assert_eq!(point(&answer, 13)["value"], 1001.0, "nothing is estimated into the value");
    let gone = json!([row("RJZ", &month(13), 300), row("RJ1", &month(13), 15)]);
    top.0.values("ae", gone).await;
    assert_eq!(top.spc("").await["variation"], "improvement-low");
}

#[rstest]
#[actix_web::test]
async fn silence_ends_nothing_and_an_exception_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |trust: &str, n| trust == "RJZ" && n >= 5).await;
    let hollow = |answer: &Value| answer["points"].as_array().unwrap().iter().filter(|p| p["partial"] == true).count();
    assert_eq!(hollow(&top.totals("").await), 9);
    let lead = top.0.lead("QKK");
    let body = json!({ "kpi": "ae", "organisation": "RJZ", "kind": "not-provided-here", "from": "2024-06-01", "reason": "Closed." });
    let mut paused = body.clone();
    paused["to"] = json!("2024-09-01");
    let made = top.0.submitter("RJZ").post("/v1/reporting-exceptions", paused).await;
    assert_eq!(made.expect(201)["organisationName"], "Trust RJZ");
    let totals = top.totals("").await;
    assert_eq!(hollow(&totals), 6);
    assert_eq!((&point(&totals, 6)["expected"], &point(&totals, 6)["coverage"]), (&json!(1), &json!(1.0)));
    lead.patch(made.header("location"), 1, json!({ "to": "2024-08-01" })).await.expect(200);
    assert_eq!(hollow(&top.totals("").await), 7);
    lead.patch(made.header("location"), 2, json!({ "from": "2024-05-01" })).await.problem(409, "immutable");
    lead.delete(made.header("location"), 2).await.problem(422, "validation-failed");
    lead.delete(&format!("{}?reason=It%20did%20report", made.header("location")), 2).await.expect(204);
    assert_eq!(hollow(&top.totals("").await), 9);
    let kept = lead.get("/v1/reporting-exceptions?kpi=ae&withdrawn=true").await.expect(200);
    assert_eq!(rows(&kept)[0]["withdrawn"]["reason"], "It did report");
    top.0.lead("QMF").post("/v1/reporting-exceptions", body).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn what_was_not_collected_is_missing_all_the_same_and_totals_say_why(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |trust: &str, n| trust == "RJZ" && n == 6).await;
    let body = json!({ "kpi": "ae", "organisation": "RJZ", "kind": "not-collected", "from": "2024-07-01", "reason": "A new system." });
    let submitter = top.0.submitter("RJZ");
    submitter.post("/v1/reporting-exceptions", body.clone()).await.problem(422, "validation-failed");
    let mut paused = body;
    paused["to"] = json!("2024-08-01");
    submitter.post("/v1/reporting-exceptions", paused).await.expect(201);
    let totals = top.totals("").await;
    assert_eq!((&point(&totals, 6)["expected"], &point(&totals, 6)["partial"]), (&json!(2), &json!(true)));
    assert!(codes(&totals, "notes").contains(&"not-collected".to_owned()), "{totals}");
    assert!(top.chart("").await.contains("Not collected: in 2024-07 values of some organisations were not collected."));
}

#[rstest]
#[actix_web::test]
async fn one_missing_return_makes_no_signal_of_a_ratio(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    let ratio = json!({ "valueType": "percentage", "aggregation": "ratio-of-sums" });
    app.kpi("ae", ratio).await;
    let row = |trust: &str, n: usize, above: usize| json!({ "organisation": trust, "period": month(n), "numerator": above, "denominator": 1000 });
    let mut sent: Vec<Value> = (0..18).map(|n| row("RJZ", n, 900 + n % 2)).collect();
    sent.extend((0..17).map(|n| row("RJ1", n, 20 + n % 2)));
    app.values("ae", json!(sent)).await;
    let top = TopOf(app);
    let answer = top.spc("").await;
    assert_eq!(
        (&point(&answer, 17)["partial"], &point(&answer, 17)["signal"]),
        (&json!(false), &json!("common-cause"))
    );
    assert_eq!(codes(&answer, "warnings"), ["incomplete", "signal-withheld"]);
}

#[rstest]
#[actix_web::test]
async fn a_trust_that_closed_is_expected_no_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |trust: &str, n| trust == "RJZ" && n >= 5).await;
    let trust = json!({ "validTo": "2024-06-01" });
    top.0.admin().patch("/v1/organisations/RJZ", 1, trust).await.expect(200);
    let totals = top.totals("").await;
    assert!(totals["points"].as_array().unwrap().iter().all(|point| point["partial"] == false), "{totals}");
    assert_eq!((&point(&totals, 4)["expected"], &point(&totals, 5)["expected"]), (&json!(2), &json!(1)));
}

#[rstest]
#[actix_web::test]
async fn comparable_totals_are_of_those_that_reported_throughout(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |trust: &str, n| trust == "RJZ" && n == 3).await;
    let totals = top.totals("&basis=comparable").await;
    assert_eq!(
        (&totals["basis"], &totals["leftOut"], &totals["organisations"]),
        (&json!("comparable"), &json!(1), &json!(1))
    );
    assert_eq!(codes(&totals, "notes"), ["comparable"]);
    assert!(totals["points"].as_array().unwrap().iter().all(|point| point["value"].as_i64().unwrap() < 20), "{totals}");
    let later = top.totals("&basis=comparable&from=2024-05").await;
    assert_eq!((&later["leftOut"], &later["organisations"]), (&json!(0), &json!(2)));
    let chart = top.chart("&basis=comparable").await;
    assert!(
        chart.contains(
            ">Comparable: only organisations that reported in every period count; 1 organisation was left out.<"
        ),
        "{chart}"
    );
    let admin = top.0.admin();
    admin.get("/v1/kpis/ae/spc?organisation=RJZ&basis=comparable").await.problem(422, "validation-failed");
    admin.get("/v1/kpis/ae/totals").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn totals_come_as_csv_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 3, |trust: &str, n| trust == "RJZ" && n == 1).await;
    let csv = top.0.admin().get("/v1/kpis/ae/totals?place=QKK").accept("text/csv").await;
    let lines: Vec<&str> = csv.text().lines().collect();
    assert!(lines[0].starts_with("kpi,place,innovation,period,breakdown,value,"), "{lines:?}");
    assert!(lines[1].starts_with("ae,QKK,,2024-01,,909,,,exact,measured,2,2,1,,"), "{lines:?}");
    assert!(
        lines[2].starts_with("ae,QKK,,2024-02,,10,,,exact,measured,2,1,0.0") && lines[2].contains(",true,"),
        "{lines:?}"
    );
}

#[rstest]
#[actix_web::test]
async fn the_shape_of_a_series_decides_what_is_judged(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let sent: Vec<Value> = (0..14).map(|n| row("RJZ", &month(n), 100 + n)).collect();
    let few: Vec<Value> = (0..14).map(|n| row("RJZ", &month(n), n % 3)).collect();
    for (kpi, shape, sent, variation, warning, lines) in [
        ("a", "period", &sent, "concern-high", None, true),
        ("b", "cumulative", &sent, "not-applicable", Some("cumulative"), false),
        ("c", "rolling", &sent, "not-applicable", Some("rolling"), false),
        ("d", "seasonal", &sent, "concern-high", Some("seasonal"), true),
        ("e", "rare", &sent, "not-applicable", Some("rare"), true),
        ("f", "period", &few, "not-applicable", Some("rare"), true),
    ] {
        app.kpi(kpi, json!({ "shape": shape })).await;
        app.values(kpi, json!(sent)).await;
        let answer = app.reader().get(&format!("/v1/kpis/{kpi}/spc?organisation=RJZ")).await.expect(200);
        assert_eq!((&answer["variation"], &answer["series"]["shape"]), (&json!(variation), &json!(shape)), "{kpi}");
        assert_eq!(codes(&answer, "warnings").first().map(String::as_str), warning, "{kpi}");
        assert_eq!(
            (answer["assurance"] == "not-applicable", answer["parts"][0]["upl"].is_number()),
            (variation == "not-applicable", lines)
        );
        let chart = app.reader().get(&format!("/v1/kpis/{kpi}/chart.svg?organisation=RJZ")).await.text().to_owned();
        assert_eq!(chart.contains("<title>Variation: "), variation != "not-applicable", "{chart}");
        assert_eq!(chart.contains("Process limits"), lines, "{chart}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_seasonal_series_may_be_seen_as_changes_since_a_year_before(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "shape": "seasonal" })).await;
    let sent: Vec<Value> = (0..26).map(|n| row("RJZ", &month(n), 100 + 50 * (n % 12) + n)).collect();
    app.values("ae", json!(sent)).await;
    app.admin().post("/v1/kpis/ae/targets", json!({ "value": 90, "from": "2024-01" })).await.expect(201);
    let answer = app.reader().get("/v1/kpis/ae/spc?organisation=RJZ&differences=year").await.expect(200);
    let points = answer["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[0]["period"], &points[0]["target"]), (14, &json!("2025-01"), &json!(null)));
    assert!(points.iter().all(|point| point["value"] == 12.0), "{answer}");
    assert_eq!((&answer["series"]["differences"], &answer["warnings"]), (&json!("year"), &json!([])));
}

#[rstest]
#[actix_web::test]
async fn a_trajectory_is_drawn_and_gives_no_assurance(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |_: &str, _| false).await;
    let admin = top.0.admin();
    let planned = json!({ "value": 800, "from": "2024-01", "kind": "trajectory" });
    let made = admin.post("/v1/kpis/ae/targets", planned).await.expect(201);
    assert_eq!(made["kind"], "trajectory");
    let answer = admin.get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200);
    assert_eq!((&answer["points"][0]["trajectory"], &answer["points"][0]["target"]), (&json!(800.0), &json!(null)));
    assert_eq!(answer["assurance"], "no-target");
    let chart = admin.get("/v1/kpis/ae/chart.svg?organisation=RJZ").await.text().to_owned();
    assert!(chart.contains(">Trajectory</text>") && chart.contains(">Trajectory 800</text>"), "{chart}");
    let target = admin.post("/v1/kpis/ae/targets", json!({ "value": 2000, "from": "2024-01" })).await.expect(201);
    assert_eq!(target["kind"], "target");
    assert_eq!(admin.get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200)["assurance"], "pass");
}

#[rstest]
#[actix_web::test]
async fn recalculations_can_be_left_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let top = world(engine, json!({}), 14, |_: &str, _| false).await;
    let body = json!({ "kpi": "ae", "organisation": "QKK", "from": "2024-07", "reason": "A new wing." });
    top.0.admin().post("/v1/recalculations", body).await.expect(201);
    assert_eq!(top.spc("").await["parts"].as_array().unwrap().len(), 2);
    assert_eq!(top.spc("&recalculations=none").await["parts"].as_array().unwrap().len(), 1);
    assert!(!top.chart("&recalculations=none").await.contains("A new wing."));
}

#[rstest]
#[actix_web::test]
async fn a_ratio_is_made_of_its_parts_and_nothing_to_divide_is_no_nought(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    let ratio = json!({ "valueType": "percentage", "aggregation": "ratio-of-sums", "unit": "%", "decimals": 0 });
    app.kpi("ae", ratio).await;
    let part = |trust: &str, n: usize, numerator: u32, denominator: u32| json!({ "organisation": trust, "period": month(n), "numerator": numerator, "denominator": denominator });
    let sent = json!([
        part("RJZ", 0, 1, 3),
        part("RJZ", 1, 0, 0),
        part("RJZ", 2, 0, 3),
        part("RJ1", 0, 1, 3),
        part("RJ1", 1, 1, 3)
    ]);
    app.values("ae", sent).await;
    let own = app.admin().get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200);
    let values: Vec<&Value> = (0..3).map(|n| &point(&own, n)["value"]).collect();
    assert!((values[0].as_f64().unwrap() - 100.0 / 3.0).abs() < 1e-9, "{values:?}");
    assert_eq!((values[1], values[2], &own["gaps"]), (&json!(null), &json!(0.0), &json!([month(1)])));
    let listed = app.admin().get("/v1/kpi-values?kpi=ae&organisation=RJZ&sort=period").await.expect(200);
    assert_eq!((&rows(&listed)[1]["value"], &rows(&listed)[1]["denominator"]), (&json!(null), &json!(0)));
    let top = TopOf(app);
    let totals = top.totals("").await;
    assert_eq!((&point(&totals, 1)["value"], &point(&totals, 1)["actual"]), (&json!(33), &json!(2)));
    assert_eq!((&point(&totals, 2)["actual"], &point(&totals, 2)["partial"]), (&json!(1), &json!(true)));
}

#[rstest]
#[actix_web::test]
async fn means_weigh_as_many_things_as_they_were_taken_of(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    app.kpi("ae", json!({ "valueType": "duration", "aggregation": "mean", "unit": "minutes" })).await;
    let of = |trust: &str, n: usize, value: u32, of: u32| json!({ "organisation": trust, "period": month(n), "value": value, "denominator": of });
    let sent = json!([of("RJZ", 0, 10, 30), of("RJ1", 0, 30, 10), of("RJZ", 1, 10, 30), row("RJ1", &month(1), 30)]);
    app.values("ae", sent).await;
    let top = TopOf(app);
    let totals = top.totals("").await;
    assert_eq!((&point(&totals, 0)["value"], &point(&totals, 0)["denominator"]), (&json!(15), &json!(40)));
    assert_eq!(point(&totals, 1)["value"], json!(null));
    assert_eq!(codes(&totals, "notes"), ["mean-without-number"]);
}

#[rstest]
#[actix_web::test]
async fn a_mean_of_nothing_is_present_and_no_figure(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    app.kpi("ae", json!({ "valueType": "duration", "aggregation": "mean", "unit": "minutes" })).await;
    let of = |trust: &str, n: usize, value: u32, of: u32| json!({ "organisation": trust, "period": month(n), "value": value, "denominator": of });
    let nothing = json!({ "organisation": "RJZ", "period": month(1), "qualifier": "not-applicable" });
    let none = json!({ "organisation": "RJZ", "period": month(2), "denominator": 0 });
    let sent = json!([of("RJZ", 0, 10, 30), of("RJ1", 0, 30, 10), nothing, of("RJ1", 1, 30, 10), none]);
    app.values("ae", sent).await;
    let target = "/v1/kpi-submissions?kpi=ae";
    for wrong in [
        of("RJ1", 2, 10, 0),
        json!({ "organisation": "RJ1", "period": month(2), "value": 1, "qualifier": "not-applicable" }),
    ] {
        app.admin().post(target, json!({ "rows": [wrong] })).await.problem(422, "rows-rejected");
    }
    let listed = app.admin().get("/v1/kpi-values?kpi=ae&organisation=RJZ&sort=period").await.expect(200);
    assert_eq!(column(&listed, "value"), ["10", "null", "null"]);
    let again = app
        .values("ae", json!([{ "organisation": "RJZ", "period": month(1), "numerator": 0, "denominator": 0 }]))
        .await;
    assert_eq!(again["counts"]["unchanged"], 1, "as it is listed it is taken back");
    let own = app.admin().get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200);
    assert_eq!((&own["gaps"], &own["points"][0]["value"]), (&json!([month(1), month(2)]), &json!(10.0)));
    let top = TopOf(app);
    let totals = top.totals("").await;
    let told = |n: usize| ["value", "expected", "actual", "partial"].map(|name| point(&totals, n)[name].clone());
    assert_eq!(told(0), [json!(15), json!(2), json!(2), json!(false)]);
    assert_eq!(told(1), [json!(30), json!(2), json!(2), json!(false)]);
    assert_eq!(told(2)[..3], [json!(null), json!(2), json!(1)]);
}

#[rstest]
#[actix_web::test]
async fn what_is_missing_tells_a_reader_no_small_count(#[values(Sqlite, Postgres)] engine: Engine) {
    let lacks = |trust: &str, n| trust == "RJ1" && n == 13;
    let top = world(engine, json!({ "disclosureControl": true }), 14, lacks).await;
    let answer = top.0.reader().get("/v1/kpis/ae/totals?place=QKK").await.expect(200);
    let told = point(&answer, 13);
    assert_eq!((&told["value"], &told["suppressed"]), (&json!(900), &json!(false)));
    // Of what the reader sees of both trusts in January, 925 and 10, and not of the true 924 and 9.
    assert!((told["coverage"].as_f64().unwrap() - 925.0 / 935.0).abs() < 1e-6, "{told}");
    assert_eq!((&told["expected"], &told["actual"]), (&json!(2), &json!(1)));
}
