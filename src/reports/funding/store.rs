//! The queries of a funding report. The database adds up what it can.

use super::rules::{Below, Ended, Geography};
use crate::calendar::{Span, london_date, london_midnight};
use crate::db::Conn;
use crate::db::schema::{
    award_profiles, award_reprofilings, award_supplements, awards, contributions, fund_transactions, funds,
    organisation_closure, organisations, pledges, transitions,
};
use crate::error::Result;
use crate::funding::awards::ops::RESOURCE;
use crate::funding::awards::rules::AwardState;
use crate::funding::awards::supplements::rules::SupplementState;
use crate::funding::ledger::rules::{PledgeCertainty, TransactionKind};
use crate::funding::years::{PlannedYear, Share, first_day, shares};
use crate::organisations::rules::OrganisationType;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::{BTreeSet, HashMap};

/// A fund that is reported on.
#[derive(Queryable, Clone)]
pub struct Fund {
    pub id: Id,
    pub code: String,
    pub programme: Option<String>,
    pub currency: String,
    pub illustrative: bool,
}

/// What is reported on.
pub struct Scope {
    pub code: Option<String>,
    pub programme: Option<String>,
    /// The programmes that the caller sees. None means all.
    pub seen: Option<Vec<String>>,
}

impl Scope {
    /// Whether money of a programme counts, in a fund of a programme.
    pub fn holds(&self, programme: Option<&str>, fund: Option<&str>) -> bool {
        let seen = |programme: Option<&str>| {
            self.seen.as_ref().is_none_or(|seen| seen.iter().any(|slug| programme == Some(slug)))
        };
        self.programme.as_deref().is_none_or(|asked| programme == Some(asked)) && (seen(programme) || seen(fund))
    }
}

/// The funds of what is reported on: those of its programmes, and those that pay awards of them.
pub fn funds(conn: &mut Conn, scope: &Scope) -> Result<Vec<Fund>> {
    let columns = (funds::id, funds::code, funds::programme, funds::currency, funds::illustrative);
    let mut query = funds::table.select(columns).into_boxed();
    if let Some(code) = &scope.code {
        query = query.filter(funds::code.eq(code.clone()));
    }
    let asked = scope.programme.clone().map(|slug| vec![slug]);
    for programmes in [asked, scope.seen.clone()].into_iter().flatten() {
        let paying = awards::table.filter(awards::programme.eq_any(programmes.clone())).select(awards::fund_id);
        query = query.filter(funds::programme.eq_any(programmes).or(funds::id.nullable().eq_any(paying.nullable())));
    }
    Ok(query.order_by(funds::code).load(conn)?)
}

/// A contribution to a fund.
#[derive(Queryable)]
pub struct Given {
    pub fund: Id,
    /// The contributor's code.
    pub contributor: String,
    pub on: NaiveDate,
    pub amount: i64,
    pub pledge: Option<Id>,
}

pub fn contributed(conn: &mut Conn, funds: &[Id]) -> Result<Vec<Given>> {
    let given = contributions::table
        .inner_join(organisations::table)
        .filter(contributions::fund_id.eq_any(funds.to_vec()))
        .filter(contributions::withdrawn_at.is_null())
        .select((
            contributions::fund_id,
            organisations::code,
            contributions::received_on,
            contributions::amount_minor,
            contributions::pledge_id,
        ));
    Ok(given.load(conn)?)
}

/// A confirmed pledge to a fund.
#[derive(Queryable)]
pub struct Promised {
    pub id: Id,
    pub fund: Id,
    /// The contributor's code.
    pub contributor: String,
    /// The calendar year of the 1 April on which its year begins.
    pub year: i32,
    pub amount: i64,
    pub illustrative: bool,
    announced_on: Option<NaiveDate>,
    created_at: NaiveDateTime,
}

impl Promised {
    /// The day from which it is known: that of its announcement, or else that of its record or the first of its year, whichever is
    /// earlier.
    pub fn on(&self) -> NaiveDate {
        let recorded = || london_date(self.created_at.and_utc()).min(first_day(self.year));
        self.announced_on.unwrap_or_else(recorded)
    }
}

pub fn pledged(conn: &mut Conn, funds: &[Id]) -> Result<Vec<Promised>> {
    let promised = pledges::table
        .inner_join(organisations::table)
        .filter(pledges::fund_id.eq_any(funds.to_vec()))
        .filter(pledges::certainty.eq(PledgeCertainty::Confirmed))
        .select((
            pledges::id,
            pledges::fund_id,
            organisations::code,
            pledges::financial_year,
            pledges::amount_minor,
            pledges::illustrative,
            pledges::announced_on,
            pledges::created_at,
        ));
    Ok(promised.load(conn)?)
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

/// An award that was approved.
#[derive(Queryable)]
pub struct Approved {
    pub id: Id,
    pub fund: Id,
    pub programme: Option<String>,
    /// None for a person.
    pub recipient: Option<Id>,
    pub begins: NaiveDate,
    pub awarded_on: Option<NaiveDate>,
}

pub fn approved(conn: &mut Conn, funds: &[Id]) -> Result<Vec<Approved>> {
    let made = awards::table
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(awards::state.ne_all([AwardState::Proposed, AwardState::Rejected]))
        .select((
            awards::id,
            awards::fund_id,
            awards::programme,
            awards::recipient_organisation_id,
            awards::planned_from,
            awards::awarded_on,
        ));
    Ok(made.load(conn)?)
}

/// The profiles of each fund's awards, in order of their years: award, financial year, amount.
pub fn planned(conn: &mut Conn, funds: &[Id]) -> Result<Vec<(Id, i32, i64)>> {
    let plans = award_profiles::table
        .inner_join(awards::table)
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .order_by((award_profiles::award_id, award_profiles::financial_year))
        .select((awards::id, award_profiles::financial_year, award_profiles::amount_minor));
    Ok(plans.load(conn)?)
}

/// The ends of each fund's awards that took effect by a last day.
pub fn ended(conn: &mut Conn, funds: &[Id], last: NaiveDate) -> Result<HashMap<Id, Ended>> {
    let own = awards::table.filter(awards::fund_id.eq_any(funds.to_vec())).select(awards::id);
    let ends: Vec<&str> = AwardState::ALL.iter().filter(|state| state.is_over()).map(|state| state.as_str()).collect();
    let moves = transitions::table
        .filter(transitions::resource.eq(RESOURCE))
        .filter(transitions::resource_id.eq_any(own))
        .filter(transitions::to_state.eq_any(ends))
        .filter(transitions::effective_on.le(last))
        .select((transitions::resource_id, transitions::to_state, transitions::effective_on));
    let moves: Vec<(Id, String, NaiveDate)> = moves.load(conn)?;
    Ok(moves.into_iter().filter_map(|(id, word, on)| Some((id, (AwardState::parse(&word)?, on)))).collect())
}

/// How the profile of an award was changed: what was there before, and what took its place.
pub type Replanned = (Id, Vec<Share>, Vec<Share>);

/// What changed the profiles of each fund's awards after a last day: supplements by the day of their approval, reprofilings by
/// that on which they were made.
pub fn replanned_after(conn: &mut Conn, funds: &[Id], last: NaiveDate) -> Result<Vec<Replanned>> {
    let raised = award_supplements::table
        .inner_join(awards::table)
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(award_supplements::state.eq(SupplementState::Approved))
        .filter(award_supplements::decided_on.gt(last))
        .select((awards::id, awards::currency, award_supplements::profile));
    let next = last.succ_opt().map_or(NaiveDateTime::MAX, |next| london_midnight(next).naive_utc());
    let moved = award_reprofilings::table
        .inner_join(awards::table)
        .filter(awards::fund_id.eq_any(funds.to_vec()))
        .filter(award_reprofilings::created_at.ge(next))
        .select((awards::id, awards::currency, award_reprofilings::profile_before, award_reprofilings::profile));
    let read = |currency: &str, text: &str| shares(&serde_json::from_str::<Vec<PlannedYear>>(text)?, currency);
    let mut replanned = Vec::new();
    for (award, currency, profile) in raised.load::<(Id, String, String)>(conn)? {
        replanned.push((award, Vec::new(), read(&currency, &profile)?));
    }
    for (award, currency, before, after) in moved.load::<(Id, String, String, String)>(conn)? {
        replanned.push((award, read(&currency, &before)?, read(&currency, &after)?));
    }
    Ok(replanned)
}

/// The integrated care boards that organisations lie below, with the days.
pub fn geography(conn: &mut Conn, bodies: BTreeSet<Id>) -> Result<Geography> {
    let mut geography = Geography::default();
    // SQLite takes a bounded number of parameters.
    for some in bodies.into_iter().collect::<Vec<_>>().chunks(10_000) {
        let boards = organisation_closure::table
            .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .filter(organisations::kind.eq(OrganisationType::Icb))
            .select((
                organisation_closure::descendant_id,
                organisations::code,
                (organisation_closure::from_on, organisation_closure::to_on, organisation_closure::illustrative),
                (organisations::valid_from, organisations::valid_to),
            ));
        type Row = (Id, String, (NaiveDate, NaiveDate, bool), (Option<NaiveDate>, Option<NaiveDate>));
        for (organisation, board, (from, to, illustrative), (opened, closed)) in boards.load::<Row>(conn)? {
            let always = Span::ALWAYS;
            let life = Span { from: opened.unwrap_or(always.from), to: closed.unwrap_or(always.to) };
            geography.0.entry(organisation).or_default().push(Below {
                board,
                days: Span { from, to },
                life,
                illustrative,
            });
        }
    }
    Ok(geography)
}
