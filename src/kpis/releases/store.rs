//! Releases in the database: which there are, and of which places and KPIs.

use super::rules::{Release, ReleaseAdded, ReleaseStatus, ReleasedKpi};
use crate::calendar::{Period, PeriodType};
use crate::db::schema::{kpi_release_kpis, kpi_release_places, kpi_releases};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context, Line, OneOf};
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::{catalogue, sets};
use crate::organisations;
use crate::organisations::rules::Geography;
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{insert_all, narrow, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_releases)]
pub struct ReleaseRow {
    pub id: Id,
    pub set_id: Id,
    pub period_type: PeriodType,
    pub from_start: NaiveDate,
    pub period_start: NaiveDate,
    /// Stands for its places, in whatever order.
    pub scope: String,
    /// Which one of its set, period and places it is, from 1 on.
    pub number: i32,
    pub status: ReleaseStatus,
    pub revision_of: Option<Id>,
    pub reason: Option<String>,
    pub published_on: NaiveDate,
    /// Of the last event before it.
    pub position: i64,
    pub figure_count: i32,
    pub value_count: i32,
    pub illustrative: bool,
    pub updated_at: NaiveDateTime,
}

impl ReleaseRow {
    pub fn period(&self) -> Period {
        Period::containing(self.period_type, self.period_start)
    }
}

/// A place of a release, with the map that its figures were counted on.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_release_places)]
pub struct PlaceRow {
    pub release_id: Id,
    pub place_id: Id,
    pub number: i32,
    pub geography: Geography,
}

/// A KPI of a release, with what of its definition decides how values are shown.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_release_kpis)]
pub struct ReleasedKpiRow {
    pub release_id: Id,
    pub kpi_id: Id,
    pub kpi_version: i32,
    pub aggregation: Aggregation,
    pub disclosure_control: bool,
}

impl ReleasedKpiRow {
    pub fn new(release_id: Id, kpi: &KpiRow) -> Self {
        let KpiRow { id: kpi_id, definition_version: kpi_version, aggregation, disclosure_control, .. } = *kpi;
        Self { release_id, kpi_id, kpi_version, aggregation, disclosure_control }
    }

    /// The KPI as its values were added up and shown at the time.
    pub fn as_then(&self, kpi: KpiRow) -> KpiRow {
        KpiRow { aggregation: self.aggregation, disclosure_control: self.disclosure_control, ..kpi }
    }
}

type Releases = kpi_releases::BoxedQuery<'static, MultiBackend>;

sortable! { ReleaseRow, Releases, key "id" => kpi_releases::id as Id;
    kpi_releases of |row| row => "publishedOn" published_on, "period" period_start, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of releases may be narrowed to.
    pub struct ListReleases list of ReleaseRow {
        /// The code of a set.
        kpi_set: CodeParam = "kpiSet",
        /// The code of a KPI: releases that hold figures of it.
        kpi: CodeParam = "kpi",
        /// The period that was released, such as `2026-04` or `2026-27-Q1`.
        period: Line = "period",
        /// The code of a place: releases that hold its figures.
        place: CodeParam = "place",
        /// One or more statuses.
        status: OneOf<ReleaseStatus> = "status",
        /// The id of a release: the one that took its place.
        revision_of: Id = "revisionOf",
    }
}

/// # Errors
/// `unknown-reference` for the set, the KPI or the place; `validation-failed` for what is no period.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListReleases) -> Result<Releases> {
    let mut query = kpi_releases::table.into_boxed::<MultiBackend>();
    narrow! { query, asked;
        kpi_set => kpi_releases::set_id.eq(sets::store::referred(conn, "?kpiSet", &kpi_set.0)?.id);
        status => kpi_releases::status.eq_any(status.0.clone());
        revision_of => kpi_releases::revision_of.eq(*revision_of);
    }
    if let Some(Line(text)) = &asked.period {
        let kinds = PeriodType::ALL.iter().copied();
        let read: Vec<Period> = kinds.filter_map(|kind| Period::parse(kind, text).ok()).collect();
        let (Some(first), Some(last)) = (read.first(), read.last()) else {
            let detail = "Expected a period, such as 2026-04 or 2026-27-Q1.";
            return Err(Error::invalid("?period", "period-malformed", detail));
        };
        // A text may be a period of two kinds: a month and a financial year.
        let is = |period: &Period| {
            kpi_releases::period_type.eq(period.kind()).and(kpi_releases::period_start.eq(period.start()))
        };
        query = query.filter(is(first).or(is(last)));
    }
    if let Some(place) = &asked.place {
        let place = organisations::store::referred(conn, "?place", &place.0)?;
        let holding = kpi_release_places::table.filter(kpi_release_places::place_id.eq(place));
        query = query.filter(kpi_releases::id.eq_any(holding.select(kpi_release_places::release_id)));
    }
    if let Some(kpi) = &asked.kpi {
        let kpi = catalogue::store::referred(conn, "?kpi", &kpi.0)?.id;
        let holding = kpi_release_kpis::table.filter(kpi_release_kpis::kpi_id.eq(kpi));
        query = query.filter(kpi_releases::id.eq_any(holding.select(kpi_release_kpis::release_id)));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ReleaseRow>> {
    Ok(kpi_releases::table.find(id).first(conn).optional()?)
}

/// The releases of the same set, period and places, in order.
pub fn line(conn: &mut Conn, set: Id, period: Period, scope: &str) -> Result<Vec<ReleaseRow>> {
    let line = kpi_releases::table
        .filter(kpi_releases::set_id.eq(set))
        .filter(kpi_releases::period_type.eq(period.kind()))
        .filter(kpi_releases::period_start.eq(period.start()))
        .filter(kpi_releases::scope.eq(scope.to_owned()));
    Ok(line.order_by(kpi_releases::number).load(conn)?)
}

/// # Errors
/// `already-exists` where somebody else released the same meanwhile.
pub fn insert(conn: &mut Conn, row: &ReleaseRow, places: &[PlaceRow], kpis: &[ReleasedKpiRow]) -> Result<()> {
    let taken = violations::unique("Somebody else has released this set, period and places meanwhile.");
    diesel::insert_into(kpi_releases::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    insert_all!(conn, kpi_release_places::table, places);
    insert_all!(conn, kpi_release_kpis::table, kpis);
    Ok(())
}

/// Says how much was frozen.
pub fn measure(conn: &mut Conn, row: &ReleaseRow) -> Result<()> {
    let set = (
        kpi_releases::figure_count.eq(row.figure_count),
        kpi_releases::value_count.eq(row.value_count),
        kpi_releases::illustrative.eq(row.illustrative),
    );
    diesel::update(kpi_releases::table.find(row.id)).set(set).execute(conn)?;
    Ok(())
}

/// Takes out the KPIs of which nothing was frozen.
pub fn keep_kpis(conn: &mut Conn, release: Id, kpis: &[Id]) -> Result<()> {
    let others = kpi_release_kpis::table
        .filter(kpi_release_kpis::release_id.eq(release))
        .filter(kpi_release_kpis::kpi_id.ne_all(kpis.to_vec()));
    diesel::delete(others).execute(conn)?;
    Ok(())
}

/// The places of some releases, in their order.
pub fn places(conn: &mut Conn, releases: &[Id]) -> Result<Vec<PlaceRow>> {
    let places = kpi_release_places::table.filter(kpi_release_places::release_id.eq_any(releases.to_vec()));
    Ok(places.order_by((kpi_release_places::release_id, kpi_release_places::number)).load(conn)?)
}

/// The KPIs of some releases.
pub fn kpis(conn: &mut Conn, releases: &[Id]) -> Result<Vec<ReleasedKpiRow>> {
    Ok(kpi_release_kpis::table.filter(kpi_release_kpis::release_id.eq_any(releases.to_vec())).load(conn)?)
}

/// The KPIs of a release as they were, by id.
pub fn kpis_as_then(conn: &mut Conn, release: Id) -> Result<HashMap<Id, KpiRow>> {
    let rows = kpis(conn, &[release])?;
    let mut known = catalogue::store::find_by_ids(conn, &rows.iter().map(|row| row.kpi_id).collect::<Vec<_>>())?;
    let as_then = |row: ReleasedKpiRow| Some((row.kpi_id, row.as_then(known.remove(&row.kpi_id)?)));
    Ok(rows.into_iter().filter_map(as_then).collect())
}

/// The releases with the names of what they are of.
pub fn named_releases(conn: &mut Conn, rows: Vec<ReleaseRow>) -> Result<Vec<Stored<Release>>> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let sets = sets::store::find_by_ids(conn, &rows.iter().map(|row| row.set_id).collect::<Vec<_>>())?;
    let (places, kpis) = (places(conn, &ids)?, kpis(conn, &ids)?);
    let names = organisations::store::names(conn, places.iter().map(|place| place.place_id))?;
    let known = catalogue::store::find_by_ids(conn, &kpis.iter().map(|kpi| kpi.kpi_id).collect::<Vec<_>>())?;
    let later = kpi_releases::table.filter(kpi_releases::revision_of.eq_any(ids));
    let later: Vec<(Option<Id>, Id)> = later.select((kpi_releases::revision_of, kpi_releases::id)).load(conn)?;
    let released = |row: &ReleasedKpiRow| {
        let kpi = known.get(&row.kpi_id)?;
        Some(ReleasedKpi { code: kpi.code.clone(), name: kpi.name.clone(), definition_version: row.kpi_version })
    };
    let whole = |row: ReleaseRow| {
        let own = places.iter().filter(|place| place.release_id == row.id);
        let (codes, place_names) = own.map(|place| names.of(place.place_id)).unzip();
        let mut own: Vec<ReleasedKpi> =
            kpis.iter().filter(|kpi| kpi.release_id == row.id).filter_map(released).collect();
        own.sort_by(|one, other| one.code.cmp(&other.code));
        let (set, period) = (sets.get(&row.set_id), row.period());
        let added = ReleaseAdded {
            id: row.id,
            kpi_set_name: set.map(|set| set.name.clone()).unwrap_or_default(),
            place_names,
            start: period.start(),
            end: period.end(),
            published_on: row.published_on,
            revised_by: later.iter().find(|(of, _)| *of == Some(row.id)).map(|(_, id)| *id),
            kpis: own,
            figure_count: row.figure_count,
            value_count: row.value_count,
            illustrative: row.illustrative,
        };
        let written = Release {
            kpi_set: set.map(|set| set.code.clone()).unwrap_or_default(),
            period: period.label(),
            from: Some(Period::containing(row.period_type, row.from_start).label()),
            places: codes,
            status: row.status,
            revision_of: row.revision_of,
            reason: row.reason,
        };
        Stored { added, written, version: 1, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(whole).collect())
}
