//! Organisations over time: edges that end, organisations that move and become others, and what follows for places, totals and
//! permissions.

use crate::support::*;
use innovation_register::access::Operation;
use innovation_register::db::transaction;
use innovation_register::http::context::Context;
use innovation_register::successions::ops::take_over_due;

fn organisation(code: &str, kind: &str, parent: &str) -> Value {
    json!({ "code": code, "name": format!("Body {code}"), "type": kind, "parent": parent })
}

async fn made(app: &TestApp, kind: &str, parent: &str, codes: &[&str]) {
    for code in codes {
        app.admin().post("/v1/organisations", organisation(code, kind, parent)).await.expect(201);
    }
}

async fn edge(app: &TestApp, child: &str, kind: &str, parent: &str, from: Option<&str>) -> String {
    let mut body = json!({ "parent": parent, "kind": kind });
    if let Some(from) = from {
        body["from"] = json!(from);
    }
    let made = app.admin().post(&format!("/v1/organisations/{child}/edges"), body).await;
    made.expect(201);
    made.header("location").to_owned()
}

/// Where the only geographic edge of an organisation is found.
async fn geographic(app: &TestApp, child: &str) -> String {
    let edges = format!("/v1/organisations/{child}/edges");
    let found = app.admin().get(&format!("{edges}?kind=geographic")).await.expect(200);
    format!("{edges}/{}", found["data"][0]["id"].as_str().unwrap())
}

/// Ends the board's edge above a trust on a day and puts it below another.
async fn moves(app: &TestApp, trust: &str, board: &str, on: &str) {
    app.admin().patch(&geographic(app, trust).await, 1, json!({ "to": on })).await.expect(200);
    edge(app, trust, "geographic", board, Some(on)).await;
}

async fn below(app: &TestApp, place: &str, on: &str) -> Vec<String> {
    let target = format!("/v1/organisations?place={place}&asOf={on}&type=nhs-trust,gp-practice&sort=code&limit=500");
    column(&app.anonymous().get(&target).await.expect(200), "code")
}

/// A KPI with a value of each organisation in each of these months.
async fn counted(app: &TestApp, months: &[&str], values: &[(&str, u32)]) {
    app.kpi("ae", json!({})).await;
    for month in months {
        let row = |(code, value): &(&str, u32)| json!({ "organisation": code, "period": month, "value": value });
        app.values("ae", values.iter().map(row).collect()).await;
    }
}

/// The total of a place in each month that has one.
async fn totals(actor: &Actor, query: &str) -> Vec<(String, f64)> {
    let answer = actor.get(&format!("/v1/kpis/ae/spc?minPoints=2&{query}")).await.expect(200);
    let points = answer["points"].as_array().unwrap().iter();
    let point = |point: &Value| Some((point["period"].as_str()?.to_owned(), point["value"].as_f64()?));
    points.filter_map(point).collect()
}

#[rstest]
#[actix_web::test]
async fn a_trust_that_moves_is_below_one_board_on_each_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let there = json!({ "parent": "QVV", "kind": "geographic", "from": "2024-04-01" });
    let refused = app.admin().post("/v1/organisations/RJZ/edges", there).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["code"], "overlap");
    moves(&app, "RJZ", "QVV", "2024-04-01").await;
    assert_eq!([below(&app, "QKK", "2024-03-31").await, below(&app, "QVV", "2024-03-31").await], [vec!["RJZ"], vec![]]);
    assert_eq!([below(&app, "QKK", "2024-04-01").await, below(&app, "QVV", "2024-04-01").await], [vec![], vec!["RJZ"]]);
    counted(&app, &["2024-03"], &[]).await;
    let row = json!({ "rows": [{ "organisation": "RJZ", "period": "2024-03", "value": 4 }] });
    let submit = "/v1/kpi-submissions?kpi=ae";
    let refused = app.submitter("QKK").post(submit, row.clone()).await.problem(422, "rows-rejected");
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "out-of-scope", "the right ended with the edge");
    app.submitter("QVV").post(submit, row).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn an_edge_that_never_held_is_taken_back_with_a_reason_and_kept(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let edge = geographic(&app, "RJZ").await;
    let refused = app.admin().delete(&edge, 1).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "?reason");
    app.admin().delete(&format!("{edge}?reason=Another+trust+was+meant"), 1).await.expect(204);
    assert_eq!(below(&app, "QKK", "2024-03-31").await, Vec::<Value>::new());
    assert_eq!(app.admin().get("/v1/organisations/RJZ/edges").await.expect(200)["data"], json!([]));
    let kept = app.admin().get("/v1/organisations/RJZ/edges?withdrawn=true").await.expect(200);
    assert_eq!(kept["data"][0]["withdrawn"]["reason"], "Another trust was meant");
    app.admin().patch(&edge, 2, json!({ "to": "2024-01-01" })).await.problem(409, "immutable");
    app.admin().post("/v1/organisations/RJZ/edges", json!({ "parent": "QKK", "kind": "geographic" })).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_footprint_reaches_neither_a_region_nor_a_second_network(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    made(&app, "gp-practice", "QKK", &["H85001", "H85002"]).await;
    edge(&app, "HIN-SL", "geographic", "Y63", None).await;
    edge(&app, "H85002", "network", "UCLP", Some("2020-01-01")).await;
    let twice = json!({ "parent": "HI-YH", "kind": "network", "from": "2021-01-01" });
    app.admin().post("/v1/organisations/H85002/edges", twice).await.problem(422, "validation-failed");
    let on = "2024-01-01";
    assert_eq!(below(&app, "Y63", on).await, Vec::<Value>::new(), "the region has the network, not what that covers");
    assert_eq!(below(&app, "HIN-SL", on).await, ["H85001", "RJZ"], "the nearest edge wins");
    assert_eq!(below(&app, "UCLP", on).await, ["H85002"]);
    edge(&app, "QKK", "network", "HI-KSS", Some("2020-01-01")).await;
    assert_eq!(below(&app, "HI-KSS", on).await, Vec::<Value>::new(), "nothing says which of two networks it is");
    edge(&app, "RJZ", "legal", "QMF", None).await;
    assert_eq!(below(&app, "QMF", on).await, Vec::<Value>::new(), "who owns it says nothing of where it is");
}

#[rstest]
#[actix_web::test]
async fn a_primary_care_network_has_its_members_on_their_days(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    made(&app, "pcn", "QKK", &["U1"]).await;
    made(&app, "gp-practice", "QKK", &["H85001"]).await;
    made(&app, "gp-practice", "QMF", &["H85002"]).await;
    edge(&app, "H85001", "member", "U1", Some("2019-07-01")).await;
    let across = edge(&app, "H85002", "member", "U1", Some("2019-07-01")).await;
    app.admin().patch(&across, 1, json!({ "to": "2022-07-01" })).await.expect(200);
    assert_eq!(below(&app, "U1", "2020-01-01").await, ["H85001", "H85002"]);
    assert_eq!(below(&app, "U1", "2023-01-01").await, ["H85001"]);
    assert_eq!(below(&app, "QKK", "2020-01-01").await, ["H85001"], "membership leads into no board");
}

#[rstest]
#[actix_web::test]
async fn an_edge_that_cannot_be_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    made(&app, "pcn", "QKK", &["U1", "U2"]).await;
    made(&app, "gp-practice", "QKK", &["H85001"]).await;
    edge(&app, "H85001", "member", "U1", Some("2019-07-01")).await;
    for (child, kind, parent, code) in [
        ("E92000001", "geographic", "HIN-SL", "type"),
        ("RJZ", "geographic", "H85001", "type"),
        ("H85001", "network", "RJZ", "type"),
        ("RJZ", "member", "U1", "type"),
        ("HIN-SL", "member", "U1", "type"),
        ("HIN-SL", "network", "UCLP", "type"),
        ("H85001", "member", "U2", "overlap"),
    ] {
        let body = json!({ "parent": parent, "kind": kind, "from": "2020-01-01" });
        let refused = app.admin().post(&format!("/v1/organisations/{child}/edges"), body).await;
        let refused = refused.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["code"], code, "{child} {kind} {parent}: {refused}");
    }
    let below_a_network = organisation("RF4", "nhs-trust", "HIN-SL");
    app.admin().post("/v1/organisations", below_a_network).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn what_hosts_a_network_lies_in_its_footprint_and_no_circle_comes_of_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    edge(&app, "HIN-SL", "legal", "RJZ", None).await;
    edge(&app, "HI-KSS", "geographic", "Y59", None).await;
    edge(&app, "Y59", "network", "HI-KSS", Some("2020-01-01")).await;
    app.trust("RTP", "QXU").await;
    assert_eq!(below(&app, "HIN-SL", "2024-01-01").await, ["RJZ"]);
    assert_eq!(below(&app, "HI-KSS", "2024-01-01").await, ["RTP"]);
    assert_eq!(below(&app, "RJZ", "2024-01-01").await, ["RJZ"]);
}

#[rstest]
#[actix_web::test]
async fn an_edge_holds_while_both_its_ends_exist(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let gone =
        |code: &str| json!({ "code": code, "name": "Gone", "type": "icb", "validTo": "2020-01-01", "parent": "Y56" });
    app.admin().post("/v1/organisations", gone("QGONE")).await.expect(201);
    let (edges, to) = ("/v1/organisations/RJZ/edges", json!("2020-01-01"));
    let spans = async |code: &str| {
        let found = app.admin().get(&format!("/v1/organisations/{code}/edges?sort=from")).await.expect(200);
        rows(&found).iter().map(|edge| edge["to"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(spans("QGONE").await, std::slice::from_ref(&to), "it ends with the organisation");
    for kind in ["legal", "network"] {
        let late = json!({ "parent": "QGONE", "kind": kind, "from": "2021-01-01" });
        let refused = app.admin().post(edges, late).await.problem(422, "validation-failed");
        assert_eq!(
            (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
            (&json!("/parent"), &json!("not-living"))
        );
    }
    let cut = json!({ "parent": "QGONE", "kind": "legal", "from": "2019-01-01", "to": "2022-01-01" });
    let made = app.admin().post(edges, cut).await;
    assert_eq!(made.expect(201)["to"], to);
    let longer = app.admin().patch(made.header("location"), 1, json!({ "to": null })).await.expect(200);
    assert_eq!(longer["to"], to);
}

#[rstest]
#[actix_web::test]
async fn edges_end_with_an_organisation_and_last_as_long_where_it_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QKK").await;
    let board = "/v1/organisations/QKK";
    app.admin().patch(board, 1, json!({ "validTo": "2025-04-01" })).await.expect(200);
    assert_eq!(below(&app, "QKK", "2025-03-31").await, ["RF4", "RJZ"]);
    assert_eq!(below(&app, "QKK", "2025-04-01").await, Vec::<String>::new());
    assert_eq!(below(&app, "HIN-SL", "2025-04-01").await, Vec::<String>::new());
    let held = app.admin().get("/v1/organisations/QKK/edges?activeOn=2025-04-01").await.expect(200);
    assert_eq!(held["data"], json!([]), "neither up nor down");
    edge(&app, "RF4", "geographic", "QMF", Some("2025-04-01")).await;
    app.admin().patch(board, 2, json!({ "validTo": null })).await.expect(200);
    assert_eq!(below(&app, "QKK", "2025-04-01").await, ["RJZ"], "the other lies elsewhere since");
    assert_eq!(below(&app, "HIN-SL", "2025-04-01").await, ["RJZ"]);
    assert_eq!(below(&app, "QMF", "2025-04-01").await, ["RF4"]);
}

#[rstest]
#[actix_web::test]
async fn two_boards_that_merge_count_each_organisation_once_on_either_map(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RF4", "QMF").await;
    made(&app, "icb", "Y56", &["QNEW"]).await;
    counted(&app, &["2026-03", "2026-04"], &[("RJZ", 10), ("RF4", 20)]).await;
    for board in ["QKK", "QMF"] {
        let merge = json!({ "kind": "merge", "effectiveOn": "2026-04-01", "to": [{ "code": "QNEW" }] });
        app.admin().post(&format!("/v1/organisations/{board}/successions"), merge).await.expect(201);
    }
    let admin = app.admin();
    let both = [("2026-03".to_owned(), 30.0), ("2026-04".to_owned(), 30.0)];
    assert_eq!(totals(&admin, "place=QNEW").await, both);
    assert_eq!(totals(&admin, "place=QNEW&geography=at-time").await, both[1..]);
    assert_eq!(totals(&admin, "place=QKK").await, [("2026-03".to_owned(), 10.0)], "a closed place is told at its time");
    for geography in ["current", "at-time"] {
        assert_eq!(totals(&admin, &format!("place=E92000001&geography={geography}")).await, both);
    }
    let closed = admin.get("/v1/organisations/QKK").await.expect(200);
    assert_eq!((&closed["status"], &closed["validTo"]), (&json!("closed"), &json!("2026-04-01")));
    let row = json!({ "rows": [{ "organisation": "RF4", "period": "2026-03", "value": 21 }] });
    app.submitter("QNEW").post("/v1/kpi-submissions?kpi=ae", row.clone()).await.expect(201);
    app.submitter("QMF").post("/v1/kpi-submissions?kpi=ae", row).await.problem(422, "rows-rejected");
}

#[rstest]
#[actix_web::test]
async fn a_trust_that_is_taken_over_stays_itself_and_is_found_below_its_heir(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RR1", "QHL").await;
    app.trust("RRK", "QHL").await;
    counted(&app, &["2018-03"], &[("RR1", 7), ("RRK", 20)]).await;
    let merge = json!({ "kind": "merge", "effectiveOn": "2018-04-01", "to": [{ "code": "RRK" }] });
    let act = app.admin().post("/v1/organisations/RR1/successions", merge.clone()).await;
    assert_eq!(act.expect(201)["to"], json!([{ "code": "RRK", "legal": true }]));
    assert_eq!(app.anonymous().get(act.header("location")).await.expect(200)["fromName"], "Trust RR1");
    app.admin().post("/v1/organisations/RR1/successions", merge).await.problem(409, "already-exists");
    let reader = app.admin();
    let march = |value: f64| vec![("2018-03".to_owned(), value)];
    assert_eq!(totals(&reader, "organisation=RR1").await, march(7.0));
    assert_eq!(totals(&reader, "organisation=RRK").await, march(20.0), "its own series never passes a succession");
    assert_eq!(totals(&reader, "place=RRK").await, march(27.0));
    assert_eq!(totals(&reader, "place=RRK&geography=at-time").await, march(20.0));
    assert_eq!(totals(&reader, "place=QHL").await, march(27.0));
    let mended = json!({ "rows": [{ "organisation": "RR1", "period": "2018-02", "value": 6 }] });
    app.submitter("RRK").post("/v1/kpi-submissions?kpi=ae", mended).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_split_names_where_each_organisation_below_goes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    made(&app, "icb", "Y61", &["QOLD", "QEAST", "QWEST"]).await;
    made(&app, "gp-practice", "QOLD", &["A1", "A2"]).await;
    let target = "/v1/organisations/QOLD/successions";
    let split = |children: Value, shares: [f64; 2]| {
        let share =
            |value: f64| json!({ "value": value, "basis": "registered-patients", "source": "Patients registered" });
        let to = json!([{ "code": "QEAST", "legal": true, "share": share(shares[0]) }, { "code": "QWEST", "share": share(shares[1]) }]);
        json!({ "kind": "split", "effectiveOn": "2026-04-01", "to": to, "children": children })
    };
    let all = json!([{ "code": "A1", "parent": "QEAST" }, { "code": "A2", "parent": "QWEST" }]);
    let refused = app.admin().post(target, split(all.clone(), [0.4, 0.5])).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["code"], "shares");
    let some = json!([{ "code": "A1", "parent": "QEAST" }]);
    let refused = app.admin().post(target, split(some, [0.4, 0.6])).await.problem(422, "validation-failed");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("A2"));
    app.admin().post(target, split(all, [0.4, 0.6])).await.expect(201);
    assert_eq!([below(&app, "QEAST", "2026-04-01").await, below(&app, "QWEST", "2026-04-01").await], [["A1"], ["A2"]]);
    assert_eq!(below(&app, "QOLD", "2026-03-31").await, ["A1", "A2"]);
    counted(&app, &["2026-03"], &[("A1", 10), ("A2", 30), ("QOLD", 5)]).await;
    let value = async |query: &str| totals(&app.admin(), query).await.first().map(|(_, value)| *value);
    assert_eq!(value("place=QEAST").await, Some(10.0), "what lies below moves whole, and of a handful nothing is told");
    assert_eq!(value("place=QWEST").await, Some(30.0));
    assert_eq!(value("place=QOLD").await, Some(45.0));
}

#[rstest]
#[actix_web::test]
async fn what_a_board_comes_to_before_a_merger_of_the_coming_year_its_heir_takes_over_on_the_day(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.innovation("tool").await;
    let day = (app.now() + chrono::TimeDelta::days(30)).date_naive();
    let merge = json!({ "kind": "merge", "effectiveOn": day, "to": [{ "code": "QMF" }] });
    app.admin().post("/v1/organisations/QKK/successions", merge).await.expect(201);
    let new = json!({ "innovation": "tool", "organisation": "QKK", "stage": "piloting", "covers": ["all"] });
    app.admin().post("/v1/adoptions", new).await.expect(201);
    let take_over = || {
        let context = Context::local(Operation::create_organisation_succession, app.now());
        transaction(&mut connect(&app.database), |conn| take_over_due(conn, &context)).unwrap();
    };
    let of_heir = async || rows(&app.admin().get("/v1/adoptions?organisation=QMF").await.expect(200)).to_vec();
    take_over();
    assert!(of_heir().await.is_empty(), "its day has not come");
    app.advance(chrono::TimeDelta::days(31));
    take_over();
    take_over();
    let found = of_heir().await;
    assert_eq!((found.len(), &found[0]["stage"], &found[0]["stageOn"]), (1, &json!("piloting"), &json!(day)));
}

/// A split of QOLD into QEAST and QWEST, and what QOLD itself counted in two months: the totals of a place.
async fn divided(engine: Engine, share: Option<f64>) -> impl AsyncFn(&str) -> Value {
    let app = TestApp::start(engine).await;
    made(&app, "icb", "Y61", &["QOLD", "QEAST", "QWEST"]).await;
    counted(&app, &["2026-02"], &[("QOLD", 7)]).await;
    app.values("ae", json!([row("QOLD", "2026-03", 101)])).await;
    let shared = |share: f64| json!({ "value": share, "basis": "resident", "source": "Residents in 2025" });
    let mut to = json!([{ "code": "QEAST", "legal": true }, { "code": "QWEST" }]);
    if let Some(share) = share {
        (to[0]["share"], to[1]["share"]) = (shared(share), shared(1.0 - share));
    }
    let split = json!({ "kind": "split", "effectiveOn": "2026-04-01", "to": to });
    app.admin().post("/v1/organisations/QOLD/successions", split).await.expect(201);
    async move |place: &str| app.admin().get(&format!("/v1/kpis/ae/totals?place={place}")).await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn what_a_divided_board_had_itself_is_apportioned_and_the_region_has_it_whole(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let of = divided(engine, Some(0.4)).await;
    for (place, value) in [("QEAST", 40.0), ("QWEST", 61.0)] {
        let found = of(place).await;
        let [march] = found["points"].as_array().unwrap().as_slice() else { panic!("{found}") };
        assert_eq!(march["value"], value);
        assert_eq!(march["period"], "2026-03", "of seven no part is told");
        let said = (&march["qualifier"], &march["basis"], &march["apportioned"]);
        assert_eq!(said, (&json!("approximate"), &json!("estimated"), &json!(true)));
        let notes: Vec<&Value> = found["notes"].as_array().unwrap().iter().map(|note| &note["code"]).collect();
        assert!(notes.ends_with(&[&json!("apportioned"), &json!("not-apportioned")]), "{notes:?}");
    }
    for place in ["Y61", "E92000001", "QOLD", "Y61&geography=at-time", "QEAST&asOf=2026-03-31&geography=current"] {
        let found = of(place).await;
        let values: Vec<&Value> = found["points"].as_array().unwrap().iter().map(|point| &point["value"]).collect();
        let whole = if place.starts_with("QEAST") { vec![] } else { vec![7.0, 101.0] };
        assert_eq!(values, whole, "{place}");
        assert!(found["points"].as_array().unwrap().iter().all(|point| point["apportioned"] == false), "{place}");
    }
}

#[rstest]
#[actix_web::test]
async fn where_no_share_is_known_nothing_is_apportioned(#[values(Sqlite, Postgres)] engine: Engine) {
    let of = divided(engine, None).await;
    for place in ["QEAST", "QWEST"] {
        assert_eq!(of(place).await["points"], json!([]), "{place}");
        assert_eq!(of(place).await["notes"][0]["code"], "not-apportioned", "{place}");
    }
    assert_eq!(of("Y61").await["points"][1]["value"], 101.0);
}

#[rstest]
#[actix_web::test]
async fn in_a_transfer_with_shares_both_have_their_part_of_the_past(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    counted(&app, &["2026-03", "2026-04"], &[("QNQ", 100)]).await;
    let share = |value: f64| json!({ "value": value, "basis": "registered-patients", "source": "Patients registered" });
    let to = json!([{ "code": "QRL", "share": share(0.25) }, { "code": "QNQ", "share": share(0.75) }]);
    let transfer = json!({ "kind": "transfer", "effectiveOn": "2026-04-01", "to": to });
    app.admin().post("/v1/organisations/QNQ/successions", transfer).await.expect(201);
    let months = async |place: &str| totals(&app.admin(), &format!("place={place}")).await;
    let of =
        |values: &[(&str, f64)]| values.iter().map(|(month, value)| ((*month).to_owned(), *value)).collect::<Vec<_>>();
    assert_eq!(months("QNQ").await, of(&[("2026-03", 75.0), ("2026-04", 100.0)]));
    assert_eq!(months("QRL").await, of(&[("2026-03", 25.0)]), "what it has since is its own");
    assert_eq!(months("E92000001").await, of(&[("2026-03", 100.0), ("2026-04", 100.0)]));
    let found = app.admin().get("/v1/kpis/ae/totals?place=QRL&to=2026-04").await.expect(200);
    assert_eq!(found["points"].as_array().unwrap().len(), 1, "nothing is expected of it after that day");
}

#[rstest]
#[actix_web::test]
async fn in_a_transfer_the_predecessor_lives_on_with_what_it_keeps(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    made(&app, "gp-practice", "QNQ", &["A1", "A2"]).await;
    let transfer = json!({
        "kind": "transfer", "effectiveOn": "2026-04-01", "to": [{ "code": "QRL" }], "children": [{ "code": "A1", "parent": "QRL" }]
    });
    app.admin().post("/v1/organisations/QNQ/successions", transfer).await.expect(201);
    assert_eq!([below(&app, "QNQ", "2026-04-01").await, below(&app, "QRL", "2026-04-01").await], [["A2"], ["A1"]]);
    assert_eq!(app.admin().get("/v1/organisations/QNQ").await.expect(200)["status"], "active");
    assert_eq!(below(&app, "HI-OTV", "2026-04-01").await, ["A1", "A2"], "each keeps its network");
    assert_eq!(below(&app, "HI-WESSEX", "2026-04-01").await, Vec::<String>::new());
}

#[rstest]
#[actix_web::test]
async fn what_a_board_leaves_keeps_its_network(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    made(&app, "gp-practice", "QKK", &["A1"]).await;
    let merge = json!({ "kind": "merge", "effectiveOn": "2026-04-01", "to": [{ "code": "QMF" }] });
    app.admin().post("/v1/organisations/QKK/successions", merge).await.expect(201);
    assert_eq!(below(&app, "QMF", "2026-04-01").await, ["A1"]);
    assert_eq!(below(&app, "HIN-SL", "2026-04-01").await, ["A1"], "the network of its old board is still its own");
    assert_eq!(below(&app, "UCLP", "2026-04-01").await, Vec::<Value>::new());
}

#[rstest]
#[actix_web::test]
async fn an_organisation_without_an_edge_on_a_day_is_counted_where_the_nearest_puts_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.admin().patch(&geographic(&app, "RJZ").await, 1, json!({ "to": "2024-01-01" })).await.expect(200);
    edge(&app, "RJZ", "geographic", "QMF", Some("2024-07-01")).await;
    counted(&app, &["2023-12", "2024-02", "2024-05", "2024-07"], &[("RJZ", 1)]).await;
    let months = async |place: &str| {
        let found = totals(&app.admin(), &format!("place={place}&geography=at-time")).await;
        found.into_iter().map(|(month, _)| month).collect::<Vec<_>>()
    };
    assert_eq!(months("QKK").await, ["2023-12", "2024-02"]);
    assert_eq!(months("QMF").await, ["2024-05", "2024-07"]);
    assert_eq!(below(&app, "QKK", "2024-02-29").await, Vec::<Value>::new(), "it gives no right, and is in no list");
}

#[rstest]
#[actix_web::test]
async fn another_map_than_the_usual_one_needs_the_right_to_see_every_figure(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "disclosureControl": true })).await;
    app.values("ae", json!([{ "organisation": "RJZ", "period": "2024-03", "value": 40 }])).await;
    for map in ["asOf=2023-01-01", "geography=at-time"] {
        let target = format!("/v1/kpis/ae/spc?place=QKK&{map}");
        app.reader().get(&target).await.problem(403, "forbidden");
        app.lead("QKK").get(&target).await.expect(200);
    }
    let usual = app.reader().get("/v1/kpis/ae/spc?place=QKK").await.expect(200);
    assert_eq!(usual["series"]["geography"], "current");
    app.admin().get("/v1/kpis/ae/spc?organisation=RJZ&asOf=2023-01-01").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn what_cannot_be_a_succession_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let gone = json!({ "code": "GONE", "name": "Gone", "type": "nhs-trust", "validTo": "2020-01-01" });
    app.admin().post("/v1/organisations", gone).await.expect(201);
    let on = "2026-04-01";
    for (act, code) in [
        (json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": "RJZ" }] }), "circular"),
        (json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": "GONE" }] }), "not-living"),
        (json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": "QKK" }, { "code": "QMF" }] }), "count"),
        (json!({ "kind": "split", "effectiveOn": on, "to": [{ "code": "QMF" }] }), "count"),
        (json!({ "kind": "transfer", "effectiveOn": on, "to": [{ "code": "QMF", "legal": true }] }), "not-applicable"),
        (
            json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": "QMF" }], "children": [{ "code": "RF4", "parent": "QMF" }] }),
            "not-below",
        ),
    ] {
        let refused = app.admin().post("/v1/organisations/RJZ/successions", act.clone()).await;
        assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["code"], code, "{act}");
    }
    let below = json!({ "kind": "merge", "effectiveOn": on, "to": [{ "code": "RJZ" }] });
    let refused = app.admin().post("/v1/organisations/QKK/successions", below).await.problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["code"], "circular");
}

/// Whether a caller may send a value of an organisation in a month: what is said of the row, or nothing.
async fn refusal(actor: &Actor, code: &str, month: &str) -> Value {
    let sent = json!({ "rows": [{ "organisation": code, "period": month, "value": 4 }] });
    let answer = actor.post("/v1/kpi-submissions?kpi=ae&dryRun=true", sent).await.expect(200);
    answer["rows"][0]["errors"][0]["code"].clone()
}

#[rstest]
#[actix_web::test]
async fn the_past_of_a_trust_that_closed_is_mended_from_where_it_lay(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.innovation("tool").await;
    app.kpi("ae", json!({ "disclosureControl": true })).await;
    app.values("ae", json!([{ "organisation": "RJZ", "period": "2024-02", "value": 4 }])).await;
    app.admin().patch("/v1/organisations/RJZ", 1, json!({ "validTo": "2024-04-01" })).await.expect(200);
    for place in ["QKK", "HIN-SL", "Y56"] {
        assert_eq!(refusal(&app.lead(place), "RJZ", "2024-03").await, Value::Null, "{place}");
        assert_eq!(refusal(&app.lead(place), "RJZ", "2024-04").await, "out-of-scope", "{place}: it closed by then");
    }
    assert_eq!(refusal(&app.lead("QMF"), "RJZ", "2024-03").await, "out-of-scope", "it never lay there");
    assert_eq!(refusal(&app.admin(), "RJZ", "2024-04").await, Value::Null, "taken with a warning");
    assert_eq!(totals(&app.lead("QKK"), "organisation=RJZ").await, [("2024-02".to_owned(), 4.0)], "as it is");
    let used = json!({ "innovation": "tool", "organisation": "RJZ", "stage": "piloting", "since": "2023-01-01" });
    app.lead("QMF").post("/v1/adoptions", used.clone()).await.problem(403, "forbidden");
    app.lead("QKK").post("/v1/adoptions", used).await.expect(201);
    let client = json!({ "name": "Returns", "organisation": "RJZ" });
    app.lead("QKK").post("/v1/clients", client).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn what_was_taken_out_of_a_board_is_mended_by_that_board_no_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({})).await;
    let edge = geographic(&app, "RJZ").await;
    app.admin().patch(&edge, 1, json!({ "to": "2024-01-01" })).await.expect(200);
    assert_eq!(refusal(&app.lead("QKK"), "RJZ", "2023-12").await, "out-of-scope", "it lives on elsewhere");
    app.admin().patch("/v1/organisations/RJZ", 1, json!({ "validTo": "2024-04-01" })).await.expect(200);
    assert_eq!(refusal(&app.lead("QKK"), "RJZ", "2023-12").await, "out-of-scope", "it lay there on no last day");
}

#[rstest]
#[actix_web::test]
async fn a_lead_writes_nothing_of_days_on_which_their_board_is_gone(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("ae", json!({ "openFuturePeriods": 12 })).await;
    app.admin().patch("/v1/organisations/QKK", 1, json!({ "validTo": "2025-04-01" })).await.expect(200);
    assert_eq!(refusal(&app.lead("QKK"), "QKK", "2025-03").await, Value::Null);
    assert_eq!(refusal(&app.lead("QKK"), "QKK", "2025-04").await, "out-of-scope");
    let after = |days: i64| (app.now() + chrono::TimeDelta::days(days)).date_naive();
    let closing = json!({ "kind": "merge", "effectiveOn": after(60), "to": [{ "code": "QWO" }] });
    app.admin().post("/v1/organisations/QMF/successions", closing).await.expect(201);
    let month = |days: i64| after(days).format("%Y-%m").to_string();
    for code in ["QMF", "RF4"] {
        assert_eq!(refusal(&app.lead("QMF"), code, &month(0)).await, Value::Null, "{code}");
        assert_eq!(refusal(&app.lead("QMF"), code, &month(120)).await, "out-of-scope", "{code}");
    }
    assert_eq!(refusal(&app.submitter("RF4"), "RF4", &month(120)).await, Value::Null, "it lives on");
}

#[rstest]
#[actix_web::test]
async fn a_lead_says_nothing_of_an_adoption_on_days_on_which_their_board_is_gone(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.innovation("tool").await;
    app.admin().patch("/v1/organisations/QKK", 1, json!({ "validTo": "2025-04-01" })).await.expect(200);
    let (lead, new) = (
        app.lead("QKK"),
        |since: &str| json!({ "innovation": "tool", "organisation": "QKK", "stage": "piloting", "since": since }),
    );
    lead.post("/v1/adoptions", new("2025-04-01")).await.expect(403);
    let used = lead.post("/v1/adoptions", new("2025-03-31")).await;
    used.expect(201);
    let (used, moves) = (used.header("location").to_owned(), format!("{}/transitions", used.header("location")));
    let adopted = |on: &str| json!({ "to": "adopted", "effectiveOn": on });
    lead.post(&moves, adopted("2025-04-01")).if_match(1).await.expect(403);
    let then = json!({ "to": "implementing", "effectiveOn": "2025-03-31", "then": [adopted("2025-04-02")] });
    lead.post(&moves, then).if_match(1).await.expect(403);
    lead.patch(&used, 1, json!({ "sites": 2 })).await.expect(403);
    lead.patch(&used, 1, json!({ "barriers": ["slow-procurement"], "barriersOn": "2025-04-01" })).await.expect(403);
    lead.patch(&used, 1, json!({ "sites": 2, "countedOn": "2025-03-31" })).await.expect(200);
    app.admin().post(&moves, adopted("2025-06-01")).if_match(2).await.expect(200);
    let last = app.admin().get(&format!("{moves}?sort=-effectiveOn")).await.expect(200);
    let last = format!("{moves}/{}", last["data"][0]["id"].as_str().unwrap());
    lead.patch(&last, 3, json!({ "effectiveOn": "2025-03-31", "reason": "Earlier." })).await.expect(403);
    lead.delete(&format!("{last}?reason=wrong"), 3).await.expect(403);
}

#[rstest]
#[actix_web::test]
async fn a_lead_decides_on_no_series_from_a_day_on_which_their_board_is_gone(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.kpi("ae", json!({})).await;
    app.admin().patch("/v1/organisations/QKK", 1, json!({ "validTo": "2025-04-01" })).await.expect(200);
    let of = |more: Value| {
        let mut body = json!({ "kpi": "ae", "organisation": "QKK", "reason": "Two wards closed." });
        body.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        body
    };
    for (month, status) in [("2025-03", 201), ("2025-04", 403)] {
        let from = format!("{month}-01");
        let lead = app.lead("QKK");
        let exception = of(json!({ "kind": "not-provided-here", "from": from }));
        lead.post("/v1/reporting-exceptions", exception).await.expect(status);
        lead.post("/v1/exclusions", of(json!({ "period": month }))).await.expect(status);
        lead.post("/v1/recalculations", of(json!({ "from": month }))).await.expect(status);
    }
}

#[rstest]
#[actix_web::test]
async fn the_past_of_what_became_another_is_mended_from_where_its_legal_successor_lies(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.trust("RR1", "QHL").await;
    app.trust("RRK", "QMF").await;
    app.kpi("ae", json!({})).await;
    let merge = json!({ "kind": "merge", "effectiveOn": "2018-04-01", "to": [{ "code": "RRK" }] });
    app.admin().post("/v1/organisations/RR1/successions", merge).await.expect(201);
    assert_eq!(refusal(&app.lead("QMF"), "RR1", "2018-02").await, Value::Null);
    assert_eq!(refusal(&app.lead("QHL"), "RR1", "2018-02").await, "out-of-scope");
    made(&app, "icb", "Y61", &["QOLD", "QEAST", "QWEST"]).await;
    let split =
        json!({ "kind": "split", "effectiveOn": "2026-04-01", "to": [{ "code": "QEAST" }, { "code": "QWEST" }] });
    app.admin().post("/v1/organisations/QOLD/successions", split).await.expect(201);
    assert_eq!(refusal(&app.lead("QEAST"), "QOLD", "2026-03").await, "out-of-scope", "neither is the legal one");
    assert_eq!(refusal(&app.lead("Y61"), "QOLD", "2026-03").await, Value::Null);
}
