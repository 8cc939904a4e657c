//! What can be done with edges, each in one transaction.

use super::rules::{Edge, check_ends, living};
use super::store::{self, EdgeRow};
use crate::calendar::Span;
use crate::db::dialect::lock;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::organisations::closure;
use crate::organisations::rules::EdgeKind;
use crate::organisations::store::{OrganisationNames, OrganisationRow, by_ids, known, names, referred};
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeSet;

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
    if store::would_circle(conn, row.kind, row.parent_id, row.child_id, row.span())? {
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
pub fn restore(conn: &mut Conn, context: &Context, row: EdgeRow, to: NaiveDate) -> Result<()> {
    let Some(row) = lasting_to(conn, row, to)? else { return Ok(()) };
    let row = EdgeRow { withdrawn_at: None, withdrawn_reason: None, ..row };
    let elsewhere = |error: Error| {
        let first = error.listed().first().map(|fault| fault.detail.clone()).unwrap_or_default();
        Error::new(Code::Immutable).detail(format!("{first} Correct the edges that were added since."))
    };
    store::check_overlaps(conn, &row).map_err(elsewhere)?;
    write(conn, context, row).map(drop)
}

/// Has an edge hold up to a later day, as far as both its ends exist and nothing else stands in its place. Writes nothing yet of
/// what follows from it for the closure.
///
/// # Errors
/// What the database fails with.
pub fn prolong(conn: &mut Conn, context: &Context, row: EdgeRow, to: NaiveDate) -> Result<()> {
    let ended = row.to_on;
    let Some(row) = lasting_to(conn, row, to)?.filter(|row| row.to_on > ended) else { return Ok(()) };
    match store::check_overlaps(conn, &row) {
        Ok(()) => write(conn, context, row).map(drop),
        Err(error) if error.code() == Code::ValidationFailed => Ok(()),
        Err(error) => Err(error),
    }
}

/// The edge with an end on a day, or before it: where one of its ends closes, or the next of its kind begins of which a day has
/// one. None where it would hold on no day.
fn lasting_to(conn: &mut Conn, row: EdgeRow, to: NaiveDate) -> Result<Option<EdgeRow>> {
    let others = store::above(conn, &[row.child_id])?;
    let others = others.iter().filter(|other| row.kind.is_single() && other.kind == row.kind && other.id != row.id);
    let next = others.map(|other| other.from_on).filter(|from| *from > row.from_on).min();
    let to_on = closing(conn, &row)?.into_iter().chain(next).fold(to, NaiveDate::min);
    Ok((row.from_on < to_on).then_some(EdgeRow { to_on, ..row }))
}

/// The day on which the first of an edge's ends closes.
fn closing(conn: &mut Conn, row: &EdgeRow) -> Result<Option<NaiveDate>> {
    let ends = by_ids(conn, &BTreeSet::from([row.parent_id, row.child_id]))?;
    Ok(ends.iter().filter_map(|end| end.valid_to).min())
}

fn write(conn: &mut Conn, context: &Context, row: EdgeRow) -> Result<EdgeRow> {
    let row = EdgeRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Puts an organisation below another, up to the day on which the first of them closes.
///
/// # Errors
/// As [`begin`]; `validation-failed` too for types between which no such edge stands, and for days on which one of them does not
/// exist.
pub fn put_below(conn: &mut Conn, context: &Context, new: NewEdge) -> Result<EdgeRow> {
    lock(conn, HIERARCHY_LOCK)?;
    let (parent, child) = (get(conn, new.parent)?.organisation(), get(conn, new.child)?.organisation());
    if new.parent != new.child {
        check_ends(new.kind, parent.kind, child.kind)?;
    }
    let new = NewEdge { span: living(new.span, &parent, &child)?, ..new };
    let row = begin(conn, context, new)?;
    closure::rebuild_below(conn, &[row.child_id])?;
    Ok(row)
}

fn get(conn: &mut Conn, id: Id) -> Result<OrganisationRow> {
    by_ids(conn, &BTreeSet::from([id]))?.pop().ok_or_else(|| Error::internal("an organisation was lost"))
}

/// Adds an edge above an organisation.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `already-exists`; `validation-failed` as [`put_below`].
pub fn create_organisation_edge(conn: &mut Conn, context: &Context, code: &str, new: &Edge) -> Result<Stored<Edge>> {
    let child = known(conn, code)?.id;
    context.reach().require_everything()?;
    let span = new.span()?;
    let parent = referred(conn, "/parent", &new.parent)?;
    let new = NewEdge { kind: new.kind, parent, child, span, illustrative: new.illustrative };
    let row = put_below(conn, context, new)?;
    named(conn, row)
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
    let normal = |new: Edge| Ok(new.normal());
    let Some(new) = context.revised_by(&before, present.version, patch, normal)? else {
        return named(conn, present);
    };
    before.check_change(&new)?;
    let asked = new.span()?.to;
    let closing = closing(conn, &present)?.filter(|on| *on > present.from_on);
    let row = EdgeRow { to_on: closing.map_or(asked, |on| on.min(asked)), ..present.clone() };
    if row.to_on == present.to_on {
        return named(conn, present);
    }
    store::check_overlaps(conn, &row)?;
    if store::would_circle(conn, row.kind, row.parent_id, row.child_id, row.span())? {
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
