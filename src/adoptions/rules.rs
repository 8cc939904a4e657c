//! What an adoption may be.

use super::counts::rules::{Counted, Counts, Figure};
use super::moves::rules::AdoptionStage;
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::record::only_written;
use crate::transitions::rules::Machine;
use crate::vocabulary::{Basis, Change, Id, Qualifier};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// A barrier to the use of an innovation.
    pub enum Barrier {
        EvidenceClarity = "evidence-clarity",
        EvolvingRegulation = "evolving-regulation",
        SlowProcurement = "slow-procurement",
        PartialInteroperability = "partial-interoperability",
        DataSecurityStandards = "data-security-standards",
        ChangeManagementSkills = "change-management-skills",
    }
}

words! {
    /// Whether an adoption counts. What a fellow of the innovation records is proposed, until its organisation says so.
    pub enum Approval {
        Proposed = "proposed",
        Approved = "approved",
        Refused = "refused",
    }
}

impl Machine for Approval {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Approved, Self::Refused],
            Self::Refused => vec![Self::Approved],
            Self::Approved => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Refused
    }
}

/// The word for all that lies below an organisation.
pub const ALL_BELOW: &str = "all";

/// An adoption of an innovation by an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAdoptionRequest, example = json!({ "innovation": "mycopd", "organisation": "RJZ", "stage": "piloting", "since": "2016-02-01", "sites": 2 }))]
pub struct Adoption {
    /// The slug of the innovation.
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
    pub innovation: String,
    /// What it is used for, where an innovation has several uses that are adopted one by one. Default: all of them.
    #[schema(example = "preterm-birth", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub indication: Option<String>,
    /// The code of the organisation.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub organisation: String,
    /// The present stage.
    #[serde(default = "identified")]
    #[schema(default = "identified")]
    pub stage: AdoptionStage,
    /// The day that stage began. Default: today.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(nullable = false, write_only)]
    pub since: Option<NaiveDate>,
    /// The number of sites where the innovation is used, as last counted.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub sites: Option<i64>,
    /// Default: exact.
    #[schema(nullable = false)]
    pub sites_qualifier: Option<Qualifier>,
    /// Default: measured.
    #[schema(nullable = false)]
    pub sites_basis: Option<Basis>,
    /// The number of staff who use the innovation, as last counted.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub users: Option<i64>,
    /// Default: exact.
    #[schema(nullable = false)]
    pub users_qualifier: Option<Qualifier>,
    /// Default: measured.
    #[schema(nullable = false)]
    pub users_basis: Option<Basis>,
    /// The number of patients reached, as last counted. Readers without the grant to see it get none for 1 to 7, and else the nearest 5.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub patients: Option<i64>,
    /// Default: exact.
    #[schema(nullable = false)]
    pub patients_qualifier: Option<Qualifier>,
    /// Default: measured.
    #[schema(nullable = false)]
    pub patients_basis: Option<Basis>,
    /// The day on which what is given was counted, by default today; in an answer the last day on which any of these was. Each day keeps
    /// what was counted on it, and each number is the last count of it. Without a number all are said to have been counted once more.
    #[schema(nullable = false)]
    pub counted_on: Option<NaiveDate>,
    /// The office of whoever decided to use it, such as medical director. Do not give a person's name.
    #[schema(example = "Medical director", min_length = 1, max_length = 200, nullable = false)]
    pub decided_by: Option<String>,
    /// The barriers that stand in the way of use.
    #[serde(default)]
    #[schema(max_items = 6, default = json!([]))]
    pub barriers: Vec<Barrier>,
    /// The day from which the barriers stand as they are given, until the next change that is recorded. Default: today.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(nullable = false, write_only)]
    pub barriers_on: Option<NaiveDate>,
    /// The organisations below this one that it speaks for too: their codes, or `all` alone. Default: none.
    #[serde(default)]
    #[schema(max_items = 2000, default = json!([]), example = json!(["all"]))]
    pub covers: Vec<CoveredCode>,
    /// The day from which it covers what is given, until the next change that is recorded. Default: since the
    /// adoption began where it was never said before, else today.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(nullable = false, write_only)]
    pub covers_on: Option<NaiveDate>,
    /// A day on which somebody confirmed that the innovation is in routine use; in an answer the last. Others are kept. Null takes all away.
    #[schema(nullable = false)]
    pub confirmed_on: Option<NaiveDate>,
    /// What shows it, as text or an address. Do not name people.
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub evidence: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// The code of an organisation that an adoption covers, or `all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
pub struct CoveredCode(pub String);

fn identified() -> AdoptionStage {
    AdoptionStage::Identified
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub innovation_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// The day the present stage began.
    pub stage_on: NaiveDate,
    /// The first day of the present or last spell of use, which lasts from piloting on. The time paused is no use.
    pub using_from: Option<NaiveDate>,
    /// The day after that spell's last day. Null while the innovation is in use, and before use begins.
    pub using_to: Option<NaiveDate>,
    /// Only an approved adoption counts.
    pub approval: Approval,
    /// The subject of whoever approved it, or recorded it with the right to.
    #[schema(max_length = 300)]
    pub approved_by: Option<String>,
    pub approved_on: Option<NaiveDate>,
    /// Things to check.
    #[schema(max_items = 10)]
    pub warnings: Vec<Fault>,
    /// Whether small counts of patients are suppressed and others rounded for you.
    pub suppressed: bool,
}

written! { Adoption, AdoptionAdded, |_, added| added.id.to_string() }

impl Adoption {
    /// An adoption of which nothing else is said.
    pub fn of(innovation: String, organisation: String, stage: AdoptionStage) -> Self {
        Self {
            innovation,
            indication: None,
            organisation,
            stage,
            since: None,
            sites: None,
            sites_qualifier: None,
            sites_basis: None,
            users: None,
            users_qualifier: None,
            users_basis: None,
            patients: None,
            patients_qualifier: None,
            patients_basis: None,
            counted_on: None,
            decided_by: None,
            barriers: Vec::new(),
            barriers_on: None,
            covers: Vec::new(),
            covers_on: None,
            confirmed_on: None,
            evidence: None,
            illustrative: false,
        }
    }

    /// The same as the register writes it: barriers and codes in order, each once.
    #[must_use]
    pub fn normal(mut self) -> Self {
        self.barriers.sort_unstable();
        self.barriers.dedup();
        for CoveredCode(code) in &mut self.covers {
            if code != ALL_BELOW {
                code.make_ascii_uppercase();
            }
        }
        self.covers.sort_unstable();
        self.covers.dedup();
        self
    }

    /// # Errors
    /// `validation-failed` for a day in the future, a stage that an adoption cannot begin with, and codes beside `all`.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut faults = Faults::default();
        for (pointer, day) in [
            ("/since", self.since),
            ("/countedOn", self.counted_on),
            ("/barriersOn", self.barriers_on),
            ("/coversOn", self.covers_on),
            ("/confirmedOn", self.confirmed_on),
        ] {
            if day.is_some_and(|day| day > today) {
                faults.add(pointer, "future", "This day cannot lie in the future.");
            }
        }
        if self.covers.len() > 1 && self.covers.iter().any(|code| code.0 == ALL_BELOW) {
            faults.add("/covers", "alone", "all stands alone: it speaks for every organisation below this one.");
        }
        faults.check()
    }

    /// Whether an adoption can begin with its stage.
    ///
    /// # Errors
    /// `validation-failed`.
    pub fn check_first(&self) -> Result<()> {
        if self.stage.can_be_first() {
            return Ok(());
        }
        Err(Error::invalid("/stage", "illegal", "Record the stage it was paused in, and move it to paused."))
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// `immutable` for another innovation, indication, organisation or stage.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let of_same = same(&self.innovation, &new.innovation) && same(&self.organisation, &new.organisation);
        let is_same = of_same && self.indication == new.indication;
        if is_same && (self.stage, self.since) == (new.stage, new.since) {
            return Ok(());
        }
        let detail = "An adoption's innovation, indication and organisation cannot change, and its stage changes by transitions.";
        Err(Error::new(Code::Immutable).detail(detail))
    }

    /// What it counts, of all whose members `speaks` names. A number that is taken away takes along what was said of it.
    ///
    /// # Errors
    /// `validation-failed` for what is said of a number that is not there.
    pub fn counted(&self, speaks: impl Fn(&str) -> bool) -> Result<Counted> {
        let mut faults = Faults::default();
        let mut one = |name: &str, value: Option<i64>, qualifier: Option<Qualifier>, basis: Option<Basis>| {
            let beside = [(format!("{name}Qualifier"), qualifier.is_some()), (format!("{name}Basis"), basis.is_some())];
            if !speaks(name) && !beside.iter().any(|(member, _)| speaks(member)) {
                return Change::Keep;
            }
            for (member, _) in beside.iter().filter(|(member, said)| *said && value.is_none() && speaks(member)) {
                faults.add(format!("/{member}"), "alone", format!("Give {name} beside it."));
            }
            Figure::of(value, qualifier, basis).map_or(Change::Clear, Change::Set)
        };
        let counted = Counted {
            sites: one("sites", self.sites, self.sites_qualifier, self.sites_basis),
            users: one("users", self.users, self.users_qualifier, self.users_basis),
            patients: one("patients", self.patients, self.patients_qualifier, self.patients_basis),
        };
        faults.check()?;
        Ok(counted)
    }

    /// Whether every day that is given has what it is the day of.
    ///
    /// # Errors
    /// `validation-failed` for the day of barriers or of what is covered alone, going by whether `speaks` names these.
    pub fn check_days(&self, speaks: impl Fn(&str) -> bool) -> Result<()> {
        let mut faults = Faults::default();
        for (day, given, of) in [("barriersOn", self.barriers_on, "barriers"), ("coversOn", self.covers_on, "covers")] {
            if given.is_some() && !speaks(of) {
                faults.add(format!("/{day}"), "alone", format!("Give {of} beside it."));
            }
        }
        faults.check()
    }

    /// The days of which it says what `speaks` names, by default today.
    pub fn days(&self, today: NaiveDate, speaks: impl Fn(&str) -> bool) -> impl Iterator<Item = NaiveDate> {
        let counts = |name: &str| ["", "Qualifier", "Basis"].iter().any(|of| speaks(&format!("{name}{of}")));
        [
            (["sites", "users", "patients"].into_iter().any(counts), self.counted_on),
            (speaks("barriers"), self.barriers_on),
            (speaks("covers"), self.covers_on),
            (speaks("confirmedOn"), self.confirmed_on),
        ]
        .into_iter()
        .filter(|(is_said, _)| *is_said)
        .map(move |(_, on)| on.unwrap_or(today))
    }

    /// Whether a member that holds on some days or is counted is given.
    pub fn gives(&self, member: &str) -> bool {
        match member {
            "barriers" => !self.barriers.is_empty(),
            "covers" => !self.covers.is_empty(),
            "confirmedOn" => self.confirmed_on.is_some(),
            "sites" => self.sites.is_some(),
            "sitesQualifier" => self.sites_qualifier.is_some(),
            "sitesBasis" => self.sites_basis.is_some(),
            "users" => self.users.is_some(),
            "usersQualifier" => self.users_qualifier.is_some(),
            "usersBasis" => self.users_basis.is_some(),
            "patients" => self.patients.is_some(),
            "patientsQualifier" => self.patients_qualifier.is_some(),
            "patientsBasis" => self.patients_basis.is_some(),
            _ => false,
        }
    }

    /// The same with other counts.
    #[must_use]
    pub fn counting(self, Counts { sites, users, patients }: Counts, counted_on: Option<NaiveDate>) -> Self {
        Self {
            sites: sites.map(|figure| figure.value),
            sites_qualifier: sites.map(|figure| figure.qualifier),
            sites_basis: sites.map(|figure| figure.basis),
            users: users.map(|figure| figure.value),
            users_qualifier: users.map(|figure| figure.qualifier),
            users_basis: users.map(|figure| figure.basis),
            patients: patients.map(|figure| figure.value),
            patients_qualifier: patients.map(|figure| figure.qualifier),
            patients_basis: patients.map(|figure| figure.basis),
            counted_on,
            ..self
        }
    }
}

/// What to check of an adoption whose first move is dated before its organisation opened.
pub fn before_opening(first: Option<NaiveDate>, opened: Option<NaiveDate>) -> Option<Fault> {
    let (first, opened) = first.zip(opened).filter(|(first, opened)| first < opened)?;
    let detail = format!("The first stage began on {first}, and the organisation opened on {opened}.");
    Some(Fault::new("/since", "before-opening", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adoption() -> Adoption {
        Adoption::of("mycopd".to_owned(), "RJZ".to_owned(), AdoptionStage::Engaged)
    }

    #[test]
    fn codes_are_covered_once_and_all_stands_alone() {
        let covers = |codes: &[&str]| {
            let codes = codes.iter().map(|code| CoveredCode((*code).to_owned())).collect();
            Adoption { covers: codes, ..adoption() }.normal()
        };
        let day = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
        assert_eq!(covers(&["rj2", "RJ1", "RJ2"]).covers, covers(&["RJ1", "RJ2"]).covers);
        assert!(covers(&["all"]).check(day).is_ok() && covers(&["RJ1", "RJ2"]).check(day).is_ok());
        assert!(covers(&["all", "RJ1"]).check(day).is_err());
    }

    #[test]
    fn what_is_said_of_a_number_needs_the_number() {
        let said = Adoption { sites_qualifier: Some(Qualifier::AtLeast), ..adoption() };
        assert!(said.counted(|member| said.gives(member)).is_err());
        let said = Adoption { sites: Some(3), ..said };
        let counted = said.counted(|member| said.gives(member)).unwrap();
        let figure = Figure { value: 3, qualifier: Qualifier::AtLeast, basis: Basis::Measured };
        assert_eq!(counted, Counted { sites: Change::Set(figure), ..Counted::default() });
        let taken = Adoption { sites: None, ..said }.counted(|member| member == "sites").unwrap();
        assert_eq!(taken, Counted { sites: Change::Clear, ..Counted::default() });
    }

    #[test]
    fn a_day_has_what_it_is_the_day_of() {
        let on = NaiveDate::from_ymd_opt(2016, 1, 1);
        let said = Adoption { barriers_on: on, covers_on: on, ..adoption() };
        let refused = said.check_days(|member| member == "covers").map_err(|error| error.listed()[0].pointer.clone());
        assert_eq!(refused, Err("/barriersOn".to_owned()));
        assert!(said.check_days(|_| true).is_ok() && adoption().check_days(|_| false).is_ok());
    }

    #[test]
    fn what_is_proposed_is_approved_or_refused_and_a_refusal_alone_needs_a_reason() {
        use Approval::{Approved, Proposed, Refused};
        for (from, expected) in [(Proposed, vec![Approved, Refused]), (Refused, vec![Approved]), (Approved, vec![])] {
            assert_eq!(from.next(), expected, "{from:?}");
        }
        assert!(Proposed.needs_reason(Refused) && !Proposed.needs_reason(Approved));
    }

    type Day = fn(&mut Adoption) -> &mut Option<NaiveDate>;

    #[test]
    fn no_day_lies_in_the_future() {
        let today = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
        let days: [(&str, Day); 5] = [
            ("/since", |adoption| &mut adoption.since),
            ("/countedOn", |adoption| &mut adoption.counted_on),
            ("/barriersOn", |adoption| &mut adoption.barriers_on),
            ("/coversOn", |adoption| &mut adoption.covers_on),
            ("/confirmedOn", |adoption| &mut adoption.confirmed_on),
        ];
        for (pointer, day) in days {
            let checked = |on: Option<NaiveDate>| {
                let mut said = adoption();
                *day(&mut said) = on;
                said.check(today).map_err(|error| error.listed()[0].pointer.clone())
            };
            assert_eq!((checked(today.pred_opt()), checked(Some(today))), (Ok(()), Ok(())), "{pointer}");
            assert_eq!(checked(today.succ_opt()), Err(pointer.to_owned()));
        }
    }

    #[test]
    fn what_an_adoption_is_of_stays_as_it_is_and_its_stage_is_moved() {
        let (innovation, organisation) = ("MYCOPD".to_owned(), "rjz".to_owned());
        let same = Adoption { innovation, organisation, sites: Some(1), ..adoption() };
        assert!(adoption().check_change(&same).is_ok());
        for other in [
            Adoption { innovation: "heartflow".to_owned(), ..adoption() },
            Adoption { organisation: "RRK".to_owned(), ..adoption() },
            Adoption { indication: Some("copd".to_owned()), ..adoption() },
            Adoption { stage: AdoptionStage::Adopted, ..adoption() },
            Adoption { since: NaiveDate::from_ymd_opt(2016, 1, 1), ..adoption() },
        ] {
            let refused = adoption().check_change(&other).map_err(|error| error.code());
            assert_eq!(refused, Err(Code::Immutable), "{other:?}");
        }
        assert!(adoption().check_first().is_ok());
        assert!(Adoption { stage: AdoptionStage::Paused, ..adoption() }.check_first().is_err());
    }

    #[test]
    fn counts_are_given_as_they_were_counted() {
        let figure = |value| Figure::of(Some(value), Some(Qualifier::AtMost), Some(Basis::Estimated));
        let counts = Counts { sites: figure(2), users: figure(30), patients: figure(400) };
        let on = NaiveDate::from_ymd_opt(2016, 1, 1);
        let given = adoption().counting(counts, on);
        let read = given.counted(|member| given.gives(member)).unwrap();
        assert_eq!((read.over(Counts::default()), given.counted_on), (counts, on));
        for name in ["sites", "users", "patients"] {
            for member in [name.to_owned(), format!("{name}Qualifier"), format!("{name}Basis")] {
                assert!(given.gives(&member) && !adoption().gives(&member), "{member}");
            }
        }
        assert!(!given.gives("countedOn"));
    }

    #[test]
    fn a_stage_before_the_opening_is_a_warning() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        assert!(before_opening(day("2015-12-31"), day("2016-01-01")).is_some());
        for (first, opened) in [("2016-01-01", "2016-01-01"), ("2016-01-01", "")] {
            assert_eq!(before_opening(day(first), day(opened)), None, "{first} {opened}");
        }
    }
}
