//! API3, broken object property level authorization: members that a client must not set, and those it must not see.

use crate::laws::bodies::{Body, bodies, resolved};
use crate::support::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// The names of the members that a schema has.
fn members(document: &Value, schema: &Value) -> BTreeSet<String> {
    let schema = resolved(document, schema);
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let branches =
        ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|kind| schema[kind].as_array().into_iter().flatten());
    own.chain(branches.flat_map(|branch| members(document, branch))).collect()
}

/// What an operation answers beyond what may be sent to it.
fn added(document: &Value, body: &Body) -> BTreeSet<String> {
    let responses = body.operation.described["responses"].as_object().unwrap();
    let answers = responses.iter().filter(|(status, _)| status.starts_with('2'));
    let answered = answers.flat_map(|(_, answer)| members(document, &answer["content"]["application/json"]["schema"]));
    answered.collect::<BTreeSet<String>>().difference(&members(document, &body.schema)).cloned().collect()
}

/// What attackers try although no answer shows it.
const TRIED: [&str; 8] = ["__proto__", "isAdmin", "role_id", "createdBy", "made_by", "archivedAt", "$set", "_id"];

#[rstest]
#[actix_web::test]
async fn nothing_that_the_register_adds_can_be_sent_to_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (document, admin) = (innovation_register::startup::document().unwrap(), app.admin());
    let (mut tried, mut faults) = (0, Vec::new());
    for body in bodies(&document) {
        let names = added(&document, &body).into_iter().chain(TRIED.map(str::to_owned));
        for name in names {
            for value in [json!("01890a5d-ac96-774b-bcce-b302099a8057"), json!(7), json!(true), Value::Null] {
                let mut sent = body.example.clone();
                sent[&name] = value.clone();
                let request = admin.request(&body.operation.method, &body.operation.target).if_match(1);
                let answer = request.header("content-type", &body.media).body(sent.to_string()).await;
                tried += 1;
                let told =
                    if answer.status == 400 { answer.json()["errors"][0]["pointer"].clone() } else { Value::Null };
                if told != format!("/{name}") {
                    faults.push(format!(
                        "{} takes {name} {value}: {} {}",
                        body.operation.id,
                        answer.status,
                        answer.text()
                    ));
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// An adoption with a handful of patients, and a benefit.
async fn world(engine: Engine) -> (TestApp, String) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.programme("itp").await;
    app.member("mycopd", "nia").await;
    let adoption = json!({ "innovation": "mycopd", "organisation": "RJZ", "stage": "adopted", "since": "2016-01-01" });
    let made = app.admin().post("/v1/adoptions", adoption).await;
    made.expect(201);
    let target = made.header("location").to_owned();
    app.admin().patch(&target, 1, json!({ "patients": 5, "sites": 2 })).await.expect(200);
    let benefit = json!({
        "innovation": "mycopd", "programme": "nia", "kind": "patients-reached", "population": "people-with-copd",
        "method": "Counted.", "claimed": 6, "baseline": 3, "qualifier": "exact", "basis": "measured", "from": "2015-07-01"
    });
    app.admin().post("/v1/benefits", benefit).await.expect(201);
    (app, target)
}

#[rstest]
#[actix_web::test]
async fn a_handful_of_patients_is_told_in_no_form_that_a_reader_can_ask_for(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, target) = world(engine).await;
    let reader = app.reader();
    for media in ["application/json", "text/csv", "application/x-ndjson"] {
        for list in ["/v1/adoptions", "/v1/benefits"] {
            let answer = reader.get(list).accept(media).await;
            for told in ["\"patients\":5", "\"claimed\":6", "\"baseline\":3", ",5,", ",6,", ",6.0,", ",3,", ",3.0,"] {
                assert!(answer.status == 200 && !answer.text().contains(told), "{list}: {}", answer.text());
            }
        }
    }
    assert_eq!(reader.get(&target).await.expect(200)["patients"], Value::Null);
    for wrong in ["sort=patients", "patients=5", "facets=patients", "q=5"] {
        assert_eq!(reader.get(&format!("/v1/adoptions?{wrong}")).await.status, 400, "{wrong}");
    }
    reader.patch(&target, 2, json!({ "patients": 5 })).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn the_audit_trail_tells_nobody_more_than_the_records_do(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, _) = world(engine).await;
    let client = json!({ "name": "Warehouse", "organisation": "RJZ" });
    app.admin().post("/v1/clients", client).await.expect(201);
    let person = json!({ "name": "Jane Marsh", "email": "jane@example.org" });
    app.admin().post("/v1/people", person).await.expect(201);
    let evaluator = app.evaluator();
    eventually("the events are numbered", Duration::from_secs(10), async || {
        let trail = app.admin().get("/v1/audit-events?count=true&resource=person").await.expect(200);
        trail["page"]["count"]["total"] == 1
    })
    .await;
    let kinds = async |actor: &Actor| column(&actor.get("/v1/audit-events?limit=500").await.expect(200), "resource");
    let seen = kinds(&evaluator).await;
    assert!(seen.contains(&"innovation".to_owned()), "{seen:?}");
    for hidden in ["person", "client"] {
        assert!(!seen.contains(&hidden.to_owned()), "{hidden}: {seen:?}");
        assert!(kinds(&app.admin()).await.contains(&hidden.to_owned()), "{hidden}");
    }
    let others = kinds(&app.manager("itp")).await;
    assert!(
        !others.iter().any(|kind| ["person", "client", "adoption", "benefit"].contains(&kind.as_str())),
        "{others:?}"
    );
}

#[rstest]
#[actix_web::test]
async fn a_suppressed_value_is_told_by_no_comment_analysis_or_chart(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("rare", json!({ "disclosureControl": true })).await;
    let values: Vec<Value> = (1..=12)
        .map(|month| {
            let mut row = row("RJZ", &format!("2026-{month:02}"), if month == 3 { 4 } else { 40 });
            row["comment"] = json!("Four of them, all from Frognal.");
            row
        })
        .collect();
    app.set_clock("2027-03-01T09:00:00Z");
    app.values("rare", json!(values)).await;
    let reader = app.reader();
    let series = "organisation=RJZ";
    for target in [
        "/v1/kpi-values?kpi=rare".to_owned(),
        format!("/v1/kpis/rare/spc?{series}&minPoints=2"),
        format!("/v1/kpis/rare/chart.svg?{series}&minPoints=2"),
        "/v1/kpis/rare/spc?place=QKK&minPoints=2".to_owned(),
    ] {
        let answer = reader.get(&target).await;
        let told =
            ["Frognal", "\"value\":4,", "\"value\":4.0", ">4<"].iter().find(|told| answer.text().contains(**told));
        assert!(answer.status == 200 && told.is_none(), "{target}: {told:?} {}", answer.text());
    }
    let csv = reader.get("/v1/kpi-values?kpi=rare").accept("text/csv").await;
    assert!(csv.status == 200 && !csv.text().contains(",4,") && !csv.text().contains("Frognal"), "{}", csv.text());
    let listed = reader.get("/v1/kpi-values?kpi=rare").await.expect(200);
    let id = rows(&listed)[2]["id"].as_str().unwrap().to_owned();
    app.values("rare", json!([row("RJZ", "2026-03", 9)])).await;
    let before = reader.get(&format!("/v1/kpi-values/{id}/revisions")).await;
    assert!(
        before.status == 200 && !before.text().contains("Frognal") && !before.text().contains("\"value\":4"),
        "{}",
        before.text()
    );
}
