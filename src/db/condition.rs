//! What is known of the database's condition. It is asked all the time, on a connection of its own, so that requests are
//! refused at once while it is down, readiness is told without waiting, and a fault is known to be over when it is. The
//! same connection holds a lock for the life of this instance, by which others see whether it still lives.

use super::conn::{Conn, DatabaseUrl};
use super::turn::Turn;
use super::{dialect, statements};
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// How often the database is asked, unless a failure gives reason to ask at once.
const EVERY: Duration = Duration::from_millis(500);
/// A failure may be met by many at once; they are one reason to ask.
const GATHER: Duration = Duration::from_millis(50);
/// How soon a sound database answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How many questions may wait for an answer that does not come, each on a thread of its own.
const UNANSWERED: usize = 8;

/// What a database can be asked to do at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Sound,
    ReadOnly,
    Full,
    Unreachable,
    /// It did not answer the last question in time.
    Slow,
    /// Nor the one before.
    Silent,
    OtherSchema,
}

impl State {
    const ALL: [Self; 7] =
        [Self::Sound, Self::ReadOnly, Self::Full, Self::Unreachable, Self::Slow, Self::Silent, Self::OtherSchema];

    fn of(code: Code) -> Self {
        match code {
            Code::ReadOnly => Self::ReadOnly,
            Code::StorageFull => Self::Full,
            _ => Self::Unreachable,
        }
    }
}

/// What a job is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
}

/// Whether the schema is one that this build can serve; else what is wrong with it.
pub type Fits = fn(&mut Conn) -> Result<(), String>;

/// The condition as it was found last.
pub struct Condition {
    url: DatabaseUrl,
    turn: Arc<Turn>,
    fits: Fits,
    /// Names this instance among those of the database.
    instance: i32,
    state: AtomicU8,
    /// How many faults there were: connections made before the last are not used again.
    faults: AtomicU64,
    suspected: Notify,
    /// Processes of a PostgreSQL server whose work nobody waits for any more.
    unwanted: Mutex<Vec<i32>>,
    /// Held by each thread that waits for an answer.
    question: Arc<()>,
}

impl Condition {
    pub fn new(url: &DatabaseUrl, turn: Arc<Turn>, fits: Fits) -> Self {
        Self {
            url: url.clone(),
            turn,
            fits,
            instance: a_number(),
            state: AtomicU8::new(State::Sound as u8),
            faults: AtomicU64::new(0),
            suspected: Notify::new(),
            unwanted: Mutex::default(),
            question: Arc::new(()),
        }
    }

    pub fn instance(&self) -> i32 {
        self.instance
    }

    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Acquire)
    }

    fn state(&self) -> State {
        let state = self.state.load(Ordering::Acquire);
        State::ALL.get(usize::from(state)).copied().unwrap_or(State::Unreachable)
    }

    /// Whether such a job can be tried at present.
    ///
    /// # Errors
    /// `unavailable`, `read-only` or `storage-full`, as the database was found.
    pub fn permit(&self, purpose: Purpose) -> Result<()> {
        match (self.state(), purpose) {
            (State::Sound | State::Slow | State::OtherSchema, _) | (State::ReadOnly | State::Full, Purpose::Read) => {
                Ok(())
            }
            (State::ReadOnly, Purpose::Write) => Err(Error::new(Code::ReadOnly)),
            (State::Full, Purpose::Write) => Err(Error::new(Code::StorageFull)),
            (State::Unreachable, _) => Err(Error::new(Code::Unavailable).context("the database is down")),
            (State::Silent, _) => {
                Err(Error::new(Code::Unavailable).detail("The database does not answer.").context("it is silent"))
            }
        }
    }

    /// Whether the database can do all that is asked of it.
    ///
    /// # Errors
    /// As [`Condition::permit`]; `unavailable` where its schema is not this build's.
    pub fn is_sound(&self) -> Result<()> {
        self.permit(Purpose::Write)?;
        match self.state() {
            State::Slow => {
                Err(Error::new(Code::Unavailable).detail("The database is slow to answer.").context("it is slow"))
            }
            State::OtherSchema => Err(Error::new(Code::Unavailable)
                .detail("The schema of the database is not up to date.")
                .context("the schema is not this build's")),
            _ => Ok(()),
        }
    }

    /// Whether the database says nothing, so that there is nothing to wait for.
    pub fn is_silent(&self) -> bool {
        self.state() == State::Silent
    }

    /// Whether nobody can connect to the database.
    pub fn is_down(&self) -> bool {
        self.state() == State::Unreachable
    }

    fn found(&self, state: State, cause: &str) {
        let before = self.state.swap(state as u8, Ordering::AcqRel);
        if before == state as u8 {
            return;
        }
        self.faults.fetch_add(1, Ordering::AcqRel);
        match state {
            State::Sound => tracing::info!("the database is sound again"),
            _ => tracing::warn!(?state, cause, "the database cannot do everything"),
        }
    }

    /// Gives reason to ask the database at once.
    pub fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Has what the process does cancelled.
    pub fn cancel(&self, process: i32) {
        self.unwanted().push(process);
        self.suspected.notify_one();
    }

    fn unwanted(&self) -> MutexGuard<'_, Vec<i32>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a failure of the database, and finds out the cause of one that diesel does not name.
    pub fn explain(&self, conn: &mut Conn, error: Error) -> Error {
        let error = match error.code() {
            Code::Internal | Code::Unavailable if statements::has_failed(conn) => {
                match dialect::why_writes_fail(conn) {
                    Some(code) => Error::new(code).context(error.cause().unwrap_or_default()),
                    None => error,
                }
            }
            _ => error,
        };
        match error.code() {
            Code::Unavailable => {
                // Others are likely to be lost with it.
                self.faults.fetch_add(1, Ordering::AcqRel);
                self.suspect();
            }
            code @ (Code::ReadOnly | Code::StorageFull) => {
                self.found(State::of(code), error.cause().unwrap_or_default());
            }
            _ => {}
        }
        error
    }

    /// Goes on asking the database, until the process ends.
    pub async fn keep_asking(self: Arc<Self>, mut conn: Option<Conn>) {
        loop {
            let _ = tokio::time::timeout(EVERY, self.suspected.notified()).await;
            tokio::time::sleep(GATHER).await;
            conn = self.clone().ask_once(conn).await;
        }
    }

    /// Asks the database once, and returns the connection for the next time. A question that is not answered in time is
    /// left to its thread.
    pub async fn ask_once(self: Arc<Self>, conn: Option<Conn>) -> Option<Conn> {
        if Arc::strong_count(&self.question) > UNANSWERED {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        let (asked, question) = (self.clone(), self.question.clone());
        let question = move || {
            let _ = reply.send(asked.ask(conn));
            drop(question);
        };
        if let Err(cause) = std::thread::Builder::new().name("db-condition".to_owned()).spawn(question) {
            tracing::error!(%cause, "no thread can be started");
            return None;
        }
        match tokio::time::timeout(ANSWERS_WITHIN, answer).await {
            Ok(Ok(Ok((conn, schema)))) => {
                match schema {
                    Ok(()) => self.found(State::Sound, ""),
                    Err(cause) => self.found(State::OtherSchema, &cause),
                }
                Some(conn)
            }
            Ok(Ok(Err(error))) => {
                self.found(State::of(error.code()), error.cause().unwrap_or_default());
                None
            }
            Ok(Err(_)) | Err(_) => {
                let again = matches!(self.state(), State::Slow | State::Silent);
                self.found(if again { State::Silent } else { State::Slow }, "no answer in two seconds");
                None
            }
        }
    }

    /// The connection, and what is wrong with the schema. One that was kept may be lost while the database is sound.
    fn ask(&self, kept: Option<Conn>) -> Result<(Conn, Result<(), String>)> {
        match kept.map(|conn| self.ask_by(conn)) {
            Some(Ok(found)) => Ok(found),
            _ => self.ask_by(Conn::open(&self.url)?),
        }
    }

    fn ask_by(&self, mut conn: Conn) -> Result<(Conn, Result<(), String>)> {
        let in_trouble = matches!(self.state(), State::ReadOnly | State::Full);
        match &mut conn {
            Conn::Postgres(c) => {
                let found: Found = diesel::sql_query(
                    "SELECT pg_try_advisory_lock($1, $2) AS lives, current_setting('transaction_read_only')::boolean AS read_only",
                )
                .bind::<Integer, _>(dialect::INSTANCES)
                .bind::<Integer, _>(self.instance)
                .get_result(c)?;
                for process in std::mem::take(&mut *self.unwanted()) {
                    diesel::select(pg_cancel_backend(process)).execute(c)?;
                }
                if found.read_only {
                    return Err(Error::new(Code::ReadOnly).context("transactions are read-only"));
                }
            }
            // Where somebody writes at this moment, it can be written to.
            Conn::Sqlite(c) => {
                if let Some(_turn) = self.turn.take_now()
                    && let Err(error) =
                        c.batch_execute("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK").map_err(Error::from)
                    && error.code() != Code::Overloaded
                {
                    return Err(error);
                }
            }
        }
        match in_trouble.then(|| dialect::why_writes_fail(&mut conn)).flatten() {
            Some(code) => Err(Error::new(code).context("a trial of writing failed")),
            None => {
                let schema = (self.fits)(&mut conn);
                Ok((conn, schema))
            }
        }
    }
}

diesel::define_sql_function!(fn pg_cancel_backend(process: Integer) -> Bool);

/// A number that no other instance is likely to have.
fn a_number() -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&Id::generate().as_bytes()[12..]);
    i32::from_be_bytes(bytes)
}

#[derive(QueryableByName)]
struct Found {
    #[expect(dead_code, reason = "asked for what it does: the lock is held already where it says false")]
    #[diesel(sql_type = Bool)]
    lives: bool,
    #[diesel(sql_type = Bool)]
    read_only: bool,
}
