//! API7, server side request forgery: the address of a client's keys is the one address that a caller gives and the
//! service calls.

use crate::identity::{asserted, claims, pair};
use crate::support::*;

/// What comes of an address: whether it was taken, and why it was then not called.
async fn tried(app: &TestApp, url: &str) -> (u16, String) {
    let body = json!({ "name": "Mine", "organisation": "RJZ", "jwksUrl": url });
    let made = app.admin().post("/v1/clients", body).await;
    if made.status != 201 {
        return (made.status, String::new());
    }
    let assertion = pair("published").sign(&claims(app, made.json()["id"].as_str().unwrap(), json!({})));
    let refusal = asserted(app, &assertion).await.expect(401);
    (401, refusal["error_description"].as_str().unwrap().to_owned())
}

#[rstest]
#[actix_web::test]
async fn no_spelling_of_an_inner_address_is_called(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let canary = Published::new(200, json!({ "keys": [] }).to_string());
    let port = canary.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        for scheme in ["https", "http"] {
            let (status, why) = tried(&app, &format!("{scheme}://{host}:{port}/jwks.json")).await;
            let told = ["private", "only https", "could not be reached"].iter().any(|told| why.contains(told));
            let refused = [400, 422].contains(&status) || told;
            assert!(refused, "{scheme}://{host}: {status} {why}");
        }
    }
    assert_eq!(canary.calls(), 0, "nothing inside was called");
}

#[rstest]
#[actix_web::test]
async fn only_a_plain_https_address_is_taken(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let made = app.admin().post("/v1/clients", json!({ "name": "Mine", "organisation": "RJZ" })).await;
    for url in [
        "http://keys.example/",
        "file:///etc/passwd",
        "ftp://keys.example/",
        "gopher://127.0.0.1:6379/_",
        "data:application/json,{}",
        "jar:https://keys.example/",
        "ldap://keys.example/",
        "unix:/run/register.sock",
        "//keys.example/",
        "keys.example",
        "/jwks.json",
        "https://user@keys.example/",
        "https://user:word@keys.example/",
        "https://keys.example@127.0.0.1/",
        "https://keys.example/#here",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://keys.example:99999/",
        "https://",
        "https:///jwks.json",
        "https://keys.example/\r\nx: y",
        "https://keys.example/ x",
        "https://127.0.0.1\\@keys.example/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://keys_example\u{0}/",
    ] {
        let body = json!({ "name": "Mine", "organisation": "RJZ", "jwksUrl": url });
        let answer = app.admin().post("/v1/clients", body).await;
        assert!([400, 422].contains(&answer.status), "{url}: {}", answer.text());
        let patched = app.admin().patch(made.header("location"), 1, json!({ "jwksUrl": url })).await;
        assert!([400, 422].contains(&patched.status), "{url}: {}", patched.text());
    }
}

#[rstest]
#[actix_web::test]
async fn a_redirection_is_not_followed_inwards(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("PRIVATE_NETWORKS", "127.0.0.1")]).await;
    app.trust("RJZ", "QKK").await;
    let canary = Published::new(200, json!({ "keys": [] }).to_string());
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} X\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            canary.url
        );
        let redirecting = Published::raw(head);
        let (_, why) = tried(&app, &redirecting.url).await;
        assert!(why.contains(&format!("status {status}")), "{why}");
        assert_eq!((redirecting.calls(), canary.calls()), (1, 0));
    }
}
