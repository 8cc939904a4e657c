//! Pledges in the database.

use super::rules::{Pledge, PledgeAdded, PledgeNature};
use crate::db::schema::{funds, organisations, pledges};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::funds::ops::{filtered_by, get_fund_with_money};
use crate::funding::funds::store::{FundRow, seen_with_money};
use crate::funding::ledger::rules::PledgeCertainty;
use crate::funding::money::Money;
use crate::funding::years::{read_year, year_label};
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = pledges, treat_none_as_null = true)]
pub struct PledgeRow {
    pub id: Id,
    pub fund_id: Id,
    pub contributor_id: Id,
    /// The calendar year of its 1 April.
    pub financial_year: i32,
    pub amount_minor: i64,
    /// By contributions that name it.
    pub paid_minor: i64,
    pub certainty: PledgeCertainty,
    pub nature: PledgeNature,
    pub announced_on: Option<NaiveDate>,
    pub note: Option<String>,
    pub illustrative: bool,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl PledgeRow {
    pub fn new(context: &Context, new: Pledge, fund: Id, contributor: Id, year: i32) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            fund_id: fund,
            contributor_id: contributor,
            financial_year: year,
            amount_minor: new.amount.minor,
            paid_minor: 0,
            certainty: new.certainty,
            nature: new.nature,
            announced_on: new.announced_on,
            note: new.note,
            illustrative: new.illustrative,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Pledge, contributor: Id, year: i32) -> Self {
        let next = Self::new(context, new, self.fund_id, contributor, year);
        let Self { id, paid_minor, made_by, version, created_at, .. } = self;
        Self { id, paid_minor, made_by, version: version + 1, created_at, ..next }
    }

    /// The next version, with so much more paid.
    #[must_use]
    pub fn paid(self, context: &Context, amount: Money) -> Self {
        let (paid_minor, updated_at) = (self.paid_minor + amount.minor, context.now.naive_utc());
        Self { paid_minor, version: self.version + 1, updated_at, ..self }
    }

    /// What it lets its fund commit: the year and how much.
    pub fn capacity(&self) -> Option<(i32, i64)> {
        (self.certainty == PledgeCertainty::Confirmed).then_some((self.financial_year, self.amount_minor))
    }
}

/// A pledge with its contributor's code and name, and its fund, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedPledge {
    pub row: PledgeRow,
    pub contributor: (String, String),
    pub fund: FundRow,
}

impl NamedPledge {
    pub fn pledge(&self) -> Pledge {
        let row = &self.row;
        Pledge {
            fund: self.fund.code.clone(),
            contributor: self.contributor.0.clone(),
            financial_year: year_label(row.financial_year),
            amount: Money::of(row.amount_minor, &self.fund.currency),
            certainty: row.certainty,
            nature: row.nature,
            announced_on: row.announced_on,
            note: row.note.clone(),
            illustrative: row.illustrative,
        }
    }

    pub fn paid(&self) -> Money {
        Money::of(self.row.paid_minor, &self.fund.currency)
    }
}

impl From<NamedPledge> for Stored<Pledge> {
    fn from(found: NamedPledge) -> Self {
        let (written, paid) = (found.pledge(), found.paid());
        let PledgeRow { id, made_by, created_at, version, updated_at, .. } = found.row;
        let (fund_name, contributor_name, created_at) = (found.fund.name, found.contributor.1, instant(created_at));
        Self {
            added: PledgeAdded { id, fund_name, contributor_name, paid, made_by, created_at },
            written,
            version,
            updated_at,
        }
    }
}

type Columns = (
    <pledges::table as Table>::AllColumns,
    (organisations::code, organisations::name),
    <funds::table as Table>::AllColumns,
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedPledge, Query, key "id" => pledges::id as Id;
    pledges of |found| found.row => "financialYear" financial_year, "updatedAt" updated_at, then id;
}

writable! { pledges, PledgeRow }

params! {
    /// What a list of pledges may be narrowed to.
    pub struct ListPledges list of NamedPledge {
        /// The code of their fund.
        fund: CodeParam = "fund",
        /// The slug of the programme of their funds.
        programme: CodeParam = "programme",
        /// The code of the organisation that pledged.
        contributor: CodeParam = "contributor",
        /// Their financial year, such as 2027-28.
        financial_year: CodeParam = "financialYear",
        /// How sure they are.
        certainty: OneOf<PledgeCertainty> = "certainty",
        /// What they may be spent on.
        nature: OneOf<PledgeNature> = "nature",
    }
}

params! {
    /// What the pledges to a fund may be narrowed to.
    pub struct ListFundPledges list of NamedPledge {
        /// Their financial year, such as 2027-28.
        financial_year: CodeParam = "financialYear",
        /// How sure they are.
        certainty: OneOf<PledgeCertainty> = "certainty",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (pledges::all_columns, (organisations::code, organisations::name), funds::all_columns);
    pledges::table.inner_join(organisations::table).inner_join(funds::table).select(columns)
}

/// The pledges to the funds that the caller sees.
///
/// # Errors
/// `unknown-reference` for the fund or the contributor; `validation-failed` for the year.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListPledges) -> Result<Query> {
    let (mut query, programmes) = (named().into_boxed::<MultiBackend>(), seen_with_money(context));
    narrow! { query, asked;
        fund => pledges::fund_id.eq(filtered_by(conn, programmes.is_none(), "?fund", &fund.0)?);
        programme => funds::programme.eq(programme.0.to_ascii_lowercase());
        contributor => pledges::contributor_id.eq(referred(conn, "?contributor", &contributor.0)?);
        financial_year => pledges::financial_year.eq(read_year("?financialYear", &financial_year.0)?);
        certainty => one_of!(pledges::certainty, certainty.0.clone());
        nature => one_of!(pledges::nature, nature.0.clone());
    }
    if let Some(programmes) = programmes {
        query = query.filter(funds::programme.eq_any(programmes));
    }
    Ok(query)
}

/// The pledges to one fund.
///
/// # Errors
/// `not-found` for the fund; `validation-failed` for the year.
pub fn list_of_fund(conn: &mut Conn, context: &Context, fund: &str, asked: &ListFundPledges) -> Result<Query> {
    let fund = get_fund_with_money(conn, context, fund)?;
    let mut query = named().filter(pledges::fund_id.eq(fund.id)).into_boxed::<MultiBackend>();
    narrow! { query, asked;
        financial_year => pledges::financial_year.eq(read_year("?financialYear", &financial_year.0)?);
        certainty => one_of!(pledges::certainty, certainty.0.clone());
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedPledge>> {
    Ok(named().filter(pledges::id.eq(id)).first(conn).optional()?)
}
