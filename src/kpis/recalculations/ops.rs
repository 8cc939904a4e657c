//! What can be done with recalculations, each in one transaction.

use super::store::{self, RecalculationRow};
use crate::context::Context;
use crate::db::{Conn, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::vocabulary::Id;
use serde_json::json;

/// "RECALC": holds back other recalculations, so that a period has one at most.
const LOCK: i64 = 0x5245_4341_4c43;

/// A new start of the mean and limits of a series.
pub struct NewRecalculation {
    pub series: SeriesName,
    /// The first period of the new part.
    pub from: String,
    /// How many points set the new mean and limits; all of the part without.
    pub baseline_points: Option<i32>,
    pub reason: String,
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &RecalculationRow, version: i32) -> Result<()> {
    let data = json!({ "kpi": kpi.code, "breakdown": row.breakdown, "from": row.from_on, "baselinePoints": row.baseline_points });
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new("recalculation", &row.id.to_string(), version, data)
    };
    events::record(conn, context, event)
}

/// Begins the mean and limits of a series anew.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`; `already-exists` for a period that has one.
pub fn create_recalculation(conn: &mut Conn, context: &Context, new: &NewRecalculation) -> Result<RecalculationRow> {
    let (kpi, key) = new.series.resolve(conn)?;
    series::permit(conn, context, &kpi, key.organisation)?;
    let from = series::period(&kpi, "/from", &new.from)?;
    let reason = series::reason(&new.reason)?;
    dialect::lock(conn, LOCK)?;
    if store::of_series(conn, &key)?.iter().any(|row| row.from_on == from.start()) {
        return Err(
            Error::new(Code::AlreadyExists).detail(format!("The series has a recalculation at {from} already."))
        );
    }
    let row = RecalculationRow {
        id: Id::generate(),
        kpi_id: key.kpi,
        organisation_id: key.organisation,
        innovation_id: key.innovation,
        breakdown: key.breakdown,
        from_on: from.start(),
        baseline_points: new.baseline_points,
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

/// A recalculation that is in force.
///
/// # Errors
/// `not-found`.
pub fn get_recalculation(conn: &mut Conn, id: &str) -> Result<RecalculationRow> {
    let found = Id::parse(id).map(|id| store::find(conn, id)).transpose()?.flatten();
    found.ok_or_else(|| Error::not_found("recalculation"))
}

/// Takes a recalculation out of force.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_recalculation(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let row = get_recalculation(conn, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, row.organisation_id)?;
    context.check_version(row.version)?;
    store::archive(conn, &row, context.now)?;
    trace(conn, context, &kpi, &row, row.version + 1)
}
