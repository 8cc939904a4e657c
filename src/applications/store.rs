//! Applications and the versions of their data in the database.

use super::rules::ApplicationState;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::Condition;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{application_versions, applications, innovations, organisations, reviews};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = applications, treat_none_as_null = true)]
pub struct ApplicationRow {
    pub id: Id,
    pub reference: String,
    pub call_id: Id,
    pub programme: String,
    /// The subject that wrote it.
    pub applicant: String,
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub title: String,
    pub sort_title: String,
    /// As it was last moved; an offer lapses by itself.
    pub state: ApplicationState,
    /// Codes of the call's priorities, as `code code`.
    pub priorities: String,
    pub form_version: i32,
    pub data_version: i32,
    pub submitted_at: Option<NaiveDateTime>,
    pub offer_expires_at: Option<NaiveDateTime>,
    /// The mean of its submitted reviews, in millionths of the highest score.
    pub score_ppm: i64,
    pub reviews_submitted: i32,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An application with the code and the slug it names, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedApplication {
    pub row: ApplicationRow,
    pub organisation: Option<String>,
    pub innovation: Option<String>,
}

type Joined = dsl::LeftJoin<dsl::LeftJoin<applications::table, organisations::table>, innovations::table>;
type Source =
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<applications::table, organisations::table>, innovations::table>;
type Columns =
    (<applications::table as Table>::AllColumns, dsl::Nullable<organisations::code>, dsl::Nullable<innovations::slug>);
type Named = dsl::Select<Joined, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! {
    NamedApplication, Source, Query, select: applications::version;
    0: "createdAt" => applications::created_at, Instant, |found| found.row.created_at;
    1: "title" => applications::sort_title, Text, |found| found.row.sort_title.clone();
    2: "reference" => applications::reference, Text, |found| found.row.reference.clone();
    tie 3 => applications::id, Id, |found| found.row.id;
}

/// An application in the order of its score.
#[derive(Queryable, Clone)]
#[diesel(table_name = applications)]
pub struct RankedApplication(pub ApplicationRow);

sortable! {
    RankedApplication, applications::table, dsl::IntoBoxed<'static, Ranked, MultiBackend>, select: applications::version;
    0: "score" => applications::score_ppm, Number, |found| found.0.score_ppm;
    tie 1 => applications::id, Id, |found| found.0.id;
}

type Ranked = dsl::Select<applications::table, (<applications::table as Table>::AllColumns,)>;

fn named() -> Named {
    applications::table.left_join(organisations::table).left_join(innovations::table).select((
        applications::all_columns,
        organisations::code.nullable(),
        innovations::slug.nullable(),
    ))
}

/// Which applications a caller sees: all, or their own and those assigned to them.
#[derive(Debug, Clone)]
pub enum Sight {
    All,
    Of(String),
}

/// What the applications of a call may be narrowed to.
pub struct ApplicationFilter {
    pub call: Id,
    pub sight: Sight,
    pub states: Option<Vec<ApplicationState>>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &ApplicationFilter, request: &PageRequest) -> Result<Page<NamedApplication>> {
    page(conn, request, || {
        let mut query = named().filter(applications::call_id.eq(filter.call)).into_boxed::<MultiBackend>();
        if let Sight::Of(subject) = &filter.sight {
            let assigned = reviews::table.filter(reviews::reviewer.eq(subject.clone())).select(reviews::application_id);
            let seen: Condition<Source> =
                Box::new(applications::applicant.eq(subject.clone()).or(applications::id.eq_any(assigned)));
            query = query.filter(seen);
        }
        if let Some(states) = &filter.states {
            query = query.filter(applications::state.eq_any(states.clone()));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn of_applicant(conn: &mut Conn, subject: &str) -> Result<Vec<ApplicationRow>> {
    Ok(applications::table.filter(applications::applicant.eq(subject)).order_by(applications::id).load(conn)?)
}

/// The reviewed applications of a call by score, but for those whose scores the caller may not see yet: their review
/// of them is still to come.
///
/// # Errors
/// As [`page`].
pub fn ranking(conn: &mut Conn, call: Id, caller: &str, request: &PageRequest) -> Result<Page<RankedApplication>> {
    page(conn, request, || {
        let pending = reviews::table
            .filter(reviews::reviewer.eq(caller.to_owned()))
            .filter(reviews::state.eq(super::reviews::rules::ReviewState::Assigned))
            .select(reviews::application_id);
        applications::table
            .select((applications::all_columns,))
            .filter(applications::call_id.eq(call))
            .filter(applications::reviews_submitted.gt(0))
            .filter(applications::id.ne_all(pending))
            .into_boxed::<MultiBackend>()
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedApplication>> {
    Ok(named().filter(applications::id.eq(id)).first(conn).optional()?)
}

/// Offers that nobody accepted in time.
///
/// # Errors
/// The database's own.
pub fn lapsing(conn: &mut Conn, now: NaiveDateTime, limit: i64) -> Result<Vec<ApplicationRow>> {
    let due = applications::table
        .filter(applications::state.eq(ApplicationState::Offered))
        .filter(applications::offer_expires_at.le(now));
    Ok(due.limit(limit).load(conn)?)
}

/// The data of an application as JSON text.
///
/// # Errors
/// The database's own.
pub fn data(conn: &mut Conn, application: Id, number: i32) -> Result<Option<String>> {
    let version = application_versions::table.find((application, number));
    Ok(version.select(application_versions::document).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &ApplicationRow, data: &str, by: &str) -> Result<()> {
    diesel::insert_into(applications::table).values(row.clone()).execute(conn)?;
    insert_data(conn, row, data, by)
}

/// Writes the row over the version before it, with new data where there is some.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &ApplicationRow, data: Option<&str>, by: &str) -> Result<()> {
    overwrite!(conn, applications, row)?;
    data.map_or(Ok(()), |data| insert_data(conn, row, data, by))
}

/// Keeps the mean of an application's reviews; that is no change of the application itself.
///
/// # Errors
/// The database's own.
pub fn score(conn: &mut Conn, id: Id, score_ppm: i64, reviews_submitted: i32) -> Result<()> {
    let values = (applications::score_ppm.eq(score_ppm), applications::reviews_submitted.eq(reviews_submitted));
    diesel::update(applications::table.find(id)).set(values).execute(conn)?;
    Ok(())
}

fn insert_data(conn: &mut Conn, row: &ApplicationRow, data: &str, by: &str) -> Result<()> {
    let values = (
        application_versions::application_id.eq(row.id),
        application_versions::number.eq(row.data_version),
        application_versions::form_version.eq(row.form_version),
        application_versions::document.eq(data),
        application_versions::made_by.eq(by),
        application_versions::made_at.eq(row.updated_at),
    );
    diesel::insert_into(application_versions::table).values(values).execute(conn)?;
    Ok(())
}
