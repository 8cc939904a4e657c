//! What can be done with milestones, each in one transaction.

use super::store::{self, MilestoneRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Faults, Result};
use crate::events::Event;
use crate::funding::awards::ops::{get_award, reached, trace};
use crate::funding::awards::store::AwardRow;
use crate::vocabulary::Id;
use crate::words;
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// Whether a milestone was reached.
    pub enum MilestoneState { Planned = "planned", Met = "met", Missed = "missed", Waived = "waived" }
}

/// A milestone as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    pub title: String,
    pub due_on: NaiveDate,
    pub state: MilestoneState,
    /// The day it was met, for one that was.
    pub met_on: Option<NaiveDate>,
}

impl Milestone {
    fn check(&self, today: NaiveDate) -> Result<()> {
        let mut faults = Faults::default();
        if (self.state == MilestoneState::Met) != self.met_on.is_some() {
            faults.add("/metOn", "missing", "A milestone that was met has the day it was, and no other has one.");
        }
        if self.met_on.is_some_and(|day| day > today) {
            faults.add("/metOn", "future", "The day it was met cannot lie in the future.");
        }
        faults.check()
    }
}

impl MilestoneRow {
    pub fn milestone(&self) -> Milestone {
        Milestone { title: self.title.clone(), due_on: self.due_on, state: self.state, met_on: self.met_on }
    }
}

fn make(
    conn: &mut Conn,
    context: &Context,
    award: &AwardRow,
    review: Option<Id>,
    new: Milestone,
) -> Result<MilestoneRow> {
    let now = context.now.naive_utc();
    let row = MilestoneRow {
        id: Id::generate(),
        award_id: award.id,
        gateway_review_id: review,
        title: new.title,
        due_on: new.due_on,
        state: new.state,
        met_on: new.met_on,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    told(conn, context, award, &row)?;
    Ok(row)
}

fn told(conn: &mut Conn, context: &Context, award: &AwardRow, row: &MilestoneRow) -> Result<()> {
    let data = json!({ "award": award.id, "dueOn": row.due_on, "state": row.state });
    trace(conn, context, award, Event::new("milestone", &row.id.to_string(), row.version, data))
}

/// The conditions of a gateway review, as milestones.
///
/// # Errors
/// The database's own.
pub fn make_conditions(
    conn: &mut Conn,
    context: &Context,
    award: &AwardRow,
    review: Id,
    conditions: Vec<(String, NaiveDate)>,
) -> Result<()> {
    for (title, due_on) in conditions {
        let condition = Milestone { title, due_on, state: MilestoneState::Planned, met_on: None };
        make(conn, context, award, Some(review), condition)?;
    }
    Ok(())
}

/// # Errors
/// `not-found` for the award or the milestone.
pub fn get_milestone(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<MilestoneRow> {
    let award = get_award(conn, context, award)?;
    by_id(id, "milestone", |id| store::find(conn, award.row.id, id))
}

/// # Errors
/// `not-found`, `forbidden`, `validation-failed`.
pub fn create_milestone(conn: &mut Conn, context: &Context, award: &str, new: Milestone) -> Result<MilestoneRow> {
    let award = reached(conn, context, award)?;
    new.check(context.today())?;
    make(conn, context, &award.row, None, new)
}

/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`.
pub fn update_milestone(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    change: impl FnOnce(Milestone) -> Result<Milestone>,
) -> Result<MilestoneRow> {
    let found = reached(conn, context, award)?;
    let present = get_milestone(conn, context, award, id)?;
    context.check_version(present.version)?;
    let before = present.milestone();
    let new = change(before.clone())?;
    new.check(context.today())?;
    if new == before {
        return Ok(present);
    }
    let row = MilestoneRow {
        title: new.title,
        due_on: new.due_on,
        state: new.state,
        met_on: new.met_on,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    store::update(conn, &row)?;
    told(conn, context, &found.row, &row)?;
    Ok(row)
}
