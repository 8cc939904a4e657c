//! What can be done with reprofilings, each in one serializable transaction.

use super::rules::Reprofiling;
use super::store::{self, ReprofilingRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards;
use crate::funding::awards::ops::{get_award, not_now, reached, trace};
use crate::funding::awards::rules::RUNNING;
use crate::funding::awards::supplements;
use crate::funding::ledger;
use crate::funding::years::planned;
use crate::http::Context;
use crate::record::Stored;
use serde_json::json;

/// # Errors
/// `not-found` for the award or the reprofiling.
pub fn get_award_reprofiling(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<Stored<Reprofiling>> {
    let award = get_award(conn, context, award)?.row;
    by_id(id, "reprofiling", |id| store::find(conn, award.id, id))?.stored()
}

/// Moves what an award commits between the years. Whoever approved the award, or more for it, does not rewrite its profile.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` in another state of the award, `validation-failed`,
/// `separation-of-duties`, `insufficient-funds` with the year to whose end too much would be committed.
pub fn create_award_reprofiling(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    new: Reprofiling,
) -> Result<Stored<Reprofiling>> {
    let award = reached(conn, context, award)?.row;
    let profile = new.check(award.amount(), (award.planned_from, award.planned_to))?;
    if !RUNNING.contains(&award.state) {
        return Err(not_now(award.state, RUNNING));
    }
    let subject = &context.actor.subject;
    if award.approved_by.as_ref() == Some(subject) || supplements::store::has_approved(conn, award.id, subject)? {
        let detail = "You approved this award, so somebody else must change its profile.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    let before = planned(&ledger::store::profile(conn, award.id)?, award.amount());
    ledger::ops::replan(conn, (award.fund_id, award.id), &profile, award.amount())?;
    let row = ReprofilingRow::new(context, &new, &before, award.id)?;
    store::insert(conn, &row)?;
    let award = award.touched(context);
    awards::store::update(conn, &award)?;
    let data = json!({ "reprofiling": row.id });
    trace(conn, context, &award, Event::new(awards::ops::RESOURCE, &award.id.to_string(), award.version, data))?;
    let data = json!({ "award": award.id });
    trace(conn, context, &award, Event::new("award-reprofiling", &row.id.to_string(), 1, data))?;
    row.stored()
}
