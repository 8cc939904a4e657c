//! What can be done with organisations, each in one transaction.

use super::edges::ops::{self as edges, NewEdge};
use super::identifiers::Identifier;
use super::lives;
use super::reference;
use super::rules::{EdgeKind, Geography, Organisation, OrganisationType};
use super::store::{self, OrganisationRow};
use crate::access::Reach;
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::dialect::lock;
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

pub use super::store::referred;

/// # Errors
/// `not-found`.
pub fn get_organisation(conn: &mut Conn, code: &str) -> Result<OrganisationRow> {
    store::known(conn, code)
}

/// Organisations as they are today.
///
/// # Errors
/// None: what a page is shown by may fail.
pub fn shown(_: &mut Conn, context: &Context, rows: Vec<OrganisationRow>) -> Result<Vec<Stored<Organisation>>> {
    Ok(rows.into_iter().map(|row| row.on(context.today())).collect())
}

fn trace(conn: &mut Conn, context: &Context, row: &OrganisationRow) -> Result<()> {
    events::record(conn, context, event(row))
}

fn event(row: &OrganisationRow) -> Event {
    let data = json!({ "code": row.code, "type": row.kind, "status": row.status });
    Event { organisation_id: Some(row.id), ..Event::new("organisation", &row.code, row.version, data) }
}

/// An organisation to write among many.
pub enum Written {
    New(Organisation),
    Changed(Box<OrganisationRow>, Organisation),
}

/// Creates and changes many organisations, which were checked.
///
/// # Errors
/// `already-exists` for a code or ODS code in use.
pub fn write_organisations(conn: &mut Conn, context: &Context, many: Vec<Written>) -> Result<()> {
    let (mut rows, mut new) = (Vec::with_capacity(many.len()), Vec::new());
    for one in many {
        match one {
            Written::New(organisation) => new.push(OrganisationRow::new(context, organisation)?),
            Written::Changed(present, organisation) => {
                let row = present.revised(context, organisation)?;
                store::update(conn, &row)?;
                rows.push(row);
            }
        }
    }
    store::insert_many(conn, &new)?;
    rows.extend(new);
    events::record_all(conn, context, rows.iter().map(event).collect())
}

/// Creates an organisation, below a parent where one is named.
///
/// # Errors
/// `forbidden`, `validation-failed`, `already-exists`, `unknown-reference` for the parent.
pub fn create_organisation(conn: &mut Conn, context: &Context, new: Organisation) -> Result<OrganisationRow> {
    context.reach().require_everything()?;
    let new = new.checked(&[])?;
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
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `already-exists`; `validation-failed` also for days on which a
/// succession rests, and for a type that its edges do not fit.
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
    let Some(new) = context.revised_by(&before, present.version, patch, |new| new.checked(&before.identifiers))? else {
        return Ok(present);
    };
    before.check_change(&new)?;
    let row = present.revised(context, new)?;
    lives::overwrite(conn, context, &before, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Ends an organisation: `on` is the first day on which it no longer exists.
///
/// # Errors
/// What the database fails with.
pub fn close_organisation(conn: &mut Conn, context: &Context, present: OrganisationRow, on: NaiveDate) -> Result<()> {
    let closed = Organisation { valid_to: Some(on), ..present.organisation() };
    rewrite(conn, context, present, closed)
}

/// Gives an organisation that was closed on a day the end that it had before.
///
/// # Errors
/// What the database fails with.
pub fn reopen_organisation(
    conn: &mut Conn,
    context: &Context,
    id: Id,
    closed_on: NaiveDate,
    was: Option<NaiveDate>,
) -> Result<()> {
    let present = store::by_ids(conn, &BTreeSet::from([id]))?.pop().filter(|row| row.valid_to == Some(closed_on));
    let Some(present) = present else { return Ok(()) };
    let open = Organisation { valid_to: was, ..present.organisation() };
    rewrite(conn, context, present, open)
}

fn rewrite(conn: &mut Conn, context: &Context, present: OrganisationRow, new: Organisation) -> Result<()> {
    if new == present.organisation() {
        return Ok(());
    }
    let row = present.revised(context, new)?;
    store::update(conn, &row)?;
    trace(conn, context, &row)
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
    let new = new.checked(&[])?;
    let Some(present) = store::find(conn, &new.code)? else {
        create_organisation(conn, context, new)?;
        return Ok(Imported::Created);
    };
    let parent = new.parent.as_ref().map(|code| referred(conn, "/parent", code)).transpose()?;
    let before = present.organisation();
    // An import says nothing of identifiers.
    let kept = Organisation { identifiers: before.identifiers.clone(), parent: None, ..new };
    let changed = kept != before;
    let row = present.revised(context, kept)?;
    let put = match parent {
        Some(parent) if !edges::is_child_of(conn, row.id, parent)? => Some(parent),
        _ => None,
    };
    if !changed && put.is_none() {
        return Ok(Imported::Unchanged);
    }
    lives::overwrite(conn, context, &before, &row)?;
    if let Some(parent) = put {
        put_below(conn, context, parent, &row)?;
    }
    trace(conn, context, &row)?;
    Ok(Imported::Updated)
}

/// Puts an organisation below another by geography, on all its days.
fn put_below(conn: &mut Conn, context: &Context, parent: Id, child: &OrganisationRow) -> Result<()> {
    let (kind, span) = (EdgeKind::Geographic, child.organisation().span());
    edges::put_below(conn, context, NewEdge { kind, parent, child: child.id, span, illustrative: false }).map(drop)
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
            let (kind, span) = (EdgeKind::Network, Span::ALWAYS);
            edges::put_below(conn, context, NewEdge { kind, parent, child, span, illustrative: true })?;
        }
    }
    Ok(())
}

/// Held while reference data is loaded.
const REFERENCE_LOCK: i64 = 0x5245_4645_5245;

/// The code of England, the body of whoever acts for the whole country.
pub const ENGLAND: &str = reference::ENGLAND.code;

/// Whether the organisation is one of the scope's, or lies below one today: for what is done as of today. [`covers`] is for
/// records of other days, which reach the past of what closed.
pub fn covers_organisation(conn: &mut Conn, context: &Context, reach: &Reach, organisation: Id) -> Result<bool> {
    let named = reach.names(None, None) || store::is_below_any(conn, organisation, reach.places(), context.today())?;
    Ok(named && is_within(conn, context, reach, Some(organisation))?)
}

/// By what a caller sees every figure of a place as it is.
pub struct Sight<'a> {
    pub reach: Reach,
    pub programme: Option<&'a str>,
    pub innovation: Id,
}

/// The map on which figures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    pub geography: Geography,
    /// The day whose map it is; at-time that of the period that still runs.
    pub as_of: NaiveDate,
}

impl Map {
    /// The map that is asked for: by default today's, and for a place that exists no longer that of each time. Two maps beside
    /// each other tell what lies between them, so another one is for those who see every figure as it is: of the place, and of every
    /// organisation that counts on that map, today.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn asked(
        conn: &mut Conn,
        context: &Context,
        place: &OrganisationRow,
        (geography, as_of): (Option<Geography>, Option<NaiveDate>),
        sight: Option<Sight>,
    ) -> Result<Self> {
        let closed = |on: NaiveDate| place.valid_to.is_some_and(|to| to <= on);
        let usual = |on: NaiveDate| if closed(on) { Geography::AtTime } else { Geography::Current };
        let today = context.today();
        let as_of = as_of.unwrap_or(today);
        let map = Self { geography: geography.unwrap_or_else(|| usual(as_of)), as_of };
        if map == (Self { geography: usual(today), as_of: today }) {
            return Ok(map);
        }
        let Some(Sight { reach, programme, innovation }) = sight else {
            let detail =
                "Figures on another map than the usual one are for those who see every figure of the place as it is.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        };
        let counted = store::below_during(conn, place.id, map.days())?;
        let seen = Covered::of(conn, context, reach, &counted)?;
        if counted.into_iter().all(|organisation| seen.covers(programme, Some(organisation), Some(innovation))) {
            return Ok(map);
        }
        let detail = "On this map the place holds organisations that are outside your reach today.";
        Err(Error::new(Code::Forbidden).detail(detail))
    }

    /// The days on which an organisation is below a place for it to count there.
    fn days(self) -> Span {
        let from = if self.geography == Geography::AtTime { Span::ALWAYS.from } else { self.as_of };
        Span::through(from, self.as_of)
    }
}

/// Whether a record of this organisation lies within the end user's, where there is one.
pub fn is_within(conn: &mut Conn, context: &Context, reach: &Reach, organisation: Option<Id>) -> Result<bool> {
    match (reach.within(), organisation) {
        (None, _) => Ok(true),
        (Some(_), None) => Ok(false),
        (Some(place), Some(organisation)) => {
            Ok(store::reached(conn, &[place], &[organisation], context.today())?.contains_key(&organisation))
        }
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
    let covered = Covered::of(conn, context, reach.clone(), organisation.as_slice())?;
    Ok(covered.covers(programme, organisation, innovation))
}

/// What a reach makes of some organisations, so that many records are decided with few questions to the database.
pub struct Covered {
    reach: Reach,
    /// By the places of its scopes, each until a day.
    reached: HashMap<Id, NaiveDate>,
    /// By the end user's organisation, where there is one.
    within: Option<HashMap<Id, NaiveDate>>,
}

impl Covered {
    pub fn of(conn: &mut Conn, context: &Context, reach: Reach, organisations: &[Id]) -> Result<Self> {
        let reached = store::reached(conn, reach.places(), organisations, context.today())?;
        let within = reach.within().map(|place| store::reached(conn, &[place], organisations, context.today()));
        Ok(Self { reached, within: within.transpose()?, reach })
    }

    /// As [`covers`], of a record of one of the organisations, or of none.
    pub fn covers(&self, programme: Option<&str>, organisation: Option<Id>, innovation: Option<Id>) -> bool {
        self.covers_from(programme, organisation, innovation, Span::ALWAYS.from)
    }

    /// The same of a record of the days from one on: a right ends with the place that it is over.
    pub fn covers_from(
        &self,
        programme: Option<&str>,
        organisation: Option<Id>,
        innovation: Option<Id>,
        day: NaiveDate,
    ) -> bool {
        let until = |those: &HashMap<Id, NaiveDate>| those.get(&organisation?).copied();
        let is_in = |those: &HashMap<Id, NaiveDate>| until(those).is_some_and(|until| day < until);
        let named = self.reach.names(programme, innovation) || is_in(&self.reached);
        named && self.within.as_ref().is_none_or(is_in)
    }
}
