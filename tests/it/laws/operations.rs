//! What every operation of the document does with a bad request. A new operation is held to it on arrival, and none is
//! excepted.

use super::{METHODS, Operation, operations};
use crate::support::*;

/// Operations under `/v1`, which the gate guards.
fn guarded() -> impl Iterator<Item = Operation> {
    operations().into_iter().filter(|operation| operation.access.is_some())
}

/// The operation, called by someone who may, on a version that may be there.
fn call(actor: &Actor, operation: &Operation, query: &str) -> Request {
    let request = actor.request(&operation.method, &format!("{}{query}", operation.target));
    if operation.is_conditional() { request.if_match(1) } else { request }
}

fn consumes(operation: &Operation) -> Vec<String> {
    operation.described["requestBody"]["content"]
        .as_object()
        .map(|media| media.keys().cloned().collect())
        .unwrap_or_default()
}

#[rstest]
#[actix_web::test]
async fn without_a_token_only_what_is_public_is_answered(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for operation in guarded() {
        let answer = call(&app.anonymous(), &operation, "").await;
        if operation.access.is_some_and(|row| row.anonymous) {
            assert!(![401, 403].contains(&answer.status), "{}: {}", operation.id, answer.text());
        } else {
            answer.problem(401, "unauthenticated");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Bearer realm=\"innovation-register\"", "{}", operation.id);
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_token_that_is_none_is_refused_everywhere(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for operation in guarded() {
        let answer = call(&app.bearer("not.a.token"), &operation, "").await;
        answer.problem(401, "invalid-token");
        let challenge = answer.header("www-authenticate");
        let [error, described] =
            ["error=\"invalid_token\"", "error_description=\""].map(|part| challenge.contains(part));
        assert!(challenge.starts_with("Bearer realm=") && error && described, "{}: {challenge}", operation.id);
        let refusal = &operation.described["responses"]["401"];
        assert!(refusal.is_object(), "{}: its 401 is not in the document", operation.id);
    }
}

#[rstest]
#[actix_web::test]
async fn another_method_is_answered_with_those_there_are(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in operations() {
        let taken: Vec<String> =
            operations().into_iter().filter(|other| other.path == operation.path).map(|other| other.method).collect();
        for method in METHODS.map(str::to_uppercase).iter().filter(|method| !taken.contains(method)) {
            let answer = admin.request(method, &operation.target).await;
            if operation.path == "/oauth2/token" {
                assert_eq!(answer.expect(405)["error"], "invalid_request", "in the words of RFC 6749");
            } else {
                answer.problem(405, "method-not-allowed");
            }
            let mut allowed: Vec<&str> = answer.header("allow").split(", ").collect();
            allowed.sort_unstable();
            let mut taken: Vec<&str> = taken.iter().map(String::as_str).collect();
            taken.sort_unstable();
            assert_eq!(allowed, taken, "{method} {}", operation.path);
        }
    }
}

#[rstest]
#[actix_web::test]
async fn an_unknown_parameter_is_refused_and_one_given_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in guarded() {
        let media = consumes(&operation);
        let with_body = |request: Request| match media.first() {
            Some(media) => request.header("content-type", media).body("{}"),
            None => request,
        };
        with_body(call(&admin, &operation, "?noSuchParameter=1")).await.problem(400, "unknown-parameter");
        let mut parameters = operation.described["parameters"].as_array().into_iter().flatten();
        if let Some(parameter) = parameters.find(|p| p["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            with_body(call(&admin, &operation, &format!("?{name}=1&{name}=1"))).await.problem(400, "invalid-parameter");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_junk_body_is_told_as_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in guarded() {
        for media in consumes(&operation) {
            for junk in ["{", "[1]", "\u{0}", "null"] {
                let answer = call(&admin, &operation, "").header("content-type", &media).body(junk).await;
                let told = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                answer.problem(400, &told);
                assert!(["malformed-body", "unknown-column"].contains(&told.as_str()), "{}: {told}", operation.id);
            }
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_media_type_that_is_not_read_is_415_and_one_that_is_not_written_406(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in guarded() {
        if let Some(media) = consumes(&operation).first() {
            for foreign in ["application/xml", "text/plain", "application/json; charset=utf-16"] {
                let answer = call(&admin, &operation, "").header("content-type", foreign).body("x").await;
                answer.problem(415, "unsupported-media-type");
            }
            call(&admin, &operation, "").body("").await.problem(415, "unsupported-media-type");
            let packed = call(&admin, &operation, "").header("content-type", media).header("content-encoding", "zip");
            packed.body("x").await.problem(415, "unsupported-media-type");
        }
        let responses = operation.described["responses"].as_object().unwrap();
        if responses.iter().any(|(status, response)| status.starts_with('2') && response.get("content").is_some()) {
            call(&admin, &operation, "").accept("image/x-unheard-of").await.problem(406, "not-acceptable");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_change_of_a_record_needs_the_version_it_was_made_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in guarded() {
        let is_move = operation.method == "POST" && operation.path.ends_with("/transitions");
        let needs_it = is_move || ["PATCH", "PUT", "DELETE"].contains(&operation.method.as_str());
        if needs_it {
            let media = consumes(&operation).first().cloned().unwrap_or_default();
            let request = admin.request(&operation.method, &operation.target).header("content-type", &media).body("{}");
            request.await.problem(428, "version-required");
        }
    }
}
