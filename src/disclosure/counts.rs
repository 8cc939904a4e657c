//! Counts one by one, and the total of some (NHS England's disclosure control for published counts).

/// The count to the nearest 5, or nothing for 1 to 7 and for as many fewer. It is scaled, so that `one` stands for one.
pub fn rounded(scaled: i64, one: i64) -> Option<i64> {
    if scaled != 0 && scaled.abs() < 8 * one {
        return None;
    }
    let five = 5 * one;
    Some((scaled + five / 2).div_euclid(five) * five)
}

/// How many values a part that is kept back must leave possible.
const POSSIBLE: i64 = 3;

/// The total of counts that are shown one by one as [`rounded`] has them: rounded from its own true value, or, where that would leave a
/// part that is kept back fewer than three possible values, the nearest multiple of 5 that leaves three.
pub fn total(parts: &[i64]) -> Option<i64> {
    let sum: i64 = parts.iter().sum();
    let nearest = rounded(sum, 1)?;
    let shown: Vec<i64> = parts.iter().filter_map(|part| rounded(*part, 1)).collect();
    let few = i64::try_from(parts.len() - shown.len()).unwrap_or(i64::MAX);
    if few == 0 {
        return Some(nearest);
    }
    // A count that is shown as 10 is one of 8 to 12, and one that is kept back one of 1 to 7.
    let shown: Vec<i64> = shown.into_iter().filter(|count| *count != 0).collect();
    let (least, most): (i64, i64) =
        (shown.iter().map(|count| count - 2).sum(), shown.iter().map(|count| count + 2).sum());
    let possible = |total: i64| (total + 2 - least - (few - 1)).min(7) - (total - 2 - most - 7 * (few - 1)).max(1) + 1;
    let mut totals: Vec<i64> = (-4..=4).map(|step| nearest + 5 * step).filter(|total| *total >= 10).collect();
    totals.sort_by_key(|total| (total - sum).abs());
    totals.into_iter().find(|total| possible(*total) >= POSSIBLE)
}

#[cfg(test)]
mod tests {
    use super::{rounded, total};
    use proptest::prelude::*;

    #[test]
    fn a_total_leaves_what_is_kept_back_three_possible_values() {
        assert_eq!(total(&[12, 6]), Some(15));
        assert_eq!((total(&[12, 13]), total(&[6]), total(&[0, 0]), total(&[])), (Some(25), None, Some(0), Some(0)));
    }

    proptest! {
        #[test]
        fn no_total_tells_a_part_that_is_kept_back(parts in prop::collection::vec(0..30_i64, 1..4)) {
            let Some(shown) = total(&parts) else { return Ok(()) };
            let alike = |part: i64| (0..35).filter(move |other| rounded(*other, 1) == rounded(part, 1));
            for (at, part) in parts.iter().enumerate().filter(|(_, part)| (1..8).contains(*part)) {
                let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
                let sums = others.fold(vec![0], |sums, (_, other)| {
                    sums.iter().flat_map(|sum| alike(*other).map(move |value| sum + value)).collect()
                });
                let fits = |value: &i64| sums.iter().any(|sum| (shown - 2..=shown + 2).contains(&(sum + value)));
                prop_assert!(alike(*part).filter(fits).count() >= 3, "{:?} as {}", parts, shown);
            }
        }
    }

    #[test]
    fn small_counts_are_kept_back_and_others_rounded_to_five() {
        let answered: Vec<Option<i64>> =
            [0, 1, 7, 8, 12, 13, 1002].into_iter().map(|count| rounded(count, 1)).collect();
        assert_eq!(answered, [Some(0), None, None, Some(10), Some(10), Some(15), Some(1000)]);
        assert_eq!([-7, -1, -8].map(|fewer| rounded(fewer, 1)), [None, None, Some(-10)]);
        assert_eq!(rounded(700, 100), None);
        assert_eq!(rounded(1200, 100), Some(1000));
    }
}
