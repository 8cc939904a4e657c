//! What can be done with edges, each in one transaction.

use super::rules::{Edge, check_parent};
use super::store::{self, EdgeRow};
use crate::calendar::Span;
use crate::db::dialect::lock;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::organisations::closure;
use crate::organisations::rules::EdgeKind;
use crate::organisations::store::{OrganisationNames, OrganisationRow, known, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

pub use super::store::is_child_of;

/// Held while the hierarchy changes: two edges that make a circle, or two successions of one organisation, must not pass
/// each other unseen.
pub const HIERARCHY_LOCK: i64 = 0x4849_4552_4152;

/// An edge that begins.
pub struct NewEdge {
    pub kind: EdgeKind,
    pub parent: Id,
    pub child: Id,
    pub span: Span,
    pub illustrative: bool,
}

impl NewEdge {
    fn row(self, context: &Context) -> EdgeRow {
        let now = context.now.naive_utc();
        EdgeRow {
            id: Id::generate(),
            kind: self.kind,
            parent_id: self.parent,
            child_id: self.child,
            from_on: self.span.from,
            to_on: self.span.to,
            illustrative: self.illustrative,
            created_at: now,
            version: 1,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }
}

/// # Errors
/// `not-found` for the organisation or the edge.
pub fn get_organisation_edge(conn: &mut Conn, code: &str, id: &str) -> Result<Stored<Edge>> {
    let found = find(conn, code, id)?;
    named(conn, found)
}

fn find(conn: &mut Conn, code: &str, id: &str) -> Result<EdgeRow> {
    let of = known(conn, code)?.id;
    by_id(id, "edge", |id| store::find(conn, of, id))
}

fn named(conn: &mut Conn, row: EdgeRow) -> Result<Stored<Edge>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("an edge was lost"))
}

fn trace(conn: &mut Conn, context: &Context, row: &EdgeRow) -> Result<()> {
    let names = names(conn, [row.parent_id, row.child_id])?;
    events::record(conn, context, event(&names, row))
}

fn event(names: &OrganisationNames, row: &EdgeRow) -> Event {
    let (from, to) = row.span().ends();
    let (parent, child) = (names.of(row.parent_id).0, names.of(row.child_id).0);
    let mut data = json!({ "parent": parent, "child": child, "kind": row.kind, "from": from, "to": to });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let event = Event::new("organisation-edge", &row.id.to_string(), row.version, data);
    Event { organisation_id: Some(row.child_id), other_organisation_id: Some(row.parent_id), ..event }
}

/// Writes an edge that begins, but not yet what follows from it for the closure.
///
/// # Errors
/// `validation-failed` for a circle or a second geographic parent, `already-exists`.
pub fn begin(conn: &mut Conn, context: &Context, new: NewEdge) -> Result<EdgeRow> {
    let row = new.row(context);
    let (parent_id, child_id, span) = (row.parent_id, row.child_id, row.span());
    if parent_id == child_id || store::would_circle(conn, parent_id, child_id, span)? {
        return Err(Error::invalid("/parent", "circular", "The organisation would lie below itself."));
    }
    store::check_overlaps(conn, &row)?;
    store::insert(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Writes many edges that were held against those of each organisation before, but not yet what follows from them for the
/// closure.
///
/// # Errors
/// What the database fails with.
pub fn begin_many(conn: &mut Conn, context: &Context, new: Vec<NewEdge>) -> Result<()> {
    let rows: Vec<EdgeRow> = new.into_iter().map(|new| new.row(context)).collect();
    store::insert_many(conn, &rows)?;
    let names = names(conn, rows.iter().flat_map(|row| [row.parent_id, row.child_id]))?;
    events::record_all(conn, context, rows.iter().map(|row| event(&names, row)).collect())
}

/// Ends an edge on a day, but writes nothing yet of what follows from it for the closure.
///
/// # Errors
/// What the database fails with.
pub fn end(conn: &mut Conn, context: &Context, row: EdgeRow, on: NaiveDate) -> Result<()> {
    write(conn, context, EdgeRow { to_on: on, ..row }).map(drop)
}

/// Marks an edge as one that never held, but writes nothing yet of what follows from it for the closure.
///
/// # Errors
/// What the database fails with.
pub fn withdraw(conn: &mut Conn, context: &Context, row: EdgeRow, reason: String) -> Result<EdgeRow> {
    let withdrawn_at = Some(context.now.naive_utc());
    write(conn, context, EdgeRow { withdrawn_at, withdrawn_reason: Some(reason), ..row })
}

/// Has an edge hold again up to a day, or until the next one of its kind begins that was added since. Writes nothing yet of what
/// follows from it for the closure.
///
/// # Errors
/// `immutable` where what is below lies elsewhere since.
pub fn restore(conn: &mut Conn, context: &Context, row: EdgeRow, to: NaiveDate) -> Result<EdgeRow> {
    let others = store::above(conn, &[row.child_id])?;
    let others = others.iter().filter(|other| row.kind == EdgeKind::Geographic && other.kind == row.kind);
    let next = others.map(|other| other.from_on).filter(|from| *from > row.from_on).min();
    let to_on = next.map_or(to, |next| next.min(to));
    let row = EdgeRow { to_on, withdrawn_at: None, withdrawn_reason: None, ..row };
    let elsewhere = |error: Error| {
        let first = error.listed().first().map(|fault| fault.detail.clone()).unwrap_or_default();
        Error::new(Code::Immutable).detail(format!("{first} Correct the edges that were added since."))
    };
    store::check_overlaps(conn, &row).map_err(elsewhere)?;
    write(conn, context, row)
}

fn write(conn: &mut Conn, context: &Context, row: EdgeRow) -> Result<EdgeRow> {
    let row = EdgeRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Puts an organisation below another.
///
/// # Errors
/// As [`begin`].
pub fn put_below(conn: &mut Conn, context: &Context, new: NewEdge) -> Result<EdgeRow> {
    lock(conn, HIERARCHY_LOCK)?;
    let child = new.child;
    let row = begin(conn, context, new)?;
    closure::rebuild_below(conn, &[child])?;
    Ok(row)
}

/// Adds an edge above an organisation.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `validation-failed` for a circle or a second geographic parent,
/// `already-exists`.
pub fn create_organisation_edge(conn: &mut Conn, context: &Context, code: &str, new: &Edge) -> Result<Stored<Edge>> {
    let child = known(conn, code)?;
    context.reach().require_everything()?;
    let span = new.span()?;
    let parent = parent_of(conn, new)?;
    check_parent(new.kind, parent.kind)?;
    let ends = NewEdge { kind: new.kind, parent: parent.id, child: child.id, span, illustrative: new.illustrative };
    let row = put_below(conn, context, ends)?;
    named(conn, row)
}

fn parent_of(conn: &mut Conn, new: &Edge) -> Result<OrganisationRow> {
    crate::organisations::store::referred(conn, "/parent", &new.parent)?;
    known(conn, &new.parent)
}

/// An edge that stands, of the version that the caller knows.
fn standing(conn: &mut Conn, context: &Context, code: &str, id: &str) -> Result<EdgeRow> {
    let present = find(conn, code, id)?;
    context.reach().require_everything()?;
    lock(conn, HIERARCHY_LOCK)?;
    context.check_version(present.version)?;
    if present.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The edge was taken back as a mistake. Add the right one."));
    }
    Ok(present)
}

/// Changes the end of an edge. What the edge allowed ends with it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_organisation_edge(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    id: &str,
    patch: &Patch<Edge>,
) -> Result<Stored<Edge>> {
    let present = standing(conn, context, code, id)?;
    let before = named(conn, present.clone())?.written;
    let Some(new) = context.revised(&before, present.version, patch)? else { return named(conn, present) };
    before.check_change(&new)?;
    let row = EdgeRow { to_on: new.span()?.to, ..present };
    store::check_overlaps(conn, &row)?;
    if store::would_circle(conn, row.parent_id, row.child_id, row.span())? {
        return Err(Error::invalid("/to", "circular", "The organisation would lie below itself."));
    }
    let row = write(conn, context, row)?;
    closure::rebuild_below(conn, &[row.child_id])?;
    named(conn, row)
}

/// Takes an edge back that never held. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_organisation_edge(conn: &mut Conn, context: &Context, code: &str, id: &str, wrong: Wrong) -> Result<()> {
    let present = standing(conn, context, code, id)?;
    let reason = wrong.given()?;
    let row = withdraw(conn, context, present, reason)?;
    closure::rebuild_below(conn, &[row.child_id])
}
