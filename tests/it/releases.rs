//! Releases: what was published stays as it was, whatever is amended, withdrawn or reorganised later.

use crate::support::*;

/// Two trusts of one board and one of another, with two months of a KPI whose small counts are kept back, in a set of a programme.
/// It is 15 June 2026.
async fn world(engine: Engine) -> TestApp {
    world_where(engine, &[]).await
}

async fn world_where(engine: Engine, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(engine, settings).await;
    for (trust, board) in [("RJZ", "QKK"), ("RJ1", "QKK"), ("RAL", "QMJ")] {
        app.trust(trust, board).await;
    }
    app.programme("nia").await;
    app.programme("itp").await;
    app.kpi("ae", json!({ "disclosureControl": true, "programme": "nia" })).await;
    let set = json!({
        "code": "urgent", "name": "Urgent care", "programme": "nia", "kpis": ["ae"], "assignments": [{ "place": "E92000001" }],
        "revisions": { "refreshes": 1, "finalAfterDays": 30 }
    });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    let months = ["2026-03", "2026-04", "2026-05"];
    let all = months.iter().flat_map(|month| [("RJZ", 101), ("RJ1", 21), ("RAL", 51)].map(|(of, n)| row(of, month, n)));
    app.values("ae", all.collect()).await;
    app
}

fn april(status: &str, places: &[&str]) -> Value {
    json!({ "kpiSet": "urgent", "period": "2026-04", "from": "2026-03", "places": places, "status": status })
}

/// The same in place of another, for a reason.
fn following(mut body: Value, of: &Value) -> Value {
    (body["revisionOf"], body["reason"]) = (of["id"].clone(), json!("Late returns."));
    body
}

async fn released(app: &TestApp, places: &[&str]) -> Value {
    app.admin().post("/v1/releases", april("provisional", places)).await.expect(201)
}

fn target(release: &Value, of: &str) -> String {
    format!("/v1/releases/{}{of}", release["id"].as_str().unwrap())
}

/// The values of QKK's figures of April and of March, as somebody sees them.
async fn figures(actor: &Actor, release: &Value) -> Vec<String> {
    column(&actor.get(&target(release, "/figures?place=QKK&sort=-period")).await.expect(200), "value")
}

fn pointer(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    format!("{} {}", body["errors"][0]["pointer"].as_str().unwrap_or("-"), body["code"].as_str().unwrap())
}

#[rstest]
#[actix_web::test]
async fn figures_settle_as_the_set_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (admin, places) = (app.admin(), ["E92000001", "QKK"]);
    let first = released(&app, &places).await;
    assert_eq!((&first["publishedOn"], &first["end"]), (&json!("2026-06-15"), &json!("2026-04-30")));
    assert_eq!((&first["figureCount"], &first["valueCount"]), (&json!(4), &json!(6)));
    assert_eq!((&first["kpis"][0]["code"], &first["revisedBy"]), (&json!("ae"), &json!(null)));
    let again = admin.post("/v1/releases", april("provisional", &["QKK", "E92000001"])).await;
    assert_eq!(again.expect(409)["allowed"], json!(["revised", "final"]), "the order of places says nothing");
    let mut silent = following(april("revised", &places), &first);
    silent["reason"] = json!(" ");
    assert_eq!(pointer(&admin.post("/v1/releases", silent).await), "/reason validation-failed");
    let stray = admin.post("/v1/releases", april("final", &places)).await;
    assert_eq!(pointer(&stray), "/revisionOf validation-failed");
    let second = admin.post("/v1/releases", following(april("revised", &places), &first)).await.expect(201);
    let third = admin.post("/v1/releases", following(april("revised", &places), &second)).await;
    assert_eq!(pointer(&third), "/status validation-failed", "one refresh is all that the set allows");
    let settled = admin.post("/v1/releases", following(april("final", &places), &second)).await.expect(201);
    let more = admin.post("/v1/releases", following(april("final", &places), &settled)).await;
    assert_eq!(more.expect(409)["allowed"], json!(["revised"]));
    admin.post("/v1/releases", following(april("revised", &places), &settled)).await.expect(201);
    let list = admin.get("/v1/releases?kpiSet=urgent&period=2026-04&place=QKK&status=final").await.expect(200);
    assert_eq!(column(&list, "id"), [settled["id"].as_str().unwrap()]);
    assert_ne!(admin.get(&target(&second, "")).await.expect(200)["revisedBy"], json!(null));
}

#[rstest]
#[actix_web::test]
async fn what_is_not_over_or_not_reported_is_not_released(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for (period, status, expected) in [
        ("2026-05", "final", "/status validation-failed"),
        ("2026-06", "provisional", "/period validation-failed"),
        ("2026-02", "provisional", "/period validation-failed"),
        ("2026", "provisional", "/period validation-failed"),
    ] {
        let mut body = april(status, &["QKK"]);
        (body["period"], body["from"]) = (json!(period), json!(null));
        body.as_object_mut().unwrap().remove("from");
        assert_eq!(pointer(&app.admin().post("/v1/releases", body).await), expected, "{period}");
    }
    let nowhere = app.admin().post("/v1/releases", april("provisional", &["QKK", "NOWHERE"])).await;
    assert_eq!(pointer(&nowhere), "/places/1 unknown-reference");
    assert_eq!(app.count("kpi_releases"), 0, "what was refused leaves nothing");
}

#[rstest]
#[actix_web::test]
async fn amendments_leave_a_release_as_it_was_and_are_told_beside(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (admin, release) = (app.admin(), released(&app, &["QKK"]).await);
    let totals = "/v1/kpis/ae/totals?place=QKK&from=2026-03&to=2026-04";
    assert_eq!(admin.get(totals).await.expect(200)["revisedSince"], json!(null));
    app.values("ae", json!([row("RJ1", "2026-04", 61)])).await;
    let gone = json!({ "rows": [{ "organisation": "RJ1", "period": "2026-03" }] });
    admin.post("/v1/kpi-submissions?kpi=ae&strategy=delete", gone).await.expect(201);
    assert_eq!(figures(&admin, &release).await, ["122", "122"]);
    let now = admin.get(totals).await.expect(200);
    let since: Vec<(&Value, &Value, &Value)> = rows_of(&now, "revisedSince")
        .iter()
        .map(|one| (&one["period"], &one["old"]["value"], &one["new"]["value"]))
        .collect();
    assert_eq!(since, [(&json!("2026-03"), &json!(122), &json!(101)), (&json!("2026-04"), &json!(122), &json!(162))]);
    let id = release["id"].as_str().unwrap();
    let then = admin.get(&format!("{totals}&release={id}")).await.expect(200);
    assert_eq!((&then["points"][1]["value"], &then["points"][1]["actual"]), (&json!(122), &json!(2)));
    assert_eq!(then["notes"].as_array().unwrap().last().unwrap()["code"], "released");
    let differences = admin.get(&target(&release, "/differences")).await.expect(200);
    assert_eq!(rows_of(&differences, "figures").len(), 2);
    let changes: Vec<&Value> = rows_of(&differences, "values").iter().map(|one| &one["change"]).collect();
    assert_eq!(changes, ["withdrawn", "amended"]);
    assert_eq!(differences["values"][1]["old"]["value"], 21);
}

fn rows_of<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().unwrap_or_else(|| panic!("{name} in {answer}"))
}

#[rstest]
#[actix_web::test]
async fn two_releases_are_held_against_each_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (admin, first) = (app.admin(), released(&app, &["QKK"]).await);
    app.values("ae", json!([row("RJ1", "2026-04", 61), row("QKK", "2026-04", 5)])).await;
    let second = admin.post("/v1/releases", following(april("revised", &["QKK"]), &first)).await.expect(201);
    app.values("ae", json!([row("RJ1", "2026-04", 71)])).await;
    let against = format!("/differences?against={}", second["id"].as_str().unwrap());
    let differences = admin.get(&target(&first, &against)).await.expect(200);
    let only = &rows_of(&differences, "figures")[0];
    assert_eq!((&only["old"]["value"], &only["new"]["value"]), (&json!(122), &json!(167)));
    let mut changes: Vec<&str> =
        rows_of(&differences, "values").iter().map(|one| one["change"].as_str().unwrap()).collect();
    changes.sort_unstable();
    assert_eq!(changes, ["added", "amended"]);
    assert_eq!(rows_of(&differences, "definitions").len(), 0);
}

#[rstest]
#[actix_web::test]
async fn a_reorganisation_leaves_a_release_as_it_was(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (admin, release) = (app.admin(), released(&app, &["QKK"]).await);
    let merge = json!({ "kind": "merge", "effectiveOn": "2026-06-01", "to": [{ "code": "RAL" }] });
    admin.post("/v1/organisations/RJ1/successions", merge).await.expect(201);
    let now = admin.get("/v1/kpis/ae/totals?place=QKK&to=2026-04").await.expect(200);
    assert_eq!(now["points"][1]["value"], 101, "today RJ1 counts where its successor stands");
    assert_eq!(rows_of(&now, "revisedSince").len(), 2);
    assert_eq!(figures(&admin, &release).await, ["122", "122"]);
    let values = admin.get(&target(&release, "/values?from=2026-04-01")).await.expect(200);
    let mut organisations = column(&values, "organisation");
    organisations.sort_unstable();
    assert_eq!(organisations, ["RJ1", "RJZ"]);
    let differences = admin.get(&target(&release, "/differences")).await.expect(200);
    assert_eq!(rows_of(&differences, "figures").len(), 2);
    assert_eq!(rows_of(&differences, "values").len(), 0, "no value changed");
}

#[rstest]
#[actix_web::test]
async fn small_counts_are_kept_back_as_published_for_good(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([row("RJ1", "2026-04", 3), row("RJZ", "2026-04", 2), row("RJZ", "2026-03", 23)])).await;
    let release = released(&app, &["QKK"]).await;
    let (admin, reader, lead) = (app.admin(), app.reader(), app.lead("QKK"));
    assert_eq!(figures(&admin, &release).await, ["5", "44"]);
    assert_eq!(figures(&lead, &release).await, ["5", "44"]);
    let note = json!({ "disclosureControl": false, "changeNote": "Departments are counted, not people." });
    admin.patch("/v1/kpis/ae", 1, note).await.expect(200);
    for actor in [reader.clone(), app.anonymous(), app.lead("QMJ")] {
        assert_eq!(figures(&actor, &release).await, ["null", "45"]);
    }
    let values = reader.get(&target(&release, "/values?organisation=RJ1&from=2026-04-01")).await.expect(200);
    assert_eq!((&rows(&values)[0]["value"], &rows(&values)[0]["suppressed"]), (&json!(null), &json!(true)));
    let id = release["id"].as_str().unwrap();
    for path in ["totals?place=QKK", "spc?place=QKK", "spc?organisation=RJ1"] {
        let told = reader.get(&format!("/v1/kpis/ae/{path}&release={id}")).await.expect(200);
        let points = rows_of(&told, "points");
        assert_eq!((&points[1]["value"], points.len()), (&json!(null), 2), "{path}");
    }
}

#[rstest]
#[actix_web::test]
async fn charts_and_totals_answer_from_a_release(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (admin, release) = (app.admin(), released(&app, &["QKK"]).await);
    app.values("ae", json!([row("RJ1", "2026-04", 61), row("RJZ", "2026-04", 9)])).await;
    let id = release["id"].as_str().unwrap();
    let spc = |of: &str| format!("/v1/kpis/ae/spc?{of}&profile=ptd&release={id}");
    let place = admin.get(&spc("place=QKK")).await.expect(200);
    assert_eq!((&place["points"][1]["value"], &place["points"][1]["actual"]), (&json!(122.0), &json!(2)));
    let trust = admin.get(&spc("organisation=RJZ")).await.expect(200);
    assert_eq!((&trust["points"][1]["value"], rows_of(&trust, "points").len()), (&json!(101.0), 2));
    let chart = admin.get(&format!("/v1/kpis/ae/chart.svg?place=QKK&release={id}")).await;
    assert!(chart.text().contains("Released: these figures"), "{}", chart.text());
    for (of, expected) in [
        ("place=QMJ", "?place validation-failed"),
        ("place=QKK&geography=at-time", "?geography validation-failed"),
        ("place=QKK&basis=comparable", "?basis validation-failed"),
    ] {
        assert_eq!(pointer(&admin.get(&format!("/v1/kpis/ae/totals?{of}&release={id}")).await), expected, "{of}");
    }
    let unknown = "/v1/kpis/ae/totals?place=QKK&release=0190163d-8694-739b-aea5-966c26f8ad91";
    assert_eq!(pointer(&admin.get(unknown).await), "?release unknown-reference");
    let csv = admin.get(&target(&release, "/figures")).header("accept", "text/csv").await;
    assert!(csv.text().lines().nth(1).is_some_and(|line| line.starts_with("ae,KPI ae,QKK,")), "{}", csv.text());
}

#[rstest]
#[actix_web::test]
async fn who_looks_after_the_kpis_or_the_places_releases(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (qkk, england) = (["QKK"], ["E92000001"]);
    for (actor, places, expected) in [
        (app.submitter("RJZ"), qkk, 403),
        (app.reader(), qkk, 403),
        (app.manager("itp"), qkk, 403),
        (app.lead("QMJ"), qkk, 403),
        (app.lead("QKK"), england, 403),
        (app.lead("QKK"), qkk, 201),
        (app.manager("nia"), england, 201),
    ] {
        let answer = actor.post("/v1/releases", april("provisional", &places)).await;
        assert_eq!(answer.status, expected, "{places:?} {}", answer.text());
    }
}

#[rstest]
#[actix_web::test]
async fn anybody_reads_what_was_published_and_no_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (release, anybody) = (released(&app, &["QKK"]).await, app.anonymous());
    assert_eq!(rows(&anybody.get("/v1/releases").await.expect(200)).len(), 1);
    assert_eq!(anybody.get(&target(&release, "")).await.expect(200)["kpiSet"], "urgent");
    assert_eq!(figures(&anybody, &release).await, ["120", "120"]);
    for of in ["/values", "/differences"] {
        anybody.get(&target(&release, of)).await.expect(401);
    }
    let theirs = app.lead("QMJ").get(&target(&release, "/values")).await.expect(200);
    assert!(rows(&theirs).is_empty(), "{theirs}");
    app.lead("QMJ").get(&target(&release, "/differences")).await.expect(403);
    let closed = world_where(engine, &[("PUBLIC_READ", "false")]).await;
    let release = released(&closed, &["QKK"]).await;
    for of in ["", "/figures"] {
        closed.anonymous().get(&target(&release, of)).await.expect(401);
    }
}
