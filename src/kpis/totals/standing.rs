//! Where a series is expected, where it counts and where it does not: what the values of an area are held against.

use super::rules::{Arithmetic, Marks, Observation, Stand, Survey, Tallies};
use super::store::{self, Area, Facts, Found, Sought, Wanted, counts_on, map_day};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::Result;
use crate::kpis::reporting_exceptions::rules::ExceptionKind;
use crate::kpis::reporting_exceptions::store::{self as exceptions, ExceptionRow};
use crate::kpis::returns;
use crate::kpis::returns::rules::ReturnState;
use crate::kpis::returns::store::States;
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The values of an area, and how their series stand.
pub struct Observed {
    pub standing: Standing,
    pub observations: Vec<Observation>,
}

/// Reads the values of an area up to the last period asked for, in the order of the KPIs.
///
/// # Errors
/// What the database fails with.
pub fn observe(conn: &mut Conn, sought: &[Sought<'_>], wanted: Wanted<'_>) -> Result<Vec<Observed>> {
    let found = store::observations(conn, sought, wanted)?;
    let kpis: Vec<Id> = sought.iter().map(|one| one.kpi.id).collect();
    let (map, only) = match wanted.area {
        Area::Place { map, .. } => (Some(map), None),
        Area::Organisation(id) => (None, Some(id)),
    };
    let mut exceptions: HashMap<Id, HashMap<Id, Vec<ExceptionRow>>> = HashMap::new();
    for row in exceptions::standing(conn, &kpis, wanted.innovation, only)? {
        exceptions.entry(row.kpi_id).or_default().entry(row.organisation_id).or_default().push(row);
    }
    let mut all = Vec::with_capacity(found.len());
    for (one, (facts, found)) in sought.iter().zip(found) {
        let exceptions = exceptions.remove(&one.kpi.id).unwrap_or_default();
        let observations = observations(one.by, &facts, &found);
        let mut standing = Standing { map, found: facts, exceptions, states: States::new() };
        if wanted.states {
            standing.states = returns::store::states(conn, one.kpi, &standing.keys(&observations))?;
        }
        all.push(Observed { standing, observations });
    }
    Ok(all)
}

fn observations(by: Arithmetic, facts: &Facts, found: &[Found]) -> Vec<Observation> {
    let observations = found.iter().filter_map(|found| {
        let value = found.value();
        Some(Observation {
            series: found.series,
            organisation: facts.sources.get(&found.series)?.organisation,
            start: found.start,
            value,
            qualifier: found.qualifier,
            basis: found.basis,
            weight: by.weight(value),
            seen: value,
            is_own: false,
        })
    });
    observations.collect()
}

/// Where nothing is expected of a series, and where it does not count.
pub struct Standing {
    map: Option<Map>,
    found: Facts,
    exceptions: HashMap<Id, Vec<ExceptionRow>>,
    /// How far the returns have come that the values are of; empty unless it is asked for.
    states: States,
}

impl Standing {
    /// The combination of members that a series is of.
    pub fn breakdown(&self, series: i64) -> &str {
        self.found.sources.get(&series).map(|source| source.breakdown.as_str()).unwrap_or_default()
    }

    /// The innovation that a series is of.
    pub fn innovation(&self, series: i64) -> Id {
        self.found.sources.get(&series).map_or(Id::NONE, |source| source.innovation)
    }

    /// Whether it is a part of a divided organisation's value that counts, by a share.
    pub fn is_part(&self, organisation: Id, period: Period) -> bool {
        self.is_divided(organisation) && self.found.apportioned.contains(&period)
    }

    /// Whether what an organisation had itself is told of others now, by shares or not at all.
    pub fn is_divided(&self, organisation: Id) -> bool {
        self.found.divided.contains(&organisation)
    }

    pub fn of(&self, one: &Observation, period: Period) -> Stand {
        if self.is_elsewhere(one.organisation, period) {
            return Stand::Elsewhere;
        }
        let is_closed = self.found.closed.get(&one.organisation).is_some_and(|closed| *closed <= period.end());
        let (breakdown, innovation) = (self.breakdown(one.series), self.innovation(one.series));
        // What is done and not collected is still missing.
        let applies = |row: &ExceptionRow| {
            let meant = row.breakdown.is_empty() || row.breakdown == breakdown;
            meant
                && row.innovation_id == innovation
                && row.kind == ExceptionKind::NotProvidedHere
                && row.from_on <= period.end()
                && period.end() < row.to_on
        };
        let excepted = || self.exceptions.get(&one.organisation).is_some_and(|rows| rows.iter().any(applies));
        if is_closed || excepted() { Stand::Free } else { Stand::Expected }
    }

    fn is_elsewhere(&self, organisation: Id, period: Period) -> bool {
        let last_day = self.map.map_or(period.end(), |map| map_day(period, map));
        !self.found.days.is_empty() && !counts_on(&self.found.days, organisation, last_day)
    }

    /// What is laid over what counts here: by organisation, and the first day of the period.
    fn laid_over(&self) -> impl Iterator<Item = (Id, NaiveDate)> {
        let of = |(series, start): &(i64, NaiveDate)| Some((self.found.sources.get(series)?.organisation, *start));
        self.found.provisional.iter().filter_map(of)
    }

    /// The organisations and periods that have values, or of which one would be taken away.
    fn keys(&self, observations: &[Observation]) -> BTreeSet<(Id, NaiveDate)> {
        observations.iter().map(|one| (one.organisation, one.start)).chain(self.laid_over()).collect()
    }

    /// The first days of the periods of which something that awaits approval counts here, of the series and organisations that are meant.
    pub fn provisional(&self, by: Arithmetic, is_meant: impl Fn(i64, Id) -> bool) -> BTreeSet<NaiveDate> {
        let counts = |(series, start): &&(i64, NaiveDate)| {
            let organisation = self.found.sources.get(series).map(|source| source.organisation);
            organisation.is_some_and(|id| is_meant(*series, id) && !self.is_elsewhere(id, by.period(*start)))
        };
        self.found.provisional.iter().filter(counts).map(|(_, start)| *start).collect()
    }

    /// The least that the returns of these organisations and periods have come to, by the first day of each period.
    pub fn least_states(
        &self,
        by: Arithmetic,
        of: impl IntoIterator<Item = (Id, NaiveDate)>,
    ) -> BTreeMap<NaiveDate, ReturnState> {
        let mut least: BTreeMap<NaiveDate, ReturnState> = BTreeMap::new();
        if self.states.is_empty() {
            return least;
        }
        for (organisation, start) in of {
            let Some(state) = self.states.get(&(organisation, start)) else { continue };
            if !self.is_elsewhere(organisation, by.period(start)) {
                least.entry(start).and_modify(|known| *known = known.lower(*state)).or_insert(*state);
            }
        }
        least
    }

    /// All that is found of the observations, whatever periods are asked for.
    pub fn survey(&self, by: Arithmetic, observations: &[Observation]) -> Survey {
        let stand = |one: &Observation, period: Period| self.of(one, period);
        let tallies = if by.adds_up() { Tallies::of(by, observations, stand) } else { Tallies::default() };
        let here = |one: &&Observation| self.of(one, by.period(one.start)) != Stand::Elsewhere;
        let is_invented =
            |one: &&Observation| self.found.sources.get(&one.series).is_some_and(|source| source.illustrative);
        let mut illustrative: BTreeSet<NaiveDate> =
            observations.iter().filter(is_invented).filter(here).map(|one| one.start).collect();
        illustrative.extend(self.by_invented_edges(by, observations, &tallies));
        let starts = |periods: &BTreeSet<Period>| periods.iter().map(|period| period.start()).collect();
        Survey {
            organisations: Marks::of(
                observations.iter().filter(here).map(|one| (one.organisation, by.period(one.start))),
            ),
            not_collected: self.not_collected(by, observations, &tallies),
            tallies,
            moved: self.found.moved.clone(),
            outside_life: self.found.outside_life.clone(),
            illustrative,
            apportioned: starts(&self.found.apportioned),
            undivided: starts(&self.found.undivided),
            updated: self.found.updated.clone(),
            states: self.least_states(by, self.keys(observations)),
        }
    }

    /// The first days of the periods in which an observation counts, with its value or as missing since, by edges that are invented.
    fn by_invented_edges(
        &self,
        by: Arithmetic,
        observations: &[Observation],
        tallies: &Tallies,
    ) -> BTreeSet<NaiveDate> {
        let Some(map) = self.map.filter(|_| !self.found.invented.is_empty()) else { return BTreeSet::new() };
        let on_map = |period: Period| match map.geography {
            Geography::Current => map.as_of,
            Geography::AtTime => map_day(period, map),
        };
        let by_invented = |one: &Observation, period: Period| {
            let counts = match self.of(one, period) {
                Stand::Elsewhere => false,
                Stand::Free => one.start == period.start(),
                Stand::Expected => one.start <= period.start(),
            };
            counts && counts_on(&self.found.invented, one.organisation, on_map(period))
        };
        let placed = |one: &&Observation| self.found.invented.contains_key(&one.organisation);
        let placed: Vec<&Observation> = observations.iter().filter(placed).collect();
        let any = |start: &NaiveDate| placed.iter().any(|one| by_invented(one, by.period(*start)));
        tallies.starts().filter(any).collect()
    }

    /// The first days of the periods in which values of an organisation that had one were not collected.
    fn not_collected(&self, by: Arithmetic, observations: &[Observation], tallies: &Tallies) -> BTreeSet<NaiveDate> {
        let mut since: BTreeMap<Id, NaiveDate> = BTreeMap::new();
        for one in observations {
            let first = since.entry(one.organisation).or_insert(one.start);
            *first = one.start.min(*first);
        }
        let of = |(organisation, first): (&Id, &NaiveDate)| {
            let rows = self.exceptions.get(organisation).map(Vec::as_slice).unwrap_or_default();
            let paused = rows.iter().filter(|row| row.kind == ExceptionKind::NotCollected);
            paused.map(|row| (*first, row.from_on, row.to_on)).collect::<Vec<_>>()
        };
        let paused: Vec<(NaiveDate, NaiveDate, NaiveDate)> = since.iter().flat_map(of).collect();
        let holds = |start: &NaiveDate| {
            let day = by.period(*start).end();
            paused.iter().any(|(first, from, to)| first <= start && *from <= day && day < *to)
        };
        tallies.starts().filter(holds).collect()
    }
}
