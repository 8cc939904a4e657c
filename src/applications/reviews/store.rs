//! Reviews in the database.

use super::rules::{Judgement, Recommendation, ReviewState, Scores};
use crate::db::json::Json;
use crate::db::schema::reviews;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::Id;
use crate::{params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = reviews, treat_none_as_null = true)]
pub struct ReviewRow {
    pub id: Id,
    pub application_id: Id,
    /// The subject of the reviewer.
    pub reviewer: String,
    pub state: ReviewState,
    /// Why the reviewer cannot judge it.
    pub conflict: Option<String>,
    pub scores: Json<Scores>,
    pub score_ppm: Option<i64>,
    pub recommendation: Option<Recommendation>,
    pub comment: Option<String>,
    pub submitted_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ReviewRow {
    /// # Errors
    /// `internal` when the scores, of which there are none, cannot be written.
    pub fn new(context: &Context, application_id: Id, reviewer: String) -> Result<Self> {
        let now = context.now.naive_utc();
        Ok(Self {
            id: Id::generate(),
            application_id,
            reviewer,
            state: ReviewState::Assigned,
            conflict: None,
            scores: Json::new(Scores::new())?,
            score_ppm: None,
            recommendation: None,
            comment: None,
            submitted_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    pub fn judgement(&self) -> Judgement {
        let (scores, comment) = (self.scores.value.clone(), self.comment.clone());
        Judgement { scores, recommendation: self.recommendation, comment }
    }

    /// The next version.
    ///
    /// # Errors
    /// `internal` when the scores cannot be written.
    pub fn revised(self, context: &Context, new: Judgement) -> Result<Self> {
        let Judgement { scores, recommendation, comment } = new;
        let (scores, version, updated_at) = (Json::new(scores)?, self.version + 1, context.now.naive_utc());
        Ok(Self { scores, recommendation, comment, version, updated_at, ..self })
    }

    /// Whether the caller may see the scores: their own always, those of others once they have submitted their own.
    pub fn is_open_to(&self, subject: &str, own: Option<&Self>) -> bool {
        self.reviewer == subject || own.is_none_or(|own| own.state == ReviewState::Submitted)
    }
}

type Query = reviews::BoxedQuery<'static, MultiBackend>;

sortable! { ReviewRow, Query, key "id" => reviews::id as Id;
    reviews of |row| row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

params! {
    /// How the reviews of an application are paged.
    pub struct ListReviews list of ReviewRow {}
}

pub fn of_reviewer(conn: &mut Conn, subject: &str) -> Result<Vec<ReviewRow>> {
    Ok(reviews::table.filter(reviews::reviewer.eq(subject)).order_by(reviews::id).load(conn)?)
}

/// The reviews of an application.
pub fn list(application: Id) -> Query {
    reviews::table.filter(reviews::application_id.eq(application)).into_boxed()
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ReviewRow>> {
    Ok(reviews::table.find(id).first(conn).optional()?)
}

/// The review that a subject was asked for.
pub fn find_of(conn: &mut Conn, application: Id, reviewer: &str) -> Result<Option<ReviewRow>> {
    let own = reviews::table.filter(reviews::application_id.eq(application)).filter(reviews::reviewer.eq(reviewer));
    Ok(own.first(conn).optional()?)
}

/// The scores of the submitted reviews of an application.
pub fn scores(conn: &mut Conn, application: Id) -> Result<Vec<i64>> {
    let submitted = reviews::table
        .filter(reviews::application_id.eq(application))
        .filter(reviews::state.eq(ReviewState::Submitted))
        .select(reviews::score_ppm);
    Ok(submitted.load::<Option<i64>>(conn)?.into_iter().flatten().collect())
}

writable! { reviews, ReviewRow, "This reviewer was asked to review this application already." }
