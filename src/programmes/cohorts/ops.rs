//! What can be done with cohorts, each in one transaction.

use super::rules::Cohort;
use super::store::{self, CohortRow, NamedCohort};
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes::ops::{get_programme, kept};
use serde_json::json;

/// The cohort of a number, as it stands in a path.
///
/// # Errors
/// `not-found` for the programme or the cohort.
pub fn get_cohort(conn: &mut Conn, slug: &str, number: &str) -> Result<NamedCohort> {
    let programme = get_programme(conn, slug)?;
    let found = number.parse().ok().map(|number| store::find(conn, &programme.slug, number)).transpose()?.flatten();
    found.ok_or_else(|| Error::not_found("cohort"))
}

/// The cohort that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, programme: &str, number: i32) -> Result<CohortRow> {
    let found = store::find(conn, programme, number)?.map(|found| found.row);
    found.ok_or_else(|| {
        let detail = format!("The programme {programme} has no cohort {number}.");
        let fault = Fault::new(pointer, "unknown-cohort", detail.clone());
        Error::new(Code::UnknownReference).detail(detail).fault(fault)
    })
}

/// Adds a cohort to a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `already-exists`.
pub fn create_cohort(conn: &mut Conn, context: &Context, slug: &str, new: Cohort) -> Result<NamedCohort> {
    let programme = kept(conn, context, slug)?;
    let row = CohortRow::new(context, new.checked()?, programme.slug);
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes a cohort, except its number.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_cohort(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    number: &str,
    patch: &Patch<Cohort>,
) -> Result<NamedCohort> {
    kept(conn, context, slug)?;
    let present = get_cohort(conn, slug, number)?;
    let before = present.row.cohort();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Cohort::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.row.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

fn finish(conn: &mut Conn, context: &Context, row: &CohortRow) -> Result<NamedCohort> {
    let data = json!({ "number": row.number, "targetSize": row.target_size, "startsOn": row.starts_on });
    let event = Event::new("cohort", &format!("{}/{}", row.programme, row.number), row.version, data);
    events::record(conn, context, Event { programme: Some(row.programme.clone()), ..event })?;
    store::find(conn, &row.programme, row.number)?.ok_or_else(|| Error::internal("a cohort was lost"))
}
