//! What can be done with reporting exceptions, each in one transaction.

use super::rules::ReportingException;
use super::store::{self, ExceptionRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::organisations;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

const WHAT: &str = "reporting-exception";

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ExceptionRow) -> Result<()> {
    let (from, to) = row.span().ends();
    let mut data = json!({ "kpi": kpi.code, "breakdown": row.breakdown, "kind": row.kind, "from": from, "to": to });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new(WHAT, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

fn named(conn: &mut Conn, row: ExceptionRow) -> Result<Stored<ReportingException>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a reporting exception was lost"))
}

fn known(conn: &mut Conn, context: &Context, id: &str) -> Result<ExceptionRow> {
    let found = by_id(id, WHAT, |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, Some(found.organisation_id), WHAT)?;
    Ok(found)
}

/// # Errors
/// `not-found`.
pub fn get_reporting_exception(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<ReportingException>> {
    let row = known(conn, context, id)?;
    named(conn, row)
}

/// Says that no values are expected of an organisation for a time.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`.
pub fn create_reporting_exception(
    conn: &mut Conn,
    context: &Context,
    new: ReportingException,
) -> Result<Stored<ReportingException>> {
    let ReportingException { kpi, organisation, innovation, breakdown, .. } = new.clone();
    let (kpi, key) = SeriesName { kpi, organisation, innovation, breakdown }.resolve(conn)?;
    series::permit(conn, context, &kpi, (key.organisation, Some(key.innovation)), new.from)?;
    let (span, reason) = new.checked()?;
    let row = ExceptionRow::new(context, new.kind, key, span, reason);
    store::insert(conn, &row)?;
    trace(conn, context, &kpi, &row)?;
    named(conn, row)
}

/// An exception that stands, within the caller's grants, of the version that the caller knows.
fn standing(conn: &mut Conn, context: &Context, id: &str) -> Result<(KpiRow, ExceptionRow)> {
    let row = known(conn, context, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, (row.organisation_id, Some(row.innovation_id)), row.span().from)?;
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The exception was taken back as a mistake. Add the right one."));
    }
    Ok((kpi, row))
}

/// Changes the end or the reason of an exception.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_reporting_exception(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<ReportingException>,
) -> Result<Stored<ReportingException>> {
    let (kpi, present) = standing(conn, context, id)?;
    let before = named(conn, present.clone())?.written;
    let Some(new) = context.revised(&before, present.version, patch)? else { return named(conn, present) };
    before.check_change(&new)?;
    let (span, reason) = new.checked()?;
    write(conn, context, &kpi, ExceptionRow { to_on: span.to, reason, ..present })
}

/// Takes an exception back that never held. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_reporting_exception(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let (kpi, present) = standing(conn, context, id)?;
    let reason = wrong.given()?;
    let withdrawn_at = Some(context.now.naive_utc());
    write(conn, context, &kpi, ExceptionRow { withdrawn_at, withdrawn_reason: Some(reason), ..present }).map(drop)
}

fn write(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: ExceptionRow) -> Result<Stored<ReportingException>> {
    let row = ExceptionRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    trace(conn, context, kpi, &row)?;
    named(conn, row)
}
