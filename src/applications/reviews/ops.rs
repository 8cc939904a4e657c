//! What can be done with reviews, each in one transaction.

use super::rules::{Recommendation, ReviewState, Scores, mean_ppm, misfits, score_ppm};
use super::store::{self, ReviewRow};
use crate::applications::ops::{Standing, get_application};
use crate::applications::store::{self as applications, ApplicationRow};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::programmes::calls;
use crate::programmes::calls::rules::Criterion;
use crate::transitions;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use serde_json::{Value, json};

/// The name of a review's moves among those of every resource.
pub const RESOURCE: &str = "review";

/// What a reviewer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub scores: Scores,
    pub recommendation: Option<Recommendation>,
    pub comment: Option<String>,
}

impl ReviewRow {
    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn scores(&self) -> Result<Scores> {
        Ok(serde_json::from_str(&self.scores)?)
    }

    /// Whether the caller may see what was judged: their own, or once theirs is in, everyone's.
    pub fn is_open_to(&self, subject: &str, own: Option<&ReviewRow>) -> bool {
        self.reviewer == subject || own.is_none_or(|own| own.state == ReviewState::Submitted)
    }
}

fn trace(conn: &mut Conn, context: &Context, row: &ReviewRow, application: &ApplicationRow, data: Value) -> Result<()> {
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: Some(application.programme.clone()), ..event })
}

/// The reviews of an application are for the programme and its reviewers, not for the applicant.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn reviewed(conn: &mut Conn, context: &Context, id: &str) -> Result<ApplicationRow> {
    let (found, standing) = get_application(conn, context, id)?;
    if standing == Standing::Applicant { Err(outside()) } else { Ok(found.row) }
}

/// Asks a reviewer to score an application.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` before it is under review or after its decision,
/// `validation-failed` for the applicant as reviewer, `already-exists`.
pub fn create_review(conn: &mut Conn, context: &Context, application: &str, reviewer: &str) -> Result<ReviewRow> {
    let (found, standing) = get_application(conn, context, application)?;
    if standing != Standing::Programme {
        return Err(outside());
    }
    let application = found.row;
    if reviewer == application.applicant {
        return Err(Error::invalid("/reviewer", "conflict-of-interest", "Nobody reviews their own application."));
    }
    if !application.state_at(context.now).is_reviewed() {
        let detail = "Reviewers are asked while an application is under review, shortlisted or at interview.";
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("state", application.state.as_str()));
    }
    let now = context.now.naive_utc();
    let row = ReviewRow {
        id: Id::generate(),
        application_id: application.id,
        reviewer: reviewer.to_owned(),
        state: ReviewState::Assigned,
        conflict: None,
        scores: "{}".to_owned(),
        score_ppm: None,
        recommendation: None,
        comment: None,
        submitted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    trace(conn, context, &row, &application, json!({ "application": row.application_id, "reviewer": row.reviewer }))?;
    Ok(row)
}

/// A review that the caller may see, with its application and the caller's own review of that.
///
/// # Errors
/// `not-found`.
pub fn get_review(
    conn: &mut Conn,
    context: &Context,
    id: &str,
) -> Result<(ReviewRow, ApplicationRow, Option<ReviewRow>)> {
    let missing = || Error::not_found("review");
    let row = Id::parse(id).map(|id| store::find(conn, id)).transpose()?.flatten().ok_or_else(missing)?;
    let application = reviewed(conn, context, &row.application_id.to_string()).map_err(|_| missing())?;
    let own = store::find_of(conn, application.id, &context.actor.subject)?;
    Ok((row, application, own))
}

/// A review in its reviewer's hands, still to be submitted, with the criteria of its call.
fn own(conn: &mut Conn, context: &Context, id: &str) -> Result<(ReviewRow, ApplicationRow, Vec<Criterion>)> {
    let (row, application, _) = get_review(conn, context, id)?;
    if row.reviewer != context.actor.subject {
        return Err(Error::new(Code::Forbidden).detail("Only its reviewer writes a review."));
    }
    context.check_version(row.version)?;
    let criteria = calls::ops::get_call(conn, &application.call_id.to_string())?.row.criteria()?;
    Ok((row, application, criteria))
}

/// Writes a review that is still to be submitted.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but its reviewer, `version-mismatch`, `immutable` once it is submitted,
/// `validation-failed`.
pub fn update_review(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Judgement) -> Result<Judgement>,
) -> Result<ReviewRow> {
    let (present, application, criteria) = own(conn, context, id)?;
    if present.state != ReviewState::Assigned {
        return Err(Error::new(Code::Immutable).detail("Once it is submitted, a review stays as it is."));
    }
    let before = Judgement {
        scores: present.scores()?,
        recommendation: present.recommendation,
        comment: present.comment.clone(),
    };
    let new = change(before.clone())?;
    if new == before {
        return Ok(present);
    }
    let faults = misfits(&new.scores, &criteria, false);
    if !faults.is_empty() {
        return Err(Error::validation(faults));
    }
    let row = ReviewRow {
        scores: serde_json::to_string(&new.scores)?,
        recommendation: new.recommendation,
        comment: new.comment,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    store::update(conn, &row)?;
    trace(conn, context, &row, &application, json!({ "application": row.application_id }))?;
    Ok(row)
}

/// Submits a review, or takes its reviewer out for a conflict of interest, which wipes the scores.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but its reviewer, `version-mismatch`, `illegal-transition`,
/// `validation-failed` for scores that are missing or a conflict that is not told.
pub fn transition_review(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<ReviewRow> {
    let (present, application, criteria) = own(conn, context, id)?;
    let step: Move<ReviewState> = asked.read(context.today())?;
    let from = present.state;
    step.decide(from)?;
    let mut row =
        ReviewRow { state: step.to, version: present.version + 1, updated_at: context.now.naive_utc(), ..present };
    if step.to == ReviewState::Recused {
        row = ReviewRow {
            conflict: step.reason.clone(),
            scores: "{}".to_owned(),
            recommendation: None,
            comment: None,
            ..row
        };
    } else {
        let scores = row.scores()?;
        let faults = misfits(&scores, &criteria, true);
        if !faults.is_empty() {
            return Err(Error::validation(faults));
        }
        row.score_ppm = Some(score_ppm(&scores, &criteria));
        row.submitted_at = Some(context.now.naive_utc());
    }
    // Two reviews submitted at once would each miss the other's score in the mean.
    dialect::lock(conn, LOCK)?;
    store::update(conn, &row)?;
    let scores = store::scores(conn, application.id)?;
    applications::score(conn, application.id, mean_ppm(&scores), i32::try_from(scores.len()).unwrap_or(i32::MAX))?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    trace(
        conn,
        context,
        &row,
        &application,
        json!({ "application": row.application_id, "from": from, "to": step.to }),
    )?;
    Ok(row)
}

/// "REVIEWS".
const LOCK: i64 = 0x0052_4556_4945_5753;
