//! Where a measure stands in a grid, in which order those that worry stand, and what is said of each.

use crate::calendar::{Period, PeriodType};
use crate::kpis::catalogue::rules::terms::TermsOverTime;
use crate::kpis::spc::rules::{Assurance, Signal, Variation};
use chrono::{Days, NaiveDate};

/// A row of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    Improvement,
    CommonCause,
    Concern,
    Neither,
}

impl Band {
    pub const ALL: [Self; 4] = [Self::Improvement, Self::CommonCause, Self::Concern, Self::Neither];

    pub fn title(self) -> &'static str {
        match self {
            Self::Improvement => "Improvement",
            Self::CommonCause => "Common cause",
            Self::Concern => "Concern",
            Self::Neither => "Neither",
        }
    }
}

/// A column of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Pass,
    HitOrMiss,
    Fail,
    NoTarget,
}

impl Column {
    pub const ALL: [Self; 4] = [Self::Pass, Self::HitOrMiss, Self::Fail, Self::NoTarget];

    pub fn title(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::HitOrMiss => "Hit or miss",
            Self::Fail => "Fail",
            Self::NoTarget => "No target",
        }
    }
}

/// Where a measure stands: in the grid, or beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    In(Band, Column),
    NotEnoughData,
    NotApplicable,
}

pub fn standing(variation: Variation, assurance: Assurance) -> Standing {
    let band = match variation {
        Variation::NotApplicable => return Standing::NotApplicable,
        Variation::InsufficientData => return Standing::NotEnoughData,
        Variation::Signal(Signal::CommonCause) => Band::CommonCause,
        Variation::Signal(Signal::ImprovementHigh | Signal::ImprovementLow) => Band::Improvement,
        Variation::Signal(Signal::ConcernHigh | Signal::ConcernLow) => Band::Concern,
        Variation::Signal(Signal::NeitherHigh | Signal::NeitherLow) => Band::Neither,
    };
    let column = match assurance {
        Assurance::Pass => Column::Pass,
        Assurance::Fail => Column::Fail,
        Assurance::HitOrMiss => Column::HitOrMiss,
        Assurance::NoTarget | Assurance::InsufficientData | Assurance::NotApplicable => Column::NoTarget,
    };
    Standing::In(band, column)
}

/// How early a measure stands among those that worry: first those of concern that fail their target, then those that fail it, then those
/// of concern. None of the others.
pub fn worry(variation: Variation, assurance: Assurance) -> Option<u8> {
    match standing(variation, assurance) {
        Standing::In(Band::Concern, Column::Fail) => Some(0),
        Standing::In(_, Column::Fail) => Some(1),
        Standing::In(Band::Concern, _) => Some(2),
        _ => None,
    }
}

/// What a variation says.
pub fn variation_words(variation: Variation) -> &'static str {
    match variation {
        Variation::InsufficientData => "not enough data",
        Variation::NotApplicable => "not applicable",
        Variation::Signal(signal) => match signal {
            Signal::CommonCause => "common cause, no significant change",
            Signal::ImprovementHigh => "special cause of improving nature or lower pressure due to higher values",
            Signal::ImprovementLow => "special cause of improving nature or lower pressure due to lower values",
            Signal::ConcernHigh => "special cause of concerning nature or higher pressure due to higher values",
            Signal::ConcernLow => "special cause of concerning nature or higher pressure due to lower values",
            Signal::NeitherHigh => "special cause of neither improving nor concerning nature due to higher values",
            Signal::NeitherLow => "special cause of neither improving nor concerning nature due to lower values",
        },
    }
}

/// What an assurance says.
pub fn assurance_words(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Pass => "consistently passing the target",
        Assurance::HitOrMiss => "inconsistently passing and falling short of the target",
        Assurance::Fail => "consistently falling short of the target",
        Assurance::NoTarget => "no target",
        Assurance::InsufficientData => "not enough data",
        Assurance::NotApplicable => "not applicable",
    }
}

/// The finding of a grid, from the standing of each measure and whether it has a value.
pub fn headline(measures: &[(Standing, bool)]) -> String {
    let number = |is: &dyn Fn(Standing) -> bool| measures.iter().filter(|(standing, _)| is(*standing)).count();
    let verb = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let all = measures.len();
    let short = number(&|standing| matches!(standing, Standing::In(_, Column::Fail)));
    let concern = number(&|standing| matches!(standing, Standing::In(Band::Concern, _)));
    let absent = measures.iter().filter(|(_, has_value)| !has_value).count();
    let measures = if all == 1 { "measure" } else { "measures" };
    let falls = if short == 1 { "falls" } else { "fall" };
    let mut text = format!("{short} of {all} {measures} consistently {falls} short of the target");
    text.push_str(&format!("; {} concerning change", verb(concern, "shows", "show")));
    if absent > 0 {
        text.push_str(&format!("; {} no data", verb(absent, "has", "have")));
    }
    text + "."
}

/// Whether a later period is due than the latest that was reported: one that ended more days ago than its own definition gave.
pub fn is_stale(
    latest: Option<Period>,
    kind: PeriodType,
    terms: &TermsOverTime,
    until: Option<Period>,
    today: NaiveDate,
) -> bool {
    if terms.all().all(|terms| terms.due_days.is_none()) {
        return false;
    }
    let Some(latest) = latest else { return true };
    let last = Period::containing(kind, today).previous();
    let last = until.map_or(last, |until| until.min(last));
    let days = |period: Period| terms.in_force(period).due_days.map(u64::from).map(Days::new);
    let due_on = |period: Period| days(period).and_then(|days| period.end().checked_add_days(days));
    latest < last && latest.next().through(last).any(|period| due_on(period).is_some_and(|on| on < today))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpis::catalogue::rules::terms::Terms;

    #[test]
    fn a_measure_stands_in_the_row_of_its_variation_and_the_column_of_its_assurance() {
        let signal = Variation::Signal;
        for (variation, assurance, expected, worried) in [
            (signal(Signal::ConcernLow), Assurance::Fail, Standing::In(Band::Concern, Column::Fail), Some(0)),
            (signal(Signal::ImprovementHigh), Assurance::Fail, Standing::In(Band::Improvement, Column::Fail), Some(1)),
            (signal(Signal::ConcernHigh), Assurance::Pass, Standing::In(Band::Concern, Column::Pass), Some(2)),
            (signal(Signal::NeitherLow), Assurance::NoTarget, Standing::In(Band::Neither, Column::NoTarget), None),
            (
                signal(Signal::CommonCause),
                Assurance::HitOrMiss,
                Standing::In(Band::CommonCause, Column::HitOrMiss),
                None,
            ),
            (Variation::InsufficientData, Assurance::InsufficientData, Standing::NotEnoughData, None),
            (Variation::NotApplicable, Assurance::NotApplicable, Standing::NotApplicable, None),
        ] {
            assert_eq!(standing(variation, assurance), expected);
            assert_eq!(worry(variation, assurance), worried);
        }
    }

    #[test]
    fn the_headline_counts_what_falls_short_what_worries_and_what_is_absent() {
        let fails = (Standing::In(Band::Concern, Column::Fail), true);
        let steady = (Standing::In(Band::CommonCause, Column::Pass), true);
        let none = (Standing::NotEnoughData, false);
        for (measures, expected) in [
            (
                &[fails, steady, none][..],
                "1 of 3 measures consistently falls short of the target; 1 shows concerning change; 1 has no data.",
            ),
            (&[steady], "0 of 1 measure consistently fall short of the target; 0 show concerning change."),
        ] {
            assert_eq!(headline(measures), expected);
        }
    }

    #[test]
    fn a_measure_is_stale_once_a_later_period_is_due() {
        let month = |text| Period::parse(PeriodType::Month, text).expect("a month");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        for (latest, due_days, until, today, expected) in [
            (Some("2024-01"), Some(20), None, "2024-03-20", false),
            (Some("2024-01"), Some(20), None, "2024-03-21", true),
            (Some("2024-02"), Some(20), None, "2024-03-21", false),
            (Some("2024-01"), None, None, "2026-01-01", false),
            (None, Some(20), None, "2024-03-21", true),
            (Some("2024-01"), Some(20), Some("2024-01"), "2026-01-01", false),
        ] {
            let (latest, until) = (latest.map(month), until.map(month));
            let terms = TermsOverTime::always(Terms { due_days, ..Terms::default() });
            assert_eq!(is_stale(latest, PeriodType::Month, &terms, until, day(today)), expected, "{latest:?} {today}");
        }
    }
}
