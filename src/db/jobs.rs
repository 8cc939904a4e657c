//! Requests that are answered later, in the database: any instance may take one up. Whoever does holds a lease by a number
//! and holds it anew while it works. What it writes is committed together with the end of the job, and only where it still
//! has the lease, so that the effect of a job is there once or not at all.

use super::conn::Conn;
use super::dialect;
use super::schema::{job_parts as parts, jobs};
use super::statements::Keep;
use crate::error::{Code, Error, Result};
use crate::vocabulary::{Id, Timestamp, random};
use crate::words;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::atomic::{AtomicI64, Ordering};

words! {
    /// What a job does.
    pub enum JobKind { SubmitKpiValues = "submit-kpi-values", ExportKpiValues = "export-kpi-values" }
}

words! {
    /// How far a job has come.
    pub enum JobState {
        Queued = "queued",
        Running = "running",
        Succeeded = "succeeded",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

impl JobKind {
    /// The method and the path of the request that it is.
    pub fn request(self) -> (&'static str, &'static str) {
        match self {
            Self::SubmitKpiValues => ("POST", "/v1/kpi-submissions"),
            Self::ExportKpiValues => ("GET", "/v1/kpi-values"),
        }
    }

    /// What its progress counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::SubmitKpiValues => "rows",
            Self::ExportKpiValues => "values",
        }
    }
}

/// For how long what was sent and what was answered is kept: since the job was made, and again since it ended.
const KEPT: TimeDelta = TimeDelta::days(7);
/// For how long a lease is held at a time.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How long a job waits that could not be done for now.
const WAITS: TimeDelta = TimeDelta::seconds(5);
/// How often a job is begun before it is given up.
const MOST_ATTEMPTS: i32 = 10;
/// The most jobs of one client that have not ended.
pub const MOST_OPEN: i64 = 100;
/// The problem of one that was begun so often.
const NEVER_ENDED: &str = r#"{"type":"/problems/internal","title":"Something went wrong here","status":500,"detail":"It was begun many times and never ended.","instance":"/v1/jobs","code":"internal","requestId":"00000000-0000-0000-0000-000000000000"}"#;
/// The size of a part.
pub const PART: usize = 256 * 1024;
/// How many ended jobs are removed at a time.
const SWEPT: i64 = 20;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = jobs)]
pub struct JobRow {
    pub id: Id,
    pub kind: JobKind,
    pub state: JobState,
    pub made_by: String,
    /// The organisation of an end user, for whom alone it is done.
    pub end_user_id: Option<Id>,
    pub request_id: String,
    /// Path and query.
    pub target: String,
    /// The media type of the answer.
    pub accept: String,
    pub content_type: String,
    pub done: i64,
    /// Of how many, where that is known.
    pub total: Option<i64>,
    /// The address of what came of it.
    pub result: Option<String>,
    pub answer_type: Option<String>,
    pub answer_bytes: i64,
    /// Whoever works on it has a number, and until when; one that nobody works on waits until then.
    pub lease: i64,
    pub lease_until: NaiveDateTime,
    pub instance: i32,
    pub attempts: i32,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub started_at: Option<NaiveDateTime>,
    pub ended_at: Option<NaiveDateTime>,
    pub expires_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A request that is to be answered later.
pub struct Asked {
    pub kind: JobKind,
    pub made_by: String,
    pub end_user_id: Option<Id>,
    pub request_id: String,
    pub target: String,
    pub accept: &'static str,
    pub content_type: String,
}

impl JobRow {
    pub fn new(asked: Asked, now: Timestamp) -> Self {
        let now = now.naive_utc();
        Self {
            id: Id::generate(),
            kind: asked.kind,
            state: JobState::Queued,
            made_by: asked.made_by,
            end_user_id: asked.end_user_id,
            request_id: asked.request_id,
            target: asked.target,
            accept: asked.accept.to_owned(),
            content_type: asked.content_type,
            done: 0,
            total: None,
            result: None,
            answer_type: None,
            answer_bytes: 0,
            lease: 0,
            lease_until: now,
            instance: 0,
            attempts: 0,
            version: 1,
            created_at: now,
            started_at: None,
            ended_at: None,
            expires_at: now + KEPT,
            updated_at: now,
        }
    }
}

/// A job in the hands of this instance, and how far it has come with it.
pub struct Run {
    pub id: Id,
    lease: i64,
    done: AtomicI64,
    /// Less than 0 where it is not known.
    total: AtomicI64,
}

impl Run {
    /// Notes how much is done, of how much where that is known. It is written down when the lease is held anew.
    pub fn progress(&self, done: i64, total: Option<i64>) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total.unwrap_or(-1), Ordering::Relaxed);
    }

    fn come(&self) -> (i64, Option<i64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total >= 0).then_some(total))
    }
}

/// Keeps a request, with its body, to be answered later.
///
/// # Errors
/// `too-many-at-once` where the client has very many that have not ended.
pub fn keep(conn: &mut Conn, row: &JobRow, body: impl Read) -> Result<()> {
    let own = jobs::table.filter(jobs::made_by.eq(&row.made_by));
    let open = own.filter(jobs::state.eq_any(vec![JobState::Queued, JobState::Running]));
    if open.count().get_result::<i64>(conn)? >= MOST_OPEN {
        let detail = format!("You have {MOST_OPEN} jobs that have not ended. Wait for some of them, or cancel them.");
        return Err(Error::new(Code::TooManyAtOnce).detail(detail).retry_in(10));
    }
    diesel::insert_into(jobs::table).values(row.clone()).execute_kept(conn)?;
    add_parts(conn, row.id, (false, 0), body).map(drop)
}

/// Keeps a job that has ended, with its answer.
///
/// # Errors
/// The database's own.
pub fn keep_ended(conn: &mut Conn, row: &JobRow, answer: &[u8]) -> Result<()> {
    diesel::insert_into(jobs::table).values(row.clone()).execute_kept(conn)?;
    add_parts(conn, row.id, (true, 0), answer).map(drop)
}

/// Adds parts behind those that are there, of which `number` is the next. Returns how many bytes they have.
fn add_parts(conn: &mut Conn, job: Id, (is_answer, mut number): (bool, i32), mut body: impl Read) -> Result<u64> {
    let mut size = 0;
    loop {
        super::wanted()?;
        let mut bytes = Vec::with_capacity(PART);
        body.by_ref().take(PART as u64).read_to_end(&mut bytes).map_err(Error::internal)?;
        if bytes.is_empty() {
            return Ok(size);
        }
        size += bytes.len() as u64;
        let key = (parts::job_id.eq(job), parts::is_answer.eq(is_answer), parts::number.eq(number));
        diesel::insert_into(parts::table).values((key, parts::bytes.eq(bytes))).execute_kept(conn)?;
        number += 1;
    }
}

/// One part of what was sent or answered.
///
/// # Errors
/// The database's own.
pub fn part(conn: &mut Conn, job: Id, is_answer: bool, number: i32) -> Result<Option<Vec<u8>>> {
    Ok(parts::table.find((job, is_answer, number)).select(parts::bytes).kept().load(conn)?.pop())
}

/// The whole answer of a job.
///
/// # Errors
/// The database's own.
pub fn answer(conn: &mut Conn, job: Id) -> Result<Vec<u8>> {
    let own = parts::table.filter(parts::job_id.eq(job)).filter(parts::is_answer.eq(true)).order_by(parts::number);
    Ok(own.select(parts::bytes).kept().load::<Vec<u8>>(conn)?.concat())
}

fn remove_answer(conn: &mut Conn, job: Id) -> Result<()> {
    let own = parts::table.filter(parts::job_id.eq(job)).filter(parts::is_answer.eq(true));
    diesel::delete(own).execute_kept(conn)?;
    Ok(())
}

/// Whether any job waits or runs.
///
/// # Errors
/// The database's own.
pub fn are_open(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let queued = jobs::table.filter(jobs::state.eq(JobState::Queued)).filter(jobs::lease_until.le(now.naive_utc()));
    let running = jobs::table.filter(jobs::state.eq(JobState::Running));
    let queued = queued.select(jobs::id).limit(1).kept().load::<Id>(conn)?;
    Ok(!queued.is_empty() || !running.select(jobs::id).limit(1).kept().load::<Id>(conn)?.is_empty())
}

/// Takes up the job that waits longest, of a client that none is done for where there is one, for this instance: one that
/// nobody has begun, or whose instance died with it. None where none waits, and one that was begun too often ends so.
///
/// # Errors
/// The database's own.
pub fn take_up(conn: &mut Conn, instance: i32, now: Timestamp) -> Result<Option<(JobRow, Run)>> {
    let now = now.naive_utc();
    let running = jobs::table.filter(jobs::state.eq(JobState::Running)).order_by((jobs::created_at, jobs::id));
    let mut lives = BTreeMap::from([(instance, true)]);
    let (mut busy, mut free) = (BTreeSet::new(), Vec::new());
    for job in running.kept().load::<JobRow>(conn)? {
        let there = match lives.get(&job.instance) {
            Some(there) => *there,
            None => *lives.entry(job.instance).or_insert(dialect::lives(conn, job.instance, instance)?),
        };
        if there && job.lease_until > now {
            busy.insert(job.made_by.clone());
        } else {
            free.push(job);
        }
    }
    let queued = jobs::table.filter(jobs::state.eq(JobState::Queued)).filter(jobs::lease_until.le(now));
    let queued = queued.order_by((jobs::created_at, jobs::id));
    free.extend(queued.limit(MOST_OPEN * 2).kept().load::<JobRow>(conn)?);
    let place = free.iter().position(|job| !busy.contains(&job.made_by)).unwrap_or_default();
    let Some(job) = free.into_iter().nth(place) else { return Ok(None) };
    let lease = i64::from_be_bytes(random()?) | 1;
    let unchanged = jobs::table.find(job.id).filter(jobs::lease.eq(job.lease)).filter(jobs::state.eq(job.state));
    if job.attempts >= MOST_ATTEMPTS {
        let failed = (
            jobs::state.eq(JobState::Failed),
            jobs::ended_at.eq(now),
            jobs::expires_at.eq(now + KEPT),
            jobs::version.eq(job.version + 1),
            jobs::updated_at.eq(now),
        );
        if diesel::update(unchanged).set(failed).execute_kept(conn)? == 1 {
            remove_answer(conn, job.id)?;
            add_parts(conn, job.id, (true, 0), NEVER_ENDED.as_bytes())?;
        }
        return Ok(None);
    }
    let taken = (
        jobs::state.eq(JobState::Running),
        jobs::lease.eq(lease),
        jobs::lease_until.eq(now + LEASE),
        jobs::instance.eq(instance),
        jobs::attempts.eq(job.attempts + 1),
        jobs::done.eq(0),
        jobs::started_at.eq(job.started_at.unwrap_or(now)),
        jobs::version.eq(job.version + 1),
        jobs::updated_at.eq(now),
    );
    if diesel::update(unchanged).set(taken).execute_kept(conn)? == 0 {
        return Ok(None);
    }
    remove_answer(conn, job.id)?;
    let run = Run { id: job.id, lease, done: AtomicI64::new(0), total: AtomicI64::new(-1) };
    Ok(Some((job, run)))
}

/// The job, while this instance has it.
macro_rules! own {
    ($run:ident) => {
        jobs::table.find($run.id).filter(jobs::lease.eq($run.lease)).filter(jobs::state.eq(JobState::Running))
    };
}

/// Holds the lease anew, and notes how far the job has come. Returns whether the lease was held.
///
/// # Errors
/// The database's own.
pub fn hold(conn: &mut Conn, run: &Run, now: Timestamp) -> Result<bool> {
    let (done, total) = run.come();
    let held = (jobs::lease_until.eq(now.naive_utc() + LEASE), jobs::done.eq(done), jobs::total.eq(total));
    Ok(diesel::update(own!(run)).set(held).execute_kept(conn)? == 1)
}

/// Adds to the answer of a job, from the part of this number on.
///
/// # Errors
/// `overloaded` where somebody else has the job by now.
pub fn add_answer(conn: &mut Conn, run: &Run, number: i32, body: impl Read, now: Timestamp) -> Result<u64> {
    if hold(conn, run, now)? { add_parts(conn, run.id, (true, number), body) } else { Err(lost()) }
}

fn lost() -> Error {
    Error::new(Code::Overloaded).context("somebody else has the job by now")
}

/// What came of a job.
pub enum Outcome {
    /// The address of the result where it has one of its own, and the media type and the size of the answer that is kept.
    Succeeded(Option<String>, String, u64),
    /// The problem as JSON.
    Failed(Vec<u8>),
}

/// Ends a job, in the transaction of what it did.
///
/// # Errors
/// `overloaded` where somebody else has the job by now, or it was cancelled; that undoes what was done.
pub fn end(conn: &mut Conn, run: &Run, outcome: Outcome, now: Timestamp) -> Result<()> {
    let (now, (done, total)) = (now.naive_utc(), run.come());
    let (state, result, answer_type, bytes, problem) = match outcome {
        Outcome::Succeeded(result, media, bytes) => {
            let result = result.unwrap_or_else(|| format!("/v1/jobs/{}/result", run.id));
            (JobState::Succeeded, Some(result), Some(media), bytes, None)
        }
        Outcome::Failed(problem) => (JobState::Failed, None, None, 0, Some(problem)),
    };
    let ended = (
        jobs::state.eq(state),
        jobs::result.eq(result),
        jobs::answer_type.eq(answer_type),
        jobs::answer_bytes.eq(i64::try_from(bytes).unwrap_or(i64::MAX)),
        jobs::done.eq(done),
        jobs::total.eq(total),
        jobs::ended_at.eq(now),
        jobs::expires_at.eq(now + KEPT),
        jobs::version.eq(jobs::version + 1),
        jobs::updated_at.eq(now),
    );
    if diesel::update(own!(run)).set(ended).execute_kept(conn)? == 0 {
        return Err(lost());
    }
    if let Some(problem) = problem {
        remove_answer(conn, run.id)?;
        add_parts(conn, run.id, (true, 0), problem.as_slice())?;
    }
    Ok(())
}

/// Lets this instance or another begin the job anew, a little later.
///
/// # Errors
/// The database's own.
pub fn give_back(conn: &mut Conn, run: &Run, now: Timestamp) -> Result<()> {
    let now = now.naive_utc();
    let back = (
        jobs::state.eq(JobState::Queued),
        jobs::lease.eq(0),
        jobs::lease_until.eq(now + WAITS),
        jobs::updated_at.eq(now),
    );
    diesel::update(own!(run)).set(back).execute_kept(conn)?;
    Ok(())
}

/// Ends a job that has not ended. Whoever works on it finds its lease gone.
///
/// # Errors
/// `version-mismatch` when it moved meanwhile.
pub fn cancel(conn: &mut Conn, row: &JobRow, now: Timestamp) -> Result<()> {
    let now = now.naive_utc();
    let cancelled = (
        jobs::state.eq(JobState::Cancelled),
        jobs::lease.eq(0),
        jobs::ended_at.eq(now),
        jobs::expires_at.eq(now + KEPT),
        jobs::version.eq(row.version + 1),
        jobs::updated_at.eq(now),
    );
    let present = jobs::table.find(row.id).filter(jobs::version.eq(row.version));
    match diesel::update(present).set(cancelled).execute_kept(conn)? {
        0 => Err(crate::record::changed(row.version)),
        _ => Ok(()),
    }
}

/// Removes some jobs whose time is over, and says whether there may be more.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let over = jobs::table.filter(jobs::expires_at.lt(now.naive_utc())).filter(jobs::state.ne(JobState::Running));
    let ids: Vec<Id> = over.select(jobs::id).limit(SWEPT).load(conn)?;
    remove(conn, &ids)?;
    Ok(ids.len() as i64 == SWEPT)
}

fn remove(conn: &mut Conn, ids: &[Id]) -> Result<()> {
    diesel::delete(parts::table.filter(parts::job_id.eq_any(ids))).execute(conn)?;
    diesel::delete(jobs::table.filter(jobs::id.eq_any(ids))).execute(conn)?;
    Ok(())
}

/// Removes the jobs that were asked with, sent or answered one of these texts.
///
/// # Errors
/// The database's own.
pub fn forget(conn: &mut Conn, said: &[String]) -> Result<()> {
    let all: Vec<(Id, String)> = jobs::table.select((jobs::id, jobs::target)).load(conn)?;
    let longest = said.iter().map(String::len).max().unwrap_or_default();
    let mut saying = Vec::new();
    for (id, target) in all {
        let mut says = says(target.as_bytes(), said);
        for is_answer in [false, true] {
            let mut before: Vec<u8> = Vec::new();
            for number in 0.. {
                let Some(bytes) = part(conn, id, is_answer, number)?.filter(|_| !says) else { break };
                // A text may lie across two parts.
                before.extend(bytes);
                says = self::says(&before, said);
                before.drain(..before.len().saturating_sub(longest));
            }
        }
        saying.extend(says.then_some(id));
    }
    remove(conn, &saying)
}

fn says(bytes: &[u8], said: &[String]) -> bool {
    said.iter().any(|text| bytes.windows(text.len().max(1)).any(|window| window == text.as_bytes()))
}
