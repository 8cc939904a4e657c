//! Every organisation's ancestors with their days, kept beside the edges and successions that they follow from, so that "who
//! is below whom, on which day" is one join.

use super::hierarchy::{Body, Heir, Hierarchy, Link};
use super::rules::{EdgeKind, OrganisationType, SuccessionKind};
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::schema::{
    organisation_closure, organisation_edges, organisation_successions, organisation_successors, organisations,
};
use crate::error::Result;
use crate::insert_all;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The migration that came with these rules: whoever runs it rebuilds what the rules before had made.
pub const RULES: &str = "00029";

/// How many ids a query is given at once: SQLite takes a bounded number of parameters.
const SOME: usize = 10_000;

/// The organisations and all below them by the edges that hold on a day. This is what a place means for rights and lists.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn below(ancestors: Vec<Id>, on: NaiveDate) -> _ {
    organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq_any(ancestors))
        .filter(organisation_closure::from_on.le(on))
        .filter(organisation_closure::to_on.gt(on))
        .filter(organisation_closure::held.eq(true))
        .select(organisation_closure::descendant_id)
}

/// The organisations and all whose figures count below them on the map of a day: as [`below`], and where an organisation's
/// edges say nothing of that day it stands where the nearest puts it. This is what a place means for figures.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn counted_below(ancestors: Vec<Id>, on: NaiveDate) -> _ {
    organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq_any(ancestors))
        .filter(organisation_closure::from_on.le(on))
        .filter(organisation_closure::to_on.gt(on))
        .select(organisation_closure::descendant_id)
}

/// The organisations whose figures count below an ancestor on the map of any day.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn ever_below(ancestor: Id) -> _ {
    organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(ancestor))
        .select(organisation_closure::descendant_id)
}

/// The codes of the organisations below one on a day.
pub fn codes_below(conn: &mut Conn, ancestor: Id, on: NaiveDate) -> Result<Vec<String>> {
    let inside = below(vec![ancestor], on).filter(organisation_closure::descendant_id.ne(ancestor));
    let codes = organisations::table.filter(organisations::id.eq_any(inside)).order_by(organisations::code);
    Ok(codes.select(organisations::code).load(conn)?)
}

/// The days on which the figures of some organisations count below an ancestor.
#[derive(Default)]
pub struct DaysBelow {
    pub all: HashMap<Id, Vec<Span>>,
    /// Those on which they do by edges or successions that are invented.
    pub invented: HashMap<Id, Vec<Span>>,
}

impl DaysBelow {
    pub fn add(&mut self, organisation: Id, days: Span, illustrative: bool) {
        self.all.entry(organisation).or_default().push(days);
        if illustrative {
            self.invented.entry(organisation).or_default().push(days);
        }
    }
}

/// When the figures of some organisations count below an ancestor.
pub fn days_below(conn: &mut Conn, ancestor: Id, ids: &[Id]) -> Result<DaysBelow> {
    let mut days = DaysBelow::default();
    for some in ids.chunks(SOME) {
        let spans = organisation_closure::table
            .filter(organisation_closure::ancestor_id.eq(ancestor))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .select((
                organisation_closure::descendant_id,
                organisation_closure::from_on,
                organisation_closure::to_on,
                organisation_closure::illustrative,
            ));
        for (id, from, to, illustrative) in spans.load::<(Id, NaiveDate, NaiveDate, bool)>(conn)? {
            days.add(id, Span { from, to }, illustrative);
        }
    }
    Ok(days)
}

/// Two organisations of which the figures of the second count below the first on some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nested {
    pub outer: Id,
    pub inner: Id,
    pub days: Span,
    /// Whether they do so by edges or successions that are invented.
    pub illustrative: bool,
}

/// Those pairs of the organisations that count below each other, with the days that begin by one.
pub fn nested(conn: &mut Conn, ids: &[Id], by: NaiveDate) -> Result<Vec<Nested>> {
    let mut pairs = Vec::new();
    for some in ids.chunks(SOME) {
        let below = organisation_closure::table
            .filter(organisation_closure::ancestor_id.eq_any(some.to_vec()))
            .filter(organisation_closure::from_on.le(by))
            .select((
                organisation_closure::ancestor_id,
                organisation_closure::descendant_id,
                organisation_closure::from_on,
                organisation_closure::to_on,
                organisation_closure::illustrative,
            ));
        for others in ids.chunks(SOME) {
            let those = below.clone().filter(organisation_closure::descendant_id.eq_any(others.to_vec()));
            let those: Vec<(Id, Id, NaiveDate, NaiveDate, bool)> = those.load(conn)?;
            let others = those.into_iter().filter(|(outer, inner, ..)| outer != inner);
            let nested = others.map(|(outer, inner, from, to, illustrative)| {
                let days = Span { from, to };
                Nested { outer, inner, days, illustrative }
            });
            pairs.extend(nested);
        }
    }
    Ok(pairs)
}

/// The organisation and all that were below it on one of these days.
pub fn below_during(conn: &mut Conn, ancestor: Id, days: Span) -> Result<Vec<Id>> {
    let below = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(ancestor))
        .filter(organisation_closure::from_on.lt(days.to))
        .filter(organisation_closure::to_on.gt(days.from));
    Ok(below.select(organisation_closure::descendant_id).distinct().load(conn)?)
}

/// Who an organisation counts below on some days: itself too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub of: Id,
    pub above: Id,
    pub kind: OrganisationType,
    pub days: Span,
}

/// All that some organisations count below, on any day.
pub fn lines(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for some in ids.chunks(SOME) {
        let above = organisation_closure::table
            .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .select((
                organisation_closure::descendant_id,
                organisation_closure::ancestor_id,
                organisations::kind,
                organisation_closure::from_on,
                organisation_closure::to_on,
            ));
        let rows: Vec<(Id, Id, OrganisationType, NaiveDate, NaiveDate)> = above.load(conn)?;
        lines.extend(rows.into_iter().map(|(of, above, kind, from, to)| Line {
            of,
            above,
            kind,
            days: Span { from, to },
        }));
    }
    Ok(lines)
}

/// How many organisations were ever below one, about: one that came back is counted again.
pub fn how_many_below(conn: &mut Conn, ancestor: Id) -> Result<usize> {
    let below = organisation_closure::table.filter(organisation_closure::ancestor_id.eq(ancestor));
    Ok(usize::try_from(below.count().get_result::<i64>(conn)?).unwrap_or_default())
}

/// Whether the organisation is one of the ancestors or below one of them on that day.
pub fn is_below_any(conn: &mut Conn, organisation: Id, ancestors: &[Id], on: NaiveDate) -> Result<bool> {
    if ancestors.is_empty() {
        return Ok(false);
    }
    let found = below(ancestors.to_vec(), on).filter(organisation_closure::descendant_id.eq(organisation));
    Ok(found.first::<Id>(conn).optional()?.is_some())
}

/// Those of the organisations that a right over some places reaches, each with the first day of which it reaches nothing. It
/// reaches the places and what lies below them today; and what exists no longer and stands nowhere since, where it lay below one
/// of them on its last day, so that somebody near may mend its past. It reaches no day on which the place exists no longer, and
/// none on which the organisation is known to lie elsewhere.
pub fn reached(conn: &mut Conn, places: &[Id], ids: &[Id], today: NaiveDate) -> Result<HashMap<Id, NaiveDate>> {
    let mut found: HashMap<Id, NaiveDate> = HashMap::new();
    if places.is_empty() {
        return Ok(found);
    }
    for some in ids.chunks(SOME) {
        let rows = organisation_closure::table
            .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
            .filter(organisation_closure::ancestor_id.eq_any(places.to_vec()))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .filter(organisation_closure::held.eq(true))
            .select((
                organisation_closure::descendant_id,
                organisation_closure::from_on,
                organisation_closure::to_on,
                organisations::valid_to,
            ));
        let rows: Vec<(Id, NaiveDate, NaiveDate, Option<NaiveDate>)> = rows.load(conn)?;
        let (present, past): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(_, from, to, _)| Span { from: *from, to: *to }.holds(today));
        let here: HashSet<Id> = present.iter().map(|(id, ..)| *id).collect();
        let elsewhere: BTreeSet<Id> = past.iter().map(|(id, ..)| *id).filter(|id| !here.contains(id)).collect();
        let gone = closed_and_nowhere(conn, &elsewhere.into_iter().collect::<Vec<_>>(), today)?;
        let lasting = past.into_iter().filter(|(id, from, to, _)| gone.get(id).is_some_and(|on| from < on && on <= to));
        for (id, _, to, closing) in present.into_iter().chain(lasting) {
            let until = closing.map_or(to, |closing| to.min(closing));
            let reached = found.entry(id).or_insert(until);
            *reached = until.max(*reached);
        }
    }
    Ok(found)
}

/// Those of the organisations that exist no longer and stand below nothing today, with the day on which they closed.
fn closed_and_nowhere(conn: &mut Conn, ids: &[Id], today: NaiveDate) -> Result<HashMap<Id, NaiveDate>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let closed = organisations::table
        .filter(organisations::id.eq_any(ids.to_vec()))
        .filter(organisations::valid_to.is_not_null())
        .select((organisations::id, organisations::valid_to.assume_not_null()));
    let closed: Vec<(Id, NaiveDate)> = closed.load(conn)?;
    let standing = organisation_closure::table
        .filter(organisation_closure::descendant_id.eq_any(ids.to_vec()))
        .filter(organisation_closure::ancestor_id.ne(organisation_closure::descendant_id))
        .filter(organisation_closure::held.eq(true))
        .filter(organisation_closure::from_on.le(today))
        .filter(organisation_closure::to_on.gt(today))
        .select(organisation_closure::descendant_id);
    let standing: HashSet<Id> = standing.load(conn)?.into_iter().collect();
    Ok(closed.into_iter().filter(|(id, on)| *on <= today && !standing.contains(id)).collect())
}

/// Whether `ancestor` stands above `descendant` by edges on any day of the span.
pub fn is_ever_below(conn: &mut Conn, descendant: Id, ancestor: Id, span: Span) -> Result<bool> {
    let found = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(ancestor))
        .filter(organisation_closure::descendant_id.eq(descendant))
        .filter(organisation_closure::held.eq(true))
        .filter(organisation_closure::from_on.lt(span.to))
        .filter(organisation_closure::to_on.gt(span.from))
        .select(organisation_closure::descendant_id);
    Ok(found.first::<Id>(conn).optional()?.is_some())
}

#[derive(Queryable, Selectable, Insertable, PartialEq, Eq, Hash)]
#[diesel(table_name = organisation_closure)]
struct ClosureRow {
    descendant_id: Id,
    ancestor_id: Id,
    from_on: NaiveDate,
    to_on: NaiveDate,
    held: bool,
    illustrative: bool,
}

/// Brings up to date what stands above some organisations and all that lie below them, on any day: what an edge or a
/// succession of theirs can change.
pub fn rebuild_below(conn: &mut Conn, changed: &[Id]) -> Result<()> {
    let mut affected: BTreeSet<Id> = changed.iter().copied().collect();
    for some in changed.chunks(SOME) {
        let below = organisation_closure::table.filter(organisation_closure::ancestor_id.eq_any(some.to_vec()));
        affected.extend(below.select(organisation_closure::descendant_id).distinct().load::<Id>(conn)?);
    }
    rebuild(conn, &affected.into_iter().collect::<Vec<_>>())
}

/// Brings what stands above every organisation up to date.
pub fn rebuild_all(conn: &mut Conn) -> Result<()> {
    let all: Vec<Id> = organisations::table.select(organisations::id).order_by(organisations::id).load(conn)?;
    rebuild(conn, &all)
}

/// Writes anew, of what stands above the organisations, the rows of those ancestors of which anything is new: whoever moves
/// to another region keeps its rows of the board and the network.
fn rebuild(conn: &mut Conn, organisations: &[Id]) -> Result<()> {
    let hierarchy = load(conn, organisations)?;
    for some in organisations.chunks(SOME) {
        let of_some = || organisation_closure::table.filter(organisation_closure::descendant_id.eq_any(some.to_vec()));
        let old: HashSet<ClosureRow> = of_some().select(ClosureRow::as_select()).load(conn)?.into_iter().collect();
        let new: HashSet<ClosureRow> = some.iter().flat_map(|id| rows_of(&hierarchy, *id)).collect();
        let changed: BTreeSet<Id> = old.symmetric_difference(&new).map(|row| row.ancestor_id).collect();
        for ancestors in changed.iter().copied().collect::<Vec<_>>().chunks(SOME) {
            let old = of_some().filter(organisation_closure::ancestor_id.eq_any(ancestors.to_vec()));
            diesel::delete(old).execute(conn)?;
        }
        let rows: Vec<ClosureRow> = new.into_iter().filter(|row| changed.contains(&row.ancestor_id)).collect();
        insert_all!(conn, organisation_closure::table, rows);
    }
    Ok(())
}

/// What stands above an organisation, as it is kept.
fn rows_of(hierarchy: &Hierarchy, descendant_id: Id) -> impl Iterator<Item = ClosureRow> {
    hierarchy.above(descendant_id).into_iter().map(move |above| ClosureRow {
        descendant_id,
        ancestor_id: above.ancestor,
        from_on: above.span.from,
        to_on: above.span.to,
        held: above.held,
        illustrative: above.illustrative,
    })
}

/// Some organisations with all above them, level by level.
fn load(conn: &mut Conn, organisations: &[Id]) -> Result<Hierarchy> {
    let mut hierarchy = Hierarchy::default();
    let mut next = organisations.to_vec();
    while !next.is_empty() {
        for some in next.chunks(SOME) {
            load_some(conn, some, &mut hierarchy.0)?;
        }
        let loaded: Vec<&Body> = next.iter().filter_map(|id| hierarchy.0.get(id)).collect();
        let above = loaded
            .iter()
            .flat_map(|body| body.links.iter().map(|link| link.parent).chain(body.heir.iter().map(|heir| heir.id)));
        let above: BTreeSet<Id> = above.filter(|id| !hierarchy.0.contains_key(id)).collect();
        next = above.into_iter().collect();
    }
    Ok(hierarchy)
}

fn load_some(conn: &mut Conn, some: &[Id], bodies: &mut HashMap<Id, Body>) -> Result<()> {
    let kinds = organisations::table.filter(organisations::id.eq_any(some.to_vec()));
    for (id, kind) in kinds.select((organisations::id, organisations::kind)).load::<(Id, OrganisationType)>(conn)? {
        bodies.insert(id, Body { kind, links: Vec::new(), heir: None });
    }
    let edges = organisation_edges::table
        .filter(organisation_edges::child_id.eq_any(some.to_vec()))
        .filter(organisation_edges::withdrawn_at.is_null())
        .filter(organisation_edges::kind.ne(EdgeKind::Legal))
        .select((
            organisation_edges::child_id,
            organisation_edges::kind,
            organisation_edges::parent_id,
            organisation_edges::from_on,
            organisation_edges::to_on,
            organisation_edges::illustrative,
        ));
    type Row = (Id, EdgeKind, Id, NaiveDate, NaiveDate, bool);
    for (child, kind, parent, from, to, illustrative) in edges.load::<Row>(conn)? {
        if let Some(body) = bodies.get_mut(&child) {
            body.links.push(Link { kind, parent, span: Span { from, to }, illustrative });
        }
    }
    // The legal successor takes its place; else whoever has the largest share, where shares are known.
    let heirs = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successions::from_id.eq_any(some.to_vec()))
        .filter(organisation_successions::kind.ne(SuccessionKind::Transfer))
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successors::legal.eq(true).or(organisation_successors::share_ppm.is_not_null()))
        .order_by((
            organisation_successions::effective_on,
            organisation_successors::legal.desc(),
            organisation_successors::share_ppm.desc(),
            organisation_successors::to_id,
        ))
        .select((
            organisation_successions::from_id,
            organisation_successors::to_id,
            organisation_successions::effective_on,
            organisation_successors::legal,
            organisation_successions::illustrative,
        ));
    for (from_id, id, from, legal, illustrative) in heirs.load::<(Id, Id, NaiveDate, bool, bool)>(conn)? {
        if let Some(body) = bodies.get_mut(&from_id) {
            body.heir.get_or_insert(Heir { id, from, legal, illustrative });
        }
    }
    Ok(())
}

/// Writes that new organisations stand below themselves alone.
pub fn insert_own(conn: &mut Conn, organisations: &[Id]) -> Result<()> {
    let (from_on, to_on) = (Span::ALWAYS.from, Span::ALWAYS.to);
    let own =
        |id: &Id| ClosureRow { descendant_id: *id, ancestor_id: *id, from_on, to_on, held: true, illustrative: false };
    let rows: Vec<ClosureRow> = organisations.iter().map(own).collect();
    insert_all!(conn, organisation_closure::table, rows);
    Ok(())
}
