//! Values and revisions in the database.

use crate::access::Reach;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{kpi_value_revisions, kpi_values, kpis, series};
use crate::error::Result;
use crate::sortable;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, InnerJoinQuerySource, IntoBoxed, Select};
use diesel::prelude::*;

/// A value with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_values)]
pub struct ValueRow {
    pub series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    pub kpi_id: Id,
    #[diesel(select_expression = series::organisation_id)]
    pub organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    pub innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    pub breakdown: String,
    #[diesel(select_expression = series::illustrative)]
    pub illustrative: bool,
    pub period_start: NaiveDate,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
}

type Source = InnerJoinQuerySource<kpi_values::table, series::table>;
type Values = Select<InnerJoin<kpi_values::table, series::table>, AsSelect<ValueRow, MultiBackend>>;
type Query = IntoBoxed<'static, Values, MultiBackend>;

sortable! {
    ValueRow, Source, Query;
    0: "period" => kpi_values::period_start, Day, |row| row.period_start;
    tie 1 => kpi_values::series_id, Number, |row| row.series_id;
}

/// What a list of values may be narrowed to.
#[derive(Default, Clone)]
pub struct ValueFilter {
    pub kpis: Option<Vec<Id>>,
    pub organisations: Option<Vec<Id>>,
    pub place: Option<Id>,
    pub innovation: Option<Id>,
    pub breakdown: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub submission: Option<Id>,
}

/// Values inside the reach.
///
/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    reach: &Reach,
    today: NaiveDate,
    filter: &ValueFilter,
    request: &PageRequest,
) -> Result<Page<ValueRow>> {
    page(conn, request, || {
        let mut query =
            kpi_values::table.inner_join(series::table).select(ValueRow::as_select()).into_boxed::<MultiBackend>();
        if !reach.everything {
            let own = crate::organisations::store::below(reach.organisations.clone(), today);
            let programmes = kpis::table.filter(kpis::programme.eq_any(reach.programmes.clone())).select(kpis::id);
            query = query.filter(
                series::organisation_id
                    .eq_any(own)
                    .or(series::kpi_id.eq_any(programmes))
                    .or(series::innovation_id.eq_any(reach.innovations.clone())),
            );
        }
        if let Some(kpis) = &filter.kpis {
            query = query.filter(series::kpi_id.eq_any(kpis.clone()));
        }
        if let Some(organisations) = &filter.organisations {
            query = query.filter(series::organisation_id.eq_any(organisations.clone()));
        }
        if let Some(place) = filter.place {
            query =
                query.filter(series::organisation_id.eq_any(crate::organisations::store::below(vec![place], today)));
        }
        if let Some(innovation) = filter.innovation {
            query = query.filter(series::innovation_id.eq(innovation));
        }
        if let Some(breakdown) = &filter.breakdown {
            query = query.filter(series::breakdown.eq(breakdown.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(kpi_values::period_start.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(kpi_values::period_start.le(to));
        }
        if let Some(submission) = filter.submission {
            query = query.filter(kpi_values::submission_id.eq(submission));
        }
        query
    })
}

/// The key of a series: its KPI, organisation and innovation.
///
/// # Errors
/// The database's own.
pub fn series_key(conn: &mut Conn, id: i64) -> Result<Option<(Id, Id, Id)>> {
    let key = series::table.find(id).select((series::kpi_id, series::organisation_id, series::innovation_id));
    Ok(key.first(conn).optional()?)
}

/// A value that was written over or taken away.
#[derive(Queryable)]
pub struct RevisionRow {
    pub series_id: i64,
    pub period_start: NaiveDate,
    pub version: i32,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub kpi_version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
    pub replaced_by: Id,
    pub replaced_at: NaiveDateTime,
}

sortable! {
    RevisionRow, kpi_value_revisions::table, kpi_value_revisions::BoxedQuery<'static, MultiBackend>;
    0: "replacedAt" => kpi_value_revisions::replaced_at, Instant, |row| row.replaced_at;
    tie 1 => kpi_value_revisions::version, Small, |row| row.version;
}

/// What one value was before.
///
/// # Errors
/// As [`page`].
pub fn revisions(
    conn: &mut Conn,
    series_id: i64,
    period_start: NaiveDate,
    request: &PageRequest,
) -> Result<Page<RevisionRow>> {
    page(conn, request, || {
        kpi_value_revisions::table
            .filter(kpi_value_revisions::series_id.eq(series_id))
            .filter(kpi_value_revisions::period_start.eq(period_start))
            .into_boxed::<MultiBackend>()
    })
}
