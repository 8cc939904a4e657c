//! What can be done with applications, each in one transaction.

use super::reviews;
use super::rules::{Application, ApplicationState, ineligibilities, offer_expires_at, takes};
use super::store::{self, ApplicationRow, NamedApplication, Sight};
use crate::access::{Operation, Reach};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, references};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::programmes::calls;
use crate::programmes::calls::store::CallRow;
use crate::transitions::rules::{AskedMove, Machine, Move};
use crate::vocabulary::{Id, Timestamp, fold, instant};
use crate::{innovations, organisations, transitions};
use chrono::Datelike;
use serde_json::{Map, Value, json};

/// The name of an application's moves among those of every resource.
pub const RESOURCE: &str = "application";

/// How the caller stands to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in the caller's hands to decide.
    Programme,
    /// The caller wrote it.
    Applicant,
    /// The caller was asked to review it.
    Reviewer,
}

impl ApplicationRow {
    /// Where it stands now: an offer that was not accepted in time has lapsed, whether or not that is written yet.
    pub fn state_at(&self, now: Timestamp) -> ApplicationState {
        let lapsed = self.offer_expires_at.is_some_and(|at| at <= now.naive_utc());
        if self.state == ApplicationState::Offered && lapsed { ApplicationState::OfferLapsed } else { self.state }
    }

    pub fn priorities(&self) -> Vec<String> {
        self.priorities.split_whitespace().map(str::to_owned).collect()
    }
}

/// An application that the caller may see, and as what.
///
/// # Errors
/// `not-found`, also for one that is not for the caller's eyes.
pub fn get_application(conn: &mut Conn, context: &Context, id: &str) -> Result<(NamedApplication, Standing)> {
    let missing = || Error::not_found("application");
    let found = Id::parse(id).map(|id| store::find(conn, id)).transpose()?.flatten().ok_or_else(missing)?;
    let subject = &context.actor.subject;
    let standing = if found.row.applicant == *subject {
        Standing::Applicant
    } else if context.reach().covers_programme(Some(&found.row.programme)) {
        Standing::Programme
    } else if reviews::store::find_of(conn, found.row.id, subject)?.is_some() {
        Standing::Reviewer
    } else {
        return Err(missing());
    };
    Ok((found, standing))
}

/// What is held of the applications that somebody wrote, their data in every version included.
///
/// # Errors
/// The database's own.
pub fn of_applicant(conn: &mut Conn, subject: &str) -> Result<Vec<Value>> {
    let rows = store::of_applicant(conn, subject)?;
    rows.into_iter()
        .map(|row| {
            let data = data(conn, &row)?;
            Ok(json!({ "id": row.id, "reference": row.reference, "title": row.title, "state": row.state, "data": data }))
        })
        .collect()
}

/// Which applications to a programme the caller sees in lists.
pub fn sight(context: &Context, programme: &str) -> Sight {
    if context.reach().covers_programme(Some(programme)) {
        Sight::All
    } else {
        Sight::Of(context.actor.subject.clone())
    }
}

/// The present data of an application.
///
/// # Errors
/// `internal` when it is not there.
pub fn data(conn: &mut Conn, row: &ApplicationRow) -> Result<Map<String, Value>> {
    let data = store::data(conn, row.id, row.data_version)?.ok_or_else(|| Error::internal("data was lost"))?;
    Ok(serde_json::from_str(&data)?)
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

/// What an application is written for, when the caller acts for it.
fn applicant_for(
    conn: &mut Conn,
    context: &Context,
    reach: &Reach,
    new: &Application,
) -> Result<(Option<Id>, Option<Id>)> {
    let organisation = new
        .organisation
        .as_deref()
        .map(|code| organisations::ops::referred(conn, "/organisation", code))
        .transpose()?;
    let innovation = match &new.innovation {
        Some(slug) => Some(innovations::ops::referred(conn, "/innovation", slug)?),
        None => None,
    };
    let for_innovation = innovation.is_some_and(|id| reach.innovations.contains(&id));
    let for_organisation = match organisation {
        Some(id) => organisations::ops::covers_organisation(conn, context, reach, id)?,
        None => false,
    };
    if reach.everything || for_innovation || for_organisation { Ok((organisation, innovation)) } else { Err(outside()) }
}

fn trace(conn: &mut Conn, context: &Context, row: &ApplicationRow, data: Value) -> Result<()> {
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: row.innovation_id,
        programme: Some(row.programme.clone()),
        ..Event::new(RESOURCE, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

fn window(call: &CallRow) -> (Timestamp, Timestamp) {
    (call.opens_at.and_utc(), call.closes_at.and_utc())
}

/// Begins an application, as a draft, for an organisation or an innovation that the caller acts for.
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
    let (organisation_id, innovation_id) = applicant_for(conn, context, &context.reach(), &new)?;
    let (_, closes_at) = window(&call);
    takes(context.now.min(closes_at), closes_at, context.now)?;
    let new = new.checked()?;
    let (year, now) = (context.today().year(), context.now.naive_utc());
    let row = ApplicationRow {
        id: Id::generate(),
        reference: references::next(conn, REFERENCE_PREFIX, year)?,
        call_id: call.id,
        programme: call.programme,
        applicant: context.actor.subject.clone(),
        organisation_id,
        innovation_id,
        sort_title: fold(&new.title),
        title: new.title,
        state: ApplicationState::Draft,
        priorities: new.priorities.join(" "),
        form_version: call.form_version,
        data_version: 1,
        submitted_at: None,
        offer_expires_at: None,
        score_ppm: 0,
        reviews_submitted: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row, &Value::Object(new.data).to_string(), &row.applicant)?;
    trace(conn, context, &row, json!({ "reference": row.reference, "call": row.call_id }))?;
    get_application(conn, context, &row.id.to_string())
}

const REFERENCE_PREFIX: &str = "APP";

/// Changes a draft. Every version of its data stays readable.
///
/// # Errors
/// `not-found`, `forbidden` for anybody but the applicant, `version-mismatch`, `immutable` once it is no draft,
/// `unknown-reference`, `validation-failed`.
pub fn update_application(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Application) -> Result<Application>,
) -> Result<(NamedApplication, Standing)> {
    let (present, standing) = get_application(conn, context, id)?;
    if standing != Standing::Applicant {
        return Err(Error::new(Code::Forbidden).detail("Only its applicant writes an application."));
    }
    context.check_version(present.row.version)?;
    if present.row.state != ApplicationState::Draft {
        return Err(Error::new(Code::Immutable).detail("Once it is submitted, an application stays as it is."));
    }
    let before = Application {
        title: present.row.title.clone(),
        organisation: present.organisation.clone(),
        innovation: present.innovation.clone(),
        priorities: present.row.priorities(),
        data: data(conn, &present.row)?,
    };
    let new = change(before.clone())?.checked()?;
    if new == before {
        return Ok((present, standing));
    }
    let (organisation_id, innovation_id) = applicant_for(conn, context, &context.reach(), &new)?;
    let call = calls::ops::get_call(conn, &present.row.call_id.to_string())?.row;
    let rewritten = new.data != before.data;
    let row = ApplicationRow {
        organisation_id,
        innovation_id,
        sort_title: fold(&new.title),
        title: new.title,
        priorities: new.priorities.join(" "),
        form_version: call.form_version,
        data_version: present.row.data_version + i32::from(rewritten),
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    let text = Value::Object(new.data).to_string();
    store::update(conn, &row, rewritten.then_some(text.as_str()), &row.applicant)?;
    trace(conn, context, &row, json!({ "reference": row.reference, "dataVersion": row.data_version }))?;
    get_application(conn, context, id)
}

/// Moves an application. The applicant submits, withdraws, accepts and declines; the programme does the rest, and
/// nobody decides their own.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`, `call-not-open`,
/// `call-closed`.
pub fn transition_application(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
) -> Result<(NamedApplication, Standing)> {
    let (present, standing) = get_application(conn, context, id)?;
    let step: Move<ApplicationState> = asked.read(context.today())?;
    let own = standing == Standing::Applicant;
    if step.to.is_the_applicants() != own || standing == Standing::Reviewer {
        let whose = if step.to.is_the_applicants() { "its applicant" } else { "the programme, and not its applicant," };
        return Err(
            Error::new(Code::Forbidden).detail(format!("A move to {} is made by {whose} alone.", step.to.as_str()))
        );
    }
    context.check_version(present.row.version)?;
    let from = present.row.state_at(context.now);
    step.decide(from)?;
    let mut row = ApplicationRow {
        state: step.to,
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    match step.to {
        ApplicationState::Submitted => {
            submit(conn, context, &mut row)?;
        }
        ApplicationState::Offered => {
            let call = calls::ops::get_call(conn, &row.call_id.to_string())?.row;
            row.offer_expires_at = Some(offer_expires_at(context.now, call.offer_days).naive_utc());
        }
        _ => {}
    }
    moved(conn, context, &row, from, &step)?;
    get_application(conn, context, id)
}

/// Holds an application against its call: the time, the priorities, the newest form.
fn submit(conn: &mut Conn, context: &Context, row: &mut ApplicationRow) -> Result<()> {
    let call = calls::ops::get_call(conn, &row.call_id.to_string())?.row;
    let (opens_at, closes_at) = window(&call);
    takes(opens_at, closes_at, context.now)?;
    let priorities = call.priorities()?;
    let codes: Vec<&str> = priorities.iter().map(|priority| priority.code.as_str()).collect();
    let mut faults = ineligibilities(&row.priorities(), &codes);
    let form = calls::ops::form(conn, &call)?;
    let form = calls::rules::form(&form).map_err(|_| Error::internal("a stored form is no form"))?;
    faults.extend(calls::rules::misfits(&form, &data(conn, row)?));
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
    store::update(conn, row, None, &row.applicant)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, step)?;
    let expires = row.offer_expires_at.map(instant);
    trace(
        conn,
        context,
        row,
        json!({ "reference": row.reference, "from": from, "to": step.to, "offerExpiresAt": expires }),
    )
}

/// Writes down that offers have lapsed: part of the housekeeping.
///
/// # Errors
/// The database's own.
pub fn lapse_offers(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let context = Context::local(Operation::transition_application, now);
    for present in store::lapsing(conn, now.naive_utc(), 500)? {
        let step = Move { to: ApplicationState::OfferLapsed, reason: None, effective_on: context.today() };
        let row = ApplicationRow {
            state: ApplicationState::OfferLapsed,
            version: present.version + 1,
            updated_at: now.naive_utc(),
            ..present
        };
        moved(conn, &context, &row, ApplicationState::Offered, &step)?;
    }
    Ok(())
}
