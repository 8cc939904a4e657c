//! The form of a call: a JSON Schema that somebody else wrote, and so a program of others, which runs within a budget.
//!
//! What a form may be is decided when it is written: its size, how much it comes to with every reference written out, its
//! regular expressions. What checking answers against it takes is counted before it is done, by the same walk that the
//! checking will make, so that no form and no answers can take the memory or the time of the service. See
//! `docs/decisions/0017-programs-of-others.md`.

use crate::error::{Code, Error, Fault, Result};
use crate::shape::{Misfit, Shape, cost_of_pattern};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The most bytes of a form, written without spaces.
const MOST_BYTES: usize = 128 * 1024;
/// How deep a form may be as it is written, and with its references written out, each of which is a level.
const DEEPEST: usize = 32;
const DEEPEST_WRITTEN_OUT: usize = 64;
/// The most schemas in a form, with its references written out.
const MOST_SCHEMAS: u64 = 5_000;
/// The most regular expressions of a form, and the most characters of one.
const MOST_PATTERNS: usize = 100;
const LONGEST_PATTERN: usize = 400;
/// What checking one application may take: about a tenth of a microsecond each.
const MOST_STEPS: u64 = 5_000_000;
/// What telling its faults may hold in memory at a time, in bytes.
const MOST_HELD: u64 = 32 * 1024 * 1024;
/// About what one fault holds beside the place and the value that it is about.
const A_FAULT: u64 = 600;
/// The one `$schema` that a form can have.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A form that can be checked against.
pub struct Form {
    shape: Shape,
    /// What matching one byte costs, by pattern.
    patterns: HashMap<String, u64>,
}

impl Form {
    /// Reads a form that somebody writes.
    ///
    /// # Errors
    /// A fault that says where it is more than a form can be.
    pub fn written(document: &Value) -> Result<Self, Fault> {
        let stray = [("$id", None), ("$schema", Some(DRAFT))].into_iter().find(|(name, known)| {
            document.get(name).is_some_and(|given| known.is_none_or(|known| given != &json!(known)))
        });
        if let Some((name, _)) = stray {
            let detail = format!("A form stands for itself: leave out $id, and $schema other than {DRAFT}.");
            return Err(fault(&format!("/{name}"), detail));
        }
        Self::read(document)
    }

    /// Reads a form that is there, which may have been written when more was allowed.
    ///
    /// # Errors
    /// As [`Form::written`].
    pub fn read(document: &Value) -> Result<Self, Fault> {
        if document.get("type") != Some(&json!("object")) {
            return Err(fault("/type", "A form describes an object: expected \"type\": \"object\"."));
        }
        let bytes = serde_json::to_vec(document).map_or(usize::MAX, |text| text.len());
        if bytes > MOST_BYTES {
            return Err(fault("", format!("A form can be at most {} KiB long.", MOST_BYTES / 1024)));
        }
        contained(document, &mut String::new(), 0)?;
        let mut census = Census { root: document, left: MOST_SCHEMAS, patterns: BTreeMap::new() };
        census.take(document, &mut String::new(), 0)?;
        let patterns = costs(census.patterns)?;
        let misfit =
            |at: Fault| fault(&at.pointer, format!("The form is not a JSON Schema of draft 2020-12. {}", at.detail));
        Ok(Self { shape: Shape::new(document.clone()).map_err(misfit)?, patterns })
    }

    /// The faults in the answers, each with a pointer.
    ///
    /// # Errors
    /// `form-too-costly` where checking them would take too much.
    pub fn misfits(&self, data: &Map<String, Value>) -> Result<Vec<Fault>> {
        let data = Value::Object(data.clone());
        let mut meter = Meter { form: self, sizes: HashMap::new(), steps: MOST_STEPS, held: 0 };
        meter.visit(self.shape.schema(), &data, Place { path: 0, alternatives: 0 }).map_err(|Spent| {
            let detail = "The form of this call, or these answers, take too much to check. Ask the programme for a simpler form, or send shorter answers.";
            Error::new(Code::FormTooCostly).detail(detail)
        })?;
        let within = |misfit: Misfit| {
            let Fault { pointer, detail, .. } = misfit.fault();
            Fault::new(format!("/data{pointer}"), "form", detail)
        };
        if meter.held <= MOST_HELD {
            return Ok(self.shape.misfits(&data).into_iter().map(within).collect());
        }
        if self.shape.fits(&data) {
            return Ok(Vec::new());
        }
        let detail = "The answers do not fit the form, in more places than can be told. Compare them with the form.";
        Ok(vec![Fault::new("/data", "form", detail)])
    }
}

fn fault(pointer: &str, detail: impl Into<String>) -> Fault {
    Fault::new(format!("/form{pointer}"), "form", detail)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Calls with the pointer to a member, and leaves it as it was.
fn within<T>(pointer: &mut String, name: &str, call: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&escaped(name));
    let done = call(pointer);
    pointer.truncate(length);
    done
}

/// Checks that a form refers to nothing outside itself, and names no part in another way than by a pointer.
fn contained(value: &Value, pointer: &mut String, depth: usize) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(fault(pointer, format!("A form can be at most {DEEPEST} levels deep.")));
    }
    let member = |pointer: &mut String, name: &str, member: &Value| {
        within(pointer, name, |pointer| {
            let text = member.as_str();
            let refused = match name {
                "$ref" => text.is_some_and(|to| !(to == "#" || to.starts_with("#/")) || to.contains('%')),
                "$id" | "$schema" => text.is_some() && depth > 0,
                "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$recursiveRef" | "$recursiveAnchor" => text.is_some(),
                _ => false,
            };
            if refused {
                let detail = "A form cannot refer to another document. Expected a reference such as \"$ref\": \"#/$defs/...\", without percent signs and anchors.";
                return Err(fault(pointer, detail));
            }
            contained(member, pointer, depth + 1)
        })
    };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| member(pointer, name, value)),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(at, value)| member(pointer, &at.to_string(), value))
        }
        _ => Ok(()),
    }
}

/// What a schema within another is held against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The same value.
    Itself,
    /// One of its alternatives: their faults are collected before they are told.
    Alternative,
    /// The members or items.
    Members,
    /// The names of the members.
    Names,
}

/// Keywords that hold a schema, a list of schemas, or schemas by name.
const KEYWORDS: [(&str, Of); 22] = [
    ("allOf", Of::Itself),
    ("anyOf", Of::Alternative),
    ("oneOf", Of::Alternative),
    ("not", Of::Itself),
    ("if", Of::Itself),
    ("then", Of::Itself),
    ("else", Of::Itself),
    ("dependentSchemas", Of::Itself),
    ("dependencies", Of::Itself),
    ("items", Of::Members),
    ("prefixItems", Of::Members),
    ("additionalItems", Of::Members),
    ("unevaluatedItems", Of::Members),
    ("contains", Of::Members),
    ("properties", Of::Members),
    ("patternProperties", Of::Members),
    ("additionalProperties", Of::Members),
    ("unevaluatedProperties", Of::Members),
    ("propertyNames", Of::Names),
    ("$ref", Of::Itself),
    ("$defs", Of::Itself),
    ("definitions", Of::Itself),
];
/// Of those, the ones whose schemas are only there to be referred to.
const SHELVES: [&str; 2] = ["$defs", "definitions"];
/// Of those, the ones that hold schemas by name.
const NAMED: [&str; 4] = ["dependentSchemas", "dependencies", "properties", "patternProperties"];
/// What only people read.
const REMARKS: [&str; 5] = ["title", "description", "default", "examples", "$comment"];
/// Formats that read the answers as programs, or take long: they are not checked at all by most others either.
const HEAVY_FORMATS: [&str; 6] = ["regex", "idn-hostname", "idn-email", "iri", "iri-reference", "uri-template"];

fn is_unevaluated(schema: &Map<String, Value>) -> bool {
    schema.contains_key("unevaluatedProperties") || schema.contains_key("unevaluatedItems")
}

/// A schema within another: the keyword, its name or number there, and itself.
struct Part<'a> {
    keyword: &'static str,
    of: Of,
    name: Option<Cow<'a, str>>,
    /// The pointer to what a reference refers to.
    target: Option<&'a str>,
    schema: &'a Value,
}

/// The schemas within a schema. A reference is one part: what it refers to; nothing where that is not there.
fn parts<'a>(root: &'a Value, schema: &'a Map<String, Value>) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for (keyword, of) in KEYWORDS.into_iter().filter(|(keyword, _)| !SHELVES.contains(keyword)) {
        let Some(value) = schema.get(keyword) else { continue };
        if let (Value::String(to), "$ref") = (value, keyword) {
            let pointer = to.strip_prefix('#').unwrap_or(to);
            let referred = |schema| Part { keyword, of, name: None, target: Some(pointer), schema };
            parts.extend(root.pointer(pointer).map(referred));
            continue;
        }
        let mut part = |name, schema| parts.push(Part { keyword, of, name, target: None, schema });
        match value {
            Value::Object(named) if NAMED.contains(&keyword) => {
                let schemas = named.iter().filter(|(_, schema)| schema.is_object() || schema.is_boolean());
                schemas.for_each(|(name, schema)| part(Some(Cow::Borrowed(name.as_str())), schema));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(at, schema)| part(Some(Cow::Owned(at.to_string())), schema));
            }
            schema => part(None, schema),
        }
    }
    parts
}

/// Counts the schemas of a form with every reference written out, and collects its patterns.
struct Census<'a> {
    root: &'a Value,
    left: u64,
    /// Where each was met first.
    patterns: BTreeMap<&'a str, String>,
}

impl<'a> Census<'a> {
    fn count(&mut self, pointer: &str, depth: usize) -> Result<(), Fault> {
        if depth > DEEPEST_WRITTEN_OUT {
            let detail = format!(
                "With its references written out, a form can be at most {DEEPEST_WRITTEN_OUT} levels deep, so no schema can refer to itself."
            );
            return Err(fault(pointer, detail));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            fault(
                pointer,
                format!(
                    "With its references written out, a form can have at most {MOST_SCHEMAS} schemas; here are more."
                ),
            )
        })?;
        Ok(())
    }

    fn take(&mut self, schema: &'a Value, pointer: &mut String, depth: usize) -> Result<(), Fault> {
        self.count(pointer, depth)?;
        let Value::Object(members) = schema else { return Ok(()) };
        if let Some(format) = members.get("format").and_then(Value::as_str).filter(|name| HEAVY_FORMATS.contains(name))
        {
            return within(pointer, "format", |at| {
                Err(fault(at, format!("The format {format} is not checked here. Leave it out.")))
            });
        }
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
            within(pointer, "pattern", |at| self.patterns.entry(pattern).or_insert_with(|| at.clone()));
        }
        if let Some(Value::Object(patterns)) = members.get("patternProperties") {
            within(pointer, "patternProperties", |pointer| {
                for pattern in patterns.keys() {
                    within(pointer, pattern, |at| self.patterns.entry(pattern).or_insert_with(|| at.clone()));
                }
            });
        }
        if members
            .get("$ref")
            .and_then(Value::as_str)
            .is_some_and(|to| self.root.pointer(to.trim_start_matches('#')).is_none())
        {
            return within(pointer, "$ref", |at| Err(fault(at, "It refers to a schema that is not there.")));
        }
        for part in parts(self.root, members) {
            self.within(&part, pointer, |census, at| census.take(part.schema, at, depth + 1))?;
        }
        if is_unevaluated(members) { self.mark(schema, pointer, depth) } else { Ok(()) }
    }

    /// What is evaluated of a value is found by evaluating it again, with everything that is held against it.
    fn mark(&mut self, schema: &'a Value, pointer: &mut String, depth: usize) -> Result<(), Fault> {
        self.count(pointer, depth)?;
        let Value::Object(members) = schema else { return Ok(()) };
        for part in parts(self.root, members).into_iter().filter(|part| matches!(part.of, Of::Itself | Of::Alternative))
        {
            self.within(&part, pointer, |census, at| {
                census.take(part.schema, at, depth + 1)?;
                census.mark(part.schema, at, depth + 1)
            })?;
        }
        Ok(())
    }

    fn within<T>(
        &mut self,
        part: &Part<'a>,
        pointer: &mut String,
        call: impl FnOnce(&mut Self, &mut String) -> T,
    ) -> T {
        if let Some(target) = &part.target {
            // From here on, places are those of what it refers to.
            let here = std::mem::replace(pointer, (*target).to_owned());
            let done = call(self, pointer);
            *pointer = here;
            return done;
        }
        within(pointer, part.keyword, |pointer| match &part.name {
            Some(name) => within(pointer, name, |pointer| call(self, pointer)),
            None => call(self, pointer),
        })
    }
}

/// What matching a byte against each of the patterns costs.
fn costs(patterns: BTreeMap<&str, String>) -> Result<HashMap<String, u64>, Fault> {
    if patterns.len() > MOST_PATTERNS {
        return Err(fault("", format!("A form can have at most {MOST_PATTERNS} regular expressions.")));
    }
    let mut costs = HashMap::new();
    for (pattern, pointer) in patterns {
        if pattern.chars().count() > LONGEST_PATTERN {
            let detail = format!("A regular expression can have at most {LONGEST_PATTERN} characters.");
            return Err(fault(&pointer, detail));
        }
        let cost = cost_of_pattern(pattern).ok_or_else(|| {
            fault(&pointer, "Expected a regular expression without look-around and back references that is not too large: use maxLength in place of a high number of repetitions.")
        })?;
        costs.insert(pattern.to_owned(), cost);
    }
    Ok(costs)
}

/// The budget is spent.
struct Spent;

/// Where a value is checked.
#[derive(Clone, Copy)]
struct Place {
    /// How long the pointer to it is.
    path: u64,
    /// How many alternatives it is checked within.
    alternatives: u64,
}

/// Counts what checking answers will take, by walking the form as the checking does.
struct Meter<'a> {
    form: &'a Form,
    /// Of the values of the answers, by their address: what each holds in memory.
    sizes: HashMap<*const Value, u64>,
    steps: u64,
    held: u64,
}

impl Meter<'_> {
    fn spend(&mut self, steps: u64) -> Result<(), Spent> {
        self.steps = self.steps.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }

    /// About how many bytes a value holds in memory.
    fn size(&mut self, value: &Value) -> u64 {
        const A_VALUE: u64 = 72;
        let key = std::ptr::from_ref(value);
        if let Some(size) = self.sizes.get(&key) {
            return *size;
        }
        let size = A_VALUE
            + match value {
                Value::String(text) => text.len() as u64,
                Value::Array(items) => items.iter().map(|item| self.size(item)).sum(),
                Value::Object(members) => {
                    members.iter().map(|(name, member)| A_VALUE + name.len() as u64 + self.size(member)).sum()
                }
                _ => 0,
            };
        if value.is_array() || value.is_object() {
            self.sizes.insert(key, size);
        }
        size
    }

    fn visit(&mut self, schema: &Value, value: &Value, place: Place) -> Result<(), Spent> {
        let size = self.size(value);
        let nothing = Map::new();
        let members = schema.as_object().unwrap_or(&nothing);
        let own = members.iter().filter(|(name, _)| {
            !REMARKS.contains(&name.as_str()) && !KEYWORDS.iter().any(|(keyword, _)| keyword == name)
        });
        let (mut faults, mut weight) = (1, 0);
        for (name, keyword) in own {
            weight += nodes(keyword);
            faults += if matches!(name.as_str(), "required" | "dependentRequired") { nodes(keyword) } else { 1 };
        }
        let properties = members.get("properties").and_then(Value::as_object).map_or(0, |named| named.len() as u64);
        self.spend((2 + faults + weight + properties) * (1 + place.alternatives))?;
        self.spend(self.text(members, value, size) * (1 + place.alternatives))?;
        let copied = if place.alternatives > 0 { size } else { 0 };
        // A fault keeps what its keyword says, such as the words of a list.
        let kept = 72 * weight + members.get("not").map_or(0, |not| 72 * nodes(not));
        self.held = self.held.saturating_add(faults * (A_FAULT + place.path + copied) + kept);
        let root = self.form.shape.schema();
        for part in parts(root, members) {
            self.apply(&part, value, place)?;
        }
        if is_unevaluated(members) { self.mark(schema, value, place) } else { Ok(()) }
    }

    /// As in [`Census::mark`].
    fn mark(&mut self, schema: &Value, value: &Value, place: Place) -> Result<(), Spent> {
        self.spend(1)?;
        let Value::Object(members) = schema else { return Ok(()) };
        for part in parts(self.form.shape.schema(), members) {
            if matches!(part.of, Of::Itself | Of::Alternative) {
                self.visit(part.schema, value, place)?;
                self.mark(part.schema, value, place)?;
            } else {
                // Which members a schema covers is asked of each by its name.
                let count = value.as_object().map_or(0, Map::len) + value.as_array().map_or(0, Vec::len);
                self.spend(1 + count as u64)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, part: &Part<'_>, value: &Value, place: Place) -> Result<(), Spent> {
        let longer = |by: usize| Place { path: place.path + 1 + by as u64, ..place };
        match (part.of, value) {
            (Of::Itself, _) => self.visit(part.schema, value, place),
            (Of::Alternative, _) => {
                self.visit(part.schema, value, Place { alternatives: place.alternatives + 1, ..place })
            }
            (Of::Members, Value::Object(members)) if part.keyword == "properties" => {
                let name = part.name.as_deref().unwrap_or_default();
                members.get(name).map_or(Ok(()), |member| self.visit(part.schema, member, longer(name.len())))
            }
            (Of::Members, Value::Object(members)) if !part.keyword.ends_with("tems") && part.keyword != "contains" => {
                members.iter().try_for_each(|(name, member)| self.visit(part.schema, member, longer(name.len())))
            }
            (Of::Members, Value::Array(items)) if part.keyword == "prefixItems" => {
                let at = part.name.as_deref().and_then(|at| at.parse::<usize>().ok());
                at.and_then(|at| items.get(at)).map_or(Ok(()), |item| self.visit(part.schema, item, longer(6)))
            }
            (Of::Members, Value::Array(items)) if part.keyword.ends_with("tems") || part.keyword == "contains" => {
                items.iter().try_for_each(|item| self.visit(part.schema, item, longer(6)))
            }
            (Of::Names, Value::Object(members)) => members.keys().try_for_each(|name| {
                let name = Value::String(name.clone());
                self.visit(part.schema, &name, Place { alternatives: place.alternatives + 1, ..place })
            }),
            (Of::Members | Of::Names, _) => Ok(()),
        }
    }

    /// What reading the value itself costs: its text, its names, its items among each other.
    fn text(&self, schema: &Map<String, Value>, value: &Value, size: u64) -> u64 {
        let pattern = |pattern: &str, text: &str| {
            self.form.patterns.get(pattern).map_or(1, |cost| cost * (1 + text.len() as u64))
        };
        match value {
            Value::String(text) => {
                let matched = schema.get("pattern").and_then(Value::as_str).map_or(0, |known| pattern(known, text));
                let read = if schema.contains_key("format") { text.len() as u64 } else { text.len() as u64 / 256 };
                matched + read
            }
            Value::Array(_) if schema.contains_key("uniqueItems") => size / 8,
            Value::Object(members) => {
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                let each = |name: &String| {
                    patterns.iter().flat_map(|known| known.keys()).map(|known| pattern(known, name)).sum::<u64>()
                };
                // Asked again by the keywords for what no pattern fits.
                2 * members.keys().map(each).sum::<u64>() + members.len() as u64
            }
            _ => 0,
        }
    }
}

/// How much there is to compare in what a keyword says: its values, and their text by the line.
fn nodes(value: &Value) -> u64 {
    match value {
        Value::String(text) => 1 + text.len() as u64 / 64,
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<u64>(),
        Value::Object(members) => {
            1 + members.iter().map(|(name, member)| 1 + name.len() as u64 / 64 + nodes(member)).sum::<u64>()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `levels` definitions, each of which names the next one twice below a keyword.
    fn doubled(keyword: &str, levels: usize) -> Value {
        let level = |at: usize| {
            let next = json!({ "$ref": format!("#/$defs/a{}", at + 1) });
            (format!("a{at}"), json!({ keyword: [next, next] }))
        };
        let mut levels: Map<String, Value> = (0..levels).map(level).collect();
        levels.insert(format!("a{}", levels.len()), json!({ "type": "string" }));
        json!({ "type": "object", "properties": { "aim": { "$ref": "#/$defs/a0" } }, "$defs": levels })
    }

    fn of(aim: Value) -> Value {
        json!({ "type": "object", "properties": { "aim": aim } })
    }

    #[test]
    fn a_form_is_refused_where_it_is_more_than_a_form_can_be() {
        let deep = (0..40).fold(json!({}), |inner, _| json!({ "not": inner }));
        let own = json!({ "unevaluatedProperties": false, "allOf": [{}] });
        let unevaluated = (0..14).fold(own, |inner, _| json!({ "unevaluatedProperties": false, "allOf": [inner] }));
        for (form, pointer) in [
            (json!({ "type": "string" }), "/form/type"),
            (json!({ "type": "object", "$id": "https://example.org/form" }), "/form/$id"),
            (json!({ "type": "object", "$schema": "http://json-schema.org/draft-07/schema#" }), "/form/$schema"),
            (of(json!({ "$ref": "https://example.org/text.json" })), "/form/properties/aim/$ref"),
            (of(json!({ "$ref": "file:///etc/passwd" })), "/form/properties/aim/$ref"),
            (of(json!({ "$ref": "#/$defs/nothing" })), "/form/properties/aim/$ref"),
            (of(json!({ "$ref": "#aim", "$anchor": "aim" })), "/form/properties/aim/$anchor"),
            (of(json!({ "$dynamicRef": "#aim" })), "/form/properties/aim/$dynamicRef"),
            (of(json!({ "$id": "other", "type": "string" })), "/form/properties/aim/$id"),
            (of(json!({ "pattern": "(a)\\1" })), "/form/properties/aim/pattern"),
            (of(json!({ "pattern": "(?=a)b" })), "/form/properties/aim/pattern"),
            (of(json!({ "pattern": "(a{100}){400}" })), "/form/properties/aim/pattern"),
            (of(json!({ "pattern": "a".repeat(500) })), "/form/properties/aim/pattern"),
            (
                of(json!({ "patternProperties": { "(\\w{900}){90}": {} } })),
                "/form/properties/aim/patternProperties/(\\w{900}){90}",
            ),
            (of(json!({ "format": "regex" })), "/form/properties/aim/format"),
            (of(json!({ "minLength": "long" })), "/form/properties/aim/minLength"),
            (of(json!({ "enum": (0..40_000).collect::<Vec<u32>>() })), "/form"),
        ] {
            let fault = Form::written(&form).err().unwrap_or_else(|| Fault::new("nowhere", "taken", ""));
            assert_eq!((fault.pointer.as_str(), fault.code), (pointer, "form"), "{}", fault.detail);
        }
        for bomb in [doubled("oneOf", 22), doubled("allOf", 27), doubled("anyOf", 13), of(deep), of(unevaluated)] {
            assert!(Form::written(&bomb).is_err(), "{bomb}");
        }
        let recursive = of(json!({ "items": { "$ref": "#" } }));
        assert!(Form::written(&recursive).err().unwrap().detail.contains("refer to itself"));
    }

    #[test]
    fn a_form_that_people_write_is_taken() {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": 4000 });
        let many: Map<String, Value> =
            (0..500).map(|at| (format!("q{at}"), json!({ "$ref": "#/$defs/text" }))).collect();
        let chosen = json!({
            "type": "object", "$schema": DRAFT, "title": "A form", "properties": many, "additionalProperties": false,
            "allOf": [{ "if": { "properties": { "q1": { "const": "yes" } } }, "then": { "required": ["q2"] } }],
            "$defs": { "text": text, "code": { "type": "string", "pattern": "^[A-Z]{2}[0-9]{1,6}$", "format": "uuid" } }
        });
        assert!(Form::written(&chosen).is_ok());
        let form = Form::written(&doubled("oneOf", 8)).unwrap();
        assert!(!form.misfits(&Map::from_iter([("aim".to_owned(), json!("text"))])).unwrap().is_empty());
    }

    #[test]
    fn what_checking_takes_is_counted_before_it_is_done() {
        let numbers = |count: usize| json!((0..count).collect::<Vec<usize>>());
        let long = "x".repeat(500_000);
        let alternatives: Vec<Value> = (0..900).map(|at| json!({ "type": "string", "maxLength": at })).collect();
        let words: Vec<String> = (0..9_000).map(|at| format!("word-{at}")).collect();
        let names: Map<String, Value> = (0..60_000).map(|at| (format!("n{at}"), json!(1))).collect();
        let patterns: Map<String, Value> = (0..90).map(|at| (format!("^(a|b{at}|.*c)*$"), json!({}))).collect();
        for (aim, answer) in [
            (json!({ "items": { "oneOf": alternatives } }), numbers(50_000)),
            (json!({ "items": { "enum": words } }), numbers(50_000)),
            (json!({ "pattern": "^(\\w{1,30}x)*y$" }), json!(long)),
            (json!({ "patternProperties": patterns }), Value::Object(names)),
        ] {
            let form = Form::written(&of(aim.clone())).unwrap();
            let refused = form.misfits(&Map::from_iter([("aim".to_owned(), answer)])).err().unwrap();
            assert_eq!(refused.code().as_str(), "form-too-costly", "{aim}");
        }
    }

    #[test]
    fn where_the_faults_hold_too_much_only_that_there_are_some_is_told() {
        let alternatives: Vec<Value> = (0..900).map(|at| json!({ "type": "string", "maxLength": at })).collect();
        let form = Form::written(&of(json!({ "oneOf": alternatives }))).unwrap();
        let long =
            form.misfits(&Map::from_iter([("aim".to_owned(), json!((0..9_000).collect::<Vec<u32>>()))])).unwrap();
        assert_eq!((long.len(), long[0].pointer.as_str()), (1, "/data"));
        let name = "n".repeat(100_000);
        let form = Form::written(&of(json!({ "additionalProperties": { "items": { "type": "string" } } }))).unwrap();
        let data = Map::from_iter([("aim".to_owned(), json!({ name: (0..9_000).collect::<Vec<u32>>() }))]);
        assert_eq!(form.misfits(&data).unwrap().len(), 1);
    }

    #[test]
    fn a_fault_names_the_place_and_never_repeats_the_answer() {
        let form = Form::written(&json!({ "type": "object", "required": ["aim"], "properties": { "aim": { "type": "string", "maxLength": 5 }, "sites": { "type": "integer" } } })).unwrap();
        let data = json!({ "aim": "private matters", "sites": "many" });
        let faults = form.misfits(data.as_object().unwrap()).unwrap();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/data/aim", "/data/sites"]);
        assert!(faults.iter().all(|fault| !fault.detail.contains("private") && !fault.detail.contains("many")));
        assert_eq!(form.misfits(&Map::new()).unwrap().len(), 1);
    }
}
