//! Leaders in the database.

use super::rules::{Leader, LeaderAdded, LeaderKind};
use crate::calendar::Until;
use crate::db::schema::{leaders, organisations, people, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{narrow, one_of, params, sortable, writable};
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
    pub to_on: Until,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl LeaderRow {
    pub fn new(context: &Context, new: Leader, organisation_id: Option<Id>) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            person_id: new.person,
            kind: new.kind,
            organisation_id,
            programme: new.programme,
            from_on: new.from,
            to_on: new.to.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Leader, organisation_id: Option<Id>) -> Self {
        let Self { id, created_at, .. } = self;
        Self { id, version: self.version + 1, created_at, ..Self::new(context, new, organisation_id) }
    }
}

/// A leader with the person's name, the organisation, and the programme's name, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedLeader {
    pub row: LeaderRow,
    #[diesel(deserialize_as = PersonName)]
    pub name: String,
    /// The code and the name.
    pub organisation: Option<(String, String)>,
    pub programme_name: Option<String>,
}

impl NamedLeader {
    pub fn leader(&self) -> Leader {
        Leader {
            person: self.row.person_id,
            kind: self.row.kind,
            organisation: self.organisation.as_ref().map(|(code, _)| code.clone()),
            programme: self.row.programme.clone(),
            from: self.row.from_on,
            to: self.row.to_on.into(),
        }
    }
}

impl From<NamedLeader> for Stored<Leader> {
    fn from(found: NamedLeader) -> Self {
        let written = found.leader();
        let NamedLeader { row, name, organisation, programme_name } = found;
        let organisation_name = organisation.map(|(_, name)| name);
        let added = LeaderAdded { id: row.id, name, organisation_name, programme_name };
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Programme = dsl::Eq<leaders::programme, dsl::Nullable<programmes::slug>>;
type Organisation = dsl::Nullable<(organisations::code, organisations::name)>;
type Columns = (<leaders::table as Table>::AllColumns, NameColumns, Organisation, dsl::Nullable<programmes::name>);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedLeader, Query, key "id" => leaders::id as Id;
    leaders of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { leaders, LeaderRow, "The person is a leader of this kind from that day already." }

params! {
    /// The filters of a list of leaders.
    pub struct ListLeaders list of NamedLeader {
        /// The kind of leader.
        kind: OneOf<LeaderKind> = "kind",
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The code of a place: leaders at that organisation and at all below it today.
        place: CodeParam = "place",
        /// People who are leaders on this day.
        active_on: NaiveDate = "activeOn",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let organisation: Organisation = (organisations::code, organisations::name).nullable();
    let columns: Columns = (leaders::all_columns, NAME_COLUMNS, organisation, programmes::name.nullable());
    let programme: Programme = leaders::programme.eq(programmes::slug.nullable());
    leaders::table
        .inner_join(people::table)
        .left_join(organisations::table)
        .left_join(programmes::table.on(programme))
        .select(columns)
}

/// # Errors
/// `unknown-reference` for a place that is not there.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListLeaders) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    narrow! { query, asked;
        kind => one_of!(leaders::kind, kind.0.clone());
        programme => leaders::programme.eq(programme.0.to_ascii_lowercase());
    }
    if let Some(code) = &asked.place {
        let there = below(vec![referred(conn, "?place", &code.0)?], context.today());
        query = query.filter(leaders::organisation_id.assume_not_null().eq_any(there));
    }
    if let Some(on) = asked.active_on {
        query = query.filter(leaders::from_on.le(on)).filter(leaders::to_on.gt(on));
    }
    Ok(query)
}

/// How many people are leaders of each kind on a day, and of any.
pub fn counted(conn: &mut Conn, on: NaiveDate) -> Result<(Vec<(LeaderKind, i64)>, i64)> {
    let holding = || leaders::table.filter(leaders::from_on.le(on)).filter(leaders::to_on.gt(on));
    let people = || dsl::count(leaders::person_id).aggregate_distinct();
    let kinds = holding().group_by(leaders::kind).select((leaders::kind, people())).order_by(leaders::kind);
    Ok((kinds.load(conn)?, holding().select(people()).first(conn)?))
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedLeader>> {
    Ok(named().filter(leaders::id.eq(id)).first(conn).optional()?)
}

pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<LeaderRow>> {
    Ok(leaders::table.filter(leaders::person_id.eq(person)).order_by(leaders::from_on).load(conn)?)
}
