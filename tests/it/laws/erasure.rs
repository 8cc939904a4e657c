//! An erased person is found nowhere but where it is stated. A name is planted through every operation that takes text
//! about anybody, so that an operation joins this law with its entry in the document.

use super::examples::{group, request, request_with};
use super::operations;
use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const NAME: &str = "Zqxjkvbn Wpfmtg";
const SUBJECT: &str = "demo-national-admin";

/// Operations whose example is refused once the name stands in its texts, and why. The list only shrinks.
const EXCEPTED: [(&str, &str); 2] =
    [("erase_person", "what is tried here"), ("issue_token", "nobody knows the secret of the client that is shown")];

/// Properties that the rules hold to codes, words and instants, where the document cannot say which: what is no code there
/// is refused. Who agreed a KPI is said with its status alone.
const CODES: [&str; 18] = [
    "agreedBy",
    "basis",
    "breakdown",
    "closesAt",
    "endsAt",
    "from",
    "innovation",
    "kpi",
    "opensAt",
    "organisation",
    "period",
    "qualifier",
    "startsAt",
    "submission",
    "to",
    "unit",
    "value",
    "zone",
];

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    named.unwrap_or(schema)
}

fn is_string(schema: &Value) -> bool {
    schema["type"] == "string" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")))
}

/// What a client may write freely: neither a word of a list, nor a code, nor a date.
fn is_free(schema: &Value) -> bool {
    let bound = ["enum", "const", "format", "pattern"].iter().any(|rule| !schema[*rule].is_null());
    is_string(schema) && !bound && schema["maxLength"].as_u64().is_none_or(|most| most > 20)
}

/// The value with the name in every free text that its description has, also in those that it left out.
fn planted(document: &Value, schema: &Value, name: &str, value: Value) -> Value {
    let schema = resolved(document, schema);
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    let value = parts.fold(value, |value, part| planted(document, part, name, value));
    match value {
        Value::Object(mut members) => {
            let described = schema["properties"].as_object().cloned().unwrap_or_default();
            for (name, part) in &described {
                let part_of = resolved(document, part);
                if let Some(member) = members.remove(name) {
                    members.insert(name.clone(), planted(document, part, name, member));
                } else if is_free(part_of) && !CODES.contains(&name.as_str()) {
                    members.insert(name.clone(), planted(document, part, name, json!("")));
                }
            }
            Value::Object(members)
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| planted(document, &schema["items"], name, item)).collect())
        }
        Value::String(_) if is_free(schema) && ["subject", "reviewer"].contains(&name) => json!(SUBJECT),
        Value::String(_) if is_free(schema) && !CODES.contains(&name) => json!(NAME),
        other => other,
    }
}

/// Whether a row, a file or an answer has the name in it.
fn names(text: &str) -> bool {
    text.to_lowercase().contains(&NAME.to_lowercase())
}

/// Erases everybody of that name, whoever wrote first: what they wrote goes with them.
async fn erase_all(app: &TestApp, writer: &str) -> Vec<Value> {
    let admin = app.admin();
    let people = admin.get("/v1/people?q=zqxjkvbn&limit=500").await.expect(200);
    let mut texts = BTreeSet::new();
    let others = column(&people, "id").into_iter().filter(|id| id != writer);
    for id in std::iter::once(writer.to_owned()).chain(others) {
        let erased =
            admin.post(&format!("/v1/people/{id}/erasure"), json!({ "reason": "Asked for." })).await.expect(200);
        texts.extend(erased["texts"].as_array().unwrap().iter().map(ToString::to_string));
    }
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[rstest]
#[actix_web::test]
async fn an_erased_person_is_found_nowhere_but_where_it_is_stated(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("creates", "changes", "moves")] together: &str,
) {
    let app = TestApp::seeded(engine).await;
    let writer = app.actor(&NewLocalToken { subject: Some(SUBJECT.to_owned()), ..grant(Role::NationalAdmin) });
    let person = json!({ "name": NAME, "email": "zqxjkvbn@example.org", "subject": SUBJECT });
    let person = writer.post("/v1/people", person).with_key("person").await.expect(201);
    let document = innovation_register::startup::document().unwrap();
    let mut faults = Vec::new();
    for operation in operations().iter().filter(|operation| group(operation) == together) {
        let plant = |body, schema: &Value| {
            let mut body = planted(&document, schema, "", body);
            if ["_fellow", "_person"].iter().any(|of| operation.id.ends_with(of)) && body["subject"].is_string() {
                // One subject belongs to one person.
                body["subject"] = json!(format!("{SUBJECT}-{}", operation.id));
            }
            body
        };
        let sent = request_with(&document, &writer, operation, plant).with_key(&operation.id).await;
        let excepted = EXCEPTED.iter().any(|(id, _)| *id == operation.id);
        if !(200..300).contains(&sent.status) && !excepted {
            faults.push(format!("{}: {} {}", operation.id, sent.status, sent.text()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let texts = erase_all(&app, person["id"].as_str().unwrap()).await;
    let mut listed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in &texts {
        let table = text["resource"].as_str().unwrap().replace('-', "_");
        listed.entry(table).or_default().insert(text["key"].as_str().unwrap());
    }
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (table, row) in app.everything() {
        let sealed = table == "sealed_records";
        *found.entry(table).or_default() += usize::from(!sealed && (names(&row) || row.contains(SUBJECT)));
    }
    found.retain(|_, number| *number > 0);
    let stated = listed.iter().map(|(table, keys)| (table.clone(), keys.len())).collect();
    assert_eq!(found, stated, "what was found where, and what was stated");
    // Whoever erased decides on every text, and then nothing is left.
    let tables: Vec<String> = listed.into_keys().collect();
    app.put_instead(&tables, &[NAME, &NAME.to_lowercase(), &NAME.to_uppercase()], "somebody");
    let left = app.everything().into_iter().filter(|(table, row)| table != "sealed_records" && names(row));
    assert_eq!(left.collect::<Vec<_>>(), []);
    for operation in operations().iter().filter(|operation| operation.method == "GET") {
        let answer = request(&document, &app.admin(), operation).await;
        assert!(!names(&String::from_utf8_lossy(&answer.body)), "{}", operation.target);
    }
    eventually("all events are numbered", Duration::from_secs(10), async || {
        app.count("events WHERE position IS NULL") == 0
    })
    .await;
    assert!(run(&told(&app.database), &["audit", "verify"]).contains("the audit trail is whole"));
}

#[test]
fn every_column_that_holds_text_is_on_the_list_of_places() {
    let source = include_str!("../../../src/privacy/rules.rs");
    let listed = source.split("places! {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("the list");
    let mut places = BTreeSet::new();
    for line in listed.lines().filter_map(|line| line.trim().strip_suffix(';')) {
        let (table, columns) = line.split_once(": ").expect("a table and its columns");
        let table = table.split(' ').next().unwrap();
        places.extend(columns.split(", ").map(|column| format!("{table}.{}", column.split(' ').next().unwrap())));
    }
    let schema = include_str!("../../../src/db/schema.rs");
    let mut columns = BTreeSet::new();
    for table in schema.split("diesel::table! {").skip(1) {
        let name = table.trim().split(' ').next().unwrap();
        let texts = table.lines().filter(|line| line.contains("Text"));
        columns.extend(texts.map(|line| format!("{name}.{}", line.trim().split(' ').next().unwrap())));
    }
    assert_eq!(places, columns, "src/privacy/rules.rs says of every column what an erasure does with it");
}
