//! What nobody can take more of than their share: forms that others write, room in the database, and what a request may
//! leave in the dark.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::time::Duration;

/// Definitions each of which names the next one twice below a keyword: small, and twice as much with every level.
fn doubled(keyword: &str, levels: usize) -> Value {
    let next = |at: usize| json!({ "$ref": format!("#/$defs/a{}", at + 1) });
    let mut defs: serde_json::Map<String, Value> =
        (0..levels).map(|at| (format!("a{at}"), json!({ keyword: [next(at), next(at)] }))).collect();
    defs.insert(format!("a{levels}"), json!({ "type": "number" }));
    json!({ "type": "object", "properties": { "aim": { "$ref": "#/$defs/a0" } }, "$defs": defs })
}

fn call(form: Value) -> Value {
    json!({
        "title": "A call", "opensAt": "2026-01-01T09:00", "closesAt": "2026-12-31T12:00",
        "priorities": [{ "code": "care", "label": "Care" }], "form": form
    })
}

async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app
}

/// A submitter of a trust whose subject is told.
fn known(app: &TestApp, subject: &str) -> Actor {
    let (organisation, subject) = (Some("RJZ".to_owned()), Some(subject.to_owned()));
    app.actor(&NewLocalToken { organisation, subject, ..grant(Role::Submitter) })
}

#[rstest]
#[actix_web::test]
async fn a_form_that_grows_when_it_is_written_out_is_refused_where_it_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let manager = app.manager("nia");
    let made = manager.post("/v1/programmes/nia/calls", call(json!({ "type": "object" }))).await;
    made.expect(201);
    for (form, pointer) in [
        (doubled("oneOf", 22), "/form/$defs/a"),
        (doubled("allOf", 27), "/form/$defs/a"),
        (json!({ "type": "object", "additionalProperties": { "$ref": "#" } }), "/form"),
        (json!({ "type": "object", "propertyNames": { "pattern": "(?<=a)b" } }), "/form/propertyNames/pattern"),
        (
            json!({ "type": "object", "properties": { "a": { "$ref": "http://127.0.0.1/a" } } }),
            "/form/properties/a/$ref",
        ),
    ] {
        for told in [
            manager.post("/v1/programmes/nia/calls", call(form.clone())).await,
            manager.patch(made.header("location"), 1, json!({ "form": form })).await,
        ] {
            let told = told.problem(422, "validation-failed");
            assert!(told["errors"][0]["pointer"].as_str().unwrap().starts_with(pointer), "{told}");
        }
    }
    let other =
        manager.patch("/v1/calls/01890a5d-ac96-774b-bcce-b302099a8057", 1, json!({ "form": doubled("not", 1) }));
    other.await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_form_from_before_is_read_and_never_takes_the_service(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let made = app.manager("nia").post("/v1/programmes/nia/calls", call(json!({ "type": "object" }))).await;
    let call = made.header("location");
    app.sql(&format!("UPDATE call_forms SET document = '{}'", doubled("oneOf", 22)));
    assert_eq!(app.reader().get(call).await.expect(200)["form"], doubled("oneOf", 22));
    let applicant = known(&app, "applicant");
    let application = json!({ "title": "T", "organisation": "RJZ", "priorities": ["care"], "data": { "aim": "x" } });
    let begun = applicant.post(&format!("{call}/applications"), application).await;
    let moved = applicant.transition(begun.header("location"), 1, json!({ "to": "submitted" })).await;
    let told = moved.problem(409, "form-too-costly");
    assert!(told["detail"].as_str().unwrap().contains("cannot be used any more"), "{told}");
    assert_eq!(applicant.get(begun.header("location")).await.expect(200)["state"], "draft");
    let later = json!({ "closesAt": "2026-12-31T13:00" });
    app.manager("nia").patch(call, 1, later).await.expect(200);
    applicant
        .transition(begun.header("location"), 1, json!({ "to": "submitted" }))
        .await
        .problem(409, "form-too-costly");
    let simpler = json!({ "form": { "properties": null, "$defs": null } });
    app.manager("nia").patch(call, 2, simpler).await.expect(200);
    applicant.transition(begun.header("location"), 1, json!({ "to": "submitted" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_member_named_twice_and_a_number_that_would_change_are_refused_everywhere(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    app.kpi("ae", json!({})).await;
    let made = app.manager("nia").post("/v1/programmes/nia/calls", call(json!({ "type": "object" }))).await;
    let applications = format!("{}/applications", made.header("location"));
    let slug = app.innovation("heartflow").await["slug"].as_str().unwrap().to_owned();
    let innovation = format!("/v1/innovations/{slug}");
    for (status, method, target, media, body, pointer) in [
        (400, "POST", "/v1/innovations", "application/json", r#"{"name":"A","name":"B"}"#, "/name"),
        (
            400,
            "POST",
            applications.as_str(),
            "application/json",
            r#"{"title":"A","data":{"a":[{"b":1,"b":2}]}}"#,
            "/data/a/0/b",
        ),
        (
            422,
            "POST",
            &applications,
            "application/json",
            r#"{"title":"A","data":{"a":12345678901234567890123}}"#,
            "/data/a",
        ),
        (422, "POST", &applications, "application/json", r#"{"title":"A","data":{"a":[1e400]}}"#, "/data/a/0"),
        (
            400,
            "PATCH",
            &innovation,
            "application/merge-patch+json",
            r#"{"summary":"A","\u0073ummary":"B"}"#,
            "/summary",
        ),
        (
            422,
            "PATCH",
            &innovation,
            "application/merge-patch+json",
            r#"{"summary":1.00000000000000000001}"#,
            "/summary",
        ),
        (
            400,
            "POST",
            "/v1/kpi-submissions?kpi=ae",
            "application/json",
            r#"{"rows":[{"organisation":"RJZ","period":"2026-01","value":1,"value":2}]}"#,
            "/rows/0/value",
        ),
        (
            400,
            "POST",
            "/v1/kpi-submissions?kpi=ae",
            "application/x-ndjson",
            "{\"organisation\":\"RJZ\",\"period\":\"2026-01\",\"value\":1}\n{\"organisation\":\"RJZ\",\"period\":\"2026-02\",\"organisation\":\"RF4\"}\n",
            "/rows/1/organisation",
        ),
    ] {
        let request = app.admin().request(method, target).header("content-type", media).if_match(1).body(body);
        let told = request.await.problem(status, if status == 400 { "malformed-body" } else { "validation-failed" });
        assert_eq!(told["errors"][0]["pointer"], pointer, "{body}: {told}");
    }
    let rounded = r#"{"rows":[{"organisation":"RJZ","period":"2026-01","value":1.00000000000000000001}]}"#;
    let sent = app.admin().request("POST", "/v1/kpi-submissions?kpi=ae").header("content-type", "application/json");
    let told = sent.body(rounded).await.problem(422, "rows-rejected");
    assert_eq!(told["rows"][0]["errors"][0]["code"], "value-type", "{told}");
}

#[rstest]
#[actix_web::test]
async fn a_header_of_which_one_is_meant_is_given_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let admin = app.admin();
    for (name, value) in [
        ("authorization", "Bearer another"),
        ("nhsd-end-user-organisation-ods", "RJZ"),
        ("content-type", "application/json"),
        ("idempotency-key", "another"),
    ] {
        let mut request = admin.request("POST", "/v1/innovations");
        if name == "nhsd-end-user-organisation-ods" {
            request = request.header(name, "QKK");
        }
        let request = request.header("idempotency-key", "one").header("content-type", "application/json");
        let told = request.body("{}").header(name, value).await.problem(400, "malformed-header");
        assert!(told["detail"].as_str().unwrap().to_lowercase().contains(&format!("{name} ")), "{told}");
    }
    let hosts = admin.request("GET", "/v1/programmes").header("host", "here.example").header("host", "there.example");
    assert_eq!(hosts.status().await, Some(400));
    let tags = admin.request("PATCH", "/v1/programmes/nia").json(&json!({ "name": "Another" }));
    tags.header("if-match", "W/\"7\"").header("if-match", "W/\"1\"").await.expect(200);
    admin.get("/v1/programmes?limit=1&limit=2").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_large_answer_is_not_kept_and_the_replay_is_the_record(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let manager = app.manager("nia").with("idempotency-key", "once");
    let properties: serde_json::Map<String, Value> =
        (0..1_000).map(|at| (format!("question-{at}"), json!({ "type": "string", "title": "x".repeat(60) }))).collect();
    let large = call(json!({ "type": "object", "properties": properties }));
    let first = manager.post("/v1/programmes/nia/calls", large.clone()).await;
    let again = manager.post("/v1/programmes/nia/calls", large.clone()).await;
    assert_eq!((again.header("location"), again.expect(201)), (first.header("location"), first.expect(201)));
    assert_eq!((again.header("idempotency-replayed"), again.header("etag")), ("true", "W/\"1\""));
    assert_eq!(app.count("idempotency_keys WHERE body IS NULL AND status = 201"), 1);
    assert_eq!(app.count("calls"), 1);
    app.manager("nia").patch(first.header("location"), 1, json!({ "title": "Another" })).await.expect(200);
    assert_eq!(manager.post("/v1/programmes/nia/calls", large).await.expect(201)["title"], "Another", "as it is now");
}

#[rstest]
#[actix_web::test]
async fn a_move_with_a_large_answer_is_replayed_as_the_record(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let made = app.manager("nia").post("/v1/programmes/nia/calls", call(json!({ "type": "object" }))).await;
    let applicant = known(&app, "applicant");
    let application =
        json!({ "title": "T", "organisation": "RJZ", "priorities": ["care"], "data": { "aim": "x".repeat(70_000) } });
    let begun = applicant.post(&format!("{}/applications", made.header("location")), application).await;
    let keyed = applicant.with("idempotency-key", "once");
    let first = keyed.transition(begun.header("location"), 1, json!({ "to": "submitted" })).await.expect(200);
    let again = keyed.transition(begun.header("location"), 1, json!({ "to": "submitted" })).await;
    assert_eq!((again.header("idempotency-replayed"), again.expect(200)), ("true", first));
    assert_eq!(app.count("idempotency_keys WHERE body IS NULL AND status = 200"), 1);
}

/// Half a megabyte of rows of which every one is wrong.
fn wrong_rows() -> String {
    let row = |at: u32| format!("{{\"organisation\":\"X{at}\",\"period\":\"p\"}}\n");
    (0..15_000).map(row).collect()
}

#[rstest]
#[actix_web::test]
async fn what_a_submission_leaves_in_the_database_is_in_proportion_to_what_was_sent(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    app.kpi("ae", json!({})).await;
    let sent = wrong_rows();
    let admin = app.admin();
    let submit = || {
        let request = admin.request("POST", "/v1/kpi-submissions?kpi=ae&dryRun=true&mode=partial");
        request.header("content-type", "application/x-ndjson").header("idempotency-key", "once").body(wrong_rows())
    };
    let told = submit().await.expect(200);
    let bytes = |what: &str| app.count(&format!("(SELECT 1) AS one WHERE ({what}) > 2 * {}", sent.len()));
    let rows = "SELECT coalesce(sum(length(document) + 60), 0) FROM kpi_submission_rows";
    let answers = "SELECT coalesce(sum(length(body)), 0) FROM idempotency_keys";
    assert_eq!(
        (bytes(rows), bytes(&format!("10 * ({answers})"))),
        (0, 0),
        "at most twice and a fifth of {}",
        sent.len()
    );
    let kept = told["rowsKept"].as_u64().unwrap();
    assert!(kept > 1_000 && kept < 15_000, "{kept}");
    assert_eq!(app.count("kpi_submission_rows"), kept);
    let again = submit().await;
    assert_eq!(
        (again.expect(200)["counts"].clone(), again.header("idempotency-replayed")),
        (told["counts"].clone(), "true")
    );
}

#[rstest]
#[actix_web::test]
async fn a_client_has_a_share_of_what_is_stored_in_a_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("STORAGE_PER_DAY", "100000")]).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    let made = app.manager("nia").post("/v1/programmes/nia/calls", call(json!({ "type": "object" }))).await;
    let applications = format!("{}/applications", made.header("location"));
    let large = |data: &str| json!({ "title": "T", "organisation": "RJZ", "data": { "aim": data.repeat(40_000) } });
    let [greedy, other] = ["greedy", "other"].map(|subject| known(&app, subject));
    for _ in 0..2 {
        greedy.post(&applications, large("x")).await.expect(201);
    }
    let refused = greedy.post(&applications, large("x")).await;
    refused.problem(429, "storage-share");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!(wait > 3_600 && wait <= 86_400, "{wait}");
    greedy.post(&applications, json!({ "title": "T", "organisation": "RJZ" })).await.expect(201);
    other.post(&applications, large("x")).await.expect(201);
    app.advance(chrono::TimeDelta::seconds(wait));
    known(&app, "greedy").post(&applications, large("x")).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn callers_behind_a_trusted_proxy_are_counted_apart(#[values(Sqlite, Postgres)] engine: Engine) {
    for (trusted, statuses) in [("127.0.0.0/8", [200, 200, 429, 200]), ("", [200, 200, 429, 429])] {
        let app = TestApp::with(engine, &[("RATE_LIMIT", "2/m"), ("TRUSTED_PROXIES", trusted)]).await;
        for (address, status) in ["198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.2"].iter().zip(statuses) {
            let request =
                app.anonymous().get("/v1/programmes").header("x-forwarded-for", &format!("1.1.1.1, {address}"));
            let answer = request.header("forwarded", &format!("for=\"{:?}\"", Duration::from_nanos(1))).await;
            assert_eq!(answer.status, status, "{trusted:?} {address}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_client_has_a_share_of_the_threads(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let file = |code: &str, name: &str| {
        let rows: String = (0..700).map(|at| format!("{code}{at:04},{name} {at},other\n")).collect();
        format!("code,name,type\n{rows}")
    };
    for code in ["X", "Y"] {
        app.admin().post_csv("/v1/organisations", &file(code, "Organisation")).await.expect(200);
    }
    let [greedy, other] = ["greedy", "other"]
        .map(|subject| app.actor(&NewLocalToken { subject: Some(subject.to_owned()), ..grant(Role::NationalAdmin) }));
    let import = |actor: &Actor, code: &str, name: &str| {
        let request = actor.post_csv("/v1/organisations", &file(code, name));
        actix_web::rt::spawn(async move { request.await })
    };
    let sent = async {
        let theirs: Vec<_> = (0..20).map(|at| import(&greedy, "X", &format!("Greedy of {at}"))).collect();
        let done = import(&other, "Y", "Another").await.unwrap();
        assert!(done.status < 300, "{}", done.text());
        let mut answers = Vec::new();
        for answer in theirs {
            answers.push(answer.await.unwrap());
        }
        answers
    };
    // Nothing is done meanwhile, so that all of them are there at once: one works, sixteen wait.
    let ((), answers) = futures_util::future::join(app.hold_writes(Duration::from_secs(2)), sent).await;
    let (refused, done): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 429);
    assert_eq!((refused.len(), done.len()), (3, 17));
    for answer in refused {
        answer.problem(429, "too-many-at-once");
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert!(done.iter().all(|answer| answer.status < 300));
}
