//! Balances, postings, and what is committed by year, in the database.

use super::rules::{AwardBalance, FundBalance, FundYear, FundYears, TransactionKind};
use crate::db::schema::{award_balances, award_profiles, contributions, fund_balances, fund_transactions, fund_years};
use crate::db::{Conn, Keep};
use crate::error::{Error, Result};
use crate::funding::years::Share;
use crate::insert_all;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset, Clone, Copy)]
#[diesel(table_name = fund_balances)]
pub struct FundBalanceRow {
    pub fund_id: Id,
    pub contributed_minor: i64,
    pub reallocated_in_minor: i64,
    pub reallocated_out_minor: i64,
    pub outstanding_minor: i64,
    pub disbursed_minor: i64,
    pub cash_minor: i64,
}

#[derive(Queryable, Insertable, AsChangeset, Clone, Copy)]
#[diesel(table_name = award_balances)]
pub struct AwardBalanceRow {
    pub award_id: Id,
    pub committed_minor: i64,
    pub disbursed_minor: i64,
    pub returned_minor: i64,
    pub released_minor: i64,
    pub written_off_minor: i64,
    pub outstanding_minor: i64,
}

#[derive(Queryable, Insertable, AsChangeset, Clone, Copy)]
#[diesel(table_name = fund_years)]
struct FundYearRow {
    fund_id: Id,
    financial_year: i32,
    pledged_minor: i64,
    received_unpledged_minor: i64,
    reallocated_minor: i64,
    committed_minor: i64,
}

/// One movement of money, never changed once written.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = fund_transactions)]
pub struct TransactionRow {
    pub id: Id,
    pub fund_id: Id,
    pub award_id: Option<Id>,
    pub reallocation_id: Option<Id>,
    pub kind: TransactionKind,
    pub amount_minor: i64,
    pub posted_on: NaiveDate,
    pub note: Option<String>,
    pub made_by: String,
    pub created_at: NaiveDateTime,
}

impl From<FundBalanceRow> for FundBalance {
    fn from(row: FundBalanceRow) -> Self {
        Self {
            contributed: row.contributed_minor,
            reallocated_in: row.reallocated_in_minor,
            reallocated_out: row.reallocated_out_minor,
            outstanding: row.outstanding_minor,
            disbursed: row.disbursed_minor,
            cash: row.cash_minor,
        }
    }
}

impl From<AwardBalanceRow> for AwardBalance {
    fn from(row: AwardBalanceRow) -> Self {
        Self {
            committed: row.committed_minor,
            disbursed: row.disbursed_minor,
            returned: row.returned_minor,
            released: row.released_minor,
            written_off: row.written_off_minor,
            outstanding: row.outstanding_minor,
        }
    }
}

fn fund_row(fund: Id, balance: FundBalance) -> FundBalanceRow {
    FundBalanceRow {
        fund_id: fund,
        contributed_minor: balance.contributed,
        reallocated_in_minor: balance.reallocated_in,
        reallocated_out_minor: balance.reallocated_out,
        outstanding_minor: balance.outstanding,
        disbursed_minor: balance.disbursed,
        cash_minor: balance.cash,
    }
}

fn award_row(award: Id, balance: AwardBalance) -> AwardBalanceRow {
    AwardBalanceRow {
        award_id: award,
        committed_minor: balance.committed,
        disbursed_minor: balance.disbursed,
        returned_minor: balance.returned,
        released_minor: balance.released,
        written_off_minor: balance.written_off,
        outstanding_minor: balance.outstanding,
    }
}

/// # Errors
/// `internal` for a fund without one.
pub fn fund_balance(conn: &mut Conn, fund: Id) -> Result<FundBalance> {
    let found: Option<FundBalanceRow> = fund_balances::table.find(fund).first(conn).optional()?;
    found.map(Into::into).ok_or_else(|| Error::internal("a fund has no balance"))
}

/// # Errors
/// `internal` for an award without one.
pub fn award_balance(conn: &mut Conn, award: Id) -> Result<AwardBalance> {
    let found: Option<AwardBalanceRow> = award_balances::table.find(award).first(conn).optional()?;
    found.map(Into::into).ok_or_else(|| Error::internal("an award has no balance"))
}

pub fn open_fund(conn: &mut Conn, fund: Id) -> Result<()> {
    diesel::insert_into(fund_balances::table).values(fund_row(fund, FundBalance::default())).execute_kept(conn)?;
    Ok(())
}

pub fn open_award(conn: &mut Conn, award: Id) -> Result<()> {
    diesel::insert_into(award_balances::table).values(award_row(award, AwardBalance::default())).execute_kept(conn)?;
    Ok(())
}

/// # Errors
/// The database's own, its checks of the balance among them.
pub fn set_fund(conn: &mut Conn, fund: Id, balance: FundBalance) -> Result<()> {
    diesel::update(fund_balances::table.find(fund)).set(fund_row(fund, balance)).execute_kept(conn)?;
    Ok(())
}

/// # Errors
/// As [`set_fund`].
pub fn set_award(conn: &mut Conn, award: Id, balance: AwardBalance) -> Result<()> {
    diesel::update(award_balances::table.find(award)).set(award_row(award, balance)).execute_kept(conn)?;
    Ok(())
}

pub fn insert(conn: &mut Conn, row: &TransactionRow) -> Result<()> {
    diesel::insert_into(fund_transactions::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}

/// What a fund may commit of each year, and has committed.
pub fn fund_years_of(conn: &mut Conn, fund: Id) -> Result<FundYears> {
    let rows: Vec<FundYearRow> = fund_years::table.filter(fund_years::fund_id.eq(fund)).load(conn)?;
    let year = |row: FundYearRow| FundYear {
        pledged: row.pledged_minor,
        received: row.received_unpledged_minor,
        reallocated: row.reallocated_minor,
        committed: row.committed_minor,
    };
    Ok(rows.into_iter().map(|row| (row.financial_year, year(row))).collect())
}

/// Writes the years that are others than before.
///
/// # Errors
/// The database's own, its checks among them.
pub fn set_years(conn: &mut Conn, fund: Id, before: &FundYears, after: &FundYears) -> Result<()> {
    for (year, of) in after.iter().filter(|(year, of)| before.get(year) != Some(of)) {
        let row = FundYearRow {
            fund_id: fund,
            financial_year: *year,
            pledged_minor: of.pledged,
            received_unpledged_minor: of.received,
            reallocated_minor: of.reallocated,
            committed_minor: of.committed,
        };
        if before.contains_key(year) {
            diesel::update(fund_years::table.find((fund, *year))).set(row).execute_kept(conn)?;
        } else {
            diesel::insert_into(fund_years::table).values(row).execute_kept(conn)?;
        }
    }
    Ok(())
}

/// The amounts planned for an award, by year.
pub fn profile(conn: &mut Conn, award: Id) -> Result<Vec<Share>> {
    Ok(profiles(conn, vec![award])?.remove(&award).unwrap_or_default())
}

pub fn profiles(conn: &mut Conn, ids: Vec<Id>) -> Result<HashMap<Id, Vec<Share>>> {
    let found: Vec<(Id, i32, i64)> = award_profiles::table
        .filter(award_profiles::award_id.eq_any(ids))
        .order_by(award_profiles::financial_year)
        .load(conn)?;
    let mut profiles: HashMap<Id, Vec<Share>> = HashMap::new();
    for (award, year, minor) in found {
        profiles.entry(award).or_default().push(Share { year, minor });
    }
    Ok(profiles)
}

/// Writes the profile in the place of the one before it.
pub fn plan(conn: &mut Conn, award: Id, profile: &[Share]) -> Result<()> {
    diesel::delete(award_profiles::table.filter(award_profiles::award_id.eq(award))).execute(conn)?;
    let planned = |share: &Share| {
        (
            award_profiles::award_id.eq(award),
            award_profiles::financial_year.eq(share.year),
            award_profiles::amount_minor.eq(share.minor),
        )
    };
    let rows: Vec<_> = profile.iter().map(planned).collect();
    insert_all!(conn, award_profiles::table, rows);
    Ok(())
}

/// The first day on which money of an award was paid out.
pub fn first_paid(conn: &mut Conn, award: Id) -> Result<Option<NaiveDate>> {
    let paid = fund_transactions::table
        .filter(fund_transactions::award_id.eq(award))
        .filter(fund_transactions::kind.eq(TransactionKind::Disbursement));
    Ok(paid.select(diesel::dsl::min(fund_transactions::posted_on)).first(conn)?)
}

/// The last day on which something of these kinds was posted to an award.
pub fn last_posted(conn: &mut Conn, award: Id, kinds: Vec<TransactionKind>) -> Result<Option<NaiveDate>> {
    let posted = fund_transactions::table
        .filter(fund_transactions::award_id.eq(award))
        .filter(fund_transactions::kind.eq_any(kinds));
    Ok(posted.select(diesel::dsl::max(fund_transactions::posted_on)).first(conn)?)
}

/// What an award released up to a day.
pub fn released(conn: &mut Conn, award: Id, to: NaiveDate) -> Result<i64> {
    let amounts = fund_transactions::table
        .filter(fund_transactions::award_id.eq(award))
        .filter(fund_transactions::kind.eq(TransactionKind::Release))
        .filter(fund_transactions::posted_on.le(to))
        .select(fund_transactions::amount_minor);
    Ok(amounts.load::<i64>(conn)?.into_iter().sum())
}

/// The day, award, kind and amount of a movement.
pub type Posted = (NaiveDate, Option<Id>, TransactionKind, i64);

/// What was posted to a fund after a day, in order of the days.
pub fn posted_after(conn: &mut Conn, fund: Id, day: NaiveDate) -> Result<Vec<Posted>> {
    let posted = fund_transactions::table
        .filter(fund_transactions::fund_id.eq(fund))
        .filter(fund_transactions::posted_on.gt(day))
        .order_by(fund_transactions::posted_on)
        .select((
            fund_transactions::posted_on,
            fund_transactions::award_id,
            fund_transactions::kind,
            fund_transactions::amount_minor,
        ));
    Ok(posted.load(conn)?)
}

/// What was contributed to a fund after a day.
pub fn contributed_after(conn: &mut Conn, fund: Id, day: NaiveDate) -> Result<Vec<(NaiveDate, i64)>> {
    let given = contributions::table
        .filter(contributions::fund_id.eq(fund))
        .filter(contributions::withdrawn_at.is_null())
        .filter(contributions::received_on.gt(day))
        .select((contributions::received_on, contributions::amount_minor));
    Ok(given.load(conn)?)
}

/// Whether somebody paid out money of an award.
pub fn has_paid(conn: &mut Conn, award: Id, subject: &str) -> Result<bool> {
    let paid = fund_transactions::table
        .filter(fund_transactions::award_id.eq(award))
        .filter(fund_transactions::kind.eq(TransactionKind::Disbursement))
        .filter(fund_transactions::made_by.eq(subject.to_owned()))
        .select(fund_transactions::id);
    Ok(paid.first::<Id>(conn).optional()?.is_some())
}
