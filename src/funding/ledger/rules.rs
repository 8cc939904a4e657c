//! How a posting moves the balances. At every moment, for each fund,
//! `contributed + reallocated in - reallocated out = available + outstanding + disbursed`, for each award
//! `outstanding = committed - released - disbursed + returned`, and nothing is below zero.

use crate::words;

words! {
    /// The kind of a posting.
    pub enum TransactionKind {
        /// Money of the fund is set aside for the award.
        Commitment = "commitment",
        /// Money set aside leaves for the recipient.
        Disbursement = "disbursement",
        /// Money that had left comes back, and is set aside again.
        Return = "return",
        /// Money that was paid out will not come back, and was not spent as agreed.
        WriteOff = "write-off",
        /// Money set aside is available to the fund again.
        Release = "release",
        ReallocationIn = "reallocation-in",
        ReallocationOut = "reallocation-out",
    }
}

/// The money of a fund at one moment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FundBalance {
    pub contributed: i64,
    pub reallocated_in: i64,
    pub reallocated_out: i64,
    pub available: i64,
    /// Set aside for awards and not yet disbursed.
    pub outstanding: i64,
    /// Net of what was returned.
    pub disbursed: i64,
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

/// Why a posting cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is not enough money: this much is available.
    Short(i64),
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

impl FundBalance {
    pub fn holds(self) -> bool {
        let parts = [
            self.contributed,
            self.reallocated_in,
            self.reallocated_out,
            self.available,
            self.outstanding,
            self.disbursed,
        ];
        let brought = self.contributed + self.reallocated_in - self.reallocated_out;
        parts.iter().all(|part| *part >= 0) && brought == self.available + self.outstanding + self.disbursed
    }

    /// # Errors
    /// `TooLarge`.
    pub fn contribute(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self { contributed: more(self.contributed, amount)?, available: more(self.available, amount)?, ..self })
    }

    /// # Errors
    /// `Short` beyond what is available; `TooLarge`.
    pub fn give_away(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self {
            available: less(self.available, amount)?,
            reallocated_out: more(self.reallocated_out, amount)?,
            ..self
        })
    }

    /// # Errors
    /// `TooLarge`.
    pub fn receive(self, amount: i64) -> Result<Self, Refused> {
        Ok(Self {
            available: more(self.available, amount)?,
            reallocated_in: more(self.reallocated_in, amount)?,
            ..self
        })
    }
}

/// Both balances after a posting to an award. A reallocation has no award, so it changes nothing here.
///
/// # Errors
/// `Short` with the money that is available; `TooLarge`.
pub fn post(
    kind: TransactionKind,
    amount: i64,
    fund: FundBalance,
    award: AwardBalance,
) -> Result<(FundBalance, AwardBalance), Refused> {
    Ok(match kind {
        TransactionKind::Commitment => (
            FundBalance {
                available: less(fund.available, amount)?,
                outstanding: more(fund.outstanding, amount)?,
                ..fund
            },
            AwardBalance {
                committed: more(award.committed, amount)?,
                outstanding: more(award.outstanding, amount)?,
                ..award
            },
        ),
        TransactionKind::Disbursement => (
            FundBalance {
                outstanding: less(fund.outstanding, amount)?,
                disbursed: more(fund.disbursed, amount)?,
                ..fund
            },
            AwardBalance {
                outstanding: less(award.outstanding, amount)?,
                disbursed: more(award.disbursed, amount)?,
                ..award
            },
        ),
        TransactionKind::Return => {
            less(award.recoverable(), amount)?;
            (
                FundBalance {
                    disbursed: less(fund.disbursed, amount)?,
                    outstanding: more(fund.outstanding, amount)?,
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
            FundBalance {
                outstanding: less(fund.outstanding, amount)?,
                available: more(fund.available, amount)?,
                ..fund
            },
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
    use proptest::prelude::*;

    #[test]
    fn money_goes_its_way_from_contribution_to_release() {
        let fund = FundBalance::default().contribute(1000).unwrap();
        let none = AwardBalance::default();
        let (fund, award) = post(TransactionKind::Commitment, 600, fund, none).unwrap();
        let (fund, award) = post(TransactionKind::Disbursement, 400, fund, award).unwrap();
        let (fund, award) = post(TransactionKind::Return, 100, fund, award).unwrap();
        assert_eq!((fund.available, fund.outstanding, fund.disbursed), (400, 300, 300));
        // Remaining on termination: committed - disbursed + returned.
        let (fund, award) = post(TransactionKind::Release, award.outstanding, fund, award).unwrap();
        assert_eq!((fund.available, award.released, award.outstanding), (700, 300, 0));
        assert_eq!(post(TransactionKind::Commitment, 701, fund, none), Err(Refused::Short(700)));
        assert_eq!(post(TransactionKind::WriteOff, 301, fund, award), Err(Refused::Short(300)));
    }

    proptest! {
        #[test]
        fn no_row_of_postings_breaks_the_conservation_of_money(
            steps in prop::collection::vec((0usize..8, 0usize..3, 1i64..2000), 1..200)
        ) {
            let mut funds = [FundBalance::default().contribute(5000).unwrap(); 2];
            let mut awards = [AwardBalance::default(); 3];
            for (kind, at, amount) in steps {
                let of = at % 2;
                if let Some(kind) = TransactionKind::ALL.get(kind).filter(|kind| **kind < TransactionKind::ReallocationIn) {
                    if let Ok((fund, award)) = post(*kind, amount, funds[of], awards[at]) {
                        (funds[of], awards[at]) = (fund, award);
                    }
                } else if let Ok(from) = funds[of].give_away(amount) {
                    funds[of] = from;
                    funds[1 - of] = funds[1 - of].receive(amount).unwrap();
                }
                prop_assert!(funds.iter().all(|fund| fund.holds()), "{funds:?}");
                prop_assert!(awards.iter().all(|award| award.holds()), "{awards:?}");
            }
            prop_assert_eq!(funds[0].reallocated_in + funds[1].reallocated_in, funds[0].reallocated_out + funds[1].reallocated_out);
        }
    }
}
