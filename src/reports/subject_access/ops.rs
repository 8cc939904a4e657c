//! What is held about a person, gathered for that person.

use crate::access::outside;
use crate::applications;
use crate::applications::reviews;
use crate::db::Conn;
use crate::error::Result;
use crate::events;
use crate::events::chain::nobody;
use crate::funding::awards::transactions;
use crate::funding::awards::transactions::rules::Transaction;
use crate::funding::{awards, external_investments};
use crate::http::Context;
use crate::innovations;
use crate::people::fellows::store::FellowRow;
use crate::people::fellowships::store::NamedFellowship;
use crate::people::mentorships::store::MentorshipRow;
use crate::people::ops::get_person;
use crate::people::store::PersonRow;
use crate::people::{attendances, fellows, fellowships, leaders, mentorships};
use crate::privacy::requests::store as requests;
use crate::privacy::store as privacy;
use crate::vocabulary::{Id, instant};
use serde_json::{Value, json};

/// Everything that is held about one person, for the person and for national administrators.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn export_person(conn: &mut Conn, context: &Context, id: &str) -> Result<Value> {
    let person = get_person(conn, id)?;
    if !context.reach().is_everything() && !person.is(context) {
        return Err(outside());
    }
    let fellow = fellows::store::find_of_person(conn, person.id)?;
    Ok(json!({
        "person": {
            "id": person.id, "name": person.shown_name(), "email": person.email, "subject": person.subject,
            "namedPubliclySince": person.consented_at.map(instant), "erasedAt": person.erased_at.map(instant),
            "createdAt": instant(person.created_at), "updatedAt": instant(person.updated_at)
        },
        "fellow": fellow.as_ref().map(profile),
        "fellowships": held(conn, fellow.as_ref())?,
        "mentorships": each(mentorships::store::of_person(conn, person.id)?, mentorship),
        "mentoredBy": mentored(conn, fellow.as_ref())?,
        "attendances": each(attendances::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "event": row.event_id, "role": row.role, "state": row.state })
        }),
        "leaderRoles": each(leaders::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "kind": row.kind, "from": row.from_on })
        }),
        "awards": received(conn, person.id)?,
        "externalInvestments": raised(conn, fellow.as_ref())?,
        "applications": applied(conn, &person)?,
        "drafts": drafts(conn, &person)?,
        "reviews": reviewed(conn, &person)?,
        "auditEvents": done(conn, &person)?,
        "sealed": sealed(conn, person.id)?,
        "requests": each(requests::of_person(conn, person.id)?, |row| {
            json!({
                "id": row.id, "kind": row.kind, "received": row.received_on, "due": row.due_on, "decision": row.decision,
                "ground": row.ground
            })
        }),
        "erasure": erased(conn, person.id)?,
    }))
}

fn each<R>(rows: Vec<R>, written: impl Fn(&R) -> Value) -> Vec<Value> {
    rows.iter().map(written).collect()
}

fn profile(row: &FellowRow) -> Value {
    json!({ "id": row.id, "profession": row.profession, "biography": row.biography, "website": row.website })
}

fn held(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    Ok(each(
        fellowships::store::of_fellow(conn, fellow.id)?,
        |NamedFellowship { row, cohort, .. }| json!({ "id": row.id, "programme": row.programme, "cohort": cohort, "from": row.from_on, "state": row.state }),
    ))
}

fn mentorship(row: &MentorshipRow) -> Value {
    json!({ "id": row.id, "mentor": row.mentor_id, "fellowship": row.fellowship_id, "focus": row.focus, "from": row.from_on })
}

fn mentored(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    Ok(each(mentorships::store::of_fellow(conn, fellow.id)?, mentorship))
}

/// The innovations that the person has as a draft.
fn drafts(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    let drafts = innovations::store::drafts_of(conn, subject)?;
    Ok(each(drafts, |(slug, name)| json!({ "slug": slug, "name": name })))
}

/// What was done by the person, and to what is theirs: how many events, and where they are read.
fn done(conn: &mut Conn, person: &PersonRow) -> Result<Value> {
    let Some(subject) = subject(conn, person)? else { return Ok(json!({ "count": 0 })) };
    let count = events::store::count_of(conn, &subject)?;
    Ok(json!({ "subject": subject, "count": count, "list": "/v1/audit-events" }))
}

/// The text by which events name the person: the subject, or what stands in its place.
fn subject(conn: &mut Conn, person: &PersonRow) -> Result<Option<String>> {
    if person.subject.is_some() {
        return Ok(person.subject.clone());
    }
    let trail = privacy::sealed_of(conn, person.id)?.into_iter().find(|row| row.resource == "audit-trail");
    let trail: Value = trail.map_or(Ok(Value::Null), |row| serde_json::from_str(&row.document))?;
    Ok(trail["subjectId"].as_i64().map(nobody))
}

/// What is kept of an erased person out of every list, why, and until when.
fn sealed(conn: &mut Conn, person: Id) -> Result<Vec<Value>> {
    let rows = privacy::sealed_of(conn, person)?;
    rows.into_iter()
        .map(|row| {
            let document: Value = serde_json::from_str(&row.document)?;
            Ok(json!({
                "resource": row.resource, "id": row.record_id, "ground": row.ground, "until": row.until_on,
                "document": document
            }))
        })
        .collect()
}

/// When the person was erased, and the texts of others that were found then.
fn erased(conn: &mut Conn, person: Id) -> Result<Option<Value>> {
    let Some(row) = privacy::erasure_of(conn, person)? else { return Ok(None) };
    let texts: Value = serde_json::from_str(&row.texts)?;
    Ok(Some(json!({ "at": instant(row.made_at), "reason": row.ground, "texts": texts })))
}

fn received(conn: &mut Conn, person: Id) -> Result<Vec<Value>> {
    let awards = awards::store::of_person(conn, person)?;
    awards
        .iter()
        .map(|row| {
            let payments = transactions::store::all_of(conn, row.id)?;
            let payments: Vec<Transaction> = payments.into_iter().map(Transaction::from).collect();
            Ok(json!({
                "id": row.id, "reference": row.reference, "title": row.title, "state": row.state,
                "amount": row.amount(), "payments": payments
            }))
        })
        .collect()
}

fn raised(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    Ok(each(
        external_investments::store::of_fellow(conn, fellow.id)?,
        |row| json!({ "id": row.id, "investor": row.investor, "investedOn": row.invested_on, "archived": row.archived_at.is_some() }),
    ))
}

fn applied(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    applications::ops::of_applicant(conn, subject)
}

fn reviewed(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    Ok(each(reviews::store::of_reviewer(conn, subject)?, |row| {
        json!({
            "id": row.id, "application": row.application_id, "state": row.state, "conflict": row.conflict,
            "recommendation": row.recommendation, "comment": row.comment
        })
    }))
}
