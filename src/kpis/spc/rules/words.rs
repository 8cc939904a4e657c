//! The closed words an analysis is asked for and answered in.

use std::fmt;
use std::str::FromStr;

/// A word that is not on the list it was looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord;

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not one of the words allowed here")
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! words {
    ($($(#[$about:meta])* $list:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $list { $($(#[$meaning])* $variant,)+ }

        impl $list {
            /// Every word of the list, in the order in which answers give them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $list {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $list {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or(UnknownWord)
            }
        }
    )+};
}

words! {
    /// Whose rules are followed. NHS tools disagree with each other, so an answer always says.
    Profile {
        /// NHS England Making Data Count: the SQL query v2.5 with the two-sigma change of November 2023.
        Mdc = "mdc",
        /// The R package NHSRplotthedots 0.2.2, for those who publish with R.
        Ptd = "ptd",
    }

    /// Which way a measure moves when it gets better.
    Direction {
        Increase = "increase",
        Decrease = "decrease",
        Neutral = "neutral",
    }

    /// What a point is called when its rules say improvement and concern at once
    /// (Making Data Count only; NHSRplotthedots gives each point a single cause).
    ConflictRule {
        Improvement = "improvement",
        Concern = "concern",
    }

    /// A sign of special cause. High and low say which way it points, not whether that is good.
    Rule {
        /// The point lies above the upper process limit.
        AboveLimit = "above-limit",
        /// The point lies below the lower process limit.
        BelowLimit = "below-limit",
        /// One of a run of points (seven by default) all above the mean.
        ShiftHigh = "shift-high",
        /// One of a run of points (seven by default) all below the mean.
        ShiftLow = "shift-low",
        /// One of a run of points (seven by default) each higher than the one before.
        TrendHigh = "trend-high",
        /// One of a run of points (seven by default) each lower than the one before.
        TrendLow = "trend-low",
        /// One of two points beyond two sigma, in three consecutive points all above the mean.
        TwoOfThreeHigh = "two-of-three-high",
        /// One of two points beyond two sigma, in three consecutive points all below the mean.
        TwoOfThreeLow = "two-of-three-low",
    }

    /// What one point says. Neither is for a neutral measure, where high and low are neither good nor bad.
    Signal {
        CommonCause = "common-cause",
        ImprovementHigh = "improvement-high",
        ImprovementLow = "improvement-low",
        ConcernHigh = "concern-high",
        ConcernLow = "concern-low",
        NeitherHigh = "neither-high",
        NeitherLow = "neither-low",
    }

    /// Whether a process that goes on as it is will meet its target.
    Assurance {
        /// It will: the target lies outside the process limits, on the good side.
        Pass = "pass",
        /// It will not: the target lies outside the process limits, on the bad side.
        Fail = "fail",
        /// It may or may not: the target lies between the process limits.
        HitOrMiss = "hit-or-miss",
        /// There is no target, or no direction that would be better.
        NoTarget = "no-target",
        /// Too few points to tell.
        InsufficientData = "insufficient-data",
        /// The shape of the series says that the method does not apply.
        NotApplicable = "not-applicable",
    }
}

impl Profile {
    /// The exact version of the rules, for the answer to name.
    #[must_use]
    pub const fn rule_set(self) -> &'static str {
        match self {
            Self::Mdc => "making-data-count-2.5+2023-11",
            Self::Ptd => "nhsrplotthedots-0.2.2",
        }
    }
}

impl Rule {
    /// Whether the rule points upwards.
    #[must_use]
    pub const fn is_high(self) -> bool {
        matches!(self, Self::AboveLimit | Self::ShiftHigh | Self::TrendHigh | Self::TwoOfThreeHigh)
    }
}

/// What a whole series says: the signal of its last counted point, if there are points enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variation {
    Signal(Signal),
    InsufficientData,
    /// The shape of the series says that the method does not apply.
    NotApplicable,
}

impl Variation {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signal(signal) => signal.as_str(),
            Self::InsufficientData => "insufficient-data",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The rules one point breaks: a small set that costs no allocation.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rules(u8);

impl Rules {
    const fn bit(rule: Rule) -> u8 {
        1 << rule as u8
    }

    pub(super) const fn insert(&mut self, rule: Rule) {
        self.0 |= Self::bit(rule);
    }

    #[must_use]
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & Self::bit(rule) != 0
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules that are in both sets.
    pub(super) const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The rules in the order of [`Rule::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.contains(*rule))
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        let mut set = Self::default();
        for rule in rules {
            set.insert(rule);
        }
        set
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
