//! The worker threads that do all database work. Each takes a connection per job and is fed by one bounded queue,
//! so a burst waits in the queue and not on the pool's lock, a full or late queue is answered at once, and a job that
//! panics loses neither its thread nor a connection.

use super::conn::{Conn, DatabaseUrl, Source};
use crate::error::{Code, Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce(Result<&mut Conn>) + Send>;

struct Job {
    deadline: Instant,
    work: Work,
}

/// One kind of work: its threads, its queue, its connections.
pub struct Lane {
    queue: crossbeam_channel::Sender<Job>,
    patience: Duration,
}

impl Lane {
    /// # Errors
    /// `internal` when the threads cannot be started.
    pub fn start(name: &str, url: &DatabaseUrl, threads: usize, depth: usize, patience: Duration) -> Result<Self> {
        let threads = threads.max(1);
        let pool = r2d2::Pool::builder()
            .max_size(u32::try_from(threads).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(5).min(patience))
            .thread_pool(scheduler())
            .build_unchecked(Source(url.clone()));
        let (queue, jobs) = crossbeam_channel::bounded::<Job>(depth);
        for index in 0..threads {
            let (jobs, pool) = (jobs.clone(), pool.clone());
            std::thread::Builder::new()
                .name(format!("{name}-{index}"))
                .spawn(move || jobs.iter().for_each(|job| run(&pool, job)))
                .map_err(Error::internal)?;
        }
        Ok(Self { queue, patience })
    }

    /// Runs the job on a thread of this lane and brings back what it returns.
    ///
    /// # Errors
    /// `overloaded` when the queue is full or the job's turn came too late; `unavailable` without a connection;
    /// `internal` when the job panicked; else what the job returned.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |conn| {
            // The caller may have gone away; its answer then has no taker, which is no fault.
            let _ = reply.send(conn.and_then(job));
        });
        let job = Job { deadline: Instant::now() + self.patience, work };
        self.queue.try_send(job).map_err(|_| Error::new(Code::Overloaded).context("the queue is full"))?;
        answer.await.unwrap_or_else(|_| Err(Error::internal("a database job panicked")))
    }
}

fn run(pool: &r2d2::Pool<Source>, job: Job) {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if Instant::now() > job.deadline {
            return (job.work)(Err(Error::new(Code::Overloaded).context("its turn came after its deadline")));
        }
        match pool.get() {
            Ok(mut conn) => {
                (job.work)(Ok(&mut conn));
                if let Err(error) = conn.forget_statements_if_many() {
                    tracing::warn!(cause = error.cause().unwrap_or_default(), "statements cannot be forgotten");
                }
            }
            Err(cause) => (job.work)(Err(Error::new(Code::Unavailable).context(cause))),
        }
    }));
    if outcome.is_err() {
        tracing::error!("a database job panicked");
    }
}

/// r2d2 keeps a thread pool for making connections; one thread serves every lane.
fn scheduler() -> std::sync::Arc<scheduled_thread_pool::ScheduledThreadPool> {
    static POOL: std::sync::OnceLock<std::sync::Arc<scheduled_thread_pool::ScheduledThreadPool>> =
        std::sync::OnceLock::new();
    POOL.get_or_init(|| std::sync::Arc::new(scheduled_thread_pool::ScheduledThreadPool::new(1))).clone()
}
