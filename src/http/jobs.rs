//! What is told of requests that are answered later, and how one ends with its answer.

use super::reply::Reply;
use crate::db::Conn;
use crate::db::jobs::{self, JobKind, JobRow, JobState, Outcome, Run};
use crate::error::Result;
use crate::http::context::Context;
use crate::record::Record;
use crate::vocabulary::{Id, instant};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A request that is answered later.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobResponse {
    pub id: Id,
    kind: JobKind,
    state: JobState,
    progress: JobProgress,
    /// The address of what came of it, once it has succeeded: of a submission that was written the submission's own.
    #[schema(max_length = 200, example = "/v1/kpi-submissions/0195a2c4-0000-7000-8000-000000000000")]
    result: Option<String>,
    /// Why it failed: the problem that the request would have been answered with, with its `rows` where rows are wrong. In a list
    /// of jobs it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    problem: Option<Value>,
    /// Whose it is.
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    /// When it was first begun.
    #[schema(format = "date-time", max_length = 40)]
    started_at: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    ended_at: Option<String>,
    /// Until when the job and what it answered are kept.
    #[schema(format = "date-time", max_length = 40)]
    expires_at: String,
    /// It grows with each change of the state, not with the progress.
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

/// How far a job has come.
#[derive(Serialize, ToSchema)]
pub struct JobProgress {
    #[schema(minimum = 0)]
    done: i64,
    /// Of how many; null where that is not known.
    #[schema(minimum = 0)]
    of: Option<i64>,
    /// What is counted: `rows` or `values`.
    #[schema(max_length = 20, example = "rows")]
    unit: String,
}

impl From<JobRow> for JobResponse {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            progress: JobProgress { done: row.done, of: row.total, unit: row.kind.unit().to_owned() },
            result: row.result,
            problem: None,
            made_by: row.made_by,
            created_at: instant(row.created_at),
            started_at: row.started_at.map(instant),
            ended_at: row.ended_at.map(instant),
            expires_at: instant(row.expires_at),
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

impl JobResponse {
    /// With why it failed.
    ///
    /// # Errors
    /// `internal` for a problem that cannot be read.
    pub fn whole(conn: &mut Conn, row: JobRow) -> Result<Self> {
        let failed = row.state == JobState::Failed;
        let problem = if failed { Some(serde_json::from_slice(&jobs::answer(conn, row.id)?)?) } else { None };
        Ok(Self { problem, ..row.into() })
    }
}

impl Record for JobResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

/// Whether a `Prefer` header asks for an answer later.
pub fn prefers_later(prefer: &str) -> bool {
    let name = |preference: &str| preference.split([';', '=']).next().unwrap_or_default().trim().to_ascii_lowercase();
    prefer.split(',').any(|preference| name(preference) == "respond-async")
}

/// Ends a job with the answer of its request, in the transaction of what was done.
///
/// # Errors
/// As [`jobs::end`].
pub fn end(conn: &mut Conn, context: &Context, run: &Run, reply: &Reply) -> Result<()> {
    let outcome = if reply.status < 300 {
        let location = reply.headers.iter().find(|(name, _)| *name == "Location").map(|(_, path)| path.clone());
        let size = jobs::add_answer(conn, run, 0, reply.body.as_slice(), context.now)?;
        Outcome::Succeeded(location, reply.content_type.to_owned(), size)
    } else {
        Outcome::Failed(reply.body.clone())
    };
    jobs::end(conn, run, outcome, context.now)
}

#[cfg(test)]
mod tests {
    use super::prefers_later;

    #[test]
    fn a_preference_is_found_among_others() {
        for (prefer, expected) in [
            ("respond-async", true),
            ("Respond-Async", true),
            ("wait=10, respond-async", true),
            ("respond-async; priority=low", true),
            ("return=minimal", false),
            ("not-respond-async", false),
            ("", false),
        ] {
            assert_eq!(prefers_later(prefer), expected, "{prefer}");
        }
    }
}
