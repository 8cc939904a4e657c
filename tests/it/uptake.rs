//! Uptake: of whom an innovation is meant for, who has adopted it, on any day.

use crate::support::*;

async fn meant_for(app: &TestApp, body: Value) {
    app.admin().post("/v1/innovations/tool/eligibility", body).await.expect(201);
}

async fn adopted(app: &TestApp, code: &str, since: &str) -> String {
    let body = json!({ "innovation": "tool", "organisation": code, "stage": "adopted", "since": since });
    let made = app.admin().post("/v1/adoptions", body).await;
    made.expect(201);
    made.header("location").to_owned()
}

async fn uptake(app: &TestApp, query: &str) -> Value {
    app.admin().get(&format!("/v1/innovations/tool/uptake?{query}")).await.expect(200)
}

/// Eligible, adopters and adopters that are not eligible, on the last day.
async fn last(app: &TestApp, query: &str) -> [u64; 3] {
    let answer = uptake(app, query).await;
    let point = answer["points"].as_array().unwrap().last().unwrap().clone();
    ["eligible", "adopters", "ineligibleAdopters"].map(|name| point[name].as_u64().unwrap())
}

async fn with_trusts(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for (code, board) in [("RJZ", "QKK"), ("RJ1", "QKK"), ("RF4", "QMF"), ("RBD", "QVV")] {
        app.trust(code, board).await;
    }
    app.innovation("tool").await;
    app
}

#[rstest]
#[actix_web::test]
async fn a_rule_makes_all_of_a_type_below_a_place_eligible_less_whom_a_row_takes_out(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "Y56", "type": "nhs-trust", "from": "2018-04-01" })).await;
    meant_for(&app, json!({ "organisation": "RJ1", "eligible": false, "from": "2020-04-01" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    adopted(&app, "RBD", "2019-01-01").await;
    assert_eq!(last(&app, "to=2019-12-31").await, [3, 1, 1]);
    assert_eq!(last(&app, "to=2020-12-31").await, [2, 1, 1]);
    assert_eq!(last(&app, "to=2020-12-31&place=QKK").await, [1, 1, 0]);
    let before = uptake(&app, "from=2018-01-01&to=2018-03-31").await;
    assert_eq!((&before["points"][0]["eligible"], &before["points"][0]["share"]), (&json!(0), &Value::Null));
    assert_eq!(uptake(&app, "to=2020-12-31").await["unit"], "nhs-trust");
    let fixed = uptake(&app, "to=2020-12-31&denominator=fixed:2019-01-01").await;
    assert_eq!((&fixed["denominator"], &fixed["points"][0]["eligible"]), (&json!("fixed:2019-01-01"), &json!(3)));
}

#[rstest]
#[actix_web::test]
async fn a_past_day_is_not_changed_by_what_happens_later(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    let adoption = adopted(&app, "RJZ", "2016-02-01").await;
    adopted(&app, "RF4", "2016-03-01").await;
    let then = uptake(&app, "by=month&from=2016-01-01&to=2016-12-31").await["points"].clone();
    let paused = json!({ "to": "paused", "effectiveOn": "2018-01-01", "reason": "Staff left." });
    app.admin().transition(&adoption, 1, paused).await.expect(200);
    app.admin().transition(&adoption, 2, json!({ "to": "adopted", "effectiveOn": "2018-06-01" })).await.expect(200);
    let gone = json!({ "to": "decommissioned", "effectiveOn": "2019-01-01", "reason": "Replaced." });
    app.admin().transition(&adoption, 3, gone).await.expect(200);
    let merge = json!({ "kind": "merge", "effectiveOn": "2020-04-01", "to": [{ "code": "RJ1" }] });
    app.admin().post("/v1/organisations/RF4/successions", merge).await.expect(201);
    assert_eq!(uptake(&app, "by=month&from=2016-01-01&to=2016-12-31").await["points"], then);
    assert_eq!(last(&app, "to=2018-03-31").await, [4, 1, 0], "the time it was paused is no use");
    assert_eq!(last(&app, "to=2018-06-30").await, [4, 2, 0]);
    assert_eq!(last(&app, "to=2020-04-30").await, [3, 1, 0], "what a closed body had come to is its heir's");
}

#[rstest]
#[actix_web::test]
async fn the_first_use_below_a_place_is_of_the_days_on_which_the_organisation_lay_there(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    let edges = "/v1/organisations/RJZ/edges";
    let edge = app.admin().get(edges).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    app.admin().patch(&format!("{edges}/{edge}"), 1, json!({ "to": "2024-04-01" })).await.expect(200);
    let there = json!({ "parent": "QVV", "kind": "geographic", "from": "2024-04-01" });
    app.admin().post(edges, there).await.expect(201);
    let first = async |query: &str| uptake(&app, query).await["firstUseOn"].clone();
    assert_eq!(first("place=QVV&geography=at-time").await, "2024-04-01");
    assert_eq!(first("place=QKK&geography=at-time").await, "2019-01-01");
    assert_eq!(first("place=QVV").await, "2019-01-01", "on the map of today it has always lain there");
}

#[rstest]
#[actix_web::test]
async fn the_legal_successor_takes_over_what_its_predecessor_had_come_to(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "organisation": "RJZ", "from": "2018-04-01" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    let engaged = json!({ "innovation": "tool", "organisation": "RJ1", "stage": "engaged", "since": "2019-01-01" });
    app.admin().post("/v1/adoptions", engaged).await.expect(201);
    let merge = json!({ "kind": "merge", "effectiveOn": "2020-04-01", "to": [{ "code": "RJ1" }] });
    app.admin().post("/v1/organisations/RJZ/successions", merge).await.expect(201);
    assert_eq!(last(&app, "to=2020-03-31").await, [1, 1, 0]);
    assert_eq!(last(&app, "to=2020-04-30").await, [1, 1, 0], "one body before and one after");
    let own = app.admin().get("/v1/adoptions?organisation=RJ1").await.expect(200);
    assert_eq!((&own["data"][0]["stage"], &own["data"][0]["usingFrom"]), (&json!("adopted"), &json!("2020-04-01")));
    let rows = app.admin().get("/v1/innovations/tool/eligibility?organisation=RJ1").await.expect(200);
    assert_eq!(
        (&rows["data"][0]["from"], &rows["data"][0]["source"]),
        (&json!("2020-04-01"), &json!("Taken over from RJZ"))
    );
}

#[rstest]
#[actix_web::test]
async fn each_body_counts_once_on_either_map_of_a_merged_board(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    adopted(&app, "RJZ", "2025-06-01").await;
    let merge = json!({ "kind": "merge", "effectiveOn": "2026-04-01", "to": [{ "code": "QMF" }] });
    app.admin().post("/v1/organisations/QKK/successions", merge).await.expect(201);
    assert_eq!(last(&app, "to=2025-12-31&place=QMF").await, [3, 1, 0]);
    assert_eq!(last(&app, "to=2025-12-31&place=QMF&geography=at-time").await, [1, 0, 0]);
    assert_eq!(last(&app, "to=2025-12-31&place=QKK").await, [2, 1, 0], "a closed board is told at its time");
    for geography in ["current", "at-time"] {
        assert_eq!(last(&app, &format!("to=2025-12-31&geography={geography}")).await, [4, 1, 0]);
    }
    let compared = uptake(&app, "places=icb&to=2026-04-30").await;
    assert_eq!(column(&json!({ "data": compared["places"] }), "code"), ["QKK", "QMF", "QVV"].map(str::to_owned)[1..]);
}

#[rstest]
#[actix_web::test]
async fn those_who_have_not_adopted_are_listed_with_what_stands_in_their_way(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "Y56", "type": "nhs-trust" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    let engaged = json!({
        "innovation": "tool", "organisation": "RF4", "stage": "engaged", "since": "2019-01-01", "barriers": ["slow-procurement"]
    });
    app.admin().post("/v1/adoptions", engaged).await.expect(201);
    let target = "/v1/innovations/tool/non-adopters?place=Y56";
    let found = app.lead("Y56").get(target).await.expect(200);
    assert_eq!(column(&found, "organisation"), ["RF4", "RJ1"]);
    assert_eq!((&found["data"][0]["stage"], &found["data"][1]["stage"]), (&json!("engaged"), &Value::Null));
    assert_eq!((&found["byBarrier"], &found["share"]), (&json!({ "slow-procurement": 1 }), &json!(1.0 / 3.0)));
    let csv = app.lead("Y56").get(target).accept("text/csv").await;
    assert_eq!(csv.text().lines().count(), 3);
    app.anonymous().get(target).await.problem(401, "unauthenticated");
}

/// Records an adoption with what else is known of it.
async fn recorded(app: &TestApp, code: &str, stage: &str, others: Value) -> String {
    let mut body = json!({ "innovation": "tool", "organisation": code, "stage": stage, "since": "2019-01-01" });
    body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    let made = app.admin().post("/v1/adoptions", body).await;
    made.expect(201);
    made.header("location").to_owned()
}

#[rstest]
#[actix_web::test]
async fn those_who_have_not_adopted_are_told_of_the_indication_and_marked(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "Y56", "type": "nhs-trust" })).await;
    recorded(&app, "RF4", "committed", json!({ "indication": "asthma", "barriers": ["evidence-clarity"] })).await;
    recorded(&app, "RF4", "engaged", json!({ "indication": "copd", "illustrative": true })).await;
    let found = async |query: &str| {
        app.admin().get(&format!("/v1/innovations/tool/non-adopters?place=Y56&{query}")).await.expect(200)
    };
    let copd = found("indication=COPD&on=2020-01-31").await;
    let first = &copd["data"][0];
    assert_eq!((&first["stage"], &first["barriers"]), (&json!("engaged"), &json!([])));
    assert_eq!((&first["illustrative"], &copd["data"][1]["illustrative"]), (&json!(true), &json!(false)));
    assert_eq!(copd["illustrative"], true);
    let asthma = found("indication=asthma&on=2020-01-31").await;
    assert_eq!((&asthma["data"][0]["stage"], &asthma["illustrative"]), (&json!("committed"), &json!(false)));
    let other = found("geography=at-time&denominator=fixed:2020-01-31").await;
    assert_eq!((&other["geography"], &other["denominator"]), (&json!("at-time"), &json!("fixed:2020-01-31")));
    assert_eq!(found("asOf=2020-01-31").await["on"], "2020-01-31");
    let csv = app.admin().get("/v1/innovations/tool/non-adopters?place=Y56&indication=copd").accept("text/csv").await;
    assert!(csv.text().contains(",engaged,2019-01-01,,true"), "{}", csv.text());
    let refused = app.reader().get("/v1/innovations/tool/non-adopters?asOf=2020-01-31").await;
    refused.problem(403, "forbidden");
    app.admin().get("/v1/innovations/tool/uptake?denominator=fixed:soon").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_rule_of_later_days_changes_nothing_of_an_earlier_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust", "from": "2018-04-01" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    let then = async || {
        let one = uptake(&app, "from=2020-12-31&to=2020-12-31").await;
        let curve = uptake(&app, "by=year&from=2020-12-31&to=2026-01-31").await;
        let marked = (one["unit"].clone(), one["illustrative"].clone(), one["points"][0].clone());
        (marked, curve["points"][0].clone())
    };
    let before = then().await;
    assert_eq!((&before.0.0, &before.0.2["adopters"]), (&json!("nhs-trust"), &json!(1)));
    meant_for(&app, json!({ "place": "E92000001", "type": "pcn", "from": "2025-04-01", "illustrative": true })).await;
    assert_eq!(then().await, before);
    let now = uptake(&app, "from=2026-01-31&to=2026-01-31").await;
    assert_eq!((&now["unit"], &now["illustrative"]), (&Value::Null, &json!(true)));
}

#[rstest]
#[actix_web::test]
async fn patients_of_several_indications_add_and_those_not_eligible_stand_apart(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "organisation": "RJZ" })).await;
    meant_for(&app, json!({ "organisation": "RJZ", "indication": "asthma", "eligible": false })).await;
    let counted = |indication: &str, value: i64| json!({ "indication": indication, "patients": value, "countedOn": "2019-06-01" });
    let copd = recorded(&app, "RJZ", "adopted", counted("copd", 100)).await;
    recorded(&app, "RJZ", "adopted", counted("asthma", 50)).await;
    recorded(&app, "RF4", "adopted", counted("copd", 30)).await;
    let point =
        async |query: &str| uptake(&app, &format!("from=2020-01-31&to=2020-01-31&{query}")).await["points"][0].clone();
    let all = point("").await;
    assert_eq!((&all["eligible"], &all["patients"]["value"]), (&json!(1), &json!(150)));
    assert_eq!(
        (&all["patients"]["qualifier"], &all["ineligiblePatients"]["value"]),
        (&json!("approximate"), &json!(30))
    );
    let one = point("indication=COPD").await;
    assert_eq!((&one["eligible"], &one["patients"]["value"]), (&json!(1), &json!(100)));
    let other = point("indication=asthma").await;
    assert_eq!(
        (&other["eligible"], &other["patients"], &other["ineligiblePatients"]["value"]),
        (&json!(0), &Value::Null, &json!(50))
    );
    app.admin().patch(&copd, 1, json!({ "patients": null, "countedOn": "2020-01-01" })).await.expect(200);
    assert_eq!(point("").await["patients"]["value"], 50, "what was taken away counts no more");
    let before = uptake(&app, "from=2019-12-31&to=2019-12-31").await;
    assert_eq!(before["points"][0]["patients"]["value"], 150);
    let rows = app.admin().get("/v1/innovations/tool/eligibility?indication=ASTHMA").await.expect(200);
    assert_eq!(rows["data"].as_array().unwrap().len(), 1);
}

#[rstest]
#[actix_web::test]
async fn places_beside_each_other_lie_within_the_asked_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    let places = async |query: &str| {
        let found = uptake(&app, query).await;
        column(&json!({ "data": found["places"] }), "code")
    };
    assert_eq!(places("place=QKK&places=region").await, Vec::<String>::new());
    assert_eq!(places("place=QKK&places=icb").await, ["QKK"]);
    assert_eq!(places("place=Y56&places=region").await, ["Y56"]);
    assert_eq!(places("place=Y56&places=icb").await, ["QKK", "QMF"]);
    assert_eq!(places("places=icb").await, ["QKK", "QMF", "QVV"]);
}

#[rstest]
#[actix_web::test]
async fn uptake_below_an_invented_footprint_is_marked(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    let network = json!({ "code": "NET", "name": "Network", "type": "hin" });
    app.admin().post("/v1/organisations", network).await.expect(201);
    let edge = json!({ "parent": "NET", "kind": "network", "from": "2015-01-01", "illustrative": true });
    app.admin().post("/v1/organisations/RJZ/edges", edge).await.expect(201);
    assert_eq!(uptake(&app, "place=NET").await["illustrative"], true);
    assert_eq!(uptake(&app, "place=QKK").await["illustrative"], false);
}

#[rstest]
#[actix_web::test]
async fn an_invented_edge_anywhere_between_the_place_and_who_counts_marks_uptake(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "trust-site" })).await;
    let site = json!({ "code": "RJZ01", "name": "Site", "type": "trust-site" });
    app.admin().post("/v1/organisations", site).await.expect(201);
    for (parent, days) in [
        ("RJ1", json!({ "from": "2015-01-01", "to": "2020-01-01" })),
        ("RJZ", json!({ "from": "2020-01-01", "illustrative": true })),
    ] {
        let mut edge = json!({ "parent": parent, "kind": "geographic" });
        edge.as_object_mut().unwrap().extend(days.as_object().unwrap().clone());
        app.admin().post("/v1/organisations/RJZ01/edges", edge).await.expect(201);
    }
    for (query, marked) in [
        ("place=RJZ", true),
        ("place=QKK", true),
        ("place=Y56", true),
        ("", true),
        ("place=QMF", false),
        ("geography=at-time&from=2019-01-31&to=2019-12-31", false),
        ("geography=at-time&from=2019-01-31&to=2020-01-31", true),
    ] {
        assert_eq!(uptake(&app, query).await["illustrative"], marked, "{query}");
    }
    let chart = app.admin().get("/v1/innovations/tool/uptake.svg?place=Y56").await;
    assert!(chart.text().contains("Illustrative: "), "{}", chart.text());
}

#[rstest]
#[actix_web::test]
async fn whom_an_invented_footprint_makes_eligible_or_covers_marks_uptake_anywhere(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = with_trusts(engine).await;
    let network = json!({ "code": "NET", "name": "Network", "type": "hin" });
    app.admin().post("/v1/organisations", network).await.expect(201);
    meant_for(&app, json!({ "organisation": "RBD" })).await;
    assert_eq!(uptake(&app, "").await["illustrative"], false);
    assert_eq!(uptake(&app, "places=hin").await["illustrative"], true, "the networks' footprints are our reading");
    for (trust, illustrative) in [("RJZ", true), ("RF4", false)] {
        let edge = json!({ "parent": "NET", "kind": "network", "from": "2015-01-01", "illustrative": illustrative });
        app.admin().post(&format!("/v1/organisations/{trust}/edges"), edge).await.expect(201);
    }
    meant_for(&app, json!({ "place": "NET", "type": "nhs-trust" })).await;
    for (place, marked) in [("QKK", true), ("QMF", false), ("QVV", false), ("E92000001", true)] {
        assert_eq!(uptake(&app, &format!("place={place}")).await["illustrative"], marked, "{place}");
    }
}

#[rstest]
#[actix_web::test]
async fn the_first_use_is_the_pilot_whatever_is_asked_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    let adoption = recorded(&app, "RJZ", "piloting", json!({})).await;
    app.admin().transition(&adoption, 1, json!({ "to": "adopted", "effectiveOn": "2019-03-02" })).await.expect(200);
    let found = uptake(&app, "sites=1&share=25&to=2019-12-31").await;
    assert_eq!((&found["firstUseOn"], &found["points"][0]["period"]), (&json!("2019-01-01"), &json!("2019-01")));
    assert_eq!(found["timeToSites"], json!({ "on": "2019-03-02", "days": 60 }));
    assert_eq!(found["timeToShare"], found["timeToSites"]);
    recorded(&app, "RF4", "adopted", json!({ "since": "0001-01-01" })).await;
    let long = uptake(&app, "").await;
    assert_eq!(long["points"].as_array().unwrap().len(), 1500, "a slip in one day takes nobody's curve away");
}

#[rstest]
#[actix_web::test]
async fn a_record_above_the_unit_counts_only_for_what_it_covers(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    for code in ["RJZ01", "RJZ02"] {
        let site = json!({ "code": code, "name": code, "type": "trust-site", "parent": "RJZ" });
        app.admin().post("/v1/organisations", site).await.expect(201);
    }
    app.admin()
        .patch("/v1/innovations/tool", 1, json!({ "adoptingUnits": [{ "type": "trust-site" }] }))
        .await
        .expect(200);
    meant_for(&app, json!({ "place": "E92000001" })).await;
    let adoption = adopted(&app, "RJZ", "2019-01-01").await;
    assert_eq!(last(&app, "to=2020-01-31").await, [2, 0, 0]);
    recorded(&app, "RBD", "adopted", json!({ "since": "2021-01-01" })).await;
    let above = async |query: &str| uptake(&app, query).await["notes"].to_string().contains("1 organisations above");
    assert!(above("to=2020-01-31").await && above("place=QKK&to=2020-01-31").await);
    assert!(!above("place=QVV&to=2022-01-31").await, "it has nothing of the unit below it");
    assert!(!above("place=QMF&to=2020-01-31").await && !above("from=2018-01-01&to=2018-12-31").await);
    app.admin().patch(&adoption, 1, json!({ "covers": ["RJZ01"] })).await.expect(200);
    assert_eq!(last(&app, "to=2020-01-31").await, [2, 1, 0]);
    app.admin().patch(&adoption, 2, json!({ "covers": ["all"] })).await.expect(200);
    assert_eq!(last(&app, "to=2020-01-31").await, [2, 1, 0], "what it covers since today changes no past day");
    app.admin().patch(&adoption, 3, json!({ "covers": ["all"], "coversOn": "2020-01-15" })).await.expect(200);
    assert_eq!(last(&app, "to=2020-01-14&by=day&from=2020-01-14").await, [2, 1, 0]);
    assert_eq!(last(&app, "to=2020-01-31").await, [2, 2, 0]);
}

#[rstest]
#[actix_web::test]
async fn what_a_board_covered_its_heir_covers_and_no_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    app.trust("RAP", "QMF").await;
    let body = json!({ "innovation": "tool", "organisation": "QKK", "stage": "adopted", "since": "2019-01-01", "covers": ["all"] });
    app.admin().post("/v1/adoptions", body).await.expect(201);
    assert_eq!(last(&app, "to=2020-03-31").await, [5, 2, 0]);
    let merge = json!({ "kind": "merge", "effectiveOn": "2020-04-01", "to": [{ "code": "QMF" }] });
    app.admin().post("/v1/organisations/QKK/successions", merge).await.expect(201);
    for day in ["2020-03-31", "2020-04-01"] {
        assert_eq!(last(&app, &format!("by=day&from={day}&to={day}")).await, [5, 2, 0], "{day}");
    }
    let heir = app.admin().get("/v1/adoptions?organisation=QMF").await.expect(200);
    assert_eq!(heir["data"][0]["covers"], json!(["RJ1", "RJZ"]));
}

#[rstest]
#[actix_web::test]
async fn a_later_confirmation_leaves_the_earlier_ones(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    let adoption = adopted(&app, "RJZ", "2018-01-01").await;
    let unconfirmed = async |day: &str| {
        let found = uptake(&app, &format!("by=day&from={day}&to={day}")).await;
        found["points"][0]["unconfirmed"].as_u64().unwrap()
    };
    app.admin().patch(&adoption, 1, json!({ "confirmedOn": "2019-06-01" })).await.expect(200);
    assert_eq!((unconfirmed("2020-01-01").await, unconfirmed("2021-01-01").await), (0, 1));
    let told = app.admin().patch(&adoption, 2, json!({ "confirmedOn": "2020-12-01" })).await.expect(200);
    assert_eq!(told["confirmedOn"], "2020-12-01");
    assert_eq!((unconfirmed("2020-01-01").await, unconfirmed("2021-01-01").await), (0, 0));
    app.admin().patch(&adoption, 3, json!({ "confirmedOn": "2019-05-01" })).await.expect(200);
    assert_eq!(
        (unconfirmed("2019-05-15").await, unconfirmed("2020-05-02").await),
        (0, 0),
        "it stands beside the others"
    );
    assert_eq!((unconfirmed("2020-07-01").await, unconfirmed("2021-01-01").await), (1, 0));
}

#[rstest]
#[actix_web::test]
async fn uptake_says_when_so_many_had_adopted_and_nothing_is_not_nought(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    let unknown = uptake(&app, "to=2020-01-31").await;
    assert_eq!((&unknown["points"][0]["share"], &unknown["points"][0]["patients"]), (&Value::Null, &Value::Null));
    assert!(unknown["notes"][0].as_str().unwrap().starts_with("Nobody is known to be eligible"));
    meant_for(&app, json!({ "place": "E92000001", "type": "nhs-trust" })).await;
    adopted(&app, "RJZ", "2019-01-01").await;
    adopted(&app, "RF4", "2019-03-02").await;
    let found = uptake(&app, "sites=2&share=75&to=2020-01-31").await;
    assert_eq!(found["timeToSites"], json!({ "on": "2019-03-02", "days": 60 }));
    assert_eq!(found["timeToShare"], json!({ "on": null, "days": null }));
    assert_eq!(found["firstUseOn"], "2019-01-01");
    app.admin()
        .get("/v1/innovations/tool/uptake?from=2021-01-01&to=2020-01-01")
        .await
        .problem(422, "validation-failed");
    app.admin().get("/v1/innovations/tool/uptake?by=day&from=1990-01-01").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn whom_it_is_meant_for_is_ended_and_corrected_by_its_keeper(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_trusts(engine).await;
    let target = "/v1/innovations/tool/eligibility";
    app.lead("QKK").post(target, json!({ "organisation": "RJZ" })).await.problem(403, "forbidden");
    for (body, code) in [
        (json!({}), "missing"),
        (json!({ "organisation": "RJZ", "place": "QKK" }), "not-applicable"),
        (json!({ "place": "QKK" }), "missing"),
    ] {
        let refused = app.admin().post(target, body).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["code"], code);
    }
    let made = app.admin().post(target, json!({ "organisation": "RJZ", "from": "2018-04-01" })).await;
    let row = made.header("location").to_owned();
    app.admin().patch(&row, 1, json!({ "to": "2020-04-01" })).await.expect(200);
    assert_eq!(last(&app, "to=2020-04-30").await, [0, 0, 0]);
    assert_eq!(last(&app, "to=2020-03-31").await, [1, 0, 0]);
    app.admin().patch(&row, 2, json!({ "organisation": "RJ1" })).await.problem(409, "immutable");
    app.admin().delete(&format!("{row}?reason=Another+trust"), 2).await.expect(204);
    assert_eq!(last(&app, "to=2020-03-31").await, [0, 0, 0]);
    let kept = app.admin().get(&format!("{target}?withdrawn=true")).await.expect(200);
    assert_eq!(kept["data"][0]["withdrawn"]["reason"], "Another trust");
}
