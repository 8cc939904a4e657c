//! What can be done with acts, each in one transaction.

use super::rules::ActKind;
use super::store::{self, ActRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::vocabulary::Id;
use serde_json::json;

/// "SPCACTS": keeps other acts waiting, so that a period has at most one act of each kind.
const LOCK: i64 = 0x0053_5043_4143_5453;

/// An act to record.
pub struct NewAct {
    pub kind: ActKind,
    pub series: SeriesName,
    /// The first period of the new part, or the period to leave out.
    pub period: String,
    /// For a recalculation: how many points set the new mean and limits. None means all points of the part.
    pub baseline_points: Option<i32>,
    pub reason: String,
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ActRow, version: i32) -> Result<()> {
    let (kpi_code, breakdown, period) = (&kpi.code, &row.breakdown, row.period_start);
    let data = match row.kind {
        ActKind::Recalculation => {
            json!({ "kpi": kpi_code, "breakdown": breakdown, "from": period, "baselinePoints": row.baseline_points })
        }
        ActKind::Exclusion => json!({ "kpi": kpi_code, "breakdown": breakdown, "period": period }),
    };
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new(row.kind.as_str(), &row.id.to_string(), version, data)
    };
    events::record(conn, context, event)
}

/// Gives a series a new mean and limits, or excludes one of its points.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`; `already-exists` for a period that has one of its kind.
pub fn create_act(conn: &mut Conn, context: &Context, new: NewAct) -> Result<ActRow> {
    let (kpi, key) = new.series.resolve(conn)?;
    series::permit(conn, context, &kpi, key.organisation)?;
    let period = series::period(&kpi, new.kind.period_pointer(), &new.period)?;
    let reason = series::reason(&new.reason)?;
    dialect::lock(conn, LOCK)?;
    if store::of_series(conn, new.kind, &key)?.iter().any(|row| row.period_start == period.start()) {
        return Err(Error::new(Code::AlreadyExists).detail(new.kind.clash(period)));
    }
    let row = ActRow {
        id: Id::generate(),
        kind: new.kind,
        kpi_id: key.kpi,
        organisation_id: key.organisation,
        innovation_id: key.innovation,
        breakdown: key.breakdown,
        period_start: period.start(),
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

/// An act of this kind that is in force.
///
/// # Errors
/// `not-found`.
pub fn get_act(conn: &mut Conn, kind: ActKind, id: &str) -> Result<ActRow> {
    by_id(id, kind.as_str(), |id| store::find(conn, kind, id))
}

/// Removes an act of this kind.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_act(conn: &mut Conn, context: &Context, kind: ActKind, id: &str) -> Result<()> {
    let row = get_act(conn, kind, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, row.organisation_id)?;
    context.check_version(row.version)?;
    store::archive(conn, &row, context.now)?;
    trace(conn, context, &kpi, &row, row.version + 1)
}
