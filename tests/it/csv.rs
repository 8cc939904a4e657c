//! CSV as it comes from spreadsheet programs, and as it goes back to them. The files in `csv/` are made by `csv/make.py`.

use crate::support::*;
use std::collections::BTreeSet;

const SUBMIT: &str = "/v1/kpi-submissions?kpi=ae";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/csv");

/// What each file says: its rows, by their lines in an editor, with what they say or what is wrong with them; or, where it is
/// refused whole, with which status, code and fault, on which line.
const FILES: [(&str, &str); 50] = [
    ("libreoffice-comma", "2 2019-04 14200 | 3 2019-05 85.3 Café closed, late entries"),
    ("libreoffice-semicolon", "2 2019-04 14200 | 3 2019-05 85.3 Café closed, late entries"),
    ("libreoffice-tab", "2 2019-04 14200 | 3 2019-05 85.3 Café closed, late entries"),
    ("libreoffice-all-quoted", "2 2019-04 14200 | 3 2019-05 85.3 Café closed, late entries"),
    ("libreoffice-header-as-people-write-it", "2 2019-04 14200"),
    ("libreoffice-empty-rows-and-columns", "4 2019-04 3 | 6 2019-05 4 x"),
    ("libreoffice-line-breaks", "2 2019-04 1 one\ntwo\nthree | 5 period-malformed"),
    ("libreoffice-quotation-marks", "2 2019-04 1 the \"old\" way; 6\" tube | 3 2019-05 2 'tis"),
    ("libreoffice-text-like-a-formula", "2 2019-04 1 =SUM(A1)"),
    ("libreoffice-taken-away", "2 2019-04 1"),
    ("libreoffice-months-as-dates", "2 period-malformed | 3 2019-05 2"),
    ("libreoffice-british-dates", "2 period-malformed | 3 2019-05 2"),
    ("libreoffice-exponent", "2 value-type | 3 2019-05 5"),
    ("libreoffice-thousands", "2 value-type | 3 2019-05 999"),
    ("libreoffice-percent-and-pounds", "2 value-type | 3 value-type"),
    ("libreoffice-decimal-comma", "2 value-type | 3 value-type"),
    ("libreoffice-formulas", "2 2019-04 42 | 3 value-type | 4 value-type"),
    ("libreoffice-windows-1252", "400 malformed-body encoding 3"),
    ("libreoffice-mac-roman", "400 malformed-body encoding 3"),
    ("libreoffice-dos-850", "400 malformed-body encoding 3"),
    ("libreoffice-utf-16", "400 malformed-body utf-16 1"),
    ("libreoffice-workbook-xlsx", "400 malformed-body workbook 1"),
    ("libreoffice-workbook-xls", "400 malformed-body workbook 1"),
    ("libreoffice-workbook-ods", "400 malformed-body workbook 1"),
    ("libreoffice-no-header", "400 unknown-column unknown-column 1"),
    ("libreoffice-title-above", "400 unknown-column unknown-column 1"),
    ("libreoffice-text-without-a-column", "422 validation-failed no-column 2"),
    ("libreoffice-column-twice", "422 validation-failed column-twice 1"),
    ("libreoffice-header-alone", "422 no-rows no-rows 2"),
    ("excel-utf-8", "2 2019-04 14200 | 3 2019-05 85.3 café"),
    ("excel-plain-ascii", "2 2019-04 14200 | 3 period-malformed"),
    ("excel-macintosh", "2 2019-04 14200 | 3 period-malformed"),
    ("excel-sep-line", "3 2019-04 14200 | 4 period-malformed"),
    ("excel-sep-line-tab", "3 2019-04 14200"),
    ("excel-short-rows", "2 2019-04 1 x | 3 2019-05 2 | 4 value-missing"),
    ("excel-trailing-cells", "2 2019-04 1"),
    ("excel-plain", "400 malformed-body encoding 2"),
    ("excel-unicode-text", "400 malformed-body utf-16 1"),
    ("utf-16-without-mark", "400 malformed-body utf-16 1"),
    ("google-sheets", "2 2019-04 14200 | 3 2019-05 85.3 café"),
    ("apple-numbers", "2 2019-04 14200 late, café"),
    ("two-encodings", "400 malformed-body two-encodings 3"),
    ("two-encodings-marked", "400 malformed-body two-encodings 2"),
    ("quotation-open", "422 validation-failed quotation 3"),
    ("quotation-ends-early", "422 validation-failed quotation 2"),
    ("quotation-behind-a-space", "422 validation-failed quotation 2"),
    ("comma-in-a-number", "422 validation-failed no-column 3"),
    ("cut-off", "422 validation-failed cut-off 3"),
    ("empty", "422 no-rows no-rows 1"),
    ("compressed", "400 malformed-body compressed 1"),
];

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}.csv")).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

/// Two trusts and a live monthly count with a decimal.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "valueType": "number", "decimals": 1 })).await;
    app
}

/// The answer, as the table tells it.
fn told(answer: &Answer) -> String {
    let body = answer.json();
    if answer.status != 200 {
        let fault = &body["errors"][0];
        let line = fault["pointer"].as_str().unwrap().trim_start_matches("/line/");
        return format!(
            "{} {} {} {line}",
            answer.status,
            body["code"].as_str().unwrap(),
            fault["code"].as_str().unwrap()
        );
    }
    let mut rows = body["rows"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["line"].as_i64());
    let row = |row: &Value| match row["errors"][0]["code"].as_str() {
        Some(code) => format!("{} {code}", row["line"]),
        None => {
            let (key, new) = (&row["key"], &row["new"]);
            let said = format!("{} {} {}", row["line"], key["period"].as_str().unwrap(), new["value"]);
            new["comment"].as_str().map_or(said.clone(), |comment| format!("{said} {comment}"))
        }
    };
    rows.iter().map(row).collect::<Vec<_>>().join(" | ")
}

#[rstest]
#[actix_web::test]
async fn files_are_read_as_spreadsheet_programs_save_them(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let mut wrong = Vec::new();
    for (name, expected) in FILES {
        let request = submitter.post_csv(&format!("{SUBMIT}&dryRun=true&mode=partial"), "").body(file(name));
        let told = told(&request.await);
        if told != expected {
            wrong.push(format!("{name}: {told}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_that_was_made_is_in_the_table() {
    let ending = |name: std::ffi::OsString| name.to_str()?.strip_suffix(".csv").map(str::to_owned);
    let made = std::fs::read_dir(FOLDER).unwrap().filter_map(|entry| ending(entry.unwrap().file_name()));
    let listed = FILES.map(|(name, _)| name.to_owned());
    assert_eq!(made.collect::<BTreeSet<_>>(), BTreeSet::from(listed));
}

#[rstest]
#[actix_web::test]
async fn a_fault_says_what_to_do_in_the_program_it_came_from(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4");
    let target = format!("{SUBMIT}&dryRun=true");
    for name in ["excel-plain", "excel-unicode-text", "libreoffice-workbook-xlsx", "two-encodings"] {
        let detail =
            submitter.post_csv(&target, "").body(file(name)).await.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Save As > CSV UTF-8 (Comma delimited)"), "{name}: {detail}");
    }
    for (name, advice) in [
        ("libreoffice-months-as-dates", "format the column as Text"),
        ("libreoffice-british-dates", "such as 2024-03"),
        ("libreoffice-exponent", "without an exponent, which leaves digits out: format the column as Number"),
        ("libreoffice-decimal-comma", "with a point, not a comma"),
        ("libreoffice-thousands", "without thousands separators: format the column as Number"),
    ] {
        let row = submitter.post_csv(&target, "").body(file(name)).await.expect(200)["rows"][0].clone();
        let detail = row["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(advice), "{name}: {detail}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_file_that_is_refused_whole_is_answered_as_csv_to_who_asks_for_csv(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    let send = async |csv: &str| app.submitter("RF4").post_csv(SUBMIT, csv).accept("text/csv").await;
    let unknown = send("organisation,period,colour\r\nRF4,2019-04,red\r\n").await;
    assert_eq!((unknown.status, unknown.header("content-type")), (400, "text/csv; charset=utf-8"));
    assert!(unknown.text().starts_with("line,problem,expected\n1,unknown-column,\"There is no column \"\"colour\"\"."));
    let long = send("organisation,period,value\r\nRF4,2019-04,1\r\nRF4,2019-05,1,234\r\n").await;
    assert_eq!(long.status, 422);
    assert!(long.text().contains("\n3,no-column,"), "{}", long.text());
    assert!(send("organisation\n").await.text().contains("\n2,no-rows,"));
    let elsewhere = app.submitter("RF4").post_csv("/v1/kpi-submissions?kpi=never&kpi=ae", "x").accept("text/csv").await;
    elsewhere.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_header_alone_is_no_delivery(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for csv in ["", "organisation,period,value", "organisation;period;value\r\n;;\r\n\r\n"] {
        app.submitter("RF4").post_csv(SUBMIT, csv).await.problem(422, "no-rows");
    }
    app.admin().post_csv("/v1/organisations", "code,name,type\n").await.problem(422, "no-rows");
}

#[rstest]
#[actix_web::test]
async fn what_a_row_leaves_out_stays_and_what_it_clears_goes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let full = json!({ "organisation": "RF4", "period": "2026-01", "value": 1, "qualifier": "at-least", "basis": "estimated", "comment": "Late." });
    app.values("ae", json!([full])).await;
    let now = async || {
        let value = app.admin().get("/v1/kpi-values?kpi=ae&organisation=RF4").await.expect(200)["data"][0].clone();
        [value["qualifier"].clone(), value["basis"].clone(), value["comment"].clone()]
    };
    let csv = async |rows: &str| app.submitter("RF4").post_csv(SUBMIT, rows).await.expect(201)["counts"].clone();
    csv("organisation,period,value,qualifier,comment\nRF4,2026-01,2,,\n").await;
    assert_eq!(now().await, ["at-least", "estimated", "Late."], "an empty cell and an absent column say nothing");
    csv("organisation,period,value,qualifier,comment\nRF4,2026-01,2,(none),(NONE)\n").await;
    assert_eq!(now().await, [json!("exact"), json!("estimated"), json!(null)]);
    let cleared =
        json!({ "rows": [{ "organisation": "RF4", "period": "2026-01", "value": 2, "basis": null, "comment": null }] });
    let answer = app.submitter("RF4").post(SUBMIT, cleared.clone()).await.expect(201);
    assert_eq!(answer["rows"][0]["new"], json!({ "value": 2, "qualifier": "exact", "basis": "measured" }));
    assert_eq!(now().await, [json!("exact"), json!("measured"), json!(null)]);
    assert_eq!(app.submitter("RF4").post(SUBMIT, cleared).await.expect(201)["counts"]["unchanged"], 1);
    let value = json!({ "rows": [{ "organisation": "RF4", "period": "2026-01", "value": null }] });
    app.submitter("RF4").post(SUBMIT, value).await.problem(400, "malformed-body");
}

#[rstest]
#[actix_web::test]
async fn no_cell_of_an_answer_is_a_formula_and_all_come_back_as_they_were(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let comments = [
        "-2+3+cmd|' /C calc'!A0",
        " =1+1",
        "\u{a0}=1+1",
        "＝1+1",
        "'=1",
        "(none)",
        "a;=1",
        "two\nlines, \"quoted\"",
        " kept ",
    ];
    let row = |(month, comment): (usize, &&str)| json!({ "organisation": "RF4", "period": format!("2025-{:02}", month + 1), "value": -2.5, "comment": comment });
    app.values("ae", comments.iter().enumerate().map(row).collect()).await;
    let csv = app.admin().get("/v1/kpi-values").accept("text/csv").await;
    for escaped in ["'-2+3+cmd|", "' =1+1", "'\u{a0}=1+1", "'＝1+1", "''=1", "'(none)", ",-2.5,"] {
        assert!(csv.text().contains(escaped), "{escaped}: {}", csv.text());
    }
    let again = app.admin().post_csv("/v1/kpi-submissions", csv.text()).await.expect(201);
    assert_eq!(again["counts"]["unchanged"], comments.len(), "{again}");
}

#[rstest]
#[actix_web::test]
async fn the_answer_opens_in_the_program_that_sent_the_file_and_is_taken_back(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    let sent = "sep=;\r\nComment;Organisation;;Period;Value\r\n(none);RF4;;2026-01;1\r\n\r\n=A1;RF4;;Apr-19;2\r\n";
    let send = async |csv: &str| {
        app.submitter("RF4").post_csv(&format!("{SUBMIT}&mode=partial"), csv).accept("text/csv").await
    };
    let answer = send(sent).await;
    let lines: Vec<&str> = answer.text().lines().collect();
    assert_eq!(
        lines[..2],
        ["Comment;Organisation;Period;Value;outcome;problem;expected", "(none);RF4;2026-01;1;created;;"]
    );
    assert!(lines[2].starts_with("'=A1;RF4;Apr-19;2;rejected;period-malformed;"), "{}", lines[2]);
    let again = send(&answer.text().replace("Apr-19", "2019-04")).await;
    let lines: Vec<&str> = again.text().lines().collect();
    assert_eq!(lines[1..], ["(none);RF4;2026-01;1;unchanged;;", "'=A1;RF4;2019-04;2;created;;"]);
    let kept = app.admin().get("/v1/kpi-values?kpi=ae&from=2019-04&to=2019-04").await.expect(200);
    assert_eq!(column(&kept, "comment"), ["=A1"]);
}

/// A form as `curl -F` sends it, with these parts.
fn form(request: Request, parts: &[(&str, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"return.csv\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(b"--edge--\r\n");
    request.header("content-type", "multipart/form-data; boundary=edge").body(body)
}

#[rstest]
#[actix_web::test]
async fn a_form_with_one_file_is_read_as_the_file(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RF4").with("idempotency-key", "one-return");
    let send = |parts: &[(&str, &[u8])]| form(submitter.request("POST", SUBMIT), parts);
    let csv = file("excel-utf-8");
    let first = send(&[("file", &csv)]).await.expect(201);
    assert_eq!(first["counts"]["created"], 2);
    let same = submitter.post_csv(SUBMIT, "").body(csv.clone()).await;
    assert_eq!((same.header("idempotency-replayed"), same.json()), ("true", first), "the file is what is sent");
    let wrong: [&[(&str, &[u8])]; 3] = [&[], &[("kpi", b"ae")], &[("file", &csv), ("more", &csv)]];
    for parts in wrong {
        send(parts).await.problem(400, "malformed-body");
    }
    let request = app.submitter("RF4").request("POST", SUBMIT).accept("text/csv");
    let told = form(request, &[("file", &file("quotation-open"))]).await;
    assert!(told.text().contains("\n3,quotation,"), "{}", told.text());
    let organisations =
        form(app.admin().request("POST", "/v1/organisations"), &[("file", b"code,name,type\nRJ1,Guy's,nhs-trust\n")]);
    assert_eq!(organisations.await.expect(200)["counts"]["created"], 1);
}

#[rstest]
#[actix_web::test]
async fn a_mark_for_excel_begins_the_csv_where_it_is_asked_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.values("ae", json!([row("RF4", "2026-01", 1)])).await;
    let admin = app.admin();
    for target in ["/v1/kpi-values?kpi=ae", "/v1/kpis/ae/template.csv?", "/v1/reports/funding?"] {
        let plain = admin.get(target).accept("text/csv").await;
        let marked = admin.get(&format!("{target}&bom=true").replace("?&", "?")).accept("text/csv").await;
        assert_eq!((plain.status, marked.text()), (200, format!("\u{feff}{}", plain.text()).as_str()), "{target}");
    }
    let told = admin
        .post_csv(&format!("{SUBMIT}&bom=true"), std::str::from_utf8(&file("excel-sep-line")).unwrap())
        .accept("text/csv")
        .await;
    assert!(told.status == 422 && told.text().starts_with('\u{feff}'), "{}", told.text());
    admin.post_csv(SUBMIT, &told.text().replace("2019-13", "2019-05")).await.expect(201);
    assert!(admin.get("/v1/kpi-values?bom=true").await.text().starts_with('{'), "JSON has none");
    admin.get("/v1/kpi-values?bom=yes").await.problem(400, "invalid-parameter");
    admin.get("/v1/kpis/ae/template.csv?bom=true&colour=red").await.problem(400, "unknown-parameter");
    admin.get("/v1/me?bom=true").await.problem(400, "unknown-parameter");
}

#[rstest]
#[actix_web::test]
async fn an_import_keeps_what_it_does_not_name_and_clears_what_it_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust", "postcode": "SE5 9RS", "validFrom": "2006-12-01", "parent": "QKK" });
    app.admin().post("/v1/organisations", body).await.expect(201);
    let import = async |csv: &str| app.admin().post_csv("/v1/organisations", csv).await;
    let renamed = "Code;Name;Type;PostCode\r\nrjz;King's College;nhs-trust;\r\n";
    assert_eq!(import(renamed).await.expect(200)["counts"]["updated"], 1);
    let organisation = async || app.anonymous().get("/v1/organisations/RJZ").await.expect(200);
    let kept = organisation().await;
    assert_eq!([&kept["name"], &kept["postcode"], &kept["validFrom"]], ["King's College", "SE5 9RS", "2006-12-01"]);
    import("code,name,type,postcode\nRJZ,King's College,nhs-trust,(none)\n").await.expect(200);
    assert_eq!(organisation().await["postcode"], Value::Null);
    let problem =
        import("code,name,type,validFrom,parent\nRJZ,King's,nhs-trust,01/12/2006,QKK\nRJZ,King's,nhs-trust,,(none)\n")
            .await;
    let problem = problem.problem(422, "validation-failed");
    let pointers = problem["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap());
    assert_eq!(pointers.collect::<Vec<_>>(), ["/line/2/validFrom", "/line/3/parent"]);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("format the column as Text"), "{problem}");
}
