//! The funding report, in six queries at most.

use super::rules::{GroupBy, Totals, divided};
use super::store::{self, Fund, FundScope};
use crate::calendar::DayRange;
use crate::db::Conn;
use crate::error::Result;
use crate::funding::awards::rules::{financial_year, year_label};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};

/// The grouping and filters of a funding report.
#[derive(Debug, Clone)]
pub struct Asked {
    pub by: GroupBy,
    pub fund: Option<String>,
    pub programme: Option<String>,
    /// The days that count.
    pub days: DayRange,
}

/// The money of one group. No key means that it has no such group, such as a recipient without a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub key: Option<String>,
    pub currency: String,
    pub totals: Totals,
    /// Whether some of its money is invented for illustration.
    pub illustrative: bool,
}

/// A change of a fund's money: through which award, in which year.
struct Happening<'a> {
    fund: &'a Fund,
    award: Option<Id>,
    year: i32,
    totals: Totals,
    illustrative: bool,
}

/// Sums the money of the funds that the caller sees, by group.
pub fn get_funding_report(conn: &mut Conn, context: &Context, asked: &Asked) -> Result<Vec<Line>> {
    let reach = context.reach();
    let scope = FundScope {
        code: asked.fund.as_ref().map(|code| code.to_ascii_uppercase()),
        programme: asked.programme.as_ref().map(|slug| slug.to_ascii_lowercase()),
        seen: (!reach.is_everything()).then(|| reach.whole_programmes().to_vec()),
    };
    let funds = store::funds(conn, &scope)?;
    let ids: Vec<Id> = funds.iter().map(|fund| fund.id).collect();
    let by_id: HashMap<Id, &Fund> = funds.iter().map(|fund| (fund.id, fund)).collect();
    let days = asked.days;
    // What was planned counts by whole financial years: those that begin in these days and not after today.
    let years = DayRange { to: days.to.or(Some(context.today())), ..days };
    let planned = |year: i32| NaiveDate::from_ymd_opt(year, 4, 1).is_some_and(|first| years.hold(first));
    let contributed = store::contributed(conn, &ids)?;
    let invented = store::illustrative(conn, &ids)?;
    let is_invented =
        |fund: &Fund, award: Option<Id>| fund.illustrative || award.is_some_and(|id| invented.contains(&id));
    let mut happened = Vec::new();
    for (fund, award, kind, on, amount) in store::posted(conn, &ids)?.into_iter().filter(|row| days.hold(row.3)) {
        let Some(fund) = by_id.get(&fund) else { continue };
        let (illustrative, totals) = (is_invented(fund, award), Totals::posted(kind, amount));
        happened.push(Happening { fund, award, year: financial_year(on), totals, illustrative });
    }
    for (fund, award, year, amount) in store::planned(conn, &ids)?.into_iter().filter(|row| planned(row.2)) {
        let Some(fund) = by_id.get(&fund) else { continue };
        let totals = Totals { planned: amount, ..Totals::default() };
        let illustrative = is_invented(fund, Some(award));
        happened.push(Happening { fund, award: Some(award), year, totals, illustrative });
    }
    let places = match asked.by {
        GroupBy::Place => store::places(conn, &ids, context.today())?,
        _ => HashMap::new(),
    };
    let mut lines: BTreeMap<(Option<String>, String), (Totals, bool)> = BTreeMap::new();
    let mut add = |key: Option<String>, currency: &str, totals: Totals, illustrative: bool| {
        let line = lines.entry((key, currency.to_owned())).or_default();
        line.0 += totals;
        line.1 |= illustrative;
    };
    if asked.by == GroupBy::Funder {
        share_out(&funds, &contributed, &happened, &mut add);
    } else {
        for Happening { fund, award, year, totals, illustrative } in &happened {
            let place = award.and_then(|award| places.get(&award).cloned());
            add(key(asked.by, fund, *year, None, place), &fund.currency, *totals, *illustrative);
        }
    }
    for (fund, contributor, on, amount) in contributed.into_iter().filter(|row| days.hold(row.2)) {
        let Some(fund) = by_id.get(&fund) else { continue };
        let totals = Totals { contributed: amount, ..Totals::default() };
        let key = key(asked.by, fund, financial_year(on), Some(contributor), None);
        add(key, &fund.currency, totals, fund.illustrative);
    }
    let line = |((key, currency), (totals, illustrative))| Line { key, currency, totals, illustrative };
    Ok(lines.into_iter().map(line).collect())
}

/// The key of a group.
fn key(by: GroupBy, fund: &Fund, year: i32, funder: Option<String>, place: Option<String>) -> Option<String> {
    match by {
        GroupBy::Fund => Some(fund.code.clone()),
        GroupBy::Funder => funder,
        GroupBy::Programme => fund.programme.clone(),
        GroupBy::FinancialYear => Some(year_label(year)),
        GroupBy::Place => place,
    }
}

/// Divides what was done with each fund's money among its funders, by what each ever contributed to it.
fn share_out(
    funds: &[Fund],
    contributed: &[(Id, String, NaiveDate, i64)],
    happened: &[Happening<'_>],
    add: &mut impl FnMut(Option<String>, &str, Totals, bool),
) {
    for fund in funds {
        let mut weights: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, contributor, _, amount) in contributed.iter().filter(|row| row.0 == fund.id) {
            *weights.entry(contributor).or_default() += amount;
        }
        let (mut totals, mut illustrative) = (Totals::default(), fund.illustrative);
        for happening in happened.iter().filter(|happening| happening.fund.id == fund.id) {
            totals += happening.totals;
            illustrative |= happening.illustrative;
        }
        let amounts: Vec<i64> = weights.values().copied().collect();
        for (contributor, share) in weights.into_keys().zip(divided(totals, &amounts)) {
            add(Some(contributor.to_owned()), &fund.currency, share, illustrative);
        }
    }
}
