//! How many people places have, and what uptake makes of it: who is left out, and how many could be reached.

use crate::support::*;

async fn counted(app: &TestApp, code: &str, others: Value) -> String {
    let mut body = json!({ "organisation": code, "on": "2019-04-01", "value": 1000, "source": "Estimates" });
    body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    let made = app.admin().post("/v1/populations", body).await;
    made.expect(201);
    made.header("location").to_owned()
}

/// People of the most and of the least deprived fifth.
async fn served(app: &TestApp, code: &str, most: u64, least: u64) {
    for (group, value) in [("imd-quintile=1", most), ("imd-quintile=5", least)] {
        counted(app, code, json!({ "group": group, "edition": "imd-2019", "value": value })).await;
    }
}

/// Four trusts that the tool is meant for, of which two have adopted it.
async fn with_uptake(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.innovation("tool").await;
    let meant = json!({ "place": "E92000001", "type": "nhs-trust" });
    app.admin().post("/v1/innovations/tool/eligibility", meant).await.expect(201);
    for (code, board) in [("RJZ", "QKK"), ("RJ1", "QKK"), ("RF4", "QMF"), ("RBD", "QVV")] {
        app.trust(code, board).await;
    }
    for code in ["RJZ", "RF4"] {
        let adopted = json!({ "innovation": "tool", "organisation": code, "stage": "adopted", "since": "2019-01-01", "patients": 40, "countedOn": "2019-02-01" });
        app.admin().post("/v1/adoptions", adopted).await.expect(201);
    }
    app
}

async fn uptake(app: &TestApp, query: &str) -> Value {
    app.admin().get(&format!("/v1/innovations/tool/uptake?to=2019-12-31&from=2019-12-31&{query}")).await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn a_population_is_recorded_corrected_and_taken_back_by_national_administrators(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let row = counted(&app, "rjz", json!({ "group": "sex=female" })).await;
    let found = app.anonymous().get(&row).await.expect(200);
    assert_eq!(
        (&found["organisation"], &found["kind"], &found["qualifier"]),
        (&json!("RJZ"), &json!("registered"), &json!("exact"))
    );
    let same =
        json!({ "organisation": "RJZ", "on": "2019-04-01", "group": "sex=female", "value": 5, "source": "Others" });
    app.admin().post("/v1/populations", same.clone()).await.problem(409, "already-exists");
    app.lead("QKK").post("/v1/populations", same.clone()).await.problem(403, "forbidden");
    app.admin().patch(&row, 1, json!({ "value": 1010 })).await.expect(200);
    app.admin().patch(&row, 2, json!({ "on": "2020-04-01" })).await.problem(409, "immutable");
    app.admin().delete(&row, 2).await.problem(422, "validation-failed");
    app.admin().delete(&format!("{row}?reason=Another+trust"), 2).await.expect(204);
    app.admin().patch(&row, 3, json!({ "value": 1 })).await.problem(409, "immutable");
    let kept = app.admin().get("/v1/populations?withdrawn=true").await.expect(200);
    assert_eq!(
        (&kept["data"][0]["value"], &kept["data"][0]["withdrawn"]["reason"]),
        (&json!(1010), &json!("Another trust"))
    );
    app.admin().post("/v1/populations", same).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn populations_are_found_by_place_year_group_and_innovation(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    served(&app, "RJZ", 10, 20).await;
    counted(&app, "RF4", json!({ "on": "2021-04-01", "kind": "resident" })).await;
    counted(&app, "RF4", json!({ "innovation": "tool", "value": 300 })).await;
    for (query, values) in [
        ("organisation=RJZ", vec![10, 20]),
        ("place=QMF&sort=on", vec![300, 1000]),
        ("year=2021", vec![1000]),
        ("kind=resident", vec![1000]),
        ("group=imd-quintile%3D5", vec![20]),
        ("dimension=imd-quintile&edition=imd-2019&place=E92000001", vec![10, 20]),
        ("innovation=tool", vec![300]),
    ] {
        let found = app.anonymous().get(&format!("/v1/populations?{query}")).await.expect(200);
        let mut told: Vec<i64> =
            found["data"].as_array().unwrap().iter().map(|row| row["value"].as_i64().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, values, "{query}");
    }
    app.anonymous().get("/v1/populations?group=imd-quintile").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_file_of_populations_can_be_sent_twice_and_is_refused_whole(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let header = "organisation,kind,on,group,edition,value,source\n";
    let rows = "RJZ,resident,2024-06-30,imd-quintile=1,imd-2019,100,ONS\nrjz,resident,2024-06-30,,,900,ONS\n";
    let counts = async |csv: String, status: u16| {
        app.admin().post_csv("/v1/populations", &csv).await.expect(status)["counts"].clone()
    };
    let first = counts(format!("{header}{rows}"), 200).await;
    assert_eq!((&first["received"], &first["created"]), (&json!(2), &json!(2)));
    assert_eq!(counts(format!("{header}{rows}"), 200).await["unchanged"], 2);
    let corrected = counts(format!("{header}{}", rows.replace(",900,", ",910,")), 200).await;
    assert_eq!((&corrected["updated"], &corrected["unchanged"]), (&json!(1), &json!(1)));
    let marked =
        "organisation,kind,on,value,source,qualifier,illustrative\nRJZ,resident,2024-06-30,910,ONS,at-least,true\n";
    assert_eq!(counts(marked.to_owned(), 200).await["updated"], 1);
    let silent = "organisation,kind,on,value,source\nRJZ,resident,2024-06-30,910,ONS\n";
    assert_eq!(counts(silent.to_owned(), 200).await["unchanged"], 1, "what is absent says nothing");
    let cleared = "organisation,kind,on,value,source,qualifier,illustrative\nRJZ,resident,2024-06-30,910,ONS,(none),\n";
    assert_eq!(counts(cleared.to_owned(), 200).await["updated"], 1);
    let last = app.admin().get("/v1/populations?sort=-updatedAt").await.expect(200)["data"][0].clone();
    assert_eq!((&last["qualifier"], &last["illustrative"]), (&json!("exact"), &json!(true)));
    let wrong = "XX9,resident,2024-06-30,,,1,ONS\nRJZ,resident,30/06/2024,,,many,ONS\nRJZ,resident,2024-06-30,imd-quintile=1,,1,ONS\nRJZ,resident,2025-06-30,,,7,ONS\nRJZ,resident,2025-06-30,,,8,ONS\n";
    let refused =
        app.admin().post_csv("/v1/populations", &format!("{header}{wrong}")).await.problem(422, "validation-failed");
    let faults: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    for pointer in ["/line/2/organisation", "/line/4/edition", "/line/6/on"] {
        assert!(faults.contains(&pointer), "{pointer}: {faults:?}");
    }
    assert!(faults.iter().any(|pointer| pointer.starts_with("/line/3/")), "{faults:?}");
    assert_eq!(app.admin().get("/v1/populations?count=true").await.expect(200)["page"]["count"]["total"], 2);
    app.lead("QKK").post_csv("/v1/populations", &format!("{header}{rows}")).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn uptake_says_which_fifths_are_left_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    served(&app, "RJZ", 100, 900).await;
    served(&app, "RF4", 200, 800).await;
    served(&app, "RJ1", 700, 300).await;
    let groups = uptake(&app, "groups=imd-quintile,sex").await["groups"].clone();
    let (deprivation, sex) = (&groups[0], &groups[1]);
    let of =
        |group: &str| deprivation["data"].as_array().unwrap().iter().find(|one| one["group"] == group).unwrap().clone();
    assert_eq!(of("imd-quintile=1")["organisations"], json!({ "eligible": 1, "adopters": 0, "share": 0.0 }));
    assert_eq!(of("imd-quintile=5")["organisations"], json!({ "eligible": 2, "adopters": 2, "share": 1.0 }));
    let people = of("imd-quintile=1")["people"].clone();
    assert_eq!((&people["inEligible"]["value"], &people["inAdopters"]["value"]), (&json!(1000), &json!(300)));
    assert_eq!((&people["share"], &people["inEligible"]["qualifier"]), (&json!(0.3), &json!("at-least")));
    assert_eq!(of("imd-quintile=3")["people"], Value::Null);
    assert_eq!(deprivation["unknown"], json!({ "eligible": 1, "adopters": 0, "share": 0.0 }));
    assert_eq!((&sex["all"], &sex["unknown"]["eligible"]), (&Value::Null, &json!(4)), "nothing is made up");
    let notes = uptake(&app, "groups=imd-quintile,sex").await["notes"].to_string();
    assert!(notes.contains("By imd-quintile, imd-2019") && notes.contains("By sex: no population"), "{notes}");
    assert_eq!(uptake(&app, "").await["groups"], Value::Null);
    let csv = app.admin().get("/v1/innovations/tool/uptake?to=2019-12-31&groups=imd-quintile").accept("text/csv").await;
    assert!(
        csv.text().contains("tool,E92000001,adopted,2019-12-31,imd-quintile=1,imd-2019,1,0,0,1000,"),
        "{}",
        csv.text()
    );
}

#[rstest]
#[actix_web::test]
async fn the_group_of_a_past_day_is_that_of_the_count_before_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    served(&app, "RJZ", 900, 100).await;
    let later = json!({ "on": "2021-04-01", "group": "imd-quintile=5", "edition": "imd-2025" });
    counted(&app, "RJZ", later).await;
    let fifth = async |day: &str, group: usize| {
        let target = format!("/v1/innovations/tool/uptake?from={day}&to={day}&groups=imd-quintile");
        app.admin().get(&target).await.expect(200)["groups"][0]["data"][group]["organisations"]["eligible"].clone()
    };
    assert_eq!((fifth("2019-03-31", 0).await, fifth("2019-04-01", 0).await), (json!(0), json!(1)));
    assert_eq!((fifth("2021-03-31", 0).await, fifth("2021-04-01", 4).await), (json!(1), json!(1)));
    served(&app, "RF4", 100, 50).await;
    let later = json!({ "on": "2021-04-01", "group": "imd-quintile=5", "edition": "imd-2019", "value": 60 });
    counted(&app, "RF4", later).await;
    assert_eq!(fifth("2021-06-30", 0).await, 1, "the other groups hold until they are counted again");
}

#[rstest]
#[actix_web::test]
async fn patients_are_held_against_the_populations_of_those_eligible(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    let point = async |query: &str| uptake(&app, query).await["points"][0].clone();
    assert_eq!((&point("").await["eligiblePatients"], &point("").await["patientsShare"]), (&Value::Null, &Value::Null));
    let whole = json!({ "eligiblePopulation": { "value": 9000, "qualifier": "at-most", "basis": "estimated" } });
    app.admin().patch("/v1/innovations/tool", 1, whole).await.expect(200);
    assert_eq!(point("").await["eligiblePatients"]["value"], 9000);
    assert_eq!(point("place=QKK").await["eligiblePatients"], Value::Null, "England's figure is England's");
    counted(&app, "RJZ", json!({ "innovation": "tool", "value": 160 })).await;
    assert_eq!(
        point("place=QKK").await["eligiblePatients"],
        json!({ "value": 160, "qualifier": "at-least", "basis": "measured" })
    );
    counted(&app, "RJ1", json!({ "innovation": "tool", "value": 240 })).await;
    let told = point("place=QKK").await;
    assert_eq!(
        (&told["eligiblePatients"]["value"], &told["eligiblePatients"]["qualifier"]),
        (&json!(400), &json!("exact"))
    );
    assert_eq!((&told["patients"]["value"], &told["patientsShare"]), (&json!(40), &json!(0.1)));
    counted(&app, "QMF", json!({ "innovation": "tool", "value": 500 })).await;
    assert_eq!(point("place=QMF").await["eligiblePatients"]["value"], 500, "what the place itself has");
    let few =
        json!({ "organisation": "RF4", "on": "2019-04-01", "innovation": "tool", "value": 7, "source": "Estimates" });
    let refused = app.admin().post("/v1/populations", few).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["code"], "small-number");
    let almost =
        json!({ "organisation": "RF4", "on": "2019-04-01", "innovation": "tool", "value": 42, "source": "Estimates" });
    app.admin().post("/v1/populations", almost).await.expect(201);
    let read =
        app.reader().get("/v1/innovations/tool/uptake?to=2019-12-31&from=2019-12-31&place=QMF").await.expect(200);
    assert_eq!(
        (&read["points"][0]["patients"]["value"], &read["points"][0]["patientsShare"]),
        (&json!(40), &Value::Null)
    );
}

#[rstest]
#[actix_web::test]
async fn days_to_uptake_count_from_the_joining_of_a_programme(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    app.programme("itp").await;
    let joined = json!({ "programme": "itp", "from": "2018-12-02" });
    app.admin().post("/v1/innovations/tool/programme-memberships", joined).await.expect(201);
    let found = uptake(&app, "sites=2&share=75&since=programme:itp").await;
    assert_eq!(
        (&found["timeToSites"], &found["countedFrom"]),
        (&json!({ "on": "2019-01-01", "days": 30 }), &json!("2018-12-02"))
    );
    assert_eq!(found["timeToShare"], json!({ "on": null, "days": null }));
    assert_eq!(uptake(&app, "sites=2").await["timeToSites"]["days"], 0);
    let target = "/v1/innovations/tool/uptake?since=";
    app.admin().get(&format!("{target}programme:nia")).await.problem(422, "validation-failed");
    app.admin().get(&format!("{target}itp")).await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn the_curve_is_drawn_with_the_programmes_that_carried_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = with_uptake(engine).await;
    app.programme("itp").await;
    let joined = json!({ "programme": "itp", "from": "2018-12-02" });
    app.admin().post("/v1/innovations/tool/programme-memberships", joined).await.expect(201);
    let target = "/v1/innovations/tool/uptake.svg?from=2018-10-01&to=2019-03-31";
    let drawn = app.anonymous().get(target).await;
    assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml"));
    let svg = drawn.text();
    assert!(svg.contains(">2 of 4 eligible organisations (50%) had adopted by 31 March 2019</text>"), "{svg}");
    assert!(
        svg.contains(">Programme itp</text>") && svg.contains(">Adopted 50%</text>") && !svg.contains("Illustrative")
    );
    let implementing = json!({ "innovation": "tool", "organisation": "RJ1", "stage": "implementing", "since": "2019-01-01", "illustrative": true });
    app.admin().post("/v1/adoptions", implementing).await.expect(201);
    let svg = app.anonymous().get(target).await.text().to_owned();
    assert!(svg.contains(">Adopted or implementing 75%</text>") && svg.contains(">Illustrative: 2 of 4"), "{svg}");
    app.innovation("other").await;
    let empty = app.anonymous().get("/v1/innovations/other/uptake.svg").await;
    assert!(empty.text().contains(">No data</text>"), "{}", empty.text());
}
