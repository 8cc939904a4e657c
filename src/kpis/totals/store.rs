//! The values of the series that a total or a chart is of.

use super::apportioning::{Division, Divisions, Portion};
use super::rules::{Arithmetic, Window};
use crate::calendar::{Period, Span};
use crate::db::schema::{kpi_values, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::ops::Map;
use crate::organisations::rules::{Geography, SuccessionKind};
use crate::organisations::store::{DaysBelow, counted_below, days_below, ever_below, lives};
use crate::successions;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// Whose series are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    Organisation(Id),
    /// An organisation and all that count below it on a map.
    Place {
        id: Id,
        map: Map,
    },
}

/// A value that was found, with its series.
#[derive(Queryable)]
pub struct Found {
    pub series: i64,
    pub organisation: Id,
    pub breakdown: String,
    pub illustrative: bool,
    pub start: NaiveDate,
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
}

impl Found {
    /// Puts a part of the value in its place, which is an estimate.
    fn apportion(&mut self, part: ScaledValue) {
        (self.value, self.numerator, self.denominator) = (part.value, part.numerator, part.denominator);
        (self.qualifier, self.basis) = (Qualifier::Approximate, self.basis.max(Basis::Estimated));
    }

    pub fn value(&self) -> ScaledValue {
        ScaledValue { value: self.value, numerator: self.numerator, denominator: self.denominator }
    }
}

/// What was found of an area.
pub struct Observed {
    pub found: Vec<Found>,
    /// The days on which each organisation of a place counts there; empty where it counts throughout.
    pub days: HashMap<Id, Vec<Span>>,
    /// The days on which each counts there by edges or successions that are invented.
    pub invented: HashMap<Id, Vec<Span>>,
    /// The first day from which nothing is expected of an organisation here: it no longer exists, or was divided and stands
    /// elsewhere.
    pub closed: HashMap<Id, NaiveDate>,
    /// How many organisations of a place came, went or were succeeded in these periods, so that another map gives other figures.
    pub moved: usize,
    /// The periods in which parts of what divided organisations had themselves count here, by shares.
    pub apportioned: BTreeSet<Period>,
    /// Those in which they had what cannot be apportioned, and some of it would belong here.
    pub undivided: BTreeSet<Period>,
    /// How many organisations have values of periods in which they did not exist.
    pub outside_life: usize,
}

/// The values of the KPI's series there up to the last period asked for: those before the first tell what is expected.
/// Without a breakdown, those of every combination of members.
pub fn observations(
    conn: &mut Conn,
    kpi: &KpiRow,
    arithmetic: Arithmetic,
    area: Area,
    innovation: Id,
    breakdown: Option<&str>,
    window: Window,
) -> Result<Observed> {
    let divided = Divided::of(conn, area)?;
    let found = values(conn, kpi, (area, &divided), (innovation, breakdown), window)?;
    let (found, apportioned, undivided) = divided.apportion(kpi, arithmetic, found);
    let organisations: BTreeSet<Id> = found.iter().map(|found| found.organisation).collect();
    let organisations: Vec<Id> = organisations.into_iter().collect();
    let lives = lives(conn, &organisations)?.into_iter().map(|(id, _, life)| (id, life)).collect::<HashMap<Id, Span>>();
    // How many organisations have such a value in the periods that are asked for.
    let number = |such: &dyn Fn(&Found, Period) -> bool| {
        let period = |found: &Found| Period::containing(kpi.period_type, found.start);
        let such = found.iter().filter(|found| window.holds(period(found)) && such(found, period(found)));
        such.map(|found| found.organisation).collect::<BTreeSet<Id>>().len()
    };
    let is_outside = |life: &Span, period: Period| life.meet(period.days()).is_none();
    let outside_life =
        number(&|found, period| lives.get(&found.organisation).is_some_and(|life| is_outside(life, period)));
    let (mut days, mut invented, mut moved) = (HashMap::new(), HashMap::new(), 0);
    if let Area::Place { id, map } = area {
        DaysBelow { all: days, invented } = days_below(conn, id, &organisations)?;
        invented.extend(divided.invented.iter().map(|of| (*of, vec![Span::ALWAYS])));
        moved = number(&|found, period| {
            let on = |day: NaiveDate| counts_on(&days, found.organisation, day);
            on(map.as_of) != on(map_day(period, map))
        });
        if map.geography == Geography::Current {
            days.clear();
        }
    }
    let mut closed: HashMap<Id, NaiveDate> = lives.into_iter().map(|(id, life)| (id, life.to)).collect();
    closed.extend(divided.gone());
    Ok(Observed { found, days, invented, closed, moved, apportioned, undivided, outside_life })
}

/// The values as they were sent, of all that may count in the area.
fn values(
    conn: &mut Conn,
    kpi: &KpiRow,
    (area, divided): (Area, &Divided),
    (innovation, breakdown): (Id, Option<&str>),
    window: Window,
) -> Result<Vec<Found>> {
    let mut query = series::table
        .inner_join(kpi_values::table)
        .filter(series::kpi_id.eq(kpi.id))
        .filter(series::innovation_id.eq(innovation))
        .select((
            series::id,
            series::organisation_id,
            series::breakdown,
            series::illustrative,
            kpi_values::period_start,
            kpi_values::value,
            kpi_values::numerator,
            kpi_values::denominator,
            kpi_values::qualifier,
            kpi_values::basis,
        ))
        .into_boxed::<MultiBackend>();
    query = match area {
        Area::Organisation(id) => query.filter(series::organisation_id.eq(id)),
        Area::Place { id, map: Map { geography: Geography::Current, as_of } } => {
            let below = series::organisation_id.eq_any(counted_below(vec![id], as_of));
            if divided.here.is_empty() {
                query.filter(below)
            } else {
                query.filter(below.or(series::organisation_id.eq_any(divided.here.clone())))
            }
        }
        Area::Place { id, map: Map { geography: Geography::AtTime, .. } } => {
            query.filter(series::organisation_id.eq_any(ever_below(id)))
        }
    };
    if let Some(breakdown) = breakdown {
        query = query.filter(series::breakdown.eq(breakdown.to_owned()));
    }
    if let Some(to) = window.to.map(Period::start) {
        query = query.filter(kpi_values::period_start.le(to));
    }
    Ok(query.load(conn)?)
}

/// Who was divided before the day of a place's map, and which of the heirs count there.
#[derive(Default)]
struct Divided {
    divisions: Divisions,
    inside: BTreeSet<Id>,
    /// The divided ones of which a part may count there.
    here: Vec<Id>,
    /// Those of them of which an heir counts there by edges or successions that are invented.
    invented: Vec<Id>,
}

impl Divided {
    /// On the map of each time nothing was divided yet.
    fn of(conn: &mut Conn, area: Area) -> Result<Self> {
        let Area::Place { id: place, map: Map { geography: Geography::Current, as_of } } = area else {
            return Ok(Self::default());
        };
        let mut divisions = Divisions::default();
        for row in successions::store::divided(conn, as_of)? {
            let closes = row.kind == SuccessionKind::Split;
            // An organisation that ended is asked for by its own name: as it was.
            if closes && row.from_id == place {
                continue;
            }
            let all = divisions.0.entry(row.from_id).or_default();
            match all.last_mut().filter(|last| last.on == row.on) {
                Some(last) => last.among.push((row.to_id, row.share_ppm)),
                None => all.push(Division { on: row.on, closes, among: vec![(row.to_id, row.share_ppm)] }),
            }
        }
        let heirs = divisions.0.values().flatten().flat_map(|of| &of.among).map(|(id, _)| id);
        let all: BTreeSet<Id> = divisions.0.keys().chain(heirs).copied().collect();
        let days = days_below(conn, place, &all.iter().copied().collect::<Vec<_>>())?;
        let inside: BTreeSet<Id> = all.into_iter().filter(|id| counts_on(&days.all, *id, as_of)).collect();
        let heirs_in = |of: &Id, some: &dyn Fn(&Id) -> bool| divisions.heirs(*of).iter().any(some);
        let here: Vec<Id> =
            divisions.0.keys().copied().filter(|of| heirs_in(of, &|heir| inside.contains(heir))).collect();
        let by_invented = |heir: &Id| counts_on(&days.invented, *heir, as_of);
        let invented = here.iter().copied().filter(|of| heirs_in(of, &by_invented)).collect();
        Ok(Self { divisions, inside, here, invented })
    }

    /// Those of whom only a part of the past counts at the place, with the day it ended.
    fn gone(&self) -> impl Iterator<Item = (Id, NaiveDate)> {
        let elsewhere = self.here.iter().filter(|of| !self.inside.contains(of));
        elsewhere.filter_map(|of| Some((*of, self.divisions.0.get(of)?.last()?.on)))
    }

    /// What of the values counts at the place; the periods in which a part of one does, and those in which one cannot be
    /// divided though some of it would.
    fn apportion(
        &self,
        kpi: &KpiRow,
        arithmetic: Arithmetic,
        mut found: Vec<Found>,
    ) -> (Vec<Found>, BTreeSet<Period>, BTreeSet<Period>) {
        let (mut apportioned, mut undivided) = (BTreeSet::new(), BTreeSet::new());
        found.retain_mut(|found| {
            if !self.divisions.0.contains_key(&found.organisation) {
                return true;
            }
            let period = Period::containing(kpi.period_type, found.start);
            let value = found.value();
            match self.divisions.portion(arithmetic, found.organisation, period.end(), value, &self.inside) {
                Portion::Whole => true,
                Portion::Part(part) => {
                    found.apportion(part);
                    apportioned.insert(period);
                    true
                }
                Portion::Nothing { some } => {
                    if some {
                        undivided.insert(period);
                    }
                    false
                }
            }
        });
        (found, apportioned, undivided)
    }
}

/// The day on whose map a period stands: its last, or that of the map while it runs.
pub fn map_day(period: Period, map: Map) -> NaiveDate {
    period.end().min(map.as_of)
}

/// Whether an organisation counts on a day by the days on which each does.
pub fn counts_on(days: &HashMap<Id, Vec<Span>>, organisation: Id, day: NaiveDate) -> bool {
    let days = days.get(&organisation).map(Vec::as_slice).unwrap_or_default();
    days.iter().any(|span| span.holds(day))
}
