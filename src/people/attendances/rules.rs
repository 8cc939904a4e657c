//! The rules for an attendance.

use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::{words, written};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The role of a person at a learning event.
    pub enum AttendanceRole {
        Participant = "participant",
        Speaker = "speaker",
        Facilitator = "facilitator",
        Mentor = "mentor",
    }
}

words! {
    /// Whether a person attended.
    pub enum AttendanceState {
        Invited = "invited",
        Registered = "registered",
        Attended = "attended",
        Absent = "absent",
    }
}

/// A person on the list of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateAttendanceRequest, example = json!({ "person": "014e46e9-bc00-7e12-92cf-2c0000400000", "role": "participant", "state": "attended" }))]
pub struct Attendance {
    pub person: Id,
    #[serde(default = "participant")]
    #[schema(default = "participant")]
    pub role: AttendanceRole,
    #[serde(default = "invited")]
    #[schema(default = "invited")]
    pub state: AttendanceState,
}

fn participant() -> AttendanceRole {
    AttendanceRole::Participant
}

fn invited() -> AttendanceState {
    AttendanceState::Invited
}

/// What the register adds to an attendance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttendanceAdded {
    pub id: Id,
    /// The person's name.
    #[schema(max_length = 200)]
    pub name: String,
}

written! { Attendance, AttendanceAdded, |_, added| added.id.to_string() }

impl Attendance {
    /// # Errors
    /// `immutable` for another person.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if self.person == new.person {
            return Ok(());
        }
        Err(Error::new(Code::Immutable).detail("The person of an attendance cannot change."))
    }
}
