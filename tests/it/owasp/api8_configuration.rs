//! API8, security misconfiguration: what the service says of itself, and what it takes from the edges of HTTP.

use super::wire;
use crate::laws::operations;
use crate::support::*;

/// What every answer carries, whatever it answers.
#[track_caller]
fn assert_dressed(answer: &Answer) {
    let said = format!("{}: {} {:?}", answer.target(), answer.status, answer.headers);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(answer.header(name), value, "{said}");
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{said}");
    assert!(!answer.header("content-security-policy").contains("unsafe-eval"), "{said}");
    assert!(!answer.header("cache-control").is_empty() && answer.header("x-request-id").len() == 36, "{said}");
    for telling in ["server", "x-powered-by", "via", "x-aspnet-version", "x-runtime", "access-control-allow-origin"] {
        assert!(answer.headers.get(telling).is_none(), "{telling}: {said}");
    }
}

#[rstest]
#[actix_web::test]
async fn failures_are_dressed_like_every_answer_and_tell_of_nothing_behind(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    let json = |body: &str| {
        let request = admin.request("POST", "/v1/innovations").header("content-type", "application/json");
        request.body(body.to_owned())
    };
    for (request, status) in [
        (json("{"), 400),
        (app.anonymous().get("/v1/people"), 401),
        (app.reader().get("/v1/people"), 403),
        (admin.get("/v1/nothing"), 404),
        (admin.get("/docs/guides/nothing"), 404),
        (admin.get("/docs/nothing.js"), 404),
        (admin.request("DELETE", "/v1/innovations"), 405),
        (admin.request("POST", "/"), 404),
        (admin.get("/v1/innovations").accept("image/png"), 406),
        (json("{}").header("content-encoding", "zip"), 415),
        (admin.request("PATCH", "/v1/innovations/none").header("content-type", "application/json").body("{}"), 428),
        (app.anonymous().request("POST", "/oauth2/token"), 415),
    ] {
        let answer = request.await;
        assert!(
            answer.status == status || (status == 404 && answer.status == 405),
            "{}: {}",
            answer.status,
            answer.text()
        );
        assert_dressed(&answer);
    }
    app.sql("ALTER TABLE innovations RENAME TO innovations_gone");
    let failed = admin.get("/v1/innovations").await;
    failed.problem(500, "internal");
    assert_dressed(&failed);
    assert!(!failed.text().contains("innovations_gone") && !failed.text().contains("no such"), "{}", failed.text());
}

#[rstest]
#[actix_web::test]
async fn nothing_that_only_its_makers_need_is_served(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in [
        "/metrics",
        "/debug",
        "/debug/pprof",
        "/actuator",
        "/actuator/env",
        "/status",
        "/admin",
        "/console",
        "/server-status",
        "/trace",
        "/.env",
        "/.git/config",
        "/.git/HEAD",
        "/config",
        "/Cargo.toml",
        "/register.sqlite",
        "/register.sqlite.keys",
        "/backup",
        "/graphql",
        "/swagger.json",
        "/v1/openapi.json",
        "/api-docs",
        "/health",
        "/health/",
        "/.well-known/openid-configuration",
        "/robots.txt",
        "/docs/guides/../../Cargo.toml",
        "/docs/guides/..%2f..%2fCargo.toml",
        "/docs/guides/decisions",
        "/problems/../../etc/passwd",
        "/v1/demo",
        "/v1/seed",
        "/v1/tokens",
        "/v1/reset",
    ] {
        for actor in [app.anonymous(), app.admin()] {
            let status = actor.get(path).status().await.unwrap();
            assert_eq!(status, 404, "{path}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn the_odd_corners_of_http_are_refused_without_an_error_of_ours(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.token(&grant(innovation_register::access::Role::NationalAdmin));
    let secret = format!("authorization: Bearer {token}\r\n");
    for (request, statuses) in [
        (format!("TRACE /v1/innovations HTTP/1.1\r\nhost: a\r\n{secret}connection: close\r\n\r\n"), "405"),
        (format!("TRACE / HTTP/1.1\r\nhost: a\r\n{secret}connection: close\r\n\r\n"), "404 405"),
        ("CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "400 404 405"),
        ("GET /v1/innovations HTTP/1.0\r\n\r\n".to_owned(), "200"),
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "400 404 405"),
        ("GET /v1/innovations HTTP/2.0\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "400 505"),
        ("GET /v1/innovations HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n".to_owned(), "400"),
        ("GET /v1/innovations\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}\u{0}\u{f1}\r\n\r\n".to_owned(), "400"),
        (
            format!(
                "POST /v1/innovations HTTP/1.1\r\nhost: a\r\n{secret}content-type: application/json\r\ncontent-length: 2\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{{}}"
            ),
            "400",
        ),
        (
            format!(
                "POST /v1/innovations HTTP/1.1\r\nhost: a\r\n{secret}content-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
            ),
            "400",
        ),
        (
            format!(
                "POST /v1/innovations HTTP/1.1\r\nhost: a\r\n{secret}content-type: application/json\r\ncontent-length: -1\r\nconnection: close\r\n\r\n"
            ),
            "400",
        ),
        (
            format!(
                "POST /v1/innovations HTTP/1.1\r\nhost: a\r\n{secret}content-type: application/json\r\ntransfer-encoding: chunked, gzip\r\nconnection: close\r\n\r\n"
            ),
            "400",
        ),
        (
            format!("GET /v1/innovations HTTP/1.1\r\nhost: a\r\n x-folded: b\r\n{secret}connection: close\r\n\r\n"),
            "400",
        ),
    ] {
        let answer = wire(&app, &request);
        let status = answer.split(' ').nth(1).unwrap_or("400").to_owned();
        assert!(statuses.contains(&status), "{request}: {answer}");
        assert!(!answer.contains(&token), "a token is never sent back: {answer}");
    }
    app.anonymous().get("/health/live").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn no_parameter_takes_what_a_database_chokes_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in operations().into_iter().filter(|operation| operation.method == "GET") {
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            for value in ["a%00b", "%FF%FE", "'%20OR%20'1'='1", "%25%27%22%5C"] {
                let name = parameter["name"].as_str().unwrap_or_default();
                let target = match parameter["in"].as_str() {
                    Some("query") => format!("{}?{name}={value}", operation.target),
                    Some("path") => operation.path.replace(&format!("{{{name}}}"), value),
                    _ => continue,
                };
                if !target.contains('{') {
                    let answer = admin.get(&target).await;
                    assert!(answer.status < 500, "{target}: {}", answer.text());
                }
            }
        }
    }
}

#[rstest]
#[actix_web::test]
async fn browsers_elsewhere_may_read_nothing_unless_it_is_configured(#[values(Sqlite, Postgres)] engine: Engine) {
    for (origins, allowed) in [("", vec![]), ("https://portal.example", vec!["https://portal.example"])] {
        let app = TestApp::with(engine, &[("CORS_ORIGINS", origins)]).await;
        for origin in [
            "https://portal.example",
            "http://portal.example",
            "https://portal.example.evil.example",
            "https://evil-portal.example",
            "https://portal.example:8443",
            "null",
            "https://PORTAL.example.",
            "file://",
        ] {
            let answer = app.anonymous().get("/v1/innovations").header("origin", origin).await;
            let told = answer.header("access-control-allow-origin");
            assert_eq!(told, if allowed.contains(&origin) { origin } else { "" }, "{origins:?} {origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{origin}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn the_address_that_a_caller_claims_is_not_ours(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("PUBLIC_URL", "https://register.example")]).await;
    for name in ["host", "x-forwarded-host", "x-original-host", "forwarded"] {
        let value = if name == "forwarded" { "host=evil.example" } else { "evil.example" };
        for target in ["/v1/organisations?limit=1", "/.well-known/oauth-authorization-server", "/", "/docs/"] {
            let answer = app.anonymous().get(target).header(name, value).await;
            assert_eq!(answer.status, 200, "{name} {target}");
            let told = format!("{:?} {}", answer.headers, answer.text());
            assert!(!told.contains("evil.example"), "{name} {target}: {told:.2000}");
        }
    }
}
