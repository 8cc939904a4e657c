//! What can be done with sets of KPIs, each in one transaction.

use super::store::{self, KpiSetRow};
use crate::access::Reach;
use crate::access::outside;
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Faults, Result};
use crate::events::{self, Event};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::is_code;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations;
use crate::vocabulary::{Id, fold};
use serde_json::json;
use std::collections::HashMap;

/// A set as it is to be. KPIs and organisations are named by their codes; naming one twice is naming it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiSet {
    pub code: String,
    pub name: String,
    pub programme: Option<String>,
    pub kpis: Vec<String>,
    pub organisations: Vec<String>,
}

impl KpiSet {
    /// Folds the code to lower case and checks every rule that needs nothing else.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.code.make_ascii_lowercase();
        if !is_code(&self.code) {
            faults.add("/code", "format", "A code is 1 to 60 letters, digits and hyphens, the first no hyphen.");
        }
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        faults.check()?;
        Ok(self)
    }
}

/// The set of a code, with its members.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_set(conn: &mut Conn, code: &str) -> Result<(KpiSetRow, KpiSet)> {
    let row = store::find(conn, code)?.ok_or_else(|| Error::not_found("KPI set"))?;
    let set = with_members(conn, std::slice::from_ref(&row))?.remove(&row.id);
    Ok((row, set.ok_or_else(|| Error::internal("a set was lost"))?))
}

/// The sets that some rows hold, with the codes of their members in order.
///
/// # Errors
/// The database's own.
pub fn with_members(conn: &mut Conn, rows: &[KpiSetRow]) -> Result<HashMap<Id, KpiSet>> {
    let empty = |row: &KpiSetRow| KpiSet {
        code: row.code.clone(),
        name: row.name.clone(),
        programme: row.programme.clone(),
        kpis: Vec::new(),
        organisations: Vec::new(),
    };
    let mut sets: HashMap<Id, KpiSet> = rows.iter().map(|row| (row.id, empty(row))).collect();
    let members = store::members(conn, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
    let kpis = catalogue::store::find_by_ids(conn, &members.kpis.iter().map(|(_, kpi)| *kpi).collect::<Vec<_>>())?;
    let places =
        organisations::store::codes(conn, members.organisations.iter().map(|(_, organisation)| *organisation))?;
    for (set, kpi) in &members.kpis {
        if let Some((set, kpi)) = sets.get_mut(set).zip(kpis.get(kpi)) {
            set.kpis.push(kpi.code.clone());
        }
    }
    for (set, place) in &members.organisations {
        if let Some((set, code)) = sets.get_mut(set).zip(places.get(place)) {
            set.organisations.push(code.clone());
        }
    }
    for set in sets.values_mut() {
        set.kpis.sort_unstable();
        set.organisations.sort_unstable();
    }
    Ok(sets)
}

/// What every code refers to.
fn resolve<T>(
    codes: &[String],
    name: &str,
    faults: &mut Vec<crate::error::Fault>,
    mut find: impl FnMut(&str, &str) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        match find(&format!("/{name}/{index}"), code) {
            Ok(one) => found.push(one),
            Err(error) if error.code() == Code::UnknownReference => faults.extend_from_slice(error.listed()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The ids of a set's KPIs and organisations. A set narrows who may send a KPI, so the KPIs must be within reach.
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
        let detail = "Some of the KPIs or organisations are not there; each is listed under errors.";
        return Err(Error::new(Code::UnknownReference).detail(detail).faults(faults));
    }
    let distinct = |mut ids: Vec<Id>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    Ok((distinct(kpis.iter().map(|kpi| kpi.id).collect()), distinct(places)))
}

fn trace(conn: &mut Conn, context: &Context, row: &KpiSetRow, set: &KpiSet) -> Result<()> {
    let data = json!({ "code": row.code, "kpis": set.kpis, "organisations": set.organisations });
    let event = Event::new("kpi-set", &row.code, row.version, data);
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })
}

/// Creates a set.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference` for every KPI and organisation that is not there,
/// `already-exists`.
pub fn create_kpi_set(conn: &mut Conn, context: &Context, new: KpiSet) -> Result<(KpiSetRow, KpiSet)> {
    let reach = context.reach();
    if !reach.covers_programme(new.programme.as_deref()) {
        return Err(outside());
    }
    let new = new.checked()?;
    let (kpis, places) = resolve_members(conn, &reach, &new)?;
    let row = KpiSetRow {
        id: Id::generate(),
        sort_name: fold(&new.name),
        code: new.code,
        name: new.name,
        programme: new.programme,
        version: 1,
        created_at: context.now.naive_utc(),
        updated_at: context.now.naive_utc(),
    };
    store::insert(conn, &row, &kpis, &places)?;
    finish(conn, context, row)
}

/// Changes everything of a set but its code.
///
/// # Errors
/// `not-found`, `immutable`, `version-mismatch`, and as [`create_kpi_set`].
pub fn update_kpi_set(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    change: impl FnOnce(KpiSet) -> Result<KpiSet>,
) -> Result<(KpiSetRow, KpiSet)> {
    let (present, set) = get_kpi_set(conn, code)?;
    let reach = context.reach();
    if !reach.covers_programme(present.programme.as_deref()) {
        return Err(outside());
    }
    context.check_version(present.version)?;
    let new = change(set)?.checked()?;
    if !reach.covers_programme(new.programme.as_deref()) {
        return Err(outside());
    }
    if new.code != present.code {
        return Err(Error::new(Code::Immutable).detail("The code of a set cannot change: create another set."));
    }
    let (kpis, places) = resolve_members(conn, &reach, &new)?;
    let row = KpiSetRow {
        sort_name: fold(&new.name),
        name: new.name,
        programme: new.programme,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    store::update(conn, &row, &kpis, &places)?;
    finish(conn, context, row)
}

/// Records what a set has become, and answers it as it now reads.
fn finish(conn: &mut Conn, context: &Context, row: KpiSetRow) -> Result<(KpiSetRow, KpiSet)> {
    let (row, set) = get_kpi_set(conn, &row.code)?;
    trace(conn, context, &row, &set)?;
    Ok((row, set))
}
