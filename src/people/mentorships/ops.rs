//! What can be done with mentorships, each in one transaction.

use super::rules::Mentorship;
use super::store::{self, MentorshipRow, NamedMentorship};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::fellowships;
use crate::people::ops::referred;
use crate::people::store::subject_of;
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_mentorship(conn: &mut Conn, id: &str) -> Result<NamedMentorship> {
    by_id(id, "mentorship", |id| store::find(conn, id))
}

/// Gives a fellowship a mentor.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_mentorship(conn: &mut Conn, context: &Context, new: Mentorship) -> Result<NamedMentorship> {
    let programme = fellowships::ops::referred(conn, "/fellowship", new.fellowship)?.programme;
    context.keep_programme(Some(&programme))?;
    new.check()?;
    referred(conn, "/mentor", new.mentor)?;
    let row = MentorshipRow::new(context, new, programme);
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes the focus and the end of a mentorship.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_mentorship(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Mentorship>,
) -> Result<NamedMentorship> {
    let present = get_mentorship(conn, id)?;
    context.keep_programme(Some(&present.row.programme))?;
    let before = present.row.mentorship();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    let row = present.row.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

fn finish(conn: &mut Conn, context: &Context, row: &MentorshipRow) -> Result<NamedMentorship> {
    let data = json!({ "mentor": row.mentor_id, "fellowship": row.fellowship_id, "to": row.mentorship().to });
    let event = Event::new("mentorship", &row.id.to_string(), row.version, data);
    let (programme, owner) = (Some(row.programme.clone()), subject_of(conn, row.mentor_id)?);
    events::record(conn, context, Event { programme, owner, ..event })?;
    store::find(conn, row.id)?.ok_or_else(|| Error::internal("a mentorship was lost"))
}
