//! The two books of money: what a fund has in cash, and what it may commit of each financial year; and that nothing is
//! dated before what it rests on.

use crate::support::*;

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    let fund = json!({ "code": "NIA", "name": "A fund", "programme": "nia", "currency": "GBP" });
    app.admin().post("/v1/funds", fund).await.expect(201);
    app
}

fn pledge(year: &str, pounds: u32) -> Value {
    json!({
        "fund": "NIA", "contributor": "QWE", "financialYear": year, "amount": gbp(pounds), "certainty": "confirmed",
        "nature": "revenue"
    })
}

fn profile(years: &[(&str, u32)]) -> Value {
    let year = |(year, pounds): &(&str, u32)| json!({ "financialYear": year, "amount": format!("{pounds}.00") });
    years.iter().map(year).collect()
}

/// An award over the three years from July 2026.
fn over_three_years(years: &[(&str, u32)]) -> Value {
    let mut body = award("NIA", years.iter().map(|(_, pounds)| pounds).sum());
    (body["plannedFrom"], body["plannedTo"]) = (json!("2026-07-01"), json!("2029-04-01"));
    body["profile"] = profile(years);
    body
}

const THREE: [(&str, u32); 3] = [("2026-27", 1_000_000), ("2027-28", 1_000_000), ("2028-29", 1_000_000)];

impl TestApp {
    /// Pledges of a million for each of three years.
    async fn three_years(&self) {
        for (year, pounds) in THREE {
            self.admin().post("/v1/pledges", pledge(year, pounds)).await.expect(201);
        }
    }

    async fn approved(&self, body: Value) -> String {
        let made = self.manager("nia").post("/v1/awards", body).await;
        made.expect(201);
        self.admin().transition(made.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
        made.header("location").to_owned()
    }

    /// What is in cash, what is available to the end of this year, and what each year leaves.
    async fn books(&self) -> (String, String, Vec<String>) {
        let position = self.admin().get("/v1/funds/NIA/position").await.expect(200);
        let amount = |name: &str| position[name]["amount"].as_str().unwrap().trim_end_matches(".00").to_owned();
        let years = position["years"].as_array().unwrap();
        let left = years.iter().map(|year| year["available"].as_str().unwrap().trim_end_matches(".00").to_owned());
        (amount("cash"), amount("available"), left.collect())
    }
}

#[rstest]
#[actix_web::test]
async fn three_million_over_three_years_stands_on_a_million_a_year(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.three_years().await;
    let (approver, payer) = (app.admin(), app.manager("nia"));
    let award = app.approved(over_three_years(&THREE)).await;
    let books = |cash: &str| (cash.to_owned(), "0".to_owned(), ["0", "0", "0"].map(str::to_owned).to_vec());
    assert_eq!(app.books().await, books("0"));
    let report = approver.get("/v1/reports/funding?by=funder").await.expect(200)["lines"].clone();
    let figures = ["key", "contributed", "pledged", "committed", "available"].map(|name| report[0][name].clone());
    assert_eq!(figures, ["QWE", "0.00", "1000000.00", "3000000.00", "0.00"], "{report}");
    let made = payer.post("/v1/awards", over_three_years(&[("2028-29", 1)])).await;
    let told = approver.transition(made.header("location"), 1, json!({ "to": "approved" })).await;
    let told = told.problem(409, "insufficient-funds");
    assert_eq!((&told["financialYear"], &told["available"]), (&json!("2028-29"), &gbp(0)));
    assert_eq!((&told["capacity"], &told["committed"]), (&gbp(3_000_000), &gbp(3_000_001)));
    approver.transition(&award, 2, json!({ "to": "active" })).await.expect(200);
    let paid = json!({ "kind": "disbursement", "amount": gbp(400_000) });
    let short = payer.post(&format!("{award}/transactions"), paid.clone()).await.problem(409, "insufficient-funds");
    assert!(short["detail"].as_str().unwrap().starts_with("The fund has 0.00 GBP in cash"), "{short}");
    let first = approver.get("/v1/pledges?fund=nia&financialYear=2026-27").await.expect(200);
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1_000_000), "receivedOn": "2026-06-01", "pledge": first["data"][0]["id"] });
    approver.post("/v1/funds/NIA/contributions", given).await.expect(201);
    assert_eq!(app.books().await, books("1000000"));
    payer.post(&format!("{award}/transactions"), paid).await.expect(201);
    assert_eq!(app.books().await, books("600000"));
}

#[rstest]
#[actix_web::test]
async fn what_is_announced_for_next_year_is_a_pledge_and_no_contribution(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(10), "receivedOn": "2027-04-01" });
    let told = admin.post("/v1/funds/NIA/contributions", given).await.problem(422, "validation-failed");
    assert!(told["errors"][0]["detail"].as_str().unwrap().contains("as a pledge"), "{told}");
    let mut announced = pledge("2027-28", 10);
    announced["announcedOn"] = json!("2026-06-01");
    let made = admin.post("/v1/pledges", announced).await;
    assert_eq!(made.expect(201)["paid"], gbp(0));
    assert_eq!(app.books().await, ("0".to_owned(), "0".to_owned(), vec!["10".to_owned()]));
    let mut hoped = pledge("2027-28", 90);
    (hoped["certainty"], hoped["nature"]) = (json!("indicative"), json!("capital"));
    let hoped = admin.post("/v1/pledges", hoped).await;
    assert_eq!(app.books().await.2, ["10"], "what is only hoped for is no capacity");
    admin.patch(hoped.header("location"), 1, json!({ "certainty": "confirmed" })).await.expect(200);
    assert_eq!(app.books().await.2, ["100"]);
    let manager = app.manager("nia");
    assert_eq!(column(&manager.get("/v1/funds/nia/pledges").await.expect(200), "nature"), ["revenue", "capital"]);
    app.programme("itp").await;
    app.manager("itp").get(hoped.header("location")).await.problem(404, "not-found");
    assert_eq!(column(&app.manager("itp").get("/v1/pledges").await.expect(200), "id"), Vec::<String>::new());
}

#[rstest]
#[case::lowered(json!({ "amount": gbp(999_999) }), "2026-27")]
#[case::moved_to_a_later_year(json!({ "financialYear": "2028-29" }), "2026-27")]
#[case::no_longer_sure(json!({ "certainty": "indicative" }), "2026-27")]
#[actix_web::test]
async fn a_pledge_that_is_committed_stays(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] change: Value,
    #[case] year: &str,
) {
    let app = start(engine).await;
    app.three_years().await;
    app.approved(over_three_years(&THREE)).await;
    let (admin, before) = (app.admin(), app.books().await);
    let first = admin.get("/v1/pledges?financialYear=2026-27").await.expect(200)["data"][0]["id"].clone();
    let target = format!("/v1/pledges/{}", first.as_str().unwrap());
    let told = admin.patch(&target, 1, change).await.problem(409, "insufficient-funds");
    assert_eq!((&told["financialYear"], &told["committed"]), (&json!(year), &gbp(1_000_000)));
    admin.patch(&target, 1, json!({ "fund": "OTHER" })).await.problem(409, "immutable");
    assert_eq!(app.books().await, before);
    admin.patch(&target, 1, json!({ "amount": gbp(1_000_001) })).await.expect(200);
    assert_eq!(app.books().await.2, ["1", "1", "1"], "what a year leaves carries forward");
}

#[rstest]
#[actix_web::test]
async fn a_contribution_pays_a_confirmed_pledge_of_its_own_and_no_more_than_that(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let (admin, target) = (app.admin(), "/v1/funds/NIA/contributions");
    let promised = admin.post("/v1/pledges", pledge("2026-27", 100)).await;
    let id = promised.expect(201)["id"].clone();
    let given = |contributor: &str, pounds: u32| json!({ "contributor": contributor, "source": "nhs", "amount": gbp(pounds), "receivedOn": "2026-06-01", "pledge": id });
    for (body, pointer) in [(given("QKK", 10), "/contributor"), (given("QWE", 101), "/amount/amount")] {
        let told = admin.post(target, body).await.problem(422, "validation-failed");
        assert_eq!(told["errors"][0]["pointer"], pointer);
    }
    admin.post(target, given("QWE", 60)).await.expect(201);
    let paid = admin.get(promised.header("location")).await.expect(200);
    assert_eq!((&paid["paid"], &paid["version"]), (&gbp(60), &json!(2)));
    assert_eq!(
        column(&admin.get(&format!("/v1/contributions?pledge={}", id.as_str().unwrap())).await.expect(200), "fund"),
        ["NIA"]
    );
    let pledge = promised.header("location");
    let told = admin.patch(pledge, 2, json!({ "amount": gbp(59) })).await.problem(422, "validation-failed");
    assert_eq!(told["errors"][0]["code"], "paid");
    for change in [json!({ "certainty": "indicative" }), json!({ "contributor": "QKK" })] {
        admin.patch(pledge, 2, change).await.problem(409, "immutable");
    }
    app.fund("OTHER", 1).await;
    admin.post("/v1/funds/OTHER/contributions", given("QWE", 1)).await.problem(422, "unknown-reference");
    assert_eq!(app.books().await, ("60".to_owned(), "100".to_owned(), vec!["100".to_owned()]));
}

#[rstest]
#[actix_web::test]
async fn a_supplement_raises_the_same_award_when_somebody_else_approves_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.three_years().await;
    let (proposer, approver, other) = (app.manager("nia"), app.admin(), app.admin());
    let award = app.approved(over_three_years(&[("2026-27", 600_000), ("2027-28", 400_000)])).await;
    let supplements = format!("{award}/supplements");
    let more = |years: &[(&str, u32)]| json!({ "amount": gbp(years.iter().map(|(_, pounds)| pounds).sum()), "profile": profile(years), "reason": "More trusts." });
    let outside = proposer.post(&supplements, more(&[("2029-30", 5)])).await.problem(422, "validation-failed");
    assert_eq!(outside["errors"][0]["code"], "outside-plan");
    let much = proposer.post(&supplements, more(&[("2026-27", 400_001)])).await;
    let told = approver.transition(much.header("location"), 1, json!({ "to": "approved" })).await;
    assert_eq!(told.problem(409, "insufficient-funds")["financialYear"], "2026-27");
    let made = proposer.post(&supplements, more(&[("2027-28", 100_000), ("2028-29", 50_000)])).await;
    let (target, approved) = (made.header("location"), json!({ "to": "approved" }));
    proposer.transition(target, 1, approved.clone()).await.problem(403, "separation-of-duties");
    let done = approver.transition(target, 1, approved).await.expect(200);
    assert_eq!((&done["state"], &done["decidedOn"]), (&json!("approved"), &json!("2026-06-15")));
    let raised = other.get(&award).await.expect(200);
    assert_eq!((&raised["amount"], &raised["balance"]["committed"]), (&gbp(1_150_000), &gbp(1_150_000)));
    assert_eq!(raised["profile"], profile(&[("2026-27", 600_000), ("2027-28", 500_000), ("2028-29", 50_000)]));
    assert_eq!(app.books().await.2, ["400000", "900000", "1850000"]);
    let refused = json!({ "to": "rejected" });
    approver.transition(much.header("location"), 1, refused).await.problem(422, "validation-failed");
    assert_eq!(column(&proposer.get(&supplements).await.expect(200), "state"), ["proposed", "approved"]);
}

#[rstest]
#[actix_web::test]
async fn nobody_approves_more_for_an_award_and_pays_it_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (first, second, third) = (app.manager("nia"), app.admin(), app.manager("nia"));
    app.fund("CASH", 1000).await;
    let award = app.active_award("CASH", 100).await;
    let (supplements, transactions) = (format!("{award}/supplements"), format!("{award}/transactions"));
    let more = json!({ "amount": gbp(10), "profile": profile(&[("2015-16", 10)]), "reason": "More." });
    let paid = json!({ "kind": "disbursement", "amount": gbp(10) });
    let (one, two) = (first.post(&supplements, more.clone()).await, first.post(&supplements, more).await);
    second.transition(one.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    second.post(&transactions, paid.clone()).await.problem(403, "separation-of-duties");
    third.post(&transactions, paid).await.expect(201);
    third.transition(two.header("location"), 1, json!({ "to": "approved" })).await.problem(403, "separation-of-duties");
    let later = json!({ "profile": profile(&[("2015-16", 50), ("2016-17", 60)]), "reason": "A late start." });
    second.post(&format!("{award}/reprofilings"), later.clone()).await.problem(403, "separation-of-duties");
    third.post(&format!("{award}/reprofilings"), later).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_reprofiling_moves_what_is_committed_between_the_years(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.three_years().await;
    let award = app.approved(over_three_years(&[("2026-27", 600), ("2028-29", 400)])).await;
    let (manager, target) = (app.manager("nia"), format!("{award}/reprofilings"));
    let moved = |years: &[(&str, u32)]| json!({ "profile": profile(years), "reason": "A late start." });
    for (years, code) in [
        (&[("2026-27", 600)][..], "sum"),
        (&[("2026-27", 600), ("2029-30", 400)], "outside-plan"),
        (&[("2026-27", 600), ("2026-27", 400)], "named-twice"),
    ] {
        let told = manager.post(&target, moved(years)).await.problem(422, "validation-failed");
        assert_eq!(told["errors"][0]["code"], code);
    }
    let made = manager.post(&target, moved(&[("2027-28", 1000)])).await;
    assert_eq!(made.expect(201)["profileBefore"], profile(&[("2026-27", 600), ("2028-29", 400)]));
    let award = manager.get(&award).await.expect(200);
    assert_eq!((&award["profile"], &award["amount"]), (&profile(&[("2027-28", 1000)]), &gbp(1000)));
    assert_eq!(app.books().await.2, ["1000000", "1999000", "2999000"]);
    app.approved(over_three_years(&[("2026-27", 999_500)])).await;
    let told = manager.post(&target, moved(&[("2026-27", 1000)])).await.problem(409, "insufficient-funds");
    assert_eq!((&told["financialYear"], &told["available"]), (&json!("2026-27"), &gbp(500)));
}

#[rstest]
#[actix_web::test]
async fn what_an_award_gives_back_is_the_end_of_its_plan(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.three_years().await;
    let award = app.approved(over_three_years(&THREE)).await;
    let back = json!({ "kind": "release", "amount": gbp(1_500_000) });
    app.manager("nia").post(&format!("{award}/transactions"), back).await.expect(201);
    assert_eq!(app.books().await.2, ["0", "500000", "1500000"]);
    let ended = json!({ "to": "cancelled", "reason": "It never began." });
    app.admin().transition(&award, 3, ended).await.expect(200);
    assert_eq!(app.books().await.2, ["1000000", "2000000", "3000000"]);
}

#[rstest]
#[actix_web::test]
async fn a_reallocation_moves_cash_and_what_may_be_committed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    app.fund("OTHER", 1).await;
    let (admin, to) = (
        app.admin(),
        |pounds: u32| json!({ "fromFund": "NIA", "toFund": "OTHER", "amount": gbp(pounds), "reason": "Needed." }),
    );
    app.three_years().await;
    let told = admin.post("/v1/reallocations", to(1)).await.problem(409, "insufficient-funds");
    assert!(told["detail"].as_str().unwrap().contains("in cash"), "{told}");
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(100), "receivedOn": "2026-06-01" });
    admin.post("/v1/funds/NIA/contributions", given).await.expect(201);
    app.approved(over_three_years(&[("2026-27", 1_000_050)])).await;
    let told = admin.post("/v1/reallocations", to(51)).await.problem(409, "insufficient-funds");
    assert_eq!((&told["financialYear"], &told["available"]), (&json!("2026-27"), &gbp(50)));
    admin.post("/v1/reallocations", to(50)).await.expect(201);
    assert_eq!(
        app.books().await,
        ("50".to_owned(), "0".to_owned(), ["0", "1000000", "2000000"].map(str::to_owned).to_vec())
    );
}

#[rstest]
#[actix_web::test]
async fn nothing_is_dated_before_what_it_rests_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (admin, other) = (app.admin(), app.manager("nia"));
    let fund =
        |from: &str| json!({ "code": "LATE", "name": "Late", "programme": "nia", "currency": "GBP", "from": from });
    let too_early = |answer: Answer, pointer: &str| {
        let told = answer.problem(422, "validation-failed");
        assert_eq!(
            (&told["errors"][0]["pointer"], &told["errors"][0]["code"]),
            (&json!(pointer), &json!("too-early")),
            "{told}"
        );
    };
    too_early(admin.post("/v1/funds", fund("1948-07-04")).await, "/from");
    admin.post("/v1/funds", fund("2020-04-01")).await.expect(201);
    let given = |on: &str| json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1000), "receivedOn": on });
    too_early(admin.post("/v1/funds/NIA/contributions", given("0001-01-01")).await, "/receivedOn");
    too_early(admin.post("/v1/funds/LATE/contributions", given("2020-03-31")).await, "/receivedOn");
    admin.post("/v1/funds/LATE/contributions", given("2020-04-01")).await.expect(201);
    let on_late = |others: Value| merged(merged(pledge("2020-21", 10), json!({ "fund": "LATE" })), others);
    too_early(admin.post("/v1/pledges", on_late(json!({ "financialYear": "2019-20" }))).await, "/financialYear");
    too_early(admin.post("/v1/pledges", on_late(json!({ "announcedOn": "1921-01-01" }))).await, "/announcedOn");
    let made = |others: Value| {
        merged(merged(award("LATE", 100), json!({ "plannedFrom": "2021-01-01", "plannedTo": "2022-01-01" })), others)
    };
    too_early(admin.post("/v1/awards", made(json!({ "plannedFrom": "1999-01-01" }))).await, "/plannedFrom");
    let plan = json!({ "evaluationPlan": { "design": "Before and after.", "dimensions": ["health"], "reportsOn": "2020-12-31" } });
    too_early(admin.post("/v1/awards", made(plan)).await, "/evaluationPlan/reportsOn");
    let target = admin.post("/v1/awards", made(json!({}))).await.header("location").to_owned();
    let step = |to: &str, on: &str| json!({ "to": to, "effectiveOn": on });
    too_early(other.transition(&target, 1, step("approved", "2020-03-31")).await, "/effectiveOn");
    other.transition(&target, 1, step("approved", "2020-12-01")).await.expect(200);
    too_early(other.transition(&target, 2, step("active", "2020-11-30")).await, "/effectiveOn");
    other.transition(&target, 2, step("active", "2021-01-01")).await.expect(200);
    let post = |kind: &str, on: &str| json!({ "kind": kind, "amount": gbp(10), "postedOn": on });
    let transactions = format!("{target}/transactions");
    too_early(admin.post(&transactions, post("disbursement", "2020-11-30")).await, "/postedOn");
    admin.post(&transactions, post("disbursement", "2021-02-01")).await.expect(201);
    too_early(admin.post(&transactions, post("return", "2021-01-31")).await, "/postedOn");
    for (due, path) in [("milestones", "/dueOn"), ("gateway-reviews", "/dueOn")] {
        let body = json!({ "title": "Begun", "dueOn": "2020-12-31" });
        too_early(admin.post(&format!("{target}/{due}"), body).await, path);
    }
    let moved =
        json!({ "fromFund": "LATE", "toFund": "NIA", "amount": gbp(1), "reason": "Needed.", "madeOn": "2020-03-31" });
    too_early(admin.post("/v1/reallocations", moved).await, "/madeOn");
    let authority =
        json!({ "to": "terminated", "reason": "Over.", "authority": { "reference": "Minute 7", "on": "2020-11-30" } });
    too_early(admin.transition(&target, 4, authority).await, "/authority/on");
    app.innovation("kit").await;
    let raised = json!({
        "programme": "nia", "innovation": "kit", "investor": "Somebody", "kind": "equity", "amount": gbp(1),
        "qualifier": "exact", "basis": "measured", "investedOn": "0001-01-01"
    });
    too_early(admin.post("/v1/external-investments", raised).await, "/investedOn");
    let told =
        admin.patch("/v1/funds/LATE", 1, json!({ "from": "2020-04-02" })).await.problem(422, "validation-failed");
    assert_eq!(told["errors"][0]["code"], "too-late");
    admin.patch("/v1/funds/LATE", 1, json!({ "from": "2019-04-01" })).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_fund_that_says_no_first_day_begins_with_its_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let admin = app.admin();
    let late =
        json!({ "slug": "late", "name": "Late", "kind": "fellowship", "summary": "Later.", "startsOn": "2020-04-01" });
    admin.post("/v1/programmes", late).await.expect(201);
    let fund = json!({ "code": "LATE", "name": "Late", "programme": "late", "currency": "GBP" });
    admin.post("/v1/funds", fund).await.expect(201);
    let given = |on: &str| json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1000), "receivedOn": on });
    let early = merged(award("LATE", 100), json!({ "plannedFrom": "2020-03-31", "plannedTo": "2021-01-01" }));
    let pledged = merged(pledge("2019-20", 10), json!({ "fund": "LATE" }));
    for (target, body, pointer) in [
        ("/v1/funds/LATE/contributions", given("2020-03-31"), "/receivedOn"),
        ("/v1/awards", early, "/plannedFrom"),
        ("/v1/pledges", pledged, "/financialYear"),
    ] {
        let answer = admin.post(target, body).await.problem(422, "validation-failed");
        assert_eq!(
            (&answer["errors"][0]["pointer"], &answer["errors"][0]["code"]),
            (&json!(pointer), &json!("too-early"))
        );
    }
    admin.post("/v1/funds/LATE/contributions", given("2020-04-01")).await.expect(201);
    admin.patch("/v1/funds/LATE", 1, json!({ "from": "2019-04-01" })).await.expect(200);
    admin.post("/v1/funds/LATE/contributions", given("2020-03-31")).await.expect(201);
    let answer = admin.patch("/v1/funds/LATE", 2, json!({ "from": null })).await.problem(422, "validation-failed");
    assert_eq!(answer["errors"][0]["code"], "too-late");
}

/// An award of 600 pledged pounds that was approved on 1 May and became active on 1 June 2024; 300 came on 1 July.
async fn of_2024(app: &TestApp) -> String {
    let promised = app.admin().post("/v1/pledges", pledge("2015-16", 600)).await.expect(201);
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(300), "receivedOn": "2024-07-01", "pledge": promised["id"] });
    app.admin().post("/v1/funds/NIA/contributions", given).await.expect(201);
    let award = app.award("NIA", 600).await;
    for (version, to, on) in [(1, "approved", "2024-05-01"), (2, "active", "2024-06-01")] {
        app.admin().transition(&award, version, json!({ "to": to, "effectiveOn": on })).await.expect(200);
    }
    award
}

fn dated(kind: &str, pounds: u32, on: &str) -> Value {
    json!({ "kind": kind, "amount": gbp(pounds), "postedOn": on })
}

#[rstest]
#[actix_web::test]
async fn no_day_gives_what_was_not_there_on_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (award, payer) = (of_2024(&app).await, app.manager("nia"));
    let target = format!("{award}/transactions");
    let short = async |kind: &str, pounds: u32, on: &str| {
        let answer = payer.post(&target, dated(kind, pounds, on)).await.problem(409, "insufficient-funds");
        answer["available"].clone()
    };
    assert_eq!(short("disbursement", 100, "2024-06-15").await, gbp(0), "the money came on 1 July");
    payer.post(&target, dated("disbursement", 100, "2024-07-01")).await.expect(201);
    payer.post(&target, dated("disbursement", 200, "2026-06-01")).await.expect(201);
    assert_eq!(short("return", 250, "2024-09-01").await, gbp(100), "no more was paid out by then");
    assert_eq!(short("write-off", 250, "2024-09-01").await, gbp(100));
    payer.post(&target, dated("return", 100, "2024-09-01")).await.expect(201);
    assert_eq!(short("return", 201, "2026-06-10").await, gbp(200));
    app.fund("OTHER", 1).await;
    let moved =
        json!({ "fromFund": "NIA", "toFund": "OTHER", "amount": gbp(1), "reason": "Needed.", "madeOn": "2024-06-30" });
    assert_eq!(
        app.admin().post("/v1/reallocations", moved).await.problem(409, "insufficient-funds")["available"],
        gbp(0)
    );
    let report = app.admin().get("/v1/reports/funding?fund=nia&to=2024-12-31").await.expect(200);
    assert_eq!(report["lines"][0]["disbursed"], "0.00");
    let authority = json!({ "reference": "Minute 7", "on": "2024-07-01" });
    let end = |on: &str| json!({ "to": "terminated", "reason": "Over.", "effectiveOn": on, "authority": authority });
    let answer = app.admin().transition(&award, 6, end("2024-07-01")).await.problem(422, "validation-failed");
    assert!(answer["errors"][0]["detail"].as_str().unwrap().contains("2026-06-01"), "{answer}");
    let ended = app.admin().transition(&award, 6, end("2026-06-01")).await.expect(200);
    assert_eq!((&ended["balance"]["released"], &ended["balance"]["outstanding"]), (&gbp(400), &gbp(0)));
    payer.post(&target, dated("return", 50, "2026-05-31")).await.problem(409, "insufficient-funds");
    payer.post(&target, dated("return", 50, "2026-06-10")).await.expect(201);
    assert_eq!(app.books().await.0, "150");
}

#[rstest]
#[actix_web::test]
async fn the_state_of_the_day_says_whether_money_could_move(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (award, payer, approver) = (of_2024(&app).await, app.manager("nia"), app.admin());
    let target = format!("{award}/transactions");
    let step = |to: &str, on: &str| json!({ "to": to, "effectiveOn": on, "reason": "A recall." });
    let refused = async |on: &str, state: &str| {
        let answer = payer.post(&target, dated("disbursement", 10, on)).await.problem(409, "illegal-transition");
        assert_eq!(answer["state"], state, "{answer}");
    };
    refused("2024-05-31", "approved").await;
    payer.post(&target, dated("disbursement", 10, "2025-03-01")).await.expect(201);
    let answer =
        approver.transition(&award, 4, step("suspended", "2025-02-28")).await.problem(422, "validation-failed");
    assert_eq!(answer["errors"][0]["pointer"], "/effectiveOn");
    approver.transition(&award, 4, step("suspended", "2025-09-01")).await.expect(200);
    payer.post(&target, dated("disbursement", 10, "2025-08-31")).await.expect(201);
    refused("2025-09-01", "suspended").await;
    approver.transition(&award, 6, step("active", "2025-10-01")).await.expect(200);
    refused("2025-09-30", "suspended").await;
    payer.post(&target, dated("disbursement", 10, "2025-10-01")).await.expect(201);
    approver.transition(&award, 8, step("completed", "2025-12-31")).await.expect(200);
    refused("2026-01-01", "completed").await;
    payer.post(&target, dated("disbursement", 10, "2025-12-01")).await.problem(409, "insufficient-funds");
}

fn merged(mut document: Value, others: Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

/// What the fund received without a pledge.
fn received(pounds: u32, on: &str) -> Value {
    json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(pounds), "receivedOn": on })
}

#[rstest]
#[actix_web::test]
async fn a_contribution_that_was_wrong_is_kept_with_the_reason_and_counts_nowhere(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let (admin, contributions) = (app.admin(), "/v1/funds/NIA/contributions");
    admin.post(contributions, received(100, "2026-05-01")).await.expect(201);
    let wrong = admin.post(contributions, received(900, "2026-06-01")).await;
    assert_eq!(wrong.expect(201)["withdrawn"], Value::Null);
    let target = wrong.header("location");
    admin.delete(target, 1).await.problem(422, "validation-failed");
    app.lead("QKK").delete(&format!("{target}?reason=Twice"), 1).await.problem(403, "forbidden");
    admin.delete(&format!("{target}?reason=Twice"), 1).await.expect(204);
    let kept = admin.get(target).await.expect(200);
    assert_eq!((&kept["withdrawn"]["reason"], &kept["version"]), (&json!("Twice"), &json!(2)));
    admin.delete(&format!("{target}?reason=Twice"), 2).await.problem(409, "immutable");
    for list in [contributions, "/v1/contributions"] {
        let amounts = async |query: &str| {
            let listed = admin.get(&format!("{list}{query}")).await.expect(200);
            rows(&listed).iter().map(|row| row["amount"].clone()).collect::<Vec<_>>()
        };
        assert_eq!((amounts("").await, amounts("?withdrawn=true").await), (vec![gbp(100)], vec![gbp(900)]));
    }
    assert_eq!(app.books().await, ("100".to_owned(), "100".to_owned(), vec!["100".to_owned()]));
    let report = admin.get("/v1/reports/funding?by=funder").await.expect(200);
    assert_eq!(report["lines"][0]["contributed"], "100.00", "{report}");
    let impact = admin.get("/v1/programmes/nia/impact").await.expect(200);
    let invested = impact["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == "invested").unwrap();
    assert_eq!(invested["value"].as_f64(), Some(100.0), "{invested}");
}

#[rstest]
#[actix_web::test]
async fn money_that_was_paid_out_or_committed_is_not_taken_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let (admin, contributions) = (app.admin(), "/v1/funds/NIA/contributions");
    let first = admin.post(contributions, received(100, "2015-07-01")).await;
    let (first, wrong) = (first.header("location"), "?reason=Twice");
    let award = app.award("NIA", 100).await;
    for (version, to) in [(1, "approved"), (2, "active")] {
        admin.transition(&award, version, json!({ "to": to, "effectiveOn": "2026-05-01" })).await.expect(200);
    }
    let told = admin.delete(&format!("{first}{wrong}"), 1).await.problem(409, "insufficient-funds");
    assert_eq!((&told["financialYear"], &told["capacity"]), (&json!("2015-16"), &gbp(0)));
    let promised = admin.post("/v1/pledges", pledge("2015-16", 300)).await;
    admin.delete(&format!("{first}{wrong}"), 1).await.expect(204);
    let mut paying = received(300, "2026-05-01");
    paying["pledge"] = promised.expect(201)["id"].clone();
    let paying = admin.post(contributions, paying).await;
    admin.post(contributions, received(50, "2026-06-10")).await.expect(201);
    let paid = json!({ "kind": "disbursement", "amount": gbp(40), "postedOn": "2026-06-01" });
    app.manager("nia").post(&format!("{award}/transactions"), paid).await.expect(201);
    let paying = format!("{}{wrong}", paying.header("location"));
    let told = admin.delete(&paying, 1).await.problem(409, "insufficient-funds");
    assert_eq!(told["available"], gbp(260), "of 1 June, though there is more today: {told}");
    let back = json!({ "kind": "return", "amount": gbp(40), "postedOn": "2026-06-01" });
    app.manager("nia").post(&format!("{award}/transactions"), back).await.expect(201);
    admin.delete(&paying, 1).await.expect(204);
    assert_eq!(admin.get(promised.header("location")).await.expect(200)["paid"], gbp(0));
}

#[rstest]
#[actix_web::test]
async fn the_money_of_whoever_publishes_a_fund_is_taken_back_once_another_does(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let (admin, contributions) = (app.admin(), "/v1/funds/NIA/contributions");
    let given = admin.post(contributions, received(100, "2026-05-01")).await;
    admin.patch("/v1/funds/NIA", 1, json!({ "publishingFunder": "QWE" })).await.expect(200);
    let target = format!("{}?reason=Twice", given.header("location"));
    let told = admin.delete(&target, 1).await.problem(409, "immutable");
    assert!(told["detail"].as_str().unwrap().contains("publishingFunder"), "{told}");
    admin.patch("/v1/funds/NIA", 2, json!({ "publishingFunder": null })).await.expect(200);
    admin.delete(&target, 1).await.expect(204);
}
