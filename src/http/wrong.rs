//! Why something that was recorded is taken back: it is kept with the reason, and counts nowhere.

use super::params::Line;
use crate::error::{Error, Result};
use crate::params;

params! {
    /// Why a record was wrong.
    pub struct Wrong {
        /// Why what was recorded is wrong; it is needed, and kept with the record. Do not name people.
        reason: Line = "reason",
    }
}

impl Wrong {
    /// The reason.
    ///
    /// # Errors
    /// `validation-failed` without one.
    pub fn given(self) -> Result<String> {
        let missing = || {
            let detail = "Say in ?reason= why it was wrong. Do not name people. What held for a time is ended and not taken back.";
            Error::invalid("?reason", "missing", detail)
        };
        self.reason.map(|line| line.0.trim().to_owned()).filter(|reason| !reason.is_empty()).ok_or_else(missing)
    }
}
