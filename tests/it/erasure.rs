//! What an erasure does to what a person left in the register.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::db::transaction;
use innovation_register::grants::ops::NewLocalToken;
use innovation_register::privacy::ops::sweep;
use std::time::Duration;

const SUBJECT: &str = "olive@example.org";

/// A person who applied, in an open call of the demonstration's shape.
async fn applied(engine: Engine) -> (TestApp, String, Value) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let call = json!({
        "title": "Second call", "opensAt": "2026-06-01T09:00", "closesAt": "2026-07-01T17:00",
        "priorities": [{ "code": "stroke", "label": "Stroke" }],
        "criteria": [{ "code": "impact", "label": "Impact", "weight": 1, "maxScore": 5 }], "form": { "type": "object" }
    });
    let call = app.admin().post("/v1/programmes/nia/calls", call).await.expect(201);
    let person = json!({ "name": "Olive Marchbanks", "email": "olive@example.org", "subject": SUBJECT });
    let person = app.admin().post("/v1/people", person).await.expect(201);
    let olive = app.actor(&NewLocalToken { subject: Some(SUBJECT.to_owned()), ..grant(Role::NationalAdmin) });
    let mine = json!({ "title": "Olive Marchbanks and her tool", "priorities": ["stroke"], "data": { "why": "Since Olive Marchbanks asks." } });
    let target = format!("/v1/calls/{}/applications", call["id"].as_str().unwrap());
    let application = olive.post(&target, mine).await.expect(201);
    (app, format!("/v1/people/{}", person["id"].as_str().unwrap()), application)
}

async fn erase(app: &TestApp, person: &str) -> Value {
    app.admin().post(&format!("{person}/erasure"), json!({ "reason": "Asked for." })).await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn a_repeated_request_neither_answers_an_erased_name_nor_registers_it_anew(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    let send = || admin.post("/v1/people", json!({ "name": "Olive Marchbanks" })).with_key("olive");
    let person = send().await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(send().await.expect(201)["name"], "Olive Marchbanks", "it is answered as before");
    // Under another name meanwhile, which the kept answer does not say.
    admin.patch(&format!("/v1/people/{person}"), 1, json!({ "name": "Olive Reed" })).await.expect(200);
    erase(&app, &format!("/v1/people/{person}")).await;
    send().await.problem(409, "person-erased");
    assert_eq!(app.count("people"), 1);
    assert!(app.everything().iter().all(|(_, row)| !row.contains("Olive")));
}

#[rstest]
#[actix_web::test]
async fn a_draft_is_emptied_and_what_was_submitted_is_sealed_for_a_year(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, person, application) = applied(engine).await;
    let target = format!("/v1/applications/{}", application["id"].as_str().unwrap());
    let olive = app.actor(&NewLocalToken { subject: Some(SUBJECT.to_owned()), ..grant(Role::NationalAdmin) });
    olive.transition(&target, 1, json!({ "to": "submitted" })).await.expect(200);
    let export = format!("{person}/subject-access-export");
    let held = app.admin().get(&export).await.expect(200);
    assert_eq!(held["applications"][0]["title"], "Olive Marchbanks and her tool");
    let erased = erase(&app, &person).await;
    let kept = erased["sealed"].as_array().unwrap().iter().find(|kept| kept["resource"] == "application").unwrap();
    assert_eq!((&kept["until"], &erased["texts"]), (&json!("2027-06-15"), &json!([])), "{erased}");
    let shown = app.manager("nia").get(&target).await.expect(200);
    assert!(!shown.to_string().contains("Olive") && shown["data"] == json!({}), "{shown}");
    assert!(shown["applicant"].as_str().is_none_or(|applicant| applicant.starts_with("erased:")), "{shown}");
    let held = app.admin().get(&export).await.expect(200);
    let sealed = held["sealed"].as_array().unwrap().iter().find(|kept| kept["resource"] == "application").unwrap();
    assert_eq!(sealed["document"]["data"][0]["why"], "Since Olive Marchbanks asks.", "{held}");
    assert!(held["auditEvents"]["count"].as_i64().is_some_and(|count| count >= 2), "{held}");
    eventually("the grants have ended", Duration::from_secs(10), async || {
        olive.get("/v1/people").status().await == Some(403)
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn nothing_of_an_erased_person_is_left_in_any_file(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, person, _) = applied(engine).await;
    app.admin().patch(&person, 1, json!({ "name": "Olive Marchbanks-Reed" })).await.expect(200);
    erase(&app, &person).await;
    let held = app.everything();
    assert!(held.iter().all(|(_, row)| !row.to_lowercase().contains("marchbanks")), "a draft is kept by nobody");
    eventually("the journal is emptied", Duration::from_secs(10), async || {
        app.files().iter().all(|(_, bytes)| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            !text.contains("marchbanks")
        })
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn a_text_of_others_that_names_the_person_is_listed_then_and_afterwards(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, person, _) = applied(engine).await;
    app.innovation("tool").await;
    let said = json!({ "summary": "As OLIVE MARCHBANKS says." });
    app.admin().patch("/v1/innovations/tool", 1, said).await.expect(200);
    let naming = json!({ "reason": "Olive Marchbanks asked." });
    app.admin().post(&format!("{person}/erasure"), naming).await.problem(422, "validation-failed");
    let erased = erase(&app, &person).await;
    let texts = erased["texts"].as_array().unwrap();
    assert_eq!(
        (texts.len(), &texts[0]["resource"], &texts[0]["property"]),
        (1, &json!("innovations"), &json!("summary"))
    );
    assert_eq!(erase(&app, &person).await, erased, "asked again, the same is told");
    let held = app.admin().get(&format!("{person}/subject-access-export")).await.expect(200);
    assert_eq!(held["erasure"]["texts"], erased["texts"]);
}

#[rstest]
#[actix_web::test]
async fn the_export_has_both_sides_of_a_mentorship(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let admin = app.admin();
    let one = admin.get("/v1/mentorships?limit=1").await.expect(200)["data"][0].clone();
    let fellowship = admin.get(&format!("/v1/fellowships/{}", one["fellowship"].as_str().unwrap())).await.expect(200);
    let fellow = admin.get(&format!("/v1/fellows/{}", fellowship["fellow"].as_str().unwrap())).await.expect(200);
    for (person, side) in [(&one["mentor"], "mentorships"), (&fellow["person"], "mentoredBy")] {
        let export = format!("/v1/people/{}/subject-access-export", person.as_str().unwrap());
        let held = admin.get(&export).await.expect(200);
        let ids: Vec<&Value> = held[side].as_array().unwrap().iter().map(|row| &row["id"]).collect();
        assert!(ids.contains(&&one["id"]), "{side}: {held}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_request_is_due_in_a_month_and_decided_with_a_ground(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let person = app.admin().post("/v1/people", json!({ "name": "Olive Marchbanks" })).await.expect(201);
    let requests = format!("/v1/people/{}/requests", person["id"].as_str().unwrap());
    let asked = json!({ "kind": "erase", "received": "2026-05-31" });
    let made = app.admin().post(&requests, asked.clone()).await;
    assert_eq!(made.expect(201)["due"], "2026-06-30");
    let target = made.header("location");
    app.admin()
        .post(&requests, json!({ "kind": "erase", "received": "2026-06-16" }))
        .await
        .problem(422, "validation-failed");
    app.admin().patch(target, 1, json!({ "decision": "refused" })).await.problem(422, "validation-failed");
    app.admin().patch(target, 1, json!({ "kind": "access" })).await.problem(409, "immutable");
    let refused = json!({ "decision": "refused", "ground": "Public money: kept for six years." });
    let decided = app.admin().patch(target, 1, refused).await.expect(200);
    assert_eq!((&decided["decidedOn"], &decided["decision"]), (&json!("2026-06-15"), &json!("refused")));
    assert_eq!(rows(&app.admin().get(&format!("{requests}?decided=false")).await.expect(200)).len(), 0);
    assert_eq!(rows(&app.admin().get(&format!("{requests}?kind=erase")).await.expect(200)).len(), 1);
    app.manager("nia").post(&requests, asked).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn what_is_sealed_is_removed_when_its_time_is_over_unless_the_person_holds_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, person, _) = applied(engine).await;
    erase(&app, &person).await;
    let after = |years: i64| app.now() + chrono::TimeDelta::days(366 * years);
    let kept = |moment| {
        transaction(&mut connect(&app.database), |conn| sweep(conn, moment))
            .unwrap_or_else(|error| panic!("{error:?}"));
        app.count("sealed_records")
    };
    let held = json!({ "kind": "restrict", "received": "2026-06-01" });
    let hold = app.admin().post(&format!("{person}/requests"), held).await;
    assert_eq!((app.count("sealed_records"), kept(after(7))), (1, 1), "the subject, for the audit trail");
    let refused = json!({ "decision": "refused", "ground": "Nothing disputed." });
    app.admin().patch(hold.header("location"), 1, refused).await.expect(200);
    assert_eq!([kept(after(5)), kept(after(7))], [1, 0]);
}

#[rstest]
#[actix_web::test]
async fn an_unsuccessful_application_is_kept_for_a_year_and_contacts_for_two_after_a_fellowship(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, person, application) = applied(engine).await;
    let target = format!("/v1/applications/{}", application["id"].as_str().unwrap());
    let olive = app.actor(&NewLocalToken { subject: Some(SUBJECT.to_owned()), ..grant(Role::NationalAdmin) });
    olive.transition(&target, 1, json!({ "to": "withdrawn", "reason": "Later." })).await.expect(200);
    app.admin().post("/v1/programmes/nia/cohorts", json!({ "number": 1, "name": "Wave 1" })).await.expect(201);
    let fellow = json!({ "name": "Iris Holloway", "email": "iris@example.org" });
    let fellow = app.admin().post("/v1/fellows", fellow).await.expect(201);
    let held = json!({
        "fellow": fellow["id"], "programme": "nia", "cohort": 1, "wholeTimeEquivalent": 0.2, "from": "2026-01-01", "to": "2026-06-01"
    });
    app.admin().post("/v1/fellowships", held).await.expect(201);
    let kept = |days: i64| {
        let moment = app.now() + chrono::TimeDelta::days(days);
        transaction(&mut connect(&app.database), |conn| sweep(conn, moment))
            .unwrap_or_else(|error| panic!("{error:?}"));
        (app.count("applications WHERE title LIKE 'Olive%'"), app.count("people WHERE email LIKE 'iris%'"))
    };
    let hold = json!({ "kind": "object", "received": "2026-06-01" });
    let hold = app.admin().post(&format!("{person}/requests"), hold).await;
    assert_eq!((kept(360), kept(370)), ((1, 1), (1, 1)), "an objection holds the application");
    app.admin()
        .patch(hold.header("location"), 1, json!({ "decision": "refused", "ground": "None." }))
        .await
        .expect(200);
    assert_eq!((kept(370), kept(720)), ((0, 1), (0, 0)));
    app.admin().get(&target).await.expect(200);
}
