//! What can be done with fellowships, each in one transaction.

use super::rules::{Fellowship, FellowshipState};
use super::store::{self, FellowshipRow, NamedFellowship, Referred};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::fellows;
use crate::programmes::{self, cohorts};
use crate::record::Stored;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{innovations, organisations, transitions};
use serde_json::{Value, json};

/// The name of a fellowship's moves among those of every resource.
pub const RESOURCE: &str = "fellowship";

fn find(conn: &mut Conn, id: &str) -> Result<NamedFellowship> {
    by_id(id, "fellowship", |id| store::find(conn, id))
}

/// # Errors
/// `not-found`.
pub fn get_fellowship(conn: &mut Conn, id: &str) -> Result<Stored<Fellowship>> {
    let found = find(conn, id)?;
    whole(conn, found)
}

fn whole(conn: &mut Conn, found: NamedFellowship) -> Result<Stored<Fellowship>> {
    store::whole(conn, vec![found])?.pop().ok_or_else(|| Error::internal("a fellowship was lost"))
}

/// The fellowship that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<FellowshipRow> {
    store::find(conn, id)?.map(|found| found.row).ok_or_else(|| {
        let detail = "There is no fellowship with this id.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fellowship", detail))
    })
}

/// The ids of the records that a fellowship names. A fault points at each that does not exist.
fn resolved(conn: &mut Conn, new: &Fellowship, programme: &str, whole_time_equivalent_ppm: i64) -> Result<Referred> {
    let mut organisation = |pointer: &str, code: &Option<String>| {
        code.as_ref().map(|code| organisations::ops::referred(conn, pointer, code)).transpose()
    };
    let host = organisation("/host", &new.host)?;
    let industry_partner = organisation("/industryPartner", &new.industry_partner)?;
    let cohort = cohorts::ops::referred(conn, "/cohort", programme, new.cohort)?.id;
    let slugs = new.innovations.iter().enumerate();
    let innovations = slugs.map(|(at, slug)| innovations::ops::referred(conn, &format!("/innovations/{at}"), &slug.0));
    let innovations = innovations.collect::<Result<_>>()?;
    Ok(Referred { cohort, host, industry_partner, innovations, whole_time_equivalent_ppm })
}

/// Gives a fellow a place in a cohort, in the state planned.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_fellowship(conn: &mut Conn, context: &Context, new: &Fellowship) -> Result<Stored<Fellowship>> {
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    let millionths = new.check()?;
    let programme = programmes::ops::referred(conn, "/programme", &new.programme)?;
    fellows::ops::referred(conn, "/fellow", new.fellow)?;
    let referred = resolved(conn, new, &programme, millionths)?;
    let row = FellowshipRow::new(context, new, programme, &referred);
    store::insert(conn, &row, &referred.innovations)?;
    finish(conn, context, row, written(new))
}

/// Changes a fellowship, except its fellow, programme and state.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`,
/// `already-exists`.
pub fn update_fellowship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Fellowship>,
) -> Result<Stored<Fellowship>> {
    let NamedFellowship { row, .. } = find(conn, id)?;
    context.keep_programme(Some(&row.programme))?;
    let present = get_fellowship(conn, id)?;
    let Some(new) = context.revised(&present.written, row.version, patch)? else { return Ok(present) };
    let millionths = present.written.check_change(&new)?;
    let referred = resolved(conn, &new, &row.programme, millionths)?;
    let row = row.revised(context, &new, &referred);
    store::update(conn, &row, Some(&referred.innovations))?;
    finish(conn, context, row, written(&new))
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
) -> Result<Stored<Fellowship>> {
    let NamedFellowship { row, .. } = find(conn, id)?;
    context.keep_programme(Some(&row.programme))?;
    context.check_version(row.version)?;
    let step: Move<FellowshipState> = asked.read(context.today())?;
    let from = row.state;
    step.decide(from)?;
    let row = row.moved(context, step.to);
    store::update(conn, &row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, row, json!({ "from": from, "to": step.to, "effectiveOn": step.effective_on }))
}

fn written(new: &Fellowship) -> Value {
    json!({ "fellow": new.fellow, "cohort": new.cohort, "innovations": new.innovations })
}

fn finish(conn: &mut Conn, context: &Context, row: FellowshipRow, data: Value) -> Result<Stored<Fellowship>> {
    let key = row.id.to_string();
    let event = Event::new(RESOURCE, &key, row.version, data);
    let ends = Event {
        organisation_id: row.host_id,
        other_organisation_id: row.industry_partner_id,
        programme: Some(row.programme),
        owner: fellows::store::subject_of(conn, row.fellow_id)?,
        ..event
    };
    events::record(conn, context, ends)?;
    get_fellowship(conn, &key)
}
