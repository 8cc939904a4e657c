//! Which totals are asked for, on which map, and how each period is shown to who asks.

use super::rules::{Arithmetic, Coverage, Lack, Total, TotalBasis, Window};
use crate::access::outside;
use crate::calendar::{DayRange, Period};
use crate::db::Conn;
use crate::decimal::to_f64;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::history;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::catalogue::rules::terms::TermsOverTime;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series;
use crate::kpis::targets::rules::TargetKind;
use crate::kpis::targets::store::{TargetRow, target_on};
use crate::kpis::values::ops::Sights;
use crate::kpis::values::rules::{ScaledValue, UNSUPPRESSED, Visibility, disclose};
use crate::organisations;
use crate::organisations::ops::{Map, Sight};
use crate::organisations::rules::Geography;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

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
    /// The id of the release that answers in place of today's values.
    pub release: Option<Id>,
    /// Whether what awaits approval is laid over what counts.
    pub provisional: bool,
}

impl TotalQuery {
    /// The same over a period that is said by where it lies to today, where one is given.
    ///
    /// # Errors
    /// As [`DayRange::relative`].
    pub fn over(self, period: Option<&str>, today: NaiveDate) -> Result<Self> {
        let Some(period) = period else { return Ok(self) };
        let days = DayRange::relative(period, self.from.is_some() || self.to.is_some(), today)?;
        let text = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        Ok(Self { from: text(days.from), to: text(days.to), ..self })
    }
}

/// Where figures are asked for, whatever the KPI.
#[derive(Clone)]
pub struct Whose {
    /// The organisation whose series they are, or the place over which series are added up.
    pub organisation: OrganisationRow,
    pub is_place: bool,
    pub innovation: Id,
}

impl Whose {
    /// # Errors
    /// `unknown-reference`; `validation-failed` where not one of an organisation and a place is named.
    pub fn read(conn: &mut Conn, query: &TotalQuery) -> Result<Self> {
        let (named, pointer, is_place) = match (&query.organisation, &query.place) {
            (Some(code), None) => (code, "?organisation", false),
            (None, Some(code)) => (code, "?place", true),
            (None, None) => return Err(Error::invalid("?organisation", "missing", "Name an organisation or a place.")),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("?place", "not-applicable", "Name an organisation or a place, not both."));
            }
        };
        organisations::ops::referred(conn, pointer, named)?;
        let organisation = organisations::ops::get_organisation(conn, named)?;
        let innovation = series::innovation(conn, "?innovation", query.innovation.as_deref())?;
        Ok(Self { organisation, is_place, innovation })
    }
}

/// What a query refers to.
#[derive(Clone)]
pub struct Asked {
    pub kpi: KpiRow,
    /// The organisation whose series it is, or the place over which series are added up.
    pub organisation: OrganisationRow,
    pub is_place: bool,
    pub innovation: Id,
    pub breakdown: Option<String>,
    pub window: Window,
    pub basis: TotalBasis,
    /// Whether what awaits approval is laid over what counts.
    pub provisional: bool,
    /// Whether it is told how far the returns have come that the values are of.
    pub tells_states: bool,
    /// How values are added up where several are.
    pub arithmetic: Arithmetic,
    /// Whether no total will do that is kept, and may be behind.
    pub anew: bool,
    /// What the KPI's definitions asked when.
    pub terms: TermsOverTime,
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
    pub lack: Option<Lack>,
    /// Whether something of it awaits approval.
    pub provisional: bool,
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

/// How a KPI is told: how much of it the caller may see, and on which map; of a single series there is none.
pub type Told = Result<(Visibility, Option<Map>)>;

impl Asked {
    /// # Errors
    /// `not-found` for the KPI, `unknown-reference`, `validation-failed`.
    pub fn read(conn: &mut Conn, code: &str, query: &TotalQuery) -> Result<Self> {
        let kpi = catalogue::ops::get_kpi(conn, code)?;
        let whose = Whose::read(conn, query)?;
        let terms = history::terms(conn, std::iter::once(&kpi))?.remove(&kpi.id).unwrap_or_default();
        let breakdown = series::breakdown(&kpi, "?breakdown", query.breakdown.as_deref())?;
        let window = Window::read(kpi.period_type, query.from.as_deref(), query.to.as_deref(), "?")?;
        let basis = query.basis.unwrap_or(TotalBasis::All);
        Ok(Self { breakdown, provisional: query.provisional, ..Self::of((kpi, terms), &whose, window, basis) })
    }

    /// The figures of a KPI, over all members of its dimensions.
    pub fn of((kpi, terms): (KpiRow, TermsOverTime), whose: &Whose, window: Window, basis: TotalBasis) -> Self {
        let Whose { organisation, is_place, innovation } = whose.clone();
        let arithmetic = arithmetic(&kpi);
        Self {
            kpi,
            organisation,
            is_place,
            innovation,
            breakdown: None,
            window,
            basis,
            provisional: false,
            tells_states: false,
            arithmetic,
            anew: false,
            terms,
        }
    }

    /// # Errors
    /// `validation-failed` for what cannot be added up.
    pub fn check_additive(&self) -> Result<()> {
        if self.is_told() {
            return Ok(());
        }
        let pointer = if self.is_place { "?place" } else { "?breakdown" };
        let (code, aggregation) = (&self.kpi.code, self.kpi.aggregation.as_str());
        let detail = format!("Values of {code} cannot be totalled: its aggregation is {aggregation}.");
        Err(Error::invalid(pointer, "not-additive", detail))
    }

    fn check_provisional(&self, sights: &Sights) -> Result<()> {
        if self.provisional { sights.permit_provisional(&self.kpi, self.innovation) } else { Ok(()) }
    }

    /// Whether there is one figure a period: a series of its own, or several that add up.
    pub fn is_told(&self) -> bool {
        !self.adds_up() || self.arithmetic.adds_up()
    }

    /// Whether several series may have to become one.
    pub fn adds_up(&self) -> bool {
        self.is_place || (self.breakdown.is_none() && !self.kpi.breakdowns().is_empty())
    }

    pub fn period(&self, day: NaiveDate) -> Period {
        Period::containing(self.kpi.period_type, day)
    }

    pub fn figure(&self, scaled: i64) -> f64 {
        to_f64(scaled, self.kpi.decimals_u8())
    }

    /// Whether a target applies: one that every organisation has for itself says nothing of what all add up to.
    pub fn takes(&self, target: &TargetRow) -> bool {
        let own_only = self.is_place && self.kpi.aggregation == Aggregation::Sum;
        target.kpi_id == self.kpi.id && (!own_only || target.organisation_id.is_some())
    }

    /// The target or the trajectory of a period.
    pub fn target(&self, targets: &[TargetRow], kind: TargetKind, period: Period) -> Option<f64> {
        let scaled = target_on(targets, kind, Some(self.organisation.id), period.start());
        scaled.map(|scaled| self.figure(scaled))
    }

    /// Those of the days that begin a period asked for.
    pub fn inside<'a>(&self, days: &'a BTreeSet<NaiveDate>) -> impl Iterator<Item = Period> + use<'a> {
        let (kind, window) = (self.kpi.period_type, self.window);
        days.iter().map(move |day| Period::containing(kind, *day)).filter(move |period| window.holds(*period))
    }

    /// How each KPI is told at the same place, in the order of the KPIs.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn told_of_each(
        conn: &mut Conn,
        context: &Context,
        asked: &[Self],
        wanted: (Option<Geography>, Option<NaiveDate>),
    ) -> Result<Vec<Told>> {
        let Some(Self { organisation, .. }) = asked.first() else { return Ok(Vec::new()) };
        let sights = Sights::of(conn, context, organisation.id)?;
        let mut maps: HashMap<(Visibility, bool, Option<&str>), Result<Map>> = HashMap::new();
        let mut told = Vec::with_capacity(asked.len());
        for one in asked {
            let (kpi, innovation) = (&one.kpi, one.innovation);
            let visibility = sights.visibility(kpi, innovation);
            let refused = |pointer, detail| Err(Error::invalid(pointer, "not-applicable", detail));
            let map = if visibility == Visibility::Hidden {
                Err(outside())
            } else if let Err(error) = one.check_additive() {
                Err(error)
            } else if let Err(error) = one.check_provisional(&sights) {
                Err(error)
            } else if one.is_place && one.basis == TotalBasis::Comparable && !visibility.is_whole(kpi) {
                let detail = "Totals of some organisations beside those of all tell what lies between: they are for those who see every figure of the place as it is.";
                Err(Error::new(Code::Forbidden).detail(detail))
            } else if one.is_place {
                let key = (visibility, kpi.disclosure_control, kpi.programme.as_deref());
                let map = maps.entry(key).or_insert_with(|| {
                    let is_protected = kpi.disclosure_control || one.provisional;
                    let reach = if is_protected { context.actor.reach(UNSUPPRESSED) } else { context.reach() };
                    let sight = Sight { reach, programme: kpi.programme.as_deref(), innovation };
                    Map::asked(conn, context, organisation, wanted, (visibility == Visibility::Full).then_some(sight))
                });
                map.clone().map(Some)
            } else if wanted != (None, None) {
                refused("?geography", "A map is for a place. Name one, or leave it out.")
            } else if one.basis == TotalBasis::Comparable {
                refused("?basis", "Name a place: its organisations are compared.")
            } else {
                Ok(None)
            };
            told.push(map.map(|map| (visibility, map)));
        }
        Ok(told)
    }

    /// From which share of what is expected on the total of a period is complete, by the definition that held then.
    pub fn complete_at(&self, period: Period) -> f64 {
        self.terms.in_force(period).complete_at.unwrap_or_else(|| self.kpi.usual_completeness())
    }

    pub fn shown(&self, visibility: Visibility, period: Period, total: &Total) -> PeriodTotal {
        // What several series come to was protected where it was added up.
        let is_told = total.coverage.is_some();
        let value =
            total.value.and_then(|value| if is_told { Some(value) } else { disclose(&self.kpi, visibility, value) });
        let figure = if is_told || visibility.is_whole(&self.kpi) {
            total.figure
        } else {
            value.and_then(|value| self.arithmetic.figure(value))
        };
        let coverage = total.coverage.map(|coverage| coverage.against(self.complete_at(period)));
        let partial = coverage.is_some_and(|coverage| coverage.partial);
        PeriodTotal {
            value,
            figure,
            completed: total.completed.filter(|_| figure.is_some() && !partial),
            suppressed: total.is_kept_back || total.value.is_some() && value.is_none(),
            qualifier: total.qualifier,
            basis: total.basis,
            coverage,
            lack: total.lack,
            provisional: false,
        }
    }
}
