//! What can be done with lock exceptions, each in one transaction.

use super::rules::LockException;
use super::store::{self, LockExceptionRow};
use crate::access::outside;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Wrong};
use crate::kpis::{catalogue, sets};
use crate::organisations;
use crate::organisations::ops::Covered;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

const WHAT: &str = "lock-exception";

fn named(conn: &mut Conn, row: LockExceptionRow) -> Result<Stored<LockException>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a lock exception was lost"))
}

fn known(conn: &mut Conn, context: &Context, id: &str) -> Result<LockExceptionRow> {
    let found = by_id(id, WHAT, |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, Some(found.organisation_id), WHAT)?;
    Ok(found)
}

/// # Errors
/// `not-found`.
pub fn get_lock_exception(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<LockException>> {
    let row = known(conn, context, id)?;
    named(conn, row)
}

/// The programme of what an exception is of, where the caller may open its periods: with the programme or the organisation
/// in the grants, on the last of its days.
fn permit(conn: &mut Conn, context: &Context, row: &LockExceptionRow) -> Result<Option<String>> {
    let set = sets::store::find_by_ids(conn, &[row.set_id])?.remove(&row.set_id);
    let programme = match set {
        Some(set) => set.programme,
        None => catalogue::store::find_by_ids(conn, &[row.kpi_id])?.remove(&row.kpi_id).and_then(|kpi| kpi.programme),
    };
    let covered = Covered::of(conn, context, context.reach(), &[row.organisation_id])?;
    let last = row.to_on.pred_opt().unwrap_or(row.to_on);
    let may = covered.covers_from(programme.as_deref(), Some(row.organisation_id), None, last);
    if may { Ok(programme) } else { Err(outside()) }
}

/// Lets an organisation send locked periods for a time.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`.
pub fn create_lock_exception(conn: &mut Conn, context: &Context, new: LockException) -> Result<Stored<LockException>> {
    let (span, reason) = new.checked(context.now)?;
    let now = context.now.naive_utc();
    let row = LockExceptionRow {
        id: Id::generate(),
        set_id: new.set.map_or(Ok(Id::NONE), |code| sets::store::referred(conn, "/set", &code).map(|set| set.id))?,
        kpi_id: match new.kpi {
            Some(code) => catalogue::ops::referred(conn, "/kpi", &code)?.id,
            None => Id::NONE,
        },
        organisation_id: organisations::ops::referred(conn, "/organisation", &new.organisation)?,
        from_on: span.from,
        to_on: span.to,
        until_at: new.until.0.naive_utc(),
        reason,
        made_by: context.actor.subject.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
        withdrawn_at: None,
        withdrawn_reason: None,
    };
    let programme = permit(conn, context, &row)?;
    store::insert(conn, &row)?;
    finish(conn, context, row, programme)
}

/// Takes an exception back: it opens nothing from then on. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_lock_exception(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let row = known(conn, context, id)?;
    let programme = permit(conn, context, &row)?;
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The exception was taken back. Add another."));
    }
    let (reason, now) = (wrong.given()?, context.now.naive_utc());
    let version = row.version + 1;
    let row =
        LockExceptionRow { version, updated_at: now, withdrawn_at: Some(now), withdrawn_reason: Some(reason), ..row };
    store::update(conn, &row)?;
    finish(conn, context, row, programme).map(drop)
}

/// Records the change and returns the exception.
fn finish(
    conn: &mut Conn,
    context: &Context,
    row: LockExceptionRow,
    programme: Option<String>,
) -> Result<Stored<LockException>> {
    let (id, organisation, version, withdrawn) =
        (row.id, row.organisation_id, row.version, row.withdrawn_reason.clone());
    let shown = named(conn, row)?;
    let LockException { set, kpi, from, to, until, .. } = &shown.written;
    let mut data = json!({ "set": set, "kpi": kpi, "from": from, "to": to, "until": until });
    if let Some(reason) = withdrawn {
        data["withdrawn"] = json!(reason);
    }
    let event =
        Event { organisation_id: Some(organisation), programme, ..Event::new(WHAT, &id.to_string(), version, data) };
    events::record(conn, context, event)?;
    Ok(shown)
}
