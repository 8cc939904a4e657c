//! API2, broken authentication: tokens and assertions that were made by whoever has the public keys and the source.

use crate::auth::{good, merged, sign};
use crate::identity::{ASSERTION, Pair, asked, asserted, claims, client, keyed, pair};
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey};

fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64.encode(part.to_string()));
    format!("{header}.{claims}.{}", BASE64.encode(signature))
}

/// Signed with a public key as if it were a secret, which who only looks at `alg` would take.
fn confused(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let header = merged(header, &json!({ "alg": "HS256" }));
    let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let key = EncodingKey::from_secret(secret);
    format!("{message}.{}", jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap())
}

async fn refused(app: &TestApp, what: &str, token: &str) {
    let answer = app.bearer(token).get("/v1/me").await;
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    answer.problem(401, "invalid-token");
    assert!(answer.header("www-authenticate").starts_with("Bearer realm="), "{what}");
}

#[rstest]
#[actix_web::test]
async fn a_header_of_the_attackers_choice_chooses_no_key(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (signing, mine) = (app.signing_key(), pair("mine"));
    let (header, claims) = good(&app, &signing.kid);
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200)["keys"][0].clone();
    let canary = Published::new(200, mine.jwks.to_string());
    for others in [
        json!({ "jwk": mine.jwks["keys"][0] }),
        json!({ "jku": canary.url, "kid": "mine" }),
        json!({ "x5u": canary.url, "kid": "mine" }),
        json!({ "kid": "../../../../../../dev/null" }),
        json!({ "kid": "' OR '1'='1" }),
        json!({ "kid": "\u{0}" }),
        json!({ "kid": "" }),
        json!({ "kid": 1 }),
        json!({ "kid": [signing.kid] }),
        json!({ "alg": "es256" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": ["ES256"] }),
        json!({ "typ": "at+jwt ", "alg": "nOnE" }),
    ] {
        refused(&app, &others.to_string(), &sign(&merged(&header, &others), &claims, &mine.key)).await;
    }
    assert_eq!(canary.calls(), 0, "no address in a token is called");
    let coordinates = |name: &str| BASE64.decode(published[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinates("x"), coordinates("y")].concat();
    for secret in
        [point, coordinates("x"), published.to_string().into_bytes(), signing.kid.clone().into_bytes(), Vec::new()]
    {
        refused(&app, "a public key as a secret", &confused(&header, &claims, &secret)).await;
    }
    for signature in [vec![0; 64], vec![0xff; 64], Vec::new(), vec![0; 32], vec![0x30, 6, 2, 1, 0, 2, 1, 0]] {
        refused(&app, "no signature", &forged(&header, &claims, &signature)).await;
    }
}

#[rstest]
#[actix_web::test]
async fn a_token_of_our_own_key_that_says_odd_things_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (signing, now) = (app.signing_key(), app.now().timestamp());
    let (header, claims) = good(&app, &signing.kid);
    let of = |others: Value| sign(&header, &merged(&claims, &others), &signing.key);
    app.bearer(of(json!({}))).get("/v1/me").await.problem(403, "forbidden");
    for others in [
        json!({ "iss": [app.url] }),
        json!({ "iss": null }),
        json!({ "iss": format!("{}/", app.url) }),
        json!({ "aud": [] }),
        json!({ "aud": { "innovation-register": true } }),
        json!({ "aud": "innovation-register " }),
        json!({ "aud": format!("{}/oauth2/token", app.url) }),
        json!({ "iat": null }),
        json!({ "iat": now.to_string() }),
        json!({ "exp": (now + 600).to_string() }),
        json!({ "exp": now as f64 + 0.5 }),
        json!({ "exp": -1 }),
        json!({ "exp": i64::MIN }),
        json!({ "iat": now - 10 * 365 * 86_400, "exp": now + 600 }),
        json!({ "exp": now + 10 * 365 * 86_400 }),
        json!({ "sub": ["admin"] }),
        json!({ "sub": "someone " }),
        json!({ "sub": "\u{a0}someone" }),
        json!({ "sub": "some\u{0}one" }),
    ] {
        refused(&app, &others.to_string(), &of(others.clone())).await;
    }
    for payload in [json!([claims.clone()]), json!(of(json!({}))), json!(7), Value::Null] {
        refused(&app, "claims that are none", &sign(&header, &payload, &signing.key)).await;
    }
    let whole = of(json!({}));
    for token in
        [format!("{whole}.{whole}"), format!("{whole}="), format!(".{whole}"), whole.replace('.', " "), "..".into()]
    {
        refused(&app, &token, &token).await;
    }
    let huge = of(json!({ "padding": "x".repeat(48_000) }));
    let status = app.bearer(huge).get("/v1/me").status().await.unwrap();
    assert!([400, 401, 431].contains(&status), "{status}");
}

#[rstest]
#[actix_web::test]
async fn a_subject_that_looks_like_another_is_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let signing = app.signing_key();
    let (header, claims) = good(&app, &signing.kid);
    app.token(&innovation_register::grants::ops::NewLocalToken {
        subject: Some("ada".to_owned()),
        ..grant(innovation_register::access::Role::Reader)
    });
    let of = |subject: &str| app.bearer(sign(&header, &merged(&claims, &json!({ "sub": subject })), &signing.key));
    of("ada").get("/v1/kpi-sets").await.expect(200);
    for other in ["Ada", "\u{430}da", "a\u{301}da", "ada\u{200b}", "\u{202e}ada", "ａｄａ", "ada%00", "ada#", "ADA"]
    {
        of(other).get("/v1/kpi-sets").await.problem(403, "forbidden");
    }
}

#[rstest]
#[actix_web::test]
async fn a_token_is_read_from_one_header_and_nowhere_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.token(&grant(innovation_register::access::Role::NationalAdmin));
    app.anonymous().get(&format!("/v1/me?access_token={token}")).await.problem(401, "unauthenticated");
    for (name, value) in [
        ("cookie", format!("access_token={token}; Authorization=Bearer {token}")),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-authorization", format!("Bearer {token}")),
        ("authorization", format!("Token {token}")),
        ("authorization", token.clone()),
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{token}:")))),
    ] {
        app.anonymous().get("/v1/me").header(name, &value).await.problem(401, "unauthenticated");
    }
    for value in [format!("Bearer {token}, Bearer {token}"), "Bearer ".to_owned(), format!("Bearer \"{token}\"")] {
        let status = app.anonymous().get("/v1/me").header("authorization", &value).await.status;
        assert_eq!(status, 401, "{value}");
    }
    let form =
        app.anonymous().request("POST", "/v1/kpi-sets").header("content-type", "application/x-www-form-urlencoded");
    form.body(format!("access_token={token}")).await.problem(401, "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn an_assertion_of_another_or_for_another_gets_no_token(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let (one, other) = (client(&app, "RJZ").await, client(&app, "RJZ").await);
    let (mine, theirs) = (keyed(&app, &one).await, keyed(&app, &other).await);
    let good = |who: &str, others: Value| claims(&app, who, others);
    let header = json!({ "alg": "ES256", "kid": "first" });
    let with = |others: Value, pair: &Pair| sign(&merged(&header, &others), &good(&one, json!({})), &pair.key);
    let point = BASE64.decode(mine.jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    for (what, assertion) in [
        ("another's key", theirs.sign(&good(&one, json!({})))),
        ("another's name", mine.sign(&good(&other, json!({})))),
        ("another as its subject", mine.sign(&good(&one, json!({ "sub": other })))),
        ("made for the API", mine.sign(&good(&one, json!({ "aud": "innovation-register" })))),
        ("made for nobody", mine.sign(&good(&one, json!({ "aud": [] })))),
        ("a list of issuers", mine.sign(&good(&one, json!({ "iss": [one] })))),
        ("a NUL", mine.sign(&good(&one, json!({ "jti": "a\u{0}b" })))),
        ("no end", mine.sign(&good(&one, json!({ "exp": null })))),
        ("alg none", forged(&merged(&header, &json!({ "alg": "none" })), &good(&one, json!({})), &[])),
        ("a public key as a secret", confused(&header, &good(&one, json!({})), &point)),
        ("a key in the header", with(json!({ "jwk": theirs.jwks["keys"][0] }), &theirs)),
        ("an address in the header", with(json!({ "jku": "http://127.0.0.1:1/", "kid": "x" }), &theirs)),
        ("crit", with(json!({ "crit": ["exp"] }), &mine)),
        ("the type of a token", with(json!({ "typ": "at+jwt" }), &mine)),
        ("one within another", mine.sign(&json!([mine.sign(&good(&one, json!({})))]))),
        ("too long", mine.sign(&good(&one, json!({ "padding": "x".repeat(9_000) })))),
    ] {
        let answer = asserted(&app, &assertion).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (401, &json!("invalid_client")),
            "{what}: {}",
            answer.text()
        );
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{what}");
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    }
    asserted(&app, &mine.sign(&good(&one, json!({})))).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_proof_is_given_in_one_way_and_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let pair = keyed(&app, &client).await;
    let assertion = pair.sign(&claims(&app, &client, json!({})));
    let grant = ("grant_type", "client_credentials");
    for form in [
        vec![grant, ("client_assertion", assertion.as_str())],
        vec![
            grant,
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            ("client_assertion", &assertion),
        ],
        vec![grant, ("client_assertion_type", ASSERTION), ("client_assertion", &assertion), ("client_secret", "x")],
        vec![grant, grant, ("client_assertion_type", ASSERTION), ("client_assertion", &assertion)],
        vec![grant, ("client_id", "a"), ("client_id", "b"), ("client_secret", "x")],
    ] {
        assert_eq!(asked(&app, &form).await.expect(400)["error"], "invalid_request", "{form:?}");
    }
    let twice =
        app.anonymous().request("POST", "/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
    let twice = twice.header("authorization", "Basic YTpi").header("authorization", "Basic Yzpk");
    assert_eq!(twice.body("grant_type=client_credentials").await.expect(400)["error"], "invalid_request");
    asserted(&app, &assertion).await.expect(200);
}
