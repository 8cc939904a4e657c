//! What can be done with a job.

use super::store;
use crate::db::jobs::{self, JobRow, JobState};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::transitions::rules::{AskedMove, Machine, Move};

impl Machine for JobState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Queued | Self::Running => vec![Self::Cancelled],
            Self::Succeeded | Self::Failed | Self::Cancelled => Vec::new(),
        }
    }

    fn needs_reason(self, _: Self) -> bool {
        false
    }
}

/// A job that the caller may see: their own, or any for a national administrator.
///
/// # Errors
/// `not-found`.
pub fn get_job(conn: &mut Conn, context: &Context, id: &str) -> Result<JobRow> {
    by_id(id, "job", |id| store::find(conn, context, id))
}

/// A job whose answer is there.
///
/// # Errors
/// `not-found`.
pub fn get_job_result(conn: &mut Conn, context: &Context, id: &str) -> Result<JobRow> {
    let row = get_job(conn, context, id)?;
    if row.state == JobState::Succeeded {
        return Ok(row);
    }
    let detail = format!("The job is {}: only one that succeeded has a result.", row.state.as_str());
    Err(Error::not_found("result").detail(detail))
}

/// Cancels a job. What it has done so far is not committed.
///
/// # Errors
/// `not-found`, `version-mismatch`, `illegal-transition`.
pub fn transition_job(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<JobRow> {
    let row = get_job(conn, context, id)?;
    context.check_version(row.version)?;
    let step: Move<JobState> = asked.read(context.today())?;
    step.decide(row.state)?;
    jobs::cancel(conn, &row, context.now)?;
    get_job(conn, context, id)
}
