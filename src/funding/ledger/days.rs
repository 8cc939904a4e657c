//! What there was on each day: a movement that is entered late takes from no day since its own what was not there at its end.

use super::rules::TransactionKind;
use chrono::NaiveDate;

/// A sum that is below zero at the end of no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// What a fund has in hand.
    Cash,
    /// What is promised to an award and not paid out.
    Outstanding,
    /// What was paid out of an award, and neither returned nor written off.
    Recoverable,
}

impl Sum {
    pub const ALL: [Self; 3] = [Self::Cash, Self::Outstanding, Self::Recoverable];

    /// How often a posting of this kind adds its amount to the sum: once, not at all, or it takes it away.
    pub fn times(self, kind: TransactionKind) -> i64 {
        use TransactionKind::{Commitment, Disbursement, ReallocationIn, ReallocationOut, Release, Return, WriteOff};
        match (self, kind) {
            (Self::Cash, Return | ReallocationIn)
            | (Self::Outstanding, Commitment | Return)
            | (Self::Recoverable, Disbursement) => 1,
            (Self::Cash, Disbursement | ReallocationOut)
            | (Self::Outstanding, Disbursement | Release)
            | (Self::Recoverable, Return | WriteOff) => -1,
            _ => 0,
        }
    }

    /// Whether a posting can take so much from the end of its day on. `now` is the sum by all that is posted, and `later` what
    /// changed it on the days after that one, in order.
    ///
    /// # Errors
    /// The least that there was.
    pub fn check(self, amount: i64, now: i64, later: &[(NaiveDate, i64)]) -> Result<(), i64> {
        let there = least(now, later);
        if amount > there { Err(there.max(0)) } else { Ok(()) }
    }

    /// Where the money of the sum is.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cash => "in cash",
            Self::Outstanding => "promised to the award and not paid out",
            Self::Recoverable => "paid out and not yet got back",
        }
    }
}

/// The least that a sum was at the end of a day and of each since, by what it is now and what changed it on the days after.
fn least(now: i64, later: &[(NaiveDate, i64)]) -> i64 {
    let (mut sum, mut least) = (now, now);
    for day in later.chunk_by(|one, other| one.0 == other.0).rev() {
        sum -= day.iter().map(|(_, change)| change).sum::<i64>();
        least = least.min(sum);
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, number).unwrap()
    }

    #[test]
    fn a_day_gives_no_more_than_was_there_on_it_and_since() {
        // 100 came on the 2nd, 200 on the 9th; 50 went on the 5th and 80 on the 20th.
        let changes = [(day(2), 100), (day(5), -50), (day(9), 200), (day(20), -80)];
        for (on, there) in [(1, 0), (2, 50), (4, 50), (5, 50), (8, 50), (9, 170), (19, 170), (20, 170), (31, 170)] {
            let later: Vec<_> = changes.iter().copied().filter(|(at, _)| *at > day(on)).collect();
            assert_eq!(Sum::Recoverable.check(there, 170, &later), Ok(()), "{on}");
            assert_eq!(Sum::Recoverable.check(there + 1, 170, &later), Err(there), "{on}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_order_in_which_they_are_posted_no_day_ends_below_zero(
            steps in prop::collection::vec((prop::sample::select(TransactionKind::ALL.to_vec()), 1i64..100, 1u32..29), 1..80)
        ) {
            let mut posted: Vec<(NaiveDate, TransactionKind, i64)> = Vec::new();
            let sum_at = |posted: &[(NaiveDate, TransactionKind, i64)], sum: Sum, end: NaiveDate| -> i64 {
                posted.iter().filter(|row| row.0 <= end).map(|row| sum.times(row.1) * row.2).sum()
            };
            for (kind, amount, on) in steps {
                let on = day(on);
                posted.sort_unstable_by_key(|row| row.0);
                let fits = Sum::ALL.into_iter().filter(|sum| sum.times(kind) < 0).all(|sum| {
                    let later = posted.iter().filter(|row| row.0 > on).map(|row| (row.0, sum.times(row.1) * row.2));
                    sum.check(amount, sum_at(&posted, sum, NaiveDate::MAX), &later.collect::<Vec<_>>()).is_ok()
                });
                if fits {
                    posted.push((on, kind, amount));
                }
            }
            for (sum, end) in Sum::ALL.into_iter().flat_map(|sum| (1..31).map(move |end| (sum, day(end)))) {
                prop_assert!(sum_at(&posted, sum, end) >= 0, "{sum:?} {end} {posted:?}");
            }
        }
    }
}
