//! The grid of a body, as far as the caller may see it.

use super::rules::{Standing, headline, is_stale, standing, worry};
use super::store::{self, Chosen};
use crate::access::outside;
use crate::calendar::{DayRange, Period, PeriodType};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::kpis::catalogue::history;
use crate::kpis::catalogue::rules::terms::TermsOverTime;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::spc::ops::{SpcQuery, studies};
use crate::kpis::spc::rules::{Assurance, Profile, Variation};
use crate::kpis::spc::study::{Choices, Study};
use crate::kpis::spc::words::Recalculations;
use crate::kpis::totals::asked::{Asked, TotalQuery, Whose};
use crate::kpis::totals::notes::{Note, counted};
use crate::kpis::totals::ops::{Totalled, totals_of_each};
use crate::kpis::totals::rules::{TotalBasis, Window};
use crate::kpis::totals::summaries::store::Key;
use crate::organisations;
use crate::organisations::ops::Map;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::{Id, Timestamp};
use chrono::NaiveDate;
use std::collections::HashMap;

/// What a grid is asked of.
#[derive(Debug, Clone, Default)]
pub struct GridQuery {
    pub series: TotalQuery,
    pub chosen: Chosen,
    pub profile: Option<Profile>,
    pub recalculations: Option<Recalculations>,
    /// The code of a place that every measure is compared with.
    pub against: Option<String>,
}

/// What one measure says.
pub struct Cell {
    pub kpi: KpiRow,
    /// What its definitions asked when.
    terms: TermsOverTime,
    /// None where several series would have to be added up, and cannot be.
    pub study: Option<Study>,
    pub stale: bool,
    pub comparison: Option<Comparison>,
}

/// The same figure of the same period elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    pub period: Period,
    /// None where there is none, where it is kept back, and where too much of it is missing.
    pub value: Option<f64>,
    pub partial: bool,
    pub suppressed: bool,
    pub illustrative: bool,
}

/// What every measure of a body says, by the names of the measures.
pub struct Grid {
    pub organisation: OrganisationRow,
    pub is_place: bool,
    pub innovation: Option<String>,
    pub map: Option<Map>,
    pub as_of: NaiveDate,
    /// The days asked for.
    pub days: DayRange,
    pub basis: TotalBasis,
    pub profile: Profile,
    pub against: Option<OrganisationRow>,
    pub cells: Vec<Cell>,
    pub notes: Vec<Note>,
    pub made_at: Timestamp,
    /// Names the totals that were added up, where they are so much that they should be kept.
    pub to_keep: Vec<Key>,
}

impl Cell {
    pub fn variation(&self) -> Variation {
        self.study.as_ref().map_or(Variation::NotApplicable, |study| study.analysis.variation)
    }

    pub fn assurance(&self) -> Assurance {
        self.study.as_ref().map_or(Assurance::NotApplicable, |study| study.analysis.assurance)
    }

    pub fn standing(&self) -> Standing {
        standing(self.variation(), self.assurance())
    }

    /// The latest period that something was reported of.
    pub fn latest(&self) -> Option<Period> {
        self.study.as_ref().and_then(|study| study.layout.periods.last().copied())
    }

    /// Whether something of the latest period awaits approval.
    pub fn is_provisional(&self) -> bool {
        let last = self.study.as_ref().and_then(|study| study.layout.points.last());
        last.is_some_and(|point| point.provisional)
    }

    pub fn is_illustrative(&self) -> bool {
        self.study.as_ref().and_then(|study| study.subject.illustrative).unwrap_or_default()
    }
}

impl Grid {
    pub fn is_illustrative(&self) -> bool {
        let compared = |cell: &Cell| cell.comparison.is_some_and(|comparison| comparison.illustrative);
        self.cells.iter().any(|cell| cell.is_illustrative() || compared(cell))
    }

    pub fn headline(&self) -> String {
        let measures: Vec<(Standing, bool)> =
            self.cells.iter().map(|cell| (cell.standing(), cell.study.is_none() || cell.latest().is_some())).collect();
        headline(&measures)
    }

    /// The cells that stand in one place of the grid, or beneath it.
    pub fn at(&self, place: Standing) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.standing() == place)
    }

    /// The cells that worry, the worst first.
    pub fn worst(&self) -> Vec<&Cell> {
        let worry = |cell: &Cell| worry(cell.variation(), cell.assurance());
        let mut cells: Vec<&Cell> = self.cells.iter().filter(|cell| worry(cell).is_some()).collect();
        cells.sort_by_key(|cell| worry(cell));
        cells
    }
}

/// The most measures that one grid holds.
const MOST: usize = 1_000;

/// What every measure of an organisation or a place says, each as its own analysis would.
///
/// # Errors
/// `unknown-reference`, `validation-failed`; `forbidden` where none of it may be told.
pub fn get_kpi_grid(conn: &mut Conn, context: &Context, query: &GridQuery) -> Result<Grid> {
    let whose = Whose::read(conn, &query.series)?;
    let kpis = store::kpis(conn, &whose, &query.chosen, MOST as i64 + 1)?;
    if kpis.len() > MOST {
        let detail = format!("There are more than {MOST} KPIs here; narrow them with kpi, set or programme.");
        return Err(Error::invalid("?kpi", "too-many", detail));
    }
    let kind = if let [only] = kpis.as_slice() { only.period_type } else { PeriodType::Day };
    let days = DayRange::read(kind, query.series.from.as_deref(), query.series.to.as_deref(), "?")?;
    let basis = query.series.basis.unwrap_or(TotalBasis::All);
    let mut terms = history::terms(conn, kpis.iter())?;
    let mut asked = |kpi: KpiRow| {
        let (from, to) = days.periods(kpi.period_type);
        let terms = terms.remove(&kpi.id).unwrap_or_default();
        Asked { provisional: query.series.provisional, ..Asked::of((kpi, terms), &whose, Window { from, to }, basis) }
    };
    let asked: Vec<Asked> = kpis.into_iter().map(&mut asked).collect();
    let choices = Choices { profile: query.profile, ..Choices::default() };
    let recalculations = query.recalculations;
    let spc = SpcQuery { series: query.series.clone(), choices, recalculations, ..SpcQuery::default() };
    let studies = studies(conn, context, &asked, &spc)?;
    let today = whose.organisation.valid_to.map_or(context.today(), |to| to.min(context.today()));
    let (mut cells, mut left_out, mut refused, mut to_keep) = (Vec::new(), 0, None, Vec::new());
    for (asked, study) in asked.into_iter().zip(studies) {
        let study = match study {
            Ok((study, key)) => {
                to_keep.extend(key);
                Some(study)
            }
            Err(error) if error.code() == Code::Forbidden => {
                (left_out, refused) = (left_out + 1, Some(error));
                continue;
            }
            Err(_) if !asked.is_told() => None,
            Err(error) => return Err(error),
        };
        let mut cell = Cell { kpi: asked.kpi, terms: asked.terms, study, stale: false, comparison: None };
        cell.stale =
            cell.study.is_some() && is_stale(cell.latest(), cell.kpi.period_type, &cell.terms, asked.window.to, today);
        if query.chosen.names() || cell.study.is_none() || cell.latest().is_some() {
            cells.push(cell);
        }
    }
    if cells.is_empty() && (left_out > 0 || !sees(conn, context, &whose)?) {
        return Err(refused.unwrap_or_else(outside));
    }
    let mut notes = Vec::new();
    if left_out > 0 {
        let detail = format!("Left out: {} outside what you may see here.", counted(left_out, "KPI"));
        notes.push(Note { code: "left-out", detail });
    }
    let against = match &query.against {
        Some(code) => Some(compare(conn, context, (code, whose.innovation), &mut cells, (&mut notes, &mut to_keep))?),
        None => None,
    };
    let map = cells.iter().find_map(|cell| cell.study.as_ref()?.subject.map);
    Ok(Grid {
        organisation: whose.organisation,
        is_place: whose.is_place,
        innovation: query.series.innovation.clone(),
        map,
        as_of: map.map_or(context.today(), |map| map.as_of),
        days,
        basis,
        profile: query.profile.unwrap_or(Profile::Mdc),
        against,
        cells,
        notes,
        made_at: context.now,
        to_keep,
    })
}

/// Whether anything that is told of a body is told to the caller.
fn sees(conn: &mut Conn, context: &Context, whose: &Whose) -> Result<bool> {
    let (organisation, innovation) = (Some(whose.organisation.id), Some(whose.innovation));
    organisations::ops::covers(conn, context, &context.reach(), None, organisation, innovation)
}

/// Puts the figure of another place, of the same period, beside each latest one.
fn compare(
    conn: &mut Conn,
    context: &Context,
    (code, innovation): (&str, Id),
    cells: &mut [Cell],
    (notes, to_keep): (&mut Vec<Note>, &mut Vec<Key>),
) -> Result<OrganisationRow> {
    organisations::ops::referred(conn, "?against", code)?;
    let organisation = organisations::ops::get_organisation(conn, code)?;
    let whose = Whose { organisation, is_place: true, innovation };
    let asked = |cell: &Cell| {
        let period = Some(cell.latest()?);
        Some(Asked::of(
            (cell.kpi.clone(), cell.terms.clone()),
            &whose,
            Window { from: period, to: period },
            TotalBasis::All,
        ))
    };
    let asked: Vec<Asked> = cells.iter().filter_map(asked).filter(Asked::is_told).collect();
    let (mut found, mut left_out): (HashMap<Id, Totalled>, usize) = (HashMap::new(), 0);
    for (asked, totalled) in asked.iter().zip(totals_of_each(conn, context, &asked, (None, None))?) {
        match totalled {
            Ok(mut totalled) => {
                to_keep.extend(totalled.to_keep.take());
                found.insert(asked.kpi.id, totalled);
            }
            Err(error) if error.code() == Code::Forbidden => left_out += 1,
            Err(error) => return Err(error),
        }
    }
    for cell in cells {
        cell.comparison = cell.latest().zip(found.get(&cell.kpi.id)).map(|(period, totalled)| {
            let total = totalled.periods.get(&period);
            let partial = total.is_some_and(|total| total.is_partial());
            Comparison {
                period,
                value: total.and_then(|total| total.figure).filter(|_| !partial),
                partial,
                suppressed: total.is_some_and(|total| total.suppressed),
                illustrative: totalled.illustrative,
            }
        });
    }
    if left_out > 0 {
        let detail = format!("Not compared: {} outside what you may see there.", counted(left_out, "KPI"));
        notes.push(Note { code: "not-compared", detail });
    }
    Ok(whose.organisation)
}
