//! How good a return is, in four parts that are counted from what is stored: whether all that is asked is there, whether it came in
//! time, and how many of its values nothing speaks against.

use super::asked::{self, NotProvided, OwnedKpis};
use super::rules::ReturnKey;
use super::store::ReturnRow;
use crate::db::Conn;
use crate::db::schema::kpi_value_flags;
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::flags::rules::FlagStatus;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use utoipa::ToSchema;

/// One part of the quality: so many of so many are well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct QualityPart {
    /// From 0 to 100; null where there is nothing to judge.
    #[schema(minimum = 0, maximum = 100)]
    score: Option<u32>,
    /// How many are judged.
    #[schema(minimum = 0)]
    of: usize,
    /// How many of them are well.
    #[schema(minimum = 0)]
    met: usize,
}

impl QualityPart {
    fn new(met: usize, of: usize) -> Self {
        let met = met.min(of);
        // Halves round up.
        let score = |of: usize| u32::try_from((met * 200 + of) / (of * 2)).unwrap_or(100);
        Self { score: (of > 0).then(|| score(of)), of, met }
    }
}

/// How good a return is. The score is the mean of the scores of its parts, of those that have one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = KpiReturnQuality)]
pub struct Quality {
    /// From 0 to 100; null where there is nothing to judge.
    #[schema(minimum = 0, maximum = 100)]
    score: Option<u32>,
    /// Values that are asked for, and those of them that are there.
    completeness: QualityPart,
    /// Whether it came in time: 1 of 1, or 0 of 1 once it is late. 0 of 0 where nothing is due yet.
    timeliness: QualityPart,
    /// Values that are there, and those of them without a warning that nobody has justified: an outlier, a jump, a share where a
    /// percentage is meant.
    validity: QualityPart,
    /// Values that are there, and those of them that break no validation rule without a justification.
    consistency: QualityPart,
}

impl Quality {
    fn of(completeness: QualityPart, timeliness: QualityPart, [validity, consistency]: [QualityPart; 2]) -> Self {
        let scores: Vec<u32> =
            [completeness, timeliness, validity, consistency].iter().filter_map(|part| part.score).collect();
        let number = u32::try_from(scores.len()).unwrap_or(u32::MAX);
        let score = (number > 0).then(|| (scores.iter().sum::<u32>() * 2 + number) / (number * 2));
        Self { score, completeness, timeliness, validity, consistency }
    }
}

/// The doubt that a value breaks a rule between KPIs; every other is about the value itself.
const RULE: &str = "validation-rule";

/// The series of a KPI, an organisation and a period whose values have a warning that nobody has justified.
#[derive(Default)]
struct Doubtful {
    of_value: HashSet<i64>,
    of_rule: HashSet<i64>,
}

/// By KPI, organisation and the first day of the period.
type Questioned = HashMap<(Id, Id, NaiveDate), Doubtful>;

/// The quality of each of the returns of a page, in their order: a few questions to the database, however many they are.
pub fn of_each(conn: &mut Conn, context: &Context, owned: &OwnedKpis, rows: &[ReturnRow]) -> Result<Vec<Quality>> {
    let keys: Vec<ReturnKey> = rows.iter().map(ReturnRow::key).collect();
    let of_key = |key: &ReturnKey| owned.those(key.owner, key.period());
    let kpis: BTreeMap<Id, &KpiRow> = keys.iter().flat_map(of_key).map(|kpi| (kpi.id, kpi)).collect();
    let (ids, kpis): (Vec<Id>, Vec<&KpiRow>) = kpis.into_iter().unzip();
    let (there, not_provided) = (asked::there(conn, &kpis, &keys)?, NotProvided::of(conn, &ids)?);
    let questioned = questioned(conn, &ids, &keys)?;
    let quality = |(row, key): (&ReturnRow, &ReturnKey)| {
        let (mut expected, mut found, mut values, mut wrong) = (0, 0, 0, (0, 0));
        for kpi in of_key(key) {
            let filled = asked::filled(&there, &not_provided, kpi, key);
            (expected, found, values) = (expected + filled.expected, found + filled.found, values + filled.values);
            if let Some(of_kpi) = questioned.get(&(kpi.id, key.organisation, key.start)) {
                wrong = (wrong.0 + of_kpi.of_value.len(), wrong.1 + of_kpi.of_rule.len());
            }
        }
        let (deadlines, period) = (owned.deadlines(key.owner, row.period()), row.period());
        let submitted_at = row.submitted_at.map(|at| at.and_utc());
        let late = deadlines.is_late(period, submitted_at, context.now);
        let is_judged = deadlines.on_time_until(period).is_some() && (late || submitted_at.is_some());
        let without = |wrong: usize| QualityPart::new(values.saturating_sub(wrong), values);
        let timeliness = QualityPart::new(usize::from(!late), usize::from(is_judged));
        Quality::of(QualityPart::new(found, expected), timeliness, [without(wrong.0), without(wrong.1)])
    };
    Ok(rows.iter().zip(&keys).map(quality).collect())
}

fn questioned(conn: &mut Conn, kpis: &[Id], keys: &[ReturnKey]) -> Result<Questioned> {
    let organisations: BTreeSet<Id> = keys.iter().map(|key| key.organisation).collect();
    let starts: BTreeSet<NaiveDate> = keys.iter().map(|key| key.start).collect();
    let open = kpi_value_flags::table
        .filter(kpi_value_flags::kpi_id.eq_any(kpis.to_vec()))
        .filter(kpi_value_flags::organisation_id.eq_any(organisations))
        .filter(kpi_value_flags::period_start.eq_any(starts))
        .filter(kpi_value_flags::status.eq(FlagStatus::Open))
        .select((
            (kpi_value_flags::kpi_id, kpi_value_flags::organisation_id, kpi_value_flags::period_start),
            kpi_value_flags::series_id,
            kpi_value_flags::code,
        ));
    let mut questioned = Questioned::new();
    for (key, series, code) in open.load::<((Id, Id, NaiveDate), i64, String)>(conn)? {
        let of_key = questioned.entry(key).or_default();
        let doubtful = if code == RULE { &mut of_key.of_rule } else { &mut of_key.of_value };
        doubtful.insert(series);
    }
    Ok(questioned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_mean_of_the_parts_that_there_are() {
        let part = QualityPart::new;
        for (completeness, timeliness, validity, consistency, expected) in [
            (part(4, 4), part(1, 1), part(4, 4), part(4, 4), Some(100)),
            (part(2, 4), part(0, 0), part(2, 2), part(1, 2), Some(67)),
            (part(2, 4), part(0, 1), part(1, 2), part(2, 2), Some(50)),
            (part(0, 4), part(0, 1), part(0, 0), part(0, 0), Some(0)),
            (part(0, 0), part(0, 0), part(0, 0), part(0, 0), None),
        ] {
            let quality = Quality::of(completeness, timeliness, [validity, consistency]);
            assert_eq!(quality.score, expected, "{quality:?}");
        }
        assert_eq!((part(1, 3).score, part(2, 3).score, part(5, 4).met), (Some(33), Some(67), 4));
    }
}
