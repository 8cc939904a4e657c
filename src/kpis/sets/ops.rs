//! What can be done with sets of KPIs, each in one transaction.

use super::rules::KpiSet;
use super::store::{self, KpiSetRow, NamedKpiSet};
use crate::access::{Reach, outside};
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

fn known(conn: &mut Conn, code: &str) -> Result<NamedKpiSet> {
    store::find(conn, code)?.ok_or_else(|| Error::not_found("KPI set"))
}

fn whole(conn: &mut Conn, found: NamedKpiSet) -> Result<Stored<KpiSet>> {
    store::with_members(conn, vec![found])?.pop().ok_or_else(|| Error::internal("a set was lost"))
}

/// The set of a code, with its members.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_set(conn: &mut Conn, code: &str) -> Result<Stored<KpiSet>> {
    let found = known(conn, code)?;
    whole(conn, found)
}

/// What every code refers to; what is not there is a fault.
fn resolve<T>(
    codes: &[String],
    name: &str,
    faults: &mut Vec<Fault>,
    mut find: impl FnMut(&str, &str) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        match find(&format!("/{name}/{index}"), code) {
            Ok(one) => found.push(one),
            Err(error) if error.code() == Code::UnknownReference => faults.extend_from_slice(error.listed()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The ids of a set's KPIs and organisations. A set narrows who may send a KPI, so the caller must be able to change the
/// KPIs.
fn resolve_members(conn: &mut Conn, reach: &Reach, set: &KpiSet) -> Result<(Vec<Id>, Vec<Id>)> {
    let mut faults = Vec::new();
    let kpis = resolve(&set.kpis, "kpis", &mut faults, |pointer, code| catalogue::ops::referred(conn, pointer, code))?;
    let places = resolve(&set.organisations, "organisations", &mut faults, |pointer, code| {
        organisations::ops::referred(conn, pointer, code)
    })?;
    if !kpis.iter().all(|kpi: &KpiRow| reach.covers_programme(kpi.programme.as_deref())) {
        return Err(outside());
    }
    if !faults.is_empty() {
        let detail = "Some of the KPIs or organisations do not exist; each is listed under errors.";
        return Err(Error::new(Code::UnknownReference).detail(detail).faults(faults));
    }
    let distinct = |mut ids: Vec<Id>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    Ok((distinct(kpis.iter().map(|kpi| kpi.id).collect()), distinct(places)))
}

/// Creates a set.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference` for every KPI and organisation that is not there,
/// `already-exists`.
pub fn create_kpi_set(conn: &mut Conn, context: &Context, new: KpiSet) -> Result<Stored<KpiSet>> {
    context.keep_programme(new.programme.as_deref())?;
    let new = new.checked()?;
    let (kpis, places) = resolve_members(conn, &context.reach(), &new)?;
    let row = KpiSetRow::new(context, new);
    store::insert(conn, &row, &kpis, &places)?;
    finish(conn, context, &row.code)
}

/// Changes a set, except its code.
///
/// # Errors
/// `not-found`, `immutable`, `version-mismatch`, and as [`create_kpi_set`].
pub fn update_kpi_set(conn: &mut Conn, context: &Context, code: &str, patch: &Patch<KpiSet>) -> Result<Stored<KpiSet>> {
    let found = known(conn, code)?;
    context.keep_programme(found.row.programme.as_deref())?;
    let row = found.row.clone();
    let present = whole(conn, found)?;
    let Some(new) = context.revised_by(&present.written, row.version, patch, KpiSet::checked)? else {
        return Ok(present);
    };
    context.keep_programme(new.programme.as_deref())?;
    present.written.check_change(&new)?;
    let (kpis, places) = resolve_members(conn, &context.reach(), &new)?;
    if new.clone().in_order() == present.written {
        return Ok(present);
    }
    let row = row.revised(context, new);
    store::update(conn, &row, &kpis, &places)?;
    finish(conn, context, &row.code)
}

/// Records the change and returns the set.
fn finish(conn: &mut Conn, context: &Context, code: &str) -> Result<Stored<KpiSet>> {
    let set = get_kpi_set(conn, code)?;
    let KpiSet { code, programme, kpis, organisations, .. } = &set.written;
    let data = json!({ "code": code, "kpis": kpis, "organisations": organisations });
    let event = Event::new("kpi-set", code, set.version, data);
    events::record(conn, context, Event { programme: programme.clone(), ..event })?;
    Ok(set)
}
