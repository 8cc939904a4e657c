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
