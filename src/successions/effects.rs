//! Taking back what a succession changed.

use super::store::SuccessionRow;
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::schema::succession_effects;
use crate::error::Result;
use crate::http::Context;
use crate::organisations::edges;
use crate::organisations::edges::ops::{restore, withdraw};
use crate::organisations::effects::{EffectKind, EffectRow, records_of};
use crate::organisations::ops::reopen_organisation;
use crate::vocabulary::Id;
use crate::{adoptions, eligibility};
use diesel::prelude::*;
use std::collections::BTreeSet;

/// The acts that ended or took back edges which another had begun, so that they rest on it.
///
/// # Errors
/// What the database fails with.
pub fn resting_on(conn: &mut Conn, act: Id) -> Result<BTreeSet<Id>> {
    let begun: Vec<Id> = records_of(act, EffectKind::EdgeBegun).load(conn)?;
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
        adoptions::writes::give_back_covers(conn, effect.record_id, act.effective_on, codes)?;
    }
    for effect in of(EffectKind::AdoptionMoved) {
        adoptions::writes::give_back_stage(conn, context, effect.record_id, reason)?;
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
