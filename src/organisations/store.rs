//! Organisations, edges, closure and successions in the database.

use super::rules::{
    Edge, EdgeAdded, EdgeKind, Identifier, Organisation, OrganisationAdded, OrganisationStatus, OrganisationType,
    Succession, SuccessionAdded, SuccessionKind,
};
use crate::calendar::Span;
use crate::db::dialect::{self, SearchTerms};
use crate::db::json::Json;
use crate::db::schema::{organisation_closure, organisation_edges, organisation_successions, organisations};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{CodeParam, Context, OneOf};
use crate::record::Stored;
use crate::vocabulary::{Id, fold};
use crate::{among, insert_all, narrow, one_of, overwrite, params, sortable};
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
    pub identifiers: Json<Vec<Identifier>>,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl OrganisationRow {
    /// # Errors
    /// `internal` when its identifiers cannot be written as JSON.
    pub fn new(context: &Context, new: Organisation) -> Result<Self> {
        let search_text = new.search_text();
        let Organisation { code, name, kind, ods_code, identifiers, status, valid_from, valid_to, postcode, .. } = new;
        let now = context.now.naive_utc();
        Ok(Self {
            id: Id::generate(),
            sort_name: fold(&name),
            search_text,
            identifiers: Json::new(identifiers)?,
            code,
            ods_code,
            name,
            kind,
            status,
            valid_from,
            valid_to,
            postcode,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    pub fn organisation(&self) -> Organisation {
        Organisation {
            code: self.code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            ods_code: self.ods_code.clone(),
            identifiers: self.identifiers.value.clone(),
            status: self.status,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            postcode: self.postcode.clone(),
            parent: None,
        }
    }

    /// The next version.
    ///
    /// # Errors
    /// As [`OrganisationRow::new`].
    pub fn revised(self, context: &Context, new: Organisation) -> Result<Self> {
        let Self { id, created_at, version, .. } = self;
        Ok(Self { id, created_at, version: version + 1, ..Self::new(context, new)? })
    }
}

impl From<OrganisationRow> for Stored<Organisation> {
    fn from(row: OrganisationRow) -> Self {
        let written = row.organisation();
        let added = OrganisationAdded { warnings: written.warnings() };
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Organisations = organisations::BoxedQuery<'static, MultiBackend>;

sortable! { OrganisationRow, Organisations, key "code" => organisations::code as Code;
    organisations of |row| row => "name" sort_name, "code" code, "type" kind, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of organisations may be narrowed to.
    pub struct ListOrganisations list of OrganisationRow {
        /// Types of organisation.
        kind: OneOf<OrganisationType> = "type",
        /// Whether they are active or closed.
        status: OneOf<OrganisationStatus> = "status",
        /// The code of a place: that organisation and all below it.
        place: CodeParam = "place",
        /// Searches the name, code, postcode and identifiers. Put a phrase in quotation marks.
        q: SearchTerms = "q",
        /// The day on which the organisation existed, and whose hierarchy counts. Default: all organisations, with today's hierarchy.
        as_of: NaiveDate = "asOf",
    }
}

/// # Errors
/// `unknown-reference` for the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListOrganisations) -> Result<Organisations> {
    let mut query = organisations::table.into_boxed::<MultiBackend>();
    narrow! { query, asked;
        kind => one_of!(organisations::kind, kind.0.clone());
        status => one_of!(organisations::status, status.0.clone());
    }
    if let Some(place) = &asked.place {
        let place = referred(conn, "?place", &place.0)?;
        let on = asked.as_of.unwrap_or_else(|| context.today());
        let descendant = organisation_closure::descendant_id;
        query = query.filter(among!(conn, organisations::id, descendant, below(vec![place], on)));
    }
    if let Some(terms) = &asked.q {
        query = query.filter(dialect::matches(conn, "organisations", terms)?);
    }
    if let Some(day) = asked.as_of {
        query = query
            .filter(organisations::valid_from.is_null().or(organisations::valid_from.le(day).assume_not_null()))
            .filter(organisations::valid_to.is_null().or(organisations::valid_to.gt(day).assume_not_null()));
    }
    Ok(query)
}

/// The organisation a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<Id> {
    id_of(conn, &code.to_ascii_uppercase())?.ok_or_else(|| unknown(pointer, code))
}

/// The organisations a request refers to, in any case.
///
/// # Errors
/// `unknown-reference` for the first that is not there.
pub fn all_referred(conn: &mut Conn, pointer: &str, codes: &[String]) -> Result<Vec<Id>> {
    let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
    let found = ids_by_code(conn, &codes)?;
    codes.iter().map(|code| found.get(code).copied().ok_or_else(|| unknown(pointer, code))).collect()
}

fn unknown(pointer: &str, code: &str) -> Error {
    let detail = format!("There is no organisation {code}.");
    Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-organisation", detail))
}

/// The ids of the organisations with these codes, given in upper case.
pub fn ids_by_code(conn: &mut Conn, codes: &[String]) -> Result<HashMap<String, Id>> {
    let mut found = HashMap::with_capacity(codes.len());
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        let rows = organisations::table
            .filter(organisations::code.eq_any(some.to_vec()))
            .select((organisations::code, organisations::id));
        found.extend(rows.load::<(String, Id)>(conn)?);
    }
    Ok(found)
}

/// The organisations and all below them on a day. This is what a place means everywhere.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn below(ancestors: Vec<Id>, on: NaiveDate) -> _ {
    organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq_any(ancestors))
        .filter(organisation_closure::from_on.le(on))
        .filter(organisation_closure::to_on.gt(on))
        .select(organisation_closure::descendant_id)
}

/// Whether the organisation is one of the ancestors or below one of them on that day.
pub fn is_below_any(conn: &mut Conn, organisation: Id, ancestors: &[Id], on: NaiveDate) -> Result<bool> {
    if ancestors.is_empty() {
        return Ok(false);
    }
    let found = below(ancestors.to_vec(), on).filter(organisation_closure::descendant_id.eq(organisation));
    Ok(found.first::<Id>(conn).optional()?.is_some())
}

/// Those of the organisations that are one of the ancestors or below one today.
pub fn those_below(
    conn: &mut Conn,
    ancestors: &[Id],
    ids: &[Id],
    on: NaiveDate,
) -> Result<std::collections::HashSet<Id>> {
    let mut found = std::collections::HashSet::new();
    if ancestors.is_empty() {
        return Ok(found);
    }
    // SQLite takes a bounded number of parameters.
    for part in ids.chunks(10_000) {
        let some = below(ancestors.to_vec(), on).filter(organisation_closure::descendant_id.eq_any(part.to_vec()));
        found.extend(some.load::<Id>(conn)?);
    }
    Ok(found)
}

pub fn find(conn: &mut Conn, code: &str) -> Result<Option<OrganisationRow>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).first(conn).optional()?)
}

/// The organisation in a path.
///
/// # Errors
/// `not-found`.
pub fn known(conn: &mut Conn, code: &str) -> Result<OrganisationRow> {
    find(conn, &code.to_ascii_uppercase())?.ok_or_else(|| Error::not_found("organisation"))
}

pub fn id_of(conn: &mut Conn, code: &str) -> Result<Option<Id>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).select(organisations::id).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a code or ODS code in use.
pub fn insert(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let taken = violations::unique(format!("There is an organisation with the code {} already.", row.code));
    diesel::insert_into(organisations::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    let own =
        ClosureRow { descendant_id: row.id, ancestor_id: row.id, from_on: Span::ALWAYS.from, to_on: Span::ALWAYS.to };
    diesel::insert_into(organisation_closure::table).values(own).execute_kept(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` for an ODS code in use.
pub fn update(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let taken = violations::unique(format!("Another organisation has the ODS code of {} already.", row.code));
    overwrite!(conn, organisations, row, taken)
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

type Edges = organisation_edges::BoxedQuery<'static, MultiBackend>;

sortable! { EdgeRow, Edges, key "id" => organisation_edges::id as Id;
    organisation_edges of |row| row => "from" from_on, "updatedAt" created_at, then id;
}

params! {
    /// What the edges of an organisation may be narrowed to.
    pub struct ListEdges list of EdgeRow {
        /// Kinds of hierarchy.
        kind: OneOf<EdgeKind> = "kind",
        /// Edges that hold on this day.
        active_on: NaiveDate = "activeOn",
    }
}

/// The edges to organisations above and below an organisation.
///
/// # Errors
/// `not-found` for the organisation.
pub fn edges(conn: &mut Conn, code: &str, asked: &ListEdges) -> Result<Edges> {
    let of = known(conn, code)?.id;
    let touching = organisation_edges::parent_id.eq(of).or(organisation_edges::child_id.eq(of));
    let mut query = organisation_edges::table.filter(touching).into_boxed::<MultiBackend>();
    narrow! { query, asked;
        kind => one_of!(organisation_edges::kind, kind.0.clone());
        active_on => organisation_edges::from_on.le(*active_on).and(organisation_edges::to_on.gt(*active_on));
    }
    Ok(query)
}

/// The edges with the codes and names at their ends.
pub fn edges_named(conn: &mut Conn, rows: Vec<EdgeRow>) -> Result<Vec<Stored<Edge>>> {
    let names = names(conn, rows.iter().flat_map(|row| [row.parent_id, row.child_id]))?;
    let named = |row: EdgeRow| {
        let (from, to) = Span { from: row.from_on, to: row.to_on }.ends();
        let ((parent, parent_name), (child, child_name)) = (names.of(row.parent_id), names.of(row.child_id));
        Stored {
            added: EdgeAdded { id: row.id, parent_name, child, child_name },
            written: Edge { parent, kind: row.kind, from, to, illustrative: row.illustrative },
            version: 1,
            updated_at: row.created_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Whether there is or was an edge between the two, of any kind.
pub fn is_child_of(conn: &mut Conn, child: Id, parent: Id) -> Result<bool> {
    let edges = organisation_edges::table.filter(organisation_edges::child_id.eq(child));
    let edge = edges.filter(organisation_edges::parent_id.eq(parent)).select(organisation_edges::id);
    Ok(edge.first::<Id>(conn).optional()?.is_some())
}

/// Codes and names of organisations, by id.
pub struct OrganisationNames(HashMap<Id, (String, String)>);

impl OrganisationNames {
    /// The code and the name.
    pub fn of(&self, id: Id) -> (String, String) {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

/// The codes and names of the given organisations.
pub fn names(conn: &mut Conn, ids: impl IntoIterator<Item = Id>) -> Result<OrganisationNames> {
    let mut ids: Vec<Id> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let found = organisations::table
            .filter(organisations::id.eq_any(some.to_vec()))
            .select((organisations::id, (organisations::code, organisations::name)));
        names.extend(found.load::<(Id, (String, String))>(conn)?);
    }
    Ok(OrganisationNames(names))
}

/// Whether `child` stands above `parent` already, on any day of the span.
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
    let taken = violations::unique("There is an edge of this kind between these organisations from that day already.");
    diesel::insert_into(organisation_edges::table).values(edge.clone()).execute_kept(conn).map_err(taken)?;
    let mut descendants: Vec<Id> = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(edge.child_id))
        .select(organisation_closure::descendant_id)
        .load(conn)?;
    descendants.sort_unstable();
    descendants.dedup();
    rebuild_closure(conn, &descendants)
}

type Ancestors = BTreeMap<Id, Vec<Span>>;

fn rebuild_closure(conn: &mut Conn, descendants: &[Id]) -> Result<()> {
    let (mut known, mut rows) = (HashMap::new(), Vec::new());
    for descendant_id in descendants.iter().copied() {
        for (ancestor_id, spans) in ancestors(conn, descendant_id, &mut known, 0)? {
            let row = |span: Span| ClosureRow { descendant_id, ancestor_id, from_on: span.from, to_on: span.to };
            rows.extend(spans.into_iter().map(row));
        }
    }
    for part in descendants.chunks(1000) {
        let old = organisation_closure::descendant_id.eq_any(part.to_vec());
        diesel::delete(organisation_closure::table.filter(old)).execute(conn)?;
    }
    insert_all!(conn, organisation_closure::table, rows);
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
    /// The share of the predecessor, in millionths.
    pub share_ppm: i64,
    pub effective_on: NaiveDate,
    pub created_at: NaiveDateTime,
}

/// # Errors
/// `already-exists` for the same pair on the same day.
pub fn insert_succession(conn: &mut Conn, row: &SuccessionRow) -> Result<()> {
    let taken = violations::unique("There is a succession between these organisations on that day already.");
    diesel::insert_into(organisation_successions::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    Ok(())
}

/// The share of an organisation that went to successors on that day, in millionths.
pub fn share_gone(conn: &mut Conn, from: Id, on: NaiveDate) -> Result<i64> {
    let shares: Vec<i64> = organisation_successions::table
        .filter(organisation_successions::from_id.eq(from))
        .filter(organisation_successions::effective_on.eq(on))
        .select(organisation_successions::share_ppm)
        .load(conn)?;
    Ok(shares.iter().sum())
}

type Successions = organisation_successions::BoxedQuery<'static, MultiBackend>;

sortable! { SuccessionRow, Successions, key "id" => organisation_successions::id as Id;
    organisation_successions of |row| row => "effectiveOn" effective_on, "updatedAt" created_at, then id;
}

params! {
    /// What the successions of an organisation may be narrowed to.
    pub struct ListSuccessions list of SuccessionRow {
        /// Kinds of succession.
        kind: OneOf<SuccessionKind> = "kind",
    }
}

/// The successions from and to an organisation.
///
/// # Errors
/// `not-found` for the organisation.
pub fn successions(conn: &mut Conn, code: &str, asked: &ListSuccessions) -> Result<Successions> {
    let of = known(conn, code)?.id;
    let touching = organisation_successions::from_id.eq(of).or(organisation_successions::to_id.eq(of));
    let query = organisation_successions::table.filter(touching).into_boxed::<MultiBackend>();
    Ok(match &asked.kind {
        Some(kinds) => query.filter(one_of!(organisation_successions::kind, kinds.0.clone())),
        None => query,
    })
}

/// The successions with the codes and names at their ends.
pub fn successions_named(conn: &mut Conn, rows: Vec<SuccessionRow>) -> Result<Vec<Stored<Succession>>> {
    let names = names(conn, rows.iter().flat_map(|row| [row.from_id, row.to_id]))?;
    let named = |row: SuccessionRow| {
        let ((from, from_name), (to, to_name)) = (names.of(row.from_id), names.of(row.to_id));
        let share = row.share_ppm as f64 / 1e6;
        Stored {
            added: SuccessionAdded { id: row.id, from, from_name, to_name },
            written: Succession { to, kind: row.kind, share, effective_on: row.effective_on },
            version: 1,
            updated_at: row.created_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}
