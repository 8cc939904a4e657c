//! Calls and their forms in the database.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{call_forms, calls, cohorts};
use crate::error::Result;
use crate::vocabulary::{Id, Timestamp};
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = calls, treat_none_as_null = true)]
pub struct CallRow {
    pub id: Id,
    pub programme: String,
    pub cohort_id: Option<Id>,
    pub title: String,
    pub sort_title: String,
    pub opens_at: NaiveDateTime,
    /// The first instant at which it is closed.
    pub closes_at: NaiveDateTime,
    /// The IANA zone the two were set in.
    pub zone: String,
    /// A JSON array, as it is answered.
    pub priorities: String,
    /// A JSON array, as it is answered.
    pub criteria: String,
    /// The newest of its forms.
    pub form_version: i32,
    pub offer_days: i32,
    pub created_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A call with the number of its cohort, read in one query.
#[derive(Queryable, Clone)]
pub struct NumberedCall {
    pub row: CallRow,
    pub cohort: Option<i32>,
}

type Source = dsl::LeftJoinQuerySource<calls::table, cohorts::table>;
type Columns = (<calls::table as Table>::AllColumns, dsl::Nullable<cohorts::number>);
type Numbered = dsl::Select<dsl::LeftJoin<calls::table, cohorts::table>, Columns>;

sortable! {
    NumberedCall, Source, dsl::IntoBoxed<'static, Numbered, MultiBackend>, select: calls::version;
    0: "closesAt" => calls::closes_at, Instant, |found| found.row.closes_at;
    1: "opensAt" => calls::opens_at, Instant, |found| found.row.opens_at;
    2: "title" => calls::sort_title, Text, |found| found.row.sort_title.clone();
    tie 3 => calls::id, Id, |found| found.row.id;
}

fn numbered() -> Numbered {
    calls::table.left_join(cohorts::table).select((calls::all_columns, cohorts::number.nullable()))
}

/// The calls of a programme, or those of them that are open at an instant.
///
/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    slug: &str,
    open_at: Option<Timestamp>,
    request: &PageRequest,
) -> Result<Page<NumberedCall>> {
    page(conn, request, || {
        let query = numbered().filter(calls::programme.eq(slug.to_owned())).into_boxed::<MultiBackend>();
        match open_at.map(|at| at.naive_utc()) {
            None => query,
            Some(at) => query.filter(calls::opens_at.le(at)).filter(calls::closes_at.gt(at)),
        }
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NumberedCall>> {
    Ok(numbered().filter(calls::id.eq(id)).first(conn).optional()?)
}

/// The newest form of a call, or an earlier one, as JSON text.
///
/// # Errors
/// The database's own.
pub fn form(conn: &mut Conn, call: Id, number: i32) -> Result<Option<String>> {
    Ok(call_forms::table.find((call, number)).select(call_forms::document).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &CallRow, form: &str) -> Result<()> {
    diesel::insert_into(calls::table).values(row.clone()).execute(conn)?;
    insert_form(conn, row, form)
}

/// Writes the row over the version before it, with a new form where there is one.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &CallRow, form: Option<&str>) -> Result<()> {
    overwrite!(conn, calls, row)?;
    form.map_or(Ok(()), |form| insert_form(conn, row, form))
}

fn insert_form(conn: &mut Conn, row: &CallRow, form: &str) -> Result<()> {
    let values = (
        call_forms::call_id.eq(row.id),
        call_forms::number.eq(row.form_version),
        call_forms::document.eq(form),
        call_forms::made_by.eq(row.created_by.clone()),
        call_forms::made_at.eq(row.updated_at),
    );
    diesel::insert_into(call_forms::table).values(values).execute(conn)?;
    Ok(())
}
