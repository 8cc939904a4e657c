//! Milestones in the database.

use super::rules::{Milestone, MilestoneAdded, MilestoneState};
use crate::db::schema::award_milestones;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::awards::ops::get_award;
use crate::http::{Context, OneOf};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = award_milestones, treat_none_as_null = true)]
pub struct MilestoneRow {
    pub id: Id,
    pub award_id: Id,
    /// The review that made it a condition.
    pub gateway_review_id: Option<Id>,
    pub title: String,
    pub due_on: NaiveDate,
    pub state: MilestoneState,
    pub met_on: Option<NaiveDate>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl MilestoneRow {
    pub fn new(context: &Context, new: Milestone, award: Id, review: Option<Id>) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            award_id: award,
            gateway_review_id: review,
            title: new.title,
            due_on: new.due_on,
            state: new.state,
            met_on: new.met_on,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn milestone(&self) -> Milestone {
        Milestone { title: self.title.clone(), due_on: self.due_on, state: self.state, met_on: self.met_on }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Milestone) -> Self {
        let Self { id, version, created_at, .. } = self;
        let next = Self::new(context, new, self.award_id, self.gateway_review_id);
        Self { id, version: version + 1, created_at, ..next }
    }
}

impl From<MilestoneRow> for Stored<Milestone> {
    fn from(row: MilestoneRow) -> Self {
        let added = MilestoneAdded { id: row.id, gateway_review: row.gateway_review_id };
        Self { added, written: row.milestone(), version: row.version, updated_at: row.updated_at }
    }
}

type Query = award_milestones::BoxedQuery<'static, MultiBackend>;

sortable! { MilestoneRow, Query, key "id" => award_milestones::id as Id;
    award_milestones of |row| row => "dueOn" due_on, "updatedAt" updated_at, then id;
}

writable! { award_milestones, MilestoneRow }

params! {
    /// What the milestones of an award may be narrowed to.
    pub struct ListMilestones list of MilestoneRow {
        /// The present state.
        state: OneOf<MilestoneState> = "state",
    }
}

/// The milestones of an award.
///
/// # Errors
/// `not-found` for the award.
pub fn list(conn: &mut Conn, context: &Context, award: &str, asked: &ListMilestones) -> Result<Query> {
    let award = get_award(conn, context, award)?;
    let mut query = award_milestones::table.filter(award_milestones::award_id.eq(award.row.id)).into_boxed();
    if let Some(states) = &asked.state {
        query = query.filter(award_milestones::state.eq_any(states.0.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<MilestoneRow>> {
    let one = award_milestones::table.find(id).filter(award_milestones::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}
