//! Acts in the database.

use super::rules::{Act, ActAdded, ActKind, Particulars};
use crate::db::schema::{kpis, organisations, spc_acts};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::kpis::names::Names;
use crate::kpis::series::SeriesKey;
use crate::organisations::store::{below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, Timestamp, instant};
use crate::{params, sortable};
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

/// Declares the list of a kind, which has its own name for the period to sort by.
macro_rules! kind {
    ($kind:ident, $row:ident, $period:literal, $(#[doc = $doc:literal])+ $params:ident, $list:ident) => {
        #[derive(Queryable)]
        pub struct $row(ActRow);

        impl From<$row> for ActRow {
            fn from(row: $row) -> Self {
                row.0
            }
        }

        sortable! { $row, Query, key "id" => spc_acts::id as Id;
            spc_acts of |row| row.0 => $period period_start, "createdAt" created_at, "updatedAt" updated_at, then id;
        }

        params! {
            $(#[doc = $doc])+
            pub struct $params list of $row {
                /// Codes of KPIs.
                kpi: Codes = "kpi",
                /// Codes of organisations.
                organisation: Codes = "organisation",
                /// The code of a place: the series of that organisation and of all below it.
                place: CodeParam = "place",
            }
        }

        /// Those in force.
        ///
        /// # Errors
        /// `unknown-reference` for the place.
        pub fn $list(conn: &mut Conn, context: &Context, asked: &$params) -> Result<Query> {
            let acts = narrowed(conn, context, in_force(ActKind::$kind), (&asked.kpi, &asked.organisation, &asked.place))?;
            Ok(acts.select((spc_acts::all_columns,)))
        }
    };
}

kind!(Recalculation, RecalculationRow, "from",
    /// What a list of recalculations may be narrowed to.
    ListRecalculations, recalculations);
kind!(Exclusion, ExclusionRow, "period",
    /// What a list of exclusions may be narrowed to.
    ListExclusions, exclusions);

fn in_force(kind: ActKind) -> Acts {
    spc_acts::table.filter(spc_acts::archived_at.is_null()).filter(spc_acts::kind.eq(kind)).into_boxed()
}

fn narrowed(
    conn: &mut Conn,
    context: &Context,
    mut query: Acts,
    (kpi, organisation, place): (&Option<Codes>, &Option<Codes>, &Option<CodeParam>),
) -> Result<Acts> {
    if let Some(Codes(codes)) = kpi {
        let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_lowercase()).collect();
        let wanted = kpis::table.filter(kpis::code.eq_any(codes)).select(kpis::id);
        query = query.filter(spc_acts::kpi_id.eq_any(wanted));
    }
    if let Some(Codes(codes)) = organisation {
        let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
        let wanted = organisations::table.filter(organisations::code.eq_any(codes)).select(organisations::id);
        query = query.filter(spc_acts::organisation_id.eq_any(wanted));
    }
    let place = place.as_ref().map(|place| referred(conn, "?place", &place.0)).transpose()?;
    for place in place.into_iter().chain(context.within()) {
        query = query.filter(spc_acts::organisation_id.eq_any(below(vec![place], context.today())));
    }
    Ok(query)
}

/// The acts with the names of what they refer to.
pub fn named<A: Act>(conn: &mut Conn, rows: Vec<impl Into<ActRow>>) -> Result<Vec<Stored<A>>> {
    let rows: Vec<ActRow> = rows.into_iter().map(Into::into).collect();
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: ActRow| {
        let key = row.key();
        let series = names.series(&key);
        let added = ActAdded {
            id: row.id,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation_name: names.organisation(key.organisation).1,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            breakdown: series.breakdown.clone(),
            made_by: row.made_by,
            created_at: instant(row.created_at),
        };
        let (period, baseline_points, reason) = (names.label(&key, row.period_start), row.baseline_points, row.reason);
        let written = Particulars { series, period, baseline_points, reason }.into();
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}

/// The acts of a kind on one series that are in force, by period.
pub fn of_series(conn: &mut Conn, kind: ActKind, key: &SeriesKey) -> Result<Vec<ActRow>> {
    let own = in_force(kind)
        .filter(spc_acts::kpi_id.eq(key.kpi))
        .filter(spc_acts::organisation_id.eq(key.organisation))
        .filter(spc_acts::innovation_id.eq(key.innovation))
        .filter(spc_acts::breakdown.eq(key.breakdown.clone()));
    Ok(own.order_by(spc_acts::period_start).load(conn)?)
}

/// The acts of both kinds on the same series of several KPIs that are in force, by period.
pub fn of_kpis(
    conn: &mut Conn,
    kpis: &[Id],
    (organisation, innovation, breakdown): (Id, Id, &str),
) -> Result<Vec<ActRow>> {
    let rows = spc_acts::table
        .filter(spc_acts::archived_at.is_null())
        .filter(spc_acts::kpi_id.eq_any(kpis.to_vec()))
        .filter(spc_acts::organisation_id.eq(organisation))
        .filter(spc_acts::innovation_id.eq(innovation))
        .filter(spc_acts::breakdown.eq(breakdown.to_owned()));
    Ok(rows.order_by(spc_acts::period_start).load(conn)?)
}

pub fn find(conn: &mut Conn, kind: ActKind, id: Id) -> Result<Option<ActRow>> {
    Ok(in_force(kind).filter(spc_acts::id.eq(id)).first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &ActRow) -> Result<()> {
    diesel::insert_into(spc_acts::table).values(row.clone()).execute_kept(conn)?;
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
    match diesel::update(present).set(change).execute_kept(conn)? {
        0 => Err(crate::record::changed(row.version + 1)),
        _ => Ok(()),
    }
}
