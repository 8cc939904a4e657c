//! How many patients an innovation could reach on a day, and how several counts of people add.

use super::{Denominator, Reached, Unit};
use crate::populations::rules::{Counted, latest};
use crate::vocabulary::Qualifier;
use chrono::NaiveDate;

/// The patients that the organisations an innovation is meant for have on a day. Where some of them have none loaded, what is
/// known of the whole place comes first, and else the rest is a lower bound.
pub fn eligible_patients<'a>(
    units: impl IntoIterator<Item = &'a Unit>,
    (day, denominator): (NaiveDate, Denominator),
    place: &[Counted],
    whole: Option<Reached>,
) -> Option<Reached> {
    let (mut known, mut meant) = (Vec::new(), 0);
    for unit in units.into_iter().filter(|unit| unit.is_meant_on(day, denominator)) {
        meant += 1;
        known.extend(latest(&unit.population, day).first().copied());
    }
    if meant > 0 && known.len() == meant {
        return Some(summed(&known, true));
    }
    let own = latest(place, day);
    match own.first() {
        Some(own) => Some(summed(&[own], true)),
        None if known.is_empty() => whole,
        None => Some(summed(&known, false)),
    }
}

/// Populations of separate organisations together. Each person is registered with one, and lives in the area of one, so exact
/// counts add exactly; where some are missing the sum is at least so many.
pub fn summed(counts: &[&Counted], complete: bool) -> Reached {
    let one_kind = counts.windows(2).all(|pair| pair.first().map(|one| one.kind) == pair.last().map(|one| one.kind));
    let said = counts.iter().map(|count| count.qualifier).chain((!complete).then_some(Qualifier::AtLeast));
    let said = said.reduce(Qualifier::plus).unwrap_or(Qualifier::Exact);
    let qualifier = if one_kind { said } else { Qualifier::Approximate };
    let basis = counts.iter().map(|count| count.basis).max();
    let value = counts.iter().map(|count| count.value).sum();
    Reached { value, qualifier, basis: basis.unwrap_or(crate::vocabulary::Basis::Measured) }
}

/// Patients reached of those eligible, where both are known. For readers without the grant the part is a rounded one, and the
/// share is kept back where few are left out.
pub fn share(patients: Option<Reached>, eligible: Option<Reached>, sees_all: bool) -> Option<f64> {
    let (patients, eligible) = (patients?.value, eligible?.value);
    let few_left = (1..=7).contains(&(eligible - patients));
    (eligible > 0 && (sees_all || !few_left)).then(|| patients as f64 / eligible as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Span;
    use crate::populations::rules::PopulationKind;
    use crate::vocabulary::Basis;

    fn counted(value: i64, qualifier: Qualifier) -> Counted {
        Counted {
            on: Span::ALWAYS.from,
            kind: PopulationKind::Registered,
            edition: String::new(),
            group: None,
            value,
            qualifier,
            basis: Basis::Measured,
            illustrative: false,
        }
    }

    fn with(population: Vec<Counted>) -> Unit {
        Unit { population, ..Unit::new(&[Span::ALWAYS], vec![Span::ALWAYS], vec![], &[]) }
    }

    #[test]
    fn patients_of_all_eligible_organisations_add_and_a_part_of_them_is_a_lower_bound() {
        let (two, three) = (counted(200, Qualifier::Exact), counted(300, Qualifier::Exact));
        let whole = Reached { value: 9000, qualifier: Qualifier::AtMost, basis: Basis::Estimated };
        let today = (Span::ALWAYS.from, Denominator::AtDate);
        let found = |units: &[Unit], place: &[Counted]| {
            eligible_patients(units, today, place, Some(whole)).map(|found| (found.value, found.qualifier))
        };
        let (all, some) = ([with(vec![two.clone()]), with(vec![three])], [with(vec![two]), with(vec![])]);
        assert_eq!(found(&all, &[]), Some((500, Qualifier::Exact)));
        assert_eq!(found(&some, &[]), Some((200, Qualifier::AtLeast)));
        assert_eq!(found(&some, &[counted(700, Qualifier::Approximate)]), Some((700, Qualifier::Approximate)));
        assert_eq!(found(&[with(vec![])], &[]), Some((9000, Qualifier::AtMost)));
        assert_eq!(eligible_patients(&[], today, &[], None), None);
    }

    #[test]
    fn sums_say_how_certain_they_are() {
        use Qualifier::{Approximate, AtLeast, AtMost, Exact};
        let sum = |qualifiers: &[Qualifier]| {
            let counts: Vec<Counted> = qualifiers.iter().map(|qualifier| counted(10, *qualifier)).collect();
            summed(&counts.iter().collect::<Vec<_>>(), true).qualifier
        };
        assert_eq!(sum(&[Exact, Exact]), Exact);
        assert_eq!((sum(&[Exact, AtLeast]), sum(&[Exact, AtMost])), (AtLeast, AtMost));
        assert_eq!((sum(&[AtLeast, AtMost]), sum(&[Exact, Approximate])), (Approximate, Approximate));
    }

    #[test]
    fn a_share_that_tells_how_few_are_left_is_kept_back() {
        let so_many = |value| Some(Reached { value, qualifier: Qualifier::Exact, basis: Basis::Measured });
        assert_eq!(share(so_many(95), so_many(100), false), None);
        assert_eq!(share(so_many(95), so_many(100), true), Some(0.95));
        assert_eq!((share(None, so_many(100), true), share(so_many(5), None, true)), (None, None));
        assert_eq!(share(so_many(0), so_many(0), true), None);
    }
}
