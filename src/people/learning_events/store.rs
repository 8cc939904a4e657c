//! Learning events in the database.

use super::ops::EventKind;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{attendances, learning_events, organisations};
use crate::error::Result;
use crate::people::attendances::ops::AttendanceState;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = learning_events, treat_none_as_null = true)]
pub struct LearningEventRow {
    pub id: Id,
    pub programme: String,
    pub title: String,
    pub sort_title: String,
    pub kind: EventKind,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    /// The IANA zone its times were set in.
    pub zone: String,
    pub host_id: Option<Id>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An event with the code of its host, read in one query.
#[derive(Queryable, Clone)]
pub struct HostedEvent {
    pub row: LearningEventRow,
    pub host: Option<String>,
}

type Source = dsl::LeftJoinQuerySource<learning_events::table, organisations::table>;
type Columns = (<learning_events::table as Table>::AllColumns, dsl::Nullable<organisations::code>);
type Hosted = dsl::Select<dsl::LeftJoin<learning_events::table, organisations::table>, Columns>;

sortable! {
    HostedEvent, Source, dsl::IntoBoxed<'static, Hosted, MultiBackend>, select: learning_events::version;
    0: "startsAt" => learning_events::starts_at, Instant, |found| found.row.starts_at;
    tie 1 => learning_events::id, Id, |found| found.row.id;
}

fn hosted() -> Hosted {
    let columns = (learning_events::all_columns, organisations::code.nullable());
    learning_events::table.left_join(organisations::table).select(columns)
}

/// What a list of learning events may be narrowed to.
#[derive(Default)]
pub struct EventFilter {
    pub search: Option<SearchTerms>,
    pub programme: Option<String>,
    pub kinds: Option<Vec<EventKind>>,
    /// Those that begin then or later.
    pub from: Option<NaiveDateTime>,
    /// Those that begin before.
    pub to: Option<NaiveDateTime>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &EventFilter, request: &PageRequest) -> Result<Page<HostedEvent>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = hosted().into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "learning_events", terms));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(learning_events::programme.eq(programme.clone()));
        }
        if let Some(kinds) = &filter.kinds {
            query = query.filter(learning_events::kind.eq_any(kinds.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(learning_events::starts_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(learning_events::starts_at.lt(to));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<HostedEvent>> {
    Ok(hosted().filter(learning_events::id.eq(id)).first(conn).optional()?)
}

/// How many people attended some events.
///
/// # Errors
/// The database's own.
pub fn attended(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, i64>> {
    let counted = attendances::table
        .filter(attendances::event_id.eq_any(ids.to_vec()))
        .filter(attendances::state.eq(AttendanceState::Attended))
        .group_by(attendances::event_id)
        .select((attendances::event_id, dsl::count_star()));
    Ok(counted.load::<(Id, i64)>(conn)?.into_iter().collect())
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &LearningEventRow) -> Result<()> {
    diesel::insert_into(learning_events::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &LearningEventRow) -> Result<()> {
    overwrite!(conn, learning_events, row)
}
