//! What can be done with calls, each in one transaction.

use super::rules::{Call, Criterion, Priority, Window};
use super::store::{self, CallRow, NumberedCall};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::programmes::cohorts;
use crate::programmes::ops::kept;
use crate::vocabulary::{Id, fold, instant};
use chrono::TimeZone;
use chrono_tz::Tz;
use serde_json::{Value, json};

impl CallRow {
    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn zone(&self) -> Result<Tz> {
        self.zone.parse().map_err(|_| Error::internal("a stored zone is unknown"))
    }

    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn priorities(&self) -> Result<Vec<Priority>> {
        let read = |value: &Value| Priority { code: text(value, "code"), label: text(value, "label") };
        Ok(serde_json::from_str::<Vec<Value>>(&self.priorities)?.iter().map(read).collect())
    }

    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn criteria(&self) -> Result<Vec<Criterion>> {
        let read = |value: &Value| Criterion {
            code: text(value, "code"),
            label: text(value, "label"),
            weight: value["weight"].as_i64().unwrap_or(1),
            max_score: value["maxScore"].as_i64().unwrap_or(1),
        };
        Ok(serde_json::from_str::<Vec<Value>>(&self.criteria)?.iter().map(read).collect())
    }

    /// An instant as the clocks of the call's zone show it.
    ///
    /// # Errors
    /// As [`CallRow::zone`].
    pub fn local(&self, at: chrono::NaiveDateTime) -> Result<String> {
        Ok(self.zone()?.from_utc_datetime(&at).naive_local().format("%Y-%m-%dT%H:%M:%S").to_string())
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// # Errors
/// `not-found`.
pub fn get_call(conn: &mut Conn, id: &str) -> Result<NumberedCall> {
    by_id(id, "call", |id| store::find(conn, id))
}

/// The newest form of a call.
///
/// # Errors
/// `internal` when it is not there.
pub fn form(conn: &mut Conn, row: &CallRow) -> Result<Value> {
    let form = store::form(conn, row.id, row.form_version)?.ok_or_else(|| Error::internal("a form was lost"))?;
    Ok(serde_json::from_str(&form)?)
}

/// The call that a stored one is, as it could be sent.
///
/// # Errors
/// As [`form`].
pub fn call(conn: &mut Conn, found: &NumberedCall) -> Result<Call> {
    let row = &found.row;
    Ok(Call {
        title: row.title.clone(),
        cohort: found.cohort,
        opens_at: instant(row.opens_at),
        closes_at: instant(row.closes_at),
        zone: row.zone.clone(),
        priorities: row.priorities()?,
        criteria: row.criteria()?,
        form: form(conn, row)?,
        offer_days: row.offer_days,
    })
}

fn row(call: &Call, window: Window, cohort_id: Option<Id>, present: CallRow, context: &Context) -> CallRow {
    let priority = |one: &Priority| json!({ "code": one.code, "label": one.label });
    let criterion = |one: &Criterion| json!({ "code": one.code, "label": one.label, "weight": one.weight, "maxScore": one.max_score });
    CallRow {
        cohort_id,
        title: call.title.clone(),
        sort_title: fold(&call.title),
        opens_at: window.opens_at.naive_utc(),
        closes_at: window.closes_at.naive_utc(),
        zone: window.zone.name().to_owned(),
        priorities: Value::from(call.priorities.iter().map(priority).collect::<Vec<_>>()).to_string(),
        criteria: Value::from(call.criteria.iter().map(criterion).collect::<Vec<_>>()).to_string(),
        offer_days: call.offer_days,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    }
}

fn finish(conn: &mut Conn, context: &Context, row: &CallRow) -> Result<NumberedCall> {
    let data = json!({ "opensAt": instant(row.opens_at), "closesAt": instant(row.closes_at), "zone": row.zone, "formVersion": row.form_version });
    let event = Event::new("call", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: Some(row.programme.clone()), ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a call was lost"))
}

fn cohort(conn: &mut Conn, programme: &str, number: Option<i32>) -> Result<Option<Id>> {
    let referred = |number| cohorts::ops::referred(conn, "/cohort", programme, number).map(|row| row.id);
    number.map(referred).transpose()
}

/// Opens a call of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference` for the cohort.
pub fn create_call(conn: &mut Conn, context: &Context, slug: &str, new: Call) -> Result<NumberedCall> {
    let programme = kept(conn, context, slug)?.slug;
    let (new, window) = new.checked()?;
    let cohort_id = cohort(conn, &programme, new.cohort)?;
    let now = context.now.naive_utc();
    let blank = CallRow {
        id: Id::generate(),
        programme,
        cohort_id: None,
        title: String::new(),
        sort_title: String::new(),
        opens_at: now,
        closes_at: now,
        zone: String::new(),
        priorities: String::new(),
        criteria: String::new(),
        form_version: 1,
        offer_days: 0,
        created_by: context.actor.subject.clone(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let row = row(&new, window, cohort_id, blank, context);
    store::insert(conn, &row, &new.form.to_string())?;
    finish(conn, context, &row)
}

/// Changes a call. Another form is another version of it: what was written on the one before stays readable by it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference` for the cohort.
pub fn update_call(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Call) -> Result<Call>,
) -> Result<NumberedCall> {
    let present = get_call(conn, id)?;
    kept(conn, context, &present.row.programme)?;
    context.check_version(present.row.version)?;
    let before = call(conn, &present)?;
    let (new, window) = change(before.clone())?.checked()?;
    if new == before {
        return Ok(present);
    }
    let cohort_id = cohort(conn, &present.row.programme, new.cohort)?;
    let reformed = new.form != before.form;
    let mut row = row(&new, window, cohort_id, present.row, context);
    row.form_version += i32::from(reformed);
    let form = new.form.to_string();
    store::update(conn, &row, reformed.then_some(form.as_str()))?;
    finish(conn, context, &row)
}
