//! When a call is open, what its form may be, and what fits the form.

use crate::error::{Fault, Faults, Result};
use crate::vocabulary::Timestamp;
use chrono::{Days, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// One of the priorities of a call; an application names one or more of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priority {
    pub code: String,
    pub label: String,
}

/// What reviewers score, from zero to `max_score`, and how much it weighs beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    pub code: String,
    pub label: String,
    pub weight: i64,
    pub max_score: i64,
}

/// A call as it is to be. Moments are instants, or local times of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub title: String,
    pub cohort: Option<i32>,
    pub opens_at: String,
    pub closes_at: String,
    pub zone: String,
    pub priorities: Vec<Priority>,
    pub criteria: Vec<Criterion>,
    /// JSON Schema (draft 2020-12) of an application's data.
    pub form: Value,
    /// How many days an offer may be accepted, that of the offer not counted.
    pub offer_days: i32,
}

/// When a call is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub opens_at: Timestamp,
    /// The first instant at which it is closed.
    pub closes_at: Timestamp,
    pub zone: Tz,
}

impl Call {
    /// Trims and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<(Self, Window)> {
        let mut faults = Faults::default();
        self.title = self.title.trim().to_owned();
        if self.title.is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        let twice = |codes: Vec<&str>| codes.iter().collect::<BTreeSet<_>>().len() < codes.len();
        if twice(self.priorities.iter().map(|priority| priority.code.as_str()).collect()) {
            faults.add("/priorities", "named-twice", "Each priority has a code of its own.");
        }
        if twice(self.criteria.iter().map(|criterion| criterion.code.as_str()).collect()) {
            faults.add("/criteria", "named-twice", "Each criterion has a code of its own.");
        }
        if let Err(fault) = form(&self.form) {
            faults.take::<()>(Err(fault));
        }
        let zone = faults.take(zone(&self.zone));
        let window = zone.and_then(|zone| {
            let opens_at = faults.take(moment("/opensAt", &self.opens_at, zone));
            let closes_at = faults.take(moment("/closesAt", &self.closes_at, zone));
            opens_at.zip(closes_at).map(|(opens_at, closes_at)| Window { opens_at, closes_at, zone })
        });
        if window.is_some_and(|window| window.closes_at <= window.opens_at) {
            faults.add("/closesAt", "range", "A call closes after it opens.");
        }
        faults.check()?;
        let window = window.ok_or_else(|| crate::error::Error::internal("a fault was lost"))?;
        Ok((self, window))
    }
}

fn zone(name: &str) -> Result<Tz, Fault> {
    let expected = "Expected the name of an IANA time zone, such as Europe/London.";
    name.parse().map_err(|_| Fault::new("/zone", "unknown-zone", expected))
}

/// Reads an instant, or a local time of the zone. `24:00` is the end of its day. A local time that the clocks skip, or
/// show twice, names no instant.
pub fn moment(pointer: &str, text: &str, zone: Tz) -> Result<Timestamp, Fault> {
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    let local = match text.strip_suffix("T24:00").or_else(|| text.strip_suffix("T24:00:00")) {
        Some(day) => {
            day.parse().ok().and_then(|day: chrono::NaiveDate| Some(day.checked_add_days(Days::new(1))?.into()))
        }
        None => ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()),
    };
    let local: NaiveDateTime = local.ok_or_else(|| {
        let expected = "Expected an instant, such as 2018-10-03T11:00:00Z, or a local time, such as 2018-10-03T12:00.";
        Fault::new(pointer, "format", expected)
    })?;
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.to_utc()),
        LocalResult::Ambiguous(first, second) => {
            let (first, second) = (first.to_rfc3339(), second.to_rfc3339());
            let detail = format!("The clocks of {zone} show that time twice; expected {first} or {second}.");
            Err(Fault::new(pointer, "ambiguous-time", detail))
        }
        LocalResult::None => {
            let detail = format!("The clocks of {zone} skip that time; expected one before or after the change.");
            Err(Fault::new(pointer, "skipped-time", detail))
        }
    }
}

const DEEPEST: usize = 32;

/// Whether a document can be a form: a JSON Schema of an object that refers to nothing outside itself.
///
/// # Errors
/// A fault that says what was expected.
pub fn form(document: &Value) -> Result<Validator, Fault> {
    let fault = |pointer: &str, detail: String| Fault::new(format!("/form{pointer}"), "form", detail);
    if document.get("type") != Some(&json!("object")) {
        return Err(fault("/type", "A form describes an object: expected \"type\": \"object\".".to_owned()));
    }
    contained(document, &mut String::new(), 0).map_err(|(pointer, detail)| fault(&pointer, detail))?;
    // Regular expressions run in linear time, so that no form can be made to take forever.
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .build(document)
        .map_err(|cause| fault("", format!("It is no JSON Schema of draft 2020-12: {cause}.")))
}

fn contained(value: &Value, pointer: &mut String, depth: usize) -> Result<(), (String, String)> {
    if depth > DEEPEST {
        return Err((pointer.clone(), format!("A form is at most {DEEPEST} levels deep.")));
    }
    let length = pointer.len();
    let mut within = |name: &str, member: &Value| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let refers = matches!(name, "$ref" | "$dynamicRef") && member.as_str().is_some_and(|to| !to.starts_with('#'));
        if refers || (matches!(name, "$id" | "$schema") && member.is_string() && depth > 0) {
            return Err((pointer.clone(), "A form refers to nothing outside itself: expected #/$defs/...".to_owned()));
        }
        contained(member, pointer, depth + 1)?;
        pointer.truncate(length);
        Ok(())
    };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, member)| within(name, member)),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| within(&index.to_string(), item)),
        _ => Ok(()),
    }
}

/// What of the data does not fit the form, each with a pointer into the data.
pub fn misfits(form: &Validator, data: &Map<String, Value>) -> Vec<Fault> {
    let data = Value::Object(data.clone());
    let misfit = |error: jsonschema::ValidationError<'_>| {
        Fault::new(format!("/data{}", error.instance_path()), "form", error.masked().to_string())
    };
    form.iter_errors(&data).map(misfit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_is_read_in_its_zone_to_the_second() {
        for (text, expected) in [
            ("2018-10-03T12:00", Ok("2018-10-03T11:00:00Z")),
            ("2018-10-03T11:00:00Z", Ok("2018-10-03T11:00:00Z")),
            ("2018-10-03T13:00:00+02:00", Ok("2018-10-03T11:00:00Z")),
            ("2018-10-24T24:00", Ok("2018-10-24T23:00:00Z")),
            ("2018-10-25T00:00:00", Ok("2018-10-24T23:00:00Z")),
            ("2018-10-28T00:59:59", Ok("2018-10-27T23:59:59Z")),
            ("2018-10-28T01:30", Err("ambiguous-time")),
            ("2018-10-28T02:00", Ok("2018-10-28T02:00:00Z")),
            ("2018-03-25T00:59:59", Ok("2018-03-25T00:59:59Z")),
            ("2018-03-25T01:30", Err("skipped-time")),
            ("2018-03-25T02:00", Ok("2018-03-25T01:00:00Z")),
            ("2018-10-03", Err("format")),
            ("2018-02-30T12:00", Err("format")),
            ("noon", Err("format")),
        ] {
            let read = moment("/closesAt", text, chrono_tz::Europe::London);
            let told = read.map(|at| crate::vocabulary::instant(at.naive_utc())).map_err(|fault| fault.code);
            assert_eq!(told, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_form_stands_alone() {
        let good = json!({ "type": "object", "properties": { "aim": { "$ref": "#/$defs/text" } }, "$defs": { "text": { "type": "string" } } });
        assert!(form(&good).is_ok());
        for bad in [
            json!({ "type": "string" }),
            json!({ "type": "object", "properties": { "aim": { "$ref": "https://example.org/text.json" } } }),
            json!({ "type": "object", "properties": { "aim": { "$ref": "file:///etc/passwd" } } }),
            json!({ "type": "object", "properties": { "aim": { "pattern": "(a)\\1" } } }),
            json!({ "type": "object", "properties": { "aim": { "minLength": "long" } } }),
        ] {
            assert_eq!(form(&bad).err().map(|fault| fault.code), Some("form"), "{bad}");
        }
        let deep = (0..40).fold(json!({}), |inner, _| json!({ "not": inner }));
        assert!(form(&json!({ "type": "object", "allOf": [deep] })).is_err());
    }

    #[test]
    fn what_does_not_fit_is_told_where_and_never_repeated() {
        let form = form(&json!({ "type": "object", "required": ["aim"], "properties": { "aim": { "type": "string", "maxLength": 5 }, "sites": { "type": "integer" } } })).unwrap();
        let data = json!({ "aim": "private matters", "sites": "many" });
        let faults = misfits(&form, data.as_object().unwrap());
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/data/aim", "/data/sites"]);
        assert!(faults.iter().all(|fault| !fault.detail.contains("private") && !fault.detail.contains("many")));
        assert_eq!(misfits(&form, &Map::new()).len(), 1);
    }
}
