//! Balances and postings in the database.

use super::rules::{AwardBalance, FundBalance, TransactionKind};
use crate::db::schema::{award_balances, fund_balances, fund_transactions};
use crate::db::{Conn, Keep};
use crate::error::{Error, Result};
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone, Copy)]
#[diesel(table_name = fund_balances)]
pub struct FundBalanceRow {
    pub fund_id: Id,
    pub contributed_minor: i64,
    pub reallocated_in_minor: i64,
    pub reallocated_out_minor: i64,
    pub available_minor: i64,
    pub outstanding_minor: i64,
    pub disbursed_minor: i64,
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
            available: row.available_minor,
            outstanding: row.outstanding_minor,
            disbursed: row.disbursed_minor,
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
        available_minor: balance.available,
        outstanding_minor: balance.outstanding,
        disbursed_minor: balance.disbursed,
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
