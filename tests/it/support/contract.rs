//! What the API document promises of an answer, held against every answer of success that a test gets.

use super::Answer;
use innovation_register::http::operations::{Found, Operations};
use innovation_register::http::schemas::closed;
use innovation_register::shape::{Misfit, Shape};
use innovation_register::startup;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

struct Contract {
    document: Value,
    operations: Operations,
    shapes: Mutex<HashMap<String, Arc<Shape>>>,
}

/// Made once for all tests of this process.
fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let document = startup::document().expect("the document of this build");
        let operations = Operations::of(&document).expect("paths that can be told apart");
        Contract { document, operations, shapes: Mutex::default() }
    })
}

impl Contract {
    fn resolved<'a>(&'a self, described: &'a Value) -> &'a Value {
        match described["$ref"].as_str() {
            Some(name) => self.document.pointer(name.trim_start_matches('#')).expect("what is referred to"),
            None => described,
        }
    }

    /// The shape of a schema, which takes no property that it does not name.
    fn shape(&self, schema: &Value) -> Arc<Shape> {
        let mut shapes = self.shapes.lock().expect("no test fails while it compiles a schema");
        let made = || {
            let mut schema = closed(&self.document, schema.clone());
            exhaust(&mut schema);
            Arc::new(Shape::new(schema).unwrap_or_else(|fault| panic!("{fault:?}")))
        };
        shapes.entry(schema.to_string()).or_insert_with(made).clone()
    }
}

/// Lets every object that names its properties have no others.
fn exhaust(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(exhaust),
        Value::Object(members) => {
            members.values_mut().for_each(exhaust);
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("unevaluatedProperties").or_insert(json!(false));
            }
        }
        _ => {}
    }
}

/// Fails when an answer of success is not one that the document describes.
#[track_caller]
pub fn hold(method: &str, answer: &Answer) {
    if !(200..300).contains(&answer.status) {
        return;
    }
    let (contract, said) = (contract(), format!("{method} {} answers {}", answer.target(), answer.status));
    let path = answer.target().split('?').next().unwrap_or_default();
    let described = if method == "HEAD" { "GET" } else { method };
    let Found::Endpoint(endpoint) = contract.operations.find(described, path) else {
        let is_of_page = path.starts_with("/docs/") || path.starts_with("/returns/");
        let is_page = answer.header("content-type").starts_with("text/html") || is_of_page;
        let apart = method == "OPTIONS" || path == "/metrics";
        assert!(is_page || apart, "{said}, and the document has no such operation");
        return;
    };
    let operation = &contract.document["paths"][endpoint.path][described.to_lowercase()];
    let response = &operation["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{said}, which the document does not say");
    let content = &contract.resolved(response)["content"];
    if content.is_null() {
        assert!(answer.body.is_empty(), "{said} with a body, of which the document does not say");
        return;
    }
    let media = answer.header("content-type").split(';').next().unwrap_or_default().trim();
    let schema = &content[media]["schema"];
    assert!(!schema.is_null(), "{said} as {media:?}, which the document does not say");
    if method == "HEAD" || answer.headers.contains_key("content-encoding") {
        return;
    }
    // The lines of a list are the rows of its pages.
    let page = contract.resolved(&content["application/json"]["schema"]);
    let row = &page["properties"]["data"]["items"];
    body(contract, media, if media.ends_with("x-ndjson") { row } else { schema }, answer, &said);
}

#[track_caller]
fn body(contract: &Contract, media: &str, schema: &Value, answer: &Answer, said: &str) {
    let check = |schema: &Value, value: &Value| {
        let misfits = contract.shape(schema).misfits(value);
        let faults: Vec<_> = misfits.into_iter().map(Misfit::fault).map(|at| (at.pointer, at.detail)).collect();
        assert!(faults.is_empty(), "{said} with what its schema does not allow: {faults:?}\n{value}");
    };
    match media {
        _ if media.ends_with("x-ndjson") => {
            for line in answer.text().lines() {
                check(schema, &serde_json::from_str(line).unwrap_or_else(|cause| panic!("{said}: {cause}: {line}")));
            }
        }
        _ if media.ends_with("json") => check(schema, &answer.json()),
        "text/csv" => {
            let header = answer.text().lines().next().unwrap_or_default();
            assert!(!header.trim_matches([',', '\u{feff}']).is_empty(), "{said} with a CSV without a header");
        }
        _ => assert!(!answer.body.is_empty(), "{said} with nothing"),
    }
}
