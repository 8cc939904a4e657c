//! The rules for an innovation, its stages and its slug.

use super::words::{
    Area, CareSetting, Category, EvidenceType, OpportunityArea, Shift, Stage, Standard, StandardStatus,
};
use crate::error::{Code, Error, Faults, Result};
use crate::organisations::rules::OrganisationType;
use crate::transitions::rules::Machine;
use crate::vocabulary::{self, Basis, Qualifier, Word, fold};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many people an innovation could serve. Where the need is an event, such as a pregnancy: how many in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligiblePopulation {
    #[schema(example = 35000, minimum = 0, maximum = 10_000_000_000_i64)]
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
}

/// A piece of evidence that an innovation works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InnovationEvidence)]
pub struct Evidence {
    #[serde(rename = "type")]
    pub kind: EvidenceType,
    #[schema(example = "HeartFlow FFRCT for estimating fractional flow reserve", min_length = 1, max_length = 300)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "https://www.nice.org.uk/guidance/htg430",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    pub url: Option<String>,
    /// The year in which it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2017, minimum = 1900, maximum = 2100, nullable = false)]
    pub year: Option<i32>,
}

/// A standard, and whether it is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandardMet {
    pub standard: Standard,
    pub status: StandardStatus,
}

/// An innovation to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateInnovationRequest, example = json!({
    "name": "HeartFlow",
    "summary": "Software that turns a CT scan of the heart into a model of blood flow in the coronary arteries.",
    "mainCategory": "digital",
    "categories": ["digital", "medical-device", "ai"],
    "careSettings": ["acute-trusts-outpatient"],
    "shifts": ["analogue-to-digital"],
    "stage": "spread",
    "eligiblePopulation": { "value": 35000, "qualifier": "at-most", "basis": "estimated" },
    "website": "https://www.heartflow.com"
}))]
pub struct Innovation {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The public key, which never changes. By default it is made from the name.
    #[schema(
        example = "heartflow",
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        min_length = 1,
        max_length = 60,
        nullable = false
    )]
    pub slug: Option<String>,
    /// What the innovation is, in one or two sentences.
    #[schema(min_length = 1, max_length = 1000)]
    pub summary: String,
    #[schema(max_length = 10000, nullable = false)]
    pub description: Option<String>,
    pub main_category: Category,
    /// Every category it belongs to, the main one among them. By default the main one only.
    #[serde(default)]
    #[schema(max_items = 13)]
    pub categories: Vec<Category>,
    #[serde(default)]
    #[schema(max_items = 11)]
    pub areas: Vec<Area>,
    #[serde(default)]
    #[schema(max_items = 16)]
    pub care_settings: Vec<CareSetting>,
    #[serde(default)]
    #[schema(max_items = 3)]
    pub shifts: Vec<Shift>,
    /// The opportunity areas it addresses.
    #[serde(default)]
    #[schema(max_items = 9)]
    pub priorities: Vec<OpportunityArea>,
    /// The stage it has reached, by default proof-of-concept. Afterwards the stage changes by transitions.
    #[serde(default = "first_stage")]
    pub stage: Stage,
    /// The code of the organisation that owns it.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub owner: Option<String>,
    #[schema(nullable = false)]
    pub eligible_population: Option<EligiblePopulation>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub evidence: Vec<Evidence>,
    #[serde(default)]
    #[schema(max_items = 13)]
    pub standards_met: Vec<StandardMet>,
    /// The types of organisation that take it into use: one, or one for each indication. A maternity unit is a `trust-site`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub adopting_units: Vec<AdoptingUnit>,
    /// The number in the NHS Innovation Service.
    #[schema(max_length = 60, nullable = false)]
    pub nis_unique_id: Option<String>,
    #[schema(
        example = "https://www.heartflow.com",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    pub website: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    pub illustrative: bool,
}

/// The type of organisation that takes an innovation into use, in which uptake is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InnovationAdoptingUnit)]
pub struct AdoptingUnit {
    /// The indication. Default: every use that has no unit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub indication: Option<String>,
    #[serde(rename = "type")]
    pub kind: OrganisationType,
}

/// Who shall keep an innovation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignInnovationKeeperRequest, example = json!({ "programme": "nia" }))]
pub struct NewKeeper {
    /// The slug of the programme. With null, which national administrators may write, they keep it themselves.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, required)]
    pub programme: Option<String>,
}

fn first_stage() -> Stage {
    Stage::ProofOfConcept
}

/// The lists whose words an innovation is found by.
pub mod list {
    pub const CATEGORY: &str = "category";
    pub const AREA: &str = "area";
    pub const CARE_SETTING: &str = "care-setting";
    pub const SHIFT: &str = "shift";
    pub const PRIORITY: &str = "priority";
}

impl Innovation {
    /// Trims texts, drops repetitions, puts the owner's code in upper case, adds the main category if no categories are
    /// given, and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        if self.slug.as_deref().is_some_and(|slug| !is_slug(slug)) {
            faults.add(
                "/slug",
                "format",
                "A slug is up to 60 lower-case letters and digits, with single hyphens between them.",
            );
        }
        for (pointer, text) in [("/name", &mut self.name), ("/summary", &mut self.summary)] {
            *text = text.trim().to_owned();
            if text.is_empty() {
                faults.add(pointer, "missing", "It cannot be blank.");
            }
        }
        for text in [&mut self.description, &mut self.owner, &mut self.nis_unique_id, &mut self.website] {
            trim(text);
        }
        if let Some(code) = &mut self.owner {
            code.make_ascii_uppercase();
        }
        self.categories = distinct(std::mem::take(&mut self.categories));
        if self.categories.is_empty() {
            self.categories.push(self.main_category);
        }
        if !self.categories.contains(&self.main_category) {
            faults.add("/mainCategory", "not-listed", "The main category must be one of the categories.");
        }
        self.areas = distinct(self.areas);
        self.care_settings = distinct(self.care_settings);
        self.shifts = distinct(self.shifts);
        self.priorities = distinct(self.priorities);
        if self.eligible_population.is_some_and(|population| population.value < 0) {
            faults.add("/eligiblePopulation/value", "too-small", "A population is 0 or more.");
        }
        if self.website.as_deref().is_some_and(|website| !is_web_address(website)) {
            faults.add("/website", "format", "A website begins with https:// or http:// and has no spaces.");
        }
        self.check_evidence(&mut faults);
        self.check_standards(&mut faults);
        faults.check()?;
        Ok(self)
    }

    /// # Errors
    /// `immutable` for another slug or stage.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if new.slug != self.slug {
            let detail = "The slug cannot change, since others refer to the innovation by it.";
            return Err(Error::new(Code::Immutable).detail(detail));
        }
        if new.stage != self.stage {
            let detail = "Change the stage by a POST to the innovation's transitions.";
            return Err(Error::invalid("/stage", "immutable", detail));
        }
        Ok(())
    }

    fn check_evidence(&mut self, faults: &mut Faults) {
        for (index, evidence) in self.evidence.iter_mut().enumerate() {
            evidence.title = evidence.title.trim().to_owned();
            trim(&mut evidence.url);
            if evidence.title.is_empty() {
                faults.add(format!("/evidence/{index}/title"), "missing", "A title cannot be blank.");
            }
            if evidence.url.as_deref().is_some_and(|url| !is_web_address(url)) {
                let detail = "An address begins with https:// or http:// and has no spaces.";
                faults.add(format!("/evidence/{index}/url"), "format", detail);
            }
        }
        self.evidence = distinct(std::mem::take(&mut self.evidence));
    }

    fn check_standards(&mut self, faults: &mut Faults) {
        for (index, met) in self.standards_met.iter().enumerate() {
            let contradicts = |other: &&StandardMet| other.standard == met.standard && other.status != met.status;
            if self.standards_met.iter().take(index).any(|other| contradicts(&other)) {
                let detail = format!("{} is listed with another status already.", met.standard.as_str());
                faults.add(format!("/standardsMet/{index}"), "duplicate", detail);
            }
        }
        for (index, unit) in self.adopting_units.iter().enumerate() {
            if self.adopting_units.iter().take(index).any(|other| other.indication == unit.indication) {
                let detail = "An indication has one adopting unit.";
                faults.add(format!("/adoptingUnits/{index}/indication"), "duplicate", detail);
            }
        }
        self.standards_met = distinct(std::mem::take(&mut self.standards_met));
    }

    /// Every word it is found by, with the list the word is of.
    pub fn tags(&self) -> Vec<(&'static str, &'static str)> {
        fn of<W: Word>(list: &'static str, words: &[W]) -> impl Iterator<Item = (&'static str, &'static str)> {
            words.iter().map(move |word| (list, word.as_str()))
        }
        of(list::CATEGORY, &self.categories)
            .chain(of(list::AREA, &self.areas))
            .chain(of(list::CARE_SETTING, &self.care_settings))
            .chain(of(list::SHIFT, &self.shifts))
            .chain(of(list::PRIORITY, &self.priorities))
            .collect()
    }

    /// What full-text search looks through, folded; only what everyone may read.
    pub fn search_text(&self, slug: &str, reference: &str) -> String {
        let parts = [self.name.as_str(), slug, reference, &self.summary];
        vocabulary::search_text(&parts.into_iter().chain(self.description.as_deref()).collect::<Vec<_>>().join(" "))
    }
}

/// The text without surrounding space; `None` if nothing is left.
fn trim(text: &mut Option<String>) {
    *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
}

/// Each item once, at its first place.
fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut kept, item| {
        if !kept.contains(&item) {
            kept.push(item);
        }
        kept
    })
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?', '#'])
            && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
    })
}

/// The longest slug.
pub const LONGEST_SLUG: usize = 60;

pub fn is_slug(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= LONGEST_SLUG && text.split('-').all(word)
}

/// The slug of a name: its words in lower case, joined by hyphens. Empty if the name has no Latin letter or digit.
pub fn slug_of(name: &str) -> String {
    let folded = fold(name);
    let words = folded.split(' ').map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    shortened(&words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-"), LONGEST_SLUG)
}

/// The slug itself, or the first of `slug-2`, `slug-3` and so on that is not taken.
pub fn free_slug(slug: String, taken: &[String]) -> String {
    let free = |slug: &String| !taken.contains(slug);
    if free(&slug) {
        return slug;
    }
    let numbered = |number: usize| {
        let ending = format!("-{number}");
        format!("{}{ending}", shortened(&slug, LONGEST_SLUG - ending.len()))
    };
    (2..=taken.len() + 2).map(numbered).find(free).unwrap_or(slug)
}

/// The prefix that a slug and its numbered variants share.
pub fn slug_stem(slug: &str) -> String {
    shortened(slug, LONGEST_SLUG - 10)
}

fn shortened(slug: &str, longest: usize) -> String {
    slug.chars().take(longest).collect::<String>().trim_end_matches('-').to_owned()
}

/// The prefix of an innovation's reference.
pub const REFERENCE_PREFIX: &str = "INN";

/// Forward and back along the six stages by any number of steps; from the last four to an end as superseded or
/// decommissioned, from the first four as withdrawn.
impl Machine for Stage {
    fn next(self) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|to| self.may_become(*to)).collect()
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Withdrawn || to < self
    }
}

impl Stage {
    fn may_become(self, to: Self) -> bool {
        match to {
            _ if self > Self::Embedded => false,
            Self::Superseded | Self::Decommissioned => self >= Self::RealWorldTesting,
            Self::Withdrawn => self <= Self::EarlyAdoption,
            stage => stage != self,
        }
    }

    /// Whether a fellow of the innovation cannot make a move to this stage.
    pub fn needs_second_party(self) -> bool {
        (Self::EarlyAdoption..=Self::Decommissioned).contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transitions::rules::Move;
    use proptest::prelude::*;

    fn innovation() -> Innovation {
        Innovation {
            slug: None,
            name: " HeartFlow ".into(),
            summary: "A model of blood flow.".into(),
            description: Some("  ".into()),
            main_category: Category::Digital,
            categories: vec![],
            areas: vec![Area::PatientSafety, Area::PatientSafety],
            care_settings: vec![],
            shifts: vec![],
            priorities: vec![],
            stage: Stage::ProofOfConcept,
            owner: None,
            eligible_population: None,
            evidence: vec![],
            standards_met: vec![],
            adopting_units: vec![],
            nis_unique_id: None,
            website: None,
            illustrative: false,
        }
    }

    fn faults(innovation: Innovation) -> Vec<String> {
        innovation.checked().unwrap_err().listed().iter().map(|fault| fault.pointer.clone()).collect()
    }

    proptest! {
        #[test]
        fn a_slug_is_empty_or_well_formed_and_its_own_slug(name in "\\PC{0,90}") {
            let slug = slug_of(&name);
            prop_assert!(slug.is_empty() || is_slug(&slug), "{slug}");
            prop_assert_eq!(slug_of(&slug), slug);
        }

        #[test]
        fn a_taken_slug_is_numbered_and_stays_a_slug(name in "[a-z]{1,5}( [a-z0-9]{1,9}){0,9}", times in 1usize..14) {
            let mut taken = vec![];
            for _ in 0..times {
                let slug = free_slug(slug_of(&name), &taken);
                prop_assert!(is_slug(&slug) && !taken.contains(&slug) && slug.starts_with(&slug_stem(&slug_of(&name))), "{slug}");
                taken.push(slug);
            }
        }
    }

    #[test]
    fn slugs_as_people_expect_them() {
        for (name, slug) in [
            ("PlGF-based testing", "plgf-based-testing"),
            ("Brainomix e-Stroke", "brainomix-e-stroke"),
            ("Café  Änderung!", "cafe-anderung"),
            ("心臓 2", "2"),
            ("心臓", ""),
        ] {
            assert_eq!(slug_of(name), slug);
        }
        assert!(!is_slug("-a") && !is_slug("a--b") && !is_slug("A") && !is_slug("") && !is_slug("a\0"));
    }

    #[test]
    fn checking_trims_and_completes() {
        let checked = innovation().checked().unwrap();
        assert_eq!((checked.name.as_str(), checked.description), ("HeartFlow", None));
        assert_eq!((checked.categories, checked.areas), (vec![Category::Digital], vec![Area::PatientSafety]));
    }

    #[test]
    fn every_fault_is_listed() {
        let wrong = Innovation {
            slug: Some("Heart Flow".into()),
            name: " ".into(),
            summary: "\t".into(),
            categories: vec![Category::Ai],
            eligible_population: Some(EligiblePopulation {
                value: -1,
                qualifier: Qualifier::Exact,
                basis: Basis::Measured,
            }),
            evidence: vec![Evidence {
                kind: EvidenceType::Other,
                title: " ".into(),
                url: Some("ftp://a".into()),
                year: None,
            }],
            standards_met: vec![
                StandardMet { standard: Standard::Cqc, status: StandardStatus::Yes },
                StandardMet { standard: Standard::Cqc, status: StandardStatus::NotYet },
            ],
            website: Some("javascript:alert(1)".into()),
            ..innovation()
        };
        let expected = [
            "/slug",
            "/name",
            "/summary",
            "/mainCategory",
            "/eligiblePopulation/value",
            "/website",
            "/evidence/0/title",
            "/evidence/0/url",
            "/standardsMet/1",
        ];
        assert_eq!(faults(wrong), expected);
    }

    fn decide(from: Stage, to: Stage, reason: Option<&str>) -> Result<()> {
        Move { to, reason: reason.map(str::to_owned), effective_on: chrono::NaiveDate::default() }.decide(from)
    }

    #[test]
    fn stages_move_as_the_table_says() {
        use Stage::*;
        let path = [ProofOfConcept, Development, RealWorldTesting, EarlyAdoption, Spread, Embedded];
        let ends: [(Stage, &[Stage]); 3] = [
            (Superseded, &[RealWorldTesting, EarlyAdoption, Spread, Embedded]),
            (Decommissioned, &[RealWorldTesting, EarlyAdoption, Spread, Embedded]),
            (Withdrawn, &[ProofOfConcept, Development, RealWorldTesting, EarlyAdoption]),
        ];
        for (index, from) in path.iter().enumerate() {
            for (other, to) in path.iter().enumerate() {
                assert_eq!(decide(*from, *to, None).is_ok(), other > index, "{from:?} to {to:?}");
                assert_eq!(decide(*from, *to, Some("why")).is_ok(), other != index, "{from:?} to {to:?}");
            }
        }
        for (end, sources) in ends {
            for from in Stage::ALL {
                assert_eq!(decide(*from, end, Some("why")).is_ok(), sources.contains(from), "{from:?} to {end:?}");
            }
            assert!(end.next().is_empty());
        }
        assert!(decide(Development, Withdrawn, Some(" ")).is_err());
        assert!(decide(Spread, Superseded, None).is_ok());
    }

    #[test]
    fn moves_to_early_adoption_and_on_need_a_second_party() {
        use Stage::*;
        let alone: Vec<Stage> = Stage::ALL.iter().copied().filter(|stage| !stage.needs_second_party()).collect();
        assert_eq!(alone, [ProofOfConcept, Development, RealWorldTesting, Withdrawn]);
    }
}
