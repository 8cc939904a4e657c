//! What can be done with memberships, each in one transaction.

use super::store::{self, MembershipRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::innovations::ops::get_innovation;
use crate::calendar::{FOREVER, told};
use crate::programmes;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// A membership as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub programme: String,
    pub from: NaiveDate,
    /// The first day it is a member no longer; until further notice without.
    pub to: Option<NaiveDate>,
}

impl Membership {
    fn checked(&self) -> Result<()> {
        if self.to.is_some_and(|to| to <= self.from) {
            let detail = "to is the first day it is a member no longer, so it lies after from.";
            return Err(Error::invalid("/to", "range", detail));
        }
        Ok(())
    }
}

impl MembershipRow {
    pub fn membership(&self) -> Membership {
        Membership { programme: self.programme.clone(), from: self.from_on, to: told(self.to_on) }
    }
}

/// # Errors
/// `not-found` for the innovation or the membership.
pub fn get_programme_membership(conn: &mut Conn, slug: &str, id: &str) -> Result<MembershipRow> {
    let innovation = get_innovation(conn, slug)?.row.id;
    by_id(id, "membership", |id| store::find(conn, innovation, id))
}

fn settle(conn: &mut Conn, context: &Context, row: &MembershipRow) -> Result<()> {
    if store::overlaps(conn, row)? {
        let detail = "The innovation is a member of the programme on some of those days already.";
        return Err(Error::new(Code::AlreadyExists).detail(detail));
    }
    let data = json!({ "programme": row.programme, "from": row.from_on, "to": told(row.to_on) });
    let event = Event::new("programme-membership", &row.id.to_string(), row.version, data);
    let scopes = Event { innovation_id: Some(row.innovation_id), programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)
}

/// Makes an innovation a member of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference` for the programme, `already-exists`.
pub fn create_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: &Membership,
) -> Result<MembershipRow> {
    let innovation = get_innovation(conn, slug)?.row.id;
    context.keep_programme(Some(&new.programme.to_ascii_lowercase()))?;
    new.checked()?;
    let row = MembershipRow {
        id: Id::generate(),
        innovation_id: innovation,
        programme: programmes::ops::referred(conn, "/programme", &new.programme)?,
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        version: 1,
        created_at: context.now.naive_utc(),
        updated_at: context.now.naive_utc(),
    };
    settle(conn, context, &row)?;
    store::insert(conn, &row)?;
    Ok(row)
}

/// Changes the days of a membership.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `already-exists`.
pub fn update_programme_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    change: impl FnOnce(Membership) -> Result<Membership>,
) -> Result<MembershipRow> {
    let present = get_programme_membership(conn, slug, id)?;
    context.keep_programme(Some(&present.programme))?;
    context.check_version(present.version)?;
    let before = present.membership();
    let new = change(before.clone())?;
    new.checked()?;
    if new.programme != before.programme {
        return Err(Error::new(Code::Immutable).detail("The programme cannot change: end this one and add another."));
    }
    if new == before {
        return Ok(present);
    }
    let row = MembershipRow {
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    settle(conn, context, &row)?;
    store::update(conn, &row)?;
    Ok(row)
}
