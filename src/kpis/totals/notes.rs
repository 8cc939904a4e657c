//! What to know before relying on a total, in the words that answers and charts alike carry.

use super::asked::{Asked, PeriodTotal};
use super::rules::{Lack, Survey};
use crate::calendar::Period;
use crate::successions::store::ArrivalRow;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Something to know before relying on a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub code: &'static str,
    pub detail: String,
}

/// What a reader should know of a total that is kept, and behind what was sent since.
pub fn behind(since: &str) -> Note {
    let detail =
        format!("Behind: the total was added up at {since}. What came since is not in it yet, and soon will be.");
    Note { code: "behind", detail }
}

/// All of them.
pub fn of(
    asked: &Asked,
    periods: &BTreeMap<Period, PeriodTotal>,
    survey: &Survey,
    illustrative: bool,
    left_out: Option<usize>,
    arrivals: &[&ArrivalRow],
) -> Vec<Note> {
    let moved = survey.moved.count(asked.kpi.period_type, asked.window);
    let mut notes = of_values(asked, periods, illustrative, moved, left_out);
    notes.extend(of_arrivals(arrivals));
    notes.extend(of_divided(asked, survey));
    notes.extend(of_not_collected(asked, survey));
    notes.extend(of_outside_life(asked, survey));
    notes
}

fn of_values(
    asked: &Asked,
    periods: &BTreeMap<Period, PeriodTotal>,
    illustrative: bool,
    moved: usize,
    left_out: Option<usize>,
) -> Vec<Note> {
    let inside: Vec<(&Period, &PeriodTotal)> =
        periods.iter().filter(|(period, _)| asked.window.holds(**period)).collect();
    let those = |is: fn(&PeriodTotal) -> bool| {
        let some: Vec<String> =
            inside.iter().filter(|(_, total)| is(total)).map(|(period, _)| period.label()).collect();
        (!some.is_empty()).then_some(some)
    };
    let mut notes = Vec::new();
    let mut note = |code: &'static str, detail: String| notes.push(Note { code, detail });
    if illustrative {
        note(
            "illustrative",
            "Illustrative: some or all of the values are invented, or where their organisations lie.".to_owned(),
        );
    }
    if let Some(some) = those(|total| total.is_partial() && total.figure.is_some()) {
        let partial = inside.iter().filter(|(_, total)| total.is_partial());
        let mut least: Vec<String> =
            partial.map(|(period, _)| format!("{}%", 100.0 * asked.complete_at(**period))).collect();
        least.sort_unstable();
        least.dedup();
        let least = least.join(" or ");
        note(
            "partial",
            format!(
                "Partial: in {} less than {least} of what is expected was reported. The total is shown as it is, and counts in no limit, rule or icon.",
                listed(&some)
            ),
        );
    }
    let lacks = |total: &PeriodTotal| {
        let missing = total.coverage.is_some_and(|coverage| coverage.actual < coverage.expected);
        missing && !total.is_partial() && total.figure.is_some()
    };
    if let Some(some) = those(lacks) {
        note(
            "incomplete",
            format!(
                "Incomplete: in {} values of some organisations are missing. Nothing is estimated for them.",
                listed(&some)
            ),
        );
    }
    if let Some(some) = those(|total| total.suppressed) {
        let periods = counted(some.len(), "period");
        note("suppressed", format!("Suppressed: the values of {periods} are left out of the analysis."));
    }
    if let Some(some) = those(|total| total.lack == Some(Lack::Unweighted)) {
        note(
            "mean-without-number",
            format!(
                "Withheld: in {} a mean does not say of how many things it was taken (its denominator), so that several make no mean.",
                listed(&some)
            ),
        );
    }
    if let Some(some) = those(|total| total.lack == Some(Lack::TooLarge)) {
        let detail = format!(
            "Too large: in {} the total is larger than any number that is stored, so that none is told.",
            listed(&some)
        );
        note("too-large", detail);
    }
    if let Some(lacking) = left_out {
        note(
            "comparable",
            format!(
                "Comparable: only organisations that reported in every period count; {} left out.",
                were(lacking, "organisation")
            ),
        );
    }
    if moved > 0 {
        note(
            "boundary-change",
            format!(
                "Boundaries: {} came, went or were succeeded; another map gives other figures.",
                counted(moved, "organisation")
            ),
        );
    }
    notes
}

/// What a reader should know of who became part of the organisation: the chart is the sum of what they were.
fn of_arrivals(arrivals: &[&ArrivalRow]) -> Option<Note> {
    let some: Vec<String> = arrivals.iter().map(|one| format!("{} on {}", one.code, one.on)).collect();
    let detail = || {
        let who = listed(&some);
        format!(
            "Succession: {who} became part of this, in whole or in part. If the level changed, propose a recalculation; none is made."
        )
    };
    (!some.is_empty()).then(|| Note { code: "succession", detail: detail() })
}

/// What a reader should know of organisations that were divided.
fn of_divided(asked: &Asked, survey: &Survey) -> Vec<Note> {
    let note = |code: &'static str, days: &BTreeSet<NaiveDate>, what: &str| {
        let some: Vec<String> = asked.inside(days).map(Period::label).collect();
        (!some.is_empty()).then(|| Note { code, detail: format!("{what} In {}.", listed(&some)) })
    };
    let parts =
        "Apportioned: parts of what divided organisations had themselves count here, by the shares that were recorded.";
    let none = "Not apportioned: what divided organisations had themselves counts only where all of them belongs, since no share is known, or since it is a handful or has no parts.";
    let (apportioned, undivided) = (&survey.apportioned, &survey.undivided);
    [note("apportioned", apportioned, parts), note("not-apportioned", undivided, none)].into_iter().flatten().collect()
}

/// What a reader should know of values that do not count yet.
pub fn of_provisional(asked: &Asked, provisional: &BTreeSet<NaiveDate>) -> Option<Note> {
    let some: Vec<String> = asked.inside(provisional).map(Period::label).collect();
    let detail = || {
        format!("Provisional: in {} values await approval, and stand here though they do not count yet.", listed(&some))
    };
    (!some.is_empty()).then(|| Note { code: "provisional", detail: detail() })
}

/// What a reader should know of what nobody collected for a time.
fn of_not_collected(asked: &Asked, survey: &Survey) -> Option<Note> {
    let some: Vec<String> = asked.inside(&survey.not_collected).map(Period::label).collect();
    let detail = || format!("Not collected: in {} values of some organisations were not collected.", listed(&some));
    (!some.is_empty()).then(|| Note { code: "not-collected", detail: detail() })
}

/// What a reader should know of values of organisations that did not exist.
fn of_outside_life(asked: &Asked, survey: &Survey) -> Option<Note> {
    let number = survey.outside_life.count(asked.kpi.period_type, asked.window);
    let detail = || {
        let who = counted(number, "organisation");
        format!("Outside life: {who} with values of periods before opening or after closing. They count all the same.")
    };
    (number > 0).then(|| Note { code: "outside-life", detail: detail() })
}

/// The most periods that a note names.
const NAMED: usize = 6;

fn listed(periods: &[String]) -> String {
    let some = periods.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match periods.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {}", counted(more, "more period")),
    }
}

fn were(number: usize, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "was" } else { "were" })
}

/// A number and a noun.
pub fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
