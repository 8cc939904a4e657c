//! What awaits approval, laid over what counts for those who ask for it and may see it.

use crate::support::*;

const DRAFTS: &str = "provisional=true";
const VALUES: &str = "/v1/kpi-values?kpi=ae";

/// Two trusts of a board with a KPI that requires approval. What counts: 10 and 20 of RF4 from March 2026 on, 30, 40 and 45 of RJ1.
/// What waits: 25 for April and 50 for May of RF4, and that April of RJ1 is taken away.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for trust in ["RF4", "RJ1"] {
        app.trust(trust, "QMF").await;
    }
    app.kpi("ae", json!({ "approvalRequired": true, "disclosureControl": true })).await;
    for (trust, period, value) in [("RF4", 3, 10), ("RF4", 4, 20), ("RJ1", 3, 30), ("RJ1", 4, 40), ("RJ1", 5, 45)] {
        send(&app, "", trust, period, value).await;
    }
    let returns = app.admin().get("/v1/kpi-returns").await.expect(200);
    for one in rows(&returns) {
        let target = format!("/v1/kpi-returns/{}", one["id"].as_str().unwrap());
        app.lead("QMF").transition(&target, 1, json!({ "to": "approved" })).await.expect(200);
    }
    send(&app, "", "RF4", 4, 25).await;
    send(&app, "", "RF4", 5, 50).await;
    send(&app, "&strategy=delete", "RJ1", 4, 40).await;
    app
}

async fn send(app: &TestApp, how: &str, trust: &str, month: u32, value: i64) {
    let body = json!({ "rows": [row(trust, &format!("2026-{month:02}"), value)] });
    app.submitter(trust).post(&format!("/v1/kpi-submissions?kpi=ae{how}"), body).await.expect(201);
}

/// Some members of every point, as text.
fn of_points<const N: usize>(answer: &Value, names: [&str; N]) -> Vec<[String; N]> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    answer["points"].as_array().unwrap().iter().map(|point| names.map(|name| text(&point[name]))).collect()
}

fn codes(notes: &Value) -> Vec<&str> {
    notes.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

#[rstest]
#[actix_web::test]
async fn totals_lay_drafts_over_and_say_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let totals = async |actor: Actor, more: &str| actor.get(&format!("/v1/kpis/ae/totals?place=QMF&{more}")).await;
    let names = ["value", "provisional", "state"];
    let counting = totals(app.lead("QMF"), "").await.expect(200);
    let expected = [["40", "false", "approved"], ["60", "false", "submitted"], ["45", "false", "approved"]];
    assert_eq!(of_points(&counting, names), expected);
    assert!(!codes(&counting["notes"]).contains(&"provisional"), "{counting}");
    let provisional = totals(app.lead("QMF"), DRAFTS).await.expect(200);
    let expected = [["40", "false", "approved"], ["25", "true", "submitted"], ["95", "true", "submitted"]];
    assert_eq!(of_points(&provisional, names), expected);
    assert_eq!(provisional["points"][1]["partial"], true, "what is taken away is missing");
    assert!(codes(&provisional["notes"]).contains(&"provisional"), "{provisional}");
    let until = totals(app.lead("QMF"), "provisional=true&to=2026-04").await.expect(200);
    assert_eq!(of_points(&until, ["value"]), [["40"], ["25"]]);
    let csv = app.lead("QMF").get(&format!("/v1/kpis/ae/totals?place=QMF&{DRAFTS}")).accept("text/csv").await;
    assert!(
        csv.text().contains(",true,,submitted,\n") || csv.text().contains(",true,,submitted,\r\n"),
        "{}",
        csv.text()
    );
    for refused in [app.reader(), app.submitter("RF4"), app.lead("QKK")] {
        totals(refused, DRAFTS).await.problem(403, "forbidden");
    }
}

#[rstest]
#[actix_web::test]
async fn a_chart_tells_which_points_are_made_of_drafts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let own = app.submitter("RF4");
    let spc = own.get("/v1/kpis/ae/spc?organisation=RF4").await.expect(200);
    assert_eq!(of_points(&spc, ["value", "provisional"]), [["10.0", "false"], ["20.0", "false"]]);
    let spc = own.get("/v1/kpis/ae/spc?organisation=RF4&provisional=true").await.expect(200);
    let laid_over = [["10.0", "false"], ["25.0", "true"], ["50.0", "true"]];
    assert_eq!(of_points(&spc, ["value", "provisional"]), laid_over);
    assert!(codes(&spc["warnings"]).contains(&"provisional"), "{spc}");
    let gap = app.lead("QMF").get("/v1/kpis/ae/spc?organisation=RJ1&provisional=true").await.expect(200);
    let taken_away = [["30.0", "false"], ["null", "true"], ["45.0", "false"]];
    assert_eq!(of_points(&gap, ["value", "provisional"]), taken_away);
    let chart = own.get("/v1/kpis/ae/chart.svg?organisation=RF4&provisional=true").await;
    for told in [">Provisional<", "(provisional, ", "Provisional: in 2026-04, 2026-05 values await approval"] {
        assert!(chart.text().contains(told), "{told}: {}", chart.text());
    }
    let plain = own.get("/v1/kpis/ae/chart.svg?organisation=RF4").await;
    for drafts in [">Provisional<", "(provisional, ", "await approval"] {
        assert!(!plain.text().contains(drafts), "{drafts}: {}", plain.text());
    }
    own.get("/v1/kpis/ae/spc?organisation=RJ1&provisional=true").await.problem(403, "forbidden");
    app.reader().get("/v1/kpis/ae/chart.svg?place=QMF&provisional=true").await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_grid_marks_its_drafts_in_every_form(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let grid = "/v1/kpi-grid?organisation=RF4";
    let cell = async |more: &str| app.lead("QMF").get(&format!("{grid}{more}")).await.expect(200)["cells"][0].clone();
    let (counting, laid_over) = (cell("").await, cell("&provisional=true").await);
    assert_eq!([&counting["value"], &counting["provisional"]], [&json!(20.0), &json!(false)]);
    assert_eq!([&laid_over["value"], &laid_over["provisional"]], [&json!(50.0), &json!(true)]);
    assert!(codes(&laid_over["warnings"]).contains(&"provisional"), "{laid_over}");
    for (form, told) in [
        ("text/html", "50 (provisional)"),
        ("text/html", "Provisional: in 2026-04, 2026-05"),
        ("image/svg+xml", "Provisional: in 2026-04, 2026-05"),
        ("text/csv", "suppressed,provisional,"),
    ] {
        let answer = app.lead("QMF").get(&format!("{grid}&provisional=true")).accept(form).await;
        assert!(answer.text().contains(told), "{form}: {}", answer.text());
    }
    let refused = app.reader().get(&format!("{grid}&provisional=true")).await.problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("await approval"), "{refused}");
}

#[rstest]
#[actix_web::test]
async fn the_list_of_values_lays_drafts_over_where_they_may_be_seen(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let list = async |actor: Actor, more: &str| actor.get(&format!("{VALUES}&{more}")).await.expect(200);
    let counting = list(app.admin(), "").await;
    assert_eq!(column(&counting, "value"), ["10", "30", "20", "40", "45"]);
    assert!(column(&counting, "provisional").iter().all(|word| word == "false"));
    let laid_over = list(app.admin(), DRAFTS).await;
    assert_eq!(column(&laid_over, "value"), ["10", "30", "25", "50", "45"]);
    assert_eq!(column(&laid_over, "provisional"), ["false", "false", "true", "true", "false"]);
    let lead = list(app.lead("QMF"), &format!("{DRAFTS}&sort=-period&count=true&place=QMF")).await;
    assert_eq!(column(&lead, "value"), ["45", "50", "25", "30", "10"]);
    assert_eq!(lead["page"]["count"]["total"], 5);
    let own = list(app.submitter("RF4"), DRAFTS).await;
    assert_eq!(column(&own, "value"), ["10", "30", "25", "40", "50", "45"], "elsewhere what counts");
    let april = list(app.admin(), "provisional=true&from=2026-04&to=2026-04").await;
    assert_eq!(column(&april, "value"), ["25"]);
    app.reader().get(&format!("{VALUES}&{DRAFTS}")).await.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn pages_and_exports_of_drafts_hold_each_value_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    for (sort, expected) in [("", ["10", "30", "25", "50", "45"]), ("&sort=-period", ["45", "50", "25", "30", "10"])] {
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.admin().get(&format!("{VALUES}&{DRAFTS}{sort}&limit=1{next}")).await.expect(200);
            found.extend(column(&page, "value"));
            let Some(cursor) = page["page"]["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(found, expected);
    }
    let csv = app.admin().get(&format!("{VALUES}&{DRAFTS}")).accept("text/csv").await.text().to_owned();
    assert!(csv.lines().next().unwrap().trim_end().ends_with("illustrative,provisional"), "{csv}");
    assert_eq!(csv.matches(",true").count(), 2, "{csv}");
    let again = app.admin().post_csv("/v1/kpi-submissions", &csv).await.expect(201);
    assert_eq!((&again["counts"]["received"], &again["counts"]["unchanged"]), (&json!(5), &json!(5)), "{again}");
}

/// A KPI of RF4 of which a year counts, and whose next values wait for approval.
async fn doubted(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("ae", json!({ "dueDays": 20 })).await;
    let values = [100, 104, 98, 101, 99, 103, 97, 100, 102, 99, 101, 100];
    let year = values.iter().enumerate().map(|(n, value)| row("RF4", &format!("2025-{:02}", n + 1), *value));
    app.values("ae", year.chain([row("RF4", "2026-01", 500)]).collect()).await;
    let terms = json!({ "approvalRequired": true, "changeNote": "Somebody else checks from now on." });
    app.admin().patch("/v1/kpis/ae", 1, terms).await.expect(200);
    app
}

#[rstest]
#[actix_web::test]
async fn a_flag_of_a_draft_is_closed_when_its_return_is_withdrawn(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = doubted(engine).await;
    let sender = app.submitter("RF4");
    let flags = async || sender.get("/v1/kpi-value-flags?kpi=ae").await.expect(200);
    let before = column(&flags().await, "status");
    assert!(!before.is_empty() && before.iter().all(|status| status == "open"), "{before:?}");
    // A doubtful draft in the place of the doubtful value that counts.
    send(&app, "", "RF4", 1, 900).await;
    let meanwhile = column(&flags().await, "status");
    assert!(meanwhile.contains(&"replaced".to_owned()) && meanwhile.contains(&"open".to_owned()), "{meanwhile:?}");
    let returns = sender.get("/v1/kpi-returns?kpi=ae&period=2026-01").await.expect(200);
    let (id, version) = (rows(&returns)[0]["id"].as_str().unwrap(), rows(&returns)[0]["version"].as_i64().unwrap());
    let withdrawn = json!({ "to": "withdrawn", "reason": "Sent by mistake." });
    sender.transition(&format!("/v1/kpi-returns/{id}"), version, withdrawn).await.expect(200);
    let after = flags().await;
    let closed: Vec<&Value> = rows(&after).iter().filter(|flag| flag["status"] == "withdrawn").collect();
    assert_eq!(closed.len(), meanwhile.len() - before.len(), "{after}");
    assert!(closed[0]["closedBecause"].as_str().unwrap().contains("withdrawn before"), "{after}");
    let open = column(&sender.get("/v1/kpi-value-flags?kpi=ae&status=open").await.expect(200), "closedBecause");
    assert_eq!(open, vec!["null"; before.len()], "what counts is still doubtful");
    let (id, version) = (closed[0]["id"].as_str().unwrap(), closed[0]["version"].as_i64().unwrap());
    let said = json!({ "justification": "It was so." });
    sender.patch(&format!("/v1/kpi-value-flags/{id}"), version, said).await.problem(409, "immutable");
}
