//! Calls and their forms in the database.

use super::rules::{Call, CallAdded, Criterion, Priority, Window};
use crate::db::json::Json;
use crate::db::schema::{call_forms, calls, cohorts, programmes};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::{Id, Timestamp, fold, instant};
use crate::{overwrite, params, sortable};
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = calls, treat_none_as_null = true)]
pub struct CallRow {
    pub id: Id,
    pub programme: String,
    pub cohort_id: Option<Id>,
    pub title: String,
    pub sort_title: String,
    pub opens_at: NaiveDateTime,
    /// The instant from which it is closed.
    pub closes_at: NaiveDateTime,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub zone: Zone,
    pub priorities: Json<Vec<Priority>>,
    pub criteria: Json<Vec<Criterion>>,
    /// The newest of its forms.
    pub form_version: i32,
    pub offer_days: i32,
    pub created_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// The IANA time zone in which opening and closing were set.
#[derive(Debug, Clone, Copy)]
pub struct Zone(pub Tz);

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.name().to_owned()
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse().map(Self).map_err(|_| format!("{name} is not a time zone"))
    }
}

impl CallRow {
    /// # Errors
    /// `internal` when the priorities or criteria cannot be written.
    pub fn new(context: &Context, new: Call, window: Window, programme: String, cohort_id: Option<Id>) -> Result<Self> {
        let now = context.now.naive_utc();
        Ok(Self {
            id: Id::generate(),
            programme,
            cohort_id,
            sort_title: fold(&new.title),
            title: new.title,
            opens_at: window.opens_at.naive_utc(),
            closes_at: window.closes_at.naive_utc(),
            zone: Zone(window.zone),
            priorities: Json::new(new.priorities)?,
            criteria: Json::new(new.criteria)?,
            form_version: 1,
            offer_days: new.offer_days,
            created_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The next version.
    ///
    /// # Errors
    /// As [`CallRow::new`].
    pub fn revised(self, context: &Context, new: Call, window: Window, cohort_id: Option<Id>) -> Result<Self> {
        Ok(Self {
            id: self.id,
            form_version: self.form_version,
            created_by: self.created_by,
            version: self.version + 1,
            created_at: self.created_at,
            ..Self::new(context, new, window, self.programme, cohort_id)?
        })
    }

    /// An instant in the local time of the call's zone.
    fn local(&self, at: NaiveDateTime) -> String {
        self.zone.0.from_utc_datetime(&at).naive_local().format("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

/// A call with its newest form, the number of its cohort and the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct WholeCall {
    pub row: CallRow,
    pub form: Json<Value>,
    pub programme_name: String,
    pub cohort: Option<i32>,
}

impl WholeCall {
    pub fn call(&self) -> Call {
        let row = &self.row;
        Call {
            title: row.title.clone(),
            cohort: self.cohort,
            opens_at: instant(row.opens_at),
            closes_at: instant(row.closes_at),
            zone: row.zone.into(),
            priorities: row.priorities.value.clone(),
            criteria: row.criteria.value.clone(),
            form: self.form.value.clone(),
            offer_days: row.offer_days,
        }
    }
}

impl From<WholeCall> for Stored<Call> {
    fn from(found: WholeCall) -> Self {
        let (written, WholeCall { row, programme_name, .. }) = (found.call(), found);
        let (opens_at_local, closes_at_local) = (row.local(row.opens_at), row.local(row.closes_at));
        let CallRow { id, programme, form_version, version, updated_at, .. } = row;
        let added = CallAdded { id, programme, programme_name, opens_at_local, closes_at_local, form_version };
        Self { added, written, version, updated_at }
    }
}

type Newest = dsl::And<dsl::Eq<call_forms::call_id, calls::id>, dsl::Eq<call_forms::number, calls::form_version>>;
type OfProgramme = dsl::Eq<calls::programme, programmes::slug>;
type WithForm = dsl::InnerJoinOn<calls::table, call_forms::table, Newest>;
type WithProgramme = dsl::InnerJoinOn<WithForm, programmes::table, OfProgramme>;
type Joined = dsl::LeftJoin<WithProgramme, cohorts::table>;
type Columns =
    (<calls::table as Table>::AllColumns, call_forms::document, programmes::name, dsl::Nullable<cohorts::number>);
type Whole = dsl::Select<Joined, Columns>;
type Query = dsl::IntoBoxed<'static, Whole, MultiBackend>;

sortable! { WholeCall, Query, key "id" => calls::id as Id;
    calls of |found| found.row => "closesAt" closes_at, "opensAt" opens_at, "title" sort_title, "updatedAt" updated_at, then id;
}

params! {
    /// What the calls of a programme may be narrowed to.
    pub struct ListCalls list of WholeCall {
        /// Calls that are open at this instant.
        open_at: Timestamp = "openAt",
    }
}

fn whole() -> Whole {
    let newest = call_forms::call_id.eq(calls::id).and(call_forms::number.eq(calls::form_version));
    calls::table
        .inner_join(call_forms::table.on(newest))
        .inner_join(programmes::table.on(calls::programme.eq(programmes::slug)))
        .left_join(cohorts::table)
        .select((calls::all_columns, call_forms::document, programmes::name, cohorts::number.nullable()))
}

/// The calls of a programme.
pub fn list(programme: String, asked: &ListCalls) -> Query {
    let query = whole().filter(calls::programme.eq(programme)).into_boxed::<MultiBackend>();
    match asked.open_at.map(|at| at.naive_utc()) {
        None => query,
        Some(at) => query.filter(calls::opens_at.le(at)).filter(calls::closes_at.gt(at)),
    }
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<WholeCall>> {
    Ok(whole().filter(calls::id.eq(id)).first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &CallRow, form: Value) -> Result<()> {
    diesel::insert_into(calls::table).values(row.clone()).execute_kept(conn)?;
    insert_form(conn, row, form)
}

/// Writes the row over the version before it, with a new form where there is one.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &CallRow, form: Option<Value>) -> Result<()> {
    overwrite!(conn, calls, row)?;
    form.map_or(Ok(()), |form| insert_form(conn, row, form))
}

fn insert_form(conn: &mut Conn, row: &CallRow, form: Value) -> Result<()> {
    let values = (
        call_forms::call_id.eq(row.id),
        call_forms::number.eq(row.form_version),
        call_forms::document.eq(Json::new(form)?),
        call_forms::made_by.eq(row.created_by.clone()),
        call_forms::made_at.eq(row.updated_at),
    );
    diesel::insert_into(call_forms::table).values(values).execute_kept(conn)?;
    Ok(())
}
