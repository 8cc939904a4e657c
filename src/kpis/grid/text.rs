//! A measure in words: what the page, the picture and the CSV print of it.

use super::ops::{Cell, Grid};
use crate::kpis::catalogue::rules::ImprovementDirection;
use crate::kpis::spc::study::{Printed, Remark, Study};
use crate::organisations::rules::Geography;
use crate::vocabulary::instant;

/// A measure as it is printed. No member is ever empty.
pub struct Printable {
    pub name: String,
    pub period: String,
    pub value: String,
    pub target: String,
    pub mean: String,
    pub lpl: String,
    pub upl: String,
    pub comparison: String,
    pub updated: String,
}

const NO_DATA: &str = "No data";
const NOT_APPLICABLE: &str = "Not applicable";
const SUPPRESSED: &str = "Suppressed";

impl Cell {
    pub fn printed(&self) -> Printable {
        let none = || "None".to_owned();
        let figures = self.study.as_ref().map(Study::printed).unwrap_or_default();
        let mark = if self.is_illustrative() { "Illustrative: " } else { "" };
        let unit = figures.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
        let sign = match self.kpi.improvement_direction {
            ImprovementDirection::Increase => "≥\u{a0}",
            ImprovementDirection::Decrease => "≤\u{a0}",
            ImprovementDirection::Neutral => "",
        };
        let stale = if self.stale { ", stale" } else { "" };
        let updated_at = self.study.as_ref().and_then(|study| study.updated_at);
        Printable {
            name: format!("{mark}{}{unit}", self.kpi.name),
            period: self.latest().map_or_else(|| NO_DATA.to_owned(), |period| period.label()),
            value: self.value(&figures),
            target: match (figures.target, figures.trajectory) {
                (Some(target), Some(planned)) => format!("{sign}{target} (planned {planned})"),
                (Some(target), None) => format!("{sign}{target}"),
                (None, Some(planned)) => format!("None (planned {planned})"),
                (None, None) => none(),
            },
            mean: figures.mean.unwrap_or_else(none),
            lpl: figures.lpl.unwrap_or_else(none),
            upl: figures.upl.unwrap_or_else(none),
            comparison: self.compared(),
            updated: format!("{}{stale}", updated_at.map_or_else(none, |at| at.format("%-d %B %Y").to_string())),
        }
    }

    /// The latest value, or why there is none.
    fn value(&self, figures: &Printed) -> String {
        let Some(study) = &self.study else { return NOT_APPLICABLE.to_owned() };
        let (Some(point), Some(facts)) = (study.layout.points.last(), study.layout.facts.last()) else {
            return NO_DATA.to_owned();
        };
        let sent = facts.coverage.filter(|coverage| coverage.actual < coverage.expected);
        let sent = sent.map(|coverage| format!("{} of {} sent", coverage.actual, coverage.expected));
        let told = match (&figures.value, facts.suppressed) {
            (_, true) => SUPPRESSED.to_owned(),
            (None, false) => NOT_APPLICABLE.to_owned(),
            (Some(value), false) => match sent {
                Some(sent) if point.partial => format!("{value} (partial: {sent})"),
                Some(sent) => format!("{value} ({sent})"),
                None if point.excluded => format!("{value} (excluded)"),
                None => value.clone(),
            },
        };
        if point.provisional { format!("{told} (provisional)") } else { told }
    }

    fn compared(&self) -> String {
        let Some((comparison, study)) = self.comparison.zip(self.study.as_ref()) else {
            return NOT_APPLICABLE.to_owned();
        };
        let mark = if comparison.illustrative { " (illustrative)" } else { "" };
        match comparison.value {
            Some(value) => format!("{}{mark}", study.figure(value)),
            None if comparison.suppressed => SUPPRESSED.to_owned(),
            None if comparison.partial => "Partial".to_owned(),
            None => NO_DATA.to_owned(),
        }
    }
}

impl Grid {
    pub fn title(&self) -> String {
        let mark = if self.is_illustrative() { "Illustrative: " } else { "" };
        format!("{mark}{}: measures by variation and assurance", self.organisation.name)
    }

    /// Of whom, by when and by which rules it is.
    pub fn head(&self) -> String {
        let (all, basis) = (if self.is_place { ", with all below it" } else { "" }, self.basis.as_str());
        let innovation = self.innovation.as_ref().map(|slug| format!(", {slug}")).unwrap_or_default();
        let map = match self.map.map(|map| map.geography) {
            Some(Geography::AtTime) => ", each period on the map of its time",
            Some(Geography::Current) | None => "",
        };
        let basis = if self.is_place { format!(", organisations: {basis}") } else { String::new() };
        format!(
            "{} ({}{all}){innovation}, as of {}{map}{basis}. Produced {}. Rules: {}.",
            self.organisation.name,
            self.organisation.code,
            self.as_of.format("%-d %B %Y"),
            instant(self.made_at.naive_utc()),
            self.profile.rule_set()
        )
    }

    /// What to know before relying on it, measure by measure: every warning, and why limits begin anew and points are left out.
    pub fn warnings(&self) -> Vec<(String, Vec<String>)> {
        let of = |cell: &Cell| {
            let notes = cell.study.iter().flat_map(|study| &study.notes).map(|note| note.detail.clone());
            let stale = cell.stale.then(|| "Stale: a later period is due.".to_owned());
            let remarks = cell.study.iter().flat_map(|study| &study.remarks).map(Remark::line);
            (cell.printed().name, notes.chain(stale).chain(remarks).collect::<Vec<_>>())
        };
        self.cells.iter().map(of).filter(|(_, notes)| !notes.is_empty()).collect()
    }
}
