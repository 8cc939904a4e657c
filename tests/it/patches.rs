//! Changes of records by merge patch, as RFC 7396 has it.

use crate::support::*;

/// Pointer and code of the first fault.
fn first(problem: &Value) -> (&str, &str) {
    let fault = &problem["errors"][0];
    (fault["pointer"].as_str().unwrap_or_default(), fault["code"].as_str().unwrap_or_default())
}

#[rstest]
#[actix_web::test]
async fn an_object_in_a_record_is_merged_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut innovation =
        json!({ "name": "HeartFlow", "slug": "heartflow", "summary": "Does good.", "mainCategory": "digital" });
    innovation["eligiblePopulation"] = json!({ "value": 35000, "qualifier": "at-most", "basis": "estimated" });
    app.admin().post("/v1/innovations", innovation).await.expect(201);
    let target = "/v1/innovations/heartflow";
    let patch = json!({ "eligiblePopulation": { "value": 200 } });
    let patched = app.admin().patch(target, 1, patch).await.expect(200);
    let expected = json!({ "value": 200, "qualifier": "at-most", "basis": "estimated" });
    assert_eq!(patched["eligiblePopulation"], expected);
    let gone = app.admin().patch(target, 2, json!({ "eligiblePopulation": null })).await.expect(200);
    assert!(gone["eligiblePopulation"].is_null());
}

#[rstest]
#[actix_web::test]
async fn a_part_of_what_is_not_there_is_told_what_it_misses(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    let target = "/v1/innovations/heartflow";
    let patch = json!({ "eligiblePopulation": { "value": 200, "basis": "measured" } });
    let problem = app.admin().patch(target, 1, patch).await.problem(422, "validation-failed");
    assert_eq!(first(&problem), ("/eligiblePopulation/qualifier", "missing"));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("one of exact, at-least, at-most, approximate"), "{detail}");
    let whole = json!({ "eligiblePopulation": { "value": 200, "basis": "measured", "qualifier": "exact" } });
    app.admin().patch(target, 1, whole).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_amount_keeps_its_currency_and_null_takes_away_what_is_optional(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    let award = app.award("NIA-2015", 600).await;
    let patch =
        json!({ "amount": { "amount": "900.00" }, "profile": [], "evaluationPlan": { "reportsOn": "2017-01-01" } });
    let patched = app.admin().patch(&award, 1, patch).await.expect(200);
    assert_eq!(patched["amount"], gbp(900));
    assert_eq!(patched["evaluationPlan"]["reportsOn"], "2017-01-01");
    assert_eq!(patched["evaluationPlan"]["dimensions"], json!(["health"]));
    let patched = app.admin().patch(&award, 2, json!({ "evaluationPlan": { "reportsOn": null } })).await.expect(200);
    assert!(patched["evaluationPlan"]["reportsOn"].is_null() && patched["evaluationPlan"]["design"].is_string());
}

#[rstest]
#[actix_web::test]
async fn what_must_stay_cannot_be_taken_away(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    for (patch, pointer, words) in [
        (json!({ "name": null }), "/name", "Expected text, not null."),
        (json!({ "eligiblePopulation": { "basis": null } }), "/eligiblePopulation/basis", "not null"),
        (json!({ "eligiblePopulation": 200 }), "/eligiblePopulation", "Expected an object or null, not a number."),
        (
            json!({ "eligiblePopulation": { "size": 200 } }),
            "/eligiblePopulation/size",
            "known are basis, qualifier, value",
        ),
        (json!([]), "", "Expected an object, not a list."),
    ] {
        let problem = app.admin().patch("/v1/innovations/heartflow", 1, patch).await.problem(400, "malformed-body");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    let patch = json!({ "eligiblePopulation": { "value": -1 }, "website": "heartflow" });
    let problem = app.admin().patch("/v1/innovations/heartflow", 1, patch).await.problem(422, "validation-failed");
    let pointers: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers, ["/eligiblePopulation/value", "/website"]);
}
