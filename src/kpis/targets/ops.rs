//! What can be done with targets, each in one transaction.

use super::store::{self, TargetRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Error, Fault, Faults, Result};
use crate::events::{self, Event};
use crate::kpis::catalogue::rules::scaled;
use crate::kpis::catalogue::store::KpiRow;
use crate::calendar::{Period, PeriodType};
use crate::decimal;
use crate::kpis::catalogue;
use crate::calendar::{FOREVER, told};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// A target to set.
pub struct NewTarget {
    /// Decimal text, so that it scales exactly.
    pub value: String,
    /// The first period or day it holds in.
    pub from: String,
    /// The first period or day it no longer holds in; until further notice without.
    pub to: Option<String>,
    /// The code of the one organisation it is meant for; every organisation's without.
    pub organisation: Option<String>,
}

/// The first day of the period that the text names.
fn first_day(pointer: &str, kind: PeriodType, text: &str) -> Result<NaiveDate, Fault> {
    let period = Period::parse_or_day(kind, text);
    period.map(Period::start).map_err(|error| Fault::new(pointer, error.code(), error.detail()))
}

/// The target of a KPI by its id, with its KPI.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_target(conn: &mut Conn, code: &str, id: &str) -> Result<(KpiRow, TargetRow)> {
    let kpi = catalogue::ops::get_kpi(conn, code)?;
    let found = by_id(id, "target", |id| store::find(conn, kpi.id, id))?;
    Ok((kpi, found))
}

fn permit(context: &Context, kpi: &KpiRow) -> Result<()> {
    context.keep_programme(kpi.programme.as_deref())
}

fn trace(conn: &mut Conn, context: &Context, kpi: &KpiRow, target: &TargetRow) -> Result<()> {
    let value = decimal::format_scaled(target.value, kpi.decimals_u8());
    let data = json!({ "kpi": kpi.code, "from": target.from_on, "to": told(target.to_on), "value": value });
    let event = Event::new("kpi-target", &target.id.to_string(), target.version, data);
    events::record(
        conn,
        context,
        Event { organisation_id: target.organisation_id, programme: kpi.programme.clone(), ..event },
    )
}

/// Sets a target of a KPI.
///
/// # Errors
/// `not-found`, `forbidden`, `unknown-reference` for the organisation, `validation-failed`.
pub fn create_kpi_target(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    new: &NewTarget,
) -> Result<(KpiRow, TargetRow)> {
    let kpi = catalogue::ops::get_kpi(conn, code)?;
    permit(context, &kpi)?;
    let mut faults = Faults::default();
    let value = faults.take(scaled("/value", &new.value, kpi.decimals_u8()));
    let outside = |value| kpi.min_value.is_some_and(|min| value < min) || kpi.max_value.is_some_and(|max| value > max);
    if value.is_some_and(outside) {
        faults.add("/value", "value-range", "No value of the KPI can reach the target: it lies outside min and max.");
    }
    let from_on = faults.take(first_day("/from", kpi.period_type, &new.from));
    let to_on = match &new.to {
        Some(to) => faults.take(first_day("/to", kpi.period_type, to)),
        None => Some(FOREVER),
    };
    if from_on.zip(to_on).is_some_and(|(from, to)| to <= from) {
        faults.add("/to", "range", "to is the first period in which it no longer holds, so it lies after from.");
    }
    faults.check()?;
    let (Some(value), Some(from_on), Some(to_on)) = (value, from_on, to_on) else {
        return Err(Error::internal("a fault was lost"));
    };
    let organisation_id = match &new.organisation {
        Some(code) => Some(crate::organisations::ops::referred(conn, "/organisation", code)?),
        None => None,
    };
    let row = TargetRow {
        id: Id::generate(),
        kpi_id: kpi.id,
        organisation_id,
        from_on,
        to_on,
        value,
        made_by: context.actor.subject.clone(),
        version: 1,
        created_at: context.now.naive_utc(),
        updated_at: context.now.naive_utc(),
    };
    store::insert(conn, &row)?;
    trace(conn, context, &kpi, &row)?;
    Ok((kpi, row))
}

/// Takes a target away; the audit trail keeps what it was.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_kpi_target(conn: &mut Conn, context: &Context, code: &str, id: &str) -> Result<()> {
    let (kpi, target) = get_kpi_target(conn, code, id)?;
    permit(context, &kpi)?;
    context.check_version(target.version)?;
    store::delete(conn, target.id)?;
    trace(conn, context, &kpi, &target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_begins_with_a_period() {
        for (kind, text, expected) in [
            (PeriodType::Month, "2024-03", Ok("2024-03-01")),
            (PeriodType::Month, "2024-03-15", Ok("2024-03-01")),
            (PeriodType::FinancialYear, "2011-12", Ok("2011-04-01")),
            (PeriodType::FinancialYear, "2011-12-31", Ok("2011-04-01")),
            (PeriodType::Quarter, "2024", Err("/from period-type")),
            (PeriodType::Quarter, "soon", Err("/from period-malformed")),
            (PeriodType::Quarter, "+99999-01-01", Err("/from period-malformed")),
        ] {
            let read = first_day("/from", kind, text).map(|day| day.to_string());
            let read = read.map_err(|fault| format!("{} {}", fault.pointer, fault.code));
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
