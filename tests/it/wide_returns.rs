//! Returns by hand: a table with a column for each KPI of a set, as CSV or as a workbook, from the template to the register.

use crate::support::*;
use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::Workbook;
use std::io::Cursor;

const SUBMIT: &str = "/v1/kpi-submissions?set=urgent-care";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Two trusts that are asked for attendances by type, for those seen within four hours, and once a quarter for complaints.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.set_clock("2024-05-20T09:00:00Z");
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi(
        "ae",
        json!({ "name": "Attendances in A&E", "breakdowns": [{ "dimension": "type", "members": ["1", "2"] }] }),
    )
    .await;
    let share = json!({ "name": "Seen within four hours", "valueType": "percentage", "aggregation": "ratio-of-sums", "decimals": 1 });
    app.kpi("four-hours", share).await;
    app.kpi("complaints", json!({ "periodType": "quarter" })).await;
    let set = json!({ "code": "Urgent-Care", "name": "Urgent care", "kpis": ["ae", "four-hours", "complaints"], "assignments": [{ "place": "RF4" }, { "place": "RJZ" }] });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    app
}

fn counts(answer: &Value) -> [i64; 4] {
    ["received", "created", "unchanged", "rejected"].map(|name| answer["counts"][name].as_i64().unwrap())
}

/// The faults of an answer, each by its pointer and code.
fn faults(answer: &Value) -> Vec<String> {
    let of = |row: &Value| {
        let codes = row["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap());
        format!("{} {}", row["pointer"].as_str().unwrap(), codes.collect::<Vec<_>>().join(","))
    };
    answer["rows"].as_array().unwrap().iter().filter(|row| row["outcome"] == "rejected").map(of).collect()
}

#[rstest]
#[actix_web::test]
async fn a_template_is_filled_in_checked_sent_and_sent_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let template = submitter.get("/v1/kpi-sets/urgent-care/template.csv").await;
    assert_eq!(template.header("content-disposition"), "attachment; filename=\"urgent-care.csv\"");
    let expected = "organisation,organisationName,period,breakdown,ae,complaints,four-hours.numerator,four-hours.denominator\n\
                    RF4,Trust RF4,2024-04,1,,,,\nRF4,Trust RF4,2024-04,2,,,,\nRF4,Trust RF4,2024-04,,,,,\nRF4,Trust RF4,2024-Q1,,,,,\n";
    assert_eq!(template.text(), expected);
    submitter.post_csv(SUBMIT, template.text()).await.problem(422, "no-rows");
    let filled = expected.replace("04,1,,", "04,1,10,").replace("04,2,,", "04,2,20,").replace("04,,,,,", "04,,,,9,10");
    let filled = filled.replace("Q1,,,", "Q1,,,3");
    let dry = submitter.post_csv(&format!("{SUBMIT}&dryRun=true"), &filled).await.expect(200);
    assert_eq!(counts(&dry), [4, 4, 0, 0], "{dry}");
    let sent = submitter.post_csv(SUBMIT, &filled).await.expect(201);
    assert_eq!((counts(&sent), &sent["rows"][0]["pointer"]), ([4, 4, 0, 0], &json!("/rows/0/ae")));
    assert_eq!(counts(&submitter.post_csv(SUBMIT, &filled).await.expect(201)), [4, 0, 4, 0]);
    let values = app.admin().get("/v1/kpi-values?kpi=four-hours").await.expect(200);
    let value = |name: &str| values["data"][0][name].as_f64();
    assert_eq!((value("value"), value("numerator")), (Some(90.0), Some(9.0)));
}

#[rstest]
#[actix_web::test]
async fn a_fault_points_at_its_cell_and_the_senders_own_table_comes_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let sent = "Organisation;Period;breakdown;AE;four-hours.numerator;four-hours.denominator;complaints\n\
                RF4;2024-04;1;ten;9;10;\nRF4;2024-04;;5;9;10;7\n\nRF4;2024-03;;;8;10;\nTrust RF4;2024-04;2;4;;;\n";
    let dry = submitter.post_csv(&format!("{SUBMIT}&dryRun=true"), sent).await.expect(200);
    let expected = [
        "/rows/0/ae value-type",
        "/rows/0/four-hours unknown-breakdown",
        "/rows/1/ae unknown-breakdown",
        "/rows/1/complaints period-type",
        "/rows/3/ae unknown-organisation",
    ];
    assert_eq!(faults(&dry), expected);
    let line = dry["rows"].as_array().unwrap().iter().find(|row| row["pointer"] == "/rows/3/ae").unwrap();
    assert_eq!(line["line"], 6);
    assert!(line["errors"][0]["detail"].as_str().unwrap().ends_with("Did you mean RF4 (Trust RF4)?"), "{line}");
    let answer = submitter.post_csv(&format!("{SUBMIT}&mode=partial"), sent).accept("text/csv").await;
    let lines: Vec<&str> = answer.text().lines().collect();
    assert!(lines[0].ends_with(";complaints;outcome;problem;expected"), "{}", lines[0]);
    assert!(
        lines[1].contains(";ae: value-type; four-hours: unknown-breakdown;")
            || lines[1].contains(";\"ae: value-type; four-hours: unknown-breakdown\";"),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("ae: rejected; complaints: rejected; four-hours: created"), "{}", lines[2]);
    assert!(lines[3].ends_with(";created;;"), "{}", lines[3]);
    assert!(lines[4].contains(";rejected;organisation: unknown-organisation;"), "{}", lines[4]);
    let mended =
        answer.text().replace(";ten;9;10;", ";10;;;").replace(";;5;9;10;7;", ";;;9;10;;").replace("Trust RF4", "RF4");
    assert_eq!(counts(&submitter.post_csv(SUBMIT, &mended).await.expect(201)), [4, 2, 2, 0], "{mended}");
}

#[rstest]
#[actix_web::test]
async fn a_column_that_the_set_does_not_have_is_refused_with_those_it_has(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let named = submitter.post_csv(SUBMIT, "organisation,period,Attendances in A&E\nRF4,2024-04,1\n").await;
    let problem = named.problem(400, "unknown-column");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("Did you mean ae (Attendances in A&E)?") && detail.contains("ae, complaints, four-hours"),
        "{detail}"
    );
    let csv = "organisation,period,ae\nRF4,2024-04,1\n";
    submitter.post_csv("/v1/kpi-submissions?set=nowhere", csv).await.problem(422, "unknown-reference");
    submitter.post_csv(&format!("{SUBMIT}&kpi=ae"), csv).await.problem(400, "invalid-parameter");
    submitter.post(SUBMIT, json!({ "rows": [row("RF4", "2024-04", 1)] })).await.problem(400, "invalid-parameter");
    let twice = "organisation,period,breakdown,ae,AE\nRF4,2024-04,1,1,2\n";
    submitter.post_csv(SUBMIT, twice).await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn an_empty_cell_says_nothing_and_none_takes_away(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let header = "organisation,period,breakdown,ae,ae.comment,ae.qualifier";
    let send =
        async |row: &str| submitter.post_csv(SUBMIT, &format!("{header}\nRF4,2024-04,1,{row}\n")).await.expect(201);
    send("10,Late.,at-least").await;
    assert_eq!(send("10,,").await["counts"]["unchanged"], 1);
    let changed = send("10,(none),").await;
    let new = &changed["rows"][0]["new"];
    assert_eq!((&new["comment"], &new["qualifier"]), (&json!(null), &json!("at-least")));
    let delete = format!("{SUBMIT}&strategy=delete");
    let csv = "organisation,period,breakdown,ae,four-hours\nRF4,2024-04,1,10,\n";
    assert_eq!(submitter.post_csv(&delete, csv).await.expect(201)["counts"]["deleted"], 1);
}

#[rstest]
#[actix_web::test]
async fn a_name_sent_for_a_code_is_answered_with_the_code(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let college = json!({ "code": "RAX", "name": "King's College Hospital NHS Foundation Trust", "type": "nhs-trust", "parent": "QKK",
        "identifiers": [{ "scheme": "local", "value": "KCH-7" }] });
    app.admin().post("/v1/organisations", college).await.expect(201);
    for sent in ["KINGS COLLEGE HOSPITAL NHS FOUNDATION TRUST", "kch-7", "Kings Colege Hospital", "Kings College"] {
        let body = json!({ "kpi": "Attendances in A and E", "rows": [row(sent, "2024-04", 1)] });
        let answer = app.admin().post("/v1/kpi-submissions?dryRun=true", body).await.expect(200);
        let details: Vec<&str> = answer["rows"][0]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|error| error["detail"].as_str())
            .collect();
        assert!(details[0].contains("Did you mean ae (Attendances in A&E)?"), "{details:?}");
        assert!(
            details[1].contains("Did you mean RAX (King's College Hospital NHS Foundation Trust)?"),
            "{sent}: {details:?}"
        );
    }
    let body =
        json!({ "kpi": "ae", "rows": [row("\"' OR (* :", "2024-04", 1), row("Ministry of Magic", "2024-04", 1)] });
    let answer = app.admin().post("/v1/kpi-submissions?dryRun=true", body).await.expect(200);
    assert!(!answer.to_string().contains("Did you mean"), "{answer}");
}

#[rstest]
#[actix_web::test]
async fn a_template_has_what_the_caller_may_send_and_no_more(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let target = "/v1/kpi-sets/URGENT-CARE/template.csv";
    let organisations = |text: &str| {
        let mut codes: Vec<String> =
            text.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
        codes.dedup();
        codes
    };
    assert_eq!(organisations(app.admin().get(target).await.text()), ["RF4", "RJZ"]);
    assert_eq!(organisations(app.lead("QKK").get(target).await.text()), ["RJZ"]);
    let march = app.admin().get(&format!("{target}?organisation=rjz&period=2024-03")).await;
    assert_eq!(march.text().lines().count(), 4, "{}", march.text());
    assert!(march.text().lines().skip(1).all(|line| line.starts_with("RJZ,Trust RJZ,2024-03,")), "{}", march.text());
    assert!(!march.text().contains("complaints"), "a KPI of quarters is not due for a month");
    app.submitter("RF4").get(&format!("{target}?organisation=RJZ")).await.problem(403, "forbidden");
    app.submitter("QMF").get(&format!("{target}?organisation=QMF")).await.problem(422, "validation-failed");
    app.submitter("RF4").get(&format!("{target}?period=2024-W10")).await.problem(422, "validation-failed");
    app.reader().get(target).await.problem(403, "forbidden");
    app.submitter("RF4").get("/v1/kpi-sets/nowhere/template.csv").await.problem(404, "not-found");
}

/// The cells of the sheet called Return.
fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range("Return").unwrap();
    range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

/// A workbook with these cells; what is a number is written as one.
fn workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Return").unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell.as_str()).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

fn post(actor: &Actor, target: &str, bytes: Vec<u8>) -> Request {
    actor.request("POST", target).header("content-type", XLSX).body(bytes)
}

#[rstest]
#[actix_web::test]
async fn a_workbook_goes_the_same_way_as_a_csv(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let template = submitter.get("/v1/kpi-sets/urgent-care/template.xlsx").await;
    assert_eq!((template.status, template.header("content-type")), (200, XLSX));
    let mut rows = cells(&template.body);
    assert_eq!(rows[3][..4], ["RF4", "Trust RF4", "2024-04", ""]);
    (rows[1][4], rows[2][4], rows[3][6], rows[3][7]) = ("10".into(), "20".into(), "9".into(), "10".into());
    rows[4][5] = "3".into();
    let filled = workbook(&rows);
    assert_eq!(
        counts(&post(&submitter, &format!("{SUBMIT}&dryRun=true"), filled.clone()).await.expect(200)),
        [4, 4, 0, 0]
    );
    assert_eq!(counts(&post(&submitter, SUBMIT, filled.clone()).await.expect(201)), [4, 4, 0, 0]);
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"return.xlsx\"\r\n\r\n";
    let form = [form.as_bytes(), &filled, b"\r\n--x--\r\n"].concat();
    let again =
        submitter.request("POST", SUBMIT).header("content-type", "multipart/form-data; boundary=x").body(form).await;
    assert_eq!(counts(&again.expect(201)), [4, 0, 4, 0]);
}

#[rstest]
#[actix_web::test]
async fn a_fault_in_a_workbook_points_at_its_cell_and_comes_back_marked(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let line = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    let rows = vec![
        line(["organisation", "period", "breakdown", "ae", "four-hours"]),
        line(["RF4", "2024-04", "1", "ten", ""]),
        line(["Trust RF4", "2024-04", "2", "5", ""]),
        line(["RF4", "2024-04", "", "", "90.5"]),
    ];
    let dry = post(&submitter, &format!("{SUBMIT}&dryRun=true"), workbook(&rows)).await.expect(200);
    assert_eq!(faults(&dry), ["/sheets/Return/D2 value-type", "/sheets/Return/A3 unknown-organisation"]);
    let answer = post(&submitter, SUBMIT, workbook(&rows)).accept(XLSX).await;
    assert_eq!((answer.status, answer.header("content-type")), (422, XLSX));
    let mut told = cells(&answer.body);
    assert_eq!(told[0][5..], ["outcome", "problem", "expected"]);
    assert_eq!((told[1][5].as_str(), told[1][6].as_str()), ("rejected", "ae: value-type"));
    assert_eq!((told[3][4].as_str(), told[3][5].as_str()), ("90.5", "not-written"));
    (told[1][3], told[2][0]) = ("10".into(), "RF4".into());
    assert_eq!(counts(&post(&submitter, SUBMIT, workbook(&told)).await.expect(201)), [3, 3, 0, 0]);
    let csv = post(&submitter, SUBMIT, workbook(&told)).accept("text/csv").await;
    assert!(csv.text().contains("RF4,2024-04,,,90.5,unchanged,,"), "{}", csv.text());
    let long =
        vec![line(["kpi", "organisation", "period", "breakdown", "value"]), line(["ae", "RF4", "2024-W01", "3", "1"])];
    let dry = post(&submitter, "/v1/kpi-submissions?dryRun=true", workbook(&long)).await.expect(200);
    assert_eq!(faults(&dry), ["/sheets/Return/C2 period-type,unknown-breakdown"]);
}

#[rstest]
#[actix_web::test]
async fn what_is_no_workbook_or_unpacks_to_too_much_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    post(&submitter, SUBMIT, b"organisation,period\n".to_vec()).await.problem(400, "malformed-body");
    let problem = post(&submitter, SUBMIT, workbook(&[vec!["organisation".into(), "colour".into()]])).await;
    let problem = problem.problem(400, "unknown-column");
    assert_eq!(problem["errors"][0]["pointer"], "/sheets/Return/B1");
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![b' '; 1 << 20];
    (0..200).for_each(|_| std::io::Write::write_all(&mut bomb, &zeros).unwrap());
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    post(&submitter, SUBMIT, bomb).await.problem(413, "body-too-large");
}

#[rstest]
#[actix_web::test]
async fn the_page_for_returns_runs_what_the_register_serves_and_nothing_else(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let page = app.anonymous().get("/returns").await;
    page.expect_html();
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
    assert!(!page.text().contains("<style") && !page.text().contains(" style=") && !page.text().contains(" onclick="));
    for (target, media) in [("/returns/returns.js", "text/javascript"), ("/returns/returns.css", "text/css")] {
        assert!(page.text().contains(target));
        let file = app.anonymous().get(target).await;
        assert!(file.status == 200 && file.header("content-type").starts_with(media), "{target}");
    }
}
