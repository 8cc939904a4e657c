//! Adoptions: how far an organisation has come with an innovation, and since when.

use crate::support::*;
use std::time::Duration;

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RBD", "QVV").await;
    app.programme("nia").await;
    app.member("mycopd", "nia").await;
    app
}

fn adoption(organisation: &str, stage: &str, since: &str) -> Value {
    json!({ "innovation": "mycopd", "organisation": organisation, "stage": stage, "since": since })
}

fn step(to: &str, on: &str) -> Value {
    json!({ "to": to, "effectiveOn": on, "reason": "As agreed." })
}

/// Where an adoption was made and moved, and the version it has.
async fn moved(app: &TestApp, (stage, since): (&str, &str), moves: &[(&str, &str)]) -> (String, i64) {
    let made = app.admin().post("/v1/adoptions", adoption("RJZ", stage, since)).await;
    made.expect(201);
    let target = made.header("location").to_owned();
    for (version, (to, on)) in (1..).zip(moves) {
        app.admin().transition(&target, version, step(to, on)).await.expect(200);
    }
    (target, moves.len() as i64 + 1)
}

/// How many adoptions a list has.
async fn count(app: &TestApp, query: &str) -> usize {
    rows(&app.admin().get(&format!("/v1/adoptions?{query}")).await.expect(200)).len()
}

/// Where the move to a stage is.
async fn move_to(app: &TestApp, target: &str, to: &str) -> String {
    let moves = app.admin().get(&format!("{target}/transitions?withdrawn=false")).await.expect(200);
    let found = rows(&moves).iter().find(|one| one["to"] == to).expect("a move to there");
    format!("{target}/transitions/{}", found["id"].as_str().unwrap())
}

#[rstest]
#[actix_web::test]
async fn an_adoption_is_used_from_its_pilot_until_it_ends(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let made = admin.post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01")).await;
    let target = made.header("location");
    let piloting = admin.transition(target, 1, step("piloting", "2016-02-01")).await.expect(200);
    assert_eq!((&piloting["usingFrom"], &piloting["usingTo"]), (&json!("2016-02-01"), &Value::Null));
    let adopted = admin.transition(target, 2, step("adopted", "2016-06-01")).await.expect(200);
    assert_eq!((&adopted["usingFrom"], &adopted["stageOn"]), (&json!("2016-02-01"), &json!("2016-06-01")));
    admin.transition(target, 3, step("sustained", "2016-05-31")).await.problem(409, "illegal-transition");
    let ended = admin.transition(target, 3, step("decommissioned", "2017-01-01")).await.expect(200);
    assert_eq!(ended["usingTo"], "2017-01-01");
    for (day, used) in [("2016-01-31", 0), ("2016-02-01", 1), ("2016-12-31", 1), ("2017-01-01", 0)] {
        assert_eq!(count(&app, &format!("usingOn={day}&place=QKK")).await, used, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn pausing_and_resuming_in_later_years_changes_nothing_that_was_said_of_2016(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let joined = app.admin().get("/v1/innovations/mycopd/programme-memberships").await.expect(200);
    let joined = format!("/v1/innovations/mycopd/programme-memberships/{}", joined["data"][0]["id"].as_str().unwrap());
    app.admin().patch(&joined, 1, json!({ "from": "2015-07-01" })).await.expect(200);
    let (target, version) = moved(&app, ("piloting", "2015-10-01"), &[("adopted", "2016-03-01")]).await;
    let said = async || {
        let report = app.admin().get("/v1/programmes/nia/impact?asOf=2016-04-30").await.expect(200);
        let using =
            rows(&json!({ "data": report["figures"] })).iter().find(|f| f["key"] == "organisations-using").cloned();
        (using.unwrap()["value"].as_f64(), count(&app, "stageOn=2016-04-30&measure=adopted").await)
    };
    let before = said().await;
    assert_eq!(before, (Some(1.0), 1));
    app.admin().transition(&target, version, step("paused", "2019-05-01")).await.expect(200);
    assert_eq!(said().await, before);
    let resumed = app.admin().transition(&target, version + 1, step("adopted", "2020-02-01")).await.expect(200);
    assert_eq!((&resumed["usingFrom"], &resumed["usingTo"]), (&json!("2020-02-01"), &Value::Null));
    assert_eq!(said().await, before);
    assert_eq!(count(&app, "usingOn=2019-05-01").await, 0);
}

#[rstest]
#[actix_web::test]
async fn a_paused_adoption_resumes_to_the_stage_it_left(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let (target, _) = moved(&app, ("piloting", "2016-01-01"), &[("paused", "2016-02-01")]).await;
    let refused = admin.transition(&target, 2, json!({ "to": "adopted" })).await.problem(409, "illegal-transition");
    assert_eq!(refused["allowed"], json!(["piloting", "declined"]));
    admin.transition(&target, 2, json!({ "to": "piloting" })).await.expect(200);
    admin.transition(&target, 3, json!({ "to": "declined" })).await.problem(422, "validation-failed");
    admin.transition(&target, 3, json!({ "to": "declined", "reason": "Too dear." })).await.expect(200);
    admin.transition(&target, 4, json!({ "to": "engaged" })).await.expect(200);
    let history = admin.get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["piloting", "paused", "piloting", "declined", "engaged"]);
    assert_eq!(history["data"][0]["from"], Value::Null);
}

#[rstest]
#[actix_web::test]
async fn the_day_of_the_first_stage_is_in_the_history_and_a_wrong_one_is_corrected(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let (target, version) = moved(&app, ("piloting", "2016-05-01"), &[("adopted", "2016-09-01")]).await;
    let first = move_to(&app, &target, "piloting").await;
    let late = json!({ "effectiveOn": "2016-09-02", "reason": "A slip." });
    app.admin().patch(&first, version, late).await.problem(409, "illegal-transition");
    let blank = json!({ "effectiveOn": "2016-04-01", "reason": " " });
    let refused = app.lead("QKK").patch(&first, version, blank).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    let right = json!({ "effectiveOn": "2016-04-01", "reason": "The minutes give another day." });
    let corrected = app.lead("QKK").patch(&first, version, right).await.expect(200);
    assert_eq!((&corrected["usingFrom"], &corrected["version"]), (&json!("2016-04-01"), &json!(version + 1)));
    assert_eq!(count(&app, "usingOn=2016-04-30").await, 1);
    let moves = app.reader().get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&moves, "effectiveOn"), ["2016-04-01", "2016-05-01", "2016-09-01"]);
    assert_eq!(moves["data"][1]["withdrawnWhy"], "The minutes give another day.");
    eventually("the correction is in the trail", Duration::from_secs(10), async || {
        let trail = app.admin().get("/v1/audit-events?resource=adoption").await.expect(200);
        column(&trail, "operation").contains(&"update_adoption_transition".to_owned())
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn late_information_is_entered_between_the_moves_that_are_there(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let moves = [("piloting", "2016-03-01"), ("adopted", "2016-09-01")];
    let (target, version) = moved(&app, ("identified", "2016-01-01"), &moves).await;
    let refused = app.admin().transition(&target, version, step("engaged", "2016-04-01")).await;
    let refused = refused.problem(409, "illegal-transition");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("piloting (since 2016-03-01) to engaged (on 2016-04-01)"), "{detail}");
    app.admin().transition(&target, version, step("committed", "2016-02-01")).await.expect(200);
    let mut paused = step("paused", "2016-05-01");
    app.admin().transition(&target, version + 1, paused.clone()).await.problem(409, "illegal-transition");
    // Of the moves of one day, the one that is entered later comes later, unless it says otherwise.
    app.admin()
        .transition(&target, version + 1, step("engaged", "2016-02-01"))
        .await
        .problem(409, "illegal-transition");
    let mut before = step("engaged", "2016-02-01");
    before["rank"] = json!(1);
    app.admin().transition(&target, version + 1, before).await.expect(200);
    paused["effectiveOn"] = json!("2016-10-01");
    app.admin().transition(&target, version + 2, paused).await.expect(200);
    let history = app.admin().get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&history, "to"), ["identified", "engaged", "committed", "piloting", "adopted", "paused"]);
    assert_eq!(count(&app, "stageOn=2016-02-10&stage=committed").await, 1);
}

/// A move with others that are entered with it.
fn with_then(mut first: Value, then: &[Value]) -> Value {
    first["then"] = json!(then);
    first
}

#[rstest]
#[case::a_pause_and_its_end([("paused", "2018-01-01"), ("adopted", "2018-06-01")], "2018-03-01")]
#[case::an_end_and_a_new_beginning([("superseded", "2018-01-01"), ("implementing", "2018-06-01")], "2018-03-01")]
#[actix_web::test]
async fn what_cannot_stand_alone_is_entered_together_late(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] moves: [(&str, &str); 2],
    #[case] unused: &str,
) {
    let app = start(engine).await;
    let (target, version) = moved(&app, ("adopted", "2016-01-01"), &[("sustained", "2020-01-01")]).await;
    let [first, second] = moves.map(|(to, on)| step(to, on));
    let lead = app.lead("QKK");
    for alone in [&first, &second] {
        lead.transition(&target, version, alone.clone()).await.problem(409, "illegal-transition");
    }
    let both = with_then(first, &[second]);
    let then_paused =
        with_then(both.clone(), &[both["then"][0].clone(), json!({ "to": "paused", "effectiveOn": "2019-01-01" })]);
    let refused = lead.transition(&target, version, then_paused).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/then/1/reason");
    let present = lead.transition(&target, version, both).await.expect(200);
    assert_eq!((&present["stage"], &present["version"]), (&json!("sustained"), &json!(version + 1)));
    for (day, used) in [("2017-12-31", 1), (unused, 0), ("2018-06-01", 1), ("2021-01-01", 1)] {
        assert_eq!(count(&app, &format!("usingOn={day}")).await, used, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn what_cannot_be_corrected_or_withdrawn_alone_is_together(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let moves = [("paused", "2016-05-01"), ("piloting", "2016-08-01"), ("adopted", "2017-01-01")];
    let (target, version) = moved(&app, ("piloting", "2016-01-01"), &moves).await;
    let history = app.admin().get(&format!("{target}/transitions")).await.expect(200);
    let ids = column(&history, "id");
    let place = |at: usize| format!("{target}/transitions/{}", ids[at]);
    let mut right = json!({ "to": "implementing", "reason": "It was no pilot." });
    app.admin().patch(&place(0), version, right.clone()).await.problem(409, "illegal-transition");
    right["also"] = json!([{ "id": ids[2], "to": "implementing", "effectiveOn": "2016-09-01" }]);
    app.admin().patch(&place(0), version, right).await.expect(200);
    let stands = async || {
        let moves = app.admin().get(&format!("{target}/transitions?withdrawn=false")).await.expect(200);
        (column(&moves, "to"), column(&moves, "effectiveOn"))
    };
    let (to, on) = stands().await;
    assert_eq!(to, ["implementing", "paused", "implementing", "adopted"]);
    assert_eq!(on[2], "2016-09-01");
    app.admin().delete(&format!("{}?reason=No+pause", place(1)), version + 1).await.problem(409, "illegal-transition");
    let target = format!("{}?reason=No+pause&also={}", place(1), ids[2]);
    app.admin().delete(&target, version + 1).await.expect(204);
    assert_eq!(stands().await.0, ["implementing", "adopted"]);
    assert_eq!(count(&app, "usingOn=2016-06-01").await, 1);
}

#[rstest]
#[actix_web::test]
async fn a_move_that_was_not_made_is_withdrawn_and_stays_in_sight(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let moves = [("implementing", "2016-03-01"), ("paused", "2016-06-01")];
    let (target, version) = moved(&app, ("piloting", "2016-01-01"), &moves).await;
    let (lead, paused) = (app.lead("QKK"), move_to(&app, &target, "paused").await);
    lead.delete(&paused, version).await.problem(422, "validation-failed");
    lead.delete(&format!("{}?reason=Wrong", move_to(&app, &target, "implementing").await), version - 1)
        .await
        .problem(412, "version-mismatch");
    lead.delete(&format!("{paused}?reason=It+went+on."), version).await.expect(204);
    let present = lead.get(&target).await.expect(200);
    assert_eq!((&present["stage"], &present["usingTo"]), (&json!("implementing"), &Value::Null));
    lead.delete(&format!("{paused}?reason=Again"), version + 1).await.problem(409, "immutable");
    let first = move_to(&app, &target, "piloting").await;
    lead.delete(&format!("{first}?reason=There+was+no+pilot."), version + 1).await.expect(204);
    let only = move_to(&app, &target, "implementing").await;
    lead.delete(&format!("{only}?reason=Wrong"), version + 2).await.problem(409, "immutable");
    assert_eq!((count(&app, "usingOn=2016-02-01").await, count(&app, "usingOn=2016-03-01").await), (0, 1));
    let gone = app.reader().get(&format!("{target}/transitions?withdrawn=true")).await.expect(200);
    assert_eq!(column(&gone, "withdrawnWhy"), ["There was no pilot.", "It went on."]);
}

#[rstest]
#[actix_web::test]
async fn after_an_end_a_new_spell_begins_in_the_same_record(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, version) = moved(&app, ("adopted", "2016-01-01"), &[("superseded", "2017-01-01")]).await;
    app.admin().transition(&target, version, step("adopted", "2018-01-01")).await.problem(409, "illegal-transition");
    let again = app.admin().transition(&target, version, step("piloting", "2018-01-01")).await.expect(200);
    assert_eq!((&again["usingFrom"], &again["usingTo"]), (&json!("2018-01-01"), &Value::Null));
    for (day, used) in [("2016-12-31", 1), ("2017-06-01", 0), ("2018-01-01", 1)] {
        assert_eq!(count(&app, &format!("usingOn={day}")).await, used, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_record_that_should_not_be_there_is_deleted_with_its_reason(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, version) = moved(&app, ("adopted", "2016-01-01"), &[]).await;
    app.submitter("RJZ").delete(&target, version).await.problem(422, "validation-failed");
    app.submitter("RJZ").delete(&format!("{target}?reason=Another+trust."), version).await.expect(204);
    app.admin().get(&target).await.problem(404, "not-found");
    assert_eq!((count(&app, "usingOn=2016-06-01").await, count(&app, "innovation=mycopd").await), (0, 0));
    app.submitter("RJZ").post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01")).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn use_begins_while_the_organisation_is_there(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let life = json!({ "validFrom": "2016-01-01", "validTo": "2018-04-01" });
    admin.patch("/v1/organisations/RJZ", 1, life).await.expect(200);
    let early = admin.post("/v1/adoptions", adoption("RJZ", "engaged", "2015-06-01")).await;
    assert_eq!(early.expect(201)["warnings"][0]["code"], "before-opening");
    let target = early.header("location");
    let refused = admin.transition(target, 1, step("piloting", "2018-04-01")).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/effectiveOn");
    admin.transition(target, 1, step("piloting", "2018-03-31")).await.expect(200);
    admin.transition(target, 2, step("adopted", "2018-05-01")).await.expect(200);
    for stage in ["identified", "committed", "declined", "adopted"] {
        let late = json!({ "innovation": "mycopd", "indication": "late", "organisation": "RJZ", "stage": stage, "since": "2018-04-01" });
        let refused = admin.post("/v1/adoptions", late).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/since", "{stage}");
    }
    let ended = json!({ "to": "decommissioned", "effectiveOn": "2019-01-01", "reason": "The trust closed." });
    admin.transition(target, 3, ended).await.expect(200);
    admin.transition(target, 4, step("identified", "2019-02-01")).await.problem(422, "validation-failed");
    admin.patch("/v1/organisations/RBD", 1, json!({ "status": "closed" })).await.expect(200);
    let today = json!({ "innovation": "mycopd", "organisation": "RBD" });
    admin.post("/v1/adoptions", today).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn nobody_uses_anything_before_they_open(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    moved(&app, ("adopted", "2015-01-01"), &[]).await;
    app.admin().patch("/v1/organisations/RJZ", 1, json!({ "validFrom": "2016-01-01" })).await.expect(200);
    for (day, used) in [("2015-12-31", 0), ("2016-01-01", 1)] {
        assert_eq!(count(&app, &format!("usingOn={day}")).await, used, "{day}");
        assert_eq!(count(&app, &format!("stageOn={day}&measure=adopted")).await, used, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn an_organisation_has_one_adoption_of_an_innovation_and_a_fellow_proposes_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let fellow = app.fellow("mycopd");
    fellow.post("/v1/adoptions", adoption("RJZ", "adopted", "2016-01-01")).await.problem(403, "forbidden");
    let made = fellow.post("/v1/adoptions", adoption("RJZ", "identified", "2016-01-01")).await;
    assert_eq!(made.expect(201)["approval"], "proposed");
    let target = made.header("location");
    app.submitter("RBD").transition(target, 1, json!({ "to": "engaged" })).await.problem(403, "forbidden");
    let confirmed = app.submitter("RJZ").transition(target, 1, json!({ "to": "engaged" })).await.expect(200);
    assert_eq!(confirmed["approval"], "approved", "a move by whoever may approve it says that it counts");
    assert_eq!(count(&app, "stageOn=2016-06-01&stage=identified").await, 1);
    let said = app.admin().get(&format!("{target}/approval/transitions")).await.expect(200);
    assert_eq!(column(&said, "to"), ["approved"]);
    app.submitter("RJZ")
        .post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01"))
        .await
        .problem(409, "already-exists");
    let other = json!({ "innovation": "mycopd", "indication": "asthma", "organisation": "RJZ" });
    app.submitter("RJZ").post("/v1/adoptions", other).await.expect(201);
    assert_eq!((count(&app, "indication=asthma").await, count(&app, "innovation=mycopd").await), (1, 2));
    for change in [json!({ "stage": "adopted" }), json!({ "since": "2016-01-02" }), json!({ "organisation": "RBD" })] {
        app.lead("QKK").patch(target, 2, change).await.problem(409, "immutable");
    }
    let same = json!({ "organisation": "rjz", "sites": 3 });
    app.lead("QKK").patch(target, 2, same).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn what_a_fellow_proposes_counts_once_it_is_approved(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let fellow = app.fellow("mycopd");
    let made = fellow.post("/v1/adoptions", adoption("RJZ", "engaged", "2016-01-01")).await;
    let target = made.header("location").to_owned();
    let decide = |actor: &Actor, to: &str, version| {
        actor.post(&format!("{target}/approval/transitions"), json!({ "to": to, "reason": "Asked." })).if_match(version)
    };
    decide(&fellow, "approved", 1).await.problem(403, "forbidden");
    decide(&app.lead("QVV"), "approved", 1).await.problem(403, "forbidden");
    decide(&app.lead("QKK"), "refused", 1).await.expect(200);
    assert_eq!((count(&app, "stageOn=2016-06-01").await, count(&app, "approval=refused").await), (0, 1));
    let approved = decide(&app.submitter("RJZ"), "approved", 2).await.expect(200);
    assert_eq!((&approved["approval"], approved["approvedBy"].is_string()), (&json!("approved"), true));
    assert_eq!(count(&app, "stageOn=2016-06-01").await, 1);
    decide(&app.submitter("RJZ"), "refused", 3).await.problem(409, "illegal-transition");
    let said = app.admin().get(&format!("{target}/approval/transitions")).await.expect(200);
    assert_eq!(column(&said, "to"), ["refused", "approved"]);
}

#[rstest]
#[actix_web::test]
async fn counts_are_kept_with_their_days(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, _) = moved(&app, ("adopted", "2016-01-01"), &[]).await;
    let lead = app.lead("QKK");
    let first = json!({ "sites": 2, "patients": 40, "patientsQualifier": "at-least", "countedOn": "2016-06-01" });
    let told = lead.patch(&target, 1, first).await.expect(200);
    assert_eq!((&told["sitesBasis"], &told["patientsQualifier"]), (&json!("measured"), &json!("at-least")));
    lead.patch(&target, 2, json!({ "sites": 5, "countedOn": "2017-06-01" })).await.expect(200);
    lead.patch(&target, 3, json!({ "sites": 3, "countedOn": "2016-06-01" })).await.expect(200);
    lead.patch(&target, 4, json!({ "usersBasis": "estimated" })).await.problem(422, "validation-failed");
    let present = lead.get(&target).await.expect(200);
    assert_eq!((&present["sites"], &present["countedOn"]), (&json!(5), &json!("2017-06-01")));
    let held = lead.get(&format!("{target}/counts?withdrawn=false")).await.expect(200);
    let sites: Vec<_> = rows(&held).iter().map(|row| (row["sites"].clone(), row["patients"].clone())).collect();
    assert_eq!(sites, [(json!(3), json!(40)), (json!(5), Value::Null)], "a day has what was counted on it");
    assert_eq!(present["patients"], 40);
    assert_eq!(rows(&lead.get(&format!("{target}/counts")).await.expect(200)).len(), 3);
    lead.patch(&target, 4, json!({ "patients": 6 })).await.expect(200);
    let seen = app.reader().get(&format!("{target}/counts?sort=-countedOn")).await.expect(200);
    assert_eq!((&seen["data"][0]["patients"], &seen["data"][0]["suppressed"]), (&Value::Null, &json!(true)));
}

#[rstest]
#[actix_web::test]
async fn the_order_in_which_days_are_counted_makes_no_difference(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, _) = moved(&app, ("adopted", "2016-01-01"), &[]).await;
    let lead = app.lead("QKK");
    let entered = [
        json!({ "patients": 500, "countedOn": "2022-01-01" }),
        json!({ "sites": 7, "countedOn": "2021-01-01" }),
        json!({ "sites": 9, "countedOn": "2021-01-01" }),
        json!({ "patients": 500, "countedOn": "2023-01-01" }),
        json!({ "patients": 400, "countedOn": "2022-01-01" }),
    ];
    for (version, count) in (1..).zip(entered) {
        lead.patch(&target, version, count).await.expect(200);
    }
    let answer = lead.get(&target).await.expect(200);
    assert_eq!(
        (&answer["sites"], &answer["patients"], &answer["countedOn"]),
        (&json!(9), &json!(500), &json!("2023-01-01"))
    );
    for (day, expected) in [
        ("2021-06-01", vec![(json!(9), Value::Null)]),
        ("2022-06-01", vec![(json!(9), Value::Null), (Value::Null, json!(400))]),
        ("2023-06-01", vec![(json!(9), Value::Null), (Value::Null, json!(500))]),
    ] {
        let held = lead.get(&format!("/v1/adoption-counts?asOf={day}&sort=countedOn")).await.expect(200);
        let held: Vec<_> = rows(&held).iter().map(|row| (row["sites"].clone(), row["patients"].clone())).collect();
        assert_eq!(held, expected, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_count_that_is_taken_away_takes_along_what_was_said_of_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, _) = moved(&app, ("adopted", "2016-01-01"), &[]).await;
    let lead = app.lead("QKK");
    let count = json!({ "sites": 2, "patients": 300, "patientsQualifier": "at-least", "countedOn": "2021-01-01" });
    lead.patch(&target, 1, count).await.expect(200);
    let taken = json!({ "patients": null, "countedOn": "2022-01-01" });
    let answer = lead.patch(&target, 2, taken.clone()).await.expect(200);
    assert_eq!(
        (&answer["patients"], &answer["patientsQualifier"], &answer["sites"]),
        (&Value::Null, &Value::Null, &json!(2))
    );
    assert_eq!(lead.patch(&target, 3, taken).await.expect(200)["version"], 3, "it is said already");
    let counts = lead.get(&format!("{target}/counts")).await.expect(200);
    let last = &rows(&counts)[1];
    assert_eq!((&last["takenAway"], &last["patientsQualifier"]), (&json!(["patients"]), &Value::Null));
    assert_eq!(rows(&counts)[0]["takenAway"], json!([]));
    let alone = json!({ "patientsQualifier": "exact", "countedOn": "2022-01-01" });
    lead.patch(&target, 3, alone).await.problem(422, "validation-failed");
    let rows = "innovation,organisation,patients,countedOn\nmycopd,RJZ,(none),2022-01-01\n";
    let again = lead.post_csv("/v1/adoption-imports", rows).await.expect(201);
    assert_eq!(again["counts"]["unchanged"], 1);
}

#[rstest]
#[actix_web::test]
async fn barriers_stand_from_one_day_to_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (target, _) = moved(&app, ("engaged", "2016-01-01"), &[]).await;
    let lead = app.lead("QKK");
    let facts =
        json!({ "barriers": ["slow-procurement", "evidence-clarity", "slow-procurement"], "barriersOn": "2016-02-01" });
    let told = lead.patch(&target, 1, facts).await.expect(200);
    assert_eq!(told["barriers"], json!(["evidence-clarity", "slow-procurement"]));
    lead.patch(&target, 2, json!({ "barriers": ["evidence-clarity"], "barriersOn": "2017-02-01" })).await.expect(200);
    let late = json!({ "barriers": ["evidence-clarity", "change-management-skills"], "barriersOn": "2016-06-01" });
    let told = lead.patch(&target, 3, late).await.expect(200);
    assert_eq!(told["barriers"], json!(["evidence-clarity"]), "late information holds until the next change");
    for day in ["barriersOn", "coversOn"] {
        let refused = lead.patch(&target, 4, json!({ day: "2016-03-01" })).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["code"], "alone");
        let rows = format!("innovation,organisation,{day}\nmycopd,RJZ,2016-03-01\n");
        lead.post_csv("/v1/adoption-imports", &rows).await.problem(422, "rows-rejected");
    }
    for (query, found) in [
        ("barrier=slow-procurement", 0),
        ("barrier=evidence-clarity", 1),
        ("barrier=slow-procurement&stageOn=2016-05-31", 1),
        ("barrier=slow-procurement&stageOn=2016-06-01", 0),
        ("barrier=change-management-skills&stageOn=2017-01-31", 1),
        ("barrier=change-management-skills&stageOn=2017-02-01", 0),
    ] {
        assert_eq!(count(&app, query).await, found, "{query}");
    }
}

#[rstest]
#[actix_web::test]
async fn an_adoption_speaks_for_organisations_below_its_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let mut board = adoption("QKK", "adopted", "2016-01-01");
    board["covers"] = json!(["rjz"]);
    let made = app.lead("QKK").post("/v1/adoptions", board.clone()).await;
    assert_eq!(made.expect(201)["covers"], json!(["RJZ"]));
    for (covers, code) in
        [(json!(["RBD"]), "not-below"), (json!(["QKK"]), "not-below"), (json!(["all", "RJZ"]), "alone")]
    {
        let refused = app.lead("QKK").patch(made.header("location"), 1, json!({ "covers": covers })).await;
        assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["code"], code, "{covers}");
    }
    let facts = json!({ "covers": ["all"], "confirmedOn": "2017-01-01", "evidence": "The annual report." });
    let told = app.lead("QKK").patch(made.header("location"), 1, facts).await.expect(200);
    assert_eq!((&told["covers"], &told["confirmedOn"]), (&json!(["all"]), &json!("2017-01-01")));
}

#[rstest]
#[actix_web::test]
async fn what_is_covered_late_lay_below_on_that_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let edges = "/v1/organisations/RJZ/edges";
    let edge = app.admin().get(edges).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    app.admin().patch(&format!("{edges}/{edge}"), 1, json!({ "to": "2022-04-01" })).await.expect(200);
    let there = json!({ "parent": "QVV", "kind": "geographic", "from": "2022-04-01" });
    app.admin().post(edges, there).await.expect(201);
    let made = app.lead("QKK").post("/v1/adoptions", adoption("QKK", "adopted", "2016-01-01")).await;
    let target = made.expect(201)["id"].as_str().map(|id| format!("/v1/adoptions/{id}")).unwrap();
    let refused = app.lead("QKK").patch(&target, 1, json!({ "covers": ["RJZ"] })).await;
    assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["code"], "not-below");
    let late = json!({ "covers": ["RJZ"], "coversOn": "2020-01-01" });
    app.lead("QKK").patch(&target, 1, late).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn confirmations_of_a_file_settle(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    moved(&app, ("adopted", "2016-01-01"), &[]).await;
    let rows = "innovation,organisation,confirmedOn\nmycopd,RJZ,2022-06-01\nmycopd,RJZ,2020-06-01\n";
    let lead = app.lead("QKK");
    assert_eq!(lead.post_csv("/v1/adoption-imports", rows).await.expect(201)["counts"]["updated"], 2);
    assert_eq!(lead.post_csv("/v1/adoption-imports", rows).await.expect(201)["counts"]["unchanged"], 2);
    let answer = lead.get("/v1/adoptions?organisation=RJZ").await.expect(200);
    assert_eq!(answer["data"][0]["confirmedOn"], "2022-06-01");
}

const RETURN: &str = "innovation,organisation,stage,effectiveOn,reason,sites,countedOn,barriers
mycopd,RJZ,piloting,2016-02-01,,1,2016-02-01,slow-procurement; evidence-clarity
mycopd,RJZ,adopted,2016-09-01,,4,2016-09-01,
mycopd,RJZ,engaged,2015-12-01,,,,
mycopd,RBD,identified,2016-01-01,,,,
";

#[rstest]
#[actix_web::test]
async fn a_bulk_return_does_what_its_dry_run_said_and_a_second_time_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let admin = app.admin();
    let checked = admin.post_csv("/v1/adoption-imports?dryRun=true", RETURN).await.expect(200);
    assert_eq!((&checked["state"], count(&app, "innovation=mycopd").await), (&json!("checked"), 0));
    let written = admin.post_csv("/v1/adoption-imports", RETURN).await.expect(201);
    assert_eq!(written["counts"], checked["counts"]);
    assert_eq!((&written["counts"]["created"], &written["counts"]["updated"]), (&json!(2), &json!(2)));
    assert_eq!(written["rows"], checked["rows"]);
    let again = admin.post_csv("/v1/adoption-imports", RETURN).await.expect(201);
    assert_eq!((&again["counts"]["unchanged"], &again["rows"]), (&json!(4), &json!([])));
    let found = admin.get("/v1/adoptions?organisation=RJZ").await.expect(200);
    let present = &found["data"][0];
    let other = "innovation,organisation,stage,effectiveOn\nmycopd,RJZ,adopted,2017-01-01\n";
    let refused = admin.post_csv("/v1/adoption-imports", other).await.problem(422, "rows-rejected");
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "illegal-transition", "it came to that stage on another day");
    assert_eq!(
        (&present["stage"], &present["sites"], &present["usingFrom"]),
        (&json!("adopted"), &json!(4), &json!("2016-02-01"))
    );
    assert_eq!(present["barriers"], json!(["evidence-clarity", "slow-procurement"]));
    let moves = admin.get(&format!("/v1/adoptions/{}/transitions", present["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(column(&moves, "to"), ["engaged", "piloting", "adopted"]);
}

#[rstest]
#[actix_web::test]
async fn a_return_gives_late_moves_of_an_adoption_in_any_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    moved(&app, ("adopted", "2016-01-01"), &[("sustained", "2020-01-01")]).await;
    let rows = "innovation,organisation,stage,effectiveOn,reason,sites,countedOn
mycopd,RJZ,adopted,2018-06-01,,,
mycopd,RBD,paused,2019-01-01,Winter,,
mycopd,rjz,paused,2018-01-01,Winter,2,2018-01-01
mycopd,RBD,piloting,2018-01-01,,,
";
    let checked = app.admin().post_csv("/v1/adoption-imports?dryRun=true", rows).await.expect(200);
    let written = app.admin().post_csv("/v1/adoption-imports", rows).await.expect(201);
    assert_eq!((&written["counts"], &written["rows"]), (&checked["counts"], &checked["rows"]));
    assert_eq!((&written["counts"]["created"], &written["counts"]["updated"]), (&json!(1), &json!(3)));
    for (day, used) in [("2017-12-31", 1), ("2018-03-01", 1), ("2018-06-01", 2), ("2019-02-01", 1)] {
        assert_eq!(count(&app, &format!("usingOn={day}")).await, used, "{day}");
    }
    let again = app.admin().post_csv("/v1/adoption-imports", rows).await.expect(201);
    assert_eq!(again["counts"]["unchanged"], 4);
}

#[rstest]
#[actix_web::test]
async fn a_wrong_row_of_a_return_says_what_is_wrong_with_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let rows = "innovation,organisation,stage,effectiveOn,sites,barriers
mycopd,RJZ,adopted,2016-09-01,4,
mycopd,RJZ,committed,2016-10-01,,
nothing,RJZ,engaged,2016-01-01,,
mycopd,NOWHERE,engaged,2016-01-01,,
mycopd,RBD,engaged,2016-01-01,,
mycopd,RJZ,begun,2016-01-01,,
mycopd,RJZ,,,many,none-such
";
    let submitter = app.submitter("RJZ");
    let refused = submitter.post_csv("/v1/adoption-imports", rows).await.problem(422, "rows-rejected");
    assert_eq!((&refused["counts"]["rejected"], count(&app, "innovation=mycopd").await), (&json!(6), 0));
    let partial = submitter.post_csv("/v1/adoption-imports?mode=partial", rows).await.expect(201);
    assert_eq!((&partial["counts"]["created"], &partial["counts"]["rejected"]), (&json!(1), &json!(6)));
    let codes: Vec<_> =
        partial["rows"].as_array().unwrap().iter().map(|row| row["errors"][0]["code"].clone()).collect();
    let expected = ["illegal-transition", "unknown-innovation", "unknown-organisation", "out-of-scope", "unknown-word"];
    assert_eq!(codes[..5], expected.map(|code| json!(code)));
    assert_eq!((partial["rows"][5]["errors"].as_array().unwrap().len(), &codes[6]), (2, &Value::Null));
    assert_eq!(count(&app, "usingOn=2016-09-01").await, 1);
}

#[rstest]
#[actix_web::test]
async fn a_return_is_held_to_what_a_body_may_say(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let life = json!({ "validFrom": "2016-03-01", "validTo": "2018-04-01" });
    app.admin().patch("/v1/organisations/RJZ", 1, life).await.expect(200);
    let header = "innovation,organisation,stage,effectiveOn,reason,evidence\n";
    let long = "x".repeat(2001);
    for (row, code, column) in [
        ("engaged,2016-09-01,,Of 943 476 5919".to_owned(), "nhs-number", "evidence:"),
        ("engaged,2016-09-01,Of 943 476 5919,".to_owned(), "nhs-number", "reason:"),
        (format!("engaged,2016-09-01,{long},"), "too-long", "reason:"),
        ("identified,2018-04-01,,".to_owned(), "closed", "effectiveOn:"),
    ] {
        let sent = format!("{header}mycopd,RJZ,{row}\n");
        let refused = app.admin().post_csv("/v1/adoption-imports", &sent).await.problem(422, "rows-rejected");
        let error = &refused["rows"][0]["errors"][0];
        assert_eq!(error["code"], code, "{error}");
        assert!(error["detail"].as_str().unwrap().starts_with(column), "{error}");
    }
    let early = format!("{header}mycopd,RJZ,engaged,2016-01-01,,\n");
    let lead = app.admin();
    let checked = lead.post_csv("/v1/adoption-imports?dryRun=true", &early).await.expect(200);
    assert_eq!(
        (&checked["warnings"][0]["pointer"], &checked["warnings"][0]["code"]),
        (&json!("/rows/0/effectiveOn"), &json!("before-opening"))
    );
    let written = lead.post_csv("/v1/adoption-imports", &early).accept("text/csv").await;
    assert!(written.text().contains(",created,before-opening,"), "{}", written.text());
}

#[rstest]
#[actix_web::test]
async fn a_return_comes_back_as_the_senders_own_file_and_is_taken_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let sent = "Organisation;Innovation;Stage;Sites\nRJZ;mycopd;piloting;2\nRJZ;mycopd;paused;(none)\n";
    let lead = app.lead("QKK");
    let answer = lead.post_csv("/v1/adoption-imports", sent).accept("text/csv").await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let lines: Vec<&str> = answer.text().lines().collect();
    assert_eq!(
        lines[..2],
        ["Organisation;Innovation;Stage;Sites;outcome;problem;expected", "RJZ;mycopd;piloting;2;not-written;;"]
    );
    assert!(lines[2].starts_with("RJZ;mycopd;paused;(none);rejected;missing;"), "{}", lines[2]);
    let mended = answer.text().replace(";paused;", ";implementing;");
    let taken = lead.post_csv("/v1/adoption-imports", &mended).await.expect(201);
    let new = &taken["rows"][1]["new"];
    assert_eq!((&new["stage"], &new["sites"]), (&json!("implementing"), &Value::Null));
}

#[rstest]
#[actix_web::test]
async fn what_a_fellow_sends_in_a_return_is_proposed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let rows = |stage: &str| format!("innovation,organisation,stage\nmycopd,RJZ,{stage}\n");
    let fellow = app.fellow("mycopd");
    let refused = fellow.post_csv("/v1/adoption-imports", &rows("adopted")).await.problem(422, "rows-rejected");
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "out-of-scope");
    fellow.post_csv("/v1/adoption-imports", &rows("engaged")).await.expect(201);
    assert_eq!((count(&app, "approval=proposed").await, count(&app, "measure=in-use").await), (1, 0));
    app.submitter("RJZ").post_csv("/v1/adoption-imports", &rows("engaged")).await.expect(201);
    assert_eq!(count(&app, "approval=approved").await, 1, "the organisation says the same");
}
