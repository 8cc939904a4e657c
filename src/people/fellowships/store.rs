//! Fellowships in the database.

use super::rules::{Fellowship, FellowshipAdded, FellowshipState, InnovationSlug};
use crate::access::Operation;
use crate::calendar::Until;
use crate::db::dialect::Unindexed;
use crate::db::schema::{
    cohorts, fellows, fellowship_innovations, fellowships, innovations, organisations, people, programmes, transitions,
};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf, Whole};
use crate::innovations::ops::keeps_one;
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::transitions::links::LinkState;
use crate::vocabulary::Id;
use crate::{among, narrow, one_of, overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = fellowships, treat_none_as_null = true)]
pub struct FellowshipRow {
    pub id: Id,
    pub fellow_id: Id,
    pub programme: String,
    pub cohort_id: Id,
    pub application_id: Option<Id>,
    pub host_id: Option<Id>,
    pub industry_partner_id: Option<Id>,
    pub whole_time_equivalent_ppm: i64,
    pub from_on: NaiveDate,
    pub to_on: Until,
    pub state: FellowshipState,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What a fellowship names, by id, and its share of full time.
pub struct Referred {
    pub cohort: Id,
    pub host: Option<Id>,
    pub industry_partner: Option<Id>,
    /// The innovations, with the state in which each of those that are new begins.
    pub innovations: BTreeMap<Id, LinkState>,
    /// The slugs of those that the caller keeps.
    pub kept: Vec<String>,
    pub whole_time_equivalent_ppm: i64,
}

impl FellowshipRow {
    pub fn new(
        context: &Context,
        new: &Fellowship,
        programme: String,
        referred: &Referred,
        state: FellowshipState,
    ) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            fellow_id: new.fellow,
            programme,
            cohort_id: referred.cohort,
            application_id: None,
            host_id: referred.host,
            industry_partner_id: referred.industry_partner,
            whole_time_equivalent_ppm: referred.whole_time_equivalent_ppm,
            from_on: new.from,
            to_on: new.to.into(),
            state,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: &Fellowship, referred: &Referred) -> Self {
        let Self { id, application_id, state, created_at, .. } = self;
        let version = self.version + 1;
        let next = Self::new(context, new, self.programme, referred, state);
        Self { id, application_id, version, created_at, ..next }
    }

    /// The next version, in another state.
    pub fn moved(self, context: &Context, state: FellowshipState) -> Self {
        Self { state, version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }
}

/// A fellowship with the number of its cohort and the names of its fellow and programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedFellowship {
    pub row: FellowshipRow,
    pub cohort: i32,
    #[diesel(deserialize_as = PersonName)]
    pub fellow_name: String,
    pub programme_name: String,
}

type Programme = dsl::Eq<programmes::slug, fellowships::programme>;
type Columns = (<fellowships::table as Table>::AllColumns, cohorts::number, NameColumns, programmes::name);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedFellowship, Query, key "id" => fellowships::id as Id;
    fellowships of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

params! {
    /// The filters of a list of fellowships.
    pub struct ListFellowships list of NamedFellowship {
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The number of the cohort.
        cohort: Whole<1, 9999> = "cohort",
        /// The id of the fellow.
        fellow: Id = "fellow",
        /// The slug of an innovation that the fellow works on, as its keeper agreed.
        innovation: CodeParam = "innovation",
        /// The slug of an innovation that you keep: fellowships that it was proposed for.
        proposed_innovation: CodeParam = "proposedInnovation",
        /// The code of the host organisation.
        host: CodeParam = "host",
        /// The present state. By default those that the fellow agreed to; others are shown to those who keep one end.
        state: OneOf<FellowshipState> = "state",
        /// Fellowships that begin on this day or earlier.
        to: NaiveDate = "to",
        /// Fellowships that include this day and had not been completed or withdrawn with effect by it.
        active_on: NaiveDate = "activeOn",
        /// Fellowships that had become active with effect by this day, those that ended since too.
        begun_by: NaiveDate = "begunBy",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (fellowships::all_columns, cohorts::number, NAME_COLUMNS, programmes::name);
    let programme: Programme = programmes::slug.eq(fellowships::programme);
    fellowships::table
        .inner_join(cohorts::table)
        .inner_join(fellows::table.inner_join(people::table))
        .inner_join(programmes::table.on(programme))
        .select(columns)
}

/// The fellowships that had moved to one of these states with effect by a day, whatever they moved to since.
#[dsl::auto_type]
pub fn moved_to(states: Vec<FellowshipState>, day: NaiveDate) -> _ {
    transitions::table
        .filter(transitions::resource.eq("fellowship"))
        .filter(transitions::to_state.eq_any(states))
        .filter(transitions::effective_on.le(day))
        .select(transitions::resource_id)
}

/// # Errors
/// `unknown-reference` for an innovation or a host that is not there.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListFellowships) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    let agreed = || Unindexed::of(fellowships::state).ne_all(FellowshipState::UNAGREED);
    match &asked.state {
        None => query = query.filter(agreed()),
        Some(OneOf(states)) if states.iter().all(|state| state.is_agreed()) => {}
        Some(_) if context.actor.reach(Operation::transition_fellowship).is_everything() => {}
        Some(_) => {
            let programmes = context.actor.reach(Operation::transition_fellowship).whole_programmes().to_vec();
            let own = people::subject.assume_not_null().eq(context.actor.subject.clone());
            let registered =
                people::subject.is_null().and(fellows::keeper.assume_not_null().eq_any(programmes.clone()));
            query = query.filter(agreed().or(fellowships::programme.eq_any(programmes)).or(own).or(registered));
        }
    }
    narrow! { query, asked;
        programme => fellowships::programme.eq(programme.0.to_ascii_lowercase());
        cohort => Unindexed::of(cohorts::number).eq(i32::try_from(cohort.0).unwrap_or(i32::MAX));
        fellow => fellowships::fellow_id.eq(*fellow);
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        let carried = fellowship_innovations::table
            .filter(fellowship_innovations::innovation_id.eq(innovation))
            .filter(fellowship_innovations::state.eq(LinkState::Agreed));
        let fellowship = fellowship_innovations::fellowship_id;
        query = query.filter(among!(conn, fellowships::id, fellowship, carried));
    }
    if let Some(slug) = &asked.proposed_innovation {
        let innovation = crate::innovations::ops::referred(conn, "?proposedInnovation", &slug.0)?;
        let keeper = crate::innovations::store::keeper_of(conn, innovation)?;
        let kept = keeps_one(context, innovation, keeper.as_deref()).then_some(innovation);
        let proposed = fellowship_innovations::table
            .filter(fellowship_innovations::innovation_id.eq_any(kept))
            .filter(fellowship_innovations::state.eq(LinkState::Proposed))
            .select(fellowship_innovations::fellowship_id);
        query = query.filter(fellowships::id.eq_any(proposed));
    }
    narrow! { query, asked;
        host => fellowships::host_id.eq(crate::organisations::ops::referred(conn, "?host", &host.0)?);
        state => one_of!(fellowships::state, state.0.clone());
        to => fellowships::from_on.le(*to);
    }
    if let Some(on) = asked.active_on {
        query = query
            .filter(fellowships::from_on.le(on))
            .filter(fellowships::to_on.gt(on))
            .filter(fellowships::id.ne_all(moved_to(FellowshipState::ENDED.to_vec(), on)));
    }
    if let Some(day) = asked.begun_by {
        query = query.filter(fellowships::from_on.le(day));
        query = query.filter(fellowships::id.eq_any(moved_to(vec![FellowshipState::Active], day)));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedFellowship>> {
    Ok(named().filter(fellowships::id.eq(id)).first(conn).optional()?)
}

pub fn of_fellow(conn: &mut Conn, fellow: Id) -> Result<Vec<NamedFellowship>> {
    Ok(named().filter(fellowships::fellow_id.eq(fellow)).order_by(fellowships::from_on).load(conn)?)
}

/// Some fellowships with their innovations, hosts and industry partners: two queries, however many they are. An innovation
/// whose keeper has not agreed is shown to that keeper and to the fellowship's programme alone.
pub fn whole(conn: &mut Conn, context: &Context, found: Vec<NamedFellowship>) -> Result<Vec<Stored<Fellowship>>> {
    let ids: Vec<Id> = found.iter().map(|found| found.row.id).collect();
    let mut carried = innovations_of(conn, &ids)?;
    let reach = context.actor.reach(Operation::transition_fellowship_innovation);
    let bodies = found.iter().flat_map(|found| [found.row.host_id, found.row.industry_partner_id]).flatten();
    let bodies = organisations_of(conn, bodies.collect())?;
    let body = |id: Option<Id>| id.and_then(|id| bodies.get(&id).cloned()).unzip();
    let whole = found.into_iter().map(|NamedFellowship { row, cohort, fellow_name, programme_name }| {
        let own = reach.covers_programme(Some(&row.programme));
        let mut shown = carried.remove(&row.id).unwrap_or_default();
        shown.retain(|carried| {
            let (innovation, keeper) = (carried.innovation, carried.keeper.as_deref());
            carried.state == LinkState::Agreed || own || keeps_one(context, innovation, keeper)
        });
        let (mut innovations, mut innovation_names, mut innovation_states) = (Vec::new(), Vec::new(), Vec::new());
        for carried in shown {
            innovations.push(InnovationSlug(carried.slug));
            innovation_names.push(carried.name);
            innovation_states.push(carried.state);
        }
        let (host, host_name) = body(row.host_id);
        let (industry_partner, industry_partner_name) = body(row.industry_partner_id);
        let added = FellowshipAdded {
            id: row.id,
            fellow_name,
            programme_name,
            innovation_names,
            innovation_states,
            host_name,
            industry_partner_name,
            state: row.state,
        };
        let written = Fellowship {
            fellow: row.fellow_id,
            programme: row.programme,
            cohort,
            innovations,
            host,
            industry_partner,
            whole_time_equivalent: row.whole_time_equivalent_ppm as f64 / 1_000_000.0,
            from: row.from_on,
            to: row.to_on.into(),
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    });
    Ok(whole.collect())
}

/// An innovation of a fellowship that is proposed or agreed.
#[derive(Queryable)]
struct Carried {
    fellowship: Id,
    innovation: Id,
    slug: String,
    name: String,
    keeper: Option<String>,
    state: LinkState,
}

/// The states of an innovation's link to a fellowship that has not been refused or ended.
const LIVE: [LinkState; 2] = [LinkState::Proposed, LinkState::Agreed];

/// The innovations of some fellowships, in the order of the slugs.
fn innovations_of(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<Carried>>> {
    let carried = fellowship_innovations::table
        .inner_join(innovations::table)
        .filter(fellowship_innovations::fellowship_id.eq_any(ids.to_vec()))
        .filter(fellowship_innovations::state.eq_any(LIVE))
        .order_by(innovations::slug)
        .select((
            fellowship_innovations::fellowship_id,
            innovations::id,
            innovations::slug,
            innovations::name,
            innovations::keeper,
            fellowship_innovations::state,
        ));
    let mut found: HashMap<Id, Vec<Carried>> = HashMap::new();
    for one in carried.load::<Carried>(conn)? {
        found.entry(one.fellowship).or_default().push(one);
    }
    Ok(found)
}

/// The link of an innovation to a fellowship.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = fellowship_innovations)]
pub struct LinkRow {
    pub id: Id,
    pub fellowship_id: Id,
    pub innovation_id: Id,
    pub state: LinkState,
}

pub fn link(conn: &mut Conn, fellowship: Id, innovation: Id) -> Result<Option<LinkRow>> {
    let one = fellowship_innovations::table.filter(fellowship_innovations::fellowship_id.eq(fellowship));
    Ok(one.filter(fellowship_innovations::innovation_id.eq(innovation)).first(conn).optional()?)
}

pub fn move_link(conn: &mut Conn, link: Id, state: LinkState) -> Result<()> {
    let moved = fellowship_innovations::state.eq(state);
    diesel::update(fellowship_innovations::table.find(link)).set(moved).execute_kept(conn)?;
    Ok(())
}

/// The codes and names of some organisations.
fn organisations_of(conn: &mut Conn, ids: Vec<Id>) -> Result<HashMap<Id, (String, String)>> {
    let named = organisations::table.filter(organisations::id.eq_any(ids));
    let columns = (organisations::id, (organisations::code, organisations::name));
    Ok(named.select(columns).load(conn)?.into_iter().collect())
}

/// # Errors
/// `already-exists` where the fellow has one in the cohort.
pub fn insert(conn: &mut Conn, row: &FellowshipRow, innovations: &BTreeMap<Id, LinkState>) -> Result<()> {
    let taken = violations::unique(TAKEN);
    diesel::insert_into(fellowships::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    carry(conn, row.id, innovations)
}

const TAKEN: &str = "The fellow has a fellowship in this cohort already, or one was proposed.";

/// Writes the row over the version before it, and its innovations if they are given.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` as for [`insert`].
pub fn update(conn: &mut Conn, row: &FellowshipRow, innovations: Option<&BTreeMap<Id, LinkState>>) -> Result<()> {
    let taken = violations::unique(TAKEN);
    overwrite!(conn, fellowships, row, taken)?;
    innovations.map_or(Ok(()), |innovations| carry(conn, row.id, innovations))
}

/// Links a fellowship to these innovations: those that are linked stay as they are, and those that are not named go.
fn carry(conn: &mut Conn, fellowship: Id, innovations: &BTreeMap<Id, LinkState>) -> Result<()> {
    let own = fellowship_innovations::table.filter(fellowship_innovations::fellowship_id.eq(fellowship));
    let present: Vec<LinkRow> = own.load(conn)?;
    for link in
        present.iter().filter(|link| LIVE.contains(&link.state) && !innovations.contains_key(&link.innovation_id))
    {
        diesel::delete(fellowship_innovations::table.find(link.id)).execute_kept(conn)?;
    }
    for (innovation, state) in innovations {
        match present.iter().find(|link| link.innovation_id == *innovation) {
            Some(link) if LIVE.contains(&link.state) => {}
            Some(link) => move_link(conn, link.id, *state)?,
            None => {
                let (id, innovation_id, state) = (Id::generate(), *innovation, *state);
                let link = LinkRow { id, fellowship_id: fellowship, innovation_id, state };
                diesel::insert_into(fellowship_innovations::table).values(link).execute_kept(conn)?;
            }
        }
    }
    Ok(())
}
