//! What can be done with calls, each in one transaction.

use super::rules::{Call, Checked};
use super::store::{self, CallRow, WholeCall};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
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

/// Whether the caller may open a call of the programme: asked before its form is checked, which takes a while.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn may_create_call(conn: &mut Conn, context: &Context, slug: &str) -> Result<()> {
    kept(conn, context, slug).map(drop)
}

/// Opens a call of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference` for the cohort.
pub fn create_call(conn: &mut Conn, context: &Context, slug: &str, new: &Checked) -> Result<WholeCall> {
    let programme = kept(conn, context, slug)?.slug;
    let cohort = cohort(conn, &programme, new.cohort)?;
    let row = CallRow::new(context, (**new).clone(), new.window()?, programme, cohort)?;
    store::insert(conn, &row, new.form.clone())?;
    finish(conn, context, &row)
}

/// A change of a call, not written yet.
pub struct Revision {
    /// The version that it is a change of.
    version: i32,
    before: Call,
    after: Call,
}

/// A change of a call that keeps every rule; nothing where it changes nothing.
pub struct CheckedRevision(i32, Option<Checked>);

impl Revision {
    /// # Errors
    /// `validation-failed`.
    pub fn checked(self) -> Result<CheckedRevision> {
        let same_form = self.after.form == self.before.form;
        let after = if same_form { self.after.checked_but_for_its_form() } else { self.after.checked() }?;
        let changes = *after != self.before;
        Ok(CheckedRevision(self.version, changes.then_some(after)))
    }
}

/// The change that a patch makes of a call.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`.
pub fn revise_call(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Call>) -> Result<Revision> {
    let present = get_call(conn, id)?;
    kept(conn, context, &present.row.programme)?;
    context.check_version(present.row.version)?;
    let before = present.call();
    Ok(Revision { version: present.row.version, after: patch.apply(&before)?, before })
}

/// Changes a call. A new form is a new version, and earlier versions stay readable.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference` for the cohort; `overloaded` when another change came between.
pub fn update_call(conn: &mut Conn, context: &Context, id: &str, revision: CheckedRevision) -> Result<WholeCall> {
    let present = get_call(conn, id)?;
    kept(conn, context, &present.row.programme)?;
    let CheckedRevision(version, new) = revision;
    context.check_version(present.row.version)?;
    if present.row.version != version {
        return Err(Error::new(Code::Overloaded).context("another change came between"));
    }
    let Some(new) = new else { return Ok(present) };
    let form = (new.form != present.form.value).then(|| new.form.clone());
    let cohort = cohort(conn, &present.row.programme, new.cohort)?;
    let mut row = present.row.revised(context, (*new).clone(), new.window()?, cohort)?;
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
