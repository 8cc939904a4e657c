//! What a machine is, and whether a move is one of its moves.

use crate::error::{Code, Error, Result};
use crate::vocabulary::Word;

/// A state machine: which states follow a state, and which moves need a reason.
pub trait Machine: Word + PartialEq {
    fn next(self) -> Vec<Self>;
    fn needs_reason(self, to: Self) -> bool;
}

/// Decides a move.
///
/// # Errors
/// `illegal-transition` with the moves there are; `validation-failed` for a move without the reason it needs.
pub fn decide<S: Machine>(from: S, to: S, reason: Option<&str>) -> Result<()> {
    let allowed = from.next();
    if !allowed.contains(&to) {
        let words: Vec<&str> = allowed.iter().map(|state| state.as_str()).collect();
        let choice = if words.is_empty() { "there is no move from here".to_owned() } else { format!("allowed are {}", words.join(", ")) };
        return Err(Error::new(Code::IllegalTransition)
            .detail(format!("From {} there is no move to {}; {choice}.", from.as_str(), to.as_str()))
            .with("allowed", words));
    }
    if from.needs_reason(to) && reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("/reason", "missing", format!("A move from {} to {} needs a reason.", from.as_str(), to.as_str())));
    }
    Ok(())
}
