//! Totals told apart: by the members of a dimension, by the places of a type, or by innovation. The values are read once.

use super::asked::{Asked, PeriodTotal, TotalQuery};
use super::notes::Note;
use super::ops::{Counted, Shelter, Totalled, lost};
use super::protection::{self, Column, Told};
use super::rules::{Observation, Stand, Tallies, Total};
use super::standing::{Observed, observe};
use super::store::{Area, Sought, Wanted, map_day};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events;
use crate::http::Context;
use crate::kpis::catalogue::rules::split_breakdown;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::names::Names;
use crate::kpis::returns::rules::ReturnState;
use crate::kpis::values::ops::Sights;
use crate::kpis::values::rules::Visibility;
use crate::organisations::ops::Map;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::organisations::store::{Line, lines};
use crate::successions;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What totals are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The members of a dimension.
    Breakdown(String),
    /// The places of a type, each with all that counts below it.
    Place(OrganisationType),
    Innovation,
}

impl By {
    /// # Errors
    /// `validation-failed` for what totals of the KPI are not told apart by, and for what is narrowed to one already.
    pub fn read(kpi: &KpiRow, text: &str, query: &TotalQuery) -> Result<Self> {
        let breakdowns = kpi.breakdowns();
        let refused = |code, detail: String| Err(Error::invalid("?by", code, detail));
        let by = match text.split_once(':') {
            None if text == "innovation" => Self::Innovation,
            Some(("breakdown", name)) if breakdowns.iter().any(|one| one.dimension == name) => {
                Self::Breakdown(name.to_owned())
            }
            Some(("breakdown", _)) => {
                let names: Vec<String> = breakdowns.into_iter().map(|one| one.dimension).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return refused(
                    "unknown-breakdown",
                    format!("Expected a dimension of the KPI, of which there are: {known}."),
                );
            }
            Some(("place", name)) if OrganisationType::parse(name).is_some() => {
                Self::Place(OrganisationType::parse(name).unwrap_or(OrganisationType::Other))
            }
            _ => {
                let detail = "Expected breakdown: and a dimension of the KPI, place: and a type of organisations, or innovation.";
                return refused("unknown-word", detail.to_owned());
            }
        };
        match by {
            Self::Breakdown(_) if query.breakdown.is_some() => {
                refused("not-applicable", "A breakdown is one member of each dimension. Leave it out.".to_owned())
            }
            Self::Innovation if query.innovation.is_some() => {
                refused("not-applicable", "An innovation is named. Leave it out.".to_owned())
            }
            by => Ok(by),
        }
    }
}

/// What some of the totals are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// As `dimension=member`.
    Member(String),
    /// Code and name; none for what lies under no place of the type.
    Place(Option<(String, String)>),
    /// Slug and name; none for what is of no innovation.
    Innovation(Option<(String, String)>),
}

/// A part's totals.
pub struct Parted {
    pub part: Part,
    pub periods: BTreeMap<Period, PeriodTotal>,
    /// The least that the returns of the values of each period have come to, by its first day.
    pub states: BTreeMap<NaiveDate, ReturnState>,
}

/// Where the places of a type lie.
struct Places {
    map: Map,
    /// The places of the type that each organisation counts below.
    of: HashMap<Id, Vec<Line>>,
}

impl Places {
    /// Those in a place: what the place itself lies in is none of them.
    fn of(conn: &mut Conn, kind: OrganisationType, (place, map): (Id, Map), organisations: &[Id]) -> Result<Self> {
        let outer: BTreeSet<Id> =
            lines(conn, &[place])?.into_iter().map(|line| line.above).filter(|id| *id != place).collect();
        let mut of: HashMap<Id, Vec<Line>> = HashMap::new();
        for line in
            lines(conn, organisations)?.into_iter().filter(|line| line.kind == kind && !outer.contains(&line.above))
        {
            of.entry(line.of).or_default().push(line);
        }
        Ok(Self { map, of })
    }

    fn at(&self, organisation: Id, period: Period) -> Option<Id> {
        let day = match self.map.geography {
            Geography::Current => self.map.as_of,
            Geography::AtTime => map_day(period, self.map),
        };
        let there = self.of.get(&organisation)?.iter().filter(|line| line.days.holds(day)).map(|line| line.above);
        there.min_by_key(|above| (*above != organisation, *above))
    }
}

/// What an observation is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Member(String),
    Place(Option<Id>),
    Innovation(Id),
}

/// What is counted under a key.
struct Found {
    key: Key,
    periods: BTreeMap<Period, PeriodTotal>,
    states: BTreeMap<NaiveDate, ReturnState>,
}

/// The totals of a query told apart, with all that is to be known of them.
///
/// # Errors
/// As [`super::ops::totals`].
pub fn totals_by(
    conn: &mut Conn,
    context: &Context,
    asked: &Asked,
    query: &TotalQuery,
    by: &By,
) -> Result<(Totalled, Vec<Parted>)> {
    let told = Asked::told_of_each(conn, context, std::slice::from_ref(asked), query.map)?.pop();
    let (visibility, map) = told.ok_or_else(lost)??;
    let map = map.ok_or_else(|| Error::invalid("?place", "missing", "Name the place whose totals are meant."))?;
    let Asked { kpi, arithmetic, organisation, window, .. } = asked;
    let (arithmetic, root) = (*arithmetic, organisation.id);
    let area = Area::Place { id: root, map };
    let sights = Sights::of(conn, context, root)?;
    let protects = kpi.disclosure_control && (*by == By::Innovation || !visibility.is_whole(kpi));
    let wanted = Wanted {
        area,
        innovation: Some(asked.innovation).filter(|_| *by != By::Innovation),
        breakdown: asked.breakdown.as_deref().filter(|_| !protects),
        provisional: asked.provisional,
        states: asked.tells_states,
    };
    let observed = observe(conn, &[Sought { kpi, by: arithmetic, to: window.to }], wanted)?.pop();
    let position = events::end(conn)?.position;
    let observed = observed.ok_or_else(lost)?;
    let shelter = Shelter::of(conn, context, area, protects.then_some(&observed).into_iter())?;
    let Observed { standing, mut observations } = observed;
    let organisations: Vec<Id> = protection::organisations(&observations).into_iter().collect();
    let places = match by {
        By::Place(kind) => Some(Places::of(conn, *kind, (root, map), &organisations)?),
        By::Breakdown(_) | By::Innovation => None,
    };
    let key = |one: &Observation, period: Period| match by {
        By::Innovation => Key::Innovation(standing.innovation(one.series)),
        By::Breakdown(dimension) => {
            let member = split_breakdown(standing.breakdown(one.series)).remove(dimension);
            Key::Member(member.unwrap_or_default())
        }
        By::Place(_) => {
            let places = places.as_ref().filter(|_| !standing.is_divided(one.organisation));
            Key::Place(places.and_then(|places| places.at(one.organisation, period)))
        }
    };
    let seen = |innovation: Id| if *by == By::Innovation { sights.visibility(kpi, innovation) } else { visibility };
    observations.retain(|one| seen(standing.innovation(one.series)) != Visibility::Hidden);
    // Organisations move from place to place: each is looked for wherever it ever counts.
    let mut groups: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
    for one in &observations {
        groups.entry(key(one, arithmetic.period(one.start))).or_default().insert(one.series);
    }
    let kept = |one: &Observation| asked.breakdown.as_deref().is_none_or(|only| only == standing.breakdown(one.series));
    let inside: BTreeSet<Id> =
        groups.keys().filter_map(|key| if let Key::Place(place) = key { *place } else { None }).collect();
    let sheltered = |observations: &mut Vec<Observation>, innovation: Id| -> Option<Told> {
        let told = shelter.as_ref().filter(|_| !seen(innovation).is_whole(kpi)).and_then(|shelter| {
            shelter.own(kpi, &standing, observations);
            let told = protection::told(kpi, arithmetic, &standing, observations, &shelter.tree, &inside);
            observations.iter_mut().for_each(|one| one.blur(arithmetic));
            told
        });
        observations.retain(|one| kept(one));
        told
    };
    let mut all: BTreeMap<Id, (Vec<Observation>, Option<Told>)> = BTreeMap::new();
    for one in std::mem::take(&mut observations) {
        let innovation = if *by == By::Innovation { standing.innovation(one.series) } else { asked.innovation };
        all.entry(innovation).or_default().0.push(one);
    }
    for (innovation, (observations, told)) in &mut all {
        *told = sheltered(observations, *innovation);
    }
    let mut parted = Vec::new();
    for (group, series) in &groups {
        let innovation = if let Key::Innovation(id) = group { *id } else { asked.innovation };
        let Some((observations, told)) = all.get(&innovation) else { continue };
        let some: Vec<Observation> = observations.iter().filter(|one| series.contains(&one.series)).copied().collect();
        let stand = |one: &Observation, period: Period| match standing.of(one, period) {
            Stand::Elsewhere => Stand::Elsewhere,
            _ if key(one, period) != *group => Stand::Elsewhere,
            stand => stand,
        };
        let mut tallies = Tallies::of(arithmetic, &some, stand);
        if let Some(told) = told {
            let whole = Column::of(asked.breakdown.as_deref());
            match (group, by) {
                (Key::Member(member), By::Breakdown(dimension)) => {
                    let column = Column::member(dimension, member, kpi.breakdowns().len());
                    told.tell(arithmetic, &mut tallies, root, &column);
                }
                (Key::Place(None), _) => Told::default().tell(arithmetic, &mut tallies, root, &whole),
                (Key::Place(Some(place)), _) => told.tell(arithmetic, &mut tallies, *place, &whole),
                _ => told.tell(arithmetic, &mut tallies, root, &whole),
            }
        }
        let totals = tallies.totals(arithmetic, *window);
        let provisional = standing.provisional(arithmetic, |one, _| series.contains(&one));
        let shown = |(period, total): (&Period, &Total)| {
            let provisional = provisional.contains(&period.start());
            (*period, PeriodTotal { provisional, ..asked.shown(seen(innovation), *period, total) })
        };
        let inside = some.iter().filter(|one| key(one, arithmetic.period(one.start)) == *group);
        let states = standing.least_states(arithmetic, inside.map(|one| (one.organisation, one.start)));
        parted.push(Found { key: group.clone(), periods: totals.iter().map(shown).collect(), states });
    }
    parted.retain(|found| found.periods.keys().any(|period| window.holds(*period)));
    let observations: Vec<Observation> = all.into_values().flat_map(|(observations, _)| observations).collect();
    let survey = standing.survey(arithmetic, &observations);
    let provisional = standing.provisional(arithmetic, |_, _| true);
    let (alone, left_out, behind_since, to_keep) = (None, None, None, None);
    let counted = Counted { survey, alone, left_out, provisional, position, behind_since, to_keep };
    let arrivals = successions::store::arrivals(conn, root)?;
    let mut totalled = asked.totalled(visibility, Some(map), counted, &arrivals);
    totalled.periods.clear();
    totalled.notes.retain(|note| !OF_PERIODS.contains(&note.code));
    if parted.iter().any(|found| found.key == Key::Place(None)) {
        let detail = "Elsewhere: the rows without a place are of organisations under no place of this type.".to_owned();
        totalled.notes.push(Note { code: "elsewhere", detail });
    }
    Ok((totalled, named(conn, kpi, by, parted)?))
}

/// The notes that speak of the periods of a single total: each point says it of itself.
const OF_PERIODS: [&str; 5] = ["partial", "incomplete", "suppressed", "mean-without-number", "too-large"];

/// The parts by their names, in the order of these.
fn named(conn: &mut Conn, kpi: &KpiRow, by: &By, parted: Vec<Found>) -> Result<Vec<Parted>> {
    let named = |found: &Found| match &found.key {
        Key::Member(_) => None,
        Key::Place(place) => Some((kpi.id, place.unwrap_or(Id::NONE), Id::NONE)),
        Key::Innovation(innovation) => Some((kpi.id, Id::NONE, *innovation)),
    };
    let names = Names::of(conn, &parted.iter().filter_map(named).collect::<Vec<_>>())?;
    let part = |Found { key, periods, states }| {
        let part = match (key, by) {
            (Key::Place(place), _) => Part::Place(place.map(|place| names.organisation(place))),
            (Key::Innovation(innovation), _) => Part::Innovation(names.innovation(innovation)),
            (Key::Member(member), By::Breakdown(dimension)) => Part::Member(format!("{dimension}={member}")),
            (Key::Member(member), _) => Part::Member(member),
        };
        Parted { part, periods, states }
    };
    let mut parted: Vec<Parted> = parted.into_iter().map(part).collect();
    parted.sort_by(|one, other| one.part.cmp(&other.part));
    Ok(parted)
}
