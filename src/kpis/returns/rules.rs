//! How a return moves, and when it is due.

use crate::calendar::{Period, PeriodType};
use crate::kpis::catalogue::rules::terms::Terms;
use crate::transitions::rules::Machine;
use crate::vocabulary::{Id, Timestamp};
use crate::words;
use chrono::NaiveDate;

words! {
    /// How far a return has come.
    pub enum ReturnState {
        /// Nothing has come, and somebody was reminded of it.
        Due = "due",
        /// Something has come.
        Received = "received",
        /// All that is asked has come, or the sender says that this is all.
        Submitted = "submitted",
        /// Somebody else has checked it: its values count.
        Approved = "approved",
        Accepted = "accepted",
        /// Sent back, with what to mend.
        Returned = "returned",
        /// Taken back by the sender.
        Withdrawn = "withdrawn",
    }
}

impl Machine for ReturnState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Received => vec![Self::Submitted, Self::Returned, Self::Withdrawn],
            Self::Submitted => vec![Self::Approved, Self::Returned, Self::Withdrawn],
            Self::Approved => vec![Self::Accepted, Self::Returned],
            Self::Accepted => vec![Self::Returned],
            Self::Returned => vec![Self::Submitted, Self::Withdrawn],
            Self::Due | Self::Withdrawn => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Returned
    }
}

impl ReturnState {
    /// The state after a delivery that changed something of the return.
    #[must_use]
    pub fn delivered(self, complete: bool) -> Self {
        match self {
            Self::Submitted | Self::Approved | Self::Accepted => Self::Submitted,
            _ if complete => Self::Submitted,
            _ => Self::Received,
        }
    }

    /// Whether what it holds was approved, and nothing has come since.
    pub fn is_approved(self) -> bool {
        matches!(self, Self::Approved | Self::Accepted)
    }

    /// The one of two that has come less far.
    #[must_use]
    pub fn lower(self, other: Self) -> Self {
        let rank = |state: Self| match state {
            Self::Due => 0,
            Self::Withdrawn => 1,
            Self::Returned => 2,
            Self::Received => 3,
            Self::Submitted => 4,
            Self::Approved => 5,
            Self::Accepted => 6,
        };
        if rank(other) < rank(self) { other } else { self }
    }

    /// Whether nothing of it is there.
    pub fn is_missing(self) -> bool {
        matches!(self, Self::Due | Self::Withdrawn)
    }
}

words! {
    /// What the register reminded of, last.
    pub enum Reminder { DueSoon = "due-soon", Overdue = "overdue" }
}

/// What a return is of: a set, or a KPI that is in none. The other of the two is [`Id::NONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    pub set: Id,
    pub kpi: Id,
}

/// Names a return. Those who lock several do so in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReturnKey {
    pub owner: Owner,
    pub period_type: PeriodType,
    pub start: NaiveDate,
    pub organisation: Id,
}

impl ReturnKey {
    pub fn period(&self) -> Period {
        Period::containing(self.period_type, self.start)
    }
}

/// When a return is due and locked, in days after its period: the latest day of those of its KPIs on which values are due, and
/// the earliest on which they are locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deadlines {
    pub due: Option<u32>,
    pub lock: Option<u32>,
}

impl Deadlines {
    /// Of the terms of its KPIs that held for the period.
    pub fn of(terms: impl Iterator<Item = Terms>) -> Self {
        terms.fold(Self::default(), |all, Terms { due_days, lock_days, .. }| Self {
            due: all.due.max(due_days),
            lock: all.lock.into_iter().chain(lock_days).min(),
        })
    }

    /// Until when a return of the period is on time.
    pub fn on_time_until(self, period: Period) -> Option<Timestamp> {
        self.due.map(|days| period.closes_at(days))
    }

    pub fn locks_at(self, period: Period) -> Option<Timestamp> {
        self.lock.map(|days| period.closes_at(days))
    }

    /// Whether all of it had come too late, or has not come though it was due.
    pub fn is_late(self, period: Period, submitted_at: Option<Timestamp>, now: Timestamp) -> bool {
        self.on_time_until(period).is_some_and(|until| submitted_at.unwrap_or(now) >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_submitted_is_approved_and_what_is_sent_back_needs_a_reason() {
        use ReturnState::*;
        for from in ReturnState::ALL.iter().copied() {
            assert_eq!(from.next().contains(&Approved), from == Submitted, "{from:?}");
            assert_eq!(from.next().contains(&Accepted), from == Approved, "{from:?}");
            assert!(from.next().iter().all(|to| from.needs_reason(*to) == (*to == Returned)));
        }
    }

    #[test]
    fn a_delivery_moves_a_return_to_received_or_submitted() {
        use ReturnState::*;
        for (from, complete, to) in [
            (Due, false, Received),
            (Received, true, Submitted),
            (Submitted, false, Submitted),
            (Accepted, false, Submitted),
            (Returned, false, Received),
            (Withdrawn, true, Submitted),
        ] {
            assert_eq!(from.delivered(complete), to, "{from:?}");
        }
    }

    #[test]
    fn the_lower_of_two_states_has_come_less_far() {
        use ReturnState::*;
        let rising = [Due, Withdrawn, Returned, Received, Submitted, Approved, Accepted];
        for pair in rising.windows(2) {
            assert_eq!((pair[0].lower(pair[1]), pair[1].lower(pair[0])), (pair[0], pair[0]));
        }
    }

    #[test]
    fn a_return_is_due_with_the_last_of_its_kpis_and_locked_with_the_first() {
        let terms = |(due_days, lock_days)| Terms { due_days, lock_days, ..Terms::default() };
        let of = |days: &[(Option<u32>, Option<u32>)]| Deadlines::of(days.iter().copied().map(terms));
        assert_eq!(of(&[]), Deadlines::default());
        let all = of(&[(Some(10), None), (Some(20), Some(40)), (None, Some(30)), (None, None)]);
        assert_eq!(all, Deadlines { due: Some(20), lock: Some(30) });
        let june = Period::parse(PeriodType::Month, "2026-06").expect("a month");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert_eq!(all.on_time_until(june), Some(at("2026-07-20T23:00:00Z")));
        for (submitted, now, late) in [
            (Some("2026-07-20T22:59:59Z"), "2026-09-01T00:00:00Z", false),
            (Some("2026-07-20T23:00:00Z"), "2026-09-01T00:00:00Z", true),
            (None, "2026-07-01T00:00:00Z", false),
            (None, "2026-07-21T00:00:00Z", true),
        ] {
            assert_eq!(all.is_late(june, submitted.map(at), at(now)), late, "{submitted:?} {now}");
        }
    }
}
