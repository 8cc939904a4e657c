//! What can be done with exclusions, each in one transaction.

use super::store::{self, ExclusionRow};
use crate::context::Context;
use crate::db::{Conn, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::vocabulary::Id;
use serde_json::json;

/// "EXCLUDE": holds back other exclusions, so that a period has one at most.
const LOCK: i64 = 0x0045_5843_4c55_4445;

/// A point to leave out of the calculations of a series.
pub struct NewExclusion {
    pub series: SeriesName,
    pub period: String,
    pub reason: String,
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ExclusionRow, version: i32) -> Result<()> {
    let data = json!({ "kpi": kpi.code, "breakdown": row.breakdown, "period": row.period_start });
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new("exclusion", &row.id.to_string(), version, data)
    };
    events::record(conn, context, event)
}

/// Leaves a point out of every calculation of its series.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`; `already-exists` for a period that has one.
pub fn create_exclusion(conn: &mut Conn, context: &Context, new: &NewExclusion) -> Result<ExclusionRow> {
    let (kpi, key) = new.series.resolve(conn)?;
    series::permit(conn, context, &kpi, key.organisation)?;
    let period = series::period(&kpi, "/period", &new.period)?;
    let reason = series::reason(&new.reason)?;
    dialect::lock(conn, LOCK)?;
    if store::of_series(conn, &key)?.iter().any(|row| row.period_start == period.start()) {
        return Err(Error::new(Code::AlreadyExists).detail(format!("The series has {period} excluded already.")));
    }
    let row = ExclusionRow {
        id: Id::generate(),
        kpi_id: key.kpi,
        organisation_id: key.organisation,
        innovation_id: key.innovation,
        breakdown: key.breakdown,
        period_start: period.start(),
        reason,
        made_by: context.actor.subject.clone(),
        archived_at: None,
        version: 1,
        created_at: context.now.naive_utc(),
        updated_at: context.now.naive_utc(),
    };
    store::insert(conn, &row)?;
    trace(conn, context, &kpi, &row, row.version)?;
    Ok(row)
}

/// An exclusion that is in force.
///
/// # Errors
/// `not-found`.
pub fn get_exclusion(conn: &mut Conn, id: &str) -> Result<ExclusionRow> {
    let found = Id::parse(id).map(|id| store::find(conn, id)).transpose()?.flatten();
    found.ok_or_else(|| Error::not_found("exclusion"))
}

/// Takes an exclusion out of force.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_exclusion(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let row = get_exclusion(conn, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, row.organisation_id)?;
    context.check_version(row.version)?;
    store::archive(conn, &row, context.now)?;
    trace(conn, context, &kpi, &row, row.version + 1)
}
