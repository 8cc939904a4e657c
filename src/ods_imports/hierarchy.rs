//! The edges above organisations as a file leaves them, of which at last the news is written.

use super::placing::{Moved, Objection, Said, Stands, follow, place};
use crate::calendar::Span;
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::organisations::closure;
use crate::organisations::edges::ops::{self as edges, NewEdge};
use crate::organisations::edges::rules::circles;
use crate::organisations::edges::store::{EdgeRow, above, lasting};
use crate::organisations::rules::EdgeKind;
use crate::organisations::store::by_ids;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

/// The edges above organisations, as they are to be.
#[derive(Default)]
pub struct Hierarchy {
    above: HashMap<Id, Vec<Edge>>,
    /// The organisations of which edges changed, in the order of the file.
    changed: Vec<Id>,
}

#[derive(Clone)]
struct Edge {
    kind: EdgeKind,
    parent: Id,
    span: Span,
    /// As it is in the database; none of one that begins.
    row: Option<EdgeRow>,
}

impl Edge {
    fn is_news(&self) -> bool {
        self.row.as_ref().is_none_or(|row| row.to_on != self.span.to)
    }
}

impl From<EdgeRow> for Edge {
    fn from(row: EdgeRow) -> Self {
        Self { kind: row.kind, parent: row.parent_id, span: row.span(), row: Some(row) }
    }
}

/// The edges above an organisation before a row of a file that may have to be taken back.
pub struct Before(Id, Vec<Edge>);

impl Hierarchy {
    /// Reads the edges above organisations of which they are not known yet.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn load(&mut self, conn: &mut Conn, organisations: impl IntoIterator<Item = Id>) -> Result<()> {
        let news: BTreeSet<Id> = organisations.into_iter().filter(|id| !self.above.contains_key(id)).collect();
        let news: Vec<Id> = news.into_iter().collect();
        self.above.extend(news.iter().map(|id| (*id, Vec::new())));
        for row in above(conn, &news)? {
            self.above.entry(row.child_id).or_default().push(row.into());
        }
        Ok(())
    }

    /// Says that nothing stands above an organisation, since it is new.
    pub fn add(&mut self, organisation: Id) {
        self.above.insert(organisation, Vec::new());
    }

    pub fn is_below(&self, child: Id, kind: EdgeKind, parent: Id) -> bool {
        self.edges(child).iter().any(|edge| edge.kind == kind && edge.parent == parent)
    }

    fn edges(&self, child: Id) -> &[Edge] {
        self.above.get(&child).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn before(&self, organisation: Id) -> Before {
        Before(organisation, self.edges(organisation).to_vec())
    }

    pub fn take_back(&mut self, Before(organisation, edges): Before) {
        self.above.insert(organisation, edges);
    }

    /// Puts an organisation where a file of the day `on` says. Returns whether any edge changes.
    ///
    /// # Errors
    /// An objection where it cannot: `circular` where it would lie below itself. What the database fails with.
    pub fn place(
        &mut self,
        conn: &mut Conn,
        child: Id,
        kind: EdgeKind,
        said: &Said,
        on: NaiveDate,
    ) -> Result<Result<bool, Objection>> {
        let of_kind = self.edges(child).iter().enumerate().filter(|(_, edge)| edge.kind == kind);
        let (places, stands): (Vec<usize>, Vec<Stands>) =
            of_kind.map(|(place, edge)| (place, Stands { parent: edge.parent, span: edge.span })).unzip();
        let Moved { ends, begins } = match place(&stands, said, on) {
            Ok(moved) => moved,
            Err(objection) => return Ok(Err(objection)),
        };
        let longer = ends.iter().filter_map(|(place, to)| {
            let held = stands.get(*place)?.span;
            (held.to < *to).then_some(Span { from: held.to, to: *to })
        });
        for span in longer.chain(begins) {
            if self.would_circle(conn, kind, said.parent, child, span)? {
                return Ok(Err(Objection::new("circular", "It would lie below itself.")));
            }
        }
        if ends.is_empty() && begins.is_none() {
            return Ok(Ok(false));
        }
        let edges = self.above.entry(child).or_default();
        for (place, to) in ends {
            if let Some(edge) = places.get(place).and_then(|place| edges.get_mut(*place)) {
                edge.span.to = to;
            }
        }
        edges.extend(begins.map(|span| Edge { kind, parent: said.parent, span, row: None }));
        self.changed.push(child);
        Ok(Ok(true))
    }

    /// Whether `child` stands above `parent` by edges of this kind on days of the span.
    fn would_circle(&mut self, conn: &mut Conn, kind: EdgeKind, parent: Id, child: Id, span: Span) -> Result<bool> {
        circles(kind, parent, child, |organisations| {
            self.load(conn, organisations.iter().copied())?;
            let edges = organisations.iter().flat_map(|id| self.edges(*id));
            let above = edges.filter(|edge| edge.kind == kind && edge.span.meet(span).is_some());
            Ok(above.map(|edge| edge.parent).collect())
        })
    }

    /// Has the edges above an organisation end with it, which it does on another day than it did. Returns whether any changes,
    /// and the first day of one that would begin after it.
    pub fn follow(
        &mut self,
        organisation: Id,
        was: Option<NaiveDate>,
        is: Option<NaiveDate>,
    ) -> (bool, Option<NaiveDate>) {
        let edges = self.above.entry(organisation).or_default();
        let others: Vec<(EdgeKind, Span)> = edges.iter().map(|edge| (edge.kind, edge.span)).collect();
        let mut changes = false;
        for edge in edges.iter_mut() {
            let Some(to) = follow(edge.span, was, is) else { continue };
            let gained = Span { from: edge.span.to, to };
            // Where it lies elsewhere since, it stays there.
            if others.iter().any(|(kind, span)| *kind == edge.kind && span.meet(gained).is_some()) {
                continue;
            }
            edge.span.to = to;
            changes = true;
        }
        let late = is.and_then(|to| edges.iter().map(|edge| edge.span.from).filter(|from| *from >= to).min());
        if changes {
            self.changed.push(organisation);
        }
        (changes, late)
    }

    /// As [`Hierarchy::follow`], of the members of an organisation. Of those that closed themselves the edge ends with them.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn follow_below(
        &mut self,
        conn: &mut Conn,
        organisation: Id,
        was: Option<NaiveDate>,
        is: Option<NaiveDate>,
    ) -> Result<bool> {
        // Those that ended with it are among them.
        let beyond = was.into_iter().chain(is).min().and_then(|day| day.pred_opt()).unwrap_or(Span::ALWAYS.from);
        let lasting = lasting(conn, organisation, beyond)?;
        let members: BTreeSet<Id> = lasting
            .iter()
            .filter(|edge| edge.parent_id == organisation && edge.kind == EdgeKind::Member)
            .map(|edge| edge.child_id)
            .collect();
        self.load(conn, members.iter().copied())?;
        let mut changes = false;
        for member in by_ids(conn, &members)? {
            let edges = self.above.entry(member.id).or_default();
            let of_it = edges.iter_mut().filter(|edge| edge.kind == EdgeKind::Member && edge.parent == organisation);
            let mut changed = false;
            for edge in of_it {
                let to = follow(edge.span, was, is).map(|to| member.valid_to.map_or(to, |end| end.min(to)));
                if let Some(to) = to.filter(|to| *to > edge.span.from && *to != edge.span.to) {
                    edge.span.to = to;
                    changed = true;
                }
            }
            if changed {
                self.changed.push(member.id);
                changes = true;
            }
        }
        Ok(changes)
    }

    /// Writes what is new, and brings what follows from it up to date. `new` are the ids that new organisations got, by those
    /// that they have here.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn write(self, conn: &mut Conn, context: &Context, new: &HashMap<Id, Id>) -> Result<()> {
        let Self { mut above, changed } = self;
        let real = |id: Id| new.get(&id).copied().unwrap_or(id);
        let (mut begun, mut touched) = (Vec::new(), Vec::new());
        for child in changed {
            let Some(edges) = above.remove(&child) else { continue };
            touched.push(real(child));
            for edge in edges.into_iter().filter(Edge::is_news) {
                let Edge { kind, parent, span, row } = edge;
                match row {
                    Some(row) => edges::end(conn, context, row, span.to)?,
                    None => begun.push(NewEdge {
                        kind,
                        parent: real(parent),
                        child: real(child),
                        span,
                        illustrative: false,
                    }),
                }
            }
        }
        edges::begin_many(conn, context, begun)?;
        closure::rebuild_below(conn, &touched)
    }
}
