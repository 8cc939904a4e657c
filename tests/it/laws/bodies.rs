//! Every JSON body of the document, broken in many ways: each fault is told in words of ours, by its place and with what
//! was expected, and what was sent is never repeated.

use super::{Operation, operations};
use crate::support::*;

/// What is sent in the place of something good.
const MARKER: &str = "zzqx";

/// What the libraries would say.
const PHRASES: [&str; 21] = [
    "is not of type",
    "is not valid under",
    "did not match",
    "untagged enum",
    "invalid type",
    "invalid value",
    "invalid length",
    "expected struct",
    "missing field",
    "unknown field",
    "unknown variant",
    "duplicate field",
    "is not one of",
    "is a required property",
    "does not match",
    "is not a \"",
    "is longer than",
    "is shorter than",
    "is less than",
    "is greater than",
    "dditional properties",
];

/// An operation's JSON body, as it is described and shown.
pub struct Body {
    pub operation: Operation,
    pub media: String,
    pub schema: Value,
    pub example: Value,
}

pub fn bodies(document: &Value) -> Vec<Body> {
    let mut bodies = Vec::new();
    for operation in operations() {
        let content = operation.described["requestBody"]["content"].as_object().cloned().unwrap_or_default();
        let Some((media, content)) = content.iter().find(|(media, _)| media.ends_with("json") && !media.contains("nd"))
        else {
            continue;
        };
        let (media, schema) = (media.clone(), resolved(document, &content["schema"]).clone());
        let example = [&content["example"], &schema["example"]].into_iter().find(|shown| shown.is_object());
        let example = example.unwrap_or_else(|| panic!("{} shows no body", operation.id)).clone();
        bodies.push(Body { operation, media, schema, example });
    }
    bodies
}

pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => resolved(document, document.pointer(&name[1..]).unwrap()),
        None => schema,
    }
}

/// A member that a body may have, and whether it must.
struct Place {
    /// The object it is in.
    within: String,
    name: String,
    schema: Value,
    required: bool,
}

/// The members of the shown body, and those that the objects in it could have.
fn places(document: &Value, schema: &Value, shown: &Value, within: &str, found: &mut Vec<Place>) {
    let schema = resolved(document, schema);
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        places(document, branch, shown, within, found);
    }
    if let Some(first) = shown.get(0) {
        places(document, &schema["items"], first, &format!("{within}/0"), found);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten().filter(|_| shown.is_object()) {
        let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let place = Place { within: within.to_owned(), name: name.clone(), schema: member.clone(), required };
        found.push(place);
        if let Some(shown) = shown.get(name) {
            places(document, member, shown, &format!("{within}/{name}"), found);
        }
    }
}

fn takes_objects(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    let branches = schema["oneOf"].as_array().into_iter().flatten();
    let of_type =
        schema["type"] == "object" || schema["type"].as_array().is_some_and(|all| all.contains(&json!("object")));
    of_type || branches.into_iter().any(|branch| takes_objects(document, branch))
}

fn with(body: &Value, within: &str, name: &str, member: Option<Value>) -> Value {
    let mut body = body.clone();
    let object = body.pointer_mut(within).unwrap().as_object_mut().unwrap();
    match member {
        Some(member) => object.insert(name.to_owned(), member),
        None => object.remove(name),
    };
    body
}

/// The body broken in one place after another.
fn broken(document: &Value, body: &Body) -> Vec<Value> {
    let (mut found, mut all) = (Vec::new(), Vec::new());
    places(document, &body.schema, &body.example, "", &mut found);
    for place in &found {
        let mut put = |member: Option<Value>| all.push(with(&body.example, &place.within, &place.name, member));
        put(Some(if takes_objects(document, &place.schema) { json!([[MARKER]]) } else { json!({ MARKER: MARKER }) }));
        put(Some(json!(MARKER.repeat(10_000))));
        put(Some(Value::Null));
        let described = resolved(document, &place.schema);
        if ["format", "enum", "pattern"].iter().any(|limit| described.get(limit).is_some()) {
            put(Some(json!(format!("{MARKER} \u{2014} {MARKER}"))));
        }
        if place.required {
            put(None);
        }
    }
    found.dedup_by(|a, b| a.within == b.within);
    all.extend(found.iter().map(|place| with(&body.example, &place.within, "unheardOf", Some(json!(MARKER)))));
    all
}

/// Whether a pointer names something of the body, or something that its objects miss.
fn is_there(body: &Value, pointer: &str) -> bool {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    body.pointer(pointer).is_some() || body.pointer(parent).is_some_and(Value::is_object)
}

fn check(what: &str, body: &Value, answer: &Answer) {
    let said = format!("{what} answers {} to {:.300}: {}", answer.status, body.to_string(), answer.text());
    assert!(answer.status < 500, "{said}");
    assert!(!answer.text().contains(MARKER), "it repeats what was sent: {said}");
    if ![400, 422].contains(&answer.status) {
        return;
    }
    let problem = answer.problem(answer.status, answer.json()["code"].as_str().unwrap_or_default());
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let (pointer, detail) = (fault["pointer"].as_str().unwrap(), fault["detail"].as_str().unwrap());
        assert!(is_there(body, pointer), "{pointer} names nothing: {said}");
        assert_ne!(fault["code"], "shape", "the schema says less than what is read: {said}");
        let words = PHRASES.iter().find(|phrase| detail.contains(**phrase));
        assert_eq!(words, None, "the words are not ours: {said}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_broken_body_is_told_where_and_what_was_expected(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, document) = (app.admin(), innovation_register::startup::document().unwrap());
    for body in bodies(&document) {
        let (id, method) = (&body.operation.id, &body.operation.method);
        let mut told = 0;
        for broken in broken(&document, &body) {
            let request = admin.request(method, &body.operation.target).header("content-type", &body.media);
            let request = if body.operation.is_conditional() { request.if_match(1) } else { request };
            let answer = request.body(broken.to_string()).await;
            check(id, &broken, &answer);
            told += usize::from([400, 422].contains(&answer.status));
        }
        assert!(told > 0, "{id} refuses no body");
    }
}

#[test]
fn a_patch_may_say_any_part_of_what_is_merged() {
    let document = innovation_register::startup::document().unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("Patch") {
            assert!(schema.get("required").is_none(), "{name} asks for {}", schema["required"]);
            let merged = |property: &Value| {
                let branches = property["oneOf"].as_array().cloned().unwrap_or_else(|| vec![property.clone()]);
                branches.iter().all(|branch| resolved(&document, branch).get("required").is_none())
            };
            let whole: Vec<&String> = schema["properties"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, property)| !merged(property))
                .map(|(name, _)| name)
                .collect();
            assert!(whole.is_empty(), "{name} takes {whole:?} whole, though objects in a patch are merged");
        }
    }
}

#[test]
fn every_pattern_of_a_body_has_words() {
    let document = innovation_register::startup::document().unwrap();
    let mut silent = Vec::new();
    for body in bodies(&document) {
        let mut found = Vec::new();
        places(&document, &body.schema, &body.example, "", &mut found);
        for place in found {
            let pattern = resolved(&document, &place.schema)["pattern"].as_str().unwrap_or_default().to_owned();
            if !pattern.is_empty() && innovation_register::shape::words_of(&pattern).is_none() {
                silent.push(format!("{} {}/{}: {pattern}", body.operation.id, place.within, place.name));
            }
        }
    }
    assert!(silent.is_empty(), "src/shape.rs has no words for these:\n{}", silent.join("\n"));
}
