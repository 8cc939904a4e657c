//! Reprofilings in the database.

use super::rules::{Reprofiling, ReprofilingAdded};
use crate::db::schema::award_reprofilings;
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::funding::awards::ops::get_award;
use crate::funding::years::PlannedYear;
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{params, sortable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = award_reprofilings)]
pub struct ReprofilingRow {
    pub id: Id,
    pub award_id: Id,
    /// A JSON array, as `profile`.
    pub profile_before: String,
    pub profile: String,
    pub reason: String,
    pub made_by: String,
    pub created_at: NaiveDateTime,
}

impl ReprofilingRow {
    /// # Errors
    /// `internal` when the profiles cannot be written as JSON.
    pub fn new(context: &Context, new: &Reprofiling, before: &[PlannedYear], award: Id) -> Result<Self> {
        Ok(Self {
            id: Id::generate(),
            award_id: award,
            profile_before: serde_json::to_string(before)?,
            profile: serde_json::to_string(&new.profile)?,
            reason: new.reason.clone(),
            made_by: context.actor.subject.clone(),
            created_at: context.now.naive_utc(),
        })
    }

    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn stored(self) -> Result<Stored<Reprofiling>> {
        let written = Reprofiling { profile: serde_json::from_str(&self.profile)?, reason: self.reason };
        let added = ReprofilingAdded {
            id: self.id,
            award: self.award_id,
            profile_before: serde_json::from_str(&self.profile_before)?,
            made_by: self.made_by,
            created_at: instant(self.created_at),
        };
        Ok(Stored { added, written, version: 1, updated_at: self.created_at })
    }
}

type Query = award_reprofilings::BoxedQuery<'static, MultiBackend>;

sortable! { ReprofilingRow, Query, key "id" => award_reprofilings::id as Id;
    award_reprofilings of |row| row => "createdAt" created_at, "updatedAt" created_at, then id;
}

params! {
    /// How the reprofilings of an award are paged.
    pub struct ListAwardReprofilings list of ReprofilingRow {}
}

/// The reprofilings of an award.
///
/// # Errors
/// `not-found` for the award.
pub fn list(conn: &mut Conn, context: &Context, award: &str) -> Result<Query> {
    let award = get_award(conn, context, award)?;
    Ok(award_reprofilings::table.filter(award_reprofilings::award_id.eq(award.row.id)).into_boxed())
}

pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<ReprofilingRow>> {
    let one = award_reprofilings::table.find(id).filter(award_reprofilings::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &ReprofilingRow) -> Result<()> {
    diesel::insert_into(award_reprofilings::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}
