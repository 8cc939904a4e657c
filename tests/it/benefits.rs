//! Benefits: claimed from one side, accepted by the others, confirmed by another body.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

fn claim(kind: &str, claimed: f64) -> Value {
    json!({
        "innovation": "mycopd", "programme": "nia", "kind": kind, "method": "Counted.", "claimed": claimed,
        "qualifier": "approximate", "basis": "estimated", "from": "2015-07-01"
    })
}

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.member("mycopd", "nia").await;
    app.trust("RJZ", "QKK").await;
    app
}

/// A national administrator who belongs to a trust.
fn admin_of(app: &TestApp, body: &str) -> Actor {
    app.actor(&NewLocalToken { body: Some(body.to_owned()), ..grant(Role::NationalAdmin) })
}

fn states(benefit: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    benefit["sides"].as_array().unwrap().iter().map(|side| (text(&side["side"]), text(&side["state"]))).collect()
}

async fn accept(actor: &Actor, target: &str, side: &str, version: i64) -> Answer {
    actor.post(&format!("{target}/sides/{side}/transitions"), json!({ "to": "accepted" })).if_match(version).await
}

async fn patients(actor: &Actor) -> Option<f64> {
    let report = actor.get("/v1/programmes/nia/impact").await.expect(200);
    report["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == "patients-reached").unwrap()["value"]
        .as_f64()
}

#[rstest]
#[actix_web::test]
async fn a_claim_counts_once_every_side_it_names_has_accepted_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (fellow, trust, manager) = (app.fellow("mycopd"), app.submitter("RJZ"), app.manager("nia"));
    let mut new = claim("patients-reached", 5_000_000.0);
    (new["organisation"], new["population"]) = (json!("RJZ"), json!("people-with-copd"));
    let made = fellow.post("/v1/benefits", new).await;
    let answered = made.expect(201);
    let side = |side: &str, state: &str| (side.to_owned(), state.to_owned());
    let (asked, ours) = (side("organisation", "claimed"), side("innovation", "accepted"));
    assert_eq!(states(&answered), [ours, asked, side("programme", "claimed")]);
    let target = made.header("location");
    assert_eq!((&answered["counted"], patients(&manager).await), (&json!(false), Some(0.0)));
    app.reader().get(target).await.problem(404, "not-found");
    accept(&fellow, target, "programme", 1).await.problem(403, "forbidden");
    accept(&manager, target, "programme", 1).await.expect(200);
    assert_eq!(patients(&manager).await, Some(0.0));
    let counted = accept(&trust, target, "organisation", 2).await.expect(200);
    assert_eq!((&counted["counted"], patients(&manager).await), (&json!(true), Some(5_000_000.0)));
    app.reader().get(target).await.expect(200);
    let said = trust.get(&format!("{target}/sides/organisation/transitions")).await.expect(200);
    assert_eq!((&rows(&said)[0]["from"], &rows(&said)[0]["to"]), (&json!("claimed"), &json!("accepted")));
}

#[rstest]
#[actix_web::test]
async fn a_side_changes_and_archives_only_what_was_claimed_from_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.innovation("heartflow").await;
    let (fellow, manager) = (app.fellow("heartflow"), app.manager("nia"));
    let mut new = claim("cash-saving", 1000.0);
    new["innovation"] = json!("heartflow");
    let made = manager.post("/v1/benefits", new).await;
    let target = made.header("location");
    let version = made.expect(201)["version"].as_i64().unwrap();
    accept(&fellow, target, "innovation", version).await.expect(200);
    let version = version + 1;
    fellow.delete(target, version).await.problem(403, "forbidden");
    fellow.patch(target, version, json!({ "claimed": 1 })).await.problem(403, "forbidden");
    let refusal = json!({ "to": "refused", "reason": "It was saved elsewhere." });
    let side = format!("{target}/sides/innovation/transitions");
    let refused = fellow.post(&side, refusal).if_match(version).await.expect(200);
    assert_eq!(refused["counted"], false);
    fellow.post(&side, json!({ "to": "claimed" })).if_match(version + 1).await.problem(409, "illegal-transition");
    accept(&fellow, target, "innovation", version + 1).await.expect(200);
    let changed = manager.patch(target, version + 2, json!({ "claimed": 9_000_000 })).await.expect(200);
    assert_eq!(states(&changed)[0].1, "claimed");
    manager.delete(target, version + 3).await.expect(204);
    assert!(rows(&manager.get("/v1/benefits?programme=nia").await.expect(200)).is_empty());
}

#[rstest]
#[actix_web::test]
async fn what_was_achieved_is_confirmed_by_another_body_and_then_stays(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (claimant, colleague, other) = (app.admin(), app.admin(), admin_of(&app, "RJZ"));
    let made = claimant.post("/v1/benefits", claim("cash-saving", 1250.75)).await;
    let answered = made.expect(201);
    assert_eq!((&answered["claimed"], &answered["unit"]), (&json!(1250.75), &json!("GBP")));
    let target = made.header("location");
    for same in [&claimant, &colleague] {
        same.patch(target, 1, json!({ "realised": 1000 })).await.problem(403, "separation-of-duties");
    }
    let both = json!({ "realised": 1000, "unit": "GBP", "claimed": 1 });
    other.patch(target, 1, both).await.problem(422, "validation-failed");
    let confirmed = other.patch(target, 1, json!({ "realised": 1000 })).await.expect(200);
    assert_eq!(confirmed["realised"], 1000.0);
    for change in [
        json!({ "kind": "time-saving" }),
        json!({ "method": "Counted twice." }),
        json!({ "population": "others" }),
        json!({ "realised": null }),
        json!({ "claimed": 2000 }),
    ] {
        claimant.patch(target, 2, change).await.problem(409, "immutable");
    }
}

#[rstest]
#[actix_web::test]
async fn a_confirmed_claim_is_replaced_by_a_new_one_once_that_counts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (manager, fellow) = (app.manager("nia"), app.fellow("mycopd"));
    let made = admin_of(&app, "RJZ").post("/v1/benefits", claim("cash-saving", 1000.0)).await;
    let old = made.header("location").to_owned();
    app.admin().patch(&old, 1, json!({ "realised": 900 })).await.expect(200);
    manager.delete(&old, 2).await.problem(409, "immutable");
    let mut new = claim("cash-saving", 800.0);
    new["replaces"] = made.json()["id"].clone();
    fellow.post("/v1/benefits", new.clone()).await.problem(422, "validation-failed");
    let next = manager.post("/v1/benefits", new).await;
    let answered = next.expect(201);
    if answered["counted"] == false {
        manager.get(&old).await.expect(200);
        accept(&fellow, next.header("location"), "innovation", 1).await.expect(200);
    }
    manager.get(&old).await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_claim_that_a_side_has_not_accepted_is_not_confirmed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let made = app.fellow("mycopd").post("/v1/benefits", claim("cash-saving", 1000.0)).await;
    let target = made.header("location");
    admin_of(&app, "RJZ").patch(target, 1, json!({ "realised": 900 })).await.problem(409, "not-accepted");
    let mut alone = claim("cash-saving", 1.0);
    alone.as_object_mut().unwrap().remove("programme");
    let answered = app.admin().post("/v1/benefits", alone).await.problem(422, "validation-failed");
    assert_eq!(answered["errors"][0]["pointer"], "/programme");
}

#[rstest]
#[actix_web::test]
async fn small_counts_of_patients_are_kept_back_from_others(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let mut new = claim("patients-reached", 6.0);
    (new["population"], new["baseline"]) = (json!("people-with-copd"), json!(12));
    let made = app.admin().post("/v1/benefits", new).await;
    made.expect(201);
    let seen = app.reader().get(made.header("location")).await.expect(200);
    assert_eq!((&seen["claimed"], &seen["baseline"], &seen["suppressed"]), (&Value::Null, &json!(10.0), &json!(true)));
    assert_eq!(rows(&app.reader().get("/v1/benefits").await.expect(200))[0]["claimed"], Value::Null);
    assert_eq!(patients(&app.reader()).await, None);
    assert_eq!(patients(&app.manager("nia")).await, Some(6.0));
    let whole = app.manager("nia").get(made.header("location")).await.expect(200);
    assert_eq!((&whole["claimed"], &whole["suppressed"]), (&json!(6.0), &json!(false)));
}

#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_claim_is_told_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let mut wrong = claim("patients-reached", 10.0);
    wrong["unit"] = json!("people");
    wrong["to"] = json!("2015-07-01");
    let told = admin.post("/v1/benefits", wrong).await.problem(422, "validation-failed");
    let faults: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(faults, ["/unit", "/population", "/to"]);
    admin.post("/v1/benefits", claim("bed-days", 0.125)).await.problem(422, "validation-failed");
    admin.post("/v1/benefits", claim("other", 1.0)).await.problem(422, "validation-failed");
}
