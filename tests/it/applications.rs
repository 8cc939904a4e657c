//! Calls, applications to them, and their reviews: deadlines to the second, nobody judging their own.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

/// A programme that calls for applications, at the moment that is told.
async fn world(engine: Engine, now: &str) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app.set_clock(now);
    app
}

fn call() -> Value {
    json!({
        "title": "Call of 2018", "opensAt": "2018-09-03T09:00", "closesAt": "2018-10-03T12:00",
        "priorities": [{ "code": "mental-health", "label": "Mental health" }, { "code": "primary-care", "label": "Primary care" }],
        "criteria": [{ "code": "impact", "label": "Impact", "weight": 2, "maxScore": 5 }, { "code": "team", "label": "Team", "weight": 1, "maxScore": 10 }],
        "form": { "type": "object", "required": ["aim"], "properties": { "aim": { "type": "string", "maxLength": 40 } } }
    })
}

async fn opened(app: &TestApp, body: Value) -> String {
    let made = app.admin().post("/v1/programmes/nia/calls", body).await;
    made.expect(201);
    made.header("location").to_owned()
}

/// The bearer of a token whose subject is told.
fn known(app: &TestApp, role: Role, subject: &str) -> Actor {
    let organisation = (role == Role::Submitter).then(|| "RJZ".to_owned());
    let programme = (role == Role::ProgrammeManager).then(|| "nia".to_owned());
    app.actor(&NewLocalToken { organisation, programme, subject: Some(subject.to_owned()), ..grant(role) })
}

fn application() -> Value {
    json!({ "title": "Home monitoring", "organisation": "RJZ", "priorities": ["primary-care"], "data": { "aim": "Fewer visits." } })
}

async fn drafted(app: &TestApp, call: &str) -> String {
    let sent = known(app, Role::Submitter, "applicant").post(&format!("{call}/applications"), application()).await;
    sent.expect(201);
    sent.header("location").to_owned()
}

/// An application that was submitted and put before the reviewers; its version is then 4.
async fn under_review(app: &TestApp, call: &str) -> String {
    let target = drafted(app, call).await;
    known(app, Role::Submitter, "applicant").transition(&target, 1, json!({ "to": "submitted" })).await.expect(200);
    for (version, to) in [(2, "eligibility-check"), (3, "under-review")] {
        app.manager("nia").transition(&target, version, json!({ "to": to })).await.expect(200);
    }
    target
}

#[rstest]
#[actix_web::test]
async fn an_application_is_taken_to_the_last_second_and_no_later(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-10-03T10:00:00Z").await;
    let call = opened(&app, call()).await;
    let [early, late] = [drafted(&app, &call).await, drafted(&app, &call).await];
    let applicant = known(&app, Role::Submitter, "applicant");
    app.set_clock("2018-10-03T10:59:59Z");
    applicant.transition(&early, 1, json!({ "to": "submitted" })).await.expect(200);
    app.set_clock("2018-10-03T11:00:00Z");
    let refused = applicant.transition(&late, 1, json!({ "to": "submitted" })).await.problem(409, "call-closed");
    assert_eq!(
        (&refused["closesAt"], &refused["now"]),
        (&json!("2018-10-03T11:00:00Z"), &json!("2018-10-03T11:00:00Z"))
    );
    applicant.post(&format!("{call}/applications"), application()).await.problem(409, "call-closed");
}

#[rstest]
#[actix_web::test]
async fn local_times_of_a_call_are_right_across_the_clock_changes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-01-01T10:00:00Z").await;
    for (opens, closes, expected, local) in [
        ("2018-09-03T09:00", "2018-10-24T24:00", "2018-10-24T23:00:00Z", "2018-10-25T00:00:00"),
        ("2018-10-01T09:00", "2018-11-05T12:00", "2018-11-05T12:00:00Z", "2018-11-05T12:00:00"),
        ("2018-03-01T09:00", "2018-04-02T12:00", "2018-04-02T11:00:00Z", "2018-04-02T12:00:00"),
    ] {
        let mut body = call();
        (body["opensAt"], body["closesAt"]) = (json!(opens), json!(closes));
        let made = app.manager("nia").post("/v1/programmes/nia/calls", body).await.expect(201);
        assert_eq!((&made["closesAt"], &made["closesAtLocal"]), (&json!(expected), &json!(local)));
    }
    for (closes, code) in [("2018-10-28T01:30", "ambiguous-time"), ("2019-03-31T01:30", "skipped-time")] {
        let mut body = call();
        body["closesAt"] = json!(closes);
        let told = app.manager("nia").post("/v1/programmes/nia/calls", body).await.problem(422, "validation-failed");
        assert_eq!((&told["errors"][0]["pointer"], &told["errors"][0]["code"]), (&json!("/closesAt"), &json!(code)));
    }
}

#[rstest]
#[actix_web::test]
async fn what_keeps_an_application_from_being_taken_is_told_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-03T07:59:59Z").await;
    let call = opened(&app, call()).await;
    let target = drafted(&app, &call).await;
    let applicant = known(&app, Role::Submitter, "applicant");
    applicant.transition(&target, 1, json!({ "to": "submitted" })).await.problem(409, "call-not-open");
    app.set_clock("2018-09-03T08:00:00Z");
    let wrong = json!({ "priorities": ["golf"], "data": { "aim": null } });
    applicant.patch(&target, 1, wrong).await.expect(200);
    let told = applicant.transition(&target, 2, json!({ "to": "submitted" })).await.problem(422, "validation-failed");
    let pointers: Vec<_> = told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
    assert_eq!(pointers, [json!("/priorities/0"), json!("/data/aim")]);
    applicant
        .patch(&target, 2, json!({ "priorities": ["mental-health"], "data": { "aim": "Calm." } }))
        .await
        .expect(200);
    let taken = applicant.transition(&target, 3, json!({ "to": "submitted" })).await.expect(200);
    assert_eq!((&taken["submittedAt"], &taken["dataVersion"]), (&json!("2018-09-03T08:00:00Z"), &json!(3)));
    applicant.patch(&target, 4, json!({ "title": "Another" })).await.problem(409, "immutable");
}

#[rstest]
#[actix_web::test]
async fn nobody_decides_or_reviews_their_own_application(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let call = opened(&app, call()).await;
    let admin = known(&app, Role::NationalAdmin, "the-chief");
    let sent = admin.post(&format!("{call}/applications"), application()).await;
    let target = sent.header("location");
    admin.transition(target, 1, json!({ "to": "submitted" })).await.expect(200);
    admin.transition(target, 2, json!({ "to": "eligibility-check" })).await.problem(403, "forbidden");
    let manager = app.manager("nia");
    manager.transition(target, 2, json!({ "to": "withdrawn" })).await.problem(403, "forbidden");
    manager.transition(target, 2, json!({ "to": "eligibility-check" })).await.expect(200);
    manager.transition(target, 3, json!({ "to": "under-review" })).await.expect(200);
    let asked = manager.post(&format!("{target}/reviews"), json!({ "reviewer": "the-chief" })).await;
    assert_eq!(asked.problem(422, "validation-failed")["errors"][0]["code"], "conflict-of-interest");
    admin.get(&format!("{target}/reviews")).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_reviewer_sees_no_others_score_before_submitting_theirs(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let call = opened(&app, call()).await;
    let target = under_review(&app, &call).await;
    let mut reviews = Vec::new();
    for reviewer in ["one", "two"] {
        let asked = app.manager("nia").post(&format!("{target}/reviews"), json!({ "reviewer": reviewer })).await;
        asked.expect(201);
        reviews.push(asked.header("location").to_owned());
    }
    let [one, two] = ["one", "two"].map(|subject| known(&app, Role::Evaluator, subject));
    one.patch(&reviews[0], 1, json!({ "scores": { "impact": 5, "team": 0 }, "recommendation": "fund" }))
        .await
        .expect(200);
    one.patch(&reviews[1], 1, json!({ "comment": "Mine." })).await.problem(403, "forbidden");
    let sealed = one.transition(&reviews[0], 2, json!({ "to": "submitted" })).await.expect(200);
    assert_eq!(sealed["score"], 0.666_666);
    let seen = two.get(&reviews[0]).await.expect(200);
    assert!(seen.get("scores").is_none() && seen.get("score").is_none() && seen.get("recommendation").is_none());
    let manager = known(&app, Role::ProgrammeManager, "two");
    assert_eq!(rows(&manager.get(&format!("{call}/ranking")).await.expect(200)).len(), 0, "its review is still owed");
    let half = two.transition(&reviews[1], 1, json!({ "to": "submitted" })).await.problem(422, "validation-failed");
    assert_eq!(half["errors"].as_array().unwrap().len(), 2, "both scores are missing");
    two.patch(&reviews[1], 1, json!({ "scores": { "impact": 3, "team": 6 } })).await.expect(200);
    two.transition(&reviews[1], 2, json!({ "to": "submitted" })).await.expect(200);
    assert_eq!(two.get(&reviews[0]).await.expect(200)["scores"]["impact"], 5);
    let ranking = manager.get(&format!("{call}/ranking?sort=-score")).await.expect(200);
    assert_eq!((&ranking["data"][0]["score"], &ranking["data"][0]["reviews"]), (&json!(0.633_333), &json!(2)));
}

#[rstest]
#[actix_web::test]
async fn a_conflict_of_interest_takes_a_reviewer_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let call = opened(&app, call()).await;
    let target = under_review(&app, &call).await;
    let asked = app.manager("nia").post(&format!("{target}/reviews"), json!({ "reviewer": "one" })).await;
    let (review, one) = (asked.header("location"), known(&app, Role::Evaluator, "one"));
    one.patch(review, 1, json!({ "scores": { "impact": 5, "team": 10 } })).await.expect(200);
    one.transition(review, 2, json!({ "to": "recused" })).await.problem(422, "validation-failed");
    let told =
        one.transition(review, 2, json!({ "to": "recused", "reason": "My brother works there." })).await.expect(200);
    assert_eq!((&told["scores"], &told["conflict"]), (&json!({}), &json!("My brother works there.")));
    let listed = app.manager("nia").get(&format!("{call}/ranking")).await.expect(200);
    assert_eq!(rows(&listed).len(), 0, "no score counts");
}

#[rstest]
#[actix_web::test]
async fn an_offer_lapses_when_nobody_accepts_it_in_time(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let mut terms = call();
    terms["offerDays"] = json!(1);
    let call = opened(&app, terms).await;
    let offers = [under_review(&app, &call).await, under_review(&app, &call).await];
    for target in &offers {
        for (version, to) in [(4, "shortlisted"), (5, "interview"), (6, "offered")] {
            app.manager("nia").transition(target, version, json!({ "to": to })).await.expect(200);
        }
    }
    app.set_clock("2018-09-11T22:59:59Z");
    let applicant = known(&app, Role::Submitter, "applicant");
    applicant.transition(&offers[0], 7, json!({ "to": "accepted" })).await.expect(200);
    app.set_clock("2018-09-11T23:00:00Z");
    let refused = applicant.transition(&offers[1], 7, json!({ "to": "accepted" })).await;
    assert_eq!(refused.problem(409, "illegal-transition")["allowed"], json!([]));
    assert_eq!(applicant.get(&offers[1]).await.expect(200)["state"], "offer-lapsed");
}

#[rstest]
#[actix_web::test]
async fn an_application_is_seen_by_those_with_a_part_in_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let call = opened(&app, call()).await;
    let target = drafted(&app, &call).await;
    let listed = format!("{call}/applications");
    app.submitter("RJZ").get(&target).await.problem(404, "not-found");
    assert_eq!(rows(&app.submitter("RJZ").get(&listed).await.expect(200)).len(), 0);
    assert_eq!(rows(&known(&app, Role::Submitter, "applicant").get(&listed).await.expect(200)).len(), 1);
    let seen = app.manager("nia").get(&listed).await.expect(200);
    assert_eq!((&seen["data"][0]["reference"], seen["data"][0].get("data")), (&json!("APP-2018-00001"), None));
    app.reader().get(&target).await.problem(403, "forbidden");
    let elsewhere = json!({ "title": "For others", "organisation": "QKK" });
    app.submitter("RJZ").post(&listed, elsewhere).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn another_form_is_another_version_of_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, "2018-09-10T08:00:00Z").await;
    let target = opened(&app, call()).await;
    let draft = drafted(&app, &target).await;
    let stricter = json!({ "form": { "properties": { "aim": { "maxLength": 5 } } } });
    let changed = app.manager("nia").patch(&target, 1, stricter).await.expect(200);
    assert_eq!((&changed["formVersion"], &changed["form"]["required"]), (&json!(2), &json!(["aim"])));
    let applicant = known(&app, Role::Submitter, "applicant");
    let refused = applicant.transition(&draft, 1, json!({ "to": "submitted" })).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/data/aim");
    let outside = json!({ "form": { "properties": { "aim": { "$ref": "https://example.org/aim.json" } } } });
    app.manager("nia").patch(&target, 2, outside).await.problem(422, "validation-failed");
}
