//! What is held about a person, gathered for that person.

use crate::applications;
use crate::applications::reviews;
use crate::access::Reach;
use crate::access::outside;
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::list::PageRequest;
use crate::error::Result;
use crate::funding::awards::store::{self as awards, AwardFilter, Sight};
use crate::funding::external_investments::store::{self as investments, InvestmentFilter};
use crate::people::fellows::store::FellowRow;
use crate::people::ops::get_person;
use crate::people::store::PersonRow;
use crate::people::{attendances, fellows, fellowships, leaders, mentorships};
use crate::vocabulary::{Id, instant};
use serde_json::{Value, json};

/// More than any one person has of one kind.
const MOST: PageRequest = PageRequest { limit: 10_000, sort: Vec::new(), cursor: None, count: false, updated: (None, None), keys: None, fingerprint: 0 };

/// Everything that is held about one person, for the person and for national administrators.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn export_person(conn: &mut Conn, context: &Context, id: &str) -> Result<Value> {
    let person = get_person(conn, id)?;
    if !context.reach().everything && !person.is(context) {
        return Err(outside());
    }
    let fellow = fellows::store::find_of_person(conn, person.id)?;
    Ok(json!({
        "person": {
            "id": person.id, "name": person.called(), "email": person.email, "subject": person.subject,
            "namedPubliclySince": person.consented_at.map(instant), "erasedAt": person.erased_at.map(instant),
            "createdAt": instant(person.created_at), "updatedAt": instant(person.updated_at)
        },
        "fellow": fellow.as_ref().map(profile),
        "fellowships": held(conn, fellow.as_ref())?,
        "mentorships": told(mentorships::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "fellowship": row.fellowship_id, "focus": row.focus, "from": row.from_on })
        }),
        "attendances": told(attendances::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "event": row.event_id, "role": row.role, "state": row.state })
        }),
        "leaderRoles": told(leaders::store::of_person(conn, person.id)?, |row| {
            json!({ "id": row.id, "kind": row.kind, "from": row.from_on })
        }),
        "awards": received(conn, context, person.id)?,
        "externalInvestments": raised(conn, fellow.as_ref())?,
        "applications": applied(conn, &person)?,
        "reviews": reviewed(conn, &person)?,
    }))
}

fn told<R>(rows: Vec<R>, tell: impl Fn(&R) -> Value) -> Vec<Value> {
    rows.iter().map(tell).collect()
}

fn profile(row: &FellowRow) -> Value {
    json!({ "id": row.id, "profession": row.profession, "biography": row.biography, "website": row.website })
}

fn held(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    let rows = fellowships::ops::of_fellow(conn, fellow.id)?;
    Ok(told(
        rows,
        |(row, cohort)| json!({ "id": row.id, "programme": row.programme, "cohort": cohort, "from": row.from_on, "state": row.state }),
    ))
}

fn everything() -> Reach {
    Reach::everything()
}

fn received(conn: &mut Conn, context: &Context, person: Id) -> Result<Vec<Value>> {
    let sight = Sight { reach: everything(), subject: String::new(), today: context.today() };
    let filter = AwardFilter { person: Some(person), ..AwardFilter::default() };
    Ok(told(awards::list(conn, &sight, &filter, &MOST)?.rows, |found| {
        let amount = found.amount();
        json!({
            "id": found.row.id, "reference": found.row.reference, "title": found.row.title, "state": found.row.state,
            "amount": { "amount": amount.amount(), "currency": amount.currency.code() }
        })
    }))
}

fn raised(conn: &mut Conn, fellow: Option<&FellowRow>) -> Result<Vec<Value>> {
    let Some(fellow) = fellow else { return Ok(Vec::new()) };
    let sight = investments::Sight { reach: everything(), subject: String::new() };
    let filter = InvestmentFilter { fellow: Some(fellow.id), ..InvestmentFilter::default() };
    Ok(told(
        investments::list(conn, &sight, &filter, &MOST)?.rows,
        |found| json!({ "id": found.row.id, "investor": found.row.investor, "investedOn": found.row.invested_on }),
    ))
}

fn applied(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    applications::ops::of_applicant(conn, subject)
}

fn reviewed(conn: &mut Conn, person: &PersonRow) -> Result<Vec<Value>> {
    let Some(subject) = &person.subject else { return Ok(Vec::new()) };
    Ok(told(
        reviews::store::of_reviewer(conn, subject)?,
        |row| json!({ "id": row.id, "application": row.application_id, "state": row.state }),
    ))
}
