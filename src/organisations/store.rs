//! Organisations, edges, closure and successions in the database.

use super::rules::{EdgeKind, OrganisationStatus, OrganisationType, SuccessionKind};
use crate::calendar::Span;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{organisation_closure, organisation_edges, organisation_successions, organisations};
use crate::db::{Conn, violations};
use crate::error::{Error, Result};
use crate::sortable;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = organisations, treat_none_as_null = true)]
pub struct OrganisationRow {
    pub id: Id,
    pub code: String,
    pub ods_code: Option<String>,
    pub name: String,
    pub sort_name: String,
    pub kind: OrganisationType,
    pub status: OrganisationStatus,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub postcode: Option<String>,
    pub identifiers: String,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    OrganisationRow, organisations::table, organisations::BoxedQuery<'static, MultiBackend>;
    0: "name" => organisations::sort_name, Text, |row| row.sort_name.clone();
    1: "code" => organisations::code, Text, |row| row.code.clone();
    2: "type" => organisations::kind, Text, |row| row.kind.as_str().to_owned();
    3: "updatedAt" => organisations::updated_at, Instant, |row| row.updated_at;
    tie 4 => organisations::id, Id, |row| row.id;
}

/// What a list of organisations may be narrowed to.
pub struct OrganisationFilter {
    pub kinds: Option<Vec<OrganisationType>>,
    pub statuses: Option<Vec<OrganisationStatus>>,
    pub place: Option<Id>,
    pub search: Option<SearchTerms>,
    /// The day on which the hierarchy is read; with `valid_on`, also the day the organisation must have existed.
    pub on: NaiveDate,
    pub valid_on: Option<NaiveDate>,
}

pub fn list(conn: &mut Conn, filter: &OrganisationFilter, request: &PageRequest) -> Result<Page<OrganisationRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = organisations::table.into_boxed::<MultiBackend>();
        if let Some(kinds) = &filter.kinds {
            query = query.filter(organisations::kind.eq_any(kinds.clone()));
        }
        if let Some(statuses) = &filter.statuses {
            query = query.filter(organisations::status.eq_any(statuses.clone()));
        }
        if let Some(place) = filter.place {
            query = query.filter(organisations::id.eq_any(below(vec![place], filter.on)));
        }
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "organisations", terms));
        }
        if let Some(day) = filter.valid_on {
            query = query
                .filter(organisations::valid_from.is_null().or(organisations::valid_from.le(day).assume_not_null()))
                .filter(organisations::valid_to.is_null().or(organisations::valid_to.gt(day).assume_not_null()));
        }
        query
    })
}

/// The given organisations and all below them on a day: what a place means, everywhere.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn below(ancestors: Vec<Id>, on: NaiveDate) -> _ {
    organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq_any(ancestors))
        .filter(organisation_closure::from_on.le(on))
        .filter(organisation_closure::to_on.gt(on))
        .select(organisation_closure::descendant_id)
}

/// Whether the organisation is one of the ancestors or below one of them on that day.
///
/// # Errors
/// The database's own.
pub fn is_below_any(conn: &mut Conn, organisation: Id, ancestors: &[Id], on: NaiveDate) -> Result<bool> {
    if ancestors.is_empty() {
        return Ok(false);
    }
    let found = below(ancestors.to_vec(), on).filter(organisation_closure::descendant_id.eq(organisation));
    Ok(found.first::<Id>(conn).optional()?.is_some())
}

/// Those of the organisations that are one of the ancestors or below one today.
///
/// # Errors
/// The database's own.
pub fn those_below(
    conn: &mut Conn,
    ancestors: &[Id],
    ids: &[Id],
    on: NaiveDate,
) -> Result<std::collections::HashSet<Id>> {
    let mut found = std::collections::HashSet::new();
    // SQLite takes a bounded number of parameters.
    for part in ids.chunks(10_000) {
        let some = below(ancestors.to_vec(), on).filter(organisation_closure::descendant_id.eq_any(part.to_vec()));
        found.extend(some.load::<Id>(conn)?);
    }
    Ok(found)
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<OrganisationRow>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn id_of(conn: &mut Conn, code: &str) -> Result<Option<Id>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).select(organisations::id).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a code or ODS code in use.
pub fn insert(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let taken = violations::unique(format!("There is an organisation {} already.", row.code));
    diesel::insert_into(organisations::table).values(row.clone()).execute(conn).map_err(taken)?;
    let own =
        ClosureRow { descendant_id: row.id, ancestor_id: row.id, from_on: Span::ALWAYS.from, to_on: Span::ALWAYS.to };
    diesel::insert_into(organisation_closure::table).values(own).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` for an ODS code in use.
pub fn update(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let present =
        organisations::table.filter(organisations::id.eq(row.id)).filter(organisations::version.eq(row.version - 1));
    let taken = violations::unique(format!("There is an organisation with the ODS code of {} already.", row.code));
    match diesel::update(present).set(row.clone()).execute(conn).map_err(taken)? {
        0 => Err(crate::http::context::changed(row.version)),
        _ => Ok(()),
    }
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = organisation_edges)]
pub struct EdgeRow {
    pub id: Id,
    pub kind: EdgeKind,
    pub parent_id: Id,
    pub child_id: Id,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub illustrative: bool,
    pub created_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = organisation_closure)]
struct ClosureRow {
    descendant_id: Id,
    ancestor_id: Id,
    from_on: NaiveDate,
    to_on: NaiveDate,
}

/// An edge with the codes at its two ends.
pub struct EdgeEnds {
    pub edge: EdgeRow,
    pub parent: String,
    pub child: String,
}

/// The edges that end at or start from an organisation.
///
/// # Errors
/// The database's own.
pub fn edges_of(conn: &mut Conn, organisation: Id) -> Result<Vec<EdgeEnds>> {
    let touching = organisation_edges::parent_id.eq(organisation).or(organisation_edges::child_id.eq(organisation));
    let edges: Vec<EdgeRow> = organisation_edges::table
        .filter(touching)
        .order_by((organisation_edges::from_on, organisation_edges::id))
        .limit(10_000)
        .load(conn)?;
    let codes = codes(conn, edges.iter().flat_map(|edge| [edge.parent_id, edge.child_id]))?;
    let code = |id: &Id| codes.get(id).cloned().unwrap_or_default();
    Ok(edges
        .into_iter()
        .map(|edge| EdgeEnds { parent: code(&edge.parent_id), child: code(&edge.child_id), edge })
        .collect())
}

/// The codes of the given organisations.
///
/// # Errors
/// The database's own.
pub fn codes(conn: &mut Conn, ids: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, String>> {
    let mut ids: Vec<Id> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut codes = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let found = organisations::table
            .filter(organisations::id.eq_any(some.to_vec()))
            .select((organisations::id, organisations::code));
        codes.extend(found.load::<(Id, String)>(conn)?);
    }
    Ok(codes)
}

/// Whether `child` stands above `parent` already, on any day of the span.
///
/// # Errors
/// The database's own.
pub fn would_circle(conn: &mut Conn, parent: Id, child: Id, span: Span) -> Result<bool> {
    let found = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(child))
        .filter(organisation_closure::descendant_id.eq(parent))
        .filter(organisation_closure::from_on.lt(span.to))
        .filter(organisation_closure::to_on.gt(span.from))
        .select(organisation_closure::descendant_id);
    Ok(found.first::<Id>(conn).optional()?.is_some())
}

/// Writes an edge and brings the closure of everything below it up to date.
///
/// # Errors
/// `already-exists` for the same edge from the same day.
pub fn insert_edge(conn: &mut Conn, edge: &EdgeRow) -> Result<()> {
    let taken = violations::unique("There is such an edge from that day already.");
    diesel::insert_into(organisation_edges::table).values(edge.clone()).execute(conn).map_err(taken)?;
    let mut descendants: Vec<Id> = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(edge.child_id))
        .select(organisation_closure::descendant_id)
        .load(conn)?;
    descendants.sort_unstable();
    descendants.dedup();
    let mut known = HashMap::new();
    for descendant in descendants {
        rebuild_closure(conn, descendant, &mut known)?;
    }
    Ok(())
}

type Ancestors = BTreeMap<Id, Vec<Span>>;

fn rebuild_closure(conn: &mut Conn, descendant: Id, known: &mut HashMap<Id, Ancestors>) -> Result<()> {
    let ancestors = ancestors(conn, descendant, known, 0)?;
    diesel::delete(organisation_closure::table.filter(organisation_closure::descendant_id.eq(descendant)))
        .execute(conn)?;
    for (ancestor_id, spans) in ancestors {
        for span in spans {
            let row = ClosureRow { descendant_id: descendant, ancestor_id, from_on: span.from, to_on: span.to };
            diesel::insert_into(organisation_closure::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// Everything above an organisation, itself included, with the days on which it is.
fn ancestors(conn: &mut Conn, organisation: Id, known: &mut HashMap<Id, Ancestors>, depth: u8) -> Result<Ancestors> {
    if let Some(ancestors) = known.get(&organisation) {
        return Ok(ancestors.clone());
    }
    if depth > 32 {
        return Err(Error::internal("the hierarchy is deeper than 32 levels"));
    }
    let edges: Vec<EdgeRow> =
        organisation_edges::table.filter(organisation_edges::child_id.eq(organisation)).load(conn)?;
    let mut found: Ancestors = BTreeMap::from([(organisation, vec![Span::ALWAYS])]);
    for edge in edges {
        let own = Span { from: edge.from_on, to: edge.to_on };
        for (ancestor, spans) in ancestors(conn, edge.parent_id, known, depth + 1)? {
            found.entry(ancestor).or_default().extend(spans.iter().filter_map(|span| span.meet(own)));
        }
    }
    found.retain(|_, spans| {
        *spans = Span::merged(std::mem::take(spans));
        !spans.is_empty()
    });
    known.insert(organisation, found.clone());
    Ok(found)
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = organisation_successions)]
pub struct SuccessionRow {
    pub id: Id,
    pub from_id: Id,
    pub to_id: Id,
    pub kind: SuccessionKind,
    /// Millionths of the predecessor that went this way.
    pub share_ppm: i64,
    pub effective_on: NaiveDate,
    pub created_at: NaiveDateTime,
}

/// # Errors
/// `already-exists` for the same pair on the same day.
pub fn insert_succession(conn: &mut Conn, row: &SuccessionRow) -> Result<()> {
    let taken = violations::unique("There is such a succession on that day already.");
    diesel::insert_into(organisation_successions::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Millionths of an organisation that have gone to successors on that day.
///
/// # Errors
/// The database's own.
pub fn share_gone(conn: &mut Conn, from: Id, on: NaiveDate) -> Result<i64> {
    let shares: Vec<i64> = organisation_successions::table
        .filter(organisation_successions::from_id.eq(from))
        .filter(organisation_successions::effective_on.eq(on))
        .select(organisation_successions::share_ppm)
        .load(conn)?;
    Ok(shares.iter().sum())
}

/// The successions an organisation has part in, with the codes at both ends.
///
/// # Errors
/// The database's own.
pub fn successions_of(conn: &mut Conn, organisation: Id) -> Result<Vec<(SuccessionRow, String, String)>> {
    let touching =
        organisation_successions::from_id.eq(organisation).or(organisation_successions::to_id.eq(organisation));
    let rows: Vec<SuccessionRow> = organisation_successions::table
        .filter(touching)
        .order_by((organisation_successions::effective_on, organisation_successions::id))
        .limit(10_000)
        .load(conn)?;
    let codes = codes(conn, rows.iter().flat_map(|row| [row.from_id, row.to_id]))?;
    let code = |id: &Id| codes.get(id).cloned().unwrap_or_default();
    Ok(rows.into_iter().map(|row| (row.clone(), code(&row.from_id), code(&row.to_id))).collect())
}
