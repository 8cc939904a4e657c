//! The hand check of the method, through HTTP; what it is made of is tested beside the rules.

use crate::support::*;

const ANALYSE: &str = "/v1/spc-analyses";

fn months(values: &[f64]) -> Vec<Value> {
    (0..)
        .zip(values)
        .map(|(n, value)| json!({ "period": format!("{}-{:02}", 2024 + n / 12, n % 12 + 1), "value": value }))
        .collect()
}

/// 0 to 7: a trend that begins below the lower limit and ends above the upper one.
fn hand_check() -> Value {
    let points = months(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    json!({ "improvementDirection": "increase", "minPoints": 2, "target": 9, "points": points })
}

fn assert_near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((value - expected).abs() < 1e-8, "{value} is not {expected}");
}

fn assert_hand_check(answer: &Value) {
    assert_hand_check_above(answer, 0.0);
}

fn assert_hand_check_above(answer: &Value, above: f64) {
    let part = &answer["parts"][0];
    for (name, expected) in [("mean", 3.5), ("upl", 6.16), ("lpl", 0.84), ("sigma2High", 3.5 + 2.66 * 2.0 / 3.0)] {
        assert_near(&part[name], above + expected);
    }
    let rules: Vec<String> =
        answer["points"].as_array().unwrap().iter().map(|point| point["rules"].to_string()).collect();
    assert!(rules[0].contains("below-limit") && rules[7].contains("above-limit"), "{rules:?}");
    assert!(rules[1..7].iter().all(|rules| rules.contains("trend-high")), "{rules:?}");
    assert_eq!((&answer["variation"], &answer["assurance"]), (&json!("improvement-high"), &json!("fail")));
}

#[rstest]
#[actix_web::test]
async fn the_hand_check_comes_out_as_json_as_csv_and_as_a_chart(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = app.reader();
    let answer = reader.post(ANALYSE, hand_check()).await.expect(200);
    assert_hand_check(&answer);
    assert_eq!((&answer["profile"], &answer["ruleSet"]), (&json!("mdc"), &json!("making-data-count-2.5+2023-11")));
    let csv: String = (0..8).map(|n| format!("2024-{:02},{n}\n", n + 1)).collect();
    let query = format!("{ANALYSE}?improvementDirection=increase&minPoints=2&target=9");
    assert_hand_check(&reader.post_csv(&query, &format!("period,value\n{csv}")).await.expect(200));
    let chart = reader.post(ANALYSE, hand_check()).accept("image/svg+xml").await;
    assert_eq!((chart.status, chart.header("content-type")), (200, "image/svg+xml"));
    assert!(chart.text().starts_with("<svg") && !chart.text().contains("<script"), "{}", chart.text());
}

#[rstest]
#[actix_web::test]
async fn the_profiles_differ_where_the_tools_they_follow_do(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let of = async |profile: &str| {
        let mut body = hand_check();
        body["profile"] = json!(profile);
        app.reader().post(ANALYSE, body).await.expect(200)
    };
    let (mdc, ptd) = (of("mdc").await, of("ptd").await);
    assert_eq!(
        (&mdc["parameters"]["screenOutliers"], &ptd["parameters"]["screenOutliers"]),
        (&json!(false), &json!(true))
    );
    assert!(mdc["points"][7]["rules"].as_array().unwrap().len() > 1, "every rule is kept");
    assert_eq!(ptd["points"][7]["rules"].to_string().matches("above-limit").count(), 1);
    assert_ne!(mdc["ruleSet"], ptd["ruleSet"]);
}

#[rstest]
#[actix_web::test]
async fn a_series_that_cannot_be_analysed_is_told_why(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = app.reader();
    let twice = json!({ "points": [{ "period": "2024-01", "value": 1 }, { "period": "202401", "value": 2 }, { "period": "2024-Q1", "value": 2 }] });
    let problem = reader.post(ANALYSE, twice).await.problem(422, "validation-failed");
    assert_eq!(
        (&problem["errors"][0]["code"], &problem["errors"][1]["code"]),
        (&json!("duplicate-key"), &json!("period-type"))
    );
    reader.post(ANALYSE, json!({ "points": [], "shiftLength": 5 })).await.problem(422, "validation-failed");
    let long: String = (0..10_001).map(|n| format!("{n},1\n")).collect();
    reader.post_csv(ANALYSE, &format!("period,value\n{long}")).await.problem(422, "too-many-rows");
    let short = reader.post(ANALYSE, json!({ "points": months(&[1.0, 2.0]) })).await.expect(200);
    assert_eq!(short["variation"], "insufficient-data");
}

/// How far the values of stored counts lie above those of the hand check: counts with a mean under 5 are rare, and not judged.
const ABOVE: f64 = 100.0;

/// Two trusts of one board: one climbs, the other stands still.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RJ1", "QKK").await;
    app.kpi("ae", json!({ "improvementDirection": "increase" })).await;
    let rows: Vec<Value> = (1..=8)
        .flat_map(|month| {
            [row("RJZ", &format!("2025-{month:02}"), month + 99), row("RJ1", &format!("2025-{month:02}"), 10)]
        })
        .collect();
    app.values("ae", json!(rows)).await;
    app
}

#[rstest]
#[actix_web::test]
async fn a_stored_series_and_a_places_total_are_analysed_alike(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let target = json!({ "value": 109, "from": "2025-01" });
    app.admin().post("/v1/kpis/ae/targets", target).await.expect(201);
    let own = app.reader().get("/v1/kpis/ae/spc?organisation=rjz&minPoints=2").await.expect(200);
    assert_hand_check_above(&own, ABOVE);
    assert_eq!((&own["series"]["organisation"], &own["points"][0]["target"]), (&json!("RJZ"), &json!(109.0)));
    let total = app.reader().get("/v1/kpis/ae/spc?place=QKK&minPoints=2").await.expect(200);
    assert_near(&total["parts"][0]["mean"], 113.5);
    assert_eq!((&total["series"]["place"], &total["series"]["organisations"]), (&json!("QKK"), &json!(2)));
    assert_eq!(total["points"][0]["target"], json!(null), "everyone's own target says nothing of their sum");
    let chart = app.reader().get("/v1/kpis/ae/chart.svg?organisation=RJZ").await;
    assert!(chart.text().contains("Trust RJZ"), "{}", chart.text());
    app.reader().get("/v1/kpis/ae/spc").await.problem(422, "validation-failed");
    app.reader().get("/v1/kpis/ae/spc?organisation=NOWHERE").await.problem(422, "unknown-reference");
    app.lead("QMF").get("/v1/kpis/ae/spc?organisation=RJZ").await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn an_analysis_and_its_chart_are_sent_again_only_when_they_change(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for target in ["/v1/kpis/ae/spc?organisation=RJZ", "/v1/kpis/ae/chart.svg?organisation=RJZ"] {
        let first = app.reader().get(target).await;
        let known = first.header("etag").to_owned();
        let again = app.reader().get(target).header("if-none-match", &known).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{target}");
        let exclusion = json!({ "kpi": "ae", "organisation": "RJZ", "period": "2025-03", "reason": target });
        let exclusion = app.admin().post("/v1/exclusions", exclusion).await.header("location").to_owned();
        assert_ne!(app.reader().get(target).await.header("etag"), known, "{target}");
        app.admin().delete(&exclusion, 1).await.expect(204);
    }
    let from = app.reader().get("/v1/kpis/ae/spc?organisation=RJZ&from=2025-01-02").await.expect(200);
    assert_eq!(from["parameters"]["from"], "2025-02");
}

#[rstest]
#[actix_web::test]
async fn a_recalculation_begins_the_limits_anew(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let spc = async || app.reader().get("/v1/kpis/ae/spc?organisation=RJZ&minPoints=2").await.expect(200);
    let body =
        json!({ "kpi": "ae", "organisation": "RJZ", "from": "2025-05", "baselinePoints": 3, "reason": "A new wing." });
    let lead = app.lead("QKK");
    let made = lead.post("/v1/recalculations", body.clone()).await;
    made.expect(201);
    lead.post("/v1/recalculations", body.clone()).await.problem(409, "already-exists");
    let answer = spc().await;
    assert_eq!(answer["parts"].as_array().unwrap().len(), 2);
    assert_near(&answer["parts"][0]["mean"], ABOVE + 1.5);
    assert_near(&answer["parts"][1]["mean"], ABOVE + 5.0);
    assert_eq!((&answer["parts"][1]["from"], &answer["parts"][1]["baselineN"]), (&json!("2025-05"), &json!(3)));
    app.lead("QMF").post("/v1/recalculations", body).await.problem(403, "forbidden");
    lead.delete(made.header("location"), 1).await.expect(204);
    assert_hand_check_limits(&spc().await);
}

fn assert_hand_check_limits(answer: &Value) {
    assert_eq!(answer["parts"].as_array().unwrap().len(), 1);
    assert_near(&answer["parts"][0]["mean"], ABOVE + 3.5);
}

#[rstest]
#[actix_web::test]
async fn an_excluded_point_is_shown_and_left_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([row("RJZ", "2025-09", 900)])).await;
    let body = json!({ "kpi": "ae", "organisation": "RJZ", "period": "2025-09", "reason": "A typing error upstream." });
    let made = app.admin().post("/v1/exclusions", body).await;
    assert_eq!(made.expect(201)["period"], "2025-09");
    let answer = app.reader().get("/v1/kpis/ae/spc?organisation=RJZ&minPoints=2").await.expect(200);
    assert_hand_check_limits(&answer);
    let ghost = &answer["points"][8];
    assert_eq!((&ghost["excluded"], &ghost["value"], &ghost["signal"]), (&json!(true), &json!(900.0), &json!(null)));
    assert_eq!(rows(&app.reader().get("/v1/exclusions?kpi=ae&place=QKK").await.expect(200)).len(), 1);
    app.admin().delete(made.header("location"), 1).await.expect(204);
    app.reader().get(made.header("location")).await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn what_is_illustrative_stays_so_in_analyses_and_charts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let reader = app.reader();
    for area in ["organisation=RJZ", "place=QKK"] {
        let answer = reader.get(&format!("/v1/kpis/emergency-performance/spc?{area}")).await.expect(200);
        assert_eq!(answer["series"]["illustrative"], true, "{area}");
        assert_eq!(answer["warnings"][0]["code"], "illustrative", "{area}");
        let chart = reader.get(&format!("/v1/kpis/emergency-performance/chart.svg?{area}")).await;
        assert!(chart.text().contains("<title>Illustrative: "), "{}", chart.text());
        assert!(chart.text().contains("<desc>Illustrative: "), "{}", chart.text());
    }
    app.kpi("real", json!({})).await;
    app.values("real", json!([row("RJZ", "2024-01", 5)])).await;
    let answer = reader.get("/v1/kpis/real/spc?organisation=RJZ").await.expect(200);
    assert_eq!(answer["series"]["illustrative"], false);
    assert!(!reader.get("/v1/kpis/real/chart.svg?organisation=RJZ").await.text().contains("Illustrative"));
    let sent = reader.post(ANALYSE, hand_check()).await.expect(200);
    assert!(sent["series"]["illustrative"].is_null());
}

#[rstest]
#[actix_web::test]
async fn totals_of_a_place_say_where_its_organisations_lie_by_invented_edges(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    app.trust("RJZ", "QKK").await;
    let site = json!({ "code": "RJZ01", "name": "Site", "type": "trust-site" });
    admin.post("/v1/organisations", site).await.expect(201);
    let real = json!({ "parent": "QKK", "kind": "geographic", "from": "2015-01-01", "to": "2020-01-01" });
    let invented = json!({ "parent": "RJZ", "kind": "geographic", "from": "2020-01-01", "illustrative": true });
    for edge in [real, invented] {
        admin.post("/v1/organisations/RJZ01/edges", edge).await.expect(201);
    }
    app.kpi("real", json!({})).await;
    app.values("real", json!([row("RJZ01", "2019-11", 5), row("RJZ", "2020-03", 5), row("RJZ01", "2024-01", 5)])).await;
    for (area, marked) in [
        ("place=RJZ01", false),
        ("place=RJZ", true),
        ("place=E92000001&to=2019-12", true),
        ("place=E92000001&geography=at-time", true),
        ("place=E92000001&geography=at-time&to=2019-12", false),
        // A return that is missing is expected by the edge too.
        ("place=E92000001&geography=at-time&from=2020-01&to=2020-06", true),
    ] {
        let spc = admin.get(&format!("/v1/kpis/real/spc?{area}")).await.expect(200);
        let totals = admin.get(&format!("/v1/kpis/real/totals?{area}")).await.expect(200);
        let chart = admin.get(&format!("/v1/kpis/real/chart.svg?{area}")).await;
        let drawn = chart.text().contains("Illustrative: ");
        let found = [spc["series"]["illustrative"].clone(), totals["illustrative"].clone(), json!(drawn)];
        assert_eq!(found, [json!(marked), json!(marked), json!(marked)], "{area}");
    }
}

#[rstest]
#[actix_web::test]
async fn what_an_invented_succession_brings_to_a_place_is_marked(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (trust, board) in [("RJZ", "QKK"), ("RF4", "QMF"), ("RBD", "QVV")] {
        app.trust(trust, board).await;
    }
    app.kpi("real", json!({})).await;
    app.values("real", json!([row("RJZ", "2019-11", 5), row("RBD", "2019-11", 5)])).await;
    for (from, illustrative) in [("RJZ", true), ("RBD", false)] {
        let merger = json!({ "kind": "merge", "effectiveOn": "2020-04-01", "to": [{ "code": "RF4" }], "illustrative": illustrative });
        app.admin().post(&format!("/v1/organisations/{from}/successions"), merger).await.expect(201);
    }
    let marked = async |area: &str| {
        app.admin().get(&format!("/v1/kpis/real/totals?{area}")).await.expect(200)["illustrative"].clone()
    };
    assert_eq!(marked("place=QMF").await, true);
    assert_eq!(marked("place=QKK&geography=at-time&to=2019-12").await, false);
}

#[rstest]
#[actix_web::test]
async fn a_chart_prints_why_points_were_excluded_and_limits_recalculated(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let chart = async |target: &str| app.reader().get(target).await.text().to_owned();
    let recalculated = chart("/v1/kpis/emergency-performance/chart.svg?organisation=RRV").await;
    let reason = "Recalculated from 2017-10: A second assessment unit opened (illustrative).";
    assert!(recalculated.contains(&format!(">{reason}</text>")), "{recalculated}");
    let excluded = chart("/v1/kpis/emergency-attendances/chart.svg?organisation=RJ1&breakdown=1").await;
    let reason = "Excluded 2018-01: The records system was down for a week (illustrative).";
    assert!(excluded.contains(&format!(">{reason}</text>")), "{excluded}");
    assert!(excluded.contains(">Rules: making-data-count-2.5+2023-11</text>"), "{excluded}");
    let later = chart("/v1/kpis/emergency-attendances/chart.svg?organisation=RJ1&breakdown=1&from=2018-06").await;
    assert!(!later.contains("Excluded 2018-01"), "{later}");
}
