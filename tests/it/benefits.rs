//! Benefits: claimed from one side, accepted by the others, confirmed by another body.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

fn claim(kind: &str, claimed: f64) -> Value {
    let mut new = json!({
        "innovation": "mycopd", "programme": "nia", "kind": kind, "method": "Counted.", "claimed": claimed,
        "qualifier": "approximate", "basis": "estimated", "from": "2015-07-01"
    });
    if kind == "saving" {
        new["class"] = json!("non-cash-releasing");
    }
    new
}

/// What was achieved in the first financial year.
fn achieved(figure: f64) -> Value {
    json!({ "financialYear": "2015-16", "figure": figure, "qualifier": "exact", "basis": "measured" })
}

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.member("mycopd", "nia").await;
    app.trust("RJZ", "QKK").await;
    app
}

/// A national administrator who belongs to a trust.
fn admin_of(app: &TestApp, body: &str) -> Actor {
    app.actor(&NewLocalToken { body: Some(body.to_owned()), ..grant(Role::NationalAdmin) })
}

fn states(benefit: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    benefit["sides"].as_array().unwrap().iter().map(|side| (text(&side["side"]), text(&side["state"]))).collect()
}

async fn accept(actor: &Actor, target: &str, side: &str, version: i64) -> Answer {
    actor.post(&format!("{target}/sides/{side}/transitions"), json!({ "to": "accepted" })).if_match(version).await
}

async fn patients(actor: &Actor) -> Option<f64> {
    let report = actor.get("/v1/programmes/nia/impact").await.expect(200);
    report["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == "patients-reached").unwrap()["value"]
        .as_f64()
}

#[rstest]
#[actix_web::test]
async fn a_claim_counts_once_every_side_it_names_has_accepted_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (fellow, trust, manager) = (app.fellow("mycopd"), app.submitter("RJZ"), app.manager("nia"));
    let mut new = claim("patients-reached", 5_000_000.0);
    (new["organisation"], new["population"]) = (json!("RJZ"), json!("people-with-copd"));
    let made = fellow.post("/v1/benefits", new).await;
    let answered = made.expect(201);
    let side = |side: &str, state: &str| (side.to_owned(), state.to_owned());
    let (asked, ours) = (side("organisation", "claimed"), side("innovation", "accepted"));
    assert_eq!(states(&answered), [ours, asked, side("programme", "claimed")]);
    let target = made.header("location");
    assert_eq!((&answered["counted"], patients(&manager).await), (&json!(false), None));
    app.reader().get(target).await.problem(404, "not-found");
    accept(&fellow, target, "programme", 1).await.problem(403, "forbidden");
    accept(&manager, target, "programme", 1).await.expect(200);
    assert_eq!(patients(&manager).await, None);
    let counted = accept(&trust, target, "organisation", 2).await.expect(200);
    assert_eq!((&counted["counted"], patients(&manager).await), (&json!(true), Some(5_000_000.0)));
    app.reader().get(target).await.expect(200);
    let said = trust.get(&format!("{target}/sides/organisation/transitions")).await.expect(200);
    assert_eq!((&rows(&said)[0]["from"], &rows(&said)[0]["to"]), (&json!("claimed"), &json!("accepted")));
}

#[rstest]
#[actix_web::test]
async fn a_side_changes_and_archives_only_what_was_claimed_from_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.innovation("heartflow").await;
    let (fellow, manager) = (app.fellow("heartflow"), app.manager("nia"));
    let mut new = claim("saving", 1000.0);
    new["innovation"] = json!("heartflow");
    let made = manager.post("/v1/benefits", new).await;
    let target = made.header("location");
    let version = made.expect(201)["version"].as_i64().unwrap();
    accept(&fellow, target, "innovation", version).await.expect(200);
    let version = version + 1;
    fellow.delete(target, version).await.problem(403, "forbidden");
    fellow.patch(target, version, json!({ "claimed": 1 })).await.problem(403, "forbidden");
    let refusal = json!({ "to": "refused", "reason": "It was saved elsewhere." });
    let side = format!("{target}/sides/innovation/transitions");
    let refused = fellow.post(&side, refusal).if_match(version).await.expect(200);
    assert_eq!(refused["counted"], false);
    fellow.post(&side, json!({ "to": "claimed" })).if_match(version + 1).await.problem(409, "illegal-transition");
    accept(&fellow, target, "innovation", version + 1).await.expect(200);
    let changed = manager.patch(target, version + 2, json!({ "claimed": 9_000_000 })).await.expect(200);
    assert_eq!(states(&changed)[0].1, "claimed");
    manager.delete(target, version + 3).await.problem(422, "validation-failed");
    manager.delete(&format!("{target}?reason=Counted%20twice"), version + 3).await.expect(204);
    assert!(rows(&manager.get("/v1/benefits?programme=nia").await.expect(200)).is_empty());
}

#[rstest]
#[actix_web::test]
async fn what_was_achieved_is_confirmed_by_another_body_and_then_stays(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (claimant, colleague, other) = (app.admin(), app.admin(), admin_of(&app, "RJZ"));
    let made = claimant.post("/v1/benefits", claim("saving", 1250.75)).await;
    let answered = made.expect(201);
    assert_eq!((&answered["claimed"], &answered["unit"]), (&json!(1250.75), &json!("GBP")));
    let target = made.header("location");
    let realisations = format!("{target}/realisations");
    for same in [&claimant, &colleague] {
        same.post(&realisations, achieved(1000.0)).await.problem(403, "separation-of-duties");
    }
    let confirmed = other.post(&realisations, achieved(1000.0)).await;
    assert_eq!(confirmed.expect(201)["countedTo"], "2016-03-31");
    other.post(&realisations, achieved(900.0)).await.problem(409, "already-exists");
    let year = json!([{
        "financialYear": "2015-16", "figure": 1000.0, "qualifier": "exact", "basis": "measured", "countedTo": "2016-03-31",
        "illustrative": false
    }]);
    let told = claimant.get(target).await.expect(200);
    assert_eq!((&told["realised"], &told["basis"], &told["version"]), (&year, &json!("estimated"), &json!(2)));
    for change in [json!({ "method": "Counted twice." }), json!({ "population": "others" }), json!({ "claimed": 2000 })]
    {
        claimant.patch(target, 2, change).await.problem(409, "immutable");
    }
    let wrong = format!("{}?reason=Twice", confirmed.header("location"));
    claimant.delete(&wrong, 1).await.problem(403, "separation-of-duties");
    other.delete(&wrong, 1).await.expect(204);
    assert_eq!(claimant.get(target).await.expect(200)["realised"], json!([]));
    let kept = claimant.get(&realisations).await.expect(200);
    assert_eq!(rows(&kept)[0]["withdrawn"]["reason"], "Twice");
}

#[rstest]
#[actix_web::test]
async fn nobody_confirms_a_figure_that_they_or_their_body_ever_claimed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    for code in ["RBD", "RGT"] {
        app.trust(code, "QKK").await;
    }
    let (first, colleague) = (admin_of(&app, "RJZ"), admin_of(&app, "RJZ"));
    let (editor, other) = (admin_of(&app, "RBD"), admin_of(&app, "RGT"));
    let made = first.post("/v1/benefits", claim("saving", 1000.0)).await;
    let target = made.header("location");
    editor.patch(target, 1, json!({ "claimed": 2000 })).await.expect(200);
    editor.patch(target, 2, json!({ "claimed": 2500 })).await.expect(200);
    let mut again = claim("saving", 2500.0);
    again["replaces"] = made.expect(201)["id"].clone();
    let realisations = format!("{target}/realisations");
    for hand in [&first, &colleague, &editor] {
        hand.post(&realisations, achieved(1000.0)).await.problem(403, "separation-of-duties");
    }
    other.post(&realisations, achieved(1000.0)).await.expect(201);
    let one = other.get(&realisations).await.expect(200)["data"][0]["id"].clone();
    let one = format!("{realisations}/{}?reason=Wrong", one.as_str().unwrap());
    first.delete(&one, 1).await.problem(403, "separation-of-duties");
    let replacing = editor.post("/v1/benefits", again).await;
    replacing.expect(201);
    let realisations = format!("{}/realisations", replacing.header("location"));
    first.post(&realisations, achieved(1000.0)).await.problem(403, "separation-of-duties");
    other.post(&realisations, achieved(1000.0)).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_confirmed_claim_is_replaced_by_a_new_one_once_that_counts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (manager, fellow) = (app.manager("nia"), app.fellow("mycopd"));
    let made = admin_of(&app, "RJZ").post("/v1/benefits", claim("saving", 1000.0)).await;
    let old = made.header("location").to_owned();
    app.admin().post(&format!("{old}/realisations"), achieved(900.0)).await.expect(201);
    manager.delete(&old, 2).await.problem(409, "immutable");
    let mut new = claim("saving", 800.0);
    new["replaces"] = made.json()["id"].clone();
    fellow.post("/v1/benefits", new.clone()).await.problem(422, "validation-failed");
    let next = manager.post("/v1/benefits", new).await;
    let answered = next.expect(201);
    if answered["counted"] == false {
        manager.get(&old).await.expect(200);
        accept(&fellow, next.header("location"), "innovation", 1).await.expect(200);
    }
    manager.get(&old).await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_claim_that_a_side_has_not_accepted_is_not_confirmed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let made = app.fellow("mycopd").post("/v1/benefits", claim("saving", 1000.0)).await;
    let target = made.header("location");
    let realisations = format!("{target}/realisations");
    admin_of(&app, "RJZ").post(&realisations, achieved(900.0)).await.problem(409, "not-accepted");
    let mut alone = claim("saving", 1.0);
    alone.as_object_mut().unwrap().remove("programme");
    let answered = app.admin().post("/v1/benefits", alone).await.problem(422, "validation-failed");
    assert_eq!(answered["errors"][0]["pointer"], "/programme");
}

#[rstest]
#[actix_web::test]
async fn small_counts_of_patients_are_kept_back_from_others(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let mut new = claim("patients-reached", 6.0);
    (new["population"], new["baseline"]) = (json!("people-with-copd"), json!(12));
    let made = app.admin().post("/v1/benefits", new).await;
    made.expect(201);
    let seen = app.reader().get(made.header("location")).await.expect(200);
    assert_eq!((&seen["claimed"], &seen["baseline"], &seen["suppressed"]), (&Value::Null, &json!(10.0), &json!(true)));
    assert_eq!(rows(&app.reader().get("/v1/benefits").await.expect(200))[0]["claimed"], Value::Null);
    assert_eq!(patients(&app.reader()).await, None);
    assert_eq!(patients(&app.manager("nia")).await, Some(6.0));
    let whole = app.manager("nia").get(made.header("location")).await.expect(200);
    assert_eq!((&whole["claimed"], &whole["suppressed"]), (&json!(6.0), &json!(false)));
}

#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_claim_is_told_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let mut wrong = claim("patients-reached", 10.0);
    wrong["unit"] = json!("people");
    wrong["to"] = json!("2015-07-01");
    let told = admin.post("/v1/benefits", wrong).await.problem(422, "validation-failed");
    let faults: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(faults, ["/unit", "/to"]);
    admin.post("/v1/benefits", claim("bed-days", 0.125)).await.problem(422, "validation-failed");
    admin.post("/v1/benefits", claim("other", 1.0)).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn the_members_of_a_claim_fit_its_kind(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let faults = async |kind: &str, members: Value| -> Vec<String> {
        let mut new = claim(kind, 10.0);
        for (name, value) in members.as_object().unwrap() {
            new[name] = value.clone();
        }
        if members["class"].is_null() && members.get("class").is_some() {
            new.as_object_mut().unwrap().remove("class");
        }
        let answer = admin.post("/v1/benefits", new).await;
        if answer.status == 201 {
            return Vec::new();
        }
        let told = answer.problem(422, "validation-failed");
        let text = |fault: &Value| fault["pointer"].as_str().unwrap().to_owned();
        told["errors"].as_array().unwrap().iter().map(text).collect()
    };
    for (kind, members, expected) in [
        ("saving", json!({ "class": null }), vec!["/class"]),
        ("saving", json!({ "class": "cash-releasing" }), vec!["/organisation"]),
        ("saving", json!({ "class": "cash-releasing", "organisation": "RJZ", "claimed": -4 }), vec![]),
        ("saving", json!({ "class": "qualitative" }), vec!["/claimed"]),
        ("saving", json!({ "class": "qualitative", "claimed": null }), vec![]),
        (
            "saving",
            json!({ "presentValue": { "value": 9, "rate": 3.5, "baseYear": "2023-25" } }),
            vec!["/presentValue/baseYear", "/presentValue"],
        ),
        ("bed-days", json!({ "class": "societal", "countedBy": "provider" }), vec!["/class", "/countedBy"]),
        ("patients-reached", json!({ "claimed": -1 }), vec!["/claimed"]),
        ("patients-reached", json!({ "counts": "tests", "countedBy": "registered", "depth": "use" }), vec![]),
    ] {
        assert_eq!(faults(kind, members.clone()).await, expected, "{kind} {members}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_claim_is_counted_within_another_of_its_kind_and_never_in_a_circle(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let admin = app.admin();
    let made = async |kind: &str, within: Option<&Value>| {
        let mut new = claim(kind, 10.0);
        within.into_iter().for_each(|within| new["countedWithin"] = within.clone());
        admin.post("/v1/benefits", new).await
    };
    let national = made("patients-reached", None).await;
    let part = made("patients-reached", Some(&national.json()["id"])).await;
    let own = part.expect(201)["id"].clone();
    admin
        .patch(national.header("location"), 1, json!({ "countedWithin": own }))
        .await
        .problem(422, "validation-failed");
    let told = made("bed-days", Some(&own)).await.problem(422, "validation-failed");
    assert_eq!(told["errors"][0]["pointer"], "/countedWithin");
    let behind = json!({ "benefit": own, "unitCost": 350.5, "source": "National cost collection" });
    let mut saving = claim("saving", 3505.0);
    saving["monetises"] = behind.clone();
    let answered = admin.post("/v1/benefits", saving).await.expect(201);
    assert_eq!(answered["monetises"], behind);
}

#[rstest]
#[actix_web::test]
async fn a_part_fits_what_holds_it_whichever_of_the_two_is_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let made = async |kind: &str, claimed: f64, more: Value| {
        let mut new = claim(kind, claimed);
        new["qualifier"] = json!("exact");
        more.as_object().unwrap().iter().for_each(|(name, value)| new[name] = value.clone());
        app.admin().post("/v1/benefits", new).await
    };
    let holder = made("patients-reached", 1000.0, json!({})).await;
    let within = json!({ "countedWithin": holder.expect(201)["id"] });
    let with = |more: Value| {
        let mut all = within.clone();
        more.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        all
    };
    for (claimed, more) in [
        (10.0, json!({ "counts": "tests" })),
        (1001.0, json!({})),
        (10.0, json!({ "from": "2010-01-01", "to": "2011-01-01" })),
    ] {
        let refused = made("patients-reached", claimed, with(more)).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["code"], "misfit");
    }
    made("patients-reached", 400.0, with(json!({}))).await.expect(201);
    for change in [json!({ "claimed": 300 }), json!({ "counts": "tests" })] {
        app.admin().patch(holder.header("location"), 1, change).await.problem(409, "immutable");
    }
    let beds = made("bed-days", 100.0, json!({})).await;
    let monetises = json!({ "benefit": beds.expect(201)["id"], "unitCost": 400, "source": "National cost collection" });
    made("saving", 40_000.0, json!({ "monetises": monetises })).await.expect(201);
    let saving = json!({ "kind": "saving", "class": "societal", "unit": null });
    app.admin().patch(beds.header("location"), 1, saving).await.problem(409, "immutable");
}

#[rstest]
#[actix_web::test]
async fn a_claim_takes_the_place_of_one_about_the_same_alone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.programme("itp").await;
    let made = app.admin().post("/v1/benefits", claim("bed-days", 1000.0)).await.expect(201);
    for (name, value) in [
        ("programme", json!("itp")),
        ("organisation", json!("RJZ")),
        ("kind", json!("admissions")),
        ("to", json!("2015-07-01")),
    ] {
        let mut new = claim("bed-days", 900.0);
        (new["replaces"], new["from"]) = (made["id"].clone(), json!("2015-01-01"));
        new[name] = value;
        let refused = app.admin().post("/v1/benefits", new).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/replaces", "{name}");
    }
}

#[rstest]
#[actix_web::test]
async fn cash_comes_out_of_a_budget_once_its_holder_says_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let mut new = claim("saving", 1000.0);
    (new["class"], new["organisation"]) = (json!("cash-releasing"), json!("RJZ"));
    let made = app.admin().post("/v1/benefits", new).await;
    assert_eq!(made.expect(201)["counted"], false);
    let target = made.header("location");
    accept(&app.admin(), target, "organisation", 1).await.problem(403, "forbidden");
    let counted = accept(&app.submitter("RJZ"), target, "organisation", 1).await.expect(200);
    assert_eq!(counted["counted"], true);
    let early = json!({ "to": "refused", "reason": "No.", "effectiveOn": "2015-01-01" });
    let side = format!("{target}/sides/organisation/transitions");
    app.submitter("RJZ").post(&side, early).if_match(2).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn a_row_says_whether_anything_it_rests_on_is_invented(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let made = async |kind: &str, more: Value| {
        let mut new = claim(kind, 10.0);
        more.as_object().unwrap().iter().for_each(|(name, value)| new[name] = value.clone());
        app.admin().post("/v1/benefits", new).await
    };
    let invented =
        json!({ "slug": "itp", "name": "Invented", "kind": "fellowship", "summary": "Is none.", "illustrative": true });
    app.admin().post("/v1/programmes", invented).await.expect(201);
    let tool = json!({ "name": "Tool", "slug": "tool", "summary": "Is none.", "mainCategory": "digital", "illustrative": true });
    app.admin().post("/v1/innovations", tool).await.expect(201);
    let beds = made("bed-days", json!({ "illustrative": true })).await.expect(201);
    let behind = json!({ "benefit": beds["id"], "unitCost": 400, "source": "National cost collection" });
    let of_tool = made("admissions", json!({ "innovation": "tool" })).await;
    for (answer, marked) in [
        (made("patients-reached", json!({})).await, false),
        (made("patients-reached", json!({ "programme": "itp" })).await, true),
        (made("saving", json!({ "monetises": behind, "claimed": 4000 })).await, true),
    ] {
        let answered = answer.expect(201);
        assert_eq!((&answered["restsOnIllustrative"], &answered["illustrative"]), (&json!(marked), &json!(false)));
    }
    assert_eq!(
        (&beds["restsOnIllustrative"], of_tool.expect(201)["restsOnIllustrative"].clone()),
        (&json!(true), json!(true))
    );
    admin_of(&app, "RJZ")
        .post(&format!("{}/realisations", of_tool.header("location")), achieved(9.0))
        .await
        .expect(201);
    let realised = app.admin().get("/v1/benefit-realisations").await.expect(200);
    assert_eq!(
        (&rows(&realised)[0]["restsOnIllustrative"], &rows(&realised)[0]["illustrative"]),
        (&json!(true), &json!(false))
    );
}
