//! What is held about a person, gathered for that person.

use crate::access::outside;
use crate::applications;
use crate::applications::reviews;
use crate::db::Conn;
use crate::error::Result;
use crate::funding::{awards, external_investments};
use crate::http::Context;
use crate::people::fellows::store::FellowRow;
use crate::people::fellowships::store::NamedFellowship;
use crate::people::ops::get_person;
use crate::people::store::PersonRow;
use crate::people::{attendances, fellows, fellowships, leaders, mentorships};
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
        "mentorships": each(mentorships::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "fellowship": row.fellowship_id, "focus": row.focus, "from": row.from_on })
        }),
        "attendances": each(attendances::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "event": row.event_id, "role": row.role, "state": row.state })
        }),
        "leaderRoles": each(leaders::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "kind": row.kind, "from": row.from_on })
        }),
        "awards": received(conn, person.id)?,
        "externalInvestments": raised(conn, fellow.as_ref())?,
        "applications": applied(conn, &person)?,
        "reviews": reviewed(conn, &person)?,
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

fn received(conn: &mut Conn, person: Id) -> Result<Vec<Value>> {
    Ok(each(awards::store::of_person(conn, person)?, |row| {
        json!({
            "id": row.id, "reference": row.reference, "title": row.title, "state": row.state, "amount": row.amount()
        })
    }))
}

fn raised(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    Ok(each(
        external_investments::store::of_fellow(conn, fellow.id)?,
        |row| json!({ "id": row.id, "investor": row.investor, "investedOn": row.invested_on }),
    ))
}

fn applied(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    applications::ops::of_applicant(conn, subject)
}

fn reviewed(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    Ok(each(
        reviews::store::of_reviewer(conn, subject)?,
        |row| json!({ "id": row.id, "application": row.application_id, "state": row.state }),
    ))
}
