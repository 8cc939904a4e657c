//! How database work is run: each job on a thread of its lane, a change in one transaction.

use super::conn::{Conn, DatabaseUrl};
use super::dialect;
use super::lanes::Lane;
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use std::sync::Arc;
use std::time::Duration;

/// How the database work of one process is laid out.
#[derive(Clone, Debug)]
pub struct Sizes {
    pub readers: usize,
    pub writers: usize,
    pub bulk: usize,
    /// How long a job may wait for its turn.
    pub patience: Duration,
}

/// A handle to the lanes; cloning it is cheap.
#[derive(Clone)]
pub struct Db(Arc<Lanes>);

struct Lanes {
    readers: Lane,
    writers: Lane,
    bulk: Lane,
}

impl Db {
    /// Starts the lanes; connections are made on first use.
    ///
    /// # Errors
    /// `internal` when threads cannot be started.
    pub fn start(url: &DatabaseUrl, sizes: &Sizes) -> Result<Self> {
        // SQLite has one writer; a second thread would only wait on its lock.
        let writers = if matches!(url, DatabaseUrl::Sqlite(_)) { 1 } else { sizes.writers };
        let long = sizes.patience * 12;
        Ok(Self(Arc::new(Lanes {
            readers: Lane::start("db-read", url, sizes.readers, 1024, sizes.patience)?,
            writers: Lane::start("db-write", url, writers, 512, sizes.patience)?,
            bulk: Lane::start("db-bulk", url, sizes.bulk, 64, long)?,
        })))
    }

    /// Short reads; each statement sees what was committed before it.
    ///
    /// # Errors
    /// What the job returns, or `overloaded`, `unavailable`, `internal` from the lane.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.readers.run(job).await
    }

    /// Reads of several statements that all see one moment.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn snapshot<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.readers.run(move |conn| snapshot(conn, job)).await
    }

    /// A short change in one transaction: committed when the job succeeds, rolled back when it fails.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.writers.run(move |conn| transaction(conn, job)).await
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
        self.0.writers.run(move |conn| serializable(conn, job)).await
    }

    /// Long work without the database, such as reading a large file that was sent.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn bulk<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        self.0.bulk.run(move |_| work()).await
    }

    /// A long read of one moment, such as an export: it never takes a thread from short ones.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn bulk_read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.bulk.run(move |conn| snapshot(conn, job)).await
    }

    /// A long change in one transaction, such as an import.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn bulk_write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.bulk.run(move |conn| transaction(conn, job)).await
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

/// Runs reads of several statements that all see what was committed when they began.
pub(super) fn snapshot<T>(conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN")?,
    }
    end(conn, job)
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
    match conn {
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
    }
    end(conn, job)
}

/// Commits when the job succeeds, rolls back when it fails.
fn end<T>(conn: &mut Conn, job: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match job(conn) {
        Ok(value) => {
            <Conn as TransactionManager<Conn>>::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            // The first failure is the one to tell; a connection whose rollback fails is dropped by the pool.
            let _ = <Conn as TransactionManager<Conn>>::rollback_transaction(conn);
            Err(error)
        }
    }
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
