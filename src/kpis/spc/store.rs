//! The values of the series that a chart is of.

use super::layout::Window;
use super::totals::Observation;
use crate::calendar::Period;
use crate::db::schema::{kpi_values, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::organisations::store::{counted_below, days_below, ever_below};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::BTreeSet;

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

/// A value that was found, the organisation it is of, and whether its series is illustrative.
pub struct Found {
    pub organisation: Id,
    pub illustrative: bool,
    pub observation: Observation,
}

#[derive(Queryable)]
struct ValueRow {
    series: i64,
    organisation: Id,
    illustrative: bool,
    start: NaiveDate,
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
}

/// What was found of an area.
pub struct Observed {
    pub found: Vec<Found>,
    /// How many organisations of a place came, went or were succeeded in these periods, so that another map gives other figures.
    pub moved: usize,
}

/// The values of the KPI's series there, in two queries. Without a breakdown, those of every combination of members.
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
            series::illustrative,
            kpi_values::period_start,
            kpi_values::value,
            kpi_values::numerator,
            kpi_values::denominator,
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
    if let Some(from) = window.from.map(Period::start) {
        query = query.filter(kpi_values::period_start.ge(from));
    }
    if let Some(to) = window.to.map(Period::start) {
        query = query.filter(kpi_values::period_start.le(to));
    }
    let observed = |row: ValueRow| {
        let value = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
        let observation = Observation { series: row.series, start: row.start, value };
        Found { organisation: row.organisation, illustrative: row.illustrative, observation }
    };
    let mut found: Vec<Found> = query.load::<ValueRow>(conn)?.into_iter().map(observed).collect();
    let mut moved = 0;
    if let Area::Place { id, map } = area {
        let organisations: BTreeSet<Id> = found.iter().map(|found| found.organisation).collect();
        let days = days_below(conn, id, &organisations.into_iter().collect::<Vec<_>>())?;
        let counts_on = |found: &Found, day: NaiveDate| {
            let days = days.get(&found.organisation).map(Vec::as_slice).unwrap_or_default();
            days.iter().any(|span| span.from <= day && day < span.to)
        };
        let last_day =
            |found: &Found| Period::containing(kpi.period_type, found.observation.start).end().min(map.as_of);
        let differs = |found: &&Found| counts_on(found, map.as_of) != counts_on(found, last_day(found));
        moved = found.iter().filter(differs).map(|found| found.organisation).collect::<BTreeSet<Id>>().len();
        if map.geography == Geography::AtTime {
            found.retain(|found| counts_on(found, last_day(found)));
        }
    }
    Ok(Observed { found, moved })
}
