//! JSON Schemas, and what does not fit them in our own words: where it is and what was expected, never what was sent.

use crate::error::{Fault, LONGEST_POINTER, MOST_FAULTS};
use crate::vocabulary::read_instant;
use jsonschema::error::{TypeKind, ValidationErrorKind as Broken};
use jsonschema::{Draft, PatternOptions, ValidationError, ValidationOptions, Validator};
use serde_json::Value;

/// A compiled JSON Schema (draft 2020-12).
pub struct Shape {
    schema: Value,
    validator: Validator,
}

/// Something of a value that does not fit its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// A member is missing, unknown or of another type.
    Form(Fault),
    /// Of the right form, but beyond a limit.
    Rule(Fault),
}

impl Misfit {
    pub fn fault(self) -> Fault {
        match self {
            Self::Form(fault) | Self::Rule(fault) => fault,
        }
    }
}

impl Shape {
    /// Compiles a schema. Regular expressions run in linear time and little memory, so that no schema can be made to take
    /// forever.
    ///
    /// # Errors
    /// What is wrong with the schema, with a pointer into it.
    pub fn new(schema: Value) -> Result<Self, Fault> {
        let options = options(LARGEST_PATTERN)
            .should_validate_formats(true)
            .with_format("date-time", |text| read_instant(text).is_ok());
        let built = options.build(&schema).map_err(|error| misfits(None, &error).into_iter().next());
        match built {
            Ok(validator) => Ok(Self { schema, validator }),
            Err(misfit) => Err(misfit.map_or_else(|| Fault::new("", "rule", "Expected a JSON Schema."), Misfit::fault)),
        }
    }

    /// What of the value does not fit, as far as anyone mends one by one.
    pub fn misfits(&self, value: &Value) -> Vec<Misfit> {
        let errors = self.validator.iter_errors(value);
        errors.flat_map(|error| misfits(Some(&self.schema), &error)).take(MOST_FAULTS).collect()
    }

    /// Whether all of the value fits: in no more memory than there is, whatever the value.
    pub fn fits(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    pub fn schema(&self) -> &Value {
        &self.schema
    }
}

fn options(largest: usize) -> ValidationOptions<'static> {
    let patterns = PatternOptions::regex().size_limit(largest).dfa_size_limit(REMEMBERED);
    jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns)
}

/// What a compiled regular expression may take, in bytes, and what it may remember of the texts that it was held against.
const LARGEST_PATTERN: usize = 256 * 1024;
const REMEMBERED: usize = 256 * 1024;

/// What holding one byte against a regular expression costs at worst, by the size that it comes to; nothing for one that
/// cannot be taken.
pub fn cost_of_pattern(pattern: &str) -> Option<u64> {
    const KIB: usize = 1024;
    let schema = serde_json::json!({ "pattern": pattern });
    let sizes = [4 * KIB, 16 * KIB, 64 * KIB, LARGEST_PATTERN];
    let size = sizes.into_iter().find(|size| options(*size).build(&schema).is_ok())?;
    Some((size / KIB) as u64)
}

/// The pointer to a member of what another points at; to the whole, where a made-up name would make it too long.
fn below(pointer: &str, name: &str) -> String {
    let member = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    if member.chars().count() > LONGEST_POINTER { pointer.to_owned() } else { member }
}

fn sentence(expected: &str) -> String {
    format!("Expected {expected}.")
}

/// What one error of the library says, in our words. `root` is the schema it is about, where that is at hand.
fn misfits(root: Option<&Value>, error: &ValidationError<'_>) -> Vec<Misfit> {
    let pointer = error.instance_path().as_str();
    let keyword = error.schema_path().as_str();
    let schema = root.and_then(|root| root.pointer(keyword.rsplit_once('/')?.0)).unwrap_or(&Value::Null);
    let root = root.unwrap_or(&Value::Null);
    let rule = |code, detail: String| vec![Misfit::Rule(Fault::new(pointer, code, detail))];
    let form = |pointer: String, code, detail: String| vec![Misfit::Form(Fault::new(pointer, code, detail))];
    let limited = |code, bound: &str, limit: &Value| rule(code, sentence(&format!("{bound} {}", number(limit))));
    match error.kind() {
        Broken::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let expected = expected(root, &schema["properties"][name]);
            form(below(pointer, name), "missing", format!("The property {name} is missing; expected {expected}."))
        }
        Broken::AdditionalProperties { unexpected } | Broken::UnevaluatedProperties { unexpected } => {
            const MOST: usize = 50;
            let names = Names::of(schema);
            let unknown = unexpected.iter().take(MOST);
            unknown.flat_map(|name| form(below(pointer, name), "unknown-property", names.without(name))).collect()
        }
        Broken::Type { kind } => {
            let expected = match expected(root, schema) {
                words if words == ANYTHING => types(kind),
                words => words,
            };
            let detail = format!("Expected {expected}, not {}.", kind_of(error.instance()));
            form(pointer.to_owned(), "type", detail)
        }
        Broken::AnyOf { context } | Broken::OneOfNotValid { context } => among(root, error, context),
        Broken::OneOfMultipleValid { .. } => rule("rule", sentence("what only one of the alternatives allows")),
        Broken::Enum { options } => rule("unknown-word", sentence(&one_of(options))),
        Broken::Constant { expected_value } => rule("constant", sentence(&expected_value.to_string())),
        Broken::MaxLength { limit } => rule("too-long", sentence(&format!("at most {}", count(*limit, "character")))),
        Broken::MinLength { limit: 1 } => rule("too-short", "It cannot be empty.".to_owned()),
        Broken::MinLength { limit } => rule("too-short", sentence(&format!("at least {}", count(*limit, "character")))),
        Broken::Maximum { limit } => limited("too-large", "at most", limit),
        Broken::ExclusiveMaximum { limit } => limited("too-large", "a number below", limit),
        Broken::Minimum { limit } => limited("too-small", "at least", limit),
        Broken::ExclusiveMinimum { limit } => limited("too-small", "a number above", limit),
        Broken::MultipleOf { multiple_of } => rule("multiple", sentence(&format!("a multiple of {multiple_of}"))),
        Broken::MaxItems { limit } => rule("too-many", sentence(&format!("at most {}", count(*limit, "item")))),
        Broken::AdditionalItems { limit } => {
            rule("too-many", sentence(&format!("at most {}", count(*limit as u64, "item"))))
        }
        Broken::UnevaluatedItems { .. } => rule("too-many", sentence("fewer items")),
        Broken::MinItems { limit } => rule("too-few", sentence(&format!("at least {}", count(*limit, "item")))),
        Broken::MaxProperties { limit } => rule("too-many", sentence(&format!("at most {}", count(*limit, "member")))),
        Broken::MinProperties { limit } => rule("too-few", sentence(&format!("at least {}", count(*limit, "member")))),
        Broken::UniqueItems => rule("named-twice", sentence("each item once")),
        Broken::Contains => rule("rule", sentence("another number of items of the kind that this list asks for")),
        Broken::Format { format } if format == "date-time" => {
            let read = error.instance().as_str().map_or(Ok(()), |text| read_instant(text).map(drop));
            rule("format", sentence(read.err().unwrap_or("an instant")))
        }
        Broken::Format { format } => rule("format", sentence(&formatted(format))),
        Broken::Pattern { pattern } => rule("format", sentence(&patterned(pattern, schema))),
        Broken::PropertyNames { error } => {
            let within = |misfit: Misfit| {
                let Fault { code, detail, .. } = misfit.fault();
                Misfit::Rule(Fault::new(pointer, code, format!("In the name of a member: {detail}")))
            };
            misfits(Some(root), error).into_iter().map(within).collect()
        }
        Broken::ContentEncoding { content_encoding: kind } | Broken::ContentMediaType { content_media_type: kind } => {
            rule("format", sentence(&format!("text encoded as {kind}")))
        }
        Broken::FalseSchema => rule("rule", "Nothing is allowed here.".to_owned()),
        Broken::Not { .. } => rule("rule", "It is one of the values that are ruled out here.".to_owned()),
        Broken::Referencing(_) => rule("reference", "It refers to a schema that is not there.".to_owned()),
        Broken::FromUtf8 { .. }
        | Broken::BacktrackLimitExceeded { .. }
        | Broken::RegexEngineFailure { .. }
        | Broken::Custom { .. } => rule("rule", "It breaks a rule of its schema.".to_owned()),
    }
}

/// A value that fits none of several schemas is answered with what is wrong by the one that it comes nearest to: null beside an
/// object with a fault is not what was meant.
fn among(root: &Value, error: &ValidationError<'_>, branches: &[Vec<ValidationError<'static>>]) -> Vec<Misfit> {
    let here = error.instance_path().as_str();
    let another_type =
        |one: &ValidationError<'_>| one.instance_path().as_str() == here && matches!(one.kind(), Broken::Type { .. });
    let near = branches.iter().filter(|faults| !faults.iter().any(another_type)).min_by_key(|faults| faults.len());
    if let Some(faults) = near {
        return faults.iter().flat_map(|fault| misfits(Some(root), fault)).take(MOST_FAULTS).collect();
    }
    let schemas = root.pointer(error.schema_path().as_str()).and_then(Value::as_array);
    let expected = schemas.map_or_else(|| ANYTHING.to_owned(), |schemas| either(root, schemas));
    let detail = format!("Expected {expected}, not {}.", kind_of(error.instance()));
    vec![Misfit::Form(Fault::new(here, "type", detail))]
}

/// The names that members can have.
struct Names<'a>(Vec<(&'a str, String)>);

impl<'a> Names<'a> {
    fn of(schema: &'a Value) -> Self {
        let names = schema["properties"].as_object().into_iter().flatten();
        Self(names.map(|(name, _)| (name.as_str(), folded(name))).collect())
    }

    /// That a member has no such name, and which names there are.
    fn without(&self, unknown: &str) -> String {
        let unknown = folded(unknown);
        match self.0.iter().find(|(_, name)| *name == unknown) {
            Some((name, _)) => format!("There is no property of this name here; expected {name}."),
            None if self.0.is_empty() => "There is no property of this name here; none is expected.".to_owned(),
            None => {
                let names: Vec<&str> = self.0.iter().map(|(name, _)| *name).take(MOST_WORDS + 1).collect();
                format!("There is no property of this name here; known are {}.", listed(&names))
            }
        }
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The most words that a sentence lists.
const MOST_WORDS: usize = 100;

/// Words in a row, cut where they would fill a page.
fn listed(words: &[&str]) -> String {
    let more = if words.len() > MOST_WORDS { " and others" } else { "" };
    format!("{}{more}", words.iter().take(MOST_WORDS).copied().collect::<Vec<_>>().join(", "))
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn number(limit: &Value) -> String {
    match limit.as_f64() {
        Some(float) if limit.is_f64() => float.to_string(),
        _ => limit.to_string(),
    }
}

fn one_of(options: &Value) -> String {
    let written = |option: &Value| option.as_str().map_or_else(|| option.to_string(), str::to_owned);
    let words: Vec<String> = options.as_array().into_iter().flatten().take(MOST_WORDS + 1).map(written).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let [one] = words.as_slice() { (*one).to_owned() } else { format!("one of {}", listed(&words)) }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

const ANYTHING: &str = "a value";

fn types(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
    };
    let schemas: Vec<Value> = names.into_iter().map(|name| serde_json::json!({ "type": name })).collect();
    either(&Value::Null, &schemas)
}

fn either(root: &Value, schemas: &[Value]) -> String {
    let mut words: Vec<String> = Vec::new();
    for schema in schemas {
        let one = expected(root, schema);
        if !words.contains(&one) {
            words.push(one);
        }
    }
    words.join(" or ")
}

/// What a schema takes, as a sentence goes on after "expected".
fn expected(root: &Value, schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        // One step only: a schema may refer to itself.
        let named = name.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return named.map_or_else(|| ANYTHING.to_owned(), |named| expected(&Value::Null, named));
    }
    if schema["enum"].is_array() {
        return one_of(&schema["enum"]);
    }
    if let Some(schemas) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return either(root, schemas);
    }
    match &schema["type"] {
        Value::String(name) => typed(name, schema),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(|name| typed(name, schema)).collect::<Vec<_>>().join(" or ")
        }
        _ => ANYTHING.to_owned(),
    }
}

fn typed(name: &str, schema: &Value) -> String {
    match name {
        "string" => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some(format), _) => formatted(format),
            (None, Some(pattern)) => patterned(pattern, schema),
            (None, None) => "text".to_owned(),
        },
        "integer" => bounded("a whole number", schema),
        "number" => bounded("a number", schema),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => {
            let needed: Vec<&str> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(MOST_WORDS + 1)
                .collect();
            if needed.is_empty() { "an object".to_owned() } else { format!("an object with {}", listed(&needed)) }
        }
        other => other.to_owned(),
    }
}

/// With the bounds that say something: those of every number that a client can hold do not.
fn bounded(what: &str, schema: &Value) -> String {
    const WIDEST: [i64; 2] = [2_147_483_647, 9_007_199_254_740_991];
    let bound = |name: &str| {
        let idle = schema[name].as_i64().is_some_and(|limit| WIDEST.contains(&limit.abs()));
        Some(&schema[name]).filter(|limit| limit.is_number() && !idle).map(number)
    };
    match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum")) {
        (Some(least), Some(most), _) => format!("{what} from {least} to {most}"),
        (Some(least), None, _) => format!("{what} of at least {least}"),
        (None, Some(most), Some(above)) => format!("{what} above {above} and at most {most}"),
        (None, Some(most), None) => format!("{what} of at most {most}"),
        (None, None, Some(above)) => format!("{what} above {above}"),
        (None, None, None) => what.to_owned(),
    }
}

fn formatted(format: &str) -> String {
    let words = match format {
        "date" => "a date, such as 2026-04-01",
        "date-time" => "an instant, such as 2026-04-01T09:00:00Z",
        "time" => "a time of day, such as 09:00:00Z",
        "uuid" => "a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057",
        "email" => "an email address, such as name@example.org",
        "uri" => "an address, such as https://www.example.org/page",
        "regex" => "a regular expression without look-around and back references",
        other => return format!("text in the format {other}"),
    };
    words.to_owned()
}

/// The patterns of the bodies that this service publishes, in words.
const PATTERNS: [(&str, &str); 13] = [
    ("^[A-Za-z0-9-]{1,60}$", "a code of 1 to 60 letters, digits and hyphens"),
    ("^[A-Za-z0-9=;-]+$", "one member of each dimension, such as type=1;sex=f"),
    ("^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", "a code of 1 to 60 letters, digits and hyphens that begins with no hyphen"),
    ("^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", "letters and digits, with single hyphens between them"),
    ("^[a-z0-9][a-z0-9-]{0,59}$", "1 to 60 lower-case letters, digits and hyphens, with no hyphen at the beginning"),
    ("^[a-z0-9][a-z0-9-]{0,39}$", "1 to 40 lower-case letters, digits and hyphens, with no hyphen at the beginning"),
    ("^[a-z0-9]+(-[a-z0-9]+)*$", "lower-case letters and digits, with single hyphens between them"),
    (r"^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\S*)?$", "an address that begins with https:// or http://"),
    ("^[A-Z]{3}$", "three capital letters"),
    (r"^\S+$", "text without spaces"),
    ("^(now|[A-Za-z0-9_-]{48})$", "a cursor of /v1/changes, or now"),
    ("^[0-9]{4}-[0-9]{2}$", "four digits, a hyphen and two digits"),
    (r"^[0-9]{1,13}(\.[0-9]{1,4})?$", "a decimal number in a text, without sign or exponent"),
];

/// What a pattern asks for, where it has words of ours.
pub fn words_of(pattern: &str) -> Option<&'static str> {
    PATTERNS.iter().find(|(known, _)| *known == pattern).map(|(_, words)| *words)
}

fn patterned(pattern: &str, schema: &Value) -> String {
    let words = words_of(pattern).map_or_else(|| format!("text that matches {pattern}"), str::to_owned);
    match schema["example"].as_str() {
        Some(example) => format!("{words}, such as {example}"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Pointer, code and words of everything that does not fit.
    fn faults_of(schema: Value, value: Value) -> Vec<(String, &'static str, String)> {
        let misfits = Shape::new(schema).unwrap().misfits(&value);
        misfits.into_iter().map(Misfit::fault).map(|fault| (fault.pointer, fault.code, fault.detail)).collect()
    }

    #[test]
    fn every_fault_says_what_was_expected() {
        let words: Vec<u32> = (0..200).collect();
        for (schema, value, code, detail) in [
            (json!({ "type": "string" }), json!(7), "type", "Expected text, not a number."),
            (json!({ "type": "string" }), json!(null), "type", "Expected text, not null."),
            (json!({ "type": ["string", "null"] }), json!([]), "type", "Expected text or null, not a list."),
            (json!({ "type": "boolean" }), json!("yes"), "type", "Expected true or false, not text."),
            (json!({ "type": "array" }), json!({}), "type", "Expected a list, not an object."),
            (json!({ "type": "number" }), json!(true), "type", "Expected a number, not true or false."),
            (
                json!({ "type": "integer", "minimum": 1, "maximum": 9999 }),
                json!("2"),
                "type",
                "Expected a whole number from 1 to 9999, not text.",
            ),
            (
                json!({ "type": "integer", "minimum": -2147483647, "maximum": 2147483647 }),
                json!(1.5),
                "type",
                "Expected a whole number, not a number.",
            ),
            (
                json!({ "type": "object", "required": ["amount", "currency"] }),
                json!("5 GBP"),
                "type",
                "Expected an object with amount, currency, not text.",
            ),
            (json!({ "enum": ["spread", "live"] }), json!("heaven"), "unknown-word", "Expected one of spread, live."),
            (json!({ "const": "grant" }), json!("gift"), "constant", "Expected \"grant\"."),
            (json!({ "maxLength": 3 }), json!("four"), "too-long", "Expected at most 3 characters."),
            (json!({ "minLength": 1 }), json!(""), "too-short", "It cannot be empty."),
            (json!({ "minLength": 3 }), json!("ab"), "too-short", "Expected at least 3 characters."),
            (json!({ "maximum": 6 }), json!(7), "too-large", "Expected at most 6."),
            (json!({ "maximum": 1e15 }), json!(1e16), "too-large", "Expected at most 1000000000000000."),
            (json!({ "minimum": 0.5 }), json!(0), "too-small", "Expected at least 0.5."),
            (json!({ "exclusiveMinimum": 0 }), json!(0), "too-small", "Expected a number above 0."),
            (json!({ "exclusiveMaximum": 1 }), json!(1), "too-large", "Expected a number below 1."),
            (json!({ "multipleOf": 5 }), json!(7), "multiple", "Expected a multiple of 5."),
            (json!({ "maxItems": 1 }), json!([1, 2]), "too-many", "Expected at most 1 item."),
            (json!({ "minItems": 2 }), json!([1]), "too-few", "Expected at least 2 items."),
            (json!({ "maxProperties": 1 }), json!({ "a": 1, "b": 2 }), "too-many", "Expected at most 1 member."),
            (json!({ "minProperties": 1 }), json!({}), "too-few", "Expected at least 1 member."),
            (json!({ "uniqueItems": true }), json!([1, 1]), "named-twice", "Expected each item once."),
            (json!({ "format": "date" }), json!("2026-02-30"), "format", "Expected a date, such as 2026-04-01."),
            (
                json!({ "format": "date-time" }),
                json!("2016-12-31T23:59:60Z"),
                "format",
                "Expected an instant whose seconds go from 00 to 59: leap seconds are not taken.",
            ),
            (
                json!({ "format": "date-time" }),
                json!("yesterday"),
                "format",
                "Expected an instant, such as 2026-04-01T09:00:00Z.",
            ),
            (
                json!({ "format": "email" }),
                json!("nobody"),
                "format",
                "Expected an email address, such as name@example.org.",
            ),
            (json!({ "format": "ipv4" }), json!("home"), "format", "Expected text in the format ipv4."),
            (
                json!({ "pattern": "^[A-Z]{3}$", "example": "GBP" }),
                json!("pounds"),
                "format",
                "Expected three capital letters, such as GBP.",
            ),
            (json!({ "pattern": "^[0-9]+$" }), json!("x"), "format", "Expected text that matches ^[0-9]+$."),
            (
                json!({ "not": { "type": "null" } }),
                json!(null),
                "rule",
                "It is one of the values that are ruled out here.",
            ),
            (json!(false), json!(1), "rule", "Nothing is allowed here."),
            (
                json!({ "oneOf": [{ "type": "number" }, { "type": "string" }] }),
                json!([]),
                "type",
                "Expected a number or text, not a list.",
            ),
            (
                json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 5 }] }),
                json!(3),
                "rule",
                "Expected what only one of the alternatives allows.",
            ),
            (
                json!({ "propertyNames": { "maxLength": 2 } }),
                json!({ "abc": 1 }),
                "too-long",
                "In the name of a member: Expected at most 2 characters.",
            ),
            (
                json!({ "contains": { "const": 1 } }),
                json!([2]),
                "rule",
                "Expected another number of items of the kind that this list asks for.",
            ),
        ] {
            assert_eq!(faults_of(schema.clone(), value), [(String::new(), code, detail.to_owned())], "{schema}");
        }
        let many = faults_of(json!({ "enum": words }), json!("x"));
        assert!(many[0].2.ends_with("98, 99 and others."), "{many:?}");
    }

    #[test]
    fn a_member_is_told_by_its_place() {
        let schema = json!({
            "$ref": "#/components/schemas/Award",
            "components": { "schemas": {
                "Award": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["title", "kind"],
                    "properties": {
                        "title": { "type": "string" },
                        "kind": { "$ref": "#/components/schemas/Kind" },
                        "plannedFrom": { "type": "string", "format": "date" },
                        "amount": { "oneOf": [{ "$ref": "#/components/schemas/Money" }, { "type": "null" }] },
                        "years": { "type": "array", "items": { "$ref": "#/components/schemas/Money" } },
                    },
                },
                "Kind": { "type": "string", "enum": ["grant", "loan"] },
                "Money": {
                    "type": "object",
                    "required": ["amount", "currency"],
                    "properties": { "amount": { "type": "string" }, "currency": { "type": "string", "pattern": "^[A-Z]{3}$" } },
                },
            } },
        });
        let whole = |others: Value| {
            let mut award = json!({ "title": "Spread", "kind": "grant" });
            json_patch::merge(&mut award, &others);
            award
        };
        for (award, pointer, code, detail) in [
            (
                json!({ "title": "Spread" }),
                "/kind",
                "missing",
                "The property kind is missing; expected one of grant, loan.",
            ),
            (whole(json!({ "kind": "gift" })), "/kind", "unknown-word", "Expected one of grant, loan."),
            (
                whole(json!({ "amount": 5 })),
                "/amount",
                "type",
                "Expected an object with amount, currency or null, not a number.",
            ),
            (
                whole(json!({ "amount": { "amount": "5" } })),
                "/amount/currency",
                "missing",
                "The property currency is missing; expected three capital letters.",
            ),
            (
                whole(json!({ "amount": { "amount": "5", "currency": "gbp" } })),
                "/amount/currency",
                "format",
                "Expected three capital letters.",
            ),
            (
                whole(json!({ "years": [{ "amount": 5, "currency": "GBP" }] })),
                "/years/0/amount",
                "type",
                "Expected text, not a number.",
            ),
            (
                whole(json!({ "planned_from": "2026-04-01" })),
                "/planned_from",
                "unknown-property",
                "There is no property of this name here; expected plannedFrom.",
            ),
            (
                whole(json!({ "a/b": 1 })),
                "/a~1b",
                "unknown-property",
                "There is no property of this name here; known are amount, kind, plannedFrom, title, years.",
            ),
        ] {
            assert_eq!(faults_of(schema.clone(), award), [(pointer.to_owned(), code, detail.to_owned())]);
        }
        let long = faults_of(schema, whole(json!({ "x".repeat(600): 1 })));
        assert_eq!((long[0].0.as_str(), long[0].1), ("", "unknown-property"));
    }

    #[test]
    fn a_schema_that_is_none_is_told_where() {
        for (schema, pointer, words) in [
            (json!({ "type": "strin" }), "/type", "one of "),
            (
                json!({ "properties": { "aim": { "minLength": "long" } } }),
                "/properties/aim/minLength",
                "a whole number",
            ),
            (json!({ "$ref": "#/$defs/nothing" }), "", "not there"),
        ] {
            let fault = Shape::new(schema.clone()).err().unwrap();
            assert!(fault.pointer == pointer && fault.detail.contains(words), "{schema}: {fault:?}");
        }
        let looped = Shape::new(json!({ "pattern": "(a)\\1" })).err().unwrap();
        assert!(!looped.detail.contains("regex parse error"), "{looped:?}");
    }
}
