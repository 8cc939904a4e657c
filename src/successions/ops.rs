//! What can be done with successions, each in one transaction.

use super::effects::{self, Effects};
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
use crate::organisations::edges::store::{EdgeRow, lasting};
use crate::organisations::ops::{close_organisation, get_organisation};
use crate::organisations::rules::{EdgeKind, OrganisationType, SuccessionKind};
use crate::organisations::store::{OrganisationRow, by_codes, by_ids, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{adoptions, eligibility};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        give(conn, context, &act, heir)?;
        store::taken_over(conn, act.id)?;
    }
    Ok(())
}

/// Gives the legal successor what the predecessor had come to, as far as it has not got it: the stages of its adoptions, and what is
/// meant for it.
fn give(conn: &mut Conn, context: &Context, act: &SuccessionRow, heir: Id) -> Result<()> {
    let names = names(conn, vec![act.from_id, heir])?;
    let (from, to) = (names.of(act.from_id).0, names.of(heir).0);
    let (from, on) = ((act.from_id, from.as_str()), act.effective_on);
    let mut done = Effects::of(act.id);
    done.eligibility_begun(eligibility::ops::take_over(conn, context, from, heir, on)?);
    done.adoptions_taken(adoptions::heirs::take_over(conn, context, from, (heir, &to), on)?);
    done.keep(conn)
}

/// Takes back a succession that never was, and all that followed from it. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed` without a reason; `immutable` and `illegal-transition`
/// where what followed was built upon since.
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
    let row = store::withdraw(conn, context, present, reason.clone())?;
    let heirs = store::heirs(conn, row.id)?;
    trace(conn, context, &row, &heirs)?;
    let changed = effects::undo(conn, context, &row, &reason)?;
    // What another predecessor of that day had come to as well, the heir had from this one.
    for (other, heir) in store::beside(conn, &row, &heirs)? {
        give(conn, context, &other, heir)?;
    }
    closure::rebuild_below(conn, &changed)
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
    rows: HashMap<String, OrganisationRow>,
    /// The edges up and down from the predecessor that last beyond the day.
    edges: Vec<EdgeRow>,
    /// Codes of what lies below it, by id.
    children: HashMap<Id, String>,
}

impl Act {
    fn read(conn: &mut Conn, from: OrganisationRow, new: Succession) -> Result<Self> {
        let codes: Vec<String> = new.to.iter().map(|successor| successor.code.clone()).collect();
        let mut successors = Vec::with_capacity(codes.len());
        for (at, code) in codes.iter().enumerate() {
            successors.push(organisations::ops::referred(conn, &format!("/to/{at}/code"), code)?);
        }
        let rows = by_codes(conn, &codes)?;
        let edges = lasting(conn, from.id, new.effective_on)?;
        let below = edges.iter().filter(|edge| edge.parent_id == from.id).map(|edge| edge.child_id);
        let below: BTreeSet<Id> = below.collect();
        let children = by_ids(conn, &below)?.into_iter().map(|row| (row.id, row.code)).collect();
        let act = Self { new, from, successors, rows, edges, children };
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
            give(conn, context, &row, heir)?;
        }
        Ok(row)
    }

    fn closes(&self) -> bool {
        self.new.kind != SuccessionKind::Transfer
    }

    fn check(&self, conn: &mut Conn) -> Result<()> {
        let (day, mut faults) = (self.new.effective_on, Faults::default());
        for (at, successor) in self.new.to.iter().enumerate() {
            let lives = self.rows.get(&successor.code).is_some_and(|row| row.organisation().lives_on(day));
            if !lives {
                let detail = format!("{} does not exist on {day}. A successor does from that day on.", successor.code);
                faults.add(format!("/to/{at}/code"), "not-living", detail);
            }
            let id = self.successors[at];
            if id != self.from.id && closure::is_ever_below(conn, id, self.from.id, self.new.after())? {
                let detail = format!("{} lies below {}.", successor.code, self.from.code);
                faults.add(format!("/to/{at}/code"), "circular", detail);
            }
        }
        let own = self.from.organisation();
        let ended = own.valid_to.is_some_and(|to| if self.closes() { to != day } else { to <= day });
        if ended || own.valid_from.is_some_and(|from| from >= day) {
            let detail = format!("{} exists {}.", self.from.code, own.days());
            faults.add("/effectiveOn", "not-living", detail);
        }
        for (at, child) in self.new.children.0.iter().enumerate() {
            if !self.children.values().any(|code| *code == child.code) {
                let detail = format!("{} does not lie directly below {} on {day}.", child.code, self.from.code);
                faults.add(format!("/children/{at}/code"), "not-below", detail);
            }
        }
        if self.new.kind == SuccessionKind::Split {
            let left: BTreeSet<&str> = self
                .moving()
                .filter(|edge| edge.kind != EdgeKind::Legal && self.heir_of(edge).is_none())
                .filter_map(|edge| self.children.get(&edge.child_id).map(String::as_str))
                .collect();
            if !left.is_empty() {
                let detail = format!(
                    "In a split every organisation below is given to a successor. Missing: {}.",
                    left.into_iter().take(50).collect::<Vec<_>>().join(", ")
                );
                faults.add("/children", "missing", detail);
            }
        }
        faults.check()?;
        if self.closes() && store::is_closed(conn, self.from.id)? {
            let detail = format!("{} was succeeded by others already.", self.from.code);
            return Err(Error::new(Code::AlreadyExists).detail(detail));
        }
        Ok(())
    }

    /// The edges to what lies below the predecessor.
    fn moving(&self) -> impl Iterator<Item = &EdgeRow> {
        self.edges.iter().filter(|edge| edge.parent_id == self.from.id)
    }

    /// The successor that what lies below goes to.
    fn heir_of(&self, edge: &EdgeRow) -> Option<Id> {
        let code = self.new.heir_of(self.children.get(&edge.child_id)?)?;
        self.rows.get(code).map(|row| row.id).filter(|heir| *heir != edge.child_id)
    }

    /// Ends the edges of the predecessor, gives what lies below it to the successors, and closes it.
    fn carry_out(&self, conn: &mut Conn, context: &Context, done: &mut Effects) -> Result<()> {
        let mut changed = vec![self.from.id];
        let mut moved: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for edge in &self.edges {
            let heir = if edge.parent_id == self.from.id { self.heir_of(edge) } else { None };
            if self.closes() || heir.is_some() {
                self.leave(conn, context, edge, done)?;
            }
            if let Some(heir) = heir {
                let ends = (heir, edge.child_id);
                self.put(conn, context, (edge.kind, ends, edge.from_on, edge.illustrative), done)?;
                moved.entry(heir).or_default().insert(edge.child_id);
                changed.push(edge.child_id);
            }
        }
        if self.closes() {
            for heir in &self.successors {
                self.place(conn, context, *heir, done)?;
                changed.push(*heir);
            }
        }
        for (heir, children) in moved {
            self.keep_networks(conn, context, (heir, &children), done)?;
        }
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

    /// Puts an organisation below a successor, unless it is there already.
    fn put(
        &self,
        conn: &mut Conn,
        context: &Context,
        (kind, (parent, child), from, illustrative): (EdgeKind, (Id, Id), NaiveDate, bool),
        done: &mut Effects,
    ) -> Result<()> {
        let span = Span { from: from.max(self.new.effective_on), ..self.new.after() };
        let present = lasting(conn, child, span.from)?;
        let of_kind = |edge: &&EdgeRow| edge.child_id == child && edge.kind == kind;
        let there = present.iter().filter(of_kind).any(|edge| edge.parent_id == parent || kind == EdgeKind::Geographic);
        if there {
            return Ok(());
        }
        let illustrative = illustrative || self.new.illustrative;
        done.edge_begun(begin(conn, context, NewEdge { kind, parent, child, span, illustrative })?.id);
        Ok(())
    }

    /// Gives a successor that stands nowhere yet the place of its predecessor.
    fn place(&self, conn: &mut Conn, context: &Context, heir: Id, done: &mut Effects) -> Result<()> {
        let present = lasting(conn, heir, self.new.effective_on)?;
        for kind in [EdgeKind::Geographic, EdgeKind::Member, EdgeKind::Network] {
            if present.iter().any(|edge| edge.child_id == heir && edge.kind == kind) {
                continue;
            }
            let up = self.edges.iter().filter(|edge| edge.child_id == self.from.id && edge.kind == kind);
            for edge in up.filter(|edge| edge.parent_id != heir) {
                let ends = (edge.parent_id, heir);
                self.put(conn, context, (kind, ends, edge.from_on, edge.illustrative), done)?;
            }
        }
        Ok(())
    }

    /// What lies below keeps the health innovation network that it had through the predecessor, where its new parent has
    /// another: by an edge of its own.
    fn keep_networks(
        &self,
        conn: &mut Conn,
        context: &Context,
        (heir, children): (Id, &BTreeSet<Id>),
        done: &mut Effects,
    ) -> Result<()> {
        let day = self.new.effective_on;
        let had = networks(conn, self.from.id, day, &self.edges)?;
        let [network] = had.as_slice() else { return Ok(()) };
        let edges = lasting(conn, heir, day)?;
        if networks(conn, heir, day, &edges)? == had {
            return Ok(());
        }
        let illustrative = self.edges.iter().any(|edge| edge.parent_id == *network && edge.illustrative);
        for child in children {
            let present = lasting(conn, *child, day)?;
            if networks(conn, *child, day, &present)?.is_empty() {
                self.put(conn, context, (EdgeKind::Network, (*network, *child), day, illustrative), done)?;
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
