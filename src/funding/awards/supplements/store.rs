//! Supplements in the database.

use super::rules::{Supplement, SupplementAdded, SupplementState};
use crate::db::schema::award_supplements;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::awards::ops::get_award;
use crate::funding::money::Money;
use crate::funding::years::PlannedYear;
use crate::http::{Context, OneOf};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = award_supplements, treat_none_as_null = true)]
pub struct SupplementRow {
    pub id: Id,
    pub award_id: Id,
    pub amount_minor: i64,
    /// A JSON array.
    pub profile: String,
    pub reason: String,
    pub state: SupplementState,
    pub proposed_by: String,
    pub decided_by: Option<String>,
    pub decided_on: Option<NaiveDate>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl SupplementRow {
    /// # Errors
    /// `internal` when the profile cannot be written as JSON.
    pub fn new(context: &Context, new: Supplement, award: Id) -> Result<Self> {
        let now = context.now.naive_utc();
        Ok(Self {
            id: Id::generate(),
            award_id: award,
            amount_minor: new.amount.minor,
            profile: serde_json::to_string(&new.profile)?,
            reason: new.reason,
            state: SupplementState::Proposed,
            proposed_by: context.actor.subject.clone(),
            decided_by: None,
            decided_on: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// # Errors
    /// `internal` when the stored profile cannot be read.
    pub fn supplement(&self, currency: &str) -> Result<Supplement> {
        let profile: Vec<PlannedYear> = serde_json::from_str(&self.profile)?;
        Ok(Supplement { amount: Money::of(self.amount_minor, currency), profile, reason: self.reason.clone() })
    }

    /// # Errors
    /// As [`SupplementRow::supplement`].
    pub fn stored(self, currency: &str) -> Result<Stored<Supplement>> {
        let written = self.supplement(currency)?;
        let Self { id, award_id, state, proposed_by, decided_by, decided_on, version, updated_at, .. } = self;
        let added = SupplementAdded { id, award: award_id, state, proposed_by, decided_by, decided_on };
        Ok(Stored { added, written, version, updated_at })
    }
}

type Query = award_supplements::BoxedQuery<'static, MultiBackend>;

sortable! { SupplementRow, Query, key "id" => award_supplements::id as Id;
    award_supplements of |row| row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

writable! { award_supplements, SupplementRow }

params! {
    /// What the supplements of an award may be narrowed to.
    pub struct ListAwardSupplements list of SupplementRow {
        /// The present state.
        state: OneOf<SupplementState> = "state",
    }
}

/// The supplements of an award.
///
/// # Errors
/// `not-found` for the award.
pub fn list(conn: &mut Conn, context: &Context, award: &str, asked: &ListAwardSupplements) -> Result<Query> {
    let award = get_award(conn, context, award)?;
    let mut query = award_supplements::table.filter(award_supplements::award_id.eq(award.row.id)).into_boxed();
    if let Some(states) = &asked.state {
        query = query.filter(award_supplements::state.eq_any(states.0.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<SupplementRow>> {
    let one = award_supplements::table.find(id).filter(award_supplements::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}

/// Whether somebody approved a supplement of the award.
pub fn has_approved(conn: &mut Conn, award: Id, subject: &str) -> Result<bool> {
    let approved = award_supplements::table
        .filter(award_supplements::award_id.eq(award))
        .filter(award_supplements::state.eq(SupplementState::Approved))
        .filter(award_supplements::decided_by.eq(subject.to_owned()))
        .select(award_supplements::id);
    Ok(approved.first::<Id>(conn).optional()?.is_some())
}
