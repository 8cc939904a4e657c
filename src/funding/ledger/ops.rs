//! Moving money, inside the caller's serializable transaction.

use super::days::Sum;
use super::rules::{self, AwardBalance, Breach, FundBalance, FundYears, Part, Refused, TransactionKind, post};
use super::store::{self, Posted, TransactionRow};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::funding::money::Money;
use crate::funding::years::{Share, financial_year, remaining, year_label};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeMap;

/// A movement of an award's money.
pub struct Posting {
    pub fund: Id,
    pub award: Id,
    pub kind: TransactionKind,
    pub amount: Money,
    pub on: NaiveDate,
    pub note: Option<String>,
}

fn said(money: Money) -> String {
    format!("{} {}", money.amount(), money.currency.code())
}

fn insufficient(detail: String, available: Money) -> Error {
    Error::new(Code::InsufficientFunds).detail(detail).with("available", json!(available))
}

/// Says in the error how much money there is.
fn refused(money: Money) -> impl Fn(Refused) -> Error {
    move |refused| match refused {
        Refused::Short(there) => {
            let (there, asked) = (Money { minor: there, ..money }, said(money));
            let detail = format!("There is {} available for this, but {asked} was asked for.", said(there));
            insufficient(detail, there)
        }
        Refused::Cash(there) => {
            let (there, asked) = (Money { minor: there, ..money }, said(money));
            let detail = format!("The fund has {} in cash, but {asked} was asked for.", said(there));
            insufficient(detail, there)
        }
        Refused::Year(Breach { year, capacity, committed, left }) => {
            let [capacity, committed, left] = [capacity, committed, left].map(|minor| Money { minor, ..money });
            let (label, may, would) = (year_label(year), said(capacity), said(committed));
            let detail = format!("To the end of {label} the fund may commit {may}, and {would} would be committed.");
            let error = insufficient(detail, left).with("financialYear", label);
            error.with("capacity", json!(capacity)).with("committed", json!(committed))
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

fn check_sum(sum: Sum, amount: Money, on: NaiveDate, now: i64, later: &[(NaiveDate, i64)]) -> Result<()> {
    sum.check(amount.minor, now, later).map_err(|there| {
        let (there, asked, place) = (Money { minor: there, ..amount }, said(amount), sum.in_words());
        let there_was = format!("On {on}, or on a day since, there was {} {place}", said(there));
        insufficient(format!("{there_was}, but {asked} was asked for."), there)
    })
}

/// What changed the cash of a fund after a day, by what was posted to it since, in order of the days.
fn cash_after(conn: &mut Conn, fund: Id, on: NaiveDate, posted: &[Posted]) -> Result<Vec<(NaiveDate, i64)>> {
    let mut later: Vec<(NaiveDate, i64)> =
        posted.iter().map(|(on, _, kind, minor)| (*on, Sum::Cash.times(*kind) * minor)).collect();
    later.extend(store::contributed_after(conn, fund, on)?);
    later.sort_unstable_by_key(|(on, _)| *on);
    Ok(later)
}

/// Checks that a movement takes from no day what was not there: by its kind and day, of a fund and of the award if there is one,
/// each with its balance.
fn check_days(
    conn: &mut Conn,
    (kind, amount, on): (TransactionKind, Money, NaiveDate),
    (fund, cash): (Id, i64),
    award: Option<(Id, AwardBalance)>,
) -> Result<()> {
    let posted = store::posted_after(conn, fund, on)?;
    for sum in Sum::ALL.into_iter().filter(|sum| sum.times(kind) < 0) {
        let (id, balance) = award.unzip();
        let balance = balance.unwrap_or_default();
        let now = match sum {
            Sum::Cash => cash,
            Sum::Outstanding => balance.outstanding,
            Sum::Recoverable => balance.recoverable(),
        };
        let of_award = |(on, of, kind, minor): &Posted| (*of == id).then(|| (*on, sum.times(*kind) * minor));
        let later = match sum {
            Sum::Cash => cash_after(conn, fund, on, &posted)?,
            Sum::Outstanding | Sum::Recoverable => posted.iter().filter_map(of_award).collect(),
        };
        check_sum(sum, amount, on, now, &later)?;
    }
    Ok(())
}

/// Posts a movement of an award's money and moves both balances, and with a release what the award commits of the years.
///
/// # Errors
/// `insufficient-funds` with what there is, or was on its day or one since.
pub fn post_to_award(conn: &mut Conn, context: &Context, posting: Posting) -> Result<TransactionRow> {
    let Posting { fund, award, kind, amount, on, note } = posting;
    let (of_fund, before) = (store::fund_balance(conn, fund)?, store::award_balance(conn, award)?);
    let cash = of_fund.cash;
    let (of_fund, after) = post(kind, amount.minor, of_fund, before).map_err(refused(amount))?;
    check_days(conn, (kind, amount, on), (fund, cash), Some((award, before)))?;
    let made = TransactionRow { award_id: Some(award), note, ..row(context, fund, kind, amount, on) };
    store::insert(conn, &made)?;
    if kind != TransactionKind::WriteOff {
        store::set_fund(conn, fund, of_fund)?;
    }
    store::set_award(conn, award, after)?;
    if after.released != before.released {
        let profile = store::profile(conn, award)?;
        let kept = |balance: AwardBalance| remaining(&profile, balance.released);
        commit_years(conn, fund, &kept(before), &kept(after), amount)?;
    }
    Ok(made)
}

/// Posts a commitment and writes the profile that the award then has in all.
///
/// # Errors
/// `insufficient-funds` with the year to whose end too much would be committed.
pub fn commit(conn: &mut Conn, context: &Context, posting: Posting, profile: &[Share]) -> Result<()> {
    let (fund, award, amount) = (posting.fund, posting.award, posting.amount);
    replan(conn, (fund, award), profile, amount)?;
    post_to_award(conn, context, posting).map(drop)
}

/// Writes another profile of an award and moves its commitment between the years.
///
/// # Errors
/// As [`commit`].
pub fn replan(conn: &mut Conn, (fund, award): (Id, Id), profile: &[Share], amount: Money) -> Result<()> {
    let balance = store::award_balance(conn, award)?;
    let before = match balance.committed {
        0 => Vec::new(),
        _ => remaining(&store::profile(conn, award)?, balance.released),
    };
    commit_years(conn, fund, &before, &remaining(profile, balance.released), amount)?;
    store::plan(conn, award, profile)
}

fn commit_years(conn: &mut Conn, fund: Id, before: &[Share], after: &[Share], amount: Money) -> Result<()> {
    change_years(conn, fund, Part::Committed, rules::between(before, after), amount)
}

fn change_years(
    conn: &mut Conn,
    fund: Id,
    part: Part,
    changes: impl IntoIterator<Item = (i32, i64)>,
    amount: Money,
) -> Result<()> {
    let before = store::fund_years_of(conn, fund)?;
    let after = rules::changed(&before, part, changes).map_err(refused(amount))?;
    store::set_years(conn, fund, &before, &after)
}

/// Returns what an award has left to its fund: what it had on a day, and what came back later on the day it came.
///
/// # Errors
/// `insufficient-funds` where more went out later than came back.
pub fn release_rest(
    conn: &mut Conn,
    context: &Context,
    (fund, award, currency): (Id, Id, &str),
    on: NaiveDate,
) -> Result<()> {
    let left = store::award_balance(conn, award)?.outstanding;
    let mut by_day = BTreeMap::from([(on, left)]);
    for (day, of, kind, minor) in store::posted_after(conn, fund, on)? {
        let change = Sum::Outstanding.times(kind) * minor;
        if of == Some(award) && change != 0 {
            *by_day.entry(on).or_default() -= change;
            *by_day.entry(day).or_default() += change;
        }
    }
    for (on, minor) in by_day.into_iter().filter(|(_, minor)| *minor > 0) {
        let amount = Money::of(minor, currency);
        let posting = Posting { fund, award, kind: TransactionKind::Release, amount, on, note: None };
        post_to_award(conn, context, posting)?;
    }
    Ok(())
}

/// Adds a contribution to a fund's cash, and to what it may commit unless a pledge did that.
///
/// # Errors
/// `validation-failed` where the sum would be too large.
pub fn contribute(conn: &mut Conn, fund: Id, amount: Money, on: NaiveDate, is_pledged: bool) -> Result<()> {
    let balance = store::fund_balance(conn, fund)?.contribute(amount.minor).map_err(refused(amount))?;
    store::set_fund(conn, fund, balance)?;
    if is_pledged {
        return Ok(());
    }
    change_years(conn, fund, Part::Received, [(financial_year(on), amount.minor)], amount)
}

/// Takes a contribution out of a fund's cash, and out of what it may commit unless a pledge did that.
///
/// # Errors
/// `insufficient-funds` with what there is in cash, or was on its day or one since, or the year that would be committed too far.
pub fn take_back(conn: &mut Conn, fund: Id, amount: Money, on: NaiveDate, is_pledged: bool) -> Result<()> {
    let before = store::fund_balance(conn, fund)?;
    let after = before.take_back(amount.minor).map_err(refused(amount))?;
    let posted = store::posted_after(conn, fund, on)?;
    let later = cash_after(conn, fund, on, &posted)?;
    check_sum(Sum::Cash, amount, on, before.cash, &later)?;
    store::set_fund(conn, fund, after)?;
    if is_pledged {
        return Ok(());
    }
    change_years(conn, fund, Part::Received, [(financial_year(on), -amount.minor)], amount)
}

/// Changes what confirmed pledges let a fund commit, by year.
///
/// # Errors
/// `insufficient-funds` with the year to whose end more is committed than there would be.
pub fn pledge(conn: &mut Conn, fund: Id, changes: impl IntoIterator<Item = (i32, i64)>, amount: Money) -> Result<()> {
    change_years(conn, fund, Part::Pledged, changes, amount)
}

/// Posts the pair of a reallocation. It moves cash, and what may be committed from its financial year on.
///
/// # Errors
/// `insufficient-funds` with what the first fund has, or had on that day or one since.
pub fn reallocate(
    conn: &mut Conn,
    context: &Context,
    (from, to): (Id, Id),
    reallocation: Id,
    amount: Money,
    on: NaiveDate,
) -> Result<()> {
    let giver = store::fund_balance(conn, from)?;
    let cash = giver.cash;
    let giver = giver.give_away(amount.minor).map_err(refused(amount))?;
    check_days(conn, (TransactionKind::ReallocationOut, amount, on), (from, cash), None)?;
    let taker = store::fund_balance(conn, to)?.receive(amount.minor).map_err(refused(amount))?;
    for (fund, kind) in [(from, TransactionKind::ReallocationOut), (to, TransactionKind::ReallocationIn)] {
        let made = TransactionRow { reallocation_id: Some(reallocation), ..row(context, fund, kind, amount, on) };
        store::insert(conn, &made)?;
    }
    store::set_fund(conn, from, giver)?;
    store::set_fund(conn, to, taker)?;
    let year = financial_year(on);
    change_years(conn, from, Part::Reallocated, [(year, -amount.minor)], amount)?;
    change_years(conn, to, Part::Reallocated, [(year, amount.minor)], amount)
}

pub fn position(conn: &mut Conn, fund: Id) -> Result<FundBalance> {
    store::fund_balance(conn, fund)
}

/// What a fund may commit of each year, and has committed.
pub fn years(conn: &mut Conn, fund: Id) -> Result<FundYears> {
    store::fund_years_of(conn, fund)
}

pub fn balance(conn: &mut Conn, award: Id) -> Result<AwardBalance> {
    store::award_balance(conn, award)
}
