//! What can be done with reviews, each in one transaction.

use super::rules::{Judgement, NewReview, ReviewState, Scores, mean_ppm, misfits, score_ppm};
use super::store::{self, ReviewRow};
use crate::access::outside;
use crate::applications::ops::{Standing, get_application};
use crate::applications::store::{self as applications, ApplicationRow};
use crate::db::json::Json;
use crate::db::{Conn, by_id, dialect};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes::calls;
use crate::programmes::calls::rules::Criterion;
use crate::transitions;
use crate::transitions::rules::{AskedMove, Move};
use serde_json::{Value, json};

/// The name of a review's moves among those of every resource.
pub const RESOURCE: &str = "review";

fn trace(
    conn: &mut Conn,
    context: &Context,
    row: &ReviewRow,
    application: &ApplicationRow,
    mut data: Value,
) -> Result<()> {
    data["application"] = json!(row.application_id);
    let event = Event::new(RESOURCE, &row.id.to_string(), row.version, data);
    let (programme, owner) = (Some(application.programme.clone()), Some(row.reviewer.clone()));
    events::record(conn, context, Event { programme, owner, ..event })
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
pub fn create_review(conn: &mut Conn, context: &Context, application: &str, new: NewReview) -> Result<ReviewRow> {
    let (found, standing) = get_application(conn, context, application)?;
    if standing != Standing::Programme {
        return Err(outside());
    }
    let application = found.row;
    if new.reviewer == application.applicant {
        return Err(Error::invalid("/reviewer", "conflict-of-interest", "Nobody reviews their own application."));
    }
    if !application.state_at(context.now).is_reviewed() {
        let detail = "Reviewers are asked while an application is under review, shortlisted or at interview.";
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("state", application.state.as_str()));
    }
    let row = ReviewRow::new(context, application.id, new.reviewer)?;
    store::insert(conn, &row)?;
    trace(conn, context, &row, &application, json!({}))?;
    Ok(row)
}

/// A review that the caller may see, with its application.
///
/// # Errors
/// `not-found`.
pub fn get_review(conn: &mut Conn, context: &Context, id: &str) -> Result<(ReviewRow, ApplicationRow)> {
    let row = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    let application = reviewed(conn, context, &row.application_id.to_string());
    Ok((row, application.map_err(|_| Error::not_found(RESOURCE))?))
}

/// A review that the caller was asked for, with the criteria of its call.
fn own(conn: &mut Conn, context: &Context, id: &str) -> Result<(ReviewRow, ApplicationRow, Vec<Criterion>)> {
    let (row, application) = get_review(conn, context, id)?;
    if row.reviewer != context.actor.subject {
        return Err(Error::new(Code::Forbidden).detail("Only its reviewer can change a review."));
    }
    context.check_version(row.version)?;
    let criteria = calls::ops::get_call(conn, &application.call_id.to_string())?.row.criteria.value;
    Ok((row, application, criteria))
}

/// Changes a review until it is submitted.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but its reviewer, `version-mismatch`, `immutable` once it is submitted,
/// `validation-failed`.
pub fn update_review(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Judgement>) -> Result<ReviewRow> {
    let (present, application, criteria) = own(conn, context, id)?;
    if present.state != ReviewState::Assigned {
        return Err(Error::new(Code::Immutable).detail("A review cannot change once it is submitted."));
    }
    let check = |new: Judgement| new.check(&criteria);
    let Some(new) = context.revised_by(&present.judgement(), present.version, patch, check)? else {
        return Ok(present);
    };
    let row = present.revised(context, new)?;
    store::update(conn, &row)?;
    trace(conn, context, &row, &application, json!({ "application": row.application_id }))?;
    Ok(row)
}

/// Submits a review, or records that its reviewer steps back for a conflict of interest, which removes the scores.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but its reviewer, `version-mismatch`, `illegal-transition`,
/// `validation-failed` for missing scores or a missing conflict of interest.
pub fn transition_review(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<ReviewRow> {
    let (present, application, criteria) = own(conn, context, id)?;
    let step: Move<ReviewState> = asked.read(context.today())?;
    let from = present.state;
    step.decide(from)?;
    let mut row = present;
    (row.state, row.version, row.updated_at) = (step.to, row.version + 1, context.now.naive_utc());
    if step.to == ReviewState::Recused {
        row.conflict.clone_from(&step.reason);
        (row.scores, row.recommendation, row.comment) = (Json::new(Scores::new())?, None, None);
    } else {
        let scores = &row.scores.value;
        let faults = misfits(scores, &criteria, true);
        if !faults.is_empty() {
            return Err(Error::validation(faults));
        }
        row.score_ppm = Some(score_ppm(scores, &criteria));
        row.submitted_at = Some(context.now.naive_utc());
    }
    // Two reviews submitted at once would each miss the other's score in the mean.
    dialect::lock(conn, LOCK)?;
    store::update(conn, &row)?;
    let scores = store::scores(conn, application.id)?;
    applications::score(conn, application.id, mean_ppm(&scores), i32::try_from(scores.len()).unwrap_or(i32::MAX))?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    let data = json!({ "application": row.application_id, "from": from, "to": step.to });
    trace(conn, context, &row, &application, data)?;
    Ok(row)
}

/// "REVIEWS".
const LOCK: i64 = 0x0052_4556_4945_5753;
