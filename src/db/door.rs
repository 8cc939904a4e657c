//! How database work is run: each job on a thread of its lane, a change in one transaction.

use super::condition::{Condition, Fits, Purpose};
use super::conn::{Conn, DatabaseUrl, Limits};
use super::lanes::{Lane, Load, Plan};
use super::turn::Turn;
use super::{dialect, ticket};
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How the database work of one process is laid out.
#[derive(Clone, Debug)]
pub struct Sizes {
    pub readers: usize,
    pub writers: usize,
    /// Threads for each kind of long work.
    pub bulk: usize,
    /// How long an answer may take.
    pub patience: Duration,
    /// How long the answer to an import, an export or a report may take.
    pub bulk_patience: Duration,
}

/// A handle to the lanes; cloning it is cheap.
#[derive(Clone)]
pub struct Db {
    lanes: Arc<Lanes>,
    /// When answers are due, where that is not a whole patience from now.
    until: Option<Instant>,
    /// Whether long work is a job's, for which nobody waits.
    at_leisure: bool,
}

/// How long a job may take.
const LEISURE: Duration = Duration::from_secs(3600);

struct Lanes {
    readers: Lane,
    writers: Lane,
    imports: Lane,
    exports: Lane,
    reports: Lane,
    condition: Arc<Condition>,
    patience: Duration,
    bulk_patience: Duration,
}

impl Db {
    /// Starts the lanes; connections are made on first use. `fits` says what is wrong with the schema.
    ///
    /// # Errors
    /// `internal` when threads cannot be started.
    pub fn start(url: &DatabaseUrl, sizes: &Sizes, fits: Fits) -> Result<Self> {
        let turn = Arc::new(Turn::new(url));
        let condition = Arc::new(Condition::new(url, turn.clone(), fits));
        let lane = |name, purpose, threads, depth, limits| {
            Lane::start(&Plan { name, purpose, threads, depth, limits }, url, &condition, &turn)
        };
        // SQLite has one writer; a second thread would only wait for its turn.
        let writers = if matches!(url, DatabaseUrl::Sqlite(_)) { 1 } else { sizes.writers };
        let (patience, long, bulk) = (sizes.patience, sizes.bulk_patience, sizes.bulk);
        // Who waits for a lock gives up before nobody waits for the answer.
        let short = Limits { statement: patience, lock: patience * 4 / 5, cache: Limits::LITTLE };
        // Who only reads is held up by nothing that belongs to this service; imports wait for each other.
        let reading = Limits { statement: long, ..short };
        let importing = Limits { statement: long, lock: long * 4 / 5, cache: Limits::MUCH };
        let lanes = Lanes {
            readers: lane("db-read", Purpose::Read, sizes.readers, 1024, short)?,
            writers: lane("db-write", Purpose::Write, writers, 512, short)?,
            imports: lane("db-import", Purpose::Write, bulk, 64, importing)?,
            exports: lane("db-export", Purpose::Read, bulk, 64, reading)?,
            reports: lane("db-report", Purpose::Read, bulk, 64, reading)?,
            condition,
            patience,
            bulk_patience: long,
        };
        Ok(Self { lanes: Arc::new(lanes), until: None, at_leisure: false })
    }

    /// The same, whose short work is to be answered by then.
    #[must_use]
    pub fn until(&self, until: Instant) -> Self {
        Self { until: Some(until), ..self.clone() }
    }

    /// The same, whose long work is for somebody who does not wait.
    #[must_use]
    pub fn at_leisure(&self) -> Self {
        Self { at_leisure: true, ..self.clone() }
    }

    /// How long the answer to short work may take.
    pub fn patience(&self) -> Duration {
        self.lanes.patience
    }

    /// How each lane stands.
    pub fn loads(&self) -> [Load; 5] {
        let Lanes { readers, writers, imports, exports, reports, .. } = &*self.lanes;
        [readers, writers, imports, exports, reports].map(Lane::load)
    }

    /// Names this instance among those that share the database.
    pub fn instance(&self) -> i32 {
        self.lanes.condition.instance()
    }

    /// What the database cannot do at present, as it was found last; answered at once.
    ///
    /// # Errors
    /// `unavailable`, `read-only` or `storage-full`.
    pub fn is_sound(&self) -> Result<()> {
        self.lanes.condition.is_sound()
    }

    /// Asks the database for its condition, and goes on asking in the background.
    pub async fn watch(&self) {
        let condition = self.lanes.condition.clone();
        let conn = condition.clone().ask_once(None).await;
        actix_web::rt::spawn(condition.keep_asking(conn));
    }

    /// When the answer to short work is due.
    pub fn due(&self) -> Instant {
        self.until.unwrap_or_else(|| Instant::now() + self.lanes.patience)
    }

    fn long(&self) -> Instant {
        Instant::now() + if self.at_leisure { LEISURE } else { self.lanes.bulk_patience }
    }

    /// Short reads; each statement sees what was committed before it.
    ///
    /// # Errors
    /// What the job returns, or `overloaded`, `unavailable`, `internal` from the lane.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.readers.run(self.due(), job).await
    }

    /// Reads of several statements that all see one moment.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn snapshot<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.readers.run(self.due(), move |conn| snapshot(conn, job)).await
    }

    /// A short change in one transaction: committed when the job succeeds, rolled back when it fails.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.writers.run(self.due(), move |conn| transaction(conn, job)).await
    }

    /// A short change of money: serializable, and tried again from its beginning, some times and a little later each,
    /// when another change came between. See `docs/decisions/0010-money.md`.
    ///
    /// # Errors
    /// As [`Db::read`]; `overloaded` when others came between every time.
    pub async fn write_serializable<T: Send + 'static>(
        &self,
        job: impl FnMut(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.writers.run(self.due(), move |conn| serializable(conn, job)).await
    }

    /// A long read of one moment that is not for a person who waits, such as an export: it never takes a thread from
    /// short ones, nor from the other kinds of long work.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn export<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.exports.run(self.long(), move |conn| snapshot(conn, job)).await
    }

    /// A long read of one moment over much of the register.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn report<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.reports.run(self.long(), move |conn| snapshot(conn, job)).await
    }

    /// Short work that begins its transactions itself.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn steps<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Steps) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.writers.run(self.due(), move |conn| job(&mut Steps(conn))).await
    }

    /// Takes what was overwritten out of the journal, where the database has one that keeps it.
    ///
    /// # Errors
    /// As [`Db::read`]; `overloaded` while others read.
    pub async fn empty_journal(&self) -> Result<()> {
        self.lanes.writers.run(self.due(), dialect::empty_journal).await
    }

    /// Long work that begins its transactions itself, such as an import.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn import<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Steps) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.lanes.imports.run(self.long(), move |conn| job(&mut Steps(conn))).await
    }
}

/// What work that begins its transactions itself does with the database, one thing after the other.
pub struct Steps<'a>(&'a mut Conn);

impl Steps<'_> {
    pub fn engine(&self) -> dialect::Engine {
        self.0.engine()
    }

    /// Reads that all see one moment.
    ///
    /// # Errors
    /// As [`transaction`].
    pub fn snapshot<T>(&mut self, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        snapshot(self.0, job)
    }

    /// A change in one transaction.
    ///
    /// # Errors
    /// As [`transaction`].
    pub fn write<T>(&mut self, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        transaction(self.0, job)
    }

    /// A large change in one transaction that is made of what it reads: all of its statements see one moment.
    ///
    /// # Errors
    /// As [`transaction`].
    pub fn write_of_one_moment<T>(&mut self, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        dialect::with_journal_kept(self.0, |conn| transaction_of("BEGIN ISOLATION LEVEL REPEATABLE READ", conn, job))
    }

    /// A large change in one transaction.
    ///
    /// # Errors
    /// As [`transaction`].
    pub fn write_much<T>(&mut self, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        dialect::with_journal_kept(self.0, |conn| transaction(conn, job))
    }

    /// A change of which another step follows: others come first.
    ///
    /// # Errors
    /// As [`transaction`].
    pub fn write_some(&mut self, job: impl FnOnce(&mut Conn) -> Result<()>) -> Result<()> {
        transaction(self.0, job)?;
        ticket::give_way();
        Ok(())
    }
}

/// The record of the id in a path.
///
/// # Errors
/// `not-found` for what is no id, or the id of nothing that `find` finds.
pub fn by_id<R>(id: &str, what: &str, find: impl FnOnce(Id) -> Result<Option<R>>) -> Result<R> {
    let found = Id::parse(id).map(find).transpose()?.flatten();
    found.ok_or_else(|| Error::not_found(what))
}

/// Runs the job in one transaction. SQLite's begins immediate: a deferred one that reads and then writes fails
/// with "database is locked" as soon as two of them meet.
///
/// # Errors
/// What the job returns, or the database's own failure to begin or commit.
pub fn transaction<T>(conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    transaction_of("BEGIN", conn, job)
}

/// Does a part of the caller's transaction. Nothing of it stays where it fails, or says beside its result that nothing should.
///
/// # Errors
/// What the job returns, or the database's own.
pub fn part<T>(conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<(T, bool)>) -> Result<T> {
    <Conn as TransactionManager<Conn>>::begin_transaction(conn)?;
    let done = job(conn);
    if done.as_ref().is_ok_and(|(_, stays)| *stays) {
        <Conn as TransactionManager<Conn>>::commit_transaction(conn)?;
    } else {
        <Conn as TransactionManager<Conn>>::rollback_transaction(conn)?;
    }
    done.map(|(result, _)| result)
}

/// Runs reads of several statements that all see what was committed when they began.
///
/// # Errors
/// As [`transaction`].
pub fn snapshot<T>(conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN")?,
    }
    end(conn, job, |conn| Ok(<Conn as TransactionManager<Conn>>::commit_transaction(conn)?))
}

/// How often a serializable change is tried.
const TRIES: u32 = 10;

/// As [`transaction`], and as if nobody else wrote meanwhile. On PostgreSQL such changes queue for one lock before they
/// look at anything, so that few are refused, and one that is refused is run again; SQLite has one writer anyway.
///
/// # Errors
/// As [`transaction`]; `overloaded` when every try was refused.
pub fn serializable<T>(conn: &mut Conn, mut job: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
    let mut attempt = |conn: &mut Conn| {
        transaction_of("BEGIN ISOLATION LEVEL SERIALIZABLE", conn, |conn| {
            dialect::queue_for_money(conn)?;
            job(conn)
        })
    };
    for tried in 1..TRIES {
        match attempt(conn) {
            // Each waits for a different while, so that those who met do not meet again.
            Err(error) if error.code() == Code::Overloaded => std::thread::sleep(pause(tried)),
            done => return done,
        }
    }
    attempt(conn)
}

/// Up to two milliseconds more for every try, the share of it by the last bits of a fresh id.
fn pause(tried: u32) -> Duration {
    let share = Id::generate().as_bytes().last().copied().unwrap_or_default();
    Duration::from_micros(u64::from(tried) * 2000 * u64::from(share) / 255)
}

fn transaction_of<T>(begin: &str, conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let _turn = ticket::take_turn()?;
    match conn {
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
    }
    end(conn, job, |conn| ticket::commit(|| Ok(<Conn as TransactionManager<Conn>>::commit_transaction(conn)?)))
}

/// Commits when the job succeeds, rolls back when it or the commit fails.
fn end<T>(
    conn: &mut Conn,
    job: impl FnOnce(&mut Conn) -> Result<T>,
    commit: impl FnOnce(&mut Conn) -> Result<()>,
) -> Result<T> {
    let done = job(conn).and_then(|value| commit(conn).map(|()| value));
    if done.is_err() {
        // The first failure is the one to tell; a connection whose rollback fails is dropped by the pool.
        let _ = <Conn as TransactionManager<Conn>>::rollback_transaction(conn);
    }
    done
}

/// Writes a row over the version before it; `version-mismatch` when another change came first. `taken` says what a
/// unique violation means.
#[macro_export]
macro_rules! overwrite {
    ($conn:expr, $table:ident, $row:expr $(, $taken:expr)?) => {{
        use $crate::db::Keep;
        let present = $table::table.find($row.id).filter($table::version.eq($row.version - 1));
        match diesel::update(present).set($row.clone()).execute_kept($conn)$(.map_err($taken))?? {
            0 => Err($crate::record::changed($row.version)),
            _ => Ok(()),
        }
    }};
}

/// Declares `insert` and `update` of a table's rows. `taken` says what a unique violation means.
#[macro_export]
macro_rules! writable {
    ($table:ident, $row:ty $(, $taken:expr)?) => {
        /// # Errors
        /// `already-exists` for what can be there once only.
        pub fn insert(conn: &mut $crate::db::Conn, row: &$row) -> $crate::error::Result<()> {
            use $crate::db::Keep;
            let values = row.clone();
            diesel::insert_into($table::table).values(values).execute_kept(conn)$(.map_err($crate::db::violations::unique($taken)))??;
            Ok(())
        }

        /// Writes the row over the version before it.
        ///
        /// # Errors
        /// `version-mismatch` when another change came first; `already-exists` as for [`insert`].
        pub fn update(conn: &mut $crate::db::Conn, row: &$row) -> $crate::error::Result<()> {
            use diesel::prelude::*;
            $crate::overwrite!(conn, $table, row $(, $crate::db::violations::unique($taken))?)
        }
    };
}
