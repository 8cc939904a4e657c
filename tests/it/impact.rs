//! What a programme brought: the founding document's figures, from rows.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

const REPORT: &str = "/v1/programmes/nia/impact?asOf=2016-04-30";

#[rstest]
#[actix_web::test]
async fn the_founding_figures_come_out_of_rows(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let report = app.reader().get(REPORT).await.expect(200);
    assert_eq!((&report["programme"], &report["asOf"]), (&json!("nia"), &json!("2016-04-30")));
    for (key, value, qualifier) in [
        ("fellows", json!(17), json!("exact")),
        ("fellows-active", json!(17), json!("exact")),
        ("innovations", json!(17), json!("exact")),
        ("organisations-using", json!(68), json!("exact")),
        ("additional-organisations", json!(68), json!("exact")),
        ("patients-reached", json!(3_000_000), json!("approximate")),
        ("patients-reached-sure", json!(176_480), json!("approximate")),
        ("patients-reached-upper", json!(3_100_000), json!("approximate")),
        ("invested", json!(1_000_000), json!("exact")),
        ("raised", json!(8_000_000), json!("at-least")),
        ("leverage", json!(8.0), json!("at-least")),
        ("supporting-networks", json!(15), json!("exact")),
        ("savings-claimed", Value::Null, Value::Null),
        ("savings-realised", Value::Null, Value::Null),
    ] {
        let figure = figure(&report, key);
        assert_eq!((&figure["value"], &figure["qualifier"]), (&value, &qualifier), "{key}");
    }
}

fn figure(report: &Value, key: &str) -> Value {
    let found = report["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key);
    found.unwrap_or_else(|| panic!("no figure {key}")).clone()
}

/// Every row of a list, page after page.
async fn all(app: &TestApp, target: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), Some(format!("{target}&limit=50")));
    while let Some(target) = next {
        let page = app.admin().get(&target).await.expect(200);
        found.extend_from_slice(rows(&page));
        next = page["page"]["next"].as_str().map(|cursor| {
            let bare = target.split("&cursor=").next().unwrap().to_owned();
            format!("{bare}&cursor={cursor}")
        });
    }
    found
}

/// What the rows of a figure add up to; none of no rows.
fn added(key: &str, found: &[Value]) -> Option<f64> {
    let distinct = |name: &str| {
        found.iter().map(|row| row[name].as_str().unwrap()).collect::<std::collections::BTreeSet<_>>().len() as f64
    };
    let some = |sum: f64| (!found.is_empty()).then_some(sum);
    let pounds = || found.iter().map(|row| row["amount"]["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum();
    let sum = |name: &str| some(found.iter().map(|row| row[name].as_f64().unwrap()).sum());
    let whole: Vec<f64> =
        found.iter().filter(|row| row["countedWithin"].is_null()).filter_map(|row| row["claimed"].as_f64()).collect();
    match key {
        "fellows" | "fellows-active" => Some(distinct("fellow")),
        "innovations" | "innovations-active" => Some(distinct("slug")),
        "organisations-using" | "additional-organisations" | "supporting-networks" => Some(distinct("organisation")),
        "sites" => sum("sites"),
        "patients-reached" => some(whole.iter().sum()),
        "patients-reached-sure" => whole.iter().copied().reduce(f64::max),
        "invested" | "raised" | "raised-private" => some(pounds()),
        "leverage" => some(pounds() / 1_000_000.0),
        "events" => Some(found.len() as f64),
        realised if realised.contains("-realised") => sum("figure"),
        _ => sum("claimed"),
    }
}

#[rstest]
#[actix_web::test]
async fn every_figure_is_what_its_rows_add_up_to_on_any_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let mut filled = 0;
    for (programme, day) in
        [("nia", "2016-04-30"), ("nia", "2015-08-15"), ("mtfm", "2024-04-30"), ("rup", "2020-10-01")]
    {
        let report = app.admin().get(&format!("/v1/programmes/{programme}/impact?asOf={day}")).await.expect(200);
        for figure in report["figures"].as_array().unwrap() {
            let key = figure["key"].as_str().unwrap();
            let found = all(&app, figure["rows"].as_str().unwrap()).await;
            filled += usize::from(!found.is_empty());
            let expected = if key == "leverage" && programme != "nia" { None } else { added(key, &found) };
            assert_eq!(figure["value"].as_f64(), expected, "{key} of {programme} on {day}");
        }
    }
    assert!(filled > 30, "only {filled} figures have rows");
}

#[rstest]
#[actix_web::test]
async fn the_report_comes_as_a_sheet_and_as_a_page_to_print(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let sheet = app.reader().get(REPORT).accept("text/csv").await;
    assert!(
        sheet.text().starts_with(
            "programme,asOf,key,value,unit,qualifier,basis,rows,illustrative,class,period,sharedWith,suppressed"
        ),
        "{}",
        sheet.text()
    );
    assert!(sheet.text().contains("nia,2016-04-30,leverage,8.0,ratio,at-least,measured,"), "{}", sheet.text());
    let page = app.reader().get(REPORT).accept("text/html").await;
    page.expect_html();
    assert!(page.text().contains("NHS Innovation Accelerator: impact by 30 April 2016"), "{}", page.text());
    assert!(
        page.text().contains("3,000,000") && page.header("content-security-policy").starts_with("default-src 'none'")
    );
    assert!(page.text().contains("<title>Illustrative: "), "{}", page.text());
    app.reader().get("/v1/programmes/nowhere/impact").await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_figure_that_is_made_of_invented_rows_says_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let marked = async |target: &str| {
        let report = app.reader().get(target).await.expect(200);
        let figures = report["figures"].as_array().unwrap().clone();
        let marked = figures.iter().filter(|figure| figure["illustrative"] == true);
        let keys: Vec<String> = marked.map(|figure| figure["key"].as_str().unwrap().to_owned()).collect();
        (keys, report["notes"][0].as_str().unwrap().to_owned())
    };
    let (keys, note) = marked(REPORT).await;
    let invented = [
        "fellows",
        "fellows-active",
        "innovations",
        "innovations-active",
        "organisations-using",
        "additional-organisations",
        "patients-reached",
        "patients-reached-sure",
        "patients-reached-upper",
        "raised",
        "leverage",
        "raised-private",
        "bed-days",
        "bed-days-realised",
        "bed-days-realised-to-date",
        "events",
    ];
    assert_eq!(keys, invented);
    assert!(note.starts_with("Illustrative: "), "{note}");
    let (keys, _) = marked("/v1/programmes/mtfm/impact?asOf=2024-03-31").await;
    assert_eq!(keys, ["organisations-using", "additional-organisations"]);
    let (keys, note) = marked("/v1/programmes/aac/impact?asOf=2018-01-31").await;
    assert_eq!(keys, [""; 0]);
    assert!(!note.starts_with("Illustrative: "), "{note}");
}

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.member("mycopd", "nia").await;
    for trust in ["RJZ", "RF4", "RGT"] {
        app.trust(trust, "QKK").await;
    }
    app
}

/// A claim of the programme, as a national administrator makes it, which counts at once.
async fn claim(app: &TestApp, members: Value) -> String {
    let mut new = json!({
        "innovation": "mycopd", "programme": "nia", "kind": "patients-reached", "method": "Counted.", "claimed": 100,
        "qualifier": "exact", "basis": "measured", "from": "2022-04-01", "to": "2023-04-01"
    });
    for (name, value) in members.as_object().unwrap() {
        new[name] = value.clone();
    }
    let made = app.admin().post("/v1/benefits", new).await;
    made.expect(201);
    made.header("location").to_owned()
}

async fn impact(app: &TestApp, day: &str) -> Value {
    app.admin().get(&format!("/v1/programmes/nia/impact?asOf={day}")).await.expect(200)
}

/// The value, the qualifier and the period of a figure.
fn said(report: &Value, key: &str) -> [Value; 3] {
    let figure = figure(report, key);
    ["value", "qualifier", "period"].map(|name| figure[name].clone())
}

#[rstest]
#[actix_web::test]
async fn a_fellowship_that_is_withdrawn_later_had_still_begun(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let held = app.admin().get("/v1/fellowships?programme=nia&limit=1").await.expect(200);
    let (id, version) = (rows(&held)[0]["id"].as_str().unwrap(), rows(&held)[0]["version"].as_i64().unwrap());
    let end = json!({ "to": "withdrawn", "reason": "Left the service.", "effectiveOn": "2017-02-01" });
    app.admin().transition(&format!("/v1/fellowships/{id}"), version, end).await.expect(200);
    for (day, begun, active) in [("2016-04-30", 17, 17), ("2017-01-31", 17, 17), ("2017-02-01", 17, 16)] {
        let report = impact(&app, day).await;
        let value = |key: &str| figure(&report, key)["value"].clone();
        assert_eq!((value("fellows"), value("fellows-active")), (json!(begun), json!(active)), "{day}");
    }
    let listed = async |day: &str| {
        let target = format!("/v1/fellowships?programme=nia&activeOn={day}&count=true");
        app.admin().get(&target).await.expect(200)["page"]["count"].clone()
    };
    assert_ne!(listed("2016-04-30").await, listed("2017-02-01").await);
}

#[rstest]
#[actix_web::test]
async fn three_trusts_reached_about_240_patients_and_for_sure_100(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    for (trust, patients) in [("RJZ", 100), ("RF4", 80), ("RGT", 60)] {
        claim(&app, json!({ "organisation": trust, "claimed": patients, "countedBy": "provider" })).await;
    }
    let report = impact(&app, "2023-04-30").await;
    assert_eq!(said(&report, "patients-reached")[..2], [json!(240), json!("approximate")]);
    assert_eq!(said(&report, "patients-reached-sure")[..2], [json!(100), json!("at-least")]);
    // A national claim of people at home overlaps all of them; what is at most so many wins over nothing.
    claim(&app, json!({ "claimed": 90, "countedBy": "resident" })).await;
    claim(&app, json!({ "claimed": 9000, "countedBy": "resident", "qualifier": "at-most" })).await;
    let report = impact(&app, "2023-04-30").await;
    assert_eq!(said(&report, "patients-reached")[..2], [json!(330), json!("approximate")]);
    assert_eq!(said(&report, "patients-reached-sure")[0], 100);
    assert_eq!(said(&report, "patients-reached-upper")[..2], [json!(9330), json!("at-most")]);
}

#[rstest]
#[actix_web::test]
async fn people_add_up_exactly_only_where_nobody_can_be_counted_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    claim(&app, json!({ "organisation": "RJZ", "claimed": 100_000, "countedBy": "registered", "population": "copd" }))
        .await;
    claim(&app, json!({ "organisation": "RF4", "claimed": 90_000, "countedBy": "registered" })).await;
    assert_eq!(said(&impact(&app, "2023-04-30").await, "patients-reached")[..2], [json!(190_000), json!("exact")]);
    claim(&app, json!({ "organisation": "RJZ", "claimed": 50_000, "countedBy": "registered", "population": "asthma" }))
        .await;
    let report = impact(&app, "2023-04-30").await;
    assert_eq!(said(&report, "patients-reached")[..2], [json!(240_000), json!("approximate")]);
    assert_eq!(said(&report, "patients-reached-sure")[0], 190_000);
    claim(&app, json!({ "claimed": 7, "counts": "tests" })).await;
    let report = impact(&app, "2023-04-30").await;
    assert_eq!((&said(&report, "patients-reached")[0], &said(&report, "tests")[0]), (&json!(240_000), &json!(7)));
}

#[rstest]
#[actix_web::test]
async fn savings_are_told_by_class_and_year_and_never_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let saving = |class: &str, pounds: i64| json!({ "kind": "saving", "class": class, "claimed": pounds });
    let with = |mut one: Value, members: Value| {
        members.as_object().unwrap().iter().for_each(|(name, value)| one[name] = value.clone());
        one
    };
    claim(&app, saving("non-cash-releasing", 1000)).await;
    // A trust's part of it, and next year's.
    claim(&app, with(saving("non-cash-releasing", 300), json!({ "organisation": "RJZ" }))).await;
    let next = json!({ "from": "2023-04-01", "to": "2024-04-01" });
    claim(&app, with(saving("non-cash-releasing", 1200), next)).await;
    claim(&app, with(saving("societal", 50), json!({ "organisation": "RJZ" }))).await;
    claim(&app, with(saving("societal", -20), json!({ "organisation": "RJZ" }))).await;
    for (day, class, value, period) in [
        ("2023-03-31", "non-cash-releasing", 1000, "2022-23"),
        ("2023-04-30", "non-cash-releasing", 1200, "2023-24"),
        ("2026-04-30", "non-cash-releasing", 1200, "2023-24"),
        ("2023-04-30", "societal", 30, "2022-23"),
    ] {
        let report = impact(&app, day).await;
        let figures = report["figures"].as_array().unwrap().iter();
        let of_class = figures.filter(|figure| figure["key"] == "savings-claimed" && figure["class"] == class);
        let told: Vec<_> = of_class.map(|figure| (figure["value"].clone(), figure["period"].clone())).collect();
        assert_eq!(told, [(json!(value), json!(period))], "{day} {class}");
    }
}

#[rstest]
#[actix_web::test]
async fn what_was_realised_has_a_certainty_of_its_own_and_is_told_by_year_and_to_date(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let estimated =
        json!({ "kind": "bed-days", "claimed": 900, "basis": "projected", "qualifier": "at-most", "to": "2025-04-01" });
    let target = format!("{}/realisations", claim(&app, estimated).await);
    let witness = app.actor(&NewLocalToken { body: Some("RJZ".to_owned()), ..grant(Role::NationalAdmin) });
    for (year, figure, to) in
        [("2022-23", 100, "2022-09-30"), ("2022-23", 210, "2023-03-31"), ("2023-24", 250, "2024-03-31")]
    {
        let new = json!({ "financialYear": year, "figure": figure, "qualifier": "exact", "basis": "measured", "countedTo": to });
        witness.post(&target, new).await.expect(201);
    }
    for (day, in_year, period, to_date) in
        [("2022-12-31", 100, "2022-23", 100), ("2023-04-30", 210, "2022-23", 210), ("2024-04-30", 250, "2023-24", 460)]
    {
        let report = impact(&app, day).await;
        let expected = [json!(in_year), json!("exact"), json!(period)];
        assert_eq!(said(&report, "bed-days-realised"), expected, "{day}");
        assert_eq!(said(&report, "bed-days-realised-to-date")[0], to_date, "{day}");
        let realised = figure(&report, "bed-days-realised");
        assert_eq!(
            (&realised["basis"], &figure(&report, "bed-days")["basis"]),
            (&json!("measured"), &json!("projected"))
        );
        assert_eq!(all(&app, realised["rows"].as_str().unwrap()).await.len(), 1, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn figures_without_rows_are_null_and_counts_without_rows_are_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    let report = impact(&app, "2023-04-30").await;
    for key in [
        "patients-reached",
        "savings-claimed",
        "savings-realised",
        "raised",
        "invested",
        "leverage",
        "jobs-created",
        "sites",
    ] {
        let told = figure(&report, key);
        assert_eq!(
            (&told["value"], &told["qualifier"], &told["basis"]),
            (&Value::Null, &Value::Null, &Value::Null),
            "{key}"
        );
    }
    assert_eq!(said(&report, "organisations-using")[..2], [json!(0), json!("exact")]);
}

/// An innovation that goes from one programme to another on 1 April 2020, and leaves that on 1 April 2021.
async fn in_two_programmes(engine: Engine) -> TestApp {
    let app = start(engine).await;
    app.programme("itp").await;
    app.programme("rup").await;
    app.innovation("plgf").await;
    for (programme, from, to) in [("itp", "2019-04-01", "2020-04-01"), ("rup", "2020-04-01", "2021-04-01")] {
        let member = json!({ "programme": programme, "from": from, "to": to });
        app.admin().post("/v1/innovations/plgf/programme-memberships", member).await.expect(201);
    }
    app
}

async fn use_of(app: &TestApp, organisation: &str, since: &str) -> String {
    let new = json!({ "innovation": "plgf", "organisation": organisation, "stage": "adopted", "since": since });
    let made = app.admin().post("/v1/adoptions", new).await;
    made.expect(201);
    made.header("location").to_owned()
}

async fn told(app: &TestApp, programme: &str, day: &str) -> (Value, Value, Value) {
    let report = app.admin().get(&format!("/v1/programmes/{programme}/impact?asOf={day}")).await.expect(200);
    let additional = figure(&report, "additional-organisations");
    let found = all(app, additional["rows"].as_str().unwrap()).await;
    assert_eq!(found.len() as u64, additional["value"].as_u64().unwrap(), "{programme} on {day}");
    (
        figure(&report, "organisations-using")["value"].clone(),
        additional["value"].clone(),
        additional["sharedWith"].clone(),
    )
}

#[rstest]
#[actix_web::test]
async fn a_use_from_before_is_additional_for_no_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = in_two_programmes(engine).await;
    use_of(&app, "RJZ", "2016-05-01").await;
    for (programme, day, using) in
        [("itp", "2019-12-31", 1), ("rup", "2019-12-31", 0), ("itp", "2026-04-30", 0), ("rup", "2026-04-30", 0)]
    {
        assert_eq!(told(&app, programme, day).await, (json!(using), json!(0), json!([])), "{programme} {day}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_first_use_within_a_year_after_leaving_is_additional_and_shared(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = in_two_programmes(engine).await;
    use_of(&app, "RJZ", "2020-09-01").await;
    use_of(&app, "RF4", "2022-03-31").await;
    use_of(&app, "RGT", "2022-04-01").await;
    assert_eq!(told(&app, "itp", "2020-08-31").await.1, 0);
    assert_eq!(told(&app, "itp", "2026-04-30").await, (json!(0), json!(1), json!(["rup"])));
    assert_eq!(told(&app, "rup", "2026-04-30").await, (json!(0), json!(2), json!(["itp"])));
    let itp = app.admin().get("/v1/programmes/itp").await.expect(200);
    let version = itp["version"].as_i64().unwrap();
    app.admin().patch("/v1/programmes/itp", version, json!({ "attributionMonths": 0 })).await.expect(200);
    assert_eq!(told(&app, "itp", "2026-04-30").await.1, 0);
    assert_eq!(told(&app, "rup", "2026-04-30").await, (json!(0), json!(2), json!([])));
}

#[rstest]
#[actix_web::test]
async fn taking_it_into_use_once_more_and_taking_it_over_are_not_additional(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = in_two_programmes(engine).await;
    let target = use_of(&app, "RJZ", "2016-05-01").await;
    let end = json!({ "to": "decommissioned", "reason": "Another was bought.", "effectiveOn": "2018-01-01" });
    app.admin().transition(&target, 1, end).await.expect(200);
    app.admin().transition(&target, 2, json!({ "to": "implementing", "effectiveOn": "2019-06-01" })).await.expect(200);
    let merged = json!({ "effectiveOn": "2019-10-01", "kind": "merge", "to": [{ "code": "RF4" }] });
    app.admin().post("/v1/organisations/RJZ/successions", merged).await.expect(201);
    assert_eq!(told(&app, "itp", "2019-12-31").await, (json!(1), json!(0), json!([])));
}

#[rstest]
#[actix_web::test]
async fn only_what_was_raised_while_in_the_programme_counts_in_its_leverage(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = in_two_programmes(engine).await;
    for (on, sector) in [("2019-03-31", "private"), ("2019-04-01", "charity"), ("2020-04-01", "public")] {
        let new = json!({
            "innovation": "plgf", "programme": "itp", "investor": "A trust", "kind": "grant", "sector": sector, "amount": gbp(500),
            "qualifier": "exact", "basis": "measured", "investedOn": on
        });
        app.admin().post("/v1/external-investments", new).await.expect(201);
    }
    let report = app.admin().get("/v1/programmes/itp/impact?asOf=2021-01-01").await.expect(200);
    assert_eq!(
        (said(&report, "raised")[0].clone(), said(&report, "raised-charity")[0].clone()),
        (json!(500), json!(500))
    );
    let outside = app.admin().get("/v1/external-investments?programme=itp&whileMember=false").await.expect(200);
    assert_eq!(rows(&outside).len(), 2);
}

#[rstest]
#[actix_web::test]
async fn a_trust_that_moves_changes_nothing_of_what_was_claimed_before(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let saving = json!({ "kind": "saving", "class": "societal" });
    for (organisation, pounds) in [("QKK", 1000), ("RJZ", 600)] {
        let people = json!({ "organisation": organisation, "claimed": pounds, "countedBy": "registered" });
        claim(&app, people.clone()).await;
        let mut saved = saving.clone();
        (saved["organisation"], saved["claimed"]) = (json!(organisation), json!(pounds));
        claim(&app, saved).await;
    }
    let read = async |day: &str| {
        let report = impact(&app, day).await;
        (said(&report, "savings-claimed")[0].clone(), said(&report, "patients-reached-sure")[0].clone())
    };
    assert_eq!(read("2023-03-31").await, (json!(1000), json!(1000)));
    let heirs = json!({ "kind": "merge", "effectiveOn": "2023-06-01", "to": [{ "code": "QMF" }] });
    app.admin().post("/v1/organisations/QKK/successions", heirs).await.expect(201);
    for day in ["2023-03-31", "2023-05-31", "2023-06-01", "2026-01-01"] {
        assert_eq!(read(day).await, (json!(1000), json!(1000)), "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn what_is_within_another_claim_counts_where_that_says_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let witness = app.actor(&NewLocalToken { body: Some("RF4".to_owned()), ..grant(Role::NationalAdmin) });
    let beds = json!({ "kind": "bed-days", "claimed": 1000 });
    let holder = claim(&app, beds).await;
    let within = holder.rsplit('/').next().unwrap();
    let middle = claim(&app, json!({ "kind": "bed-days", "claimed": 300, "countedWithin": within })).await;
    let within = middle.rsplit('/').next().unwrap();
    let part = claim(&app, json!({ "kind": "bed-days", "claimed": 80, "countedWithin": within })).await;
    let realised = json!({ "financialYear": "2022-23", "figure": 70, "qualifier": "exact", "basis": "measured" });
    witness.post(&format!("{part}/realisations"), realised).await.expect(201);
    let read = async || {
        let report = impact(&app, "2023-04-30").await;
        (said(&report, "bed-days")[0].clone(), said(&report, "bed-days-realised")[0].clone())
    };
    assert_eq!(read().await, (json!(1000), json!(70)));
    // What lay within a claim that is gone lies within the one around it.
    app.admin().delete(&format!("{middle}?reason=Counted%20twice"), 1).await.expect(204);
    assert_eq!(read().await, (json!(1000), json!(70)));
    let replacing = holder.rsplit('/').next().unwrap();
    claim(&app, json!({ "kind": "bed-days", "claimed": 1100, "replaces": replacing })).await;
    assert_eq!(read().await, (json!(1100), json!(70)));
}

#[rstest]
#[actix_web::test]
async fn what_a_fellow_raised_after_leaving_is_not_raised_while_a_fellow(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let held = app.admin().get("/v1/fellowships?programme=nia&limit=1").await.expect(200);
    let one = &rows(&held)[0];
    let target = format!("/v1/fellowships/{}", one["id"].as_str().unwrap());
    let end = json!({ "to": "withdrawn", "reason": "Left the service.", "effectiveOn": "2017-02-01" });
    let version = one["version"].as_i64().unwrap();
    let early = json!({ "to": "paused", "effectiveOn": "2001-01-01" });
    app.admin().transition(&target, version, early).await.problem(422, "validation-failed");
    app.admin().transition(&target, version, end).await.expect(200);
    let before = said(&impact(&app, "2019-01-01").await, "raised")[0].as_i64().unwrap();
    for (on, pounds) in [("2017-01-31", 3), ("2017-02-01", 5)] {
        let new = json!({
            "fellow": one["fellow"], "programme": "nia", "investor": "A trust", "kind": "grant", "sector": "private",
            "amount": gbp(pounds), "qualifier": "exact", "basis": "measured", "investedOn": on
        });
        app.admin().post("/v1/external-investments", new).await.expect(201);
    }
    assert_eq!(said(&impact(&app, "2019-01-01").await, "raised")[0], before + 3);
}

#[rstest]
#[actix_web::test]
async fn who_may_not_read_the_rows_of_money_is_given_no_link(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    for (actor, keys) in [(app.reader(), 0), (app.manager("itp"), 0), (app.manager("nia"), 3), (app.admin(), 3)] {
        let report = actor.get(REPORT).await.expect(200);
        let links = ["invested", "raised", "leverage"].map(|key| figure(&report, key)["rows"].clone());
        assert_eq!(links.iter().filter(|rows| rows.is_string()).count(), keys);
        for rows in links.iter().filter_map(Value::as_str) {
            actor.get(rows).await.expect(200);
        }
    }
}
