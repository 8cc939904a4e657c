//! Adoptions: how far an organisation has come with an innovation, and since when.

use crate::support::*;

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RBD", "QVV").await;
    app.programme("nia").await;
    app.member("mycopd", "nia").await;
    app
}

fn adoption(organisation: &str, stage: &str, since: &str) -> Value {
    json!({ "innovation": "mycopd", "organisation": organisation, "stage": stage, "since": since })
}

#[rstest]
#[actix_web::test]
async fn an_adoption_is_used_from_its_pilot_until_it_ends(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let made = admin.post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01")).await;
    let target = made.header("location");
    let step = |to: &str, on: &str| json!({ "to": to, "effectiveOn": on, "reason": "As agreed." });
    let piloting = admin.transition(target, 1, step("piloting", "2016-02-01")).await.expect(200);
    assert_eq!((&piloting["usingFrom"], &piloting["usingTo"]), (&json!("2016-02-01"), &Value::Null));
    let adopted = admin.transition(target, 2, step("adopted", "2016-06-01")).await.expect(200);
    assert_eq!((&adopted["usingFrom"], &adopted["stageOn"]), (&json!("2016-02-01"), &json!("2016-06-01")));
    admin.transition(target, 3, step("sustained", "2016-05-31")).await.problem(422, "validation-failed");
    let ended = admin.transition(target, 3, step("decommissioned", "2017-01-01")).await.expect(200);
    assert_eq!(ended["usingTo"], "2017-01-01");
    for (day, used) in [("2016-01-31", 0), ("2016-02-01", 1), ("2016-12-31", 1), ("2017-01-01", 0)] {
        let found = admin.get(&format!("/v1/adoptions?usingOn={day}&place=QKK")).await.expect(200);
        assert_eq!(rows(&found).len(), used, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_paused_adoption_resumes_to_the_stage_it_left(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let made = admin.post("/v1/adoptions", adoption("RJZ", "committed", "2016-01-01")).await;
    let target = made.header("location");
    admin.transition(target, 1, json!({ "to": "paused", "reason": "A recall." })).await.expect(200);
    let refused = admin.transition(target, 2, json!({ "to": "engaged" })).await.problem(409, "illegal-transition");
    assert_eq!(refused["allowed"], json!(["committed", "declined"]));
    admin.transition(target, 2, json!({ "to": "committed" })).await.expect(200);
    admin.transition(target, 3, json!({ "to": "declined", "reason": "Too dear." })).await.expect(200);
    admin.transition(target, 4, json!({ "to": "engaged" })).await.expect(200);
    let history = admin.get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["paused", "committed", "declined", "engaged"]);
}

#[rstest]
#[actix_web::test]
async fn an_organisation_has_one_adoption_of_an_innovation_and_a_fellow_proposes_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let fellow = app.fellow("mycopd");
    fellow.post("/v1/adoptions", adoption("RJZ", "adopted", "2016-01-01")).await.problem(403, "forbidden");
    let made = fellow.post("/v1/adoptions", adoption("RJZ", "identified", "2016-01-01")).await;
    made.expect(201);
    app.submitter("RBD")
        .transition(made.header("location"), 1, json!({ "to": "engaged" }))
        .await
        .problem(403, "forbidden");
    app.submitter("RJZ").transition(made.header("location"), 1, json!({ "to": "engaged" })).await.expect(200);
    app.submitter("RJZ")
        .post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01"))
        .await
        .problem(409, "already-exists");
    let facts = json!({ "sites": 2, "barriers": ["slow-procurement", "evidence-clarity", "slow-procurement"] });
    let told = app.lead("QKK").patch(made.header("location"), 2, facts).await.expect(200);
    assert_eq!(told["barriers"], json!(["evidence-clarity", "slow-procurement"]));
    for change in [json!({ "stage": "adopted" }), json!({ "since": "2016-01-02" }), json!({ "organisation": "RBD" })] {
        app.lead("QKK").patch(made.header("location"), 3, change).await.problem(409, "immutable");
    }
    let same = json!({ "organisation": "rjz", "sites": 3 });
    app.lead("QKK").patch(made.header("location"), 3, same).await.expect(200);
}
