//! Mentorships in the database.

use super::rules::{Mentorship, MentorshipAdded};
use crate::calendar::Until;
use crate::db::conn::MultiBackend;
use crate::db::schema::{mentorships, people};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::http::context::Context;
use crate::http::params::CodeParam;
use crate::people::store::Called;
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{overwrite, params, sortable};
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
    pub to_on: Until,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl MentorshipRow {
    pub fn new(context: &Context, new: Mentorship, programme: String) -> Self {
        let Mentorship { mentor, fellowship, focus, from, to } = new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            mentor_id: mentor,
            fellowship_id: fellowship,
            programme,
            focus,
            from_on: from,
            to_on: to.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn mentorship(&self) -> Mentorship {
        Mentorship {
            mentor: self.mentor_id,
            fellowship: self.fellowship_id,
            focus: self.focus.clone(),
            from: self.from_on,
            to: self.to_on.into(),
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Mentorship) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { focus: new.focus, to_on: new.to.into(), version, updated_at, ..self }
    }
}

/// A mentorship with what its mentor is called, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedMentorship {
    pub row: MentorshipRow,
    pub mentor: Called,
}

impl From<NamedMentorship> for Stored<Mentorship> {
    fn from(found: NamedMentorship) -> Self {
        let written = found.row.mentorship();
        let MentorshipRow { id, programme, version, updated_at, .. } = found.row;
        Self { added: MentorshipAdded { id, mentor_name: found.mentor.told(), programme }, written, version, updated_at }
    }
}

type Source = dsl::InnerJoinQuerySource<mentorships::table, people::table>;
type Columns = (<mentorships::table as Table>::AllColumns, (people::name, people::erased_at));
type Named = dsl::Select<dsl::InnerJoin<mentorships::table, people::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! {
    NamedMentorship, Source, Query, select: mentorships::version;
    0: "from" => mentorships::from_on, Day, |found| found.row.from_on;
    1: "updatedAt" => mentorships::updated_at, Instant, |found| found.row.updated_at;
    tie 2 => mentorships::id, Id, |found| found.row.id;
    key "id" => mentorships::id, Id;
}

params! {
    /// What a list of mentorships may be narrowed to.
    pub struct ListMentorships list of NamedMentorship {
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// The id of the fellowship they support.
        fellowship: Id = "fellowship",
        /// The id of the mentor, who is a person.
        mentor: Id = "mentor",
        /// Those that hold on this day.
        active_on: NaiveDate = "activeOn",
    }
}

fn named() -> Named {
    let columns = (mentorships::all_columns, (people::name, people::erased_at));
    mentorships::table.inner_join(people::table).select(columns)
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(_: &mut Conn, _: &Context, asked: &ListMentorships) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    if let Some(programme) = &asked.programme {
        query = query.filter(mentorships::programme.eq(programme.0.to_ascii_lowercase()));
    }
    if let Some(fellowship) = asked.fellowship {
        query = query.filter(mentorships::fellowship_id.eq(fellowship));
    }
    if let Some(mentor) = asked.mentor {
        query = query.filter(mentorships::mentor_id.eq(mentor));
    }
    if let Some(on) = asked.active_on {
        query = query.filter(mentorships::from_on.le(on)).filter(mentorships::to_on.gt(on));
    }
    Ok(query)
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
