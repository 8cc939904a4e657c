//! The values of the series that a total or a chart is of.

use super::rules::Window;
use crate::calendar::{Period, Span};
use crate::db::schema::{kpi_values, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations;
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::organisations::store::{counted_below, days_below, ever_below};
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
    pub fn value(&self) -> ScaledValue {
        ScaledValue { value: self.value, numerator: self.numerator, denominator: self.denominator }
    }
}

/// What was found of an area.
pub struct Observed {
    pub found: Vec<Found>,
    /// The days on which each organisation of a place counts there; empty where it counts throughout.
    pub days: HashMap<Id, Vec<Span>>,
    /// The first day on which an organisation no longer exists.
    pub closed: HashMap<Id, NaiveDate>,
    /// How many organisations of a place came, went or were succeeded in these periods, so that another map gives other figures.
    pub moved: usize,
}

/// The values of the KPI's series there up to the last period asked for: those before the first tell what is expected.
/// Without a breakdown, those of every combination of members.
pub fn observations(
    conn: &mut Conn,
    kpi: &KpiRow,
    area: Area,
    innovation: Id,
    breakdown: Option<&str>,
    window: Window,
) -> Result<Observed> {
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
            query.filter(series::organisation_id.eq_any(counted_below(vec![id], as_of)))
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
    let found = query.load::<Found>(conn)?;
    let organisations: BTreeSet<Id> = found.iter().map(|found| found.organisation).collect();
    let closed = organisations::store::by_ids(conn, &organisations)?.into_iter();
    let closed = closed.filter_map(|row| Some((row.id, row.valid_to?))).collect();
    let (mut days, mut moved) = (HashMap::new(), 0);
    if let Area::Place { id, map } = area {
        days = days_below(conn, id, &organisations.into_iter().collect::<Vec<_>>())?;
        let differs = |found: &&Found| {
            let period = Period::containing(kpi.period_type, found.start);
            let on = |day: NaiveDate| counts_on(&days, found.organisation, day);
            window.holds(period) && on(map.as_of) != on(told_on(period, map))
        };
        moved = found.iter().filter(differs).map(|found| found.organisation).collect::<BTreeSet<Id>>().len();
        if map.geography == Geography::Current {
            days.clear();
        }
    }
    Ok(Observed { found, days, closed, moved })
}

/// The day on whose map a period stands: its last, or that of the map while it runs.
pub fn told_on(period: Period, map: Map) -> NaiveDate {
    period.end().min(map.as_of)
}

/// Whether an organisation counts on a day by the days on which each does.
pub fn counts_on(days: &HashMap<Id, Vec<Span>>, organisation: Id, day: NaiveDate) -> bool {
    let days = days.get(&organisation).map(Vec::as_slice).unwrap_or_default();
    days.iter().any(|span| span.from <= day && day < span.to)
}
