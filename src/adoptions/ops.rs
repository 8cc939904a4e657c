//! What can be done with adoptions, each in one transaction. Their moves have a room of their own.

use super::counts::rules::Counted;
use super::counts::store::{self as counts, CountRow};
use super::dated::{self, DatedAdoption, DatedFacts};
use super::rules::{ALL_BELOW, Adoption, Approval, CoveredCode};
use super::shown::shown_one;
use super::store::{self, NamedAdoption};
use super::writes::{RESOURCE, archive, begin, finish, renew};
use crate::access::{Operation, outside};
use crate::calendar::Span;
use crate::db::{Conn, by_id};
use crate::error::{Error, Faults, Result};
use crate::http::{Context, Patch, Wrong};
use crate::organisations::ops::Covered;
use crate::record::Stored;
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{innovations, organisations, transitions};
use chrono::NaiveDate;
use serde_json::json;

/// The name of the moves of its approval among those of every resource.
pub const APPROVAL: &str = "adoption-approval";

/// # Errors
/// `not-found`.
pub fn get_adoption(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedAdoption> {
    let found = by_id(id, RESOURCE, |id| store::find(conn, id))?;
    organisations::ops::require_within(conn, context, Some(found.row.organisation_id), RESOURCE)?;
    Ok(found)
}

/// As [`get_adoption`], as the caller may see it.
///
/// # Errors
/// `not-found`.
pub fn show_adoption(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Adoption>> {
    let found = get_adoption(conn, context, id)?;
    shown_one(conn, context, found)
}

/// Whether what the caller records of an organisation, up to a day, counts at once.
fn approval(
    conn: &mut Conn,
    context: &Context,
    new: &Adoption,
    (innovation, organisation): (Id, Id),
    until: NaiveDate,
) -> Result<Approval> {
    let covered = Covered::of(conn, context, context.reach(), &[organisation])?;
    if covered.covers_from(None, Some(organisation), None, until) {
        return Ok(Approval::Approved);
    }
    let own = new.stage.is_proposal().then_some(innovation);
    if covered.covers_from(None, Some(organisation), own, until) { Ok(Approval::Proposed) } else { Err(outside()) }
}

/// Finds what an adoption covers: organisations that lie below its own on the day from which it covers them.
fn check_covers(conn: &mut Conn, context: &Context, new: &Adoption, organisation: Id) -> Result<()> {
    let (mut faults, on) = (Faults::default(), new.covers_on.unwrap_or_else(|| context.today()));
    for (at, CoveredCode(code)) in new.covers.iter().enumerate().filter(|(_, code)| code.0 != ALL_BELOW) {
        let covered = organisations::ops::referred(conn, &format!("/covers/{at}"), code)?;
        let below = organisations::store::is_below_any(conn, covered, &[organisation], on)?;
        if covered == organisation || !below {
            let detail = format!("This organisation does not lie below the adoption's own on {on}.");
            faults.add(format!("/covers/{at}"), "not-below", detail);
        }
    }
    faults.check()
}

/// Records that an organisation has reached a stage with an innovation. What a fellow of the innovation records is proposed, and
/// may only be `identified` or `engaged`.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_adoption(conn: &mut Conn, context: &Context, new: Adoption) -> Result<Stored<Adoption>> {
    let given = new.clone();
    record_said(conn, context, new, None, |member| given.gives(member))
}

/// As [`create_adoption`], with the reason of its first stage, and of what `speaks` names: what is taken away, too, is said of a day.
///
/// # Errors
/// As [`create_adoption`].
pub fn record_said(
    conn: &mut Conn,
    context: &Context,
    new: Adoption,
    reason: Option<String>,
    speaks: impl Fn(&str) -> bool,
) -> Result<Stored<Adoption>> {
    let innovation = innovations::ops::referred(conn, "/innovation", &new.innovation)?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    let since = new.since.unwrap_or_else(|| context.today());
    let until = new.days(context.today(), &speaks).fold(since, NaiveDate::max);
    let approval = approval(conn, context, &new, (innovation, organisation), until)?;
    let new = new.normal();
    new.check(context.today())?;
    new.check_first()?;
    new.check_days(&speaks)?;
    let counted = new.counted(&speaks)?;
    check_covers(conn, context, &new, organisation)?;
    let ends = (innovation, organisation, approval);
    let dated = DatedAdoption::bare(begin(conn, context, &new, ends, reason)?);
    let row = dated.named.row.clone();
    let counted = counted_row(context, &dated, counted, new.counted_on);
    let facts = facts(context, &dated, &new, &speaks);
    write_dated(conn, context, row.id, counted, facts)?;
    finish(conn, context, &row, json!({ "stage": row.stage, "since": since, "approval": row.approval }))
}

/// The count of the day on which something was counted, or of today, where it says something new. On a day that is given a number
/// is kept although it was the same before: what comes late of an earlier day does not reach beyond it.
fn counted_row(context: &Context, of: &DatedAdoption, said: Counted, on: Option<NaiveDate>) -> Option<CountRow> {
    let day = on.unwrap_or_else(|| context.today());
    let (known, present) = (of.counted_on(day), of.counts_by(day));
    let new = known.then(said);
    let changed = if on.is_some() { new != known } else { said.over(present) != present };
    changed.then(|| CountRow::new(context, of.named.row.id, day, new))
}

/// The facts that hold on some days, once those that `speaks` names do as they are given; nothing where nothing changes.
fn facts(context: &Context, of: &DatedAdoption, new: &Adoption, speaks: impl Fn(&str) -> bool) -> Option<DatedFacts> {
    Some(of.facts.with(new, context.today(), speaks)).filter(|facts| *facts != of.facts)
}

/// Writes what was counted and what holds on some days, as far as that is new.
fn write_dated(
    conn: &mut Conn,
    context: &Context,
    id: Id,
    counted: Option<CountRow>,
    facts: Option<DatedFacts>,
) -> Result<()> {
    if let Some(row) = counted {
        counts::replace(conn, context, row)?;
    }
    facts.map_or(Ok(()), |facts| dated::write_facts(conn, id, &facts))
}

/// Keeps back what the caller may not say of an adoption: the days of what is said lie within their right over its organisation.
///
/// # Errors
/// `forbidden`.
pub fn require_kept(
    conn: &mut Conn,
    context: &Context,
    present: &NamedAdoption,
    days: impl IntoIterator<Item = NaiveDate>,
) -> Result<()> {
    let organisation = present.row.organisation_id;
    let covered = Covered::of(conn, context, context.reach(), &[organisation])?;
    let until = days.into_iter().max().unwrap_or(Span::ALWAYS.from);
    if covered.covers_from(None, Some(organisation), None, until) { Ok(()) } else { Err(outside()) }
}

/// An adoption that the caller may change, of the version that they know.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<DatedAdoption> {
    let present = get_adoption(conn, context, id)?;
    require_kept(conn, context, &present, [])?;
    context.check_version(present.row.version)?;
    dated::dated(conn, vec![present])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))
}

/// What a patch says of the numbers of a day, or of today. A day without a number says that all were counted once more.
fn said(
    context: &Context,
    present: &DatedAdoption,
    patch: &Patch<Adoption>,
    day: Option<NaiveDate>,
) -> Result<Counted> {
    let by_then = present.counts_by(day.unwrap_or_else(|| context.today()));
    let said = patch.apply(&present.adoption().counting(by_then, None))?.counted(|member| patch.touches(member))?;
    Ok(if day.is_some() && said == Counted::default() { Counted::again(by_then) } else { said })
}

/// Changes the facts of an adoption. Its stage changes by transitions.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_adoption(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Adoption>,
) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?;
    let before = present.adoption();
    let new = patch.apply(&before)?.normal();
    let speaks = |member: &str| patch.touches(member);
    before.check_change(&new)?;
    new.check(context.today())?;
    new.check_days(speaks)?;
    require_kept(conn, context, &present.named, new.days(context.today(), speaks))?;
    if new.covers != before.covers || new.covers_on.is_some() {
        check_covers(conn, context, &new, present.named.row.organisation_id)?;
    }
    let day = new.counted_on.filter(|_| speaks("countedOn"));
    let counted = counted_row(context, &present, said(context, &present, patch, day)?, day);
    let facts = facts(context, &present, &new, speaks);
    let row = present.named.row.clone().revised(context, &new);
    if counted.is_none() && facts.is_none() && row.has_facts_of(&present.named.row) {
        return shown_one(conn, context, present.named);
    }
    store::update(conn, &row)?;
    write_dated(conn, context, row.id, counted, facts)?;
    finish(conn, context, &row, json!({ "sites": new.sites, "users": new.users, "patients": new.patients }))
}

/// Says whether an adoption that a fellow proposed counts.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_adoption_approval(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: AskedMove,
) -> Result<Stored<Adoption>> {
    let present = kept(conn, context, id)?;
    let step: Move<Approval> = asked.read(context.today())?;
    let from = present.named.row.approval;
    step.decide(from)?;
    let (history, were) = (present.history(), present.spells());
    let row = present.named.row.touched(context).decided(context, step.to, step.effective_on);
    store::update(conn, &row)?;
    transitions::store::record(conn, context, APPROVAL, row.id, from, &step)?;
    store::write_spells(conn, &row, &history)?;
    renew(conn, context, &row, &were)?;
    finish(conn, context, &row, json!({ "approval": { "from": from, "to": step.to } }))
}

/// The adoption as it is once somebody records a move of it: one that a fellow proposed is approved by that, where they may approve it.
///
/// # Errors
/// What the database fails with.
pub fn confirmed(conn: &mut Conn, context: &Context, mut present: DatedAdoption) -> Result<DatedAdoption> {
    let row = &present.named.row;
    let reach = context.actor.reach(Operation::transition_adoption_approval);
    let may = organisations::ops::covers(conn, context, &reach, None, Some(row.organisation_id), None)?;
    if row.approval != Approval::Proposed || !may {
        return Ok(present);
    }
    let step = Move { to: Approval::Approved, reason: None, effective_on: context.today() };
    transitions::store::record(conn, context, APPROVAL, row.id, row.approval, &step)?;
    present.named.row = row.clone().decided(context, step.to, step.effective_on);
    store::write_spells(conn, &present.named.row, &present.history())?;
    renew(conn, context, &present.named.row, &[])?;
    Ok(present)
}

/// Takes an adoption that should not have been recorded out of every list and report.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `validation-failed` without a reason.
pub fn delete_adoption(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let present = kept(conn, context, id)?;
    archive(conn, context, &present, wrong.given()?)
}
