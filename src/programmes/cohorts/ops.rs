//! What can be done with cohorts, each in one transaction.

use super::store::{self, CohortRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::events::{self, Event};
use crate::programmes::ops::{get_programme, kept};
use crate::vocabulary::{Id, Timestamp};
use chrono::NaiveDate;
use serde_json::json;

/// A cohort as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    pub number: i32,
    pub name: String,
    /// How many fellows it is to have.
    pub target_size: Option<i32>,
    /// When one may apply for it.
    pub opens_at: Option<Timestamp>,
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
}

impl Cohort {
    fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(starts, ends)| ends < starts) {
            faults.add("/endsOn", "range", "A cohort does not end before it starts.");
        }
        faults.check()?;
        Ok(self)
    }
}

impl CohortRow {
    pub fn cohort(&self) -> Cohort {
        Cohort {
            number: self.number,
            name: self.name.clone(),
            target_size: self.target_size,
            opens_at: self.opens_at.map(|at| at.and_utc()),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
        }
    }
}

/// # Errors
/// `not-found` for the programme or the cohort.
pub fn get_cohort(conn: &mut Conn, slug: &str, number: i32) -> Result<CohortRow> {
    let programme = get_programme(conn, slug)?;
    store::find(conn, &programme.slug, number)?.ok_or_else(|| Error::not_found("cohort"))
}

/// The cohort that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, programme: &str, number: i32) -> Result<CohortRow> {
    store::find(conn, programme, number)?.ok_or_else(|| {
        let detail = format!("The programme {programme} has no cohort {number}.");
        let fault = Fault::new(pointer, "unknown-cohort", detail.clone());
        Error::new(Code::UnknownReference).detail(detail).fault(fault)
    })
}

fn row(cohort: Cohort, present: CohortRow, context: &Context) -> CohortRow {
    CohortRow {
        number: cohort.number,
        name: cohort.name,
        target_size: cohort.target_size,
        opens_at: cohort.opens_at.map(|at| at.naive_utc()),
        starts_on: cohort.starts_on,
        ends_on: cohort.ends_on,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    }
}

fn trace(conn: &mut Conn, context: &Context, row: &CohortRow) -> Result<()> {
    let data = json!({ "number": row.number, "targetSize": row.target_size, "startsOn": row.starts_on });
    let event = Event::new("cohort", &format!("{}/{}", row.programme, row.number), row.version, data);
    events::record(conn, context, Event { programme: Some(row.programme.clone()), ..event })
}

/// Adds a cohort to a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `already-exists`.
pub fn create_cohort(conn: &mut Conn, context: &Context, slug: &str, new: Cohort) -> Result<CohortRow> {
    let programme = kept(conn, context, slug)?;
    let now = context.now.naive_utc();
    let blank = CohortRow {
        id: Id::generate(),
        programme: programme.slug,
        number: 0,
        name: String::new(),
        target_size: None,
        opens_at: None,
        starts_on: None,
        ends_on: None,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let row = row(new.checked()?, blank, context);
    store::insert(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes everything of a cohort but its number.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_cohort(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    number: i32,
    change: impl FnOnce(Cohort) -> Result<Cohort>,
) -> Result<CohortRow> {
    kept(conn, context, slug)?;
    let present = get_cohort(conn, slug, number)?;
    context.check_version(present.version)?;
    let before = present.cohort();
    let new = change(before.clone())?.checked()?;
    if new.number != before.number {
        return Err(Error::new(Code::Immutable).detail("The number of a cohort cannot change."));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(new, present, context);
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}
