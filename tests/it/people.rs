//! Fellows, their fellowships, and what becomes of a person's data.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    for number in [1, 2] {
        let cohort = json!({ "number": number, "name": format!("Wave {number}") });
        app.admin().post("/v1/programmes/nia/cohorts", cohort).await.expect(201);
    }
    app
}

async fn fellow(app: &TestApp, name: &str) -> Value {
    let body = json!({ "name": name, "email": "one@example.org", "profession": "Nurse", "illustrative": true });
    app.manager("nia").post("/v1/fellows", body).await.expect(201)
}

fn fellowship(fellow: &Value, innovations: &[&str]) -> Value {
    json!({ "fellow": fellow["id"], "programme": "nia", "cohort": 1, "innovations": innovations, "host": "QKK", "wholeTimeEquivalent": 0.2, "from": "2015-07-01" })
}

#[rstest]
#[actix_web::test]
async fn fellows_and_innovations_are_many_to_many(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (one, two) = (fellow(&app, "Fellow One").await, fellow(&app, "Fellow Two").await);
    for slug in ["mycopd", "nervecentre"] {
        app.member(slug, "nia").await;
    }
    let made = app.manager("nia").post("/v1/fellowships", fellowship(&one, &["nervecentre", "mycopd", "MYCOPD"])).await;
    assert_eq!(made.expect(201)["innovations"], json!(["mycopd", "nervecentre"]));
    assert_eq!(made.expect(201)["innovationNames"].as_array().map(Vec::len), Some(2));
    assert_eq!(made.expect(201)["fellowName"], "Fellow One");
    assert!(made.expect(201)["hostName"].is_string() && made.expect(201)["industryPartnerName"].is_null());
    app.manager("nia").post("/v1/fellowships", fellowship(&two, &["mycopd"])).await.expect(201);
    app.manager("nia").post("/v1/fellowships", fellowship(&two, &[])).await.problem(409, "already-exists");
    let carried = app.reader().get("/v1/fellows?innovation=mycopd&programme=nia").await.expect(200);
    assert_eq!(column(&carried, "name"), ["Fellow One", "Fellow Two"]);
    let held = app.reader().get("/v1/fellowships?innovation=nervecentre&host=QKK&activeOn=2016-04-30&cohort=1").await;
    assert_eq!((rows(&held.expect(200)).len(), &held.expect(200)["data"][0]["wholeTimeEquivalent"]), (1, &json!(0.2)));
    app.reader().get("/v1/fellowships").await.expect(200);
    app.anonymous().get("/v1/fellows").await.problem(401, "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn the_day_of_a_move_of_a_fellowship_is_corrected_and_one_that_was_not_made_is_withdrawn(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    let one = fellow(&app, "One").await;
    let manager = app.manager("nia");
    let made = app.admin().post("/v1/fellowships", fellowship(&one, &[])).await;
    let target = made.header("location");
    for (version, to, on) in [(1, "active", "2016-01-01"), (2, "withdrawn", "2016-03-01")] {
        let step = json!({ "to": to, "effectiveOn": on, "reason": "A new post." });
        manager.transition(target, version, step).await.expect(200);
    }
    let active =
        async |day: &str| rows(&app.reader().get(&format!("/v1/fellowships?activeOn={day}")).await.expect(200)).len();
    let moves = app.reader().get(&format!("{target}/transitions")).await.expect(200);
    let place = |at: usize| format!("{target}/transitions/{}", moves["data"][at]["id"].as_str().unwrap());
    let right = |day: &str| json!({ "effectiveOn": day, "reason": "The letter says so." });
    assert_eq!(active("2016-03-31").await, 0);
    manager.patch(&place(1), 3, right("2015-12-31")).await.problem(422, "validation-failed");
    manager.patch(&place(0), 3, right("2016-03-02")).await.problem(422, "validation-failed");
    app.reader().patch(&place(1), 3, right("2016-06-01")).await.problem(403, "forbidden");
    manager.patch(&place(1), 3, right("2016-06-01")).await.expect(200);
    assert_eq!((active("2016-03-31").await, active("2016-06-01").await), (1, 0));
    manager.delete(&format!("{}?reason=Wrong", place(0)), 4).await.problem(409, "immutable");
    manager.delete(&format!("{}?reason=It+was+another", place(1)), 4).await.expect(204);
    let present = app.reader().get(target).await.expect(200);
    assert_eq!((&present["state"], active("2016-06-01").await), (&json!("active"), 1));
}

#[rstest]
#[actix_web::test]
async fn a_fellowship_is_planned_held_and_ended(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let one = fellow(&app, "Fellow One").await;
    let made = app.manager("nia").post("/v1/fellowships", fellowship(&one, &[])).await;
    let target = made.header("location");
    let manager = app.manager("nia");
    manager.transition(target, 1, json!({ "to": "completed" })).await.problem(409, "illegal-transition");
    manager.transition(target, 1, json!({ "to": "active" })).await.expect(200);
    manager.patch(target, 2, json!({ "cohort": 2, "wholeTimeEquivalent": 1 })).await.expect(200);
    manager.patch(target, 3, json!({ "cohort": 9 })).await.problem(422, "unknown-reference");
    manager.patch(target, 3, json!({ "programme": "itp" })).await.problem(409, "immutable");
    manager.patch(target, 3, json!({ "wholeTimeEquivalent": 1.5 })).await.problem(422, "validation-failed");
    app.manager("itp").patch(target, 3, json!({ "cohort": 1 })).await.problem(403, "forbidden");
    manager.transition(target, 3, json!({ "to": "withdrawn" })).await.problem(422, "validation-failed");
    manager.transition(target, 3, json!({ "to": "withdrawn", "reason": "A new post." })).await.expect(200);
    let history = app.reader().get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["active", "withdrawn"]);
}

#[rstest]
#[actix_web::test]
async fn contacts_are_for_those_who_keep_the_fellow(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let one = fellow(&app, "Fellow One").await;
    let target = format!("/v1/fellows/{}", one["id"].as_str().unwrap());
    let manager = app.manager("nia");
    assert_eq!(manager.get(&target).await.expect(200)["email"], "one@example.org", "until the fellow has a subject");
    manager.patch(&target, 1, json!({ "subject": "fellow-one" })).await.problem(403, "forbidden");
    app.admin().patch(&target, 1, json!({ "subject": "fellow-one" })).await.expect(200);
    app.manager("nia").patch(&target, 2, json!({ "profession": "Doctor" })).await.problem(403, "forbidden");
    app.admin().post("/v1/fellowships", fellowship(&one, &[])).await.expect(201);
    app.innovation("mycopd").await;
    let own = NewLocalToken {
        innovation: Some("mycopd".to_owned()),
        subject: Some("fellow-one".to_owned()),
        ..grant(Role::Fellow)
    };
    let own = app.actor(&own);
    for (who, sees) in
        [(&app.reader(), false), (&app.fellow("mycopd"), false), (&app.manager("nia"), false), (&own, true)]
    {
        assert_eq!(who.get(&target).await.expect(200).get("email").is_some(), sees);
    }
    own.patch(&target, 2, json!({ "biography": "Wards, then wires." })).await.expect(200);
    own.patch(&target, 3, json!({ "subject": "somebody" })).await.problem(403, "forbidden");
    let another = json!({ "name": "Another", "subject": "fellow-one" });
    app.admin().post("/v1/people", another).await.problem(409, "already-exists");
    app.fellow("mycopd").patch(&target, 3, json!({ "biography": "Mine." })).await.problem(403, "forbidden");
    let listed = app.admin().get("/v1/fellows?q=one").await.expect(200);
    assert_eq!((rows(&listed).len(), listed["data"][0].get("email")), (1, None));
}

#[rstest]
#[actix_web::test]
async fn a_fellow_who_is_renamed_as_a_person_has_a_new_version(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let one = fellow(&app, "Fellow One").await;
    let person = format!("/v1/people/{}", one["person"].as_str().unwrap());
    app.admin().patch(&person, 1, json!({ "name": "Another Name" })).await.expect(200);
    let target = format!("/v1/fellows/{}", one["id"].as_str().unwrap());
    let renamed = app.admin().get(&target).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Another Name"), &json!(2)));
    app.admin().patch(&target, 2, json!({ "name": "Another Name" })).await.expect(200);
    assert_eq!(app.admin().get(&target).await.expect(200)["version"], 2, "the same name is no change");
}

#[rstest]
#[actix_web::test]
async fn an_erased_person_leaves_every_total_as_it_was(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let one = fellow(&app, "Fellow One").await;
    app.admin().post("/v1/fellowships", fellowship(&one, &[])).await.expect(201);
    let person = format!("/v1/people/{}", one["person"].as_str().unwrap());
    let export = format!("{person}/subject-access-export");
    let held = app.admin().get(&export).await.expect(200);
    assert_eq!((&held["person"]["email"], &held["fellowships"][0]["cohort"]), (&json!("one@example.org"), &json!(1)));
    app.innovation("mycopd").await;
    app.fellow("mycopd").get(&export).await.problem(403, "forbidden");
    let why = json!({ "reason": "Asked for." });
    app.manager("nia").post(&format!("{person}/erasure"), why.clone()).await.problem(403, "forbidden");
    let erased = app.admin().post(&format!("{person}/erasure"), why.clone()).await.expect(200);
    let again = app.admin().post(&format!("{person}/erasure"), why).await.expect(200);
    assert_eq!(again, erased, "twice is not an error");
    let listed = app.admin().get("/v1/fellows?programme=nia&count=true").await.expect(200);
    assert_eq!((&listed["page"]["count"]["total"], &listed["data"][0]["name"]), (&json!(1), &json!("Erased person")));
    let after = app.admin().get(&export).await.expect(200).to_string();
    assert!(!after.contains("Fellow One") && !after.contains("example.org") && !after.contains("Nurse"), "{after}");
    assert_eq!(rows(&app.admin().get("/v1/fellows?q=fellow").await.expect(200)).len(), 0);
    let target = format!("/v1/fellows/{}", one["id"].as_str().unwrap());
    app.admin().patch(&target, 2, json!({ "name": "Back" })).await.problem(409, "immutable");
}
