//! What can be done with gateway reviews, each in one serializable transaction.

use super::rules::{AdviserRole, GatewayDecision, GatewayReviewState};
use super::store::{self, GatewayReviewRow};
use crate::access::Role;
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Faults, Result};
use crate::events::Event;
use crate::funding::awards::milestones::ops::make_conditions;
use crate::funding::awards::ops::{advance, get_award, reached, trace};
use crate::funding::awards::rules::AwardState;
use crate::funding::awards::store::{AwardRow, NamedAward};
use crate::transitions;
use crate::transitions::rules::{AskedMove, Machine, Move};
use crate::vocabulary::{Id, instant};
use chrono::NaiveDate;
use serde_json::{Value, json};

/// The name of a review's moves among those of every resource.
pub const RESOURCE: &str = "gateway-review";

/// What somebody recommends.
#[derive(Debug, Clone)]
pub struct Advice {
    pub decision: GatewayDecision,
    pub comment: Option<String>,
}

/// What is decided.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub decision: Option<GatewayDecision>,
    /// What is to be reached by when, for a decision to continue with conditions.
    pub conditions: Vec<(String, NaiveDate)>,
}

impl GatewayReviewRow {
    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn recommendations(&self) -> Result<Vec<Value>> {
        Ok(serde_json::from_str(&self.recommendations)?)
    }
}

/// # Errors
/// `not-found` for the award or the review.
pub fn get_gateway_review(conn: &mut Conn, context: &Context, award: &str, id: &str) -> Result<GatewayReviewRow> {
    let award = get_award(conn, context, award)?;
    find(conn, award.row.id, id)
}

fn find(conn: &mut Conn, award: Id, id: &str) -> Result<GatewayReviewRow> {
    by_id(id, "gateway review", |id| store::find(conn, award, id))
}

fn told(conn: &mut Conn, context: &Context, award: &AwardRow, row: &GatewayReviewRow) -> Result<()> {
    let data = json!({ "award": award.id, "state": row.state, "dueOn": row.due_on, "decision": row.decision });
    trace(conn, context, award, Event::new(RESOURCE, &row.id.to_string(), row.version, data))
}

/// Schedules a review of an award.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` for an award that is over.
pub fn create_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    title: String,
    due_on: NaiveDate,
) -> Result<GatewayReviewRow> {
    let award = reached(conn, context, award)?;
    if award.row.state.is_over() {
        return Err(Error::new(Code::IllegalTransition).detail("The award is over: there is nothing to review."));
    }
    let now = context.now.naive_utc();
    let row = GatewayReviewRow {
        id: Id::generate(),
        award_id: award.row.id,
        title,
        due_on,
        state: GatewayReviewState::Scheduled,
        recommendations: "[]".to_owned(),
        decision: None,
        reason: None,
        decided_by: None,
        decided_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    told(conn, context, &award.row, &row)?;
    Ok(row)
}

fn changed(conn: &mut Conn, context: &Context, award: &NamedAward, row: GatewayReviewRow) -> Result<GatewayReviewRow> {
    let row = GatewayReviewRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    told(conn, context, &award.row, &row)?;
    Ok(row)
}

/// Changes what a review is called and when it is due, until it is decided.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    change: impl FnOnce((String, NaiveDate)) -> Result<(String, NaiveDate)>,
) -> Result<GatewayReviewRow> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    context.check_version(present.version)?;
    if present.state == GatewayReviewState::Decided {
        return Err(Error::new(Code::Immutable).detail("A review that was decided stays as it is."));
    }
    let (title, due_on) = change((present.title.clone(), present.due_on))?;
    if (&title, due_on) == (&present.title, present.due_on) {
        return Ok(present);
    }
    changed(conn, context, &award, GatewayReviewRow { title, due_on, ..present })
}

/// Adds a recommendation, in the place of an earlier one by the same person.
///
/// # Errors
/// `not-found`, `forbidden`, `illegal-transition` unless the review is in progress.
pub fn recommend_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    advice: &Advice,
) -> Result<GatewayReviewRow> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    if present.state != GatewayReviewState::InProgress {
        let detail = "Recommendations are made while a review is in progress.";
        return Err(Error::new(Code::IllegalTransition).detail(detail).with("state", present.state.as_str()));
    }
    let role = if context.actor.has(Role::Evaluator) { AdviserRole::Evaluator } else { AdviserRole::ProgrammeManager };
    let subject = &context.actor.subject;
    let mut recommendations = present.recommendations()?;
    recommendations.retain(|other| other["by"] != subject.as_str());
    recommendations.push(json!({
        "by": subject, "role": role, "decision": advice.decision, "comment": advice.comment,
        "at": instant(context.now.naive_utc())
    }));
    let recommendations = serde_json::to_string(&recommendations)?;
    changed(conn, context, &award, GatewayReviewRow { recommendations, ..present })
}

/// Moves a review. A decision to pause suspends an active award; conditions become its milestones; a decision to stop
/// is what a termination needs.
///
/// # Errors
/// `not-found`, `forbidden` to decide for any but national administrators, `version-mismatch`, `illegal-transition`,
/// `validation-failed`.
pub fn transition_gateway_review(
    conn: &mut Conn,
    context: &Context,
    award: &str,
    id: &str,
    asked: AskedMove,
    decision: Decision,
) -> Result<GatewayReviewRow> {
    let award = reached(conn, context, award)?;
    let present = find(conn, award.row.id, id)?;
    context.check_version(present.version)?;
    let step: Move<GatewayReviewState> = asked.read(context.today())?;
    step.decide(present.state)?;
    let (from, mut row) = (present.state, GatewayReviewRow { state: step.to, ..present });
    if step.to == GatewayReviewState::Decided {
        context.reach().require_everything()?;
        let made = decided(&decision)?;
        row.decision = Some(made);
        row.reason = step.reason.clone();
        row.decided_by = Some(context.actor.subject.clone());
        row.decided_at = Some(context.now.naive_utc());
        make_conditions(conn, context, &award.row, row.id, decision.conditions)?;
        if made == GatewayDecision::Pause && award.row.state.next().contains(&AwardState::Suspended) {
            let pause =
                Move { to: AwardState::Suspended, reason: step.reason.clone(), effective_on: step.effective_on };
            advance(conn, context, &award, &pause)?;
        }
    } else if decision.decision.is_some() || !decision.conditions.is_empty() {
        return Err(Error::invalid("/decision", "unknown-property", "A decision is told with the move to decided."));
    }
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    changed(conn, context, &award, row)
}

fn decided(decision: &Decision) -> Result<GatewayDecision> {
    let mut faults = Faults::default();
    if decision.decision.is_none() {
        faults.add(
            "/decision",
            "missing",
            format!("Expected one of {}.", <GatewayDecision as crate::vocabulary::Word>::WORDS.join(", ")),
        );
    }
    let conditional = decision.decision == Some(GatewayDecision::ContinueWithConditions);
    if conditional == decision.conditions.is_empty() {
        faults.add(
            "/conditions",
            "missing",
            "A decision to continue with conditions names them, and no other has any.",
        );
    }
    faults.check()?;
    decision.decision.ok_or_else(|| Error::internal("a fault was lost"))
}
