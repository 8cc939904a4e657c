//! Mentorships in the database.

use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{mentorships, people};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::people::store::Called;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = mentorships)]
pub struct MentorshipRow {
    pub id: Id,
    pub mentor_id: Id,
    pub fellowship_id: Id,
    /// The fellowship's own.
    pub programme: String,
    pub focus: String,
    pub from_on: NaiveDate,
    /// The first day it no longer holds.
    pub to_on: NaiveDate,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A mentorship with what its mentor is called, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedMentorship {
    pub row: MentorshipRow,
    pub mentor: Called,
}

type Source = dsl::InnerJoinQuerySource<mentorships::table, people::table>;
type Columns = (<mentorships::table as Table>::AllColumns, (people::name, people::erased_at));
type Named = dsl::Select<dsl::InnerJoin<mentorships::table, people::table>, Columns>;

sortable! {
    NamedMentorship, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: mentorships::version;
    0: "from" => mentorships::from_on, Day, |found| found.row.from_on;
    tie 1 => mentorships::id, Id, |found| found.row.id;
}

fn named() -> Named {
    let columns = (mentorships::all_columns, (people::name, people::erased_at));
    mentorships::table.inner_join(people::table).select(columns)
}

/// What a list of mentorships may be narrowed to.
#[derive(Default)]
pub struct MentorshipFilter {
    pub programme: Option<String>,
    pub fellowship: Option<Id>,
    pub mentor: Option<Id>,
    /// Those that hold on this day.
    pub active_on: Option<NaiveDate>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &MentorshipFilter, request: &PageRequest) -> Result<Page<NamedMentorship>> {
    page(conn, request, || {
        let mut query = named().into_boxed::<MultiBackend>();
        if let Some(programme) = &filter.programme {
            query = query.filter(mentorships::programme.eq(programme.clone()));
        }
        if let Some(fellowship) = filter.fellowship {
            query = query.filter(mentorships::fellowship_id.eq(fellowship));
        }
        if let Some(mentor) = filter.mentor {
            query = query.filter(mentorships::mentor_id.eq(mentor));
        }
        if let Some(on) = filter.active_on {
            query = query.filter(mentorships::from_on.le(on)).filter(mentorships::to_on.gt(on));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedMentorship>> {
    Ok(named().filter(mentorships::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<MentorshipRow>> {
    Ok(mentorships::table.filter(mentorships::mentor_id.eq(person)).order_by(mentorships::from_on).load(conn)?)
}

/// # Errors
/// `already-exists` for the same mentor of the same fellowship from the same day.
pub fn insert(conn: &mut Conn, row: &MentorshipRow) -> Result<()> {
    let taken = violations::unique("The mentor supports that fellowship from that day already.");
    diesel::insert_into(mentorships::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &MentorshipRow) -> Result<()> {
    overwrite!(conn, mentorships, row)
}
