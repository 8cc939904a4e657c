//! Values that await approval. Each stands beside the value that counts, with the same key, and takes its place once the
//! return is approved; one that is deleted takes the value away.

use crate::db::schema::{kpi_value_drafts, kpi_values, kpis, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::flags::ops::WithdrawnValue;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{on_engine, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Timestamp};
use std::collections::{BTreeSet, HashMap};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_value_drafts)]
pub struct DraftRow {
    pub kpi_number: i32,
    pub series_id: i64,
    pub period_start: NaiveDate,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub version: i32,
    pub kpi_version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
    pub return_id: Id,
    pub deleted: bool,
}

/// SQLite takes a bounded number of parameters, and so does PostgreSQL.
const PART: usize = 2_000;

/// What awaits approval of some series of a KPI between two days.
pub fn waiting(
    conn: &mut Conn,
    kpi_number: i32,
    series: &[i64],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<DraftRow>> {
    let mut found = Vec::new();
    for some in series.chunks(PART) {
        let rows = kpi_value_drafts::table
            .filter(kpi_value_drafts::kpi_number.eq(kpi_number))
            .filter(kpi_value_drafts::series_id.eq_any(some.to_vec()))
            .filter(kpi_value_drafts::period_start.between(from, to));
        found.extend(rows.load::<DraftRow>(conn)?);
    }
    Ok(found)
}

/// What awaits approval, with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_value_drafts)]
pub struct WaitingRow {
    pub kpi_number: i32,
    pub series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    pub kpi_id: Id,
    #[diesel(select_expression = series::organisation_id)]
    pub organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    pub innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    pub breakdown: String,
    pub period_start: NaiveDate,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
    pub deleted: bool,
}

type Waiting = Select<InnerJoin<kpi_value_drafts::table, series::table>, AsSelect<WaitingRow, MultiBackend>>;
type WaitingQuery = IntoBoxed<'static, Waiting, MultiBackend>;

sortable! { WaitingRow, WaitingQuery;
    kpi_value_drafts of |row| row => "period" period_start, then series_id;
}

params! {
    /// How what awaits approval is paged.
    pub struct ListKpiReturnDrafts list of WaitingRow {}
}

/// What awaits approval of a return.
pub fn of_return(return_id: Id) -> WaitingQuery {
    let waiting = kpi_value_drafts::table.inner_join(series::table).select(WaitingRow::as_select());
    waiting.filter(kpi_value_drafts::return_id.eq(return_id)).into_boxed()
}

/// The codes of the KPIs of which something awaits approval of a return.
pub fn kpis_of(conn: &mut Conn, return_id: Id) -> Result<Vec<String>> {
    let waiting = kpi_value_drafts::table.inner_join(kpis::table.on(kpis::number.eq(kpi_value_drafts::kpi_number)));
    let codes = waiting.filter(kpi_value_drafts::return_id.eq(return_id)).select(kpis::code).distinct();
    Ok(codes.order_by(kpis::code).load(conn)?)
}

/// The submissions of which something awaits approval of a return.
pub fn submissions_of(conn: &mut Conn, return_id: Id) -> Result<Vec<Id>> {
    let waiting = kpi_value_drafts::table.filter(kpi_value_drafts::return_id.eq(return_id));
    Ok(waiting.select(kpi_value_drafts::submission_id).distinct().load(conn)?)
}

/// The values that count where others wait.
pub fn counting(conn: &mut Conn, rows: &[WaitingRow]) -> Result<HashMap<(i64, NaiveDate), i64>> {
    let numbers: BTreeSet<i32> = rows.iter().map(|row| row.kpi_number).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.series_id).collect();
    let starts: BTreeSet<NaiveDate> = rows.iter().map(|row| row.period_start).collect();
    let values = kpi_values::table
        .filter(kpi_values::kpi_number.eq_any(numbers))
        .filter(kpi_values::series_id.eq_any(ids))
        .filter(kpi_values::period_start.eq_any(starts))
        .select(((kpi_values::series_id, kpi_values::period_start), kpi_values::value));
    Ok(values.load::<((i64, NaiveDate), i64)>(conn)?.into_iter().collect())
}

/// Writes what a submission leaves for approval. What it takes away of which nothing counts is gone at once.
pub fn write(conn: &mut Conn, submission: Id, rows: &[DraftRow]) -> Result<()> {
    use diesel::upsert::excluded;
    use kpi_value_drafts as all;
    let key = || (all::kpi_number, all::series_id, all::period_start);
    let changed = || {
        (
            all::value.eq(excluded(all::value)),
            all::numerator.eq(excluded(all::numerator)),
            all::denominator.eq(excluded(all::denominator)),
            all::qualifier.eq(excluded(all::qualifier)),
            all::basis.eq(excluded(all::basis)),
            all::comment.eq(excluded(all::comment)),
            all::version.eq(excluded(all::version)),
            all::kpi_version.eq(excluded(all::kpi_version)),
            all::submission_id.eq(excluded(all::submission_id)),
            all::updated_at.eq(excluded(all::updated_at)),
            all::return_id.eq(excluded(all::return_id)),
            all::deleted.eq(excluded(all::deleted)),
        )
    };
    match conn {
        Conn::Postgres(c) => {
            for some in rows.chunks(PART) {
                let some = diesel::insert_into(all::table).values(some);
                some.on_conflict(key()).do_update().set(changed()).execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for row in rows {
                let one = diesel::insert_into(all::table).values(row);
                one.on_conflict(key()).do_update().set(changed()).execute(c)?;
            }
        }
    }
    let values = kpi_values::table
        .filter(kpi_values::kpi_number.eq(all::kpi_number))
        .filter(kpi_values::series_id.eq(all::series_id))
        .filter(kpi_values::period_start.eq(all::period_start));
    let taken_away = all::table.filter(all::submission_id.eq(submission)).filter(all::deleted.eq(true));
    diesel::delete(taken_away.filter(diesel::dsl::not(diesel::dsl::exists(values)))).execute(conn)?;
    Ok(())
}

/// The columns that say what a value is.
const MEASURE: [&str; 6] = ["value", "numerator", "denominator", "qualifier", "basis", "comment"];
const KEY: &str = "d.kpi_number = v.kpi_number AND d.series_id = v.series_id AND d.period_start = v.period_start";

/// Lets what awaits approval of a return count: what it replaces becomes a revision.
pub fn approve(conn: &mut Conn, return_id: Id, now: NaiveDateTime) -> Result<()> {
    let differs = MEASURE.map(|column| format!("d.{column} IS DISTINCT FROM v.{column}")).join(" OR ");
    let replaced = format!(
        "INSERT INTO kpi_value_revisions (series_id, period_start, version, value, numerator, denominator, qualifier, basis, \
         comment, kpi_version, submission_id, updated_at, replaced_by, replaced_at) \
         SELECT v.series_id, v.period_start, v.version, v.value, v.numerator, v.denominator, v.qualifier, v.basis, v.comment, \
         v.kpi_version, v.submission_id, v.updated_at, d.submission_id, $1 \
         FROM kpi_value_drafts d JOIN kpi_values v ON {KEY} WHERE d.return_id = $2 AND (d.deleted OR {differs})"
    );
    // SQLite numbers parameters by where they come first. The revision of what is replaced is there by now, so the next version is one more than the last revision.
    let counting = format!(
        "INSERT INTO kpi_values (kpi_number, series_id, period_start, value, numerator, denominator, qualifier, basis, comment, \
         version, kpi_version, submission_id, updated_at) \
         SELECT d.kpi_number, d.series_id, d.period_start, d.value, d.numerator, d.denominator, d.qualifier, d.basis, d.comment, \
         COALESCE((SELECT MAX(r.version) FROM kpi_value_revisions r WHERE r.series_id = d.series_id AND r.period_start = d.period_start), 0) + 1, \
         d.kpi_version, d.submission_id, $1 FROM kpi_value_drafts d LEFT JOIN kpi_values v ON {KEY} \
         WHERE d.return_id = $2 AND NOT d.deleted AND (v.version IS NULL OR {differs}) \
         ON CONFLICT (kpi_number, series_id, period_start) DO UPDATE SET value = excluded.value, numerator = excluded.numerator, \
         denominator = excluded.denominator, qualifier = excluded.qualifier, basis = excluded.basis, comment = excluded.comment, \
         version = excluded.version, kpi_version = excluded.kpi_version, submission_id = excluded.submission_id, \
         updated_at = excluded.updated_at"
    );
    let gone = "DELETE FROM kpi_values WHERE (kpi_number, series_id, period_start) IN \
                (SELECT kpi_number, series_id, period_start FROM kpi_value_drafts WHERE return_id = $1 AND deleted)";
    for statement in [replaced, counting] {
        let statement = diesel::sql_query(statement).bind::<Timestamp, _>(now).bind::<Binary, _>(return_id);
        on_engine!(conn, c => statement.execute(c))?;
    }
    on_engine!(conn, c => diesel::sql_query(gone).bind::<Binary, _>(return_id).execute(c))?;
    discard(conn, return_id)
}

/// What goes away with the withdrawal of a return.
pub fn withdrawn(conn: &mut Conn, return_id: Id) -> Result<Vec<WithdrawnValue>> {
    let same = kpi_values::kpi_number
        .eq(kpi_value_drafts::kpi_number)
        .and(kpi_values::series_id.eq(kpi_value_drafts::series_id))
        .and(kpi_values::period_start.eq(kpi_value_drafts::period_start));
    let waiting = kpi_value_drafts::table.left_join(kpi_values::table.on(same)).select((
        kpi_value_drafts::series_id,
        kpi_value_drafts::period_start,
        kpi_value_drafts::submission_id,
        kpi_values::submission_id.nullable(),
    ));
    let rows = waiting.filter(kpi_value_drafts::return_id.eq(return_id));
    let value = |(series_id, period_start, submission, counting)| WithdrawnValue {
        series_id,
        period_start,
        submission,
        counting,
    };
    Ok(rows.load::<(i64, NaiveDate, Id, Option<Id>)>(conn)?.into_iter().map(value).collect())
}

/// Takes away what awaits approval of a return.
pub fn discard(conn: &mut Conn, return_id: Id) -> Result<()> {
    diesel::delete(kpi_value_drafts::table.filter(kpi_value_drafts::return_id.eq(return_id))).execute(conn)?;
    Ok(())
}
