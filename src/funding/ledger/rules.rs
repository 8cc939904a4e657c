//! How a posting moves the balances, and a commitment the years of its fund.
//!
//! Cash, at every moment and for each fund: `cash = contributed + reallocated in - reallocated out - disbursed`, and for each
//! award `outstanding = committed - released - disbursed + returned`, and nothing is below zero.
//! It holds for every day as well (`days`).
//! Capacity, for each fund: to the end of every financial year no more is committed than was pledged, received without a
//! pledge and reallocated. What a year leaves carries forward, and nothing is brought back from a later one.

use crate::funding::years::Share;
use crate::words;
use std::collections::BTreeMap;

words! {
    /// The kind of a posting.
    pub enum TransactionKind {
        /// Money of the fund is promised to the award.
        Commitment = "commitment",
        /// Money promised leaves for the recipient.
        Disbursement = "disbursement",
        /// Money that had left comes back, and is promised again.
        Return = "return",
        /// Money that was paid out will not come back, and was not spent as agreed.
        WriteOff = "write-off",
        /// What was promised is available to the fund again.
        Release = "release",
        ReallocationIn = "reallocation-in",
        ReallocationOut = "reallocation-out",
    }
}

words! {
    /// How sure pledged money is. Only what is confirmed may be committed.
    pub enum PledgeCertainty { Confirmed = "confirmed", Indicative = "indicative" }
}

/// The money of a fund at one moment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FundBalance {
    pub contributed: i64,
    pub reallocated_in: i64,
    pub reallocated_out: i64,
    /// Promised to awards and not yet disbursed.
    pub outstanding: i64,
    /// Net of what was returned.
    pub disbursed: i64,
    /// In hand.
    pub cash: i64,
}

/// The money of an award at one moment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AwardBalance {
    pub committed: i64,
    pub disbursed: i64,
    pub returned: i64,
    pub released: i64,
    pub written_off: i64,
    pub outstanding: i64,
}

/// What a fund may commit of one financial year, and has committed, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FundYear {
    /// By confirmed pledges.
    pub pledged: i64,
    /// Without a pledge.
    pub received: i64,
    /// In, less out.
    pub reallocated: i64,
    /// To awards, less what was released.
    pub committed: i64,
}

/// The years of a fund, by the calendar year of their 1 April.
pub type FundYears = BTreeMap<i32, FundYear>;

/// What a change of a fund's years changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Pledged,
    Received,
    Reallocated,
    Committed,
}

/// A year to whose end more would be committed than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    pub year: i32,
    /// What may be committed to its end.
    pub capacity: i64,
    /// What would be.
    pub committed: i64,
    /// What was left to its end before the change.
    pub left: i64,
}

/// Why a posting cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is not enough money: this much is available.
    Short(i64),
    /// The fund does not have so much in hand, but this much.
    Cash(i64),
    /// More would be committed than the fund may.
    Year(Breach),
    /// A sum would be larger than can be held.
    TooLarge,
}

fn more(sum: i64, amount: i64) -> Result<i64, Refused> {
    sum.checked_add(amount).ok_or(Refused::TooLarge)
}

fn less(sum: i64, amount: i64) -> Result<i64, Refused> {
    if sum < amount { Err(Refused::Short(sum)) } else { Ok(sum - amount) }
}

impl AwardBalance {
    /// The money that was paid out, and neither returned nor written off.
    pub fn recoverable(self) -> i64 {
        self.disbursed - self.returned - self.written_off
    }

    pub fn holds(self) -> bool {
        let parts = [self.committed, self.disbursed, self.returned, self.released, self.written_off, self.outstanding];
        parts.iter().all(|part| *part >= 0)
            && self.outstanding == self.committed - self.released - self.disbursed + self.returned
            && self.recoverable() >= 0
    }
}

impl FundYear {
    fn capacity(self) -> i128 {
        i128::from(self.pledged) + i128::from(self.received) + i128::from(self.reallocated)
    }

    fn changed(self, part: Part, by: i64) -> Result<Self, Refused> {
        let mut year = self;
        let value = match part {
            Part::Pledged => &mut year.pledged,
            Part::Received => &mut year.received,
            Part::Reallocated => &mut year.reallocated,
            Part::Committed => &mut year.committed,
        };
        *value = value.checked_add(by).ok_or(Refused::TooLarge)?;
        Ok(year)
    }
}

/// An amount as wide as sums of years, as wide as the register holds.
fn held(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

/// What may be committed to the end of a year and is not.
pub fn left(years: &FundYears, year: i32) -> i64 {
    held(years.range(..=year).map(|(_, of)| of.capacity() - i128::from(of.committed)).sum())
}

/// Whether no year is committed beyond what there is to its end.
pub fn hold(years: &FundYears) -> bool {
    years.keys().all(|year| left(years, *year) >= 0)
        && years.values().all(|of| of.pledged >= 0 && of.received >= 0 && of.committed >= 0)
}

/// The years after a change. A year that was committed too far already, by rules that knew no years, may stay so, but
/// no change takes it further.
///
/// # Errors
/// `Year` for the first year to whose end too much would be committed; `TooLarge`.
pub fn changed(
    before: &FundYears,
    part: Part,
    changes: impl IntoIterator<Item = (i32, i64)>,
) -> Result<FundYears, Refused> {
    let mut after = before.clone();
    for (year, by) in changes {
        let of = after.entry(year).or_default();
        *of = of.changed(part, by)?;
    }
    let (mut capacity, mut committed) = (0, 0);
    for (year, of) in &after {
        capacity += of.capacity();
        committed += i128::from(of.committed);
        let was_left = left(before, *year);
        if capacity < committed && capacity - committed < i128::from(was_left) {
            let (capacity, committed) = (held(capacity), held(committed));
            return Err(Refused::Year(Breach { year: *year, capacity, committed, left: was_left.max(0) }));
        }
    }
    Ok(after)
}

/// How commitments change by year from one profile to another.
pub fn between(before: &[Share], after: &[Share]) -> BTreeMap<i32, i64> {
    let mut changes = BTreeMap::new();
    for share in before {
        *changes.entry(share.year).or_insert(0) -= share.minor;
    }
    for share in after {
        *changes.entry(share.year).or_insert(0) += share.minor;
    }
    changes
}

impl FundBalance {
    pub fn holds(self) -> bool {
        let parts =
            [self.contributed, self.reallocated_in, self.reallocated_out, self.outstanding, self.disbursed, self.cash];
        let brought = self.contributed + self.reallocated_in - self.reallocated_out;
        parts.iter().all(|part| *part >= 0) && brought == self.cash + self.disbursed
    }

    /// # Errors
    /// `TooLarge`.
    pub fn contribute(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self { contributed: more(self.contributed, amount)?, cash: more(self.cash, amount)?, ..self })
    }

    /// The balance without a contribution.
    ///
    /// # Errors
    /// `Cash` beyond what is in hand.
    pub fn take_back(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self { cash: self.spent(amount)?, contributed: less(self.contributed, amount)?, ..self })
    }

    fn spent(self, amount: i64) -> Result<i64, Refused> {
        less(self.cash, amount).map_err(|_| Refused::Cash(self.cash))
    }

    /// # Errors
    /// `Cash` beyond what is in hand; `TooLarge`.
    pub fn give_away(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self { cash: self.spent(amount)?, reallocated_out: more(self.reallocated_out, amount)?, ..self })
    }

    /// # Errors
    /// `TooLarge`.
    pub fn receive(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self { cash: more(self.cash, amount)?, reallocated_in: more(self.reallocated_in, amount)?, ..self })
    }
}

/// Both balances after a posting to an award. A reallocation has no award, so it changes nothing here.
///
/// # Errors
/// `Short` with the money that is available, `Cash` with what the fund has in hand; `TooLarge`.
pub fn post(
    kind: TransactionKind,
    amount: i64,
    fund: FundBalance,
    award: AwardBalance,
) -> Result<(FundBalance, AwardBalance), Refused> {
    Ok(match kind {
        TransactionKind::Commitment => (
            FundBalance { outstanding: more(fund.outstanding, amount)?, ..fund },
            AwardBalance {
                committed: more(award.committed, amount)?,
                outstanding: more(award.outstanding, amount)?,
                ..award
            },
        ),
        TransactionKind::Disbursement => {
            let of_award = AwardBalance {
                outstanding: less(award.outstanding, amount)?,
                disbursed: more(award.disbursed, amount)?,
                ..award
            };
            let of_fund = FundBalance {
                outstanding: less(fund.outstanding, amount)?,
                disbursed: more(fund.disbursed, amount)?,
                cash: fund.spent(amount)?,
                ..fund
            };
            (of_fund, of_award)
        }
        TransactionKind::Return => {
            less(award.recoverable(), amount)?;
            (
                FundBalance {
                    disbursed: less(fund.disbursed, amount)?,
                    outstanding: more(fund.outstanding, amount)?,
                    cash: more(fund.cash, amount)?,
                    ..fund
                },
                AwardBalance {
                    returned: more(award.returned, amount)?,
                    outstanding: more(award.outstanding, amount)?,
                    ..award
                },
            )
        }
        TransactionKind::WriteOff => {
            less(award.recoverable(), amount)?;
            (fund, AwardBalance { written_off: more(award.written_off, amount)?, ..award })
        }
        TransactionKind::Release => (
            FundBalance { outstanding: less(fund.outstanding, amount)?, ..fund },
            AwardBalance {
                outstanding: less(award.outstanding, amount)?,
                released: more(award.released, amount)?,
                ..award
            },
        ),
        TransactionKind::ReallocationIn | TransactionKind::ReallocationOut => (fund, award),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funding::years::{remaining, together};
    use proptest::prelude::*;

    fn shares(years: &[(i32, i64)]) -> Vec<Share> {
        years.iter().map(|(year, minor)| Share { year: *year, minor: *minor }).collect()
    }

    #[test]
    fn money_goes_its_way_from_contribution_to_release() {
        let fund = FundBalance::default().contribute(500).unwrap();
        let none = AwardBalance::default();
        let (fund, award) = post(TransactionKind::Commitment, 600, fund, none).unwrap();
        let (fund, award) = post(TransactionKind::Disbursement, 400, fund, award).unwrap();
        assert_eq!(post(TransactionKind::Disbursement, 101, fund, award), Err(Refused::Cash(100)));
        assert_eq!(post(TransactionKind::Disbursement, 201, fund, award), Err(Refused::Short(200)));
        let (fund, award) = post(TransactionKind::Return, 100, fund, award).unwrap();
        assert_eq!((fund.cash, fund.outstanding, fund.disbursed), (200, 300, 300));
        // Remaining on termination: committed - disbursed + returned.
        let (fund, award) = post(TransactionKind::Release, award.outstanding, fund, award).unwrap();
        assert_eq!((fund.cash, award.released, award.outstanding), (200, 300, 0));
        assert_eq!(fund.give_away(201), Err(Refused::Cash(200)));
        assert_eq!(post(TransactionKind::WriteOff, 301, fund, award), Err(Refused::Short(300)));
    }

    #[test]
    fn an_award_over_three_years_stands_on_pledges_of_each_and_leaves_nothing_to_bring_back() {
        let pledged = changed(&FundYears::new(), Part::Pledged, [(2024, 10), (2025, 10), (2026, 10)]).unwrap();
        let refused = |profile: &[(i32, i64)]| {
            changed(&pledged, Part::Committed, profile.iter().copied()).err().map(|refused| match refused {
                Refused::Year(breach) => (breach.year, breach.capacity, breach.committed, breach.left),
                other => panic!("{other:?}"),
            })
        };
        for (profile, breach) in [
            (&[(2024, 10), (2025, 10), (2026, 10)][..], None),
            (&[(2026, 30)], None),
            (&[(2025, 20)], None),
            (&[(2024, 11)], Some((2024, 10, 11, 10))),
            (&[(2024, 10), (2025, 11)], Some((2025, 20, 21, 20))),
            (&[(2026, 31)], Some((2026, 30, 31, 30))),
            (&[(2023, 1)], Some((2023, 0, 1, 0))),
        ] {
            assert_eq!(refused(profile), breach, "{profile:?}");
        }
        let committed = changed(&pledged, Part::Committed, [(2026, 25)]).unwrap();
        assert_eq!([2024, 2025, 2026].map(|year| left(&committed, year)), [10, 20, 5]);
        let lowered = changed(&committed, Part::Pledged, [(2024, -6)]);
        assert_eq!(lowered, Err(Refused::Year(Breach { year: 2026, capacity: 24, committed: 25, left: 5 })));
    }

    #[test]
    fn a_year_that_was_committed_too_far_before_there_were_years_goes_no_further() {
        let year = |received, committed| FundYear { received, committed, ..FundYear::default() };
        let old = FundYears::from([(2015, year(0, 60)), (2018, year(100, 0))]);
        assert!(changed(&old, Part::Committed, [(2018, 40)]).is_ok());
        assert!(changed(&old, Part::Committed, [(2015, -10)]).is_ok());
        assert!(matches!(changed(&old, Part::Committed, [(2016, 1)]), Err(Refused::Year(Breach { year: 2016, .. }))));
    }

    /// What happens to funds and awards: which of them, how much, in which year.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Pledge,
        Lower,
        Contribute,
        Commit,
        Supplement,
        Reprofile,
        Release,
        Disburse,
        Return,
        Reallocate,
    }

    /// One of three awards of two funds: its balance, and its profile as last written.
    #[derive(Debug, Clone, Default)]
    struct Held {
        balance: AwardBalance,
        profile: Vec<Share>,
    }

    impl Held {
        fn kept(&self) -> Vec<Share> {
            if self.balance.committed == 0 { Vec::new() } else { remaining(&self.profile, self.balance.released) }
        }
    }

    fn step() -> impl Strategy<Value = (Step, usize, i64, i32)> {
        use Step::*;
        let all = [Pledge, Lower, Contribute, Commit, Supplement, Reprofile, Release, Disburse, Return, Reallocate];
        (prop::sample::select(all.to_vec()), 0usize..3, 1i64..2000, 2024i32..2029)
    }

    proptest! {
        #[test]
        fn no_history_breaks_either_book_and_a_recount_of_it_agrees(steps in prop::collection::vec(step(), 1..150)) {
            let mut funds = [FundBalance::default(); 2];
            let mut years = [FundYears::new(), FundYears::new()];
            let mut awards: [Held; 3] = Default::default();
            // What was ever put into each year: fund, year, amount.
            let mut brought: Vec<(usize, i32, i64)> = Vec::new();
            for (step, at, amount, year) in steps {
                let of = at % 2;
                let mut held = awards[at].clone();
                let mut fund = funds[of];
                let post_to = |kind, held: &Held| post(kind, amount, fund, held.balance);
                let before = held.kept();
                match step {
                    Step::Pledge | Step::Contribute | Step::Lower => {
                        let by = if matches!(step, Step::Lower) { -amount } else { amount };
                        let there = years[of].get(&year).map_or(0, |found| found.pledged);
                        let part = if matches!(step, Step::Contribute) { Part::Received } else { Part::Pledged };
                        if part == Part::Pledged && there + by < 0 {
                            continue;
                        }
                        let Ok(next) = changed(&years[of], part, [(year, by)]) else { continue };
                        years[of] = next;
                        brought.push((of, year, by));
                        if part == Part::Received {
                            funds[of] = fund.contribute(amount).unwrap();
                        }
                        continue;
                    }
                    Step::Reallocate => {
                        let Ok(given) = fund.give_away(amount) else { continue };
                        let Ok(next) = changed(&years[of], Part::Reallocated, [(year, -amount)]) else { continue };
                        (funds[of], years[of]) = (given, next);
                        funds[1 - of] = funds[1 - of].receive(amount).unwrap();
                        years[1 - of] = changed(&years[1 - of], Part::Reallocated, [(year, amount)]).unwrap();
                        brought.extend([(of, year, -amount), (1 - of, year, amount)]);
                        continue;
                    }
                    Step::Commit | Step::Supplement => {
                        let half = amount / 2;
                        let plan = shares(&[(year, amount - half), (year + 1, half)]);
                        (fund, held.balance) = post_to(TransactionKind::Commitment, &held).unwrap();
                        held.profile = together(&held.profile, &plan);
                    }
                    Step::Reprofile => held.profile = shares(&[(year, held.balance.committed)]),
                    Step::Release | Step::Disburse | Step::Return => {
                        let kind = match step {
                            Step::Release => TransactionKind::Release,
                            Step::Disburse => TransactionKind::Disbursement,
                            _ => TransactionKind::Return,
                        };
                        let Ok(posted) = post_to(kind, &held) else { continue };
                        (fund, held.balance) = posted;
                    }
                }
                let Ok(next) = changed(&years[of], Part::Committed, between(&before, &held.kept())) else { continue };
                (funds[of], years[of], awards[at]) = (fund, next, held);
            }
            for of in 0..2 {
                prop_assert!(funds[of].holds(), "{funds:?}");
                prop_assert!(hold(&years[of]), "{:?}", years[of]);
                let own = || awards.iter().enumerate().filter(move |(at, _)| at % 2 == of).map(|(_, held)| held);
                prop_assert_eq!(funds[of].outstanding, own().map(|held| held.balance.outstanding).sum::<i64>());
                for year in 2024..2031 {
                    let capacity: i64 = brought.iter().filter(|one| one.0 == of && one.1 <= year).map(|one| one.2).sum();
                    let kept: i64 =
                        own().flat_map(Held::kept).filter(|share| share.year <= year).map(|share| share.minor).sum();
                    prop_assert_eq!(left(&years[of], year), capacity - kept, "{}", year);
                }
            }
            prop_assert!(awards.iter().all(|held| held.balance.holds()), "{awards:?}");
            prop_assert_eq!(funds[0].reallocated_in + funds[1].reallocated_in, funds[0].reallocated_out + funds[1].reallocated_out);
        }
    }
}
