//! Adoptions in the database.

use super::counts::store::{self as counts, CountRow};
use super::moves::rules::{AdoptionStage, History, Measure, Spell};
use super::moves::store::{self as moves, Held, first_uses, held_on};
use super::rules::{Adoption, Approval, Barrier};
use crate::calendar::Until;
use crate::db::dialect::Condition;
use crate::db::schema::{
    adoption_barriers, adoption_counts, adoption_spells, adoptions, innovations, organisations, programme_memberships,
    programmes,
};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf, OneWord};
use crate::innovations::store::{HeldMemberships, held_memberships, members};
use crate::organisations::ops::referred;
use crate::organisations::rules::OrganisationStatus;
use crate::organisations::store::below;
use crate::vocabulary::Id;
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{Months, NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = adoptions, treat_none_as_null = true)]
pub struct AdoptionRow {
    pub id: Id,
    pub innovation_id: Id,
    pub organisation_id: Id,
    /// Empty for all uses of the innovation.
    pub indication: String,
    /// That of the last move.
    pub stage: AdoptionStage,
    pub decided_by: Option<String>,
    pub evidence: Option<String>,
    pub approval: Approval,
    pub approved_by: Option<String>,
    pub approved_on: Option<NaiveDate>,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub archived_by: Option<String>,
    pub archived_why: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl AdoptionRow {
    pub fn new(context: &Context, new: &Adoption, (innovation, organisation): (Id, Id), approval: Approval) -> Self {
        let now = context.now.naive_utc();
        let row = Self {
            id: Id::generate(),
            innovation_id: innovation,
            organisation_id: organisation,
            indication: new.indication.clone().unwrap_or_default(),
            stage: new.stage,
            decided_by: new.decided_by.clone(),
            evidence: new.evidence.clone(),
            approval: Approval::Proposed,
            approved_by: None,
            approved_on: None,
            illustrative: new.illustrative,
            archived_at: None,
            archived_by: None,
            archived_why: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if approval == Approval::Approved { row.decided(context, approval, context.today()) } else { row }
    }

    /// The same once somebody who may has said whether it counts.
    pub fn decided(self, context: &Context, approval: Approval, on: NaiveDate) -> Self {
        let approved = approval == Approval::Approved;
        let by = approved.then(|| context.actor.subject.clone());
        Self { approval, approved_by: by, approved_on: approved.then_some(on), ..self }
    }

    /// The next version, in which nothing else changed.
    pub fn touched(self, context: &Context) -> Self {
        Self { version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// The next version, with other facts.
    pub fn revised(self, context: &Context, new: &Adoption) -> Self {
        let facts = Self::new(context, new, (self.innovation_id, self.organisation_id), Approval::Proposed);
        Self {
            decided_by: facts.decided_by,
            evidence: facts.evidence,
            illustrative: facts.illustrative,
            ..self.touched(context)
        }
    }

    /// Whether it says the same of what `revised` writes.
    pub fn has_facts_of(&self, other: &Self) -> bool {
        let facts = |row: &Self| (row.decided_by.clone(), row.evidence.clone(), row.illustrative);
        facts(self) == facts(other)
    }

    /// The version that is in no list or report any more.
    pub fn archived(self, context: &Context, why: String) -> Self {
        let (by, at) = (Some(context.actor.subject.clone()), Some(context.now.naive_utc()));
        Self { archived_at: at, archived_by: by, archived_why: Some(why), ..self.touched(context) }
    }

    /// The spells that a history makes; there are none of an adoption that does not count.
    pub fn spells(&self, history: &History) -> Vec<Spell> {
        let counts = self.approval == Approval::Approved && self.archived_at.is_none();
        if counts { history.spells() } else { Vec::new() }
    }
}

/// An adoption with its innovation and organisation, each by its key and name, and the days on which the organisation opened and
/// closed, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAdoption {
    pub row: AdoptionRow,
    pub innovation: (String, String),
    pub organisation: (String, String, Option<NaiveDate>, Option<NaiveDate>, OrganisationStatus),
}

impl NamedAdoption {
    /// The day on which its organisation closed; today of one that is closed since a day that nobody knows.
    pub fn closed_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        let (.., closed, status) = self.organisation;
        closed.or((status == OrganisationStatus::Closed).then_some(today))
    }
}

/// Writes the spells that a history makes.
pub fn write_spells(conn: &mut Conn, row: &AdoptionRow, history: &History) -> Result<()> {
    let spells = row.spells(history);
    let held = Held {
        adoption: row.id,
        innovation: row.innovation_id,
        organisation: row.organisation_id,
        indication: row.indication.clone(),
    };
    moves::write_spells(conn, &held, &spells)
}

type OrganisationColumns = (
    organisations::code,
    organisations::name,
    organisations::valid_from,
    organisations::valid_to,
    organisations::status,
);
type Columns = (<adoptions::table as Table>::AllColumns, (innovations::slug, innovations::name), OrganisationColumns);
type Source =
    dsl::InnerJoinQuerySource<dsl::InnerJoinQuerySource<adoptions::table, innovations::table>, organisations::table>;
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedAdoption, Query, key "id" => adoptions::id as Id;
    adoptions of |found| found.row => "updatedAt" updated_at, then id;
}

writable! { adoptions, AdoptionRow, "This organisation has an adoption of this innovation already, or a fellow proposed one: move, approve or delete it." }

params! {
    /// What a list of adoptions may be narrowed to.
    pub struct ListAdoptions list of NamedAdoption {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// What the innovation is used for.
        indication: CodeParam = "indication",
        /// The code of the organisation.
        organisation: CodeParam = "organisation",
        /// The slug of a programme: adoptions of innovations that were in it on the day of `usingOn` or `stageOn`, or at any time without one.
        programme: CodeParam = "programme",
        /// The slug of a programme: adoptions that are additional for it. The organisation's first use ever of the innovation began while
        /// that was in the programme, or within the programme's `attributionMonths` after it left.
        additional_for: CodeParam = "additionalFor",
        /// The last day on which a first use may have begun. Default: today.
        first_use_by: NaiveDate = "firstUseBy",
        /// The code of a place: adoptions by that organisation and by all below it today.
        place: CodeParam = "place",
        /// The stage: the present one, or that of the day of `stageOn`.
        stage: OneOf<AdoptionStage> = "stage",
        /// Adoptions that had any stage, or one of `stage`, on this day. Those that only were proposed are left out.
        stage_on: NaiveDate = "stageOn",
        /// What counts as adopted on the day of `stageOn`, or today. Those that are only proposed are left out.
        measure: OneWord<Measure> = "measure",
        /// Adoptions in use on this day.
        using_on: NaiveDate = "usingOn",
        /// A barrier that stands on the day of `stageOn` or `usingOn`, or today.
        barrier: OneOf<Barrier> = "barrier",
        /// Whether they count.
        approval: OneOf<Approval> = "approval",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (
        adoptions::all_columns,
        (innovations::slug, innovations::name),
        (
            organisations::code,
            organisations::name,
            organisations::valid_from,
            organisations::valid_to,
            organisations::status,
        ),
    );
    let joined = adoptions::table.inner_join(innovations::table).inner_join(organisations::table);
    joined.select(columns).filter(adoptions::archived_at.is_null())
}

/// The days within which a first use of an innovation is put down to a programme: while it is in it, and some months after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub programme: String,
    pub innovation: Id,
    pub from: NaiveDate,
    /// The first day after.
    pub to: NaiveDate,
}

/// The innovations that were in a programme on a day, or at any time.
#[dsl::auto_type]
fn innovations_of(programme: String, day: Option<NaiveDate>) -> _ {
    let joined: NaiveDate = day.unwrap_or(Until::FURTHER_NOTICE.day());
    let left: NaiveDate = day.unwrap_or_default();
    let inside: members = members(programme, joined, left);
    inside.select(programme_memberships::innovation_id)
}

#[dsl::auto_type]
fn held_windows() -> _ {
    let held: HeldMemberships = held_memberships();
    let columns: WindowColumns = (
        programme_memberships::programme,
        programme_memberships::innovation_id,
        programme_memberships::from_on,
        programme_memberships::to_on,
        programmes::attribution_months,
    );
    programme_memberships::table
        .inner_join(programmes::table.on(programmes::slug.eq(programme_memberships::programme)))
        .filter(held)
        .order_by(programme_memberships::id)
        .select(columns)
}

type WindowColumns = (
    programme_memberships::programme,
    programme_memberships::innovation_id,
    programme_memberships::from_on,
    programme_memberships::to_on,
    programmes::attribution_months,
);

fn window((programme, innovation, from, left, months): (String, Id, NaiveDate, Until, i32)) -> Window {
    let months = Months::new(u32::try_from(months).unwrap_or_default());
    let to = left.day().checked_add_months(months).unwrap_or(left.day());
    Window { programme, innovation, from, to }
}

/// The windows of a programme.
fn windows(conn: &mut Conn, programme: &str) -> Result<Vec<Window>> {
    let held = held_windows().filter(programme_memberships::programme.eq(programme.to_owned()));
    Ok(held.load(conn)?.into_iter().map(window).collect())
}

/// The windows of all programmes for some innovations.
pub fn windows_of(conn: &mut Conn, innovations: impl IntoIterator<Item = Id>) -> Result<Vec<Window>> {
    let innovations: Vec<Id> = innovations.into_iter().collect();
    let held = held_windows().filter(programme_memberships::innovation_id.eq_any(innovations));
    Ok(held.load(conn)?.into_iter().map(window).collect())
}

/// # Errors
/// `unknown-reference` for the innovation, the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListAdoptions) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    let (today, day) = (context.today(), asked.stage_on.or(asked.using_on));
    if let Some(place) = context.within() {
        query = query.filter(adoptions::organisation_id.eq_any(below(vec![place], today)));
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        query = query.filter(adoptions::innovation_id.eq(innovation));
    }
    if let Some(code) = &asked.organisation {
        query = query.filter(adoptions::organisation_id.eq(referred(conn, "?organisation", &code.0)?));
    }
    if let Some(programme) = &asked.programme {
        let inside = innovations_of(programme.0.to_ascii_lowercase(), day);
        query = query.filter(adoptions::innovation_id.eq_any(inside));
    }
    if let Some(programme) = &asked.additional_for {
        let slug = programme.0.to_ascii_lowercase();
        let mut found: Condition<Source> = Box::new(adoptions::id.eq_any(Vec::<Id>::new()));
        for window in windows(conn, &slug)? {
            let last = asked.first_use_by.unwrap_or(today).min(window.to.pred_opt().unwrap_or(window.to));
            let begun = first_uses()
                .filter(adoption_spells::innovation_id.eq(window.innovation))
                .filter(adoption_spells::from_on.between(window.from, last))
                .select(adoption_spells::adoption_id);
            found = Box::new(found.or(adoptions::id.eq_any(begun)));
        }
        query = query.filter(found);
    }
    let on = |stages: &[AdoptionStage], day| held_on(stages.to_vec(), day).select(adoption_spells::adoption_id);
    if let Some(day) = asked.stage_on {
        let stages = asked.stage.as_ref().map_or(AdoptionStage::ALL, |stages| &stages.0);
        query = query.filter(adoptions::id.eq_any(on(stages, day)));
    } else if let Some(stages) = &asked.stage {
        query = query.filter(one_of!(adoptions::stage, stages.0.clone()));
    }
    if let Some(barriers) = &asked.barrier {
        let standing = adoption_barriers::table
            .filter(adoption_barriers::barrier.eq_any(barriers.0.clone()))
            .filter(adoption_barriers::from_on.le(day.unwrap_or(today)))
            .filter(adoption_barriers::to_on.gt(day.unwrap_or(today)))
            .select(adoption_barriers::adoption_id);
        query = query.filter(adoptions::id.eq_any(standing));
    }
    narrow! { query, asked;
        indication => adoptions::indication.eq(indication.0.to_ascii_lowercase());
        place => adoptions::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], today));
        approval => one_of!(adoptions::approval, approval.0.clone());
        measure => adoptions::id.eq_any(on(measure.0.stages(), asked.stage_on.unwrap_or(today)));
        using_on => adoptions::id.eq_any(on(Measure::InUse.stages(), *using_on));
    }
    Ok(query)
}

/// The adoption of an innovation, for an indication, by an organisation.
pub fn find_by_key(
    conn: &mut Conn,
    (innovation, indication, organisation): (Id, &str, Id),
) -> Result<Option<NamedAdoption>> {
    let found = named()
        .filter(adoptions::innovation_id.eq(innovation))
        .filter(adoptions::indication.eq(indication.to_owned()))
        .filter(adoptions::organisation_id.eq(organisation));
    Ok(found.first(conn).optional()?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedAdoption>> {
    Ok(named().filter(adoptions::id.eq(id)).first(conn).optional()?)
}

/// Some adoptions with the innovation and the organisation of each.
pub fn ends(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Id, Id)>> {
    let those = adoptions::table.filter(adoptions::id.eq_any(ids.to_vec()));
    Ok(those.select((adoptions::id, adoptions::innovation_id, adoptions::organisation_id)).load(conn)?)
}

params! {
    /// Which counts, of which adoptions.
    pub struct ListAllAdoptionCounts list of CountRow {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// The code of the organisation.
        organisation: CodeParam = "organisation",
        /// The code of a place: adoptions by that organisation and by all below it today.
        place: CodeParam = "place",
        /// The slug of a programme: adoptions of innovations that were in it on the day of `usingOn`, or at any time without one.
        programme: CodeParam = "programme",
        /// Adoptions in use on this day.
        using_on: NaiveDate = "usingOn",
        /// The counts that hold on this day: of each number of an adoption the last by it. Default: today.
        as_of: NaiveDate = "asOf",
    }
}

/// The counts that hold on a day, of some adoptions.
///
/// # Errors
/// `unknown-reference` for the innovation, the organisation or the place.
pub fn list_counts(conn: &mut Conn, context: &Context, asked: &ListAllAdoptionCounts) -> Result<counts::Query> {
    let today = context.today();
    let mut query = counts::standing_on(asked.as_of.unwrap_or(today)).into_boxed::<MultiBackend>();
    let live = || adoptions::table.filter(adoptions::archived_at.is_null());
    query = query.filter(adoption_counts::adoption_id.eq_any(live().select(adoptions::id)));
    let asked_place = asked.place.as_ref().map(|code| referred(conn, "?place", &code.0)).transpose()?;
    for place in context.within().into_iter().chain(asked_place) {
        let inside = adoptions::organisation_id.eq_any(below(vec![place], today));
        query = query.filter(adoption_counts::adoption_id.eq_any(live().filter(inside).select(adoptions::id)));
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        let those = live().filter(adoptions::innovation_id.eq(innovation)).select(adoptions::id);
        query = query.filter(adoption_counts::adoption_id.eq_any(those));
    }
    if let Some(code) = &asked.organisation {
        let organisation = referred(conn, "?organisation", &code.0)?;
        let those = live().filter(adoptions::organisation_id.eq(organisation)).select(adoptions::id);
        query = query.filter(adoption_counts::adoption_id.eq_any(those));
    }
    if let Some(programme) = &asked.programme {
        let inside = innovations_of(programme.0.to_ascii_lowercase(), asked.using_on);
        let those = live().filter(adoptions::innovation_id.eq_any(inside)).select(adoptions::id);
        query = query.filter(adoption_counts::adoption_id.eq_any(those));
    }
    if let Some(day) = asked.using_on {
        let used = held_on(Measure::InUse.stages().to_vec(), day).select(adoption_spells::adoption_id);
        query = query.filter(adoption_counts::adoption_id.eq_any(used));
    }
    Ok(query)
}
