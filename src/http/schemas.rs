//! Bodies are held against the very schemas the API document publishes: what is documented is what is enforced.

use super::openapi::schemas::document_of;
use super::operations::Endpoint;
use super::strict;
use crate::error::{Code, Error, Fault, Result};
use crate::shape::{Misfit, Shape};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// A compiled schema for each operation that takes JSON.
pub struct Schemas(HashMap<&'static str, Shape>);

impl Schemas {
    /// # Errors
    /// Text, where a schema of the document cannot be compiled.
    pub fn of(document: &Value, endpoints: &[&'static Endpoint]) -> Result<Self, String> {
        let mut compiled = HashMap::new();
        for endpoint in endpoints {
            let Some(reference) = endpoint.body_schema else { continue };
            let shape = Shape::new(closed(document, serde_json::json!({ "$ref": reference })));
            compiled.insert(endpoint.id, shape.map_err(|fault| format!("{}: {}", endpoint.id, fault.detail))?);
        }
        Ok(Self(compiled))
    }
}

/// A schema with the components of the document that it refers to, and no others: each shape keeps its own copy.
pub fn closed(document: &Value, mut schema: Value) -> Value {
    let (mut schemas, mut waiting) = (serde_json::Map::new(), Vec::new());
    references(&schema, &mut waiting);
    while let Some(reference) = waiting.pop() {
        let Some(name) = reference.strip_prefix("#/components/schemas/") else { continue };
        if schemas.contains_key(name) {
            continue;
        }
        let part = &document["components"]["schemas"][name];
        references(part, &mut waiting);
        schemas.insert(name.to_owned(), part.clone());
    }
    schema["components"] = serde_json::json!({ "schemas": schemas });
    schema
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Reads a JSON body: well-formed, with each member once and numbers that keep their digits, of the documented shape,
/// keeping the documented rules.
///
/// # Errors
/// `malformed-body` with the first fault of form or shape; `validation-failed` with every broken rule.
pub fn read<T: DeserializeOwned>(schemas: &Schemas, endpoint: &Endpoint, bytes: &[u8]) -> Result<T> {
    match strict::misfit(bytes, strict::Numbers::Exact) {
        Some(Misfit::Form(fault)) => return Err(malformed_at(fault)),
        Some(Misfit::Rule(fault)) => return Err(Error::validation(vec![fault])),
        None => {}
    }
    fit(schemas, endpoint, serde_json::from_slice(bytes).map_err(|cause| malformed(&cause))?)
}

/// Reads a document of the shape of the operation's JSON body.
///
/// # Errors
/// As [`read`].
pub fn fit<T: DeserializeOwned>(schemas: &Schemas, endpoint: &Endpoint, mut value: Value) -> Result<T> {
    let mut rules = tidied(&mut value);
    for misfit in schemas.0.get(endpoint.id).map(|shape| shape.misfits(&value)).unwrap_or_default() {
        match misfit {
            Misfit::Form(fault) => return Err(malformed_at(fault)),
            Misfit::Rule(fault) => rules.push(fault),
        }
    }
    if !rules.is_empty() {
        rules.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        return Err(Error::validation(rules));
    }
    serde_json::from_value(value).map_err(unfit)
}

/// A body that fits its schema and yet cannot be read: the schema says too little.
pub fn unfit(cause: serde_json::Error) -> Error {
    let detail = "The body does not fit this operation: compare it with the example in the API document.";
    Error::new(Code::MalformedBody).detail(detail).fault(Fault::new("", "shape", detail)).context(cause)
}

pub fn malformed_at(fault: Fault) -> Error {
    Error::new(Code::MalformedBody).detail(fault.detail.clone()).fault(fault)
}

/// A body that is no JSON at all.
pub fn malformed(cause: &serde_json::Error) -> Error {
    let why = if cause.is_eof() { "it ends too early" } else { "expected JSON as RFC 8259 writes it" };
    let place = format!("line {}, column {}", cause.line(), cause.column());
    malformed_at(Fault::new("", "json", format!("The body is not well-formed JSON at {place}: {why}.")))
}

/// The shape of one type's document by its own schema, with the limits that are published; compiled once a process.
///
/// # Errors
/// `internal` where the schema cannot be compiled.
pub fn shape_of<T: ToSchema + 'static>() -> Result<Arc<Shape>> {
    static SHAPES: Mutex<Option<HashMap<TypeId, Arc<Shape>>>> = Mutex::new(None);
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let shapes = shapes.get_or_insert_default();
    if let Some(shape) = shapes.get(&TypeId::of::<T>()) {
        return Ok(shape.clone());
    }
    let compiled = Shape::new(document_of::<T>()?).map_err(|fault| Error::internal(fault.detail))?;
    Ok(shapes.entry(TypeId::of::<T>()).or_insert(Arc::new(compiled)).clone())
}

/// Tidies what a caller sent, and finds the texts in it that are taken nowhere.
pub fn tidied(value: &mut Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    tidy(value, &mut String::new(), &mut faults);
    faults
}

/// Whole numbers written as 3.0 become whole numbers, as JSON Schema sees them; text that no database can hold, or
/// that holds a patient's number by accident, is noted.
fn tidy(value: &mut Value, pointer: &mut String, faults: &mut Vec<Fault>) {
    let length = pointer.len();
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|f| number.is_f64() && f.fract() == 0.0 && f.abs() < 9e15) {
                // Exact: a whole float below 2^53.
                *value = Value::from(float as i64);
            }
        }
        Value::String(text) => {
            faults.extend(text_fault(text).map(|(code, detail)| Fault::new(pointer.clone(), code, detail)))
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                tidy(item, pointer, faults);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                tidy(member, pointer, faults);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// What is wrong with a piece of free text, if anything.
pub fn text_fault(text: &str) -> Option<(&'static str, &'static str)> {
    if text.contains('\0') {
        return Some(("control-character", "The text contains a NUL character, which cannot be stored."));
    }
    holds_nhs_number(text).then_some((
        "nhs-number",
        "The text contains a valid NHS number. Patient data does not belong in this register.",
    ))
}

/// Whether ten digits in a row, alone or grouped 3-3-4, pass the modulus 11 check of an NHS number
/// (NHS Data Dictionary, "NHS NUMBER"). Digits that touch a letter are part of an id, such as a UUID's.
fn holds_nhs_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let separator = |b: u8| b == b' ' || b == b'-';
    let mut start = 0;
    while start < bytes.len() {
        let begins = bytes[start].is_ascii_digit() && (start == 0 || !bytes[start - 1].is_ascii_alphanumeric());
        if begins {
            let (mut digits, mut at, mut grouped) = (Vec::with_capacity(10), start, true);
            while at < bytes.len() && digits.len() < 10 {
                if bytes[at].is_ascii_digit() {
                    digits.push(u32::from(bytes[at] - b'0'));
                } else if separator(bytes[at]) {
                    grouped &= matches!(digits.len(), 3 | 6);
                } else {
                    break;
                }
                at += 1;
            }
            let ends = at >= bytes.len() || !bytes[at].is_ascii_alphanumeric();
            if digits.len() == 10 && ends && grouped && passes(&digits) {
                return true;
            }
        }
        start += 1;
    }
    false
}

fn passes(digits: &[u32]) -> bool {
    let sum: u32 = digits.iter().take(9).zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        11 => 0,
        other => other,
    };
    digits.iter().any(|d| *d != digits[0]) && digits.get(9) == Some(&check)
}

#[cfg(test)]
mod tests {
    use super::holds_nhs_number;

    #[test]
    fn an_nhs_number_is_found_by_its_check_digit() {
        for text in ["943 476 5919", "see 9434765919.", "943-476-5919"] {
            assert!(holds_nhs_number(text), "{text}");
        }
        let id = "01a20ded-de13-724a-b773-a9434765919b";
        for text in ["943 476 5918", "19434765919", "0000000000", "2017-03-01 12:30", "94 34765919", id] {
            assert!(!holds_nhs_number(text), "{text}");
        }
    }
}
