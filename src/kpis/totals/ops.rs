//! The totals of a KPI, for as far as the caller may see them.

use super::asked::{Asked, PeriodTotal, TotalQuery};
use super::notes::{self, Note};
use super::rules::{Observation, Survey, Total, TotalBasis, Window};
use super::standing::{self, Observed};
use super::store::{Area, Wanted};
use super::summaries;
use super::summaries::ops::Kept;
use super::summaries::store::Key;
use crate::access::outside;
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::Result;
use crate::events;
use crate::http::Context;
use crate::kpis::values::ops::visibility;
use crate::kpis::values::rules::Visibility;
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::successions::{self, store::ArrivalRow};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The totals of a query, up to the last period asked for.
pub struct Totalled {
    pub map: Option<Map>,
    pub periods: BTreeMap<Period, PeriodTotal>,
    /// The first days of those in which parts of what divided organisations had themselves count, by shares.
    pub apportioned: BTreeSet<NaiveDate>,
    /// How many organisations have values in the periods asked for.
    pub organisations: usize,
    /// How many reported, but not in every period; none where all count.
    pub left_out: Option<usize>,
    pub illustrative: bool,
    pub notes: Vec<Note>,
    /// Of the last event that is in them.
    pub position: i64,
    /// Names what was added up, where it is so much that it should be kept.
    pub to_keep: Option<Key>,
}

/// The totals of a query: for charts and for lists of totals alike.
///
/// # Errors
/// `forbidden`; `validation-failed` for a map or a basis of a single series.
pub fn totals(conn: &mut Conn, context: &Context, asked: &Asked, query: &TotalQuery) -> Result<Totalled> {
    let organisation = asked.organisation.id;
    let visibility = visibility(conn, context, &asked.kpi, organisation, asked.innovation)?;
    if visibility == Visibility::Hidden {
        return Err(outside());
    }
    let map = asked.map(conn, context, query, visibility)?;
    let Counted { survey, alone, left_out, position, behind_since, to_keep } =
        count(conn, context, asked, map, visibility)?;
    let totals = match alone {
        Some(only) => only,
        None => survey.tallies.totals(asked.arithmetic, asked.window),
    };
    let periods: BTreeMap<Period, PeriodTotal> =
        totals.iter().map(|(period, total)| (*period, asked.shown(visibility, total))).collect();
    let arrivals = arrivals(conn, organisation, &periods, asked.window)?;
    let illustrative =
        arrivals.iter().any(|one| one.illustrative) || asked.inside(&survey.illustrative).next().is_some();
    let mut notes = notes::of(asked, &periods, &survey, illustrative, left_out, &arrivals);
    notes.extend(behind_since.map(|since| notes::behind(&since)));
    let organisations = survey.organisations.count(asked.kpi.period_type, asked.window);
    let apportioned = survey.apportioned;
    Ok(Totalled { map, periods, apportioned, organisations, left_out, illustrative, notes, position, to_keep })
}

/// What was found of the values that are asked for.
struct Counted {
    survey: Survey,
    /// A single series is its own total.
    alone: Option<BTreeMap<Period, Total>>,
    left_out: Option<usize>,
    position: i64,
    behind_since: Option<String>,
    to_keep: Option<Key>,
}

/// Adds up what is asked for, or finds it kept.
fn count(
    conn: &mut Conn,
    context: &Context,
    asked: &Asked,
    map: Option<Map>,
    visibility: Visibility,
) -> Result<Counted> {
    let (organisation, by, is_whole) = (asked.organisation.id, asked.arithmetic, visibility.is_whole(&asked.kpi));
    let usual = Map { geography: Geography::Current, as_of: context.today() };
    let may_be_kept = asked.basis == TotalBasis::All && map == Some(usual);
    let key = summaries::ops::key(asked.kpi.number, asked.innovation, asked.breakdown.as_deref(), organisation);
    if may_be_kept {
        let kept = summaries::ops::find(conn, &key, is_whole, (context.now, context.today()))?;
        if let Some(Kept { survey, position, behind_since }) = kept {
            return Ok(Counted { survey, alone: None, left_out: None, position, behind_since, to_keep: None });
        }
    }
    let position = events::end(conn)?.position;
    let wanted = Wanted {
        area: map.map_or(Area::Organisation(organisation), |map| Area::Place { id: organisation, map }),
        innovation: asked.innovation,
        breakdown: asked.breakdown.as_deref(),
        to: asked.window.to,
    };
    let Observed { standing, mut observations } = standing::observe(conn, &asked.kpi, by, wanted)?;
    if !is_whole {
        observations.iter_mut().for_each(|one| one.blur(by));
    }
    let mut left_out = None;
    if asked.basis == TotalBasis::Comparable {
        let stand = |one: &Observation, period: Period| standing.of(one, period);
        let (kept, lacking) = by.comparable(observations, asked.window, stand);
        (observations, left_out) = (kept, Some(lacking));
    }
    let to_keep = Some(key).filter(|_| may_be_kept && observations.len() >= summaries::ops::MANY);
    let alone = (!asked.adds_up()).then(|| by.only(&observations));
    let survey = standing.survey(by, &observations);
    Ok(Counted { survey, alone, left_out, position, behind_since: None, to_keep })
}

/// Who became part of an organisation within the periods.
fn arrivals(
    conn: &mut Conn,
    organisation: Id,
    periods: &BTreeMap<Period, PeriodTotal>,
    window: Window,
) -> Result<Vec<ArrivalRow>> {
    let mut arrivals = successions::store::arrivals(conn, organisation)?;
    let mut inside = periods.keys().filter(|period| window.holds(**period));
    let (first, last) = (inside.next().copied(), inside.next_back().copied());
    arrivals.retain(|one| {
        let begun = first.is_some_and(|first| first.start() < one.on);
        begun && last.or(first).is_some_and(|last| one.on <= last.end())
    });
    Ok(arrivals)
}
