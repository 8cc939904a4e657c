//! How complete a set is for a period and a place.

use super::store;
use crate::calendar::{Period, PeriodType, Relative};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::kpis::returns::asked::{NotProvided, OwnedKpis};
use crate::kpis::returns::rules::{Owner, ReturnState};
use crate::kpis::sets;
use crate::organisations;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::{Id, Timestamp};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What is known of one organisation that was asked.
pub struct AskedOne {
    pub code: String,
    pub name: String,
    /// [`ReturnState::Due`] where nothing has come.
    pub state: ReturnState,
    submitted_at: Option<Timestamp>,
}

pub struct Completeness {
    pub set: String,
    pub place: OrganisationRow,
    pub period: Period,
    pub due_at: Option<Timestamp>,
    now: Timestamp,
    /// By code.
    pub asked: Vec<AskedOne>,
}

impl Completeness {
    /// Of a set, a period of one of its KPIs, and a place: England where none is named.
    ///
    /// # Errors
    /// `not-found` for the set, `unknown-reference` for the place, `forbidden`; `validation-failed` for a period that none of
    /// its KPIs has.
    pub fn of(
        conn: &mut Conn,
        context: &Context,
        code: &str,
        period: Option<&str>,
        place: Option<&str>,
    ) -> Result<Self> {
        let set = sets::ops::get_row(conn, code)?;
        let code = place.unwrap_or(organisations::ops::ENGLAND);
        organisations::ops::referred(conn, "?place", code)?;
        let place = organisations::ops::get_organisation(conn, code)?;
        let programme = set.programme.as_deref();
        if !organisations::ops::covers(conn, context, &context.reach(), programme, Some(place.id), None)? {
            let detail = format!("Your grants do not reach all of {code}. Name a place that they do reach, by place.");
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        let owner = Owner { set: set.id, kpi: Id::NONE };
        let owned = OwnedKpis::of(conn, &BTreeSet::from([owner]))?;
        let period = read(&owned.kinds(owner), period, context.today())?;
        let day = period.end();
        let kpis: Vec<Id> = owned.those(owner, period).map(|kpi| kpi.id).collect();
        let not_provided = NotProvided::of(conn, &kpis)?;
        let assignments = sets::store::assignments(conn, &[set.id])?;
        let returns = store::returns(conn, owner, period)?;
        let mut asked = sets::store::asked_on(conn, &assignments, Some(place.id), day)?;
        asked.retain(|_, (id, _)| !kpis.iter().all(|kpi| not_provided.nothing_of(*kpi, *id, day)));
        let one = |(code, (id, name))| {
            let (state, submitted_at) = returns.get(&id).copied().unwrap_or((ReturnState::Due, None));
            AskedOne { code, name, state, submitted_at: submitted_at.map(|at| at.and_utc()) }
        };
        let due_at = owned.deadlines(owner, period).on_time_until(period);
        let asked = asked.into_iter().map(one).collect();
        Ok(Self { set: set.code, place, period, due_at, now: context.now, asked })
    }

    /// How many of those asked are so.
    pub fn count(&self, is: impl Fn(&AskedOne) -> bool) -> usize {
        self.asked.iter().filter(|one| is(one)).count()
    }

    /// Whether all of it was there in time.
    pub fn was_on_time(&self, one: &AskedOne) -> bool {
        one.submitted_at.is_some_and(|at| self.due_at.is_none_or(|due| at < due))
    }

    /// Whether it is, or was, too late.
    pub fn is_late(&self, one: &AskedOne) -> bool {
        self.due_at.is_some_and(|due| one.submitted_at.unwrap_or(self.now) >= due)
    }
}

/// The period, of one of the types that the set has.
fn read(kinds: &BTreeSet<PeriodType>, text: Option<&str>, today: NaiveDate) -> Result<Period> {
    let examples: Vec<&str> = kinds.iter().map(|kind| kind.example()).collect();
    let expected = format!(
        "Expected a period of the set's KPIs, such as {}, or one by where it lies to today, such as last-{}.",
        examples.join(" or "),
        kinds.first().map_or("month", |kind| kind.as_str())
    );
    let Some(text) = text else { return Err(Error::invalid("?period", "missing", expected)) };
    let relative = Relative::parse(text, today).filter(|both| both.first == both.last).map(|both| both.first);
    let relative = relative.filter(|period| kinds.contains(&period.kind()));
    let read = relative.or_else(|| kinds.iter().find_map(|kind| Period::parse(*kind, text).ok()));
    read.ok_or_else(|| Error::invalid("?period", "period-type", expected))
}
