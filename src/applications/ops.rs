//! What can be done with applications, each in one transaction.

use super::reviews;
use super::rules::{Application, ApplicationState, ineligibilities, offer_expires_at, takes};
use super::store::{self, ApplicationRow, ListApplications, NamedApplication, Parties, RankedApplication, Sight};
use crate::access::{Operation, Role, outside};
use crate::db::json::Json;
use crate::db::list::Listed;
use crate::db::{Conn, by_id, references};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes::calls;
use crate::programmes::calls::form::Form;
use crate::programmes::calls::store::{CallRow, WholeCall};
use crate::programmes::ops::kept;
use crate::transitions::rules::{AskedMove, Machine, Move};
use crate::vocabulary::{Timestamp, instant};
use crate::{innovations, organisations, transitions};
use chrono::Datelike;
use serde_json::{Map, Value, json};

/// The name of an application's moves among those of every resource.
pub const RESOURCE: &str = "application";

/// The caller's part in an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The caller decides on it for the programme.
    Programme,
    /// The caller wrote it.
    Applicant,
    /// The caller was asked to review it.
    Reviewer,
}

/// An application that the caller may see, with the caller's part in it.
///
/// # Errors
/// `not-found`, also when the caller may not see it.
pub fn get_application(conn: &mut Conn, context: &Context, id: &str) -> Result<(NamedApplication, Standing)> {
    let found = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, found.row.organisation_id, RESOURCE)?;
    let subject = &context.actor.subject;
    let standing = if found.row.applicant == *subject {
        Standing::Applicant
    } else if context.reach().names(Some(&found.row.programme), None) {
        Standing::Programme
    } else if reviews::store::find_of(conn, found.row.id, subject)?.is_some() {
        Standing::Reviewer
    } else {
        return Err(Error::not_found(RESOURCE));
    };
    Ok((found, standing))
}

/// Everything held about the applications that somebody wrote, with their present data.
pub fn of_applicant(conn: &mut Conn, subject: &str) -> Result<Vec<Value>> {
    let rows = store::of_applicant(conn, subject)?;
    rows.into_iter()
        .map(|row| {
            let data = data(conn, &row)?;
            Ok(json!({ "id": row.id, "reference": row.reference, "title": row.title, "state": row.state, "data": data }))
        })
        .collect()
}

/// The applications to a call that lists show to the caller.
///
/// # Errors
/// `not-found` for the call.
pub fn list_applications(
    conn: &mut Conn,
    context: &Context,
    call: &str,
    asked: &ListApplications,
) -> Result<<NamedApplication as Listed>::Query> {
    let call = calls::ops::get_call(conn, call)?.row;
    let all = context.reach().names(Some(&call.programme), None);
    let sight = if all { Sight::All } else { Sight::Of(context.actor.subject.clone()) };
    Ok(store::list(context, call.id, sight, asked))
}

/// The ranking of the applications to a call, for its programme.
///
/// # Errors
/// `not-found` for the call, `forbidden`.
pub fn list_call_ranking(
    conn: &mut Conn,
    context: &Context,
    call: &str,
) -> Result<<RankedApplication as Listed>::Query> {
    let call = calls::ops::get_call(conn, call)?.row;
    kept(conn, context, &call.programme)?;
    Ok(store::ranking(call.id, &context.actor.subject))
}

/// The present data of an application.
///
/// # Errors
/// `internal` when it is not there.
pub fn data(conn: &mut Conn, row: &ApplicationRow) -> Result<Map<String, Value>> {
    let data = store::data(conn, row.id, row.data_version)?;
    data.map(|data| data.value).ok_or_else(|| Error::internal("data was lost"))
}

/// Operations on one application that the caller may do now.
pub fn actions(context: &Context, row: &ApplicationRow, standing: Standing) -> Vec<&'static str> {
    let state = row.state_at(context.now);
    let own = standing == Standing::Applicant;
    let movable = standing != Standing::Reviewer && state.next().iter().any(|to| to.is_the_applicants() == own);
    let may = |operation: Operation, now: bool| (now && context.actor.may(operation)).then_some(operation.id());
    [
        may(Operation::create_review, standing == Standing::Programme && state.is_reviewed()),
        may(Operation::transition_application, movable),
        may(Operation::update_application, own && state == ApplicationState::Draft),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The organisation and innovation of an application, one of which the caller acts for. Applicants act for themselves, and
/// mention whom they like: naming a record in an application gives no right over it.
fn parties(conn: &mut Conn, context: &Context, new: &Application) -> Result<Parties> {
    let (reach, code, slug) = (context.reach(), new.organisation.as_deref(), new.innovation.as_deref());
    let organisation = code.map(|code| organisations::ops::referred(conn, "/organisation", code)).transpose()?;
    let innovation =
        slug.map(|slug| innovations::ops::referred_by_applicant(conn, context, "/innovation", slug)).transpose()?;
    let acts = organisations::ops::covers(conn, context, &reach, None, organisation, innovation)?
        || (context.actor.has(Role::Applicant) && organisations::ops::is_within(conn, context, &reach, organisation)?);
    if acts { Ok(Parties { organisation, innovation }) } else { Err(outside()) }
}

fn trace(conn: &mut Conn, context: &Context, row: &ApplicationRow, data: Value) -> Result<()> {
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: row.innovation_id,
        programme: Some(row.programme.clone()),
        owner: Some(row.applicant.clone()),
        ..Event::new(RESOURCE, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

fn window(call: &CallRow) -> (Timestamp, Timestamp) {
    (call.opens_at.and_utc(), call.closes_at.and_utc())
}

/// The prefix of an application's reference.
const REFERENCE_PREFIX: &str = "APP";

/// Creates a draft application for an organisation or innovation that the caller acts for.
///
/// # Errors
/// `not-found` for the call, `forbidden`, `call-closed`, `unknown-reference`, `validation-failed`.
pub fn create_application(
    conn: &mut Conn,
    context: &Context,
    call: &str,
    new: Application,
) -> Result<(NamedApplication, Standing)> {
    let call = calls::ops::get_call(conn, call)?.row;
    let parties = parties(conn, context, &new)?;
    let (_, closes_at) = window(&call);
    takes(context.now.min(closes_at), closes_at, context.now)?;
    let new = new.checked()?;
    let reference = references::next(conn, REFERENCE_PREFIX, context.today().year())?;
    let row = ApplicationRow::new(context, &new, call, reference, parties);
    store::insert(conn, &row, Json::new(new.data)?)?;
    trace(conn, context, &row, json!({ "reference": row.reference, "call": row.call_id }))?;
    get_application(conn, context, &row.id.to_string())
}

/// Changes a draft. Every version of its data stays readable.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but the applicant, `version-mismatch`, `immutable` once it is no draft,
/// `unknown-reference`, `validation-failed`.
pub fn update_application(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Application>,
) -> Result<(NamedApplication, Standing)> {
    let (present, standing) = get_application(conn, context, id)?;
    if standing != Standing::Applicant {
        return Err(Error::new(Code::Forbidden).detail("Only its applicant can change an application."));
    }
    context.check_version(present.row.version)?;
    if present.row.state != ApplicationState::Draft {
        return Err(Error::new(Code::Immutable).detail("An application cannot change once it is submitted."));
    }
    let before = present.application(data(conn, &present.row)?);
    let Some(new) = context.revised_by(&before, present.row.version, patch, Application::checked)? else {
        return Ok((present, standing));
    };
    let parties = parties(conn, context, &new)?;
    let form_version = calls::ops::get_call(conn, &present.row.call_id.to_string())?.row.form_version;
    let rewritten = new.data != before.data;
    let mut row = present.row.revised(context, &new, form_version, parties);
    row.data_version += i32::from(rewritten);
    store::update(conn, &row, rewritten.then(|| Json::new(new.data)).transpose()?)?;
    trace(conn, context, &row, json!({ "reference": row.reference, "dataVersion": row.data_version }))?;
    get_application(conn, context, id)
}

/// What an application is held against before it is submitted: its answers, and the newest form of its call.
pub struct Candidate {
    form: Value,
    data: Map<String, Value>,
    of: Versions,
}

/// Which form and which answers.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Versions {
    form: i32,
    data: i32,
}

/// What became of holding the one against the other: the faults, or why it could not be done.
pub struct Assessment {
    faults: Result<Vec<Fault>>,
    of: Versions,
}

impl Candidate {
    /// Runs a program of others, within its budget: outside transactions.
    pub fn assess(self) -> Assessment {
        let unusable = |fault: Fault| {
            let detail = format!("The form of this call cannot be used any more. {}", fault.detail);
            Error::new(Code::FormTooCostly).detail(detail)
        };
        let faults = Form::read(&self.form).map_err(unusable).and_then(|form| form.misfits(&self.data));
        Assessment { faults, of: self.of }
    }
}

/// What is to be assessed before a move of an application: nothing but where it is submitted.
///
/// # Errors
/// `not-found`, also when the caller may not see it.
pub fn candidate(conn: &mut Conn, context: &Context, id: &str, asked: &AskedMove) -> Result<Option<Candidate>> {
    let (found, standing) = get_application(conn, context, id)?;
    if asked.to != ApplicationState::Submitted.as_str() || standing != Standing::Applicant {
        return Ok(None);
    }
    let WholeCall { row: call, form, .. } = calls::ops::get_call(conn, &found.row.call_id.to_string())?;
    let of = Versions { form: call.form_version, data: found.row.data_version };
    Ok(Some(Candidate { form: form.value, data: data(conn, &found.row)?, of }))
}

/// Moves an application. The applicant submits, withdraws, accepts and declines. The programme makes every other move.
/// Nobody decides on their own application.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`, `call-not-open`,
/// `call-closed`, `form-too-costly`; `overloaded` when the form or the answers changed since they were assessed.
pub fn transition_application(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
    assessed: Option<Assessment>,
) -> Result<(NamedApplication, Standing)> {
    let (present, standing) = get_application(conn, context, id)?;
    let step: Move<ApplicationState> = asked.read(context.today())?;
    let own = standing == Standing::Applicant;
    if step.to.is_the_applicants() != own || standing == Standing::Reviewer {
        let whose = if step.to.is_the_applicants() { "its applicant" } else { "the programme" };
        let detail = format!("Only {whose} can move an application to {}.", step.to.as_str());
        return Err(Error::new(Code::Forbidden).detail(detail));
    }
    context.check_version(present.row.version)?;
    let from = present.row.state_at(context.now);
    step.decide(from)?;
    let mut row = present.row.moved(context, step.to);
    match step.to {
        ApplicationState::Submitted => submit(conn, context, &mut row, assessed)?,
        ApplicationState::Offered => {
            let call = calls::ops::get_call(conn, &row.call_id.to_string())?.row;
            row.offer_expires_at = Some(offer_expires_at(context.now, call.offer_days).naive_utc());
        }
        _ => {}
    }
    moved(conn, context, &row, from, &step)?;
    get_application(conn, context, id)
}

/// Checks an application against its call: the time, the priorities, and what was made of the newest form.
fn submit(conn: &mut Conn, context: &Context, row: &mut ApplicationRow, assessed: Option<Assessment>) -> Result<()> {
    let call = calls::ops::get_call(conn, &row.call_id.to_string())?.row;
    let (opens_at, closes_at) = window(&call);
    takes(opens_at, closes_at, context.now)?;
    let codes: Vec<&str> = call.priorities.value.iter().map(|priority| priority.code.as_str()).collect();
    let named: Vec<String> = row.priorities().into_iter().map(|code| code.0).collect();
    let mut faults = ineligibilities(&named, &codes);
    let present = Versions { form: call.form_version, data: row.data_version };
    let current = assessed.filter(|assessed| assessed.of == present);
    let current = current.ok_or_else(|| Error::new(Code::Overloaded).context("another change came between"))?;
    faults.extend(current.faults?);
    if !faults.is_empty() {
        return Err(Error::validation(faults));
    }
    row.form_version = call.form_version;
    row.submitted_at = Some(context.now.naive_utc());
    Ok(())
}

fn moved(
    conn: &mut Conn,
    context: &Context,
    row: &ApplicationRow,
    from: ApplicationState,
    step: &Move<ApplicationState>,
) -> Result<()> {
    store::update(conn, row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, step)?;
    let expires = row.offer_expires_at.map(instant);
    trace(
        conn,
        context,
        row,
        json!({ "reference": row.reference, "from": from, "to": step.to, "offerExpiresAt": expires }),
    )
}

/// Records the offers that have lapsed. Called by the housekeeping.
pub fn lapse_offers(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let context = Context::local(Operation::transition_application, now);
    for present in store::lapsing(conn, now.naive_utc(), 500)? {
        let step = Move { to: ApplicationState::OfferLapsed, reason: None, effective_on: context.today() };
        let row = present.moved(&context, ApplicationState::OfferLapsed);
        moved(conn, &context, &row, ApplicationState::Offered, &step)?;
    }
    Ok(())
}
