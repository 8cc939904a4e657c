//! Gateway reviews in the database.

use super::rules::{GatewayDecision, GatewayReview, GatewayReviewAdded, GatewayReviewState, Recommendation};
use crate::db::schema::gateway_reviews;
use crate::db::{Conn, MultiBackend, by_id};
use crate::error::Result;
use crate::funding::awards::store::{self as awards, Sight};
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = gateway_reviews, treat_none_as_null = true)]
pub struct GatewayReviewRow {
    pub id: Id,
    pub award_id: Id,
    pub title: String,
    pub due_on: NaiveDate,
    pub state: GatewayReviewState,
    /// A JSON array.
    pub recommendations: String,
    pub decision: Option<GatewayDecision>,
    pub reason: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl GatewayReviewRow {
    pub fn new(context: &Context, new: GatewayReview, award: Id) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            award_id: award,
            title: new.title,
            due_on: new.due_on,
            state: GatewayReviewState::Scheduled,
            recommendations: "[]".to_owned(),
            decision: None,
            reason: None,
            decided_by: None,
            decided_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn review(&self) -> GatewayReview {
        GatewayReview { title: self.title.clone(), due_on: self.due_on }
    }

    /// The next version.
    #[must_use]
    pub fn next(self, context: &Context) -> Self {
        Self { version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn recommendations(&self) -> Result<Vec<Recommendation>> {
        Ok(serde_json::from_str(&self.recommendations)?)
    }

    /// # Errors
    /// As [`GatewayReviewRow::recommendations`].
    pub fn stored(self, today: NaiveDate) -> Result<Stored<GatewayReview>> {
        let added = GatewayReviewAdded {
            id: self.id,
            state: self.state,
            overdue: self.state.is_overdue(self.due_on, today),
            recommendations: self.recommendations()?,
            decision: self.decision,
            reason: self.reason.clone(),
            decided_by: self.decided_by.clone(),
            decided_at: self.decided_at.map(instant),
        };
        Ok(Stored { added, written: self.review(), version: self.version, updated_at: self.updated_at })
    }
}

type Query = gateway_reviews::BoxedQuery<'static, MultiBackend>;

sortable! { GatewayReviewRow, Query, key "id" => gateway_reviews::id as Id;
    gateway_reviews of |row| row => "dueOn" due_on, "updatedAt" updated_at, then id;
}

writable! { gateway_reviews, GatewayReviewRow }

params! {
    /// How the gateway reviews of an award are paged.
    pub struct ListGatewayReviews list of GatewayReviewRow {}
}

/// The gateway reviews of an award.
///
/// # Errors
/// `not-found` for the award.
pub fn list(conn: &mut Conn, context: &Context, award: &str) -> Result<Query> {
    let award = by_id(award, "award", |id| awards::find(conn, &Sight::of(context), id))?;
    Ok(gateway_reviews::table.filter(gateway_reviews::award_id.eq(award.row.id)).into_boxed())
}

pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<GatewayReviewRow>> {
    let one = gateway_reviews::table.find(id).filter(gateway_reviews::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}

/// Whether a review of the award decided to stop.
pub fn is_stopped(conn: &mut Conn, award: Id) -> Result<bool> {
    let stop = gateway_reviews::table
        .filter(gateway_reviews::award_id.eq(award))
        .filter(gateway_reviews::decision.eq(GatewayDecision::Stop))
        .select(gateway_reviews::id);
    Ok(stop.first::<Id>(conn).optional()?.is_some())
}
