//! What is done with every kind of act.

use super::rules::ActKind;
use super::store::{self, ActRow};
use crate::db::{Conn, by_id, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations;
use crate::vocabulary::Id;
use serde_json::Value;

/// "SPCACTS": keeps other acts waiting, so that a period has at most one act of each kind.
const LOCK: i64 = 0x0053_5043_4143_5453;

/// Adds an act, unless its period has one of the kind already, which `clash` says.
///
/// # Errors
/// `already-exists`.
pub fn add(conn: &mut Conn, row: &ActRow, clash: impl FnOnce(&ActRow) -> String) -> Result<()> {
    dialect::lock(conn, LOCK)?;
    if let Some(present) = store::standing_at(conn, row.kind, &row.key(), row.period_start)? {
        return Err(Error::new(Code::AlreadyExists).detail(clash(&present)));
    }
    store::insert(conn, row)
}

/// An act of this kind that was not removed.
///
/// # Errors
/// `not-found`.
pub fn known(conn: &mut Conn, context: &Context, kind: ActKind, id: &str) -> Result<ActRow> {
    let found = by_id(id, kind.as_str(), |id| store::find(conn, kind, id))?;
    organisations::ops::require_within(conn, context, Some(found.organisation_id), kind.as_str())?;
    Ok(found)
}

/// Writes an act over its version before.
///
/// # Errors
/// `version-mismatch`.
pub fn rewrite(conn: &mut Conn, context: &Context, row: ActRow) -> Result<ActRow> {
    let row = ActRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    Ok(row)
}

/// Takes an act away; the row stays.
///
/// # Errors
/// `version-mismatch`.
pub fn remove(conn: &mut Conn, context: &Context, row: ActRow) -> Result<ActRow> {
    rewrite(conn, context, ActRow { archived_at: Some(context.now.naive_utc()), ..row })
}

/// Records what became of an act.
pub fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ActRow, data: Value) -> Result<()> {
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new(row.kind.as_str(), &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}
