//! The committed API document is the router's own, and tells of each operation what a client needs.

use super::operations;
use innovation_register::access::permissions::{ABILITIES, TABLE};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn the_committed_document_is_what_the_router_serves() {
    let document = innovation_register::startup::document().unwrap();
    let served = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json")).unwrap_or_default();
    let line = (1..).zip(served.lines().zip(committed.lines())).find(|(_, (served, committed))| served != committed);
    assert!(
        served == committed,
        "openapi/openapi.json is not what this build serves{}. Type: cargo run -- openapi > openapi/openapi.json",
        line.map_or_else(String::new, |(number, (served, committed))| format!(
            " (line {number}: {committed:?}, served {served:?})"
        ))
    );
}

#[test]
fn every_operation_says_what_it_does_and_shows_what_it_takes() {
    let document = innovation_register::startup::document().unwrap();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut faults = Vec::new();
    for operation in operations() {
        let mut miss = |what: &str| faults.push(format!("{} {}: {what}", operation.method, operation.path));
        let described = &operation.described;
        let summary = described["summary"].as_str().unwrap_or_default();
        if operation.id.is_empty() {
            miss("no operationId");
        }
        if summary.is_empty() || summary.ends_with('.') || summary.len() > 80 {
            miss("no summary of at most 80 characters without a full stop");
        }
        if described["tags"].as_array().is_none_or(|own| own.len() != 1 || !tags.contains(&&own[0])) {
            miss("not one tag of those that the document describes");
        }
        for (media, content) in described["requestBody"]["content"].as_object().into_iter().flatten() {
            let named =
                content["schema"]["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
            let shown =
                content.get("example").or(content.get("examples")).or(named.and_then(|schema| schema.get("example")));
            // Tools that send every example cannot send JSON lines, so the description shows one.
            let told = media.ends_with("x-ndjson")
                && described["description"].as_str().is_some_and(|text| text.contains("`{\"organisation\":"));
            if shown.is_none_or(Value::is_null) && !told {
                miss(&format!("no example of {media}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_operation_has_a_row_of_permissions_and_every_row_an_operation() {
    let served: BTreeSet<String> =
        operations().into_iter().filter(|o| o.path.starts_with("/v1/")).map(|o| o.id).collect();
    let served_rows = TABLE.iter().map(|row| row.operation).filter(|operation| !ABILITIES.contains(operation));
    let rows: BTreeSet<String> = served_rows.map(|operation| operation.id().to_owned()).collect();
    assert_eq!(served, rows, "auth/access.rs is the whole of the role model");
}

#[test]
fn no_two_operations_share_an_id() {
    let mut ids: Vec<String> = operations().into_iter().map(|operation| operation.id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
