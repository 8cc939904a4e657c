//! Schemas as clients are to know them: each shape written once and by a good name, and every part with its limits.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const SCHEMAS: &str = "#/components/schemas/";

/// Gives every schema its name and its limits.
pub fn complete(document: &mut Value) {
    rename(document);
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        let request = is_request(name);
        bound(schema, request);
        if !request {
            require_nullable(schema);
        }
    }
    bound_bodies(&mut document["paths"]);
    share(document);
}

/// The schema of one type that clients send, complete with what it refers to.
///
/// # Errors
/// When the schema cannot be written as JSON.
pub fn document_of<T: utoipa::ToSchema>() -> serde_json::Result<Value> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut schema = serde_json::to_value(T::schema())?;
    bound(&mut schema, true);
    for (name, part) in parts {
        let mut part = serde_json::to_value(part)?;
        bound(&mut part, is_request(&name));
        schema["components"]["schemas"][name] = part;
    }
    Ok(schema)
}

/// Whether a schema is of something that clients send.
pub fn is_request(name: &str) -> bool {
    ["Request", "Patch", "Input"].iter().any(|ending| name.ends_with(ending))
}

/// `Listing_InnovationResponse`, as the generic type is called, becomes `InnovationPage`; `Collection_…` a list. A
/// record or a patch is called by itself, without what it is of.
fn neat(name: &str) -> Option<String> {
    let (generic, item) = name.split_once('_')?;
    let whole = neat(item).unwrap_or_else(|| item.to_owned());
    let item = whole.strip_suffix("Response").unwrap_or(&whole);
    match generic {
        "Listing" => Some(format!("{item}Page")),
        "Collection" => Some(format!("{item}List")),
        _ if generic.ends_with("Response") || generic.ends_with("Patch") => Some(generic.to_owned()),
        _ => None,
    }
}

fn rename(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let named = std::mem::take(schemas);
    *schemas = named.into_iter().map(|(name, schema)| (neat(&name).unwrap_or(name), schema)).collect();
    each(document, &mut |object| {
        let name = object.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(SCHEMAS));
        if let Some(neat) = name.and_then(neat) {
            object.insert("$ref".to_owned(), json!(format!("{SCHEMAS}{neat}")));
        }
    });
}

/// Visits every object, the outer ones first.
fn each(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        Value::Object(object) => {
            visit(object);
            object.values_mut().for_each(|value| each(value, visit));
        }
        _ => {}
    }
}

/// A shape that has a name is referred to by it wherever it is written out.
fn share(document: &mut Value) {
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        if let Some(shape) = shape(schema) {
            // Two names for one shape: which was meant cannot be told.
            names.entry(shape).and_modify(|name| *name = None).or_insert_with(|| Some(name.clone()));
        }
    }
    let mut refer = |object: &mut Map<String, Value>| {
        let Some(Some(name)) = shape(&Value::Object(object.clone())).and_then(|shape| names.get(&shape)) else {
            return;
        };
        *object = Map::from_iter([("$ref".to_owned(), json!(format!("{SCHEMAS}{name}")))]);
    };
    for (_, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        // Not the schema itself, but what is in it.
        schema.as_object_mut().into_iter().flatten().for_each(|(_, part)| each(part, &mut refer));
    }
    each(&mut document["paths"], &mut refer);
}

/// What tells one nameable shape from another: an object's whole schema, or a list's words.
fn shape(schema: &Value) -> Option<String> {
    let words = schema["type"] == "string" && schema["enum"].is_array();
    let shape = schema["type"] == "object" && schema["properties"].is_object();
    match (words, shape) {
        (true, _) => Some(schema["enum"].to_string()),
        (_, true) => Some(schema.to_string()),
        _ => None,
    }
}

/// What an answer may leave out cannot be null in it, and what can be null is always there: null means "does not apply".
fn require_nullable(schema: &mut Value) {
    let is_null = |schema: &Value| schema["type"] == "null";
    let nullable = |property: &Value| {
        let among = |name: &str, test: &dyn Fn(&Value) -> bool| {
            property[name].as_array().is_some_and(|all| all.iter().any(test))
        };
        among("type", &|word| word == "null") || among("oneOf", &is_null) || among("anyOf", &is_null)
    };
    each(schema, &mut |object| {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
        let always: Vec<Value> = properties.iter().filter(|(_, p)| nullable(p)).map(|(name, _)| json!(name)).collect();
        if let Some(required) = object.entry("required").or_insert_with(|| json!([])).as_array_mut() {
            required.extend(always);
            let mut seen = std::collections::BTreeSet::new();
            required.retain(|name| seen.insert(name.to_string()));
        }
    });
}

/// The bodies that the operations write out themselves. Those that are no JSON are streamed: they have no limit of
/// their own but that of an upload.
fn bound_bodies(paths: &mut Value) {
    each(paths, &mut |object| {
        for (media, body) in object.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
            let Some(schema) = body.get_mut("schema") else { continue };
            if schema["type"] == "string" && !media.ends_with("json") {
                schema["maxLength"] = json!(i32::MAX);
            }
            bound(schema, media.starts_with("multipart/"));
        }
    });
}

/// Every string, number and array says how large it may be; a request says that it takes no other properties.
pub fn bound(schema: &mut Value, request: bool) {
    each(schema, &mut |object| {
        let is = |name: &str| match object.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(many)) => many.iter().any(|one| one == name),
            _ => false,
        };
        let format = object.get("format").and_then(Value::as_str);
        let (string, integer, array) = (is("string"), is("integer"), is("array"));
        let closed = request && is("object") && object.contains_key("properties");
        let listed = object.contains_key("enum") || object.contains_key("const");
        let longest = match format {
            Some("date") => 10,
            Some("date-time") => 40,
            Some("uuid") => 36,
            _ => 20_000,
        };
        // Whole numbers that every client can hold: 2^53 - 1, or an i32.
        let largest = if format == Some("int64") { 9_007_199_254_740_991i64 } else { 2_147_483_647 };
        let mut default = |when: bool, name: &str, value: Value| {
            if when {
                object.entry(name.to_owned()).or_insert(value);
            }
        };
        default(string && !listed, "maxLength", json!(longest));
        default(integer, "minimum", json!(-largest));
        default(integer, "maximum", json!(largest));
        default(integer, "format", json!("int32"));
        default(array, "maxItems", json!(10_000));
        default(closed, "additionalProperties", json!(false));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_after_what_is_on_it() {
        assert_eq!(neat("Listing_InnovationResponse").as_deref(), Some("InnovationPage"));
        assert_eq!(neat("Collection_CodeListSummaryResponse").as_deref(), Some("CodeListSummaryList"));
        assert_eq!(neat("InnovationResponse"), None);
    }

    #[test]
    fn a_shape_with_a_name_is_referred_to_by_it() {
        let shape = json!({ "type": "object", "properties": { "a": { "type": "boolean" } } });
        let mut document = json!({
            "components": { "schemas": { "A": shape, "APage": { "type": "array", "items": shape } } },
            "paths": { "/a": { "schema": shape } },
        });
        share(&mut document);
        assert_eq!(document["components"]["schemas"]["A"], shape);
        assert_eq!(document["components"]["schemas"]["APage"]["items"]["$ref"], "#/components/schemas/A");
        assert_eq!(document["paths"]["/a"]["schema"]["$ref"], "#/components/schemas/A");
    }
}
