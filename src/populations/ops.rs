//! What can be done with populations, each in one transaction.

use super::input::SentRow;
use super::rules::Population;
use super::store::{self, Key, PopulationRow};
use crate::db::{Conn, by_id, wanted};
use crate::delivery::{Counts, Outcome};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::innovations;
use crate::organisations::ops::referred;
use crate::organisations::store::ids_by_code;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// # Errors
/// `not-found`.
pub fn get_population(conn: &mut Conn, id: &str) -> Result<Stored<Population>> {
    let row = find(conn, id)?;
    named(conn, row)
}

fn find(conn: &mut Conn, id: &str) -> Result<PopulationRow> {
    by_id(id, "population", |id| store::find(conn, id))
}

fn named(conn: &mut Conn, row: PopulationRow) -> Result<Stored<Population>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a population was lost"))
}

fn event(row: &PopulationRow) -> Event {
    let mut data = json!({ "on": row.counted_on, "group": row.population_group, "value": row.value });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let innovation_id = Some(row.innovation_id).filter(|id| *id != Id::NONE);
    let event = Event::new("population", &row.id.to_string(), row.version, data);
    Event { organisation_id: Some(row.organisation_id), innovation_id, ..event }
}

/// Says how many people an organisation or a place had on a day.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_population(conn: &mut Conn, context: &Context, new: Population) -> Result<Stored<Population>> {
    context.reach().require_everything()?;
    let new = new.checked()?;
    let organisation = referred(conn, "/organisation", &new.organisation)?;
    let innovation = innovation_of(conn, &new)?;
    let row = PopulationRow::new(context, new, organisation, innovation);
    store::insert(conn, &row)?;
    events::record(conn, context, event(&row))?;
    named(conn, row)
}

fn innovation_of(conn: &mut Conn, new: &Population) -> Result<Id> {
    let slug = new.innovation.as_deref();
    Ok(slug.map(|slug| innovations::ops::referred(conn, "/innovation", slug)).transpose()?.unwrap_or(Id::NONE))
}

/// A row that stands, of the version that the caller knows.
fn standing(conn: &mut Conn, context: &Context, id: &str) -> Result<PopulationRow> {
    let row = find(conn, id)?;
    context.reach().require_everything()?;
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The row was taken back as a mistake. Add the right one."));
    }
    Ok(row)
}

/// Corrects how many there were.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_population(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Population>,
) -> Result<Stored<Population>> {
    let present = standing(conn, context, id)?;
    let before = named(conn, present.clone())?.written;
    let Some(new) = context.revised_by(&before, present.version, patch, Population::checked)? else {
        return named(conn, present);
    };
    before.check_change(&new)?;
    write(conn, context, present.revised(context, new))
}

/// Takes a row back that never held. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_population(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let present = standing(conn, context, id)?;
    let (withdrawn_at, reason) = (Some(context.now.naive_utc()), wrong.given()?);
    let version = present.version + 1;
    let updated_at = context.now.naive_utc();
    let row = PopulationRow { withdrawn_at, withdrawn_reason: Some(reason), version, updated_at, ..present };
    write(conn, context, row).map(drop)
}

fn write(conn: &mut Conn, context: &Context, row: PopulationRow) -> Result<Stored<Population>> {
    store::update(conn, &row)?;
    events::record(conn, context, event(&row))?;
    named(conn, row)
}

/// What a row of a file is refused for.
const FAULTS_OF_A_ROW: [Code; 3] = [Code::MalformedBody, Code::ValidationFailed, Code::UnknownReference];
/// The most faults of a file that are reported at once.
const MOST_FAULTS: usize = 1000;

/// A row of a file that fits, and the columns that say anything.
struct Sent {
    line: u32,
    population: Population,
    given: Vec<&'static str>,
}

/// What the rows of a file are held against, each read once.
struct Known {
    organisations: HashMap<String, Id>,
    innovations: HashMap<String, Id>,
    present: HashMap<Key, PopulationRow>,
    seen: HashSet<Key>,
}

/// Creates a population for each row, or corrects the one of the same people and day. `fit` checks a row against the schema
/// of the JSON body.
///
/// # Errors
/// `validation-failed` with the faults of all rows, and then nothing is written; what the database fails with.
pub fn import_populations(
    conn: &mut Conn,
    context: &Context,
    rows: Vec<SentRow>,
    fit: impl Fn(Value) -> Result<Population>,
) -> Result<Counts> {
    let (mut sent, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut judge = |line: u32, error: Error| -> Result<()> {
        if !FAULTS_OF_A_ROW.contains(&error.code()) {
            return Err(error);
        }
        faults.extend(error.listed().iter().map(|fault| fault_of_cell(line, fault)));
        Ok(())
    };
    for SentRow { line, body, given } in rows {
        match fit(body).and_then(Population::checked) {
            Ok(population) => sent.push(Sent { line, population, given }),
            Err(error) => judge(line, error)?,
        }
    }
    let mut known = known(conn, &sent)?;
    let (mut counts, mut new, mut traced) = (Counts::default(), Vec::new(), Vec::new());
    for sent in sent {
        wanted()?;
        let line = sent.line;
        match put(conn, context, &mut known, sent) {
            Ok((outcome, row)) => {
                counts.add(outcome);
                if outcome != Outcome::Unchanged {
                    traced.push(event(&row));
                }
                new.extend(Some(row).filter(|_| outcome == Outcome::Created));
            }
            Err(error) => judge(line, error)?,
        }
    }
    if !faults.is_empty() {
        faults.truncate(MOST_FAULTS);
        return Err(Error::validation(faults));
    }
    store::insert_many(conn, &new)?;
    events::record_all(conn, context, traced)?;
    Ok(counts)
}

fn known(conn: &mut Conn, sent: &[Sent]) -> Result<Known> {
    let codes: HashSet<&String> = sent.iter().map(|sent| &sent.population.organisation).collect();
    let organisations = ids_by_code(conn, &codes.into_iter().cloned().collect::<Vec<_>>())?;
    let ids: Vec<Id> = organisations.values().copied().collect();
    let present = store::standing(conn, &ids)?.into_iter().map(|row| (row.key(), row)).collect();
    Ok(Known { organisations, innovations: HashMap::new(), present, seen: HashSet::new() })
}

fn put(conn: &mut Conn, context: &Context, known: &mut Known, sent: Sent) -> Result<(Outcome, PopulationRow)> {
    let Sent { population: new, given, .. } = sent;
    let organisation = match known.organisations.get(&new.organisation) {
        Some(id) => *id,
        None => referred(conn, "/organisation", &new.organisation)?,
    };
    let slug = new.innovation.clone().unwrap_or_default();
    let innovation = match known.innovations.get(&slug) {
        Some(id) => *id,
        None => *known.innovations.entry(slug).or_insert(innovation_of(conn, &new)?),
    };
    let row = PopulationRow::new(context, new.clone(), organisation, innovation);
    if !known.seen.insert(row.key()) {
        return Err(Error::invalid("/on", "duplicate", "The file has a row of these people and that day already."));
    }
    let Some(present) = known.present.remove(&row.key()) else { return Ok((Outcome::Created, row)) };
    let known = (present.qualifier, present.basis, present.illustrative);
    let new = new.keeping(known, |column| given.contains(&column));
    if present.says(&new) {
        return Ok((Outcome::Unchanged, present));
    }
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    Ok((Outcome::Updated, row))
}

/// A fault of a row, in its place in the file and with what to do about it in a spreadsheet.
fn fault_of_cell(line: u32, fault: &Fault) -> Fault {
    let detail = if fault.code == "format" && fault.pointer == "/on" {
        "Expected a date, such as 2024-04-01: format the column as Text, write each date so and save again."
    } else {
        &fault.detail
    };
    Fault::new(format!("/line/{line}{}", fault.pointer), fault.code, detail)
}
