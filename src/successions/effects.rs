//! What a succession changed, kept so that it can be taken back.

use super::store::SuccessionRow;
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::schema::succession_effects;
use crate::error::Result;
use crate::http::Context;
use crate::organisations::edges;
use crate::organisations::edges::ops::{restore, withdraw};
use crate::organisations::edges::store::EdgeRow;
use crate::organisations::ops::reopen_organisation;
use crate::vocabulary::Id;
use crate::{adoptions, eligibility, insert_all, words};
use adoptions::heirs::Taken;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::BTreeSet;

words! {
    /// What happened to a record.
    pub enum EffectKind {
        EdgeBegun = "edge-begun",
        EdgeEnded = "edge-ended",
        EdgeWithdrawn = "edge-withdrawn",
        OrganisationClosed = "organisation-closed",
        EligibilityBegun = "eligibility-begun",
        AdoptionMoved = "adoption-moved",
        AdoptionCovers = "adoption-covers",
    }
}

/// One thing that a succession changed.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = succession_effects)]
struct EffectRow {
    id: Id,
    succession_id: Id,
    kind: EffectKind,
    record_id: Id,
    /// When the edge or the organisation ended before.
    was_on: Option<NaiveDate>,
    /// The codes that the adoption covers since: with spaces between.
    added: Option<String>,
}

/// What one succession changed.
pub struct Effects {
    succession: Id,
    rows: Vec<EffectRow>,
}

impl Effects {
    pub fn of(succession: Id) -> Self {
        Self { succession, rows: Vec::new() }
    }

    fn add(&mut self, kind: EffectKind, record_id: Id, was_on: Option<NaiveDate>, added: Option<String>) {
        self.rows.push(EffectRow {
            id: Id::generate(),
            succession_id: self.succession,
            kind,
            record_id,
            was_on,
            added,
        });
    }

    pub fn edge_begun(&mut self, edge: Id) {
        self.add(EffectKind::EdgeBegun, edge, None, None);
    }

    pub fn edge_ended(&mut self, edge: &EdgeRow) {
        self.add(EffectKind::EdgeEnded, edge.id, Some(edge.to_on), None);
    }

    pub fn edge_withdrawn(&mut self, edge: &EdgeRow) {
        self.add(EffectKind::EdgeWithdrawn, edge.id, Some(edge.to_on), None);
    }

    pub fn organisation_closed(&mut self, organisation: Id, was: Option<NaiveDate>) {
        self.add(EffectKind::OrganisationClosed, organisation, was, None);
    }

    pub fn eligibility_begun(&mut self, rows: Vec<Id>) {
        for row in rows {
            self.add(EffectKind::EligibilityBegun, row, None, None);
        }
    }

    pub fn adoptions_taken(&mut self, taken: Vec<Taken>) {
        for one in taken {
            match one {
                Taken::Stage(moved) => self.add(EffectKind::AdoptionMoved, moved, None, None),
                Taken::Covers(adoption, codes) => self.add(EffectKind::AdoptionCovers, adoption, None, Some(codes)),
            }
        }
    }

    /// # Errors
    /// What the database fails with.
    pub fn keep(self, conn: &mut Conn) -> Result<()> {
        insert_all!(conn, succession_effects::table, self.rows);
        Ok(())
    }
}

/// The acts that ended or took back edges which another had begun, so that they rest on it.
///
/// # Errors
/// What the database fails with.
pub fn resting_on(conn: &mut Conn, act: Id) -> Result<BTreeSet<Id>> {
    let of_act = succession_effects::table.filter(succession_effects::succession_id.eq(act));
    let begun = of_act.filter(succession_effects::kind.eq(EffectKind::EdgeBegun)).select(succession_effects::record_id);
    let begun: Vec<Id> = begun.load(conn)?;
    let mut acts = BTreeSet::new();
    // SQLite takes a bounded number of parameters.
    for some in begun.chunks(10_000) {
        let moved = succession_effects::table
            .filter(succession_effects::record_id.eq_any(some.to_vec()))
            .filter(succession_effects::kind.eq_any([EffectKind::EdgeEnded, EffectKind::EdgeWithdrawn]))
            .filter(succession_effects::succession_id.ne(act))
            .select(succession_effects::succession_id);
        acts.extend(moved.load::<Id>(conn)?);
    }
    Ok(acts)
}

/// Undoes what a succession changed, as far as nobody changed it again since. Returns the organisations of which what stands
/// above them may be another.
///
/// # Errors
/// `illegal-transition` where an adoption went on from a stage that it would give back; `immutable` where something lies
/// elsewhere by an edge that was added since.
pub fn undo(conn: &mut Conn, context: &Context, act: &SuccessionRow, reason: &str) -> Result<Vec<Id>> {
    let effects = succession_effects::table.filter(succession_effects::succession_id.eq(act.id));
    let effects: Vec<EffectRow> = effects.select(EffectRow::as_select()).load(conn)?;
    let of = |kind: EffectKind| effects.iter().filter(move |effect| effect.kind == kind);
    let mut changed = BTreeSet::from([act.from_id]);
    for effect in of(EffectKind::AdoptionCovers) {
        let codes = effect.added.as_deref().unwrap_or_default();
        adoptions::heirs::give_back_covers(conn, effect.record_id, act.effective_on, codes)?;
    }
    for effect in of(EffectKind::AdoptionMoved) {
        adoptions::heirs::give_back_stage(conn, context, effect.record_id, reason)?;
    }
    for effect in of(EffectKind::EligibilityBegun) {
        eligibility::ops::give_back(conn, context, effect.record_id, reason)?;
    }
    for effect in of(EffectKind::OrganisationClosed) {
        reopen_organisation(conn, context, effect.record_id, act.effective_on, effect.was_on)?;
    }
    for effect in of(EffectKind::EdgeBegun) {
        let edge = edges::store::get(conn, effect.record_id)?;
        changed.insert(edge.child_id);
        if edge.withdrawn_at.is_none() {
            withdraw(conn, context, edge, reason.to_owned())?;
        }
    }
    for effect in of(EffectKind::EdgeEnded).chain(of(EffectKind::EdgeWithdrawn)) {
        let edge = edges::store::get(conn, effect.record_id)?;
        changed.insert(edge.child_id);
        // Ended on another day, or taken back, it was changed by somebody else since.
        let untouched = match effect.kind {
            EffectKind::EdgeEnded => edge.withdrawn_at.is_none() && edge.to_on == act.effective_on,
            _ => edge.withdrawn_at.is_some(),
        };
        if untouched {
            restore(conn, context, edge, effect.was_on.unwrap_or(Span::ALWAYS.to))?;
        }
    }
    Ok(changed.into_iter().collect())
}
