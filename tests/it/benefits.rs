//! Benefits: claimed by one, confirmed by another.

use crate::support::*;

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
    app
}

#[rstest]
#[actix_web::test]
async fn what_was_claimed_is_confirmed_by_somebody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (claimant, other) = (app.manager("nia"), app.manager("nia"));
    let made = claimant.post("/v1/benefits", claim("cash-saving", 1250.75)).await;
    let told = made.expect(201);
    assert_eq!((&told["claimed"], &told["unit"], &told["realised"]), (&json!(1250.75), &json!("GBP"), &Value::Null));
    let target = made.header("location");
    claimant.patch(target, 1, json!({ "realised": 1000 })).await.problem(403, "separation-of-duties");
    let confirmed = other.patch(target, 1, json!({ "realised": 1000 })).await.expect(200);
    assert_eq!(confirmed["realised"], 1000.0);
    other.patch(target, 2, json!({ "claimed": 2000, "realised": 2000 })).await.problem(403, "separation-of-duties");
    claimant.patch(target, 2, json!({ "method": "Counted twice." })).await.expect(200);
    claimant.delete(target, 3).await.expect(204);
    claimant.get(target).await.problem(404, "not-found");
    assert!(rows(&claimant.get("/v1/benefits?programme=nia").await.expect(200)).is_empty());
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
