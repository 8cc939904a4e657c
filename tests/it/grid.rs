//! The grid of an organisation or a place: what all its measures say at once, through HTTP.

use crate::support::*;

fn month(n: usize) -> String {
    format!("{}-{:02}", 2024 + n / 12, n % 12 + 1)
}

/// Fourteen months of a trust's values.
fn months(trust: &str, value: impl Fn(usize) -> i64) -> Vec<Value> {
    (0..14).map(|n| row(trust, &month(n), value(n))).collect()
}

/// Two trusts of a board and four measures that should rise: one far below its target and falling, one below it and steady, one
/// above it and falling, and one that cannot be added up.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1"] {
        app.trust(trust, "QKK").await;
    }
    let falling = |n: usize| 200 - 10 * n as i64;
    let steady = |n: usize| 100 + (n % 2) as i64;
    let rises = json!({ "improvementDirection": "increase", "disclosureControl": false });
    let alone = json!({ "improvementDirection": "increase", "disclosureControl": false, "aggregation": "none" });
    type Measure<'a> = (&'a str, &'a Value, &'a dyn Fn(usize) -> i64, Option<i64>);
    let measures: [Measure; 4] = [
        ("both", &rises, &falling, Some(900)),
        ("short", &rises, &steady, Some(900)),
        ("worse", &rises, &falling, Some(1)),
        ("alone", &alone, &steady, None),
    ];
    for (kpi, form, value, target) in measures {
        app.kpi(kpi, form.clone()).await;
        let rows = [months("RJZ", value), months("RJ1", value)].concat();
        app.values(kpi, json!(rows)).await;
        if let Some(target) = target {
            for body in ["RJZ", "QKK"] {
                let target = json!({ "value": target, "from": "2024-01", "organisation": body });
                app.admin().post(&format!("/v1/kpis/{kpi}/targets"), target).await.expect(201);
            }
        }
    }
    app
}

fn cell<'a>(grid: &'a Value, kpi: &str) -> &'a Value {
    grid["cells"].as_array().unwrap().iter().find(|cell| cell["kpi"] == kpi).unwrap_or_else(|| panic!("{kpi}: {grid}"))
}

fn codes(rows: &Value, name: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[actix_web::test]
async fn every_cell_says_what_the_analysis_of_its_series_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let reader = app.reader();
    for area in [
        "organisation=RJZ",
        "organisation=RRV&profile=ptd",
        "place=QKK",
        "place=QKK&basis=comparable",
        "place=E92000001",
    ] {
        let grid = reader.get(&format!("/v1/kpi-grid?{area}")).await.expect(200);
        assert!(grid["cells"].as_array().unwrap().len() > 1, "{area}: {grid}");
        for cell in grid["cells"].as_array().unwrap().iter().filter(|cell| cell["assurance"] != "not-applicable") {
            let kpi = cell["kpi"].as_str().unwrap();
            let spc = reader.get(&format!("/v1/kpis/{kpi}/spc?{area}")).await.expect(200);
            let (point, part) = (spc["points"].as_array().unwrap().last(), spc["parts"].as_array().unwrap().last());
            let (point, part) = (point.unwrap(), part.unwrap());
            for name in [
                "period",
                "start",
                "end",
                "value",
                "target",
                "trajectory",
                "expected",
                "actual",
                "coverage",
                "partial",
                "suppressed",
            ] {
                assert_eq!(cell[name], point[name], "{area} {kpi}: {name}");
            }
            for name in ["mean", "lpl", "upl"] {
                assert_eq!(cell[name], part[name], "{area} {kpi}: {name}");
            }
            for name in ["variation", "assurance", "warnings"] {
                assert_eq!(cell[name], spc[name], "{area} {kpi}: {name}");
            }
            assert_eq!(cell["illustrative"], spc["series"]["illustrative"], "{area} {kpi}");
            assert_eq!(cell["sparkline"].as_array().unwrap().last(), Some(&point["value"]), "{area} {kpi}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn measures_are_counted_and_the_worst_come_first(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for area in ["organisation=RJZ", "place=QKK"] {
        let grid = app.reader().get(&format!("/v1/kpi-grid?{area}")).await.expect(200);
        assert_eq!(codes(&grid["worst"], "kpi"), ["both", "short", "worse"], "{area}");
        assert_eq!(grid["counts"]["concern-low"], json!({ "fail": 1, "pass": 1 }), "{area}: {grid}");
        assert_eq!(grid["counts"]["common-cause"]["fail"], 1, "{area}");
        let count = if area == "place=QKK" { "not-applicable" } else { "no-target" };
        assert_eq!(cell(&grid, "alone")["assurance"], count, "values that do not add up say nothing of a place");
        let headline = "2 of 4 measures consistently fall short of the target; 2 show concerning change.";
        assert_eq!(grid["headline"], headline, "{area}");
        assert_eq!(grid["asOf"], json!(app.now().date_naive()), "{area}");
    }
}

#[rstest]
#[actix_web::test]
async fn measures_are_chosen_by_code_set_and_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.kpi("empty", json!({ "dueDays": 20 })).await;
    let set =
        json!({ "code": "some", "name": "Some", "kpis": ["empty", "worse"], "assignments": [{ "place": "QKK" }] });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    let grid = async |more: &str| app.reader().get(&format!("/v1/kpi-grid?organisation=RJZ{more}")).await.expect(200);
    assert_eq!(codes(&grid("").await["cells"], "kpi").len(), 4, "what has no values is not asked for");
    assert_eq!(codes(&grid("&kpi=SHORT,both").await["cells"], "kpi").len(), 2);
    assert_eq!(codes(&grid("&programme=nia").await["cells"], "kpi"), Vec::<String>::new());
    let of_set = grid("&set=some").await;
    assert_eq!(codes(&of_set["cells"], "kpi").len(), 2);
    let empty = cell(&of_set, "empty");
    assert_eq!(
        (&empty["period"], &empty["stale"], &empty["variation"]),
        (&json!(null), &json!(true), &json!("insufficient-data"))
    );
    assert!(of_set["headline"].as_str().unwrap().ends_with("1 has no data."), "{of_set}");
    let until = grid("&kpi=short&to=2024-03").await;
    assert_eq!(
        (&until["cells"][0]["period"], until["cells"][0]["sparkline"].as_array().unwrap().len()),
        (&json!("2024-03"), 3)
    );
    let reader = app.reader();
    reader.get("/v1/kpi-grid?organisation=RJZ&set=nothing").await.problem(422, "unknown-reference");
    reader.get("/v1/kpi-grid?organisation=RJZ&kpi=nothing").await.problem(422, "unknown-reference");
    reader.get("/v1/kpi-grid?organisation=RJZ&to=2024-03").await.problem(422, "validation-failed");
    reader.get("/v1/kpi-grid").await.problem(422, "validation-failed");
    reader.get("/v1/kpi-grid?organisation=RJZ&asOf=2020-01-01").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn a_grid_leaves_out_what_its_reader_may_not_see(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.programme("nia").await;
    app.kpi("of-nia", json!({ "programme": "nia", "disclosureControl": true })).await;
    app.values("of-nia", json!([row("RJZ", "2024-01", 3)])).await;
    let manager = app.manager("nia").get("/v1/kpi-grid?organisation=RJZ").await.expect(200);
    assert_eq!(codes(&manager["cells"], "kpi"), ["of-nia"]);
    assert_eq!((&manager["notes"][0]["code"], manager["notes"].as_array().unwrap().len()), (&json!("left-out"), 1));
    assert_eq!(manager["cells"][0]["value"], 3.0);
    let reader = app.reader().get("/v1/kpi-grid?organisation=RJZ&kpi=of-nia").await.expect(200);
    let kept = &reader["cells"][0];
    assert_eq!((&kept["value"], &kept["suppressed"], &kept["sparkline"]), (&json!(null), &json!(true), &json!([null])));
    app.lead("QMF").get("/v1/kpi-grid?organisation=RJZ").await.problem(403, "forbidden");
    app.lead("QMF").get("/v1/kpi-grid?place=QKK").await.problem(403, "forbidden");
    assert_eq!(app.lead("QMF").get("/v1/kpi-grid?place=QMF").await.expect(200)["cells"], json!([]));
    let compared = app.lead("QKK").get("/v1/kpi-grid?organisation=RJZ&against=E92000001").await.expect(200);
    assert_eq!(
        (&compared["notes"][0]["code"], &compared["cells"][0]["comparison"]),
        (&json!("not-compared"), &json!(null))
    );
}

#[rstest]
#[actix_web::test]
async fn england_stands_beside_each_measure_of_the_same_period(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("short", json!([row("RJ1", "2025-03", 7)])).await;
    let grid = app.reader().get("/v1/kpi-grid?organisation=RJZ&against=e92000001").await.expect(200);
    let short = &cell(&grid, "short")["comparison"];
    assert_eq!(
        (&short["place"], &short["period"], &short["value"]),
        (&json!("E92000001"), &json!("2025-02"), &json!(202.0))
    );
    assert_eq!(cell(&grid, "alone")["comparison"], json!(null), "it does not add up");
    let later = app.reader().get("/v1/kpi-grid?organisation=RJ1&against=QKK&kpi=short").await.expect(200);
    let partial = &cell(&later, "short")["comparison"];
    assert_eq!(
        (&partial["period"], &partial["value"], &partial["partial"]),
        (&json!("2025-03"), &json!(null), &json!(true))
    );
    app.reader().get("/v1/kpi-grid?organisation=RJZ&against=NOWHERE").await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn the_page_and_the_picture_carry_every_warning(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.kpi("few", json!({ "name": "Few <& \"far\"" })).await;
    app.values("few", json!([row("RJZ", "2024-01", 3), row("RJ1", "2024-01", 30), row("RJ1", "2024-02", 40)])).await;
    let exclusion = json!({ "kpi": "short", "organisation": "QKK", "period": "2024-03", "reason": "A <strike>." });
    app.admin().post("/v1/exclusions", exclusion).await.expect(201);
    let reader = app.reader();
    let target = "/v1/kpi-grid?place=QKK&against=E92000001";
    let json = reader.get(target).await.expect(200);
    let page = reader.get(target).accept("text/html").await;
    let picture = reader.get(target).accept("image/svg+xml").await;
    page.expect_html();
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    for text in [page.text(), picture.text()] {
        assert!(
            !text.contains("<script") && !text.contains("Few <") && text.contains("Few &lt;&amp; &quot;far&quot;"),
            "{text}"
        );
        assert!(text.contains(json["headline"].as_str().unwrap()), "{text}");
        for warning in json["cells"].as_array().unwrap().iter().flat_map(|cell| cell["warnings"].as_array().unwrap()) {
            let opening: String = warning["detail"].as_str().unwrap().chars().take(24).collect();
            assert!(text.contains(&opening), "{opening} is not in {text}");
        }
        assert!(text.contains("Excluded 2024-03: A &lt;strike&gt;."), "{text}");
    }
    for needed in [
        "<html lang=\"en-GB\">",
        "<caption>",
        "scope=\"col\"",
        "scope=\"row\"",
        "<h2>Icon key</h2>",
        "consistently falling short of the target",
        "(partial: 1 of 2 sent)",
        "Not enough data",
        "≥\u{a0}900",
    ] {
        assert!(page.text().contains(needed), "{needed} is not in {}", page.text());
    }
    assert_eq!(page.text().matches("<h1").count(), 1);
    assert!(picture.text().starts_with("<svg") && picture.text().contains("<desc>"), "{}", picture.text());
    let csv = reader.get(target).accept("text/csv").await;
    assert_eq!(csv.text().lines().count(), 1 + json["cells"].as_array().unwrap().len(), "{}", csv.text());
}

#[rstest]
#[actix_web::test]
async fn what_is_illustrative_is_marked_in_page_and_picture(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let target = "/v1/kpi-grid?organisation=RJZ";
    assert_eq!(app.reader().get(target).await.expect(200)["illustrative"], true);
    for media_type in ["text/html", "image/svg+xml"] {
        let answer = app.reader().get(target).accept(media_type).await;
        assert!(answer.text().contains("<title>Illustrative: "), "{}", answer.text());
    }
    let mut known = app.reader().get(target).await.header("etag").to_owned();
    let again = app.reader().get(target).header("if-none-match", &known).await;
    assert_eq!(again.status, 304);
    known = app.reader().get("/v1/kpi-grid?organisation=RJ1").await.header("etag").to_owned();
    assert_eq!(app.reader().get(target).header("if-none-match", &known).await.status, 200);
}

#[rstest]
#[actix_web::test]
async fn an_icon_is_a_public_file_with_words_for_those_who_do_not_see_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (name, words) in [
        ("VariationIconCommonCause", "Variation: Common cause"),
        ("VariationIconImprovementHigh", "Variation: Improvement, high"),
        ("VariationIconConcernLow", "Variation: Concern, low"),
        ("VariationIconNeitherLow", "Variation: Special cause, low"),
        ("AssuranceIconPass", "Assurance: Meets target"),
        ("AssuranceIconHitOrMiss", "Assurance: Hit or miss"),
    ] {
        let icon = app.anonymous().get(&format!("/icons/{name}.svg")).await;
        assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"), "{name}");
        assert!(icon.header("cache-control").contains("immutable"), "{name}");
        assert!(
            icon.text().starts_with("<svg") && icon.text().contains(&format!("<title>{words}</title>")),
            "{}",
            icon.text()
        );
    }
    app.anonymous().get("/icons/VariationIconMaybe.svg").await.problem(404, "not-found");
}

#[actix_web::test]
async fn a_grid_of_many_measures_asks_no_more_of_the_database_than_one_of_one() {
    let app = TestApp::watched().await;
    app.trust("RJZ", "QKK").await;
    for kpi in ["one", "two", "three"] {
        app.kpi(kpi, json!({})).await;
        app.values(kpi, json!([row("RJZ", "2024-01", 30)])).await;
    }
    // The least of a few times: the service asks for things of its own in between.
    let asked = async |target: &str| {
        let mut least = usize::MAX;
        for _ in 0..5 {
            let before = app.log().len();
            app.admin().get(target).await.expect(200);
            least = least.min(app.log().split_off(before).iter().filter(|entry| entry.contains(" plan: ")).count());
        }
        least
    };
    for area in ["organisation=RJZ", "place=QKK"] {
        let (one, all) =
            (asked(&format!("/v1/kpi-grid?{area}&kpi=one")).await, asked(&format!("/v1/kpi-grid?{area}")).await);
        // A place is asked how much lies below it; and no code is looked up.
        assert!(one > 3 && all <= one + 1, "{area}: {one} and {all}");
    }
}
