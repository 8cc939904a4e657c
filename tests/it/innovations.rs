use crate::support::*;
use std::collections::BTreeSet;

fn named(name: &str) -> Value {
    json!({ "name": name, "summary": "Does good.", "mainCategory": "digital" })
}

#[rstest]
#[actix_web::test]
async fn a_slug_is_made_of_the_name_and_numbered_where_it_is_taken(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (name, slug) in [("Café Flöw!", "cafe-flow"), ("Cafe flow", "cafe-flow-2"), ("CAFE: FLOW", "cafe-flow-3")] {
        let created = app.admin().post("/v1/innovations", named(name)).await;
        assert_eq!(created.header("location"), format!("/v1/innovations/{slug}"));
        let created = created.expect(201);
        assert_eq!(created["slug"], slug);
        assert!(created["reference"].as_str().unwrap().starts_with("INN-2026-0000"));
    }
    let nameless = app.admin().post("/v1/innovations", named("心")).await.problem(422, "validation-failed");
    assert_eq!(nameless["errors"][0]["pointer"], "/slug");
    let mut taken = named("Other");
    taken["slug"] = json!("cafe-flow");
    app.admin().post("/v1/innovations", taken).await.problem(409, "already-exists");
}

#[rstest]
#[actix_web::test]
async fn a_change_is_made_to_the_version_that_was_read(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    let target = "/v1/innovations/heartflow";
    let website = json!({ "website": "https://www.heartflow.com" });
    app.admin().request("PATCH", target).json(&website).await.problem(428, "version-required");
    let patched = app.admin().patch(target, 1, website.clone()).await.expect(200);
    assert_eq!((&patched["website"], &patched["version"]), (&website["website"], &json!(2)));
    app.admin().patch(target, 1, website.clone()).await.problem(412, "version-mismatch");
    app.admin().request("PATCH", target).json(&website).header("if-match", "3").await.problem(400, "malformed-header");
    app.admin().patch(target, 2, json!({ "slug": "other" })).await.problem(409, "immutable");
    let problem = app.admin().patch(target, 2, json!({ "stage": "spread" })).await.problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["code"], "immutable");
    app.admin().request("PATCH", target).json(&website).header("if-match", "*").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_stage_moves_only_as_the_machine_allows(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    let target = "/v1/innovations/heartflow";
    let moved =
        app.admin().transition(target, 1, json!({ "to": "spread", "effectiveOn": "2026-05-01" })).await.expect(200);
    assert_eq!(moved["stage"], "spread");
    let problem =
        app.admin().transition(target, 2, json!({ "to": "withdrawn" })).await.problem(409, "illegal-transition");
    assert!(problem["allowed"].as_array().unwrap().contains(&json!("embedded")), "{problem}");
    let back = json!({ "to": "early-adoption" });
    let problem = app.admin().transition(target, 2, back).await.problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/reason");
    let future = json!({ "to": "embedded", "effectiveOn": "2026-06-16" });
    app.admin().transition(target, 2, future).await.problem(422, "validation-failed");
    app.admin().transition(target, 2, json!({ "to": "heaven" })).await.problem(422, "validation-failed");
    let back = json!({ "to": "early-adoption", "reason": "Two boards stopped." });
    app.admin().transition(target, 2, back).await.expect(200);
    let history = app.reader().get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["spread", "early-adoption"]);
    assert_eq!(history["data"][0]["effectiveOn"], "2026-05-01");
}

#[rstest]
#[actix_web::test]
async fn a_patch_that_changes_nothing_leaves_the_version(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let summary = app.innovation("heartflow").await["summary"].clone();
    let same = app.admin().patch("/v1/innovations/heartflow", 1, json!({ "summary": summary })).await.expect(200);
    assert_eq!(same["version"], 1);
}

#[rstest]
#[actix_web::test]
async fn a_fellow_needs_a_second_party_from_early_adoption_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.member("heartflow", "nia").await;
    let target = "/v1/innovations/heartflow";
    let fellow = app.fellow("heartflow");
    fellow.transition(target, 1, json!({ "to": "real-world-testing" })).await.expect(200);
    fellow.transition(target, 2, json!({ "to": "early-adoption" })).await.problem(403, "forbidden");
    let actions = fellow.get(target).await.expect(200)["actions"].clone();
    assert_eq!(actions, json!(["transition_innovation", "update_innovation"]));
    app.manager("itp").transition(target, 2, json!({ "to": "early-adoption" })).await.problem(403, "forbidden");
    app.manager("nia").transition(target, 2, json!({ "to": "early-adoption" })).await.expect(200);
}

/// The slugs of the innovations that a search finds.
async fn found(app: &TestApp, q: &str) -> Vec<String> {
    let target = reqwest::Url::parse_with_params("http://x/v1/innovations", [("q", q)]).unwrap();
    let target = format!("{}?{}", target.path(), target.query().unwrap());
    column(&app.anonymous().get(&target).await.expect(200), "slug")
}

#[rstest]
#[actix_web::test]
async fn a_search_finds_names_as_people_type_them(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for name in
        ["King's College kit", "St George's kit", "Guy's and St Thomas' kit", "Brainomix e-Stroke", "Søren's Æther"]
    {
        app.admin().post("/v1/innovations", named(name)).await.expect(201);
    }
    for (typed, slug) in [
        ("kings college", "kings-college-kit"),
        ("king's college", "kings-college-kit"),
        ("st georges", "st-georges-kit"),
        ("guys st thomas", "guys-and-st-thomas-kit"),
        ("estroke", "brainomix-e-stroke"),
        ("e-stroke", "brainomix-e-stroke"),
        ("sorens aether", "sorens-aether"),
    ] {
        assert_eq!(found(&app, typed).await, [slug], "{typed}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_search_folds_accents_and_keeps_phrases_together(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for name in ["Café triage by night", "Night café", "Stroke triage"] {
        app.admin().post("/v1/innovations", named(name)).await.expect(201);
    }
    let found = async |q: &str| found(&app, q).await;
    assert_eq!(found("CAFÉ").await, ["cafe-triage-by-night", "night-cafe"]);
    assert_eq!(found("cafe tri").await, ["cafe-triage-by-night"], "words are prefixes, and all must match");
    assert_eq!(found("\"triage by\" night").await, ["cafe-triage-by-night"]);
    assert_eq!(found("\"triage night\"").await, Vec::<String>::new());
    assert_eq!(found("INN-2026-00003").await, ["stroke-triage"]);
    assert_eq!(found("' OR 1=1 --").await, Vec::<String>::new());
    assert_eq!(found("%").await, Vec::<String>::new(), "a search without a word finds nothing");
}

#[rstest]
#[actix_web::test]
async fn filters_narrow_and_a_comma_is_or(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let all = [
        json!({ "name": "A", "mainCategory": "ai", "categories": ["ai", "digital"], "stage": "spread", "owner": "rjz" }),
        json!({ "name": "B", "mainCategory": "digital", "shifts": ["analogue-to-digital"], "areas": ["digitalising-system"] }),
        json!({ "name": "C", "mainCategory": "education", "stage": "embedded" }),
    ];
    for mut body in all {
        body["summary"] = json!("Does good.");
        app.admin().post("/v1/innovations", body).await.expect(201);
    }
    app.member("d-of-nia", "nia").await;
    let found =
        async |query: &str| column(&app.anonymous().get(&format!("/v1/innovations?{query}")).await.expect(200), "slug");
    assert_eq!(found("stage=spread,embedded").await, ["a", "c"]);
    assert_eq!(found("category=digital").await, ["a", "b", "d-of-nia"]);
    assert_eq!(found("mainCategory=digital&shift=analogue-to-digital").await, ["b"]);
    assert_eq!(found("owner=RJZ").await, ["a"]);
    assert_eq!(found("programme=nia").await, ["d-of-nia"]);
    assert_eq!(found("area=digitalising-system").await, ["b"]);
    assert_eq!(found("updatedFrom=2026-06-15T09:00:00.001Z").await, Vec::<String>::new());
    app.anonymous().get("/v1/innovations?stage=spread,heaven").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn pages_hold_every_row_once_whatever_the_sort(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for number in 0..23 {
        let mut body = named(&format!("Same name {}", number % 4));
        body["slug"] = json!(format!("number-{number}"));
        app.admin().post("/v1/innovations", body).await.expect(201);
    }
    for sort in ["name", "-name", "-updatedAt", "createdAt,-name", "-name,createdAt"] {
        let (mut seen, mut names, mut next) =
            (Vec::new(), Vec::new(), format!("/v1/innovations?sort={sort}&limit=4&count=true"));
        while !next.is_empty() {
            let answer = app.anonymous().get(&next).await;
            let link = answer.next_page();
            let page = answer.expect(200);
            assert_eq!(page["page"]["count"], json!({ "total": 23, "relation": "exact" }));
            assert_eq!(page["page"]["next"].is_null(), link.is_empty());
            seen.extend(column(&page, "slug"));
            names.extend(column(&page, "name"));
            next = link;
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23, "{sort}");
        assert_eq!(seen.len(), 23, "{sort}");
        if sort.contains("name") && !sort.starts_with("createdAt") {
            let descends = sort.starts_with('-');
            assert!(names.is_sorted_by(|a, b| if descends { a >= b } else { a <= b }), "{sort}: {names:?}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn a_cursor_fits_only_the_list_it_was_made_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for slug in ["a-one", "b-two"] {
        app.innovation(slug).await;
    }
    let page = app.anonymous().get("/v1/innovations?limit=1").await.expect(200);
    let cursor = page["page"]["next"].as_str().unwrap();
    app.anonymous().get(&format!("/v1/innovations?limit=5&cursor={cursor}")).await.expect(200);
    for other in ["sort=-name", "stage=spread", "q=two"] {
        app.anonymous().get(&format!("/v1/innovations?{other}&cursor={cursor}")).await.problem(400, "invalid-cursor");
    }
    app.anonymous().get("/v1/innovations?cursor=short").await.problem(400, "invalid-cursor");
    app.anonymous().get("/v1/innovations?cursor=abcdefghijklmnopqrstuvwxyz012345").await.problem(422, "unknown-cursor");
    app.anonymous().get("/v1/innovations?limit=0").await.problem(400, "invalid-parameter");
    app.anonymous().get("/v1/innovations?sort=colour").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_stranger_is_told_the_public_facts_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = named("HeartFlow");
    body["nisUniqueId"] = json!("INN-1234");
    app.admin().post("/v1/innovations", body).await.expect(201);
    let secret = ["nisUniqueId", "createdBy"];
    let known = app.reader().get("/v1/innovations/heartflow").await.expect(200);
    let public = app.anonymous().get("/v1/innovations/heartflow").await.expect(200);
    let listed = app.anonymous().get("/v1/innovations").await.expect(200)["data"][0].clone();
    assert!(secret.iter().all(|name| known.get(name).is_some()), "{known}");
    assert!(
        secret.iter().chain(&["actions"]).all(|name| public.get(name).is_none() && listed.get(name).is_none()),
        "{public}"
    );
    let closed = TestApp::with(engine, &[("PUBLIC_READ", "false")]).await;
    closed.anonymous().get("/v1/innovations").await.problem(401, "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn an_archived_innovation_is_seen_no_more_and_keeps_its_slug(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("heartflow").await;
    app.admin().delete("/v1/innovations/heartflow", 9).await.problem(412, "version-mismatch");
    app.admin().delete("/v1/innovations/heartflow", 1).await.expect(204);
    app.admin().get("/v1/innovations/heartflow").await.problem(404, "not-found");
    assert!(rows(&app.admin().get("/v1/innovations").await.expect(200)).is_empty());
    let mut again = named("HeartFlow");
    assert_eq!(app.admin().post("/v1/innovations", again.clone()).await.expect(201)["slug"], "heartflow-2");
    again["slug"] = json!("heartflow");
    app.admin().post("/v1/innovations", again).await.problem(409, "already-exists");
}

#[rstest]
#[actix_web::test]
async fn free_text_with_a_patients_number_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = named("Notes");
    body["description"] = json!("Tried first with 943 476 5919.");
    let problem = app.admin().post("/v1/innovations", body).await.problem(422, "validation-failed");
    assert_eq!(
        problem["errors"][0],
        json!({ "pointer": "/description", "code": "nhs-number", "detail": problem["errors"][0]["detail"] })
    );
}
