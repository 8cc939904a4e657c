//! The rules for a learning event.

use crate::error::{Code, Error, Faults, Result};
use crate::programmes::calls::rules::moment;
use crate::vocabulary::{Id, Timestamp};
use crate::{words, written};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// What kind of learning event.
    pub enum EventKind {
        Workshop = "workshop",
        LearningSet = "learning-set",
        SiteVisit = "site-visit",
        Webinar = "webinar",
        Conference = "conference",
        Other = "other",
    }
}

/// A learning event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateLearningEventRequest, example = json!({ "programme": "nia", "title": "Making the case to commissioners", "kind": "workshop", "startsAt": "2015-10-06T10:00", "endsAt": "2015-10-06T16:00" }))]
pub struct LearningEvent {
    /// The slug of the programme.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub programme: String,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub kind: EventKind,
    /// An instant, such as `2015-10-06T09:00:00Z`, or a local time in `zone`, such as `2015-10-06T10:00`. Answers give
    /// the instant.
    #[schema(min_length = 10, max_length = 40)]
    pub starts_at: String,
    /// The end, written like `startsAt`.
    #[schema(min_length = 10, max_length = 40)]
    pub ends_at: String,
    /// The IANA time zone of local times. Default: Europe/London.
    #[serde(default = "london")]
    #[schema(default = "Europe/London", max_length = 60)]
    pub zone: String,
    /// The code of the organisation that hosts it.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub host: Option<String>,
    /// Whether it is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

fn london() -> String {
    "Europe/London".to_owned()
}

/// What the register adds to a learning event.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearningEventAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub programme_name: String,
    #[schema(max_length = 300)]
    pub host_name: Option<String>,
    /// The number of people who attended.
    #[schema(minimum = 0)]
    pub attended: i64,
}

written! { LearningEvent, LearningEventAdded, |_, added| added.id.to_string() }

impl LearningEvent {
    /// Checks every rule and returns when it starts and ends.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self) -> Result<(Timestamp, Timestamp)> {
        let mut faults = Faults::default();
        let zone: Tz = self.zone.parse().unwrap_or_else(|_| {
            faults.add("/zone", "zone", "Expected an IANA time zone, such as Europe/London.");
            chrono_tz::Europe::London
        });
        if self.title.trim().is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        let starts_at = faults.take(moment("/startsAt", &self.starts_at, zone));
        let ends_at = faults.take(moment("/endsAt", &self.ends_at, zone));
        if starts_at.zip(ends_at).is_some_and(|(start, end)| end <= start) {
            faults.add("/endsAt", "range", "The event must end after it starts.");
        }
        faults.check()?;
        starts_at.zip(ends_at).ok_or_else(|| Error::internal("a fault was lost"))
    }

    /// # Errors
    /// As [`LearningEvent::check`]; `immutable` for another programme.
    pub fn check_change(&self, new: &Self) -> Result<(Timestamp, Timestamp)> {
        if self.programme.eq_ignore_ascii_case(&new.programme) {
            return new.check();
        }
        Err(Error::new(Code::Immutable).detail("The programme of an event cannot change."))
    }
}
