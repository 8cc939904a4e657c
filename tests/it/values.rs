use crate::support::*;

const LIST: &str = "/v1/kpi-values?kpi=ae";

/// Three months of two trusts in two boards, and a KPI of its own for an innovation.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.member("heartflow", "nia").await;
    app.kpi("ae", json!({})).await;
    app.kpi("scans", json!({ "programme": "nia" })).await;
    let months = ["2026-01", "2026-02", "2026-03"];
    let all: Vec<Value> = ["RF4", "RJZ"]
        .into_iter()
        .flat_map(|trust| (1..).zip(months).map(move |(n, month)| row(trust, month, n * 10)))
        .collect();
    app.values("ae", json!(all)).await;
    app.values("scans", json!([{ "organisation": "RJZ", "innovation": "heartflow", "period": "2026-01", "value": 5 }]))
        .await;
    app
}

#[rstest]
#[actix_web::test]
async fn values_are_found_by_place_organisation_innovation_and_time(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let admin = app.admin();
    let count = async |query: &str| rows(&admin.get(&format!("/v1/kpi-values?{query}")).await.expect(200)).len();
    for (query, found) in [
        ("", 7),
        ("kpi=AE", 6),
        ("kpi=ae,scans", 7),
        ("organisation=RJZ", 4),
        ("place=QKK", 4),
        ("place=Y56&kpi=ae", 6),
        ("innovation=heartflow", 1),
        ("kpi=ae&from=2026-02", 4),
        ("kpi=ae&from=2026-02&to=2026-02", 2),
        ("kpi=ae,scans&from=2026-02-01", 4),
        ("kpi=ae&to=2026-01-31", 2),
        ("kpi=ae&from=2026-01-15", 4),
        ("kpi=ae&from=2026-01-15&to=2026-02-01", 2),
    ] {
        assert_eq!(count(query).await, found, "{query}");
    }
    for wrong in ["from=2026-Q1", "from=2026-02-01&to=2026-01-01", "kpi=ae&from=2026-03&to=2026-02"] {
        admin.get(&format!("/v1/kpi-values?{wrong}")).await.problem(422, "validation-failed");
    }
    admin.get("/v1/kpi-values?kpi=ae&breakdown=1").await.problem(422, "validation-failed");
    admin.get("/v1/kpi-values?kpi=never").await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn each_caller_sees_the_values_of_their_scope(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let seen = async |actor: Actor| rows(&actor.get("/v1/kpi-values").await.expect(200)).len();
    assert_eq!(seen(app.lead("QMF")).await, 3);
    assert_eq!(seen(app.lead("Y56")).await, 7);
    assert_eq!(seen(app.manager("nia")).await, 1);
    assert_eq!(seen(app.fellow("heartflow")).await, 1);
    assert_eq!(seen(app.evaluator()).await, 7);
    assert_eq!(seen(app.submitter("RF4")).await, 7, "what is published is everyone's with a token");
    assert_eq!(seen(app.reader()).await, 7);
}

#[rstest]
#[actix_web::test]
async fn every_form_holds_the_same_values(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let admin = app.admin();
    let json = admin.get("/v1/kpi-values?sort=-period").await.expect(200)["data"].clone();
    let lines = admin.get("/v1/kpi-values?sort=-period").accept("application/x-ndjson").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), json);
    let csv = admin.get("/v1/kpi-values?sort=-period").accept("text/csv").await;
    let mut reader = csv::Reader::from_reader(csv.body.as_slice());
    let names = reader.headers().unwrap().clone();
    let told: Vec<[String; 3]> = reader
        .records()
        .map(|record| {
            ["kpi", "organisation", "value"]
                .map(|name| record.as_ref().unwrap()[names.iter().position(|n| n == name).unwrap()].to_owned())
        })
        .collect();
    let expected: Vec<[String; 3]> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            [v["kpi"].as_str().unwrap().into(), v["organisation"].as_str().unwrap().into(), v["value"].to_string()]
        })
        .collect();
    assert_eq!(told, expected);
    let again = admin.post_csv("/v1/kpi-submissions", csv.text()).await.expect(201);
    assert_eq!(
        (&again["counts"]["received"], &again["counts"]["unchanged"]),
        (&json!(7), &json!(7)),
        "what was read can be sent back"
    );
}

#[rstest]
#[actix_web::test]
async fn small_counts_are_kept_back_from_whoever_only_reads(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("rare", json!({ "disclosureControl": true })).await;
    app.values(
        "rare",
        json!([
            row("RF4", "2026-01", 3),
            row("RF4", "2026-02", 8),
            row("RF4", "2026-03", 13),
            row("RF4", "2026-04", 0)
        ]),
    )
    .await;
    app.values("rare", json!([row("RF4", "2026-01", 4)])).await;
    let told = async |actor: &Actor| {
        let list = actor.get("/v1/kpi-values?kpi=rare").await.expect(200);
        column(&list, "value")
    };
    for actor in [app.reader(), app.submitter("RJZ")] {
        assert_eq!(told(&actor).await, ["null", "10", "15", "0"]);
        let csv = actor.get("/v1/kpi-values?kpi=rare").accept("text/csv").await;
        assert!(csv.text().contains("2026-01,,,") && !csv.text().contains(",13,"), "{}", csv.text());
        let id = actor.get("/v1/kpi-values?kpi=rare").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(column(&actor.get(&format!("/v1/kpi-values/{id}/revisions")).await.expect(200), "value"), ["null"]);
        let spc = actor.get("/v1/kpis/rare/spc?organisation=RF4&minPoints=2").await.expect(200);
        assert_eq!((&spc["points"][0]["value"], &spc["points"][2]["value"]), (&json!(null), &json!(15.0)));
    }
    for actor in [app.submitter("RF4"), app.lead("QMF"), app.evaluator(), app.admin()] {
        assert_eq!(told(&actor).await, ["4", "8", "13", "0"]);
    }
}

#[rstest]
#[actix_web::test]
async fn a_page_of_values_goes_on_where_it_ended(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (mut seen, mut next) = (Vec::new(), format!("{LIST}&limit=2&count=true"));
    while !next.is_empty() {
        let page = app.admin().get(&next).await;
        next = page.next_page();
        let page = page.expect(200);
        assert_eq!(page["page"]["count"]["total"], 6);
        seen.extend(column(&page, "id"));
    }
    let whole = column(&app.admin().get(LIST).await.expect(200), "id");
    assert_eq!(seen, whole);
}

#[rstest]
#[actix_web::test]
async fn a_value_that_is_not_there_has_no_revisions(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for id in ["999999.2026-01-01", "1.2026-99-01", "nothing"] {
        app.admin().get(&format!("/v1/kpi-values/{id}/revisions")).await.problem(404, "not-found");
    }
}

#[rstest]
#[actix_web::test]
async fn a_series_that_was_once_sent_as_illustrative_stays_so_in_every_export(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RJ1", "QKK").await;
    app.kpi("ae", json!({})).await;
    let mut invented = row("RJZ", "2024-01", 5);
    invented["illustrative"] = json!(true);
    app.values("ae", json!([invented, row("RJ1", "2024-01", 7)])).await;
    app.values("ae", json!([row("RJZ", "2024-02", 6)])).await;
    let marks = async || {
        let list = app.admin().get("/v1/kpi-values?kpi=ae&sort=period").await.expect(200);
        rows(&list).iter().map(|row| (row["organisation"].clone(), row["illustrative"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(marks().await.iter().filter(|(_, marked)| *marked == true).count(), 2);
    assert!(marks().await.iter().all(|(organisation, marked)| *marked == (organisation == "RJZ")));
    let sheet = app.admin().get("/v1/kpi-values?kpi=ae").accept("text/csv").await;
    let header = sheet.text().lines().next().unwrap_or_default();
    assert!(header.trim_end().ends_with(",comment,illustrative"), "{header}");
    let again = app.admin().post_csv("/v1/kpi-submissions?dryRun=true", sheet.text()).await.expect(200);
    assert_eq!((&again["counts"]["unchanged"], &again["counts"]["rejected"]), (&json!(3), &json!(0)), "{again}");
    let wrong = "organisation,period,value,illustrative\nRJ1,2024-01,7,maybe\n";
    let refused = app.admin().post_csv("/v1/kpi-submissions?kpi=ae&dryRun=true", wrong).await.expect(200);
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "unknown-word", "{refused}");
}
