//! Funds in the database.

use super::rules::{Fund, floor};
use crate::access::{Operation, ReachParts};
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::{awards, contributions, fund_transactions, funds, pledges, programmes, reallocations};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::ledger::rules::PledgeCertainty;
use crate::funding::years::Floor;
use crate::http::{CodeParam, Context};
use crate::organisations::store::below;
use crate::record::Stored;
use crate::vocabulary::{Id, fold, search_text};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::min;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = funds, treat_none_as_null = true)]
pub struct FundRow {
    pub id: Id,
    /// In upper case.
    pub code: String,
    pub name: String,
    pub sort_name: String,
    pub programme: Option<String>,
    /// A code of ISO 4217; never changed.
    pub currency: String,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The first day, where the fund says so.
    pub from_on: Option<NaiveDate>,
    /// A code in upper case.
    pub publishing_funder: Option<String>,
}

impl FundRow {
    pub fn new(context: &Context, new: Fund, programme: Option<String>) -> Self {
        let (code, name) = (new.code.to_ascii_uppercase(), new.name.trim().to_owned());
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            sort_name: fold(&name),
            search_text: search_text(&format!("{code} {name}")),
            code,
            name,
            programme,
            currency: new.currency,
            illustrative: new.illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
            from_on: new.from,
            publishing_funder: new.publishing_funder.map(|code| code.to_ascii_uppercase()),
        }
    }

    pub fn fund(&self) -> Fund {
        Fund {
            code: self.code.clone(),
            name: self.name.clone(),
            programme: self.programme.clone(),
            currency: self.currency.clone(),
            from: self.from_on,
            publishing_funder: self.publishing_funder.clone(),
            illustrative: self.illustrative,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Fund, programme: Option<String>) -> Self {
        let Self { id, version, created_at, .. } = self;
        Self { id, version: version + 1, created_at, ..Self::new(context, new, programme) }
    }
}

impl From<FundRow> for Stored<Fund> {
    fn from(row: FundRow) -> Self {
        Self { added: (), written: row.fund(), version: row.version, updated_at: row.updated_at }
    }
}

type Query = funds::BoxedQuery<'static, MultiBackend>;

sortable! { FundRow, Query, key "code" => funds::code as Code;
    funds of |row| row => "name" sort_name, "code" code, "updatedAt" updated_at, then id;
}

writable! { funds, FundRow, "There is a fund with this code already." }

params! {
    /// What a list of funds may be narrowed to.
    pub struct ListFunds list of FundRow {
        /// Words of the code or the name.
        q: SearchTerms = "q",
        /// The slug of their programme.
        programme: CodeParam = "programme",
    }
}

/// The programmes of whose funds the caller sees all the money: contributions, pledges and reallocations. None means all.
pub fn seen_with_money(context: &Context) -> Option<Vec<String>> {
    let reach = context.actor.reach(Operation::get_contribution);
    (!reach.is_everything()).then(|| reach.whole_programmes().to_vec())
}

/// The funds that the caller sees: those of their programmes, and those with an approved award to an organisation in their
/// scope.
fn seen(context: &Context) -> Query {
    let all = funds::table.into_boxed::<MultiBackend>();
    let reach = context.actor.reach(Operation::get_fund);
    if reach.is_everything() {
        return all;
    }
    let programmes = reach.whole_programmes().to_vec();
    let ReachParts { organisations, within, .. } = reach.into_parts();
    // A fund is of no organisation, so it lies within none.
    let places = if within.is_none() { organisations } else { Vec::new() };
    let recipient = awards::recipient_organisation_id.assume_not_null();
    let paying = awards::table
        .filter(awards::awarded_on.is_not_null())
        .filter(recipient.eq_any(below(places, context.today())))
        .select(awards::fund_id);
    all.filter(funds::programme.assume_not_null().eq_any(programmes).or(funds::id.eq_any(paying)))
}

/// The funds that the caller sees.
///
/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListFunds) -> Result<Query> {
    let mut query = seen(context);
    narrow! { query, asked;
        q => dialect::matches(conn, "funds", q)?;
        programme => funds::programme.eq(programme.0.to_ascii_lowercase());
    }
    Ok(query)
}

/// The fund of a code in upper case, if the caller sees it.
pub fn find_seen(conn: &mut Conn, context: &Context, code: &str) -> Result<Option<FundRow>> {
    Ok(seen(context).filter(funds::code.eq(code.to_owned())).first(conn).optional()?)
}

/// The codes of the funds that the caller sees, in order.
pub fn codes_seen(conn: &mut Conn, context: &Context) -> Result<Vec<String>> {
    Ok(seen(context).order_by(funds::code).select(funds::code).load(conn)?)
}

/// The fund of a code in upper case, whoever asks.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<FundRow>> {
    Ok(funds::table.filter(funds::code.eq(code)).first(conn).optional()?)
}

pub fn find_all(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<FundRow>> {
    Ok(funds::table.filter(funds::id.eq_any(ids)).load(conn)?)
}

/// The first day that anything of a fund may be dated.
pub fn floor_of(conn: &mut Conn, fund: Id) -> Result<Floor> {
    let of_programme = programmes::slug.nullable().eq(funds::programme);
    let days = funds::table.left_join(programmes::table.on(of_programme)).filter(funds::id.eq(fund));
    let (from, programme) = days.select((funds::from_on, programmes::starts_on.nullable())).first(conn)?;
    Ok(floor(from, programme))
}

/// The first day of all that is recorded of a fund; of what is pledged the year's is not looked at.
pub fn first_money(conn: &mut Conn, fund: Id) -> Result<Option<NaiveDate>> {
    let given = contributions::table
        .filter(contributions::fund_id.eq(fund))
        .filter(contributions::withdrawn_at.is_null())
        .select(min(contributions::received_on));
    let planned = awards::table.filter(awards::fund_id.eq(fund)).select(min(awards::planned_from));
    let posted =
        fund_transactions::table.filter(fund_transactions::fund_id.eq(fund)).select(min(fund_transactions::posted_on));
    let days: [Option<NaiveDate>; 3] = [given.first(conn)?, planned.first(conn)?, posted.first(conn)?];
    Ok(days.into_iter().flatten().min())
}

/// The first financial year that anything is pledged for, by the calendar year of its 1 April.
pub fn first_pledged(conn: &mut Conn, fund: Id) -> Result<Option<i32>> {
    Ok(pledges::table.filter(pledges::fund_id.eq(fund)).select(min(pledges::financial_year)).first(conn)?)
}

/// Those who contributed to some funds, or have a confirmed pledge to them that is not invented, in the order in which their
/// money was first recorded.
pub fn funders(conn: &mut Conn, funds: &[Id]) -> Result<HashMap<Id, Vec<Id>>> {
    type Recorded = (NaiveDateTime, Id, Id, Id);
    let given = contributions::table
        .filter(contributions::fund_id.eq_any(funds.to_vec()))
        .filter(contributions::withdrawn_at.is_null())
        .select((contributions::created_at, contributions::id, contributions::fund_id, contributions::contributor_id));
    let promised = pledges::table
        .filter(pledges::fund_id.eq_any(funds.to_vec()))
        .filter(pledges::certainty.eq(PledgeCertainty::Confirmed))
        .filter(pledges::illustrative.eq(false))
        .select((pledges::created_at, pledges::id, pledges::fund_id, pledges::contributor_id));
    let mut recorded: Vec<Recorded> = given.load(conn)?;
    recorded.extend(promised.load::<Recorded>(conn)?);
    recorded.sort_unstable();
    let mut funders: HashMap<Id, Vec<Id>> = HashMap::new();
    for (_, _, fund, funder) in recorded {
        let known = funders.entry(fund).or_default();
        if !known.contains(&funder) {
            known.push(funder);
        }
    }
    Ok(funders)
}

/// The funds whose money is invented for illustration, all of it or some: they say so, their programme does, a confirmed
/// pledge to them does, or money of such a fund was reallocated to them.
pub fn illustrative(conn: &mut Conn) -> Result<HashSet<Id>> {
    let of_programme = programmes::slug.nullable().eq(funds::programme);
    let said = funds::table
        .left_join(programmes::table.on(of_programme))
        .filter(funds::illustrative.eq(true).or(programmes::illustrative.nullable().eq(true)))
        .select(funds::id);
    let promised = pledges::table
        .filter(pledges::illustrative.eq(true))
        .filter(pledges::certainty.eq(PledgeCertainty::Confirmed))
        .select(pledges::fund_id);
    let mut invented: HashSet<Id> = said.load(conn)?.into_iter().collect();
    invented.extend(promised.load::<Id>(conn)?);
    let moved: Vec<(Id, Id)> =
        reallocations::table.select((reallocations::from_fund_id, reallocations::to_fund_id)).distinct().load(conn)?;
    let mut spreading = !invented.is_empty();
    while spreading {
        let known = invented.len();
        let to = |(from, to): &(Id, Id)| invented.contains(from).then_some(*to);
        let reached: Vec<Id> = moved.iter().filter_map(to).collect();
        invented.extend(reached);
        spreading = invented.len() > known;
    }
    Ok(invented)
}
