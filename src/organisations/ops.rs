//! What can be done with organisations, each in one transaction.

use crate::access::Reach;
use super::rules::{EdgeKind, Identifier, Organisation, OrganisationStatus, SuccessionKind};
use super::store::{self, EdgeRow, OrganisationRow, SuccessionRow};
use crate::calendar::Span;
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::dialect::lock;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::vocabulary::{Id, fold};
use chrono::NaiveDate;
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_organisation(conn: &mut Conn, code: &str) -> Result<OrganisationRow> {
    store::find(conn, &code.to_ascii_uppercase())?.ok_or_else(|| Error::not_found("organisation"))
}

/// The organisation a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<Id> {
    store::id_of(conn, &code.to_ascii_uppercase())?.ok_or_else(|| {
        let detail = format!("There is no organisation {code}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(
            pointer,
            "unknown-organisation",
            detail,
        ))
    })
}

fn row(
    organisation: &Organisation,
    id: Id,
    version: i32,
    created_at: chrono::NaiveDateTime,
    context: &Context,
) -> Result<OrganisationRow> {
    let identifiers: Vec<_> =
        organisation.identifiers.iter().map(|i| json!({ "scheme": i.scheme, "value": i.value })).collect();
    Ok(OrganisationRow {
        id,
        code: organisation.code.clone(),
        ods_code: organisation.ods_code.clone(),
        name: organisation.name.clone(),
        sort_name: fold(&organisation.name),
        kind: organisation.kind,
        status: organisation.status,
        valid_from: organisation.valid_from,
        valid_to: organisation.valid_to,
        postcode: organisation.postcode.clone(),
        identifiers: serde_json::to_string(&identifiers)?,
        search_text: organisation.search_text(),
        version,
        created_at,
        updated_at: context.now.naive_utc(),
    })
}

impl OrganisationRow {
    /// The organisation this row holds.
    pub fn organisation(&self) -> Organisation {
        #[derive(serde::Deserialize)]
        struct Stored {
            scheme: String,
            value: String,
        }
        let stored: Vec<Stored> = serde_json::from_str(&self.identifiers).unwrap_or_default();
        Organisation {
            code: self.code.clone(),
            ods_code: self.ods_code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            status: self.status,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            postcode: self.postcode.clone(),
            identifiers: stored.into_iter().map(|i| Identifier { scheme: i.scheme, value: i.value }).collect(),
        }
    }
}

fn trace(conn: &mut Conn, context: &Context, row: &OrganisationRow) -> Result<()> {
    let data = json!({ "code": row.code, "type": row.kind, "status": row.status });
    events::record(
        conn,
        context,
        Event { organisation_id: Some(row.id), ..Event::new("organisation", &row.code, row.version, data) },
    )
}

/// Creates an organisation, below a parent where one is named.
///
/// # Errors
/// `validation-failed`, `already-exists`, `unknown-reference` for the parent.
pub fn create_organisation(
    conn: &mut Conn,
    context: &Context,
    new: Organisation,
    parent: Option<&str>,
) -> Result<OrganisationRow> {
    context.reach().require_everything()?;
    let new = new.checked()?;
    let row = row(&new, Id::generate(), 1, context.now.naive_utc(), context)?;
    let parent = parent.map(|code| referred(conn, "/parent", code)).transpose()?;
    store::insert(conn, &row)?;
    if let Some(parent) = parent {
        insert_edge(conn, context, parent, row.id, EdgeKind::Geographic, Span::new(new.valid_from, None)?, false)?;
    }
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes everything of an organisation but its code.
///
/// # Errors
/// `not-found`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_organisation(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    change: impl FnOnce(&Organisation) -> Result<Organisation>,
) -> Result<OrganisationRow> {
    let present = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    context.check_version(present.version)?;
    let new = change(&present.organisation())?.checked()?;
    if new.code != present.code {
        return Err(
            Error::new(Code::Immutable).detail("A code cannot change: create a successor and record the succession.")
        );
    }
    let row = row(&new, present.id, present.version + 1, present.created_at, context)?;
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// What became of one organisation of an import.
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
pub fn import_organisation(
    conn: &mut Conn,
    context: &Context,
    new: Organisation,
    parent: Option<&str>,
) -> Result<Imported> {
    let new = new.checked()?;
    let Some(present) = store::find(conn, &new.code)? else {
        create_organisation(conn, context, new, parent)?;
        return Ok(Imported::Created);
    };
    let added = match parent {
        None => false,
        Some(parent) => {
            let parent = referred(conn, "/parent", parent)?;
            let has_one = store::edges_of(conn, present.id)?
                .iter()
                .any(|ends| ends.edge.child_id == present.id && ends.edge.parent_id == parent);
            if !has_one {
                insert_edge(
                    conn,
                    context,
                    parent,
                    present.id,
                    EdgeKind::Geographic,
                    Span::new(new.valid_from, None)?,
                    false,
                )?;
            }
            !has_one
        }
    };
    let kept = Organisation { identifiers: present.organisation().identifiers, ..new };
    if kept == present.organisation() && !added {
        return Ok(Imported::Unchanged);
    }
    let row = row(&kept, present.id, present.version + 1, present.created_at, context)?;
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(Imported::Updated)
}

fn insert_edge(
    conn: &mut Conn,
    context: &Context,
    parent: Id,
    child: Id,
    kind: EdgeKind,
    span: Span,
    illustrative: bool,
) -> Result<EdgeRow> {
    lock(conn, HIERARCHY_LOCK)?;
    if parent == child || store::would_circle(conn, parent, child, span)? {
        return Err(Error::invalid("/parent", "circular", "The organisation would stand above itself."));
    }
    let edge = EdgeRow {
        id: Id::generate(),
        kind,
        parent_id: parent,
        child_id: child,
        from_on: span.from,
        to_on: span.to,
        illustrative,
        created_at: context.now.naive_utc(),
    };
    store::insert_edge(conn, &edge)?;
    Ok(edge)
}

/// A new dated edge above an organisation.
pub struct NewEdge {
    pub parent: String,
    pub kind: EdgeKind,
    pub span: Span,
    pub illustrative: bool,
}

/// Puts the organisation below another.
///
/// # Errors
/// `not-found`, `unknown-reference`, `validation-failed` for a circle, `already-exists`.
pub fn create_organisation_edge(conn: &mut Conn, context: &Context, code: &str, new: &NewEdge) -> Result<EdgeRow> {
    let child = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    let parent = referred(conn, "/parent", &new.parent)?;
    let edge = insert_edge(conn, context, parent, child.id, new.kind, new.span, new.illustrative)?;
    let data = json!({ "parent": new.parent.to_ascii_uppercase(), "child": child.code, "kind": new.kind, "from": new.span.from, "to": new.span.to });
    events::record(
        conn,
        context,
        Event { organisation_id: Some(child.id), ..Event::new("organisation-edge", &edge.id.to_string(), 1, data) },
    )?;
    Ok(edge)
}

/// A new succession from an organisation.
pub struct NewSuccession {
    pub to: String,
    pub kind: SuccessionKind,
    /// The share of the predecessor that goes this way, in millionths.
    pub share_ppm: i64,
    pub effective_on: NaiveDate,
}

/// Records that an organisation, or a share of it, became another.
///
/// # Errors
/// `not-found`, `unknown-reference`, `validation-failed` when the shares of a day exceed the whole, `already-exists`.
pub fn create_organisation_succession(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    new: &NewSuccession,
) -> Result<SuccessionRow> {
    let from = get_organisation(conn, code)?;
    context.reach().require_everything()?;
    let to = referred(conn, "/to", &new.to)?;
    if to == from.id {
        return Err(Error::invalid("/to", "circular", "An organisation cannot succeed itself."));
    }
    lock(conn, HIERARCHY_LOCK)?;
    if store::share_gone(conn, from.id, new.effective_on)? + new.share_ppm > 1_000_000 {
        return Err(Error::invalid(
            "/share",
            "too-large",
            "The shares of an organisation on one day add up to more than 1.",
        ));
    }
    let row = SuccessionRow {
        id: Id::generate(),
        from_id: from.id,
        to_id: to,
        kind: new.kind,
        share_ppm: new.share_ppm,
        effective_on: new.effective_on,
        created_at: context.now.naive_utc(),
    };
    store::insert_succession(conn, &row)?;
    let data = json!({ "from": from.code, "to": new.to.to_ascii_uppercase(), "kind": new.kind, "effectiveOn": new.effective_on });
    events::record(
        conn,
        context,
        Event { organisation_id: Some(from.id), ..Event::new("organisation-succession", &row.id.to_string(), 1, data) },
    )?;
    Ok(row)
}

/// The bundled reference data: England, its regions, ICBs and HINs. Runs once; a second run changes nothing.
///
/// # Errors
/// The database's own.
pub fn load_reference_data(conn: &mut Conn, context: &Context) -> Result<()> {
    use super::reference;
    // Two instances may start at once.
    lock(conn, REFERENCE_LOCK)?;
    if store::id_of(conn, reference::ENGLAND.code)?.is_some() {
        return Ok(());
    }
    for entry in reference::reference_organisations() {
        let kind =
            super::rules::OrganisationType::parse(entry.kind).ok_or_else(|| Error::internal("reference type"))?;
        let identifier = |scheme: &str, value: &str| Identifier { scheme: scheme.to_owned(), value: value.to_owned() };
        let ons = entry.ons_code.map(|code| identifier("ons", code));
        let former = entry.former_name.map(|name| identifier("former-name", name));
        let new = Organisation {
            code: entry.code.to_owned(),
            ods_code: entry.ods_code.map(str::to_owned),
            name: entry.name.to_owned(),
            kind,
            status: OrganisationStatus::Active,
            valid_from: None,
            valid_to: None,
            postcode: None,
            identifiers: ons.into_iter().chain(former).collect(),
        };
        create_organisation(conn, context, new, entry.parent)?;
    }
    for (hin, boards) in reference::ILLUSTRATIVE_FOOTPRINTS {
        let parent = referred(conn, "/parent", hin)?;
        for board in boards {
            let child = referred(conn, "/child", board)?;
            insert_edge(conn, context, parent, child, EdgeKind::Network, Span::ALWAYS, true)?;
        }
    }
    Ok(())
}

/// Held while the hierarchy changes: two edges that make a circle, or two shares that exceed the whole, must not pass each
/// other unseen.
const HIERARCHY_LOCK: i64 = 0x4849_4552_4152;

/// Held while reference data is loaded.
const REFERENCE_LOCK: i64 = 0x5245_4645_5245;

/// Whether the organisation is one of the scope's, or lies below one today.
///
/// # Errors
/// The database's own.
pub fn covers_organisation(conn: &mut Conn, context: &Context, reach: &Reach, organisation: Id) -> Result<bool> {
    if reach.everything || reach.organisations.contains(&organisation) {
        return Ok(true);
    }
    store::is_below_any(conn, organisation, &reach.organisations, context.today())
}

/// Whether a record lies within reach by its programme, its organisation or its innovation.
///
/// # Errors
/// The database's own.
pub fn covers(
    conn: &mut Conn,
    context: &Context,
    reach: &Reach,
    programme: Option<&str>,
    organisation: Option<Id>,
    innovation: Option<Id>,
) -> Result<bool> {
    if reach.covers_programme(programme) || innovation.is_some_and(|id| reach.innovations.contains(&id)) {
        return Ok(true);
    }
    organisation.map_or(Ok(false), |organisation| covers_organisation(conn, context, reach, organisation))
}
