//! What can be done with KPIs, each in one transaction.

use super::rules::{AskedKpiMove, Kpi, KpiStatus, ValidationRule};
use super::store::{self, KpiRow, KpiVersionRow, NamedKpi};
use crate::access::{Operation, Reach, Role, outside};
use crate::db::Conn;
use crate::db::json::Json;
use crate::error::{Code, Error, Faults, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::transitions;
use crate::transitions::rules::Move;
use serde_json::{Value, json};

pub use super::store::referred;

/// The resource name of a KPI's moves.
pub const RESOURCE: &str = "kpi";

/// # Errors
/// `not-found`.
pub fn get_kpi(conn: &mut Conn, code: &str) -> Result<KpiRow> {
    store::find(conn, code)?.ok_or_else(|| Error::not_found("KPI"))
}

/// The KPI with the name of its programme.
///
/// # Errors
/// `not-found`.
pub fn show_kpi(conn: &mut Conn, code: &str) -> Result<NamedKpi> {
    store::find_named(conn, code)?.ok_or_else(|| Error::not_found("KPI"))
}

/// The definition as a request writes it, which a version keeps. The status and who agreed it are not part of it.
fn document(kpi: &Kpi) -> Result<Value> {
    let mut document = Value::Null;
    // Merging leaves out what is null, as a request does.
    json_patch::merge(&mut document, &serde_json::to_value(kpi)?);
    json_patch::merge(&mut document, &json!({ "status": null, "agreedBy": null, "agreedOn": null }));
    Ok(document)
}

/// Whether the caller decides on KPIs. Other callers who may create a KPI can only propose it.
fn decides(context: &Context) -> bool {
    context.actor.reach(Operation::transition_kpi).is_everything()
}

/// Whether the other KPIs that the rules of one name are there, with periods of the same length.
fn check_rules(conn: &mut Conn, kpi: &Kpi) -> Result<()> {
    let named: Vec<String> = kpi.validation_rules.iter().flat_map(ValidationRule::codes).collect();
    let known = store::find_by_codes(conn, &named)?;
    let mut faults = Faults::default();
    for (index, rule) in kpi.validation_rules.iter().enumerate() {
        for code in rule.codes().into_iter().filter(|code| *code != kpi.code) {
            let pointer = format!("/validationRules/{index}");
            match known.iter().find(|row| row.code == code) {
                None => faults.add(pointer, "unknown-kpi", format!("There is no KPI {code}.")),
                Some(row) if row.period_type != kpi.period_type => {
                    let detail = format!("{code} has periods of another length, so that no values belong together.");
                    faults.add(pointer, "period-type", detail);
                }
                Some(_) => {}
            }
        }
    }
    faults.check()
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
pub fn create_kpi(conn: &mut Conn, context: &Context, new: Kpi) -> Result<NamedKpi> {
    let proposes =
        context.actor.has(Role::RegionalLead) || programmes(context).covers_programme(new.programme.as_deref());
    if !decides(context) && (new.status != KpiStatus::Proposed || !proposes) {
        return Err(outside());
    }
    let mut new = new.checked()?;
    new.check_new(context.today())?;
    if let Some(code) = &new.successor_of {
        referred(conn, "/successorOf", code)?;
    }
    check_rules(conn, &new)?;
    let note = new.change_note.take();
    let row = KpiRow::new(context, new, store::next_number(conn)?)?;
    store::insert(conn, &row)?;
    keep_version(conn, context, &row, note)?;
    finish(conn, context, &row)
}

/// Changes the definition of a KPI and keeps the new one as a version. A patch without a difference writes nothing.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `unknown-reference`; `validation-failed`, also without the note that a change of
/// an agreed definition needs; `immutable` for the code, once it is or was live for what its values rely on, and for approval
/// while values wait for it.
pub fn update_kpi(conn: &mut Conn, context: &Context, code: &str, patch: &Patch<Kpi>) -> Result<NamedKpi> {
    let present = show_kpi(conn, code)?;
    context.keep_programme(present.row.programme.as_deref())?;
    if present.row.status != KpiStatus::Proposed && !decides(context) {
        return Err(outside());
    }
    let before = present.row.kpi();
    let revised = context.revised_by(&before, present.row.version, patch, Kpi::checked)?;
    let Some(mut new) = revised else { return Ok(present) };
    let note = new.change_note.take();
    if new == before {
        return Ok(present);
    }
    context.keep_programme(new.programme.as_deref())?;
    before.check_change(&new, note.as_deref(), context.today())?;
    if before.approval_required && !new.approval_required && store::has_drafts(conn, present.row.number)? {
        let detail = "Values of this KPI wait for approval. Approve or withdraw their returns first (GET /v1/kpi-returns?kpi=), then change approvalRequired.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    if let Some(code) = &new.successor_of {
        referred(conn, "/successorOf", code)?;
    }
    check_rules(conn, &new)?;
    let row = present.row.revised(context, new)?;
    store::update(conn, &row)?;
    keep_version(conn, context, &row, note)?;
    finish(conn, context, &row)
}

/// Moves a KPI from one status to another.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`; `validation-failed` without what the move needs: a reason,
/// who agreed, what takes its place; `unknown-reference`.
pub fn transition_kpi(conn: &mut Conn, context: &Context, code: &str, asked: AskedKpiMove) -> Result<NamedKpi> {
    let present = get_kpi(conn, code)?;
    context.reach().require_everything()?;
    context.check_version(present.version)?;
    let from = present.status;
    let (asked, terms) = asked.parts();
    let step: Move<KpiStatus> = asked.read(context.today())?;
    step.decide(from)?;
    terms.check(step.to)?;
    if let Some(code) = &terms.successor {
        check_successor(&referred(conn, "/successor", code)?, &present.code)?;
    }
    let version = present.version + 1;
    let mut row = KpiRow { status: step.to, version, updated_at: context.now.naive_utc(), ..present };
    match step.to {
        KpiStatus::Agreed => (row.agreed_by, row.agreed_on) = (terms.agreed_by, Some(step.effective_on)),
        KpiStatus::Proposed => (row.agreed_by, row.agreed_on) = (None, None),
        KpiStatus::Superseded => row.superseded_by = terms.successor.map(|code| code.to_ascii_lowercase()),
        KpiStatus::Live | KpiStatus::Retired => {}
    }
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row)
}

/// Whether a KPI can take the place of another.
fn check_successor(successor: &KpiRow, code: &str) -> Result<()> {
    if successor.status == KpiStatus::Live && successor.successor_of.as_deref() == Some(code) {
        return Ok(());
    }
    let detail = format!("Expected a live KPI whose successorOf is {code}.");
    Err(Error::invalid("/successor", "not-applicable", detail))
}

fn keep_version(conn: &mut Conn, context: &Context, row: &KpiRow, change_note: Option<String>) -> Result<()> {
    let version = KpiVersionRow {
        kpi_id: row.id,
        number: row.definition_version,
        document: Json::new(document(&row.kpi())?)?,
        made_by: context.actor.subject.clone(),
        made_at: context.now.naive_utc(),
        change_note,
    };
    store::insert_version(conn, version)
}

fn finish(conn: &mut Conn, context: &Context, row: &KpiRow) -> Result<NamedKpi> {
    let data = json!({ "code": row.code, "status": row.status, "definitionVersion": row.definition_version });
    let event = Event::new("kpi", &row.code, row.version, data);
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })?;
    show_kpi(conn, &row.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_version_keeps_is_a_request_for_the_same_definition() {
        let sent = json!({
            "code": "Rate-1", "name": "A rate", "definition": "So many per thousand.", "level": "outcome", "unit": "per 1,000",
            "periodType": "financial-quarter", "valueType": "rate", "improvementDirection": "neutral",
            "aggregation": "ratio-of-sums", "decimals": 2, "multiplier": 1000, "min": 0.5, "max": 1e3, "mayExceed": false, "programme": "nia",
            "breakdowns": [{ "dimension": "type", "members": ["1", "other"] }], "successorOf": "rate-0", "dueDays": 20,
            "lockDays": 40, "openFuturePeriods": 1, "approvalRequired": true, "disclosureControl": true,
            "conflictRule": "concern", "shape": "seasonal", "completeAt": 0.9, "validationRules": []
        });
        let kpi = serde_json::from_value::<Kpi>(sent.clone()).unwrap().checked().unwrap();
        let kept = document(&kpi).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&kept), names(&sent));
        assert_eq!((&kept["code"], &kept["min"], &kept["max"]), (&json!("rate-1"), &json!(0.5), &json!(1000)));
        assert_eq!(serde_json::from_value::<Kpi>(kept).unwrap(), kpi);
    }
}
