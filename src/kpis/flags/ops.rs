//! What can be done with flags, each in one transaction. A submission raises them.

use super::rules::{FlagStatus, KpiValueFlag};
use super::store::{self, FlagRow};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::kpis::catalogue::store::{KpiRow, find_by_ids};
use crate::kpis::series;
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

const WHAT: &str = "kpi-value-flag";

fn named(conn: &mut Conn, row: FlagRow) -> Result<Stored<KpiValueFlag>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a flag was lost"))
}

/// # Errors
/// `not-found`.
pub fn get_kpi_value_flag(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<KpiValueFlag>> {
    let row = by_id(id, WHAT, |id| store::find(conn, context, id))?;
    named(conn, row)
}

/// Justifies a doubtful value, or takes the justification back.
///
/// # Errors
/// `not-found`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_kpi_value_flag(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<KpiValueFlag>,
) -> Result<Stored<KpiValueFlag>> {
    let present = by_id(id, WHAT, |id| store::find(conn, context, id))?;
    let before = KpiValueFlag { justification: present.justification.clone() };
    let Some(new) = context.revised(&before, present.version, patch)? else { return named(conn, present) };
    let (justification, status) = new.checked(present.status)?;
    let justified_by = justification.as_ref().map(|_| context.actor.subject.clone());
    let (version, updated_at) = (present.version + 1, context.now.naive_utc());
    let row = FlagRow { justification, justified_by, status, version, updated_at, ..present };
    store::update(conn, &row)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    trace(conn, context, &kpi, &row)?;
    named(conn, row)
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &FlagRow) -> Result<()> {
    let mut data = json!({ "kpi": kpi.code, "code": row.code, "start": row.period_start, "status": row.status });
    if let (Some(data), Some(reason)) = (data.as_object_mut(), row.status.closed_because()) {
        data.insert("reason".to_owned(), json!(reason));
    }
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new(WHAT, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

/// A value that is withdrawn before it was approved, and what counts in its place.
pub struct WithdrawnValue {
    pub series_id: i64,
    pub period_start: NaiveDate,
    /// The submission that brought it.
    pub submission: Id,
    /// The one that brought what counts, where anything does.
    pub counting: Option<Id>,
}

/// Closes the flags of values that are withdrawn. Those of what counts in their place hold again: it was never replaced.
///
/// # Errors
/// The database's own.
pub fn withdraw(conn: &mut Conn, context: &Context, values: &[WithdrawnValue]) -> Result<()> {
    let of: HashMap<(i64, NaiveDate), &WithdrawnValue> =
        values.iter().map(|value| ((value.series_id, value.period_start), value)).collect();
    let keys: Vec<(i64, NaiveDate)> = of.keys().copied().collect();
    let rows = store::of_values(conn, &keys, &[FlagStatus::Open, FlagStatus::Justified, FlagStatus::Replaced])?;
    let next = |row: &FlagRow| {
        let value = of.get(&(row.series_id, row.period_start))?;
        match row.status {
            FlagStatus::Replaced if value.counting == Some(row.submission_id) => {
                Some(FlagStatus::standing(row.justification.as_deref()))
            }
            FlagStatus::Open | FlagStatus::Justified if value.submission == row.submission_id => {
                Some(FlagStatus::Withdrawn)
            }
            _ => None,
        }
    };
    let moved: Vec<FlagRow> = rows
        .into_iter()
        .filter_map(|row| {
            let (status, version) = (next(&row)?, row.version + 1);
            Some(FlagRow { status, version, updated_at: context.now.naive_utc(), ..row })
        })
        .collect();
    let kpis = find_by_ids(conn, &moved.iter().map(|row| row.kpi_id).collect::<Vec<_>>())?;
    for row in &moved {
        store::update(conn, row)?;
        if let Some(kpi) = kpis.get(&row.kpi_id) {
            trace(conn, context, kpi, row)?;
        }
    }
    Ok(())
}
