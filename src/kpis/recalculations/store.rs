//! Recalculations in the database.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{kpis, organisation_closure, organisations, recalculations};
use crate::error::Result;
use crate::kpis::series::{SeriesFilter, SeriesKey};
use crate::organisations::store::below;
use crate::sortable;
use crate::vocabulary::{Id, Timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = recalculations)]
pub struct RecalculationRow {
    pub id: Id,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    /// The first day of the first period of the new part.
    pub from_on: NaiveDate,
    /// How many points set the new mean and limits; all of the part without.
    pub baseline_points: Option<i32>,
    pub reason: String,
    pub made_by: String,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl RecalculationRow {
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
    RecalculationRow, recalculations::table, recalculations::BoxedQuery<'static, MultiBackend>, select: recalculations::version;
    0: "from" => recalculations::from_on, Day, |row| row.from_on;
    1: "createdAt" => recalculations::created_at, Instant, |row| row.created_at;
    tie 2 => recalculations::id, Id, |row| row.id;
}

fn in_force() -> recalculations::BoxedQuery<'static, MultiBackend> {
    recalculations::table.filter(recalculations::archived_at.is_null()).into_boxed()
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &SeriesFilter, request: &PageRequest) -> Result<Page<RecalculationRow>> {
    page(conn, request, || {
        let mut query = in_force();
        if let Some(codes) = &filter.kpis {
            let wanted = kpis::table.filter(kpis::code.eq_any(codes.clone())).select(kpis::id);
            query = query.filter(recalculations::kpi_id.eq_any(wanted));
        }
        if let Some(codes) = &filter.organisations {
            let wanted =
                organisations::table.filter(organisations::code.eq_any(codes.clone())).select(organisations::id);
            query = query.filter(recalculations::organisation_id.eq_any(wanted));
        }
        if let Some(place) = filter.place {
            let inside = below(vec![place], filter.today).select(organisation_closure::descendant_id);
            query = query.filter(recalculations::organisation_id.eq_any(inside));
        }
        query
    })
}

/// The recalculations of one series that are in force, by period.
///
/// # Errors
/// The database's own.
pub fn of_series(conn: &mut Conn, key: &SeriesKey) -> Result<Vec<RecalculationRow>> {
    let own = in_force()
        .filter(recalculations::kpi_id.eq(key.kpi))
        .filter(recalculations::organisation_id.eq(key.organisation))
        .filter(recalculations::innovation_id.eq(key.innovation))
        .filter(recalculations::breakdown.eq(key.breakdown.clone()));
    Ok(own.order_by(recalculations::from_on).load(conn)?)
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<RecalculationRow>> {
    Ok(in_force().filter(recalculations::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &RecalculationRow) -> Result<()> {
    diesel::insert_into(recalculations::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Takes it out of force; the row stays.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn archive(conn: &mut Conn, row: &RecalculationRow, at: Timestamp) -> Result<()> {
    let present =
        recalculations::table.filter(recalculations::id.eq(row.id)).filter(recalculations::version.eq(row.version));
    let at = at.naive_utc();
    let change = (
        recalculations::archived_at.eq(Some(at)),
        recalculations::updated_at.eq(at),
        recalculations::version.eq(row.version + 1),
    );
    match diesel::update(present).set(change).execute(conn)? {
        0 => Err(crate::context::changed(row.version + 1)),
        _ => Ok(()),
    }
}
