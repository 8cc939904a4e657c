//! What can be done with innovations, each in one transaction.

use super::rules::{self, Innovation};
use super::store::{self, InnovationRow, OwnedInnovation};
use super::words::Stage;
use crate::access::{Operation, Reach, outside};
use crate::db::{Conn, references};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::transitions::rules::{AskedMove, Machine, Move};
use crate::vocabulary::Id;
use crate::{organisations, transitions};
use chrono::Datelike;
use serde_json::{Value, json};

/// The name of an innovation's moves among those of every resource.
pub const RESOURCE: &str = "innovation";

/// # Errors
/// `not-found`, for an archived one too.
pub fn get_innovation(conn: &mut Conn, slug: &str) -> Result<OwnedInnovation> {
    let slug = slug.to_ascii_lowercase();
    let found = if rules::is_slug(&slug) { store::find(conn, &slug)? } else { None };
    found.ok_or_else(|| Error::not_found("innovation"))
}

/// The innovation that a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, slug: &str) -> Result<Id> {
    store::id_of(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| {
        let detail = format!("There is no innovation {slug}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(
            pointer,
            "unknown-innovation",
            detail,
        ))
    })
}

/// Operations on one innovation that the caller may do now, for a client to offer.
pub fn actions(conn: &mut Conn, context: &Context, found: &OwnedInnovation) -> Result<Vec<&'static str>> {
    let reaches = [Operation::delete_innovation, Operation::transition_innovation, Operation::update_innovation]
        .map(|operation| (operation, context.actor.reach(operation)));
    // Only a programme manager's reach depends on the programmes, so nobody else waits for them.
    let asked = reaches.iter().any(|(_, reach)| !reach.is_everything() && !reach.whole_programmes().is_empty());
    let programmes = if asked { store::programmes_of(conn, found.row.id, context.today())? } else { Vec::new() };
    let may = |operation: Operation, reach: &Reach| {
        let Some(standing) = Standing::of(reach, found.row.id, &programmes) else { return false };
        let alone = |to: &Stage| standing == Standing::Manager || !to.needs_second_party();
        operation != Operation::transition_innovation || found.row.stage.next().iter().any(alone)
    };
    Ok(reaches
        .iter()
        .filter(|(operation, reach)| may(*operation, reach))
        .map(|(operation, _)| operation.id())
        .collect())
}

/// What lets a caller change an innovation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The caller may change the whole register, or one of the innovation's programmes.
    Manager,
    /// The caller is a fellow of the innovation.
    Fellow,
}

impl Standing {
    fn of(reach: &Reach, innovation: Id, programmes: &[String]) -> Option<Self> {
        if reach.is_everything() || programmes.iter().any(|programme| reach.covers_programme(Some(programme))) {
            return Some(Self::Manager);
        }
        reach.covers_innovation(innovation).then_some(Self::Fellow)
    }
}

/// An innovation that the caller may change, in the version that the caller knows.
struct Held {
    present: OwnedInnovation,
    standing: Standing,
    /// The programme through which the caller may change it, or else one that it is in.
    programme: Option<String>,
}

fn held(conn: &mut Conn, context: &Context, slug: &str) -> Result<Held> {
    let present = get_innovation(conn, slug)?;
    let reach = context.reach();
    let programmes = store::programmes_of(conn, present.row.id, context.today())?;
    let standing = Standing::of(&reach, present.row.id, &programmes).ok_or_else(outside)?;
    context.check_version(present.row.version)?;
    let through = programmes.iter().find(|programme| reach.covers_programme(Some(programme)));
    let programme = through.or(programmes.first()).cloned();
    Ok(Held { present, standing, programme })
}

/// The id of the owner that was named.
fn owner(conn: &mut Conn, code: Option<&str>) -> Result<Option<Id>> {
    code.map(|code| organisations::ops::referred(conn, "/owner", code)).transpose()
}

/// Registers an innovation. One that a programme manager registers joins the manager's programmes today.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference` for the owner, `already-exists` for the slug that was asked for.
pub fn create_innovation(conn: &mut Conn, context: &Context, new: Innovation) -> Result<OwnedInnovation> {
    let reach = context.reach();
    if !reach.is_everything() && reach.whole_programmes().is_empty() {
        return Err(outside());
    }
    let new = new.checked()?;
    let owner = owner(conn, new.owner.as_deref())?;
    let today = context.today();
    let reference = references::next(conn, rules::REFERENCE_PREFIX, today.year())?;
    let slug = match new.slug.clone() {
        Some(slug) => slug,
        None => free_slug(conn, &new.name)?,
    };
    let (tags, search_text) = (new.tags(), new.search_text(&slug, &reference));
    let row = InnovationRow::new(context, new, slug, reference, owner)?;
    store::insert(conn, &row, search_text)?;
    store::retag(conn, row.id, &tags)?;
    let mut programmes = if reach.is_everything() { Vec::new() } else { reach.whole_programmes().to_vec() };
    programmes.sort_unstable();
    programmes.dedup();
    for programme in programmes.iter().cloned() {
        store::insert_membership(conn, context, row.id, programme)?;
    }
    let joined = json!({ "programmes": programmes });
    finish(conn, context, &row, programmes.into_iter().next(), joined)
}

/// A slug made from the name, with a number if others have it.
fn free_slug(conn: &mut Conn, name: &str) -> Result<String> {
    let slug = rules::slug_of(name);
    if slug.is_empty() {
        let detail = "The name has no Latin letter or digit to make a slug from, so give a slug.";
        return Err(Error::invalid("/slug", "missing", detail));
    }
    let taken = store::slugs_from(conn, &rules::slug_stem(&slug))?;
    Ok(rules::free_slug(slug, &taken))
}

/// Changes an innovation, except its slug and its stage.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference` for the owner.
pub fn update_innovation(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    patch: &Patch<Innovation>,
) -> Result<OwnedInnovation> {
    let Held { present, programme, .. } = held(conn, context, slug)?;
    let before = present.innovation();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Innovation::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let owner = if new.owner == before.owner { present.row.owner_id } else { owner(conn, new.owner.as_deref())? };
    let (tags, search_text) = (new.tags(), new.search_text(&present.row.slug, &present.row.reference));
    let row = present.row.revised(context, new, owner)?;
    store::update(conn, &row, Some(search_text))?;
    store::retag(conn, row.id, &tags)?;
    finish(conn, context, &row, programme, json!({}))
}

/// Archives an innovation, which hides it. Its slug is not used again.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_innovation(conn: &mut Conn, context: &Context, slug: &str) -> Result<()> {
    let Held { present, programme, .. } = held(conn, context, slug)?;
    let now = context.now.naive_utc();
    let version = present.row.version + 1;
    let row = InnovationRow { archived_at: Some(now), updated_at: now, version, ..present.row };
    store::update(conn, &row, None)?;
    trace(conn, context, &row, programme, json!({ "reference": row.reference, "archived": true }))
}

/// Moves an innovation to another stage. A fellow cannot move it to early adoption or beyond.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_innovation(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    asked: AskedMove,
) -> Result<OwnedInnovation> {
    let Held { mut present, standing, programme } = held(conn, context, slug)?;
    let step: Move<Stage> = asked.read(context.today())?;
    if standing == Standing::Fellow && step.to.needs_second_party() {
        return Err(Error::new(Code::Forbidden).detail(format!(
            "A fellow cannot move an innovation to {}. A national-admin or a programme-manager of one of its programmes can.",
            step.to.as_str()
        )));
    }
    let row = &mut present.row;
    let from = row.stage;
    step.decide(from)?;
    (row.stage, row.version, row.updated_at) = (step.to, row.version + 1, context.now.naive_utc());
    store::update(conn, row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    let data = json!({ "reference": row.reference, "from": from, "to": step.to, "effectiveOn": step.effective_on });
    trace(conn, context, row, programme, data)?;
    Ok(present)
}

/// Traces what was written, with `more` about it, and reads it back.
fn finish(
    conn: &mut Conn,
    context: &Context,
    row: &InnovationRow,
    programme: Option<String>,
    more: Value,
) -> Result<OwnedInnovation> {
    let found = store::find(conn, &row.slug)?.ok_or_else(|| Error::internal("an innovation was lost"))?;
    let mut data = json!({ "reference": row.reference, "stage": row.stage, "owner": found.owner });
    json_patch::merge(&mut data, &more);
    trace(conn, context, row, programme, data)?;
    Ok(found)
}

fn trace(
    conn: &mut Conn,
    context: &Context,
    row: &InnovationRow,
    programme: Option<String>,
    data: Value,
) -> Result<()> {
    let event = Event {
        organisation_id: row.owner_id,
        innovation_id: Some(row.id),
        programme,
        ..Event::new(RESOURCE, &row.slug, row.version, data)
    };
    events::record(conn, context, event)
}
