//! API4, unrestricted resource consumption: requests that cost much more to answer than to send.

use super::wire;
use crate::support::*;
use innovation_register::access::Role;
use std::time::{Duration, Instant};

/// What a request may take on a busy machine; the tries below would take minutes, or the memory of the machine.
const AT_MOST: Duration = Duration::from_secs(20);

async fn still_there(app: &TestApp, started: Instant) {
    app.anonymous().get("/health/live").await.expect(200);
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
}

#[rstest]
#[actix_web::test]
async fn a_body_of_brackets_digits_or_members_is_refused_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    app.kpi("ae", json!({})).await;
    let (admin, started) = (app.admin(), Instant::now());
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let many: String = (0..20_000).map(|at| format!("\"m{at}\":1,")).collect();
    for body in [
        nested("[", "]"),
        nested("{\"a\":", "}"),
        format!("{{\"name\":{}}}", nested("[", "]")),
        format!("{{\"rows\":{}}}", nested("[{\"a\":", "}]")),
        "[".repeat(500_000),
        format!("{{\"name\":{}}}", "9".repeat(500_000)),
        "{\"points\":[{\"period\":\"2024-01\",\"value\":1e999999999}]}".to_owned(),
        format!("{{\"points\":[{{\"period\":\"2024-01\",\"value\":0.{}1}}]}}", "0".repeat(100_000)),
        format!("{{{many}\"name\":1}}"),
        format!("{{\"name\":\"{}\"}}", "\\u0041".repeat(80_000)),
        format!("{{\"{}\":1}}", "k".repeat(500_000)),
    ] {
        for (method, target) in [
            ("POST", "/v1/innovations"),
            ("PATCH", "/v1/innovations/heartflow"),
            ("POST", "/v1/kpi-submissions?kpi=ae"),
            ("POST", "/v1/spc-analyses"),
            ("POST", "/v1/clients"),
        ] {
            let request = admin.request(method, target).header("content-type", "application/json").if_match(1);
            let answer = request.body(body.clone()).await;
            assert!([400, 413, 422].contains(&answer.status), "{target} {:.60}: {:.300}", body, answer.text());
            assert!(answer.body.len() < 300_000, "{target} {:.60}: {} bytes", body, answer.body.len());
        }
    }
    still_there(&app, started).await;
}

#[rstest]
#[actix_web::test]
async fn no_parameter_asks_for_more_than_a_page(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let (admin, started) = (app.admin(), Instant::now());
    for (query, status) in [
        ("limit=0".to_owned(), 400),
        ("limit=-1".to_owned(), 400),
        ("limit=501".to_owned(), 400),
        ("limit=1e3".to_owned(), 400),
        ("limit=99999999999999999999".to_owned(), 400),
        ("cursor=".to_owned() + &"A".repeat(5_000), 400),
        ("sort=".to_owned() + &"name,".repeat(2_000), 400),
        ("facets=".to_owned() + &"stage,".repeat(2_000), 400),
        ("slug=".to_owned() + &"a,".repeat(10_000), 400),
        ("owner=".to_owned() + &"A1,".repeat(10_000), 400),
        ("stage=".to_owned() + &"spread,".repeat(5_000), 400),
        ("q=".to_owned() + &"a%20".repeat(8_000), 400),
        ("q=%22".to_owned() + &"%22%20%22".repeat(3_000), 400),
        ("x=1&".repeat(8_000), 400),
        ("q=%25%25%25".to_owned(), 200),
        ("q=*%20OR%20NEAR(a%20b)".to_owned(), 200),
    ] {
        let answer = admin.get(&format!("/v1/innovations?{query}")).await;
        let refused = status == 400 && [400, 414, 422].contains(&answer.status);
        assert!(answer.status == status || refused, "{:.60}: {} {:.300}", query, answer.status, answer.text());
    }
    still_there(&app, started).await;
}

#[rstest]
#[actix_web::test]
async fn headers_are_short_and_few(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, started) = (app.admin(), Instant::now());
    for (name, value) in [
        ("accept", "text/csv;q=0.1,".repeat(400)),
        ("accept", "*/".repeat(3_000)),
        ("if-none-match", "W/\"1\",".repeat(700)),
        ("x-correlation-id", "x".repeat(5_000)),
        ("x-request-id", "x".repeat(5_000)),
        ("idempotency-key", "x".repeat(5_000)),
        ("range", "bytes=0-0,".repeat(500)),
        ("accept-encoding", "gzip, br, ".repeat(500)),
        ("x-forwarded-for", "1.1.1.1, ".repeat(700)),
        ("prefer", "respond-async, ".repeat(300)),
    ] {
        let answer = admin.get("/v1/innovations").header(name, &value).await;
        assert!([200, 304, 400, 406].contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
        assert!(answer.headers.iter().all(|(_, value)| value.len() < 4_100), "{name} is sent back");
    }
    let many: String = (0..2_000).map(|at| format!("x-h{at}: 1\r\n")).collect();
    for head in [many, format!("x-long: {}\r\n", "x".repeat(300_000))] {
        let answer = wire(&app, &format!("GET /v1/innovations HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{head}\r\n"));
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{:.300}", answer);
    }
    still_there(&app, started).await;
}

#[rstest]
#[actix_web::test]
async fn a_sheet_of_many_columns_or_long_cells_is_refused_in_a_few_words(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    let (admin, started) = (app.admin(), Instant::now());
    let columns: Vec<String> = (0..20_000).map(|at| format!("c{at}")).collect();
    let columns = columns.join(",");
    for sheet in [
        format!("{columns}\n"),
        format!("organisation,period,value,{columns}\nRJZ,2026-01,1\n"),
        format!("organisation,period,value\n{}\n", ",".repeat(500_000)),
        format!("organisation,period,value\n\"{}", "x\n".repeat(300_000)),
        format!("organisation,period,value\n{}\n", "\"".repeat(500_000)),
        format!("organisation,period,value\nRJZ,2026-01,{}\n", "9".repeat(500_000)),
        format!("{}\n", "organisation,".repeat(20_000)),
    ] {
        for target in ["/v1/kpi-submissions?kpi=ae", "/v1/organisations", "/v1/spc-analyses"] {
            let answer = admin.post_csv(target, &sheet).await;
            assert!([400, 413, 422].contains(&answer.status), "{target} {:.60}: {:.300}", sheet, answer.text());
            assert!(answer.body.len() < 1_000_000, "{target} {:.60}: {} bytes", sheet, answer.body.len());
        }
    }
    still_there(&app, started).await;
}

#[rstest]
#[actix_web::test]
async fn guesses_of_secrets_leave_room_for_everybody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("RATE_LIMIT", "2/m")]).await;
    let other = app.actor(&grant(Role::Reader));
    let form = "grant_type=client_credentials&client_id=01890a5d-ac96-774b-bcce-b302099a8057&client_secret=guess";
    let guess = || {
        let request = app.anonymous().request("POST", "/oauth2/token");
        request.header("content-type", "application/x-www-form-urlencoded").body(form).into_future()
    };
    let answers = futures_util::future::join_all((0..6).map(|_| guess())).await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((refused, answers.iter().filter(|answer| answer.status == 401).count()), (4, 2));
    other.get("/v1/me").await.expect(200);
}
