//! Who is let in: clients with keys and secrets, tokens, grants.

use crate::support::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use innovation_register::access::Role;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use std::time::Duration;

pub const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FORM: &str = "application/x-www-form-urlencoded";
const SOON: Duration = Duration::from_secs(5);

/// A key pair of a client: the private half, and the public one as a JWKS.
pub struct Pair {
    kid: &'static str,
    pub key: EncodingKey,
    pub jwks: Value,
}

pub fn pair(kid: &'static str) -> Pair {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    Pair { kid, key, jwks: json!({ "keys": [jwk] }) }
}

impl Pair {
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// A client of a trust, registered by the national administrator.
pub async fn client(app: &TestApp, organisation: &str) -> String {
    let made = app.admin().post("/v1/clients", json!({ "name": "Warehouse", "organisation": organisation })).await;
    made.expect(201)["id"].as_str().unwrap().to_owned()
}

/// A grant for a client.
async fn granted(app: &TestApp, client: &str, grant: Value) -> String {
    let mut body = json!({ "subject": client });
    body.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
    let made = app.admin().post("/v1/grants", body).await;
    made.expect(201);
    made.header("location").to_owned()
}

pub async fn keyed(app: &TestApp, client: &str) -> Pair {
    let pair = pair("first");
    app.admin().post(&format!("/v1/clients/{client}/keys"), pair.jwks.clone()).await.expect(201);
    pair
}

pub async fn secret(app: &TestApp, client: &str) -> String {
    let made = app.admin().post(&format!("/v1/clients/{client}/secrets"), json!({})).await.expect(201);
    made["secret"].as_str().unwrap().to_owned()
}

/// Good claims of an assertion, with the others over them.
pub fn claims(app: &TestApp, client: &str, others: Value) -> Value {
    let now = app.now().timestamp();
    let jti = format!("{:?}", std::time::Instant::now());
    let mut claims = json!({ "iss": client, "sub": client, "aud": format!("{}/oauth2/token", app.url), "jti": jti, "exp": now + 240 });
    claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub async fn asked(app: &TestApp, form: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(form).unwrap();
    app.anonymous().request("POST", "/oauth2/token").header("content-type", FORM).body(body).await
}

pub async fn asserted(app: &TestApp, assertion: &str) -> Answer {
    let form =
        [("grant_type", "client_credentials"), ("client_assertion_type", ASSERTION), ("client_assertion", assertion)];
    asked(app, &form).await
}

async fn with_secret(app: &TestApp, client: &str, secret: &str) -> Answer {
    asked(app, &[("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)]).await
}

fn bearer(app: &TestApp, answer: &Answer) -> Actor {
    app.bearer(answer.expect(200)["access_token"].as_str().unwrap())
}

#[rstest]
#[actix_web::test]
async fn a_client_with_a_key_gets_a_token_and_sends_values(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({})).await;
    let client = client(&app, "RJZ").await;
    let pair = keyed(&app, &client).await;
    let answer = asserted(&app, &pair.sign(&claims(&app, &client, json!({})))).await;
    assert_eq!((&answer.expect(200)["token_type"], &answer.expect(200)["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(answer.header("cache-control"), "no-store");
    let actor = bearer(&app, &answer);
    actor.get("/v1/me").await.problem(403, "forbidden");
    granted(&app, &client, json!({ "role": "submitter", "organisation": "RJZ" })).await;
    eventually("the grant holds", SOON, async || actor.get("/v1/me").await.status == 200).await;
    let sent = actor.post("/v1/kpi-submissions?kpi=ae", json!({ "rows": [row("RJZ", "2026-01", 1)] })).await;
    sent.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_refused_assertion_says_which_claim_failed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let (pair, now) = (keyed(&app, &client).await, app.now().timestamp());
    for (others, reason) in [
        (json!({ "aud": "https://elsewhere.example" }), "aud is not"),
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "exp": now + 600 }), "five minutes"),
        (json!({ "iat": now + 120 }), "iat"),
        (json!({ "nbf": now + 120 }), "nbf"),
        (json!({ "sub": "another" }), "iss and sub"),
        (json!({ "iss": "01a21dd7-92fe-76c8-a622-504d82841b9b" }), "names no client"),
        (json!({ "iss": "somebody" }), "iss"),
        (json!({ "jti": null }), "jti"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "jti": "j".repeat(300) }), "jti"),
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": "soon" }), "exp"),
    ] {
        let answer = asserted(&app, &pair.sign(&claims(&app, &client, others.clone()))).await;
        let refusal = answer.expect(401);
        assert_eq!(refusal["error"], "invalid_client");
        assert!(refusal["error_description"].as_str().unwrap().contains(reason), "{others}: {refusal}");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let other = Pair { key: super::identity::pair("first").key, ..pair };
    let forged = asserted(&app, &other.sign(&claims(&app, &client, json!({})))).await.expect(401);
    assert!(forged["error_description"].as_str().unwrap().contains("signature"), "{forged}");
    for junk in ["", "a.b.c", "a", &"x".repeat(9000)] {
        asserted(&app, junk).await.expect(401);
    }
}

#[rstest]
#[actix_web::test]
async fn an_assertion_is_good_once_on_whichever_instance(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let pair = keyed(&app, &client).await;
    let assertion = pair.sign(&claims(&app, &client, json!({})));
    let both = futures_util::future::join(asserted(&app, &assertion), asserted(&app, &assertion)).await;
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    let again = asserted(&app, &assertion).await.expect(401);
    assert!(again["error_description"].as_str().unwrap().contains("jti was used before"), "{again}");
    assert_eq!(app.count("used_assertions"), 1, "and it is remembered where every instance looks");
}

#[rstest]
#[actix_web::test]
async fn a_token_is_no_assertion_and_an_assertion_no_token(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let pair = keyed(&app, &client).await;
    let assertion = pair.sign(&claims(&app, &client, json!({})));
    app.bearer(assertion.clone()).get("/v1/me").await.problem(401, "invalid-token");
    let token = asserted(&app, &assertion).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    asserted(&app, &token).await.expect(401);
}

#[rstest]
#[actix_web::test]
async fn a_secret_is_shown_once_and_can_be_changed_without_a_gap(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let (first, second) = (secret(&app, &client).await, secret(&app, &client).await);
    let secrets = format!("/v1/clients/{client}/secrets");
    app.admin().post(&secrets, json!({})).await.problem(422, "validation-failed");
    for secret in [&first, &second] {
        with_secret(&app, &client, secret).await.expect(200);
    }
    let listed = app.admin().get(&secrets).await;
    assert!(!listed.text().contains(&first) && !listed.text().contains("argon2"), "{}", listed.text());
    let oldest = listed.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    app.admin().delete(&format!("{secrets}/{oldest}"), 1).await.expect(204);
    assert_eq!(with_secret(&app, &client, &first).await.expect(401)["error"], "invalid_client");
    with_secret(&app, &client, &second).await.expect(200);
    with_secret(&app, "01a21dd7-92fe-76c8-a622-504d82841b9b", &second).await.expect(401);
    with_secret(&app, "nobody", &second).await.expect(401);
    app.advance(chrono::TimeDelta::days(181));
    with_secret(&app, &client, &second).await.expect(401);
}

#[rstest]
#[actix_web::test]
async fn a_suspended_client_is_out_within_five_seconds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    granted(&app, &client, json!({ "role": "submitter", "organisation": "RJZ" })).await;
    let secret = secret(&app, &client).await;
    let actor = bearer(&app, &with_secret(&app, &client, &secret).await);
    actor.get("/v1/me").await.expect(200);
    let target = format!("/v1/clients/{client}");
    app.admin().transition(&target, 1, json!({ "to": "suspended" })).await.problem(422, "validation-failed");
    let suspended = json!({ "to": "suspended", "reason": "Its secret was in a public repository." });
    app.admin().transition(&target, 1, suspended).await.expect(200);
    eventually("it is out", SOON, async || actor.get("/v1/me").await.status == 401).await;
    let refusal = with_secret(&app, &client, &secret).await.expect(401);
    assert!(refusal["error_description"].as_str().unwrap().contains("suspended"), "{refusal}");
    let back = json!({ "to": "active", "reason": "It has a new secret." });
    app.admin().transition(&target, 2, back).await.expect(200);
    with_secret(&app, &client, &secret).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_grant_that_is_taken_back_ends_within_five_seconds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let grant = granted(&app, &client, json!({ "role": "reader" })).await;
    let secret = secret(&app, &client).await;
    let actor = bearer(&app, &with_secret(&app, &client, &secret).await);
    actor.get("/v1/kpi-sets").await.expect(200);
    app.admin().delete(&grant, 1).await.expect(204);
    eventually("it is forgotten", SOON, async || actor.get("/v1/kpi-sets").await.status == 403).await;
    let kept = app.admin().get(&grant).await.expect(200);
    assert!(kept["revokedAt"].is_string(), "{kept}");
    app.admin().patch(&grant, 2, json!({ "to": "2027-01-01T00:00:00Z" })).await.problem(409, "immutable");
}

/// SQLite is served by one process.
#[rstest]
#[actix_web::test]
async fn a_right_that_ends_at_one_instance_ends_at_another_within_five_seconds(#[values(Postgres)] engine: Engine) {
    let folder = folder();
    let settings = told(&database(engine, &folder));
    let token = run(&settings, &["token", "--role", "national-admin"]);
    let served = [Served::start(&settings), Served::start(&settings)];
    let [one, two] = [0, 1].map(|number| Actor::at(&served[number].url, &token));
    let client = json!({ "name": "Warehouse", "organisation": "QKK" });
    let client = one.post("/v1/clients", client).await.expect(201)["id"].as_str().unwrap().to_owned();
    let reader = one.post("/v1/grants", json!({ "subject": client, "role": "reader" })).await;
    let secret = one.post(&format!("/v1/clients/{client}/secrets"), json!({})).await.expect(201)["secret"].clone();
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{}", secret.as_str().unwrap())));
    let asked = async |number: usize| {
        let asked = reqwest::Client::new().post(format!("{}/oauth2/token", served[number].url));
        let form = asked.header("content-type", FORM).body("grant_type=client_credentials");
        let answer = form.header("authorization", &basic).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let given = asked(0).await.1["access_token"].as_str().unwrap().to_owned();
    let there = Actor::at(&served[1].url, &given);
    there.get("/v1/kpi-sets").await.expect(200);
    one.delete(reader.header("location"), 1).await.expect(204);
    eventually("the grant ends there", SOON, async || there.get("/v1/kpi-sets").await.status == 403).await;
    let suspended = json!({ "to": "suspended", "reason": "Its secret was in a public repository." });
    two.transition(&format!("/v1/clients/{client}"), 1, suspended).await.expect(200);
    let here = Actor::at(&served[0].url, &given);
    eventually("the client is out here", SOON, async || here.get("/v1/me").await.status == 401).await;
    assert_eq!(asked(0).await.0, 401);
}

#[rstest]
#[actix_web::test]
async fn a_national_administrator_is_shut_out_by_another_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let grant = granted(&app, &client, json!({ "role": "national-admin" })).await;
    let reading = granted(&app, &client, json!({ "role": "reader" })).await;
    let actor = bearer(&app, &with_secret(&app, &client, &secret(&app, &client).await).await);
    let (target, suspended) = (format!("/v1/clients/{client}"), json!({ "to": "suspended", "reason": "A slip." }));
    let shut_out = [
        actor.delete(&grant, 1).await,
        actor.patch(&grant, 1, json!({ "to": "2026-07-01T00:00:00Z" })).await,
        actor.transition(&target, 1, suspended.clone()).await,
    ];
    for refused in shut_out {
        assert!(refused.problem(403, "forbidden")["detail"].as_str().unwrap().contains("shut yourself out"));
    }
    actor.patch(&grant, 1, json!({ "to": "2027-12-01T00:00:00Z" })).await.expect(200);
    actor.delete(&reading, 1).await.expect(204);
    app.admin().transition(&target, 1, suspended).await.expect(200);
    app.admin().delete(&grant, 2).await.expect(204);
}

#[rstest]
#[actix_web::test]
async fn each_role_takes_one_kind_of_scope(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.member("heartflow", "nia").await;
    let client = client(&app, "RJZ").await;
    let scopes = [
        json!({}),
        json!({ "organisation": "RJZ" }),
        json!({ "programme": "nia" }),
        json!({ "innovation": "heartflow" }),
    ];
    for role in Role::ALL {
        let mut taken = 0;
        for scope in &scopes {
            let mut body = json!({ "subject": client, "role": role.as_str() });
            body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
            let answer = app.admin().post("/v1/grants", body).await;
            match answer.status {
                201 => taken += 1,
                _ => drop(answer.problem(422, "validation-failed")),
            }
        }
        assert_eq!(taken, 1, "{role:?}");
    }
}

#[rstest]
#[actix_web::test]
async fn grants_are_passed_downwards_only(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QMF").await;
    app.programme("nia").await;
    app.member("heartflow", "nia").await;
    app.innovation("another").await;
    let client = client(&app, "RJZ").await;
    let soon = (app.now() + chrono::TimeDelta::hours(2)).to_rfc3339();
    for (giver, grant, status) in [
        (app.lead("QKK"), json!({ "role": "submitter", "organisation": "RJZ" }), 201),
        (app.lead("QKK"), json!({ "role": "regional-lead", "organisation": "RJZ" }), 201),
        (app.lead("QKK"), json!({ "role": "regional-lead", "organisation": "QKK" }), 403),
        (app.lead("QKK"), json!({ "role": "submitter", "organisation": "RF4" }), 403),
        (app.lead("QKK"), json!({ "role": "reader" }), 403),
        (app.lead("QKK"), json!({ "role": "national-admin" }), 403),
        (app.manager("nia"), json!({ "role": "fellow", "innovation": "heartflow" }), 201),
        (app.manager("nia"), json!({ "role": "fellow", "innovation": "another" }), 403),
        (app.manager("nia"), json!({ "role": "programme-manager", "programme": "nia" }), 403),
        (app.submitter("RJZ"), json!({ "role": "submitter", "organisation": "RJZ" }), 403),
    ] {
        let mut body = json!({ "subject": client, "to": soon });
        body.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
        assert_eq!(giver.post("/v1/grants", body).await.status, status, "{grant}");
    }
    let longer = json!({ "subject": client, "role": "submitter", "organisation": "RJZ", "to": "2027-01-01T00:00:00Z" });
    app.lead("QKK").post("/v1/grants", longer).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn nobody_takes_over_a_client_that_may_do_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let client = client(&app, "RJZ").await;
    let (lead, secrets) = (app.lead("QKK"), format!("/v1/clients/{client}/secrets"));
    lead.post(&secrets, json!({})).await.expect(201);
    granted(&app, &client, json!({ "role": "reader" })).await;
    lead.post(&secrets, json!({})).await.problem(403, "forbidden");
    lead.post(&format!("/v1/clients/{client}/keys"), pair("mine").jwks).await.problem(403, "forbidden");
    lead.patch(&format!("/v1/clients/{client}"), 1, json!({ "jwksUrl": "https://mine.example/" }))
        .await
        .problem(403, "forbidden");
    app.lead("QMF").get(&format!("/v1/clients/{client}")).await.problem(404, "not-found");
    app.lead("QMF")
        .post("/v1/clients", json!({ "name": "Mine", "organisation": "RJZ" }))
        .await
        .problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_key_that_is_no_public_one_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let keys = format!("/v1/clients/{}/keys", client(&app, "RJZ").await);
    let good = pair("one").jwks["keys"][0].clone();
    let with = |others: Value| {
        let mut key = good.as_object().unwrap().clone();
        key.extend(others.as_object().unwrap().clone());
        key.retain(|_, value| !value.is_null());
        json!({ "keys": [key] })
    };
    for (body, pointer) in [
        (with(json!({ "d": "c2VjcmV0" })), "/keys/0/d"),
        (with(json!({ "kid": null })), "/keys/0/kid"),
        (with(json!({ "alg": "HS256" })), "/keys/0/alg"),
        (with(json!({ "use": "enc" })), "/keys/0/use"),
        (with(json!({ "crv": "P-384" })), "/keys/0/alg"),
        (json!({ "keys": [{ "kty": "oct", "kid": "a", "k": "c2VjcmV0" }] }), "/keys/0/k"),
        (json!({ "keys": [{ "kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB" }] }), "/keys/0/n"),
        (json!({ "keys": [good, good] }), "/keys/1/kid"),
    ] {
        let problem = app.admin().post(&keys, body).await.problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    app.admin().post(&keys, with(json!({}))).await.expect(201);
    app.admin().post(&keys, with(json!({}))).await.problem(409, "already-exists");
}

#[rstest]
#[actix_web::test]
async fn a_request_for_a_token_that_is_none_is_refused_in_the_words_of_rfc_6749(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for (form, status, word) in [
        (vec![("grant_type", "password")], 400, "unsupported_grant_type"),
        (vec![], 400, "invalid_request"),
        (vec![("grant_type", "client_credentials")], 401, "invalid_client"),
        (vec![("grant_type", "client_credentials"), ("scope", "everything")], 400, "invalid_scope"),
    ] {
        let answer = asked(&app, &form).await;
        assert_eq!(answer.expect(status)["error"], word);
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let token = |method: &str| app.anonymous().request(method, "/oauth2/token");
    assert_eq!(token("GET").await.expect(405)["error"], "invalid_request");
    assert_eq!(
        token("POST").header("content-type", "text/plain").body("grant_type=x").await.expect(415)["error"],
        "invalid_request"
    );
    let long = format!("grant_type={}", "x".repeat(100_000));
    let sent = token("POST").header("content-type", FORM).body(long).await;
    assert_eq!(sent.expect(413)["error"], "invalid_request");
    let metadata = app.anonymous().get("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(
        (&metadata["issuer"], &metadata["token_endpoint"]),
        (&json!(app.url), &json!(format!("{}/oauth2/token", app.url)))
    );
}

#[rstest]
#[actix_web::test]
async fn a_client_may_publish_its_keys_where_the_service_may_call(#[values(Sqlite, Postgres)] engine: Engine) {
    for (networks, status) in [("127.0.0.1", 200), ("", 401)] {
        let app = TestApp::with(engine, &[("PRIVATE_NETWORKS", networks)]).await;
        app.trust("RJZ", "QKK").await;
        let pair = pair("published");
        let published = Published::new(200, pair.jwks.to_string());
        let body = json!({ "name": "Warehouse", "organisation": "RJZ", "jwksUrl": published.url });
        let made = app.admin().post("/v1/clients", body).await.expect(201);
        let client = made["id"].as_str().unwrap();
        let answer = asserted(&app, &pair.sign(&claims(&app, client, json!({})))).await;
        let told = answer.expect(status);
        assert!(status == 200 || told["error_description"].as_str().unwrap().contains("private"), "{told}");
    }
}
