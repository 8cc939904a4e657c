//! What can be done with awards, each in one serializable transaction.

use super::gateway_reviews;
use super::rules::{AskedAwardMove, Authority, Award, AwardState, RUNNING};
use super::store::{self, AwardRow, NamedAward, References, Sight};
use super::transactions::rules::ruled_out;
use crate::access::{Operation, Reach, outside};
use crate::db::{Conn, by_id, references};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::funding::funds;
use crate::funding::funds::store::FundRow;
use crate::funding::ledger;
use crate::funding::ledger::ops::{Posting, release_rest};
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::years::Floor;
use crate::http::{Context, Patch};
use crate::people::{self, fellowships};
use crate::record::Stored;
use crate::transitions::authors;
use crate::transitions::rules::Move;
use crate::vocabulary::Id;
use crate::{innovations, organisations, programmes, transitions};
use chrono::Datelike;
use serde_json::{Value, json};

/// The name of an award's moves among those of every resource.
pub const RESOURCE: &str = "award";

/// An award that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_award(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAward> {
    by_id(id, "award", |id| store::find(conn, &Sight::of(context), id))
}

/// The award that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, context: &Context, pointer: &str, id: Id) -> Result<NamedAward> {
    store::find(conn, &Sight::of(context), id)?.ok_or_else(|| {
        let detail = "There is no award with this id that you may see.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-award", detail))
    })
}

fn covers(conn: &mut Conn, context: &Context, reach: &Reach, row: &AwardRow) -> Result<bool> {
    let (programme, organisation) = (row.programme.as_deref(), row.recipient_organisation_id);
    organisations::ops::covers(conn, context, reach, programme, organisation, row.innovation_id)
}

/// An award that the caller may see and that the operation's grants reach.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn reached(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAward> {
    let found = get_award(conn, context, id)?;
    if covers(conn, context, &context.reach(), &found.row)? { Ok(found) } else { Err(outside()) }
}

/// Operations on one award that the caller may do now.
fn actions(conn: &mut Conn, context: &Context, found: &NamedAward) -> Result<Vec<&'static str>> {
    let state = found.row.state;
    let possible = [
        (Operation::create_award_reprofiling, RUNNING.contains(&state)),
        (Operation::create_award_supplement, RUNNING.contains(&state)),
        (Operation::create_award_transaction, !matches!(state, AwardState::Proposed | AwardState::Rejected)),
        (Operation::create_gateway_review, !state.is_over()),
        (Operation::create_milestone, !state.is_over()),
        (Operation::transition_award, !state.is_over()),
        (Operation::update_award, true),
    ];
    let mut actions = Vec::with_capacity(possible.len());
    for (operation, now) in possible {
        if now && covers(conn, context, &context.actor.reach(operation), &found.row)? {
            actions.push(operation.id());
        }
    }
    Ok(actions)
}

/// The answer about one award, with the operations that the caller may do now.
pub fn answer(conn: &mut Conn, context: &Context, found: NamedAward) -> Result<Stored<Award>> {
    let actions = actions(conn, context, &found)?;
    let profile = ledger::store::profile(conn, found.row.id)?;
    found.stored(&profile, Some(actions))
}

/// Records what was done to an award.
pub fn trace(conn: &mut Conn, context: &Context, row: &AwardRow, event: Event) -> Result<()> {
    let owner = row.recipient_person_id.map(|person| people::store::subject_of(conn, person)).transpose()?;
    let scopes = Event {
        organisation_id: row.recipient_organisation_id,
        innovation_id: row.innovation_id,
        programme: row.programme.clone(),
        owner: owner.flatten(),
        ..event
    };
    events::record(conn, context, scopes)
}

/// Records the change and returns the award, even if the change moved it out of the caller's scope.
fn finish(conn: &mut Conn, context: &Context, row: &AwardRow, data: Value) -> Result<NamedAward> {
    trace(conn, context, row, Event::new(RESOURCE, &row.id.to_string(), row.version, data))?;
    let everything = Sight { reach: Reach::everything(), ..Sight::of(context) };
    store::find(conn, &everything, row.id)?.ok_or_else(|| Error::internal("an award was lost"))
}

/// Finds what an award refers to beside its fund. The caller must be able to change its programme.
fn references(conn: &mut Conn, context: &Context, new: &Award, fund: FundRow) -> Result<References> {
    new.amount.check_currency(&fund.currency, "fund")?;
    let programme = match &new.programme {
        Some(slug) => Some(programmes::ops::referred(conn, "/programme", slug)?),
        None => fund.programme,
    };
    context.keep_programme(programme.as_deref())?;
    let organisation = new.recipient_organisation.as_deref();
    let organisation =
        organisation.map(|code| organisations::ops::referred(conn, "/recipientOrganisation", code)).transpose()?;
    let person = new.recipient_person.map(|id| people::ops::referred(conn, "/recipientPerson", id)).transpose()?;
    let innovation = new.innovation.as_deref();
    let innovation = innovation.map(|slug| innovations::ops::referred(conn, "/innovation", slug)).transpose()?;
    if let Some(fellowship) = new.fellowship {
        fellowships::ops::referred(conn, "/fellowship", fellowship)?;
    }
    Ok(References { fund: fund.id, programme, organisation, person, innovation })
}

/// Proposes an award. Its money is committed once it is approved.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_award(conn: &mut Conn, context: &Context, new: Award) -> Result<NamedAward> {
    let fund = funds::ops::referred(conn, context, "/fund", &new.fund)?;
    let profile = new.check(funds::store::floor_of(conn, fund.id)?)?;
    let found = references(conn, context, &new, fund)?;
    let reference = references::next(conn, "AWD", context.today().year())?;
    let row = AwardRow::new(context, new, found, reference)?;
    store::insert(conn, &row)?;
    ledger::store::plan(conn, row.id, &profile)?;
    ledger::store::open_award(conn, row.id)?;
    let data = json!({ "reference": row.reference, "amount": row.amount().amount(), "currency": row.currency });
    finish(conn, context, &row, data)
}

/// Changes an award: everything while it is proposed, and afterwards all but its terms (fund, amount, recipient, purpose
/// and days) and its profile. Whoever changes the terms becomes its proposer, and whoever proposed it before does not approve it
/// either. Whoever approved it does not rewrite its text.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`,
/// `separation-of-duties`.
pub fn update_award(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Award>) -> Result<NamedAward> {
    let present = reached(conn, context, id)?;
    let before = present.award(&ledger::store::profile(conn, present.row.id)?)?;
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    let fund = funds::ops::referred(conn, context, "/fund", &new.fund)?;
    let plan = match present.row.state {
        AwardState::Proposed => Some(new.check(funds::store::floor_of(conn, fund.id)?)?),
        _ => None,
    };
    let text = |award: &Award| (award.title.clone(), award.description.clone());
    let (rewritten, replanned) = (text(&before) != text(&new), before.profile != new.profile);
    let found = references(conn, context, &new, fund)?;
    let row = present.row.clone().revised(context, new.clone(), found)?;
    let terms = row.terms() != present.row.terms();
    if let Some(profile) = plan {
        ledger::store::plan(conn, row.id, &profile)?;
    } else {
        new.check_decided()?;
        check_decided(terms, replanned)?;
    }
    if present.row.approved_by.as_ref() == Some(&context.actor.subject) && rewritten {
        let detail = "You approved this award, so somebody else must change its title or description.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    store::update(conn, &row)?;
    if terms {
        authors::keep(conn, RESOURCE, row.id, (&present.row.proposed_by, None))?;
    }
    if scope(&row) != scope(&present.row) {
        // Told to those who saw it until now as well.
        let event = Event::new(RESOURCE, &row.id.to_string(), row.version, json!({ "terms": terms }));
        trace(conn, context, &present.row, event)?;
    }
    finish(conn, context, &row, json!({ "terms": terms, "amount": row.amount().amount() }))
}

/// Whether an award that is decided on may change so.
fn check_decided(terms: bool, replanned: bool) -> Result<()> {
    let detail = match (terms, replanned) {
        (false, false) => return Ok(()),
        (false, true) => {
            "The profile of an award cannot change so once it is decided on. A reprofiling moves it between years."
        }
        (true, _) => {
            "The fund, programme, kind, recipient, fellowship, innovation, amount and days of an award cannot change once it is decided on. A supplement raises the amount."
        }
    };
    Err(Error::new(Code::Immutable).detail(detail))
}

/// What decides on who sees an award.
fn scope(row: &AwardRow) -> impl PartialEq + use<> {
    (row.recipient_organisation_id, row.recipient_person_id, row.innovation_id, row.programme.clone())
}

/// Whether the caller is the person an award goes to.
pub fn receives(context: &Context, found: &NamedAward) -> bool {
    found.person_subject.as_deref() == Some(context.actor.subject.as_str())
}

/// Checks what an award needs before a move.
fn may_move(
    conn: &mut Conn,
    context: &Context,
    found: &NamedAward,
    to: AwardState,
    authority: Option<&Authority>,
) -> Result<()> {
    let same = |other: &str| other == context.actor.subject;
    match to {
        AwardState::Approved => {
            let proposed =
                same(&found.row.proposed_by) || authors::wrote_before(conn, context, RESOURCE, found.row.id)?;
            if !proposed && !receives(context, found) {
                return Ok(());
            }
            let detail =
                "You proposed this award, changed its terms or would receive it, so somebody else must approve it.";
            Err(Error::new(Code::SeparationOfDuties).detail(detail))
        }
        AwardState::Active if found.row.evaluation_plan.is_none() => Err(Error::new(Code::EvaluationPlanMissing)),
        AwardState::Completed => check_finished(conn, found.row.id),
        AwardState::Terminated => {
            // A programme proposes this, by recommending to stop at a gateway.
            context.reach().require_everything()?;
            if let Some(Authority { on, .. }) = authority {
                found.row.approval().check("/authority/on", *on)?;
                if *on > context.today() {
                    return Err(Error::invalid("/authority/on", "future", "The authority cannot lie in the future."));
                }
            }
            if authority.is_some() || gateway_reviews::store::is_stopped(conn, found.row.id)? {
                Ok(())
            } else {
                Err(Error::new(Code::AuthorityMissing))
            }
        }
        _ => Ok(()),
    }
}

/// Checks that nothing of an award is still to come.
fn check_finished(conn: &mut Conn, award: Id) -> Result<()> {
    let milestones = store::planned_milestones(conn, award)?.into_iter().map(|title| {
        let detail =
            format!("The milestone \u{201c}{title}\u{201d} is planned. Say whether it was met, missed or waived.");
        Fault::new("/to", "open-milestone", detail)
    });
    let mut open: Vec<Fault> = milestones.collect();
    open.extend(store::undecided_reviews(conn, award)?.into_iter().map(|(title, due)| {
        let detail = format!("The gateway review \u{201c}{title}\u{201d}, due on {due}, is not decided.");
        Fault::new("/to", "undecided-review", detail)
    }));
    if open.is_empty() {
        return Ok(());
    }
    let detail = "An award is completed once no milestone is planned and every gateway review is decided.";
    Err(Error::new(Code::IllegalTransition).detail(detail).faults(open))
}

/// Moves an award, and its money with it: an approval commits the amount, and an end releases what is left.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition` also for a completion while something is still to come,
/// `validation-failed`, `separation-of-duties`, `insufficient-funds`, `evaluation-plan-missing`, `authority-missing`.
pub fn transition_award(conn: &mut Conn, context: &Context, id: &str, asked: AskedAwardMove) -> Result<NamedAward> {
    let found = reached(conn, context, id)?;
    context.check_version(found.row.version)?;
    let (asked, authority) = asked.parts();
    let mut step: Move<AwardState> = asked.read(context.today())?;
    if step.to != AwardState::Terminated && authority.is_some() {
        return Err(Error::invalid("/authority", "unknown-property", "Only a termination takes an authority."));
    }
    step.decide(found.row.state)?;
    may_move(conn, context, &found, step.to, authority.as_ref())?;
    if let Some(Authority { reference, on }) = authority {
        let reason = step.reason.unwrap_or_default();
        step.reason = Some(format!("{reason} (on the authority of {reference}, {on})"));
    }
    advance(conn, context, &found, &step)
}

/// Makes a move, and moves the money that it moves.
///
/// # Errors
/// `insufficient-funds`, `version-mismatch`, `validation-failed` for a day before the last move, the fund's first day or a movement of
/// money that there cannot be once the move is made.
pub fn advance(conn: &mut Conn, context: &Context, found: &NamedAward, step: &Move<AwardState>) -> Result<NamedAward> {
    let (from, on) = (found.row.state, step.effective_on);
    let mut row = AwardRow { state: step.to, ..found.row.clone().touched(context) };
    let floor = match store::last_moved(conn, row.id)? {
        Some(day) => Floor::new(day, "its last move took effect on that day"),
        None => funds::store::floor_of(conn, row.fund_id)?,
    };
    let posted = ledger::store::last_posted(conn, row.id, ruled_out(step.to))?;
    let posted = posted
        .map(|day| Floor::new(day, "there is a movement of its money on that day that there cannot be afterwards"));
    posted.map_or(floor, |posted| floor.and(posted)).check("/effectiveOn", on)?;
    if step.to == AwardState::Approved {
        let (kind, amount, profile) =
            (TransactionKind::Commitment, row.amount(), ledger::store::profile(conn, row.id)?);
        let posting = Posting { fund: row.fund_id, award: row.id, kind, amount, on, note: None };
        ledger::ops::commit(conn, context, posting, &profile)?;
        row.approved_by = Some(context.actor.subject.clone());
        row.awarded_on = Some(on);
    }
    if step.to.is_over() {
        release_rest(conn, context, (row.fund_id, row.id, &row.currency), on)?;
    }
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": on }))
}

/// The error for an award in the wrong state.
pub fn not_now(state: AwardState, states: &[AwardState]) -> Error {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let detail = format!("The award is {}. This can be done while it is {}.", state.as_str(), words.join(", "));
    Error::new(Code::IllegalTransition).detail(detail).with("state", state.as_str()).with("allowed", words)
}
