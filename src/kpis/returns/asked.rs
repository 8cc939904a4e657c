//! What a return must hold: every KPI of its set that has its periods, for every combination of members, but for what an
//! organisation does not provide. And by when.

use super::rules::{Deadlines, Owner, ReturnKey};
use crate::calendar::{Period, PeriodType};
use crate::db::Conn;
use crate::db::schema::{kpi_value_drafts, kpi_values, series};
use crate::error::Result;
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::store::{KpiRow, find_by_ids};
use crate::kpis::reporting_exceptions::rules::ExceptionKind;
use crate::kpis::reporting_exceptions::store::{self as exceptions, ExceptionRow};
use crate::kpis::sets;
use crate::kpis::sets::assigned::Assigned;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the returns of a KPI are of: of its first set by code, of itself where it is in none and has a deadline or
/// requires approval, else of nothing.
pub fn owner(assigned: &Assigned, kpi: &KpiRow) -> Option<Owner> {
    match assigned.set(kpi.id) {
        Some(set) => Some(Owner { set: set.id, kpi: Id::NONE }),
        None => (kpi.due_days.is_some() || kpi.approval_required).then_some(Owner { set: Id::NONE, kpi: kpi.id }),
    }
}

/// The live KPIs of some owners.
#[derive(Default)]
pub struct OwnedKpis(HashMap<Owner, Vec<KpiRow>>);

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
        let mut owned: HashMap<Owner, Vec<KpiRow>> = HashMap::new();
        for (id, kpi) in find_by_ids(conn, &all)? {
            let owner =
                first.get(&id).map_or(Owner { set: Id::NONE, kpi: id }, |set| Owner { set: *set, kpi: Id::NONE });
            if kpi.status == KpiStatus::Live {
                owned.entry(owner).or_default().push(kpi);
            }
        }
        Ok(Self(owned))
    }

    /// Those with periods of this type.
    pub fn those(&self, owner: Owner, kind: PeriodType) -> impl Iterator<Item = &KpiRow> {
        self.0.get(&owner).into_iter().flatten().filter(move |kpi| kpi.period_type == kind)
    }

    /// The types of the periods of an owner.
    pub fn kinds(&self, owner: Owner) -> BTreeSet<PeriodType> {
        self.0.get(&owner).into_iter().flatten().map(|kpi| kpi.period_type).collect()
    }

    pub fn deadlines(&self, owner: Owner, kind: PeriodType) -> Deadlines {
        Deadlines::of(self.those(owner, kind).map(|kpi| (kpi.due_days, kpi.lock_days)))
    }

    pub fn require_approval(&self, owner: Owner, kind: PeriodType) -> bool {
        self.those(owner, kind).any(|kpi| kpi.approval_required)
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

/// The combinations of members that are there of each KPI, organisation and period.
type There = HashMap<(Id, Id, NaiveDate), HashSet<String>>;

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
        let kpis: Vec<&KpiRow> = owned.those(owner, kind).collect();
        let there = there(conn, &kpis, &keys)?;
        let not_provided = NotProvided::of(conn, &kpis.iter().map(|kpi| kpi.id).collect::<Vec<_>>())?;
        let is_whole = |key: &ReturnKey, kpi: &KpiRow| {
            let (day, organisation) = (Period::containing(kind, key.start).end(), key.organisation);
            let mut found = there.get(&(kpi.id, organisation, key.start)).cloned().unwrap_or_default();
            found.extend(not_provided.on(kpi.id, organisation, day).map(|row| row.breakdown.clone()));
            let breakdowns = kpi.breakdowns();
            let number: usize = breakdowns.iter().map(|of| of.members.len()).product();
            not_provided.nothing_of(kpi.id, organisation, day) || found.len() >= number
        };
        complete.extend(keys.into_iter().filter(|key| kpis.iter().all(|kpi| is_whole(key, kpi))));
    }
    Ok(complete)
}

fn there(conn: &mut Conn, kpis: &[&KpiRow], keys: &[ReturnKey]) -> Result<There> {
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
