//! What is done with KPIs beside sending values: a set of them, a recalculation, an exclusion, a reporting exception and a release, all illustrative.

use crate::access::Operation;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::acts::ops::create_act;
use crate::kpis::acts::rules::{Exclusion, Recalculation};
use crate::kpis::catalogue::rules::BreakdownText;
use crate::kpis::lock_exceptions::ops::create_lock_exception;
use crate::kpis::lock_exceptions::rules::LockException;
use crate::kpis::releases::ops::create_release;
use crate::kpis::releases::rules::{Release, ReleaseStatus};
use crate::kpis::reporting_exceptions::ops::create_reporting_exception;
use crate::kpis::reporting_exceptions::rules::{ExceptionKind, ReportingException};
use crate::kpis::sets::ops::create_kpi_set;
use crate::kpis::sets::rules::{Assignment, KpiSet, Revisions};
use crate::organisations::rules::OrganisationType;
use crate::vocabulary::Instant;
use chrono::{NaiveDate, TimeDelta};

/// A set, so that what is sent for its KPIs makes returns.
pub fn load_set(conn: &mut Conn, context: &Context) -> Result<()> {
    let set = KpiSet {
        code: "stroke-care".to_owned(),
        name: "Stroke care (illustrative)".to_owned(),
        programme: Some("nia".to_owned()),
        kpis: vec!["stroke-door-to-decision".to_owned()],
        assignments: vec![Assignment {
            place: "E92000001".to_owned(),
            organisation_types: vec![OrganisationType::NhsTrust],
            from: None,
            to: None,
        }],
        revisions: Some(Revisions { refreshes: 2, final_after_days: 90 }),
    };
    create_kpi_set(conn, &context.step(Operation::create_kpi_set), set).map(drop)
}

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let recalculation = Recalculation {
        kpi: "emergency-performance".to_owned(),
        organisation: "RRV".to_owned(),
        innovation: None,
        breakdown: None,
        from: "2017-10".to_owned(),
        baseline_points: None,
        reason: "A second assessment unit opened (illustrative).".to_owned(),
    };
    create_act(conn, &context.step(Operation::create_recalculation), recalculation)?;
    let exclusion = Exclusion {
        kpi: "emergency-attendances".to_owned(),
        organisation: "RJ1".to_owned(),
        innovation: None,
        breakdown: Some(BreakdownText("type=1".to_owned())),
        period: "2018-01".to_owned(),
        reason: "The records system was down for a week (illustrative).".to_owned(),
    };
    create_act(conn, &context.step(Operation::create_exclusion), exclusion)?;
    let exception = ReportingException {
        kpi: "emergency-attendances".to_owned(),
        organisation: "RJ1".to_owned(),
        innovation: None,
        breakdown: Some("type=2".to_owned()),
        kind: ExceptionKind::NotProvidedHere,
        from: NaiveDate::from_ymd_opt(2024, 4, 1).ok_or_else(|| Error::internal("no day"))?,
        to: None,
        reason: "The eye casualty moved to another trust (illustrative).".to_owned(),
    };
    create_reporting_exception(conn, &context.step(Operation::create_reporting_exception), exception)?;
    let day = |year| NaiveDate::from_ymd_opt(year, 4, 1).ok_or_else(|| Error::internal("no day"));
    let opened = LockException {
        set: Some("stroke-care".to_owned()),
        kpi: None,
        organisation: "RJZ".to_owned(),
        from: day(2018)?,
        to: day(2019)?,
        until: Instant(context.now + TimeDelta::days(365)),
        reason: "The records system was replaced (illustrative).".to_owned(),
    };
    create_lock_exception(conn, &context.step(Operation::create_lock_exception), opened)?;
    let released = Release {
        kpi_set: "stroke-care".to_owned(),
        period: "2018-03".to_owned(),
        from: Some("2016-04".to_owned()),
        places: vec!["E92000001".to_owned(), "QKK".to_owned()],
        status: ReleaseStatus::Provisional,
        revision_of: None,
        reason: None,
    };
    create_release(conn, &context.step(Operation::create_release), released)?;
    Ok(())
}
