//! What can be done with exclusions, each in one transaction.

use super::rules::Exclusion;
use super::store;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::acts::ops::{add, known, remove, trace};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::acts::store::ActRow;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::record::Stored;
use serde_json::{Value, json};

fn named(conn: &mut Conn, row: ActRow) -> Result<Stored<Exclusion>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("an exclusion was lost"))
}

fn told(kpi: &KpiRow, row: &ActRow) -> Value {
    json!({ "kpi": kpi.code, "breakdown": row.breakdown, "period": row.period_start })
}

/// Excludes a point of a series.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`; `already-exists` for a period that is excluded already.
pub fn create_exclusion(conn: &mut Conn, context: &Context, new: Exclusion) -> Result<Stored<Exclusion>> {
    let Exclusion { kpi, organisation, innovation, breakdown, period, reason } = new;
    let name = SeriesName { kpi, organisation, innovation, breakdown: breakdown.map(|text| text.0) };
    let (kpi, key) = name.resolve(conn)?;
    let period = series::period(&kpi, "/period", &period)?;
    series::permit(conn, context, &kpi, (key.organisation, None), period.start())?;
    let row = ActRow::new(context, ActKind::Exclusion, key, period.start(), series::reason(&reason)?);
    add(conn, &row, |_| format!("The period {period} of this series is excluded already."))?;
    trace(conn, context, &kpi, &row, told(&kpi, &row))?;
    named(conn, row)
}

/// # Errors
/// `not-found`.
pub fn get_exclusion(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Exclusion>> {
    let row = known(conn, context, ActKind::Exclusion, id)?;
    named(conn, row)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_exclusion(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let row = known(conn, context, ActKind::Exclusion, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, (row.organisation_id, None), row.period_start)?;
    context.check_version(row.version)?;
    let row = remove(conn, context, row)?;
    trace(conn, context, &kpi, &row, told(&kpi, &row))
}
