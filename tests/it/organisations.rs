use crate::support::*;

#[rstest]
#[actix_web::test]
async fn a_new_trust_is_found_by_its_code_in_any_case(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "code": "rf4", "name": "Barking", "type": "nhs-trust", "parent": "QMF", "postcode": "RM7 0AG" });
    let created = app.admin().post("/v1/organisations", body.clone()).await;
    assert_eq!((created.header("location"), created.header("etag")), ("/v1/organisations/RF4", "W/\"1\""));
    assert_eq!(created.expect(201)["odsCode"], "RF4");
    assert_eq!(app.anonymous().get("/v1/organisations/rF4").await.expect(200)["name"], "Barking");
    app.admin().post("/v1/organisations", body).await.problem(409, "already-exists");
}

#[rstest]
#[actix_web::test]
async fn an_unusual_ods_code_is_a_warning_and_a_blank_name_a_fault(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let organisation = |name: &str| json!({ "code": "A-LONG-CODE-1", "name": name, "type": "nhs-trust" });
    let problem = app.admin().post("/v1/organisations", organisation("  ")).await.problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/name");
    let created = app.admin().post("/v1/organisations", organisation("A trust")).await.expect(201);
    assert_eq!(created["warnings"][0]["code"], "unusual-code");
}

#[rstest]
#[actix_web::test]
async fn all_broken_rules_are_told_at_once_and_the_first_broken_shape(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "code": "no spaces", "name": "", "type": "hospital", "validFrom": "yesterday" });
    let problem = app.admin().post("/v1/organisations", body).await.problem(422, "validation-failed");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/code", "/name", "/type", "/validFrom"]);
    for (body, pointer) in [
        (json!({ "code": "A", "name": "A" }), "/type"),
        (json!({ "code": "A", "name": 1, "type": "other" }), "/name"),
        (json!({ "code": "A", "name": "A", "type": "other", "colour": "blue" }), "/colour"),
        (json!({ "code": "A", "name": "A", "type": "other", "parent": null }), "/parent"),
    ] {
        let problem = app.admin().post("/v1/organisations", body).await.problem(400, "malformed-body");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}

#[rstest]
#[actix_web::test]
async fn a_place_is_an_organisation_and_all_below_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (code, board) in [("RJZ", "QKK"), ("RJ1", "QKK"), ("RF4", "QMF"), ("RBD", "QVV")] {
        app.trust(code, board).await;
    }
    let trusts = async |place: &str| {
        let found = app.anonymous().get(&format!("/v1/organisations?type=nhs-trust&place={place}")).await.expect(200);
        column(&found, "code")
    };
    assert_eq!(trusts("QKK").await, ["RJ1", "RJZ"]);
    assert_eq!(trusts("y56").await, ["RF4", "RJ1", "RJZ"], "London holds three");
    assert_eq!(trusts("E92000001").await, ["RBD", "RF4", "RJ1", "RJZ"]);
    assert_eq!(trusts("RF4").await, ["RF4"]);
    app.anonymous().get("/v1/organisations?place=NOWHERE").await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn an_edge_holds_from_its_first_day_until_the_day_it_ends(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let practice = json!({ "code": "H85001", "name": "A practice", "type": "gp-practice" });
    app.admin().post("/v1/organisations", practice).await.expect(201);
    for (parent, from, to) in [("QMF", "2020-04-01", "2024-04-01"), ("QKK", "2024-04-01", "2030-01-01")] {
        let edge = json!({ "parent": parent, "kind": "geographic", "from": from, "to": to });
        app.admin().post("/v1/organisations/H85001/edges", edge).await.expect(201);
    }
    let below = async |place: &str, day: &str| {
        let target = format!("/v1/organisations?type=gp-practice&place={place}&asOf={day}");
        rows(&app.anonymous().get(&target).await.expect(200)).len()
    };
    assert_eq!([below("QMF", "2024-03-31").await, below("QKK", "2024-03-31").await], [1, 0]);
    assert_eq!([below("QMF", "2024-04-01").await, below("QKK", "2024-04-01").await], [0, 1]);
    assert_eq!([below("Y56", "2024-04-01").await, below("Y56", "2019-01-01").await], [1, 0]);
    let edges = app.anonymous().get("/v1/organisations/H85001/edges").await.expect(200);
    assert_eq!(column(&edges, "parent").len(), 2);
}

#[rstest]
#[actix_web::test]
async fn an_organisation_never_stands_above_itself(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    for code in ["PLACE-1", "PLACE-2"] {
        let place = json!({ "code": code, "name": code, "type": "locality" });
        app.admin().post("/v1/organisations", place).await.expect(201);
    }
    let of = |kind: &str, parent: &str| json!({ "parent": parent, "kind": kind });
    app.admin().post("/v1/organisations/PLACE-1/edges", of("geographic", "PLACE-2")).await.expect(201);
    app.admin().post("/v1/organisations/QKK/edges", of("legal", "RJZ")).await.expect(201);
    for (kind, child, parent) in [
        ("geographic", "PLACE-2", "PLACE-1"),
        ("geographic", "RJZ", "RJZ"),
        ("network", "HIN-SL", "HIN-SL"),
        ("legal", "RJZ", "RJZ"),
        ("legal", "RJZ", "QKK"),
    ] {
        let answer = app.admin().post(&format!("/v1/organisations/{child}/edges"), of(kind, parent)).await;
        assert_eq!(
            answer.problem(422, "validation-failed")["errors"][0]["code"],
            "circular",
            "{kind} {child} {parent}"
        );
    }
    let edge = |parent: &str| of("legal", parent);
    app.admin().post("/v1/organisations/RJZ/edges", edge("QMF")).await.expect(201);
    app.admin().post("/v1/organisations/RJZ/edges", edge("QMF")).await.problem(409, "already-exists");
    app.admin().post("/v1/organisations/RJZ/edges", edge("NOWHERE")).await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn an_import_counts_what_became_of_each_row_and_is_repeatable(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let csv = "code,name,type,parent\nRJZ,King's College Hospital,nhs-trust,QKK\nRJ1,\"Guy's and St Thomas'\",nhs-trust,QKK\n";
    let import = async |csv: &str| app.admin().post_csv("/v1/organisations", csv).await.expect(200)["counts"].clone();
    assert_eq!(import(csv).await, json!({ "received": 2, "created": 2, "updated": 0, "unchanged": 0 }));
    assert_eq!(import(csv).await, json!({ "received": 2, "created": 0, "updated": 0, "unchanged": 2 }));
    let renamed = csv.replace("King's", "Kings");
    assert_eq!(import(&renamed).await, json!({ "received": 2, "created": 0, "updated": 1, "unchanged": 1 }));
    assert_eq!(
        column(&app.anonymous().get("/v1/organisations?place=QKK&type=nhs-trust").await.expect(200), "code").len(),
        2
    );
}

#[rstest]
#[actix_web::test]
async fn an_import_with_one_wrong_row_writes_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let csv =
        "code,name,type,parent\nRJZ,King's,nhs-trust,QKK\nRJ1,Guy's,hospital,QKK\nRJ2,Lewisham,nhs-trust,NOWHERE\n";
    let problem = app.admin().post_csv("/v1/organisations", csv).await.problem(422, "validation-failed");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/line/3/type", "/line/4/parent"]);
    app.anonymous().get("/v1/organisations/RJZ").await.problem(404, "not-found");
    app.admin().post_csv("/v1/organisations", "code,name,type,colour\n").await.problem(400, "unknown-column");
    app.admin().post_csv("/v1/organisations", "code,name,type\nRJZ,King's\n").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn a_patch_changes_what_it_names_and_takes_away_what_is_null(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust", "postcode": "SE5 9RS", "validFrom": "2006-12-01" });
    app.admin().post("/v1/organisations", body).await.expect(201);
    let target = "/v1/organisations/RJZ";
    let patched = app.admin().patch(target, 1, json!({ "name": "King's College", "postcode": null })).await;
    assert_eq!(patched.header("etag"), "W/\"2\"");
    let patched = patched.expect(200);
    assert_eq!(
        (&patched["name"], &patched["postcode"], &patched["validFrom"]),
        (&json!("King's College"), &json!(null), &json!("2006-12-01"))
    );
    app.admin().patch(target, 1, json!({ "name": "Late" })).await.problem(412, "version-mismatch");
    app.admin().patch(target, 2, json!({ "code": "RJY" })).await.problem(409, "immutable");
    app.admin().patch(target, 2, json!({ "name": null })).await.problem(400, "malformed-body");
    app.admin().patch(target, 2, json!({ "validTo": "2000-01-01" })).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn a_patch_that_changes_nothing_leaves_the_version(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    for patch in [json!({}), json!({ "code": "rjz", "type": "nhs-trust" }), json!({ "odsCode": null })] {
        let same = app.admin().patch("/v1/organisations/RJZ", 1, patch.clone()).await;
        assert_eq!((same.status, same.header("etag")), (200, "W/\"1\""), "{patch}: {}", same.text());
    }
    app.admin().patch("/v1/organisations/RJZ", 1, json!({ "parent": "QMF" })).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn the_edges_of_an_organisation_are_a_list_like_every_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let legal = json!({ "parent": "QMF", "kind": "legal", "from": "2019-04-01", "to": "2020-04-01" });
    let created = app.admin().post("/v1/organisations/RJZ/edges", legal).await;
    assert!(created.header("location").starts_with("/v1/organisations/RJZ/edges/"));
    assert_eq!(created.expect(201)["childName"], "Trust RJZ");
    let edges = async |query: &str| {
        let found = app.anonymous().get(&format!("/v1/organisations/RJZ/edges?{query}")).await.expect(200);
        column(&found, "parent")
    };
    assert_eq!(edges("sort=from").await, ["QKK", "QMF"]);
    assert_eq!(edges("kind=legal").await, ["QMF"]);
    assert_eq!([edges("activeOn=2019-04-01").await.len(), edges("activeOn=2020-04-01").await.len()], [2, 1]);
    let csv = app.anonymous().get("/v1/organisations/RJZ/edges").accept("text/csv").await;
    assert_eq!(csv.text().lines().count(), 3);
}

#[rstest]
#[actix_web::test]
async fn a_code_that_is_taken_is_named(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    for (new, words) in [
        (json!({ "code": "RJZ", "name": "New", "type": "other" }), "an organisation with the code RJZ"),
        (json!({ "code": "NEW", "name": "New", "type": "other", "odsCode": "rjz" }), "RJZ has the ODS code RJZ"),
    ] {
        let refused = app.admin().post("/v1/organisations", new).await.problem(409, "already-exists");
        assert!(refused["detail"].as_str().unwrap().contains(words), "{refused}");
    }
}

#[rstest]
#[actix_web::test]
async fn an_edge_is_corrected_in_any_case_and_with_a_reason_that_names_no_patient(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let edges = "/v1/organisations/RJZ/edges";
    let edge = app.admin().get(edges).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let edge = format!("{edges}/{edge}");
    let ended = app.admin().patch(&edge, 1, json!({ "parent": "qkk", "to": "2030-01-01" })).await.expect(200);
    assert_eq!((&ended["parent"], &ended["to"]), (&json!("QKK"), &json!("2030-01-01")));
    let refused = app.admin().delete(&format!("{edge}?reason=Patient+943+476+5919"), 2).await;
    let refused = refused.problem(422, "validation-failed");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("?reason"), &json!("nhs-number"))
    );
    let never = json!({ "parent": "QMF", "kind": "legal", "from": "9999-12-31" });
    let refused = app.admin().post(edges, never).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/from");
}

#[rstest]
#[actix_web::test]
async fn another_type_is_held_against_the_edges_and_moves_the_footprint(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let made = async |target: &str, body: Value| drop(app.admin().post(target, body).await.expect(201));
    made("/v1/organisations", json!({ "code": "SPREAD", "name": "Spread", "type": "other" })).await;
    made("/v1/organisations", json!({ "code": "BOARD", "name": "Board", "type": "icb" })).await;
    made("/v1/organisations/RJZ/edges", json!({ "parent": "SPREAD", "kind": "network" })).await;
    for hin in ["HIN-SL", "UCLP"] {
        made("/v1/organisations/BOARD/edges", json!({ "parent": hin, "kind": "network" })).await;
    }
    let covered = async || {
        let found = app.anonymous().get("/v1/organisations?place=SPREAD&type=nhs-trust").await.expect(200);
        column(&found, "code")
    };
    assert_eq!(covered().await, Vec::<String>::new());
    app.admin().patch("/v1/organisations/SPREAD", 1, json!({ "type": "hin" })).await.expect(200);
    assert_eq!(covered().await, ["RJZ"]);
    for (code, kind, fault) in [("BOARD", "nhs-trust", "overlap"), ("HIN-SL", "pcn", "type"), ("QKK", "region", "type")]
    {
        let refused = app.admin().patch(&format!("/v1/organisations/{code}"), 1, json!({ "type": kind })).await;
        let refused = refused.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/type");
        assert_eq!(refused["errors"][0]["code"], fault, "{refused}");
    }
}
