//! Moving money, inside the caller's serializable transaction.

use super::rules::{AwardBalance, FundBalance, Refused, TransactionKind, post};
use super::store::{self, TransactionRow};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::funding::money::Money;
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// A movement of an award's money.
pub struct Posting {
    pub fund: Id,
    pub award: Id,
    pub kind: TransactionKind,
    pub amount: Money,
    pub on: NaiveDate,
    pub note: Option<String>,
}

/// Says in the error how much money there is.
fn refused(money: Money) -> impl Fn(Refused) -> Error {
    move |refused| match refused {
        Refused::Short(there) => {
            let there = Money { minor: there, ..money };
            let code = there.currency.code();
            Error::new(Code::InsufficientFunds)
                .detail(format!(
                    "There is {} {code} available for this, but {} {code} was asked for.",
                    there.amount(),
                    money.amount()
                ))
                .with("available", json!({ "amount": there.amount(), "currency": code }))
        }
        Refused::TooLarge => Error::invalid("/amount", "range", "The sum would be larger than the register holds."),
    }
}

fn row(context: &Context, fund: Id, kind: TransactionKind, amount: Money, on: NaiveDate) -> TransactionRow {
    TransactionRow {
        id: Id::generate(),
        fund_id: fund,
        award_id: None,
        reallocation_id: None,
        kind,
        amount_minor: amount.minor,
        posted_on: on,
        note: None,
        made_by: context.actor.subject.clone(),
        created_at: context.now.naive_utc(),
    }
}

/// Posts a movement of an award's money and moves both balances.
///
/// # Errors
/// `insufficient-funds` with what there is.
pub fn post_to_award(conn: &mut Conn, context: &Context, posting: Posting) -> Result<TransactionRow> {
    let Posting { fund, award, kind, amount, on, note } = posting;
    let (of_fund, of_award) = (store::fund_balance(conn, fund)?, store::award_balance(conn, award)?);
    let (of_fund, of_award) = post(kind, amount.minor, of_fund, of_award).map_err(refused(amount))?;
    let made = TransactionRow { award_id: Some(award), note, ..row(context, fund, kind, amount, on) };
    store::insert(conn, &made)?;
    if kind != TransactionKind::WriteOff {
        store::set_fund(conn, fund, of_fund)?;
    }
    store::set_award(conn, award, of_award)?;
    Ok(made)
}

/// Returns what an award has left to its fund; `None` if nothing is left.
pub fn release_rest(
    conn: &mut Conn,
    context: &Context,
    (fund, award, currency): (Id, Id, &str),
    on: NaiveDate,
) -> Result<Option<TransactionRow>> {
    let left = store::award_balance(conn, award)?.outstanding;
    if left == 0 {
        return Ok(None);
    }
    let amount = Money::of(left, currency);
    let posting = Posting { fund, award, kind: TransactionKind::Release, amount, on, note: None };
    post_to_award(conn, context, posting).map(Some)
}

/// Adds a contribution to a fund's balance.
///
/// # Errors
/// `validation-failed` where the sum would be too large.
pub fn contribute(conn: &mut Conn, fund: Id, amount: Money) -> Result<()> {
    let balance = store::fund_balance(conn, fund)?.contribute(amount.minor).map_err(refused(amount))?;
    store::set_fund(conn, fund, balance)
}

/// Posts the pair of a reallocation.
///
/// # Errors
/// `insufficient-funds` with what the first fund has available.
pub fn reallocate(
    conn: &mut Conn,
    context: &Context,
    (from, to): (Id, Id),
    reallocation: Id,
    amount: Money,
    on: NaiveDate,
) -> Result<()> {
    let giver = store::fund_balance(conn, from)?.give_away(amount.minor).map_err(refused(amount))?;
    let taker = store::fund_balance(conn, to)?.receive(amount.minor).map_err(refused(amount))?;
    for (fund, kind) in [(from, TransactionKind::ReallocationOut), (to, TransactionKind::ReallocationIn)] {
        let made = TransactionRow { reallocation_id: Some(reallocation), ..row(context, fund, kind, amount, on) };
        store::insert(conn, &made)?;
    }
    store::set_fund(conn, from, giver)?;
    store::set_fund(conn, to, taker)
}

pub fn position(conn: &mut Conn, fund: Id) -> Result<FundBalance> {
    store::fund_balance(conn, fund)
}

pub fn balance(conn: &mut Conn, award: Id) -> Result<AwardBalance> {
    store::award_balance(conn, award)
}
