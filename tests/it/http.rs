//! What every client can rely on, whatever it asks for.

use crate::support::*;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[rstest]
#[actix_web::test]
async fn nothing_at_a_path_is_404_and_unreadable_paths_are_400(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["/v1/nothing", "/v2/innovations", "/v1/innovations/", "/etc/passwd", "/v1/innovations/none"] {
        app.admin().get(path).await.problem(404, "not-found");
    }
    for path in ["/v1/organisations/%00", "/v1/organisations/%FF"] {
        let answer = app.admin().get(path).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.text());
    }
    app.admin().get("/v1/innovations/a%00b").await.problem(400, "malformed-path");
}

#[rstest]
#[actix_web::test]
async fn a_request_is_named_by_its_sender_or_by_us(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let named =
        app.anonymous().get("/v1/innovations").header("x-request-id", id).header("x-correlation-id", "a b\tc").await;
    assert_eq!((named.header("x-request-id"), named.header("x-correlation-id")), (id, "abc"));
    let unnamed = app.anonymous().get("/v1/innovations").header("x-request-id", "<script>").await;
    assert_eq!(unnamed.header("x-request-id").len(), 36);
    assert_eq!(
        app.anonymous().get("/v1/nothing").header("x-request-id", id).await.problem(404, "not-found")["requestId"],
        id
    );
}

#[rstest]
#[actix_web::test]
async fn what_has_not_changed_is_not_sent_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    let target = "/v1/innovations/heartflow";
    let first = app.anonymous().get(target).await;
    assert_eq!(first.header("etag"), "W/\"1\"");
    for tag in ["W/\"1\"", "\"1\"", "*", "W/\"9\", W/\"1\""] {
        let again = app.anonymous().get(target).header("if-none-match", tag).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, "W/\"1\""), "{tag}");
    }
    app.anonymous().get(target).header("if-none-match", "W/\"2\"").await.expect(200);
    let head = app.anonymous().request("HEAD", target).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, "W/\"1\""));
    assert_eq!(app.anonymous().request("HEAD", "/v1/nothing").await.status, 404);
}

#[rstest]
#[actix_web::test]
async fn every_answer_carries_the_headers_of_safety(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["/v1/innovations", "/v1/nothing", "/health/live", "/docs/", "/openapi.json", "/"] {
        let answer = app.anonymous().get(path).await;
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        assert!(answer.headers.get("server").is_none(), "{path}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_packed_or_not(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("MAX_JSON_BYTES", "1000"), ("MAX_UPLOAD_BYTES", "2000")]).await;
    let long = json!({ "name": "A".repeat(2000), "summary": "Long.", "mainCategory": "ai" });
    app.admin().post("/v1/innovations", long).await.problem(413, "body-too-large");
    app.admin().post_csv("/v1/kpi-submissions?kpi=ae", &"x".repeat(2001)).await.problem(413, "body-too-large");
}

/// So many megabytes of spaces in a few thousand bytes.
fn bomb(encoding: &str, megabytes: usize) -> Vec<u8> {
    let (spaces, mut packed) = (vec![b' '; 1 << 20], Vec::new());
    let mut packer: Box<dyn Write> = match encoding {
        "gzip" => Box::new(flate2::write::GzEncoder::new(&mut packed, flate2::Compression::best())),
        _ => Box::new(brotli::CompressorWriter::new(&mut packed, 4096, 5, 22)),
    };
    for _ in 0..megabytes {
        packer.write_all(&spaces).unwrap();
    }
    drop(packer);
    packed
}

#[rstest]
#[actix_web::test]
async fn a_body_that_becomes_too_large_when_it_is_unpacked_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("MAX_JSON_BYTES", "1000000"), ("MAX_UPLOAD_BYTES", "3000000")]).await;
    for encoding in ["gzip", "br"] {
        let packed = bomb(encoding, 4);
        assert!(packed.len() < 8000, "{encoding} makes {} bytes", packed.len());
        for (target, media) in [
            ("/v1/innovations", "application/json"),
            ("/v1/kpi-submissions?kpi=ae", "application/json"),
            ("/v1/kpi-submissions?kpi=ae", "text/csv"),
            ("/v1/organisations", "text/csv"),
        ] {
            let request = app.admin().request("POST", target).header("content-type", media);
            let answer = request.header("content-encoding", encoding).body(packed.clone()).await;
            answer.problem(413, "body-too-large");
        }
    }
    app.anonymous().get("/health/live").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_packed_body_is_read_and_one_packed_otherwise_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let send = |encoding: &'static str, body: Vec<u8>| {
        let request = app.admin().request("POST", "/v1/innovations").header("content-type", "application/json");
        request.header("content-encoding", encoding).body(body).into_future()
    };
    let mut packed = Vec::new();
    let body = json!({ "name": "HeartFlow", "summary": "Does good.", "mainCategory": "ai" }).to_string();
    let mut packer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::best());
    packer.write_all(body.as_bytes()).unwrap();
    packer.finish().unwrap();
    send("gzip", packed.clone()).await.expect(201);
    packed.truncate(packed.len() - 4);
    send("gzip", packed.clone()).await.problem(400, "malformed-body");
    send("br", packed).await.problem(400, "malformed-body");
}

#[rstest]
#[actix_web::test]
async fn a_body_that_does_not_arrive_is_given_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("BODY_TIMEOUT", "1")]).await;
    let token = app.token(&grant(innovation_register::access::Role::NationalAdmin));
    let address = app.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST /v1/innovations HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("application/problem+json"), "{answer}");
    assert_eq!(told(&answer), ("request-timeout").to_owned());
}

/// The code of a problem read off the wire.
fn told(answer: &str) -> String {
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let problem: Value = serde_json::from_str(body.trim_matches(|c| c != '{' && c != '}')).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

#[rstest]
#[actix_web::test]
async fn whoever_asks_too_often_is_told_when_to_come_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("RATE_LIMIT", "3/m")]).await;
    let (one, other) = (app.reader(), app.reader());
    for left in [2, 1, 0] {
        let answer = one.get("/v1/kpi-sets").await;
        answer.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=3;w=60");
        assert!(
            answer.header("ratelimit").starts_with(&format!("\"default\";r={left};")),
            "{}",
            answer.header("ratelimit")
        );
    }
    let refused = one.get("/v1/kpi-sets").await;
    refused.problem(429, "rate-limited");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    other.get("/v1/kpi-sets").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn browsers_of_named_origins_may_call(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("CORS_ORIGINS", "https://portal.example, https://other.example")]).await;
    let preflight = async |origin: &str| {
        let request = app.anonymous().request("OPTIONS", "/v1/innovations").header("origin", origin);
        request
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "if-match")
            .await
    };
    let allowed = preflight("https://portal.example").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, "https://portal.example"));
    let refused = preflight("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    refused.problem(400, "malformed-header");
    let read = app.anonymous().get("/v1/innovations").header("origin", "https://other.example").await;
    assert!(read.header("access-control-expose-headers").to_lowercase().contains("etag"), "{:?}", read.headers);
}

#[rstest]
#[actix_web::test]
async fn answers_are_packed_for_those_who_ask(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for encoding in ["gzip", "br"] {
        let answer = app.anonymous().get("/openapi.json").header("accept-encoding", encoding).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding));
    }
}

#[rstest]
#[actix_web::test]
async fn the_document_is_served_in_both_forms_with_a_page_to_try_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let json = app.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(json, innovation_register::startup::document().unwrap());
    let yaml = app.anonymous().get("/openapi.yaml").await;
    assert!(yaml.status == 200 && yaml.text().starts_with("openapi: 3.1"), "{}", yaml.text());
    let bare = yaml.text().lines().filter(|line| ["- on", "- =", "on:"].contains(&line.trim())).count();
    assert_eq!(bare, 0, "readers of YAML 1.1 take these for something else");
    app.anonymous().get("/").await.expect_html();
    let docs = app.anonymous().get("/docs/").await;
    assert_eq!((docs.status, docs.header("content-type")), (200, "text/html"));
    assert!(!docs.text().contains("https://"), "nothing is fetched from elsewhere");
}

#[rstest]
#[actix_web::test]
async fn a_service_without_its_schema_is_not_ready_though_alive(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.anonymous().get("/health/live").await.expect(200);
    app.anonymous().get("/health/ready").await.expect(200);
    app.sql("DELETE FROM schema_info");
    eventually("readiness tells", Duration::from_secs(10), async || {
        app.anonymous().get("/health/ready").await.status == 503
    })
    .await;
    let unready = app.anonymous().get("/health/ready").await;
    unready.problem(503, "unavailable");
    assert_eq!(unready.header("retry-after"), "1");
    app.anonymous().get("/health/live").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_fault_of_ours_tells_nothing_of_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sql("DROP TABLE reference_counters");
    let body = json!({ "name": "HeartFlow", "summary": "Does good.", "mainCategory": "ai" });
    let problem = app.admin().post("/v1/innovations", body).await.problem(500, "internal");
    assert!(!problem.to_string().contains("reference_counters"), "{problem}");
}

#[rstest]
#[actix_web::test]
async fn who_waits_too_long_for_the_database_is_told_to_come_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("DB_PATIENCE", "1"), ("DB_WRITERS", "1")]).await;
    let admin = app.admin();
    let create = |code: &str| {
        admin.post("/v1/organisations", json!({ "code": code, "name": "New", "type": "other" })).into_future()
    };
    let held = app.hold_writes(Duration::from_secs(3));
    let answers = async {
        let asked = Instant::now();
        let answers = futures_util::future::join(create("ONE"), create("TWO")).await;
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        answers
    };
    let ((), (first, second)) = futures_util::future::join(held, answers).await;
    for (code, refused) in [("ONE", first), ("TWO", second)] {
        refused.problem(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
        create(code).await.expect(201);
    }
}

#[rstest]
#[actix_web::test]
async fn metrics_listen_apart_and_count_requests_by_operation(#[values(Sqlite, Postgres)] engine: Engine) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let app = TestApp::with(engine, &[("METRICS_LISTEN", &free)]).await;
    app.anonymous().get("/v1/innovations").await.expect(200);
    app.anonymous().get("/metrics").await.problem(404, "not-found");
    let metrics = app.elsewhere(&free).get("/metrics").await;
    assert!(
        metrics.text().contains("http_requests_total{operation=\"list_innovations\",status=\"200\"} 1"),
        "{}",
        metrics.text()
    );
}

#[rstest]
#[actix_web::test]
async fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(#[values(Sqlite, Postgres)] engine: Engine) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let app = TestApp::with(engine, &[("METRICS_LISTEN", &free)]).await;
    app.admin().get("/v1/innovations").await.expect(200);
    let metrics = app.elsewhere(&free).get("/metrics").await;
    let jobs = metrics.text().lines().find_map(|line| line.strip_prefix("database_jobs_total{lane=\"db-read\"} "));
    assert!(jobs.is_some_and(|number| number.parse::<f64>().unwrap() >= 1.0), "{}", metrics.text());
    let asked = concat!(
        include_str!("../../docs/observability/dashboard.json"),
        include_str!("../../docs/observability/alerts.yaml")
    );
    let words = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: BTreeSet<&str> = words
        .filter(|word| ["http_", "database_", "register_"].iter().any(|prefix| word.starts_with(prefix)))
        .collect();
    assert!(named.len() > 10);
    let unknown: Vec<&&str> = named.iter().filter(|name| !metrics.text().contains(&format!("\n{name}{{"))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
