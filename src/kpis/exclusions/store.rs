//! Exclusions in the database.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{exclusions, kpis, organisation_closure, organisations};
use crate::error::Result;
use crate::kpis::series::{SeriesFilter, SeriesKey};
use crate::organisations::store::below;
use crate::sortable;
use crate::vocabulary::{Id, Timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = exclusions)]
pub struct ExclusionRow {
    pub id: Id,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    /// The first day of the period that is left out.
    pub period_start: NaiveDate,
    pub reason: String,
    pub made_by: String,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ExclusionRow {
    pub fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }
}

sortable! {
    ExclusionRow, exclusions::table, exclusions::BoxedQuery<'static, MultiBackend>, select: exclusions::version;
    0: "period" => exclusions::period_start, Day, |row| row.period_start;
    1: "createdAt" => exclusions::created_at, Instant, |row| row.created_at;
    tie 2 => exclusions::id, Id, |row| row.id;
}

fn in_force() -> exclusions::BoxedQuery<'static, MultiBackend> {
    exclusions::table.filter(exclusions::archived_at.is_null()).into_boxed()
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &SeriesFilter, request: &PageRequest) -> Result<Page<ExclusionRow>> {
    page(conn, request, || {
        let mut query = in_force();
        if let Some(codes) = &filter.kpis {
            let wanted = kpis::table.filter(kpis::code.eq_any(codes.clone())).select(kpis::id);
            query = query.filter(exclusions::kpi_id.eq_any(wanted));
        }
        if let Some(codes) = &filter.organisations {
            let wanted =
                organisations::table.filter(organisations::code.eq_any(codes.clone())).select(organisations::id);
            query = query.filter(exclusions::organisation_id.eq_any(wanted));
        }
        if let Some(place) = filter.place {
            let inside = below(vec![place], filter.today).select(organisation_closure::descendant_id);
            query = query.filter(exclusions::organisation_id.eq_any(inside));
        }
        query
    })
}

/// The exclusions of one series that are in force, by period.
///
/// # Errors
/// The database's own.
pub fn of_series(conn: &mut Conn, key: &SeriesKey) -> Result<Vec<ExclusionRow>> {
    let own = in_force()
        .filter(exclusions::kpi_id.eq(key.kpi))
        .filter(exclusions::organisation_id.eq(key.organisation))
        .filter(exclusions::innovation_id.eq(key.innovation))
        .filter(exclusions::breakdown.eq(key.breakdown.clone()));
    Ok(own.order_by(exclusions::period_start).load(conn)?)
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ExclusionRow>> {
    Ok(in_force().filter(exclusions::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &ExclusionRow) -> Result<()> {
    diesel::insert_into(exclusions::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Takes it out of force; the row stays.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn archive(conn: &mut Conn, row: &ExclusionRow, at: Timestamp) -> Result<()> {
    let present = exclusions::table.filter(exclusions::id.eq(row.id)).filter(exclusions::version.eq(row.version));
    let at = at.naive_utc();
    let change =
        (exclusions::archived_at.eq(Some(at)), exclusions::updated_at.eq(at), exclusions::version.eq(row.version + 1));
    match diesel::update(present).set(change).execute(conn)? {
        0 => Err(crate::context::changed(row.version + 1)),
        _ => Ok(()),
    }
}
