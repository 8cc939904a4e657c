//! The totals of a KPI, for as far as the caller may see them.

use super::asked::{Asked, PeriodTotal, TotalQuery};
use super::notes::{self, Note};
use super::protection::{self, Column, Tree};
use super::rules::{Observation, Survey, Total, TotalBasis, Window};
use super::standing::{self, Observed, Standing};
use super::store::{Area, Sought, Wanted};
use super::summaries;
use super::summaries::ops::Kept;
use super::summaries::store::Key;
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;

use crate::kpis::returns::rules::ReturnState;
use crate::kpis::values::rules::{UNSUPPRESSED, Visibility};
use crate::organisations;
use crate::organisations::ops::{Covered, Map};
use crate::organisations::rules::Geography;
use crate::successions::{self, store::ArrivalRow};
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use std::collections::{BTreeMap, BTreeSet};

/// The totals of a query, up to the last period asked for.
pub struct Totalled {
    pub map: Option<Map>,
    pub periods: BTreeMap<Period, PeriodTotal>,
    /// The first days of those in which parts of what divided organisations had themselves count, by shares.
    pub apportioned: BTreeSet<NaiveDate>,
    /// The first days of those of which something awaits approval that is laid over what counts.
    pub provisional: BTreeSet<NaiveDate>,
    /// The least that the returns of each one's values have come to, by its first day.
    pub states: BTreeMap<NaiveDate, ReturnState>,
    /// How many organisations have values in the periods asked for.
    pub organisations: usize,
    /// How many reported, but not in every period; none where all count.
    pub left_out: Option<usize>,
    pub illustrative: bool,
    /// Whether the caller sees values as they are, with what was written beside them.
    pub is_whole: bool,
    /// When a value of the last of these periods was last written.
    pub updated_at: Option<NaiveDateTime>,
    pub notes: Vec<Note>,
    /// Of the last event that is in them.
    pub position: i64,
    /// Names what was added up, where it is so much that it should be kept.
    pub to_keep: Option<Key>,
}

/// The totals of a query: for charts and for lists of totals alike.
///
/// # Errors
/// `forbidden`; `validation-failed` for what cannot be added up, and for a map or a basis of a single series.
pub fn totals(conn: &mut Conn, context: &Context, asked: &Asked, query: &TotalQuery) -> Result<Totalled> {
    let only = totals_of_each(conn, context, std::slice::from_ref(asked), query.map)?.pop();
    only.unwrap_or_else(|| Err(lost()))
}

pub(super) fn lost() -> Error {
    Error::internal("a total was lost")
}

/// The totals of several KPIs at the same place, and of the same innovation and breakdown, in the order of the KPIs: asked of the
/// database together. What may not be told of one of them is an error of its own.
///
/// # Errors
/// What the database fails with.
pub fn totals_of_each(
    conn: &mut Conn,
    context: &Context,
    asked: &[Asked],
    map: (Option<Geography>, Option<NaiveDate>),
) -> Result<Vec<Result<Totalled>>> {
    let Some(first) = asked.first() else { return Ok(Vec::new()) };
    let told = Asked::told_of_each(conn, context, asked, map)?;
    let seen = asked.iter().zip(&told).filter_map(|(asked, told)| {
        let (visibility, map) = *told.as_ref().ok()?;
        Some(Seen { asked, visibility, map })
    });
    let mut counted = count(conn, context, &seen.collect::<Vec<_>>())?.into_iter();
    let arrivals = successions::store::arrivals(conn, first.organisation.id)?;
    let totalled = asked.iter().zip(told).map(|(asked, told)| {
        let (visibility, map) = told?;
        Ok(asked.totalled(visibility, map, counted.next().ok_or_else(lost)?, &arrivals))
    });
    Ok(totalled.collect())
}

/// A KPI that the caller may see, and how.
#[derive(Clone, Copy)]
struct Seen<'a> {
    asked: &'a Asked,
    visibility: Visibility,
    map: Option<Map>,
}

impl Seen<'_> {
    fn is_whole(&self) -> bool {
        self.visibility.is_whole(&self.asked.kpi)
    }

    fn key(&self) -> Key {
        let Asked { kpi, innovation, breakdown, organisation, .. } = self.asked;
        summaries::ops::key(kpi.number, *innovation, breakdown.as_deref(), organisation.id)
    }
}

impl Asked {
    pub(super) fn totalled(
        &self,
        visibility: Visibility,
        map: Option<Map>,
        counted: Counted,
        arrivals: &[ArrivalRow],
    ) -> Totalled {
        let Counted { survey, alone, left_out, provisional, position, behind_since, to_keep } = counted;
        let totals = match alone {
            Some(only) => only,
            None => survey.tallies.totals(self.arithmetic, self.window),
        };
        let shown = |(period, total): (&Period, &Total)| {
            let provisional = provisional.contains(&period.start());
            (*period, PeriodTotal { provisional, ..self.shown(visibility, *period, total) })
        };
        let periods: BTreeMap<Period, PeriodTotal> = totals.iter().map(shown).collect();
        let arrivals = within(arrivals, &periods, self.window);
        let illustrative =
            arrivals.iter().any(|one| one.illustrative) || self.inside(&survey.illustrative).next().is_some();
        let mut notes = notes::of(self, &periods, &survey, illustrative, left_out, &arrivals);
        notes.extend(notes::of_provisional(self, &provisional));
        notes.extend(behind_since.map(|since| notes::behind(&since)));
        let organisations = survey.organisations.count(self.kpi.period_type, self.window);
        let last = periods.keys().rfind(|period| self.window.holds(**period));
        let updated_at = last.and_then(|period| survey.updated.get(&period.start()).copied());
        let Survey { apportioned, states, .. } = survey;
        Totalled {
            map,
            periods,
            apportioned,
            provisional,
            states,
            organisations,
            left_out,
            illustrative,
            is_whole: visibility.is_whole(&self.kpi),
            updated_at,
            notes,
            position,
            to_keep,
        }
    }
}

/// What was found of the values that are asked for.
pub(super) struct Counted {
    pub survey: Survey,
    /// A single series is its own total.
    pub alone: Option<BTreeMap<Period, Total>>,
    pub left_out: Option<usize>,
    /// The first days of the periods in which something that awaits approval is laid over what counts.
    pub provisional: BTreeSet<NaiveDate>,
    pub position: i64,
    pub behind_since: Option<String>,
    pub to_keep: Option<Key>,
}

/// About how many organisations' series are read at once: they stay in memory until they are added up.
const AT_ONCE: usize = 20_000;

/// Adds up what is asked for, or finds it kept; in the order of the KPIs.
fn count(conn: &mut Conn, context: &Context, seen: &[Seen<'_>]) -> Result<Vec<Counted>> {
    let Some(Seen { asked: first, map, .. }) = seen.first().copied() else { return Ok(Vec::new()) };
    let usual = Map { geography: Geography::Current, as_of: context.today() };
    // Who sees a part as it is has a total of their own.
    let has_own = !context.actor.reach(UNSUPPRESSED).places().is_empty();
    let may_be_kept = |one: &Seen<'_>| {
        let Asked { basis, anew, provisional, .. } = *one.asked;
        let is_usual = basis == TotalBasis::All && one.map == Some(usual) && !provisional;
        is_usual && !anew && (one.is_whole() || !has_own)
    };
    let keys: Vec<(Key, bool)> =
        seen.iter().filter(|one| may_be_kept(one)).map(|one| (one.key(), one.is_whole())).collect();
    let mut kept = summaries::ops::find(conn, &keys, (context.now, context.today()))?;
    let position = events::end(conn)?.position;
    let area =
        map.map_or(Area::Organisation(first.organisation.id), |map| Area::Place { id: first.organisation.id, map });
    let wanted = Wanted {
        area,
        innovation: Some(first.innovation),
        breakdown: first.breakdown.as_deref(),
        provisional: first.provisional,
        states: first.tells_states,
    };
    let missing: Vec<Seen<'_>> = seen.iter().filter(|one| !kept.contains_key(&one.asked.kpi.number)).copied().collect();
    let bodies = match area {
        Area::Place { id, .. } if missing.len() > 1 => organisations::store::how_many_below(conn, id)?,
        _ => 1,
    };
    let mut added_up = Vec::with_capacity(missing.len());
    for some in missing.chunks((AT_ONCE / bodies.max(1)).max(1)) {
        added_up.extend(add_up(conn, context, some, wanted)?);
    }
    let mut added_up = added_up.into_iter();
    let counted = |one: &Seen<'_>| {
        if let Some(Kept { survey, position, behind_since, is_to_be_wanted }) = kept.remove(&one.asked.kpi.number) {
            let (alone, left_out, provisional) = (None, None, BTreeSet::new());
            let to_keep = is_to_be_wanted.then(|| one.key());
            return Ok(Counted { survey, alone, left_out, provisional, position, behind_since, to_keep });
        }
        let AddedUp { survey, alone, left_out, provisional, is_much } = added_up.next().ok_or_else(lost)?;
        let to_keep = (is_much && may_be_kept(one)).then(|| one.key());
        Ok(Counted { survey, alone, left_out, provisional, position, behind_since: None, to_keep })
    };
    seen.iter().map(counted).collect()
}

/// What was found of values that were added up anew.
struct AddedUp {
    survey: Survey,
    alone: Option<BTreeMap<Period, Total>>,
    left_out: Option<usize>,
    provisional: BTreeSet<NaiveDate>,
    /// Whether there are so many values that the total should be kept.
    is_much: bool,
}

/// Reads the values of some KPIs together, and adds those of each up.
fn add_up(conn: &mut Conn, context: &Context, seen: &[Seen<'_>], wanted: Wanted<'_>) -> Result<Vec<AddedUp>> {
    let is_protected = |one: &Seen<'_>| !one.is_whole() && one.asked.adds_up();
    // What is told of a member depends on what is told of the others.
    let breakdown = wanted.breakdown.filter(|_| seen.iter().any(is_protected));
    let read = Wanted { breakdown: wanted.breakdown.filter(|_| breakdown.is_none()), ..wanted };
    let sought = seen.iter().map(|one| {
        let Asked { kpi, arithmetic, window, .. } = one.asked;
        Sought { kpi, by: *arithmetic, to: window.to }
    });
    let observed = standing::observe(conn, &sought.collect::<Vec<_>>(), read)?;
    let guarded = seen.iter().zip(&observed).filter(|(one, _)| is_protected(one));
    let shelter = Shelter::of(conn, context, wanted.area, guarded.map(|(_, observed)| observed))?;
    let added_up = |(one, Observed { standing, mut observations }): (&Seen<'_>, Observed)| {
        let (asked, by) = (one.asked, one.asked.arithmetic);
        let told = shelter.as_ref().filter(|_| is_protected(one)).and_then(|shelter| {
            shelter.own(&asked.kpi, &standing, &mut observations);
            protection::told(&asked.kpi, by, &standing, &observations, &shelter.tree, &BTreeSet::new())
        });
        if !one.is_whole() {
            observations.iter_mut().for_each(|one| one.blur(by));
        }
        observations.retain(|one| breakdown.is_none_or(|only| only == standing.breakdown(one.series)));
        let mut left_out = None;
        let is_comparable = asked.basis == TotalBasis::Comparable;
        if is_comparable {
            let stand = |one: &Observation, period: Period| standing.of(one, period);
            let (kept, lacking) = by.comparable(observations, asked.window, stand);
            (observations, left_out) = (kept, Some(lacking));
        }
        let is_much = observations.len() >= summaries::ops::MANY;
        let alone = (!asked.adds_up()).then(|| by.only(&observations));
        let only: Option<BTreeSet<Id>> =
            is_comparable.then(|| observations.iter().map(|one| one.organisation).collect());
        let is_meant = |_, organisation| only.as_ref().is_none_or(|only| only.contains(&organisation));
        let provisional = standing.provisional(by, is_meant);
        let mut survey = standing.survey(by, &observations);
        if let Some(told) = told {
            told.tell(by, &mut survey.tallies, asked.organisation.id, &Column::of(asked.breakdown.as_deref()));
        }
        AddedUp { survey, alone, left_out, provisional, is_much }
    };
    Ok(seen.iter().zip(observed).map(added_up).collect())
}

/// What shelters the small counts of a place from a caller: how it lies together, and what of it they see as it is.
pub struct Shelter {
    pub tree: Tree,
    seen: Covered,
}

impl Shelter {
    /// None where nothing is observed that has to be sheltered.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn of<'a>(
        conn: &mut Conn,
        context: &Context,
        area: Area,
        observed: impl Iterator<Item = &'a Observed>,
    ) -> Result<Option<Self>> {
        let organisations: BTreeSet<Id> =
            observed.flat_map(|observed| protection::organisations(&observed.observations)).collect();
        if organisations.is_empty() {
            return Ok(None);
        }
        let organisations: Vec<Id> = organisations.into_iter().collect();
        let seen = Covered::of(conn, context, context.actor.reach(UNSUPPRESSED), &organisations)?;
        Ok(Some(Self { tree: Tree::of(conn, area, &organisations)?, seen }))
    }

    /// Notes which values the caller sees as they are.
    pub fn own(&self, kpi: &KpiRow, standing: &Standing, observations: &mut [Observation]) {
        for one in observations {
            let innovation = Some(standing.innovation(one.series));
            one.is_own = self.seen.covers(kpi.programme.as_deref(), Some(one.organisation), innovation);
        }
    }
}

/// Who became part of an organisation within the periods.
fn within<'a>(
    arrivals: &'a [ArrivalRow],
    periods: &BTreeMap<Period, PeriodTotal>,
    window: Window,
) -> Vec<&'a ArrivalRow> {
    let mut inside = periods.keys().filter(|period| window.holds(**period));
    let (first, last) = (inside.next().copied(), inside.next_back().copied());
    let is_inside = |one: &&ArrivalRow| {
        let begun = first.is_some_and(|first| first.start() < one.on);
        begun && last.or(first).is_some_and(|last| one.on <= last.end())
    };
    arrivals.iter().filter(is_inside).collect()
}
