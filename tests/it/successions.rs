//! Successions that were recorded by mistake, and what is left of them once they are taken back.

use crate::support::*;

/// Two boards with a practice and a trust each, of which the first has come further with an innovation that is meant for both.
async fn two_boards(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QMF").await;
    let practice = json!({ "code": "H85001", "name": "A practice", "type": "gp-practice", "parent": "QKK" });
    app.admin().post("/v1/organisations", practice).await.expect(201);
    app.innovation("tool").await;
    app.innovation("other").await;
    for meant in
        [json!({ "place": "Y56", "type": "nhs-trust" }), json!({ "organisation": "QKK", "from": "2020-01-01" })]
    {
        app.admin().post("/v1/innovations/tool/eligibility", meant).await.expect(201);
    }
    adopted(&app, "tool", "QKK", json!({ "stage": "adopted", "since": "2022-01-01", "covers": ["RJZ"] })).await;
    adopted(&app, "tool", "QMF", json!({ "stage": "piloting", "since": "2023-01-01", "covers": ["RF4"] })).await;
    adopted(&app, "other", "QKK", json!({ "stage": "adopted", "since": "2022-01-01" })).await;
    app.kpi("ae", json!({})).await;
    app.values("ae", json!([row("RJZ", "2025-03", 10), row("RF4", "2025-03", 20), row("QKK", "2025-03", 30)])).await;
    app
}

async fn adopted(app: &TestApp, innovation: &str, code: &str, mut adoption: Value) {
    (adoption["innovation"], adoption["organisation"]) = (json!(innovation), json!(code));
    app.admin().post("/v1/adoptions", adoption).await.expect(201);
}

/// Records that the first board became the second.
async fn merges(app: &TestApp) -> String {
    becomes_the_second(app, "QKK").await
}

async fn becomes_the_second(app: &TestApp, board: &str) -> String {
    let merge = json!({ "kind": "merge", "effectiveOn": "2024-04-01", "to": [{ "code": "QMF" }] });
    let act = app.admin().post(&format!("/v1/organisations/{board}/successions"), merge).await;
    act.expect(201);
    act.header("location").to_owned()
}

/// What the heir's adoption has come to.
async fn of_heir(app: &TestApp) -> [Value; 3] {
    let found = app.admin().get("/v1/adoptions?organisation=QMF&innovation=tool").await.expect(200);
    ["stage", "stageOn", "covers"].map(|name| found["data"][0][name].clone())
}

/// What the register says of the boards: who lies below, uptake, totals, adoptions, eligibility, and whether they exist.
async fn said(app: &TestApp) -> Vec<Value> {
    let mut found = Vec::new();
    for place in ["QKK", "QMF"] {
        for (asked, members) in [
            (format!("organisations?place={place}&sort=code"), &["code"][..]),
            (format!("organisations/{place}"), &["code", "status", "validTo"]),
            (format!("innovations/tool/uptake?by=quarter&from=2022-01-01&place={place}"), &["points"]),
            (format!("innovations/tool/eligibility?organisation={place}"), &["from", "to"]),
            (format!("adoptions?organisation={place}"), &["innovation", "stage", "stageOn", "covers"]),
            (format!("kpis/ae/totals?place={place}"), &["points"]),
        ] {
            let answer = app.admin().get(&format!("/v1/{asked}")).await.expect(200);
            let of = |one: &Value| members.iter().map(|name| one[name].clone()).collect::<Value>();
            let mut rows: Vec<Value> =
                answer["data"].as_array().map_or_else(|| vec![of(&answer)], |rows| rows.iter().map(of).collect());
            rows.sort_by_key(Value::to_string);
            found.push(json!(rows));
        }
    }
    found
}

#[rstest]
#[actix_web::test]
async fn a_succession_that_never_was_is_taken_back_with_all_that_followed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    let before = said(&app).await;
    let act = merges(&app).await;
    let during = said(&app).await;
    assert!(before.iter().zip(&during).filter(|(one, other)| one != other).count() >= 8, "much follows from it");
    let refused = app.admin().delete(&act, 1).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "?reason");
    app.admin().delete(&format!("{act}?reason=They+did+not+merge"), 1).await.expect(204);
    assert_eq!(said(&app).await, before);
    assert_eq!(app.admin().get("/v1/organisations/QKK/successions").await.expect(200)["data"], json!([]));
    let kept = app.admin().get("/v1/organisations/QMF/successions?withdrawn=true").await.expect(200);
    assert_eq!(kept["data"][0]["withdrawn"]["reason"], "They did not merge");
    app.admin().delete(&format!("{act}?reason=Again"), 2).await.problem(409, "immutable");
    merges(&app).await;
    assert_eq!(said(&app).await, during, "the right one can be recorded on the same day");
}

#[rstest]
#[actix_web::test]
async fn what_was_recorded_after_a_wrong_succession_stays(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    let act = merges(&app).await;
    let edges = app.admin().get("/v1/organisations/RJZ/edges?kind=geographic&activeOn=2024-04-01").await.expect(200);
    let edge = format!("/v1/organisations/RJZ/edges/{}", edges["data"][0]["id"].as_str().unwrap());
    app.admin().patch(&edge, 1, json!({ "to": "2025-04-01" })).await.expect(200);
    let moved = json!({ "parent": "QWO", "kind": "geographic", "from": "2025-04-01" });
    app.admin().post("/v1/organisations/RJZ/edges", moved).await.expect(201);
    app.admin().delete(&format!("{act}?reason=They+did+not+merge"), 1).await.expect(204);
    for (day, board) in [("2024-03-31", "QKK"), ("2025-03-31", "QKK"), ("2025-04-01", "QWO")] {
        let target = format!("/v1/organisations?place={board}&asOf={day}&type=nhs-trust");
        assert_eq!(column(&app.admin().get(&target).await.expect(200), "code"), ["RJZ"], "on {day}");
    }
}

#[rstest]
#[actix_web::test]
async fn of_two_mergers_on_one_day_the_other_gives_its_heir_all_of_its_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    app.trust("RBD", "QWO").await;
    adopted(&app, "tool", "QWO", json!({ "stage": "adopted", "since": "2022-06-01", "covers": ["RBD"] })).await;
    let act = merges(&app).await;
    becomes_the_second(&app, "QWO").await;
    assert_eq!(of_heir(&app).await, [json!("adopted"), json!("2024-04-01"), json!(["RBD", "RF4", "RJZ"])]);
    app.admin().delete(&format!("{act}?reason=They+did+not+merge"), 1).await.expect(204);
    assert_eq!(of_heir(&app).await, [json!("adopted"), json!("2024-04-01"), json!(["RBD", "RF4"])]);
}

#[rstest]
#[actix_web::test]
async fn what_both_predecessors_covered_the_heir_has_from_the_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    app.trust("RBD", "QWO").await;
    let edges = "/v1/organisations/RJZ/edges";
    let edge = app.admin().get(edges).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    app.admin().patch(&format!("{edges}/{edge}"), 1, json!({ "to": "2024-01-01" })).await.expect(200);
    let there = json!({ "parent": "QWO", "kind": "geographic", "from": "2024-01-01" });
    app.admin().post(edges, there).await.expect(201);
    let covering = json!({ "stage": "adopted", "since": "2022-06-01", "covers": ["RBD", "RJZ"] });
    adopted(&app, "tool", "QWO", covering).await;
    let act = merges(&app).await;
    becomes_the_second(&app, "QWO").await;
    let before = of_heir(&app).await;
    assert_eq!(before[2], json!(["RBD", "RF4", "RJZ"]));
    app.admin().delete(&format!("{act}?reason=They+did+not+merge"), 1).await.expect(204);
    assert_eq!(of_heir(&app).await, before);
}

#[rstest]
#[actix_web::test]
async fn a_succession_that_an_heir_went_on_from_is_not_taken_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    let act = merges(&app).await;
    let of_heir =
        app.admin().get("/v1/adoptions?organisation=QMF&innovation=tool").await.expect(200)["data"][0].clone();
    let target = format!("/v1/adoptions/{}", of_heir["id"].as_str().unwrap());
    let gone = json!({ "to": "decommissioned", "effectiveOn": "2025-01-01", "reason": "Replaced." });
    app.admin().transition(&target, of_heir["version"].as_i64().unwrap(), gone).await.expect(200);
    let before = said(&app).await;
    app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.problem(409, "illegal-transition");
    assert_eq!(said(&app).await, before, "nothing is half taken back");
    app.sql("UPDATE organisation_successions SET effects_kept = FALSE");
    let old = app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.problem(409, "immutable");
    assert!(old["detail"].as_str().unwrap().contains("by hand"), "{old}");
}
