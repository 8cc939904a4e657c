//! Sums of money by group, and their division among those who funded it.

use crate::calendar::Span;
use crate::funding::awards::rules::AwardState;
use crate::funding::ledger::rules::TransactionKind;
use crate::vocabulary::Id;
use crate::words;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::ops::AddAssign;

words! {
    /// The grouping of a funding report.
    pub enum GroupBy {
        Fund = "fund",
        Funder = "funder",
        Programme = "programme",
        Place = "place",
        FinancialYear = "financial-year",
    }
}

/// The money of one group, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub contributed: i64,
    pub committed: i64,
    pub released: i64,
    pub disbursed: i64,
    pub returned: i64,
    pub written_off: i64,
    pub reallocated_in: i64,
    pub reallocated_out: i64,
    pub planned: i64,
    /// By confirmed pledges.
    pub pledged: i64,
    /// Without a pledge.
    pub received: i64,
    /// What awards commit by year, less what was released.
    pub taken: i64,
}

impl Totals {
    /// The totals of one posting of this kind.
    pub fn posted(kind: TransactionKind, amount: i64) -> Self {
        let none = Self::default();
        match kind {
            TransactionKind::Commitment => Self { committed: amount, ..none },
            TransactionKind::Release => Self { released: amount, ..none },
            TransactionKind::Disbursement => Self { disbursed: amount, ..none },
            TransactionKind::Return => Self { returned: amount, ..none },
            TransactionKind::WriteOff => Self { written_off: amount, ..none },
            TransactionKind::ReallocationIn => Self { reallocated_in: amount, ..none },
            TransactionKind::ReallocationOut => Self { reallocated_out: amount, ..none },
        }
    }

    /// What pledges, contributions without one and reallocations leave for new awards.
    pub fn available(self) -> i64 {
        self.pledged + self.received + self.reallocated_in - self.reallocated_out - self.taken
    }

    /// The money paid out, less what was returned, minus the planned payments.
    pub fn variance(self) -> i64 {
        self.disbursed - self.returned - self.planned
    }

    fn parts(self) -> [i64; 12] {
        [
            self.contributed,
            self.committed,
            self.released,
            self.disbursed,
            self.returned,
            self.written_off,
            self.reallocated_in,
            self.reallocated_out,
            self.planned,
            self.pledged,
            self.received,
            self.taken,
        ]
    }

    fn of(parts: [i64; 12]) -> Self {
        let [
            contributed,
            committed,
            released,
            disbursed,
            returned,
            written_off,
            reallocated_in,
            reallocated_out,
            planned,
            pledged,
            received,
            taken,
        ] = parts;
        Self {
            contributed,
            committed,
            released,
            disbursed,
            returned,
            written_off,
            reallocated_in,
            reallocated_out,
            planned,
            pledged,
            received,
            taken,
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        let (mut sums, parts) = (self.parts(), other.parts());
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum = sum.saturating_add(part);
        }
        *self = Self::of(sums);
    }
}

/// How and on which day an award ended.
pub type Ended = (AwardState, NaiveDate);

/// Whether what was planned of an award from a day on is still planned after its end: what is terminated has no plan from its last
/// day on, and what is cancelled none at all. What is completed keeps its plan, beside which its payments stand.
pub fn stays_planned(ended: Option<Ended>, from: NaiveDate) -> bool {
    match ended {
        Some((AwardState::Cancelled, _)) => false,
        Some((AwardState::Terminated, on)) => from < on,
        _ => true,
    }
}

/// Some days on which an organisation lay below a board, and the days on which that existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Below {
    pub board: String,
    pub days: Span,
    pub life: Span,
    /// Whether it lay there by edges or successions that are invented.
    pub illustrative: bool,
}

/// The integrated care boards that organisations lie below, by day.
#[derive(Debug, Default)]
pub struct Geography(pub HashMap<Id, Vec<Below>>);

impl Geography {
    /// The board that an organisation lay below on a day. One that existed then goes before one that was closed.
    pub fn board(&self, organisation: Id, on: NaiveDate) -> Option<&Below> {
        let below = self.0.get(&organisation)?.iter().filter(|below| below.days.holds(on));
        below.min_by_key(|below| (!below.life.holds(on), &below.board))
    }
}

/// Divides an amount by weights so that the shares add up to it to the penny: each gets what is due to those up to it,
/// less what those before it got.
pub fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let (mut before, mut given) = (0i128, 0i64);
    weights
        .iter()
        .map(|weight| {
            before += i128::from(*weight);
            let due = if total == 0 { 0 } else { i64::try_from(i128::from(amount) * before / total).unwrap_or(given) };
            let share = due - given;
            given = due;
            share
        })
        .collect()
}

/// Divides what was done with a fund's money among its funders by what each contributed; the contributions are not.
pub fn divided(totals: Totals, weights: &[i64]) -> Vec<Totals> {
    let parts = totals.parts().map(|part| shares(part, weights));
    (0..weights.len())
        .map(|at| Totals::of(parts.each_ref().map(|share| share.get(at).copied().unwrap_or_default())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pound_is_divided_to_the_penny() {
        assert_eq!(shares(100, &[1, 1, 1]), [33, 33, 34]);
        assert_eq!(shares(100, &[3, 1]), [75, 25]);
        assert_eq!(shares(100, &[0, 5]), [0, 100]);
        assert_eq!(shares(100, &[]), Vec::<i64>::new());
    }

    #[test]
    fn a_plan_ends_with_its_award() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (state, on, stays) in [
            (AwardState::Terminated, "2025-06-01", [true, true, false]),
            (AwardState::Terminated, "2025-04-01", [true, false, false]),
            (AwardState::Cancelled, "2025-06-01", [false, false, false]),
            (AwardState::Completed, "2025-06-01", [true, true, true]),
        ] {
            let found =
                ["2024-04-01", "2025-04-01", "2026-04-01"].map(|from| stays_planned(Some((state, day(on))), day(from)));
            assert_eq!(found, stays, "{state:?} {on}");
        }
        assert!(stays_planned(None, day("2026-04-01")));
    }

    #[test]
    fn a_place_is_the_board_of_the_day_and_rather_one_that_exists() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let span = |from: &str, to: &str| Span { from: day(from), to: day(to) };
        let trust = Id::foreseen("body", 1);
        let below = |board: &str, days, life| Below { board: board.to_owned(), days, life, illustrative: false };
        let geography = Geography(HashMap::from([(
            trust,
            vec![
                below("OLD", Span::ALWAYS, span("2015-04-01", "2020-04-01")),
                below("NEW", span("2020-04-01", "2026-04-01"), Span::ALWAYS),
            ],
        )]));
        for (on, board) in [("2020-03-31", "OLD"), ("2020-04-01", "NEW"), ("2026-04-01", "OLD")] {
            let found = geography.board(trust, day(on)).map(|below| below.board.as_str());
            assert_eq!(found, Some(board), "{on}");
        }
        assert_eq!(geography.board(Id::foreseen("body", 2), day("2015-01-01")), None);
    }

    proptest! {
        #[test]
        fn shares_add_up(amount in 0..=i64::MAX / 4, weights in prop::collection::vec(0..1_000_000i64, 1..9)) {
            let parts = shares(amount, &weights);
            let whole = if weights.iter().all(|weight| *weight == 0) { 0 } else { amount };
            prop_assert_eq!(parts.iter().sum::<i64>(), whole);
            prop_assert!(parts.iter().all(|part| *part >= 0));
        }
    }
}
