//! The values of the series that a chart is of.

use super::layout::Window;
use super::totals::Observation;
use crate::calendar::Period;
use crate::db::schema::{kpi_values, organisation_closure, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::store::below;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;

/// Whose series are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    Organisation(Id),
    /// An organisation and all below it, on `today`.
    Place {
        id: Id,
        today: NaiveDate,
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

/// The values of the KPI's series there, in one query. Without a breakdown, those of every combination of members.
pub fn observations(
    conn: &mut Conn,
    kpi: &KpiRow,
    area: Area,
    innovation: Id,
    breakdown: Option<&str>,
    window: Window,
) -> Result<Vec<Found>> {
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
        Area::Place { id, today } => {
            let inside = below(vec![id], today).select(organisation_closure::descendant_id);
            query.filter(series::organisation_id.eq_any(inside))
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
    Ok(query.load::<ValueRow>(conn)?.into_iter().map(observed).collect())
}
