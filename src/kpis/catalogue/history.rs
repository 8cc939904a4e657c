//! What KPIs asked when: read from the versions of their definitions and their moves, for all of them at once.

use super::ops::RESOURCE;
use super::rules::KpiStatus;
use super::rules::terms::{Terms, TermsOverTime};
use super::store::KpiRow;
use crate::db::Conn;
use crate::db::json::Json;
use crate::db::schema::kpi_versions;
use crate::error::Result;
use crate::transitions::store::moves_of_each;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

/// SQLite takes a bounded number of parameters.
const PART: usize = 10_000;

impl KpiRow {
    /// The terms of its present definition.
    fn terms(&self) -> Terms {
        let days = |days: Option<i32>| days.and_then(|days| u32::try_from(days).ok());
        Terms {
            due_days: days(self.due_days),
            lock_days: days(self.lock_days),
            approval_required: self.approval_required,
            complete_at: self.complete_at_ppm.map(|ppm| f64::from(ppm) / 1e6),
        }
    }
}

/// The terms of some KPIs over time. Of those that were never changed since they went live, nothing is read.
///
/// # Errors
/// The database's own.
pub fn terms<'a>(conn: &mut Conn, kpis: impl Iterator<Item = &'a KpiRow>) -> Result<HashMap<Id, TermsOverTime>> {
    let mut known: HashMap<Id, TermsOverTime> = HashMap::new();
    let (mut changed, mut moved): (Vec<Id>, Vec<Id>) = (Vec::new(), Vec::new());
    for kpi in kpis {
        known.insert(kpi.id, TermsOverTime::always(kpi.terms()));
        let is_changed = kpi.definition_version > 1;
        changed.extend(is_changed.then_some(kpi.id));
        moved.extend((is_changed || has_ended(kpi.status)).then_some(kpi.id));
    }
    let mut live_at: HashMap<Id, NaiveDateTime> = HashMap::new();
    let mut ended_on: HashMap<Id, NaiveDate> = HashMap::new();
    let states = [KpiStatus::Live, KpiStatus::Retired, KpiStatus::Superseded];
    for step in moves_of_each(conn, RESOURCE, &moved, &states)? {
        if step.to_state == KpiStatus::Live.as_str() {
            live_at.insert(step.resource_id, step.made_at);
        } else {
            ended_on.insert(step.resource_id, step.effective_on);
        }
    }
    let mut versions: HashMap<Id, Vec<(NaiveDateTime, Terms)>> = HashMap::new();
    for some in changed.chunks(PART) {
        let rows = kpi_versions::table
            .filter(kpi_versions::kpi_id.eq_any(some.to_vec()))
            .order_by((kpi_versions::kpi_id, kpi_versions::number))
            .select((kpi_versions::kpi_id, kpi_versions::made_at, kpi_versions::document));
        for (kpi, made_at, document) in rows.load::<(Id, NaiveDateTime, Json<Terms>)>(conn)? {
            versions.entry(kpi).or_default().push((made_at, document.value));
        }
    }
    for (kpi, versions) in versions {
        known.insert(kpi, TermsOverTime::of(versions, live_at.get(&kpi).copied()));
    }
    for (kpi, ended_on) in ended_on {
        known.entry(kpi).and_modify(|terms| *terms = std::mem::take(terms).until(Some(ended_on)));
    }
    Ok(known)
}

fn has_ended(status: KpiStatus) -> bool {
    matches!(status, KpiStatus::Retired | KpiStatus::Superseded)
}
