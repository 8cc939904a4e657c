//! The analysis of stored series.

use super::layout::{LONGEST, NewStart, Reading, TooLong, Window, lay_out};
use super::store::{self, Area, Observed};
use super::study::{Choices, Measure, Note, Remark, Study, Subject};
use super::totals::{Arithmetic, Observation, Total};
use crate::access::outside;
use crate::calendar::Period;
use crate::db::Conn;
use crate::decimal::to_f64;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::acts::rules::ActKind;
use crate::kpis::acts::store::{self as acts, ActRow};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::{Aggregation, ValueType};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesKey};
use crate::kpis::targets::store::{self as targets, TargetRow};
use crate::kpis::values::ops::visibility;
use crate::kpis::values::rules::{ScaledValue, Visibility, disclose};
use crate::organisations;
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The series of a KPI to analyse, as a query names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpcQuery {
    /// One of these two: the organisation whose series it is, or the place over which series are added up.
    pub organisation: Option<String>,
    pub place: Option<String>,
    pub innovation: Option<String>,
    /// The total over the members without.
    pub breakdown: Option<String>,
    pub choices: Choices,
    pub from: Option<String>,
    pub to: Option<String>,
    /// The map on which the organisations of a place are counted, and its day.
    pub map: (Option<Geography>, Option<NaiveDate>),
}

/// What a query refers to.
struct Asked {
    kpi: KpiRow,
    /// The organisation whose series it is, or the place over which series are added up.
    organisation: OrganisationRow,
    is_place: bool,
    innovation: Id,
    breakdown: Option<String>,
    window: Window,
}

fn asked(conn: &mut Conn, code: &str, query: &SpcQuery) -> Result<Asked> {
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
    Ok(Asked {
        organisation: organisations::ops::get_organisation(conn, named)?,
        is_place,
        innovation: series::innovation(conn, "?innovation", query.innovation.as_deref())?,
        breakdown: series::breakdown(&kpi, "?breakdown", query.breakdown.as_deref())?,
        window: Window::read(kpi.period_type, query.from.as_deref(), query.to.as_deref(), "?")?,
        kpi,
    })
}

impl Asked {
    /// Whether several series may have to become one.
    fn adds_up(&self) -> bool {
        self.is_place || (self.breakdown.is_none() && !self.kpi.breakdowns().is_empty())
    }

    /// How they do.
    fn arithmetic(&self) -> Result<Arithmetic> {
        let kpi = &self.kpi;
        let arithmetic =
            Arithmetic { aggregation: kpi.aggregation, multiplier: kpi.factor(), decimals: kpi.decimals_u8() };
        if self.adds_up() && !arithmetic.adds_up() {
            let pointer = if self.is_place { "?place" } else { "?breakdown" };
            let aggregation = kpi.aggregation.as_str();
            let detail = format!("Values of {} cannot be totalled: its aggregation is {aggregation}.", kpi.code);
            return Err(Error::invalid(pointer, "not-additive", detail));
        }
        Ok(arithmetic)
    }

    /// The key that the acts on this very series, or on this very total, are filed under.
    fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi.id,
            organisation: self.organisation.id,
            innovation: self.innovation,
            breakdown: self.breakdown.clone().unwrap_or_default(),
        }
    }

    fn period(&self, day: NaiveDate) -> Period {
        Period::containing(self.kpi.period_type, day)
    }

    fn figure(&self, scaled: i64) -> f64 {
        to_f64(scaled, self.kpi.decimals_u8())
    }

    /// The measure behind the KPI. Bounds that leave no room between them clip nothing.
    fn measure(&self) -> Measure {
        let kpi = &self.kpi;
        let room = kpi.min_value.zip(kpi.max_value).is_none_or(|(min, max)| min < max);
        let bound = |value: Option<i64>| value.filter(|_| room).map(|value| self.figure(value));
        Measure {
            direction: kpi.improvement_direction,
            conflict_rule: kpi.conflict_rule,
            min: bound(kpi.min_value),
            max: bound(kpi.max_value),
        }
    }

    /// What the caller may see of each period.
    fn readings(&self, visibility: Visibility, total: &Total) -> BTreeMap<Period, Reading> {
        let shown = |value: &ScaledValue| disclose(&self.kpi, visibility, *value).map(|shown| self.figure(shown.value));
        let reading = |value: &ScaledValue| Reading { value: shown(value), ..Reading::default() };
        total.values.iter().map(|(start, value)| (self.period(*start), reading(value))).collect()
    }

    fn new_start(&self, recalculation: &ActRow) -> NewStart {
        NewStart {
            from: self.period(recalculation.period_start),
            baseline_points: recalculation.baseline_points.and_then(|points| usize::try_from(points).ok()),
        }
    }

    fn remark(&self, act: &ActRow) -> Remark {
        Remark { kind: act.kind, period: self.period(act.period_start), reason: act.reason.clone() }
    }

    /// The targets that apply: one that every organisation has for itself says nothing of what all add up to.
    fn targets(&self, conn: &mut Conn) -> Result<Vec<TargetRow>> {
        let own_only = self.is_place && self.kpi.aggregation == Aggregation::Sum;
        let mut targets = targets::targets_for(conn, self.kpi.id, Some(self.organisation.id))?;
        targets.retain(|target| !own_only || target.organisation_id.is_some());
        Ok(targets)
    }

    fn subject(self, query: &SpcQuery, contributors: usize, illustrative: bool, map: Option<Map>) -> Subject {
        let Self { kpi, organisation, is_place, breakdown, .. } = self;
        let names = [&query.innovation, &breakdown].into_iter().flatten().cloned();
        let names = names.chain(is_place.then(|| counted(contributors, "organisation")));
        Subject {
            subtitle: std::iter::once(organisation.name).chain(names).collect::<Vec<_>>().join(", "),
            organisation: (!is_place).then(|| organisation.code.clone()),
            place: is_place.then_some(organisation.code),
            organisations: is_place.then_some(contributors),
            map,
            innovation: query.innovation.clone(),
            breakdown,
            period_type: kpi.period_type,
            decimals: kpi.decimals_u8(),
            is_share: kpi.value_type == ValueType::Ratio,
            illustrative: Some(illustrative),
            direction: kpi.improvement_direction,
            kpi: Some(kpi.code),
            title: Some(kpi.name),
            unit: Some(kpi.unit),
        }
    }
}

/// Analyses a series of a KPI, or the total of several, as far as the caller may see it.
///
/// # Errors
/// `not-found` for the KPI, `unknown-reference`, `forbidden`; `validation-failed` for what cannot be added up, is too
/// long, or is not allowed by the profile.
pub fn get_kpi_spc(conn: &mut Conn, context: &Context, code: &str, query: &SpcQuery) -> Result<Study> {
    let asked = asked(conn, code, query)?;
    let parameters = query.choices.parameters(asked.measure(), "?")?;
    let arithmetic = asked.arithmetic()?;
    let organisation = asked.organisation.id;
    let visibility = visibility(conn, context, &asked.kpi, organisation, asked.innovation)?;
    if visibility == Visibility::Hidden {
        return Err(outside());
    }
    let map = if asked.is_place {
        Some(Map::asked(context, &asked.organisation, query.map, visibility == Visibility::Full)?)
    } else if query.map != (None, None) {
        return Err(Error::invalid("?geography", "not-applicable", "A map is for a place. Name one, or leave it out."));
    } else {
        None
    };
    let area = map.map_or(Area::Organisation(organisation), |map| Area::Place { id: organisation, map });
    let Observed { found, moved } =
        store::observations(conn, &asked.kpi, area, asked.innovation, asked.breakdown.as_deref(), asked.window)?;
    let contributors = found.iter().map(|found| found.organisation).collect::<BTreeSet<Id>>().len();
    let illustrative = found.iter().any(|found| found.illustrative);
    let found: Vec<Observation> = found.into_iter().map(|found| found.observation).collect();
    let total = if asked.adds_up() { arithmetic.total(&found) } else { Total::only(&found) };

    let mut readings = asked.readings(visibility, &total);
    let hidden = readings.values().filter(|reading| reading.value.is_none()).count();
    let exclusions = acts::of_series(conn, ActKind::Exclusion, &asked.key())?;
    for row in &exclusions {
        if let Some(reading) = readings.get_mut(&asked.period(row.period_start)) {
            reading.excluded = true;
        }
    }
    let recalculations = acts::of_series(conn, ActKind::Recalculation, &asked.key())?;
    let starts: Vec<NewStart> = recalculations.iter().map(|row| asked.new_start(row)).collect();
    let remarks = recalculations.iter().chain(&exclusions).map(|row| asked.remark(row)).collect();
    let targets = asked.targets(conn)?;
    let target = |period: Period| {
        let scaled = targets::target_on(&targets, Some(organisation), period.start());
        scaled.map(|scaled| asked.figure(scaled))
    };
    let layout = lay_out(&readings, asked.window, &starts, target).map_err(|TooLong| {
        let detail = format!("The series spans more than {LONGEST} periods; narrow it with from and to.");
        Error::invalid("?from", "too-many", detail)
    })?;
    let window = asked.window;
    let notes = notes(illustrative, total.partial, hidden, moved);
    let subject = asked.subject(query, contributors, illustrative, map);
    Ok(Study::of(subject, window, layout, None, &parameters, notes).with_remarks(remarks))
}

fn notes(illustrative: bool, partial: usize, hidden: usize, moved: usize) -> Vec<Note> {
    let illustrative = illustrative.then(|| Note {
        code: "illustrative",
        detail: "Illustrative: some or all of the values are invented.".to_owned(),
    });
    let partial = (partial > 0).then(|| Note {
        code: "partial-total",
        detail: format!(
            "Partial: in {}, the total lacks a series that other periods have.",
            counted(partial, "period")
        ),
    });
    let hidden = (hidden > 0).then(|| Note {
        code: "suppressed",
        detail: format!("Suppressed: the values of {} are left out of the analysis.", counted(hidden, "period")),
    });
    let moved = (moved > 0).then(|| Note {
        code: "boundary-change",
        detail: format!(
            "Boundaries: {} came, went or were succeeded; another map gives other figures.",
            counted(moved, "organisation")
        ),
    });
    illustrative.into_iter().chain(partial).chain(hidden).chain(moved).collect()
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
