//! What a release may be, and what may follow one.

use crate::calendar::Period;
use crate::error::{Code, Error, Faults, Result};
use crate::kpis::sets::rules::Revisions;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// How settled the figures of a release are.
    pub enum ReleaseStatus {
        /// The first of its period, and expected to change.
        Provisional = "provisional",
        /// In place of one before, for a reason.
        Revised = "revised",
        /// As they stay, unless a mistake is found.
        Final = "final",
    }
}

/// The code of a place: an organisation, with all below it.
#[derive(ToSchema)]
#[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ReleasePlace(String);

/// What is published of a set of KPIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateReleaseRequest, example = json!({ "kpiSet": "stroke-care", "period": "2018-04", "places": ["E92000001"], "status": "provisional" }))]
pub struct Release {
    /// The code of the set.
    #[schema(example = "stroke-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    pub kpi_set: String,
    /// The period that is published, as KPIs of the set write it. It must be over.
    #[schema(example = "2018-04", min_length = 1, max_length = 20)]
    pub period: String,
    /// The first period whose figures are frozen beside, so that charts have a past. Default: the period alone.
    #[schema(example = "2016-04", min_length = 1, max_length = 20, nullable = false)]
    pub from: Option<String>,
    /// The codes of the places whose figures are published. One that is given twice counts once.
    #[schema(min_items = 1, max_items = 200, value_type = Vec<ReleasePlace>)]
    pub places: Vec<String>,
    pub status: ReleaseStatus,
    /// The id of the release it takes the place of: the last one of the same set, period and places, where there is one.
    #[schema(nullable = false)]
    pub revision_of: Option<Id>,
    /// Why. A revised release needs it. Do not name people.
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub reason: Option<String>,
}

/// A KPI of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedKpi {
    #[schema(example = "emergency-attendances", max_length = 60)]
    pub code: String,
    #[schema(max_length = 300)]
    pub name: String,
    /// The version of its definition at the time.
    #[schema(minimum = 1)]
    pub definition_version: i32,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub kpi_set_name: String,
    /// In the order of `places`.
    #[schema(max_items = 200)]
    pub place_names: Vec<String>,
    /// The first and the last day of the period.
    pub start: NaiveDate,
    pub end: NaiveDate,
    pub published_on: NaiveDate,
    /// The id of the release that took its place; null for the last one.
    pub revised_by: Option<Id>,
    /// Those of which values had been reported.
    #[schema(max_items = 500)]
    pub kpis: Vec<ReleasedKpi>,
    /// How many figures of places it froze, and of how many values.
    #[schema(minimum = 0)]
    pub figure_count: i32,
    #[schema(minimum = 0)]
    pub value_count: i32,
    /// Whether some of it is invented.
    pub illustrative: bool,
}

written! { Release, ReleaseAdded, |_, added| added.id.to_string() }

/// What was released before of the same set, period and places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    pub latest: Id,
    /// Whether any of them was final.
    pub is_final: bool,
    /// How many were revised before one was.
    pub refreshes: i32,
}

impl Before {
    /// Of all of them in order.
    pub fn of(releases: &[(Id, ReleaseStatus)]) -> Option<Self> {
        let (latest, _) = *releases.last()?;
        let settled = releases.iter().position(|(_, status)| *status == ReleaseStatus::Final);
        let unsettled = releases.iter().take(settled.unwrap_or(releases.len()));
        let refreshes = unsettled.filter(|(_, status)| *status == ReleaseStatus::Revised).count();
        Some(Self { latest, is_final: settled.is_some(), refreshes: i32::try_from(refreshes).unwrap_or(i32::MAX) })
    }

    fn next(self) -> &'static [ReleaseStatus] {
        if self.is_final { &[ReleaseStatus::Revised] } else { &[ReleaseStatus::Revised, ReleaseStatus::Final] }
    }
}

impl Release {
    /// With codes as they are kept, and the reason without spaces around it.
    #[must_use]
    pub fn normal(mut self) -> Self {
        self.kpi_set.make_ascii_lowercase();
        self.places.iter_mut().for_each(|place| place.make_ascii_uppercase());
        self.reason = self.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        self
    }

    /// Whether it may follow what was released before, on this day, as the set's figures settle.
    ///
    /// # Errors
    /// `illegal-transition` with the statuses there are; `validation-failed` with every fault.
    pub fn check(
        &self,
        before: Option<Before>,
        policy: Option<Revisions>,
        period: Period,
        today: NaiveDate,
    ) -> Result<()> {
        const FIRST: &[ReleaseStatus] = &[ReleaseStatus::Provisional, ReleaseStatus::Final];
        let allowed = before.map_or(FIRST, Before::next);
        if !allowed.contains(&self.status) {
            let words: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
            let now = match before {
                None => "Nothing of this set, period and places was released yet",
                Some(Before { is_final: true, .. }) => "The figures of this set, period and places are final",
                Some(_) => "This set, period and places were released already",
            };
            let detail = format!("{now}: the next release can be {}.", words.join(" or "));
            return Err(Error::new(Code::IllegalTransition).detail(detail).with("allowed", words));
        }
        let mut faults = Faults::default();
        if !period.ends_before(today) {
            faults.add("/period", "too-early", "Only a period that is over can be released.");
        }
        match (before, self.revision_of) {
            (None, Some(_)) => faults.add("/revisionOf", "not-applicable", "There is no release before this one."),
            (Some(Before { latest, .. }), of) if of != Some(latest) => {
                faults.add("/revisionOf", "not-the-last", format!("Expected the last release before it, {latest}."));
            }
            _ => {}
        }
        if self.status == ReleaseStatus::Revised && self.reason.is_none() {
            faults.add("/reason", "missing", "Say why the figures are revised.");
        }
        if let Some(policy) = policy {
            self.check_policy(before, policy, period, today, &mut faults);
        }
        faults.check()
    }

    fn check_policy(
        &self,
        before: Option<Before>,
        policy: Revisions,
        period: Period,
        today: NaiveDate,
        faults: &mut Faults,
    ) {
        let Revisions { refreshes, final_after_days } = policy;
        let unsettled = before.filter(|before| !before.is_final);
        if self.status == ReleaseStatus::Revised && unsettled.is_some_and(|before| before.refreshes >= refreshes) {
            let detail = format!("The set's figures are revised {refreshes} times at most before they are final.");
            faults.add("/status", "too-many", detail);
        }
        let days = Days::new(u64::try_from(final_after_days).unwrap_or_default());
        let settles = period.end().checked_add_days(days).unwrap_or(NaiveDate::MAX);
        if self.status == ReleaseStatus::Final && today < settles {
            let detail = format!("Figures of this period can be final from {settles} on.");
            faults.add("/status", "too-early", detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;

    fn release(status: ReleaseStatus, revision_of: Option<Id>) -> Release {
        Release {
            kpi_set: "Urgent".to_owned(),
            period: "2026-03".to_owned(),
            from: None,
            places: vec!["qmj".to_owned(), "QKK".to_owned()],
            status,
            revision_of,
            reason: Some(" Late returns. ".to_owned()),
        }
    }

    fn judged(release: &Release, before: &[(Id, ReleaseStatus)], today: &str) -> Result<()> {
        let policy = Some(Revisions { refreshes: 1, final_after_days: 30 });
        let period = Period::parse(PeriodType::Month, "2026-03").expect("a period");
        release.check(Before::of(before), policy, period, today.parse().expect("a day"))
    }

    #[test]
    fn codes_and_reasons_are_kept_in_one_form() {
        let normal = release(ReleaseStatus::Final, None).normal();
        assert_eq!((normal.kpi_set.as_str(), normal.places), ("urgent", vec!["QMJ".to_owned(), "QKK".to_owned()]));
        assert_eq!(normal.reason.as_deref(), Some("Late returns."));
    }

    #[test]
    fn a_release_follows_the_last_one_as_the_set_allows() {
        use ReleaseStatus::{Final, Provisional, Revised};
        let ids = [Id::generate(), Id::generate(), Id::generate()];
        let before = |statuses: &[ReleaseStatus]| ids.into_iter().zip(statuses.iter().copied()).collect::<Vec<_>>();
        let last = |statuses: &[ReleaseStatus]| statuses.len().checked_sub(1).map(|at| ids[at]);
        let cases: [(&[ReleaseStatus], ReleaseStatus, &str, Option<&str>); 11] = [
            (&[], Provisional, "2026-04-01", None),
            (&[], Provisional, "2026-03-31", Some("/period too-early")),
            (&[], Final, "2026-04-29", Some("/status too-early")),
            (&[], Final, "2026-04-30", None),
            (&[], Revised, "2026-05-01", Some("illegal-transition")),
            (&[Provisional], Provisional, "2026-05-01", Some("illegal-transition")),
            (&[Provisional], Revised, "2026-04-10", None),
            (&[Provisional, Revised], Revised, "2026-04-10", Some("/status too-many")),
            (&[Provisional, Revised], Final, "2026-05-01", None),
            (&[Provisional, Final], Final, "2026-05-01", Some("illegal-transition")),
            (&[Provisional, Revised, Final], Revised, "2026-05-01", None),
        ];
        for (statuses, status, today, expected) in cases {
            let outcome = judged(&release(status, last(statuses)), &before(statuses), today);
            let said = outcome.err().map(|error| match error.listed() {
                [] => error.code().as_str().to_owned(),
                faults => faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect(),
            });
            assert_eq!(said.as_deref(), expected, "{statuses:?} {status:?} {today}");
        }
    }

    #[test]
    fn a_revision_names_the_last_release_and_says_why() {
        let (first, last) = (Id::generate(), Id::generate());
        let before = [(first, ReleaseStatus::Final), (last, ReleaseStatus::Revised)];
        let wrong = Release { reason: None, ..release(ReleaseStatus::Revised, Some(first)) };
        let faults = judged(&wrong, &before, "2026-06-01").expect_err("faults");
        let pointers: Vec<&str> = faults.listed().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/revisionOf", "/reason"]);
        assert!(judged(&release(ReleaseStatus::Revised, Some(last)), &before, "2026-06-01").is_ok());
    }
}
