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
    assert_eq!(reasons, ["several-funders", "postcode-as-geocode"]);
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
    let second = json!({ "contributor": "ACME", "source": "industry", "amount": gbp(1), "receivedOn": "2016-07-01" });
    admin.post(&format!("{fund}/contributions"), second).await.expect(201);
    assert_eq!(export(&app).await["grants"], json!([]));
    admin.patch(fund, 1, json!({ "publishingFunder": "acme" })).await.expect(200);
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
        let mut edge = json!({ "parent": parent, "kind": kind, "from": from });
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
