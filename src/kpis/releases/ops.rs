//! What can be done with releases, each in one transaction.

use super::freeze::{Measured, Scope, freeze};
use super::rules::{Before, Release};
use super::store::{self, PlaceRow, ReleaseRow, ReleasedKpiRow};
use crate::access::outside;
use crate::calendar::{Period, PeriodType};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::sets;
use crate::organisations;
use crate::organisations::ops::{Covered, Map};
use crate::organisations::store::OrganisationRow;
use crate::record::Stored;
use crate::vocabulary::{Id, hex};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const WHAT: &str = "release";

fn named(conn: &mut Conn, row: ReleaseRow) -> Result<Stored<Release>> {
    store::named_releases(conn, vec![row])?.pop().ok_or_else(|| Error::internal("a release was lost"))
}

/// The release in a path.
///
/// # Errors
/// `not-found`.
pub fn known(conn: &mut Conn, id: &str) -> Result<ReleaseRow> {
    by_id(id, WHAT, |id| store::find(conn, id))
}

/// The release a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, id: Id) -> Result<ReleaseRow> {
    let unknown = || {
        let detail = format!("There is no release {id}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-release", detail))
    };
    store::find(conn, id)?.ok_or_else(unknown)
}

/// # Errors
/// `not-found`.
pub fn get_release(conn: &mut Conn, id: &str) -> Result<Stored<Release>> {
    let row = known(conn, id)?;
    named(conn, row)
}

/// A text as a period of one of these types.
fn period(kinds: &BTreeSet<PeriodType>, pointer: &str, text: &str) -> Result<Period> {
    let read = kinds.iter().find_map(|kind| Period::parse(*kind, text).ok());
    read.ok_or_else(|| {
        let examples: Vec<&str> = kinds.iter().map(|kind| kind.example()).collect();
        let detail = format!("Expected a period of the set's KPIs, such as {}.", examples.join(" or "));
        Error::invalid(pointer, "period-type", detail)
    })
}

/// The places by their codes, each once.
fn places(conn: &mut Conn, codes: &[String]) -> Result<Vec<OrganisationRow>> {
    for (index, code) in codes.iter().enumerate() {
        organisations::ops::referred(conn, &format!("/places/{index}"), code)?;
    }
    let found: BTreeMap<String, OrganisationRow> = organisations::store::by_codes(conn, codes)?.into_iter().collect();
    Ok(found.into_values().collect())
}

/// Whether the caller may publish figures of all of these KPIs at all of these places: with the KPI's programme or the place in the
/// grants, on the last day of the period.
fn permit(
    conn: &mut Conn,
    context: &Context,
    kpis: &[KpiRow],
    places: &[OrganisationRow],
    period: Period,
) -> Result<()> {
    let ids: Vec<Id> = places.iter().map(|place| place.id).collect();
    let covered = Covered::of(conn, context, context.reach(), &ids)?;
    let may = |place: &Id| {
        let of = |kpi: &KpiRow| covered.covers_from(kpi.programme.as_deref(), Some(*place), None, period.end());
        kpis.iter().all(of)
    };
    if ids.iter().all(may) { Ok(()) } else { Err(outside()) }
}

/// Stands for places, in whatever order.
fn scope_of(places: &[OrganisationRow]) -> String {
    let ids: BTreeSet<Id> = places.iter().map(|place| place.id).collect();
    let ids: Vec<u8> = ids.iter().flat_map(|id| id.as_bytes().to_vec()).collect();
    hex(digest(&SHA256, &ids).as_ref())
}

/// Publishes the figures of a set for a period at some places: freezes them, with the values they are made of.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `illegal-transition`, `already-exists`; `validation-failed` for what may not follow the release
/// before, for a period of which nothing was reported, and for what is too large.
pub fn create_release(conn: &mut Conn, context: &Context, new: Release) -> Result<Stored<Release>> {
    let new = new.normal();
    let set = sets::store::referred(conn, "/kpiSet", &new.kpi_set)?;
    let mut kpis = sets::store::kpis_of(conn, set.id)?;
    kpis.retain(|kpi| !kpi.status.is_draft());
    let kinds = kpis.iter().map(|kpi| kpi.period_type).collect();
    let released = period(&kinds, "/period", &new.period)?;
    kpis.retain(|kpi| kpi.period_type == released.kind());
    let own = BTreeSet::from([released.kind()]);
    let from = new.from.as_ref().map_or(Ok(released), |text| period(&own, "/from", text))?;
    let places = places(conn, &new.places)?;
    permit(conn, context, &kpis, &places, released)?;
    if from > released {
        return Err(Error::invalid("/from", "range", "Expected the period or one before it."));
    }
    let scope = scope_of(&places);
    let line = store::line(conn, set.id, released, &scope)?;
    let before: Vec<_> = line.iter().map(|row| (row.id, row.status)).collect();
    new.check(Before::of(&before), set.revisions(), released, context.today())?;
    let mut row = ReleaseRow {
        id: Id::generate(),
        set_id: set.id,
        period_type: released.kind(),
        from_start: from.start(),
        period_start: released.start(),
        scope,
        number: line.last().map_or(1, |last| last.number + 1),
        status: new.status,
        revision_of: new.revision_of,
        reason: new.reason,
        published_on: context.today(),
        position: events::end(conn)?.position,
        figure_count: 0,
        value_count: 0,
        illustrative: false,
        updated_at: context.now.naive_utc(),
    };
    let mut mapped = Vec::with_capacity(places.len());
    for place in places {
        let map = Map::asked(conn, context, &place, (None, None), None)?;
        mapped.push((place, map));
    }
    let scope = Scope { release: row.id, kpis, places: mapped, from, period: released };
    insert(conn, &row, &scope)?;
    let Measured { figures, values, illustrative, kpis } = freeze(conn, context, &scope)?;
    store::keep_kpis(conn, row.id, &kpis.into_iter().collect::<Vec<_>>())?;
    row.figure_count = i32::try_from(figures).unwrap_or(i32::MAX);
    row.value_count = i32::try_from(values).unwrap_or(i32::MAX);
    row.illustrative = illustrative;
    store::measure(conn, &row)?;
    let only = if let [(place, _)] = scope.places.as_slice() { Some(place.id) } else { None };
    let shown = named(conn, row)?;
    let Release { kpi_set, period, places, status, .. } = &shown.written;
    let data = json!({ "kpiSet": kpi_set, "period": period, "places": places, "status": status });
    let event = Event::new(WHAT, &shown.added.id.to_string(), 1, data);
    events::record(conn, context, Event { organisation_id: only, programme: set.programme, ..event })?;
    Ok(shown)
}

fn insert(conn: &mut Conn, row: &ReleaseRow, scope: &Scope) -> Result<()> {
    let place = |(number, (place, map)): (i32, &(OrganisationRow, Map))| PlaceRow {
        release_id: row.id,
        place_id: place.id,
        number,
        geography: map.geography,
    };
    let places: Vec<PlaceRow> = (0..).zip(&scope.places).map(place).collect();
    let kpis: Vec<ReleasedKpiRow> = scope.kpis.iter().map(|kpi| ReleasedKpiRow::new(row.id, kpi)).collect();
    store::insert(conn, row, &places, &kpis)
}
