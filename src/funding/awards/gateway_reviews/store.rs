//! Gateway reviews in the database.

use super::rules::{GatewayDecision, GatewayReviewState};
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::gateway_reviews;
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
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

sortable! {
    GatewayReviewRow, gateway_reviews::table, gateway_reviews::BoxedQuery<'static, MultiBackend>;
    0: "dueOn" => gateway_reviews::due_on, Day, |row| row.due_on;
    tie 1 => gateway_reviews::id, Id, |row| row.id;
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, award: Id, request: &PageRequest) -> Result<Page<GatewayReviewRow>> {
    page(conn, request, || {
        gateway_reviews::table.filter(gateway_reviews::award_id.eq(award)).into_boxed::<MultiBackend>()
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<GatewayReviewRow>> {
    let one = gateway_reviews::table.find(id).filter(gateway_reviews::award_id.eq(award));
    Ok(one.first(conn).optional()?)
}

/// Whether a review of the award decided to stop.
///
/// # Errors
/// The database's own.
pub fn is_stopped(conn: &mut Conn, award: Id) -> Result<bool> {
    let stop = gateway_reviews::table
        .filter(gateway_reviews::award_id.eq(award))
        .filter(gateway_reviews::decision.eq(GatewayDecision::Stop))
        .select(gateway_reviews::id);
    Ok(stop.first::<Id>(conn).optional()?.is_some())
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &GatewayReviewRow) -> Result<()> {
    diesel::insert_into(gateway_reviews::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &GatewayReviewRow) -> Result<()> {
    overwrite!(conn, gateway_reviews, row)
}
