//! What can be done with eligibility, each in one transaction.

use super::rules::Eligibility;
use super::store::{self, EligibilityRow};
use crate::access::outside;
use crate::calendar::Span;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::innovations;
use crate::innovations::ops::{get_innovation, keeps};
use crate::innovations::store::InnovationRow;
use crate::organisations::effects::{Effects, Inheritance, LATE, inherited_from};
use crate::organisations::ops::referred;
use crate::organisations::store::names;
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

/// # Errors
/// `not-found` for the innovation or the row.
pub fn get_eligibility(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<Stored<Eligibility>> {
    let (_, row) = find(conn, context, slug, id)?;
    named(conn, row)
}

fn find(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<(InnovationRow, EligibilityRow)> {
    let innovation = get_innovation(conn, context, slug)?.row;
    let row = by_id(id, "eligibility", |id| store::find(conn, innovation.id, id))?;
    Ok((innovation, row))
}

fn named(conn: &mut Conn, row: EligibilityRow) -> Result<Stored<Eligibility>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a row of eligibility was lost"))
}

fn trace(conn: &mut Conn, context: &Context, slug: &str, row: &EligibilityRow) -> Result<()> {
    let (from, to) = row.span().ends();
    let mut data = json!({ "innovation": slug, "eligible": row.eligible, "from": from, "to": to });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let event = Event::new("eligibility", &row.id.to_string(), row.version, data);
    let organisation_id = row.organisation_id.or(row.place_id);
    events::record(conn, context, Event { innovation_id: Some(row.innovation_id), organisation_id, ..event })
}

/// Says that an innovation is meant for an organisation, or for all of a type below a place.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `validation-failed`.
pub fn create_eligibility(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: Eligibility,
) -> Result<Stored<Eligibility>> {
    let innovation = get_innovation(conn, context, slug)?.row;
    if !keeps(context, &innovation) {
        return Err(outside());
    }
    let unit = innovation.adopting_unit(new.indication.as_deref());
    let new = new.checked(unit)?;
    let span = Span::new(new.from, new.to)?;
    let mut id =
        |pointer: &str, code: &Option<String>| code.as_ref().map(|code| referred(conn, pointer, code)).transpose();
    let about = (id("/organisation", &new.organisation)?, id("/place", &new.place)?);
    let row = EligibilityRow::new(context, new, innovation.id, about, span);
    store::insert(conn, &row)?;
    trace(conn, context, &innovation.slug, &row)?;
    renew(conn, context, &row)?;
    named(conn, row)
}

/// Gives an heir the rows about its predecessor alone that hold beyond the day on which it took over, as rows of its own from that day
/// on.
///
/// # Errors
/// What the database fails with.
pub fn take_over(conn: &mut Conn, context: &Context, by: Inheritance) -> Result<()> {
    let rows = store::lasting(conn, by.from, by.on)?;
    take_rows(conn, context, by, rows)
}

fn take_rows(conn: &mut Conn, context: &Context, by: Inheritance, rows: Vec<EligibilityRow>) -> Result<()> {
    let present = store::lasting(conn, by.heir, by.on)?;
    let slugs = innovations::store::names(conn, &rows.iter().map(|row| row.innovation_id).collect::<Vec<_>>())?;
    let (of, now) = (names(conn, [by.from])?.of(by.from).0, context.now.naive_utc());
    let mut done = Effects::of(by.act);
    for row in rows.into_iter().filter(|row| !present.iter().any(|other| other.says_as(row))) {
        let row = EligibilityRow {
            id: Id::generate(),
            organisation_id: Some(by.heir),
            from_on: row.from_on.max(by.on),
            source: Some(format!("Taken over from {of}")),
            version: 1,
            created_at: now,
            updated_at: now,
            ..row
        };
        store::insert(conn, &row)?;
        let slug = slugs.get(&row.innovation_id).map(|(slug, _)| slug.as_str());
        trace(conn, context, slug.unwrap_or_default(), &row)?;
        done.eligibility_begun(row.id);
        renew(conn, context, &row)?;
    }
    done.keep(conn)
}

/// Brings what heirs were given of a row up to date, once it is another: what comes late reaches them too. What somebody changed of it
/// since stays.
fn renew(conn: &mut Conn, context: &Context, row: &EligibilityRow) -> Result<()> {
    let Some(organisation) = row.organisation_id else { return Ok(()) };
    for by in inherited_from(conn, organisation)? {
        let alike = |rows: Vec<EligibilityRow>| rows.into_iter().filter(|other| other.says_as(row));
        let passed_on: Vec<EligibilityRow> = alike(store::lasting(conn, organisation, by.on)?).collect();
        let given = alike(store::given(conn, by.act)?);
        let given: Vec<_> = given.filter(|row| row.withdrawn_reason.as_deref() != Some(LATE)).collect();
        let is_given = |row: &EligibilityRow| given.iter().any(|given| given.to_on == row.to_on);
        let (known, new): (Vec<_>, Vec<_>) = passed_on.into_iter().partition(is_given);
        for given in given.iter().filter(|given| given.version == 1) {
            if !known.iter().any(|row| row.to_on == given.to_on) {
                give_back(conn, context, given.id, LATE)?;
            }
        }
        take_rows(conn, context, by, new)?;
    }
    Ok(())
}

/// Takes back a row that an heir was given.
///
/// # Errors
/// What the database fails with.
pub fn give_back(conn: &mut Conn, context: &Context, id: Id, reason: &str) -> Result<()> {
    let row = store::get(conn, id)?;
    if row.withdrawn_at.is_some() {
        return Ok(());
    }
    let slugs = innovations::store::names(conn, &[row.innovation_id])?;
    let slug = slugs.get(&row.innovation_id).map(|(slug, _)| slug.as_str());
    withdraw(conn, context, slug.unwrap_or_default(), row, reason.to_owned()).map(drop)
}

/// A row that stands, of an innovation that the caller keeps, of the version that the caller knows.
fn standing(conn: &mut Conn, context: &Context, slug: &str, id: &str) -> Result<(InnovationRow, EligibilityRow)> {
    let (innovation, row) = find(conn, context, slug, id)?;
    if !keeps(context, &innovation) {
        return Err(outside());
    }
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The row was taken back as a mistake. Add the right one."));
    }
    Ok((innovation, row))
}

/// Changes the end of a row.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_eligibility(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    patch: &Patch<Eligibility>,
) -> Result<Stored<Eligibility>> {
    let (innovation, present) = standing(conn, context, slug, id)?;
    let before = named(conn, present.clone())?.written;
    let Some(new) = context.revised(&before, present.version, patch)? else { return named(conn, present) };
    before.check_change(&new)?;
    let to_on = Span::new(new.from, new.to)?.to;
    let row = EligibilityRow { to_on, source: new.source, illustrative: new.illustrative, ..present };
    write(conn, context, &innovation.slug, row)
}

/// Takes a row back that never held. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_eligibility(conn: &mut Conn, context: &Context, slug: &str, id: &str, wrong: Wrong) -> Result<()> {
    let (innovation, present) = standing(conn, context, slug, id)?;
    withdraw(conn, context, &innovation.slug, present, wrong.given()?).map(drop)
}

fn withdraw(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    row: EligibilityRow,
    reason: String,
) -> Result<Stored<Eligibility>> {
    let withdrawn_at = Some(context.now.naive_utc());
    write(conn, context, slug, EligibilityRow { withdrawn_at, withdrawn_reason: Some(reason), ..row })
}

fn write(conn: &mut Conn, context: &Context, slug: &str, row: EligibilityRow) -> Result<Stored<Eligibility>> {
    let row = EligibilityRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    trace(conn, context, slug, &row)?;
    renew(conn, context, &row)?;
    named(conn, row)
}
