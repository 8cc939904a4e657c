//! What can be done with awards, each in one serializable transaction.

use super::gateway_reviews;
use super::rules::{Award, AwardState, PlannedYear, Recipient};
use super::store::{self, AwardRow, NamedAward, Sight};
use crate::access::{Operation, Reach};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, by_id, references};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::funding::funds;
use crate::funding::ledger;
use crate::funding::ledger::ops::{Posting, post_to_award, release_rest};
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::money::Money;
use crate::people::{self, fellowships};
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::{Id, fold};
use crate::{innovations, organisations, programmes, transitions};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

/// The name of an award's moves among those of every resource.
pub const RESOURCE: &str = "award";

/// A dated decision from outside the register that an award is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub reference: String,
    pub on: NaiveDate,
}

impl NamedAward {
    pub fn amount(&self) -> Money {
        Money::of(self.row.amount_minor, &self.row.currency)
    }

    /// The award in the words it is sent in.
    ///
    /// # Errors
    /// `internal` for one without a recipient.
    fn award(&self, profile: Vec<PlannedYear>) -> Result<Award> {
        let recipient = match (&self.organisation, self.row.recipient_person_id) {
            (Some(code), _) => Recipient::Organisation(code.clone()),
            (None, Some(person)) => Recipient::Person(person),
            (None, None) => return Err(Error::internal("an award has no recipient")),
        };
        Ok(Award {
            fund: self.fund.clone(),
            programme: self.row.programme.clone(),
            kind: self.row.kind,
            title: self.row.title.clone(),
            description: self.row.description.clone(),
            recipient,
            innovation: self.innovation.clone(),
            fellowship: self.row.fellowship_id,
            amount: self.amount(),
            planned_from: self.row.planned_from,
            planned_to: self.row.planned_to,
            profile,
            evaluation_plan: self.row.evaluation_plan.clone(),
            geocode: self.row.geocode.clone(),
            published: self.row.published,
            illustrative: self.row.illustrative,
        })
    }
}

/// Which awards the caller sees.
pub fn sight(context: &Context) -> Sight {
    Sight { reach: context.actor.reach(Operation::get_award), subject: context.actor.subject.clone(), today: context.today() }
}

/// An award that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_award(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAward> {
    by_id(id, "award", |id| store::find(conn, &sight(context), id))
}

/// What is planned to be paid in each year.
///
/// # Errors
/// The database's own.
pub fn profile(conn: &mut Conn, award: Id) -> Result<Vec<PlannedYear>> {
    Ok(store::profiles(conn, &[award])?.remove(&award).unwrap_or_default())
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
///
/// # Errors
/// The database's own.
pub fn actions(conn: &mut Conn, context: &Context, found: &NamedAward) -> Result<Vec<&'static str>> {
    let state = found.row.state;
    let possible = [
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

/// Records what was done to an award.
///
/// # Errors
/// The database's own.
pub fn trace(conn: &mut Conn, context: &Context, row: &AwardRow, event: Event) -> Result<()> {
    let scopes = Event {
        organisation_id: row.recipient_organisation_id,
        innovation_id: row.innovation_id,
        programme: row.programme.clone(),
        ..event
    };
    events::record(conn, context, scopes)
}

/// Records the change and answers the award as it is now, in whatever scope it is now.
fn finish(conn: &mut Conn, context: &Context, row: &AwardRow, data: Value) -> Result<NamedAward> {
    trace(conn, context, row, Event::new(RESOURCE, &row.id.to_string(), row.version, data))?;
    let everything = Sight { reach: Reach::everything(), ..sight(context) };
    store::find(conn, &everything, row.id)?.ok_or_else(|| Error::internal("an award was lost"))
}

/// The row of an award, with the ids behind what it names.
fn row(conn: &mut Conn, context: &Context, new: &Award, present: Option<&AwardRow>) -> Result<AwardRow> {
    let fund = funds::ops::referred(conn, context, "/fund", &new.fund)?;
    new.amount.check_currency(&fund.currency, "fund")?;
    let programme = match &new.programme {
        Some(slug) => Some(programmes::ops::referred(conn, "/programme", slug)?),
        None => fund.programme.clone(),
    };
    context.keep_programme(programme.as_deref())?;
    let (organisation, person) = match &new.recipient {
        Recipient::Organisation(code) => {
            (Some(organisations::ops::referred(conn, "/recipientOrganisation", code)?), None)
        }
        Recipient::Person(id) => (None, Some(people::ops::referred(conn, "/recipientPerson", *id)?)),
    };
    let innovation =
        new.innovation.as_ref().map(|slug| innovations::ops::referred(conn, "/innovation", slug)).transpose()?;
    let fellowship = new.fellowship.map(|id| fellowships::ops::referred(conn, "/fellowship", id)).transpose()?;
    let fellowship = fellowship.map(|row| row.id);
    let now = context.now.naive_utc();
    let reference = match present {
        Some(row) => row.reference.clone(),
        None => references::next(conn, "AWD", context.today().year())?,
    };
    Ok(AwardRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        search_text: fold(&format!("{reference} {}", new.title)),
        reference,
        fund_id: fund.id,
        programme,
        kind: new.kind,
        sort_title: fold(&new.title),
        title: new.title.clone(),
        description: new.description.clone(),
        recipient_organisation_id: organisation,
        recipient_person_id: person,
        innovation_id: innovation,
        fellowship_id: fellowship,
        amount_minor: new.amount.minor,
        currency: fund.currency,
        awarded_on: present.and_then(|row| row.awarded_on),
        planned_from: new.planned_from,
        planned_to: new.planned_to,
        state: present.map_or(AwardState::Proposed, |row| row.state),
        evaluation_plan: new.evaluation_plan.clone(),
        geocode: new.geocode.clone(),
        published: new.published,
        illustrative: new.illustrative,
        proposed_by: context.actor.subject.clone(),
        approved_by: present.and_then(|row| row.approved_by.clone()),
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

/// Proposes an award. Nothing is set aside for it before it is approved.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_award(conn: &mut Conn, context: &Context, new: Award) -> Result<NamedAward> {
    let new = new.checked()?;
    let row = row(conn, context, &new, None)?;
    store::insert(conn, &row, &new.profile)?;
    ledger::store::open_award(conn, row.id)?;
    let data = json!({ "reference": row.reference, "amount": new.amount.amount(), "currency": row.currency });
    finish(conn, context, &row, data)
}

/// Changes an award: everything while it is proposed, and afterwards all but its terms (whose money, how much, for whom
/// and what). Whoever changes the terms is its proposer from then on.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_award(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Award) -> Result<Award>,
) -> Result<NamedAward> {
    let present = reached(conn, context, id)?;
    context.check_version(present.row.version)?;
    let before = present.award(profile(conn, present.row.id)?)?;
    let new = change(before.clone())?.checked()?;
    if new == before {
        return Ok(present);
    }
    let terms = new.differs_in_terms(&before);
    if terms && present.row.state != AwardState::Proposed {
        let detail = "Once it is decided on, an award's fund, programme, kind, recipient, innovation, amount and beginning stay.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    let changed = row(conn, context, &new, Some(&present.row))?;
    let proposed_by = if terms { changed.proposed_by.clone() } else { present.row.proposed_by };
    let changed = AwardRow { proposed_by, ..changed };
    store::update(conn, &changed, Some(&new.profile))?;
    finish(conn, context, &changed, json!({ "terms": terms, "amount": new.amount.amount() }))
}

/// Whether the caller is the person an award goes to.
fn receives(context: &Context, found: &NamedAward) -> bool {
    found.person_subject.as_deref() == Some(context.actor.subject.as_str())
}

/// What must be so before an award makes a move that the machine has.
fn may_move(
    conn: &mut Conn,
    context: &Context,
    found: &NamedAward,
    to: AwardState,
    authority: Option<&Authority>,
) -> Result<()> {
    let same = |other: &str| other == context.actor.subject;
    match to {
        AwardState::Approved if same(&found.row.proposed_by) || receives(context, found) => {
            Err(Error::new(Code::SeparationOfDuties).detail("Nobody approves an award they proposed or would receive."))
        }
        AwardState::Active if found.row.evaluation_plan.is_none() => Err(Error::new(Code::EvaluationPlanMissing)),
        AwardState::Terminated => {
            // A programme proposes this, by recommending to stop at a gateway.
            context.reach().require_everything()?;
            if authority.is_some_and(|authority| authority.on > context.today()) {
                return Err(Error::invalid("/authority/on", "future", "The authority cannot lie in the future."));
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

/// Moves an award, and its money with it: an approval sets the amount aside, and an end releases what is left.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`, `separation-of-duties`,
/// `insufficient-funds`, `evaluation-plan-missing`, `authority-missing`.
pub fn transition_award(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
    authority: Option<&Authority>,
) -> Result<NamedAward> {
    let found = reached(conn, context, id)?;
    context.check_version(found.row.version)?;
    let mut step: Move<AwardState> = asked.read(context.today())?;
    if step.to != AwardState::Terminated && authority.is_some() {
        return Err(Error::invalid("/authority", "unknown-property", "Only a termination is made on an authority."));
    }
    step.decide(found.row.state)?;
    may_move(conn, context, &found, step.to, authority)?;
    if let Some(Authority { reference, on }) = authority {
        let reason = step.reason.unwrap_or_default();
        step.reason = Some(format!("{reason} (on the authority of {reference}, {on})"));
    }
    advance(conn, context, &found, &step)
}

/// Makes a move that was decided, with what it does to the money.
///
/// # Errors
/// `insufficient-funds`, `version-mismatch`.
pub fn advance(conn: &mut Conn, context: &Context, found: &NamedAward, step: &Move<AwardState>) -> Result<NamedAward> {
    let (from, on) = (found.row.state, step.effective_on);
    let mut row = AwardRow {
        state: step.to,
        version: found.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..found.row.clone()
    };
    if step.to == AwardState::Approved {
        let (kind, amount) = (TransactionKind::Commitment, found.amount());
        post_to_award(conn, context, Posting { fund: row.fund_id, award: row.id, kind, amount, on, note: None })?;
        row.approved_by = Some(context.actor.subject.clone());
        row.awarded_on = Some(on);
    }
    if step.to.is_over() {
        release_rest(conn, context, (row.fund_id, row.id, &row.currency), on)?;
    }
    store::update(conn, &row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to, "effectiveOn": on }))
}

/// Raises an award's version after a movement of its money: its balance is part of what is told of it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn touch(conn: &mut Conn, context: &Context, row: &AwardRow) -> Result<()> {
    let touched = AwardRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row.clone() };
    store::update(conn, &touched, None)
}

/// The refusal for an award that is in no state for what is asked.
pub fn not_now(state: AwardState, states: &[AwardState]) -> Error {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let detail = format!("The award is {}; this is done while it is {}.", state.as_str(), words.join(", "));
    Error::new(Code::IllegalTransition).detail(detail).with("state", state.as_str()).with("allowed", words)
}

/// The award of an id, whoever asks, for features that refer to one.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, context: &Context, pointer: &str, id: Id) -> Result<NamedAward> {
    store::find(conn, &sight(context), id)?.ok_or_else(|| {
        let detail = "There is no award of that id that you may see.";
        Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-award", detail))
    })
}
