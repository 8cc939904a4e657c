//! What can be done with recalculations, each in one transaction.

use super::advice;
use super::rules::Recalculation;
use super::store;
use crate::access::{Operation, outside};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::kpis::acts::ops::{add, known, remove, rewrite, trace};
use crate::kpis::acts::rules::{ActKind, ActState};
use crate::kpis::acts::store::ActRow;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::names::Names;
use crate::kpis::series::{self, SeriesName};
use crate::kpis::spc::answer::SpcWarningResponse;
use crate::kpis::spc::ops::{SpcQuery, get_kpi_spc};
use crate::kpis::totals::asked::TotalQuery;
use crate::organisations::ops::Covered;
use crate::record::Stored;
use crate::transitions;
use crate::transitions::authors;
use crate::transitions::rules::{AskedMove, Move};
use serde_json::{Value, json};

/// The name of a recalculation's moves and authors among those of every resource.
pub const RESOURCE: &str = "recalculation";

/// What the caller may do with the recalculations of a series from a day on.
#[derive(Clone, Copy)]
struct Rights {
    /// Makes one that acts, accepts and refuses those of others, and removes any.
    decides: bool,
    /// Proposes one.
    proposes: bool,
}

impl Rights {
    fn of(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ActRow) -> Result<Self> {
        let mut covers = |operation: Operation| -> Result<bool> {
            let covered = Covered::of(conn, context, context.actor.reach(operation), &[row.organisation_id])?;
            Ok(covered.covers_from(kpi.programme.as_deref(), Some(row.organisation_id), None, row.period_start))
        };
        let decides = covers(Operation::accept_recalculations)?;
        Ok(Self { decides, proposes: decides || covers(Operation::create_recalculation)? })
    }

    fn removes(self, context: &Context, row: &ActRow) -> bool {
        let is_own_proposal = row.state == ActState::Proposed && row.made_by == context.actor.subject;
        self.decides || (self.proposes && is_own_proposal)
    }

    fn actions(self, conn: &mut Conn, context: &Context, row: &ActRow) -> Result<Vec<&'static str>> {
        let mut may = Vec::new();
        if row.state == ActState::Proposed && self.decides && !is_own(conn, context, row)? {
            may.push(Operation::transition_recalculation);
        }
        if self.removes(context, row) {
            may.push(Operation::delete_recalculation);
        }
        Ok(may.into_iter().map(Operation::id).collect())
    }
}

/// Whether the caller, or somebody of the caller's organisation, proposed it.
fn is_own(conn: &mut Conn, context: &Context, row: &ActRow) -> Result<bool> {
    authors::wrote_before(conn, context, RESOURCE, row.id)
}

fn told(kpi: &KpiRow, row: &ActRow) -> Value {
    json!({
        "kpi": kpi.code, "breakdown": row.breakdown, "from": row.period_start, "baselinePoints": row.baseline_points,
        "state": row.state
    })
}

/// What speaks against it, as far as the caller may see the series: nothing where none of it may be told.
fn warnings(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: &ActRow) -> Result<Vec<SpcWarningResponse>> {
    if row.state == ActState::Refused {
        return Ok(Vec::new());
    }
    let key = row.key();
    let series = Names::of(conn, &[(key.kpi, key.organisation, key.innovation)])?.series(&key);
    let SeriesName { kpi: code, organisation, innovation, breakdown } = series;
    let own = TotalQuery { organisation: Some(organisation), innovation, breakdown, ..TotalQuery::default() };
    // What has no series of its own is a place.
    let place = TotalQuery { organisation: None, place: own.organisation.clone(), ..own.clone() };
    for series in [own, place] {
        let query = SpcQuery { series, ..SpcQuery::default() };
        match get_kpi_spc(conn, context, &code, &query) {
            Ok((study, _)) if !study.layout.points.is_empty() => {
                let points = row.baseline_points.and_then(|points| usize::try_from(points).ok());
                let from = Period::containing(kpi.period_type, row.period_start);
                return Ok(SpcWarningResponse::of(&advice::warnings(&study, from, points)));
            }
            Ok(_) => {}
            Err(error) if matches!(error.code(), Code::Forbidden | Code::ValidationFailed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Vec::new())
}

/// The recalculation with what speaks against it, and what the caller may do with it.
fn whole(
    conn: &mut Conn,
    context: &Context,
    (kpi, rights): (&KpiRow, Rights),
    row: ActRow,
) -> Result<Stored<Recalculation>> {
    let (warnings, actions) = (warnings(conn, context, kpi, &row)?, rights.actions(conn, context, &row)?);
    let mut whole = store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a recalculation was lost"))?;
    (whole.added.warnings, whole.added.actions) = (Some(warnings), Some(actions));
    Ok(whole)
}

fn with_rights(conn: &mut Conn, context: &Context, id: &str) -> Result<(KpiRow, Rights, ActRow)> {
    let row = known(conn, context, ActKind::Recalculation, id)?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    let rights = Rights::of(conn, context, &kpi, &row)?;
    Ok((kpi, rights, row))
}

/// Gives a series a new mean and limits, or proposes that.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`; `already-exists` for a period that has one, or a proposal of one.
pub fn create_recalculation(conn: &mut Conn, context: &Context, new: Recalculation) -> Result<Stored<Recalculation>> {
    let Recalculation { kpi, organisation, innovation, breakdown, from, baseline_points, kind, reason, evidence } = new;
    let name = SeriesName { kpi, organisation, innovation, breakdown: breakdown.map(|text| text.0) };
    let (kpi, key) = name.resolve(conn)?;
    let period = series::period(&kpi, "/from", &from)?;
    let evidence = evidence.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let row = ActRow::new(context, ActKind::Recalculation, key, period.start(), String::new());
    let rights = Rights::of(conn, context, &kpi, &row)?;
    if !rights.proposes {
        return Err(outside());
    }
    let reason = series::reason(&reason)?;
    let state = if rights.decides { ActState::Accepted } else { ActState::Proposed };
    let row = ActRow { baseline_points, state, recalculation_kind: Some(kind), reason, evidence, ..row };
    add(conn, &row, |present| match present.state {
        ActState::Proposed => format!("Somebody proposed a recalculation at {period} already."),
        _ => format!("The series has a recalculation at {period} already."),
    })?;
    if state == ActState::Proposed {
        authors::keep(conn, RESOURCE, row.id, (&context.actor.subject, context.actor.body))?;
    }
    trace(conn, context, &kpi, &row, told(&kpi, &row))?;
    whole(conn, context, (&kpi, rights), row)
}

/// # Errors
/// `not-found`.
pub fn get_recalculation(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Recalculation>> {
    let (kpi, rights, row) = with_rights(conn, context, id)?;
    whole(conn, context, (&kpi, rights), row)
}

/// Removes a recalculation, or takes a proposal back.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_recalculation(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let (kpi, rights, row) = with_rights(conn, context, id)?;
    if !rights.removes(context, &row) {
        return Err(outside());
    }
    context.check_version(row.version)?;
    let row = remove(conn, context, row)?;
    trace(conn, context, &kpi, &row, told(&kpi, &row))
}

/// Accepts or refuses a proposal.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `separation-of-duties`; `validation-failed` without a
/// needed reason.
pub fn transition_recalculation(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
) -> Result<Stored<Recalculation>> {
    let step: Move<ActState> = asked.read(context.today())?;
    let (kpi, rights, row) = with_rights(conn, context, id)?;
    if !rights.decides {
        return Err(outside());
    }
    context.check_version(row.version)?;
    step.decide(row.state)?;
    if step.to == ActState::Accepted && is_own(conn, context, &row)? {
        let detail = "You or somebody of your organisation proposed it, so somebody else must accept it.";
        return Err(Error::new(Code::SeparationOfDuties).detail(detail));
    }
    let from = row.state;
    let row = rewrite(conn, context, ActRow { state: step.to, ..row })?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    trace(conn, context, &kpi, &row, told(&kpi, &row))?;
    whole(conn, context, (&kpi, rights), row)
}
