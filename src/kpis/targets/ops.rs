//! What can be done with targets, each in one transaction.

use super::rules::KpiTarget;
use super::store::{self, NamedTarget, TargetRow};
use crate::db::{Conn, by_id};
use crate::decimal;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations;
use serde_json::json;

/// The target of a KPI by its id.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_target(conn: &mut Conn, code: &str, id: &str) -> Result<NamedTarget> {
    let kpi = catalogue::ops::get_kpi(conn, code)?.id;
    by_id(id, "target", |id| store::find(conn, kpi, id))
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, target: &TargetRow) -> Result<()> {
    let value = decimal::format_scaled(target.value, kpi.decimals_u8());
    let data = json!({ "kpi": kpi.code, "from": target.from_on, "to": target.figures().to, "value": value, "kind": target.kind });
    let (organisation_id, programme) = (target.organisation_id, kpi.programme.clone());
    let event = Event::new("kpi-target", &target.id.to_string(), target.version, data);
    events::record(conn, context, Event { organisation_id, programme, ..event })
}

/// Sets a target of a KPI.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference` for the organisation, `validation-failed`.
pub fn create_kpi_target(conn: &mut Conn, context: &Context, code: &str, new: &KpiTarget) -> Result<NamedTarget> {
    let kpi = catalogue::ops::get_kpi(conn, code)?;
    context.keep_programme(kpi.programme.as_deref())?;
    let figures = new.read(store::scale(&kpi))?;
    let organisation = new.organisation.as_ref();
    let organisation =
        organisation.map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    let row = TargetRow::new(context, kpi.id, organisation, figures);
    store::insert(conn, &row)?;
    trace(conn, context, &kpi, &row)?;
    store::find(conn, kpi.id, row.id)?.ok_or_else(|| Error::internal("a target was lost"))
}

/// Removes a target. The audit trail keeps a record of it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_kpi_target(conn: &mut Conn, context: &Context, code: &str, id: &str) -> Result<()> {
    let kpi = catalogue::ops::get_kpi(conn, code)?;
    let target = by_id(id, "target", |id| store::find(conn, kpi.id, id))?.row;
    context.keep_programme(kpi.programme.as_deref())?;
    context.check_version(target.version)?;
    store::delete(conn, target.id)?;
    trace(conn, context, &kpi, &target)
}
