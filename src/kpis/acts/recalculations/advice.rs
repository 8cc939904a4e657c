//! What speaks against a recalculation, as the series says.

use crate::calendar::Period;
use crate::kpis::spc::rules::{Recalculation, Signal, Variation, analyse};
use crate::kpis::spc::study::Study;
use crate::kpis::totals::notes::Note;

/// A part of fewer points says little of where a series stands.
const FEW: usize = 7;

fn is_concern(variation: Variation) -> bool {
    matches!(variation, Variation::Signal(Signal::ConcernHigh | Signal::ConcernLow))
}

/// What to know before a recalculation from a period on is accepted. The series is that with the recalculations in force, which
/// may hold this one already.
pub fn warnings(study: &Study, from: Period, baseline_points: Option<usize>) -> Vec<Note> {
    let points = &study.layout.points;
    let at = study.layout.periods.partition_point(|period| *period < from);
    let others: Vec<Recalculation> = study.layout.recalculations.iter().copied().filter(|one| one.at != at).collect();
    let counted = |from: usize, until: usize| {
        points.get(from..until).unwrap_or_default().iter().filter(|point| point.counted().is_some()).count()
    };
    let last = others.iter().map(|one| one.at).filter(|one| *one < at).max();
    let next = others.iter().map(|one| one.at).filter(|one| *one > at).min();
    let mut notes = Vec::new();
    let mut note = |code, detail: String| notes.push(Note { code, detail });
    let before = last.map(|last| counted(last, at));
    if let Some(number) = before.filter(|number| *number < FEW) {
        note("soon-after-another", format!("Only {number} points since the recalculation before it; {FEW} say more."));
    }
    let number = counted(at, next.unwrap_or(points.len()));
    if number < FEW {
        note("few-points", format!("The part that begins here has {number} points; with {FEW} or more it says more."));
    }
    let applies = study.analysis.variation != Variation::NotApplicable;
    let variation = |starts: &[Recalculation]| analyse(points, None, starts, &study.analysis.parameters).variation;
    let with = [others.as_slice(), &[Recalculation { at, baseline_points }]].concat();
    if applies && is_concern(variation(&others)) && !is_concern(variation(&with)) {
        let detail = "It hides a concern: without it the last point is a sign of concern, with it not.";
        note("hides-concern", detail.to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;
    use crate::kpis::catalogue::rules::ImprovementDirection;
    use crate::kpis::spc::given::{Given, GivenPoint, Settings};

    fn study(values: &[f64], starts: &[usize]) -> Study {
        let first = Period::parse(PeriodType::Month, "2024-01").expect("a month");
        let last = Period::parse(PeriodType::Month, "2040-01").expect("a month");
        let labels: Vec<String> = first.through(last).take(values.len()).map(Period::label).collect();
        let point = |(period, value): (&String, &f64)| GivenPoint {
            period: period.clone(),
            value: Some(*value),
            ..GivenPoint::default()
        };
        let points = labels.iter().zip(values).map(point).collect();
        let recalculate_at = Some(starts.iter().filter_map(|at| labels.get(*at)).cloned().collect());
        let direction = Some(ImprovementDirection::Increase);
        let settings = Settings { direction, recalculate_at, ..Settings::default() };
        Given { points, settings, place: "/" }.study().expect("sound")
    }

    #[test]
    fn few_points_and_a_hidden_concern_are_told() {
        // Twenty points around 50, then eight around 30: a shift to the worse.
        let noisy = |number: usize, about: f64| (0..number).map(move |i| about + f64::from(u8::from(i % 2 == 0)));
        let worse: Vec<f64> = noisy(20, 50.0).chain(noisy(8, 30.0)).collect();
        let steady: Vec<f64> = noisy(28, 50.0).collect();
        for (values, starts, at, expected) in [
            (&steady, &[][..], 20, &[][..]),
            (&worse, &[], 20, &["hides-concern"]),
            (&worse, &[20], 20, &["hides-concern"]),
            (&steady, &[], 22, &["few-points"]),
            (&steady, &[15], 20, &["soon-after-another"]),
            (&steady, &[15, 23], 20, &["soon-after-another", "few-points"]),
            (&steady, &[], 0, &[]),
        ] {
            let study = study(values, starts);
            let from = *study.layout.periods.get(at).expect("a period");
            let codes: Vec<&str> = warnings(&study, from, None).iter().map(|note| note.code).collect();
            assert_eq!(codes, expected, "{starts:?} {at}");
        }
    }
}
