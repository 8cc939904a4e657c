//! Mentors, learning events, peer networks and leaders.

use crate::support::*;

async fn person(app: &TestApp, name: &str) -> Value {
    let body = json!({ "name": name, "subject": format!("subject of {name}"), "illustrative": true });
    app.manager("nia").post("/v1/people", body).await.expect(201)
}

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app
}

#[rstest]
#[actix_web::test]
async fn who_attended_is_counted_and_shown_to_the_person_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let manager = app.manager("nia");
    let day = json!({ "programme": "nia", "title": "Making the case", "kind": "workshop", "startsAt": "2015-10-06T10:00", "endsAt": "2015-10-06T16:00" });
    let event = manager.post("/v1/events", day).await;
    assert_eq!(event.expect(201)["startsAt"], "2015-10-06T09:00:00Z");
    let attendances = format!("{}/attendances", event.header("location"));
    for name in ["One", "Two"] {
        let invited = json!({ "person": person(&app, name).await["id"], "state": "registered" });
        manager.post(&attendances, invited.clone()).await.expect(201);
        manager.post(&attendances, invited).await.problem(409, "already-exists");
    }
    let listed = manager.get(&attendances).await.expect(200);
    assert_eq!(column(&listed, "name"), ["One", "Two"]);
    let came = format!("{attendances}/{}", column(&listed, "id")[0]);
    manager.patch(&came, 1, json!({ "state": "attended" })).await.expect(200);
    assert_eq!(column(&app.reader().get("/v1/events?q=case&programme=nia").await.expect(200), "attended"), ["1"]);
    let someone = column(&listed, "person")[0].clone();
    let held = app.admin().get(&format!("/v1/people/{someone}/subject-access-export")).await.expect(200);
    assert_eq!(held["attendances"][0]["state"], "attended");
    for nothing in ["awards", "externalInvestments", "applications", "reviews", "mentorships", "leaderRoles"] {
        assert_eq!(held[nothing], json!([]), "{nothing}");
    }
    manager.get(&format!("/v1/people/{someone}/subject-access-export")).await.problem(403, "forbidden");
    let erased = json!({ "reason": "Asked for." });
    app.admin().post(&format!("/v1/people/{someone}/erasure"), erased).await.expect(200);
    assert_eq!(column(&manager.get(&attendances).await.expect(200), "name"), ["Erased person", "Two"]);
    assert_eq!(column(&manager.get("/v1/events").await.expect(200), "attended"), ["1"]);
}

#[rstest]
#[actix_web::test]
async fn a_network_grows_from_count_to_count(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let network = json!({ "slug": "Q", "name": "Q", "purpose": "People who improve care." });
    app.manager("nia").post("/v1/networks", network.clone()).await.problem(403, "forbidden");
    app.admin().post("/v1/networks", network).await.expect(201);
    for (day, members, qualifier) in [("2015-04-01", 231, "exact"), ("2018-04-01", 2500, "at-least")] {
        let count = json!({ "countedOn": day, "members": members, "qualifier": qualifier, "basis": "measured" });
        app.admin().post("/v1/networks/q/memberships", count.clone()).await.expect(201);
        app.admin().post("/v1/networks/q/memberships", count).await.problem(409, "already-exists");
    }
    let series = app.reader().get("/v1/networks/q/memberships?from=2015-01-01").await.expect(200);
    assert_eq!(column(&series, "members"), ["231", "2500"]);
}

#[rstest]
#[actix_web::test]
async fn leaders_are_counted_once_a_person_against_the_goal(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let manager = app.manager("nia");
    let (one, two) = (person(&app, "One").await, person(&app, "Two").await);
    for (who, kind) in [(&one, "clinical"), (&one, "academic"), (&two, "citizen")] {
        let leader =
            json!({ "person": who["id"], "kind": kind, "programme": "nia", "from": "2015-09-01", "to": "2017-01-01" });
        manager.post("/v1/leaders", leader).await.expect(201);
    }
    let listed = app.reader().get("/v1/leaders?programme=nia&kind=citizen").await.expect(200);
    assert_eq!(
        (column(&listed, "name"), &listed["data"][0]["organisationName"]),
        (vec!["Two".to_owned()], &json!(null))
    );
    assert!(listed["data"][0]["programmeName"].is_string());
    let progress = app.reader().get("/v1/leaders/progress?on=2016-01-01").await.expect(200);
    assert_eq!(progress["total"], 2);
    assert_eq!((&progress["goal"], &progress["met"]), (&json!({ "least": 200, "most": 300 }), &json!(false)));
    assert_eq!(progress["kinds"].as_array().unwrap().len(), 3);
    assert_eq!(app.reader().get("/v1/leaders/progress?on=2017-01-01").await.expect(200)["total"], 0);
}

#[rstest]
#[actix_web::test]
async fn a_fellowship_has_mentors_from_day_to_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let manager = app.manager("nia");
    app.admin().post("/v1/programmes/nia/cohorts", json!({ "number": 1, "name": "Wave 1" })).await.expect(201);
    let fellow = manager.post("/v1/fellows", json!({ "name": "Fellow" })).await.expect(201);
    let place = json!({ "fellow": fellow["id"], "programme": "nia", "cohort": 1, "wholeTimeEquivalent": 0.5, "from": "2015-07-01" });
    let fellowship = manager.post("/v1/fellowships", place).await.expect(201)["id"].clone();
    let mentor = person(&app, "Mentor").await["id"].clone();
    let support = json!({ "mentor": mentor, "fellowship": fellowship, "focus": "Commissioning", "from": "2015-09-01" });
    let made = manager.post("/v1/mentorships", support).await;
    assert_eq!(made.expect(201)["mentorName"], "Mentor");
    manager.patch(made.header("location"), 1, json!({ "to": "2015-08-01" })).await.problem(422, "validation-failed");
    manager.patch(made.header("location"), 1, json!({ "to": "2016-01-01" })).await.expect(200);
    for (day, held) in [("2015-12-31", 1), ("2016-01-01", 0)] {
        let found = app.reader().get(&format!("/v1/mentorships?programme=nia&activeOn={day}")).await.expect(200);
        assert_eq!(rows(&found).len(), held, "{day}");
    }
}
