//! State machines, and whether a move is one of their moves.

use crate::error::{Code, Error, Faults, Result};
use crate::vocabulary::Word;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

/// A state machine: which states follow a state, and which moves need a reason.
pub trait Machine: Word + PartialEq {
    fn next(self) -> Vec<Self>;
    fn needs_reason(self, to: Self) -> bool;
}

/// A move as the caller writes it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TransitionRequest, example = json!({ "to": "development", "reason": "The prototype works." }))]
pub struct AskedMove {
    /// The state to move to.
    #[schema(max_length = 60, min_length = 1)]
    pub to: String,
    /// The reason. Some moves need one.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect. Default: today.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
}

/// The day of a move that was recorded wrongly.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TransitionCorrection, example = json!({ "effectiveOn": "2015-07-02", "reason": "The minutes give another day." }))]
pub struct CorrectedDay {
    /// The day it took effect.
    pub effective_on: NaiveDate,
    /// Why what was recorded is wrong.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

impl CorrectedDay {
    /// Whether it lies between the days of the moves before and after, of which there may be none.
    ///
    /// # Errors
    /// `validation-failed` for another day, one in the future, or without words of why.
    pub fn check(&self, before: Option<NaiveDate>, after: Option<NaiveDate>, today: NaiveDate) -> Result<()> {
        let (mut faults, pointer) = (Faults::default(), "/effectiveOn");
        if self.effective_on > today {
            faults.add(pointer, "future", "The day it took effect cannot lie in the future.");
        }
        if let Some(before) = before.filter(|before| self.effective_on < *before) {
            let detail = format!("Expected {before} or a later day: the move before it took effect on that day.");
            faults.add(pointer, "too-early", detail);
        }
        if let Some(after) = after.filter(|after| self.effective_on > *after) {
            let detail = format!("Expected {after} or an earlier day: the move after it took effect on that day.");
            faults.add(pointer, "too-late", detail);
        }
        if self.reason.trim().is_empty() {
            faults.add("/reason", "missing", "Say why what was recorded is wrong. Do not name people.");
        }
        faults.check()
    }
}

/// A move in the machine's own states.
#[derive(Debug, Clone)]
pub struct Move<S> {
    pub to: S,
    pub reason: Option<String>,
    pub effective_on: NaiveDate,
}

impl AskedMove {
    /// Reads the move.
    ///
    /// # Errors
    /// `validation-failed` for a word that is no state, or a day in the future.
    pub fn read<S: Word>(self, today: NaiveDate) -> Result<Move<S>> {
        let mut faults = Faults::default();
        let to = S::parse(&self.to);
        if to.is_none() {
            faults.add("/to", "unknown-word", format!("Expected one of {}.", S::WORDS.join(", ")));
        }
        if self.effective_on.is_some_and(|day| day > today) {
            faults.add("/effectiveOn", "future", "The day it took effect cannot lie in the future.");
        }
        faults.check()?;
        let to = to.ok_or_else(|| Error::internal("a fault was lost"))?;
        Ok(Move { to, reason: self.reason, effective_on: self.effective_on.unwrap_or(today) })
    }
}

impl<S: Machine> Move<S> {
    /// Whether the machine has this move.
    ///
    /// # Errors
    /// `illegal-transition` with the moves there are; `validation-failed` for a move without the reason it needs.
    pub fn decide(&self, from: S) -> Result<()> {
        let allowed = from.next();
        let (from_word, to_word) = (from.as_str(), self.to.as_str());
        if !allowed.contains(&self.to) {
            let words: Vec<&str> = allowed.iter().map(|state| state.as_str()).collect();
            let choice = if words.is_empty() {
                "no move is possible from there".to_owned()
            } else {
                format!("allowed moves are to {}", words.join(", "))
            };
            return Err(Error::new(Code::IllegalTransition)
                .detail(format!("There is no move from {from_word} to {to_word}; {choice}."))
                .with("allowed", words));
        }
        if from.needs_reason(self.to) && self.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Error::invalid(
                "/reason",
                "missing",
                format!("A move from {from_word} to {to_word} needs a reason."),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corrected_day_lies_between_those_of_the_moves_beside_it() {
        let day = |number| NaiveDate::from_ymd_opt(2016, 1, number).unwrap();
        for (on, before, after, expected) in [
            (5, None, None, None),
            (5, Some(5), Some(5), None),
            (5, Some(6), None, Some("too-early")),
            (5, None, Some(4), Some("too-late")),
            (9, None, None, None),
            (10, None, None, Some("future")),
        ] {
            let corrected = CorrectedDay { effective_on: day(on), reason: "Misread".to_owned() };
            let checked = corrected.check(before.map(day), after.map(day), day(9));
            assert_eq!(checked.err().map(|error| error.listed()[0].code), expected, "{on} {before:?} {after:?}");
        }
        let silent = CorrectedDay { effective_on: day(5), reason: " ".to_owned() };
        assert!(silent.check(None, None, day(9)).is_err());
    }
}
