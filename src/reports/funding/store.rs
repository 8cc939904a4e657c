//! The queries of a funding report. The database adds up what it can.

use crate::db::Conn;
use crate::db::schema::{
    award_profiles, awards, contributions, fund_transactions, funds, organisation_closure, organisations,
};
use crate::error::Result;
use crate::funding::awards::rules::AwardState;
use crate::funding::ledger::rules::TransactionKind;
use crate::organisations::rules::OrganisationType;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::{HashMap, HashSet};

/// A fund that is reported on.
#[derive(Queryable, Clone)]
pub struct Fund {
    pub id: Id,
    pub code: String,
    pub programme: Option<String>,
    pub currency: String,
    pub illustrative: bool,
}

/// The funds that are reported on.
pub struct FundScope {
    pub code: Option<String>,
    pub programme: Option<String>,
    /// The programmes whose funds the caller sees. None means all.
    pub seen: Option<Vec<String>>,
}

pub fn funds(conn: &mut Conn, scope: &FundScope) -> Result<Vec<Fund>> {
    let columns = (funds::id, funds::code, funds::programme, funds::currency, funds::illustrative);
    let mut query = funds::table.select(columns).into_boxed();
    if let Some(code) = &scope.code {
        query = query.filter(funds::code.eq(code.clone()));
    }
    if let Some(programme) = &scope.programme {
        query = query.filter(funds::programme.eq(programme.clone()));
    }
    if let Some(seen) = &scope.seen {
        query = query.filter(funds::programme.eq_any(seen.clone()));
    }
    Ok(query.order_by(funds::code).load(conn)?)
}

/// The contributions to each fund: fund, code of the contributor, day, amount.
pub fn contributed(conn: &mut Conn, funds: &[Id]) -> Result<Vec<(Id, String, NaiveDate, i64)>> {
    let given = contributions::table
        .inner_join(organisations::table)
        .filter(contributions::fund_id.eq_any(funds.to_vec()))
        .select((contributions::fund_id, organisations::code, contributions::received_on, contributions::amount_minor));
    Ok(given.load(conn)?)
}

/// The sum of what was posted to a fund for an award, as one kind, on one day.
pub type Posted = (Id, Option<Id>, TransactionKind, NaiveDate, i64);

/// The postings to each fund, by award, kind and day.
pub fn posted(conn: &mut Conn, funds: &[Id]) -> Result<Vec<Posted>> {
    let sums = fund_transactions::table
        .filter(fund_transactions::fund_id.eq_any(funds.to_vec()))
        .group_by((
            fund_transactions::fund_id,
            fund_transactions::award_id,
            fund_transactions::kind,
            fund_transactions::posted_on,
        ))
        .select((
            fund_transactions::fund_id,
            fund_transactions::award_id,
            fund_transactions::kind,
            fund_transactions::posted_on,
            sql::<BigInt>("CAST(SUM(fund_transactions.amount_minor) AS BIGINT)"),
        ));
    Ok(sums.load(conn)?)
}

/// The planned payments of each fund's approved awards: fund, award, financial year, amount.
pub fn planned(conn: &mut Conn, funds: &[Id]) -> Result<Vec<(Id, Id, i32, i64)>> {
    let unmade = [AwardState::Proposed, AwardState::Rejected, AwardState::Cancelled];
    let plans = award_profiles::table
        .inner_join(awards::table)
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(awards::state.ne_all(unmade))
        .select((awards::fund_id, awards::id, award_profiles::financial_year, award_profiles::amount_minor));
    Ok(plans.load(conn)?)
}

/// The awards of these funds that are invented for illustration.
pub fn illustrative(conn: &mut Conn, funds: &[Id]) -> Result<HashSet<Id>> {
    let invented = awards::table
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(awards::illustrative.eq(true))
        .select(awards::id);
    Ok(invented.load::<Id>(conn)?.into_iter().collect())
}

/// The integrated care board, by code, that each award's recipient lies below on a day.
pub fn places(conn: &mut Conn, funds: &[Id], on: NaiveDate) -> Result<HashMap<Id, String>> {
    let placed = awards::table
        .inner_join(
            organisation_closure::table
                .on(organisation_closure::descendant_id.nullable().eq(awards::recipient_organisation_id)),
        )
        .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(organisations::kind.eq(OrganisationType::Icb))
        .filter(organisation_closure::from_on.le(on))
        .filter(organisation_closure::to_on.gt(on))
        .select((awards::id, organisations::code));
    Ok(placed.load::<(Id, String)>(conn)?.into_iter().collect())
}
