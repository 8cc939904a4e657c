//! What is known of whole series (`spc_vectors.json` says from whom) held against the analysis, the chart and the grid of series that
//! are stored.

use crate::support::*;
use std::sync::LazyLock;

static VECTORS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(include_str!("spc_vectors.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
});

fn month(n: usize) -> String {
    format!("{}-{:02}", 2020 + n / 12, n % 12 + 1)
}

fn list(of: &Value) -> &Vec<Value> {
    of.as_array().unwrap()
}

/// Values are kept with six decimals, and n(n-1) times what is known has no more: no mean and no limit is changed by rounding.
fn factor(vector: &Value) -> f64 {
    let count = list(&vector["values"]).len() as f64;
    (count * (count - 1.0)).max(1.0)
}

fn kept(vector: &Value, value: &Value) -> f64 {
    (value.as_f64().unwrap() * factor(vector) * 1e6).round() / 1e6
}

fn assert_lines(vector: &Value, expected: &Value, found: &Value) {
    for (name, expected) in ["mean", "lpl", "upl"].iter().zip(list(expected)) {
        let found = found[*name].as_f64().map(|found| found / factor(vector));
        let near = |(found, expected): (f64, f64)| (found - expected).abs() < 1e-8;
        let agree = found.zip(expected.as_f64()).map_or(found.is_none() && expected.is_null(), near);
        assert!(agree, "{} {name}: {found:?} instead of {expected}", vector["id"]);
    }
}

/// Every vector as the series of a KPI of its own.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    for vector in VECTORS.iter() {
        let code = vector["id"].as_str().unwrap();
        let form = json!({ "valueType": "number", "decimals": 6, "improvementDirection": vector["direction"] });
        app.kpi(code, form).await;
        let value = |(n, value): (usize, &Value)| row("RJZ", &month(n), kept(vector, value));
        app.values(code, list(&vector["values"]).iter().enumerate().map(value).collect()).await;
        if !vector["target"].is_null() {
            let target = json!({ "value": kept(vector, &vector["target"]), "from": month(0) });
            app.admin().post(&format!("/v1/kpis/{code}/targets"), target).await.expect(201);
        }
        let first = (!vector["baselinePoints"].is_null()).then_some(0);
        let starts = list(&vector["starts"]).iter().map(|start| usize::try_from(start.as_u64().unwrap()).unwrap());
        for start in first.into_iter().chain(starts) {
            let mut act = json!({ "kpi": code, "organisation": "RJZ", "from": month(start), "reason": "A new start." });
            if first.is_some() {
                act["baselinePoints"] = vector["baselinePoints"].clone();
            }
            app.admin().post("/v1/recalculations", act).await.expect(201);
        }
    }
    app
}

#[rstest]
#[actix_web::test]
async fn analyses_and_charts_say_what_is_known_of_each_series(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("mdc", "ptd")] profile: &str,
) {
    let app = world(engine).await;
    let reader = app.reader();
    for vector in VECTORS.iter() {
        let (code, expected) = (vector["id"].as_str().unwrap(), &vector[profile]);
        let screen = &expected["screenOutliers"];
        let query = format!("organisation=RJZ&profile={profile}&minPoints=2&screenOutliers={screen}");
        let spc = reader.get(&format!("/v1/kpis/{code}/spc?{query}")).await.expect(200);
        let chart = reader.get(&format!("/v1/kpis/{code}/chart.svg?{query}")).await;
        let found = (spc["variation"].as_str().unwrap(), &spc["assurance"]);
        assert!(found.0.starts_with(expected["variation"].as_str().unwrap()), "{code}: {found:?}");
        assert_eq!(found.1, &expected["assurance"], "{code}");
        assert_eq!(list(&spc["parts"]).len(), list(&expected["parts"]).len(), "{code}");
        list(&spc["parts"]).iter().zip(list(&expected["parts"])).for_each(|(found, lines)| {
            assert_lines(vector, lines, found);
        });
        for (point, expected) in list(&spc["points"]).iter().zip(list(&expected["points"])) {
            let rules = list(&point["rules"]).iter().map(|rule| rule.as_str().unwrap());
            let said: Vec<&str> = point["signal"].as_str().into_iter().chain(rules).collect();
            let (said, period, expected) =
                (said.join(", "), point["period"].as_str().unwrap(), expected.as_str().unwrap());
            let alike = if profile == "mdc" { said == expected } else { said.starts_with(expected) };
            assert!(alike, "{code} {period}: {said} instead of {expected}");
            let title = chart.text().split(&format!("<title>{period}: ")).nth(1).unwrap().split("</title>").next();
            assert!(title.unwrap().ends_with(&format!("({said})")), "{code}: {title:?} instead of {said}");
        }
    }
}

/// A grid leaves the choices of the method to its profile: Making Data Count judges from 13 points on, and the other screens outliers.
#[rstest]
#[actix_web::test]
async fn a_grid_says_what_is_known_of_each_series(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("mdc", "ptd")] profile: &str,
) {
    let app = world(engine).await;
    let target = format!("/v1/kpi-grid?organisation=RJZ&profile={profile}");
    let grid = app.reader().get(&target).await.expect(200);
    assert_eq!(list(&grid["cells"]).len(), VECTORS.len());
    for vector in VECTORS.iter().filter(|vector| vector[profile]["screenOutliers"] == (profile == "ptd")) {
        let (code, expected) = (&vector["id"], &vector[profile]);
        let cell = list(&grid["cells"]).iter().find(|cell| &cell["kpi"] == code).unwrap();
        assert_lines(vector, list(&expected["parts"]).last().unwrap(), cell);
        let (variation, assurance) = (cell["variation"].as_str().unwrap(), cell["assurance"].as_str().unwrap());
        if profile == "mdc" && list(&vector["values"]).len() < 13 {
            assert_eq!((variation, assurance), ("insufficient-data", "no-target"), "{code}");
            continue;
        }
        assert!(variation.starts_with(expected["variation"].as_str().unwrap()), "{code}: {variation}");
        assert_eq!(assurance, expected["assurance"], "{code}");
    }
    for form in ["text/html", "image/svg+xml"] {
        let drawn = app.reader().get(&target).accept(form).await;
        assert!(VECTORS.iter().all(|vector| drawn.text().contains(&format!("KPI {}", vector["id"].as_str().unwrap()))));
    }
}
