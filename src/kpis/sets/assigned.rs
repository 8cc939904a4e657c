//! Who is asked for KPIs in which periods: by the map of a period's last day, never by today's.

use super::store::{self, AssignmentRow, KpiSetRow};
use crate::calendar::Span;
use crate::db::Conn;
use crate::error::Result;
use crate::organisations::rules::OrganisationType;
use crate::organisations::store::days_below;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// Of some KPIs, the sets they are in, and who is assigned to those among some organisations.
#[derive(Default)]
pub struct Assigned {
    sets: HashMap<Id, Vec<KpiSetRow>>,
    assignments: HashMap<Id, Vec<AssignmentRow>>,
    /// When each organisation counts below a place: by the place.
    below: HashMap<Id, HashMap<Id, Vec<Span>>>,
    kinds: HashMap<Id, OrganisationType>,
}

impl Assigned {
    /// Reads who is assigned, with the types of the organisations.
    pub fn of(conn: &mut Conn, kpis: &[Id], organisations: &HashMap<Id, OrganisationType>) -> Result<Self> {
        let mut assigned = Self::default();
        for (kpi, set) in store::holding(conn, kpis)? {
            assigned.sets.entry(kpi).or_default().push(set);
        }
        if assigned.sets.is_empty() {
            return Ok(assigned);
        }
        let sets: BTreeSet<Id> = assigned.sets.values().flatten().map(|set| set.id).collect();
        let ids: Vec<Id> = organisations.keys().copied().collect();
        for row in store::assignments(conn, &sets.into_iter().collect::<Vec<_>>())? {
            if let Entry::Vacant(place) = assigned.below.entry(row.place_id) {
                place.insert(days_below(conn, row.place_id, &ids)?.all);
            }
            assigned.assignments.entry(row.set_id).or_default().push(row);
        }
        assigned.kinds = organisations.clone();
        Ok(assigned)
    }

    /// The set that the returns of a KPI belong to: the first of its sets by code.
    pub fn set(&self, kpi: Id) -> Option<&KpiSetRow> {
        self.sets.get(&kpi)?.first()
    }

    /// Whether an organisation is asked for a KPI on a day, or may send it unasked since the KPI is in no set.
    pub fn asks(&self, kpi: Id, organisation: Id, day: NaiveDate) -> bool {
        let Some(sets) = self.sets.get(&kpi) else { return true };
        let mut rows = sets.iter().filter_map(|set| self.assignments.get(&set.id)).flatten();
        rows.any(|row| self.holds(row, organisation, day))
    }

    fn holds(&self, row: &AssignmentRow, organisation: Id, day: NaiveDate) -> bool {
        let is_below = || {
            let days = self.below.get(&row.place_id).and_then(|below| below.get(&organisation));
            days.is_some_and(|days| days.iter().any(|span| span.holds(day)))
        };
        let kind = self.kinds.get(&organisation);
        row.span().holds(day) && kind.is_some_and(|kind| row.asks_type(*kind)) && is_below()
    }
}
