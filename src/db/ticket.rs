//! How far a job has come, known to the thread that does it and to whoever waits for it. What is given up is not
//! committed: the two agree on that in one step.

use super::turn::{Taken, Turn};
use crate::error::{Code, Error, Result};
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Waits,
    Runs,
    Commits,
    Done,
}

/// One job's.
pub struct Ticket {
    /// When its answer is due.
    pub until: Instant,
    progress: Mutex<Progress>,
}

struct Progress {
    stage: Stage,
    began: Option<Instant>,
    given_up: bool,
    /// Whether another thread works in the place of the one that does this job.
    helped: bool,
    /// Whether that thread is not expected back.
    lost: bool,
    /// The process that serves it at a PostgreSQL server.
    process: Option<i32>,
}

impl Ticket {
    pub fn new(until: Instant) -> Self {
        let progress =
            Progress { stage: Stage::Waits, began: None, given_up: false, helped: false, lost: false, process: None };
        Self { until, progress: Mutex::new(progress) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the job, unless nobody waits for it any more.
    pub fn begin(&self) -> bool {
        let mut progress = self.progress();
        if progress.given_up {
            return false;
        }
        progress.stage = Stage::Runs;
        true
    }

    /// Notes that the job has its connection now, and the process that serves it at a PostgreSQL server.
    pub fn served_by(&self, process: Option<i32>) {
        let mut progress = self.progress();
        progress.began = Some(Instant::now());
        progress.process = process;
    }

    /// Ends the job, and says whether it was given up before.
    pub fn finish(&self) -> bool {
        let mut progress = self.progress();
        progress.stage = Stage::Done;
        progress.given_up
    }

    /// Gives the job up: it commits nothing more. Returns how far it had come.
    pub fn give_up(&self) -> (Stage, Option<i32>) {
        let mut progress = self.progress();
        progress.given_up = true;
        (progress.stage, progress.process)
    }

    /// How long it has run with a connection, where it does.
    pub fn runs_for(&self) -> Duration {
        let progress = self.progress();
        let runs = matches!(progress.stage, Stage::Runs | Stage::Commits);
        progress.began.filter(|_| runs).map_or(Duration::ZERO, |began| began.elapsed())
    }

    /// Lets another thread work in the place of the one that does this job. False where one does, or it is done.
    pub fn help(&self) -> bool {
        let mut progress = self.progress();
        if progress.helped || progress.stage == Stage::Done {
            return false;
        }
        progress.helped = true;
        true
    }

    /// Expects the thread that does this job back no more. Says whether another works in its place already; nothing
    /// where it is done.
    pub fn lose(&self) -> Option<bool> {
        let mut progress = self.progress();
        let running = progress.stage != Stage::Done && !progress.lost;
        running.then(|| {
            progress.lost = true;
            progress.helped
        })
    }

    pub fn is_helped(&self) -> bool {
        self.progress().helped
    }

    pub fn is_lost(&self) -> bool {
        self.progress().lost
    }
}

thread_local! {
    /// The job that this thread does, and the turn it takes to write.
    static PRESENT: RefCell<Option<(Arc<Ticket>, Arc<Turn>)>> = const { RefCell::new(None) };
}

/// Does a job whose ticket the functions below then speak of.
pub fn hold(ticket: &Arc<Ticket>, turn: &Arc<Turn>, job: impl FnOnce()) {
    PRESENT.set(Some((ticket.clone(), turn.clone())));
    job();
    PRESENT.set(None);
}

/// Waits for the turn to write. Outside a lane, as on the command line, there is nobody to wait for.
///
/// # Errors
/// `overloaded` where it does not come before the job's answer is due.
pub fn take_turn() -> Result<Option<Taken>> {
    let present = PRESENT.with_borrow(Clone::clone);
    present.map(|(ticket, turn)| turn.take(ticket.until)).transpose()
}

/// For how long whoever writes much lets others write, before the next step.
const GIVES_WAY_FOR: Duration = Duration::from_millis(50);

/// Lets others write, where some wait for it. Those who write little are many behind the one that waits for the turn.
pub fn give_way() {
    if PRESENT.with_borrow(|present| present.as_ref().is_some_and(|(_, turn)| turn.is_wanted())) {
        std::thread::sleep(GIVES_WAY_FOR);
    }
}

/// Whether somebody still waits for this job; asked now and then by jobs that take long.
///
/// # Errors
/// `overloaded` where nobody does.
pub fn wanted() -> Result<()> {
    match PRESENT.with_borrow(|present| present.as_ref().is_some_and(|(ticket, _)| ticket.progress().given_up)) {
        true => Err(unwanted()),
        false => Ok(()),
    }
}

fn unwanted() -> Error {
    Error::new(Code::Overloaded).context("nobody waits for it any more")
}

/// Commits by `commit`, unless the job was given up.
///
/// # Errors
/// `overloaded` where it was; else what `commit` fails with.
pub fn commit(commit: impl FnOnce() -> Result<()>) -> Result<()> {
    let Some((ticket, _)) = PRESENT.with_borrow(Clone::clone) else { return commit() };
    let stage = |stage| {
        let mut progress = ticket.progress();
        progress.stage = stage;
        progress.given_up
    };
    if stage(Stage::Commits) {
        stage(Stage::Runs);
        return Err(unwanted());
    }
    let done = commit();
    stage(Stage::Runs);
    done
}
