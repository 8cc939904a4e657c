//! The founding documents' figures of spread, out of rows.

use crate::support::*;

/// Eligible, adopters and the share in per cent on the last day asked about.
async fn uptake(app: &TestApp, slug: &str, query: &str) -> (u64, u64, i64) {
    let answer = app.reader().get(&format!("/v1/innovations/{slug}/uptake?by=day&{query}")).await.expect(200);
    let point = answer["points"].as_array().unwrap().last().unwrap().clone();
    let share = (point["share"].as_f64().unwrap() * 100.0).round() as i64;
    (point["eligible"].as_u64().unwrap(), point["adopters"].as_u64().unwrap(), share)
}

#[rstest]
#[actix_web::test]
async fn nine_in_ten_maternity_units_had_come_to_plgf_by_april_2024(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let wide = "measure=adopted-or-implementing";
    let on = |day: &str| format!("{wide}&from={day}&to={day}");
    assert_eq!(uptake(&app, "plgf-based-testing", &on("2024-04-30")).await, (100, 90, 90));
    assert_eq!(uptake(&app, "plgf-based-testing", &on("2016-06-30")).await, (100, 3, 3));
    let adopted = uptake(&app, "plgf-based-testing", "from=2024-04-30&to=2024-04-30").await;
    assert_eq!(adopted, (100, 75, 75), "adopted, and adopted or implementing, are two figures");
    let first = app.reader().get("/v1/adoptions?innovation=plgf-based-testing&usingOn=2016-06-30").await.expect(200);
    let mut hospitals: Vec<&str> = rows(&first).iter().map(|row| row["organisation"].as_str().unwrap()).collect();
    hospitals.sort_unstable();
    assert_eq!(hospitals, ["ILLUSTRATIVE-UNIT-1", "ILLUSTRATIVE-UNIT-2", "ILLUSTRATIVE-UNIT-3"]);
}

#[rstest]
#[actix_web::test]
async fn products_of_the_payment_reached_between_57_and_68_per_cent_in_two_years(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::seeded(engine).await;
    for (slug, day) in [("securacath", "2020-03-31"), ("heartflow", "2020-03-31"), ("plgf-based-testing", "2021-03-31")]
    {
        let (_, _, share) = uptake(&app, slug, &format!("from={day}&to={day}")).await;
        assert!((57..=68).contains(&share), "{slug}: {share} %");
    }
    assert_eq!(uptake(&app, "feno-testing", "from=2023-03-31&to=2023-03-31").await, (100, 53, 53));
    let members = app.reader().get("/v1/innovations?programme=itp&memberOn=2019-03-31").await.expect(200);
    let mut slugs: Vec<&str> = rows(&members).iter().map(|row| row["slug"].as_str().unwrap()).collect();
    slugs.sort_unstable();
    assert_eq!(slugs, ["endocuff-vision", "heartflow", "plus-sutures", "securacath"]);
}

#[rstest]
#[actix_web::test]
async fn the_fellows_innovations_are_used_where_the_documents_say(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    for (slug, adopters) in [("holly-health", 15), ("getubetter", 17), ("isla", 1), ("brainomix-e-stroke", 20)] {
        assert_eq!(uptake(&app, slug, "from=2024-04-30&to=2024-04-30").await.1, adopters, "{slug}");
    }
    let counted = async |slug: &str, what: &str| -> i64 {
        let target = format!("/v1/adoption-counts?innovation={slug}&usingOn=2024-04-30&asOf=2024-04-30");
        let found = app.admin().get(&target).await.expect(200);
        rows(&found).iter().map(|row| row[what].as_i64().unwrap()).sum()
    };
    assert_eq!((counted("holly-health", "sites").await, counted("brainomix-e-stroke", "sites").await), (200, 35));
    assert_eq!((counted("isla", "sites").await, counted("isla", "users").await), (30, 6_000));
    let report = app.admin().get("/v1/programmes/nia/impact?asOf=2024-04-30").await.expect(200);
    let figure = |key: &str| {
        let found = report["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key).unwrap();
        (found["value"].clone(), found["qualifier"].clone())
    };
    assert_eq!(figure("population-covered"), (json!(20_000_000), json!("at-least")));
    assert_eq!(figure("cases"), (json!(150_000), json!("at-least")));
}

#[rstest]
#[actix_web::test]
async fn everybodys_first_page_has_something_on_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    for (who, target) in [
        (app.submitter("RJZ"), "/v1/adoptions?place=RJZ"),
        (app.lead("QKK"), "/v1/innovations/plgf-based-testing/non-adopters?place=QKK&on=2021-04-01"),
        (app.lead("HIN-SL"), "/v1/adoptions?place=HIN-SL"),
        (app.manager("nia"), "/v1/fellowships?programme=nia"),
        (app.reader(), "/v1/benefits?programme=mtfm"),
    ] {
        let found = who.get(target).await.expect(200);
        assert!(!rows(&found).is_empty(), "{target}");
    }
}
