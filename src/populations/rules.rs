//! The rules for a population, and which of several is the one of a day.

use crate::error::{Code, Error, Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

words! {
    /// Whose people they are.
    pub enum PopulationKind {
        /// On the lists of its practices.
        Registered = "registered",
        /// Living in its area.
        Resident = "resident",
    }
}

words! {
    /// What people are grouped by.
    pub enum Dimension { ImdQuintile = "imd-quintile", Ethnicity = "ethnicity", Sex = "sex", AgeBand = "age-band" }
}

words! {
    /// A group of people: the dimension, and its member. Quintile 1 is the most deprived fifth of England's neighbourhoods.
    pub enum PopulationGroup {
        Imd1 = "imd-quintile=1",
        Imd2 = "imd-quintile=2",
        Imd3 = "imd-quintile=3",
        Imd4 = "imd-quintile=4",
        Imd5 = "imd-quintile=5",
        ImdUnknown = "imd-quintile=unknown",
        Asian = "ethnicity=asian",
        Black = "ethnicity=black",
        Mixed = "ethnicity=mixed",
        White = "ethnicity=white",
        OtherEthnicity = "ethnicity=other",
        EthnicityUnknown = "ethnicity=unknown",
        Female = "sex=female",
        Male = "sex=male",
        OtherSex = "sex=other",
        SexUnknown = "sex=unknown",
        Age0 = "age-band=0-17",
        Age18 = "age-band=18-64",
        Age65 = "age-band=65-74",
        Age75 = "age-band=75-84",
        Age85 = "age-band=85-plus",
        AgeUnknown = "age-band=unknown",
    }
}

words! {
    /// The edition of the English Indices of Deprivation.
    pub enum DeprivationEdition { Imd2019 = "imd-2019", Imd2025 = "imd-2025" }
}

impl PopulationGroup {
    pub fn dimension(self) -> Dimension {
        let word = self.as_str().split('=').next();
        word.and_then(Dimension::parse).unwrap_or(Dimension::ImdQuintile)
    }

    /// The member of its dimension.
    pub fn member(self) -> &'static str {
        self.as_str().split_once('=').map_or(self.as_str(), |(_, member)| member)
    }

    pub fn is_unknown(self) -> bool {
        self.member() == "unknown"
    }

    pub fn of(dimension: Dimension) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |group| group.dimension() == dimension)
    }
}

/// How many people an organisation or a place had on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreatePopulationRequest, example = json!({ "organisation": "RJZ", "kind": "resident", "on": "2024-06-30", "group": "imd-quintile=1", "edition": "imd-2019", "value": 184200, "source": "Mid-year estimates" }))]
pub struct Population {
    /// The code of the organisation, or of the place.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub organisation: String,
    /// Whose people they are.
    #[serde(default = "registered")]
    #[schema(default = "registered")]
    pub kind: PopulationKind,
    /// The day on which they were counted. It holds from then on, until the next count.
    pub on: NaiveDate,
    /// The group of people. Default: everybody.
    #[schema(nullable = false)]
    pub group: Option<PopulationGroup>,
    /// The edition of the indices of deprivation that a quintile is of.
    #[schema(nullable = false)]
    pub edition: Option<DeprivationEdition>,
    /// The slug of an innovation: only the people that it is meant for. Default: all people.
    #[schema(example = "heartflow", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// The indication of the innovation. Default: every use of it.
    #[schema(example = "copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub indication: Option<String>,
    /// How many people.
    #[schema(example = 184200, minimum = 0, maximum = 10000000000i64)]
    pub value: i64,
    #[serde(default = "exact")]
    #[schema(default = "exact")]
    pub qualifier: Qualifier,
    #[serde(default = "measured")]
    #[schema(default = "measured")]
    pub basis: Basis,
    /// Who published it.
    #[schema(min_length = 1, max_length = 300)]
    pub source: String,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

fn registered() -> PopulationKind {
    PopulationKind::Registered
}

fn exact() -> Qualifier {
    Qualifier::Exact
}

fn measured() -> Basis {
    Basis::Measured
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PopulationAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null where all people are meant.
    #[schema(max_length = 300)]
    pub innovation_name: Option<String>,
    /// Null unless it was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
}

written! { Population, PopulationAdded, |_, added| added.id.to_string() }

/// The most patients whose count is kept back from most readers.
const FEW: i64 = 7;

impl Population {
    /// Puts the code in upper case and the slug in lower case.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        self.organisation.make_ascii_uppercase();
        if let Some(slug) = &mut self.innovation {
            slug.make_ascii_lowercase();
        }
        let mut faults = Faults::default();
        let by_deprivation = self.group.is_some_and(|group| group.dimension() == Dimension::ImdQuintile);
        match self.edition {
            None if by_deprivation => {
                faults.add(
                    "/edition",
                    "missing",
                    "Say of which edition of the indices of deprivation the quintile is.",
                );
            }
            Some(_) if !by_deprivation => {
                faults.add("/edition", "not-applicable", "An edition is for quintiles of deprivation.");
            }
            _ => {}
        }
        if self.indication.is_some() && self.innovation.is_none() {
            faults.add("/indication", "not-applicable", "An indication is one of an innovation: name the innovation.");
        }
        if self.innovation.is_some() && (1..=FEW).contains(&self.value) {
            let detail = "Everybody reads populations, and a count of 1 to 7 patients is kept from most: leave the row out, or send at-most 10.";
            faults.add("/value", "small-number", detail);
        }
        faults.check()?;
        Ok(self)
    }

    /// The same, with what `given` does not name as it was known before.
    #[must_use]
    pub fn keeping(self, known: (Qualifier, Basis, bool), given: impl Fn(&str) -> bool) -> Self {
        let (qualifier, basis, illustrative) = known;
        Self {
            qualifier: if given("qualifier") { self.qualifier } else { qualifier },
            basis: if given("basis") { self.basis } else { basis },
            illustrative: if given("illustrative") { self.illustrative } else { illustrative },
            ..self
        }
    }

    /// Whether it may become the other: what was counted stays what it is.
    ///
    /// # Errors
    /// `immutable`.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let Self { value, qualifier, basis, illustrative, .. } = *new;
        let same = Self { value, qualifier, basis, illustrative, source: new.source.clone(), ..self.clone() };
        if same == *new {
            return Ok(());
        }
        let detail = "Only `value`, `qualifier`, `basis`, `source` and `illustrative` can change. Delete the row with a reason and add the right one.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

/// A population of one organisation, as reports read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub on: NaiveDate,
    pub kind: PopulationKind,
    /// Empty where it is no deprivation.
    pub edition: String,
    /// None for everybody.
    pub group: Option<PopulationGroup>,
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub illustrative: bool,
}

/// Of the populations of one organisation those of a day: of its registered people where any were counted by then, else of its
/// residents; by the edition of the last count, and of each group its own last.
pub fn latest(counts: &[Counted], day: NaiveDate) -> Vec<&Counted> {
    let by_then = || counts.iter().filter(|count| count.on <= day);
    let Some(kind) = by_then().map(|count| count.kind).min() else { return Vec::new() };
    let of_kind = || by_then().filter(|count| count.kind == kind);
    let Some(last) = of_kind().max_by_key(|count| (count.on, &count.edition)) else { return Vec::new() };
    let mut groups: BTreeMap<Option<PopulationGroup>, &Counted> = BTreeMap::new();
    for count in of_kind().filter(|count| count.edition == last.edition) {
        let known = groups.entry(count.group).or_insert(count);
        if known.on <= count.on {
            *known = count;
        }
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn population(others: Value) -> Population {
        let mut body = json!({ "organisation": "rjz", "on": "2024-06-30", "value": 1000, "source": "Estimates" });
        body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_quintile_needs_its_edition_and_few_patients_are_not_kept() {
        for (others, pointer) in [
            (json!({ "group": "imd-quintile=1" }), "/edition"),
            (json!({ "group": "sex=male", "edition": "imd-2019" }), "/edition"),
            (json!({ "indication": "copd" }), "/indication"),
            (json!({ "innovation": "tool", "value": 7 }), "/value"),
        ] {
            let refused = population(others.clone()).checked().expect_err(&others.to_string());
            assert_eq!(refused.listed()[0].pointer, pointer);
        }
        for others in [json!({}), json!({ "value": 3 }), json!({ "group": "imd-quintile=1", "edition": "imd-2025" })] {
            assert_eq!(population(others).checked().unwrap().organisation, "RJZ");
        }
    }

    #[test]
    fn every_group_is_of_a_dimension_and_each_has_one_for_the_unknown() {
        for group in PopulationGroup::ALL {
            assert!(group.as_str().starts_with(group.dimension().as_str()), "{group:?}");
        }
        for dimension in Dimension::ALL {
            assert_eq!(PopulationGroup::of(*dimension).filter(|group| group.is_unknown()).count(), 1);
        }
    }

    #[test]
    fn a_day_has_the_latest_count_of_registered_people_before_residents() {
        let counted = |kind, on: &str, edition: &str, value| Counted {
            on: on.parse().unwrap(),
            kind,
            edition: edition.to_owned(),
            group: None,
            value,
            qualifier: Qualifier::Exact,
            basis: Basis::Measured,
            illustrative: false,
        };
        use PopulationKind::{Registered, Resident};
        let counts = [
            counted(Resident, "2022-06-30", "", 1),
            counted(Registered, "2020-04-01", "imd-2019", 2),
            counted(Registered, "2021-04-01", "imd-2019", 3),
            counted(Registered, "2021-04-01", "imd-2025", 4),
        ];
        let on = |day: &str| latest(&counts, day.parse().unwrap()).iter().map(|count| count.value).collect::<Vec<_>>();
        assert_eq!(on("2020-03-31"), Vec::<i64>::new());
        assert_eq!((on("2020-04-01"), on("2021-03-31"), on("2023-01-01")), (vec![2], vec![2], vec![4]));
        assert_eq!(latest(&counts[..1], "2023-01-01".parse().unwrap()).len(), 1);
        let grouped = |group, count: &Counted| Counted { group: Some(group), ..count.clone() };
        let (female, male) = (PopulationGroup::Female, PopulationGroup::Male);
        let plain = |on: &str, value| counted(Registered, on, "", value);
        let counts = [
            grouped(female, &plain("2020-04-01", 5)),
            grouped(male, &plain("2020-04-01", 6)),
            grouped(female, &plain("2021-04-01", 7)),
        ];
        let on = |day: &str| latest(&counts, day.parse().unwrap()).iter().map(|count| count.value).collect::<Vec<_>>();
        assert_eq!((on("2021-03-31"), on("2021-04-01")), (vec![5, 6], vec![7, 6]), "the other groups stay");
    }
}
