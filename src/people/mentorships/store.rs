//! Mentorships in the database.

use super::rules::{Mentorship, MentorshipAdded};
use crate::calendar::Until;
use crate::db::schema::{fellowships, mentorships, people, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context};
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = mentorships)]
pub struct MentorshipRow {
    pub id: Id,
    pub mentor_id: Id,
    pub fellowship_id: Id,
    /// The fellowship's programme.
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

/// A mentorship with the names of its mentor and its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedMentorship {
    pub row: MentorshipRow,
    #[diesel(deserialize_as = PersonName)]
    pub mentor_name: String,
    pub programme_name: String,
}

impl From<NamedMentorship> for Stored<Mentorship> {
    fn from(NamedMentorship { row, mentor_name, programme_name }: NamedMentorship) -> Self {
        let written = row.mentorship();
        let MentorshipRow { id, programme, version, updated_at, .. } = row;
        Self { added: MentorshipAdded { id, mentor_name, programme, programme_name }, written, version, updated_at }
    }
}

type Programme = dsl::Eq<programmes::slug, mentorships::programme>;
type Columns = (<mentorships::table as Table>::AllColumns, NameColumns, programmes::name);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedMentorship, Query, key "id" => mentorships::id as Id;
    mentorships of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { mentorships, MentorshipRow, "The mentor supports this fellowship from that day already." }

params! {
    /// The filters of a list of mentorships.
    pub struct ListMentorships list of NamedMentorship {
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The id of the fellowship.
        fellowship: Id = "fellowship",
        /// The id of the person who is the mentor.
        mentor: Id = "mentor",
        /// Mentorships that include this day.
        active_on: NaiveDate = "activeOn",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (mentorships::all_columns, NAME_COLUMNS, programmes::name);
    let programme: Programme = programmes::slug.eq(mentorships::programme);
    mentorships::table.inner_join(people::table).inner_join(programmes::table.on(programme)).select(columns)
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(_: &mut Conn, _: &Context, asked: &ListMentorships) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    narrow! { query, asked;
        programme => mentorships::programme.eq(programme.0.to_ascii_lowercase());
        fellowship => mentorships::fellowship_id.eq(*fellowship);
        mentor => mentorships::mentor_id.eq(*mentor);
        active_on => mentorships::from_on.le(*active_on).and(mentorships::to_on.gt(*active_on));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedMentorship>> {
    Ok(named().filter(mentorships::id.eq(id)).first(conn).optional()?)
}

/// The mentorships of the fellowships that a fellow has or had.
pub fn of_fellow(conn: &mut Conn, fellow: Id) -> Result<Vec<MentorshipRow>> {
    let held = fellowships::table.filter(fellowships::fellow_id.eq(fellow)).select(fellowships::id);
    let supported = mentorships::table.filter(mentorships::fellowship_id.eq_any(held));
    Ok(supported.order_by(mentorships::from_on).load(conn)?)
}

pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<MentorshipRow>> {
    Ok(mentorships::table.filter(mentorships::mentor_id.eq(person)).order_by(mentorships::from_on).load(conn)?)
}
