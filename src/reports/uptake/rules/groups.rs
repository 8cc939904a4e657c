//! Who is left out: uptake by the group that organisations serve, and how many people of each group have an adopter.

use super::Reached;
use super::patients::summed;
use crate::populations::rules::{Counted, Dimension, PopulationGroup, latest};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// An organisation that the innovation is meant for on the day.
pub struct Member<'a> {
    pub adopted: bool,
    /// Its populations of the dimension, of all days.
    pub counts: &'a [Counted],
}

/// So many organisations, and those of them that had adopted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub eligible: u64,
    pub adopters: u64,
}

impl Tally {
    fn add(&mut self, adopted: bool) {
        self.eligible += 1;
        self.adopters += u64::from(adopted);
    }

    pub fn share(self) -> Option<f64> {
        (self.eligible > 0).then(|| self.adopters as f64 / self.eligible as f64)
    }
}

/// People of the organisations that the innovation is meant for, and of those of them that had adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    pub in_eligible: Reached,
    pub in_adopters: Reached,
}

impl People {
    pub fn share(self) -> Option<f64> {
        let (part, whole) = (self.in_adopters.value, self.in_eligible.value);
        (whole > 0).then(|| part as f64 / whole as f64)
    }
}

/// One group of people.
pub struct Group {
    pub group: PopulationGroup,
    /// The organisations of which it is the largest group. None for a dimension by which organisations are not told.
    pub organisations: Option<Tally>,
    /// None where no organisation has it loaded.
    pub people: Option<People>,
}

/// Uptake by the groups of one dimension.
pub struct Groups {
    pub dimension: Dimension,
    pub groups: Vec<Group>,
    /// The people of all groups.
    pub all: Option<People>,
    /// Organisations without any population by group on the day.
    pub unknown: Tally,
    pub editions: BTreeSet<String>,
    pub illustrative: bool,
}

/// Organisations are told by deprivation alone: none serves one sex or one age for the most part.
fn tells_organisations(dimension: Dimension) -> bool {
    dimension == Dimension::ImdQuintile
}

/// The group of most people, of which the unknown is the last resort; of equal ones the first.
fn largest(counts: &[&Counted]) -> Option<PopulationGroup> {
    let size = |count: &&&Counted| (count.group.is_some_and(|group| !group.is_unknown()), count.value);
    let most = counts.iter().map(|count| size(&count)).max()?;
    counts.iter().filter(|count| size(count) == most).filter_map(|count| count.group).min()
}

/// Uptake by group on a day.
pub fn grouped<'a>(dimension: Dimension, day: NaiveDate, members: impl IntoIterator<Item = Member<'a>>) -> Groups {
    let (mut unknown, mut editions) = (Tally::default(), BTreeSet::new());
    let mut known: Vec<(bool, Option<PopulationGroup>, Vec<&Counted>)> = Vec::new();
    for Member { adopted, counts } in members {
        let counts = latest(counts, day);
        if counts.is_empty() {
            unknown.add(adopted);
            continue;
        }
        editions.extend(counts.iter().map(|count| count.edition.clone()).filter(|edition| !edition.is_empty()));
        known.push((adopted, largest(&counts), counts));
    }
    let people = |of: &dyn Fn(&Counted) -> bool| {
        let of_those = |adopters_only: bool| -> Vec<&Counted> {
            let members = known.iter().filter(|(adopted, ..)| *adopted || !adopters_only);
            members.flat_map(|(.., counts)| counts.iter().copied()).filter(|count| of(count)).collect()
        };
        let (all, adopters) = (of_those(false), of_those(true));
        (!all.is_empty()).then(|| People {
            in_eligible: summed(&all, unknown.eligible == 0),
            in_adopters: summed(&adopters, unknown.adopters == 0),
        })
    };
    let one = |group: PopulationGroup| {
        let organisations = tells_organisations(dimension).then(|| {
            let mut tally = Tally::default();
            known.iter().filter(|(_, own, _)| *own == Some(group)).for_each(|(adopted, ..)| tally.add(*adopted));
            tally
        });
        Group { group, organisations, people: people(&|count| count.group == Some(group)) }
    };
    let (groups, all) = (PopulationGroup::of(dimension).map(one).collect(), people(&|_| true));
    let illustrative = known.iter().any(|(.., counts)| counts.iter().any(|count| count.illustrative));
    Groups { dimension, groups, all, unknown, editions, illustrative }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Span;
    use crate::populations::rules::PopulationGroup::{Imd1, Imd2, Imd5, ImdUnknown};
    use crate::populations::rules::PopulationKind;
    use crate::vocabulary::{Basis, Qualifier};
    use proptest::prelude::*;

    fn counted(group: PopulationGroup, value: i64) -> Counted {
        Counted {
            on: Span::ALWAYS.from,
            kind: PopulationKind::Registered,
            edition: "imd-2019".to_owned(),
            group: Some(group),
            value,
            qualifier: Qualifier::Exact,
            basis: Basis::Measured,
            illustrative: false,
        }
    }

    fn of(members: &[(bool, Vec<Counted>)]) -> Groups {
        let members = members.iter().map(|(adopted, counts)| Member { adopted: *adopted, counts });
        grouped(Dimension::ImdQuintile, Span::ALWAYS.from, members)
    }

    #[test]
    fn an_organisation_is_of_its_largest_group_and_people_are_weighted() {
        let found = of(&[
            (true, vec![counted(Imd1, 100), counted(Imd5, 900)]),
            (false, vec![counted(Imd1, 800), counted(Imd5, 200)]),
            (false, vec![]),
        ]);
        let group = |wanted| found.groups.iter().find(|one| one.group == wanted).unwrap();
        assert_eq!(group(Imd1).organisations, Some(Tally { eligible: 1, adopters: 0 }));
        assert_eq!(group(Imd5).organisations, Some(Tally { eligible: 1, adopters: 1 }));
        let people = group(Imd1).people.unwrap();
        assert_eq!((people.in_eligible.value, people.in_adopters.value), (900, 100));
        assert_eq!(
            (people.in_eligible.qualifier, people.in_adopters.qualifier),
            (Qualifier::AtLeast, Qualifier::Exact)
        );
        assert_eq!(group(Imd2).people, None, "absent is not nought");
        assert_eq!((found.unknown, found.all.unwrap().share()), (Tally { eligible: 1, adopters: 0 }, Some(0.5)));
    }

    #[test]
    fn what_is_not_known_is_the_largest_group_only_where_nothing_else_is() {
        let own = |counts: &[Counted]| largest(&counts.iter().collect::<Vec<_>>());
        assert_eq!(own(&[counted(ImdUnknown, 90), counted(Imd2, 10)]), Some(Imd2));
        assert_eq!(own(&[counted(ImdUnknown, 90)]), Some(ImdUnknown));
        assert_eq!(own(&[counted(Imd2, 10), counted(Imd1, 10)]), Some(Imd1));
        assert_eq!(own(&[]), None);
    }

    #[test]
    fn a_share_is_a_part_of_something() {
        let people = |value| Reached { value, qualifier: Qualifier::Exact, basis: Basis::Measured };
        for (part, whole, share) in [
            (0, 0, None),
            (0, 4, Some(0.0)),
            (1, 4, Some(0.25)),
            (3, 4, Some(0.75)),
            (4, 4, Some(1.0)),
            (6, 8, Some(0.75)),
        ] {
            assert_eq!(Tally { eligible: whole, adopters: part }.share(), share, "{part} of {whole} organisations");
            let (in_eligible, in_adopters) = (people(whole as i64), people(part as i64));
            assert_eq!(People { in_eligible, in_adopters }.share(), share, "{part} of {whole} people");
        }
    }

    #[test]
    fn organisations_are_told_by_deprivation_alone_and_an_edition_has_a_name() {
        let nameless = |group| Counted { edition: String::new(), ..counted(group, 50) };
        for (dimension, counts, tells, editions) in [
            (Dimension::ImdQuintile, vec![counted(Imd1, 100)], true, vec!["imd-2019"]),
            (Dimension::ImdQuintile, vec![nameless(Imd1)], true, vec![]),
            (Dimension::Sex, vec![nameless(PopulationGroup::Female)], false, vec![]),
            (Dimension::AgeBand, vec![], false, vec![]),
        ] {
            let found = grouped(dimension, Span::ALWAYS.from, [Member { adopted: true, counts: &counts }]);
            assert!(found.groups.iter().all(|one| one.organisations.is_some() == tells), "{dimension:?}");
            assert!(found.editions.iter().eq(&editions), "{dimension:?}: {:?}", found.editions);
            assert_eq!(found.all.is_some(), !counts.is_empty(), "{dimension:?}");
        }
    }

    proptest! {
        #[test]
        fn every_organisation_is_in_one_group_or_unknown_and_no_share_is_above_the_whole(
            drawn in prop::collection::vec((any::<bool>(), prop::collection::vec(0i64..1000, 0..6)), 0..20),
        ) {
            let groups: Vec<PopulationGroup> = PopulationGroup::of(Dimension::ImdQuintile).collect();
            let members: Vec<(bool, Vec<Counted>)> = drawn.iter().map(|(adopted, values)| {
                (*adopted, values.iter().zip(&groups).map(|(value, group)| counted(*group, *value)).collect())
            }).collect();
            let found = of(&members);
            let tallies = || found.groups.iter().filter_map(|one| one.organisations).chain([found.unknown]);
            prop_assert_eq!(tallies().map(|tally| tally.eligible).sum::<u64>(), members.len() as u64);
            prop_assert_eq!(tallies().map(|tally| tally.adopters).sum::<u64>(), members.iter().filter(|one| one.0).count() as u64);
            let people = || found.groups.iter().filter_map(|one| one.people);
            prop_assert!(people().chain(found.all).all(|people| people.share().is_none_or(|share| share <= 1.0)));
            let sum: i64 = people().map(|people| people.in_adopters.value).sum();
            prop_assert_eq!(sum, found.all.map_or(0, |all| all.in_adopters.value));
        }
    }
}
