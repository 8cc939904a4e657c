//! What changed since a release: its figures beside those of today or of another release, and the values that are others now.

use super::answer::{member, unsuppressed};
use super::changed::{self, ChangedValue, ReleaseChange};
use super::figures::Side;
use super::frozen::{self, FigureRow, ListReleaseFigures};
use super::ops::{known, referred};
use super::revised::SideResponse;
use super::store::{self, ReleaseRow};
use crate::access::outside;
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::{CodeParam, Context};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::names::Names;
use crate::kpis::totals::asked::{Asked, PeriodTotal, TotalQuery, Whose};
use crate::kpis::totals::ops::totals;
use crate::kpis::totals::rules::{TotalBasis, Window};
use crate::kpis::values::rules::{ScaledValue, disclose};
use crate::organisations;
use crate::organisations::ops::Covered;
use crate::organisations::store::OrganisationRow;
use crate::params;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

params! {
    /// What a release is held against.
    pub struct GetReleaseDifferences {
        /// The id of another release of the same set. Default: today's figures.
        against: Id = "against",
        /// The code of a KPI: its figures alone.
        kpi: CodeParam = "kpi",
        /// The code of one of the places: its figures alone.
        place: CodeParam = "place",
    }
}

/// A figure that differs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseFigureDifference)]
pub struct FigureDifference {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "QKK", max_length = 60)]
    place: String,
    #[schema(max_length = 100)]
    innovation: Option<String>,
    #[schema(max_length = 2000)]
    breakdown: Option<String>,
    #[schema(example = "2024-04", max_length = 20)]
    period: String,
    /// As it was released.
    old: SideResponse,
    /// As it is now, or in the other release.
    new: SideResponse,
}

/// A value that differs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseValueDifference)]
pub struct ValueDifference {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[schema(max_length = 100)]
    innovation: Option<String>,
    #[schema(max_length = 2000)]
    breakdown: Option<String>,
    #[schema(example = "2024-04", max_length = 20)]
    period: String,
    change: ReleaseChange,
    old: SideResponse,
    new: SideResponse,
}

/// A definition that has changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseDefinitionDifference)]
pub struct DefinitionDifference {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    /// The version of its definition in the release, and now or in the other.
    #[schema(minimum = 1)]
    old: i32,
    #[schema(minimum = 1)]
    new: i32,
}

/// What differs from a release.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDifferencesResponse {
    release: Id,
    /// The id of the other release; null for today.
    against: Option<Id>,
    /// Figures of its places that differ, as you may see them.
    #[schema(max_items = 50000)]
    figures: Vec<FigureDifference>,
    /// Values that were added, amended or withdrawn since, of organisations whose values you may see. Where figures differ and no
    /// value does, the organisations below the place changed, or a definition.
    #[schema(max_items = 1000)]
    values: Vec<ValueDifference>,
    /// Whether there are more values than these.
    more_values: bool,
    #[schema(max_items = 500)]
    definitions: Vec<DefinitionDifference>,
}

/// Names a figure of any release.
type Key = (Id, Id, Id, String, NaiveDate);

fn key(row: &FigureRow) -> Key {
    (row.kpi_id, row.place_id, row.innovation_id, row.breakdown.clone(), row.period_start)
}

/// The most totals that are added up anew for one answer.
const MOST_TOTALS: usize = 500;

/// What differs from a release.
///
/// # Errors
/// `not-found`; `unknown-reference` for what is named; `forbidden` for a caller who may see none of its places; `validation-failed`
/// for a release of another set, and where too many totals of today would have to be added up.
pub fn get_release_differences(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    asked: &GetReleaseDifferences,
) -> Result<ReleaseDifferencesResponse> {
    let release = known(conn, id)?;
    let other = asked.against.map(|id| referred(conn, "?against", id)).transpose()?;
    if other.as_ref().is_some_and(|other| other.set_id != release.set_id) {
        return Err(Error::invalid("?against", "not-applicable", "This is a release of another set."));
    }
    let narrowed = ListReleaseFigures {
        kpi: asked.kpi.as_ref().map(|code| CodeParam(code.0.clone())),
        place: asked.place.as_ref().map(|code| CodeParam(code.0.clone())),
        ..ListReleaseFigures::default()
    };
    let old: Vec<FigureRow> = frozen::figures(conn, release.id, &narrowed)?.load(conn)?;
    let kpis = store::kpis_as_then(conn, release.id)?;
    let places: BTreeSet<Id> = old.iter().map(|row| row.place_id).collect();
    let seen = Covered::of(conn, context, context.reach(), &places.iter().copied().collect::<Vec<_>>())?;
    let is_seen = |row: &FigureRow| {
        let programme = kpis.get(&row.kpi_id).and_then(|kpi| kpi.programme.as_deref());
        seen.covers(programme, Some(row.place_id), Some(row.innovation_id))
    };
    let visible: Vec<&FigureRow> = old.iter().filter(|row| is_seen(row)).collect();
    if visible.is_empty() && !old.is_empty() {
        return Err(outside());
    }
    let whole = unsuppressed(conn, context, places.into_iter())?;
    let is_whole = |row: &FigureRow| {
        let kpi = kpis.get(&row.kpi_id);
        kpi.is_some_and(|kpi| whole.visibility(kpi, row.place_id, row.innovation_id).is_whole(kpi))
    };
    let sides = |rows: &[&FigureRow]| {
        rows.iter().map(|row| (key(row), row.shown(is_whole(row)).side())).collect::<BTreeMap<Key, Side>>()
    };
    let before = sides(&visible);
    let after = match &other {
        Some(other) => {
            let rows: Vec<FigureRow> = frozen::figures(conn, other.id, &narrowed)?.load(conn)?;
            sides(&rows.iter().filter(|row| is_seen(row)).collect::<Vec<_>>())
        }
        None => today(conn, context, &kpis, &visible)?,
    };
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    let named: Vec<(Id, Id, Id)> =
        keys.iter().map(|(kpi, place, innovation, ..)| (*kpi, *place, *innovation)).collect();
    let names = Names::of(conn, &named)?;
    let side = |sides: &BTreeMap<Key, Side>, key: &Key| sides.get(key).copied().unwrap_or_default();
    let figures = keys.into_iter().filter_map(|key| {
        let (old, new) = (side(&before, key), side(&after, key));
        if old == new { None } else { difference(&kpis, &names, key, (old, new)) }
    });
    let figures = figures.collect();
    let (values, more_values) = values(conn, context, &release, (other.as_ref(), asked.kpi.as_ref()), &kpis)?;
    let definitions = definitions(conn, &release, other.as_ref())?;
    let against = other.map(|other| other.id);
    Ok(ReleaseDifferencesResponse { release: release.id, against, figures, values, more_values, definitions })
}

fn difference(
    kpis: &HashMap<Id, KpiRow>,
    names: &Names,
    (kpi, place, innovation, breakdown, start): &Key,
    (old, new): (Side, Side),
) -> Option<FigureDifference> {
    let kpi = kpis.get(kpi)?;
    Some(FigureDifference {
        kpi: kpi.code.clone(),
        place: names.organisation(*place).0,
        innovation: names.innovation(*innovation).map(|(slug, _)| slug),
        breakdown: member(breakdown),
        period: Period::containing(kpi.period_type, *start).label(),
        old: SideResponse::of(old, kpi.decimals_u8()),
        new: SideResponse::of(new, kpi.decimals_u8()),
    })
}

/// The same figures as they are today.
fn today(
    conn: &mut Conn,
    context: &Context,
    kpis: &HashMap<Id, KpiRow>,
    figures: &[&FigureRow],
) -> Result<BTreeMap<Key, Side>> {
    let mut starts: BTreeMap<(Id, Id, Id, String), BTreeSet<NaiveDate>> = BTreeMap::new();
    for row in figures {
        let (kpi, place, innovation, breakdown, start) = key(row);
        starts.entry((kpi, place, innovation, breakdown)).or_default().insert(start);
    }
    if starts.len() > MOST_TOTALS {
        let detail = format!(
            "This would add up {} totals. Name a kpi or a place, so that they are at most {MOST_TOTALS}.",
            starts.len()
        );
        return Err(Error::invalid("?place", "too-many", detail));
    }
    let present = catalogue::store::find_by_ids(conn, &kpis.keys().copied().collect::<Vec<_>>())?;
    let terms = catalogue::history::terms(conn, present.values())?;
    let ids: BTreeSet<Id> = starts.keys().map(|(_, place, ..)| *place).collect();
    let places: HashMap<Id, OrganisationRow> =
        organisations::store::by_ids(conn, &ids)?.into_iter().map(|place| (place.id, place)).collect();
    let mut sides = BTreeMap::new();
    for ((kpi, place, innovation, breakdown), days) in starts {
        let (Some(kpi), Some(organisation)) = (present.get(&kpi), places.get(&place)) else { continue };
        let end = |day: Option<&NaiveDate>| day.map(|day| Period::containing(kpi.period_type, *day));
        let window = Window { from: end(days.first()), to: end(days.last()) };
        let whose = Whose { organisation: organisation.clone(), is_place: true, innovation };
        let defined = (kpi.clone(), terms.get(&kpi.id).cloned().unwrap_or_default());
        let asked = Asked { breakdown: member(&breakdown), ..Asked::of(defined, &whose, window, TotalBasis::All) };
        let periods: BTreeMap<Period, PeriodTotal> = match totals(conn, context, &asked, &TotalQuery::default()) {
            Ok(totalled) => totalled.periods,
            // It is no longer added up.
            Err(error) if error.code() == Code::ValidationFailed => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        for (period, total) in periods.iter().filter(|(period, _)| window.holds(**period)) {
            sides.insert((kpi.id, place, innovation, breakdown.clone(), period.start()), Side::of(Some(total)));
        }
    }
    Ok(sides)
}

/// The values that differ, of organisations within reach, and whether there are more.
fn values(
    conn: &mut Conn,
    context: &Context,
    release: &ReleaseRow,
    (other, kpi): (Option<&ReleaseRow>, Option<&CodeParam>),
    kpis: &HashMap<Id, KpiRow>,
) -> Result<(Vec<ValueDifference>, bool)> {
    let only = kpi.map(|code| catalogue::store::referred(conn, "?kpi", &code.0)).transpose()?.map(|kpi| kpi.id);
    let mut those: Vec<KpiRow> = kpis.values().filter(|kpi| only.is_none_or(|id| id == kpi.id)).cloned().collect();
    those.sort_by(|one, other| one.code.cmp(&other.code));
    let (rows, more) = changed::values(conn, context, release, other, &those)?;
    let organisations: Vec<Id> = rows.iter().map(|row| row.organisation_id).collect();
    let seen = Covered::of(conn, context, context.reach(), &organisations)?;
    let whole = unsuppressed(conn, context, organisations.into_iter())?;
    let named: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &named)?;
    let value = |row: ChangedValue| {
        let kpi = kpis.get(&row.kpi_id)?;
        let (organisation, innovation) = (row.organisation_id, row.innovation_id);
        if !seen.covers(kpi.programme.as_deref(), Some(organisation), Some(innovation)) {
            return None;
        }
        let visibility = whole.visibility(kpi, organisation, innovation);
        let side = |value: Option<ScaledValue>| {
            let shown = value.and_then(|value| disclose(kpi, visibility, value));
            let side = Side {
                value: shown.filter(|shown| !shown.is_not_applicable()).map(|shown| shown.value),
                numerator: shown.and_then(|shown| shown.numerator),
                denominator: shown.and_then(|shown| shown.denominator),
                suppressed: value.is_some() && shown.is_none(),
            };
            SideResponse::of(side, kpi.decimals_u8())
        };
        Some(ValueDifference {
            kpi: kpi.code.clone(),
            organisation: names.organisation(organisation).0,
            innovation: names.innovation(innovation).map(|(slug, _)| slug),
            breakdown: member(&row.breakdown),
            period: Period::containing(kpi.period_type, row.period_start).label(),
            change: row.change(),
            old: side(row.old),
            new: side(row.new),
        })
    };
    Ok((rows.into_iter().filter_map(value).collect(), more))
}

/// The KPIs whose definitions differ.
fn definitions(conn: &mut Conn, release: &ReleaseRow, other: Option<&ReleaseRow>) -> Result<Vec<DefinitionDifference>> {
    let old = store::kpis(conn, &[release.id])?;
    let known = catalogue::store::find_by_ids(conn, &old.iter().map(|row| row.kpi_id).collect::<Vec<_>>())?;
    let new: HashMap<Id, i32> = match other {
        Some(other) => store::kpis(conn, &[other.id])?.into_iter().map(|row| (row.kpi_id, row.kpi_version)).collect(),
        None => known.iter().map(|(id, kpi)| (*id, kpi.definition_version)).collect(),
    };
    let differs = |row: &store::ReleasedKpiRow| {
        let (kpi, new) = (known.get(&row.kpi_id)?, *new.get(&row.kpi_id)?);
        (new != row.kpi_version).then(|| DefinitionDifference { kpi: kpi.code.clone(), old: row.kpi_version, new })
    };
    let mut differences: Vec<DefinitionDifference> = old.iter().filter_map(differs).collect();
    differences.sort_by(|one, other| one.kpi.cmp(&other.kpi));
    Ok(differences)
}
