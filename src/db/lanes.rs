//! The worker threads that do all database work. Each takes a connection per job and is fed by one bounded queue,
//! so a burst waits in the queue and not on the pool's lock, a full queue is answered at once, and a job that
//! panics loses neither its thread nor a connection.
//!
//! Who waits for a job is answered by its deadline, whatever the thread still does: a job that nobody waits for any more
//! is not begun, commits nothing, and is cancelled at the server. While jobs take long, other threads help out, so that
//! what hangs on one table holds up nobody who asks for another.

use super::condition::{Condition, Purpose};
use super::conn::{Conn, DatabaseUrl, Limits};
use super::statements;
use super::ticket::{self, Stage, Ticket};
use super::turn::Turn;
use crate::error::{Code, Error, Kind, Result};
use crate::traces;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A job that runs for so long is slow: another thread helps out meanwhile.
const SLOW: Duration = Duration::from_millis(100);
/// How often whoever waits looks at how it goes.
const LOOKS_EVERY: Duration = Duration::from_millis(50);
/// How much longer than its deadline an answer may take that is being committed.
const COMMIT_GRACE: Duration = Duration::from_millis(800);
/// Who runs for so long while the database is down is not heard of again.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How long a thread waits for a new connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
/// A connection that was idle for so long is tried before it is used.
const IDLE: Duration = Duration::from_secs(2);
/// For each thread of a lane, how many may help out.
const HELPERS: usize = 2;
/// How many threads of a lane may hang in a connection whose other end says nothing, and are replaced.
const LOST: usize = 64;

/// Does the job, and says whether the connection can be used again.
type Work = Box<dyn FnOnce(Result<&mut Conn>, &Condition) -> bool + Send>;

struct Job {
    ticket: Arc<Ticket>,
    work: Work,
}

/// One kind of work: its threads, its queue, its connections.
pub struct Lane(Arc<Shared>);

struct Shared {
    name: &'static str,
    purpose: Purpose,
    jobs: crossbeam_channel::Receiver<Job>,
    pool: RwLock<r2d2::Pool<Source>>,
    /// How many connections the pool has for threads that help out.
    reserve: usize,
    /// How many connections of the pool were lost with their threads.
    hanging: AtomicUsize,
    url: DatabaseUrl,
    limits: Limits,
    condition: Arc<Condition>,
    turn: Arc<Turn>,
    counts: Arc<Counts>,
    /// How many more threads may help out.
    helpers: AtomicUsize,
    /// How many more threads may be lost.
    spare: AtomicUsize,
    queue: crossbeam_channel::Sender<Job>,
}

/// What a lane has done since it started.
#[derive(Default)]
struct Counts {
    done: AtomicU64,
    waited_us: AtomicU64,
    worked_us: AtomicU64,
    /// Jobs for which the queue had no room.
    refused: AtomicU64,
    /// Jobs that were not done by their deadline.
    late: AtomicU64,
}

impl Counts {
    fn add(&self, waited: Duration, worked: Duration) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.waited_us.fetch_add(waited.as_micros() as u64, Ordering::Relaxed);
        self.worked_us.fetch_add(worked.as_micros() as u64, Ordering::Relaxed);
    }
}

/// How a lane stands at a moment, for who watches the service.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub lane: &'static str,
    /// Jobs that wait, and for how many there is room.
    pub queued: usize,
    pub depth: usize,
    /// Threads that help out while jobs take long.
    pub helping: usize,
    pub connections: u32,
    pub idle: u32,
    pub done: u64,
    pub waited: Duration,
    pub worked: Duration,
    pub refused: u64,
    pub late: u64,
}

/// How a lane is laid out.
pub struct Plan {
    pub name: &'static str,
    pub purpose: Purpose,
    pub threads: usize,
    pub depth: usize,
    pub limits: Limits,
}

impl Lane {
    /// # Errors
    /// `internal` when the threads cannot be started.
    pub fn start(plan: &Plan, url: &DatabaseUrl, condition: &Arc<Condition>, turn: &Arc<Turn>) -> Result<Self> {
        let threads = plan.threads.max(1);
        let helpers = HELPERS * threads;
        let (queue, jobs) = crossbeam_channel::bounded::<Job>(plan.depth);
        let shared = Arc::new(Shared {
            name: plan.name,
            purpose: plan.purpose,
            jobs,
            pool: RwLock::new(pool(url, plan.limits, condition, threads + helpers)),
            reserve: helpers,
            hanging: AtomicUsize::new(0),
            url: url.clone(),
            limits: plan.limits,
            condition: condition.clone(),
            turn: turn.clone(),
            counts: Arc::default(),
            helpers: AtomicUsize::new(helpers),
            spare: AtomicUsize::new(LOST),
            queue,
        });
        (0..threads).try_for_each(|_| shared.clone().employ())?;
        Ok(Self(shared))
    }

    pub fn load(&self) -> Load {
        let shared = &self.0;
        let pool = shared.pool.read().unwrap_or_else(PoisonError::into_inner).state();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = &shared.counts;
        Load {
            lane: shared.name,
            queued: shared.queue.len(),
            depth: shared.queue.capacity().unwrap_or_default(),
            helping: shared.reserve.saturating_sub(shared.helpers.load(Ordering::Relaxed)),
            connections: pool.connections,
            idle: pool.idle_connections,
            done: count(&counts.done),
            waited: Duration::from_micros(count(&counts.waited_us)),
            worked: Duration::from_micros(count(&counts.worked_us)),
            refused: count(&counts.refused),
            late: count(&counts.late),
        }
    }

    /// Runs the job on a thread of this lane and brings back what it returns, by the deadline.
    ///
    /// # Errors
    /// `unavailable`, `read-only` or `storage-full` where the database is known to be so; `overloaded` when the queue is
    /// full or the job was not done in time; `internal` when the job panicked; else what the job returned.
    pub async fn run<T: Send + 'static>(
        &self,
        until: Instant,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.condition.permit(self.0.purpose)?;
        let (reply, answer) = oneshot::channel();
        let ticket = Arc::new(Ticket::new(until));
        let (own, longest) = (ticket.clone(), self.0.limits.lock);
        let (span, counts, queued) = (traces::of_database(self.0.name), self.0.counts.clone(), Instant::now());
        let work: Work = Box::new(move |conn, condition| {
            let _entered = span.enter();
            let (begun, waited) = (Instant::now(), queued.elapsed());
            span.record("waited_us", waited.as_micros() as i64);
            let explain = |conn: &mut Conn, error: Error| match condition.explain(conn, error) {
                // The server ends what takes longer, in words that may be of any language.
                error
                    if error.code() == Code::Internal && own.runs_for() >= longest && statements::has_failed(conn) =>
                {
                    Error::new(Code::Overloaded).context(error.cause().unwrap_or_default())
                }
                error => error,
            };
            let outcome = conn.and_then(|conn| job(conn).map_err(|error| explain(conn, error)));
            let trusted =
                !outcome.as_ref().is_err_and(|error| matches!(error.code().kind(), Kind::Internal | Kind::Unavailable));
            counts.add(waited, begun.elapsed());
            // The caller may have gone away; its answer then has no taker, which is no fault.
            let _ = reply.send(outcome);
            trusted
        });
        let job = Job { ticket: ticket.clone(), work };
        self.0.queue.try_send(job).map_err(|_| {
            self.0.counts.refused.fetch_add(1, Ordering::Relaxed);
            Error::new(Code::Overloaded).context("the queue is full")
        })?;
        Waiting { lane: &self.0, ticket, answered: false }.for_answer(answer).await
    }
}

/// Who waits for a job. Dropped before the answer came, since its client has gone away, it gives the job up.
struct Waiting<'a> {
    lane: &'a Arc<Shared>,
    ticket: Arc<Ticket>,
    answered: bool,
}

impl Waiting<'_> {
    async fn for_answer<T>(mut self, mut answer: oneshot::Receiver<Result<T>>) -> Result<T> {
        loop {
            let left = self.ticket.until.saturating_duration_since(Instant::now());
            let condition = &self.lane.condition;
            // A connection from before may never say that it is lost.
            let is_lost = condition.is_down() && self.ticket.runs_for() >= LOST_AFTER;
            if left.is_zero() || is_lost || condition.is_silent() {
                break;
            }
            if let Ok(answered) = tokio::time::timeout(left.min(LOOKS_EVERY), &mut answer).await {
                self.answered = true;
                return answered.unwrap_or_else(panicked);
            }
            if self.ticket.runs_for() >= SLOW {
                self.lane.help_out(&self.ticket);
            }
        }
        self.lane.counts.late.fetch_add(1, Ordering::Relaxed);
        let late = |cause: &str| Err(Error::new(Code::Overloaded).context(cause));
        match self.ticket.give_up().0 {
            Stage::Waits => late("its turn did not come in time"),
            Stage::Runs => {
                self.lane.lose(&self.ticket);
                late("it was not done in time")
            }
            Stage::Commits => match tokio::time::timeout(COMMIT_GRACE, answer).await {
                Ok(answered) => answered.unwrap_or_else(panicked),
                Err(_) => {
                    self.lane.lose(&self.ticket);
                    late("its commit was not done in time, and may yet be")
                }
            },
            Stage::Done => answer.await.unwrap_or_else(panicked),
        }
    }
}

fn panicked<T>(_: oneshot::error::RecvError) -> Result<T> {
    Err(Error::internal("a database job panicked"))
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.answered
            && let (Stage::Runs, Some(process)) = self.ticket.give_up()
        {
            self.lane.condition.cancel(process);
        }
    }
}

impl Shared {
    /// Starts a thread.
    fn employ(self: Arc<Self>) -> Result<()> {
        let name = self.name.to_owned();
        std::thread::Builder::new().name(name).spawn(move || self.work()).map(drop).map_err(Error::internal)
    }

    /// Starts a thread beside one whose job takes long, which ends when that job does.
    fn help_out(self: &Arc<Self>, ticket: &Ticket) {
        if ticket.is_helped() || !take_one(&self.helpers) {
            return;
        }
        if !ticket.help() || self.clone().employ().is_err() {
            self.helpers.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Replaces a thread that may never come back.
    fn lose(self: &Arc<Self>, ticket: &Ticket) {
        if !take_one(&self.spare) {
            tracing::error!(lane = self.name, "too many threads hang: none is replaced any more");
            return;
        }
        match ticket.lose() {
            // The one that helps out stays for good.
            Some(true) => drop(self.helpers.fetch_add(1, Ordering::AcqRel)),
            Some(false) if self.clone().employ().is_ok() => {}
            _ => {
                self.spare.fetch_add(1, Ordering::AcqRel);
                return;
            }
        }
        // Their connections count in the pool for as long as they hang, so another takes its place before it is full.
        if self.hanging.fetch_add(1, Ordering::AcqRel) + 1 >= self.reserve {
            self.hanging.store(0, Ordering::Release);
            let size = self.reserve + self.reserve / HELPERS;
            let fresh = pool(&self.url, self.limits, &self.condition, size);
            *self.pool.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    fn work(&self) {
        for job in &self.jobs {
            if !job.ticket.begin() {
                continue;
            }
            let ticket = job.ticket.clone();
            ticket::hold(&ticket, &self.turn, || self.run(job));
            ticket.finish();
            // Another thread may work in the place of this one by now.
            if ticket.is_lost() {
                self.spare.fetch_add(1, Ordering::AcqRel);
                return;
            }
            if ticket.is_helped() {
                self.helpers.fetch_add(1, Ordering::AcqRel);
                return;
            }
        }
    }

    /// A connection of the pool. A database that is only slow to let one in is waited for, as long as the caller waits.
    fn connection(
        &self,
        pool: &r2d2::Pool<Source>,
        ticket: &Ticket,
    ) -> Result<r2d2::PooledConnection<Source>, r2d2::Error> {
        loop {
            let cause = match pool.get() {
                Ok(pooled) => return Ok(pooled),
                Err(cause) => cause,
            };
            self.condition.suspect();
            if self.condition.is_down() || self.condition.is_silent() || Instant::now() >= ticket.until {
                return Err(cause);
            }
        }
    }

    fn run(&self, job: Job) {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| match self.connection(&pool, &job.ticket) {
            Ok(mut pooled) => {
                job.ticket.served_by(pooled.process);
                let trusted = (job.work)(Ok(&mut pooled.conn), &self.condition);
                // A late cancellation would meet the next job.
                pooled.broken = job.ticket.finish() || !trusted;
                pooled.used = Instant::now();
                if !pooled.broken
                    && let Err(error) = pooled.conn.forget_statements_if_many()
                {
                    pooled.broken = true;
                    tracing::warn!(cause = error.cause().unwrap_or_default(), "statements cannot be forgotten");
                }
            }
            Err(cause) => {
                let error = Error::new(Code::Unavailable).context(cause);
                (job.work)(Err(error), &self.condition);
            }
        }));
        if outcome.is_err() {
            tracing::error!("a database job panicked");
        }
    }
}

/// Takes one of those that are left, where any is.
fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
}

fn pool(url: &DatabaseUrl, limits: Limits, condition: &Arc<Condition>, size: usize) -> r2d2::Pool<Source> {
    r2d2::Pool::builder()
        .max_size(u32::try_from(size).unwrap_or(u32::MAX))
        .min_idle(Some(0))
        .idle_timeout(Some(Duration::from_secs(60)))
        .connection_timeout(CONNECTS_WITHIN)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .thread_pool(scheduler())
        .build_unchecked(Source { url: url.clone(), limits, condition: condition.clone() })
}

/// r2d2 keeps threads for making connections; these serve every lane.
fn scheduler() -> Arc<scheduled_thread_pool::ScheduledThreadPool> {
    static POOL: std::sync::OnceLock<Arc<scheduled_thread_pool::ScheduledThreadPool>> = std::sync::OnceLock::new();
    POOL.get_or_init(|| Arc::new(scheduled_thread_pool::ScheduledThreadPool::new(4))).clone()
}

/// Makes connections for r2d2.
struct Source {
    url: DatabaseUrl,
    limits: Limits,
    condition: Arc<Condition>,
}

/// A connection of a pool.
struct Pooled {
    conn: Conn,
    /// The process that serves it at a PostgreSQL server.
    process: Option<i32>,
    used: Instant,
    /// How many faults the database had had when it was made.
    faults: u64,
    broken: bool,
}

impl r2d2::ManageConnection for Source {
    type Connection = Pooled;
    type Error = SourceError;

    fn connect(&self) -> Result<Pooled, SourceError> {
        // r2d2 goes on trying; while the database is known to be down, only its condition is asked for.
        self.condition.permit(Purpose::Read).map_err(|_| SourceError("the database is down".to_owned()))?;
        let faults = self.condition.faults();
        let opened = Conn::open_within(&self.url, Some(self.limits));
        let (conn, process) = opened.map_err(|error| SourceError(error.cause().unwrap_or_default().to_owned()))?;
        Ok(Pooled { conn, process, used: Instant::now(), faults, broken: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), SourceError> {
        if pooled.faults != self.condition.faults() {
            return Err(SourceError("it was made before the last fault".to_owned()));
        }
        if pooled.used.elapsed() < IDLE {
            return Ok(());
        }
        pooled.conn.answers().map_err(|error| SourceError(error.to_string()))
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        use diesel::r2d2::R2D2Connection;
        std::thread::panicking() || pooled.broken || pooled.conn.is_broken() || statements::has_failed(&mut pooled.conn)
    }
}

#[derive(Debug)]
struct SourceError(String);

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceError {}
