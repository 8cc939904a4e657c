//! Submissions, series and values in the database. The writing of many values at once is in `bulk`.

use super::rows::SubmissionRowResponse;
use super::rules::{Measure, Strategy};
use crate::access::ReachParts;
use crate::db::json::Json;
use crate::db::schema::{
    innovations, kpi_submission_rows, kpi_submissions, kpi_value_revisions, kpi_values, kpis, organisation_closure,
    series,
};
use crate::db::{Conn, Keep, MultiBackend, dialect::Engine};
use crate::delivery::{Counts, Mode, Outcome, SubmissionState};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::returns::drafts::{self, DraftRow};
use crate::kpis::series::SeriesKey;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::store::below;
use crate::vocabulary::{Basis, Id, Qualifier, Timestamp};
use crate::{insert_all, narrow, one_of, params, sortable};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_submissions)]
pub struct SubmissionRow {
    pub id: Id,
    pub kpi_code: Option<String>,
    pub state: SubmissionState,
    pub dry_run: bool,
    pub mode: Mode,
    pub strategy: Strategy,
    pub received: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub rejected: i64,
    pub organisation_id: Option<Id>,
    pub submitted_by: String,
    pub submitted_at: NaiveDateTime,
    /// Whether it is being written in steps, or was when the process ended.
    pub unfinished: bool,
    /// Why a national administrator wrote it in spite of locks; none of any other.
    pub forced_reason: Option<String>,
}

impl SubmissionRow {
    pub fn set_counts(&mut self, counts: Counts) {
        let Counts { received, created, updated, unchanged, deleted, rejected } = counts;
        (self.received, self.created, self.updated) = (received, created, updated);
        (self.unchanged, self.deleted, self.rejected) = (unchanged, deleted, rejected);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            received: self.received,
            created: self.created,
            updated: self.updated,
            unchanged: self.unchanged,
            deleted: self.deleted,
            rejected: self.rejected,
        }
    }
}

/// A submission with the name of its KPI, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedSubmission {
    pub row: SubmissionRow,
    pub kpi_name: Option<String>,
}

type OfKpi = dsl::Eq<kpi_submissions::kpi_code, dsl::Nullable<kpis::code>>;
type Columns = (<kpi_submissions::table as Table>::AllColumns, dsl::Nullable<kpis::name>);
type Named = dsl::Select<dsl::LeftJoinOn<kpi_submissions::table, kpis::table, OfKpi>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedSubmission, Query, key "id" => kpi_submissions::id as Id;
    kpi_submissions of |found| found.row => "submittedAt" submitted_at, "updatedAt" submitted_at, then id;
}

params! {
    /// What a list of submissions may be narrowed to.
    pub struct ListSubmissions list of NamedSubmission {
        /// The code of the KPI they were sent for.
        kpi: CodeParam = "kpi",
        /// The result.
        state: OneOf<SubmissionState> = "state",
    }
}

pub fn insert(conn: &mut Conn, row: &SubmissionRow) -> Result<()> {
    diesel::insert_into(kpi_submissions::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}

/// Writes what was written so far of a submission that is written in steps, and whether that is all.
pub fn update_counts(conn: &mut Conn, row: &SubmissionRow) -> Result<()> {
    use kpi_submissions as all;
    let counts = (
        all::created.eq(row.created),
        all::updated.eq(row.updated),
        all::unchanged.eq(row.unchanged),
        all::deleted.eq(row.deleted),
        all::rejected.eq(row.rejected),
        all::unfinished.eq(row.unfinished),
    );
    diesel::update(all::table.find(row.id)).set(counts).execute_kept(conn)?;
    Ok(())
}

/// Submissions from before this moment that are not written to the end.
pub fn unfinished(conn: &mut Conn, before: Timestamp) -> Result<Vec<SubmissionRow>> {
    let unfinished = kpi_submissions::table.filter(kpi_submissions::unfinished.eq(true));
    Ok(unfinished.filter(kpi_submissions::submitted_at.lt(before.naive_utc())).load(conn)?)
}

/// The submissions that the caller made, or whose organisation or KPI lies in the reach.
fn visible(context: &Context) -> Query {
    let kpi = kpis::table.on(kpi_submissions::kpi_code.eq(kpis::code.nullable()));
    let all = kpi_submissions::table.left_join(kpi).select((kpi_submissions::all_columns, kpis::name.nullable()));
    let mut all = all.into_boxed::<MultiBackend>();
    let ReachParts { everything, organisations, programmes, within, .. } = context.reach().into_parts();
    if let Some(place) = within {
        let inside = below(vec![place], context.today()).select(organisation_closure::descendant_id.nullable());
        all = all.filter(kpi_submissions::organisation_id.eq_any(inside));
    }
    if everything {
        return all;
    }
    let places = below(organisations, context.today());
    all.filter(
        kpi_submissions::submitted_by
            .eq(context.actor.subject.clone())
            .or(kpi_submissions::organisation_id.eq_any(places.select(organisation_closure::descendant_id.nullable())))
            .or(kpis::programme.nullable().eq_any(programmes).assume_not_null()),
    )
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<NamedSubmission>> {
    Ok(visible(context).filter(kpi_submissions::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(_: &mut Conn, context: &Context, asked: &ListSubmissions) -> Result<Query> {
    let mut query = visible(context);
    narrow! { query, asked;
        kpi => kpi_submissions::kpi_code.eq(kpi.0.to_ascii_lowercase());
        state => one_of!(kpi_submissions::state, state.0.clone());
    }
    Ok(query)
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_submission_rows)]
pub struct SubmissionLineRow {
    pub submission_id: Id,
    pub line: i64,
    pub outcome: Outcome,
    pub document: Json<SubmissionRowResponse>,
    pub updated_at: NaiveDateTime,
}

impl From<SubmissionLineRow> for SubmissionRowResponse {
    fn from(row: SubmissionLineRow) -> Self {
        row.document.value
    }
}

type Lines = kpi_submission_rows::BoxedQuery<'static, MultiBackend>;

sortable! { SubmissionLineRow, Lines;
    kpi_submission_rows of |row| row => "line" line, "updatedAt" updated_at, then line;
}

params! {
    /// Which rows of a submission.
    pub struct ListSubmissionRows list of SubmissionLineRow {
        /// The result of the row. Rejected rows are kept for seven days.
        outcome: OneOf<Outcome> = "outcome",
    }
}

pub fn insert_lines(conn: &mut Conn, rows: &[SubmissionLineRow]) -> Result<()> {
    insert_all!(conn, kpi_submission_rows::table, rows);
    Ok(())
}

/// The rows of a submission that are kept.
pub fn lines(submission: Id, asked: &ListSubmissionRows) -> Lines {
    let rows = kpi_submission_rows::table.filter(kpi_submission_rows::submission_id.eq(submission)).into_boxed();
    match &asked.outcome {
        Some(outcomes) => rows.filter(kpi_submission_rows::outcome.eq_any(outcomes.0.clone())),
        None => rows,
    }
}

/// How many rows are removed at a time.
const SWEPT: i64 = 2_000;

/// Removes some of the rows of submissions older than seven days, and in the end the dry runs themselves. Says whether
/// there may be more.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let before = (now - TimeDelta::days(7)).naive_utc();
    let old = kpi_submissions::table.filter(kpi_submissions::submitted_at.lt(before));
    let rows = kpi_submission_rows::table.filter(kpi_submission_rows::submission_id.eq(kpi_submissions::id));
    let emptied = old.filter(dsl::exists(rows)).select(kpi_submissions::id).first::<Id>(conn).optional()?;
    let Some(id) = emptied else {
        diesel::delete(old.filter(kpi_submissions::dry_run.eq(true))).execute(conn)?;
        return Ok(false);
    };
    let rows = kpi_submission_rows::table.filter(kpi_submission_rows::submission_id.eq(id));
    let line = rows.order_by(kpi_submission_rows::line).select(kpi_submission_rows::line).offset(SWEPT);
    match line.first::<i64>(conn).optional()? {
        Some(line) => diesel::delete(rows.filter(kpi_submission_rows::line.le(line))).execute(conn)?,
        None => diesel::delete(rows).execute(conn)?,
    };
    Ok(true)
}

/// SQLite takes a bounded number of parameters, so long lists are asked for in parts.
const PART: usize = 10_000;

/// Ids of the innovations with these slugs.
pub fn innovations_by_slug(conn: &mut Conn, slugs: &[String]) -> Result<HashMap<String, Id>> {
    let mut found = HashMap::with_capacity(slugs.len());
    for part in slugs.chunks(PART) {
        let rows = innovations::table
            .filter(innovations::slug.eq_any(part.to_vec()))
            .filter(innovations::draft.eq(false))
            .filter(innovations::archived_at.is_null())
            .select((innovations::slug, innovations::id));
        found.extend(rows.load::<(String, Id)>(conn)?);
    }
    Ok(found)
}

/// The series of a KPI for these organisations.
pub fn series_of(conn: &mut Conn, kpi: Id, organisations: &[Id]) -> Result<Vec<(i64, SeriesKey)>> {
    let mut found = Vec::new();
    for part in organisations.chunks(PART) {
        let rows: Vec<(i64, Id, Id, Id, String)> = series::table
            .filter(series::kpi_id.eq(kpi))
            .filter(series::organisation_id.eq_any(part.to_vec()))
            .select((series::id, series::kpi_id, series::organisation_id, series::innovation_id, series::breakdown))
            .load(conn)?;
        found.extend(rows.into_iter().map(|(id, kpi, organisation, innovation, breakdown)| {
            (id, SeriesKey { kpi, organisation, innovation, breakdown })
        }));
    }
    Ok(found)
}

/// A value that is there.
pub struct Present {
    pub measure: Measure,
    pub version: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_values)]
struct PresentRow {
    series_id: i64,
    period_start: NaiveDate,
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    qualifier: Qualifier,
    basis: Basis,
    comment: Option<String>,
    version: i32,
}

impl From<PresentRow> for Present {
    fn from(row: PresentRow) -> Self {
        let PresentRow { value, numerator, denominator, qualifier, basis, comment, version, .. } = row;
        let measure = Measure { value, numerator, denominator, qualifier, basis, comment: comment.map(Into::into) };
        Self { measure, version }
    }
}

impl From<DraftRow> for Present {
    fn from(row: DraftRow) -> Self {
        let DraftRow { value, numerator, denominator, qualifier, basis, comment, version, .. } = row;
        let measure = Measure { value, numerator, denominator, qualifier, basis, comment: comment.map(Into::into) };
        Self { measure, version }
    }
}

/// The values of these series of a KPI, which its number names, between two days.
pub fn present_values(
    conn: &mut Conn,
    kpi_number: i32,
    ids: &[i64],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<(i64, NaiveDate), Present>> {
    let mut found = HashMap::new();
    for part in ids.chunks(PART) {
        let rows: Vec<PresentRow> = kpi_values::table
            .filter(kpi_values::kpi_number.eq(kpi_number))
            .filter(kpi_values::series_id.eq_any(part.to_vec()))
            .filter(kpi_values::period_start.between(from, to))
            .select(PresentRow::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().map(|row| ((row.series_id, row.period_start), row.into())));
    }
    Ok(found)
}

/// The values of these series of a KPI between two days, as bare numbers by series and first day of the period: as their sender
/// knows them, with what awaits approval.
pub fn plain_values(
    conn: &mut Conn,
    kpi: &KpiRow,
    ids: &[i64],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<(i64, NaiveDate), ScaledValue>> {
    type Plain = ((i64, NaiveDate), i64, Option<i64>, Option<i64>);
    let mut found = HashMap::new();
    for part in ids.chunks(PART) {
        let rows: Vec<Plain> = kpi_values::table
            .filter(kpi_values::kpi_number.eq(kpi.number))
            .filter(kpi_values::series_id.eq_any(part.to_vec()))
            .filter(kpi_values::period_start.between(from, to))
            .select((
                (kpi_values::series_id, kpi_values::period_start),
                kpi_values::value,
                kpi_values::numerator,
                kpi_values::denominator,
            ))
            .load(conn)?;
        let plain = |(at, value, numerator, denominator)| (at, ScaledValue { value, numerator, denominator });
        found.extend(rows.into_iter().map(plain));
    }
    if kpi.approval_required {
        for DraftRow { series_id, period_start, value, numerator, denominator, deleted, .. } in
            drafts::waiting(conn, kpi.number, ids, (from, to))?
        {
            let at = (series_id, period_start);
            let plain = ScaledValue { value, numerator, denominator };
            if deleted {
                found.remove(&at)
            } else {
                found.insert(at, plain)
            };
        }
    }
    Ok(found)
}

/// The last version of values that were deleted, so that a new one goes on counting.
pub fn past_versions(
    conn: &mut Conn,
    ids: &[i64],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<(i64, NaiveDate), i32>> {
    let mut found: HashMap<(i64, NaiveDate), i32> = HashMap::new();
    for part in ids.chunks(PART) {
        let rows: Vec<(i64, NaiveDate, i32)> = kpi_value_revisions::table
            .filter(kpi_value_revisions::series_id.eq_any(part.to_vec()))
            .filter(kpi_value_revisions::period_start.between(from, to))
            .select((kpi_value_revisions::series_id, kpi_value_revisions::period_start, kpi_value_revisions::version))
            .load(conn)?;
        for (id, start, version) in rows {
            let last = found.entry((id, start)).or_insert(version);
            *last = version.max(*last);
        }
    }
    Ok(found)
}

/// Creates the missing series, each with the number of its KPI, in the order given, which must be the same for everyone. PostgreSQL waits
/// here for a series that another transaction is making.
pub fn ensure_series(conn: &mut Conn, keys: &[(i32, SeriesKey)]) -> Result<()> {
    let row = |(kpi_number, key): &(i32, SeriesKey)| {
        (
            series::kpi_number.eq(*kpi_number),
            series::kpi_id.eq(key.kpi),
            series::organisation_id.eq(key.organisation),
            series::innovation_id.eq(key.innovation),
            series::breakdown.eq(key.breakdown.clone()),
        )
    };
    match conn {
        Conn::Postgres(c) => {
            for some in keys.chunks(PART) {
                let rows: Vec<_> = some.iter().map(row).collect();
                diesel::insert_into(series::table).values(rows).on_conflict_do_nothing().execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for key in keys {
                diesel::insert_into(series::table).values(row(key)).on_conflict_do_nothing().execute(c)?;
            }
        }
    }
    Ok(())
}

/// Marks series as illustrative, for good.
pub fn mark_illustrative(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    for part in ids.chunks(PART) {
        let unmarked = series::table.filter(series::id.eq_any(part.to_vec())).filter(series::illustrative.eq(false));
        diesel::update(unmarked).set(series::illustrative.eq(true)).execute(conn)?;
    }
    Ok(())
}

/// Locks these series until the transaction ends, so that two submissions of the same values come one after the other.
/// Locked in the order of their ids, so that no two wait for each other. SQLite's writer is alone already.
pub fn lock_series(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    if conn.engine() == Engine::Sqlite {
        return Ok(());
    }
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    if let Conn::Postgres(c) = conn {
        let locked = series::table.filter(series::id.eq_any(ids)).order_by(series::id).select(series::id).for_update();
        locked.load::<i64>(c)?;
    }
    Ok(())
}
