//! Acts in the database.

use super::rules::ActKind;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Listed, Page, PageRequest, page};
use crate::db::schema::{kpis, organisation_closure, organisations, spc_acts};
use crate::error::Result;
use crate::kpis::series::{SeriesFilter, SeriesKey};
use crate::organisations::store::below;
use crate::sortable;
use crate::vocabulary::{Id, Timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::Select;
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = spc_acts)]
pub struct ActRow {
    pub id: Id,
    pub kind: ActKind,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    /// The first day of the first period of the new part, or of the period that is left out.
    pub period_start: NaiveDate,
    /// Of a recalculation: how many points set the new mean and limits; all of the part without.
    pub baseline_points: Option<i32>,
    pub reason: String,
    pub made_by: String,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ActRow {
    pub fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }
}

type Acts = spc_acts::BoxedQuery<'static, MultiBackend>;
type Query = Select<Acts, (<spc_acts::table as Table>::AllColumns,)>;

/// An act of one kind, as a list of that kind holds it.
pub trait Kind: Listed<Query = Query> {
    const KIND: ActKind;
    fn act(&self) -> &ActRow;
}

/// Declares the list of a kind, which has its own name for the period to sort by.
macro_rules! kind {
    ($name:ident, $period:literal) => {
        #[derive(Queryable)]
        pub struct $name(ActRow);

        sortable! {
            $name, spc_acts::table, Query;
            0: $period => spc_acts::period_start, Day, |row| row.0.period_start;
            1: "createdAt" => spc_acts::created_at, Instant, |row| row.0.created_at;
            tie 2 => spc_acts::id, Id, |row| row.0.id;
        }

        impl Kind for $name {
            const KIND: ActKind = ActKind::$name;

            fn act(&self) -> &ActRow {
                &self.0
            }
        }
    };
}

kind!(Recalculation, "from");
kind!(Exclusion, "period");

fn in_force(kind: ActKind) -> Acts {
    spc_acts::table.filter(spc_acts::archived_at.is_null()).filter(spc_acts::kind.eq(kind)).into_boxed()
}

/// # Errors
/// As [`page`].
pub fn list<K: Kind>(conn: &mut Conn, filter: &SeriesFilter, request: &PageRequest) -> Result<Page<K>> {
    page(conn, request, || {
        let mut query = in_force(K::KIND);
        if let Some(codes) = &filter.kpis {
            let wanted = kpis::table.filter(kpis::code.eq_any(codes.clone())).select(kpis::id);
            query = query.filter(spc_acts::kpi_id.eq_any(wanted));
        }
        if let Some(codes) = &filter.organisations {
            let wanted =
                organisations::table.filter(organisations::code.eq_any(codes.clone())).select(organisations::id);
            query = query.filter(spc_acts::organisation_id.eq_any(wanted));
        }
        if let Some(place) = filter.place {
            let inside = below(vec![place], filter.today).select(organisation_closure::descendant_id);
            query = query.filter(spc_acts::organisation_id.eq_any(inside));
        }
        query.select((spc_acts::all_columns,))
    })
}

/// The acts of a kind on one series that are in force, by period.
///
/// # Errors
/// The database's own.
pub fn of_series(conn: &mut Conn, kind: ActKind, key: &SeriesKey) -> Result<Vec<ActRow>> {
    let own = in_force(kind)
        .filter(spc_acts::kpi_id.eq(key.kpi))
        .filter(spc_acts::organisation_id.eq(key.organisation))
        .filter(spc_acts::innovation_id.eq(key.innovation))
        .filter(spc_acts::breakdown.eq(key.breakdown.clone()));
    Ok(own.order_by(spc_acts::period_start).load(conn)?)
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, kind: ActKind, id: Id) -> Result<Option<ActRow>> {
    Ok(in_force(kind).filter(spc_acts::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &ActRow) -> Result<()> {
    diesel::insert_into(spc_acts::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Takes it out of force; the row stays.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn archive(conn: &mut Conn, row: &ActRow, at: Timestamp) -> Result<()> {
    let present = spc_acts::table.filter(spc_acts::id.eq(row.id)).filter(spc_acts::version.eq(row.version));
    let at = at.naive_utc();
    let change =
        (spc_acts::archived_at.eq(Some(at)), spc_acts::updated_at.eq(at), spc_acts::version.eq(row.version + 1));
    match diesel::update(present).set(change).execute(conn)? {
        0 => Err(crate::http::context::changed(row.version + 1)),
        _ => Ok(()),
    }
}
