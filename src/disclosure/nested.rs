//! Totals that are made of each other: of places within places, and of the members of a dimension. Each is told so that all of them
//! together leave a count that is kept back three possible values.

use super::counts::rounded;
use std::collections::VecDeque;

/// How many values a count that is kept back must leave possible.
const POSSIBLE: i64 = 3;

/// How many steps of five the told total may be off its own rounding.
const STEPS: i64 = 4;

/// What can be known of a count: that it lies between two, both included.
type Bounds = (i64, i64);

/// Counts and their totals, with what a reader can work out of each from all that is told: whenever a total is told, the bounds of what it
/// is made of are narrowed, and of what those are made of, for as long as anything narrows. Numbers are scaled, so that `one` stands for
/// one.
#[derive(Debug, Clone)]
pub struct Nested {
    one: i64,
    counts: Vec<Count>,
    sums: Vec<Sum>,
    /// The sums of which something was narrowed since they were looked at.
    due: VecDeque<usize>,
}

#[derive(Debug, Clone)]
struct Count {
    value: i64,
    bounds: Bounds,
    /// Whether it is kept back as a small count.
    is_small: bool,
    /// The sums it has a part in.
    sums: Vec<usize>,
}

/// One count is the sum of others.
#[derive(Debug, Clone)]
struct Sum {
    total: usize,
    parts: Vec<usize>,
    is_due: bool,
}

impl Nested {
    pub fn new(one: i64) -> Self {
        Self { one, counts: Vec::new(), sums: Vec::new(), due: VecDeque::new() }
    }

    /// A count that is told by itself, as [`rounded`] has it.
    pub fn count(&mut self, value: i64) -> usize {
        let (is_small, bounds) = match rounded(value, self.one) {
            None => (true, self.small(value)),
            Some(0) if value == 0 => (false, (0, 0)),
            Some(told) => (false, self.around(told)),
        };
        self.add(value, bounds, is_small)
    }

    /// A count that everybody can work out.
    pub fn known(&mut self, value: i64) -> usize {
        self.add(value, (value, value), false)
    }

    /// The total of counts, of which nothing is told yet.
    pub fn total(&mut self, parts: Vec<usize>) -> usize {
        let of = |of: fn(&Count) -> i64| parts.iter().map(|at| of(&self.counts[*at])).sum::<i64>();
        let (value, bounds) = (of(|count| count.value), (of(|count| count.bounds.0), of(|count| count.bounds.1)));
        let total = self.add(value, bounds, false);
        self.is_total(total, parts);
        total
    }

    /// Says of a total that it is the total of these counts too.
    pub fn is_total(&mut self, total: usize, parts: Vec<usize>) {
        let sum = self.sums.len();
        for at in parts.iter().chain([&total]) {
            self.counts[*at].sums.push(sum);
        }
        self.sums.push(Sum { total, parts, is_due: false });
    }

    pub fn value(&self, at: usize) -> i64 {
        self.counts[at].value
    }

    /// Tells a total: as it is where it may be `exact`, else rounded from its own true value, or, where that would leave a count that is
    /// kept back fewer than three possible values, as the nearest multiple of 5 that leaves three. None where it is kept back.
    pub fn tell(&mut self, at: usize, exact: bool) -> Option<i64> {
        let value = self.counts[at].value;
        if exact && self.narrows(at, (value, value)) {
            return Some(value);
        }
        let five = 5 * self.one;
        let nearest = (value + five / 2).div_euclid(five) * five;
        if value == 0 {
            return self.narrows(at, (0, 0)).then_some(0);
        }
        if rounded(value, self.one).is_none() {
            let was_small = std::mem::replace(&mut self.counts[at].is_small, true);
            if self.narrows(at, self.small(value)) {
                return None;
            }
            self.counts[at].is_small = was_small;
        }
        let mut told: Vec<i64> = (-STEPS..=STEPS).map(|step| nearest + step * five).collect();
        // What is told of one that may be exact must not seem to be.
        told.retain(|told| told.abs() >= 2 * five && !(exact && *told == value));
        told.sort_by_key(|told| (told - value).abs());
        told.into_iter().find(|told| self.narrows(at, self.around(*told)))
    }

    /// Takes it that a count lies within these bounds, unless that would leave one that is kept back fewer than three possible values, or
    /// any count none. Whether it did.
    pub fn narrows(&mut self, at: usize, bounds: Bounds) -> bool {
        let mut before = Vec::new();
        let mut holds = self.narrow(at, bounds, &mut before);
        // Bounds that close in on each other step by step are given up on, as if nothing were left.
        let mut patience = 64 * (self.sums.len() + 16);
        while let Some(sum) = self.due.pop_front() {
            self.sums[sum].is_due = false;
            patience -= 1;
            holds = holds && patience > 0 && self.add_up(sum, &mut before);
        }
        if !holds {
            for (at, bounds) in before.into_iter().rev() {
                self.counts[at].bounds = bounds;
            }
        }
        holds
    }

    /// Narrows a total by its parts, and each part by the total and the others.
    fn add_up(&mut self, sum: usize, before: &mut Vec<(usize, Bounds)>) -> bool {
        let (total, parts) = (self.sums[sum].total, std::mem::take(&mut self.sums[sum].parts));
        let each = parts.iter().map(|at| self.counts[*at].bounds);
        let (least, most) = each.fold((0, 0), |(least, most), (low, high)| (least + low, most + high));
        let mut holds = self.narrow(total, (least, most), before);
        let of_total = self.counts[total].bounds;
        for part in &parts {
            let (low, high) = self.counts[*part].bounds;
            holds = holds && self.narrow(*part, (of_total.0 - (most - high), of_total.1 - (least - low)), before);
        }
        self.sums[sum].parts = parts;
        holds
    }

    fn narrow(&mut self, at: usize, (low, high): Bounds, before: &mut Vec<(usize, Bounds)>) -> bool {
        let count = &mut self.counts[at];
        let narrowed = (count.bounds.0.max(low), count.bounds.1.min(high));
        if narrowed != count.bounds {
            before.push((at, count.bounds));
            count.bounds = narrowed;
            for sum in &count.sums {
                if !std::mem::replace(&mut self.sums[*sum].is_due, true) {
                    self.due.push_back(*sum);
                }
            }
        }
        let (low, high) = narrowed;
        let possible = high.div_euclid(self.one) + (-low).div_euclid(self.one) + 1;
        if count.is_small { possible >= POSSIBLE } else { low <= high }
    }

    fn add(&mut self, value: i64, bounds: Bounds, is_small: bool) -> usize {
        self.counts.push(Count { value, bounds, is_small, sums: Vec::new() });
        self.counts.len() - 1
    }

    /// What is known of a small count: that it is one.
    fn small(&self, value: i64) -> Bounds {
        let most = 8 * self.one - 1;
        if value < 0 { (-most, -1) } else { (1, most) }
    }

    /// What is known of a count that is told rounded.
    fn around(&self, told: i64) -> Bounds {
        let five = 5 * self.one;
        (told - five / 2, told + five - five / 2 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What somebody works out who knows nothing but what is told: the bounds of each count, narrowed until nothing changes. It shares
    /// nothing with the rule but the meaning of what is told.
    struct Solver {
        bounds: Vec<Bounds>,
        sums: Vec<(usize, Vec<usize>)>,
    }

    /// As a reader reads it: 1 to 7 where it is kept back, else within two of what is told.
    fn read(told: Option<i64>) -> Bounds {
        match told {
            None => (1, 7),
            Some(0) => (0, 0),
            Some(told) => (told - 2, told + 2),
        }
    }

    impl Solver {
        fn solve(&mut self) {
            loop {
                let before = self.bounds.clone();
                for (total, parts) in &self.sums {
                    let least: i64 = parts.iter().map(|part| self.bounds[*part].0).sum();
                    let most: i64 = parts.iter().map(|part| self.bounds[*part].1).sum();
                    let of = self.bounds[*total];
                    self.bounds[*total] = (of.0.max(least), of.1.min(most));
                    for part in parts {
                        let (low, high) = self.bounds[*part];
                        self.bounds[*part] = (low.max(of.0 - (most - high)), high.min(of.1 - (least - low)));
                    }
                }
                if self.bounds == before {
                    return;
                }
            }
        }

        fn possible(&self, at: usize) -> i64 {
            self.bounds[at].1 - self.bounds[at].0 + 1
        }
    }

    #[test]
    fn the_solver_finds_a_small_count_where_the_whole_total_is_rounded() {
        let told =
            |total| Solver { bounds: vec![read(Some(10)), read(None), read(Some(total))], sums: vec![(2, vec![0, 1])] };
        let (mut plain, mut ours) = (told(20), told(15));
        plain.solve();
        ours.solve();
        assert_eq!(plain.possible(1), 2, "12 and 6 are 18, and plainly rounded 20: the 6 is 6 or 7");
        assert!(ours.possible(1) >= 3);
    }

    #[test]
    fn a_total_is_the_nearest_that_leaves_what_is_kept_back_three_possible_values() {
        for (parts, told) in [
            (vec![12, 6], Some(15)),
            (vec![12, 13], Some(25)),
            (vec![12, 12], Some(25)),
            (vec![6], None),
            (vec![1, 2], None),
            (vec![1; 6], Some(10)),
            (vec![1; 12], Some(15)),
            (vec![7; 3], Some(20)),
            (vec![0, 0], Some(0)),
            (vec![100, 200, 3], Some(305)),
        ] {
            let mut nested = Nested::new(1);
            let counts = parts.iter().map(|part| nested.count(*part)).collect();
            let total = nested.total(counts);
            assert_eq!(nested.tell(total, false), told, "{parts:?}");
        }
    }

    #[test]
    fn england_is_exact_unless_that_tells_a_small_count() {
        for (parts, told) in
            [(vec![30, 30, 6], Some(66)), (vec![12, 6], Some(15)), (vec![12, 13], Some(25)), (vec![12, 14], Some(26))]
        {
            let mut nested = Nested::new(1);
            let counts = parts.iter().map(|part| nested.count(*part)).collect();
            let total = nested.total(counts);
            assert_eq!(nested.tell(total, true), told, "{parts:?}");
        }
    }

    #[test]
    fn decimals_are_scaled() {
        let mut nested = Nested::new(10);
        let counts = [120, 60].map(|count| nested.count(count)).to_vec();
        let total = nested.total(counts);
        assert_eq!(nested.tell(total, false), Some(150));
    }

    /// Trusts of boards of regions, each trust with so many members of a dimension.
    fn nation() -> impl Strategy<Value = Vec<Vec<Vec<Vec<i64>>>>> {
        let count = prop_oneof![2 => 0..9_i64, 1 => 8..40_i64];
        (1..4_usize).prop_flat_map(move |members| {
            let trust = prop::collection::vec(count.clone(), members);
            let board = prop::collection::vec(trust, 1..4);
            prop::collection::vec(prop::collection::vec(board, 1..4), 1..4)
        })
    }

    /// The register's side and the reader's, told of the same.
    struct Both {
        nested: Nested,
        solver: Solver,
        small: Vec<usize>,
    }

    impl Both {
        fn count(&mut self, value: i64) -> usize {
            let at = self.nested.count(value);
            self.solver.bounds.push(read(rounded(value, 1)));
            if (1..=7).contains(&value) {
                self.small.push(at);
            }
            at
        }

        fn total(&mut self, parts: &[usize]) -> usize {
            let at = self.nested.total(parts.to_vec());
            self.solver.bounds.push((0, 100_000));
            self.solver.sums.push((at, parts.to_vec()));
            at
        }

        fn tell(&mut self, at: usize, exact: bool) {
            let value = self.nested.value(at);
            self.solver.bounds[at] = match self.nested.tell(at, exact) {
                Some(told) if exact && told == value => (told, told),
                None if !(1..=7).contains(&value) => return,
                told => read(told),
            };
        }

        /// The totals of parts that each have one of every member, and of all members.
        fn add_up(&mut self, parts: &[Vec<usize>], exact: bool) -> Vec<usize> {
            let columns = parts.first().map_or(0, Vec::len);
            let totals: Vec<usize> = (0..columns)
                .map(|column| self.total(&parts.iter().map(|part| part[column]).collect::<Vec<_>>()))
                .collect();
            if let Some((all, members)) = totals.split_last().filter(|(_, members)| !members.is_empty()) {
                self.nested.is_total(*all, members.to_vec());
                self.solver.sums.push((*all, members.to_vec()));
            }
            totals.iter().for_each(|total| self.tell(*total, exact));
            totals
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn no_total_of_a_nation_tells_a_small_count(nation in nation()) {
            let mut both = Both { nested: Nested::new(1), solver: Solver { bounds: vec![], sums: vec![] }, small: vec![] };
            let mut regions = Vec::new();
            for region in &nation {
                let mut boards = Vec::new();
                for board in region {
                    let mut trusts = Vec::new();
                    for trust in board {
                        let mut trust: Vec<usize> = trust.iter().map(|count| both.count(*count)).collect();
                        let all = both.total(&trust);
                        both.tell(all, false);
                        trust.push(all);
                        trusts.push(trust);
                    }
                    boards.push(both.add_up(&trusts, false));
                }
                regions.push(both.add_up(&boards, false));
            }
            both.add_up(&regions, true);
            both.solver.solve();
            for at in &both.small {
                prop_assert!(both.solver.possible(*at) >= 3, "{:?}: {} is {:?}", nation, both.nested.value(*at), both.solver.bounds[*at]);
            }
        }
    }
}
