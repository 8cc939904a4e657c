//! What two callers do at the same moment comes out as if they had come one after the other.

use crate::support::*;
use futures_util::future::join_all;

/// Sends the same request from eight callers at once; how many had each status.
async fn at_once(send: impl Fn(usize) -> Request) -> Vec<u16> {
    let mut statuses: Vec<u16> =
        join_all((0..8).map(|number| send(number).into_future())).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[rstest]
#[actix_web::test]
async fn of_those_who_change_the_same_version_one_succeeds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    app.trust("RJZ", "QKK").await;
    app.innovation("heartflow").await;
    app.kpi("ae", json!({})).await;
    let set = json!({ "code": "set", "name": "Set", "kpis": ["ae"], "assignments": [{ "place": "QKK" }] });
    admin.post("/v1/kpi-sets", set).await.expect(201);
    for (target, property) in [
        ("/v1/organisations/RJZ", "name"),
        ("/v1/innovations/heartflow", "summary"),
        ("/v1/kpis/ae", "definition"),
        ("/v1/kpi-sets/set", "name"),
    ] {
        let change = |number| match target {
            "/v1/kpis/ae" => json!({ property: format!("Number {number}"), "changeNote": "Said better." }),
            _ => json!({ property: format!("Number {number}") }),
        };
        let statuses = at_once(|number| admin.patch(target, 1, change(number))).await;
        assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412], "{target}");
        assert_eq!(admin.get(target).await.expect(200)["version"], 2, "{target}");
    }
    let statuses = at_once(|_| admin.transition("/v1/innovations/heartflow", 2, json!({ "to": "development" }))).await;
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    let history = admin.get("/v1/innovations/heartflow/transitions").await.expect(200);
    assert_eq!(rows(&history).len(), 1);
}

#[rstest]
#[actix_web::test]
async fn of_those_who_take_the_same_record_away_one_succeeds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    app.trust("RJZ", "QKK").await;
    app.innovation("heartflow").await;
    app.kpi("ae", json!({})).await;
    let target = admin.post("/v1/kpis/ae/targets", json!({ "value": 1, "from": "2026-01" })).await;
    let exclusion = json!({ "kpi": "ae", "organisation": "RJZ", "period": "2026-01", "reason": "It had to." });
    let exclusion = admin.post("/v1/exclusions", exclusion).await;
    for target in ["/v1/innovations/heartflow", target.header("location"), exclusion.header("location")] {
        let statuses = at_once(|_| admin.delete(target, 1)).await;
        assert!(
            statuses[0] == 204 && statuses[1..].iter().all(|status| [404, 412].contains(status)),
            "{target}: {statuses:?}"
        );
    }
}

#[rstest]
#[actix_web::test]
async fn those_who_register_the_same_name_get_a_slug_and_a_reference_each(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    let body = json!({ "name": "HeartFlow", "summary": "Does good.", "mainCategory": "digital" });
    assert_eq!(at_once(|_| admin.post("/v1/innovations", body.clone())).await, [201; 8]);
    let found = admin.get("/v1/innovations").await.expect(200);
    for name in ["slug", "reference"] {
        let mut names = column(&found, name);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 8, "{names:?}");
    }
}

#[rstest]
#[actix_web::test]
async fn of_those_who_create_the_same_record_one_succeeds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({})).await;
    let series = |name: &str| json!({ "kpi": "ae", "organisation": "RJZ", name: "2026-01", "reason": "It had to." });
    let definition = admin.get("/v1/kpis/ae/versions").await.expect(200)["data"][0]["definition"].clone();
    let renamed = |code: &str| {
        let mut definition = definition.clone();
        definition["code"] = json!(code);
        definition
    };
    for (target, body) in [
        ("/v1/organisations", json!({ "code": "NEW", "name": "New", "type": "other" })),
        ("/v1/organisations/RJZ/edges", json!({ "parent": "Y59", "kind": "network" })),
        ("/v1/kpis", renamed("new")),
        ("/v1/kpi-sets", json!({ "code": "set", "name": "Set", "kpis": ["ae"], "assignments": [{ "place": "QKK" }] })),
        ("/v1/recalculations", series("from")),
        ("/v1/exclusions", series("period")),
    ] {
        let statuses = at_once(|_| admin.post(target, body.clone())).await;
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409], "{target}");
    }
}

#[rstest]
#[actix_web::test]
async fn successions_and_circles_are_held_against_each_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    const HEIRS: [&str; 8] = ["QMJ", "QKK", "QWE", "QRV", "QKS", "QNX", "QXU", "QNQ"];
    let merge = |to: &str, day: usize| json!({ "to": [{ "code": to }], "kind": "merge", "effectiveOn": format!("2026-04-0{day}") });
    let statuses =
        at_once(|number| admin.post("/v1/organisations/QMF/successions", merge(HEIRS[number], number + 1))).await;
    let refused = statuses[1..].iter().all(|status| [409, 422].contains(status));
    assert!(statuses[0] == 201 && refused, "it became one other organisation: {statuses:?}");
    for number in 0..8 {
        let body = json!({ "code": format!("RING{number}"), "name": "Ring", "type": "company" });
        admin.post("/v1/organisations", body).await.expect(201);
    }
    let ring = |number: usize| {
        let edge = json!({ "parent": format!("RING{}", (number + 1) % 8), "kind": "legal" });
        admin.post(&format!("/v1/organisations/RING{number}/edges"), edge)
    };
    assert_eq!(at_once(ring).await, [201, 201, 201, 201, 201, 201, 201, 422], "one of them would close the ring");
}

#[rstest]
#[actix_web::test]
async fn a_key_sent_eight_times_at_once_does_the_work_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let keyed = app.admin().with("idempotency-key", "once");
    let body = json!({ "name": "HeartFlow", "summary": "Does good.", "mainCategory": "digital" });
    let statuses = at_once(|_| keyed.post("/v1/innovations", body.clone())).await;
    assert!(statuses[0] == 201 && statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(rows(&app.anonymous().get("/v1/innovations").await.expect(200)).len(), 1);
}

#[rstest]
#[actix_web::test]
async fn an_answer_is_replayed_only_to_the_same_grants(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let subject = |role, programme: &str| innovation_register::grants::ops::NewLocalToken {
        subject: Some("ada".to_owned()),
        programme: Some(programme.to_owned()),
        ..grant(role)
    };
    let manager = innovation_register::access::Role::ProgrammeManager;
    let keyed = app.actor(&subject(manager, "nia")).with("idempotency-key", "once");
    let body = json!({ "name": "HeartFlow", "summary": "Does good.", "mainCategory": "digital" });
    keyed.post("/v1/innovations", body.clone()).await.expect(201);
    let more = app.actor(&subject(manager, "itp")).with("idempotency-key", "once");
    more.post("/v1/innovations", body.clone()).await.problem(403, "forbidden");
    app.advance(chrono::TimeDelta::hours(25));
    let later = app.actor(&subject(manager, "itp")).with("idempotency-key", "once");
    assert_eq!(later.post("/v1/innovations", body).await.expect(201)["slug"], "heartflow-2", "a key is kept for a day");
}

#[rstest]
#[actix_web::test]
async fn a_key_that_was_used_for_one_record_is_refused_for_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("one").await;
    app.innovation("two").await;
    let keyed = app.admin().with("idempotency-key", "the-same-key");
    let step = |slug: &str| keyed.transition(&format!("/v1/innovations/{slug}"), 1, json!({ "to": "development" }));
    assert_eq!(step("one").await.expect(200)["slug"], "one");
    assert_eq!(step("one").await.expect(200)["slug"], "one");
    step("two").await.problem(422, "idempotency-mismatch");
    assert_eq!(app.admin().get("/v1/innovations/two").await.expect(200)["stage"], "proof-of-concept");
}
