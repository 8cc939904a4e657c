//! Reviews in the database.

use super::rules::{Recommendation, ReviewState};
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::reviews;
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = reviews, treat_none_as_null = true)]
pub struct ReviewRow {
    pub id: Id,
    pub application_id: Id,
    /// The subject that was asked.
    pub reviewer: String,
    pub state: ReviewState,
    /// Why the reviewer cannot judge it.
    pub conflict: Option<String>,
    /// A JSON object of scores by criterion.
    pub scores: String,
    pub score_ppm: Option<i64>,
    pub recommendation: Option<Recommendation>,
    pub comment: Option<String>,
    pub submitted_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    ReviewRow, reviews::table, reviews::BoxedQuery<'static, MultiBackend>, select: reviews::version;
    0: "createdAt" => reviews::created_at, Instant, |row| row.created_at;
    tie 1 => reviews::id, Id, |row| row.id;
}

/// # Errors
/// The database's own.
pub fn of_reviewer(conn: &mut Conn, subject: &str) -> Result<Vec<ReviewRow>> {
    Ok(reviews::table.filter(reviews::reviewer.eq(subject)).order_by(reviews::id).load(conn)?)
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, application: Id, request: &PageRequest) -> Result<Page<ReviewRow>> {
    page(conn, request, || reviews::table.filter(reviews::application_id.eq(application)).into_boxed::<MultiBackend>())
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ReviewRow>> {
    Ok(reviews::table.find(id).first(conn).optional()?)
}

/// The review that a subject was asked for.
///
/// # Errors
/// The database's own.
pub fn find_of(conn: &mut Conn, application: Id, reviewer: &str) -> Result<Option<ReviewRow>> {
    let own = reviews::table.filter(reviews::application_id.eq(application)).filter(reviews::reviewer.eq(reviewer));
    Ok(own.first(conn).optional()?)
}

/// The scores of the submitted reviews of an application.
///
/// # Errors
/// The database's own.
pub fn scores(conn: &mut Conn, application: Id) -> Result<Vec<i64>> {
    let submitted = reviews::table
        .filter(reviews::application_id.eq(application))
        .filter(reviews::state.eq(ReviewState::Submitted))
        .select(reviews::score_ppm);
    Ok(submitted.load::<Option<i64>>(conn)?.into_iter().flatten().collect())
}

/// # Errors
/// `already-exists` where the reviewer was asked before.
pub fn insert(conn: &mut Conn, row: &ReviewRow) -> Result<()> {
    let taken = violations::unique("This reviewer has the application already.");
    diesel::insert_into(reviews::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &ReviewRow) -> Result<()> {
    overwrite!(conn, reviews, row)
}
