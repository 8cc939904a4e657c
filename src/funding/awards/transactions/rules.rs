//! What people may post to an award, and when.

use crate::error::{Error, Faults, Result};
use crate::funding::awards::rules::{AwardState, RUNNING};
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

    /// The states of an award, on the day of the movement, in which it can be posted.
    pub fn states(self) -> &'static [AwardState] {
        use AwardState::{Active, Approved, Completed, Suspended, Terminated};
        match self {
            Self::Disbursement => &[Active],
            Self::Return | Self::WriteOff => &[Active, Suspended, Completed, Terminated],
            Self::Release => &[Approved, Active, Suspended],
        }
    }
}

/// The kinds of movement that there cannot be in a state of an award.
pub fn ruled_out(state: AwardState) -> Vec<TransactionKind> {
    let posted = PostedKind::ALL.iter().filter(|kind| !kind.states().contains(&state)).map(|kind| kind.posts());
    posted.chain((!RUNNING.contains(&state)).then_some(TransactionKind::Commitment)).collect()
}

/// A movement to post.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAwardTransactionRequest, example = json!({
    "kind": "disbursement", "amount": { "amount": "10000.00", "currency": "GBP" }, "note": "The review meets next month."
}))]
pub struct NewTransaction {
    pub kind: PostedKind,
    /// In the award's currency.
    pub amount: Money,
    /// The day it was made: not before the award's approval, nor, for a return or a write-off, before its first disbursement.
    /// The award's state on that day decides whether it can be made. Default: today.
    #[schema(nullable = false)]
    pub posted_on: Option<NaiveDate>,
    /// A disbursement while a gateway review is overdue needs one: why the money is paid all the same.
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

    /// Whether it may be made on a day by which reviews of the award are due that nobody has decided, each with its title and day.
    ///
    /// # Errors
    /// `validation-failed` for a disbursement without a reason past a review that is overdue.
    pub fn check_reviews(&self, on: NaiveDate, undecided: &[(String, NaiveDate)]) -> Result<()> {
        let said = self.note.as_deref().is_some_and(|note| !note.trim().is_empty());
        let overdue = undecided.iter().find(|(_, due)| *due < on);
        let Some((title, due)) = overdue.filter(|_| self.kind == PostedKind::Disbursement && !said) else {
            return Ok(());
        };
        let detail = format!(
            "The gateway review \u{201c}{title}\u{201d} was due on {due} and is not decided. Say why the money is paid all the same."
        );
        Err(Error::invalid("/note", "missing", detail))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_cannot_be_once_an_award_is_so() {
        use TransactionKind::*;
        for (state, kinds) in [
            (AwardState::Active, vec![]),
            (AwardState::Suspended, vec![Disbursement]),
            (AwardState::Completed, vec![Disbursement, Release, Commitment]),
            (AwardState::Terminated, vec![Disbursement, Release, Commitment]),
            (AwardState::Cancelled, vec![Disbursement, Return, WriteOff, Release, Commitment]),
        ] {
            assert_eq!(ruled_out(state), kinds, "{state:?}");
        }
    }

    #[test]
    fn a_payment_past_an_overdue_review_says_why() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let reviews = [("After six months".to_owned(), day("2024-10-01"))];
        for (kind, on, note, passes) in [
            (PostedKind::Disbursement, "2024-10-01", None, true),
            (PostedKind::Disbursement, "2024-10-02", None, false),
            (PostedKind::Disbursement, "2024-10-02", Some(" "), false),
            (PostedKind::Disbursement, "2024-10-02", Some("Wages."), true),
            (PostedKind::Return, "2024-10-02", None, true),
        ] {
            let new =
                NewTransaction { kind, amount: Money::of(1, "GBP"), posted_on: None, note: note.map(str::to_owned) };
            assert_eq!(new.check_reviews(day(on), &reviews).is_ok(), passes, "{kind:?} {on} {note:?}");
        }
    }
}
