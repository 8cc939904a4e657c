//! Proposals of recalculations, who accepts them, what speaks against them, and notes on points, through HTTP.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

const RECALCULATIONS: &str = "/v1/recalculations";
const ANNOTATIONS: &str = "/v1/annotations";

fn month(n: usize) -> String {
    format!("{}-{:02}", 2024 + n / 12, n % 12 + 1)
}

/// A trust with twenty months around 500 attendances and eight around 900, of which fewer would be better.
async fn world(engine: Engine, kpi: Value) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", kpi).await;
    let value = |n: usize| if n < 20 { 500 + n % 3 * 10 } else { 900 + n % 3 * 10 };
    app.values("ae", (0..28).map(|n| row("RJZ", &month(n), value(n))).collect()).await;
    app
}

fn proposal(from: usize) -> Value {
    json!({
        "kpi": "ae", "organisation": "RJZ", "from": month(from), "kind": "process-change", "reason": "A second ward opened.",
        "evidence": "Minutes of the board"
    })
}

fn warned(answer: &Value) -> Vec<String> {
    column(&json!({ "data": answer["warnings"] }), "code")
}

async fn parts(app: &TestApp) -> usize {
    let answer = app.reader().get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200);
    answer["parts"].as_array().unwrap().len()
}

#[rstest]
#[actix_web::test]
async fn a_submitter_proposes_a_recalculation_and_a_lead_accepts_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    let (submitter, lead) = (app.submitter("RJZ"), app.lead("QKK"));
    let made = submitter.post(RECALCULATIONS, proposal(20)).await;
    let proposed = made.expect(201);
    assert_eq!((&proposed["state"], &proposed["kind"]), (&json!("proposed"), &json!("process-change")));
    assert_eq!(
        (&proposed["evidence"], warned(&proposed)),
        (&json!("Minutes of the board"), vec!["hides-concern".to_owned()])
    );
    assert_eq!((&proposed["actions"], parts(&app).await), (&json!(["delete_recalculation"]), 1));
    assert!(rows(&lead.get("/v1/recalculations?kpi=ae").await.expect(200)).is_empty(), "those in force alone");
    let waiting = lead.get("/v1/recalculations?kpi=ae&state=proposed").await.expect(200);
    assert_eq!(rows(&waiting).len(), 1);
    let target = made.header("location");
    let accept = json!({ "to": "accepted" });
    submitter.transition(target, 1, accept.clone()).await.problem(403, "forbidden");
    app.lead("QMF").transition(target, 1, accept.clone()).await.problem(403, "forbidden");
    lead.transition(target, 2, accept.clone()).await.problem(412, "version-mismatch");
    lead.transition(target, 1, json!({ "to": "refused" })).await.problem(422, "validation-failed");
    let seen = lead.get(target).await.expect(200);
    assert_eq!(seen["actions"], json!(["transition_recalculation", "delete_recalculation"]));
    let accepted = lead.transition(target, 1, accept.clone()).await.expect(200);
    assert_eq!((&accepted["state"], warned(&accepted)), (&json!("accepted"), vec!["hides-concern".to_owned()]));
    assert_eq!(parts(&app).await, 2);
    lead.transition(target, 2, accept).await.problem(409, "illegal-transition");
    let history = app.reader().get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["accepted"]);
    submitter.delete(target, 2).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn nobody_accepts_what_they_or_their_body_proposed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    let somebody = |role, organisation: &str| {
        let organisation = Some(organisation.to_owned());
        app.actor(&NewLocalToken {
            organisation,
            subject: Some("ada".to_owned()),
            body: Some("RJZ".to_owned()),
            ..grant(role)
        })
    };
    let (submitter, accept) = (app.submitter("RJZ"), json!({ "to": "accepted" }));
    let made = submitter.post(RECALCULATIONS, proposal(10)).await;
    made.expect(201);
    let target = made.header("location").to_owned();
    let same_body = somebody(Role::RegionalLead, "QKK");
    assert_eq!(same_body.get(&target).await.expect(200)["actions"], json!(["delete_recalculation"]));
    same_body.transition(&target, 1, accept.clone()).await.problem(403, "separation-of-duties");
    submitter.post(RECALCULATIONS, proposal(10)).await.problem(409, "already-exists");
    app.lead("QKK").post(RECALCULATIONS, proposal(10)).await.problem(409, "already-exists");
    let refused = json!({ "to": "refused", "reason": "Nothing has changed." });
    assert_eq!(app.lead("QKK").transition(&target, 1, refused).await.expect(200)["state"], "refused");
    let anew = submitter.post(RECALCULATIONS, proposal(10)).await;
    assert_eq!(anew.expect(201)["state"], "proposed", "what was refused can be proposed anew");
    submitter.delete(anew.header("location"), 1).await.expect(204);
    let made = app.lead("QKK").post(RECALCULATIONS, proposal(10)).await.expect(201);
    assert_eq!(made["state"], "accepted", "who may recalculate makes an accepted one");
}

#[rstest]
#[actix_web::test]
async fn a_right_to_propose_ends_with_its_place(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.admin().patch("/v1/organisations/RJZ", 1, json!({ "validTo": "2025-04-01" })).await.expect(200);
    for (from, status) in [(14, 201), (15, 403)] {
        app.submitter("RJZ").post(RECALCULATIONS, proposal(from)).await.expect(status);
        let note = json!({ "kpi": "ae", "organisation": "RJZ", "period": month(from), "text": "Snow." });
        app.submitter("RJZ").post(ANNOTATIONS, note).await.expect(status);
    }
}

#[rstest]
#[actix_web::test]
async fn a_recalculation_with_few_points_is_warned_of(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    let admin = app.admin();
    assert_eq!(warned(&admin.post(RECALCULATIONS, proposal(5)).await.expect(201)), Vec::<String>::new());
    let soon = admin.post(RECALCULATIONS, proposal(10)).await.expect(201);
    assert_eq!(warned(&soon), ["soon-after-another"]);
    let board = json!({ "kpi": "ae", "organisation": "QKK", "from": month(26), "reason": "Another ward." });
    let board = admin.post(RECALCULATIONS, board).await.expect(201);
    assert_eq!(
        (warned(&board), &board["kind"]),
        (vec!["few-points".to_owned(), "hides-concern".to_owned()], &json!("review"))
    );
}

#[rstest]
#[actix_web::test]
async fn a_note_on_a_point_is_told_and_drawn_and_can_be_taken_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    let submitter = app.submitter("RJZ");
    let note = json!({ "kpi": "ae", "organisation": "RJZ", "period": "2025-09", "text": "A ward <b>closed</b>." });
    app.submitter("QMF").post(ANNOTATIONS, note.clone()).await.problem(403, "forbidden");
    let made = submitter.post(ANNOTATIONS, note).await;
    assert_eq!(made.expect(201)["organisationName"], "Trust RJZ");
    let target = made.header("location");
    let told = async || app.reader().get("/v1/kpis/ae/spc?organisation=RJZ").await.expect(200)["annotations"].clone();
    assert_eq!(told().await, json!([{ "period": "2025-09", "text": "A ward <b>closed</b>." }]));
    let chart = app.reader().get("/v1/kpis/ae/chart.svg?organisation=RJZ").await.text().to_owned();
    for line in
        ["<title>Note on 2025-09: A ward &lt;b&gt;closed&lt;/b&gt;.</title>", ">Note on 2025-09: A ward &lt;b&gt;"]
    {
        assert!(chart.contains(line), "{chart}");
    }
    submitter.patch(target, 1, json!({ "period": "2025-10" })).await.problem(409, "immutable");
    submitter.patch(target, 1, json!({ "text": " " })).await.problem(422, "validation-failed");
    submitter.patch(target, 1, json!({ "text": "Two wards closed." })).await.expect(200);
    assert_eq!(told().await[0]["text"], "Two wards closed.");
    submitter.delete(&format!("{target}?reason=Another+month"), 2).await.expect(204);
    assert_eq!(told().await, json!([]));
    let kept = app.lead("QKK").get("/v1/annotations?place=QKK&withdrawn=true").await.expect(200);
    assert_eq!(rows(&kept)[0]["withdrawn"]["reason"], "Another month");
    submitter.patch(target, 3, json!({ "text": "Again." })).await.problem(409, "immutable");
}

#[rstest]
#[actix_web::test]
async fn a_note_is_kept_back_with_the_values(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({ "disclosureControl": true })).await;
    let note = json!({ "kpi": "ae", "organisation": "RJZ", "period": "2025-09", "text": "Exactly so many." });
    let made = app.lead("QKK").post(ANNOTATIONS, note).await;
    made.expect(201);
    for (actor, sees) in [(app.submitter("RJZ"), true), (app.lead("QMF"), false), (app.reader(), false)] {
        let answer = actor.get("/v1/kpis/ae/spc?organisation=RJZ").await.text().to_owned();
        assert_eq!(answer.contains("Exactly so many"), sees, "{answer}");
        let chart = actor.get("/v1/kpis/ae/chart.svg?organisation=RJZ").await.text().to_owned();
        assert_eq!(chart.contains("Exactly so many"), sees, "{chart}");
    }
    app.lead("QMF").get(made.header("location")).await.problem(404, "not-found");
    assert!(rows(&app.lead("QMF").get(ANNOTATIONS).await.expect(200)).is_empty());
    app.reader().get(ANNOTATIONS).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_grid_can_leave_recalculations_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine, json!({})).await;
    app.admin().post(RECALCULATIONS, proposal(20)).await.expect(201);
    let variation = async |more: &str| {
        let grid = app.admin().get(&format!("/v1/kpi-grid?organisation=RJZ{more}")).await.expect(200);
        grid["cells"][0]["variation"].clone()
    };
    assert_eq!(variation("").await, "common-cause");
    assert_eq!(variation("&recalculations=none").await, "concern-high");
}
