//! What a return must hold: every KPI of its set that has its periods, for every combination of members, but for what an
//! organisation does not provide. And by when.

use super::rules::{Deadlines, Owner, ReturnKey};
use crate::calendar::{Period, PeriodType};
use crate::db::Conn;
use crate::db::schema::{kpi_value_drafts, kpi_values, series};
use crate::error::Result;
use crate::kpis::catalogue::history;
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::rules::terms::{Terms, TermsOverTime};
use crate::kpis::catalogue::store::{KpiRow, find_by_ids};
use crate::kpis::reporting_exceptions::rules::ExceptionKind;
use crate::kpis::reporting_exceptions::store::{self as exceptions, ExceptionRow};
use crate::kpis::sets;
use crate::kpis::sets::assigned::Assigned;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the returns of a KPI are of: of its first set by code, of itself where it is in none and has, or ever had, a deadline or
/// required approval, else of nothing.
pub fn owner(assigned: &Assigned, kpi: Id, terms: &TermsOverTime) -> Option<Owner> {
    let is_returned = |terms: Terms| terms.due_days.is_some() || terms.approval_required;
    match assigned.set(kpi) {
        Some(set) => Some(Owner { set: set.id, kpi: Id::NONE }),
        None => terms.all().any(is_returned).then_some(Owner { set: Id::NONE, kpi }),
    }
}

/// A KPI that is live, or was.
struct OwnedKpi {
    kpi: KpiRow,
    terms: TermsOverTime,
}

/// The KPIs of some owners, with what they asked when.
#[derive(Default)]
pub struct OwnedKpis(HashMap<Owner, Vec<OwnedKpi>>);

impl OwnedKpis {
    pub fn of(conn: &mut Conn, owners: &BTreeSet<Owner>) -> Result<Self> {
        let sets: Vec<Id> = owners.iter().map(|owner| owner.set).filter(|id| *id != Id::NONE).collect();
        let own = owners.iter().map(|owner| owner.kpi).filter(|id| *id != Id::NONE);
        let members: Vec<Id> = sets::store::members(conn, &sets)?.into_iter().map(|(_, kpi)| kpi).collect();
        let mut first: HashMap<Id, Id> = HashMap::new();
        for (kpi, set) in sets::store::holding(conn, &members)? {
            first.entry(kpi).or_insert(set.id);
        }
        let all: Vec<Id> = members.iter().copied().chain(own).collect();
        let mut owned: HashMap<Owner, Vec<OwnedKpi>> = HashMap::new();
        let mut kpis = find_by_ids(conn, &all)?;
        kpis.retain(|_, kpi| !kpi.status.is_draft());
        let mut terms = history::terms(conn, kpis.values())?;
        for (id, kpi) in kpis {
            let owner =
                first.get(&id).map_or(Owner { set: Id::NONE, kpi: id }, |set| Owner { set: *set, kpi: Id::NONE });
            let terms = terms.remove(&id).unwrap_or_default();
            owned.entry(owner).or_default().push(OwnedKpi { kpi, terms });
        }
        Ok(Self(owned))
    }

    fn of_kind(&self, owner: Owner, kind: PeriodType) -> impl Iterator<Item = &OwnedKpi> {
        self.0.get(&owner).into_iter().flatten().filter(move |one| one.kpi.period_type == kind)
    }

    fn of_period(&self, owner: Owner, period: Period) -> impl Iterator<Item = &OwnedKpi> {
        self.of_kind(owner, period.kind()).filter(move |one| !one.terms.is_over(period))
    }

    /// Those that a return of the period is of: one that was retired since still is among them.
    pub fn those(&self, owner: Owner, period: Period) -> impl Iterator<Item = &KpiRow> {
        self.of_period(owner, period).map(|one| &one.kpi)
    }

    /// The types of the periods of an owner.
    pub fn kinds(&self, owner: Owner) -> BTreeSet<PeriodType> {
        self.0.get(&owner).into_iter().flatten().map(|one| one.kpi.period_type).collect()
    }

    /// By when a return of the period is due, and from when on it is locked: by the definitions that held on its last day,
    /// whatever became of them since.
    pub fn deadlines(&self, owner: Owner, period: Period) -> Deadlines {
        Deadlines::of(self.of_period(owner, period).map(|one| one.terms.in_force(period)))
    }

    /// The most days after a period that any definition ever gave.
    pub fn longest(&self, owner: Owner, kind: PeriodType) -> Option<u32> {
        self.of_kind(owner, kind).flat_map(|one| one.terms.all()).filter_map(|terms| terms.due_days).max()
    }

    /// Whether what is sent of the period now awaits approval, by the present definitions.
    pub fn require_approval(&self, owner: Owner, period: Period) -> bool {
        self.those(owner, period).any(|kpi| kpi.approval_required)
    }
}

/// What is not expected of some organisations, by KPI and organisation.
pub struct NotProvided(HashMap<(Id, Id), Vec<ExceptionRow>>);

impl NotProvided {
    pub fn of(conn: &mut Conn, kpis: &[Id]) -> Result<Self> {
        let mut all: HashMap<(Id, Id), Vec<ExceptionRow>> = HashMap::new();
        for row in exceptions::standing(conn, kpis, Some(Id::NONE), None)? {
            if row.kind == ExceptionKind::NotProvidedHere {
                all.entry((row.kpi_id, row.organisation_id)).or_default().push(row);
            }
        }
        Ok(Self(all))
    }

    fn on(&self, kpi: Id, organisation: Id, day: NaiveDate) -> impl Iterator<Item = &ExceptionRow> {
        let rows = self.0.get(&(kpi, organisation)).into_iter().flatten();
        rows.filter(move |row| row.span().holds(day))
    }

    /// Whether nothing of the KPI is expected.
    pub fn nothing_of(&self, kpi: Id, organisation: Id, day: NaiveDate) -> bool {
        self.on(kpi, organisation, day).any(|row| row.breakdown.is_empty())
    }
}

/// How many values of a KPI a return must hold, how many of those it holds, and how many it holds in all.
pub struct Filled {
    pub expected: usize,
    pub found: usize,
    pub values: usize,
}

impl Filled {
    fn is_whole(&self) -> bool {
        self.found >= self.expected
    }
}

/// What a return holds of a KPI.
pub fn filled(there: &There, not_provided: &NotProvided, kpi: &KpiRow, key: &ReturnKey) -> Filled {
    let (day, organisation) = (key.period().end(), key.organisation);
    let all = there.get(&(kpi.id, organisation, key.start));
    let values = all.map_or(0, HashSet::len);
    if not_provided.nothing_of(kpi.id, organisation, day) {
        return Filled { expected: 0, found: 0, values };
    }
    let excepted: HashSet<&String> = not_provided.on(kpi.id, organisation, day).map(|row| &row.breakdown).collect();
    let number: usize = kpi.breakdowns().iter().map(|of| of.members.len()).product();
    let found = all.into_iter().flatten().filter(|breakdown| !excepted.contains(breakdown)).count();
    Filled { expected: number.saturating_sub(excepted.len()), found, values }
}

/// The combinations of members that are there of each KPI, organisation and period.
pub type There = HashMap<(Id, Id, NaiveDate), HashSet<String>>;

/// SQLite takes a bounded number of parameters.
const PART: usize = 10_000;

/// Which of the returns hold all that is asked, with what awaits approval.
pub fn complete(conn: &mut Conn, owned: &OwnedKpis, keys: &BTreeSet<ReturnKey>) -> Result<BTreeSet<ReturnKey>> {
    let mut kinds: HashMap<(Owner, PeriodType), Vec<ReturnKey>> = HashMap::new();
    for key in keys {
        kinds.entry((key.owner, key.period_type)).or_default().push(*key);
    }
    let mut complete = BTreeSet::new();
    for ((owner, kind), keys) in kinds {
        // What is retired cannot be sent any more.
        let sendable = owned.of_kind(owner, kind).map(|one| &one.kpi).filter(|kpi| kpi.status == KpiStatus::Live);
        let kpis: Vec<&KpiRow> = sendable.collect();
        let there = there(conn, &kpis, &keys)?;
        let not_provided = NotProvided::of(conn, &kpis.iter().map(|kpi| kpi.id).collect::<Vec<_>>())?;
        let is_whole = |key: &ReturnKey, kpi: &KpiRow| filled(&there, &not_provided, kpi, key).is_whole();
        complete.extend(keys.into_iter().filter(|key| kpis.iter().all(|kpi| is_whole(key, kpi))));
    }
    Ok(complete)
}

/// What is there of some KPIs for some returns, with what awaits approval.
pub fn there(conn: &mut Conn, kpis: &[&KpiRow], keys: &[ReturnKey]) -> Result<There> {
    let numbers: Vec<i32> = kpis.iter().map(|kpi| kpi.number).collect();
    let organisations: BTreeSet<Id> = keys.iter().map(|key| key.organisation).collect();
    let (first, last) = (keys.iter().map(|key| key.start).min(), keys.iter().map(|key| key.start).max());
    let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
    let mut there = There::new();
    for some in organisations.into_iter().collect::<Vec<_>>().chunks(PART) {
        let key = (series::kpi_id, series::organisation_id, series::breakdown);
        let values = series::table
            .inner_join(kpi_values::table)
            .filter(series::kpi_number.eq_any(numbers.clone()))
            .filter(kpi_values::kpi_number.eq(series::kpi_number))
            .filter(series::organisation_id.eq_any(some.to_vec()))
            .filter(kpi_values::period_start.between(first, last))
            .select((key, kpi_values::period_start));
        for ((kpi, organisation, breakdown), start) in values.load::<((Id, Id, String), NaiveDate)>(conn)? {
            there.entry((kpi, organisation, start)).or_default().insert(breakdown);
        }
        let drafts = series::table
            .inner_join(kpi_value_drafts::table)
            .filter(series::kpi_number.eq_any(numbers.clone()))
            .filter(kpi_value_drafts::kpi_number.eq(series::kpi_number))
            .filter(series::organisation_id.eq_any(some.to_vec()))
            .filter(kpi_value_drafts::period_start.between(first, last))
            .select((key, kpi_value_drafts::period_start, kpi_value_drafts::deleted));
        for ((kpi, organisation, breakdown), start, deleted) in
            drafts.load::<((Id, Id, String), NaiveDate, bool)>(conn)?
        {
            let found = there.entry((kpi, organisation, start)).or_default();
            if deleted {
                found.remove(&breakdown);
            } else {
                found.insert(breakdown);
            }
        }
    }
    Ok(there)
}
