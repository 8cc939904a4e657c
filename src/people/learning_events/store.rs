//! Learning events in the database.

use super::rules::{EventKind, LearningEvent, LearningEventAdded};
use crate::calendar::{DayRange, london_midnight};
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::{attendances, learning_events, organisations, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::people::attendances::rules::AttendanceState;
use crate::record::Stored;
use crate::vocabulary::{Id, Timestamp, fold, instant, search_text};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

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

impl LearningEventRow {
    pub fn new(context: &Context, new: LearningEvent, times: (Timestamp, Timestamp), host_id: Option<Id>) -> Self {
        let LearningEvent { programme, title, kind, zone, illustrative, .. } = new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            programme,
            sort_title: fold(&title),
            search_text: search_text(&title),
            title: title.trim().to_owned(),
            kind,
            starts_at: times.0.naive_utc(),
            ends_at: times.1.naive_utc(),
            zone,
            host_id,
            illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version.
    pub fn revised(
        self,
        context: &Context,
        new: LearningEvent,
        times: (Timestamp, Timestamp),
        host_id: Option<Id>,
    ) -> Self {
        let Self { id, programme, created_at, .. } = self;
        let version = self.version + 1;
        Self { id, programme, version, created_at, ..Self::new(context, new, times, host_id) }
    }
}

/// An event with its host, the name of its programme, and how many people attended, read in one query.
#[derive(Queryable, Clone)]
pub struct HostedEvent {
    pub row: LearningEventRow,
    /// The code and the name.
    pub host: Option<(String, String)>,
    pub programme_name: String,
    pub attended: Option<i64>,
}

impl HostedEvent {
    pub fn event(&self) -> LearningEvent {
        let row = self.row.clone();
        LearningEvent {
            programme: row.programme,
            title: row.title,
            kind: row.kind,
            starts_at: instant(row.starts_at),
            ends_at: instant(row.ends_at),
            zone: row.zone,
            host: self.host.as_ref().map(|(code, _)| code.clone()),
            illustrative: row.illustrative,
        }
    }
}

impl From<HostedEvent> for Stored<LearningEvent> {
    fn from(found: HostedEvent) -> Self {
        let written = found.event();
        let HostedEvent { row, host, programme_name, attended } = found;
        let (host_name, attended) = (host.map(|(_, name)| name), attended.unwrap_or_default());
        let added = LearningEventAdded { id: row.id, programme_name, host_name, attended };
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Programme = dsl::Eq<programmes::slug, learning_events::programme>;
type Columns = (
    <learning_events::table as Table>::AllColumns,
    dsl::Nullable<(organisations::code, organisations::name)>,
    programmes::name,
    attended,
);
type Query = dsl::IntoBoxed<'static, hosted, MultiBackend>;

sortable! { HostedEvent, Query, key "id" => learning_events::id as Id;
    learning_events of |found| found.row => "startsAt" starts_at, "updatedAt" updated_at, then id;
}

writable! { learning_events, LearningEventRow }

params! {
    /// The filters of a list of learning events.
    pub struct ListLearningEvents list of HostedEvent {
        /// Searches the title.
        q: SearchTerms = "q",
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The kind of event.
        kind: OneOf<EventKind> = "kind",
        /// Events that begin on this day or later, in London.
        from: NaiveDate = "from",
        /// Events that begin on this day or earlier, in London.
        to: NaiveDate = "to",
    }
}

/// The number of people who attended an event.
#[dsl::auto_type]
fn attended() -> _ {
    let state: AttendanceState = AttendanceState::Attended;
    attendances::table
        .filter(attendances::event_id.eq(learning_events::id))
        .filter(attendances::state.eq(state))
        .select(dsl::count_star())
        .single_value()
}

#[dsl::auto_type]
fn hosted() -> _ {
    let host: dsl::Nullable<(organisations::code, organisations::name)> =
        (organisations::code, organisations::name).nullable();
    let columns: Columns = (learning_events::all_columns, host, programmes::name, attended());
    let programme: Programme = programmes::slug.eq(learning_events::programme);
    learning_events::table.left_join(organisations::table).inner_join(programmes::table.on(programme)).select(columns)
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListLearningEvents) -> Result<Query> {
    let mut query = hosted().into_boxed::<MultiBackend>();
    narrow! { query, asked;
        q => dialect::matches(conn, "learning_events", q)?;
        programme => learning_events::programme.eq(programme.0.to_ascii_lowercase());
        kind => one_of!(learning_events::kind, kind.0.clone());
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    if let Some(from) = days.from {
        query = query.filter(learning_events::starts_at.ge(london_midnight(from).naive_utc()));
    }
    if let Some(next) = days.to.and_then(|to| to.succ_opt()) {
        query = query.filter(learning_events::starts_at.lt(london_midnight(next).naive_utc()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<HostedEvent>> {
    Ok(hosted().filter(learning_events::id.eq(id)).first(conn).optional()?)
}
