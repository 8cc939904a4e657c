//! API5, broken function level authorization: other ways to an operation than its own path and method.

use super::wire;
use crate::laws::operations;
use crate::support::*;
use innovation_register::access::Role;

#[rstest]
#[actix_web::test]
async fn no_spelling_of_a_path_leads_past_the_table_of_permissions(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.token(&grant(Role::Reader));
    for target in [
        "/v1/people",
        "/v1/people/",
        "/v1//people",
        "//v1/people",
        "/V1/PEOPLE",
        "/v1/./people",
        "/v1/innovations/../people",
        "/v1/innovations/%2e%2e/people",
        "/v1/%70eople",
        "/v1/people%2f",
        "/v1%2fpeople",
        "/v1/people;a=b",
        "/v1/people.json",
        "/v1/people%20",
        "/v1/people%09",
        "/docs/../v1/people",
        "/docs/guides/../../v1/people",
        "/v1/innovations\\..\\people",
        "/v1/people#",
    ] {
        let request =
            format!("GET {target} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
        let answer = wire(&app, &request);
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(["400", "403", "404"].contains(&status.as_str()), "{target}: {answer}");
    }
    let absolute = format!(
        "GET http://elsewhere.example/v1/people HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    assert!(wire(&app, &absolute).starts_with("HTTP/1.1 403"), "the path decides, not the host");
}

#[rstest]
#[actix_web::test]
async fn no_header_or_parameter_makes_another_method_of_a_request(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    let target = "/v1/innovations/heartflow";
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-method-override", "DELETE"),
        ("x-original-url", "/v1/people"),
        ("x-rewrite-url", "/v1/people"),
        ("x-forwarded-prefix", "/v1/people"),
        ("x-forwarded-host", "elsewhere.example"),
        ("x-user", "admin"),
        ("x-remote-user", "admin"),
    ] {
        let got = app.admin().get(target).header(name, value).if_match(1).await.expect(200);
        assert_eq!(got["slug"], "heartflow", "{name}");
        app.admin().request("POST", target).header(name, value).if_match(1).await.problem(405, "method-not-allowed");
    }
    app.admin().get(&format!("{target}?_method=DELETE")).if_match(1).await.problem(400, "unknown-parameter");
    app.anonymous().get(target).await.expect(200);
    for method in ["delete", "Get", "PROPFIND", "LOCK", "TRACK", "COPY", "QUERY", "PURGE"] {
        let answer = app.admin().request(method, target).if_match(1).await;
        answer.problem(405, "method-not-allowed");
    }
}

#[rstest]
#[actix_web::test]
async fn head_and_options_tell_nobody_what_get_would_not(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let callers = [app.admin(), app.reader(), app.anonymous()];
    for operation in operations().into_iter().filter(|operation| operation.method == "GET") {
        for actor in &callers {
            let (get, head) = (actor.get(&operation.target).await, actor.request("HEAD", &operation.target).await);
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{}", operation.target);
            assert_eq!(head.header("etag"), get.header("etag"), "{}", operation.target);
        }
        let options = app.anonymous().request("OPTIONS", &operation.target).await;
        options.problem(405, "method-not-allowed");
    }
}

#[rstest]
#[actix_web::test]
async fn a_national_administrator_who_acts_for_one_place_neither_lists_nor_makes_people(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let person = app.admin().post("/v1/people", json!({ "name": "Jane Marsh" })).await;
    let narrowed = app.admin().with("nhsd-end-user-organisation-ods", "RJZ");
    for target in
        ["/v1/people", "/v1/people?q=marsh", person.header("location"), "/v1/clients", "/v1/grants", "/v1/funds"]
    {
        let answer = narrowed.get(target).await;
        answer.problem(403, "forbidden");
        assert!(!answer.text().contains("Marsh"), "{}", answer.text());
    }
    let bodies = [
        ("/v1/people", json!({ "name": "Another" })),
        ("/v1/fellows", json!({ "name": "Another" })),
        ("/v1/clients", json!({ "name": "Mine", "organisation": "RJZ" })),
        ("/v1/grants", json!({ "subject": "me", "role": "national-admin", "to": "2026-12-01T00:00:00Z" })),
    ];
    for (target, body) in bodies {
        narrowed.post(target, body).await.problem(403, "forbidden");
    }
}

#[rstest]
fn the_command_line_gives_no_role_a_scope_of_another_kind(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = folder();
    let settings = told(&database(engine, &folder));
    run(&settings, &["seed"]);
    for arguments in [
        ["--role", "fellow", "--programme", "nia"],
        ["--role", "fellow", "--organisation", "QKK"],
        ["--role", "programme-manager", "--innovation", "heartflow"],
        ["--role", "submitter", "--programme", "nia"],
        ["--role", "national-admin", "--organisation", "QKK"],
        ["--role", "reader", "--programme", "nia"],
        ["--role", "evaluator", "--programme", "nia"],
    ] {
        let said = fail(&settings, &[&["token"], &arguments[..]].concat());
        assert!(said.contains("scope"), "{arguments:?}: {said}");
    }
}
