//! What can be done with acts, each in one transaction.

use super::rules::{Act, ActKind, Particulars};
use super::store::{self, ActRow};
use crate::db::{Conn, by_id, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series;
use crate::organisations;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

/// "SPCACTS": keeps other acts waiting, so that a period has at most one act of each kind.
const LOCK: i64 = 0x0053_5043_4143_5453;

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
pub fn create_act<A: Act>(conn: &mut Conn, context: &Context, new: A) -> Result<Stored<A>> {
    let Particulars { series, period, baseline_points, reason } = new.into();
    let (kpi, key) = series.resolve(conn)?;
    let period = series::period(&kpi, A::KIND.period_pointer(), &period)?;
    series::permit(conn, context, &kpi, (key.organisation, None), period.start())?;
    let reason = series::reason(&reason)?;
    dialect::lock(conn, LOCK)?;
    if store::of_series(conn, A::KIND, &key)?.iter().any(|row| row.period_start == period.start()) {
        return Err(Error::new(Code::AlreadyExists).detail(A::KIND.clash(period)));
    }
    let now = context.now.naive_utc();
    let row = ActRow {
        id: Id::generate(),
        kind: A::KIND,
        kpi_id: key.kpi,
        organisation_id: key.organisation,
        innovation_id: key.innovation,
        breakdown: key.breakdown,
        period_start: period.start(),
        baseline_points,
        reason,
        made_by: context.actor.subject.clone(),
        archived_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    trace(conn, context, &kpi, &row, row.version)?;
    whole(conn, row)
}

fn whole<A: Act>(conn: &mut Conn, row: ActRow) -> Result<Stored<A>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("an act was lost"))
}

fn known(conn: &mut Conn, context: &Context, kind: ActKind, id: &str) -> Result<ActRow> {
    let found = by_id(id, kind.as_str(), |id| store::find(conn, kind, id))?;
    organisations::ops::require_within(conn, context, Some(found.organisation_id), kind.as_str())?;
    Ok(found)
}

/// An act of this kind that is in force.
///
/// # Errors
/// `not-found`.
pub fn get_act<A: Act>(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<A>> {
    let row = known(conn, context, A::KIND, id)?;
    whole(conn, row)
}

/// Removes an act of this kind.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_act(conn: &mut Conn, context: &Context, kind: ActKind, id: &str) -> Result<()> {
    let row = known(conn, context, kind, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, (row.organisation_id, None), row.period_start)?;
    context.check_version(row.version)?;
    store::archive(conn, &row, context.now)?;
    trace(conn, context, &kpi, &row, row.version + 1)
}
