//! Which totals are asked for, on which map, and how each period is shown to who asks.

use super::rules::{Arithmetic, Coverage, Total, TotalBasis, Window};
use crate::calendar::Period;
use crate::db::Conn;
use crate::decimal::to_f64;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesKey};
use crate::kpis::targets::rules::TargetKind;
use crate::kpis::targets::store::{self as targets, TargetRow};
use crate::kpis::values::ops::UNSUPPRESSED;
use crate::kpis::values::rules::{ScaledValue, Visibility, disclose};
use crate::organisations;
use crate::organisations::ops::{Map, Sight};
use crate::organisations::rules::Geography;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use std::collections::BTreeSet;

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
    pub unweighted: bool,
}

impl PeriodTotal {
    /// Whether so much is missing that nothing is said of it.
    pub fn is_partial(&self) -> bool {
        self.coverage.is_some_and(|coverage| coverage.partial)
    }
}

/// How a KPI's values are added up.
pub fn arithmetic(kpi: &KpiRow) -> Arithmetic {
    Arithmetic {
        aggregation: kpi.aggregation,
        period_type: kpi.period_type,
        is_quotient: kpi.value_type.is_quotient(),
        multiplier: kpi.factor(),
        decimals: kpi.decimals_u8(),
        complete_at: kpi.complete_at(),
    }
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
            arithmetic: arithmetic(&kpi),
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
    pub fn adds_up(&self) -> bool {
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

    /// Those of the days that begin a period asked for.
    pub fn inside<'a>(&self, days: &'a BTreeSet<NaiveDate>) -> impl Iterator<Item = Period> + use<'a> {
        let (kind, window) = (self.kpi.period_type, self.window);
        days.iter().map(move |day| Period::containing(kind, *day)).filter(move |period| window.holds(*period))
    }

    /// The map that a place's organisations are counted on; none of a single series.
    pub fn map(
        &self,
        conn: &mut Conn,
        context: &Context,
        query: &TotalQuery,
        visibility: Visibility,
    ) -> Result<Option<Map>> {
        if self.is_place {
            let reach = if self.kpi.disclosure_control { context.actor.reach(UNSUPPRESSED) } else { context.reach() };
            let (programme, innovation) = (self.kpi.programme.as_deref(), self.innovation);
            let sight = (visibility == Visibility::Full).then_some(Sight { reach, programme, innovation });
            return Map::asked(conn, context, &self.organisation, query.map, sight).map(Some);
        }
        let refused = |pointer, detail| Err(Error::invalid(pointer, "not-applicable", detail));
        if query.map != (None, None) {
            return refused("?geography", "A map is for a place. Name one, or leave it out.");
        }
        if self.basis == TotalBasis::Comparable {
            return refused("?basis", "Name a place: its organisations are compared.");
        }
        Ok(None)
    }

    pub fn shown(&self, visibility: Visibility, total: &Total) -> PeriodTotal {
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
