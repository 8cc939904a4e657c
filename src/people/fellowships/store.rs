//! Fellowships in the database.

use super::rules::FellowshipState;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{cohorts, fellowship_innovations, fellowships, innovations};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = fellowships, treat_none_as_null = true)]
pub struct FellowshipRow {
    pub id: Id,
    pub fellow_id: Id,
    pub programme: String,
    pub cohort_id: Id,
    pub application_id: Option<Id>,
    pub host_id: Option<Id>,
    pub industry_partner_id: Option<Id>,
    pub whole_time_equivalent_ppm: i64,
    pub from_on: NaiveDate,
    /// The first day it no longer holds.
    pub to_on: NaiveDate,
    pub state: FellowshipState,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A fellowship with the number of its cohort, read in one query.
#[derive(Queryable, Clone)]
pub struct NumberedFellowship {
    pub row: FellowshipRow,
    pub cohort: i32,
}

type Source = dsl::InnerJoinQuerySource<fellowships::table, cohorts::table>;
type Columns = (<fellowships::table as Table>::AllColumns, cohorts::number);
type Numbered = dsl::Select<dsl::InnerJoin<fellowships::table, cohorts::table>, Columns>;

sortable! {
    NumberedFellowship, Source, dsl::IntoBoxed<'static, Numbered, MultiBackend>, select: fellowships::version;
    0: "from" => fellowships::from_on, Day, |found| found.row.from_on;
    tie 1 => fellowships::id, Id, |found| found.row.id;
}

fn numbered() -> Numbered {
    fellowships::table.inner_join(cohorts::table).select((fellowships::all_columns, cohorts::number))
}

/// What a list of fellowships may be narrowed to.
#[derive(Default)]
pub struct FellowshipFilter {
    pub programme: Option<String>,
    pub cohort: Option<i32>,
    pub fellow: Option<Id>,
    pub innovation: Option<Id>,
    pub host: Option<Id>,
    pub states: Option<Vec<FellowshipState>>,
    /// Those that begin before this day.
    pub to: Option<NaiveDate>,
    /// Those that hold on this day, and were not withdrawn.
    pub active_on: Option<NaiveDate>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &FellowshipFilter, request: &PageRequest) -> Result<Page<NumberedFellowship>> {
    page(conn, request, || {
        let mut query = numbered().into_boxed::<MultiBackend>();
        if let Some(programme) = &filter.programme {
            query = query.filter(fellowships::programme.eq(programme.clone()));
        }
        if let Some(number) = filter.cohort {
            query = query.filter(cohorts::number.eq(number));
        }
        if let Some(fellow) = filter.fellow {
            query = query.filter(fellowships::fellow_id.eq(fellow));
        }
        if let Some(innovation) = filter.innovation {
            let carried = fellowship_innovations::table
                .filter(fellowship_innovations::innovation_id.eq(innovation))
                .select(fellowship_innovations::fellowship_id);
            query = query.filter(fellowships::id.eq_any(carried));
        }
        if let Some(host) = filter.host {
            query = query.filter(fellowships::host_id.eq(host));
        }
        if let Some(states) = &filter.states {
            query = query.filter(fellowships::state.eq_any(states.clone()));
        }
        if let Some(to) = filter.to {
            query = query.filter(fellowships::from_on.lt(to));
        }
        if let Some(on) = filter.active_on {
            query = query
                .filter(fellowships::from_on.le(on))
                .filter(fellowships::to_on.gt(on))
                .filter(fellowships::state.ne(FellowshipState::Withdrawn));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NumberedFellowship>> {
    Ok(numbered().filter(fellowships::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn of_fellow(conn: &mut Conn, fellow: Id) -> Result<Vec<(FellowshipRow, i32)>> {
    Ok(numbered().filter(fellowships::fellow_id.eq(fellow)).order_by(fellowships::from_on).load(conn)?)
}

/// The slugs of the innovations of some fellowships, in order.
///
/// # Errors
/// The database's own.
pub fn innovations_of(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, String)>> {
    let carried = fellowship_innovations::table
        .inner_join(innovations::table)
        .filter(fellowship_innovations::fellowship_id.eq_any(ids.to_vec()))
        .order_by(innovations::slug)
        .select((fellowship_innovations::fellowship_id, innovations::slug));
    Ok(carried.load(conn)?)
}

/// # Errors
/// `already-exists` where the fellow has one in the cohort.
pub fn insert(conn: &mut Conn, row: &FellowshipRow, innovations: &[Id]) -> Result<()> {
    let taken = violations::unique("The fellow has a fellowship in that cohort already.");
    diesel::insert_into(fellowships::table).values(row.clone()).execute(conn).map_err(taken)?;
    carry(conn, row.id, innovations)
}

/// Writes the row over the version before it, and which innovations are carried where that is told.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` as for [`insert`].
pub fn update(conn: &mut Conn, row: &FellowshipRow, innovations: Option<&[Id]>) -> Result<()> {
    let taken = violations::unique("The fellow has a fellowship in that cohort already.");
    overwrite!(conn, fellowships, row, taken)?;
    let Some(innovations) = innovations else { return Ok(()) };
    let before = fellowship_innovations::table.filter(fellowship_innovations::fellowship_id.eq(row.id));
    diesel::delete(before).execute(conn)?;
    carry(conn, row.id, innovations)
}

fn carry(conn: &mut Conn, fellowship: Id, innovations: &[Id]) -> Result<()> {
    for innovation in innovations {
        let carried = (
            fellowship_innovations::fellowship_id.eq(fellowship),
            fellowship_innovations::innovation_id.eq(*innovation),
        );
        diesel::insert_into(fellowship_innovations::table).values(carried).execute(conn)?;
    }
    Ok(())
}
