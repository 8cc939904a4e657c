//! API10, unsafe consumption of APIs: keys, claims and files that come from elsewhere.

use crate::auth::{good, merged, sign};
use crate::identity::{Pair, asserted, claims, pair};
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use futures_util::future::{join, join_all};

/// A service that may call this machine, and a client whose keys are at the address.
async fn publishing(engine: Engine, url: &str) -> (TestApp, String) {
    let app = TestApp::with(engine, &[("PRIVATE_NETWORKS", "127.0.0.1")]).await;
    app.trust("RJZ", "QKK").await;
    let body = json!({ "name": "Warehouse", "organisation": "RJZ", "jwksUrl": url });
    let made = app.admin().post("/v1/clients", body).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    (app, id)
}

/// The set with some members of its first key others.
fn spoilt(pair: &Pair, others: Value) -> String {
    json!({ "keys": [merged(&pair.jwks["keys"][0], &others)] }).to_string()
}

#[rstest]
#[actix_web::test]
async fn a_set_of_keys_that_is_none_or_no_good_lets_nobody_in(#[values(Sqlite, Postgres)] engine: Engine) {
    let pair = pair("published");
    let good = pair.jwks.to_string();
    let weak = json!({ "kty": "RSA", "crv": null, "x": null, "y": null, "n": BASE64.encode([0xc5; 128]), "e": "AQAB" });
    for (body, why) in [
        ("<html>Sign in</html>".to_owned(), "no JWKS"),
        (String::from("null"), "no JWKS"),
        ("{\"keys\":{}}".to_owned(), "no JWKS"),
        ("{\"keys\":[7]}".to_owned(), "no JWKS"),
        ("[".repeat(200_000), "no JWKS"),
        (format!("{}{good}", " ".repeat(1024 * 1024)), "larger than 1 MiB"),
        (json!({ "keys": [] }).to_string(), "names no key"),
        (spoilt(&pair, json!({ "d": "c2VjcmV0" })), "names no key"),
        (spoilt(&pair, json!({ "use": "enc" })), "names no key"),
        (spoilt(&pair, json!({ "crv": "P-384" })), "names no key"),
        (spoilt(&pair, json!({ "alg": "HS256" })), "names no key"),
        (spoilt(&pair, json!({ "kty": "oct", "k": "c2VjcmV0" })), "names no key"),
        (spoilt(&pair, json!({ "kty": "quantum" })), "names no key"),
        (spoilt(&pair, json!({ "x": "AAAA" })), "signature"),
        (spoilt(&pair, weak), "names no key"),
    ] {
        let (app, client) = publishing(engine, &Published::new(200, body.clone()).url).await;
        let refusal = asserted(&app, &pair.sign(&claims(&app, &client, json!({})))).await.expect(401);
        let told = refusal["error_description"].as_str().unwrap();
        assert!(told.contains(why) && told.len() < 400, "{:.200}: {told}", body);
        assert!(!told.contains("http"), "where the keys are is not told to whoever knows a client's id: {told}");
    }
    let mut beside = pair.jwks.clone();
    beside["keys"].as_array_mut().unwrap().insert(0, json!({ "kty": "quantum", "kid": "a", "q": 1 }));
    beside["expires"] = json!("tomorrow");
    let (app, client) = publishing(engine, &Published::new(200, beside.to_string()).url).await;
    asserted(&app, &pair.sign(&claims(&app, &client, json!({})))).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_answer_that_lies_about_itself_lets_nobody_in(#[values(Sqlite, Postgres)] engine: Engine) {
    let pair = pair("published");
    let good = pair.jwks.to_string();
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 500 X\r\nconnection: close\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let (app, client) = publishing(engine, &Published::raw(format!("{head}{good}")).url).await;
        let refusal = asserted(&app, &pair.sign(&claims(&app, &client, json!({})))).await.expect(401);
        assert!(!refusal.to_string().contains("SSH-2.0"), "what answered is not told: {refusal}");
    }
}

#[rstest]
#[actix_web::test]
async fn many_assertions_at_once_make_one_call(#[values(Sqlite, Postgres)] engine: Engine) {
    let pair = pair("published");
    let published = Published::new(200, pair.jwks.to_string());
    let (app, client) = publishing(engine, &published.url).await;
    let unknown = crate::identity::pair("unheard-of");
    let assertions: Vec<String> = (0..20).map(|_| unknown.sign(&claims(&app, &client, json!({})))).collect();
    for answer in join_all(assertions.iter().map(|assertion| asserted(&app, assertion))).await {
        answer.expect(401);
    }
    asserted(&app, &pair.sign(&claims(&app, &client, json!({})))).await.expect(200);
    assert_eq!(published.calls(), 1);
}

#[rstest]
#[actix_web::test]
async fn an_address_that_never_answers_holds_up_nobody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let (slow, pair) = (Published::raw(String::new()), pair("published"));
    let (app, client) = publishing(engine, &slow.url).await;
    let good = Published::new(200, pair.jwks.to_string());
    let body = json!({ "name": "Another", "organisation": "RJZ", "jwksUrl": good.url });
    let other = app.admin().post("/v1/clients", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let waiting = pair.sign(&claims(&app, &client, json!({})));
    let others = async {
        eventually("the slow one is called", std::time::Duration::from_secs(5), async || slow.calls() == 1).await;
        let begun = std::time::Instant::now();
        for _ in 0..5 {
            asserted(&app, &pair.sign(&claims(&app, &other, json!({})))).await.expect(200);
            app.anonymous().get("/v1/innovations").await.expect(200);
        }
        begun.elapsed()
    };
    let (refused, taken) = join(asserted(&app, &waiting), others).await;
    assert!(taken < std::time::Duration::from_secs(5), "{taken:?}");
    assert!(refused.expect(401).to_string().contains("within 10 seconds"));
}

#[rstest]
#[actix_web::test]
async fn claims_of_odd_types_are_no_grants(#[values(Sqlite, Postgres)] engine: Engine) {
    let (theirs, folder) = (pair("theirs"), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let map =
        "body = \"ods\"\n[[grant]]\nclaim = \"roles\"\nvalue = \"lead\"\nrole = \"regional-lead\"\nscope = \"ods\"\n";
    let (keys, grants) = (file("jwks.json", &theirs.jwks.to_string()), file("grants.toml", map));
    let issuer = "https://id.example";
    let app = TestApp::with(
        engine,
        &[
            ("OIDC_ISSUER", issuer),
            ("OIDC_JWKS_FILE", &keys),
            ("OIDC_AUDIENCE", "register"),
            ("OIDC_GRANTS_FILE", &grants),
        ],
    )
    .await;
    let (_, claims) = good(&app, "theirs");
    let of = |others: Value| {
        let whole = merged(&merged(&claims, &json!({ "iss": issuer, "aud": "register" })), &others);
        app.bearer(sign(&json!({ "alg": "ES256", "kid": "theirs" }), &whole, &theirs.key))
    };
    of(json!({ "roles": "lead", "ods": "QKK" })).get("/v1/me").await.expect(200);
    for others in [
        json!({ "roles": "lead" }),
        json!({ "roles": "lead", "ods": null }),
        json!({ "roles": "lead", "ods": 7 }),
        json!({ "roles": "lead", "ods": { "code": "QKK" } }),
        json!({ "roles": "lead", "ods": [["QKK"]] }),
        json!({ "roles": "lead", "ods": "" }),
        json!({ "roles": "lead", "ods": "QKK\u{0}" }),
        json!({ "roles": "lead", "ods": "QKK' OR 'a'='a" }),
        json!({ "roles": "lead", "ods": "%" }),
        json!({ "roles": "lead", "ods": "Q".repeat(5_000) }),
        json!({ "roles": "lead", "ods": "\u{212a}KK" }),
        json!({ "roles": "LEAD", "ods": "QKK" }),
        json!({ "roles": "lead ", "ods": "QKK" }),
        json!({ "roles": "lead,admin", "ods": "QKK" }),
        json!({ "roles": { "lead": true }, "ods": "QKK" }),
        json!({ "roles": [["lead"]], "ods": "QKK" }),
        json!({ "roles": true, "ods": "QKK" }),
        json!({ "role": "national-admin", "grants": [{ "role": "national-admin" }], "scope": "national-admin" }),
    ] {
        let answer = of(others.clone()).get("/v1/me").await;
        assert!([401, 403].contains(&answer.status), "{others}: {} {}", answer.status, answer.text());
    }
}

#[rstest]
#[actix_web::test]
async fn a_file_of_another_kind_is_refused_where_a_sheet_is_expected(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    let admin = app.admin();
    let files: [&[u8]; 12] = [
        b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml",
        b"%PDF-1.7\n1 0 obj\n",
        b"<!DOCTYPE html><html><body>Session expired</body></html>",
        b"{\"code\":\"RJZ\"}",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"MZ\x90\0\x03",
        b"\xff\xfec\0o\0d\0e\0",
        b"code,name,type\nRJZ,King\x00s,nhs-trust\n",
        b"code,name,type\nRJZ,\xff\xfe\xfd,nhs-trust\n",
        b"code,name,type\nRJZ,\"King's,nhs-trust\n",
        b"code,name,type\n=cmd|' /C calc'!A0,King's,nhs-trust\n",
        b"code,code,name,type\nRJZ,RF4,King's,nhs-trust\n",
    ];
    for file in files {
        for target in ["/v1/organisations", "/v1/kpi-submissions?kpi=ae", "/v1/spc-analyses"] {
            let request = admin.request("POST", target).header("content-type", "text/csv").body(file.to_vec());
            let answer = request.await;
            assert!(
                [400, 422].contains(&answer.status),
                "{target} {:?}: {}",
                String::from_utf8_lossy(file),
                answer.text()
            );
        }
    }
    assert_eq!(app.count("organisations WHERE code = 'RJZ'"), 0);
}
