use crate::support::*;
use std::time::Duration;

/// Waits until every event so far is numbered.
async fn numbered(app: &TestApp, key: &str) {
    eventually("the event is numbered", Duration::from_secs(10), async || {
        !rows(&app.admin().get(&format!("/v1/audit-events?key={key}")).await.expect(200)).is_empty()
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn everything_done_is_told_in_an_order_without_gaps(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for code in ["RJZ", "RF4", "RBD"] {
        app.trust(code, "QKK").await;
    }
    app.admin()
        .post("/v1/organisations", json!({ "code": "!", "name": "Wrong", "type": "other" }))
        .await
        .problem(422, "validation-failed");
    app.innovation("last").await;
    numbered(&app, "last").await;
    let (mut events, mut next) = (Vec::new(), "/v1/audit-events?limit=50".to_owned());
    while !next.is_empty() {
        let page = app.admin().get(&next).await;
        next = page.next_page();
        events.extend(rows(&page.expect(200)).to_vec());
    }
    let mut positions: Vec<i64> = events.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=positions.len() as i64).collect::<Vec<_>>());
    let mut hashes: Vec<&str> = events.iter().map(|event| event["hash"].as_str().unwrap()).collect();
    assert!(hashes.iter().all(|hash| hash.len() == 64));
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), events.len(), "each hash is its own");
}

#[rstest]
#[actix_web::test]
async fn an_event_says_who_did_what_under_which_request(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let request = "01890a5d-ac96-774b-bcce-b302099a8057";
    let submitter = app.submitter("RJZ").with("x-request-id", request);
    app.kpi("ae", json!({})).await;
    let sent =
        submitter.post("/v1/kpi-submissions?kpi=ae", json!({ "rows": [row("RJZ", "2026-01", 1)] })).await.expect(201);
    let key = sent["id"].as_str().unwrap();
    numbered(&app, key).await;
    let event = app.admin().get(&format!("/v1/audit-events?key={key}")).await.expect(200)["data"][0].clone();
    assert_eq!((&event["operation"], &event["requestId"]), (&json!("submit_kpi_values"), &json!(request)));
    assert_eq!(event["subject"], submitter.get("/v1/me").await.expect(200)["subject"]);
    assert_eq!(event["data"]["counts"]["created"].as_i64().or(event["data"]["created"].as_i64()), Some(1), "{event}");
}

#[rstest]
#[actix_web::test]
async fn each_caller_sees_the_events_of_their_scope_and_their_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QMF").await;
    app.member("heartflow", "nia").await;
    app.kpi("last", json!({ "programme": "itp" })).await;
    numbered(&app, "last").await;
    let keys = async |actor: Actor| column(&actor.get("/v1/audit-events?limit=500").await.expect(200), "key");
    let lead = keys(app.lead("QKK")).await;
    assert!(
        lead.contains(&"RJZ".to_owned()) && !lead.contains(&"RF4".to_owned()) && !lead.contains(&"last".to_owned()),
        "{lead:?}"
    );
    let manager = keys(app.manager("itp")).await;
    assert!(manager.contains(&"last".to_owned()) && !manager.contains(&"RJZ".to_owned()), "{manager:?}");
    let fellow = keys(app.fellow("heartflow")).await;
    assert!(fellow.contains(&"heartflow".to_owned()) && !fellow.contains(&"RF4".to_owned()), "{fellow:?}");
    app.reader().get("/v1/audit-events").await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn events_are_found_by_resource_operation_subject_and_time(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = app.now();
    app.advance(chrono::TimeDelta::minutes(10));
    app.innovation("one").await;
    app.admin().patch("/v1/innovations/one", 1, json!({ "summary": "Better." })).await.expect(200);
    eventually("both are numbered", Duration::from_secs(10), async || {
        rows(&app.admin().get("/v1/audit-events?resource=innovation").await.expect(200)).len() == 2
    })
    .await;
    let count = async |query: &str| {
        rows(&app.admin().get(&format!("/v1/audit-events?resource=innovation&{query}")).await.expect(200)).len()
    };
    assert_eq!(count("operation=update_innovation").await, 1);
    assert_eq!(count("subject=nobody").await, 0);
    let later = first + chrono::TimeDelta::minutes(5);
    let later = later.format("%Y-%m-%dT%H:%M:%SZ");
    assert_eq!([count(&format!("from={later}")).await, count(&format!("to={later}")).await], [2, 0]);
}
