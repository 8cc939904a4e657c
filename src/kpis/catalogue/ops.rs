//! What can be done with KPIs, each in one transaction.

use super::rules::{Kpi, KpiStatus, ValueType, scaled};
use super::store::{self, KpiRow, KpiVersionRow};
use crate::access::outside;
use crate::access::{Operation, Reach, Role};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::transitions;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::{Id, fold};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// What the moves of KPIs are recorded under.
pub const RESOURCE: &str = "kpi";

/// # Errors
/// `not-found`.
pub fn get_kpi(conn: &mut Conn, code: &str) -> Result<KpiRow> {
    store::find(conn, code)?.ok_or_else(|| Error::not_found("KPI"))
}

/// The KPI a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<KpiRow> {
    store::find(conn, code)?.ok_or_else(|| {
        let detail = format!("There is no KPI {code}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-kpi", detail))
    })
}

/// A decimal text as a JSON number; null without one.
pub fn number(text: Option<&str>) -> Value {
    text.and_then(|text| text.parse().ok()).map_or(Value::Null, Value::Number)
}

/// The definition as a request would send it: what a version keeps, and what a patch changes. Where a KPI stands is no
/// part of what it means.
pub fn document(kpi: &Kpi) -> Value {
    let breakdowns: Vec<Value> =
        kpi.breakdowns.iter().map(|b| json!({ "dimension": b.dimension, "members": b.members })).collect();
    let mut document = json!({
        "code": kpi.code,
        "name": kpi.name,
        "definition": kpi.definition,
        "level": kpi.level,
        "unit": kpi.unit,
        "periodType": kpi.period_type,
        "valueType": kpi.value_type,
        "improvementDirection": kpi.improvement_direction,
        "aggregation": kpi.aggregation,
        "decimals": kpi.decimals,
        "multiplier": (kpi.value_type == ValueType::Rate).then_some(kpi.multiplier),
        "breakdowns": breakdowns,
        "min": number(kpi.min.as_deref()),
        "max": number(kpi.max.as_deref()),
        "programme": kpi.programme,
        "successorOf": kpi.successor_of,
        "dueDays": kpi.due_days,
        "lockDays": kpi.lock_days,
        "openFuturePeriods": kpi.open_future_periods,
        "approvalRequired": kpi.approval_required,
        "disclosureControl": kpi.disclosure_control,
        "conflictRule": kpi.conflict_rule,
    });
    if let Some(members) = document.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    document
}

/// The versions and times of a row beside its definition.
struct Stamp {
    id: Id,
    version: i32,
    definition_version: i32,
    created_at: NaiveDateTime,
}

fn row(kpi: Kpi, stamp: Stamp, context: &Context) -> Result<KpiRow> {
    let bound = |pointer: &str, text: &Option<String>| {
        let scaled = text.as_deref().map(|text| scaled(pointer, text, kpi.decimals)).transpose();
        scaled.map_err(|fault| Error::validation(vec![fault]))
    };
    let (min_value, max_value) = (bound("/min", &kpi.min)?, bound("/max", &kpi.max)?);
    let breakdowns: Vec<_> = kpi.breakdowns.iter().map(|b| (&b.dimension, &b.members)).collect();
    Ok(KpiRow {
        id: stamp.id,
        sort_name: fold(&kpi.name),
        search_text: kpi.search_text(),
        breakdowns: serde_json::to_string(&breakdowns)?,
        decimals: i32::from(kpi.decimals),
        min_value,
        max_value,
        code: kpi.code,
        name: kpi.name,
        definition: kpi.definition,
        level: kpi.level,
        unit: kpi.unit,
        period_type: kpi.period_type,
        value_type: kpi.value_type,
        multiplier: kpi.multiplier,
        improvement_direction: kpi.improvement_direction,
        aggregation: kpi.aggregation,
        programme: kpi.programme,
        successor_of: kpi.successor_of,
        due_days: kpi.due_days,
        lock_days: kpi.lock_days,
        open_future_periods: kpi.open_future_periods,
        approval_required: kpi.approval_required,
        disclosure_control: kpi.disclosure_control,
        conflict_rule: kpi.conflict_rule,
        status: kpi.status,
        definition_version: stamp.definition_version,
        version: stamp.version,
        created_at: stamp.created_at,
        updated_at: context.now.naive_utc(),
    })
}

fn trace(conn: &mut Conn, context: &Context, row: &KpiRow) -> Result<()> {
    let data = json!({ "code": row.code, "status": row.status, "definitionVersion": row.definition_version });
    let event = Event::new("kpi", &row.code, row.version, data);
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })
}

fn keep_version(conn: &mut Conn, context: &Context, row: &KpiRow, kpi: &Kpi) -> Result<()> {
    let version = KpiVersionRow {
        kpi_id: row.id,
        number: row.definition_version,
        document: document(kpi).to_string(),
        made_by: context.actor.subject.clone(),
        made_at: context.now.naive_utc(),
    };
    store::insert_version(conn, version)
}

/// Whether the caller decides on KPIs; others who may create one only propose it.
fn decides(context: &Context) -> bool {
    context.actor.reach(Operation::transition_kpi).everything
}

/// How far the caller's programmes reach.
fn programmes(context: &Context) -> Reach {
    context.actor.reach(Operation::update_kpi)
}

/// Creates a KPI with the first version of its definition.
///
/// # Errors
/// `forbidden` for a proposer who asks for another status or another's programme; `validation-failed`,
/// `unknown-reference` for the KPI it succeeds, `already-exists`.
pub fn create_kpi(conn: &mut Conn, context: &Context, new: Kpi) -> Result<KpiRow> {
    let proposes =
        context.actor.has(Role::RegionalLead) || programmes(context).covers_programme(new.programme.as_deref());
    if !decides(context) && (new.status != KpiStatus::Proposed || !proposes) {
        return Err(outside());
    }
    let new = new.checked()?;
    if !new.status.is_draft() && new.status != KpiStatus::Live {
        return Err(Error::invalid("/status", "state", "A new KPI is proposed, agreed or live."));
    }
    if let Some(code) = &new.successor_of {
        referred(conn, "/successorOf", code)?;
    }
    let stamp = Stamp { id: Id::generate(), version: 1, definition_version: 1, created_at: context.now.naive_utc() };
    let row = row(new.clone(), stamp, context)?;
    store::insert(conn, &row)?;
    keep_version(conn, context, &row, &new)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes the definition of a KPI and keeps the new one as a version. A change that changes nothing writes nothing.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed`, `unknown-reference`; `immutable` for the code, and
/// once it is or was live for what its values rely on.
pub fn update_kpi(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    change: impl FnOnce(&Kpi) -> Result<Kpi>,
) -> Result<KpiRow> {
    let present = get_kpi(conn, code)?;
    let reach = context.reach();
    let settled = !present.status.is_draft();
    if !reach.covers_programme(present.programme.as_deref()) || (settled && !decides(context)) {
        return Err(outside());
    }
    context.check_version(present.version)?;
    let before = present.kpi();
    let new = change(&before)?.checked()?;
    if !reach.covers_programme(new.programme.as_deref()) {
        return Err(outside());
    }
    if new.status != before.status {
        return Err(Error::invalid("/status", "immutable", "The status is changed by a transition."));
    }
    if new.code != before.code || (settled && new.breaks_values_of(&before)) {
        return Err(Error::new(Code::Immutable).detail(
            "The code, and once the KPI is live its unit, value type, multiplier, period type, breakdowns and decimals, \
             cannot change: create a new code as its successor.",
        ));
    }
    if new == before {
        return Ok(present);
    }
    if let Some(code) = &new.successor_of {
        referred(conn, "/successorOf", code)?;
    }
    let stamp = Stamp {
        id: present.id,
        version: present.version + 1,
        definition_version: present.definition_version + 1,
        created_at: present.created_at,
    };
    let row = row(new.clone(), stamp, context)?;
    store::update(conn, &row)?;
    keep_version(conn, context, &row, &new)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Moves a KPI from one status to another.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed` without a needed reason.
pub fn transition_kpi(conn: &mut Conn, context: &Context, code: &str, asked: AskedMove) -> Result<KpiRow> {
    let present = get_kpi(conn, code)?;
    context.reach().require_everything()?;
    context.check_version(present.version)?;
    let from = present.status;
    let step: Move<KpiStatus> = asked.read(context.today())?;
    step.decide(from)?;
    let row = KpiRow { status: step.to, version: present.version + 1, updated_at: context.now.naive_utc(), ..present };
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    trace(conn, context, &row)?;
    Ok(row)
}
