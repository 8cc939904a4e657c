//! The moves of adoptions in the database, and the spells that are made of them.

use super::rules::{AdoptionStage, History, Measure, Spell, Step};
use crate::calendar::Until;
use crate::db::schema::{
    adoption_moves, adoption_spells, organisation_successions, organisation_successors, organisations,
};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::http::params::{Codes, Line};
use crate::organisations::effects::{EffectKind, records_of};
use crate::vocabulary::Id;
use crate::{insert_all, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = adoption_moves, treat_none_as_null = true)]
pub struct MoveRow {
    pub id: Id,
    pub adoption_id: Id,
    pub effective_on: NaiveDate,
    pub rank: i32,
    pub to_stage: AdoptionStage,
    pub reason: Option<String>,
    pub made_by: String,
    pub made_at: NaiveDateTime,
    pub withdrawn_by: Option<String>,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_why: Option<String>,
    pub updated_at: NaiveDateTime,
}

impl MoveRow {
    pub fn new(context: &Context, adoption: Id, step: Step, reason: Option<String>) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: step.id,
            adoption_id: adoption,
            effective_on: step.on,
            rank: step.rank,
            to_stage: step.to,
            reason,
            made_by: context.actor.subject.clone(),
            made_at: now,
            withdrawn_by: None,
            withdrawn_at: None,
            withdrawn_why: None,
            updated_at: now,
        }
    }

    pub fn step(&self) -> Step {
        Step { id: self.id, on: self.effective_on, rank: self.rank, to: self.to_stage }
    }

    /// The same, marked as withdrawn.
    pub fn withdrawn(self, context: &Context, why: &str) -> Self {
        let now = context.now.naive_utc();
        let (by, why) = (Some(context.actor.subject.clone()), Some(why.to_owned()));
        Self { withdrawn_by: by, withdrawn_at: Some(now), withdrawn_why: why, updated_at: now, ..self }
    }
}

/// The history that the rows make: those that were withdrawn are no part of it.
pub fn history(rows: &[MoveRow]) -> History {
    let last = rows.iter().map(|row| row.rank).max().unwrap_or(0);
    History::new(rows.iter().filter(|row| row.withdrawn_at.is_none()).map(MoveRow::step).collect(), last)
}

/// Every move of these adoptions, withdrawn ones too.
pub fn moves(conn: &mut Conn, adoptions: &[Id]) -> Result<Vec<MoveRow>> {
    Ok(adoption_moves::table.filter(adoption_moves::adoption_id.eq_any(adoptions.to_vec())).load(conn)?)
}

pub fn get(conn: &mut Conn, id: Id) -> Result<MoveRow> {
    Ok(adoption_moves::table.find(id).first(conn)?)
}

pub fn insert(conn: &mut Conn, row: &MoveRow) -> Result<()> {
    diesel::insert_into(adoption_moves::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}

pub fn update(conn: &mut Conn, row: &MoveRow) -> Result<()> {
    diesel::update(adoption_moves::table.find(row.id)).set(row.clone()).execute_kept(conn)?;
    Ok(())
}

/// Writes the days, stages and ranks of moves that a change gave others.
pub fn put_in_order(conn: &mut Conn, context: &Context, before: &History, after: &History) -> Result<()> {
    for step in after.steps().iter().filter(|step| before.steps().iter().any(|old| old.id == step.id && old != *step)) {
        let place = (
            adoption_moves::effective_on.eq(step.on),
            adoption_moves::rank.eq(step.rank),
            adoption_moves::to_stage.eq(step.to),
            adoption_moves::updated_at.eq(context.now.naive_utc()),
        );
        diesel::update(adoption_moves::table.find(step.id)).set(place).execute_kept(conn)?;
    }
    Ok(())
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = adoption_spells)]
struct SpellRow {
    adoption_id: Id,
    from_on: NaiveDate,
    to_on: Until,
    stage: AdoptionStage,
    innovation_id: Id,
    organisation_id: Id,
    indication: String,
}

/// Whose spells are written.
pub struct Held {
    pub adoption: Id,
    pub innovation: Id,
    pub organisation: Id,
    pub indication: String,
}

/// Writes the spells of an adoption anew.
pub fn write_spells(conn: &mut Conn, of: &Held, spells: &[Spell]) -> Result<()> {
    diesel::delete(adoption_spells::table.filter(adoption_spells::adoption_id.eq(of.adoption))).execute_kept(conn)?;
    let row = |spell: &Spell| SpellRow {
        adoption_id: of.adoption,
        from_on: spell.from,
        to_on: spell.to,
        stage: spell.stage,
        innovation_id: of.innovation,
        organisation_id: of.organisation,
        indication: of.indication.clone(),
    };
    let rows: Vec<SpellRow> = spells.iter().map(row).collect();
    insert_all!(conn, adoption_spells::table, rows);
    Ok(())
}

diesel::alias!(organisations as bodies_not_there: BodiesNotThere);

/// The spells of these stages that hold on a day. An organisation that had not opened by it holds none, nor does one that had closed:
/// what that had come to is its heir's.
#[diesel::dsl::auto_type]
pub fn held_on(stages: Vec<AdoptionStage>, day: NaiveDate) -> _ {
    let not_there =
        bodies_not_there.filter(bodies_not_there.field(organisations::id).eq(adoption_spells::organisation_id)).filter(
            bodies_not_there
                .field(organisations::valid_to)
                .le(day)
                .or(bodies_not_there.field(organisations::valid_from).gt(day)),
        );
    adoption_spells::table
        .filter(adoption_spells::stage.eq_any(stages))
        .filter(adoption_spells::from_on.le(day))
        .filter(adoption_spells::to_on.gt(day))
        .filter(diesel::dsl::not(diesel::dsl::exists(not_there)))
}

diesel::alias!(adoption_spells as earlier_spells: EarlierSpells);
diesel::alias!(adoption_spells as spells_before: SpellsBefore);

/// First uses: spells of use before which the organisation had none of that innovation, and which no succession brought it from
/// one that had.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn first_uses() -> _ {
    let stages: Vec<AdoptionStage> = Measure::InUse.stages().to_vec();
    let uses: Vec<AdoptionStage> = Measure::InUse.stages().to_vec();
    let used_before = earlier_spells
        .filter(earlier_spells.field(adoption_spells::innovation_id).eq(adoption_spells::innovation_id))
        .filter(earlier_spells.field(adoption_spells::organisation_id).eq(adoption_spells::organisation_id))
        .filter(earlier_spells.field(adoption_spells::stage).eq_any(uses))
        .filter(earlier_spells.field(adoption_spells::from_on).lt(adoption_spells::from_on));
    let theirs: Vec<AdoptionStage> = Measure::InUse.stages().to_vec();
    let brought = organisation_successors::table
        .inner_join(organisation_successions::table)
        .inner_join(
            spells_before.on(spells_before
                .field(adoption_spells::organisation_id)
                .eq(organisation_successions::from_id)
                .and(spells_before.field(adoption_spells::from_on).lt(organisation_successions::effective_on))
                .and(spells_before.field(adoption_spells::to_on).ge(organisation_successions::effective_on))),
        )
        .filter(organisation_successors::to_id.eq(adoption_spells::organisation_id))
        .filter(organisation_successions::effective_on.eq(adoption_spells::from_on))
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(spells_before.field(adoption_spells::innovation_id).eq(adoption_spells::innovation_id))
        .filter(spells_before.field(adoption_spells::stage).eq_any(theirs));
    adoption_spells::table
        .filter(adoption_spells::stage.eq_any(stages))
        .filter(diesel::dsl::not(diesel::dsl::exists(used_before)))
        .filter(diesel::dsl::not(diesel::dsl::exists(brought)))
}

/// The stage of an adoption on a day.
pub fn stage_on(conn: &mut Conn, adoption: Id, day: NaiveDate) -> Result<Option<AdoptionStage>> {
    let held = held_on(AdoptionStage::ALL.to_vec(), day).filter(adoption_spells::adoption_id.eq(adoption));
    Ok(held.select(adoption_spells::stage).first(conn).optional()?)
}

/// The move by which a succession gave an adoption its stage, while it stands.
pub fn given(conn: &mut Conn, act: Id, adoption: Id) -> Result<Option<MoveRow>> {
    let standing = adoption_moves::table
        .filter(adoption_moves::adoption_id.eq(adoption))
        .filter(adoption_moves::withdrawn_at.is_null())
        .filter(adoption_moves::id.eq_any(records_of(act, EffectKind::AdoptionMoved)));
    Ok(standing.first(conn).optional()?)
}

/// The adoptions of an organisation that were at some stage on a day, each with its stage.
pub fn held_by(
    conn: &mut Conn,
    organisation: Id,
    stages: Vec<AdoptionStage>,
    day: NaiveDate,
) -> Result<Vec<(Id, AdoptionStage)>> {
    let held = held_on(stages, day).filter(adoption_spells::organisation_id.eq(organisation));
    let by_adoption = held.order_by(adoption_spells::adoption_id);
    Ok(by_adoption.select((adoption_spells::adoption_id, adoption_spells::stage)).load(conn)?)
}

type Query = adoption_moves::BoxedQuery<'static, MultiBackend>;

sortable! { MoveRow, Query, key "id" => adoption_moves::id as Id;
    adoption_moves of |row| row => "effectiveOn" effective_on, "madeAt" made_at, "updatedAt" updated_at, then rank;
}

params! {
    /// Which moves of an adoption.
    pub struct ListAdoptionMoves list of MoveRow {
        /// Whether to list moves that were withdrawn, or those that hold. Default: both.
        withdrawn: bool = "withdrawn",
    }
}

params! {
    /// Which moves of an adoption were not made, and why they are recorded.
    pub struct WithdrawAdoptionMoves {
        /// Why what was recorded is wrong; it is needed, and kept with the record. Do not name people.
        reason: Line = "reason",
        /// The ids of other moves of the adoption that are withdrawn with it, in one change: for what cannot be withdrawn alone, such as
        /// a pause and the end of that pause.
        also: Codes = "also",
    }
}

/// The moves of one adoption.
pub fn list(adoption: Id, asked: &ListAdoptionMoves) -> Query {
    let moves = adoption_moves::table.filter(adoption_moves::adoption_id.eq(adoption)).into_boxed();
    match asked.withdrawn {
        None => moves,
        Some(true) => moves.filter(adoption_moves::withdrawn_at.is_not_null()),
        Some(false) => moves.filter(adoption_moves::withdrawn_at.is_null()),
    }
}
