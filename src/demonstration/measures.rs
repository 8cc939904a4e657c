//! What is done with KPIs beside sending values: a set of them, a recalculation, an exclusion, a reporting exception and a release, all illustrative.

use crate::access::{Actor, Grant, Operation, Role, Scope};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::acts::annotations::ops::create_annotation;
use crate::kpis::acts::annotations::rules::Annotation;
use crate::kpis::acts::exclusions::ops::create_exclusion;
use crate::kpis::acts::exclusions::rules::Exclusion;
use crate::kpis::acts::recalculations::ops::create_recalculation;
use crate::kpis::acts::recalculations::rules::Recalculation;
use crate::kpis::acts::rules::RecalculationKind;
use crate::kpis::catalogue::rules::BreakdownText;
use crate::kpis::lock_exceptions::ops::create_lock_exception;
use crate::kpis::lock_exceptions::rules::LockException;
use crate::kpis::releases::ops::create_release;
use crate::kpis::releases::rules::{Release, ReleaseStatus};
use crate::kpis::reporting_exceptions::ops::create_reporting_exception;
use crate::kpis::reporting_exceptions::rules::{ExceptionKind, ReportingException};
use crate::kpis::sets::ops::create_kpi_set;
use crate::kpis::sets::rules::{Assignment, KpiSet, Revisions};
use crate::organisations::ops::referred;
use crate::organisations::rules::OrganisationType;
use crate::vocabulary::Instant;
use chrono::{NaiveDate, TimeDelta};
use std::sync::Arc;

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
        kind: RecalculationKind::ProcessChange,
        reason: "A second assessment unit opened (illustrative).".to_owned(),
        evidence: None,
    };
    create_recalculation(conn, &context.step(Operation::create_recalculation), recalculation)?;
    let exclusion = Exclusion {
        kpi: "emergency-attendances".to_owned(),
        organisation: "RJ1".to_owned(),
        innovation: None,
        breakdown: Some(BreakdownText("type=1".to_owned())),
        period: "2018-01".to_owned(),
        reason: "The records system was down for a week (illustrative).".to_owned(),
    };
    create_exclusion(conn, &context.step(Operation::create_exclusion), exclusion)?;
    propose_recalculation(conn, context)?;
    let annotation = Annotation {
        kpi: "emergency-attendances".to_owned(),
        organisation: "RJ1".to_owned(),
        innovation: None,
        breakdown: Some("type=1".to_owned()),
        period: "2017-12".to_owned(),
        text: "A neighbouring department was closed (illustrative).".to_owned(),
    };
    create_annotation(conn, &context.step(Operation::create_annotation), annotation)?;
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

/// Whoever sends the values of a trust proposes a recalculation, which waits for somebody else.
fn propose_recalculation(conn: &mut Conn, context: &Context) -> Result<()> {
    let code = "RJ1".to_owned();
    let id = referred(conn, "/organisation", &code)?;
    let scope = Scope::Organisation { id, code: code.clone() };
    let grants = vec![Grant { role: Role::Submitter, scope, from: context.now, to: context.now }];
    let (subject, body) = ("illustrative-submitter".to_owned(), Some(id));
    let actor = Actor { subject, grants, body, ..(*context.actor).clone() };
    let submitter = Context { actor: Arc::new(actor), ..context.step(Operation::create_recalculation) };
    let proposal = Recalculation {
        kpi: "emergency-performance".to_owned(),
        organisation: code,
        innovation: None,
        breakdown: None,
        from: "2017-11".to_owned(),
        baseline_points: None,
        kind: RecalculationKind::SustainedShift,
        reason: "Patients are seen by a consultant at the door (illustrative).".to_owned(),
        evidence: Some("Minutes of the board, November 2017 (illustrative)".to_owned()),
    };
    create_recalculation(conn, &submitter, proposal).map(drop)
}
