//! What awaits approval, laid over the values that count: two queries, whose rows are put into one order.

use super::rows::{Query, ValueRow};
use crate::access::{Reach, ReachParts};
use crate::db::list::{By, Column, Listed, SortValue, Test, keys};
use crate::db::schema::{kpi_value_drafts, kpi_values, kpis, series};
use crate::db::{Conn, Keep, MultiBackend};
use crate::organisations::store::below;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, IntoBoxed, Select, exists, not};
use diesel::prelude::*;
use diesel::sql_types::Integer;

/// A value that awaits approval, with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_value_drafts)]
pub struct WaitingValue {
    series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    kpi_id: Id,
    #[diesel(select_expression = series::organisation_id)]
    organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    breakdown: String,
    #[diesel(select_expression = series::illustrative)]
    illustrative: bool,
    period_start: NaiveDate,
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    qualifier: Qualifier,
    basis: Basis,
    comment: Option<String>,
    version: i32,
    kpi_version: i32,
    submission_id: Id,
    updated_at: NaiveDateTime,
}

type WaitingValues = Select<InnerJoin<kpi_value_drafts::table, series::table>, AsSelect<WaitingValue, MultiBackend>>;
pub type WaitingQuery = IntoBoxed<'static, WaitingValues, MultiBackend>;

/// A value of the list: one that counts, or one that awaits approval in its place.
pub struct ListedValue {
    pub row: ValueRow,
    pub provisional: bool,
}

/// The values that count, and those that are laid over them.
pub struct ValuesQuery {
    counting: Query,
    waiting: Option<WaitingQuery>,
    descending: bool,
}

impl ValuesQuery {
    pub fn of(counting: Query, waiting: Option<WaitingQuery>) -> Self {
        Self { counting, waiting, descending: false }
    }
}

/// The table of what awaits approval, whose columns of a list have the names that those of values have.
const TABLE: &str = "kpi_value_drafts";

impl Listed for ListedValue {
    type Query = ValuesQuery;
    const SORTS: &'static [&'static str] = ValueRow::SORTS;
    const COLUMNS: &'static [Column] = ValueRow::COLUMNS;
    const KEY: Option<(&'static str, keys::Read, Column)> = ValueRow::KEY;

    fn order(query: Self::Query, by: By) -> Self::Query {
        let ValuesQuery { counting, waiting, .. } = query;
        let waiting = waiting.map(|waiting| waiting.then_order_by(by.of(TABLE)));
        ValuesQuery { counting: ValueRow::order(counting, by), waiting, descending: by.descends() }
    }

    fn filter(query: Self::Query, test: Test) -> Self::Query {
        let ValuesQuery { counting, waiting, descending } = query;
        let waiting = waiting.map(|waiting| waiting.filter(test.of(TABLE)));
        ValuesQuery { counting: ValueRow::filter(counting, test), waiting, descending }
    }

    fn key(&self, column: usize) -> SortValue {
        self.row.key(column)
    }

    fn load(query: Self::Query, limit: i64, conn: &mut Conn) -> QueryResult<Vec<Self>> {
        let counting = ValueRow::load(query.counting, limit, conn)?;
        let mut rows: Vec<Self> = counting.into_iter().map(|row| Self { row, provisional: false }).collect();
        if let Some(waiting) = query.waiting {
            let waiting: Vec<WaitingValue> = waiting.limit(limit).kept().load(conn)?;
            rows.extend(waiting.into_iter().map(|row| Self { row: row.into(), provisional: true }));
            rows.sort_unstable_by_key(|listed| (listed.row.period_start, listed.row.series_id));
            if query.descending {
                rows.reverse();
            }
            rows.truncate(usize::try_from(limit).unwrap_or_default());
        }
        Ok(rows)
    }

    fn count(query: Self::Query, limit: i64, conn: &mut Conn) -> QueryResult<usize> {
        let counting = ValueRow::count(query.counting, limit, conn)?;
        let Some(waiting) = query.waiting else { return Ok(counting) };
        let one = waiting.select(1.into_sql::<Integer>()).limit(limit).kept();
        let waiting = one.load::<i32>(conn)?.len();
        Ok((counting + waiting).min(usize::try_from(limit).unwrap_or_default()))
    }
}

impl From<WaitingValue> for ValueRow {
    fn from(row: WaitingValue) -> Self {
        let WaitingValue { series_id, kpi_id, organisation_id, innovation_id, breakdown, illustrative, .. } = row;
        let WaitingValue { period_start, value, numerator, denominator, qualifier, basis, comment, .. } = row;
        let WaitingValue { version, kpi_version, submission_id, updated_at, .. } = row;
        Self {
            series_id,
            kpi_id,
            organisation_id,
            innovation_id,
            breakdown,
            illustrative,
            period_start,
            value,
            numerator,
            denominator,
            qualifier,
            basis,
            comment,
            version,
            kpi_version,
            submission_id,
            updated_at,
        }
    }
}

/// What awaits approval within a reach: of values, not of what takes them away.
pub fn waiting(whole: &Reach, today: NaiveDate) -> WaitingQuery {
    let waiting = kpi_value_drafts::table.inner_join(series::table).select(WaitingValue::as_select());
    let mut query = waiting.filter(kpi_value_drafts::deleted.eq(false)).into_boxed::<MultiBackend>();
    let ReachParts { everything, programmes, organisations, innovations, within } = whole.clone().into_parts();
    if let Some(place) = within {
        query = query.filter(series::organisation_id.eq_any(below(vec![place], today)));
    }
    if everything {
        return query;
    }
    let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
    let own = series::organisation_id.eq_any(below(organisations, today)).or(series::kpi_id.eq_any(programmes));
    query.filter(own.or(series::innovation_id.eq_any(innovations)))
}

/// Without the values within a reach in whose place something awaits approval.
pub fn uncovered(query: Query, whole: &Reach, today: NaiveDate) -> Query {
    let over = kpi_value_drafts::table
        .filter(kpi_value_drafts::kpi_number.eq(kpi_values::kpi_number))
        .filter(kpi_value_drafts::series_id.eq(kpi_values::series_id))
        .filter(kpi_value_drafts::period_start.eq(kpi_values::period_start));
    let ReachParts { everything, programmes, organisations, innovations, within } = whole.clone().into_parts();
    let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
    let own = series::organisation_id.eq_any(below(organisations, today)).or(series::kpi_id.eq_any(programmes));
    let own = own.or(series::innovation_id.eq_any(innovations));
    let inside = |place: Id| series::organisation_id.eq_any(below(vec![place], today));
    match (everything, within) {
        (true, None) => query.filter(not(exists(over))),
        (true, Some(place)) => query.filter(not(inside(place).and(exists(over)))),
        (false, None) => query.filter(not(own.and(exists(over)))),
        (false, Some(place)) => query.filter(not(own.and(inside(place)).and(exists(over)))),
    }
}
