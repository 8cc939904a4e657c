//! Whether the audit trail is as it was written: what an attacker with the owner's rights does is named, and what an
//! erasure took is told from what was altered.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::time::Duration;

/// A service whose trail has more than ten events, all numbered.
async fn kept(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for number in 1..=6 {
        app.innovation(&format!("tool-{number}")).await;
    }
    numbered(&app).await;
    app
}

async fn numbered(app: &TestApp) {
    eventually("all events are numbered", Duration::from_secs(10), async || {
        app.count("events WHERE position IS NULL") == 0
    })
    .await;
}

/// What `audit verify` finds.
fn verify(app: &TestApp) -> String {
    fail(&told(&app.database), &["audit", "verify"])
}

fn whole(app: &TestApp) -> String {
    let said = run(&told(&app.database), &["audit", "verify"]);
    assert!(said.contains("the audit trail is whole"), "{said}");
    said
}

/// Makes room before a position, and puts a copy of the event there into it.
const INSERTED: &str = "UPDATE events SET position = -position WHERE position >= 5;
    UPDATE events SET position = 1 - position WHERE position < 0;
    INSERT INTO events (id, position, occurred_at, subject, operation, resource, resource_key, resource_version, request_id,
                        data, hash, rule, subject_id, salt, digest)
    SELECT substr(digest, 1, 16), 5, occurred_at, subject, operation, resource, 'forged', resource_version, request_id,
           data, hash, rule, subject_id, salt, digest FROM events WHERE position = 6";
const CLOSED_UP: &str =
    "DELETE FROM events WHERE position = 5; UPDATE events SET position = -position WHERE position > 5;
    UPDATE events SET position = -position - 1 WHERE position < 0";
const SWAPPED: &str =
    "UPDATE events SET position = -1 WHERE position = 5; UPDATE events SET position = 5 WHERE position = 6;
    UPDATE events SET position = 6 WHERE position = -1";

#[rstest]
#[case::a_field("UPDATE events SET operation = 'get_me' WHERE position = 5", "event 5 was altered")]
#[case::the_details("UPDATE events SET data = '{}' WHERE position = 5", "event 5 was altered: its details")]
#[case::who(
    "UPDATE events SET subject = 'other' WHERE position = 5",
    "event 5 was altered: its details or its subject"
)]
#[case::a_subject("UPDATE subjects SET subject = 'other' WHERE id = 1", "subject 1 was altered")]
#[case::one_gone("DELETE FROM events WHERE position = 5", "event 5 was removed")]
#[case::some_gone("DELETE FROM events WHERE position IN (5, 6)", "events 5 to 6 were removed")]
#[case::one_gone_and_closed_up(CLOSED_UP, "1 event(s) were removed before event 5")]
#[case::one_more(INSERTED, "event 5 was inserted")]
#[case::two_swapped(SWAPPED, "events 5 and 6 were swapped")]
#[case::emptied("UPDATE events SET data = 'null', salt = NULL WHERE position = 5", "no erasure took them")]
#[case::as_if_erased(
    "UPDATE events SET data = 'null', salt = NULL, erased_by = id WHERE position = 5",
    "that erasure does not say so"
)]
#[actix_web::test]
async fn what_was_done_to_an_event_is_named(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] statements: &str,
    #[case] named: &str,
) {
    let app = kept(engine).await;
    whole(&app);
    app.tamper(statements);
    let said = verify(&app);
    assert!(said.contains(named) && said.lines().count() == 1, "{said}");
}

#[rstest]
#[actix_web::test]
async fn nobody_changes_or_removes_an_event_without_the_owners_rights(#[values(Sqlite, Postgres)] engine: Engine) {
    use diesel::connection::SimpleConnection;
    let app = kept(engine).await;
    run(&told(&app.database), &["audit", "checkpoint"]);
    for statement in [
        "DELETE FROM events WHERE position = 5",
        "TRUNCATE events",
        "UPDATE events SET data = '{}' WHERE position = 5",
        "UPDATE events SET data = 'null' WHERE position = 5",
        "UPDATE events SET position = 500 WHERE position = 5",
        "UPDATE events SET subject = 'other' WHERE position = 5",
        "UPDATE subjects SET subject = 'other' WHERE id = 1",
        "DELETE FROM subjects",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET position = 1",
        "DELETE FROM audit_checkpoint_keys",
    ] {
        assert!(connect(&app.database).batch_execute(statement).is_err(), "{statement}");
    }
    whole(&app);
}

#[rstest]
#[actix_web::test]
async fn a_tail_that_was_removed_is_missed_by_the_last_checkpoint(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = kept(engine).await;
    run(&told(&app.database), &["audit", "checkpoint"]);
    let end = app.count("events");
    app.tamper(&format!("DELETE FROM events WHERE position > {}", end - 2));
    let said = verify(&app);
    assert!(said.contains(&format!("events {} to {end} were removed", end - 1)), "{said}");
}

#[rstest]
#[actix_web::test]
async fn a_tail_that_was_chained_anew_is_found_by_a_checkpoint_here_or_elsewhere(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = kept(engine).await;
    let signed = run(&told(&app.database), &["audit", "checkpoint"]);
    assert_eq!(run(&told(&app.database), &["audit", "checkpoint"]), signed, "nothing was done since");
    let end = app.count("events");
    // The service itself numbers and chains what the attacker altered.
    app.tamper("UPDATE events SET position = NULL, hash = NULL, rule = NULL, operation = 'get_me' WHERE position >= 5");
    numbered(&app).await;
    let said = verify(&app);
    assert!(said.contains(&format!("events 1 to {end} were rewritten")), "{said}");
    app.tamper("DELETE FROM audit_checkpoints");
    whole(&app);
    let folder = folder();
    let file = folder.path().join("checkpoints");
    std::fs::write(&file, format!("{signed}\n")).unwrap();
    let said = fail(&told(&app.database), &["audit", "verify", "--checkpoints", file.to_str().unwrap()]);
    assert!(said.contains("were rewritten"), "{said}");
}

#[rstest]
#[actix_web::test]
async fn a_checkpoint_holds_without_the_key_that_signed_it_and_not_by_a_key_of_others(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = kept(engine).await;
    run(&told(&app.database), &["audit", "checkpoint"]);
    app.sql("DELETE FROM signing_keys");
    assert!(whole(&app).contains("1 checkpoints"));
    app.tamper("UPDATE audit_checkpoint_keys SET voucher = (SELECT hash FROM audit_checkpoints)");
    assert!(verify(&app).contains("is not one that this service used"));
}

#[rstest]
#[actix_web::test]
async fn what_an_erasure_took_is_no_fault(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = kept(engine).await;
    let subject = Some("jane@example.org".to_owned());
    let jane = app.actor(&NewLocalToken { subject: subject.clone(), ..grant(Role::NationalAdmin) });
    jane.patch("/v1/innovations/tool-1", 1, json!({ "summary": "Better." })).await.expect(200);
    let person = json!({ "name": "Jane Marsh", "email": "jane@example.org", "subject": subject });
    let person = app.admin().post("/v1/people", person).await.expect(201);
    let target = format!("/v1/people/{}", person["id"].as_str().unwrap());
    app.admin().post(&format!("{target}/erasure"), json!({ "reason": "Asked for." })).await.expect(200);
    numbered(&app).await;
    let trail = app.admin().get("/v1/audit-events?resource=innovation&operation=update_innovation").await.expect(200);
    assert!(rows(&trail)[0]["subject"].as_str().unwrap().starts_with("erased:"), "{trail}");
    let named = app.everything().into_iter().filter(|(table, row)| table == "events" && row.contains("jane@"));
    assert_eq!(named.count(), 0);
    whole(&app);
    app.tamper("UPDATE events SET data = '{}' WHERE operation = 'erase_person'");
    assert!(verify(&app).contains("was altered"));
}

#[rstest]
#[actix_web::test]
async fn an_event_names_both_ends_and_whose_record_it_is(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QMF").await;
    let became = json!({ "to": [{ "code": "RF4" }], "kind": "merge", "effectiveOn": "2026-04-01" });
    app.admin().post("/v1/organisations/RJZ/successions", became).await.expect(201);
    numbered(&app).await;
    let found = async |actor: &Actor, query: &str| {
        column(&actor.get(&format!("/v1/audit-events?{query}&limit=500")).await.expect(200), "operation")
    };
    for code in ["RJZ", "RF4"] {
        let about = found(&app.admin(), &format!("organisation={code}")).await;
        assert!(about.contains(&"create_organisation_succession".to_owned()), "{code}: {about:?}");
    }
    let at_the_other_end = found(&app.lead("QMF"), "resource=organisation-succession").await;
    assert_eq!(at_the_other_end, ["create_organisation_succession"]);
    let granted = app.actor(&NewLocalToken { subject: Some("own".to_owned()), ..grant(Role::NationalAdmin) });
    numbered(&app).await;
    assert_eq!(found(&granted, "owner=own").await, ["issue_local_token"]);
    granted.get("/v1/audit-events?innovation=none").await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn the_trail_of_a_record_is_for_those_who_may_see_the_record(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.fund("NIA-1", 100).await;
    let (lead, manager) = (app.lead("QWE"), app.manager("nia"));
    numbered(&app).await;
    let kinds = async |actor: &Actor| column(&actor.get("/v1/audit-events?limit=500").await.expect(200), "resource");
    assert!(kinds(&manager).await.contains(&"contribution".to_owned()));
    let seen = kinds(&lead).await;
    assert!(seen.contains(&"organisation".to_owned()), "{seen:?}");
    for kept_back in ["contribution", "fund"] {
        assert!(!seen.contains(&kept_back.to_owned()), "{seen:?}");
    }
    let me = lead.get("/v1/me").await.expect(200);
    let granted = lead.get("/v1/audit-events?resource=grant").await.expect(200);
    assert!(rows(&granted).len() == 1 && rows(&granted)[0]["owner"] == me["subject"], "{granted}");
}

#[rstest]
#[actix_web::test]
async fn the_trail_is_exported_as_csv_and_json_lines(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = kept(engine).await;
    let of = "/v1/audit-events?resource=innovation&operation=create_innovation";
    let csv = app.admin().get(of).accept("text/csv").await;
    assert_eq!((csv.status, csv.text().lines().count()), (200, 7), "{}", csv.text());
    assert!(csv.text().starts_with("id,position,occurredAt,subject,endUserOrganisation"), "{}", csv.text());
    let lines = app.admin().get(of).accept("application/x-ndjson").await;
    assert_eq!(lines.text().lines().count(), 6);
}

#[rstest]
#[actix_web::test]
async fn what_is_done_to_an_application_is_for_its_applicant_and_once_it_is_sent_for_its_programme(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::seeded(engine).await;
    numbered(&app).await;
    let seen = async |actor: &Actor| {
        let trail = actor.get("/v1/audit-events?resource=application&limit=500").await.expect(200);
        column(&trail, "operation")
    };
    assert_eq!(seen(&app.lead("E92000001")).await, Vec::<String>::new(), "another's application");
    assert_eq!(seen(&app.submitter("E92000001")).await, Vec::<String>::new(), "another's application");
    let shown = seen(&app.manager("itp")).await;
    assert!(shown.contains(&"transition_application".to_owned()), "{shown:?}");
    assert!(!shown.contains(&"create_application".to_owned()), "a draft is its applicant's own: {shown:?}");
}
