//! The changed rows of a delivery, held against what their series had before: in the database, and earlier in the delivery.

use super::answer::{Judged, Verdict};
use super::quality::{self, Doubt, LOOK_BACK};
use super::store;
use crate::access::Operation;
use crate::calendar::Period;
use crate::db::{Conn, wanted};
use crate::decimal::to_f64;
use crate::delivery::Outcome;
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::ValidationRule;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::flags::rules::FlagStatus;
use crate::kpis::flags::store::{self as flags, FlagRow};
use crate::kpis::series::SeriesKey;
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Id, begin_step};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most flags that one submission raises.
const MOST_FLAGS: usize = 20_000;

/// How many series are looked at together, so that what they had never fills the memory.
const TOGETHER: usize = 1_000;

/// Notes what is doubtful of these rows, which are named by their series and their place in the delivery and are judged.
///
/// # Errors
/// The database's own.
pub fn look_again(conn: &mut Conn, judged: &mut Judged, rows: &[(u32, usize)]) -> Result<()> {
    for (_, place) in rows {
        judged.doubts.remove(place);
    }
    let verdict = |place: usize| judged.verdicts.get(place).and_then(|verdict| verdict.as_ref().ok());
    let mut by_series: BTreeMap<u32, Vec<(NaiveDate, usize)>> = BTreeMap::new();
    for (series, place) in rows {
        if let Some(verdict) = verdict(*place) {
            by_series.entry(*series).or_default().push((verdict.period.start(), *place));
        }
    }
    by_series.retain(|_, places| places.iter().any(|(_, place)| verdict(*place).is_some_and(changes)));
    let by_series: Vec<(u32, Vec<(NaiveDate, usize)>)> = by_series.into_iter().collect();
    let mut found = BTreeMap::new();
    for some in by_series.chunks(TOGETHER) {
        wanted()?;
        let mut known = before(conn, judged, some)?;
        for (series, places) in some {
            let mut places = places.clone();
            places.sort_unstable();
            let had = known.entry(*series).or_default();
            for (start, place) in places {
                let Some((verdict, kpi)) = verdict(place).and_then(|verdict| Some((verdict, judged.kpi(verdict)?)))
                else {
                    continue;
                };
                let new = verdict.new_measure().filter(|new| !scaled(new).is_not_applicable());
                if let Some(new) = new.as_ref().filter(|_| changes(verdict)) {
                    let mut last: Vec<(NaiveDate, i64)> =
                        had.range(..start).rev().take(LOOK_BACK).map(|(start, value)| (*start, *value)).collect();
                    last.reverse();
                    let doubts = quality::doubts(kpi, &last, new);
                    if !doubts.is_empty() {
                        found.insert(place, doubts);
                    }
                }
                match new {
                    Some(new) => had.insert(start, new.value),
                    None => had.remove(&start),
                };
            }
        }
    }
    judged.doubts.extend(found);
    for kpi in judged.kpis.values().filter(|kpi| !kpi.validation_rules.value.is_empty()).cloned().collect::<Vec<_>>() {
        for (place, doubt) in broken_rules(conn, judged, &kpi, rows)? {
            judged.doubts.entry(place).or_default().push(doubt);
        }
    }
    Ok(())
}

/// What values belong together by: the KPI, organisation, innovation, breakdown and first day of the period.
type Key = (Id, Id, Id, String, NaiveDate);

/// The changed rows of a KPI among these that break one of its rules.
fn broken_rules(conn: &mut Conn, judged: &Judged, kpi: &KpiRow, rows: &[(u32, usize)]) -> Result<Vec<(usize, Doubt)>> {
    let changed = rows.iter().filter_map(|(series, place)| {
        let verdict = judged.verdicts.get(*place)?.as_ref().ok().filter(|verdict| changes(verdict))?;
        let key = judged.series.get(*series as usize).filter(|key| key.kpi == kpi.id)?;
        Some((*place, key, verdict.period.start()))
    });
    let changed: Vec<(usize, &SeriesKey, NaiveDate)> = changed.collect();
    let starts = changed.iter().map(|(.., start)| *start);
    let Some((from, to)) = starts.clone().min().zip(starts.max()) else { return Ok(Vec::new()) };
    let rules = &kpi.validation_rules.value;
    let named: BTreeSet<String> = rules.iter().flat_map(ValidationRule::codes).collect();
    let kpis = catalogue::store::find_by_codes(conn, &named.into_iter().collect::<Vec<_>>())?;
    let mut organisations: Vec<Id> = changed.iter().map(|(_, key, _)| key.organisation).collect();
    organisations.sort_unstable();
    organisations.dedup();
    let mut figures: HashMap<Key, f64> = HashMap::new();
    for other in &kpis {
        let series: HashMap<i64, SeriesKey> = store::series_of(conn, other.id, &organisations)?.into_iter().collect();
        let ids: Vec<i64> = series.keys().copied().collect();
        for ((id, start), value) in store::plain_values(conn, other, &ids, (from, to))? {
            if let Some(key) = series.get(&id).filter(|_| !value.is_not_applicable()) {
                let of = (other.id, key.organisation, key.innovation, key.breakdown.clone(), start);
                figures.insert(of, to_f64(value.value, other.decimals_u8()));
            }
        }
    }
    // What comes with the same delivery stands in the place of what was there.
    for verdict in judged.verdicts.iter().flatten() {
        let Some(key) = judged.series.get(verdict.series as usize) else { continue };
        let Some(other) = kpis.iter().find(|other| other.id == key.kpi) else { continue };
        let of = (other.id, key.organisation, key.innovation, key.breakdown.clone(), verdict.period.start());
        match verdict.new_measure().filter(|new| !scaled(new).is_not_applicable()) {
            Some(new) => figures.insert(of, to_f64(new.value, other.decimals_u8())),
            None => figures.remove(&of),
        };
    }
    let broken = changed.into_iter().flat_map(|(place, key, start)| {
        let value = |code: &str| {
            let other = kpis.iter().find(|other| other.code == code)?;
            let breakdown = if other.breakdowns.value.is_empty() { String::new() } else { key.breakdown.clone() };
            figures.get(&(other.id, key.organisation, key.innovation, breakdown, start)).copied()
        };
        let doubt = |detail| (place, Doubt { code: "validation-rule", detail });
        rules.iter().filter_map(|rule| rule.broken(value)).map(doubt).collect::<Vec<_>>()
    });
    Ok(broken.collect())
}

/// Whether a row brings a value that is not there yet.
fn changes(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Outcome::Created | Outcome::Updated)
}

/// Keeps what was doubtful of the values that were written as flags, justified where their rows say why they are right; ends the flags
/// of what they replaced; and justifies those of values that were sent again unchanged.
///
/// # Errors
/// The database's own.
pub fn flag(conn: &mut Conn, context: &Context, judged: &Judged) -> Result<()> {
    let (at, by) = (judged.row.submitted_at, &context.actor.subject);
    let replaced = judged.verdicts.iter().flatten().filter(|verdict| {
        // Of what awaits approval too, of which there is no revision.
        matches!(verdict.outcome, Outcome::Updated | Outcome::Deleted)
    });
    let replaced = replaced.filter_map(|verdict| Some((judged.id_of(verdict)?, verdict.period.start())));
    flags::replace(conn, at, &replaced.collect::<Vec<_>>())?;
    if !judged.doubts.is_empty() {
        // Whatever else the submission made, so that the document can name a flag of the demonstration.
        begin_step(Operation::update_kpi_value_flag.id());
    }
    let raised = judged.doubts.iter().flat_map(|(place, doubts)| doubts.iter().map(move |doubt| (*place, doubt)));
    let raised = raised.take(MOST_FLAGS).filter_map(|(place, doubt)| {
        let verdict = judged.verdicts.get(place)?.as_ref().ok()?;
        let (key, justification) = (judged.series.get(verdict.series as usize)?, judged.justification(place));
        Some(FlagRow {
            id: Id::generate(),
            series_id: judged.id_of(verdict)?,
            period_start: verdict.period.start(),
            kpi_id: key.kpi,
            organisation_id: key.organisation,
            innovation_id: key.innovation,
            breakdown: key.breakdown.clone(),
            code: doubt.code.to_owned(),
            detail: doubt.detail.clone(),
            status: if justification.is_some() { FlagStatus::Justified } else { FlagStatus::Open },
            justification: justification.map(str::to_owned),
            justified_by: justification.map(|_| by.clone()),
            submission_id: judged.row.id,
            version: 1,
            raised_at: at,
            updated_at: at,
        })
    });
    flags::raise(conn, &raised.collect::<Vec<_>>())?;
    let again = judged.verdicts.iter().enumerate().filter_map(|(place, verdict)| {
        let verdict = verdict.as_ref().ok().filter(|verdict| verdict.outcome == Outcome::Unchanged)?;
        let text = judged.justification(place)?.to_owned();
        Some(((judged.id_of(verdict)?, verdict.period.start()), text))
    });
    flags::justify(conn, by, at, &again.collect())
}

fn scaled(measure: &super::rules::Measure) -> ScaledValue {
    ScaledValue { value: measure.value, numerator: measure.numerator, denominator: measure.denominator }
}

/// The values that some series had from so many periods before their first row on, by the day on which their periods begin.
fn before(
    conn: &mut Conn,
    judged: &Judged,
    series: &[(u32, Vec<(NaiveDate, usize)>)],
) -> Result<BTreeMap<u32, BTreeMap<NaiveDate, i64>>> {
    let mut of_kpis: BTreeMap<i32, (&KpiRow, BTreeMap<i64, u32>)> = BTreeMap::new();
    let (mut from, mut to) = (NaiveDate::MAX, NaiveDate::MIN);
    for (series, places) in series {
        let Some(id) = judged.ids.get(*series as usize).copied().flatten() else { continue };
        let kpi = judged.series.get(*series as usize).and_then(|key| judged.kpis.get(&key.kpi));
        let Some(kpi) = kpi else { continue };
        of_kpis.entry(kpi.number).or_insert_with(|| (kpi, BTreeMap::new())).1.insert(id, *series);
        let periods = places.iter().filter_map(|(_, place)| Some(judged.verdicts.get(*place)?.as_ref().ok()?.period));
        let Some((first, last)) = periods.clone().min().zip(periods.max()) else { continue };
        from = from.min(earlier(first).start());
        to = to.max(last.start());
    }
    let mut found: BTreeMap<u32, BTreeMap<NaiveDate, i64>> = BTreeMap::new();
    for (kpi, of_id) in of_kpis.into_values() {
        let ids: Vec<i64> = of_id.keys().copied().collect();
        for ((id, start), value) in store::plain_values(conn, kpi, &ids, (from, to))? {
            if let Some(series) = of_id.get(&id).filter(|_| !value.is_not_applicable()) {
                found.entry(*series).or_default().insert(start, value.value);
            }
        }
    }
    Ok(found)
}

/// The period so many before another as a value is held against.
fn earlier(period: Period) -> Period {
    (0..LOOK_BACK).fold(period, |period, _| period.previous())
}
