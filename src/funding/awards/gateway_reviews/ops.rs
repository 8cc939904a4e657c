//! What can be done with gateway reviews, each in one serializable transaction.

use super::rules::{
    Advice, AdviserRole, AskedReviewMove, GatewayDecision, GatewayReview, GatewayReviewState, Recommendation,
};
use super::store::{self, GatewayReviewRow};
use crate::access::Role;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::Event;
use crate::funding::awards::milestones;
use crate::funding::awards::ops::{advance, get_award, reached, trace};
use crate::funding::awards::rules::AwardState;
use crate::funding::awards::store::AwardRow;
use crate::http::{Context, Patch};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::rules::{Machine, Move};
use crate::vocabulary::{Id, instant};
use serde_json::json;

/// The name of a review's moves among those of every resource.
pub const RESOURCE: &str = "gateway-review";

/// # Errors
/// `not-found` for the award or the review.
pub fn get_gateway_review(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<Stored<GatewayReview>> {
    let award = get_award(conn, context, award)?;
    find(conn, award.row.id, id)?.stored(context.today())
}

fn find(conn: &mut Conn, award: Id, id: &str) -> Result<GatewayReviewRow> {
    by_id(id, "gateway review", |id| store::find(conn, award, id))
}

fn finish(
    conn: &mut Conn,
    context: &Context,
    award: &AwardRow,
    row: GatewayReviewRow,
) -> Result<Stored<GatewayReview>> {
    let data = json!({ "award": award.id, "state": row.state, "dueOn": row.due_on, "decision": row.decision });
    trace(conn, context, award, Event::new(RESOURCE, &row.id.to_string(), row.version, data))?;
    row.stored(context.today())
}

/// Schedules a review of an award.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `illegal-transition` for an award that is over.
pub fn create_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    new: GatewayReview,
) -> Result<Stored<GatewayReview>> {
    let award = reached(conn, context, award)?;
    if award.row.state.is_over() {
        return Err(Error::new(Code::IllegalTransition).detail("The award is over, so there is nothing to review."));
    }
    award.row.begins().check("/dueOn", new.due_on)?;
    let row = GatewayReviewRow::new(context, new, award.row.id);
    store::insert(conn, &row)?;
    finish(conn, context, &award.row, row)
}

/// Changes the title and due date of a review, until it is decided.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    patch: &Patch<GatewayReview>,
) -> Result<Stored<GatewayReview>> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    let Some(new) = context.revised(&present.review(), present.version, patch)? else {
        return present.stored(context.today());
    };
    present.state.check_change()?;
    award.row.begins().check("/dueOn", new.due_on)?;
    let row = GatewayReviewRow { title: new.title, due_on: new.due_on, ..present.next(context) };
    store::update(conn, &row)?;
    finish(conn, context, &award.row, row)
}

/// Adds a recommendation, which replaces an earlier one by the same person.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` unless the review is in progress.
pub fn recommend_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    advice: Advice,
) -> Result<Stored<GatewayReview>> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    if present.state != GatewayReviewState::InProgress {
        let detail = "A recommendation can be made only while the review is in progress.";
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("state", present.state.as_str()));
    }
    let role = if context.actor.has(Role::Evaluator) || context.actor.has(Role::NationalEvaluator) {
        AdviserRole::Evaluator
    } else {
        AdviserRole::ProgrammeManager
    };
    let by = context.actor.subject.clone();
    let mut recommendations = present.recommendations()?;
    recommendations.retain(|other| other.by != by);
    let (Advice { decision, comment }, at) = (advice, instant(context.now.naive_utc()));
    recommendations.push(Recommendation { by, role, decision, comment, at });
    let recommendations = serde_json::to_string(&recommendations)?;
    let row = GatewayReviewRow { recommendations, ..present.next(context) };
    store::update(conn, &row)?;
    finish(conn, context, &award.row, row)
}

/// Moves a review. A decision to pause suspends an active award; conditions become its milestones; a decision to stop
/// allows the termination of the award.
///
/// # Errors
/// `not-found`, `forbidden` when somebody other than a national administrator decides, `version-mismatch`, `illegal-transition`,
/// `validation-failed`.
pub fn transition_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    asked: AskedReviewMove,
) -> Result<Stored<GatewayReview>> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    context.check_version(present.version)?;
    let (asked, verdict) = asked.parts();
    let step: Move<GatewayReviewState> = asked.read(context.today())?;
    step.decide(present.state)?;
    let (from, mut row) = (present.state, GatewayReviewRow { state: step.to, ..present.next(context) });
    if step.to == GatewayReviewState::Decided {
        context.reach().require_everything()?;
        let decision = verdict.check()?;
        row.decision = Some(decision);
        row.reason = step.reason.clone();
        row.decided_by = Some(context.actor.subject.clone());
        row.decided_at = Some(context.now.naive_utc());
        for (at, condition) in verdict.conditions.into_iter().enumerate() {
            award.row.begins().check(&format!("/conditions/{at}/dueOn"), condition.due_on)?;
            milestones::ops::make(conn, context, &award.row, Some(row.id), condition.into())?;
        }
        if decision == GatewayDecision::Pause && award.row.state.next().contains(&AwardState::Suspended) {
            let (reason, effective_on) = (step.reason.clone(), step.effective_on);
            advance(conn, context, &award, &Move { to: AwardState::Suspended, reason, effective_on })?;
        }
    } else {
        verdict.check_empty()?;
    }
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    store::update(conn, &row)?;
    finish(conn, context, &award.row, row)
}
