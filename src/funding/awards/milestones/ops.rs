//! What can be done with milestones, each in one transaction.

use super::rules::Milestone;
use super::store::{self, MilestoneRow};
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::events::Event;
use crate::funding::awards::ops::{get_award, reached, trace};
use crate::funding::awards::store::AwardRow;
use crate::http::{Context, Patch};
use crate::vocabulary::Id;
use serde_json::json;

/// # Errors
/// `not-found` for the award or the milestone.
pub fn get_milestone(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<MilestoneRow> {
    let award = get_award(conn, context, award)?;
    by_id(id, "milestone", |id| store::find(conn, award.row.id, id))
}

fn finish(conn: &mut Conn, context: &Context, award: &AwardRow, row: MilestoneRow) -> Result<MilestoneRow> {
    let data = json!({ "award": award.id, "dueOn": row.due_on, "state": row.state });
    trace(conn, context, award, Event::new("milestone", &row.id.to_string(), row.version, data))?;
    Ok(row)
}

/// Adds a milestone, as a condition of the review if there is one.
pub fn make(
    conn: &mut Conn,
    context: &Context,
    award: &AwardRow,
    review: Option<Id>,
    new: Milestone,
) -> Result<MilestoneRow> {
    let row = MilestoneRow::new(context, new, award.id, review);
    store::insert(conn, &row)?;
    finish(conn, context, award, row)
}

/// # Errors
/// `not-found`, `forbidden`, `validation-failed`.
pub fn create_milestone(conn: &mut Conn, context: &Context, award: &str, new: Milestone) -> Result<MilestoneRow> {
    let award = reached(conn, context, award)?;
    new.check(context.today(), award.row.begins())?;
    make(conn, context, &award.row, None, new)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`.
pub fn update_milestone(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    patch: &Patch<Milestone>,
) -> Result<MilestoneRow> {
    let award = reached(conn, context, award)?;
    let present = by_id(id, "milestone", |id| store::find(conn, award.row.id, id))?;
    let Some(new) = context.revised(&present.milestone(), present.version, patch)? else { return Ok(present) };
    new.check(context.today(), award.row.begins())?;
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, &award.row, row)
}
