//! Freezing: what a release keeps of a moment. Values are copied by the database; figures are those that somebody who sees
//! everything is told at that moment, and those that a reader is, so that neither changes afterwards.

use super::figures::Frozen;
use super::frozen::{self, FigureRow, Inside};
use crate::access::{Actor, Grant, Operation, Role, Scope as Reaching};
use crate::calendar::Period;
use crate::db::json::Json;
use crate::db::{Conn, wanted};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::catalogue::history;
use crate::kpis::catalogue::rules::terms::TermsOverTime;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::totals::asked::{Asked, Whose};
use crate::kpis::totals::ops::totals_of_each;
use crate::kpis::totals::rules::{TotalBasis, Window};
use crate::kpis::totals::store::{Area, divided};
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::organisations::store::{OrganisationRow, ever_below};
use crate::vocabulary::Id;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most values and figures that one release freezes.
const MOST_VALUES: i64 = 500_000;
const MOST_FIGURES: usize = 50_000;

/// What is released.
pub struct Scope {
    pub release: Id,
    pub kpis: Vec<KpiRow>,
    /// Each on the map that its figures are counted on.
    pub places: Vec<(OrganisationRow, Map)>,
    pub from: Period,
    pub period: Period,
}

/// A KPI, and what its definitions asked when.
type Defined = (KpiRow, TermsOverTime);

/// How much was frozen.
pub struct Measured {
    pub figures: usize,
    pub values: i64,
    pub illustrative: bool,
    /// The KPIs of which values were frozen.
    pub kpis: BTreeSet<Id>,
}

fn too_large(what: &str) -> Error {
    let detail = format!("This would freeze more than {what}. Release fewer places, or begin at a later period.");
    Error::invalid("/places", "too-large", detail)
}

/// Freezes everything, in the caller's transaction.
///
/// # Errors
/// `validation-failed` where nothing was reported, and where it is too much; `overloaded` where nobody waits for it any more.
pub fn freeze(conn: &mut Conn, context: &Context, scope: &Scope) -> Result<Measured> {
    let values = freeze_values(conn, context, scope)?;
    let (reported, invented) = frozen::looks(conn, scope.release, scope.period.start())?;
    if !reported {
        let detail = format!("Nothing was reported there for {}.", scope.period.label());
        return Err(Error::invalid("/period", "nothing-reported", detail));
    }
    let mut totals: BTreeSet<(Id, Id, String)> = BTreeSet::new();
    for (kpi, innovation, breakdown) in frozen::kinds(conn, scope.release)? {
        totals.insert((innovation, kpi, String::new()));
        totals.insert((innovation, kpi, breakdown));
    }
    let kpis = totals.iter().map(|(_, kpi, _)| *kpi).collect();
    let periods = scope.from.through(scope.period).take(MOST_FIGURES + 1).count();
    if totals.len() * scope.places.len() * periods > MOST_FIGURES {
        return Err(too_large("50,000 figures"));
    }
    let terms = history::terms(conn, scope.kpis.iter())?;
    let mut groups: BTreeMap<(Id, String), Vec<Defined>> = BTreeMap::new();
    for (innovation, kpi, breakdown) in totals {
        let terms = terms.get(&kpi).cloned().unwrap_or_default();
        let kpi = scope.kpis.iter().find(|one| one.id == kpi).map(|kpi| (kpi.clone(), terms));
        groups.entry((innovation, breakdown)).or_default().extend(kpi);
    }
    let (mut number, mut illustrative) = (0, invented);
    for (place, _) in &scope.places {
        for ((innovation, breakdown), kpis) in &groups {
            wanted()?;
            let whose = Whose { organisation: place.clone(), is_place: true, innovation: *innovation };
            let rows = figures(conn, context, scope, (&whose, breakdown), (kpis, number))?;
            number += i32::try_from(rows.len()).unwrap_or_default();
            illustrative |= rows.iter().any(|row| row.illustrative);
            frozen::insert_figures(conn, &rows)?;
        }
    }
    Ok(Measured { figures: usize::try_from(number).unwrap_or_default(), values, illustrative, kpis })
}

/// Copies the values of whoever counts at the places, and of divided organisations of which a part does.
fn freeze_values(conn: &mut Conn, context: &Context, scope: &Scope) -> Result<i64> {
    let mut inside = Inside { places: Vec::new(), on: context.today(), others: Vec::new() };
    for (place, map) in &scope.places {
        match map.geography {
            Geography::Current => {
                inside.places.push(place.id);
                inside.others.extend(divided(conn, Area::Place { id: place.id, map: *map })?);
            }
            Geography::AtTime => inside.others.extend(ever_below(place.id).load::<Id>(conn)?),
        }
    }
    inside.others.sort_unstable();
    inside.others.dedup();
    let (days, mut values) = ((scope.from.start(), scope.period.start()), 0);
    for kpi in &scope.kpis {
        let most = MOST_VALUES + 1 - values;
        values += frozen::freeze_values(conn, scope.release, kpi, days, (&inside, most))?;
        if values > MOST_VALUES {
            return Err(too_large("500,000 values"));
        }
    }
    Ok(values)
}

/// What somebody with a role everywhere is told, whoever publishes.
fn as_seen_by(role: Role, context: &Context) -> Context {
    let grant = Grant { role, scope: Reaching::National, from: context.now, to: context.now };
    let nobody = Actor { subject: String::new(), grants: vec![grant], expires_at: None, body: None, end_user: None };
    Context { actor: Arc::new(nobody), operation: Operation::get_kpi_totals, ..context.clone() }
}

/// The figures of some KPIs at a place, of a breakdown or, empty, over all members, numbered after those before: each as it is, and
/// as it is told to readers.
fn figures(
    conn: &mut Conn,
    context: &Context,
    scope: &Scope,
    (whose, breakdown): (&Whose, &str),
    (kpis, after): (&[Defined], i32),
) -> Result<Vec<FigureRow>> {
    let window = Window { from: Some(scope.from), to: Some(scope.period) };
    let asked = |kpi: &Defined| Asked {
        breakdown: Some(breakdown.to_owned()).filter(|text| !text.is_empty()),
        anew: true,
        ..Asked::of(kpi.clone(), whose, window, TotalBasis::All)
    };
    let asked: Vec<Asked> = kpis.iter().map(asked).filter(Asked::is_told).collect();
    let protected: Vec<Asked> = asked.iter().filter(|one| one.kpi.disclosure_control).cloned().collect();
    let exact = totals_of_each(conn, &as_seen_by(Role::NationalAdmin, context), &asked, (None, None))?;
    let told = totals_of_each(conn, &as_seen_by(Role::Reader, context), &protected, (None, None))?;
    let mut told = told.into_iter();
    let mut rows = Vec::new();
    for (one, exact) in asked.iter().zip(exact) {
        let exact = exact?;
        let published = if one.kpi.disclosure_control {
            told.next().ok_or_else(|| Error::internal("a total was lost"))??.periods
        } else {
            exact.periods.clone()
        };
        let inside = exact.periods.iter().filter(|(period, _)| window.holds(**period));
        for (period, figure) in inside {
            let both = (Frozen::of(figure), published.get(period).and_then(Frozen::of));
            let (Some(figure), Some(published)) = both else { return Err(Error::internal("a figure was lost")) };
            rows.push(FigureRow {
                release_id: scope.release,
                period_start: period.start(),
                number: after + i32::try_from(rows.len() + 1).unwrap_or_default(),
                kpi_id: one.kpi.id,
                place_id: one.organisation.id,
                innovation_id: one.innovation,
                breakdown: breakdown.to_owned(),
                exact: Json::new(figure)?,
                published: Json::new(published)?,
                organisations: i32::try_from(exact.organisations).unwrap_or(i32::MAX),
                apportioned: exact.apportioned.contains(&period.start()),
                illustrative: exact.illustrative,
            });
        }
    }
    Ok(rows)
}
