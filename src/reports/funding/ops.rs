//! The funding report: each table is read once.

use super::rules::{Below, Ended, Geography, GroupBy, Totals, divided, stays_planned};
use super::store::{self, Approved, Fund, Given, Promised, Scope};
use crate::calendar::DayRange;
use crate::db::Conn;
use crate::error::Result;
use crate::funding::awards::store::illustrative_of;
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::years::{Share, financial_year, first_day, remaining, undone, year_label};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// A change of a fund's money.
struct Happening<'a> {
    fund: &'a Fund,
    /// The award that it is of; what becomes of a fund's own money is of none.
    award: Option<&'a Approved>,
    /// Whoever gave or pledged it.
    funder: Option<&'a str>,
    year: i32,
    /// The day for which its place is asked.
    on: NaiveDate,
    totals: Totals,
    illustrative: bool,
}

impl Happening<'_> {
    /// An award's programme, which is its fund's unless it says so, or the fund's.
    fn programme(&self) -> Option<&str> {
        let own = self.award.and_then(|award| award.programme.as_deref());
        own.or(self.fund.programme.as_deref())
    }

    fn key(&self, by: GroupBy, geography: &Geography) -> Option<String> {
        match by {
            GroupBy::Fund => Some(self.fund.code.clone()),
            GroupBy::Funder => self.funder.map(str::to_owned),
            GroupBy::Programme => self.programme().map(str::to_owned),
            GroupBy::FinancialYear => Some(year_label(self.year)),
            GroupBy::Place => self.place(geography).map(|below| below.board.clone()),
        }
    }

    fn place<'a>(&self, geography: &'a Geography) -> Option<&'a Below> {
        let recipient = self.award.and_then(|award| award.recipient)?;
        geography.board(recipient, self.on)
    }
}

/// Everything that is read, as it was on the last day.
struct Read {
    /// The last day that counts.
    last: NaiveDate,
    funds: Vec<Fund>,
    given: Vec<Given>,
    promised: Vec<Promised>,
    awards: Vec<Approved>,
    posted: Vec<store::Posted>,
    profiles: HashMap<Id, Vec<Share>>,
    ended: HashMap<Id, Ended>,
    invented: HashSet<Id>,
    invented_pledges: HashSet<Id>,
}

impl Read {
    fn all(conn: &mut Conn, scope: &Scope, last: NaiveDate) -> Result<Self> {
        let funds = store::funds(conn, scope)?;
        let ids: Vec<Id> = funds.iter().map(|fund| fund.id).collect();
        let mut profiles: HashMap<Id, Vec<Share>> = HashMap::new();
        for (award, year, minor) in store::planned(conn, &ids)? {
            profiles.entry(award).or_default().push(Share { year, minor });
        }
        for (award, before, after) in store::replanned_after(conn, &ids, last)? {
            profiles.entry(award).and_modify(|profile| *profile = undone(profile, &before, &after));
        }
        let (mut given, mut promised) = (store::contributed(conn, &ids)?, store::pledged(conn, &ids)?);
        let invented_pledges = promised.iter().filter(|pledge| pledge.illustrative).map(|pledge| pledge.id).collect();
        given.retain(|given| given.on <= last);
        promised.retain(|pledge| pledge.on() <= last);
        let mut awards = store::approved(conn, &ids)?;
        awards.retain(|award| award.awarded_on.is_none_or(|on| on <= last));
        Ok(Self {
            last,
            given,
            promised,
            awards,
            ended: store::ended(conn, &ids, last)?,
            posted: store::posted(conn, &ids)?,
            invented: illustrative_of(conn, &ids)?,
            invented_pledges,
            profiles,
            funds,
        })
    }

    /// What happened in these days, and by whole financial years what was planned, pledged and committed: those that begin
    /// in them, up to the last day.
    fn happened(&self, days: DayRange) -> Vec<Happening<'_>> {
        let years = DayRange { to: Some(self.last), ..days };
        let funds: HashMap<Id, &Fund> = self.funds.iter().map(|fund| (fund.id, fund)).collect();
        let awards: HashMap<Id, &Approved> = self.awards.iter().map(|award| (award.id, award)).collect();
        let mut happened = Vec::new();
        let mut add = |fund: Id, award: Option<Id>, funder, on: NaiveDate, totals, invented: bool| {
            let Some(fund) = funds.get(&fund) else { return };
            let illustrative = fund.illustrative || invented || award.is_some_and(|id| self.invented.contains(&id));
            let award = award.and_then(|id| awards.get(&id).copied());
            happened.push(Happening { fund, award, funder, year: financial_year(on), on, totals, illustrative });
        };
        // What was released of each award that was approved by the last day.
        let mut released: HashMap<Id, i64> = HashMap::new();
        for (fund, award, kind, on, amount) in self.posted.iter().copied().filter(|row| years.to >= Some(row.3)) {
            if let Some(award) = award {
                *released.entry(award).or_default() += if kind == TransactionKind::Release { amount } else { 0 };
            }
            if days.hold(on) {
                add(fund, award, None, on, Totals::posted(kind, amount), false);
            }
        }
        for award in &self.awards {
            let profile = self.profiles.get(&award.id).map_or(&[][..], Vec::as_slice);
            let ended = self.ended.get(&award.id).copied();
            for Share { year, minor } in profile.iter().filter(|share| years.hold(first_day(share.year))) {
                let from = first_day(*year).max(award.begins);
                if stays_planned(ended, from) {
                    let totals = Totals { planned: *minor, ..Totals::default() };
                    add(award.fund, Some(award.id), None, from, totals, false);
                }
            }
            let kept = released.get(&award.id).map_or_else(Vec::new, |released| remaining(profile, *released));
            for Share { year, minor } in kept.into_iter().filter(|share| years.hold(first_day(share.year))) {
                // It takes from its fund, whatever programme it is of.
                let totals = Totals { taken: minor, ..Totals::default() };
                add(award.fund, None, None, first_day(year), totals, self.invented.contains(&award.id));
            }
        }
        for Given { fund, contributor, on, amount, pledge } in self.given.iter().filter(|given| days.hold(given.on)) {
            let received = if pledge.is_some() { 0 } else { *amount };
            let totals = Totals { contributed: *amount, received, ..Totals::default() };
            let invented = pledge.is_some_and(|id| self.invented_pledges.contains(&id));
            add(*fund, None, Some(contributor.as_str()), *on, totals, invented);
        }
        for pledge in self.promised.iter().filter(|pledge| years.hold(first_day(pledge.year))) {
            let totals = Totals { pledged: pledge.amount, ..Totals::default() };
            add(pledge.fund, None, Some(&pledge.contributor), first_day(pledge.year), totals, pledge.illustrative);
        }
        happened
    }

    /// What each funder gave a fund up to the last day, or had yet to give.
    fn weights(&self, fund: Id) -> BTreeMap<&str, i64> {
        let given = self.given.iter().filter(|given| given.fund == fund);
        let given = given.map(|given| (given.contributor.as_str(), given.amount));
        let promised = self.promised.iter().filter(|pledge| pledge.fund == fund);
        let paid = |pledge: Id| -> i64 {
            self.given.iter().filter(|given| given.pledge == Some(pledge)).map(|given| given.amount).sum()
        };
        let promised = promised.map(|pledge| (pledge.contributor.as_str(), pledge.amount - paid(pledge.id)));
        let mut weights = BTreeMap::new();
        for (funder, amount) in given.chain(promised) {
            *weights.entry(funder).or_default() += amount;
        }
        weights
    }

    /// Divides what was done with each fund's money among its funders.
    fn share_out(&self, happened: &[Happening<'_>], add: &mut impl FnMut(Option<String>, &str, Totals, bool)) {
        for fund in &self.funds {
            let (mut totals, mut illustrative) = (Totals::default(), fund.illustrative);
            for done in happened.iter().filter(|done| done.fund.id == fund.id && done.funder.is_none()) {
                totals += done.totals;
                illustrative |= done.illustrative;
            }
            let weights = self.weights(fund.id);
            let amounts: Vec<i64> = weights.values().copied().collect();
            if amounts.is_empty() && totals != Totals::default() {
                add(None, &fund.currency, totals, illustrative);
            }
            for (contributor, share) in weights.into_keys().zip(divided(totals, &amounts)) {
                add(Some(contributor.to_owned()), &fund.currency, share, illustrative);
            }
        }
    }
}

/// Sums the money that the caller sees, by group.
pub fn get_funding_report(conn: &mut Conn, context: &Context, asked: &Asked) -> Result<Vec<Line>> {
    let reach = context.reach();
    let scope = Scope {
        code: asked.fund.as_ref().map(|code| code.to_ascii_uppercase()),
        programme: asked.programme.as_ref().map(|slug| slug.to_ascii_lowercase()),
        seen: (!reach.is_everything()).then(|| reach.whole_programmes().to_vec()),
    };
    let read = Read::all(conn, &scope, asked.days.to.unwrap_or_else(|| context.today()))?;
    let mut happened = read.happened(asked.days);
    happened.retain(|done| scope.holds(done.programme(), done.fund.programme.as_deref()));
    let geography = match asked.by {
        GroupBy::Place => store::geography(conn, read.awards.iter().filter_map(|award| award.recipient).collect())?,
        _ => Geography::default(),
    };
    let mut lines: BTreeMap<(Option<String>, String), (Totals, bool)> = BTreeMap::new();
    let mut add = |key: Option<String>, currency: &str, totals: Totals, illustrative: bool| {
        let line = lines.entry((key, currency.to_owned())).or_default();
        line.0 += totals;
        line.1 |= illustrative;
    };
    if asked.by == GroupBy::Funder {
        read.share_out(&happened, &mut add);
    }
    for done in &happened {
        // What is shared out is not told once more, and what comes in has no place.
        let is_counted = match asked.by {
            GroupBy::Funder => done.funder.is_some(),
            GroupBy::Place => done.award.is_some() || done.totals.taken == 0,
            _ => true,
        };
        if is_counted {
            // Without the question for places there is no geography.
            let invented = done.place(&geography).is_some_and(|below| below.illustrative);
            add(done.key(asked.by, &geography), &done.fund.currency, done.totals, done.illustrative || invented);
        }
    }
    let line = |((key, currency), (totals, illustrative))| Line { key, currency, totals, illustrative };
    Ok(lines.into_iter().map(line).collect())
}
