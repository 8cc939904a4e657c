use crate::support::*;

/// Where the faults of a problem are.
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect()
}

#[rstest]
#[actix_web::test]
async fn a_kpi_is_found_by_its_code_in_any_case(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let kpi = app.kpi("AE-Attendances", json!({ "min": 0, "max": 1e6, "dueDays": 20 })).await;
    assert_eq!(
        (&kpi["code"], &kpi["status"], &kpi["definitionVersion"]),
        (&json!("ae-attendances"), &json!("live"), &json!(1))
    );
    assert_eq!(app.anonymous().get("/v1/kpis/ae-ATTENDANCES").await.expect(200)["max"], 1_000_000);
    let found = app.anonymous().get("/v1/kpis?q=attend&status=live&periodType=month,quarter").await.expect(200);
    assert_eq!(column(&found, "code"), ["ae-attendances"]);
}

#[rstest]
#[actix_web::test]
async fn a_definition_that_contradicts_itself_is_refused_with_every_fault(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let members = json!([{ "dimension": "type", "members": ["1", "1"] }]);
    let body = json!({
        "code": "odd", "name": "Odd", "definition": "Odd.", "level": "process", "unit": "things", "periodType": "month",
        "valueType": "count", "improvementDirection": "neutral", "aggregation": "ratio-of-sums", "multiplier": 10, "min": 5,
        "max": 1, "breakdowns": members
    });
    let problem = app.admin().post("/v1/kpis", body).await.problem(422, "validation-failed");
    assert_eq!(pointers(&problem), ["/multiplier", "/aggregation", "/max", "/breakdowns/0/members/1"]);
}

#[rstest]
#[actix_web::test]
async fn shares_and_rates_cannot_be_added_up_as_they_are(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = async |value_type: &str, aggregation: &str| {
        let body = json!({
            "code": format!("{value_type}-{aggregation}"), "name": "A share", "definition": "A share.", "level": "process",
            "unit": "share", "periodType": "month", "valueType": value_type, "improvementDirection": "neutral",
            "aggregation": aggregation
        });
        app.admin().post("/v1/kpis", body).await
    };
    for value_type in ["ratio", "percentage", "rate"] {
        let problem = made(value_type, "sum").await.problem(422, "validation-failed");
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/aggregation"), &json!("not-applicable")));
        assert!(error["detail"].as_str().unwrap().contains("Expected the aggregation ratio-of-sums, mean or none."));
        made(value_type, "ratio-of-sums").await.expect(201);
    }
    made("money", "sum").await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_programme_manager_proposes_and_the_national_admin_decides(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let definition = |status: &str, programme: &str| {
        json!({
            "code": "fellows", "name": "Fellows", "definition": "Fellows at work.", "level": "implementation", "unit": "fellows",
            "periodType": "quarter", "valueType": "count", "improvementDirection": "increase", "aggregation": "sum",
            "programme": programme, "status": status
        })
    };
    let manager = app.manager("nia");
    manager.post("/v1/kpis", definition("live", "nia")).await.problem(403, "forbidden");
    manager.post("/v1/kpis", definition("proposed", "itp")).await.problem(403, "forbidden");
    assert_eq!(manager.post("/v1/kpis", definition("proposed", "nia")).await.expect(201)["status"], "proposed");
    manager.patch("/v1/kpis/fellows", 1, json!({ "unit": "people" })).await.expect(200);
    manager.transition("/v1/kpis/fellows", 2, json!({ "to": "live" })).await.problem(403, "forbidden");
    let problem = app.admin().transition("/v1/kpis/fellows", 2, json!({ "to": "superseded" })).await;
    assert_eq!(problem.problem(409, "illegal-transition")["allowed"], json!(["agreed", "retired"]));
    let unsaid = app.admin().transition("/v1/kpis/fellows", 2, json!({ "to": "agreed" })).await;
    assert_eq!(unsaid.problem(422, "validation-failed")["errors"][0]["pointer"], "/agreedBy");
    let told = json!({ "to": "agreed", "agreedBy": "Fellowship board", "effectiveOn": "2024-03-12" });
    let agreed = app.admin().transition("/v1/kpis/fellows", 2, told).await.expect(200);
    assert_eq!((&agreed["agreedBy"], &agreed["agreedOn"]), (&json!("Fellowship board"), &json!("2024-03-12")));
    manager.patch("/v1/kpis/fellows", 3, json!({ "unit": "heads" })).await.problem(403, "forbidden");
    app.admin().transition("/v1/kpis/fellows", 3, json!({ "to": "live" })).await.expect(200);
    manager.patch("/v1/kpis/fellows", 4, json!({ "name": "Late" })).await.problem(403, "forbidden");
    let history = app.reader().get("/v1/kpis/fellows/transitions").await.expect(200);
    assert_eq!(column(&history, "to"), ["agreed", "live"]);
}

#[rstest]
#[actix_web::test]
async fn what_values_rely_on_stays_once_a_kpi_is_live(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    for change in [
        json!({ "unit": "visits" }),
        json!({ "valueType": "number" }),
        json!({ "periodType": "week" }),
        json!({ "decimals": 2 }),
        json!({ "code": "other" }),
    ] {
        app.admin().patch("/v1/kpis/ae", 1, change).await.problem(409, "immutable");
    }
    let silent = app.admin().patch("/v1/kpis/ae", 1, json!({ "definition": "Said better." })).await;
    assert_eq!(silent.problem(422, "validation-failed")["errors"][0]["pointer"], "/changeNote");
    let noted = json!({ "definition": "Said better.", "dueDays": 15, "changeNote": "Two trusts read it differently." });
    let patched = app.admin().patch("/v1/kpis/ae", 1, noted).await.expect(200);
    assert_eq!((&patched["definitionVersion"], &patched["version"]), (&json!(2), &json!(2)));
    let same = json!({ "dueDays": 15, "changeNote": "Nothing." });
    let same = app.admin().patch("/v1/kpis/ae", 2, same).await.expect(200);
    assert_eq!(same["version"], 2, "a change that changes nothing writes nothing");
    let versions = app.anonymous().get("/v1/kpis/ae/versions").await.expect(200);
    assert_eq!(column(&versions, "number"), ["1", "2"]);
    assert_eq!(versions["data"][0]["definition"]["definition"], "What is counted.");
    assert_eq!(column(&versions, "changeNote"), ["null", "Two trusts read it differently."]);
    assert_eq!(
        versions["data"][1]["from"],
        app.admin().get("/v1/kpis/ae").await.expect(200)["updatedAt"].as_str().unwrap()[..10]
    );
}

#[rstest]
#[actix_web::test]
async fn a_value_keeps_the_version_of_the_definition_it_was_reported_under(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("ae", json!({})).await;
    app.values("ae", json!([row("RF4", "2026-01", 1), row("RF4", "2026-02", 2)])).await;
    let noted = json!({ "definition": "Walk-in centres too.", "changeNote": "They opened." });
    app.admin().patch("/v1/kpis/ae", 1, noted).await.expect(200);
    app.values("ae", json!([row("RF4", "2026-02", 3)])).await;
    let values = app.admin().get("/v1/kpi-values?kpi=ae").await.expect(200);
    assert_eq!(column(&values, "kpiVersion"), ["1", "2"]);
}

#[rstest]
#[actix_web::test]
async fn a_superseded_kpi_names_what_took_its_place(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("old", json!({})).await;
    app.kpi("other", json!({})).await;
    app.kpi("new", json!({ "successorOf": "old" })).await;
    let moved = async |others: Value| {
        let mut to = json!({ "to": "superseded", "reason": "Counted anew." });
        to.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        app.admin().transition("/v1/kpis/old", 1, to).await
    };
    for wrong in [json!({}), json!({ "successor": "other" }), json!({ "successor": "new", "agreedBy": "Data group" })] {
        moved(wrong).await.problem(422, "validation-failed");
    }
    moved(json!({ "successor": "never" })).await.problem(422, "unknown-reference");
    let superseded = moved(json!({ "successor": "NEW" })).await.expect(200);
    assert_eq!((&superseded["status"], &superseded["supersededBy"]), (&json!("superseded"), &json!("new")));
}

#[rstest]
#[actix_web::test]
async fn a_kpi_begins_agreed_only_with_who_agreed_it_and_when(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    let mut body = app.anonymous().get("/v1/kpis/ae/versions").await.expect(200)["data"][0]["definition"].clone();
    assert_eq!(body["agreedBy"], json!(null), "who agreed it is no part of the definition");
    (body["code"], body["status"]) = (json!("other"), json!("live"));
    let problem = app.admin().post("/v1/kpis", body.clone()).await.problem(422, "validation-failed");
    assert_eq!(pointers(&problem), ["/agreedBy", "/agreedOn"]);
    (body["agreedBy"], body["agreedOn"]) = (json!("Data group"), json!("9999-01-01"));
    let problem = app.admin().post("/v1/kpis", body.clone()).await.problem(422, "validation-failed");
    assert_eq!(pointers(&problem), ["/agreedOn"]);
    body["agreedOn"] = json!("2024-03-12");
    assert_eq!(app.admin().post("/v1/kpis", body).await.expect(201)["agreedOn"], "2024-03-12");
    let taken = app.admin().patch("/v1/kpis/other", 1, json!({ "agreedBy": "Another" })).await;
    assert_eq!(pointers(&taken.problem(422, "validation-failed")), ["/agreedBy"]);
}

#[rstest]
#[actix_web::test]
async fn a_standard_dimension_has_the_members_of_its_list(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let quintiles = json!([{ "dimension": "imd-quintile", "edition": "imd-2019" }]);
    let kpi = app.kpi("reach", json!({ "breakdowns": quintiles })).await;
    let list = app.anonymous().get("/v1/code-lists/imd-quintile").await.expect(200);
    let members: Vec<&Value> = list["codes"].as_array().unwrap().iter().map(|code| &code["code"]).collect();
    assert_eq!(kpi["breakdowns"][0]["members"].as_array().unwrap().iter().collect::<Vec<_>>(), members);
    assert_eq!((&kpi["breakdowns"][0]["edition"], &list["editions"][1]), (&json!("imd-2019"), &json!("imd-2025")));
    app.kpi("draft", json!({ "status": "proposed" })).await;
    for (dimension, pointer) in [
        (json!({ "dimension": "imd-quintile" }), "/breakdowns/0/edition"),
        (json!({ "dimension": "age-band", "members": ["0-17", "young"] }), "/breakdowns/0/members/1"),
    ] {
        let patch = json!({ "breakdowns": [dimension] });
        let refused = app.admin().patch("/v1/kpis/draft", 1, patch).await.problem(422, "validation-failed");
        assert_eq!(pointers(&refused), [pointer]);
    }
}

#[rstest]
#[actix_web::test]
async fn every_definition_of_the_library_can_be_proposed_as_it_is(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let library = app.anonymous().get("/v1/kpi-definition-library").await.expect(200);
    for entry in rows(&library) {
        let made = app.admin().post("/v1/kpis", entry["definition"].clone()).await.expect(201);
        assert_eq!((&made["status"], &made["code"]), (&json!("proposed"), &entry["definition"]["code"]));
    }
    let adopted = app.anonymous().get("/v1/kpis?q=four&status=proposed").await.expect(200);
    assert_eq!(column(&adopted, "code"), ["ae-four-hours"]);
}

#[rstest]
#[actix_web::test]
async fn a_successor_names_a_kpi_that_is_there(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("old", json!({})).await;
    let new = app.kpi("new", json!({ "successorOf": "OLD" })).await;
    assert_eq!(new["successorOf"], "old");
    let mut orphan = app.anonymous().get("/v1/kpis/new/versions").await.expect(200)["data"][0]["definition"].clone();
    orphan["code"] = json!("orphan");
    orphan["successorOf"] = json!("never");
    app.admin().post("/v1/kpis", orphan).await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn a_template_sent_back_as_it_is_is_a_good_submission(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    let dimensions =
        json!([{ "dimension": "type", "members": ["1", "2", "other"] }, { "dimension": "sex", "members": ["f", "m"] }]);
    app.kpi("ae", json!({ "breakdowns": dimensions })).await;
    app.kpi("four-hours", json!({ "valueType": "percentage", "aggregation": "ratio-of-sums", "decimals": 1 })).await;
    for kpi in ["ae", "four-hours"] {
        let template = app.anonymous().get(&format!("/v1/kpis/{kpi}/template.csv")).await;
        assert_eq!(template.header("content-disposition"), format!("attachment; filename=\"{kpi}.csv\""));
        let sent =
            app.submitter("RF4").post_csv(&format!("/v1/kpi-submissions?kpi={kpi}"), template.text()).await.expect(201);
        assert_eq!(sent["counts"]["received"], sent["counts"]["created"]);
    }
}

#[rstest]
#[actix_web::test]
async fn an_organisations_own_target_stands_beside_everyones(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("wait", json!({ "valueType": "ratio", "aggregation": "mean", "decimals": 2, "min": 0, "max": 1 })).await;
    let target = "/v1/kpis/wait/targets";
    let made = app.admin().post(target, json!({ "value": 0.95, "from": "2024-04" })).await;
    let everyones = made.header("location").to_owned();
    assert_eq!(made.expect(201)["organisation"], json!(null));
    let own = json!({ "value": 0.8, "from": "2024-04-17", "to": "2025-04", "organisation": "rf4" });
    let own = app.admin().post(target, own).await.expect(201);
    assert_eq!((&own["from"], &own["to"], &own["value"]), (&json!("2024-04-01"), &json!("2025-04-01"), &json!(0.8)));
    for wrong in [
        json!({ "value": 1.5, "from": "2024-04" }),
        json!({ "value": 0.123, "from": "2024-04" }),
        json!({ "value": 0.5, "from": "2024-W10" }),
        json!({ "value": 0.5, "from": "2024-04", "to": "2024-04" }),
    ] {
        app.admin().post(target, wrong).await.problem(422, "validation-failed");
    }
    assert_eq!(rows(&app.anonymous().get(&format!("{target}?organisation=RF4")).await.expect(200)).len(), 1);
    app.admin().delete(&everyones, 1).await.expect(204);
    app.anonymous().get(&everyones).await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_set_says_who_is_asked_for_its_kpis(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({})).await;
    let set = json!({ "code": "Urgent-Care", "name": "Urgent care", "kpis": ["AE", "ae"], "assignments": [{ "place": "qmf" }] });
    let made = app.admin().post("/v1/kpi-sets", set).await.expect(201);
    assert_eq!(
        (&made["code"], &made["kpis"], &made["assignments"]),
        (&json!("urgent-care"), &json!(["ae"]), &json!([{ "place": "QMF", "organisationTypes": [] }]))
    );
    let submit = async |organisation: &str| {
        app.submitter(organisation)
            .post("/v1/kpi-submissions?kpi=ae", json!({ "rows": [row(organisation, "2026-04", 1)] }))
            .await
    };
    submit("RF4").await.expect(201);
    let refused = submit("RJZ").await.problem(422, "rows-rejected");
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "not-assigned");
    app.admin()
        .patch("/v1/kpi-sets/urgent-care", 1, json!({ "assignments": [{ "place": "QMF" }, { "place": "QKK" }] }))
        .await
        .expect(200);
    submit("RJZ").await.expect(201);
    let wrong =
        json!({ "code": "wrong", "name": "Wrong", "kpis": ["ae", "never"], "assignments": [{ "place": "NOWHERE" }] });
    let problem = app.admin().post("/v1/kpi-sets", wrong).await.problem(422, "unknown-reference");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    assert_eq!(column(&app.reader().get("/v1/kpi-sets?kpi=ae").await.expect(200), "code"), ["urgent-care"]);
}

#[rstest]
#[actix_web::test]
async fn every_closed_list_is_a_resource_with_labels(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let lists = app.anonymous().get("/v1/code-lists").await.expect(200);
    assert!(rows(&lists).len() > 10, "{lists}");
    for name in column(&lists, "name") {
        let list = app.anonymous().get(&format!("/v1/code-lists/{name}")).await.expect(200);
        let text = list.to_string();
        assert!(text.contains("label"), "{text}");
    }
    app.anonymous().get("/v1/code-lists/never").await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_set_keeps_its_version_until_its_members_change(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    let set = json!({ "code": "Urgent", "name": "Urgent care", "kpis": ["AE"], "assignments": [{ "place": "qmf" }, { "place": "QKK" }] });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    let target = "/v1/kpi-sets/urgent";
    for patch in [
        json!({}),
        json!({ "assignments": [{ "place": "QMF" }, { "place": "QKK" }] }),
        json!({ "name": " Urgent care " }),
    ] {
        let same = app.admin().patch(target, 1, patch.clone()).await;
        assert_eq!((same.status, same.header("etag")), (200, "W/\"1\""), "{patch}: {}", same.text());
    }
    let changed = app.admin().patch(target, 1, json!({ "assignments": [{ "place": "QMF" }] })).await.expect(200);
    assert_eq!((&changed["version"], &changed["assignments"][0]["place"]), (&json!(2), &json!("QMF")));
    let wrong = json!({ "kpis": ["ae", "never"] });
    let problem = app.admin().patch(target, 2, wrong).await.problem(422, "unknown-reference");
    assert_eq!(problem["errors"][0]["pointer"], "/kpis/1");
}
