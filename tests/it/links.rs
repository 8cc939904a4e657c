//! Who keeps a record, and links between two records: proposed by one end, agreed by the other.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::time::Duration;

/// Two programmes, each with a cohort and an innovation of its own: `nia` has `mycopd`, `itp` has `plgf`.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for (programme, innovation) in [("nia", "mycopd"), ("itp", "plgf")] {
        app.programme(programme).await;
        let cohorts = format!("/v1/programmes/{programme}/cohorts");
        app.admin().post(&cohorts, json!({ "number": 1, "name": "Wave 1" })).await.expect(201);
        app.member(innovation, programme).await;
    }
    app
}

/// Somebody by a subject of their own.
fn known(app: &TestApp, role: Role, subject: &str) -> Actor {
    let innovation = (role == Role::Fellow).then(|| "mycopd".to_owned());
    app.actor(&NewLocalToken { subject: Some(subject.to_owned()), innovation, ..grant(role) })
}

fn fellowship(programme: &str, fellow: &Value, innovations: &[&str]) -> Value {
    json!({ "fellow": fellow["id"], "programme": programme, "cohort": 1, "innovations": innovations, "wholeTimeEquivalent": 0.2, "from": "2015-07-01" })
}

async fn slugs(actor: &Actor, target: &str) -> Vec<String> {
    column(&actor.get(target).await.expect(200), "slug")
}

/// A figure of the impact of a programme.
async fn figure(app: &TestApp, programme: &str, key: &str) -> Value {
    let impact = app.admin().get(&format!("/v1/programmes/{programme}/impact")).await.expect(200);
    rows_of(&impact["figures"]).into_iter().find(|figure| figure["key"] == key).expect("the figure")["value"].clone()
}

fn rows_of(list: &Value) -> Vec<Value> {
    list.as_array().expect("a list").clone()
}

#[rstest]
#[actix_web::test]
async fn another_programmes_innovation_joins_once_its_keeper_agrees(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (asks, keeper, memberships) =
        (app.manager("nia"), app.manager("itp"), "/v1/innovations/plgf/programme-memberships");
    let made = asks.post(memberships, json!({ "programme": "nia", "from": "2015-07-01" })).await;
    assert_eq!(
        (&made.expect(201)["state"], &made.expect(201)["proposedBy"]),
        (&json!("proposed"), &json!("programme"))
    );
    let link = made.header("location");
    asks.patch("/v1/innovations/plgf", 1, json!({ "name": "Ours" })).await.problem(403, "forbidden");
    asks.delete("/v1/innovations/plgf", 1).await.problem(403, "forbidden");
    asks.transition(link, 1, json!({ "to": "agreed" })).await.problem(403, "forbidden");
    app.reader().get(link).await.problem(404, "not-found");
    assert_eq!(slugs(&app.reader(), "/v1/innovations?programme=nia").await, ["mycopd"]);
    assert_eq!(figure(&app, "nia", "innovations").await, 1);
    for (who, count) in [(&app.reader(), 0), (&asks, 1), (&keeper, 1), (&app.fellow("plgf"), 1)] {
        let waiting = who.get(&format!("{memberships}?state=proposed")).await.expect(200);
        assert_eq!((rows(&waiting).len(), rows(&who.get(memberships).await.expect(200)).len()), (count, 1));
    }
    assert_eq!(slugs(&asks, "/v1/innovations?proposedFor=nia").await, ["plgf"]);
    assert_eq!(slugs(&app.reader(), "/v1/innovations?proposedFor=nia").await, Vec::<String>::new());
    assert_eq!(keeper.transition(link, 1, json!({ "to": "agreed" })).await.expect(200)["state"], "agreed");
    assert_eq!(slugs(&app.reader(), "/v1/innovations?programme=nia").await, ["mycopd", "plgf"]);
    assert_eq!(figure(&app, "nia", "innovations").await, 2);
    assert_eq!(app.reader().get("/v1/innovations/plgf").await.expect(200)["version"], 2, "a proposal made none");
    asks.delete("/v1/innovations/plgf", 2).await.problem(403, "forbidden");
    let moves = app.reader().get(&format!("{link}/transitions")).await.expect(200);
    assert_eq!(column(&moves, "to"), ["agreed"]);
}

#[rstest]
#[actix_web::test]
async fn a_membership_is_proposed_by_either_end_and_ended_by_either(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.set_clock("2026-06-15T10:00:00Z");
    let (keeper, programme, memberships) =
        (app.manager("itp"), app.manager("nia"), "/v1/innovations/plgf/programme-memberships");
    let body = json!({ "programme": "nia", "from": "2020-04-01", "to": "2021-04-01" });
    let made = app.fellow("plgf").post(memberships, body.clone()).await;
    assert_eq!(
        (&made.expect(201)["state"], &made.expect(201)["proposedBy"]),
        (&json!("proposed"), &json!("innovation"))
    );
    keeper.transition(made.header("location"), 1, json!({ "to": "agreed" })).await.problem(403, "forbidden");
    programme.transition(made.header("location"), 1, json!({ "to": "declined" })).await.expect(200);
    keeper.patch(made.header("location"), 2, json!({ "to": "2020-05-01" })).await.problem(409, "immutable");
    let again = json!({ "programme": "nia", "from": "2020-05-01" });
    let link = keeper.post(memberships, again).await;
    programme.transition(link.header("location"), 1, json!({ "to": "agreed" })).await.expect(200);
    keeper.patch(link.header("location"), 2, json!({ "from": "2020-01-01" })).await.problem(403, "forbidden");
    keeper.patch(link.header("location"), 2, json!({ "from": "2020-06-01" })).await.expect(200);
    let ended = json!({ "to": "ended", "effectiveOn": "2026-06-01" });
    assert_eq!(keeper.transition(link.header("location"), 3, ended).await.expect(200)["to"], "2026-06-01");
    assert_eq!(slugs(&app.reader(), "/v1/innovations?programme=nia").await, ["mycopd"]);
    assert_eq!(slugs(&app.reader(), "/v1/innovations?programme=nia&joinedBy=2021-01-01").await, ["plgf"]);
    app.manager("nia")
        .transition(link.header("location"), 4, json!({ "to": "agreed" }))
        .await
        .problem(409, "illegal-transition");
}

#[rstest]
#[actix_web::test]
async fn another_programmes_fellow_joins_a_cohort_once_the_fellow_agrees(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (asks, own) = (app.manager("nia"), known(&app, Role::Fellow, "one"));
    let person = json!({ "name": "One", "email": "one@example.org", "subject": "one" });
    let fellow = app.manager("itp").post("/v1/fellows", person).await.expect(201);
    let made = asks.post("/v1/fellowships", fellowship("nia", &fellow, &[])).await;
    let target = made.header("location");
    assert_eq!(made.expect(201)["state"], "proposed");
    let profile = format!("/v1/fellows/{}", fellow["id"].as_str().unwrap());
    assert!(asks.get(&profile).await.expect(200).get("email").is_none());
    asks.patch(&profile, 1, json!({ "email": "two@example.org" })).await.problem(403, "forbidden");
    app.reader().get(target).await.problem(404, "not-found");
    asks.transition(target, 1, json!({ "to": "planned" })).await.problem(403, "forbidden");
    let mentorship = json!({ "mentor": fellow["person"], "fellowship": made.expect(201)["id"], "focus": "All", "from": "2015-07-01" });
    asks.post("/v1/mentorships", mentorship).await.problem(422, "unknown-reference");
    let listed = |who: Actor, filter: &'static str| async move {
        rows(&who.get(&format!("/v1/{filter}")).await.expect(200)).len()
    };
    for (who, count) in
        [(app.reader(), 0), (app.manager("itp"), 0), (asks.clone(), 1), (own.clone(), 1), (app.admin(), 1)]
    {
        assert_eq!(listed(who.clone(), "fellowships?state=proposed,planned").await, count);
        assert_eq!(listed(who.clone(), "fellowships").await + listed(who, "fellows?programme=nia").await, 0);
    }
    own.transition(target, 1, json!({ "to": "planned" })).await.expect(200);
    asks.transition(target, 2, json!({ "to": "active" })).await.expect(200);
    assert_eq!(
        (listed(app.reader(), "fellows?programme=nia").await, figure(&app, "nia", "fellows").await),
        (1, json!(1))
    );
    own.transition(target, 3, json!({ "to": "completed" })).await.problem(403, "forbidden");
    own.transition(target, 3, json!({ "to": "withdrawn", "reason": "A new post." })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_proposal_that_is_declined_is_seen_by_its_two_ends_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let fellow = app.manager("itp").post("/v1/fellows", json!({ "name": "One" })).await.expect(201);
    let made = app.manager("nia").post("/v1/fellowships", fellowship("nia", &fellow, &[])).await;
    let target = made.header("location");
    app.manager("itp").transition(target, 1, json!({ "to": "declined" })).await.expect(200);
    for (who, status) in
        [(app.reader(), 404), (app.manager("itp"), 200), (app.manager("nia"), 200), (app.fellow("plgf"), 404)]
    {
        assert_eq!(who.get(target).await.status, status);
    }
    app.manager("nia").transition(target, 2, json!({ "to": "active" })).await.problem(409, "illegal-transition");
    app.manager("itp").transition(target, 2, json!({ "to": "planned" })).await.problem(403, "forbidden");
    let once_more = json!({ "to": "proposed" });
    app.manager("itp").transition(target, 2, once_more.clone()).await.problem(403, "forbidden");
    app.manager("nia").transition(target, 2, once_more).await.expect(200);
    app.manager("itp").transition(target, 3, json!({ "to": "planned" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_fellow_works_on_an_innovation_once_its_keeper_agrees(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (asks, keeper) = (app.manager("nia"), app.manager("itp"));
    let fellow = asks.post("/v1/fellows", json!({ "name": "One" })).await.expect(201);
    let made = asks.post("/v1/fellowships", fellowship("nia", &fellow, &["mycopd", "plgf"])).await;
    assert_eq!(made.expect(201)["innovationStates"], json!(["agreed", "proposed"]));
    let target = made.header("location");
    assert_eq!(app.reader().get(target).await.expect(200)["innovations"], json!(["mycopd"]));
    assert_eq!(keeper.get(target).await.expect(200)["innovations"], json!(["mycopd", "plgf"]));
    for (list, count) in
        [("fellows?innovation=plgf", 0), ("fellowships?innovation=plgf", 0), ("fellowships?proposedInnovation=plgf", 1)]
    {
        assert_eq!(rows(&keeper.get(&format!("/v1/{list}")).await.expect(200)).len(), count, "{list}");
    }
    let link = format!("{target}/innovations/plgf");
    app.reader().get(&format!("{link}/transitions")).await.problem(404, "not-found");
    asks.transition(&link, 1, json!({ "to": "agreed" })).await.problem(403, "forbidden");
    keeper.transition(&link, 1, json!({ "to": "agreed" })).await.expect(200);
    assert_eq!(rows(&app.reader().get("/v1/fellows?innovation=plgf").await.expect(200)).len(), 1);
    asks.patch(target, 2, json!({ "wholeTimeEquivalent": 0.5 })).await.expect(200);
    keeper.transition(&link, 3, json!({ "to": "ended" })).await.expect(200);
    assert_eq!(app.reader().get(target).await.expect(200)["innovations"], json!(["mycopd"]));
    let again = asks.patch(target, 4, json!({ "innovations": ["mycopd", "plgf"] })).await.expect(200);
    assert_eq!(again["innovationStates"], json!(["agreed", "proposed"]));
}

#[rstest]
#[actix_web::test]
async fn an_organisation_is_a_partner_once_those_who_act_for_it_agree(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (asks, lead, partners) = (app.manager("nia"), app.lead("QKK"), "/v1/programmes/nia/partners");
    let body = json!({ "organisation": "QKK", "role": "supporting-network", "from": "2015-07-01" });
    let made = asks.post(partners, body).await;
    let link = made.header("location");
    assert_eq!(made.expect(201)["state"], "proposed");
    assert_eq!(
        (slugs(&lead, "/v1/programmes?partner=QKK").await.len(), figure(&app, "nia", "supporting-networks").await),
        (0, json!(0))
    );
    assert_eq!(slugs(&lead, "/v1/programmes?proposedPartner=QKK").await, ["nia"]);
    assert_eq!(slugs(&app.lead("QWE"), "/v1/programmes?proposedPartner=QKK").await, Vec::<String>::new());
    for (who, count) in [(app.anonymous(), 0), (app.lead("QWE"), 0), (lead.clone(), 1), (asks.clone(), 1)] {
        assert_eq!(rows(&who.get(&format!("{partners}?state=proposed")).await.expect(200)).len(), count);
        assert_eq!(rows(&who.get(partners).await.expect(200)).len(), 0);
    }
    app.anonymous().get(link).await.problem(404, "not-found");
    asks.transition(link, 1, json!({ "to": "agreed" })).await.problem(403, "forbidden");
    lead.transition(link, 1, json!({ "to": "agreed" })).await.expect(200);
    assert_eq!(figure(&app, "nia", "supporting-networks").await, 1);
    asks.patch(link, 2, json!({ "role": "funder" })).await.problem(403, "forbidden");
    asks.patch(link, 2, json!({ "to": "2017-01-01" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_innovation_is_handed_on_by_its_keeper(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let target = "/v1/innovations/mycopd/keeper";
    let to = |programme: Value| json!({ "programme": programme });
    assert_eq!(app.reader().get("/v1/innovations/mycopd").await.expect(200)["keeper"], "nia");
    app.manager("itp").post(target, to(json!("itp"))).if_match(1).await.problem(403, "forbidden");
    app.manager("nia").post(target, to(json!(null))).if_match(1).await.problem(403, "forbidden");
    app.manager("nia").post(target, to(json!("nowhere"))).if_match(1).await.problem(422, "unknown-reference");
    app.manager("nia").post(target, to(json!("itp"))).await.problem(428, "version-required");
    let passed = app.manager("nia").post(target, to(json!("ITP"))).if_match(1).await.expect(200);
    assert_eq!((&passed["keeper"], &passed["actions"]), (&json!("itp"), &json!([])));
    app.manager("nia").patch("/v1/innovations/mycopd", 2, json!({ "name": "Ours" })).await.problem(403, "forbidden");
    app.manager("itp").patch("/v1/innovations/mycopd", 2, json!({ "name": "Theirs" })).await.expect(200);
    let nobody = app.admin().post(target, to(json!(null))).if_match(3).await.expect(200);
    assert!(nobody.get("keeper").is_none() && nobody["version"] == 4);
    eventually("the trail has it", Duration::from_secs(10), async || {
        let trail = app.manager("nia").get("/v1/audit-events?operation=assign_innovation_keeper").await.expect(200);
        rows(&trail).len() == 1
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn an_applicants_innovation_is_a_draft_until_a_programme_takes_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (one, two, manager) =
        (known(&app, Role::Applicant, "one"), known(&app, Role::Applicant, "two"), app.manager("nia"));
    let body = json!({ "name": "Mine", "slug": "mine", "summary": "My own.", "mainCategory": "digital" });
    let later = json!({ "name": "Mine", "summary": "My own.", "mainCategory": "digital", "stage": "spread" });
    one.post("/v1/innovations", later).await.problem(422, "validation-failed");
    let made = one.post("/v1/innovations", body).await.expect(201);
    assert_eq!((&made["draft"], &made["keptByYou"], made.get("keeper")), (&json!(true), &json!(true), None));
    let target = "/v1/innovations/mine";
    for (who, status) in [
        (&app.anonymous(), 404),
        (&two, 404),
        (&manager, 404),
        (&app.evaluator(), 404),
        (&app.admin(), 200),
        (&one, 200),
    ] {
        assert_eq!(who.get(target).await.status, status);
        assert!(!slugs(who, "/v1/innovations?q=mine").await.contains(&"mine".to_owned()));
    }
    assert_eq!(
        (slugs(&one, "/v1/innovations?draft=true").await, slugs(&two, "/v1/innovations?draft=true").await.len()),
        (vec!["mine".to_owned()], 0)
    );
    let counted = app.reader().get("/v1/innovations?facets=stage&count=true").await.expect(200);
    assert_eq!(counted["page"]["count"]["total"], 2);
    let adopted = json!({ "innovation": "mine", "organisation": "QKK", "stage": "adopted" });
    app.admin().post("/v1/adoptions", adopted).await.problem(422, "unknown-reference");
    one.patch(target, 1, json!({ "summary": "Better." })).await.expect(200);
    one.transition(target, 2, json!({ "to": "early-adoption" })).await.problem(403, "forbidden");
    one.post(&format!("{target}/keeper"), json!({ "programme": "nia" })).if_match(2).await.problem(403, "forbidden");
    // An application that names it shows it to the programme of the call once it is submitted.
    let call = json!({ "title": "Call", "priorities": [{ "code": "any", "label": "Any" }], "opensAt": "2000-01-01T00:00:00Z", "closesAt": "2100-01-01T00:00:00Z" });
    let call = manager.post("/v1/programmes/nia/calls", call).await;
    let applications = format!("{}/applications", call.header("location"));
    let named = json!({ "title": "Ours", "innovation": "mine", "priorities": ["any"] });
    two.post(&applications, named.clone()).await.problem(422, "unknown-reference");
    let application = one.post(&applications, named).await;
    manager.get(target).await.problem(404, "not-found");
    one.transition(application.header("location"), 1, json!({ "to": "submitted" })).await.expect(200);
    let shown = manager.get(target).await.expect(200);
    assert_eq!((&shown["actions"], shown.get("createdBy")), (&json!(["assign_innovation_keeper"]), None));
    app.manager("itp").get(target).await.problem(404, "not-found");
    manager
        .post(&format!("{target}/keeper"), json!({ "programme": "itp" }))
        .if_match(2)
        .await
        .problem(403, "forbidden");
    let taken = manager.post(&format!("{target}/keeper"), json!({ "programme": "nia" })).if_match(2).await.expect(200);
    assert_eq!((&taken["draft"], &taken["keeper"]), (&json!(false), &json!("nia")));
    assert_eq!(slugs(&app.reader(), "/v1/innovations?q=mine").await, ["mine"]);
    one.patch(target, 3, json!({ "summary": "Mine." })).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_draft_joins_nothing_and_is_archived_by_its_applicant(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let one = known(&app, Role::Applicant, "one");
    let body = json!({ "name": "Mine", "slug": "mine", "summary": "My own.", "mainCategory": "digital" });
    one.post("/v1/innovations", body).await.expect(201);
    let joined = json!({ "programme": "nia", "from": "2026-01-01" });
    app.admin().post("/v1/innovations/mine/programme-memberships", joined).await.problem(409, "immutable");
    app.kpi("one", json!({})).await;
    let values = json!({ "rows": [{ "organisation": "QKK", "innovation": "mine", "period": "2024-01", "value": 1 }] });
    app.admin().post("/v1/kpi-submissions?kpi=one", values).await.problem(422, "rows-rejected");
    app.admin().delete("/v1/innovations/mine", 9).await.problem(412, "version-mismatch");
    one.delete("/v1/innovations/mine", 1).await.expect(204);
    one.get("/v1/innovations/mine").await.problem(404, "not-found");
}
