//! What can be done with mentorships, each in one transaction.

use super::store::{self, MentorshipRow, NamedMentorship};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::calendar::{Span, told};
use crate::people::fellowships;
use crate::people::ops::referred;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// A mentorship as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentorship {
    pub mentor: Id,
    pub fellowship: Id,
    pub focus: String,
    pub from: NaiveDate,
    /// The first day it no longer holds; until further notice without.
    pub to: Option<NaiveDate>,
}

impl NamedMentorship {
    pub fn mentorship(&self) -> Mentorship {
        Mentorship {
            mentor: self.row.mentor_id,
            fellowship: self.row.fellowship_id,
            focus: self.row.focus.clone(),
            from: self.row.from_on,
            to: told(self.row.to_on),
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_mentorship(conn: &mut Conn, id: &str) -> Result<NamedMentorship> {
    by_id(id, "mentorship", |id| store::find(conn, id))
}

fn finish(conn: &mut Conn, context: &Context, row: &MentorshipRow) -> Result<NamedMentorship> {
    let data = json!({ "mentor": row.mentor_id, "fellowship": row.fellowship_id, "to": told(row.to_on) });
    let event = Event::new("mentorship", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: Some(row.programme.clone()), ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a mentorship was lost"))
}

/// Gives a fellowship a mentor.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_mentorship(conn: &mut Conn, context: &Context, new: Mentorship) -> Result<NamedMentorship> {
    let programme = fellowships::ops::referred(conn, "/fellowship", new.fellowship)?.programme;
    context.keep_programme(Some(&programme))?;
    let span = Span::new(Some(new.from), new.to)?;
    let now = context.now.naive_utc();
    let row = MentorshipRow {
        id: Id::generate(),
        mentor_id: referred(conn, "/mentor", new.mentor)?,
        fellowship_id: new.fellowship,
        programme,
        focus: new.focus,
        from_on: new.from,
        to_on: span.to,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes what a mentorship is about and when it holds.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_mentorship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    change: impl FnOnce(Mentorship) -> Result<Mentorship>,
) -> Result<NamedMentorship> {
    let present = get_mentorship(conn, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    context.check_version(present.row.version)?;
    let before = present.mentorship();
    let new = change(before.clone())?;
    let span = Span::new(Some(new.from), new.to)?;
    if (new.mentor, new.fellowship, new.from) != (before.mentor, before.fellowship, before.from) {
        let detail =
            "Whose mentorship it is, of which fellowship and since when cannot change: end it and add another.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    if new == before {
        return Ok(present);
    }
    let row = MentorshipRow {
        focus: new.focus,
        to_on: span.to,
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    store::update(conn, &row)?;
    finish(conn, context, &row)
}
