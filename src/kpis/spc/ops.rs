//! The analysis of stored series.

use super::layout::{Facts, LONGEST, Layout, NewStart, Reading, TooLong, lay_out, since_a_year_before};
use super::rules::Parameters;
use super::study::{Choices, Judged, Measure, Remark, RemarkKind, Study, Subject};
use super::words::{Differences, Recalculations};
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::kpis::acts::annotations::store::{self as annotations, AnnotationRow};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::acts::store::{self as acts, ActRow};
use crate::kpis::catalogue::rules::{SeriesShape, ValueType};
use crate::kpis::releases::reading;
use crate::kpis::targets::rules::TargetKind;
use crate::kpis::targets::store::{TargetRow, targets_for};
use crate::kpis::totals::asked::{Asked, PeriodTotal, TotalQuery};
use crate::kpis::totals::notes::{Note, counted};
use crate::kpis::totals::ops::{Totalled, totals_of_each};
use crate::kpis::totals::summaries::store::Key;
use crate::vocabulary::Id;
use std::collections::{BTreeMap, HashMap};

/// The series of a KPI to analyse, as a query names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpcQuery {
    pub series: TotalQuery,
    pub choices: Choices,
    pub differences: Option<Differences>,
    pub recalculations: Option<Recalculations>,
}

/// The measure behind the KPI. Bounds that leave no room between them clip nothing, and none holds for differences.
fn measure(asked: &Asked, query: &SpcQuery) -> Measure {
    let kpi = &asked.kpi;
    let room = kpi.min_value.zip(kpi.max_value).is_none_or(|(min, max)| min < max);
    let holds = room && query.differences.is_none();
    let bound = |value: Option<i64>| value.filter(|_| holds).map(|value| asked.figure(value));
    Measure {
        direction: kpi.improvement_direction,
        conflict_rule: kpi.conflict_rule,
        min: bound(kpi.min_value),
        max: bound(kpi.max_value),
    }
}

fn reading(point: &PeriodTotal) -> Reading {
    Reading {
        value: point.figure,
        partial: point.is_partial(),
        provisional: point.provisional,
        completed: point.completed,
        facts: Facts { coverage: point.coverage, suppressed: point.suppressed },
        ..Reading::default()
    }
}

/// Marks the periods between others whose only value would be taken away.
fn mark_gaps(asked: &Asked, totalled: &Totalled, readings: &mut BTreeMap<Period, Reading>) {
    let ends = (readings.keys().next().copied(), readings.keys().next_back().copied());
    let Some((first, last)) = ends.0.zip(ends.1) else { return };
    let periods = totalled.provisional.iter().map(|start| asked.period(*start));
    for period in periods.filter(|period| first < *period && *period < last) {
        readings.entry(period).or_default().provisional = true;
    }
}

fn new_start(asked: &Asked, recalculation: &ActRow) -> NewStart {
    NewStart {
        from: asked.period(recalculation.period_start),
        baseline_points: recalculation.baseline_points.and_then(|points| usize::try_from(points).ok()),
    }
}

/// What the shape of the series lets the method say, and why.
fn judged(asked: &Asked, query: &SpcQuery, layout: &Layout) -> (Judged, Option<Note>) {
    let note = |code, detail: &str| Some(Note { code, detail: detail.to_owned() });
    let counts = asked.kpi.value_type == ValueType::Count && query.differences.is_none();
    match asked.kpi.shape {
        SeriesShape::Cumulative => (
            Judged::Nothing,
            note("cumulative", "Cumulative: each value holds those before it, so there are no limits, rules or icons."),
        ),
        SeriesShape::Rolling => (
            Judged::Nothing,
            note(
                "rolling",
                "Rolling: each value shares periods with its neighbours, so there are no limits, rules or icons.",
            ),
        ),
        SeriesShape::Rare => (Judged::Lines, rare()),
        SeriesShape::Period | SeriesShape::Seasonal if counts && layout.is_rare() => (Judged::Lines, rare()),
        SeriesShape::Seasonal if query.differences.is_none() => (
            Judged::Whole,
            note(
                "seasonal",
                "Seasonal: values rise and fall with the time of year, which looks like signals. Ask for differences=year to see changes since a year before.",
            ),
        ),
        SeriesShape::Period | SeriesShape::Seasonal => (Judged::Whole, None),
    }
}

fn rare() -> Option<Note> {
    let detail = "Rare: the mean is under 5 or a third of the values are 0, where these limits mislead. There are no rules or icons; \
                  a chart of the time between events says more.";
    Some(Note { code: "rare", detail: detail.to_owned() })
}

fn subject(asked: &Asked, query: &SpcQuery, totalled: &Totalled) -> Subject {
    let Asked { kpi, organisation, is_place, breakdown, basis, .. } = asked.clone();
    let names = [&query.series.innovation, &breakdown].into_iter().flatten().cloned();
    let names = names.chain(is_place.then(|| counted(totalled.organisations, "organisation")));
    let names = names.chain(query.differences.map(|_| "differences from a year before".to_owned()));
    Subject {
        subtitle: std::iter::once(organisation.name).chain(names).collect::<Vec<_>>().join(", "),
        organisation: (!is_place).then(|| organisation.code.clone()),
        place: is_place.then_some(organisation.code),
        organisations: is_place.then_some(totalled.organisations),
        map: totalled.map,
        basis: is_place.then_some(basis),
        left_out: totalled.left_out,
        innovation: query.series.innovation.clone(),
        breakdown,
        period_type: kpi.period_type,
        decimals: kpi.decimals_u8(),
        is_share: kpi.value_type == ValueType::Ratio,
        illustrative: Some(totalled.illustrative),
        direction: kpi.improvement_direction,
        shape: Some(kpi.shape),
        differences: query.differences,
        kpi: Some(kpi.code),
        title: Some(kpi.name),
        unit: Some(kpi.unit),
    }
}

/// An analysis, with what names its total where that should be kept.
pub type Studied = (Study, Option<Key>);

/// Analyses a series of a KPI, or the total of several, as far as the caller may see it.
///
/// # Errors
/// `not-found` for the KPI, `unknown-reference`, `forbidden`; `validation-failed` for what cannot be added up, is too
/// long, or is not allowed by the profile.
pub fn get_kpi_spc(conn: &mut Conn, context: &Context, code: &str, query: &SpcQuery) -> Result<Studied> {
    let asked = Asked::read(conn, code, &query.series)?;
    let only = studies(conn, context, std::slice::from_ref(&asked), query)?.pop();
    only.unwrap_or_else(|| Err(Error::internal("an analysis was lost")))
}

/// The same for several KPIs at the same place, and of the same innovation and breakdown: each read together from the database
/// with the others, and analysed on its own. What may not be told of one of them is an error of its own.
///
/// # Errors
/// `validation-failed` for what the profile does not allow.
pub fn studies(conn: &mut Conn, context: &Context, asked: &[Asked], query: &SpcQuery) -> Result<Vec<Result<Studied>>> {
    let Some(Asked { organisation, innovation, breakdown, .. }) = asked.first() else { return Ok(Vec::new()) };
    let parameters = |one: &Asked| query.choices.parameters(measure(one, query), "?");
    let parameters = asked.iter().map(parameters).collect::<Result<Vec<Parameters>>>()?;
    let totals = match query.series.release {
        None => totals_of_each(conn, context, asked, query.series.map)?,
        Some(id) => asked.iter().map(|one| reading::totals(conn, context, one, &query.series, id)).collect(),
    };
    let kpis: Vec<Id> = asked.iter().map(|one| one.kpi.id).collect();
    let series = (organisation.id, *innovation, breakdown.as_deref().unwrap_or_default());
    let mut facts: HashMap<Id, Recorded> = HashMap::new();
    for act in acts::of_kpis(conn, &kpis, series)? {
        facts.entry(act.kpi_id).or_default().acts.push(act);
    }
    for annotation in annotations::of_kpis(conn, &kpis, series)? {
        facts.entry(annotation.kpi_id).or_default().annotations.push(annotation);
    }
    for target in targets_for(conn, &kpis, organisation.id)? {
        facts.entry(target.kpi_id).or_default().targets.push(target);
    }
    let analysed = |((one, parameters), totalled): ((&Asked, Parameters), Result<Totalled>)| {
        study(one, query, &parameters, totalled?, facts.remove(&one.kpi.id).unwrap_or_default())
    };
    Ok(asked.iter().zip(parameters).zip(totals).map(analysed).collect())
}

/// What was recorded of a series beside its values.
#[derive(Default)]
struct Recorded {
    acts: Vec<ActRow>,
    annotations: Vec<AnnotationRow>,
    targets: Vec<TargetRow>,
}

fn study(
    asked: &Asked,
    query: &SpcQuery,
    parameters: &Parameters,
    totalled: Totalled,
    Recorded { mut acts, annotations, mut targets }: Recorded,
) -> Result<Studied> {
    let mut readings: BTreeMap<Period, Reading> =
        totalled.periods.iter().map(|(period, point)| (*period, reading(point))).collect();
    mark_gaps(asked, &totalled, &mut readings);
    if query.recalculations == Some(Recalculations::None) {
        acts.retain(|act| act.kind != ActKind::Recalculation);
    }
    for row in acts.iter().filter(|act| act.kind == ActKind::Exclusion) {
        if let Some(reading) = readings.get_mut(&asked.period(row.period_start)) {
            reading.excluded = true;
        }
    }
    let recalculations = acts.iter().filter(|act| act.kind == ActKind::Recalculation);
    let starts: Vec<NewStart> = recalculations.map(|row| new_start(asked, row)).collect();
    let of_act = |act: &ActRow| Remark {
        kind: RemarkKind::Act(act.kind),
        period: asked.period(act.period_start),
        text: act.reason.clone(),
    };
    let of_annotation = |row: AnnotationRow| Remark {
        kind: RemarkKind::Annotation,
        period: asked.period(row.period_start),
        text: row.text,
    };
    // An annotation may say what is kept back, as a comment may.
    let annotations = annotations.into_iter().filter(|_| totalled.is_whole);
    let remarks = acts.iter().map(of_act).chain(annotations.map(of_annotation)).collect();
    targets.retain(|target| asked.takes(target));
    if query.differences.is_some() {
        readings = since_a_year_before(&readings);
    }
    let aimed = |kind: TargetKind, period: Period| {
        if query.differences.is_some() { None } else { asked.target(&targets, kind, period) }
    };
    let target = |period| aimed(TargetKind::Target, period);
    let trajectory = |period| aimed(TargetKind::Trajectory, period);
    let layout = lay_out(&readings, asked.window, &starts, target, trajectory).map_err(|TooLong| {
        let detail = format!("The series spans more than {LONGEST} periods; narrow it with from and to.");
        Error::invalid("?from", "too-many", detail)
    })?;
    let (judged, note) = judged(asked, query, &layout);
    let subject = subject(asked, query, &totalled);
    let notes = totalled.notes.into_iter().chain(note).collect();
    let study = Study::of(subject, asked.window, layout, None, parameters, (judged, notes));
    Ok((study.stored(remarks, totalled.updated_at), totalled.to_keep))
}
