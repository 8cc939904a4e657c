//! The public names of what the rows of a page refer to, read once for the page.

use super::catalogue;
use super::catalogue::store::KpiRow;
use super::series::{SeriesKey, SeriesName};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::Result;
use crate::organisations::store::OrganisationNames;
use crate::vocabulary::Id;
use crate::{innovations, organisations};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

pub struct Names {
    kpis: HashMap<Id, KpiRow>,
    organisations: OrganisationNames,
    innovations: HashMap<Id, (String, String)>,
}

impl Names {
    /// The names of KPIs, organisations and innovations, given in threes.
    pub fn of(conn: &mut Conn, keys: &[(Id, Id, Id)]) -> Result<Self> {
        let kpis: BTreeSet<Id> = keys.iter().map(|(kpi, ..)| *kpi).collect();
        let innovations: BTreeSet<Id> = keys.iter().map(|(.., id)| *id).filter(|id| *id != Id::NONE).collect();
        let [kpis, innovations] = [kpis, innovations].map(|ids| ids.into_iter().collect::<Vec<_>>());
        Ok(Self {
            kpis: catalogue::store::find_by_ids(conn, &kpis)?,
            organisations: organisations::store::names(conn, keys.iter().map(|(_, id, _)| *id))?,
            innovations: innovations::store::names(conn, &innovations)?,
        })
    }

    pub fn kpi(&self, id: Id) -> Option<&KpiRow> {
        self.kpis.get(&id)
    }

    /// Code and name.
    pub fn organisation(&self, id: Id) -> (String, String) {
        self.organisations.of(id)
    }

    pub fn organisation_code(&self, id: Id) -> &str {
        self.organisations.code_of(id)
    }

    /// Nothing for a series of no innovation.
    pub fn innovation_slug(&self, id: Id) -> &str {
        self.innovations.get(&id).map_or("", |(slug, _)| slug)
    }

    /// Slug and name; none of a series of no innovation.
    pub fn innovation(&self, id: Id) -> Option<(String, String)> {
        self.innovations.get(&id).cloned()
    }

    /// The series as a request names it.
    pub fn series(&self, key: &SeriesKey) -> SeriesName {
        SeriesName {
            kpi: self.kpi(key.kpi).map(|kpi| kpi.code.clone()).unwrap_or_default(),
            organisation: self.organisation(key.organisation).0,
            innovation: self.innovation(key.innovation).map(|(slug, _)| slug),
            breakdown: Some(key.breakdown.clone()).filter(|breakdown| !breakdown.is_empty()),
        }
    }

    /// The period of the key's KPI that holds the day.
    pub fn label(&self, key: &SeriesKey, day: NaiveDate) -> String {
        let label = |kpi: &KpiRow| Period::containing(kpi.period_type, day).label();
        self.kpi(key.kpi).map(label).unwrap_or_default()
    }
}
