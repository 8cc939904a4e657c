//! Contributions in the database.

use super::rules::{Contribution, ContributionAdded, ContributionSource};
use crate::calendar::DayRange;
use crate::db::schema::{contributions, funds, organisations};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::funds::ops::get_fund_with_money;
use crate::funding::funds::store::seen_with_money;
use crate::funding::money::Money;
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::ops::referred;
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = contributions, treat_none_as_null = true)]
pub struct ContributionRow {
    pub id: Id,
    pub fund_id: Id,
    pub contributor_id: Id,
    pub source: ContributionSource,
    pub amount_minor: i64,
    pub received_on: NaiveDate,
    pub note: Option<String>,
    pub made_by: String,
    pub created_at: NaiveDateTime,
    pub pledge_id: Option<Id>,
    pub version: i32,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl ContributionRow {
    pub fn new(context: &Context, new: Contribution, fund: Id, contributor: Id) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            fund_id: fund,
            contributor_id: contributor,
            source: new.source,
            amount_minor: new.amount.minor,
            received_on: new.received_on,
            note: new.note,
            made_by: context.actor.subject.clone(),
            created_at: now,
            pledge_id: new.pledge,
            version: 1,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    /// The same, taken back as a mistake.
    #[must_use]
    pub fn withdrawn(self, context: &Context, reason: String) -> Self {
        let (now, version) = (context.now.naive_utc(), self.version + 1);
        Self { version, updated_at: now, withdrawn_at: Some(now), withdrawn_reason: Some(reason), ..self }
    }
}

/// A contribution with its contributor's code and name and its fund's code, name and currency, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedContribution {
    pub row: ContributionRow,
    pub contributor: (String, String),
    pub fund: (String, String, String),
}

impl From<NamedContribution> for Stored<Contribution> {
    fn from(found: NamedContribution) -> Self {
        let NamedContribution { row, contributor: (contributor, contributor_name), fund: (fund, fund_name, currency) } =
            found;
        let written = Contribution {
            contributor,
            source: row.source,
            amount: Money::of(row.amount_minor, &currency),
            received_on: row.received_on,
            pledge: row.pledge_id,
            note: row.note,
        };
        let (made_by, created_at) = (row.made_by, instant(row.created_at));
        let withdrawn = Withdrawal::of(row.withdrawn_at, row.withdrawn_reason);
        let added = ContributionAdded { id: row.id, fund, fund_name, contributor_name, made_by, created_at, withdrawn };
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Columns = (
    <contributions::table as Table>::AllColumns,
    (organisations::code, organisations::name),
    (funds::code, funds::name, funds::currency),
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedContribution, Query, key "id" => contributions::id as Id;
    contributions of |found| found.row => "receivedOn" received_on, "updatedAt" updated_at, then id;
}

writable! { contributions, ContributionRow }

params! {
    /// What a list of contributions may be narrowed to.
    pub struct ListContributions list of NamedContribution {
        /// The slug of the programme of their funds.
        programme: CodeParam = "programme",
        /// The source of the money.
        source: OneOf<ContributionSource> = "source",
        /// The code of the organisation that contributed.
        contributor: CodeParam = "contributor",
        /// The id of the pledge that they pay.
        pledge: Id = "pledge",
        /// The ISO 4217 code of the currency of their funds.
        currency: CodeParam = "currency",
        /// Contributions received on this day or later.
        from: NaiveDate = "from",
        /// Contributions received on this day or earlier.
        to: NaiveDate = "to",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

params! {
    /// What the contributions to a fund may be narrowed to.
    pub struct ListFundContributions list of NamedContribution {
        /// The source of the money.
        source: OneOf<ContributionSource> = "source",
        /// Contributions received on this day or later.
        from: NaiveDate = "from",
        /// Contributions received on this day or earlier.
        to: NaiveDate = "to",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (
        contributions::all_columns,
        (organisations::code, organisations::name),
        (funds::code, funds::name, funds::currency),
    );
    contributions::table.inner_join(organisations::table).inner_join(funds::table).select(columns)
}

fn received(sources: Option<&OneOf<ContributionSource>>, days: DayRange, withdrawn: Option<bool>) -> Query {
    let mut query = named().into_boxed::<MultiBackend>();
    query = if withdrawn.unwrap_or_default() {
        query.filter(contributions::withdrawn_at.is_not_null())
    } else {
        query.filter(contributions::withdrawn_at.is_null())
    };
    if let Some(sources) = sources {
        query = query.filter(one_of!(contributions::source, sources.0.clone()));
    }
    narrow! { query, days;
        from => contributions::received_on.ge(*from);
        to => contributions::received_on.le(*to);
    }
    query
}

/// The contributions to the funds whose money the caller sees.
///
/// # Errors
/// `unknown-reference` for the contributor.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListContributions) -> Result<Query> {
    let mut query = received(asked.source.as_ref(), DayRange::new(asked.from, asked.to, "?")?, asked.withdrawn);
    narrow! { query, asked;
        programme => funds::programme.eq(programme.0.to_ascii_lowercase());
        pledge => contributions::pledge_id.eq(*pledge);
        currency => funds::currency.eq(currency.0.to_ascii_uppercase());
        contributor => contributions::contributor_id.eq(referred(conn, "?contributor", &contributor.0)?);
    }
    if let Some(programmes) = seen_with_money(context) {
        query = query.filter(funds::programme.eq_any(programmes));
    }
    Ok(query)
}

/// The contributions to one fund.
///
/// # Errors
/// `not-found` for the fund.
pub fn list_of_fund(conn: &mut Conn, context: &Context, fund: &str, asked: &ListFundContributions) -> Result<Query> {
    let fund = get_fund_with_money(conn, context, fund)?;
    let query = received(asked.source.as_ref(), DayRange::new(asked.from, asked.to, "?")?, asked.withdrawn);
    Ok(query.filter(contributions::fund_id.eq(fund.id)))
}

pub fn find(conn: &mut Conn, fund: Id, id: Id) -> Result<Option<NamedContribution>> {
    let one = named().filter(contributions::id.eq(id)).filter(contributions::fund_id.eq(fund));
    Ok(one.first(conn).optional()?)
}
