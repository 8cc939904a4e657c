//! What people may post to an award, and when.

use crate::error::{Faults, Result};
use crate::funding::awards::rules::AwardState;
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::money::Money;
use crate::funding::years::Floor;
use crate::record::Record;
use crate::vocabulary::Id;
use crate::words;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kinds of movement that people post. The award's own moves post commitments and releases.
    pub enum PostedKind { Disbursement = "disbursement", Return = "return", WriteOff = "write-off", Release = "release" }
}

impl PostedKind {
    pub fn posts(self) -> TransactionKind {
        match self {
            Self::Disbursement => TransactionKind::Disbursement,
            Self::Return => TransactionKind::Return,
            Self::WriteOff => TransactionKind::WriteOff,
            Self::Release => TransactionKind::Release,
        }
    }

    /// The states of an award in which it can be posted.
    pub fn states(self) -> &'static [AwardState] {
        use AwardState::{Active, Approved, Completed, Suspended, Terminated};
        match self {
            Self::Disbursement => &[Active],
            Self::Return | Self::WriteOff => &[Active, Suspended, Completed, Terminated],
            Self::Release => &[Approved, Active, Suspended],
        }
    }
}

/// A movement to post.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAwardTransactionRequest, example = json!({ "kind": "disbursement", "amount": { "amount": "10000.00", "currency": "GBP" } }))]
pub struct NewTransaction {
    pub kind: PostedKind,
    /// In the award's currency.
    pub amount: Money,
    /// The day it was made: not before the award's approval, nor, for a return or a write-off, before its first disbursement.
    /// Default: today.
    #[schema(nullable = false)]
    pub posted_on: Option<NaiveDate>,
    #[schema(max_length = 2000, nullable = false)]
    pub note: Option<String>,
}

impl NewTransaction {
    /// # Errors
    /// `validation-failed` for an amount that is none, or a day in the future or before what the movement rests on.
    pub fn check(&self, today: NaiveDate, rests_on: Floor) -> Result<()> {
        let mut faults = Faults::default();
        faults.take(self.amount.check("/amount"));
        if self.posted_on.is_some_and(|day| day > today) {
            faults.add("/postedOn", "future", "The day of a movement cannot lie in the future.");
        }
        faults.take(rests_on.check("/postedOn", self.posted_on.unwrap_or(today)));
        faults.check()
    }
}

/// A movement of an award's money. It never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AwardTransactionResponse)]
pub struct Transaction {
    pub id: Id,
    pub kind: TransactionKind,
    pub amount: Money,
    pub posted_on: NaiveDate,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// The subject of whoever posted it.
    #[schema(max_length = 300)]
    pub made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

impl Record for Transaction {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        1
    }
}
