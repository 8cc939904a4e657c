//! How PostgreSQL answers what lists and reads ask of it, as its own log says.

use super::operations;
use crate::support::*;

#[actix_web::test]
async fn every_sort_that_a_list_of_everything_offers_follows_an_index() {
    let app = TestApp::watched().await;
    let admin = app.admin();
    let mut sorted = Vec::new();
    for operation in operations().iter().filter(|operation| operation.method == "GET" && !operation.path.contains('{'))
    {
        for sort in operation.sorts().iter().flat_map(|word| [word.clone(), format!("-{word}")]) {
            let before = app.log().len();
            admin.get(&format!("{}?sort={sort}", operation.target)).await.expect(200);
            let log = app.log().split_off(before);
            let plan = log.iter().find(|entry| entry.contains(" plan: ") && entry.contains(" Limit "));
            let plan = plan.unwrap_or_else(|| panic!("{}: no plan of a page is in the log", operation.id));
            if plan.replace("Incremental Sort", "").contains("Sort  (cost") {
                sorted.push(format!("{} by {sort}: {plan}", operation.id));
            }
        }
    }
    let advice = "they sort all that they list. Write indexes of the columns they sort by";
    assert!(sorted.is_empty(), "{advice}:\n{}", sorted.join("\n"));
}

/// The test's service has two connections that read.
#[actix_web::test]
async fn a_read_that_a_connection_has_answered_before_is_not_parsed_again() {
    let app = TestApp::watched().await;
    app.innovation("kept").await;
    let (admin, before) = (app.admin(), app.log().len());
    for time in 1..=20 {
        admin.get("/v1/innovations/kept").await.expect(200);
        admin.patch("/v1/innovations/kept", time, json!({ "summary": format!("Changed {time} times.") })).await.expect(200);
        admin.get("/v1/innovations?stage=spread&category=digital&sort=-updatedAt").await.expect(200);
    }
    let log = app.log().split_off(before);
    let mut parsed: Vec<&str> =
        log.iter().filter_map(|entry| Some(entry.split_once(" parse ")?.1.split_once(": ")?.1)).collect();
    parsed.sort_unstable();
    let often: Vec<_> =
        parsed.chunk_by(|one, other| one == other).filter(|same| same.len() > 2).map(|same| same[0]).collect();
    assert!(!parsed.is_empty());
    assert!(often.is_empty(), "parsed again and again: {often:#?}");
}
