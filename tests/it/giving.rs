//! Grants as open data, and the funding report.

use crate::support::*;

async fn export(app: &TestApp) -> Value {
    app.anonymous().get("/v1/funding/360giving.json").await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn what_was_awarded_is_published_in_the_standards_shape(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    app.active_award("NIA-2015", 100).await;
    app.active_award("NIA-2015", 200).await;
    app.award("NIA-2015", 300).await;
    let package = export(&app).await;
    assert_eq!(
        (&package["version"], &package["publisher"]["prefix"]),
        (&json!("1.4"), &json!("360G-innovationregister"))
    );
    let grants = package["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2, "two of the three were approved");
    for grant in grants {
        for name in ["id", "title", "description", "currency", "awardDate"] {
            assert!(grant[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {grant}");
        }
        assert!(grant["amountAwarded"].as_f64().unwrap() > 0.0);
        assert!(grant["id"].as_str().unwrap().starts_with("360G-innovationregister-AWD-"));
        let funders = grant["fundingOrganization"].as_array().unwrap();
        assert_eq!((funders.len(), &funders[0]["name"]), (1, &json!("NHS South West London Integrated Care Board")));
        assert!(grant["recipientOrganization"][0]["id"].is_string() && grant["recipientIndividual"].is_null());
    }
}

#[rstest]
#[actix_web::test]
async fn an_illustrative_award_is_never_open_data(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    assert_eq!(export(&app).await["grants"], json!([]));
    let blocked = app.admin().get("/v1/funding/360giving-blocked").await.expect(200);
    let reasons: Vec<&Value> = rows(&blocked).iter().map(|award| &award["reasons"][0]["code"]).collect();
    assert_eq!(reasons, [&json!("illustrative"), &json!("illustrative")], "two of the three were approved");
}

#[rstest]
#[actix_web::test]
async fn a_person_is_an_opaque_id_until_they_agree_to_be_named(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    let admin = app.admin();
    let person = admin.post("/v1/people", json!({ "name": "Person 1 (illustrative)" })).await.expect(201);
    let mut bursary = award("NIA-2015", 100);
    bursary["kind"] = json!("bursary");
    bursary.as_object_mut().unwrap().remove("recipientOrganisation");
    bursary["recipientPerson"] = person["id"].clone();
    let made = admin.post("/v1/awards", bursary).await;
    app.admin().transition(made.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    let individual = async || export(&app).await["grants"][0]["recipientIndividual"].clone();
    let id = format!("360G-innovationregister-PER-{}", person["id"].as_str().unwrap());
    assert_eq!(individual().await, json!({ "id": id, "name": "An individual" }));
    let target = format!("/v1/people/{}", person["id"].as_str().unwrap());
    admin.patch(&target, 1, json!({ "namedPublicly": true })).await.expect(200);
    assert_eq!(individual().await["name"], "Person 1 (illustrative)");
    admin.post(&format!("{target}/erasure"), json!({ "reason": "Asked for." })).await.expect(200);
    assert_eq!(individual().await, json!({ "id": id, "name": "An individual" }));
}

#[rstest]
#[actix_web::test]
async fn a_grant_that_fails_a_critical_check_stays_unpublished_and_says_why(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    let mut broken = award("NIA-2015", 100);
    broken["geocode"] = json!("SW1A 2AA");
    let made = app.admin().post("/v1/awards", broken).await;
    let second = json!({ "contributor": "QKK", "source": "industry", "amount": gbp(1), "receivedOn": "2015-07-01" });
    app.admin().post("/v1/funds/NIA-2015/contributions", second).await.expect(201);
    let approver = app.manager("nia");
    approver.transition(made.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    assert_eq!(export(&app).await["grants"], json!([]));
    let blocked = approver.get("/v1/funding/360giving-blocked").await.expect(200);
    let reasons: Vec<&str> = rows(&blocked)[0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["postcode-as-geocode"], "a second funder takes nothing out");
}

#[rstest]
#[case::fund("fund")]
#[case::programme("programme")]
#[case::innovation("innovation")]
#[case::recipient("recipientPerson")]
#[actix_web::test]
async fn what_is_made_for_something_illustrative_is_never_open_data(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] what: &str,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    let admin = app.admin();
    let carrier =
        json!({ "slug": "made-up", "name": "Made up", "kind": "fellowship", "summary": "None.", "illustrative": true });
    admin.post("/v1/programmes", carrier).await.expect(201);
    let tool = json!({ "name": "Made up", "slug": "made-up", "summary": "None.", "mainCategory": "digital", "illustrative": true });
    admin.post("/v1/innovations", tool).await.expect(201);
    let fund =
        json!({ "code": "MADE-UP", "name": "Made up", "programme": "nia", "currency": "GBP", "illustrative": true });
    admin.post("/v1/funds", fund).await.expect(201);
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1000), "receivedOn": "2015-07-01" });
    admin.post("/v1/funds/MADE-UP/contributions", given).await.expect(201);
    app.fund("NIA-2015", 1000).await;
    let person = admin.post("/v1/people", json!({ "name": "Nobody", "illustrative": true })).await.expect(201);
    let mut body = award("NIA-2015", 100);
    match what {
        "fund" => body["fund"] = json!("MADE-UP"),
        "recipientPerson" => {
            body.as_object_mut().unwrap().remove("recipientOrganisation");
            body["recipientPerson"] = person["id"].clone();
        }
        other => body[other] = json!("made-up"),
    }
    let made = admin.post("/v1/awards", body).await;
    app.admin().transition(made.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    assert_eq!(export(&app).await["grants"], json!([]));
    let blocked = admin.get("/v1/funding/360giving-blocked").await.expect(200);
    assert_eq!(rows(&blocked)[0]["reasons"][0]["code"], "illustrative");
    let lines = admin.get("/v1/reports/funding?by=financial-year").await.expect(200)["lines"].clone();
    assert_eq!(lines[0]["illustrative"], true, "{lines}");
}

#[rstest]
#[actix_web::test]
async fn a_co_funded_fund_publishes_by_the_funder_it_names_and_the_raised_amount(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    let award = app.active_award("NIA-2015", 100).await;
    let (admin, fund) = (app.admin(), "/v1/funds/NIA-2015");
    let company = json!({ "code": "ACME", "name": "Acme", "type": "company", "identifiers": [{ "scheme": "GB-COH", "value": "01234567" }] });
    admin.post("/v1/organisations", company).await.expect(201);
    let told = admin.patch(fund, 1, json!({ "publishingFunder": "ACME" })).await.problem(422, "validation-failed");
    assert_eq!(told["errors"][0]["pointer"], "/publishingFunder");
    // Received before, recorded after: whose money was recorded first goes on publishing.
    let second = json!({ "contributor": "ACME", "source": "industry", "amount": gbp(1), "receivedOn": "2014-07-01" });
    admin.post(&format!("{fund}/contributions"), second).await.expect(201);
    let funder = async || export(&app).await["grants"][0]["fundingOrganization"][0]["name"].clone();
    assert_eq!(funder().await, "NHS South West London Integrated Care Board");
    admin.patch(fund, 1, json!({ "publishingFunder": "acme" })).await.expect(200);
    assert_eq!(funder().await, "Acme");
    admin.patch(fund, 2, json!({ "publishingFunder": null })).await.expect(200);
    assert_eq!(funder().await, "NHS South West London Integrated Care Board");
    admin.patch(fund, 3, json!({ "publishingFunder": "ACME" })).await.expect(200);
    let more =
        json!({ "amount": gbp(50), "profile": [{ "financialYear": "2015-16", "amount": "50.00" }], "reason": "More." });
    let made = app.manager("nia").post(&format!("{award}/supplements"), more).await;
    admin.transition(made.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    let grants = export(&app).await["grants"].clone();
    assert_eq!(grants.as_array().unwrap().len(), 1);
    assert_eq!(grants[0]["fundingOrganization"], json!([{ "id": "GB-COH-01234567", "name": "Acme" }]));
    assert_eq!(grants[0]["amountAwarded"], 150);
}

#[rstest]
#[case::pledged("pledged")]
#[case::reallocated("reallocated")]
#[actix_web::test]
async fn what_is_paid_with_illustrative_money_is_never_open_data(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] how: &str,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    app.fund("OTHER", 1000).await;
    app.active_award("NIA-2015", 100).await;
    assert_eq!(export(&app).await["grants"].as_array().unwrap().len(), 1);
    let (admin, fund) = (app.admin(), if how == "pledged" { "NIA-2015" } else { "OTHER" });
    let pledge = json!({
        "fund": fund, "contributor": "QKK", "financialYear": "2026-27", "amount": gbp(10), "certainty": "indicative",
        "nature": "revenue", "illustrative": true
    });
    let hoped = admin.post("/v1/pledges", pledge).await;
    let moved = json!({ "fromFund": "OTHER", "toFund": "NIA-2015", "amount": gbp(1), "reason": "Needed." });
    if how == "reallocated" {
        admin.post("/v1/reallocations", moved).await.expect(201);
    }
    assert_eq!(export(&app).await["grants"].as_array().unwrap().len(), 1, "what is only hoped for pays nothing");
    admin.patch(hoped.header("location"), 1, json!({ "certainty": "confirmed" })).await.expect(200);
    assert_eq!(export(&app).await["grants"], json!([]));
    let blocked = admin.get("/v1/funding/360giving-blocked").await.expect(200);
    assert_eq!(rows(&blocked)[0]["reasons"][0]["code"], "illustrative");
}

#[rstest]
#[actix_web::test]
async fn an_organisation_is_published_by_a_sound_identifier_or_the_registers_own(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.fund("NIA-2015", 1000).await;
    let admin = app.admin();
    let body = |scheme: &str, value: &str| {
        let identifiers = json!([{ "scheme": scheme, "value": value }]);
        json!({ "code": "MY-LOCAL-TRUST-1", "name": "Ours", "type": "nhs-trust", "identifiers": identifiers })
    };
    for (scheme, value) in
        [("GB-COH", "not a number"), ("GB-COH", "SC 123456"), ("gb-chc", "12345"), ("org-id", "hello world")]
    {
        let answer = admin.post("/v1/organisations", body(scheme, value)).await.problem(422, "validation-failed");
        assert_eq!(answer["errors"][0]["pointer"], "/identifiers/0/value", "{answer}");
    }
    let made = admin.post("/v1/organisations", body("GB-MADEUP", "7")).await.expect(201);
    assert_eq!(made["odsCode"], "MY-LOCAL-TRUST-1");
    let mut grant = award("NIA-2015", 100);
    grant["recipientOrganisation"] = json!("MY-LOCAL-TRUST-1");
    let proposed = admin.post("/v1/awards", grant).await;
    app.admin().transition(proposed.header("location"), 1, json!({ "to": "approved" })).await.expect(200);
    let published = async || export(&app).await["grants"][0]["recipientOrganization"][0]["id"].clone();
    assert_eq!(published().await, "360G-innovationregister-ORG-MY-LOCAL-TRUST-1");
    let company = json!({ "identifiers": [{ "scheme": "gb-coh", "value": "sc123456" }] });
    let changed = admin.patch("/v1/organisations/MY-LOCAL-TRUST-1", 1, company).await.expect(200);
    assert_eq!(changed["identifiers"][0]["value"], "SC123456");
    assert_eq!(published().await, "GB-COH-SC123456");
}

/// An approved award over the three years from July 2024, 300 pounds in each.
async fn over_three_years(app: &TestApp, fund: &str) -> String {
    let mut body = award(fund, 900);
    (body["plannedFrom"], body["plannedTo"]) = (json!("2024-07-01"), json!("2027-04-01"));
    let year = |label: &str| json!({ "financialYear": label, "amount": "300.00" });
    body["profile"] = ["2024-25", "2025-26", "2026-27"].map(year).into();
    let made = app.admin().post("/v1/awards", body).await;
    let approved = json!({ "to": "approved", "effectiveOn": "2024-06-01" });
    app.admin().transition(made.header("location"), 1, approved).await.expect(200);
    made.header("location").to_owned()
}

#[rstest]
#[actix_web::test]
async fn the_report_of_a_past_day_knows_nothing_of_what_came_later(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("NIA-2015", 2000).await;
    let (award, admin) = (over_three_years(&app, "NIA-2015").await, app.admin());
    let past = async || {
        let mut reports = Vec::new();
        for by in ["funder", "fund", "financial-year"] {
            let target = format!("/v1/reports/funding?by={by}&to=2025-03-31");
            reports.push(admin.get(&target).await.expect(200)["lines"].clone());
        }
        reports
    };
    let before = past().await;
    assert_eq!((&before[0][0]["committed"], &before[1][0]["planned"]), (&json!("900.00"), &json!("300.00")));
    let other = json!({ "contributor": "QVV", "source": "nhs", "amount": gbp(3000), "receivedOn": "2026-05-01" });
    admin.post("/v1/funds/NIA-2015/contributions", other).await.expect(201);
    let later = json!({
        "fund": "NIA-2015", "contributor": "QKK", "financialYear": "2023-24", "amount": gbp(500), "certainty": "confirmed",
        "nature": "revenue", "announcedOn": "2026-05-01"
    });
    admin.post("/v1/pledges", later).await.expect(201);
    let more =
        json!({ "amount": gbp(90), "profile": [{ "financialYear": "2024-25", "amount": "90.00" }], "reason": "More." });
    let made = admin.post(&format!("{award}/supplements"), more).await;
    let approved = json!({ "to": "approved", "effectiveOn": "2026-06-01" });
    app.admin().transition(made.header("location"), 1, approved).await.expect(200);
    let moved = json!({ "profile": [{ "financialYear": "2025-26", "amount": "990.00" }], "reason": "A late start." });
    app.manager("nia").post(&format!("{award}/reprofilings"), moved).await.expect(201);
    let ended = json!({ "to": "cancelled", "reason": "It never began." });
    app.admin().transition(&award, 4, ended).await.expect(200);
    assert_eq!(past().await, before);
    let today = admin.get("/v1/reports/funding?by=fund").await.expect(200)["lines"][0].clone();
    assert_eq!((&today["planned"], &today["committed"]), (&json!("0.00"), &json!("990.00")), "{today}");
}

#[rstest]
#[actix_web::test]
async fn a_plan_ends_with_its_award_from_that_day_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    for fund in ["STOPPED", "NEVER"] {
        app.fund(fund, 1000).await;
    }
    let admin = app.admin();
    let planned = async |fund: &str, to: &str| {
        let report = admin.get(&format!("/v1/reports/funding?by=financial-year&fund={fund}&to={to}")).await.expect(200);
        let lines = report["lines"].as_array().unwrap().clone();
        let planned = |line: &Value| (line["planned"] != "0.00").then(|| line["key"].as_str().unwrap().to_owned());
        lines.iter().filter_map(planned).collect::<Vec<_>>()
    };
    let (stopped, never) = (over_three_years(&app, "STOPPED").await, over_three_years(&app, "NEVER").await);
    admin.transition(&stopped, 2, json!({ "to": "active", "effectiveOn": "2024-07-01" })).await.expect(200);
    assert_eq!(planned("STOPPED", "2026-04-30").await, ["2024-25", "2025-26", "2026-27"]);
    let authority = json!({ "reference": "Minute 7", "on": "2025-06-01" });
    let end = json!({ "to": "terminated", "reason": "Over.", "effectiveOn": "2025-06-01", "authority": authority });
    admin.transition(&stopped, 3, end).await.expect(200);
    assert_eq!(planned("STOPPED", "2026-04-30").await, ["2024-25", "2025-26"]);
    let cancelled = json!({ "to": "cancelled", "reason": "It never began." });
    admin.transition(&never, 2, cancelled).await.expect(200);
    assert_eq!(planned("NEVER", "2025-03-31").await, ["2024-25"], "it was planned then");
    assert_eq!(planned("NEVER", "2026-06-15").await, Vec::<String>::new());
}

#[rstest]
#[actix_web::test]
async fn money_is_told_where_its_recipient_lay_on_the_day_and_by_the_awards_own_programme(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    admin.post("/v1/organisations", json!({ "code": "RJZ", "name": "A trust", "type": "nhs-trust" })).await.expect(201);
    for (parent, kind, from, to) in [
        ("QKK", "geographic", "2015-04-01", Some("2020-04-01")),
        ("QWE", "geographic", "2020-04-01", None),
        ("QVV", "network", "2010-04-01", None),
    ] {
        let mut edge = json!({ "parent": parent, "kind": kind, "from": from, "illustrative": parent == "QWE" });
        if let Some(to) = to {
            edge["to"] = json!(to);
        }
        admin.post("/v1/organisations/RJZ/edges", edge).await.expect(201);
    }
    app.programme("nia").await;
    app.programme("itp").await;
    app.fund("NIA-2015", 1000).await;
    let mut body = award("NIA-2015", 100);
    body["programme"] = json!("itp");
    let made = admin.post("/v1/awards", body).await;
    for (version, to) in [(1, "approved"), (2, "active")] {
        let step = json!({ "to": to, "effectiveOn": "2016-01-01" });
        app.admin().transition(made.header("location"), version, step).await.expect(200);
    }
    let paid = json!({ "kind": "disbursement", "amount": gbp(40), "postedOn": "2021-01-01" });
    admin.post(&format!("{}/transactions", made.header("location")), paid).await.expect(201);
    let report = async |query: &str| {
        let lines = admin.get(&format!("/v1/reports/funding?{query}")).await.expect(200)["lines"].clone();
        let figures = |line: &Value| ["key", "committed", "disbursed", "available"].map(|name| line[name].clone());
        lines.as_array().unwrap().iter().map(figures).collect::<Vec<_>>()
    };
    let line = |key: &str, committed: &str, disbursed: &str, available: Value| {
        [json!(key), json!(committed), json!(disbursed), available]
    };
    let placed: Vec<_> = report("by=place").await.into_iter().filter(|line| !line[0].is_null()).collect();
    let none = Value::Null;
    assert_eq!(placed, [line("QKK", "100.00", "0.00", none.clone()), line("QWE", "0.00", "40.00", none)]);
    let lines = admin.get("/v1/reports/funding?by=place").await.expect(200)["lines"].clone();
    let marked = lines.as_array().unwrap().iter().filter(|line| line["illustrative"] == true);
    assert_eq!(marked.map(|line| line["key"].clone()).collect::<Vec<_>>(), ["QWE"], "where it lay then is invented");
    let of_each = [line("itp", "100.00", "40.00", json!("0.00")), line("nia", "0.00", "0.00", json!("900.00"))];
    assert_eq!(report("by=programme").await, of_each);
    assert_eq!(report("by=programme&programme=itp").await, [of_each[0].clone()]);
}

#[rstest]
#[actix_web::test]
async fn the_report_tells_what_became_of_the_money_by_whatever_is_asked(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let admin = app.admin();
    let report =
        async |query: &str| admin.get(&format!("/v1/reports/funding?{query}")).await.expect(200)["lines"].clone();
    let line = report("by=fund&fund=nia-2015").await[0].clone();
    for (name, amount) in [
        ("contributed", "1000000.00"),
        ("committed", "500000.00"),
        ("disbursed", "240000.00"),
        ("released", "140000.00"),
        ("available", "640000.00"),
        ("planned", "500000.00"),
        ("variance", "-260000.00"),
    ] {
        assert_eq!(line[name], amount, "{name}: {line}");
    }
    let position = admin.get("/v1/funds/NIA-2015/position").await.expect(200);
    assert_eq!(position["available"]["amount"], line["available"]);
    assert_eq!(report("by=programme&programme=nia").await[0]["key"], "nia");
    assert_eq!(report("by=funder&programme=nia").await[0]["key"], "NHS-ENGLAND");
    assert_eq!(report("by=financial-year&programme=nia").await[0]["key"], "2015-16");
    assert_eq!(report("by=place&programme=nia").await[0]["contributed"], Value::Null);
    assert_eq!(report("by=fund&fund=nia-2015&to=2016-01-01").await[0]["released"], "0.00");
    assert_eq!(line["illustrative"], true, "its awards are invented");
    let sheet = admin.get("/v1/reports/funding").accept("text/csv").await;
    assert!(sheet.text().starts_with("key,currency,contributed,committed,"), "{}", sheet.text());
    assert!(sheet.text().contains("\nNIA-2015,GBP,1000000.00,500000.00,"), "{}", sheet.text());
}
