//! Edges in the database.

use super::rules::{Edge, EdgeAdded, Placed, Withdrawal, check_beside, circles};
use crate::calendar::Span;
use crate::db::schema::{organisation_edges, organisations};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::OneOf;
use crate::organisations::rules::{EdgeKind, OrganisationType};
use crate::organisations::store::{known, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{insert_all, narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = organisation_edges, treat_none_as_null = true)]
pub struct EdgeRow {
    pub id: Id,
    pub kind: EdgeKind,
    pub parent_id: Id,
    pub child_id: Id,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub illustrative: bool,
    pub created_at: NaiveDateTime,
    pub version: i32,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl EdgeRow {
    pub fn span(&self) -> Span {
        Span { from: self.from_on, to: self.to_on }
    }
}

type Edges = organisation_edges::BoxedQuery<'static, MultiBackend>;

sortable! { EdgeRow, Edges, key "id" => organisation_edges::id as Id;
    organisation_edges of |row| row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { organisation_edges, EdgeRow, "There is an edge of this kind between these organisations from that day already." }

params! {
    /// What the edges of an organisation may be narrowed to.
    pub struct ListEdges list of EdgeRow {
        /// Kinds of hierarchy.
        kind: OneOf<EdgeKind> = "kind",
        /// Edges that hold on this day.
        active_on: NaiveDate = "activeOn",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// The edges to organisations above and below an organisation.
///
/// # Errors
/// `not-found` for the organisation.
pub fn list(conn: &mut Conn, code: &str, asked: &ListEdges) -> Result<Edges> {
    let of = known(conn, code)?.id;
    let touching = organisation_edges::parent_id.eq(of).or(organisation_edges::child_id.eq(of));
    let mut query = organisation_edges::table.filter(touching).into_boxed::<MultiBackend>();
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(organisation_edges::withdrawn_at.is_not_null())
    } else {
        query.filter(organisation_edges::withdrawn_at.is_null())
    };
    narrow! { query, asked;
        kind => one_of!(organisation_edges::kind, kind.0.clone());
        active_on => organisation_edges::from_on.le(*active_on).and(organisation_edges::to_on.gt(*active_on));
    }
    Ok(query)
}

/// An edge at one end of which the organisation stands.
pub fn find(conn: &mut Conn, of: Id, id: Id) -> Result<Option<EdgeRow>> {
    let touching = organisation_edges::parent_id.eq(of).or(organisation_edges::child_id.eq(of));
    Ok(organisation_edges::table.find(id).filter(touching).first(conn).optional()?)
}

pub fn get(conn: &mut Conn, id: Id) -> Result<EdgeRow> {
    Ok(organisation_edges::table.find(id).first(conn)?)
}

/// The edges with the codes and names at their ends.
pub fn named(conn: &mut Conn, rows: Vec<EdgeRow>) -> Result<Vec<Stored<Edge>>> {
    let names = names(conn, rows.iter().flat_map(|row| [row.parent_id, row.child_id]))?;
    let named = |row: EdgeRow| {
        let (from, to) = row.span().ends();
        let ((parent, parent_name), (child, child_name)) = (names.of(row.parent_id), names.of(row.child_id));
        let withdrawn = Withdrawal::of(row.withdrawn_at, row.withdrawn_reason);
        Stored {
            added: EdgeAdded { id: row.id, parent_name, child, child_name, withdrawn },
            written: Edge { parent, kind: row.kind, from, to, illustrative: row.illustrative },
            version: row.version,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}

/// The edges that stand and lead up from some organisations or down from them, of which the last day comes after the
/// given one.
pub fn lasting(conn: &mut Conn, of: Id, beyond: NaiveDate) -> Result<Vec<EdgeRow>> {
    let touching = organisation_edges::parent_id.eq(of).or(organisation_edges::child_id.eq(of));
    let standing = organisation_edges::table.filter(touching).filter(organisation_edges::withdrawn_at.is_null());
    Ok(standing.filter(organisation_edges::to_on.gt(beyond)).order_by(organisation_edges::id).load(conn)?)
}

/// The edges that stand and lead up from an organisation or down from it, and end on a day.
pub fn ending(conn: &mut Conn, of: Id, on: NaiveDate) -> Result<Vec<EdgeRow>> {
    let touching = organisation_edges::parent_id.eq(of).or(organisation_edges::child_id.eq(of));
    let standing = organisation_edges::table.filter(touching).filter(organisation_edges::withdrawn_at.is_null());
    Ok(standing.filter(organisation_edges::to_on.eq(on)).order_by(organisation_edges::id).load(conn)?)
}

/// The edges that stand above some organisations.
pub fn above(conn: &mut Conn, organisations: &[Id]) -> Result<Vec<EdgeRow>> {
    let mut found = Vec::new();
    // SQLite takes a bounded number of parameters.
    for some in organisations.chunks(10_000) {
        let edges = organisation_edges::table.filter(organisation_edges::child_id.eq_any(some.to_vec()));
        found.extend(edges.filter(organisation_edges::withdrawn_at.is_null()).load::<EdgeRow>(conn)?);
    }
    Ok(found)
}

/// Writes many edges at once.
pub fn insert_many(conn: &mut Conn, rows: &[EdgeRow]) -> Result<()> {
    insert_all!(conn, organisation_edges::table, rows);
    Ok(())
}

/// Holds an edge against the others above the same organisation.
///
/// # Errors
/// `validation-failed` where one day has one such edge.
pub fn check_overlaps(conn: &mut Conn, row: &EdgeRow) -> Result<()> {
    let kind_of = |conn: &mut Conn, id: Id| -> Result<OrganisationType> {
        Ok(organisations::table.find(id).select(organisations::kind).first(conn)?)
    };
    let (child, parent_kind) = (kind_of(conn, row.child_id)?, kind_of(conn, row.parent_id)?);
    let others = organisation_edges::table
        .inner_join(organisations::table.on(organisations::id.eq(organisation_edges::parent_id)))
        .filter(organisation_edges::child_id.eq(row.child_id))
        .filter(organisation_edges::kind.eq(row.kind))
        .filter(organisation_edges::withdrawn_at.is_null())
        .filter(organisation_edges::id.ne(row.id))
        // The same edge once more is told as such.
        .filter(organisation_edges::parent_id.ne(row.parent_id).or(organisation_edges::from_on.ne(row.from_on)))
        .order_by((organisation_edges::from_on, organisation_edges::id))
        .select((organisation_edges::from_on, organisation_edges::to_on, organisations::kind, organisations::code));
    let new = Placed { kind: row.kind, parent_kind, span: row.span() };
    for (from, to, parent_kind, code) in others.load::<(NaiveDate, NaiveDate, OrganisationType, String)>(conn)? {
        let other = Placed { kind: row.kind, parent_kind, span: Span { from, to } };
        check_beside(child, new, other, &code)?;
    }
    Ok(())
}

/// Whether an edge of any kind stands between the two, on whatever days.
pub fn is_child_of(conn: &mut Conn, child: Id, parent: Id) -> Result<bool> {
    let edges = organisation_edges::table.filter(organisation_edges::child_id.eq(child));
    let standing = edges.filter(organisation_edges::withdrawn_at.is_null());
    let edge = standing.filter(organisation_edges::parent_id.eq(parent)).select(organisation_edges::id);
    Ok(edge.first::<Id>(conn).optional()?.is_some())
}

/// Whether `child` stands above `parent` by edges of this kind on days of the span.
pub fn would_circle(conn: &mut Conn, kind: EdgeKind, parent: Id, child: Id, span: Span) -> Result<bool> {
    circles(kind, parent, child, |organisations| {
        let above = organisation_edges::table
            .filter(organisation_edges::child_id.eq_any(organisations))
            .filter(organisation_edges::kind.eq(kind))
            .filter(organisation_edges::withdrawn_at.is_null())
            .filter(organisation_edges::from_on.lt(span.to))
            .filter(organisation_edges::to_on.gt(span.from))
            .select(organisation_edges::parent_id);
        Ok(above.load(conn)?)
    })
}
