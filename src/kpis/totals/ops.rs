//! The totals of a KPI, for as far as the caller may see them.

use super::rules::{Arithmetic, Coverage, Observation, Stand, Total, TotalBasis, Window};
use super::store::{self, Area, Found, Observed, counts_on, map_day};
use crate::access::outside;
use crate::calendar::{Period, Span};
use crate::db::Conn;
use crate::decimal::to_f64;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::reporting_exceptions::rules::ExceptionKind;
use crate::kpis::reporting_exceptions::store::{self as exceptions, ExceptionRow};
use crate::kpis::series::{self, SeriesKey};
use crate::kpis::targets::rules::TargetKind;
use crate::kpis::targets::store::{self as targets, TargetRow};
use crate::kpis::values::ops::{UNSUPPRESSED, visibility};
use crate::kpis::values::rules::{ScaledValue, Visibility, disclose};
use crate::organisations;
use crate::organisations::ops::{Map, Sight};
use crate::organisations::rules::Geography;
use crate::organisations::store::OrganisationRow;
use crate::successions::{self, store::ArrivalRow};
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The series of a KPI that are meant, as a query names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TotalQuery {
    /// One of these two: the organisation whose series it is, or the place over which series are added up.
    pub organisation: Option<String>,
    pub place: Option<String>,
    pub innovation: Option<String>,
    /// The total over the members without.
    pub breakdown: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// The map on which the organisations of a place are counted, and its day.
    pub map: (Option<Geography>, Option<NaiveDate>),
    pub basis: Option<TotalBasis>,
}

/// What a query refers to.
pub struct Asked {
    pub kpi: KpiRow,
    /// The organisation whose series it is, or the place over which series are added up.
    pub organisation: OrganisationRow,
    pub is_place: bool,
    pub innovation: Id,
    pub breakdown: Option<String>,
    pub window: Window,
    pub basis: TotalBasis,
    /// How values are added up where several are.
    pub arithmetic: Arithmetic,
}

/// What a period says, as the caller may see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodTotal {
    /// None where there is none, or where it is kept back.
    pub value: Option<ScaledValue>,
    /// The same, not rounded to the KPI's decimals.
    pub figure: Option<f64>,
    /// The figure with what is missing at its last values.
    pub completed: Option<f64>,
    /// Whether it is kept back as a small count.
    pub suppressed: bool,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub coverage: Option<Coverage>,
    unweighted: bool,
}

impl PeriodTotal {
    /// Whether so much is missing that nothing is said of it.
    pub fn is_partial(&self) -> bool {
        self.coverage.is_some_and(|coverage| coverage.partial)
    }
}

/// Something to know before relying on a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub code: &'static str,
    pub detail: String,
}

/// The totals of a query, up to the last period asked for.
pub struct Totalled {
    pub map: Option<Map>,
    pub periods: BTreeMap<Period, PeriodTotal>,
    /// Those in which parts of what divided organisations had count, by shares.
    pub apportioned: BTreeSet<Period>,
    /// How many organisations have values in the periods asked for.
    pub organisations: usize,
    /// How many reported, but not in every period; none where all count.
    pub left_out: Option<usize>,
    pub illustrative: bool,
    pub notes: Vec<Note>,
}

impl Asked {
    /// # Errors
    /// `not-found` for the KPI, `unknown-reference`; `validation-failed` for what cannot be added up.
    pub fn read(conn: &mut Conn, code: &str, query: &TotalQuery) -> Result<Self> {
        let kpi = catalogue::ops::get_kpi(conn, code)?;
        let (named, pointer, is_place) = match (&query.organisation, &query.place) {
            (Some(code), None) => (code, "?organisation", false),
            (None, Some(code)) => (code, "?place", true),
            (None, None) => return Err(Error::invalid("?organisation", "missing", "Name an organisation or a place.")),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("?place", "not-applicable", "Name an organisation or a place, not both."));
            }
        };
        organisations::ops::referred(conn, pointer, named)?;
        let asked = Self {
            organisation: organisations::ops::get_organisation(conn, named)?,
            is_place,
            innovation: series::innovation(conn, "?innovation", query.innovation.as_deref())?,
            breakdown: series::breakdown(&kpi, "?breakdown", query.breakdown.as_deref())?,
            window: Window::read(kpi.period_type, query.from.as_deref(), query.to.as_deref(), "?")?,
            basis: query.basis.unwrap_or(TotalBasis::All),
            arithmetic: Arithmetic {
                aggregation: kpi.aggregation,
                period_type: kpi.period_type,
                is_quotient: kpi.value_type.is_quotient(),
                multiplier: kpi.factor(),
                decimals: kpi.decimals_u8(),
                complete_at: kpi.complete_at(),
            },
            kpi,
        };
        if asked.adds_up() && !asked.arithmetic.adds_up() {
            let pointer = if is_place { "?place" } else { "?breakdown" };
            let (code, aggregation) = (&asked.kpi.code, asked.kpi.aggregation.as_str());
            let detail = format!("Values of {code} cannot be totalled: its aggregation is {aggregation}.");
            return Err(Error::invalid(pointer, "not-additive", detail));
        }
        Ok(asked)
    }

    /// Whether several series may have to become one.
    fn adds_up(&self) -> bool {
        self.is_place || (self.breakdown.is_none() && !self.kpi.breakdowns().is_empty())
    }

    /// The key that the acts on this very series, or on this very total, are filed under.
    pub fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi.id,
            organisation: self.organisation.id,
            innovation: self.innovation,
            breakdown: self.breakdown.clone().unwrap_or_default(),
        }
    }

    pub fn period(&self, day: NaiveDate) -> Period {
        Period::containing(self.kpi.period_type, day)
    }

    pub fn figure(&self, scaled: i64) -> f64 {
        to_f64(scaled, self.kpi.decimals_u8())
    }

    /// The targets that apply: one that every organisation has for itself says nothing of what all add up to.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn targets(&self, conn: &mut Conn) -> Result<Vec<TargetRow>> {
        let own_only = self.is_place && self.kpi.aggregation == Aggregation::Sum;
        let mut targets = targets::targets_for(conn, self.kpi.id, Some(self.organisation.id))?;
        targets.retain(|target| !own_only || target.organisation_id.is_some());
        Ok(targets)
    }

    /// The target or the trajectory of a period.
    pub fn target(&self, targets: &[TargetRow], kind: TargetKind, period: Period) -> Option<f64> {
        let scaled = targets::target_on(targets, kind, Some(self.organisation.id), period.start());
        scaled.map(|scaled| self.figure(scaled))
    }

    fn observation(&self, visibility: Visibility, found: &Found) -> Observation {
        let value = found.value();
        let seen = if visibility.is_whole(&self.kpi) { value } else { self.arithmetic.coarse(value) };
        Observation {
            series: found.series,
            organisation: found.organisation,
            start: found.start,
            value,
            qualifier: found.qualifier,
            basis: found.basis,
            weight: self.arithmetic.weight(seen),
            seen,
        }
    }

    fn shown(&self, visibility: Visibility, total: &Total) -> PeriodTotal {
        let value = total.value.and_then(|value| disclose(&self.kpi, visibility, value));
        let figure = if visibility.is_whole(&self.kpi) {
            total.figure
        } else {
            value.and_then(|value| self.arithmetic.figure(value))
        };
        let partial = total.coverage.is_some_and(|coverage| coverage.partial);
        PeriodTotal {
            value,
            figure,
            completed: total.completed.filter(|_| figure.is_some() && !partial),
            suppressed: total.value.is_some() && value.is_none(),
            qualifier: total.qualifier,
            basis: total.basis,
            coverage: total.coverage,
            unweighted: total.unweighted,
        }
    }
}

/// Where nothing is expected of a series, and where it does not count.
struct Standing {
    map: Option<Map>,
    days: HashMap<Id, Vec<Span>>,
    invented: HashMap<Id, Vec<Span>>,
    closed: HashMap<Id, NaiveDate>,
    breakdowns: HashMap<i64, String>,
    exceptions: HashMap<Id, Vec<ExceptionRow>>,
}

impl Standing {
    fn of(&self, one: &Observation, period: Period) -> Stand {
        let last_day = self.map.map_or(period.end(), |map| map_day(period, map));
        if !self.days.is_empty() && !counts_on(&self.days, one.organisation, last_day) {
            return Stand::Elsewhere;
        }
        let is_closed = self.closed.get(&one.organisation).is_some_and(|closed| *closed <= period.end());
        let breakdown = self.breakdowns.get(&one.series).map(String::as_str).unwrap_or_default();
        // What is done and not collected is still missing.
        let applies = |row: &ExceptionRow| {
            let meant = row.breakdown.is_empty() || row.breakdown == breakdown;
            meant
                && row.kind == ExceptionKind::NotProvidedHere
                && row.from_on <= period.end()
                && period.end() < row.to_on
        };
        let excepted = || self.exceptions.get(&one.organisation).is_some_and(|rows| rows.iter().any(applies));
        if is_closed || excepted() { Stand::Free } else { Stand::Expected }
    }

    /// Whether an observation counts in one of the periods, with its value or as missing since, by edges that are invented.
    fn is_by_invented(&self, one: &Observation, own: Period, periods: &[Period]) -> bool {
        let Some(map) = self.map.filter(|_| self.invented.contains_key(&one.organisation)) else { return false };
        let counts = |period: Period| match self.of(one, period) {
            Stand::Elsewhere => false,
            Stand::Free => own == period,
            Stand::Expected => own <= period,
        };
        let on_map = |period: Period| match map.geography {
            Geography::Current => map.as_of,
            Geography::AtTime => map_day(period, map),
        };
        let invented = |period: Period| counts_on(&self.invented, one.organisation, on_map(period));
        periods.iter().any(|period| counts(*period) && invented(*period))
    }
}

impl Standing {
    /// What a reader should know of what nobody collected for a time.
    fn not_collected(
        &self,
        asked: &Asked,
        observations: &[Observation],
        periods: &BTreeMap<Period, PeriodTotal>,
    ) -> Option<Note> {
        let counted: BTreeSet<Id> = observations.iter().map(|one| one.organisation).collect();
        let rows = counted.iter().filter_map(|organisation| self.exceptions.get(organisation)).flatten();
        let paused: Vec<&ExceptionRow> = rows.filter(|row| row.kind == ExceptionKind::NotCollected).collect();
        let holds = |period: &&Period| {
            let day = period.end();
            asked.window.holds(**period) && paused.iter().any(|row| row.from_on <= day && day < row.to_on)
        };
        let some: Vec<String> = periods.keys().filter(holds).map(|period| period.label()).collect();
        let detail = || format!("Not collected: in {} values of some organisations were not collected.", listed(&some));
        (!some.is_empty()).then(|| Note { code: "not-collected", detail: detail() })
    }
}

/// The totals of a query: for charts and for lists of totals alike.
///
/// # Errors
/// `forbidden`; `validation-failed` for a map or a basis of a single series.
pub fn totals(conn: &mut Conn, context: &Context, asked: &Asked, query: &TotalQuery) -> Result<Totalled> {
    let organisation = asked.organisation.id;
    let visibility = visibility(conn, context, &asked.kpi, organisation, asked.innovation)?;
    if visibility == Visibility::Hidden {
        return Err(outside());
    }
    let map = if asked.is_place {
        let reach = if asked.kpi.disclosure_control { context.actor.reach(UNSUPPRESSED) } else { context.reach() };
        let (programme, innovation) = (asked.kpi.programme.as_deref(), asked.innovation);
        let sight = (visibility == Visibility::Full).then_some(Sight { reach, programme, innovation });
        Some(Map::asked(conn, context, &asked.organisation, query.map, sight)?)
    } else if query.map != (None, None) {
        return Err(Error::invalid("?geography", "not-applicable", "A map is for a place. Name one, or leave it out."));
    } else if asked.basis == TotalBasis::Comparable {
        return Err(Error::invalid("?basis", "not-applicable", "Name a place: its organisations are compared."));
    } else {
        None
    };
    let area = map.map_or(Area::Organisation(organisation), |map| Area::Place { id: organisation, map });
    let observed = store::observations(
        conn,
        &asked.kpi,
        asked.arithmetic,
        area,
        asked.innovation,
        asked.breakdown.as_deref(),
        asked.window,
    )?;
    let Observed { found, days, invented, closed, moved, apportioned, undivided, outside_life } = observed;
    let mut exceptions: HashMap<Id, Vec<ExceptionRow>> = HashMap::new();
    for row in exceptions::standing(conn, asked.kpi.id, asked.innovation)? {
        exceptions.entry(row.organisation_id).or_default().push(row);
    }
    let breakdowns = found.iter().map(|found| (found.series, found.breakdown.clone())).collect();
    let standing = Standing { map, days, invented, closed, breakdowns, exceptions };
    let stand = |one: &Observation, period: Period| standing.of(one, period);

    let mut observations: Vec<Observation> = found.iter().map(|found| asked.observation(visibility, found)).collect();
    let mut left_out = None;
    if asked.basis == TotalBasis::Comparable {
        let (kept, lacking) = asked.arithmetic.comparable(observations, asked.window, stand);
        (observations, left_out) = (kept, Some(lacking));
    }
    let inside = |one: &&Observation| {
        let period = asked.period(one.start);
        asked.window.holds(period) && standing.of(one, period) != Stand::Elsewhere
    };
    let organisations = observations.iter().filter(inside).map(|one| one.organisation).collect::<BTreeSet<Id>>().len();
    let within: BTreeSet<i64> = observations.iter().filter(inside).map(|one| one.series).collect();
    let illustrative = found.iter().any(|found| found.illustrative && within.contains(&found.series));
    let totals = if asked.adds_up() {
        asked.arithmetic.totals(&observations, stand)
    } else {
        asked.arithmetic.only(&observations)
    };
    let periods: BTreeMap<Period, PeriodTotal> =
        totals.iter().map(|(period, total)| (*period, asked.shown(visibility, total))).collect();
    let arrivals = arrivals(conn, organisation, &periods, asked.window)?;
    let asked_for: Vec<Period> = periods.keys().copied().filter(|period| asked.window.holds(*period)).collect();
    let by_invented = |one: &Observation| standing.is_by_invented(one, asked.period(one.start), &asked_for);
    let illustrative =
        illustrative || arrivals.iter().any(|one| one.illustrative) || observations.iter().any(by_invented);
    let mut notes = notes(asked, &periods, illustrative, moved, left_out);
    notes.extend(of_arrivals(&arrivals));
    notes.extend(of_divided(asked, &apportioned, &undivided));
    notes.extend(standing.not_collected(asked, &observations, &periods));
    if outside_life > 0 {
        let who = counted(outside_life, "organisation");
        let detail = format!(
            "Outside life: {who} with values of periods before opening or after closing. They count all the same."
        );
        notes.push(Note { code: "outside-life", detail });
    }
    Ok(Totalled { map, periods, apportioned, organisations, left_out, illustrative, notes })
}

fn notes(
    asked: &Asked,
    periods: &BTreeMap<Period, PeriodTotal>,
    illustrative: bool,
    moved: usize,
    left_out: Option<usize>,
) -> Vec<Note> {
    let inside: Vec<(&Period, &PeriodTotal)> =
        periods.iter().filter(|(period, _)| asked.window.holds(**period)).collect();
    let those = |is: fn(&PeriodTotal) -> bool| {
        let some: Vec<String> =
            inside.iter().filter(|(_, total)| is(total)).map(|(period, _)| period.label()).collect();
        (!some.is_empty()).then_some(some)
    };
    let mut notes = Vec::new();
    let mut note = |code: &'static str, detail: String| notes.push(Note { code, detail });
    if illustrative {
        note(
            "illustrative",
            "Illustrative: some or all of the values are invented, or where their organisations lie.".to_owned(),
        );
    }
    if let Some(some) = those(|total| total.is_partial() && total.figure.is_some()) {
        let least = 100.0 * asked.arithmetic.complete_at;
        note(
            "partial",
            format!(
                "Partial: in {} less than {least}% of what is expected was reported. The total is shown as it is, and counts in no limit, rule or icon.",
                listed(&some)
            ),
        );
    }
    let lacks = |total: &PeriodTotal| {
        let missing = total.coverage.is_some_and(|coverage| coverage.actual < coverage.expected);
        missing && !total.is_partial() && total.figure.is_some()
    };
    if let Some(some) = those(lacks) {
        note(
            "incomplete",
            format!(
                "Incomplete: in {} values of some organisations are missing. Nothing is estimated for them.",
                listed(&some)
            ),
        );
    }
    if let Some(some) = those(|total| total.suppressed) {
        let periods = counted(some.len(), "period");
        note("suppressed", format!("Suppressed: the values of {periods} are left out of the analysis."));
    }
    if let Some(some) = those(|total| total.unweighted) {
        note(
            "mean-without-number",
            format!(
                "Withheld: in {} a mean does not say of how many things it was taken (its denominator), so that several make no mean.",
                listed(&some)
            ),
        );
    }
    if let Some(lacking) = left_out {
        note(
            "comparable",
            format!(
                "Comparable: only organisations that reported in every period count; {} left out.",
                were(lacking, "organisation")
            ),
        );
    }
    if moved > 0 {
        note(
            "boundary-change",
            format!(
                "Boundaries: {} came, went or were succeeded; another map gives other figures.",
                counted(moved, "organisation")
            ),
        );
    }
    notes
}

/// Who became part of an organisation within the periods.
fn arrivals(
    conn: &mut Conn,
    organisation: Id,
    periods: &BTreeMap<Period, PeriodTotal>,
    window: Window,
) -> Result<Vec<ArrivalRow>> {
    let mut arrivals = successions::store::arrivals(conn, organisation)?;
    let mut inside = periods.keys().filter(|period| window.holds(**period));
    let (first, last) = (inside.next().copied(), inside.next_back().copied());
    arrivals.retain(|one| {
        let begun = first.is_some_and(|first| first.start() < one.on);
        begun && last.or(first).is_some_and(|last| one.on <= last.end())
    });
    Ok(arrivals)
}

/// What a reader should know of who became part of the organisation: the chart is the sum of what they were.
fn of_arrivals(arrivals: &[ArrivalRow]) -> Option<Note> {
    let some: Vec<String> = arrivals.iter().map(|one| format!("{} on {}", one.code, one.on)).collect();
    let detail = || {
        let who = listed(&some);
        format!(
            "Succession: {who} became part of this, in whole or in part. If the level changed, propose a recalculation; none is made."
        )
    };
    (!some.is_empty()).then(|| Note { code: "succession", detail: detail() })
}

/// What a reader should know of organisations that were divided.
fn of_divided(asked: &Asked, apportioned: &BTreeSet<Period>, undivided: &BTreeSet<Period>) -> Vec<Note> {
    let note = |code: &'static str, periods: &BTreeSet<Period>, what: &str| {
        let inside = periods.iter().filter(|period| asked.window.holds(**period));
        let some: Vec<String> = inside.map(|period| period.label()).collect();
        (!some.is_empty()).then(|| Note { code, detail: format!("{what} In {}.", listed(&some)) })
    };
    let parts =
        "Apportioned: parts of what divided organisations had themselves count here, by the shares that were recorded.";
    let none = "Not apportioned: what divided organisations had themselves counts only where all of them belongs, since no share is known, or since it is a handful or has no parts.";
    [note("apportioned", apportioned, parts), note("not-apportioned", undivided, none)].into_iter().flatten().collect()
}

/// The most periods that a note names.
const NAMED: usize = 6;

fn listed(periods: &[String]) -> String {
    let some = periods.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match periods.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {}", counted(more, "more period")),
    }
}

fn were(number: usize, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "was" } else { "were" })
}

/// A number and a noun.
pub fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
