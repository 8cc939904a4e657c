//! Totals and their coverage, by hand and against a naive recount.

use super::*;
use crate::calendar::{Period, PeriodType};
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

impl Arithmetic {
    fn totals(
        self,
        observations: &[Observation],
        stand: impl Fn(&Observation, Period) -> Stand,
    ) -> BTreeMap<Period, Total> {
        Tallies::of(self, observations, stand).totals(self, Window::default())
    }
}

fn by(aggregation: Aggregation) -> Arithmetic {
    Arithmetic {
        aggregation,
        period_type: PeriodType::Day,
        is_quotient: aggregation == Aggregation::RatioOfSums,
        multiplier: 100,
        decimals: 1,
        complete_at: 0.9,
    }
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, day).expect("a day")
}

fn on(number: u32) -> Period {
    Period::containing(PeriodType::Day, day(number))
}

fn plain(value: i64) -> ScaledValue {
    ScaledValue { value, numerator: None, denominator: None }
}

fn share(numerator: i64, denominator: i64) -> ScaledValue {
    ScaledValue { value: 0, numerator: Some(numerator), denominator: Some(denominator) }
}

fn mean(value: i64, of: i64) -> ScaledValue {
    ScaledValue { value, numerator: None, denominator: Some(of) }
}

fn seen(aggregation: Aggregation, series: u8, start: u32, value: ScaledValue) -> Observation {
    Observation {
        series: i64::from(series),
        organisation: Id::foreseen("organisation", u32::from(series)),
        start: day(start),
        value,
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
        weight: by(aggregation).weight(value),
        seen: value,
        is_own: false,
    }
}

#[test]
fn counts_are_known_to_the_nearest_five_of_what_is_counted_whatever_the_decimals() {
    for (decimals, one) in [(0, 1), (1, 10), (2, 100)] {
        let of = |aggregation| Arithmetic { decimals, ..by(aggregation) };
        let parts = of(Aggregation::RatioOfSums).coarse(share(3 * one, 124 * one));
        assert_eq!((parts.numerator, parts.denominator), (Some(5 * one), Some(125 * one)));
        assert_eq!(of(Aggregation::RatioOfSums).weight(parts), Some(5 * one));
        assert_eq!(of(Aggregation::Sum).coarse(plain(12 * one)), plain(10 * one));
        assert_eq!(of(Aggregation::Mean).coarse(mean(17, 2 * one)), mean(17, 5 * one));
    }
}

fn always(_: &Observation, _: Period) -> Stand {
    Stand::Expected
}

#[test]
fn each_way_of_adding_up() {
    for (aggregation, a, b, total, lack) in [
        (Aggregation::Sum, plain(10), plain(25), Some(plain(35)), None),
        (Aggregation::Mean, mean(10, 30), mean(25, 10), Some(mean(14, 40)), None),
        (Aggregation::Mean, mean(-10, 1), mean(-25, 1), Some(mean(-18, 2)), None),
        (Aggregation::Mean, mean(0, 30), mean(0, 10), Some(mean(0, 40)), None),
        (Aggregation::Mean, mean(10, 0), mean(25, 0), None, None),
        (Aggregation::Mean, share(0, 0), mean(25, 10), Some(mean(25, 10)), None),
        (Aggregation::Mean, share(0, 0), share(0, 0), None, None),
        (Aggregation::Mean, mean(i64::MAX, i64::MAX), mean(1, 1), None, Some(Lack::TooLarge)),
        (Aggregation::Mean, plain(10), mean(25, 10), None, Some(Lack::Unweighted)),
        (
            Aggregation::RatioOfSums,
            share(10, 40),
            share(20, 20),
            Some(ScaledValue { value: 500, ..share(30, 60) }),
            None,
        ),
        (Aggregation::RatioOfSums, share(1, 0), share(2, 0), None, None),
        (Aggregation::RatioOfSums, share(0, 0), share(1, 4), Some(ScaledValue { value: 250, ..share(1, 4) }), None),
        (Aggregation::Sum, plain(i64::MAX), plain(1), None, Some(Lack::TooLarge)),
    ] {
        let two = [seen(aggregation, 1, 1, a), seen(aggregation, 2, 1, b)];
        let found = by(aggregation).totals(&two, always)[&on(1)];
        assert_eq!((found.value, found.lack), (total, lack), "{aggregation:?}");
    }
}

#[test]
fn a_figure_is_not_rounded() {
    let thirds = [seen(Aggregation::RatioOfSums, 1, 1, share(1, 3))];
    let total = by(Aggregation::RatioOfSums).totals(&thirds, always)[&on(1)];
    assert!((total.figure.expect("a figure") - 100.0 / 3.0).abs() < 1e-12);
    assert_eq!(total.value.map(|value| value.value), Some(333));
    let means = [seen(Aggregation::Mean, 1, 1, mean(10, 30)), seen(Aggregation::Mean, 2, 1, mean(25, 10))];
    assert_eq!(by(Aggregation::Mean).totals(&means, always)[&on(1)].figure, Some(1.375));
}

#[test]
fn a_missing_series_weighs_what_it_last_had() {
    let sum = Aggregation::Sum;
    let found = [
        seen(sum, 1, 1, plain(95)),
        seen(sum, 2, 1, plain(5)),
        seen(sum, 1, 2, plain(200)),
        seen(sum, 2, 3, plain(5)),
        seen(sum, 1, 4, plain(95)),
        seen(sum, 2, 4, plain(5)),
    ];
    let totals = by(sum).totals(&found, always);
    let coverage = |number: u32| totals[&on(number)].coverage.expect("several");
    assert_eq!((coverage(1).expected, coverage(1).actual, coverage(1).share), (2, 2, 1.0));
    assert_eq!((coverage(2).expected, coverage(2).actual, coverage(2).partial), (2, 1, false));
    assert!((coverage(2).share - 0.95).abs() < 1e-12, "measured by the last values, whatever it has now");
    assert!(coverage(3).partial && !coverage(4).partial);
    let completed = |number: u32| totals[&on(number)].completed;
    assert_eq!(
        [completed(2), completed(3), completed(4)],
        [by(sum).figure(plain(205)), by(sum).figure(plain(205)), None]
    );
}

#[test]
fn a_ratio_and_a_mean_are_completed_with_the_last_parts_of_what_is_missing() {
    for (aggregation, one, other) in
        [(Aggregation::RatioOfSums, share(900, 1000), share(20, 1000)), (Aggregation::Mean, mean(10, 30), mean(25, 10))]
    {
        let found = [seen(aggregation, 1, 1, one), seen(aggregation, 2, 1, other), seen(aggregation, 1, 2, one)];
        let totals = by(aggregation).totals(&found, always);
        assert_eq!(totals[&on(2)].completed, totals[&on(1)].figure, "{aggregation:?}");
        assert_ne!(totals[&on(2)].completed, totals[&on(2)].figure);
    }
}

#[test]
fn silence_ends_nothing_and_what_is_not_expected_is_not_missed() {
    let sum = Aggregation::Sum;
    let found: Vec<Observation> = std::iter::once(seen(sum, 2, 1, plain(50)))
        .chain((1..=9).map(|number| seen(sum, 1, number, plain(50))))
        .collect();
    let totals = by(sum).totals(&found, always);
    assert!((2..=9).all(|number| totals[&on(number)].coverage.expect("several").partial));
    let until_five = |one: &Observation, period: Period| {
        if one.series == 2 && period >= on(5) { Stand::Free } else { Stand::Expected }
    };
    let totals = by(sum).totals(&found, until_five);
    let partial: Vec<bool> = totals.values().map(|total| total.coverage.expect("several").partial).collect();
    assert_eq!(partial, [false, true, true, true, false, false, false, false, false]);
}

#[test]
fn a_ratio_without_its_parts_cannot_be_added_to_others() {
    let ratio = Aggregation::RatioOfSums;
    for part in [plain(70), ScaledValue { denominator: None, ..share(3, 4) }] {
        let found = [seen(ratio, 1, 1, share(1, 4)), seen(ratio, 2, 1, part), seen(ratio, 2, 2, plain(80))];
        let totals = by(ratio).totals(&found, always);
        assert_eq!(totals.keys().copied().collect::<Vec<_>>(), [on(1)]);
        let coverage = totals[&on(1)].coverage.expect("several");
        assert_eq!((coverage.expected, coverage.actual, coverage.partial), (2, 1, true));
        assert_eq!(totals[&on(1)].value, Some(ScaledValue { value: 250, ..share(1, 4) }));
    }
}

#[test]
fn a_window_is_read_with_both_ends_and_holds_what_lies_between() {
    let month = |text| Period::parse(PeriodType::Month, text).expect("a month");
    let window = Window::read(PeriodType::Month, Some("2024-01-15"), Some("2024-03"), "?").expect("a window");
    assert_eq!(window, Window { from: Some(month("2024-02")), to: Some(month("2024-03")) });
    let held = ["2024-01", "2024-02", "2024-03", "2024-04"].map(|text| window.holds(month(text)));
    assert_eq!(held, [false, true, true, false]);
}

#[test]
fn what_can_be_added_up_and_what_has_no_figure() {
    let adds_up = Aggregation::ALL.iter().copied().filter(|aggregation| by(*aggregation).adds_up());
    let expected = [Aggregation::Sum, Aggregation::RatioOfSums, Aggregation::Mean];
    assert_eq!(adds_up.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    for (aggregation, value, expected) in [
        (Aggregation::RatioOfSums, share(1, 4), Some(25.0)),
        (Aggregation::RatioOfSums, share(1, 0), None),
        (Aggregation::Sum, ScaledValue { value: 15, ..share(1, 4) }, Some(1.5)),
        (Aggregation::Sum, ScaledValue { value: 15, ..share(1, 0) }, Some(1.5)),
    ] {
        assert_eq!(by(aggregation).figure(value), expected, "{aggregation:?} {value:?}");
    }
}

#[test]
fn a_single_series_is_its_own_total() {
    let ratio = Aggregation::RatioOfSums;
    let found = [seen(ratio, 1, 1, share(1, 4)), seen(ratio, 1, 3, share(0, 0))];
    let shares: Vec<_> =
        by(ratio).only(&found).into_iter().map(|(on, total)| (on, total.value, total.figure)).collect();
    assert_eq!(shares, [(on(1), Some(share(1, 4)), Some(25.0)), (on(3), None, None)]);
}

#[test]
fn nine_tenths_are_enough_and_series_that_weigh_nothing_count_one_each() {
    let sum = Aggregation::Sum;
    for (a, b, expected) in [(90, 10, (0.9, false)), (89, 11, (0.89, true)), (0, 0, (0.5, true))] {
        let found = [seen(sum, 1, 1, plain(a)), seen(sum, 2, 1, plain(b)), seen(sum, 1, 2, plain(a))];
        let coverage = by(sum).totals(&found, always)[&on(2)].coverage.expect("several");
        assert_eq!((coverage.share, coverage.partial), expected, "{a} {b}");
    }
}

#[test]
fn periods_between_are_told_where_something_is_expected_and_they_are_not_too_many() {
    let sum = Aggregation::Sum;
    let free = |_: &Observation, _: Period| Stand::Free;
    for (days, expected, number) in [(9_999, true, 10_000), (10_000, true, 2), (9, false, 2)] {
        let first = seen(sum, 1, 1, plain(1));
        let last = Observation { start: first.start + chrono::Days::new(days), ..first };
        let totals =
            if expected { by(sum).totals(&[first, last], always) } else { by(sum).totals(&[first, last], free) };
        assert_eq!(totals.len(), number, "{days} {expected}");
    }
}

#[test]
fn comparable_are_those_that_reported_in_every_period() {
    let sum = Aggregation::Sum;
    let found = vec![
        seen(sum, 1, 1, plain(1)),
        seen(sum, 1, 2, plain(2)),
        seen(sum, 2, 1, plain(3)),
        seen(sum, 3, 2, plain(4)),
    ];
    let (kept, left_out) = by(sum).comparable(found.clone(), Window::default(), always);
    assert_eq!((kept.iter().map(|one| one.series).collect::<Vec<_>>(), left_out), (vec![1, 1], 2));
    let late = Window { from: Some(on(2)), to: None };
    let (kept, left_out) = by(sum).comparable(found, late, always);
    assert_eq!((kept.iter().map(|one| one.series).collect::<Vec<_>>(), left_out), (vec![1, 1, 3], 1));
}

#[test]
fn who_was_silent_in_the_whole_window_is_left_out_where_something_was_expected() {
    let sum = Aggregation::Sum;
    let found = |other: u32| vec![seen(sum, 1, 2, plain(1)), seen(sum, 1, 3, plain(2)), seen(sum, 2, other, plain(3))];
    let free = |one: &Observation, _: Period| if one.series == 2 { Stand::Free } else { Stand::Expected };
    let window = Window { from: Some(on(2)), to: Some(on(3)) };
    assert_eq!(by(sum).comparable(found(1), window, always).1, 1);
    assert_eq!(by(sum).comparable(found(1), window, free).1, 0);
    assert_eq!(by(sum).comparable(found(4), window, always).1, 0);
}

/// Values of up to four series on up to eight days, some of them missing.
fn some_values() -> impl Strategy<Value = Vec<Vec<Option<i64>>>> {
    proptest::collection::vec(proptest::collection::vec(proptest::option::weighted(0.7, 0..1000_i64), 8), 1..4)
}

proptest! {
    #[test]
    fn coverage_is_what_a_naive_recount_finds(rows in some_values()) {
        let sum = Aggregation::Sum;
        let mut found = Vec::new();
        for (series, values) in (0_u8..).zip(&rows) {
            for (number, value) in (1_u32..).zip(values) {
                found.extend(value.map(|value| seen(sum, series, number, plain(value))));
            }
        }
        for (period, total) in by(sum).totals(&found, always) {
            let at = (1..=8).position(|number| on(number) == period).expect("a day of these");
            let (mut present, mut expected, mut there, mut due) = (0, 0, 0, 0);
            let mut sum = None;
            for values in &rows {
                let before = values[..at].iter().rev().find_map(|value| *value);
                let Some(weight) = before.or(values[at]) else { continue };
                expected += weight;
                due += 1;
                if let Some(value) = values[at] {
                    present += weight;
                    there += 1;
                    sum = Some(sum.unwrap_or(0) + value);
                }
            }
            let (above, below) = if expected > 0 { (present, expected) } else { (there, due) };
            let coverage = total.coverage.expect("several");
            prop_assert_eq!(total.value.map(|value| value.value), sum);
            prop_assert_eq!((coverage.expected, coverage.actual), (due as usize, there as usize));
            prop_assert!((coverage.share - above as f64 / below as f64).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&coverage.share));
        }
    }
}
