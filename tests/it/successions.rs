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

/// Boards of London, without anything below them.
async fn adoption_of(app: &TestApp, code: &str, innovation: &str) -> (String, i64) {
    let query = format!("/v1/adoptions?organisation={code}&innovation={innovation}");
    let found = app.admin().get(&query).await.expect(200)["data"][0].clone();
    (format!("/v1/adoptions/{}", found["id"].as_str().unwrap()), found["version"].as_i64().unwrap())
}

#[rstest]
#[actix_web::test]
async fn what_is_learnt_late_of_a_predecessor_reaches_its_heir(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    app.innovation("late").await;
    merges(&app).await;
    let admin = app.admin();
    let heir = async || {
        let found = admin.get("/v1/adoptions?organisation=QMF&innovation=late").await.expect(200);
        ["stage", "stageOn"].map(|name| found["data"][0][name].clone())
    };
    adopted(&app, "late", "QKK", json!({ "stage": "piloting", "since": "2023-01-01" })).await;
    assert_eq!(heir().await, [json!("piloting"), json!("2024-04-01")]);
    let (target, version) = adoption_of(&app, "QKK", "late").await;
    let step = json!({ "to": "adopted", "effectiveOn": "2023-06-01" });
    admin.transition(&target, version, step).await.expect(200);
    assert_eq!(heir().await, [json!("adopted"), json!("2024-04-01")]);
    let pause = json!({ "to": "paused", "effectiveOn": "2023-09-01", "reason": "Winter" });
    admin.transition(&target, version + 1, pause).await.expect(200);
    assert_eq!(heir().await, [Value::Null, Value::Null], "nothing was used any more on the eve");
    let resumed = json!({ "to": "adopted", "effectiveOn": "2024-03-31" });
    admin.transition(&target, version + 2, resumed).await.expect(200);
    assert_eq!(heir().await, [json!("adopted"), json!("2024-04-01")]);
    admin.delete(&format!("{target}?reason=Another+board"), version + 3).await.expect(204);
    assert_eq!(heir().await, [Value::Null, Value::Null]);
}

#[rstest]
#[actix_web::test]
async fn who_may_mend_a_closed_board_alone_still_reaches_the_heir_by_what_is_mended(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = two_boards(engine).await;
    merges(&app).await;
    let (target, version) = adoption_of(&app, "QKK", "other").await;
    let (of_heir, before) = adoption_of(&app, "QMF", "other").await;
    let ended = json!({ "to": "decommissioned", "effectiveOn": "2023-12-01", "reason": "The trial failed." });
    app.submitter("QKK").transition(&target, version, ended).await.expect(200);
    app.admin().get(&of_heir).await.problem(404, "not-found");
    let gone = app.admin().get("/v1/adoptions?organisation=QMF&innovation=other").await.expect(200);
    assert_eq!((before, gone["data"].as_array().map(Vec::len)), (1, Some(0)));
}

#[rstest]
#[actix_web::test]
async fn what_an_heir_went_on_from_stays_its_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    merges(&app).await;
    let (heir, version) = adoption_of(&app, "QMF", "other").await;
    let on = json!({ "to": "sustained", "effectiveOn": "2025-01-01" });
    app.admin().transition(&heir, version, on).await.expect(200);
    let (target, version) = adoption_of(&app, "QKK", "other").await;
    app.admin().delete(&format!("{target}?reason=Another+board"), version).await.expect(204);
    let present = app.admin().get(&heir).await.expect(200);
    assert_eq!((&present["stage"], &present["usingFrom"]), (&json!("sustained"), &json!("2024-04-01")));
}

#[rstest]
#[actix_web::test]
async fn what_an_heir_corrected_itself_stays_as_it_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    merges(&app).await;
    let (heir, version) = adoption_of(&app, "QMF", "other").await;
    let moves = app.admin().get(&format!("{heir}/transitions")).await.expect(200);
    let first = format!("{heir}/transitions/{}", moves["data"][0]["id"].as_str().unwrap());
    let right = json!({ "to": "piloting", "reason": "It began anew." });
    app.admin().patch(&first, version, right).await.expect(200);
    let (target, version) = adoption_of(&app, "QKK", "other").await;
    let late = json!({ "to": "piloting", "effectiveOn": "2021-01-01" });
    app.admin().transition(&target, version, late).await.expect(200);
    let on = json!({ "to": "sustained", "effectiveOn": "2023-01-01" });
    app.admin().transition(&target, version + 1, on).await.expect(200);
    assert_eq!(app.admin().get(&heir).await.expect(200)["stage"], "piloting");
}

#[rstest]
#[actix_web::test]
async fn whom_an_innovation_was_meant_for_is_learnt_late_by_the_heir_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = two_boards(engine).await;
    app.innovation("late").await;
    merges(&app).await;
    let (admin, list) = (app.admin(), "/v1/innovations/late/eligibility");
    let heir = async || {
        let rows = admin.get(&format!("{list}?organisation=QMF")).await.expect(200);
        (column(&rows, "from"), column(&rows, "to"))
    };
    let row = json!({ "organisation": "QKK", "from": "2020-01-01", "to": "2025-01-01" });
    let made = admin.post(list, row).await;
    made.expect(201);
    assert_eq!(heir().await, (vec!["2024-04-01".to_owned()], vec!["2025-01-01".to_owned()]));
    let target = made.header("location");
    admin.patch(target, 1, json!({ "to": "2025-06-01" })).await.expect(200);
    assert_eq!(heir().await.1, ["2025-06-01"]);
    admin.patch(target, 2, json!({ "to": "2024-01-01" })).await.expect(200);
    assert_eq!(heir().await.1, Vec::<String>::new());
    admin.patch(target, 3, json!({ "to": "2025-06-01" })).await.expect(200);
    assert_eq!(heir().await.1, ["2025-06-01"]);
    admin.delete(&format!("{target}?reason=Another+board"), 4).await.expect(204);
    assert_eq!(heir().await.1, Vec::<String>::new());
}

async fn boards(app: &TestApp, codes: &[&str]) {
    for code in codes {
        let board = json!({ "code": code, "name": code, "type": "icb", "parent": "Y56" });
        app.admin().post("/v1/organisations", board).await.expect(201);
    }
}

fn merge(to: &str, on: &str) -> Value {
    json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": to }] })
}

/// Records a succession of an organisation; where it is found.
async fn succeeds(app: &TestApp, from: &str, act: Value) -> String {
    let made = app.admin().post(&format!("/v1/organisations/{from}/successions"), act).await;
    made.expect(201);
    made.header("location").to_owned()
}

/// Below which organisations one lies by edges of a kind, with their days.
async fn lies(app: &TestApp, child: &str, kind: &str) -> Vec<String> {
    let edges = app.admin().get(&format!("/v1/organisations/{child}/edges?kind={kind}&sort=from")).await.expect(200);
    let day = |day: &Value| day.as_str().unwrap_or_default().to_owned();
    let above = rows(&edges).iter().filter(|edge| edge["child"] == child);
    above.map(|edge| format!("{} {}..{}", day(&edge["parent"]), day(&edge["from"]), day(&edge["to"]))).collect()
}

#[rstest]
#[case::a_merger(json!([]))]
#[case::a_division(json!([{ "code": "U", "parent": "Z2" }]))]
#[actix_web::test]
async fn of_a_chain_of_successions_the_later_one_is_taken_back_first(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] children: Value,
) {
    let app = TestApp::start(engine).await;
    boards(&app, &["Z1", "Z2", "Z3", "Z4"]).await;
    app.trust("U", "Z1").await;
    let first = if children == json!([]) {
        merge("Z2", "2025-04-01")
    } else {
        let to = json!([{ "code": "Z2" }, { "code": "Z4" }]);
        json!({ "kind": "split", "effectiveOn": "2025-04-01", "to": to, "children": children })
    };
    let before = lies(&app, "U", "geographic").await;
    let first = succeeds(&app, "Z1", first).await;
    let between = lies(&app, "U", "geographic").await;
    let second = succeeds(&app, "Z2", merge("Z3", "2026-04-01")).await;
    let refused = app.admin().delete(&format!("{first}?reason=Mistake"), 1).await.problem(409, "immutable");
    assert!(refused["detail"].as_str().unwrap().contains("The succession of Z2 on 2026-04-01"), "{refused}");
    app.admin().delete(&format!("{second}?reason=Mistake"), 1).await.expect(204);
    assert_eq!(lies(&app, "U", "geographic").await, between);
    app.admin().delete(&format!("{first}?reason=Mistake"), 1).await.expect(204);
    assert_eq!(lies(&app, "U", "geographic").await, before);
}

#[rstest]
#[actix_web::test]
async fn an_adoption_that_went_on_from_what_it_was_given_first_is_not_left_without_a_beginning(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.innovation("tool").await;
    adopted(&app, "tool", "QKK", json!({ "stage": "adopted", "since": "2020-01-01" })).await;
    let act = succeeds(&app, "QKK", merge("QMF", "2025-04-01")).await;
    let heir = app.admin().get("/v1/adoptions?organisation=QMF").await.expect(200)["data"][0].clone();
    let target = format!("/v1/adoptions/{}", heir["id"].as_str().unwrap());
    let gone = json!({ "to": "decommissioned", "effectiveOn": "2026-01-01", "reason": "Replaced." });
    app.admin().transition(&target, heir["version"].as_i64().unwrap(), gone).await.expect(200);
    let moves = async || app.admin().get(&format!("{target}/transitions")).await.expect(200)["data"].clone();
    let before = moves().await;
    app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.problem(409, "illegal-transition");
    assert_eq!(moves().await, before);
    let last = before[1]["id"].as_str().unwrap();
    let version = heir["version"].as_i64().unwrap() + 1;
    app.admin().delete(&format!("{target}/transitions/{last}?reason=Mistake"), version).await.expect(204);
    app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.expect(204);
}

#[rstest]
#[actix_web::test]
async fn what_lies_elsewhere_later_is_below_the_successor_until_then(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB", "ZC", "ZD"]).await;
    for trust in ["T1", "T2"] {
        let body = json!({ "code": trust, "name": trust, "type": "nhs-trust" });
        app.admin().post("/v1/organisations", body).await.expect(201);
    }
    let below = async |child: &str, parent: &str, from: &str, to: Option<&str>| {
        let mut edge = json!({ "parent": parent, "kind": "geographic", "from": from });
        if let Some(to) = to {
            edge["to"] = json!(to);
        }
        app.admin().post(&format!("/v1/organisations/{child}/edges"), edge).await.expect(201);
    };
    below("T1", "ZA", "2020-04-01", Some("2026-06-01")).await;
    below("T1", "ZC", "2026-06-01", None).await;
    below("T2", "ZA", "2020-04-01", Some("2027-01-01")).await;
    let before = [lies(&app, "T1", "geographic").await, lies(&app, "T2", "geographic").await];
    let named = json!([{ "code": "T1", "parent": "ZB" }, { "code": "T2", "parent": "ZB" }]);
    let mut split = json!({ "kind": "split", "effectiveOn": "2026-04-01", "to": [{ "code": "ZB" }, { "code": "ZD" }] });
    split["children"] = named.clone();
    let mut transfer = json!({ "kind": "transfer", "effectiveOn": "2026-04-01", "to": [{ "code": "ZB" }] });
    transfer["children"] = named;
    for act in [merge("ZB", "2026-04-01"), split, transfer] {
        let act = succeeds(&app, "ZA", act).await;
        assert_eq!(
            lies(&app, "T1", "geographic").await,
            ["ZA 2020-04-01..2026-04-01", "ZB 2026-04-01..2026-06-01", "ZC 2026-06-01.."]
        );
        assert_eq!(lies(&app, "T2", "geographic").await, ["ZA 2020-04-01..2026-04-01", "ZB 2026-04-01..2027-01-01"]);
        app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.expect(204);
        assert_eq!([lies(&app, "T1", "geographic").await, lies(&app, "T2", "geographic").await], before);
    }
}

#[rstest]
#[actix_web::test]
async fn the_days_on_which_a_succession_rests_stay_until_it_is_taken_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB"]).await;
    let act = succeeds(&app, "ZA", merge("ZB", "2027-04-01")).await;
    for (code, version, days) in [
        ("ZA", 2, json!({ "validTo": null })),
        ("ZA", 2, json!({ "validTo": "2028-04-01" })),
        ("ZB", 1, json!({ "validTo": "2026-04-01" })),
        ("ZB", 1, json!({ "validFrom": "2027-04-02" })),
    ] {
        let refused = app.admin().patch(&format!("/v1/organisations/{code}"), version, days.clone()).await;
        let refused = refused.problem(422, "validation-failed");
        assert!(refused["detail"].as_str().unwrap().contains("Take that succession back"), "{code} {days}: {refused}");
    }
    app.admin().patch("/v1/organisations/ZB", 1, json!({ "validFrom": "2027-04-01" })).await.expect(200);
    app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.expect(204);
    app.admin().patch("/v1/organisations/ZA", 3, json!({ "validTo": "2028-04-01" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_merger_gives_a_network_nothing_that_it_did_not_cover(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB", "ZNEW"]).await;
    app.trust("TA", "ZA").await;
    app.trust("TB", "ZB").await;
    let network = json!({ "parent": "HIN-SL", "kind": "network", "to": "2027-04-01" });
    app.admin().post("/v1/organisations/ZA/edges", network).await.expect(201);
    succeeds(&app, "ZA", merge("ZB", "2026-04-01")).await;
    assert_eq!(lies(&app, "ZB", "network").await, Vec::<String>::new());
    assert_eq!(lies(&app, "TA", "network").await, ["HIN-SL 2026-04-01..2027-04-01"]);
    let covered = app.admin().get("/v1/organisations?place=HIN-SL&asOf=2026-05-01&type=nhs-trust").await.expect(200);
    assert_eq!(column(&covered, "code"), ["TA"]);
    let renamed = json!({ "kind": "rename", "effectiveOn": "2026-04-01", "to": [{ "code": "ZNEW" }] });
    succeeds(&app, "QKK", renamed).await;
    assert_eq!(lies(&app, "ZNEW", "network").await, ["HIN-SL 2026-04-01.."], "it is the same under another code");
}

#[rstest]
#[actix_web::test]
async fn successions_of_one_day_say_the_same_in_any_order(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(false, true)] turned: bool,
) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB", "ZC"]).await;
    app.trust("TA", "ZA").await;
    app.trust("TB", "ZB").await;
    app.innovation("tool").await;
    adopted(&app, "tool", "ZA", json!({ "stage": "adopted", "since": "2022-01-01" })).await;
    let mut acts = [("ZA", "ZB"), ("ZB", "ZC")];
    if turned {
        acts.reverse();
    }
    let mut made = Vec::new();
    for (from, to) in acts {
        made.push(succeeds(&app, from, merge(to, "2026-04-01")).await);
    }
    assert_eq!(lies(&app, "TA", "geographic").await, ["ZA ..2026-04-01", "ZC 2026-04-01.."]);
    assert_eq!(lies(&app, "TB", "geographic").await, ["ZB ..2026-04-01", "ZC 2026-04-01.."]);
    let of_heir = app.admin().get("/v1/adoptions?organisation=ZC").await.expect(200);
    assert_eq!(column(&of_heir, "stage"), ["adopted"]);
    let round = app.admin().post("/v1/organisations/ZC/successions", merge("ZA", "2026-04-01")).await;
    assert_eq!(round.problem(422, "validation-failed")["errors"][0]["code"], "circular");
    app.admin().delete(&format!("{}?reason=Mistake", made[0]), 1).await.problem(409, "immutable");
    for act in made.iter().rev() {
        app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.expect(204);
    }
    assert_eq!(lies(&app, "TA", "geographic").await, ["ZA .."]);
    assert_eq!(lies(&app, "TB", "geographic").await, ["ZB .."]);
}

#[rstest]
#[actix_web::test]
async fn a_late_succession_passes_on_what_was_succeeded_since(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB", "ZC", "ZD", "ZE"]).await;
    app.trust("TA", "ZA").await;
    succeeds(&app, "ZB", merge("ZC", "2025-04-01")).await;
    succeeds(&app, "ZA", merge("ZB", "2024-04-01")).await;
    let places = ["ZA ..2024-04-01", "ZB 2024-04-01..2025-04-01", "ZC 2025-04-01.."];
    assert_eq!(lies(&app, "TA", "geographic").await, places);
    let split = json!({ "kind": "split", "effectiveOn": "2025-04-01", "to": [{ "code": "ZC" }, { "code": "ZE" }] });
    succeeds(&app, "ZD", split).await;
    app.trust("TQ", "QKK").await;
    let late = app.admin().post("/v1/organisations/QKK/successions", merge("ZD", "2024-04-01")).await;
    assert_eq!(late.problem(422, "validation-failed")["errors"][0]["code"], "divided");
}

#[rstest]
#[actix_web::test]
async fn what_ended_with_a_board_that_was_closed_by_hand_goes_to_its_successor(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    boards(&app, &["ZA", "ZB"]).await;
    app.trust("TA", "ZA").await;
    app.admin().patch("/v1/organisations/ZA", 1, json!({ "validTo": "2026-04-01" })).await.expect(200);
    assert_eq!(lies(&app, "TA", "geographic").await, ["ZA ..2026-04-01"]);
    let act = succeeds(&app, "ZA", merge("ZB", "2026-04-01")).await;
    assert_eq!(lies(&app, "TA", "geographic").await, ["ZA ..2026-04-01", "ZB 2026-04-01.."]);
    app.admin().delete(&format!("{act}?reason=Mistake"), 1).await.expect(204);
    assert_eq!(lies(&app, "TA", "geographic").await, ["ZA ..2026-04-01"]);
}
