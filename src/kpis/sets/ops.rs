//! What can be done with sets of KPIs, each in one transaction.

use super::rules::KpiSet;
use super::store::{self, AskTemplate, AssignmentRow, KpiSetRow, NamedKpiSet};
use super::template::{self, Asked, Due, Template};
use crate::access::{Reach, outside};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations;
use crate::organisations::ops::Covered;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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

/// The table of a set that the caller fills in: for the organisations of the set that the caller may submit for, or the one that
/// is asked for, in the period asked for or the last complete one.
///
/// # Errors
/// `not-found`; `forbidden` for a caller who may submit for none of them; `unknown-reference`; `validation-failed` for an
/// organisation or period that the set does not ask for; `too-many-rows`.
pub fn get_kpi_set_template(conn: &mut Conn, context: &Context, code: &str, asked: &AskTemplate) -> Result<Template> {
    let set = known(conn, code)?.row;
    let kpis = store::kpis_of(conn, set.id)?.into_iter().filter(|kpi| kpi.status == KpiStatus::Live).collect();
    let kpis = template::periods(kpis, asked.period.as_ref().map(|period| period.0.as_str()), context.today())?;
    let periods: BTreeSet<Period> = kpis.iter().map(|(_, period)| *period).collect();
    // Who is asked: the one place where a template learns of what is due.
    let assignments = store::assignments(conn, &[set.id])?;
    let mut due: BTreeMap<(String, Id), (String, BTreeSet<Period>)> = BTreeMap::new();
    for period in &periods {
        for (code, (id, name)) in store::asked_on(conn, &assignments, None, period.end())? {
            due.entry((code, id)).or_insert_with(|| (name, BTreeSet::new())).1.insert(*period);
        }
    }
    if let Some(asked) = &asked.organisation {
        let one = organisations::ops::referred(conn, "?organisation", &asked.0)?;
        due.retain(|(_, organisation), _| *organisation == one);
        if due.is_empty() {
            let detail = format!("The set {} does not ask this organisation.", set.code);
            return Err(Error::invalid("?organisation", "not-assigned", detail));
        }
    }
    let organisations: Vec<Id> = due.keys().map(|(_, id)| *id).collect();
    let covered = Covered::of(conn, context, context.reach(), &organisations)?;
    due.retain(|(_, id), (_, periods)| {
        periods.retain(|period| covered.covers_from(None, Some(*id), None, period.start()));
        !periods.is_empty()
    });
    if due.is_empty() && !periods.is_empty() {
        return Err(outside());
    }
    let organisations = due.into_iter().map(|((code, _), (name, periods))| (Asked { code, name }, periods));
    Template::new(Due { organisations: organisations.collect(), kpis })
}

/// The set of a code, without its members.
///
/// # Errors
/// `not-found`.
pub fn get_row(conn: &mut Conn, code: &str) -> Result<KpiSetRow> {
    known(conn, code).map(|found| found.row)
}

/// What every code refers to; what is not there is a fault.
fn resolve<T>(
    codes: &[String],
    pointer: impl Fn(usize) -> String,
    faults: &mut Vec<Fault>,
    mut find: impl FnMut(&str, &str) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        match find(&pointer(index), code) {
            Ok(one) => found.push(one),
            Err(error) if error.code() == Code::UnknownReference => faults.extend_from_slice(error.listed()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The ids of a set's KPIs, and its assignments. A set narrows who may send a KPI, so the caller must be able to change the
/// KPIs.
fn resolve_members(conn: &mut Conn, reach: &Reach, id: Id, set: &KpiSet) -> Result<(Vec<Id>, Vec<AssignmentRow>)> {
    let mut faults = Vec::new();
    let kpis = resolve(
        &set.kpis,
        |index| format!("/kpis/{index}"),
        &mut faults,
        |pointer, code| catalogue::ops::referred(conn, pointer, code),
    )?;
    let places: Vec<String> = set.assignments.iter().map(|assignment| assignment.place.clone()).collect();
    let pointer = |index| format!("/assignments/{index}/place");
    let places =
        resolve(&places, pointer, &mut faults, |pointer, code| organisations::ops::referred(conn, pointer, code))?;
    if !kpis.iter().all(|kpi: &KpiRow| reach.covers_programme(kpi.programme.as_deref())) {
        return Err(outside());
    }
    if !faults.is_empty() {
        let detail = "Some of the KPIs or organisations do not exist; each is listed under errors.";
        return Err(Error::new(Code::UnknownReference).detail(detail).faults(faults));
    }
    let mut kpis: Vec<Id> = kpis.iter().map(|kpi| kpi.id).collect();
    kpis.sort_unstable();
    kpis.dedup();
    let assigned = (0..).zip(&set.assignments).zip(places);
    let assigned = assigned.map(|((number, assignment), place)| AssignmentRow::new((id, number), place, assignment));
    Ok((kpis, assigned.collect::<Result<_>>()?))
}

/// Creates a set.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference` for every KPI and organisation that is not there,
/// `already-exists`.
pub fn create_kpi_set(conn: &mut Conn, context: &Context, new: KpiSet) -> Result<Stored<KpiSet>> {
    context.keep_programme(new.programme.as_deref())?;
    let new = new.checked()?;
    let row = KpiSetRow::new(context, new.clone());
    let (kpis, assigned) = resolve_members(conn, &context.reach(), row.id, &new)?;
    store::insert(conn, &row, &kpis, &assigned)?;
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
    let (kpis, assigned) = resolve_members(conn, &context.reach(), row.id, &new)?;
    if new.clone().in_order() == present.written {
        return Ok(present);
    }
    let row = row.revised(context, new);
    store::update(conn, &row, &kpis, &assigned)?;
    finish(conn, context, &row.code)
}

/// Records the change and returns the set.
fn finish(conn: &mut Conn, context: &Context, code: &str) -> Result<Stored<KpiSet>> {
    let set = get_kpi_set(conn, code)?;
    let KpiSet { code, programme, kpis, assignments, revisions, .. } = &set.written;
    let mut data = json!({ "code": code, "kpis": kpis, "assignments": assignments });
    if let Some(revisions) = revisions {
        data["revisions"] = json!(revisions);
    }
    let event = Event::new("kpi-set", code, set.version, data);
    events::record(conn, context, Event { programme: programme.clone(), ..event })?;
    Ok(set)
}
