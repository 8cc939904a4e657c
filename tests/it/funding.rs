//! Money from contribution to termination, through the API.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app
}

/// The amounts of a fund's position, in the order of its conservation.
async fn position(app: &TestApp, fund: &str) -> Vec<String> {
    let position = app.admin().get(&format!("/v1/funds/{fund}/position")).await.expect(200);
    let names = ["contributed", "reallocatedIn", "reallocatedOut", "available", "outstanding", "disbursed"];
    names.iter().map(|name| position[name]["amount"].as_str().unwrap().trim_end_matches(".00").to_owned()).collect()
}

fn pay(kind: &str, pounds: u32) -> Value {
    json!({ "kind": kind, "amount": gbp(pounds) })
}

#[rstest]
#[actix_web::test]
async fn money_goes_from_a_contribution_through_an_award_and_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let award = app.active_award("NIA-2015", 600).await;
    assert_eq!(position(&app, "nia-2015").await, ["1000", "0", "0", "400", "600", "0"]);
    let (payer, transactions) = (app.manager("nia"), format!("{award}/transactions"));
    payer.post(&transactions, pay("disbursement", 400)).await.expect(201);
    payer.post(&transactions, pay("return", 100)).await.expect(201);
    let short = payer.post(&transactions, pay("disbursement", 301)).await.problem(409, "insufficient-funds");
    assert_eq!(short["available"], gbp(300));
    let reason = json!({ "to": "terminated", "reason": "Nothing changed.", "authority": { "reference": "Minute 7", "on": "2026-06-15" } });
    let ended = app.admin().transition(&award, 5, reason).await.expect(200);
    assert_eq!(ended["balance"]["released"], gbp(300));
    assert_eq!(position(&app, "NIA-2015").await, ["1000", "0", "0", "700", "0", "300"]);
    payer.post(&transactions, pay("return", 50)).await.expect(201);
    assert_eq!(position(&app, "NIA-2015").await, ["1000", "0", "0", "750", "0", "250"]);
    payer.post(&transactions, pay("write-off", 251)).await.problem(409, "insufficient-funds");
    let posted = payer.get(&transactions).await.expect(200);
    assert_eq!(column(&posted, "kind"), ["commitment", "disbursement", "return", "release", "return", "release"]);
}

#[rstest]
#[actix_web::test]
async fn a_fund_is_renamed_and_keeps_its_code_and_currency(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let (admin, fund) = (app.admin(), "/v1/funds/nia-2015");
    for change in [json!({ "code": "NIA-2016" }), json!({ "currency": "EUR" })] {
        admin.patch(fund, 1, change).await.problem(409, "immutable");
    }
    admin.patch(fund, 1, json!({ "name": " " })).await.problem(422, "validation-failed");
    let renamed = admin.patch(fund, 1, json!({ "name": "First wave", "programme": null })).await.expect(200);
    assert_eq!((&renamed["version"], &renamed["programme"]), (&json!(2), &Value::Null));
    let same = admin.patch(fund, 2, json!({ "name": "First wave" })).await.expect(200);
    assert_eq!(same["version"], 2);
    app.manager("nia").get(fund).await.problem(404, "not-found");
    let given = admin.get("/v1/contributions?contributor=qwe&updatedFrom=2000-01-01T00:00:00Z").await.expect(200);
    assert_eq!(column(&given, "fund"), ["NIA-2015"]);
    assert_eq!(column(&given, "fundName"), ["First wave"]);
    let id = rows(&given)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.get(&format!("{fund}/contributions/{id}")).await.expect(200), rows(&given)[0]);
    let position = admin.get(&format!("{fund}/position")).await;
    assert!(position.header("etag").starts_with("W/\""), "{}", position.text());
}

#[rstest]
#[actix_web::test]
async fn an_award_is_approved_with_money_that_is_there_by_somebody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let (proposer, approver, approved) = (app.manager("nia"), app.manager("nia"), json!({ "to": "approved" }));
    let made = proposer.post("/v1/awards", award("NIA-2015", 1001)).await;
    let target = made.header("location");
    proposer.transition(target, 1, approved.clone()).await.problem(403, "separation-of-duties");
    let short = approver.transition(target, 1, approved.clone()).await.problem(409, "insufficient-funds");
    assert_eq!(short["available"], gbp(1000));
    let cheaper = json!({ "amount": gbp(1000), "profile": [] });
    approver.patch(target, 1, cheaper).await.expect(200);
    let third = app.manager("nia");
    for hand in [&approver, &proposer] {
        hand.transition(target, 2, approved.clone()).await.problem(403, "separation-of-duties");
    }
    third.transition(target, 2, approved).await.expect(200);
    third.transition(target, 3, json!({ "to": "active" })).await.expect(200);
    let target = format!("{target}/transactions");
    third.post(&target, pay("disbursement", 1)).await.problem(403, "separation-of-duties");
    approver.post(&target, pay("disbursement", 1)).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn nobody_approves_an_award_to_themselves(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let recipient = app.manager("nia");
    let subject = recipient.get("/v1/me").await.expect(200)["subject"].clone();
    let person = app.admin().post("/v1/people", json!({ "name": "Recipient", "subject": subject })).await.expect(201);
    let mut bursary = award("NIA-2015", 100);
    bursary.as_object_mut().unwrap().remove("recipientOrganisation");
    bursary["recipientPerson"] = person["id"].clone();
    let made = app.admin().post("/v1/awards", bursary).await;
    let (target, approved) = (made.header("location"), json!({ "to": "approved" }));
    recipient.transition(target, 1, approved.clone()).await.problem(403, "separation-of-duties");
    app.admin().transition(target, 1, approved).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_award_needs_an_evaluation_plan_to_become_active(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let mut unplanned = award("NIA-2015", 100);
    unplanned.as_object_mut().unwrap().remove("evaluationPlan");
    let made = app.admin().post("/v1/awards", unplanned).await;
    let (target, other) = (made.header("location"), app.admin());
    other.transition(target, 1, json!({ "to": "approved" })).await.expect(200);
    other.transition(target, 2, json!({ "to": "active" })).await.problem(409, "evaluation-plan-missing");
    let plan = json!({ "evaluationPlan": { "design": "Before and after.", "dimensions": ["health", "economic"] } });
    other.patch(target, 2, plan).await.expect(200);
    other.patch(target, 3, json!({ "amount": gbp(50) })).await.problem(409, "immutable");
    let less = json!({ "amount": gbp(50), "profile": [{ "financialYear": "2015-16", "amount": "50.00" }] });
    other.patch(target, 3, less).await.problem(409, "immutable");
    other.patch(target, 3, json!({ "plannedTo": "2016-08-01" })).await.problem(409, "immutable");
    let shares = [("2015-16", "60.00"), ("2016-17", "40.00")];
    let later = shares.map(|(year, amount)| json!({ "financialYear": year, "amount": amount }));
    let told = other.patch(target, 3, json!({ "profile": later })).await.problem(409, "immutable");
    assert!(told["detail"].as_str().unwrap().contains("reprofiling"), "{told}");
    let (later, target_of) = (json!({ "profile": later, "reason": "A late start." }), format!("{target}/reprofilings"));
    other.post(&target_of, later.clone()).await.problem(403, "separation-of-duties");
    app.manager("nia").post(&target_of, later).await.expect(201);
    let active = other.transition(target, 4, json!({ "to": "active" })).await.expect(200);
    assert_eq!(active["profile"][1], json!({ "financialYear": "2016-17", "amount": "40.00" }));
}

#[rstest]
#[actix_web::test]
async fn a_gateway_review_stops_an_award_and_its_money_goes_elsewhere(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    app.fund("NIA-2016", 100).await;
    let award = app.active_award("NIA-2015", 600).await;
    let (admin, manager) = (app.admin(), app.manager("nia"));
    let gateway = json!({ "title": "After six months", "dueOn": "2016-01-31" });
    let made = manager.post(&format!("{award}/gateway-reviews"), gateway).await;
    assert_eq!(made.expect(201)["overdue"], true);
    let review = made.header("location");
    manager.transition(review, 1, json!({ "to": "in-progress" })).await.expect(200);
    let advice = json!({ "decision": "stop", "comment": "Nothing changed." });
    let advised = app.evaluator().post(&format!("{review}/recommendations"), advice).await.expect(200);
    assert_eq!(advised["recommendations"][0]["role"], "evaluator");
    let stop = json!({ "to": "decided", "decision": "stop", "reason": "Nothing changed." });
    manager.transition(review, 3, stop.clone()).await.problem(403, "forbidden");
    let end = json!({ "to": "terminated", "reason": "As the gateway decided." });
    admin.transition(&award, 3, end.clone()).await.problem(409, "authority-missing");
    admin.transition(review, 3, stop).await.expect(200);
    admin.transition(&award, 3, end).await.expect(200);
    let id = award.rsplit('/').next().unwrap();
    let moved = |pounds: u32| json!({ "fromFund": "NIA-2015", "toFund": "NIA-2016", "award": id, "amount": gbp(pounds), "reason": "Released." });
    for pounds in [400, 200] {
        let told = manager.post("/v1/reallocations", moved(601)).await.problem(422, "validation-failed");
        assert_eq!(told["errors"][0]["code"], "more-than-freed");
        manager.post("/v1/reallocations", moved(pounds)).await.expect(201);
    }
    manager.post("/v1/reallocations", moved(1)).await.problem(422, "validation-failed");
    assert_eq!(position(&app, "NIA-2015").await, ["1000", "0", "600", "400", "0", "0"]);
    assert_eq!(position(&app, "NIA-2016").await, ["100", "600", "0", "700", "0", "0"]);
}

#[rstest]
#[actix_web::test]
async fn a_gateway_review_pauses_an_award_or_lets_it_go_on_with_conditions(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let award = app.active_award("NIA-2015", 600).await;
    let (admin, gateways) = (app.admin(), format!("{award}/gateway-reviews"));
    let decide = async |decision: Value| {
        let made = admin.post(&gateways, json!({ "title": "A gateway", "dueOn": "2026-12-31" })).await;
        admin.transition(made.header("location"), 1, json!({ "to": "in-progress" })).await.expect(200);
        admin.transition(made.header("location"), 2, decision).await
    };
    let bare = json!({ "to": "decided", "decision": "continue-with-conditions", "reason": "Promising." });
    decide(bare.clone()).await.problem(422, "validation-failed");
    let mut conditional = bare;
    conditional["conditions"] = json!([{ "title": "Five more trusts", "dueOn": "2026-12-01" }]);
    decide(conditional).await.expect(200);
    let milestones = admin.get(&format!("{award}/milestones")).await.expect(200);
    assert_eq!(column(&milestones, "title"), ["Five more trusts"]);
    decide(json!({ "to": "decided", "decision": "pause", "reason": "A recall." })).await.expect(200);
    assert_eq!(admin.get(&award).await.expect(200)["state"], "suspended");
    app.manager("nia")
        .post(&format!("{award}/transactions"), pay("disbursement", 1))
        .await
        .problem(409, "illegal-transition");
}

#[rstest]
#[actix_web::test]
async fn an_award_is_completed_once_nothing_of_it_is_still_to_come(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let award = app.active_award("NIA-2015", 600).await;
    let admin = app.admin();
    let milestone = json!({ "title": "Ten trusts", "dueOn": "2016-01-31" });
    let milestone = admin.post(&format!("{award}/milestones"), milestone).await;
    let review = json!({ "title": "After six months", "dueOn": "2016-01-31" });
    let review = admin.post(&format!("{award}/gateway-reviews"), review).await;
    let answer = admin.transition(&award, 3, json!({ "to": "completed" })).await.problem(409, "illegal-transition");
    let found: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    assert_eq!(found, ["open-milestone", "undecided-review"]);
    assert!(answer["errors"][0]["detail"].as_str().unwrap().contains("Ten trusts"), "{answer}");
    let (payer, transactions) = (app.manager("nia"), format!("{award}/transactions"));
    let answer = payer.post(&transactions, pay("disbursement", 10)).await.problem(422, "validation-failed");
    assert_eq!(answer["errors"][0]["pointer"], "/note");
    let mut said = pay("disbursement", 10);
    said["note"] = json!("Wages are due.");
    payer.post(&transactions, said).await.expect(201);
    admin.patch(milestone.header("location"), 1, json!({ "state": "waived" })).await.expect(200);
    let decided = json!({ "to": "decided", "decision": "continue", "reason": "Promising." });
    for (version, step) in [(1, json!({ "to": "in-progress" })), (2, decided)] {
        admin.transition(review.header("location"), version, step).await.expect(200);
    }
    payer.post(&transactions, pay("disbursement", 10)).await.expect(201);
    admin.transition(&award, 5, json!({ "to": "completed" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_reallocation_names_an_award_that_is_over_and_was_paid_by_the_fund(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    app.fund("NIA-2016", 1000).await;
    let award = app.active_award("NIA-2015", 600).await;
    let (admin, id) = (app.admin(), award.rsplit('/').next().unwrap());
    let moved = |from: &str, to: &str, on: &str| json!({ "fromFund": from, "toFund": to, "award": id, "amount": gbp(1), "reason": "Released.", "madeOn": on });
    let refused = async |body: Value, code: &str| {
        let answer = admin.post("/v1/reallocations", body).await.problem(422, "validation-failed");
        assert_eq!(answer["errors"][0]["code"], code, "{answer}");
    };
    refused(moved("NIA-2015", "NIA-2016", "2026-06-15"), "not-over").await;
    let end =
        json!({ "to": "terminated", "reason": "Over.", "authority": { "reference": "Minute 7", "on": "2026-06-15" } });
    admin.transition(&award, 3, end).await.expect(200);
    refused(moved("NIA-2016", "NIA-2015", "2026-06-15"), "another-fund").await;
    refused(moved("NIA-2015", "NIA-2016", "2026-06-14"), "too-early").await;
    admin.post("/v1/reallocations", moved("NIA-2015", "NIA-2016", "2026-06-15")).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn money_is_listed_by_currency(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("POUNDS", 1000).await;
    app.innovation("kit").await;
    let (admin, euros) = (app.admin(), json!({ "amount": "5.00", "currency": "EUR" }));
    let fund = json!({ "code": "EUROS", "name": "Euros", "programme": "nia", "currency": "EUR" });
    admin.post("/v1/funds", fund).await.expect(201);
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": euros, "receivedOn": "2015-07-01" });
    admin.post("/v1/funds/EUROS/contributions", given).await.expect(201);
    for amount in [gbp(1), euros] {
        let raised = json!({
            "programme": "nia", "innovation": "kit", "investor": "Somebody", "kind": "equity", "amount": amount,
            "qualifier": "exact", "basis": "measured", "investedOn": "2016-01-01"
        });
        admin.post("/v1/external-investments", raised).await.expect(201);
    }
    for (currency, fund) in [("gbp", "POUNDS"), ("EUR", "EUROS")] {
        let given = admin.get(&format!("/v1/contributions?currency={currency}")).await.expect(200);
        assert_eq!(column(&given, "fund"), [fund]);
        let raised = admin.get(&format!("/v1/external-investments?currency={currency}")).await.expect(200);
        let found: Vec<&Value> = rows(&raised).iter().map(|row| &row["amount"]["currency"]).collect();
        assert_eq!(found, [&json!(currency.to_ascii_uppercase())]);
    }
}

#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_an_award_is_told_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("NIA-2015", 1000).await;
    let mut wrong = award("NIA-2015", 100);
    wrong["amount"] = json!({ "amount": "100.001", "currency": "GBP" });
    wrong["recipientPerson"] = json!("01a20d9c-dde4-71a4-9e4d-b70329105025");
    wrong["profile"] = json!([{ "financialYear": "2015-17", "amount": "1.00" }]);
    let told = app.admin().post("/v1/awards", wrong).await.problem(422, "validation-failed");
    let pointers: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/recipientOrganisation", "/amount/amount", "/profile/0/financialYear"]);
    let mut dollars = award("NIA-2015", 100);
    dollars["amount"]["currency"] = json!("USD");
    app.admin().post("/v1/awards", dollars).await.problem(422, "validation-failed");
    app.admin().post("/v1/awards", award("NOWHERE", 100)).await.problem(422, "unknown-reference");
}

#[rstest]
#[actix_web::test]
async fn a_recipient_sees_their_own_awards_and_nobody_elses(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.trust("RBD", "QVV").await;
    app.fund("NIA-2015", 1000).await;
    let mine = app.award("NIA-2015", 100).await;
    let mut theirs = award("NIA-2015", 100);
    theirs["recipientOrganisation"] = json!("RBD");
    let theirs = app.admin().post("/v1/awards", theirs).await;
    for (actor, open) in [(app.submitter("RJZ"), &mine[..]), (app.lead("QVV"), theirs.header("location"))] {
        let seen = actor.get("/v1/awards").await.expect(200);
        assert_eq!(column(&seen, "id"), [open.rsplit('/').next().unwrap()]);
        actor.get(&format!("{open}/transactions")).await.expect(200);
    }
    app.submitter("RJZ").get(theirs.header("location")).await.problem(404, "not-found");
    assert_eq!(column(&app.admin().get("/v1/awards?place=QVV").await.expect(200), "recipientOrganisation"), ["RBD"]);
}

#[rstest]
#[actix_web::test]
async fn a_regional_lead_sees_the_funds_that_pay_its_footprint_without_who_gave_what(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    app.fund("PAYS", 1000).await;
    app.fund("OTHER", 1000).await;
    let (lead, elsewhere) = (app.lead("QKK"), app.lead("QVV"));
    let award = app.award("PAYS", 100).await;
    lead.get("/v1/funds/PAYS").await.problem(404, "not-found");
    app.admin().transition(&award, 1, json!({ "to": "approved" })).await.expect(200);
    assert_eq!(column(&lead.get("/v1/funds").await.expect(200), "code"), ["PAYS"]);
    assert_eq!(lead.get("/v1/funds/pays").await.expect(200)["name"], "Fund PAYS");
    assert_eq!(lead.get("/v1/funds/pays/position").await.expect(200)["outstanding"], gbp(100));
    for target in ["/v1/funds/PAYS/contributions", "/v1/contributions", "/v1/pledges", "/v1/reallocations"] {
        lead.get(target).await.problem(403, "forbidden");
    }
    lead.get("/v1/funds/OTHER").await.problem(404, "not-found");
    elsewhere.get("/v1/funds/PAYS/position").await.problem(404, "not-found");
    assert_eq!(column(&elsewhere.get("/v1/funds").await.expect(200), "code"), Vec::<String>::new());
}

#[rstest]
#[actix_web::test]
async fn who_leads_a_region_and_manages_another_programme_learns_no_contribution_of_the_fund_that_pays_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    app.programme("itp").await;
    app.fund("PAYS", 1000).await;
    app.active_award("PAYS", 100).await;
    let subject = Some("both".to_owned());
    let manager =
        NewLocalToken { programme: Some("itp".to_owned()), subject: subject.clone(), ..grant(Role::ProgrammeManager) };
    let lead = NewLocalToken { organisation: Some("QKK".to_owned()), subject, ..grant(Role::RegionalLead) };
    app.actor(&manager);
    let both = app.actor(&lead);
    both.get("/v1/funds/PAYS").await.expect(200);
    for below in ["contributions", "pledges"] {
        both.get(&format!("/v1/funds/PAYS/{below}")).await.problem(403, "forbidden");
        assert!(rows(&both.get(&format!("/v1/{below}")).await.expect(200)).is_empty());
    }
    both.patch("/v1/funds/PAYS", 1, json!({ "name": "Ours" })).await.problem(403, "forbidden");
    both.post("/v1/awards", award("PAYS", 1)).await.problem(403, "forbidden");
}
