//! What can be done with innovations, each in one transaction.

use super::rules::{self, Innovation, NewKeeper};
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
/// `not-found`, for an archived one too, and for a draft that the caller may not see.
pub fn get_innovation(conn: &mut Conn, context: &Context, slug: &str) -> Result<OwnedInnovation> {
    let slug = slug.to_ascii_lowercase();
    let found = if rules::is_slug(&slug) { store::find(conn, &slug)? } else { None };
    let found = found.ok_or_else(|| Error::not_found(RESOURCE))?;
    if !found.row.draft || keeps(context, &found.row) || is_shown(conn, context, &found.row)? {
        return Ok(found);
    }
    Err(Error::not_found(RESOURCE))
}

/// Whether an application shows a draft to a programme of the caller.
fn is_shown(conn: &mut Conn, context: &Context, row: &InnovationRow) -> Result<bool> {
    let programmes = context.actor.reach(Operation::assign_innovation_keeper).whole_programmes().to_vec();
    Ok(row.draft && !programmes.is_empty() && store::is_shown_to(conn, row.id, &programmes)?)
}

/// The innovation that a request refers to, which is nobody's draft.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, slug: &str) -> Result<Id> {
    store::id_of(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| unknown(pointer, slug))
}

/// The innovation that an application is about, which may be the applicant's own draft.
///
/// # Errors
/// As [`referred`].
pub fn referred_by_applicant(conn: &mut Conn, context: &Context, pointer: &str, slug: &str) -> Result<Id> {
    let found = store::find(conn, &slug.to_ascii_lowercase())?.map(|found| found.row);
    let found = found.filter(|row| !row.draft || keeps(context, row));
    found.map(|row| row.id).ok_or_else(|| unknown(pointer, slug))
}

fn unknown(pointer: &str, slug: &str) -> Error {
    let detail = format!("There is no innovation {slug}.");
    Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-innovation", detail))
}

/// Operations on one innovation that the caller may do now, for a client to offer.
pub fn actions(conn: &mut Conn, context: &Context, found: &OwnedInnovation) -> Result<Vec<&'static str>> {
    let row = &found.row;
    let mut actions = Vec::new();
    if may_pass(context, row) || is_shown(conn, context, row)? {
        actions.push(Operation::assign_innovation_keeper.id());
    }
    for operation in [Operation::delete_innovation, Operation::transition_innovation, Operation::update_innovation] {
        let Some(standing) = Standing::of(context, operation, row) else { continue };
        let moves = row.stage.next().iter().any(|to| standing.may_move_to(*to));
        if operation != Operation::transition_innovation || moves {
            actions.push(operation.id());
        }
    }
    Ok(actions)
}

/// What lets a caller write an innovation. It is decided here alone: a programme that an innovation is merely a member of
/// reads it, and counts what it brought, but writes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The caller manages the programme that keeps it, or may change the whole register.
    Keeper,
    /// The caller is a fellow of the innovation, or the applicant whose draft it is.
    Alone,
}

impl Standing {
    pub fn of(context: &Context, operation: Operation, row: &InnovationRow) -> Option<Self> {
        let own = is_own_draft(context, row) && context.actor.may(operation);
        Self::by_grant(&context.actor.reach(operation), row.id, row.keeper.as_deref()).or(own.then_some(Self::Alone))
    }

    /// Of an innovation that is nobody's draft.
    fn by_grant(reach: &Reach, innovation: Id, keeper: Option<&str>) -> Option<Self> {
        if reach.covers_programme(keeper) {
            return Some(Self::Keeper);
        }
        reach.covers_innovation(innovation).then_some(Self::Alone)
    }

    fn may_move_to(self, to: Stage) -> bool {
        self == Self::Keeper || !to.needs_second_party()
    }
}

/// Whether the caller is the applicant whose draft it is.
pub fn is_own_draft(context: &Context, row: &InnovationRow) -> bool {
    row.keeper_subject.as_ref() == Some(&context.actor.subject)
}

/// Whether the caller keeps the innovation, and so answers for it where others link to it.
pub fn keeps(context: &Context, row: &InnovationRow) -> bool {
    Standing::of(context, Operation::update_innovation, row).is_some()
}

/// As [`keeps`], of an innovation that is nobody's draft, by its id and the programme that keeps it.
pub fn keeps_one(context: &Context, innovation: Id, keeper: Option<&str>) -> bool {
    Standing::by_grant(&context.actor.reach(Operation::update_innovation), innovation, keeper).is_some()
}

/// Whether the caller may hand the innovation on: its keeper, except of a draft of one's own, which a programme takes.
fn may_pass(context: &Context, row: &InnovationRow) -> bool {
    Standing::of(context, Operation::assign_innovation_keeper, row) == Some(Standing::Keeper)
}

/// An innovation that the caller may change, in the version that the caller knows.
fn held(conn: &mut Conn, context: &Context, slug: &str) -> Result<(OwnedInnovation, Standing)> {
    let present = get_innovation(conn, context, slug)?;
    let standing = Standing::of(context, context.operation, &present.row).ok_or_else(outside)?;
    context.check_version(present.row.version)?;
    Ok((present, standing))
}

/// The id of the owner that was named.
fn owner(conn: &mut Conn, code: Option<&str>) -> Result<Option<Id>> {
    code.map(|code| organisations::ops::referred(conn, "/owner", code)).transpose()
}

/// Registers an innovation. One that a programme manager registers is kept by the manager's programme and joins it today;
/// where there are several, by the first of them. One that an applicant registers is a draft, which the applicant keeps.
///
/// # Errors
/// `validation-failed`, `unknown-reference` for the owner, `already-exists` for the slug that was asked for.
pub fn create_innovation(conn: &mut Conn, context: &Context, new: Innovation) -> Result<OwnedInnovation> {
    let reach = context.reach();
    let mut programmes = if reach.is_everything() { Vec::new() } else { reach.whole_programmes().to_vec() };
    programmes.sort_unstable();
    programmes.dedup();
    let draft = !reach.is_everything() && programmes.is_empty();
    let new = new.checked()?;
    if draft && new.stage != Stage::ProofOfConcept {
        let detail = "An applicant registers an innovation at proof-of-concept, and moves it from there.";
        return Err(Error::invalid("/stage", "first-stage", detail));
    }
    let owner = owner(conn, new.owner.as_deref())?;
    let today = context.today();
    let reference = references::next(conn, rules::REFERENCE_PREFIX, today.year())?;
    let slug = match new.slug.clone() {
        Some(slug) => slug,
        None => free_slug(conn, &new.name)?,
    };
    let (tags, search_text) = (new.tags(), new.search_text(&slug, &reference));
    let row = InnovationRow {
        keeper: programmes.first().cloned(),
        keeper_subject: draft.then(|| context.actor.subject.clone()),
        draft,
        ..InnovationRow::new(context, new, slug, reference, owner)?
    };
    store::insert(conn, &row, search_text)?;
    store::retag(conn, row.id, &tags)?;
    let made = finish(conn, context, &row, json!({ "programmes": programmes }))?;
    for programme in programmes {
        join(conn, context, &row, programme)?;
    }
    Ok(made)
}

/// Makes a new innovation a member of the programme that registers it, and tells of it as memberships are told of.
fn join(conn: &mut Conn, context: &Context, row: &InnovationRow, programme: String) -> Result<()> {
    let id = store::insert_membership(conn, context, row.id, programme.clone())?;
    let data = json!({ "programme": programme, "from": context.today(), "shown": true });
    let event = Event::new("programme-membership", &id.to_string(), 1, data);
    let (innovation_id, other_programme) = (Some(row.id), row.keeper.clone());
    events::record(conn, context, Event { innovation_id, programme: Some(programme), other_programme, ..event })
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
    let (present, _) = held(conn, context, slug)?;
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
    finish(conn, context, &row, json!({}))
}

/// Archives an innovation, which hides it. Its slug is not used again.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_innovation(conn: &mut Conn, context: &Context, slug: &str) -> Result<()> {
    let (present, _) = held(conn, context, slug)?;
    let now = context.now.naive_utc();
    let version = present.row.version + 1;
    let row = InnovationRow { archived_at: Some(now), updated_at: now, version, ..present.row };
    store::update(conn, &row, None)?;
    trace(conn, context, &row, json!({ "reference": row.reference, "archived": true }))
}

/// Hands an innovation to a programme, or to national administrators. A manager to whose programme an application shows a
/// draft takes it so, and publishes it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `unknown-reference` for the programme.
pub fn assign_innovation_keeper(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: NewKeeper,
) -> Result<OwnedInnovation> {
    let present = get_innovation(conn, context, slug)?;
    let keeper = new.programme.map(|slug| slug.to_ascii_lowercase());
    let takes = context.reach().covers_programme(keeper.as_deref()) && is_shown(conn, context, &present.row)?;
    let nobody = keeper.is_none() && !context.reach().is_everything();
    if nobody || !(takes || may_pass(context, &present.row)) {
        return Err(outside());
    }
    context.check_version(present.row.version)?;
    if let Some(slug) = &keeper
        && !store::is_programme(conn, slug)?
    {
        return Err(unknown_programme(slug));
    }
    if keeper == present.row.keeper && !present.row.draft {
        return Ok(present);
    }
    let before = present.row.keeper.clone();
    let row = present.row.passed(context, keeper);
    store::update(conn, &row, None)?;
    let data = json!({ "reference": row.reference, "from": before, "to": row.keeper });
    let event = Event { other_programme: before, ..event(&row, data) };
    events::record(conn, context, event)?;
    store::find(conn, &row.slug)?.ok_or_else(|| Error::internal("an innovation was lost"))
}

/// The refusal of a programme that is not there.
pub fn unknown_programme(slug: &str) -> Error {
    let detail = format!("There is no programme {slug}.");
    let fault = Fault::new("/programme", "unknown-programme", detail.clone());
    Error::new(Code::UnknownReference).detail(detail).fault(fault)
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
    let (mut present, standing) = held(conn, context, slug)?;
    let step: Move<Stage> = asked.read(context.today())?;
    if !standing.may_move_to(step.to) {
        return Err(Error::new(Code::Forbidden).detail(format!(
            "A fellow or applicant cannot move an innovation to {}. A national-admin or a manager of the programme that keeps it can.",
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
    trace(conn, context, row, data)?;
    Ok(present)
}

/// Traces what was written, with `more` about it, and reads it back.
fn finish(conn: &mut Conn, context: &Context, row: &InnovationRow, more: Value) -> Result<OwnedInnovation> {
    let found = store::find(conn, &row.slug)?.ok_or_else(|| Error::internal("an innovation was lost"))?;
    let mut data = json!({ "reference": row.reference, "stage": row.stage, "owner": found.owner });
    json_patch::merge(&mut data, &more);
    trace(conn, context, row, data)?;
    Ok(found)
}

fn trace(conn: &mut Conn, context: &Context, row: &InnovationRow, data: Value) -> Result<()> {
    events::record(conn, context, event(row, data))
}

/// What is done to a draft is its keeper's own, whichever organisation it names.
fn event(row: &InnovationRow, mut data: Value) -> Event {
    data["shown"] = json!(!row.draft);
    Event {
        organisation_id: row.owner_id.filter(|_| !row.draft),
        innovation_id: Some(row.id),
        programme: row.keeper.clone(),
        owner: row.keeper_subject.clone(),
        ..Event::new(RESOURCE, &row.slug, row.version, data)
    }
}
