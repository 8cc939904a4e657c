//! What a programme brought: the founding document's figures, from rows.

use crate::support::*;

const REPORT: &str = "/v1/programmes/nia/impact?asOf=2016-04-30";

#[rstest]
#[actix_web::test]
async fn the_founding_figures_come_out_of_rows(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let report = app.reader().get(REPORT).await.expect(200);
    assert_eq!((&report["programme"], &report["asOf"]), (&json!("nia"), &json!("2016-04-30")));
    for (key, value, qualifier) in [
        ("fellows", json!(17), "exact"),
        ("innovations", json!(17), "exact"),
        ("organisations-using", json!(68), "exact"),
        ("patients-reached", json!(3_000_000), "approximate"),
        ("patients-reached-upper", json!(3_100_000), "approximate"),
        ("invested", json!(1_000_000), "exact"),
        ("raised", json!(8_000_000), "at-least"),
        ("leverage", json!(8.0), "at-least"),
        ("supporting-networks", json!(15), "exact"),
        ("savings", json!(0), "exact"),
    ] {
        let figure = report["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key).unwrap();
        assert_eq!((&figure["value"], &figure["qualifier"]), (&value, &json!(qualifier)), "{key}");
    }
}

/// Every row of a list, page after page.
async fn all(app: &TestApp, target: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), Some(format!("{target}&limit=50")));
    while let Some(target) = next {
        let page = app.admin().get(&target).await.expect(200);
        found.extend_from_slice(rows(&page));
        next = page["page"]["next"].as_str().map(|cursor| {
            let bare = target.split("&cursor=").next().unwrap().to_owned();
            format!("{bare}&cursor={cursor}")
        });
    }
    found
}

#[rstest]
#[actix_web::test]
async fn every_figure_is_what_its_rows_add_up_to(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let report = app.admin().get(REPORT).await.expect(200);
    for figure in report["figures"].as_array().unwrap() {
        let found = all(&app, figure["rows"].as_str().unwrap()).await;
        let distinct = |name: &str| {
            found.iter().map(|row| row[name].as_str().unwrap()).collect::<std::collections::BTreeSet<_>>().len() as f64
        };
        let pounds = || found.iter().map(|row| row["amount"]["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum();
        let claims = || found.iter().map(|row| row["claimed"].as_f64().unwrap()).sum();
        let added: f64 = match figure["key"].as_str().unwrap() {
            "fellows" => distinct("fellow"),
            "innovations" => distinct("slug"),
            "organisations-using" | "supporting-networks" => distinct("organisation"),
            "patients-reached" => {
                let mut largest = std::collections::BTreeMap::<&str, f64>::new();
                for row in &found {
                    let kept = largest.entry(row["population"].as_str().unwrap()).or_default();
                    *kept = kept.max(row["claimed"].as_f64().unwrap());
                }
                largest.values().sum()
            }
            "patients-reached-upper" | "savings" => claims(),
            "invested" | "raised" => pounds(),
            "leverage" => pounds() / 1_000_000.0,
            "events" => found.len() as f64,
            other => panic!("{other} is a new figure: say here how its rows add up to it"),
        };
        assert_eq!(figure["value"].as_f64().unwrap(), added, "{}", figure["key"]);
    }
}

#[rstest]
#[actix_web::test]
async fn the_report_comes_as_a_sheet_and_as_a_page_to_print(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let sheet = app.reader().get(REPORT).accept("text/csv").await;
    assert!(
        sheet.text().starts_with("programme,asOf,key,value,unit,qualifier,basis,rows,illustrative"),
        "{}",
        sheet.text()
    );
    assert!(sheet.text().contains("nia,2016-04-30,leverage,8.0,ratio,at-least,measured,"), "{}", sheet.text());
    let page = app.reader().get(REPORT).accept("text/html").await;
    page.expect_html();
    assert!(page.text().contains("NHS Innovation Accelerator: impact by 30 April 2016"), "{}", page.text());
    assert!(
        page.text().contains("3,000,000") && page.header("content-security-policy").starts_with("default-src 'none'")
    );
    assert!(page.text().contains("<title>Illustrative: "), "{}", page.text());
    app.reader().get("/v1/programmes/nowhere/impact").await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_figure_that_is_made_of_invented_rows_says_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let marked = async |target: &str| {
        let report = app.reader().get(target).await.expect(200);
        let figures = report["figures"].as_array().unwrap().clone();
        let marked = figures.iter().filter(|figure| figure["illustrative"] == true);
        let keys: Vec<String> = marked.map(|figure| figure["key"].as_str().unwrap().to_owned()).collect();
        (keys, report["notes"][0].as_str().unwrap().to_owned())
    };
    let (keys, note) = marked(REPORT).await;
    let invented = [
        "fellows",
        "innovations",
        "organisations-using",
        "patients-reached",
        "patients-reached-upper",
        "raised",
        "leverage",
        "events",
    ];
    assert_eq!(keys, invented);
    assert!(note.starts_with("Illustrative: "), "{note}");
    let (keys, note) = marked("/v1/programmes/mtfm/impact?asOf=2024-03-31").await;
    assert_eq!(keys, [""; 0]);
    assert!(!note.starts_with("Illustrative: "), "{note}");
}
