//! How PostgreSQL answers what lists and reads ask of it, as its own log says.

use super::operations;
use crate::support::*;

#[actix_web::test]
async fn every_sort_that_a_list_of_everything_offers_follows_an_index() {
    let app = TestApp::watched().await;
    let admin = app.admin();
    let (mut sorted, mut read) = (Vec::new(), app.log().len());
    // What one submission replaced is no list of everything.
    let of_everything = |path: &str| !path.contains('{') && path != "/v1/kpi-value-revisions";
    for operation in operations().iter().filter(|operation| operation.method == "GET" && of_everything(&operation.path))
    {
        for sort in operation.sorts().iter().flat_map(|word| [word.clone(), format!("-{word}")]) {
            admin.get(&format!("{}?sort={sort}", operation.target)).await.expect(200);
            let log = app.log();
            let new = log[std::mem::replace(&mut read, log.len())..].iter();
            let pages: Vec<_> = new.filter(|entry| entry.contains(" plan: ") && entry.contains(" Limit ")).collect();
            assert!(!pages.is_empty(), "{}: no plan of a page is in the log", operation.id);
            let whole = |plan: &&&String| plan.replace("Incremental Sort", "").contains("Sort  (cost");
            sorted.extend(pages.iter().filter(whole).map(|plan| format!("{} by {sort}: {plan}", operation.id)));
        }
    }
    let advice = "they sort all that they list. Write indexes of the columns they sort by";
    assert!(sorted.is_empty(), "{advice}:\n{}", sorted.join("\n"));
}

/// What others do with their innovations grows with the register. The first day that a plan reads all of it, the curve of one
/// innovation takes as long as that of the nation.
#[actix_web::test]
async fn what_is_asked_of_one_innovation_reads_nothing_of_others() {
    let app = TestApp::watched_where("enable_sort%3Don").await;
    let admin = app.admin();
    app.trust("RJZ", "QKK").await;
    app.innovation("tool").await;
    admin.post("/v1/innovations/tool/eligibility", json!({ "place": "Y56", "type": "nhs-trust" })).await.expect(201);
    let adoption = json!({ "innovation": "tool", "organisation": "RJZ", "stage": "adopted", "since": "2024-01-01" });
    admin.post("/v1/adoptions", adoption).await.expect(201);
    let before = app.log().len();
    for asked in ["uptake?by=month&sites=1&share=50&places=icb", "uptake?groups=imd-quintile", "non-adopters?place=QKK"]
    {
        admin.get(&format!("/v1/innovations/tool/{asked}")).await.expect(200);
    }
    let log = app.log().split_off(before);
    let whole = log.iter().filter(|entry| entry.contains(" plan: ") && of_others(entry));
    let whole: Vec<&str> = whole.map(String::as_str).collect();
    assert!(whole.is_empty(), "write an index of what they look for:\n{}", whole.join("\n"));
}

/// Whether a step of a plan reads all rows of a table in which other innovations have theirs.
fn of_others(plan: &str) -> bool {
    let reads = |step: &&str| ["adoption", "eligibility"].iter().any(|table| step.contains(table));
    plan.split("->").filter(reads).any(|step| {
        step.contains("Seq Scan") || step.contains("Index ") && step.contains("Scan") && !step.contains("Index Cond")
    })
}

/// Four connections ask: two that read and two that write. Rows that are written many at a time are another statement
/// for each number of them, and PostgreSQL has no plan to keep of a COPY.
#[actix_web::test]
async fn what_a_connection_was_asked_before_is_not_parsed_again() {
    let app = TestApp::watched().await;
    let (admin, before) = (app.admin(), app.log().len());
    app.trust("RJZ", "QKK").await;
    app.kpi("visits", json!({})).await;
    app.innovation("kept").await;
    for time in 1..=9 {
        admin.get("/v1/innovations/kept").await.expect(200);
        admin.get("/v1/innovations?stage=spread&category=digital&sort=-updatedAt").await.expect(200);
        admin.patch("/v1/innovations/kept", time, json!({ "summary": time.to_string() })).await.expect(200);
        let network = json!({ "slug": format!("net-{time}"), "name": "Network", "purpose": "Learning" });
        admin.with("idempotency-key", &format!("network-{time}")).post("/v1/networks", network).await.expect(201);
        app.values("visits", json!([row("RJZ", &format!("2025-0{time}"), time)])).await;
    }
    let log = app.log().split_off(before);
    let parsed = log.iter().filter_map(|entry| Some(entry.split_once(" parse ")?.1.split_once(": ")?.1));
    let mut parsed: Vec<&str> = parsed
        .filter(|statement| !statement.starts_with("COPY ") && !statement.contains("INTO \"innovation_tags\""))
        .collect();
    parsed.sort_unstable();
    let again = parsed.chunk_by(|one, other| one == other).filter(|same| same.len() > 4).map(|same| same[0]);
    assert!(!parsed.is_empty(), "PostgreSQL logs no parse");
    assert_eq!(again.collect::<Vec<_>>(), Vec::<&str>::new(), "give them `.kept()` or `.execute_kept()`");
}
