//! What can be done with fellowships, each in one transaction.

use super::rules::{Fellowship, FellowshipState};
use super::store::{self, FellowshipRow, NumberedFellowship};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::calendar::{FOREVER, told};
use crate::people::fellows;
use crate::programmes::{self, cohorts};
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{innovations, organisations, transitions};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The name of a fellowship's moves among those of every resource.
pub const RESOURCE: &str = "fellowship";

/// # Errors
/// `not-found`.
pub fn get_fellowship(conn: &mut Conn, id: &str) -> Result<NumberedFellowship> {
    by_id(id, "fellowship", |id| store::find(conn, id))
}

/// The fellowship that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<FellowshipRow> {
    store::find(conn, id)?.map(|found| found.row).ok_or_else(|| {
        let detail = "There is no fellowship of that id.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fellowship", detail))
    })
}

/// The fellowships of a fellow, each with the number of its cohort.
///
/// # Errors
/// The database's own.
pub fn of_fellow(conn: &mut Conn, fellow: Id) -> Result<Vec<(FellowshipRow, i32)>> {
    store::of_fellow(conn, fellow)
}

/// What some fellowships are, in the words they are sent in: three queries, however many they are.
///
/// # Errors
/// The database's own.
pub fn described(conn: &mut Conn, found: &[NumberedFellowship]) -> Result<Vec<Fellowship>> {
    let bodies = found.iter().flat_map(|found| [found.row.host_id, found.row.industry_partner_id]).flatten();
    let codes = organisations::store::codes(conn, bodies)?;
    let mut carried: HashMap<Id, Vec<String>> = HashMap::new();
    for (id, slug) in store::innovations_of(conn, &found.iter().map(|found| found.row.id).collect::<Vec<_>>())? {
        carried.entry(id).or_default().push(slug);
    }
    let code = |id: Option<Id>| id.and_then(|id| codes.get(&id).cloned());
    Ok(found
        .iter()
        .map(|NumberedFellowship { row, cohort }| Fellowship {
            programme: row.programme.clone(),
            cohort: *cohort,
            innovations: carried.remove(&row.id).unwrap_or_default(),
            host: code(row.host_id),
            industry_partner: code(row.industry_partner_id),
            whole_time_equivalent: row.whole_time_equivalent_ppm as f64 / 1_000_000.0,
            from: row.from_on,
            to: told(row.to_on),
        })
        .collect())
}

/// One fellowship in the words it is sent in.
///
/// # Errors
/// The database's own.
pub fn describe(conn: &mut Conn, found: &NumberedFellowship) -> Result<Fellowship> {
    let described = described(conn, std::slice::from_ref(found))?.pop();
    described.ok_or_else(|| Error::internal("a fellowship was lost"))
}

/// The ids behind what a fellowship names, each pointing at its value where there is no such thing.
fn resolved(
    conn: &mut Conn,
    new: &Fellowship,
    millionths: i64,
    row: FellowshipRow,
) -> Result<(FellowshipRow, Vec<Id>)> {
    let cohort = cohorts::ops::referred(conn, "/cohort", &row.programme, new.cohort)?;
    let mut body = |pointer: &str, code: &Option<String>| -> Result<Option<Id>> {
        code.as_ref().map(|code| organisations::ops::referred(conn, pointer, code)).transpose()
    };
    let (host_id, industry_partner_id) = (body("/host", &new.host)?, body("/industryPartner", &new.industry_partner)?);
    let mut carried = Vec::with_capacity(new.innovations.len());
    for (at, slug) in new.innovations.iter().enumerate() {
        carried.push(innovations::ops::referred(conn, &format!("/innovations/{at}"), slug)?);
    }
    let row = FellowshipRow {
        cohort_id: cohort.id,
        host_id,
        industry_partner_id,
        whole_time_equivalent_ppm: millionths,
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        version: row.version + 1,
        ..row
    };
    Ok((row, carried))
}

fn finish(conn: &mut Conn, context: &Context, row: &FellowshipRow, data: Value) -> Result<NumberedFellowship> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: row.host_id, programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a fellowship was lost"))
}

/// Gives a fellow a place in a cohort, planned at first.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_fellowship(
    conn: &mut Conn,
    context: &Context,
    fellow: Id,
    new: Fellowship,
) -> Result<NumberedFellowship> {
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let (new, millionths) = new.checked()?;
    let programme = programmes::ops::referred(conn, "/programme", &new.programme)?;
    let fellow = fellows::ops::referred(conn, "/fellow", fellow)?.row.id;
    let now = context.now.naive_utc();
    let blank = FellowshipRow {
        id: Id::generate(),
        fellow_id: fellow,
        programme,
        cohort_id: Id::NONE,
        application_id: None,
        host_id: None,
        industry_partner_id: None,
        whole_time_equivalent_ppm: 0,
        from_on: new.from,
        to_on: FOREVER,
        state: FellowshipState::Planned,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let (row, carried) = resolved(conn, &new, millionths, blank)?;
    store::insert(conn, &row, &carried)?;
    finish(
        conn,
        context,
        &row,
        json!({ "fellow": row.fellow_id, "cohort": new.cohort, "innovations": new.innovations }),
    )
}

/// A fellowship that the caller keeps, in the version the caller knows.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NumberedFellowship> {
    let present = get_fellowship(conn, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    context.check_version(present.row.version)?;
    Ok(present)
}

/// Changes everything of a fellowship but whose it is, its programme, and its state.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`,
/// `already-exists`.
pub fn update_fellowship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Id, Fellowship) -> Result<(Id, Fellowship)>,
) -> Result<NumberedFellowship> {
    let present = kept(conn, context, id)?;
    let before = describe(conn, &present)?;
    let (fellow, new) = change(present.row.fellow_id, before.clone())?;
    let (new, millionths) = new.checked()?;
    if fellow != present.row.fellow_id || new.programme != before.programme {
        return Err(
            Error::new(Code::Immutable).detail("Whose fellowship it is, and of which programme, cannot change.")
        );
    }
    if new == before {
        return Ok(present);
    }
    let row = FellowshipRow { updated_at: context.now.naive_utc(), ..present.row };
    let (row, carried) = resolved(conn, &new, millionths, row)?;
    store::update(conn, &row, Some(&carried))?;
    finish(
        conn,
        context,
        &row,
        json!({ "fellow": row.fellow_id, "cohort": new.cohort, "innovations": new.innovations }),
    )
}

/// Moves a fellowship.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_fellowship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
) -> Result<NumberedFellowship> {
    let present = kept(conn, context, id)?;
    let step: Move<FellowshipState> = asked.read(context.today())?;
    let from = present.row.state;
    step.decide(from)?;
    let row = FellowshipRow {
        state: step.to,
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    store::update(conn, &row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": step.effective_on }))
}
