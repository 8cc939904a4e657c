//! Applications and the versions of their data in the database.

use super::reviews::rules::ReviewState;
use super::rules::{Application, ApplicationState, PriorityCode};
use crate::db::dialect::Condition;
use crate::db::json::Json;
use crate::db::schema::{application_versions, applications, innovations, organisations, programmes, reviews};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::organisations::store::below;
use crate::programmes::calls::store::CallRow;
use crate::vocabulary::{Id, Timestamp, fold};
use crate::{one_of, overwrite, params, sortable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::{Map, Value};

/// The answers to a call's form.
pub type Data = Json<Map<String, Value>>;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = applications, treat_none_as_null = true)]
pub struct ApplicationRow {
    pub id: Id,
    pub reference: String,
    pub call_id: Id,
    pub programme: String,
    /// The subject of whoever wrote it.
    pub applicant: String,
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub title: String,
    pub sort_title: String,
    /// The state after the last move. An offer also lapses by itself.
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

impl ApplicationRow {
    pub fn new(context: &Context, new: &Application, call: CallRow, reference: String, parties: Parties) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            reference,
            call_id: call.id,
            programme: call.programme,
            applicant: context.actor.subject.clone(),
            organisation_id: parties.organisation,
            innovation_id: parties.innovation,
            title: new.title.clone(),
            sort_title: fold(&new.title),
            state: ApplicationState::Draft,
            priorities: codes(new),
            form_version: call.form_version,
            data_version: 1,
            submitted_at: None,
            offer_expires_at: None,
            score_ppm: 0,
            reviews_submitted: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version, as written for the newest form of its call.
    pub fn revised(self, context: &Context, new: &Application, form_version: i32, parties: Parties) -> Self {
        Self {
            organisation_id: parties.organisation,
            innovation_id: parties.innovation,
            title: new.title.clone(),
            sort_title: fold(&new.title),
            priorities: codes(new),
            form_version,
            ..self.moved(context, ApplicationState::Draft)
        }
    }

    /// The next version, in another state.
    pub fn moved(self, context: &Context, state: ApplicationState) -> Self {
        Self { state, version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// The state at this moment. An offer that was not accepted in time has lapsed, even before the row says so.
    pub fn state_at(&self, now: Timestamp) -> ApplicationState {
        let lapsed = self.offer_expires_at.is_some_and(|at| at <= now.naive_utc());
        if self.state == ApplicationState::Offered && lapsed { ApplicationState::OfferLapsed } else { self.state }
    }

    pub fn priorities(&self) -> Vec<PriorityCode> {
        self.priorities.split_whitespace().map(|code| PriorityCode(code.to_owned())).collect()
    }
}

fn codes(application: &Application) -> String {
    application.priorities.iter().map(|code| code.0.as_str()).collect::<Vec<_>>().join(" ")
}

/// The organisation that applies, and the innovation that the application is about.
#[derive(Debug, Clone, Copy)]
pub struct Parties {
    pub organisation: Option<Id>,
    pub innovation: Option<Id>,
}

/// An application with the code, the slug and the names of what it refers to, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedApplication {
    pub row: ApplicationRow,
    pub programme_name: String,
    /// Code and name.
    pub organisation: Option<(String, String)>,
    /// Slug and name.
    pub innovation: Option<(String, String)>,
}

impl NamedApplication {
    pub fn application(&self, data: Map<String, Value>) -> Application {
        let key = |named: &Option<(String, String)>| named.as_ref().map(|(key, _)| key.clone());
        Application {
            title: self.row.title.clone(),
            organisation: key(&self.organisation),
            innovation: key(&self.innovation),
            priorities: self.row.priorities(),
            data,
        }
    }
}

type OfProgramme = dsl::Eq<applications::programme, programmes::slug>;
type WithProgramme = dsl::InnerJoinOn<applications::table, programmes::table, OfProgramme>;
type Joined = dsl::LeftJoin<dsl::LeftJoin<WithProgramme, organisations::table>, innovations::table>;
type ProgrammeSource = dsl::InnerJoinQuerySource<applications::table, programmes::table, OfProgramme>;
type Source =
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<ProgrammeSource, organisations::table>, innovations::table>;
type Columns = (
    <applications::table as Table>::AllColumns,
    programmes::name,
    dsl::Nullable<(organisations::code, organisations::name)>,
    dsl::Nullable<(innovations::slug, innovations::name)>,
);
type Named = dsl::Select<Joined, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedApplication, Query, key "id" => applications::id as Id;
    applications of |found| found.row => "createdAt" created_at, "title" sort_title, "reference" reference, "updatedAt" updated_at, then id;
}

params! {
    /// What the applications to a call may be narrowed to.
    pub struct ListApplications list of NamedApplication {
        /// The present state.
        state: OneOf<ApplicationState> = "state",
    }
}

/// An application, sorted by its score.
#[derive(Queryable, Clone)]
#[diesel(table_name = applications)]
pub struct RankedApplication(pub ApplicationRow);

type Ranked = dsl::Select<applications::table, (<applications::table as Table>::AllColumns,)>;
type Ranking = dsl::IntoBoxed<'static, Ranked, MultiBackend>;

sortable! { RankedApplication, Ranking, key "id" => applications::id as Id;
    applications of |found| found.0 => "score" score_ppm, "updatedAt" updated_at, then id;
}

params! {
    /// How a ranking is paged.
    pub struct ListCallRanking list of RankedApplication {}
}

fn named() -> Named {
    applications::table
        .inner_join(programmes::table.on(applications::programme.eq(programmes::slug)))
        .left_join(organisations::table)
        .left_join(innovations::table)
        .select((
            applications::all_columns,
            programmes::name,
            (organisations::code, organisations::name).nullable(),
            (innovations::slug, innovations::name).nullable(),
        ))
}

/// The applications that a caller sees: all, or their own and those they were asked to review.
#[derive(Debug, Clone)]
pub enum Sight {
    All,
    Of(String),
}

/// The applications to a call.
pub fn list(context: &Context, call: Id, sight: Sight, asked: &ListApplications) -> Query {
    let mut query = named().filter(applications::call_id.eq(call)).into_boxed::<MultiBackend>();
    if let Some(place) = context.within() {
        let inside = below(vec![place], context.today());
        query = query.filter(applications::organisation_id.assume_not_null().eq_any(inside));
    }
    if let Sight::Of(subject) = sight {
        let assigned = reviews::table.filter(reviews::reviewer.eq(subject.clone())).select(reviews::application_id);
        let seen: Condition<Source> =
            Box::new(applications::applicant.eq(subject).or(applications::id.eq_any(assigned)));
        query = query.filter(seen);
    }
    if let Some(states) = &asked.state {
        query = query.filter(one_of!(applications::state, states.0.clone()));
    }
    query
}

/// The reviewed applications of a call by score, without those that the caller has yet to review, whose scores they may not
/// see.
pub fn ranking(call: Id, caller: &str) -> Ranking {
    let pending = reviews::table
        .filter(reviews::reviewer.eq(caller.to_owned()))
        .filter(reviews::state.eq(ReviewState::Assigned))
        .select(reviews::application_id);
    applications::table
        .select((applications::all_columns,))
        .filter(applications::call_id.eq(call))
        .filter(applications::reviews_submitted.gt(0))
        .filter(applications::id.ne_all(pending))
        .into_boxed()
}

pub fn of_applicant(conn: &mut Conn, subject: &str) -> Result<Vec<ApplicationRow>> {
    Ok(applications::table.filter(applications::applicant.eq(subject)).order_by(applications::id).load(conn)?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedApplication>> {
    Ok(named().filter(applications::id.eq(id)).first(conn).optional()?)
}

/// Offers that nobody accepted in time.
pub fn lapsing(conn: &mut Conn, now: NaiveDateTime, limit: i64) -> Result<Vec<ApplicationRow>> {
    let due = applications::table
        .filter(applications::state.eq(ApplicationState::Offered))
        .filter(applications::offer_expires_at.le(now));
    Ok(due.limit(limit).load(conn)?)
}

/// A version of the data of an application.
pub fn data(conn: &mut Conn, application: Id, number: i32) -> Result<Option<Data>> {
    let version = application_versions::table.find((application, number));
    Ok(version.select(application_versions::document).first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &ApplicationRow, data: Data) -> Result<()> {
    diesel::insert_into(applications::table).values(row.clone()).execute_kept(conn)?;
    insert_data(conn, row, data)
}

/// Writes the row over the version before it, with new data where there is some.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &ApplicationRow, data: Option<Data>) -> Result<()> {
    overwrite!(conn, applications, row)?;
    data.map_or(Ok(()), |data| insert_data(conn, row, data))
}

/// Stores the mean of an application's reviews, without a new version of the application.
pub fn score(conn: &mut Conn, id: Id, score_ppm: i64, reviews_submitted: i32) -> Result<()> {
    let values = (applications::score_ppm.eq(score_ppm), applications::reviews_submitted.eq(reviews_submitted));
    diesel::update(applications::table.find(id)).set(values).execute_kept(conn)?;
    Ok(())
}

fn insert_data(conn: &mut Conn, row: &ApplicationRow, data: Data) -> Result<()> {
    let values = (
        application_versions::application_id.eq(row.id),
        application_versions::number.eq(row.data_version),
        application_versions::form_version.eq(row.form_version),
        application_versions::document.eq(data),
        application_versions::made_by.eq(row.applicant.clone()),
        application_versions::made_at.eq(row.updated_at),
    );
    diesel::insert_into(application_versions::table).values(values).execute_kept(conn)?;
    Ok(())
}
