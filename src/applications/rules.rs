//! The moves of an application, who makes them, and what an application must hold to be submitted.

use crate::calendar::{london_date, london_midnight};
use crate::error::{Code, Error, Fault, Result};
use crate::transitions::rules::Machine;
use crate::vocabulary::{Timestamp, instant};
use crate::words;
use chrono::Days;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

words! {
    /// The state of an application.
    pub enum ApplicationState {
        Draft = "draft",
        Submitted = "submitted",
        EligibilityCheck = "eligibility-check",
        UnderReview = "under-review",
        Shortlisted = "shortlisted",
        Interview = "interview",
        Offered = "offered",
        Accepted = "accepted",
        Ineligible = "ineligible",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        OfferDeclined = "offer-declined",
        OfferLapsed = "offer-lapsed",
    }
}

use ApplicationState::{
    Accepted, Draft, EligibilityCheck, Ineligible, Interview, OfferDeclined, OfferLapsed, Offered, Rejected,
    Shortlisted, Submitted, UnderReview, Withdrawn,
};

impl Machine for ApplicationState {
    fn next(self) -> Vec<Self> {
        match self {
            Draft => vec![Submitted, Withdrawn],
            Submitted => vec![EligibilityCheck, Withdrawn],
            EligibilityCheck => vec![UnderReview, Ineligible, Withdrawn],
            UnderReview => vec![Shortlisted, Rejected, Withdrawn],
            Shortlisted => vec![Interview, Rejected, Withdrawn],
            Interview => vec![Offered, Rejected, Withdrawn],
            Offered => vec![Accepted, OfferDeclined, Withdrawn],
            Accepted | Ineligible | Rejected | Withdrawn | OfferDeclined | OfferLapsed => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        matches!(to, Ineligible | Rejected)
    }
}

impl ApplicationState {
    /// Whether the applicant makes this move; the others are the programme's.
    pub fn is_the_applicants(self) -> bool {
        matches!(self, Submitted | Withdrawn | Accepted | OfferDeclined)
    }

    /// Whether reviewers can be asked in this state.
    pub fn is_reviewed(self) -> bool {
        matches!(self, UnderReview | Shortlisted | Interview)
    }
}

/// The code of one of the call's priorities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "mental-health", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
pub struct PriorityCode(pub String);

/// An application to begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateApplicationRequest, example = json!({ "title": "Home monitoring for all", "organisation": "RJZ", "priorities": ["primary-care"], "data": { "aim": "Fewer visits." } }))]
pub struct Application {
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The code of the organisation that applies.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    /// The slug of the innovation that the application is about.
    #[schema(example = "heartflow", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// One or more of the call's priorities. They may be added until the application is submitted.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub priorities: Vec<PriorityCode>,
    /// The answers to the call's form. They are checked when the application is submitted.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

impl Application {
    /// Trims the title, and writes the code and the slug as the register does.
    ///
    /// # Errors
    /// `validation-failed` for a blank title.
    pub fn checked(mut self) -> Result<Self> {
        self.title = self.title.trim().to_owned();
        if self.title.is_empty() {
            return Err(Error::invalid("/title", "missing", "The title cannot be blank."));
        }
        self.organisation = self.organisation.map(|code| code.to_ascii_uppercase());
        self.innovation = self.innovation.map(|slug| slug.to_ascii_lowercase());
        Ok(self)
    }
}

/// The faults that make an application ineligible: it must name one or more of the call's priorities, and no others.
pub fn ineligibilities(priorities: &[String], of_the_call: &[&str]) -> Vec<Fault> {
    let expected = || format!("Expected one or more of {}.", of_the_call.join(", "));
    let named: BTreeSet<&str> = priorities.iter().map(String::as_str).collect();
    if named.is_empty() {
        return vec![Fault::new("/priorities", "missing", expected())];
    }
    let unknown = priorities.iter().enumerate().filter(|(_, code)| !of_the_call.contains(&code.as_str()));
    unknown.map(|(at, _)| Fault::new(format!("/priorities/{at}"), "unknown-priority", expected())).collect()
}

/// Checks that the call accepts applications now: from the instant it opens until just before it closes.
///
/// # Errors
/// `call-not-open`, `call-closed`, each with both instants.
pub fn takes(opens_at: Timestamp, closes_at: Timestamp, now: Timestamp) -> Result<()> {
    let instant = |at: Timestamp| instant(at.naive_utc());
    let (code, detail) = if now < opens_at {
        (Code::CallNotOpen, format!("The call opens at {}; it is {} now.", instant(opens_at), instant(now)))
    } else if now >= closes_at {
        (Code::CallClosed, format!("The call closed at {}; it is {} now.", instant(closes_at), instant(now)))
    } else {
        return Ok(());
    };
    let error = Error::new(code).detail(detail);
    Err(error.with("opensAt", instant(opens_at)).with("closesAt", instant(closes_at)).with("now", instant(now)))
}

/// The end of an offer made now: the end of the last day in which it can be accepted, in London time.
pub fn offer_expires_at(now: Timestamp, days: i32) -> Timestamp {
    let today = london_date(now);
    london_midnight(today.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0) + 1)).unwrap_or(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_call_takes_applications_to_its_last_second() {
        let (opens, closes) = (at("2018-09-03T08:00:00Z"), at("2018-10-03T11:00:00Z"));
        for (now, expected) in [
            ("2018-09-03T07:59:59.999999Z", Some("call-not-open")),
            ("2018-09-03T08:00:00Z", None),
            ("2018-10-03T10:59:59Z", None),
            ("2018-10-03T10:59:59.999999Z", None),
            ("2018-10-03T11:00:00Z", Some("call-closed")),
        ] {
            let refused = takes(opens, closes, at(now)).err().map(|error| error.code().as_str());
            assert_eq!(refused, expected, "{now}");
        }
    }

    #[test]
    fn an_offer_lasts_to_the_end_of_its_last_day_in_london() {
        for (now, days, expected) in [
            ("2018-11-01T10:00:00Z", 28, "2018-11-30T00:00:00Z"),
            ("2018-10-20T10:00:00Z", 14, "2018-11-04T00:00:00Z"),
            ("2018-03-20T10:00:00Z", 14, "2018-04-03T23:00:00Z"),
            ("2018-06-30T23:30:00Z", 1, "2018-07-02T23:00:00Z"),
        ] {
            assert_eq!(offer_expires_at(at(now), days), at(expected), "{now}");
        }
    }

    #[test]
    fn eligible_is_what_names_priorities_of_the_call_alone() {
        let call = ["prevention", "mental-health"];
        for (named, expected) in [
            (vec!["mental-health"], vec![]),
            (vec!["prevention", "mental-health"], vec![]),
            (vec![], vec!["/priorities"]),
            (vec!["prevention", "golf"], vec!["/priorities/1"]),
        ] {
            let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
            let pointers: Vec<String> = ineligibilities(&named, &call).into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(pointers, expected);
        }
    }

    #[test]
    fn every_state_is_reached_from_a_draft_or_lapses() {
        let mut reached = vec![Draft];
        for at in 0.. {
            let Some(state) = reached.get(at) else { break };
            let next: Vec<_> = state.next().into_iter().filter(|next| !reached.contains(next)).collect();
            reached.extend(next);
        }
        reached.push(OfferLapsed);
        reached.sort_unstable();
        assert_eq!(reached, ApplicationState::ALL);
    }
}
