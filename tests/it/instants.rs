//! Moments, wherever they are sent: cut to the microsecond, never a leap second.

use crate::support::*;

#[rstest]
#[actix_web::test]
async fn an_instant_in_a_query_says_how_a_plus_is_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (text, words) in [
        ("2026-06-15T10:00:00+01:00", "write it as %2B, or use Z"),
        ("2016-12-31T23:59:60Z", "leap seconds are not taken"),
        ("2026-06-15", "such as 2026-04-01T09:00:00Z"),
        ("2026-06-15 10:00:00Z", "such as 2026-04-01T09:00:00Z"),
    ] {
        let answer = app.admin().get(&format!("/v1/audit-events?from={text}")).await;
        let problem = answer.problem(400, "invalid-parameter");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{text}: {problem}");
    }
    app.admin().get("/v1/audit-events?from=2026-06-15T10:00:00%2B01:00").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_instant_in_a_body_is_cut_to_the_microsecond(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let opens_at = "2016-05-23T09:00:00.123456789+01:00";
    let cohort = json!({ "number": 1, "name": "Wave 1", "opensAt": opens_at });
    app.admin().post("/v1/programmes/nia/cohorts", cohort).await.expect(201);
    let target = "/v1/programmes/nia/cohorts/1";
    let read = app.anonymous().get(target).await.expect(200);
    assert_eq!(read["opensAt"], "2016-05-23T08:00:00.123456Z");
    let same = app.admin().patch(target, 1, json!({ "opensAt": opens_at })).await.expect(200);
    assert_eq!(same["version"], 1, "the same moment changes nothing");
}

#[rstest]
#[actix_web::test]
async fn a_leap_second_in_a_body_is_refused_by_its_place(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let cohort = json!({ "number": 1, "name": "Wave 1", "opensAt": "2016-12-31T23:59:60Z" });
    let call = |closes_at: &str| json!({ "title": "A call", "opensAt": "2016-01-01T09:00", "closesAt": closes_at, "priorities": [{ "code": "a", "label": "A" }] });
    for (target, body, pointer) in [
        ("/v1/programmes/nia/cohorts", cohort, "/opensAt"),
        ("/v1/programmes/nia/calls", call("2016-12-31T23:59:60Z"), "/closesAt"),
        ("/v1/programmes/nia/calls", call("2016-12-31T23:59:60"), "/closesAt"),
    ] {
        let problem = app.admin().post(target, body).await.problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
        assert!(problem["detail"].as_str().unwrap().contains("leap seconds are not taken"), "{problem}");
    }
}
