//! What successions changed, kept with them so that it can be taken back, and brought up to date where what they passed on changes.

use super::edges::store::EdgeRow;
use crate::db::Conn;
use crate::db::schema::{organisation_successions, organisation_successors, succession_effects};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{insert_all, words};
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
pub struct EffectRow {
    pub id: Id,
    pub succession_id: Id,
    pub kind: EffectKind,
    pub record_id: Id,
    /// When the edge or the organisation ended before.
    pub was_on: Option<NaiveDate>,
    /// The codes that the adoption covers since: with spaces between.
    pub added: Option<String>,
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

    pub fn eligibility_begun(&mut self, row: Id) {
        self.add(EffectKind::EligibilityBegun, row, None, None);
    }

    pub fn adoption_moved(&mut self, moved: Id) {
        self.add(EffectKind::AdoptionMoved, moved, None, None);
    }

    /// An adoption covers these organisations since: codes with spaces between.
    pub fn adoption_covers(&mut self, adoption: Id, codes: String) {
        self.add(EffectKind::AdoptionCovers, adoption, None, Some(codes));
    }

    /// # Errors
    /// What the database fails with.
    pub fn keep(self, conn: &mut Conn) -> Result<()> {
        insert_all!(conn, succession_effects::table, self.rows);
        Ok(())
    }
}

/// Why what an heir was given is taken back or corrected.
pub const LATE: &str = "What it was taken over from was corrected.";

/// The ids of the records that an act changed in one way.
#[diesel::dsl::auto_type]
pub fn records_of(act: Id, kind: EffectKind) -> _ {
    succession_effects::table
        .filter(succession_effects::succession_id.eq(act))
        .filter(succession_effects::kind.eq(kind))
        .select(succession_effects::record_id)
}

/// An act by which a legal successor took over what an organisation had come to by a day.
#[derive(Queryable, Clone, Copy)]
pub struct Inheritance {
    pub act: Id,
    pub from: Id,
    pub heir: Id,
    pub on: NaiveDate,
}

#[diesel::dsl::auto_type]
fn inheritances() -> _ {
    organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successors::legal.eq(true))
        .filter(organisation_successions::taken_over.eq(true))
        .filter(organisation_successions::withdrawn_at.is_null())
        .order_by((organisation_successions::effective_on, organisation_successions::id))
        .select((
            organisation_successions::id,
            organisation_successions::from_id,
            organisation_successors::to_id,
            organisation_successions::effective_on,
        ))
}

/// The acts by which others took over from an organisation. Where another took the heir's own place on that very day, that is the heir.
pub fn inherited_from(conn: &mut Conn, organisation: Id) -> Result<Vec<Inheritance>> {
    let of = |from: Id| inheritances().filter(organisation_successions::from_id.eq(from));
    let mut found: Vec<Inheritance> = of(organisation).load(conn)?;
    for by in &mut found {
        let mut passed = BTreeSet::from([by.from]);
        while passed.insert(by.heir) {
            let next = of(by.heir).filter(organisation_successions::effective_on.eq(by.on));
            let Some(next) = next.first::<Inheritance>(conn).optional()? else { break };
            by.heir = next.heir;
        }
    }
    Ok(found)
}

/// The acts by which an organisation took over from others on a day.
pub fn inherited_by(conn: &mut Conn, heir: Id, on: NaiveDate) -> Result<Vec<Inheritance>> {
    let of_heir = inheritances().filter(organisation_successors::to_id.eq(heir));
    Ok(of_heir.filter(organisation_successions::effective_on.eq(on)).load(conn)?)
}
