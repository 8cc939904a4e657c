//! What can be done with organisations, each in one transaction.

use super::reference;
use super::rules::{Edge, EdgeKind, Identifier, Organisation, OrganisationType, Succession};
use super::store::{self, EdgeRow, OrganisationRow, SuccessionRow};
use crate::access::Reach;
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::dialect::lock;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;
use std::collections::HashSet;

pub use super::store::referred;

/// # Errors
/// `not-found`.
pub fn get_organisation(conn: &mut Conn, code: &str) -> Result<OrganisationRow> {
    store::known(conn, code)
}

fn trace(conn: &mut Conn, context: &Context, row: &OrganisationRow) -> Result<()> {
    let data = json!({ "code": row.code, "type": row.kind, "status": row.status });
    let event = Event::new("organisation", &row.code, row.version, data);
    events::record(conn, context, Event { organisation_id: Some(row.id), ..event })
}

/// Creates an organisation, below a parent where one is named.
///
/// # Errors
/// `forbidden`, `validation-failed`, `already-exists`, `unknown-reference` for the parent.
pub fn create_organisation(conn: &mut Conn, context: &Context, new: Organisation) -> Result<OrganisationRow> {
    context.reach().require_everything()?;
    let new = new.checked()?;
    let parent = new.parent.as_ref().map(|code| referred(conn, "/parent", code)).transpose()?;
    let row = OrganisationRow::new(context, new)?;
    store::insert(conn, &row)?;
    if let Some(parent) = parent {
        put_below(conn, context, parent, &row)?;
    }
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes an organisation, except its code.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_organisation(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    patch: &Patch<Organisation>,
) -> Result<OrganisationRow> {
    let present = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    if patch.touches("parent") {
        return Err(Error::invalid("/parent", "immutable", "Change the hierarchy by the organisation's edges."));
    }
    let before = present.organisation();
    let Some(new) = context.revised_by(&before, present.version, patch, Organisation::checked)? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.revised(context, new)?;
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// The result for one organisation of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    Created,
    Updated,
    Unchanged,
}

/// Creates or updates one organisation of an import. Its parent, if new, is added as an edge from its first day.
///
/// # Errors
/// As [`create_organisation`].
pub fn import_organisation(conn: &mut Conn, context: &Context, new: Organisation) -> Result<Imported> {
    let new = new.checked()?;
    let Some(present) = store::find(conn, &new.code)? else {
        create_organisation(conn, context, new)?;
        return Ok(Imported::Created);
    };
    let parent = new.parent.as_ref().map(|code| referred(conn, "/parent", code)).transpose()?;
    let before = present.organisation();
    // An import says nothing of identifiers.
    let kept = Organisation { identifiers: before.identifiers.clone(), parent: None, ..new };
    let mut changed = kept != before;
    let row = present.revised(context, kept)?;
    if let Some(parent) = parent
        && !store::is_child_of(conn, row.id, parent)?
    {
        put_below(conn, context, parent, &row)?;
        changed = true;
    }
    if !changed {
        return Ok(Imported::Unchanged);
    }
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(Imported::Updated)
}

/// Puts an organisation below another by geography, from its first day on.
fn put_below(conn: &mut Conn, context: &Context, parent: Id, child: &OrganisationRow) -> Result<()> {
    let span = Span::new(child.valid_from, None)?;
    insert_edge(conn, context, (parent, child.id), EdgeKind::Geographic, span, false).map(drop)
}

fn insert_edge(
    conn: &mut Conn,
    context: &Context,
    (parent_id, child_id): (Id, Id),
    kind: EdgeKind,
    span: Span,
    illustrative: bool,
) -> Result<EdgeRow> {
    lock(conn, HIERARCHY_LOCK)?;
    if parent_id == child_id || store::would_circle(conn, parent_id, child_id, span)? {
        return Err(Error::invalid("/parent", "circular", "The organisation would lie below itself."));
    }
    let (from_on, to_on, created_at) = (span.from, span.to, context.now.naive_utc());
    let edge = EdgeRow { id: Id::generate(), kind, parent_id, child_id, from_on, to_on, illustrative, created_at };
    store::insert_edge(conn, &edge)?;
    Ok(edge)
}

/// Puts the organisation below another.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `validation-failed` for a circle, `already-exists`.
pub fn create_organisation_edge(conn: &mut Conn, context: &Context, code: &str, new: &Edge) -> Result<Stored<Edge>> {
    let child = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    let span = Span::new(new.from, new.to)?;
    let parent = referred(conn, "/parent", &new.parent)?;
    let edge = insert_edge(conn, context, (parent, child.id), new.kind, span, new.illustrative)?;
    let data = json!({ "parent": new.parent.to_ascii_uppercase(), "child": child.code, "kind": new.kind, "from": new.from, "to": new.to });
    let event = Event::new("organisation-edge", &edge.id.to_string(), 1, data);
    let ends = Event { organisation_id: Some(child.id), other_organisation_id: Some(parent), ..event };
    events::record(conn, context, ends)?;
    store::edges_named(conn, vec![edge])?.pop().ok_or_else(|| Error::internal("an edge was lost"))
}

/// Records that an organisation, or a share of it, became another.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `validation-failed` when the shares of a day exceed the whole,
/// `already-exists`.
pub fn create_organisation_succession(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    new: &Succession,
) -> Result<Stored<Succession>> {
    let from = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    let to_id = referred(conn, "/to", &new.to)?;
    if to_id == from.id {
        return Err(Error::invalid("/to", "circular", "An organisation cannot succeed itself."));
    }
    lock(conn, HIERARCHY_LOCK)?;
    // Between 1e-6 and 1 by the schema, so the product is a whole number of millionths.
    let share_ppm = (new.share * 1e6).round() as i64;
    if store::share_gone(conn, from.id, new.effective_on)? + share_ppm > 1_000_000 {
        let detail = "The shares of an organisation on one day add up to more than 1.";
        return Err(Error::invalid("/share", "too-large", detail));
    }
    let (id, created_at) = (Id::generate(), context.now.naive_utc());
    let Succession { kind, effective_on, .. } = *new;
    let row = SuccessionRow { id, from_id: from.id, to_id, kind, share_ppm, effective_on, created_at };
    store::insert_succession(conn, &row)?;
    let data =
        json!({ "from": from.code, "to": new.to.to_ascii_uppercase(), "kind": kind, "effectiveOn": effective_on });
    let event = Event::new("organisation-succession", &id.to_string(), 1, data);
    let ends = Event { organisation_id: Some(from.id), other_organisation_id: Some(to_id), ..event };
    events::record(conn, context, ends)?;
    store::successions_named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a succession was lost"))
}

/// The bundled reference data: England, its regions, ICBs and HINs. Runs once; a second run changes nothing.
pub fn load_reference_data(conn: &mut Conn, context: &Context) -> Result<()> {
    // Two instances may start at once.
    lock(conn, REFERENCE_LOCK)?;
    if store::id_of(conn, reference::ENGLAND.code)?.is_some() {
        return Ok(());
    }
    for entry in reference::reference_organisations() {
        let kind = OrganisationType::parse(entry.kind).ok_or_else(|| Error::internal("reference type"))?;
        let identifier = |scheme: &str, value: &str| Identifier { scheme: scheme.to_owned(), value: value.to_owned() };
        let ons = entry.ons_code.map(|code| identifier("ons", code));
        let former = entry.former_name.map(|name| identifier("former-name", name));
        let new = Organisation {
            ods_code: entry.ods_code.map(str::to_owned),
            identifiers: ons.into_iter().chain(former).collect(),
            parent: entry.parent.map(str::to_owned),
            ..Organisation::named(entry.code, entry.name, kind)
        };
        create_organisation(conn, context, new)?;
    }
    for (hin, boards) in reference::ILLUSTRATIVE_FOOTPRINTS {
        let parent = referred(conn, "/parent", hin)?;
        for board in boards {
            let child = referred(conn, "/child", board)?;
            insert_edge(conn, context, (parent, child), EdgeKind::Network, Span::ALWAYS, true)?;
        }
    }
    Ok(())
}

/// Held while the hierarchy changes: two edges that make a circle, or two shares that exceed the whole, must not pass each
/// other unseen.
const HIERARCHY_LOCK: i64 = 0x4849_4552_4152;

/// Held while reference data is loaded.
const REFERENCE_LOCK: i64 = 0x5245_4645_5245;

/// The code of England, the body of whoever acts for the whole country.
pub const ENGLAND: &str = reference::ENGLAND.code;

/// Whether the organisation is one of the scope's, or lies below one today.
pub fn covers_organisation(conn: &mut Conn, context: &Context, reach: &Reach, organisation: Id) -> Result<bool> {
    covers(conn, context, reach, None, Some(organisation), None)
}

/// Whether a record of this organisation lies within the end user's, where there is one.
pub fn is_within(conn: &mut Conn, context: &Context, reach: &Reach, organisation: Option<Id>) -> Result<bool> {
    match (reach.within(), organisation) {
        (None, _) => Ok(true),
        (Some(_), None) => Ok(false),
        (Some(place), Some(organisation)) => store::is_below_any(conn, organisation, &[place], context.today()),
    }
}

/// Keeps back a record that lies outside the end user's organisation.
///
/// # Errors
/// `not-found`.
pub fn require_within(conn: &mut Conn, context: &Context, organisation: Option<Id>, what: &str) -> Result<()> {
    if is_within(conn, context, &context.reach(), organisation)? { Ok(()) } else { Err(Error::not_found(what)) }
}

/// Whether a record lies within reach: by its programme, its organisation or its innovation, and within the end user's
/// organisation where there is one.
pub fn covers(
    conn: &mut Conn,
    context: &Context,
    reach: &Reach,
    programme: Option<&str>,
    organisation: Option<Id>,
    innovation: Option<Id>,
) -> Result<bool> {
    if !is_within(conn, context, reach, organisation)? {
        return Ok(false);
    }
    if reach.names(programme, innovation) {
        return Ok(true);
    }
    let Some(organisation) = organisation else { return Ok(false) };
    store::is_below_any(conn, organisation, reach.places(), context.today())
}

/// What a reach makes of some organisations, so that many records are decided with few questions to the database.
pub struct Covered {
    reach: Reach,
    below_scopes: HashSet<Id>,
    /// Those that lie within the end user's organisation, where there is one.
    within: Option<HashSet<Id>>,
}

impl Covered {
    pub fn of(conn: &mut Conn, context: &Context, reach: Reach, organisations: &[Id]) -> Result<Self> {
        let below_scopes = store::those_below(conn, reach.places(), organisations, context.today())?;
        let within = reach.within().map(|place| store::those_below(conn, &[place], organisations, context.today()));
        Ok(Self { below_scopes, within: within.transpose()?, reach })
    }

    /// As [`covers`], of a record of one of the organisations, or of none.
    pub fn covers(&self, programme: Option<&str>, organisation: Option<Id>, innovation: Option<Id>) -> bool {
        let is_in = |those: &HashSet<Id>| organisation.is_some_and(|organisation| those.contains(&organisation));
        let named = self.reach.names(programme, innovation) || is_in(&self.below_scopes);
        named && self.within.as_ref().is_none_or(is_in)
    }
}
