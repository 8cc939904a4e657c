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

/// The days above an organisation: of each edge the parent, the first day and the first on which it no longer holds.
async fn edges(app: &TestApp, code: &str) -> Vec<[Value; 3]> {
    let found = app.anonymous().get(&format!("/v1/organisations/{code}/edges?sort=from")).await.expect(200);
    let above = found["data"].as_array().unwrap().iter().filter(|edge| edge["child"] == code);
    above.map(|edge| ["parent", "from", "to"].map(|name| edge[name].clone())).collect()
}

fn warned(answer: &Value) -> Vec<[String; 2]> {
    let warnings = answer["warnings"].as_array().unwrap().iter();
    warnings.map(|fault| ["pointer", "code"].map(|name| fault[name].as_str().unwrap().to_owned())).collect()
}

async fn registered(app: &TestApp, code: &str, kind: &str, parent: Option<&str>) {
    let mut body = json!({ "code": code, "name": "A TRUST", "type": kind });
    if let Some(parent) = parent {
        body["parent"] = json!(parent);
    }
    app.admin().post("/v1/organisations", body).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_new_parent_counts_from_the_day_of_the_file_and_an_earlier_one_takes_back(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    registered(&app, "ZE1", "nhs-trust", Some("QKK")).await;
    let trust = |board: &str| row(&[(1, "ZE1"), (2, "A TRUST"), (4, board), (11, "19940401")]);
    for (board, on, changed) in [
        ("QKK", "2025-01-01", [1, 0, 1, 0, 0]),
        ("QMF", "2025-04-01", [1, 0, 1, 0, 0]),
        ("QMF", "2026-01-01", [1, 0, 0, 1, 0]),
        ("QKK", "2026-04-01", [1, 0, 1, 0, 0]),
        ("QKK", "2026-04-01", [1, 0, 0, 1, 0]),
    ] {
        assert_eq!(counts(&load(&app, &format!("etr&on={on}"), &trust(board)).await), changed, "{board} {on}");
    }
    let expected = [
        [json!("QKK"), Value::Null, json!("2025-04-01")],
        [json!("QMF"), json!("2025-04-01"), json!("2026-04-01")],
        [json!("QKK"), json!("2026-04-01"), Value::Null],
    ];
    assert_eq!(edges(&app, "ZE1").await, expected);
    let closed = row(&[(1, "ZE1"), (2, "A TRUST"), (4, "QMF"), (11, "19940401"), (12, "20260430")]);
    assert_eq!(counts(&load(&app, "etr", &closed).await), [1, 0, 1, 0, 0]);
    assert_eq!(edges(&app, "ZE1").await[2], [json!("QKK"), json!("2026-04-01"), json!("2026-05-01")]);
    assert_eq!(counts(&load(&app, "etr", &closed).await), [1, 0, 0, 1, 0]);
}

#[rstest]
#[actix_web::test]
async fn a_row_that_would_lie_below_itself_or_what_cannot_hold_it_is_passed_over(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let network = |code: &str, parent: &str| row(&[(1, code), (2, "A PCN"), (11, "20190701"), (15, parent)]);
    registered(&app, "RR1", "nhs-trust", None).await;
    let local = json!({ "code": "LOCAL", "name": "A TRUST", "type": "nhs-trust", "odsCode": "RR2" });
    app.admin().post("/v1/organisations", local).await.expect(201);
    registered(&app, "COUNCIL", "local-authority", Some("RR1")).await;
    registered(&app, "QZZ", "icb", Some("COUNCIL")).await;
    let board = row(&[(1, "QZZ"), (2, "ANOTHER NAME"), (3, "RR1")]);
    let trust = row(&[(1, "RR1"), (2, "ANOTHER NAME"), (4, "QZZ"), (12, "20300331")]);
    for (file, rows, code) in [
        ("epcn", network("XP1", "XP2") + &network("XP2", "XP1"), "type"),
        ("eccg", board, "type"),
        ("etr", trust, "circular"),
        ("etr", row(&[(1, "RR2"), (2, "A TRUST")]), "ods-code"),
    ] {
        let loaded = load(&app, file, &rows).await;
        let number = rows.lines().count() as u64;
        assert_eq!(counts(&loaded), [number, 0, 0, 0, number], "{file}");
        assert!(warned(&loaded).iter().all(|[_, found]| found == code), "{loaded}");
    }
    app.anonymous().get("/v1/organisations/XP1").await.problem(404, "not-found");
    let kept = app.anonymous().get("/v1/organisations/RR1").await.expect(200);
    assert_eq!((&kept["name"], &kept["validTo"]), (&json!("A TRUST"), &Value::Null));
}

#[rstest]
#[actix_web::test]
async fn a_trust_may_lie_below_a_board_that_it_owns(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    registered(&app, "RR1", "nhs-trust", None).await;
    let owner = json!({ "parent": "RR1", "kind": "legal" });
    app.admin().post("/v1/organisations/QHL/edges", owner).await.expect(201);
    let loaded = load(&app, "etr", &row(&[(1, "RR1"), (2, "A TRUST"), (4, "QHL")])).await;
    assert_eq!(counts(&loaded), [1, 0, 1, 0, 0], "{loaded}");
    assert_eq!(below(&app, "QHL", "type=nhs-trust").await, ["RR1"]);
}

#[rstest]
#[actix_web::test]
async fn a_row_that_is_there_twice_counts_once_and_two_that_differ_are_refused(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (one, other) = (practice("G85001", "ONE", "QKK", ""), practice("G85001", "OTHER", "QKK", ""));
    for query in ["epraccur&dryRun=true", "epraccur"] {
        let target = format!("/v1/organisations/ods-import?file={query}");
        let refused = app.admin().post_csv(&target, &(one.clone() + &other)).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/line/2", "{query}");
        assert!(refused["errors"][0]["detail"].as_str().unwrap().starts_with("Lines 1 and 2 "), "{refused}");
    }
    assert_eq!(counts(&load(&app, "epraccur", &(one.clone() + &one)).await), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&load(&app, "epraccur", &(other.clone() + &other)).await), [1, 0, 1, 0, 0]);
    load(&app, "epcn", &row(&[(1, "U12345"), (2, "FIRST PCN"), (11, "20190701"), (15, "QKK")])).await;
    let member = "G85001,ONE,72Q,U12345,20190701,\n".repeat(2);
    assert_eq!(counts(&load(&app, "epcn-members", &member).await), [1, 1, 0, 0, 0]);
    registered(&app, "RR1", "nhs-trust", Some("QHL")).await;
    registered(&app, "RRK", "nhs-trust", Some("QHL")).await;
    assert_eq!(counts(&load(&app, "succ", &"RR1,RRK,R,20180401,N\n".repeat(2)).await), [1, 1, 0, 0, 0]);
    registered(&app, "RRV", "nhs-trust", Some("QHL")).await;
    let another = load(&app, "succ", "RR1,RRK,R,20180401,N\nRR1,RRV,R,20180401,N\n").await;
    assert_eq!(
        (counts(&another), warned(&another)),
        ([2, 0, 0, 1, 1], vec![["/line/2", "succession"].map(str::to_owned)])
    );
}

#[rstest]
#[actix_web::test]
async fn a_dry_run_counts_what_the_load_then_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for code in ["XS4", "XS5"] {
        registered(&app, code, "nhs-trust", Some("QHL")).await;
    }
    let successions = "XS4,XS5,,20240401,1\nXS5,XS4,,20240401,1\n";
    let dry = load(&app, "succ&dryRun=true", successions).await;
    assert_eq!(app.anonymous().get("/v1/organisations/XS4").await.expect(200)["validTo"], Value::Null);
    let real = load(&app, "succ", successions).await;
    assert_eq!(counts(&dry), [2, 1, 0, 0, 1]);
    assert_eq!((counts(&dry), &dry["warnings"]), (counts(&real), &real["warnings"]));
}

#[rstest]
#[actix_web::test]
async fn what_is_no_file_of_the_service_or_breaks_a_limit_is_refused_whole(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let good = practice("X81001", "A SURGERY", "QKK", "");
    let header = row(&[(1, "Code"), (2, "Name"), (10, "Postcode"), (26, "Setting")]);
    for (file, pointer) in [
        ("Code,Name\nX81001,A".to_owned(), "/line/1"),
        (header + &good, "/line/1/1"),
        (good.clone() + "X81002,A\n", "/line/2"),
        (good.clone() + &practice("X81002", &"N".repeat(301), "QKK", ""), "/line/2/2"),
        (good.replace("SE5 9RS", "SE5 9RS LONDON ENGLAND"), "/line/1/10"),
    ] {
        let refused = app.admin().post_csv("/v1/organisations/ods-import?file=epraccur", &file).await;
        assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["pointer"], pointer, "{file}");
    }
    app.anonymous().get("/v1/organisations/X81001").await.problem(404, "not-found");
    let empty = app.admin().post_csv("/v1/organisations/ods-import?file=epraccur", "\n").await;
    assert_eq!(empty.json()["detail"], "The file is empty, so there is nothing to take.");
}

#[rstest]
#[actix_web::test]
async fn a_closing_is_corrected_and_taken_back_with_the_edges_that_end_on_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let practice = |closed: &str, status: &str| {
        let cells = [(1, "G85001"), (2, "ONE"), (11, "19740401"), (12, closed), (13, status), (15, "QKK")];
        row(&[&cells[..], &[(16, "20220701"), (26, "4")]].concat())
    };
    for (closed, status, end, change) in [
        ("", "A", Value::Null, [1, 1, 0, 0, 0]),
        ("20240331", "C", json!("2024-04-01"), [1, 0, 1, 0, 0]),
        ("20250331", "C", json!("2025-04-01"), [1, 0, 1, 0, 0]),
        ("20230331", "C", json!("2023-04-01"), [1, 0, 1, 0, 0]),
        ("", "A", Value::Null, [1, 0, 1, 0, 0]),
        ("", "A", Value::Null, [1, 0, 0, 1, 0]),
    ] {
        assert_eq!(counts(&load(&app, "epraccur", &practice(closed, status)).await), change, "{closed} {status}");
        assert_eq!(app.anonymous().get("/v1/organisations/G85001").await.expect(200)["validTo"], end);
        assert_eq!(edges(&app, "G85001").await, [[json!("QKK"), json!("2022-07-01"), end]]);
    }
    let dayless = load(&app, "epraccur", &practice("", "C")).await;
    assert_eq!((counts(&dayless), warned(&dayless)), ([1, 0, 0, 1, 0], vec![["/line/1", "no-day"].map(str::to_owned)]));
    let left_first =
        row(&[(1, "G85002"), (2, "TWO"), (11, "19740401"), (15, "QKK"), (16, "20240401"), (17, "20220401")]);
    assert_eq!(warned(&load(&app, "epraccur", &left_first).await), [["/line/1", "range"]]);
    let reason = json!({ "kind": "merge", "effectiveOn": "2026-04-01", "to": [{ "code": "G85002" }] });
    app.admin().post("/v1/organisations/G85001/successions", reason).await.expect(201);
    let succeeded = load(&app, "epraccur", &practice("", "A")).await;
    assert_eq!(warned(&succeeded)[0], ["/line/1", "succession"]);
    assert_eq!(app.anonymous().get("/v1/organisations/G85001").await.expect(200)["validTo"], "2026-04-01");
}

#[rstest]
#[actix_web::test]
async fn members_are_corrected_and_end_with_their_network(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let closed = practice("G85002", "TWO", "QKK", "").replacen("\"\",\"A\"", "\"20200331\",\"C\"", 1);
    load(&app, "epraccur", &(practice("G85001", "ONE", "", "") + &closed)).await;
    registered(&app, "RR1", "nhs-trust", None).await;
    let network = |closed: &str| row(&[(1, "U12345"), (2, "FIRST PCN"), (11, "20190701"), (12, closed)]);
    load(&app, "epcn", &network("")).await;
    let member = |left: &str| format!("G85001,ONE,72Q,U12345,20190701,{left}\n");
    for (left, end) in [("20240331", "2024-04-01"), ("20250331", "2025-04-01")] {
        load(&app, "epcn-members", &member(left)).await;
        assert_eq!(edges(&app, "G85001").await.last().unwrap()[2], end);
    }
    let others = "G85002,TWO,72Q,U12345,20210401,\nRR1,TRUST,72Q,U12345,20190701,\n";
    let refused = load(&app, "epcn-members", &(member("") + others)).await;
    let expected = [["/line/1", "left"], ["/line/2", "closed"], ["/line/3", "type"]];
    assert_eq!(counts(&refused), [3, 0, 0, 0, 3]);
    assert_eq!(warned(&refused), expected);
    load(&app, "epraccur", &practice("G85003", "THREE", "", "")).await;
    load(&app, "epcn-members", "G85003,THREE,72Q,U12345,20190701,\n").await;
    for (closed, end) in [("20260331", "2026-04-01"), ("20260430", "2026-05-01")] {
        assert_eq!(counts(&load(&app, "epcn", &network(closed)).await), [1, 0, 1, 0, 0]);
        assert_eq!(edges(&app, "G85003").await.last().unwrap()[2], end);
    }
    assert_eq!(edges(&app, "G85001").await.last().unwrap()[2], "2025-04-01");
    let again = load(&app, "epcn-members", "G85003,THREE,72Q,U12345,20190701,\n").await;
    assert_eq!(counts(&again), [1, 0, 0, 1, 0]);
}
