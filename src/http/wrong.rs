//! Why something that was recorded is taken back: it is kept with the reason, and counts nowhere.

use super::params::Line;
use super::schemas::text_fault;
use crate::error::{Error, Result};
use crate::params;

params! {
    /// Why a record was wrong.
    #[derive(Clone)]
    pub struct Wrong {
        /// Why what was recorded is wrong; it is needed, and kept with the record. Do not name people.
        reason: Line = "reason",
    }
}

impl Wrong {
    /// The reason.
    ///
    /// # Errors
    /// `validation-failed` without one, and for one that holds an NHS number.
    pub fn given(self) -> Result<String> {
        let missing = || {
            let detail = "Say in ?reason= why it was wrong. Do not name people. What held for a time is ended and not taken back.";
            Error::invalid("?reason", "missing", detail)
        };
        let reason = self.reason.map(|line| line.0.trim().to_owned()).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or_else(missing)?;
        match text_fault(&reason) {
            Some((code, detail)) => Err(Error::invalid("?reason", code, detail)),
            None => Ok(reason),
        }
    }
}
