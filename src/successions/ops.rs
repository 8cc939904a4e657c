//! What can be done with successions, each in one transaction.

use super::effects;
use super::rules::Succession;
use super::store::{self, SuccessionRow};
use crate::calendar::Span;
use crate::db::dialect::lock;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Faults, Result};
use crate::events::{self, Event};
use crate::http::{Context, Wrong};
use crate::organisations;
use crate::organisations::closure;
use crate::organisations::edges::ops::{HIERARCHY_LOCK, NewEdge, begin, end, withdraw};
use crate::organisations::edges::rules::can_stand;
use crate::organisations::edges::store::{EdgeRow, ending, lasting};
use crate::organisations::effects::{Effects, Inheritance};
use crate::organisations::ops::{close_organisation, get_organisation};
use crate::organisations::rules::{EdgeKind, OrganisationType, SuccessionKind};
use crate::organisations::store::{OrganisationRow, by_ids, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{adoptions, eligibility};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// # Errors
/// `not-found` for the organisation or the succession.
pub fn get_organisation_succession(conn: &mut Conn, code: &str, id: &str) -> Result<Stored<Succession>> {
    let of = get_organisation(conn, code)?.id;
    let found = by_id(id, "succession", |id| store::find(conn, of, id))?;
    named(conn, found)
}

fn named(conn: &mut Conn, row: SuccessionRow) -> Result<Stored<Succession>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a succession was lost"))
}

/// Records that an organisation became others on a day, and does all that follows from it.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference`, `validation-failed`, `already-exists`.
pub fn create_organisation_succession(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    new: Succession,
) -> Result<Stored<Succession>> {
    get_organisation(conn, code)?;
    context.reach().require_everything()?;
    lock(conn, HIERARCHY_LOCK)?;
    let row = prepare(conn, code, new)?.record(conn, context)?;
    named(conn, row)
}

/// Does what had to wait for the day of a succession that was recorded before it: the heir takes over the adoptions as they stand.
///
/// # Errors
/// The database's own.
pub fn take_over_due(conn: &mut Conn, context: &Context) -> Result<()> {
    for (act, heir) in store::due(conn, context.today())? {
        hand_over(conn, context, &act, heir)?;
        store::taken_over(conn, act.id)?;
    }
    Ok(())
}

/// Gives the legal successor what the predecessor had come to, as far as it has not got it: the stages of its adoptions, and what is
/// meant for it. Where others took the successor's place since, they have it from that on their days.
fn hand_over(conn: &mut Conn, context: &Context, act: &SuccessionRow, heir: Id) -> Result<()> {
    let mut from = act.from_id;
    for (heir, days) in standing_for(conn, heir, act.effective_on)? {
        if days.from < days.to {
            give(conn, context, act.id, from, (heir, days.from))?;
            from = heir;
        }
    }
    Ok(())
}

fn give(conn: &mut Conn, context: &Context, act: Id, from: Id, (heir, on): (Id, NaiveDate)) -> Result<()> {
    let by = Inheritance { act, from, heir, on };
    eligibility::ops::take_over(conn, context, by)?;
    adoptions::writes::take_over(conn, context, by)
}

/// Who stands for a successor from a day on: itself, until another took its place. Whose place was taken by then has none of these
/// days.
fn standing_for(conn: &mut Conn, successor: Id, from: NaiveDate) -> Result<Vec<(Id, Span)>> {
    let (mut chain, mut seen) = (Vec::new(), BTreeSet::new());
    let (mut at, mut from) = (successor, from);
    loop {
        let passed = if seen.insert(at) { store::passed_on(conn, at)? } else { None };
        let to = passed.map_or(Span::ALWAYS.to, |(on, _)| on.max(from));
        chain.push((at, Span { from, to }));
        let Some((_, next)) = passed else { return Ok(chain) };
        (at, from) = (next, to);
    }
}

/// Whose places an organisation took on the day on which another took its own.
fn passed_through(conn: &mut Conn, act: &SuccessionRow) -> Result<BTreeSet<Id>> {
    let (mut found, mut next) = (BTreeSet::new(), vec![act.from_id]);
    while !next.is_empty() {
        let before = store::beside(conn, act, &next)?.into_iter().map(|(other, _)| other.from_id);
        next = before.filter(|id| *id != act.from_id && found.insert(*id)).collect();
    }
    Ok(found)
}

/// Takes back a succession that never was, and all that followed from it. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed` without a reason; `immutable` where a later succession rests on
/// it; `immutable` and `illegal-transition` where what followed was built upon since.
pub fn delete_organisation_succession(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    id: &str,
    wrong: Wrong,
) -> Result<()> {
    let of = get_organisation(conn, code)?.id;
    let present = by_id(id, "succession", |id| store::find(conn, of, id))?;
    context.reach().require_everything()?;
    lock(conn, HIERARCHY_LOCK)?;
    context.check_version(present.version)?;
    if present.withdrawn_at.is_some() {
        return Err(
            Error::new(Code::Immutable).detail("The succession was taken back as a mistake. Record the right one.")
        );
    }
    if !present.effects_kept {
        let detail = "It was recorded before the register kept what a succession changes. Correct the edges and the days of the organisation by hand.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    let reason = wrong.given()?;
    check_rests(conn, &present)?;
    let row = store::withdraw(conn, context, present, reason.clone())?;
    let heirs = store::heirs(conn, row.id)?;
    trace(conn, context, &row, &heirs)?;
    let changed = effects::undo(conn, context, &row, &reason)?;
    // What another predecessor of that day had come to as well, the heir had from this one.
    for (other, heir) in store::beside(conn, &row, &heirs)? {
        hand_over(conn, context, &other, heir)?;
    }
    closure::rebuild_below(conn, &changed)
}

/// Of a chain of successions the later one is taken back first: what it moved lay where this one had put it.
fn check_rests(conn: &mut Conn, act: &SuccessionRow) -> Result<()> {
    let resting = effects::resting_on(conn, act.id)?;
    let later = match store::latest(conn, &resting)? {
        Some(later) => Some(later),
        None => store::passing_through(conn, act)?,
    };
    let Some(later) = later else { return Ok(()) };
    let (code, _) = names(conn, [later.from_id])?.of(later.from_id);
    let detail = format!(
        "The succession of {code} on {} rests on this one: it moved what this one had put in its place. Take that one back first.",
        later.effective_on
    );
    Err(Error::new(Code::Immutable).detail(detail))
}

/// Tells of an act: one event a successor, since each is an end of it. The key is the act's, so each has a version of its own.
fn trace(conn: &mut Conn, context: &Context, row: &SuccessionRow, heirs: &[Id]) -> Result<()> {
    let names = names(conn, heirs.iter().copied().chain([row.from_id]))?;
    let before = i32::try_from(heirs.len()).unwrap_or_default() * (row.version - 1);
    for (heir, version) in heirs.iter().zip(before + 1..) {
        let (from, to) = (names.of(row.from_id).0, names.of(*heir).0);
        let mut data = json!({ "from": from, "to": to, "kind": row.kind, "effectiveOn": row.effective_on });
        if let Some(reason) = &row.withdrawn_reason {
            data["withdrawn"] = json!(reason);
        }
        let event = Event::new("organisation-succession", &row.id.to_string(), version, data);
        let ends = Event { organisation_id: Some(row.from_id), other_organisation_id: Some(*heir), ..event };
        events::record(conn, context, ends)?;
    }
    Ok(())
}

/// A succession that can be recorded, under the lock of the hierarchy. Nothing is written yet.
///
/// # Errors
/// As [`create_organisation_succession`].
pub fn prepare(conn: &mut Conn, code: &str, new: Succession) -> Result<Act> {
    let from = get_organisation(conn, code)?;
    let new = new.checked(&from.code)?;
    Act::read(conn, from, new)
}

/// A succession with what it is about.
pub struct Act {
    new: Succession,
    from: OrganisationRow,
    /// The ids of the successors, in their order.
    successors: Vec<Id>,
    /// Who stands for each successor from the day on.
    standing: HashMap<Id, Vec<(Id, Span)>>,
    /// All organisations that it concerns: the predecessor, those that stand for the successors, and those at the other ends of its
    /// edges.
    rows: HashMap<Id, OrganisationRow>,
    /// The edges up and down from the predecessor that last beyond the day, or would had it not been closed on it already.
    edges: Vec<EdgeRow>,
    /// Those that ended with it.
    ended: BTreeSet<Id>,
}

/// Some days on which an organisation lies below a successor, or below who took its place.
struct Moved {
    heir: Id,
    child: Id,
    days: Span,
}

impl Act {
    fn read(conn: &mut Conn, from: OrganisationRow, new: Succession) -> Result<Self> {
        let (mut successors, mut standing) = (Vec::with_capacity(new.to.len()), HashMap::new());
        for (at, successor) in new.to.iter().enumerate() {
            let id = organisations::ops::referred(conn, &format!("/to/{at}/code"), &successor.code)?;
            successors.push(id);
            standing.insert(id, standing_for(conn, id, new.effective_on)?);
        }
        let (mut edges, mut ended) = (lasting(conn, from.id, new.effective_on)?, BTreeSet::new());
        if from.valid_to == Some(new.effective_on) {
            for edge in ending(conn, from.id, new.effective_on)? {
                ended.insert(edge.id);
                edges.push(EdgeRow { to_on: Span::ALWAYS.to, ..edge });
            }
        }
        let ends = edges.iter().flat_map(|edge| [edge.parent_id, edge.child_id]);
        let heirs = standing.values().flatten().map(|(id, _)| *id);
        let concerned: BTreeSet<Id> = ends.chain(heirs).chain([from.id]).collect();
        let rows = by_ids(conn, &concerned)?.into_iter().map(|row| (row.id, row)).collect();
        let act = Self { new, from, successors, standing, rows, edges, ended };
        act.check(conn)?;
        Ok(act)
    }

    /// Writes the act, and all that follows from it.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn record(&self, conn: &mut Conn, context: &Context) -> Result<SuccessionRow> {
        let row = store::insert(conn, context, self.from.id, &self.new, &self.successors)?;
        trace(conn, context, &row, &self.successors)?;
        let mut done = Effects::of(row.id);
        self.carry_out(conn, context, &mut done)?;
        done.keep(conn)?;
        if let Some(heir) = self.legal_heir() {
            hand_over(conn, context, &row, heir)?;
            for before in passed_through(conn, &row)? {
                give(conn, context, row.id, before, (heir, row.effective_on))?;
            }
        }
        Ok(row)
    }

    fn closes(&self) -> bool {
        self.new.kind != SuccessionKind::Transfer
    }

    fn check(&self, conn: &mut Conn) -> Result<()> {
        let (day, mut faults) = (self.new.effective_on, Faults::default());
        for at in 0..self.successors.len() {
            self.check_successor(conn, at, &mut faults)?;
        }
        let own = self.from.organisation();
        let ended = own.valid_to.is_some_and(|to| if self.closes() { to != day } else { to <= day });
        if ended || own.valid_from.is_some_and(|from| from >= day) {
            let detail = format!("{} exists {}.", self.from.code, own.days());
            faults.add("/effectiveOn", "not-living", detail);
        }
        self.check_children(&mut faults);
        faults.check()?;
        if self.closes() && store::is_closed(conn, self.from.id)? {
            let detail = format!("{} was succeeded by others already.", self.from.code);
            return Err(Error::new(Code::AlreadyExists).detail(detail));
        }
        Ok(())
    }

    /// Whether a successor can be one: it exists on the day, or another took its place on it, does not lie below the predecessor,
    /// and can have below it what comes to it.
    fn check_successor(&self, conn: &mut Conn, at: usize, faults: &mut Faults) -> Result<()> {
        let (pointer, day) = (format!("/to/{at}/code"), self.new.effective_on);
        let Some(id) = self.successors.get(at).copied().filter(|id| *id != self.from.id) else { return Ok(()) };
        let Some(successor) = self.rows.get(&id).map(OrganisationRow::organisation) else { return Ok(()) };
        let standing = self.standing.get(&id).map(Vec::as_slice).unwrap_or_default();
        let passed_on = successor.valid_to == Some(day) && standing.len() > 1;
        if !successor.lives_on(day) && !passed_on {
            let detail = format!("{} does not exist on {day}. A successor does from that day on.", successor.code);
            faults.add(&pointer, "not-living", detail);
        }
        let itself = standing.iter().any(|(heir, _)| *heir == self.from.id);
        if itself || closure::is_ever_below(conn, id, self.from.id, self.new.after())? {
            let detail = format!("{} lies below {}, or became it.", successor.code, self.from.code);
            faults.add(&pointer, "circular", detail);
        }
        let coming = || self.moving().filter(|edge| self.heir_of(edge) == Some(id));
        for (heir, _) in standing {
            let Some(heir) = self.rows.get(heir).filter(|heir| heir.kind != self.from.kind) else { continue };
            let fits = |edge: &&EdgeRow| {
                self.rows.get(&edge.child_id).is_none_or(|child| can_stand(edge.kind, heir.kind, child.kind))
            };
            if let Some(child) = coming().find(|edge| !fits(edge)).and_then(|edge| self.rows.get(&edge.child_id)) {
                let detail =
                    format!("{} cannot lie below {}, of the type {}.", child.code, heir.code, heir.kind.as_str());
                faults.add(&pointer, "type", detail);
            }
        }
        let Some((last, _)) = standing.last() else { return Ok(()) };
        if let Some(divided) = store::divided_on(conn, *last)?.filter(|on| coming().any(|edge| edge.to_on > *on)) {
            let code = self.rows.get(last).map(|row| row.code.as_str()).unwrap_or_default();
            let detail = format!(
                "{code} was divided on {divided}, and nothing says where what comes to it goes then. Take that succession back, record this one, and record that one again with it."
            );
            faults.add(&pointer, "divided", detail);
        }
        Ok(())
    }

    /// Whether it is known where what lies below goes.
    fn check_children(&self, faults: &mut Faults) {
        let below: BTreeSet<&str> = self.moving().filter_map(|edge| self.code_below(edge)).collect();
        for (at, child) in self.new.children.0.iter().enumerate() {
            if !below.contains(child.code.as_str()) {
                let detail = format!(
                    "{} does not lie directly below {} on {}.",
                    child.code, self.from.code, self.new.effective_on
                );
                faults.add(format!("/children/{at}/code"), "not-below", detail);
            }
        }
        if self.new.kind == SuccessionKind::Split {
            let left = self.moving().filter(|edge| edge.kind != EdgeKind::Legal && self.heir_of(edge).is_none());
            let left: BTreeSet<&str> = left.filter_map(|edge| self.code_below(edge)).collect();
            if !left.is_empty() {
                let detail = format!(
                    "In a split every organisation below is given to a successor. Missing: {}.",
                    left.into_iter().take(50).collect::<Vec<_>>().join(", ")
                );
                faults.add("/children", "missing", detail);
            }
        }
    }

    /// The edges to what lies below the predecessor.
    fn moving(&self) -> impl Iterator<Item = &EdgeRow> {
        self.edges.iter().filter(|edge| edge.parent_id == self.from.id)
    }

    fn code_below(&self, edge: &EdgeRow) -> Option<&str> {
        self.rows.get(&edge.child_id).map(|child| child.code.as_str())
    }

    /// The successor that what lies below goes to.
    fn heir_of(&self, edge: &EdgeRow) -> Option<Id> {
        let code = self.new.heir_of(self.code_below(edge)?)?;
        let mut heirs = self.new.to.iter().zip(&self.successors);
        heirs.find(|(successor, _)| successor.code == code).map(|(_, id)| *id).filter(|heir| *heir != edge.child_id)
    }

    /// Ends the edges of the predecessor, gives what lies below it to the successors, and closes it.
    fn carry_out(&self, conn: &mut Conn, context: &Context, done: &mut Effects) -> Result<()> {
        let (mut changed, mut moved) = (vec![self.from.id], Vec::new());
        let heirs = self.successors.iter().filter_map(|heir| self.standing.get(heir));
        for (heir, days) in heirs.flatten().filter(|_| self.closes()) {
            self.place(conn, context, (*heir, *days), done)?;
            changed.push(*heir);
        }
        for edge in &self.edges {
            let heir = if edge.parent_id == self.from.id { self.heir_of(edge) } else { None };
            if (self.closes() || heir.is_some()) && !self.ended.contains(&edge.id) {
                self.leave(conn, context, edge, done)?;
            }
            if let Some(heir) = heir {
                moved.extend(self.go_below(conn, context, edge, heir, done)?);
                changed.push(edge.child_id);
            }
        }
        self.keep_networks(conn, context, &moved, done)?;
        if self.closes() {
            done.organisation_closed(self.from.id, self.from.valid_to);
            close_organisation(conn, context, self.from.clone(), self.new.effective_on)?;
        }
        closure::rebuild_below(conn, &changed)
    }

    fn legal_heir(&self) -> Option<Id> {
        let mut heirs = self.new.to.iter().zip(&self.successors);
        heirs.find(|(successor, _)| successor.legal).map(|(_, id)| *id)
    }

    /// Ends an edge of the predecessor on the day; one that would begin later never holds.
    fn leave(&self, conn: &mut Conn, context: &Context, edge: &EdgeRow, done: &mut Effects) -> Result<()> {
        let day = self.new.effective_on;
        if edge.from_on < day {
            done.edge_ended(edge);
            return end(conn, context, edge.clone(), day);
        }
        done.edge_withdrawn(edge);
        let reason = format!("{} became another organisation on {day}.", self.from.code);
        withdraw(conn, context, edge.clone(), reason).map(drop)
    }

    /// Puts what lay below the predecessor below its successor, or who stands for that, on the days that were left of its edge.
    /// Returns what lies there by geography.
    fn go_below(
        &self,
        conn: &mut Conn,
        context: &Context,
        edge: &EdgeRow,
        heir: Id,
        done: &mut Effects,
    ) -> Result<Vec<Moved>> {
        let (child, mut moved) = (edge.child_id, Vec::new());
        for (heir, days) in self.standing.get(&heir).into_iter().flatten() {
            let Some(span) = edge.span().meet(*days).filter(|_| *heir != child) else { continue };
            let illustrative = edge.illustrative || self.new.illustrative;
            let new = NewEdge { kind: edge.kind, parent: *heir, child, span, illustrative };
            let put = self.put(conn, context, new, done)?;
            if edge.kind == EdgeKind::Geographic {
                moved.extend(put.into_iter().map(|days| Moved { heir: *heir, child, days }));
            }
        }
        Ok(moved)
    }

    /// Has an edge begin on those of its days on which both ends exist and nothing else stands in its place. Returns these.
    fn put(&self, conn: &mut Conn, context: &Context, new: NewEdge, done: &mut Effects) -> Result<Vec<Span>> {
        let NewEdge { kind, parent, child, span, illustrative } = new;
        let closing = [parent, child].into_iter().filter_map(|end| self.rows.get(&end)?.valid_to);
        let to = closing.fold(span.to, NaiveDate::min);
        let several = self.rows.get(&child).is_none_or(|child| child.kind.may_have_several_networks());
        let single = kind.is_single() || (kind == EdgeKind::Network && !several);
        let present = lasting(conn, child, span.from)?.into_iter().filter(|edge| edge.child_id == child);
        let taken = present.filter(|edge| edge.kind == kind && (single || edge.parent_id == parent));
        let taken = Span::merged(taken.map(|edge| edge.span()).collect());
        let free = if span.from < to { Span { to, ..span }.without(&taken) } else { Vec::new() };
        for span in &free {
            let new = NewEdge { kind, parent, child, span: *span, illustrative };
            done.edge_begun(begin(conn, context, new)?.id);
        }
        Ok(free)
    }

    /// Gives who stands nowhere on the day the place of the predecessor. A network comes to cover only what it covered: it is not
    /// given to an organisation that was there before.
    fn place(&self, conn: &mut Conn, context: &Context, (heir, days): (Id, Span), done: &mut Effects) -> Result<()> {
        let Some(row) = self.rows.get(&heir).filter(|_| days.from < days.to) else { return Ok(()) };
        let present = lasting(conn, heir, days.from)?;
        let begins = row.valid_from == Some(days.from) && present.iter().all(|edge| edge.child_id == heir);
        let is_new = present.is_empty() || begins || self.new.kind == SuccessionKind::Rename;
        for kind in [EdgeKind::Geographic, EdgeKind::Member, EdgeKind::Network] {
            let stands =
                present.iter().any(|edge| edge.child_id == heir && edge.kind == kind && edge.span().holds(days.from));
            if stands || (kind == EdgeKind::Network && !is_new) {
                continue;
            }
            let up = self.edges.iter().filter(|edge| edge.child_id == self.from.id && edge.kind == kind);
            for edge in up.filter(|edge| edge.parent_id != heir) {
                let above = self.rows.get(&edge.parent_id).map(|above| above.kind);
                let fits = above.is_some_and(|above| row.kind == self.from.kind || can_stand(kind, above, row.kind));
                let Some(span) = edge.span().meet(days).filter(|_| fits) else { continue };
                let illustrative = edge.illustrative || self.new.illustrative;
                self.put(
                    conn,
                    context,
                    NewEdge { kind, parent: edge.parent_id, child: heir, span, illustrative },
                    done,
                )?;
            }
        }
        Ok(())
    }

    /// What lies below keeps the health innovation network that it had through the predecessor, where its new parent has
    /// another or none: by an edge of its own.
    fn keep_networks(&self, conn: &mut Conn, context: &Context, moved: &[Moved], done: &mut Effects) -> Result<()> {
        let had = networks(conn, self.from.id, self.new.effective_on, &self.edges)?;
        let [network] = had.as_slice() else { return Ok(()) };
        let to_it = |edge: &&EdgeRow| edge.parent_id == *network && edge.child_id == self.from.id;
        let Some(edge) = self.edges.iter().filter(to_it).find(|edge| edge.kind == EdgeKind::Network) else {
            return Ok(());
        };
        let mut same: HashMap<(Id, NaiveDate), bool> = HashMap::new();
        for Moved { heir, child, days } in moved {
            let Some(days) = edge.span().meet(*days) else { continue };
            let place = (*heir, days.from);
            let is_same = match same.get(&place) {
                Some(known) => *known,
                None => {
                    let edges = lasting(conn, *heir, days.from)?;
                    let is_same = networks(conn, *heir, days.from, &edges)? == had;
                    same.insert(place, is_same);
                    is_same
                }
            };
            let present = lasting(conn, *child, days.from)?;
            if !is_same && networks(conn, *child, days.from, &present)?.is_empty() {
                let (kind, illustrative) = (EdgeKind::Network, edge.illustrative || self.new.illustrative);
                let new = NewEdge { kind, parent: *network, child: *child, span: days, illustrative };
                self.put(conn, context, new, done)?;
            }
        }
        Ok(())
    }
}

/// The health innovation networks that an organisation has by edges of its own.
fn networks(conn: &mut Conn, of: Id, on: NaiveDate, edges: &[EdgeRow]) -> Result<Vec<Id>> {
    let up = edges.iter().filter(|edge| edge.child_id == of && edge.kind == EdgeKind::Network && edge.from_on <= on);
    let parents: BTreeSet<Id> = up.map(|edge| edge.parent_id).collect();
    let networks = by_ids(conn, &parents)?.into_iter().filter(|row| row.kind == OrganisationType::Hin);
    let mut networks: Vec<Id> = networks.map(|row| row.id).collect();
    networks.sort_unstable();
    Ok(networks)
}
