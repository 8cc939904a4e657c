//! Erasing a person: every place is emptied, what must be kept is sealed, and what others wrote is listed.

use super::rules::{
    APPLICATION, AUDIT_YEARS, CONTACT_YEARS, MONEY_YEARS, SUCCESSFUL_YEARS, UNSUCCESSFUL_YEARS, names, words,
    years_after, years_before,
};
use super::store::{self, Applied, Awarded, ErasureRow, OpenText, Reviewed, SealedRow};
use crate::access::Operation;
use crate::calendar::london_date;
use crate::db::{Conn, jobs};
use crate::error::{Error, Result};
use crate::events::chain::nobody;
use crate::events::store::{erase, record_as};
use crate::events::{self, Event};
use crate::grants::store as grants;
use crate::http::{Context, idempotency};
use crate::people::fellows;
use crate::people::ops::get_person;
use crate::people::store::{self as people, PersonRow};
use crate::vocabulary::{Id, Timestamp};
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

/// What stands in the place of the texts of an award to a person who was erased.
const AWARD: &str = "Award to an erased person";
const AWARDED: &str = "The person who receives this award was erased from the register.";

/// What an erasure left.
pub struct Erasure {
    pub row: ErasureRow,
    pub sealed: Vec<SealedRow>,
    pub texts: Vec<OpenText>,
}

/// What became of the data of a person who was erased.
fn erasure_of(conn: &mut Conn, person: Id) -> Result<Option<Erasure>> {
    let Some(row) = store::erasure_of(conn, person)? else { return Ok(None) };
    let texts = serde_json::from_str(&row.texts)?;
    Ok(Some(Erasure { row, sealed: store::sealed_of(conn, person)?, texts }))
}

/// Erases a person for good, in every place that the register has: the name and contacts, the profile, the subject, what
/// they applied with, answers that were kept to be given again, the details of events. What must be kept is sealed, out of
/// every list. What others wrote and may name the person is listed. Every record and every total stays.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed` for a reason that names the person.
pub fn erase_person(conn: &mut Conn, context: &Context, id: &str, reason: &str) -> Result<Erasure> {
    context.reach().require_everything()?;
    let person = get_person(conn, id)?;
    if person.erased_at.is_some()
        && let Some(erasure) = erasure_of(conn, person.id)?
    {
        return Ok(erasure);
    }
    let words = words(&person.name, person.email.as_deref(), person.subject.as_deref());
    if names(reason, &words) {
        return Err(Error::invalid("/reason", "names-the-person", "The reason is kept, so it cannot name the person."));
    }
    let event = Id::generate();
    let trail = erase(conn, person.subject.as_deref(), &words, event)?;
    forget_answers(conn, &person, &words)?;
    seal_awards(conn, context, &person)?;
    if let (Some(subject), Some(number)) = (&person.subject, trail.subject_id) {
        seal_applications(conn, context, &person, subject)?;
        seal_reviews(conn, context, &person, subject)?;
        grants::end_all(conn, subject, context.now.naive_utc())?;
        for (resource, key, version) in store::showing(conn, subject)? {
            events::record(conn, context, Event::new(resource, &key, version, json!({ "emptied": true })))?;
        }
        store::replace_subject(conn, subject, &nobody(number))?;
        idempotency::rename(conn, subject, &nobody(number))?;
        let ground = "The audit trail: so that it can be shown to the person for six years.";
        let document = json!({ "subject": subject, "subjectId": number });
        seal(conn, context, &person, ("audit-trail", person.id), (ground, AUDIT_YEARS, context.today()), &document)?;
    }
    let row = if person.erased_at.is_some() { person } else { empty(conn, context, person)? };
    let texts = store::open_texts(conn, &words)?;
    let erasure = ErasureRow {
        id: Id::generate(),
        person_id: row.id,
        ground: reason.to_owned(),
        texts: serde_json::to_string(&texts)?,
        made_by: context.actor.subject.clone(),
        made_at: context.now.naive_utc(),
    };
    store::insert_erasure(conn, erasure)?;
    let fellow = fellows::store::find_of_person(conn, row.id)?.map(|fellow| fellow.id);
    let data = json!({ "erased": true, "events": trail.events, "voucher": trail.voucher, "texts": texts.len(), "fellow": fellow });
    record_as(conn, context, Event::new("person", &row.id.to_string(), row.version, data), event)?;
    erasure_of(conn, row.id)?.ok_or_else(|| Error::internal("an erasure was lost"))
}

/// Empties the row of names and contacts, and the profile.
fn empty(conn: &mut Conn, context: &Context, person: PersonRow) -> Result<PersonRow> {
    let row = person.erased(context);
    people::update(conn, &row)?;
    fellows::store::forget(conn, row.id, row.updated_at)?;
    Ok(row)
}

/// Answers that name the person, or the fellow they are, are given to nobody any more.
fn forget_answers(conn: &mut Conn, person: &PersonRow, words: &[String]) -> Result<()> {
    let fellow = fellows::store::find_of_person(conn, person.id)?;
    let ids = [Some(person.id), fellow.map(|fellow| fellow.id)].into_iter().flatten().map(|id| id.to_string());
    let mut said: Vec<String> = ids.collect();
    for word in words {
        said.push(serde_json::to_string(word)?.trim_matches('"').to_owned());
    }
    jobs::forget(conn, &said)?;
    idempotency::forget(conn, &said)
}

/// Keeps a document sealed for so many years from a day, unless they have passed.
fn seal(
    conn: &mut Conn,
    context: &Context,
    person: &PersonRow,
    (resource, record_id): (&str, Id),
    (ground, years, from): (&str, u32, NaiveDate),
    document: &Value,
) -> Result<()> {
    let until_on = years_after(from, years);
    if until_on <= context.today() {
        return Ok(());
    }
    let row = SealedRow {
        id: Id::generate(),
        person_id: person.id,
        resource: resource.to_owned(),
        record_id,
        ground: ground.to_owned(),
        until_on,
        document: document.to_string(),
        sealed_at: context.now.naive_utc(),
    };
    store::seal(conn, row)
}

fn seal_applications(conn: &mut Conn, context: &Context, person: &PersonRow, subject: &str) -> Result<()> {
    for Applied { id, reference, title, state, updated_at } in store::applications_of(conn, subject)? {
        let from = london_date(updated_at.and_utc());
        let kept = match state.as_str() {
            // Nobody has asked for what was never sent.
            "draft" => None,
            "accepted" => Some(("A successful application: kept for six years.", SUCCESSFUL_YEARS, from)),
            _ => Some(("An application that was not accepted: kept for a year.", UNSUCCESSFUL_YEARS, from)),
        };
        if let Some(kept) = kept {
            let versions: Vec<Value> = store::versions_of(conn, id)?
                .iter()
                .map(|text| serde_json::from_str(text))
                .collect::<Result<_, _>>()?;
            let document = json!({ "reference": reference, "title": title, "state": state, "data": versions });
            seal(conn, context, person, ("application", id), kept, &document)?;
        }
        store::empty_application(conn, id, APPLICATION, context.now.naive_utc())?;
        emptied(conn, context, ("application", id))?;
    }
    Ok(())
}

fn seal_reviews(conn: &mut Conn, context: &Context, person: &PersonRow, subject: &str) -> Result<()> {
    for Reviewed { id, application_id, state, conflict, comment, updated_at } in store::reviews_of(conn, subject)? {
        let document =
            json!({ "application": application_id, "state": state, "conflict": conflict, "comment": comment });
        let kept = (
            "A review, or a conflict of interest: kept for six years.",
            SUCCESSFUL_YEARS,
            london_date(updated_at.and_utc()),
        );
        seal(conn, context, person, ("review", id), kept, &document)?;
        store::empty_review(conn, id, context.now.naive_utc())?;
        emptied(conn, context, ("review", id))?;
    }
    Ok(())
}

fn seal_awards(conn: &mut Conn, context: &Context, person: &PersonRow) -> Result<()> {
    for award in store::awards_of(conn, person.id)? {
        let Awarded { id, reference, title, description, planned_to } = &award;
        let document = json!({ "reference": reference, "title": title, "description": description });
        let kept = ("Public money: kept for six years after the award ends.", MONEY_YEARS, *planned_to);
        seal(conn, context, person, ("award", *id), kept, &document)?;
        store::empty_award(conn, &award, AWARD, AWARDED, context.now.naive_utc())?;
        emptied(conn, context, ("award", *id))?;
    }
    Ok(())
}

/// Tells whoever keeps a copy that the record has lost what it said of the person.
fn emptied(conn: &mut Conn, context: &Context, (resource, id): (&'static str, Id)) -> Result<()> {
    let version = store::version_of(conn, resource, id)?;
    events::record(conn, context, Event::new(resource, &id.to_string(), version, json!({ "emptied": true })))
}

/// Removes what was kept for long enough: what is sealed, unsuccessful applications, contacts of fellows. Called by the
/// housekeeping; it takes some at a time.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let (context, today) = (Context::local(Operation::erase_person, now), london_date(now));
    store::unseal(conn, today)?;
    let before = years_before(today, UNSUCCESSFUL_YEARS).and_time(NaiveTime::MIN);
    for (id, version) in store::outlived_applications(conn, before)? {
        store::empty_application(conn, id, APPLICATION, now.naive_utc())?;
        outlived(conn, &context, ("application", id, version + 1), UNSUCCESSFUL_YEARS, None)?;
    }
    for (id, version) in store::outlived_contacts(conn, years_before(today, CONTACT_YEARS))? {
        store::forget_contacts(conn, id, now.naive_utc())?;
        fellows::store::touch(conn, id, now.naive_utc())?;
        let fellow = fellows::store::find_of_person(conn, id)?.map(|fellow| fellow.id);
        outlived(conn, &context, ("person", id, version + 1), CONTACT_YEARS, fellow)?;
    }
    Ok(())
}

fn outlived(
    conn: &mut Conn,
    context: &Context,
    (resource, id, version): (&'static str, Id, i32),
    years: u32,
    fellow: Option<Id>,
) -> Result<()> {
    let data = json!({ "emptied": true, "keptForYears": years, "fellow": fellow });
    let event = Event::new(resource, &id.to_string(), version, data);
    events::record(conn, context, event)
}
