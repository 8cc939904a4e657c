//! Totals and series as a release has them, and where those of today differ.

use super::figures::{Frozen, Side};
use super::frozen::{self, FigureRow, FrozenValueRow, TotalKey};
use super::ops::referred;
use super::revised::{RevisedResponse, SideResponse};
use super::store::{self, ReleaseRow};
use crate::access::outside;
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::kpis::totals::asked::{Asked, PeriodTotal, TotalQuery, arithmetic};
use crate::kpis::totals::notes::{self, Note};
use crate::kpis::totals::ops::Totalled;
use crate::kpis::totals::rules::{Observation, Stand, Survey, Tallies, TotalBasis};
use crate::kpis::values::ops::Sights;
use crate::kpis::values::rules::{ScaledValue, Visibility};
use crate::organisations::ops::Map;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The totals of a query as a release has them: those of its places, and the series of organisations below them.
///
/// # Errors
/// `unknown-reference` for the release; `forbidden` for an organisation whose values the caller may not see; `validation-failed` for
/// what the release does not hold, and for another map or basis than its own.
pub fn totals(conn: &mut Conn, context: &Context, asked: &Asked, query: &TotalQuery, id: Id) -> Result<Totalled> {
    let release = referred(conn, "?release", id)?;
    let own = |pointer: &str, what: &str| {
        let detail = format!("A release keeps the {what} that it was made with. Leave it out.");
        Err(Error::invalid(pointer, "not-applicable", detail))
    };
    match query.map {
        (Some(_), _) => return own("?geography", "map"),
        (None, Some(_)) => return own("?asOf", "map"),
        (None, None) => {}
    }
    if asked.basis == TotalBasis::Comparable {
        return own("?basis", "organisations");
    }
    let then = store::kpis_as_then(conn, release.id)?.remove(&asked.kpi.id);
    let Some(kpi) = then else {
        let detail = format!("The release holds nothing of {}.", asked.kpi.code);
        return Err(Error::invalid("?release", "not-released", detail));
    };
    let asked = Asked { arithmetic: arithmetic(&kpi), kpi, ..asked.clone() };
    if asked.is_place { of_place(conn, context, &asked, &release) } else { of_series(conn, context, &asked, &release) }
}

/// What is found of a release.
struct Found {
    map: Option<Map>,
    periods: BTreeMap<Period, PeriodTotal>,
    apportioned: BTreeSet<NaiveDate>,
    illustrative: bool,
    organisations: usize,
    is_whole: bool,
}

fn totalled(asked: &Asked, release: &ReleaseRow, found: Found) -> Totalled {
    let Found { map, periods, apportioned, illustrative, organisations, is_whole } = found;
    let survey = Survey { apportioned, ..Survey::default() };
    let mut notes = notes::of(asked, &periods, &survey, illustrative, None, &[]);
    let (status, on) = (release.status.as_str(), release.published_on);
    let detail =
        format!("Released: these figures are as they were published on {on}, {status}; later changes are not in them.");
    notes.push(Note { code: "released", detail });
    Totalled {
        map,
        periods,
        apportioned: survey.apportioned,
        provisional: BTreeSet::new(),
        states: BTreeMap::new(),
        organisations,
        left_out: None,
        illustrative,
        is_whole,
        updated_at: Some(release.updated_at),
        notes,
        position: release.position,
        to_keep: None,
    }
}

fn key(asked: &Asked) -> TotalKey<'_> {
    TotalKey {
        kpi: asked.kpi.id,
        place: asked.organisation.id,
        innovation: asked.innovation,
        breakdown: asked.breakdown.as_deref().unwrap_or_default(),
    }
}

/// How much of a place's figures the caller sees: what was published, at least.
fn is_whole(conn: &mut Conn, context: &Context, asked: &Asked) -> Result<bool> {
    let visibility = Sights::of(conn, context, asked.organisation.id)?.visibility(&asked.kpi, asked.innovation);
    Ok(visibility == Visibility::Full || !asked.kpi.disclosure_control)
}

fn of_place(conn: &mut Conn, context: &Context, asked: &Asked, release: &ReleaseRow) -> Result<Totalled> {
    let places = store::places(conn, &[release.id])?;
    let Some(place) = places.iter().find(|place| place.place_id == asked.organisation.id) else {
        let detail = "The release holds no figures of this place; GET /v1/releases/{id} names its places.";
        return Err(Error::invalid("?place", "not-released", detail));
    };
    let rows = frozen::figures_of(conn, release.id, key(asked))?;
    let is_whole = is_whole(conn, context, asked)?;
    let inside = |row: &&FigureRow| asked.window.holds(asked.period(row.period_start));
    let rows: Vec<&FigureRow> = rows.iter().filter(inside).collect();
    let figure = |row: &&FigureRow| (asked.period(row.period_start), row.shown(is_whole).total());
    let found = Found {
        map: Some(Map { geography: place.geography, as_of: release.published_on }),
        periods: rows.iter().map(figure).collect(),
        apportioned: rows.iter().filter(|row| row.apportioned).map(|row| row.period_start).collect(),
        illustrative: rows.iter().any(|row| row.illustrative),
        organisations: rows.first().map_or(0, |row| usize::try_from(row.organisations).unwrap_or_default()),
        is_whole,
    };
    Ok(totalled(asked, release, found))
}

fn of_series(conn: &mut Conn, context: &Context, asked: &Asked, release: &ReleaseRow) -> Result<Totalled> {
    let (kpi, organisation, by) = (&asked.kpi, asked.organisation.id, asked.arithmetic);
    let visibility = Sights::of(conn, context, organisation)?.visibility(kpi, asked.innovation);
    if visibility == Visibility::Hidden {
        return Err(outside());
    }
    asked.check_additive()?;
    if asked.adds_up() && !visibility.is_whole(kpi) {
        let detail = "What an organisation's members come to is told of a release to those who see them as they are. Name a breakdown.";
        return Err(Error::new(Code::Forbidden).detail(detail));
    }
    let series = (kpi.id, organisation, asked.innovation);
    let rows = frozen::values_of(conn, release.id, series, asked.breakdown.as_deref())?;
    let observations: Vec<Observation> = rows.iter().map(|row| observation(asked, row)).collect();
    let totals = if asked.adds_up() {
        Tallies::of(by, &observations, |_, _| Stand::Expected).totals(by, asked.window)
    } else {
        by.only(&observations)
    };
    let inside = totals.iter().filter(|(period, _)| asked.window.holds(**period));
    let periods = inside.map(|(period, total)| (*period, asked.shown(visibility, *period, total))).collect();
    let illustrative = rows.iter().any(|row| row.illustrative);
    let organisations = usize::from(!rows.is_empty());
    let is_whole = visibility.is_whole(kpi);
    let found = Found { map: None, periods, apportioned: BTreeSet::new(), illustrative, organisations, is_whole };
    Ok(totalled(asked, release, found))
}

fn observation(asked: &Asked, row: &FrozenValueRow) -> Observation {
    let value = ScaledValue { value: row.value, numerator: row.numerator, denominator: row.denominator };
    Observation {
        series: row.series_id,
        organisation: row.organisation_id,
        start: row.period_start,
        value,
        qualifier: row.qualifier,
        basis: row.basis,
        weight: asked.arithmetic.weight(value),
        seen: value,
        is_own: false,
    }
}

/// Where totals of today differ from the last release of each period; none where nothing of them was released, or nothing differs.
///
/// # Errors
/// What the database fails with.
pub fn revised_since(
    conn: &mut Conn,
    context: &Context,
    asked: &Asked,
    query: &TotalQuery,
    totalled: &Totalled,
) -> Result<Option<Vec<RevisedResponse>>> {
    if query.map != (None, None) || asked.basis != TotalBasis::All || asked.provisional {
        return Ok(None);
    }
    let window = (asked.window.from.map(Period::start), asked.window.to.map(Period::start));
    let released = frozen::released(conn, key(asked), window)?;
    if released.is_empty() {
        return Ok(None);
    }
    let is_whole = is_whole(conn, context, asked)?;
    let last: BTreeMap<NaiveDate, (Frozen, ReleaseRow)> =
        released.into_iter().map(|(row, release)| (row.period_start, (row.shown(is_whole), release))).collect();
    let decimals = asked.kpi.decimals_u8();
    let differs = |(start, (figure, release)): (NaiveDate, (Frozen, ReleaseRow))| {
        let period = asked.period(start);
        let (old, new) = (figure.side(), Side::of(totalled.periods.get(&period)));
        (old != new).then(|| RevisedResponse {
            period: period.label(),
            release: release.id,
            status: release.status,
            published_on: release.published_on,
            old: SideResponse::of(old, decimals),
            new: SideResponse::of(new, decimals),
        })
    };
    let revised: Vec<RevisedResponse> = last.into_iter().filter_map(differs).collect();
    Ok(Some(revised).filter(|revised| !revised.is_empty()))
}
