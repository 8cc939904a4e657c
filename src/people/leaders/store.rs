//! Leaders in the database.

use super::ops::LeaderKind;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{leaders, organisations, people};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::organisations::store::below;
use crate::people::store::Called;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = leaders, treat_none_as_null = true)]
pub struct LeaderRow {
    pub id: Id,
    pub person_id: Id,
    pub kind: LeaderKind,
    pub organisation_id: Option<Id>,
    pub programme: Option<String>,
    pub from_on: NaiveDate,
    /// The first day it no longer holds.
    pub to_on: NaiveDate,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A leader with what the person is called and where, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedLeader {
    pub row: LeaderRow,
    pub person: Called,
    pub organisation: Option<String>,
}

type Joined = dsl::LeftJoin<dsl::InnerJoin<leaders::table, people::table>, organisations::table>;
type Source = dsl::LeftJoinQuerySource<dsl::InnerJoinQuerySource<leaders::table, people::table>, organisations::table>;
type Columns =
    (<leaders::table as Table>::AllColumns, (people::name, people::erased_at), dsl::Nullable<organisations::code>);
type Named = dsl::Select<Joined, Columns>;

sortable! {
    NamedLeader, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: leaders::version;
    0: "from" => leaders::from_on, Day, |found| found.row.from_on;
    tie 1 => leaders::id, Id, |found| found.row.id;
}

fn named() -> Named {
    leaders::table.inner_join(people::table).left_join(organisations::table).select((
        leaders::all_columns,
        (people::name, people::erased_at),
        organisations::code.nullable(),
    ))
}

/// What a list of leaders may be narrowed to.
#[derive(Default)]
pub struct LeaderFilter {
    pub kinds: Option<Vec<LeaderKind>>,
    pub programme: Option<String>,
    /// Organisations at this place or below it, on this day.
    pub place: Option<(Id, NaiveDate)>,
    /// Those who are leaders on this day.
    pub active_on: Option<NaiveDate>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &LeaderFilter, request: &PageRequest) -> Result<Page<NamedLeader>> {
    page(conn, request, || {
        let mut query = named().into_boxed::<MultiBackend>();
        if let Some(kinds) = &filter.kinds {
            query = query.filter(leaders::kind.eq_any(kinds.clone()));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(leaders::programme.eq(programme.clone()));
        }
        if let Some((place, on)) = filter.place {
            query = query.filter(leaders::organisation_id.assume_not_null().eq_any(below(vec![place], on)));
        }
        if let Some(on) = filter.active_on {
            query = query.filter(leaders::from_on.le(on)).filter(leaders::to_on.gt(on));
        }
        query
    })
}

/// How many people are leaders of each kind on a day, and of any.
///
/// # Errors
/// The database's own.
pub fn counted(conn: &mut Conn, on: NaiveDate) -> Result<(Vec<(LeaderKind, i64)>, i64)> {
    let holding = || leaders::table.filter(leaders::from_on.le(on)).filter(leaders::to_on.gt(on));
    let people = || dsl::count(leaders::person_id).aggregate_distinct();
    let kinds = holding().group_by(leaders::kind).select((leaders::kind, people())).order_by(leaders::kind);
    Ok((kinds.load(conn)?, holding().select(people()).first(conn)?))
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedLeader>> {
    Ok(named().filter(leaders::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<LeaderRow>> {
    Ok(leaders::table.filter(leaders::person_id.eq(person)).order_by(leaders::from_on).load(conn)?)
}

/// # Errors
/// `already-exists` for the same person and kind from the same day.
pub fn insert(conn: &mut Conn, row: &LeaderRow) -> Result<()> {
    let taken = violations::unique("The person is a leader of that kind from that day already.");
    diesel::insert_into(leaders::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &LeaderRow) -> Result<()> {
    overwrite!(conn, leaders, row)
}
