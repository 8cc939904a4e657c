//! The table that an organisation fills in for a set: a row for each organisation, period and breakdown, and the columns of each
//! KPI, to be sent back as it is.

use super::columns::{FIGURES, KEY, column};
use crate::calendar::Period;
use crate::decimal::format_scaled;
use crate::error::{Code, Error, Result};
use crate::http::csv::Sheet;
use crate::http::workbook::{Cell, Look, Sheets};
use crate::kpis::catalogue::rules::Breakdown;
use crate::kpis::catalogue::store::KpiRow;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// The most rows and cells of a template.
const MOST_ROWS: usize = 10_000;
const MOST_CELLS: usize = 200_000;

/// An organisation that is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub code: String,
    pub name: String,
}

/// What is asked for: of which KPI for which period, and of whom for each period.
pub struct Due {
    pub kpis: Vec<(KpiRow, Period)>,
    pub organisations: Vec<(Asked, BTreeSet<Period>)>,
}

/// A table to fill in.
pub struct Template {
    kpis: Vec<KpiRow>,
    /// The column of each figure, with the place of its KPI.
    figures: Vec<(String, usize)>,
    has_breakdowns: bool,
    rows: Vec<Line>,
}

struct Line {
    asked: Asked,
    period: Period,
    breakdown: String,
    /// The places of the KPIs that take a value in this row.
    kpis: Vec<usize>,
}

/// The periods in which each KPI is due: the one asked for, or the last complete one of its type.
///
/// # Errors
/// `validation-failed` for a period that none of the KPIs has.
pub fn periods(kpis: Vec<KpiRow>, asked: Option<&str>, today: NaiveDate) -> Result<Vec<(KpiRow, Period)>> {
    let Some(text) = asked else {
        let last = |kpi: KpiRow| (Period::containing(kpi.period_type, today).previous(), kpi);
        return Ok(kpis.into_iter().map(last).map(|(period, kpi)| (kpi, period)).collect());
    };
    let mut fault = None;
    let mut read = |kpi: KpiRow| match Period::parse(kpi.period_type, text) {
        Ok(period) => Some((kpi, period)),
        Err(error) => {
            fault = Some(error);
            None
        }
    };
    let found: Vec<_> = kpis.into_iter().filter_map(&mut read).collect();
    match fault.filter(|_| found.is_empty()) {
        Some(error) => Err(Error::invalid("?period", error.code(), error.detail())),
        None => Ok(found),
    }
}

impl Template {
    /// # Errors
    /// `too-many-rows`, with what narrows it.
    pub fn new(due: Due) -> Result<Self> {
        let Due { kpis, mut organisations } = due;
        organisations.sort();
        let breakdowns: Vec<Vec<String>> =
            kpis.iter().map(|(kpi, _)| breakdowns(&kpi.breakdowns())).collect::<Result<_>>()?;
        let in_period = |period: Period| -> Vec<(String, Vec<usize>)> {
            let mut rows: Vec<(String, Vec<usize>)> = Vec::new();
            let there = kpis.iter().zip(&breakdowns).enumerate().filter(|(_, ((_, own), _))| *own == period);
            for (place, breakdown) in there.flat_map(|(place, (_, all))| all.iter().map(move |text| (place, text))) {
                match rows.iter_mut().find(|(text, _)| text == breakdown) {
                    Some((_, places)) => places.push(place),
                    None => rows.push((breakdown.clone(), vec![place])),
                }
            }
            rows
        };
        let all: BTreeSet<Period> = kpis.iter().map(|(_, period)| *period).collect();
        let by_period: Vec<(Period, _)> = all.into_iter().map(|period| (period, in_period(period))).collect();
        let figures: Vec<(String, usize)> =
            kpis.iter().enumerate().flat_map(|(place, (kpi, _))| figures(kpi).map(move |name| (name, place))).collect();
        let size: usize = organisations
            .iter()
            .flat_map(|(_, periods)| by_period.iter().filter(|(period, _)| periods.contains(period)))
            .map(|(_, rows)| rows.len())
            .sum();
        if size > MOST_ROWS || size * (figures.len() + KEY.len()) > MOST_CELLS {
            return Err(too_large(size, figures.len()));
        }
        let mut rows = Vec::with_capacity(size);
        for (asked, periods) in organisations {
            for (period, lines) in by_period.iter().filter(|(period, _)| periods.contains(period)) {
                rows.extend(lines.iter().map(|(breakdown, kpis)| Line {
                    asked: asked.clone(),
                    period: *period,
                    breakdown: breakdown.clone(),
                    kpis: kpis.clone(),
                }));
            }
        }
        let has_breakdowns = rows.iter().any(|row| !row.breakdown.is_empty());
        Ok(Self { kpis: kpis.into_iter().map(|(kpi, _)| kpi).collect(), figures, has_breakdowns, rows })
    }

    /// The columns that say what the values of a row are about.
    fn key(&self) -> impl Iterator<Item = &str> {
        let [organisation, name, _, period, breakdown] = KEY;
        [organisation, name, period].into_iter().chain(self.has_breakdowns.then_some(breakdown))
    }

    fn header(&self) -> impl Iterator<Item = &str> {
        self.key().chain(self.figures.iter().map(|(name, _)| name.as_str()))
    }

    /// # Errors
    /// `internal` when it cannot be written.
    pub fn as_csv(&self) -> Result<Vec<u8>> {
        let mut sheet = Sheet::with_header(self.header())?;
        for row in &self.rows {
            let period = row.period.label();
            let key = [&row.asked.code, &row.asked.name, &period]
                .into_iter()
                .chain(self.has_breakdowns.then_some(&row.breakdown));
            sheet.row(key.map(String::as_str).chain(self.figures.iter().map(|_| "")))?;
        }
        sheet.finish()
    }

    /// A workbook in which the cells to fill in can be typed in and no others, with a sheet that says what goes where.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn as_book(&self, set: &str) -> Result<Vec<u8>> {
        let mut sheets = Sheets::with_header(self.header())?;
        for row in &self.rows {
            let period = row.period.label();
            let key = [&row.asked.code, &row.asked.name, &period]
                .into_iter()
                .chain(self.has_breakdowns.then_some(&row.breakdown));
            let look = |kpi: &usize| if row.kpis.contains(kpi) { Look::Open } else { Look::Closed };
            let figures = self.figures.iter().map(|(_, kpi)| (Cell::Figure(""), look(kpi)));
            sheets.row(key.map(|text| (Cell::Text(text), Look::Plain)).chain(figures))?;
        }
        let names = self.key().count();
        for (place, name) in self.key().enumerate() {
            sheets.width(place as u16, if name == KEY[1] { 44 } else { 14 })?;
        }
        for (place, (name, kpi)) in self.figures.iter().enumerate() {
            let column = (names + place) as u16;
            sheets.width(column, name.len())?;
            if let Some(kpi) = self.kpis.get(*kpi) {
                let (bounds, expected) = bounds(kpi, name);
                sheets.takes_numbers(column, bounds, &expected)?;
            }
        }
        sheets.protect()?;
        sheets.explain("Instructions", &self.instructions(set))?;
        sheets.finish()
    }

    fn instructions(&self, set: &str) -> Vec<Vec<String>> {
        let line = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut rows = vec![
            line(&["How to fill in the sheet Return"]),
            line(&[
                "1",
                "Fill in the white cells with a border. Grey cells expect nothing. A cell that stays empty changes nothing.",
            ]),
            line(&[
                "2",
                "Write numbers in digits and a point, without units. Both parts 0 means that there was nothing to divide.",
            ]),
            line(&[
                "3",
                "(none) in a column that ends in .comment, .qualifier or .basis takes away what was sent before.",
            ]),
            line(&[
                "4",
                &format!(
                    "Save the workbook and send it: POST /v1/kpi-submissions?set={set}, with dryRun=true first, or on the page /returns."
                ),
            ]),
            line(&["5", "The sheet is protected against slips, without a password: Review > Unprotect Sheet."]),
            Vec::new(),
            line(&["Column", "What it is", "Unit", "Expected"]),
        ];
        for (name, place) in &self.figures {
            let Some(kpi) = self.kpis.get(*place) else { continue };
            // The unit is that of the value; its parts are counts.
            let (part, unit) = match name.rsplit_once('.') {
                Some((_, part)) => (format!(" ({part})"), String::new()),
                None => (String::new(), kpi.unit.clone()),
            };
            let meaning = format!("{}{part}. {}", kpi.name, kpi.definition);
            rows.push(vec![name.clone(), meaning, unit, bounds(kpi, name).1]);
        }
        rows
    }
}

/// The columns in which a KPI is sent.
fn figures(kpi: &KpiRow) -> impl Iterator<Item = String> + use<> {
    let [value, numerator, denominator, ..] = FIGURES;
    let figures = if kpi.takes_fraction() {
        vec![numerator, denominator]
    } else if kpi.takes_weight() {
        vec![value, denominator]
    } else {
        vec![value]
    };
    let code = kpi.code.clone();
    figures.into_iter().map(move |figure| column(&code, figure))
}

/// The breakdowns of a KPI as rows write them: a member of each dimension, in every combination.
fn breakdowns(dimensions: &[Breakdown]) -> Result<Vec<String>> {
    if let [one] = dimensions {
        return Ok(one.members.clone());
    }
    let mut all = vec![String::new()];
    for Breakdown { dimension, members, .. } in dimensions {
        if all.len() * members.len() > MOST_ROWS {
            return Err(too_large(all.len() * members.len(), 1));
        }
        let with = |before: &String| {
            let before = if before.is_empty() { String::new() } else { format!("{before};") };
            members.iter().map(|member| format!("{before}{dimension}={member}")).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    Ok(all)
}

/// The least and the greatest number of a column, and what is said to somebody who types another.
fn bounds(kpi: &KpiRow, column: &str) -> ((f64, f64), String) {
    const ANY: f64 = 1e15;
    let decimals = kpi.decimals_u8();
    let scaled = |bound: i64| format_scaled(bound, decimals);
    let number = |bound: i64| scaled(bound).parse::<f64>().ok();
    let digits = match decimals {
        0 => "a whole number".to_owned(),
        1 => "a number with at most 1 decimal".to_owned(),
        _ => format!("a number with at most {decimals} decimals"),
    };
    if column.contains('.') {
        return ((0.0, ANY), format!("{digits}, 0 or more"));
    }
    let (min, max) = (kpi.min_value.and_then(number), kpi.max_value.and_then(number));
    let expected = match (kpi.min_value, kpi.max_value) {
        (Some(min), Some(max)) => format!("{digits} from {} to {}", scaled(min), scaled(max)),
        (Some(min), None) => format!("{digits}, {} or more", scaled(min)),
        (None, Some(max)) => format!("{digits}, at most {}", scaled(max)),
        (None, None) => digits,
    };
    ((min.unwrap_or(-ANY), max.unwrap_or(ANY)), expected)
}

fn too_large(rows: usize, figures: usize) -> Error {
    let detail = format!(
        "The template would have {rows} rows with {figures} columns for values; at most {MOST_ROWS} rows and {MOST_CELLS} cells \
         are answered. Narrow it by ?organisation= or ?period=."
    );
    Error::new(Code::TooManyRows).detail(detail)
}
