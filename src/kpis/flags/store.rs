//! Flags in the database.

use super::rules::{FlagStatus, KpiValueFlag, KpiValueFlagAdded};
use crate::access::ReachParts;
use crate::db::schema::{kpi_value_flags, kpis};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context, OneOf};
use crate::kpis::catalogue;
use crate::kpis::names::Names;
use crate::kpis::series::SeriesKey;
use crate::organisations::store::{all_referred, below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{insert_all, narrow, one_of, overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = kpi_value_flags, treat_none_as_null = true)]
pub struct FlagRow {
    pub id: Id,
    pub series_id: i64,
    pub period_start: NaiveDate,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    pub code: String,
    pub detail: String,
    pub status: FlagStatus,
    pub justification: Option<String>,
    pub justified_by: Option<String>,
    pub submission_id: Id,
    pub version: i32,
    pub raised_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl FlagRow {
    fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }
}

type Flags = kpi_value_flags::BoxedQuery<'static, MultiBackend>;

sortable! { FlagRow, Flags, key "id" => kpi_value_flags::id as Id;
    kpi_value_flags of |row| row => "raisedAt" raised_at, "updatedAt" updated_at, then id;
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &FlagRow) -> Result<()> {
    overwrite!(conn, kpi_value_flags, row)
}

params! {
    /// What a list of flags may be narrowed to.
    pub struct ListKpiValueFlags list of FlagRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: flags of values of that organisation and of all below it today.
        place: CodeParam = "place",
        /// How far the follow-up has come.
        status: OneOf<FlagStatus> = "status",
        /// The id of the submission that brought the values.
        submission: Id = "submission",
    }
}

/// The flags of values that the caller may see as they are.
fn visible(context: &Context) -> Flags {
    let mut query = kpi_value_flags::table.into_boxed::<MultiBackend>();
    let ReachParts { everything, programmes, organisations, innovations, within } = context.reach().into_parts();
    if let Some(place) = within {
        query = query.filter(kpi_value_flags::organisation_id.eq_any(below(vec![place], context.today())));
    }
    if everything {
        return query;
    }
    let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
    let own = kpi_value_flags::organisation_id.eq_any(below(organisations, context.today()));
    let own = own.or(kpi_value_flags::kpi_id.eq_any(programmes));
    query.filter(own.or(kpi_value_flags::innovation_id.eq_any(innovations)))
}

/// # Errors
/// `unknown-reference` for a KPI, an organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListKpiValueFlags) -> Result<Flags> {
    let mut query = visible(context);
    if let Some(Codes(codes)) = &asked.kpi {
        let kpis: Vec<Id> =
            catalogue::store::all_referred(conn, "?kpi", codes)?.into_iter().map(|kpi| kpi.id).collect();
        query = query.filter(kpi_value_flags::kpi_id.eq_any(kpis));
    }
    narrow! { query, asked;
        organisation => kpi_value_flags::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        status => one_of!(kpi_value_flags::status, status.0.clone());
        submission => kpi_value_flags::submission_id.eq(*submission);
        place => kpi_value_flags::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], context.today()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<FlagRow>> {
    Ok(visible(context).filter(kpi_value_flags::id.eq(id)).first(conn).optional()?)
}

/// The flags with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<FlagRow>) -> Result<Vec<Stored<KpiValueFlag>>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: FlagRow| {
        let key = row.key();
        let series = names.series(&key);
        let added = KpiValueFlagAdded {
            id: row.id,
            value: format!("{}.{}", row.series_id, row.period_start),
            kpi: series.kpi,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation: series.organisation,
            organisation_name: names.organisation(key.organisation).1,
            innovation: series.innovation,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            breakdown: series.breakdown,
            period: names.label(&key, row.period_start),
            start: row.period_start,
            code: row.code,
            detail: row.detail,
            status: row.status,
            closed_because: row.status.closed_because(),
            justified_by: row.justified_by,
            submission: row.submission_id,
            raised_at: instant(row.raised_at),
        };
        let written = KpiValueFlag { justification: row.justification };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Keeps the flags that a submission raised.
pub fn raise(conn: &mut Conn, rows: &[FlagRow]) -> Result<()> {
    insert_all!(conn, kpi_value_flags::table, rows);
    Ok(())
}

/// SQLite takes a bounded number of parameters.
const PART: usize = 10_000;

/// The flags of some values that can still change.
fn standing(conn: &mut Conn, of: &[(i64, NaiveDate)]) -> Result<Vec<FlagRow>> {
    of_values(conn, of, &[FlagStatus::Open, FlagStatus::Justified])
}

/// The flags of some values that have one of these statuses.
pub fn of_values(conn: &mut Conn, of: &[(i64, NaiveDate)], statuses: &[FlagStatus]) -> Result<Vec<FlagRow>> {
    let wanted: HashSet<(i64, NaiveDate)> = of.iter().copied().collect();
    let mut series: Vec<i64> = of.iter().map(|(series, _)| *series).collect();
    series.sort_unstable();
    series.dedup();
    let mut found = Vec::new();
    for part in series.chunks(PART) {
        let flags = kpi_value_flags::table.filter(kpi_value_flags::series_id.eq_any(part.to_vec()));
        let flags: Vec<FlagRow> = flags.filter(one_of!(kpi_value_flags::status, statuses.to_vec())).load(conn)?;
        found.extend(flags.into_iter().filter(|row| wanted.contains(&(row.series_id, row.period_start))));
    }
    Ok(found)
}

/// Says of the flags of values that were replaced or taken away that they are.
pub fn replace(conn: &mut Conn, at: NaiveDateTime, of: &[(i64, NaiveDate)]) -> Result<()> {
    for row in standing(conn, of)? {
        let (status, version) = (FlagStatus::Replaced, row.version + 1);
        update(conn, &FlagRow { status, version, updated_at: at, ..row })?;
    }
    Ok(())
}

/// Justifies the open flags of values that were sent again unchanged, with why they are right.
pub fn justify(
    conn: &mut Conn,
    by: &str,
    at: NaiveDateTime,
    justified: &HashMap<(i64, NaiveDate), String>,
) -> Result<()> {
    let of: Vec<(i64, NaiveDate)> = justified.keys().copied().collect();
    for row in standing(conn, &of)?.into_iter().filter(|row| row.status == FlagStatus::Open) {
        let justification = justified.get(&(row.series_id, row.period_start)).cloned();
        let (justified_by, status, version) = (Some(by.to_owned()), FlagStatus::Justified, row.version + 1);
        update(conn, &FlagRow { status, justification, justified_by, version, updated_at: at, ..row })?;
    }
    Ok(())
}
