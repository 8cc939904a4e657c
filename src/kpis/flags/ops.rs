//! What can be done with flags, each in one transaction. A submission raises them.

use super::rules::KpiValueFlag;
use super::store::{self, FlagRow};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::kpis::series;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

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
    let data = json!({ "kpi": kpi.code, "code": row.code, "start": row.period_start, "status": row.status });
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme,
        ..Event::new(WHAT, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)?;
    named(conn, row)
}
