//! What can be done with calls, each in one transaction.

use super::rules::Call;
use super::store::{self, CallRow, WholeCall};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes::cohorts;
use crate::programmes::ops::kept;
use crate::vocabulary::{Id, instant};
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_call(conn: &mut Conn, id: &str) -> Result<WholeCall> {
    by_id(id, "call", |id| store::find(conn, id))
}

/// Opens a call of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference` for the cohort.
pub fn create_call(conn: &mut Conn, context: &Context, slug: &str, new: Call) -> Result<WholeCall> {
    let programme = kept(conn, context, slug)?.slug;
    let new = new.checked()?;
    let (window, form) = (new.window()?, new.form.clone());
    let cohort = cohort(conn, &programme, new.cohort)?;
    let row = CallRow::new(context, new, window, programme, cohort)?;
    store::insert(conn, &row, form)?;
    finish(conn, context, &row)
}

/// Changes a call. A new form is a new version, and earlier versions stay readable.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference` for the cohort.
pub fn update_call(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Call>) -> Result<WholeCall> {
    let present = get_call(conn, id)?;
    kept(conn, context, &present.row.programme)?;
    let before = present.call();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Call::checked)? else {
        return Ok(present);
    };
    let (window, form) = (new.window()?, (new.form != before.form).then(|| new.form.clone()));
    let cohort = cohort(conn, &present.row.programme, new.cohort)?;
    let mut row = present.row.revised(context, new, window, cohort)?;
    row.form_version += i32::from(form.is_some());
    store::update(conn, &row, form)?;
    finish(conn, context, &row)
}

fn cohort(conn: &mut Conn, programme: &str, number: Option<i32>) -> Result<Option<Id>> {
    let referred = |number| cohorts::ops::referred(conn, "/cohort", programme, number).map(|row| row.id);
    number.map(referred).transpose()
}

fn finish(conn: &mut Conn, context: &Context, row: &CallRow) -> Result<WholeCall> {
    let (opens_at, closes_at) = (instant(row.opens_at), instant(row.closes_at));
    let data = json!({ "opensAt": opens_at, "closesAt": closes_at, "zone": row.zone.0.name(), "formVersion": row.form_version });
    let event = Event::new("call", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: Some(row.programme.clone()), ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a call was lost"))
}
