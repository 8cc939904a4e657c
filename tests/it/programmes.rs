//! Programmes, their partners, their cohorts, and the innovations that are their members over time.

use crate::support::*;

#[rstest]
#[actix_web::test]
async fn a_programme_is_made_by_the_nation_and_kept_by_its_manager(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body =
        json!({ "slug": "NIA", "name": "NHS Innovation Accelerator", "kind": "fellowship", "summary": "Fellows." });
    app.manager("nia").post("/v1/programmes", body.clone()).await.problem(403, "forbidden");
    let made = app.admin().post("/v1/programmes", body.clone()).await;
    assert_eq!((made.expect(201)["slug"].clone(), made.header("location")), (json!("nia"), "/v1/programmes/nia"));
    app.admin().post("/v1/programmes", body).await.problem(409, "already-exists");
    let changed = app.manager("nia").patch("/v1/programmes/Nia", 1, json!({ "summary": "Seventeen fellows." })).await;
    assert_eq!(changed.expect(200)["version"], 2);
    app.manager("itp").patch("/v1/programmes/nia", 2, json!({ "summary": "Ours." })).await.problem(403, "forbidden");
    app.admin().patch("/v1/programmes/nia", 2, json!({ "slug": "nic" })).await.problem(409, "immutable");
    let found = app.anonymous().get("/v1/programmes?q=seventeen&kind=fellowship").await.expect(200);
    assert_eq!(column(&found, "slug"), ["nia"]);
}

#[rstest]
#[actix_web::test]
async fn a_partner_that_left_is_still_on_record(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let partners = "/v1/programmes/nia/partners";
    let body = json!({ "organisation": "QKK", "role": "funder", "from": "2015-07-01" });
    let made = app.admin().post(partners, body.clone()).await;
    made.expect(201);
    app.manager("nia").post(partners, body).await.problem(409, "already-exists");
    app.admin()
        .patch(made.header("location"), 1, json!({ "to": "2015-07-01" }))
        .await
        .problem(422, "validation-failed");
    app.admin().patch(made.header("location"), 1, json!({ "to": "2017-01-01" })).await.expect(200);
    for (day, count) in [("2015-06-30", 0), ("2015-07-01", 1), ("2016-12-31", 1), ("2017-01-01", 0)] {
        let found = app.anonymous().get(&format!("{partners}?role=funder,lead&on={day}")).await.expect(200);
        assert_eq!(rows(&found).len(), count, "{day}");
    }
    let listed = app.anonymous().get("/v1/programmes?partner=qkk").await.expect(200);
    assert_eq!(rows(&listed).len(), 0, "it is no partner today");
}

#[rstest]
#[actix_web::test]
async fn cohorts_are_numbered_waves_of_a_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let wave = json!({ "number": 2, "name": "Wave 2", "targetSize": 8, "opensAt": "2016-05-23T08:00:00Z" });
    let made = app.manager("nia").post("/v1/programmes/nia/cohorts", wave.clone()).await;
    assert_eq!(
        (made.expect(201)["opensAt"].clone(), made.header("location")),
        (json!("2016-05-23T08:00:00Z"), "/v1/programmes/nia/cohorts/2")
    );
    app.manager("nia").post("/v1/programmes/nia/cohorts", wave).await.problem(409, "already-exists");
    let backwards = json!({ "startsOn": "2016-11-01", "endsOn": "2016-10-01" });
    app.manager("nia").patch("/v1/programmes/nia/cohorts/2", 1, backwards).await.problem(422, "validation-failed");
    app.manager("nia").patch("/v1/programmes/nia/cohorts/2", 1, json!({ "number": 3 })).await.problem(409, "immutable");
    app.anonymous().get("/v1/programmes/nia/cohorts/7").await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn an_innovation_goes_from_programme_to_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("plgf").await;
    let memberships = "/v1/innovations/plgf/programme-memberships";
    for (programme, from, to) in [("itp", "2018-04-01", "2020-04-01"), ("rup", "2020-04-01", "2021-04-01")] {
        app.programme(programme).await;
        app.admin().post(memberships, json!({ "programme": programme, "from": from, "to": to })).await.expect(201);
    }
    let again = json!({ "programme": "itp", "from": "2019-01-01", "to": "2019-02-01" });
    app.manager("itp").post(memberships, again.clone()).await.problem(409, "already-exists");
    app.manager("rup").post(memberships, again).await.problem(403, "forbidden");
    let nowhere = json!({ "programme": "nowhere", "from": "2019-01-01" });
    app.admin().post(memberships, nowhere).await.problem(422, "unknown-reference");
    let listed = app.anonymous().get(memberships).await.expect(200);
    assert_eq!(column(&listed, "programme"), ["itp", "rup"]);
    let last = format!("{memberships}/{}", listed["data"][1]["id"].as_str().unwrap());
    app.manager("rup").patch(&last, 1, json!({ "to": null })).await.problem(403, "forbidden");
    app.admin().patch(&last, 1, json!({ "to": null })).await.expect(200);
    let members = app.anonymous().get("/v1/innovations?programme=rup").await.expect(200);
    assert_eq!(column(&members, "slug"), ["plgf"]);
}

#[rstest]
#[actix_web::test]
async fn a_membership_makes_a_new_version_of_its_innovation(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("plgf").await;
    app.programme("itp").await;
    app.set_clock("2026-06-15T10:00:00Z");
    let body = json!({ "programme": "ITP", "from": "2018-04-01" });
    let made = app.admin().post("/v1/innovations/plgf/programme-memberships", body).await;
    assert_eq!(
        (&made.expect(201)["programme"], &made.expect(201)["programmeName"]),
        (&json!("itp"), &json!("Programme itp"))
    );
    let seen = app.manager("itp").get("/v1/innovations/plgf").await;
    assert_eq!((seen.header("etag"), &seen.expect(200)["updatedAt"]), ("W/\"2\"", &json!("2026-06-15T10:00:00Z")));
    app.manager("itp").patch(made.header("location"), 1, json!({ "programme": "Itp" })).await.expect(200);
    assert_eq!(app.anonymous().get("/v1/innovations/plgf").await.expect(200)["version"], 2, "nothing changed");
    app.manager("itp").patch(made.header("location"), 1, json!({ "to": "2020-04-01" })).await.expect(200);
    assert_eq!(app.anonymous().get("/v1/innovations/plgf").await.expect(200)["version"], 3);
}
