//! Who is let in, and who is told why not.

use crate::support::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, EncodingKey};
use std::time::Duration;

/// A good header and good claims for this service, to be spoilt.
pub fn good(app: &TestApp, kid: &str) -> (Value, Value) {
    let now = app.now().timestamp();
    let claims = json!({ "iss": app.url, "sub": "someone", "aud": "innovation-register", "iat": now, "nbf": now, "exp": now + 600 });
    (json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }), claims)
}

/// Signs whatever it is given.
pub fn sign(header: &Value, claims: &Value, key: &EncodingKey) -> String {
    let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

pub fn merged(document: &Value, others: &Value) -> Value {
    let mut document = document.as_object().unwrap().clone();
    document.extend(others.as_object().unwrap().clone());
    document.retain(|_, value| !value.is_null());
    Value::Object(document)
}

#[rstest]
#[actix_web::test]
async fn a_refused_token_is_told_which_claim_failed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let signing = app.signing_key();
    let (header, claims) = good(&app, &signing.kid);
    let now = app.now().timestamp();
    app.bearer(sign(&header, &claims, &signing.key)).get("/v1/me").await.problem(403, "forbidden");
    for (others, reason) in [
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "nbf": now + 120 }), "nbf"),
        (json!({ "iat": now + 120 }), "iat"),
        (json!({ "aud": "another-service" }), "aud is not innovation-register"),
        (json!({ "aud": ["another-service"] }), "aud"),
        (json!({ "iss": "https://elsewhere.example" }), "iss is not"),
        (json!({ "sub": "" }), "sub"),
        (json!({ "sub": " " }), "sub"),
        (json!({ "sub": "a".repeat(201) }), "sub"),
        (json!({ "exp": now + 25 * 3600 }), "24 hours"),
        (json!({ "exp": null }), "claims"),
        (json!({ "sub": 7 }), "claims"),
        (json!({ "exp": 1e300 }), "claims"),
        (json!({ "exp": i64::MAX }), "out of range"),
    ] {
        let token = sign(&header, &merged(&claims, &others), &signing.key);
        let answer = app.bearer(token).get("/v1/me").await;
        let problem = answer.problem(401, "invalid-token");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{others}: {problem}");
        let challenge = "Bearer realm=\"innovation-register\", error=\"invalid_token\", error_description=\"";
        assert!(answer.header("www-authenticate").starts_with(challenge), "{}", answer.header("www-authenticate"));
    }
}

#[rstest]
#[actix_web::test]
async fn a_token_of_another_make_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let signing = app.signing_key();
    let (header, claims) = good(&app, &signing.kid);
    for (others, reason) in [
        (json!({ "typ": "JWT" }), "typ"),
        (json!({ "typ": null }), "typ"),
        (json!({ "crit": ["exp"] }), "crit"),
        (json!({ "b64": false }), "b64"),
        (json!({ "zip": "DEF" }), "zip"),
        (json!({ "kid": "another" }), "kid"),
        (json!({ "kid": null }), "kid"),
        (json!({ "alg": "none" }), "alg"),
        (json!({ "alg": "HS256" }), "alg"),
        (json!({ "alg": "RS256" }), "alg"),
    ] {
        let token = sign(&merged(&header, &others), &claims, &signing.key);
        let problem = app.bearer(token).get("/v1/me").await.problem(401, "invalid-token");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{others}: {problem}");
    }
    let whole = sign(&header, &claims, &signing.key);
    let parts: Vec<&str> = whole.split('.').collect();
    let other = BASE64.encode(merged(&claims, &json!({ "sub": "admin" })).to_string());
    let unsigned = format!(
        "{}.{}.",
        BASE64.encode(json!({ "alg": "none", "typ": "at+jwt", "kid": signing.kid }).to_string()),
        parts[1]
    );
    let tampered = [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        unsigned,
        "a.b".into(),
        "a".repeat(9000),
    ];
    for token in tampered {
        app.bearer(token).get("/v1/me").await.problem(401, "invalid-token");
    }
    let basic = app.anonymous().with("authorization", "Basic dXNlcjpwYXNz").get("/v1/me").await;
    basic.problem(401, "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn i_am_told_who_i_am_and_what_i_may_do(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let me = app.lead("QKK").get("/v1/me").await.expect(200);
    assert_eq!(me["grants"][0]["role"], "regional-lead");
    assert_eq!((&me["grants"][0]["scope"], &me["grants"][0]["target"]), (&json!("organisation"), &json!("QKK")));
    assert_eq!(
        (&me["grants"][0]["from"], &me["expiresAt"]),
        (&json!("2026-06-15T09:00:00Z"), &json!("2026-06-15T21:00:00Z"))
    );
    let operations = me["operations"].as_array().unwrap();
    assert!(
        operations.contains(&json!("create_recalculation")) && !operations.contains(&json!("create_organisation")),
        "{me}"
    );
}

#[rstest]
#[actix_web::test]
async fn a_token_and_a_grant_end_when_they_say(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    admin.get("/v1/me").await.expect(200);
    app.advance(chrono::TimeDelta::hours(12));
    admin.get("/v1/me").await.problem(403, "forbidden");
    app.advance(chrono::TimeDelta::minutes(1));
    admin.get("/v1/me").await.problem(401, "invalid-token");
}

#[rstest]
#[actix_web::test]
async fn a_revoked_grant_stops_within_five_seconds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = app.reader();
    reader.get("/v1/kpi-sets").await.expect(200);
    app.sql("UPDATE grants SET to_at = '2026-06-15 08:00:00'; UPDATE grant_generation SET generation = generation + 1");
    eventually("the grant is forgotten", Duration::from_secs(5), async || {
        reader.get("/v1/kpi-sets").await.status == 403
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn an_end_users_organisation_narrows_what_may_be_done(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (code, board) in [("RF4", "QMF"), ("R1H", "QMF"), ("RJZ", "QKK")] {
        app.trust(code, board).await;
    }
    app.kpi("ae", json!({})).await;
    const HEADER: &str = "nhsd-end-user-organisation-ods";
    let submitter = app.submitter("QMF");
    let submit = async |actor: &Actor, organisation: &str| {
        actor.post("/v1/kpi-submissions?kpi=ae", json!({ "rows": [row(organisation, "2026-01", 1)] })).await
    };
    submit(&submitter, "R1H").await.expect(201);
    let narrowed = submitter.with(HEADER, "rf4");
    assert_eq!(narrowed.get("/v1/me").await.expect(200)["endUserOrganisation"], "RF4");
    submit(&narrowed, "RF4").await.expect(201);
    submit(&narrowed, "R1H").await.problem(422, "rows-rejected");
    for outside in ["RJZ", "NOWHERE"] {
        submitter.with(HEADER, outside).get("/v1/me").await.problem(403, "forbidden");
    }
    let admin = app.admin().with(HEADER, "RF4");
    submit(&admin, "R1H").await.problem(422, "rows-rejected");
    admin
        .post("/v1/organisations", json!({ "code": "NEW", "name": "New", "type": "other" }))
        .await
        .problem(403, "forbidden");
    app.manager("nia").with(HEADER, "RF4").get("/v1/me").await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn an_external_issuer_is_trusted_by_its_keys_and_names_its_own_subjects(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    (jwk.common.key_id, jwk.common.key_algorithm) = (Some("theirs".to_owned()), Some(KeyAlgorithm::ES256));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, json!({ "keys": [jwk] }).to_string()).unwrap();
    let issuer = "https://id.example";
    let settings =
        [("OIDC_ISSUER", issuer), ("OIDC_JWKS_FILE", file.path().to_str().unwrap()), ("OIDC_AUDIENCE", "register")];
    let app = TestApp::with(engine, &settings).await;
    let (_, claims) = good(&app, "theirs");
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "theirs" });
    let theirs = |subject: &str| {
        sign(&header, &merged(&claims, &json!({ "iss": issuer, "aud": ["register"], "sub": subject })), &key)
    };
    let grant = NewLocalToken { subject: Some(format!("{issuer}#ada")), ..grant(Role::Reader) };
    app.token(&grant);
    let me = app.bearer(theirs("ada")).get("/v1/me").await.expect(200);
    assert_eq!((&me["subject"], &me["grants"][0]["role"]), (&json!("https://id.example#ada"), &json!("reader")));
    app.bearer(theirs("grace")).get("/v1/me").await.problem(403, "forbidden");
    let posing = sign(&merged(&header, &json!({ "typ": "at+jwt" })), &claims, &key);
    let problem = app.bearer(posing).get("/v1/me").await.problem(401, "invalid-token");
    assert!(problem["detail"].as_str().unwrap().contains("iss"), "{problem}");
}

#[rstest]
#[actix_web::test]
async fn the_published_keys_hold_nothing_private(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let key = &set["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["kid"]), (&json!("EC"), &json!("P-256"), &json!(app.signing_key().kid)));
    assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
}
