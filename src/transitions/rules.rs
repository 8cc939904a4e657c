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
