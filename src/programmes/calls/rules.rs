//! What a call says, and when it is open.

use super::form::Form;
use crate::error::{Error, Fault, Faults, Result};
use crate::vocabulary::{Id, Timestamp, instant, read_instant};
use crate::written;
use chrono::{Days, LocalResult, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// One of the priorities of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallPriority)]
pub struct Priority {
    #[schema(example = "mental-health", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    pub code: String,
    #[schema(example = "Mental health", min_length = 1, max_length = 200)]
    pub label: String,
}

/// A criterion that reviewers score, from 0 up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CallCriterion)]
pub struct Criterion {
    #[schema(example = "impact", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    pub code: String,
    #[schema(example = "Impact on patients", min_length = 1, max_length = 200)]
    pub label: String,
    /// The weight of the criterion.
    #[schema(minimum = 1, maximum = 100)]
    pub weight: i64,
    /// The highest possible score.
    #[schema(example = 5, minimum = 1, maximum = 100)]
    pub max_score: i64,
}

/// A call of a programme. Write times as instants or as local times in `zone`, in which `24:00` is the end of a day;
/// answers have instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateCallRequest, example = json!({
    "title": "NIA call 2018",
    "opensAt": "2018-09-03T09:00",
    "closesAt": "2018-10-24T24:00",
    "zone": "Europe/London",
    "priorities": [{ "code": "mental-health", "label": "Mental health" }, { "code": "primary-care", "label": "Primary care" }],
    "criteria": [{ "code": "impact", "label": "Impact on patients", "weight": 2, "maxScore": 5 }]
}))]
pub struct Call {
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The number of the cohort that the call is for.
    #[schema(minimum = 1, maximum = 9999, nullable = false)]
    pub cohort: Option<i32>,
    #[schema(min_length = 10, max_length = 40)]
    pub opens_at: String,
    /// The instant from which applications are no longer accepted.
    #[schema(min_length = 10, max_length = 40)]
    pub closes_at: String,
    /// The IANA time zone of local times.
    #[serde(default = "london")]
    #[schema(example = "Europe/London", max_length = 60, default = "Europe/London")]
    pub zone: String,
    /// The priorities, of which an application names one or more.
    #[schema(min_items = 1, max_items = 50)]
    pub priorities: Vec<Priority>,
    #[serde(default)]
    #[schema(max_items = 50, default = json!([]))]
    pub criteria: Vec<Criterion>,
    /// The form: a JSON Schema (draft 2020-12) of an object, without references to other documents, such as
    /// `{"type": "object", "required": ["aim"], "properties": {"aim": {"type": "string", "maxLength": 500}}}`.
    #[serde(default = "any_object")]
    #[schema(value_type = Object, default = json!({ "type": "object" }))]
    pub form: Value,
    /// The number of days after an offer in which it can be accepted.
    #[serde(default = "four_weeks")]
    #[schema(minimum = 1, maximum = 365, default = 28)]
    pub offer_days: i32,
}

fn london() -> String {
    chrono_tz::Europe::London.name().to_owned()
}

fn any_object() -> Value {
    json!({ "type": "object" })
}

fn four_weeks() -> i32 {
    28
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallAdded {
    pub id: Id,
    #[schema(example = "nia", max_length = 60)]
    pub programme: String,
    #[schema(example = "NHS Innovation Accelerator", max_length = 200)]
    pub programme_name: String,
    /// The opening in local time of the zone.
    #[schema(example = "2018-09-03T09:00:00", max_length = 40)]
    pub opens_at_local: String,
    /// The closing in local time of the zone.
    #[schema(example = "2018-10-25T00:00:00", max_length = 40)]
    pub closes_at_local: String,
    /// The version of the form.
    #[schema(minimum = 1)]
    pub form_version: i32,
}

written! { Call, CallAdded, |_, added| added.id.to_string() }

/// A call that keeps every rule, its form among them.
pub struct Checked(Call);

impl std::ops::Deref for Checked {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0
    }
}

/// When a call is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub opens_at: Timestamp,
    /// The instant from which it is closed.
    pub closes_at: Timestamp,
    pub zone: Tz,
}

impl Call {
    /// Trims the title, turns times into instants, and checks every rule. The form takes a while: this runs outside
    /// transactions.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(self) -> Result<Checked> {
        let form = Form::written(&self.form).map(drop);
        self.checked_beside(form)
    }

    /// As [`Call::checked`], of a call whose form is there already: it may have been written when more was allowed.
    ///
    /// # Errors
    /// As [`Call::checked`].
    pub fn checked_but_for_its_form(self) -> Result<Checked> {
        self.checked_beside(Ok(()))
    }

    fn checked_beside(mut self, form: Result<(), Fault>) -> Result<Checked> {
        let mut faults = Faults::default();
        self.title = self.title.trim().to_owned();
        if self.title.is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        let twice = |codes: Vec<&str>| codes.iter().collect::<BTreeSet<_>>().len() < codes.len();
        if twice(self.priorities.iter().map(|priority| priority.code.as_str()).collect()) {
            faults.add("/priorities", "named-twice", "Give each priority a different code.");
        }
        if twice(self.criteria.iter().map(|criterion| criterion.code.as_str()).collect()) {
            faults.add("/criteria", "named-twice", "Give each criterion a different code.");
        }
        faults.take(form);
        if let Some(Window { opens_at, closes_at, zone }) = self.read_window(&mut faults) {
            if closes_at <= opens_at {
                faults.add("/closesAt", "range", "The call must close after it opens.");
            }
            self.opens_at = instant(opens_at.naive_utc());
            self.closes_at = instant(closes_at.naive_utc());
            zone.name().clone_into(&mut self.zone);
        }
        faults.check()?;
        Ok(Checked(self))
    }

    /// # Errors
    /// `validation-failed` for times or a zone that cannot be read.
    pub fn window(&self) -> Result<Window> {
        let mut faults = Faults::default();
        let window = self.read_window(&mut faults);
        faults.check()?;
        window.ok_or_else(|| Error::internal("a fault was lost"))
    }

    fn read_window(&self, faults: &mut Faults) -> Option<Window> {
        let zone = faults.take(zone(&self.zone))?;
        let opens_at = faults.take(moment("/opensAt", &self.opens_at, zone));
        let closes_at = faults.take(moment("/closesAt", &self.closes_at, zone));
        Some(Window { opens_at: opens_at?, closes_at: closes_at?, zone })
    }
}

fn zone(name: &str) -> Result<Tz, Fault> {
    let expected = "Expected the name of an IANA time zone, such as Europe/London.";
    name.parse().map_err(|_| Fault::new("/zone", "unknown-zone", expected))
}

/// Reads an instant, or a local time of the zone. `24:00` is the end of the day. A local time that the clocks skip or
/// show twice is an error.
pub fn moment(pointer: &str, text: &str, zone: Tz) -> Result<Timestamp, Fault> {
    let fault = |expected: &str| Fault::new(pointer, "format", format!("Expected {expected}."));
    if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        return read_instant(text).map_err(fault);
    }
    let local = match text.strip_suffix("T24:00").or_else(|| text.strip_suffix("T24:00:00")) {
        Some(day) => {
            day.parse().ok().and_then(|day: chrono::NaiveDate| Some(day.checked_add_days(Days::new(1))?.into()))
        }
        None => ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()),
    };
    let local: NaiveDateTime = local
        .ok_or_else(|| fault("an instant, such as 2018-10-03T11:00:00Z, or a local time, such as 2018-10-03T12:00"))?;
    if local.nanosecond() >= 1_000_000_000 {
        return Err(fault("a time whose seconds go from 00 to 59: leap seconds are not taken"));
    }
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.to_utc()),
        LocalResult::Ambiguous(first, second) => {
            let (first, second) = (first.to_rfc3339(), second.to_rfc3339());
            let detail = format!("The clocks in {zone} show this time twice. Expected {first} or {second}.");
            Err(Fault::new(pointer, "ambiguous-time", detail))
        }
        LocalResult::None => {
            let detail = format!("The clocks in {zone} skip this time. Expected a time before or after the change.");
            Err(Fault::new(pointer, "skipped-time", detail))
        }
    }
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
            ("2018-10-03T11:00:00.1234567Z", Ok("2018-10-03T11:00:00.123456Z")),
            ("2016-12-31T23:59:60Z", Err("format")),
            ("2016-12-31T23:59:60", Err("format")),
            ("2018-02-30T12:00", Err("format")),
            ("noon", Err("format")),
        ] {
            let read = moment("/closesAt", text, chrono_tz::Europe::London);
            let read = read.map(|at| instant(at.naive_utc())).map_err(|fault| fault.code);
            assert_eq!(read, expected.map(str::to_owned), "{text}");
        }
    }
}
