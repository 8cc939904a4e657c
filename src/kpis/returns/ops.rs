//! What can be done with returns, each in one transaction.

use super::asked::OwnedKpis;
use super::drafts;
use super::rules::{Owner, ReturnState};
use super::store::{self, ReturnRow};
use crate::access::Operation;
use crate::calendar::Period;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::flags;
use crate::kpis::sets;
use crate::kpis::sets::store::KpiSetRow;
use crate::organisations;
use crate::organisations::ops::Covered;
use crate::organisations::store::OrganisationNames;
use crate::transitions;
use crate::transitions::authors;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The name of a return's moves and authors among those of every resource.
pub const RESOURCE: &str = "kpi-return";

/// What the returns of a page are of.
pub struct Owners {
    sets: HashMap<Id, KpiSetRow>,
    kpis: HashMap<Id, KpiRow>,
    pub owned: OwnedKpis,
    pub organisations: OrganisationNames,
}

impl Owners {
    pub fn of(conn: &mut Conn, rows: &[ReturnRow]) -> Result<Self> {
        let owners: BTreeSet<Owner> = rows.iter().map(ReturnRow::owner).collect();
        let sets: Vec<Id> = owners.iter().map(|owner| owner.set).collect();
        let kpis: Vec<Id> = owners.iter().map(|owner| owner.kpi).collect();
        Ok(Self {
            sets: sets::store::find_by_ids(conn, &sets)?,
            kpis: catalogue::store::find_by_ids(conn, &kpis)?,
            owned: OwnedKpis::of(conn, &owners)?,
            organisations: organisations::store::names(conn, rows.iter().map(|row| row.organisation_id))?,
        })
    }

    /// Code and name of the set, and of the KPI.
    pub fn names(&self, owner: Owner) -> [Option<(String, String)>; 2] {
        let set = self.sets.get(&owner.set).map(|set| (set.code.clone(), set.name.clone()));
        [set, self.kpis.get(&owner.kpi).map(|kpi| (kpi.code.clone(), kpi.name.clone()))]
    }

    fn programme(&self, owner: Owner) -> Option<&str> {
        let of_kpi = || self.kpis.get(&owner.kpi).and_then(|kpi| kpi.programme.as_deref());
        self.sets.get(&owner.set).map_or_else(of_kpi, |set| set.programme.as_deref())
    }
}

/// A return that the caller may see, of the organisation or of the programme of its KPIs.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_return(conn: &mut Conn, context: &Context, id: &str) -> Result<ReturnRow> {
    let row = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    let owners = Owners::of(conn, std::slice::from_ref(&row))?;
    let covered = Covered::of(conn, context, context.reach(), &[row.organisation_id])?;
    let sees = covered.covers(owners.programme(row.owner()), Some(row.organisation_id), None);
    if sees { Ok(row) } else { Err(Error::not_found(RESOURCE)) }
}

/// Whether the caller may make the move. Whoever sends for the organisation submits and withdraws; whoever may approve, over
/// the organisation on the period's last day or over the programme, approves and sends back; accepting is national.
fn permit(conn: &mut Conn, context: &Context, row: &ReturnRow, owners: &Owners, to: ReturnState) -> Result<()> {
    let (programme, period) = (owners.programme(row.owner()), row.period());
    let approval = context.actor.reach(Operation::approve_kpi_returns);
    let may = match to {
        ReturnState::Submitted | ReturnState::Withdrawn => {
            let sending = context.actor.reach(Operation::submit_kpi_values);
            let covered = Covered::of(conn, context, sending, &[row.organisation_id])?;
            covered.covers_from(None, Some(row.organisation_id), None, period.start())
        }
        ReturnState::Accepted => approval.is_everything(),
        _ => {
            let covered = Covered::of(conn, context, approval, &[row.organisation_id])?;
            covered.covers_from(programme, Some(row.organisation_id), None, period.end())
        }
    };
    let those = match to {
        ReturnState::Submitted | ReturnState::Withdrawn => "Those who may send values of the organisation",
        ReturnState::Accepted => "National administrators",
        _ => "Regional leads over the organisation, managers of its programme and national administrators",
    };
    let detail = format!("{those} make a return {}.", to.as_str());
    if may { Ok(()) } else { Err(Error::new(Code::Forbidden).detail(detail)) }
}

/// Nobody approves or accepts what they, or somebody of their body, sent; nor accepts what they approved.
fn check_others(conn: &mut Conn, context: &Context, row: &ReturnRow, to: ReturnState) -> Result<()> {
    let refused = |detail: &'static str| Err(Error::new(Code::SeparationOfDuties).detail(detail));
    if !to.is_approved() {
        return Ok(());
    }
    if authors::wrote_before(conn, context, RESOURCE, row.id)? {
        return refused(
            "You or somebody of your organisation sent some of this return, so somebody else must check it.",
        );
    }
    if to == ReturnState::Accepted && row.approved_by.as_ref() == Some(&context.actor.subject) {
        return refused("You approved this return, so somebody else must accept it.");
    }
    Ok(())
}

/// Moves a return. With its approval, what awaits it counts; with its withdrawal, that goes away.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `separation-of-duties`; `validation-failed` without a
/// needed reason.
pub fn transition_kpi_return(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<ReturnRow> {
    let seen = get_kpi_return(conn, context, id)?;
    let step: Move<ReturnState> = asked.read(context.today())?;
    let row = store::find_locked(conn, seen.id)?.ok_or_else(|| Error::not_found(RESOURCE))?;
    let owners = Owners::of(conn, std::slice::from_ref(&row))?;
    permit(conn, context, &row, &owners, step.to)?;
    context.check_version(row.version)?;
    step.decide(row.state)?;
    check_others(conn, context, &row, step.to)?;
    let from = row.state;
    // The submissions whose values count from now on.
    let submissions =
        if step.to == ReturnState::Approved { drafts::submissions_of(conn, row.id)? } else { Default::default() };
    // The KPIs whose totals say something else from now on: other values, or how far the return has come.
    let mut kpis: BTreeSet<String> = drafts::kpis_of(conn, row.id)?.into_iter().collect();
    kpis.extend(owners.owned.those(row.owner(), row.period()).map(|kpi| kpi.code.clone()));
    let row = moved(conn, context, row, step.to)?;
    store::update(conn, &row)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    trace(conn, context, &row, &owners, json!({ "from": from, "to": step.to, "kpis": kpis }))?;
    // Whoever keeps a copy of values reads them by submission, and finds those that count from now on.
    for submission in submissions {
        let data = json!({ "kpis": kpis, "approved": row.id });
        let organisation_id = Some(row.organisation_id);
        let event = Event { organisation_id, ..Event::new("kpi-submission", &submission.to_string(), 2, data) };
        events::record(conn, context, event)?;
    }
    Ok(row)
}

/// The return after a move, with what that does to its values.
fn moved(conn: &mut Conn, context: &Context, row: ReturnRow, to: ReturnState) -> Result<ReturnRow> {
    let (now, today) = (context.now.naive_utc(), Some(context.today()));
    let subject = Some(context.actor.subject.clone());
    let row = ReturnRow { state: to, ..row.renewed(now) };
    Ok(match to {
        ReturnState::Submitted => {
            authors::keep_all(conn, RESOURCE, &[row.id], (&context.actor.subject, context.actor.body))?;
            ReturnRow { submitted_at: row.submitted_at.or(Some(now)), submitted_by: subject, ..row }
        }
        ReturnState::Approved => {
            drafts::approve(conn, row.id, now)?;
            let (approved_by, approved_on) = (subject, today);
            let (accepted_by, accepted_on, changes_since_approval) = (None, None, 0);
            ReturnRow { approved_by, approved_on, accepted_by, accepted_on, changes_since_approval, ..row }
        }
        ReturnState::Accepted => ReturnRow { accepted_by: subject, accepted_on: today, ..row },
        ReturnState::Withdrawn => {
            let values = drafts::withdrawn(conn, row.id)?;
            flags::ops::withdraw(conn, context, &values)?;
            drafts::discard(conn, row.id)?;
            ReturnRow { submitted_at: None, submitted_by: None, changes_since_approval: 0, ..row }
        }
        ReturnState::Due | ReturnState::Received | ReturnState::Returned => row,
    })
}

/// Records what became of a return.
pub fn trace(conn: &mut Conn, context: &Context, row: &ReturnRow, owners: &Owners, what: Value) -> Result<()> {
    let [set, kpi] = owners.names(row.owner()).map(|named| named.map(|(code, _)| code));
    let organisation = owners.organisations.of(row.organisation_id).0;
    let mut data =
        json!({ "set": set, "kpi": kpi, "organisation": organisation, "period": Period::label(row.period()) });
    if let (Some(data), Some(what)) = (data.as_object_mut(), what.as_object()) {
        data.extend(what.clone());
    }
    let event = Event {
        organisation_id: Some(row.organisation_id),
        programme: owners.programme(row.owner()).map(str::to_owned),
        ..Event::new(RESOURCE, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}
