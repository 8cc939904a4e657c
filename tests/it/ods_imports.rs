//! Files as the Organisation Data Service publishes them, in small.

use crate::support::*;

/// A row of 27 quoted cells, of which these say something.
fn row(cells: &[(usize, &str)]) -> String {
    let cell = |column: usize| cells.iter().find(|(at, _)| *at == column).map_or("", |(_, text)| *text);
    (1..=27).map(|column| format!("\"{}\"", cell(column))).collect::<Vec<_>>().join(",") + "\r\n"
}

fn practice(code: &str, name: &str, parent: &str, joined: &str) -> String {
    let cells = [(1, code), (2, name), (3, "Y56"), (4, "QKK"), (10, "SE5 9RS"), (11, "19740401")];
    row(&[&cells[..], &[(13, "A"), (14, "B"), (15, parent), (16, joined), (26, "4")]].concat())
}

async fn load(app: &TestApp, file: &str, csv: &str) -> Value {
    app.admin().post_csv(&format!("/v1/organisations/ods-import?file={file}"), csv).await.expect(200)
}

fn counts(answer: &Value) -> [u64; 5] {
    ["received", "created", "updated", "unchanged", "passedOver"].map(|name| answer["counts"][name].as_u64().unwrap())
}

async fn below(app: &TestApp, place: &str, query: &str) -> Vec<String> {
    let target = format!("/v1/organisations?place={place}&sort=code&{query}");
    column(&app.anonymous().get(&target).await.expect(200), "code")
}

#[rstest]
#[actix_web::test]
async fn practices_come_below_their_sub_board_and_a_second_load_changes_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let sub_board =
        row(&[(1, "72Q"), (2, "NHS SOUTH EAST LONDON ICB - 72Q"), (3, "Y56"), (4, "QKK"), (14, "B"), (15, "QKK")]);
    assert_eq!(counts(&load(&app, "eccg", &sub_board).await), [1, 1, 0, 0, 0]);
    let prison = row(&[(1, "Y00001"), (2, "HMP SOMEWHERE"), (26, "14")]);
    let file =
        practice("G85001", "THE KING'S SURGERY", "72Q", "20220701") + &practice("G85002", "OTHER", "72Q", "") + &prison;
    let dry = app.admin().post_csv("/v1/organisations/ods-import?file=epraccur&dryRun=true", &file).await.expect(200);
    assert_eq!(counts(&dry), [3, 2, 0, 0, 1]);
    app.anonymous().get("/v1/organisations/G85001").await.problem(404, "not-found");
    assert_eq!(counts(&load(&app, "epraccur", &file).await), [3, 2, 0, 0, 1]);
    assert_eq!(counts(&load(&app, "epraccur", &file).await), [3, 0, 0, 2, 1]);
    assert_eq!(app.anonymous().get("/v1/organisations/G85001").await.expect(200)["name"], "The King's Surgery");
    assert_eq!(below(&app, "QKK", "type=gp-practice").await, ["G85001", "G85002"]);
    assert_eq!(below(&app, "72Q", "type=gp-practice&asOf=2022-06-30").await, ["G85002"], "before it joined");
}

#[rstest]
#[actix_web::test]
async fn a_practice_that_moves_closes_or_is_renamed_is_followed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    load(&app, "epraccur", &practice("G85001", "SURGERY", "QKK", "20220701")).await;
    let moved = practice("G85001", "NEW SURGERY", "QMF", "20240401");
    assert_eq!(counts(&load(&app, "epraccur", &moved).await), [1, 0, 1, 0, 0]);
    assert_eq!(counts(&load(&app, "epraccur", &moved).await), [1, 0, 0, 1, 0]);
    assert_eq!(below(&app, "QKK", "type=gp-practice&asOf=2024-03-31").await, ["G85001"]);
    assert_eq!(below(&app, "QKK", "type=gp-practice&asOf=2024-04-01").await, Vec::<String>::new());
    assert_eq!(below(&app, "QMF", "type=gp-practice&asOf=2024-04-01").await, ["G85001"]);
    let closed = row(&[
        (1, "G85001"),
        (2, "NEW SURGERY"),
        (4, "QMF"),
        (11, "19740401"),
        (12, "20250331"),
        (13, "C"),
        (15, "QMF"),
        (26, "4"),
    ]);
    assert_eq!(counts(&load(&app, "epraccur", &closed).await), [1, 0, 1, 0, 0]);
    assert_eq!(counts(&load(&app, "epraccur", &closed).await), [1, 0, 0, 1, 0]);
    let found = app.anonymous().get("/v1/organisations/G85001").await.expect(200);
    assert_eq!(
        (&found["name"], &found["validTo"], &found["status"]),
        (&json!("New Surgery"), &json!("2025-04-01"), &json!("closed"))
    );
    assert_eq!(below(&app, "QMF", "type=gp-practice").await, Vec::<String>::new());
}

#[rstest]
#[actix_web::test]
async fn members_of_a_primary_care_network_join_and_leave(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    load(&app, "epraccur", &(practice("G85001", "ONE", "QKK", "") + &practice("G85002", "TWO", "QKK", ""))).await;
    load(&app, "epcn", &row(&[(1, "U12345"), (2, "FIRST PCN"), (4, "QKK"), (11, "20190701"), (15, "QKK")])).await;
    let members =
        "G85001,ONE,72Q,U12345,20190701,\nG85002,TWO,72Q,U12345,20190701,20220630\nG99999,NONE,72Q,U12345,20190701,\n";
    let loaded = load(&app, "epcn-members", members).await;
    assert_eq!(counts(&loaded), [3, 2, 0, 0, 1]);
    assert_eq!(loaded["warnings"][0]["pointer"], "/line/3");
    assert_eq!(counts(&load(&app, "epcn-members", members).await), [3, 0, 0, 2, 1]);
    assert_eq!(below(&app, "U12345", "type=gp-practice&asOf=2022-06-30").await, ["G85001", "G85002"]);
    assert_eq!(below(&app, "U12345", "type=gp-practice&asOf=2022-07-01").await, ["G85001"]);
}

#[rstest]
#[actix_web::test]
async fn trusts_their_sites_and_who_succeeded_them_are_loaded(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let trust = |code: &str, opened: &str| row(&[(1, code), (2, "A TRUST"), (3, "Y60"), (4, "QHL"), (11, opened)]);
    load(&app, "etr", &(trust("RR1", "19950401") + &trust("RRK", "20180401"))).await;
    load(&app, "ets", &row(&[(1, "RR101"), (2, "HEARTLANDS HOSPITAL"), (3, "Y60"), (4, "QHL")])).await;
    assert_eq!(below(&app, "RR1", "").await, ["RR1", "RR101"]);
    let successions = "RR1,RRK,R,20180401,N\nXXX,RRK,R,20180401,N\n";
    assert_eq!(counts(&load(&app, "succ", successions).await), [2, 1, 0, 0, 1]);
    assert_eq!(counts(&load(&app, "succ", successions).await), [2, 0, 0, 1, 1]);
    assert_eq!(app.anonymous().get("/v1/organisations/RR1").await.expect(200)["validTo"], "2018-04-01");
    assert_eq!(below(&app, "RRK", "type=trust-site").await, ["RR101"]);
    let acts = app.anonymous().get("/v1/organisations/RR1/successions").await.expect(200);
    assert_eq!((&acts["data"][0]["kind"], &acts["data"][0]["to"][0]["legal"]), (&json!("rename"), &json!(true)));
}

#[rstest]
#[actix_web::test]
async fn a_row_that_cannot_be_read_keeps_the_whole_file_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let file = practice("G85001", "ONE", "QKK", "2022-07-01") + &practice("G85 02", "TWO", "QKK", "");
    let target = "/v1/organisations/ods-import?file=epraccur";
    let refused = app.admin().post_csv(target, &file).await.problem(422, "validation-failed");
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().filter_map(|fault| fault["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/line/1/16", "/line/2/1"]);
    app.anonymous().get("/v1/organisations/G85001").await.problem(404, "not-found");
    app.admin().post_csv("/v1/organisations/ods-import", &file).await.problem(422, "validation-failed");
    app.lead("QKK").post_csv(target, &file).await.problem(403, "forbidden");
    let unknown = load(&app, "epraccur", &practice("G85003", "THREE", "00L", "").replace("QKK", "")).await;
    assert_eq!(unknown["warnings"][0]["code"], "unknown-parent");
}
