//! Links between two records, each of which somebody keeps: one end proposes, and the other agrees before it holds.

use super::rules::{AskedMove, Machine, Move};
use crate::access::outside;
use crate::calendar::Until;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::words;
use chrono::NaiveDate;

words! {
    /// How far the two ends of a link have agreed.
    pub enum LinkState {
        Proposed = "proposed",
        Agreed = "agreed",
        /// Refused by the one end, or taken back by the other.
        Declined = "declined",
        Ended = "ended",
    }
}

impl Machine for LinkState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Agreed, Self::Declined],
            Self::Agreed => vec![Self::Ended],
            // Proposed once more.
            Self::Declined => vec![Self::Proposed],
            Self::Ended => Vec::new(),
        }
    }

    fn needs_reason(self, _: Self) -> bool {
        false
    }
}

impl LinkState {
    /// The states of a dated link that holds, or held until its last day: no other is counted, listed or gives a right.
    pub const HELD: [Self; 2] = [Self::Agreed, Self::Ended];
}

impl Move<LinkState> {
    /// The last day of a dated link after this move. One that ends before it has begun never held.
    pub fn last_day(&self, (from, to): (NaiveDate, Until)) -> Until {
        if self.to == LinkState::Ended { to.min(Until::from(Some(self.effective_on.max(from)))) } else { to }
    }
}

/// Which ends of a link the caller keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The end that proposes it.
    pub proposing: bool,
    /// The end that answers.
    pub answering: bool,
}

impl Ends {
    /// Whether the caller keeps one, and so sees what is not agreed.
    pub fn any(self) -> bool {
        self.proposing || self.answering
    }

    /// Whether the caller sees a dated link in this state: everybody does once it holds.
    pub fn see(self, state: LinkState) -> bool {
        self.any() || LinkState::HELD.contains(&state)
    }

    /// The move of a link that the caller asks for, of the version that they know.
    ///
    /// # Errors
    /// `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
    pub fn decide(
        self,
        context: &Context,
        asked: AskedMove,
        (state, version): (LinkState, i32),
    ) -> Result<Move<LinkState>> {
        let step = asked.read(context.today())?;
        self.check_move(step.to)?;
        context.check_version(version)?;
        step.decide(state)?;
        Ok(step)
    }

    /// The state in which a link begins: agreed where the caller keeps both ends.
    ///
    /// # Errors
    /// `forbidden` for who does not keep the end that proposes.
    pub fn begin(self) -> Result<LinkState> {
        match self {
            Self { proposing: false, .. } => Err(outside()),
            Self { answering: true, .. } => Ok(LinkState::Agreed),
            Self { answering: false, .. } => Ok(LinkState::Proposed),
        }
    }

    /// Only the end that was asked agrees, and only the other proposes once more; either refuses, takes back or ends.
    ///
    /// # Errors
    /// `forbidden`.
    fn check_move(self, to: LinkState) -> Result<()> {
        let may = match to {
            LinkState::Agreed => self.answering,
            LinkState::Proposed => self.proposing,
            LinkState::Declined | LinkState::Ended => self.any(),
        };
        if may { Ok(()) } else { Err(outside()) }
    }

    /// One end may change what it proposed, and may narrow what was agreed. Anything more is a new proposal.
    ///
    /// # Errors
    /// `forbidden`, and `immutable` for a link that is over.
    pub fn check_change(self, state: LinkState, narrows: bool) -> Result<()> {
        if !self.any() {
            return Err(outside());
        }
        match state {
            LinkState::Declined | LinkState::Ended => {
                Err(Error::new(Code::Immutable).detail("The link is over. Propose another."))
            }
            LinkState::Proposed if self.proposing => Ok(()),
            LinkState::Agreed if narrows || (self.proposing && self.answering) => Ok(()),
            _ => {
                let detail = "One end changes what it proposed, and may narrow what was agreed. Else end the link and propose another.";
                Err(Error::new(Code::Forbidden).detail(detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Ends = Ends { proposing: true, answering: false };
    const OTHER: Ends = Ends { proposing: false, answering: true };
    const BOTH: Ends = Ends { proposing: true, answering: true };
    const NEITHER: Ends = Ends { proposing: false, answering: false };

    #[test]
    fn a_link_begins_agreed_where_both_ends_are_the_callers() {
        assert_eq!([ONE, BOTH].map(|ends| ends.begin().ok()), [Some(LinkState::Proposed), Some(LinkState::Agreed)]);
        assert!([OTHER, NEITHER].iter().all(|ends| ends.begin().is_err()));
    }

    #[test]
    fn only_the_end_that_was_asked_agrees() {
        let may =
            |ends: Ends| LinkState::ALL.iter().copied().filter(|to| ends.check_move(*to).is_ok()).collect::<Vec<_>>();
        assert_eq!(may(ONE), [LinkState::Proposed, LinkState::Declined, LinkState::Ended]);
        assert_eq!(may(OTHER), [LinkState::Agreed, LinkState::Declined, LinkState::Ended]);
        assert_eq!((may(BOTH).len(), may(NEITHER).len()), (4, 0));
    }

    #[test]
    fn what_was_agreed_is_widened_by_both_ends_alone() {
        for (ends, state, narrows, allowed) in [
            (ONE, LinkState::Proposed, false, true),
            (OTHER, LinkState::Proposed, true, false),
            (ONE, LinkState::Agreed, true, true),
            (ONE, LinkState::Agreed, false, false),
            (BOTH, LinkState::Agreed, false, true),
            (BOTH, LinkState::Ended, true, false),
            (NEITHER, LinkState::Agreed, true, false),
        ] {
            assert_eq!(ends.check_change(state, narrows).is_ok(), allowed, "{ends:?} {state:?}");
        }
    }
}
