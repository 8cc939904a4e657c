//! Returns in the database.

use super::rules::{Owner, Reminder, ReturnKey, ReturnState};
use crate::access::ReachParts;
use crate::calendar::{DayRange, Period, PeriodType};
use crate::db::schema::{kpi_returns, kpi_set_kpis, kpi_sets, kpis};
use crate::db::{Conn, MultiBackend};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Codes, Context, Line, OneOf};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::sets;
use crate::organisations::store::{all_referred, below, referred};
use crate::vocabulary::Id;
use crate::{narrow, one_of, overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = kpi_returns, treat_none_as_null = true)]
pub struct ReturnRow {
    pub id: Id,
    pub set_id: Id,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub period_type: PeriodType,
    pub period_start: NaiveDate,
    pub state: ReturnState,
    /// The last delivery that changed something of it; [`Id::NONE`] before the first.
    pub submission_id: Id,
    pub received_at: Option<NaiveDateTime>,
    /// When all that is asked was there for the first time, or the sender said that this is all.
    pub submitted_at: Option<NaiveDateTime>,
    pub submitted_by: Option<String>,
    /// Who approved what counts, also while an amendment waits.
    pub approved_by: Option<String>,
    pub approved_on: Option<NaiveDate>,
    pub accepted_by: Option<String>,
    pub accepted_on: Option<NaiveDate>,
    pub changes_since_approval: i32,
    pub reminder: Option<Reminder>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ReturnRow {
    /// A return of which nothing has come. Its first change makes it version 1.
    pub fn due(key: ReturnKey, now: NaiveDateTime) -> Self {
        Self {
            id: Id::generate(),
            set_id: key.owner.set,
            kpi_id: key.owner.kpi,
            organisation_id: key.organisation,
            period_type: key.period_type,
            period_start: key.start,
            state: ReturnState::Due,
            submission_id: Id::NONE,
            received_at: None,
            submitted_at: None,
            submitted_by: None,
            approved_by: None,
            approved_on: None,
            accepted_by: None,
            accepted_on: None,
            changes_since_approval: 0,
            reminder: None,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn owner(&self) -> Owner {
        Owner { set: self.set_id, kpi: self.kpi_id }
    }

    pub fn period(&self) -> Period {
        self.key().period()
    }

    pub fn key(&self) -> ReturnKey {
        let (owner, period_type, start) = (self.owner(), self.period_type, self.period_start);
        ReturnKey { owner, period_type, start, organisation: self.organisation_id }
    }

    /// The next version.
    #[must_use]
    pub fn renewed(self, now: NaiveDateTime) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self }
    }
}

type Returns = kpi_returns::BoxedQuery<'static, MultiBackend>;

sortable! { ReturnRow, Returns, key "id" => kpi_returns::id as Id;
    kpi_returns of |row| row => "period" period_start, "updatedAt" updated_at, then id;
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &ReturnRow) -> Result<()> {
    overwrite!(conn, kpi_returns, row)
}

params! {
    /// What a list of returns may be narrowed to.
    pub struct ListKpiReturns list of ReturnRow {
        /// The code of a set.
        set: CodeParam = "set",
        /// The code of a KPI: its own returns, and those of the sets that hold it.
        kpi: CodeParam = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: returns of that organisation and of all below it today.
        place: CodeParam = "place",
        /// A period, such as `2026-04` or `2026-27-Q1`.
        period: Line = "period",
        /// The first day: returns of periods that begin on it or later.
        from: NaiveDate = "from",
        /// The last day: returns of periods that begin on it or earlier.
        to: NaiveDate = "to",
        /// How far they have come.
        state: OneOf<ReturnState> = "state",
        /// The id of a submission: the returns that no other has changed since.
        submission: Id = "submission",
    }
}

/// The returns of organisations and programmes within reach.
fn visible(context: &Context) -> Returns {
    let mut query = kpi_returns::table.into_boxed::<MultiBackend>();
    let ReachParts { everything, organisations, programmes, within, .. } = context.reach().into_parts();
    if let Some(place) = within {
        query = query.filter(kpi_returns::organisation_id.eq_any(below(vec![place], context.today())));
    }
    if everything {
        return query;
    }
    let own_sets = kpi_sets::table.filter(kpi_sets::programme.eq_any(programmes.clone())).select(kpi_sets::id);
    let own_kpis = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
    query.filter(
        kpi_returns::organisation_id
            .eq_any(below(organisations, context.today()))
            .or(kpi_returns::set_id.eq_any(own_sets))
            .or(kpi_returns::kpi_id.eq_any(own_kpis)),
    )
}

/// # Errors
/// `unknown-reference`; `validation-failed` for a period that is none, and for days that are reversed.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListKpiReturns) -> Result<Returns> {
    let mut query = visible(context);
    if let Some(CodeParam(code)) = &asked.set {
        query = query.filter(kpi_returns::set_id.eq(sets::store::referred(conn, "?set", code)?.id));
    }
    if let Some(CodeParam(code)) = &asked.kpi {
        let kpi = catalogue::store::referred(conn, "?kpi", code)?.id;
        let holding = kpi_set_kpis::table.filter(kpi_set_kpis::kpi_id.eq(kpi)).select(kpi_set_kpis::set_id);
        query = query.filter(kpi_returns::kpi_id.eq(kpi).or(kpi_returns::set_id.eq_any(holding)));
    }
    if let Some(Line(text)) = &asked.period {
        let kinds = PeriodType::ALL.iter().copied();
        let read: Vec<Period> = kinds.filter_map(|kind| Period::parse(kind, text).ok()).collect();
        let [first, others @ ..] = read.as_slice() else {
            return Err(Error::invalid(
                "?period",
                "period-malformed",
                "Expected a period, such as 2026-04 or 2026-27-Q1.",
            ));
        };
        // A text may be a period of two kinds: a month and a financial year.
        let last = others.last().unwrap_or(first);
        let is = |period: &Period| {
            kpi_returns::period_type.eq(period.kind()).and(kpi_returns::period_start.eq(period.start()))
        };
        query = query.filter(is(first).or(is(last)));
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => kpi_returns::period_start.ge(*from);
        to => kpi_returns::period_start.le(*to);
    }
    narrow! { query, asked;
        organisation => kpi_returns::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        place => kpi_returns::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], context.today()));
        state => one_of!(kpi_returns::state, state.0.clone());
        submission => kpi_returns::submission_id.eq(*submission);
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ReturnRow>> {
    Ok(kpi_returns::table.find(id).first(conn).optional()?)
}

/// The return, held until the transaction ends. SQLite's writer is alone already.
pub fn find_locked(conn: &mut Conn, id: Id) -> Result<Option<ReturnRow>> {
    let one = kpi_returns::table.find(id);
    Ok(match conn {
        Conn::Postgres(c) => one.for_update().first(c).optional()?,
        Conn::Sqlite(c) => one.first(c).optional()?,
    })
}

/// SQLite takes a bounded number of parameters, and so does PostgreSQL.
const PART: usize = 1_000;

/// Those of the returns that are there, held until the transaction ends, in the order of their keys.
pub fn held(conn: &mut Conn, keys: &BTreeSet<ReturnKey>) -> Result<BTreeMap<ReturnKey, ReturnRow>> {
    find_all(conn, keys, true)
}

/// Those of the returns that are there.
pub fn there(conn: &mut Conn, keys: &BTreeSet<ReturnKey>) -> Result<BTreeMap<ReturnKey, ReturnRow>> {
    find_all(conn, keys, false)
}

fn find_all(conn: &mut Conn, keys: &BTreeSet<ReturnKey>, hold: bool) -> Result<BTreeMap<ReturnKey, ReturnRow>> {
    let mut kinds: BTreeMap<(Owner, PeriodType), Vec<&ReturnKey>> = BTreeMap::new();
    for key in keys {
        kinds.entry((key.owner, key.period_type)).or_default().push(key);
    }
    let mut found = BTreeMap::new();
    for ((owner, kind), keys) in kinds {
        for some in keys.chunks(PART) {
            let organisations: BTreeSet<Id> = some.iter().map(|key| key.organisation).collect();
            let (Some(first), Some(last)) = (some.first(), some.last()) else { continue };
            let rows = kpi_returns::table
                .filter(kpi_returns::set_id.eq(owner.set))
                .filter(kpi_returns::kpi_id.eq(owner.kpi))
                .filter(kpi_returns::period_type.eq(kind))
                .filter(kpi_returns::period_start.between(first.start, last.start))
                .filter(kpi_returns::organisation_id.eq_any(organisations))
                .order_by((kpi_returns::period_start, kpi_returns::organisation_id));
            let rows: Vec<ReturnRow> = match &mut *conn {
                Conn::Postgres(c) if hold => rows.for_update().load(c)?,
                // SQLite's writer is alone already.
                conn => rows.load(conn)?,
            };
            found.extend(rows.into_iter().map(|row| (row.key(), row)));
        }
    }
    found.retain(|key, _| keys.contains(key));
    Ok(found)
}

/// How far returns have come, by organisation and the first day of the period.
pub type States = HashMap<(Id, NaiveDate), ReturnState>;

/// How far the returns have come that values of a KPI are of: those of its first set, and those of its own from before it was in any.
pub fn states(conn: &mut Conn, kpi: &KpiRow, keys: &BTreeSet<(Id, NaiveDate)>) -> Result<States> {
    let set = sets::store::holding(conn, &[kpi.id])?.first().map_or(Id::NONE, |(_, set)| set.id);
    let organisations: BTreeSet<Id> = keys.iter().map(|(organisation, _)| *organisation).collect();
    let (first, last) = (keys.iter().map(|(_, start)| *start).min(), keys.iter().map(|(_, start)| *start).max());
    let Some((first, last)) = first.zip(last) else { return Ok(States::new()) };
    let mut found = States::new();
    for some in organisations.into_iter().collect::<Vec<_>>().chunks(10 * PART) {
        let of_set = kpi_returns::set_id.eq(set).and(kpi_returns::kpi_id.eq(Id::NONE));
        let own = kpi_returns::set_id.eq(Id::NONE).and(kpi_returns::kpi_id.eq(kpi.id));
        let rows = kpi_returns::table
            .filter(of_set.or(own))
            .filter(kpi_returns::period_type.eq(kpi.period_type))
            .filter(kpi_returns::period_start.between(first, last))
            .filter(kpi_returns::organisation_id.eq_any(some.to_vec()))
            .select(((kpi_returns::organisation_id, kpi_returns::period_start), kpi_returns::state));
        for (key, state) in rows.load::<((Id, NaiveDate), ReturnState)>(conn)? {
            found.entry(key).and_modify(|known: &mut ReturnState| *known = known.lower(state)).or_insert(state);
        }
    }
    Ok(found)
}

/// Makes returns where there are none, in the order of their keys. PostgreSQL waits here for one that another transaction
/// is making.
pub fn ensure(conn: &mut Conn, rows: &[ReturnRow]) -> Result<()> {
    match conn {
        Conn::Postgres(c) => {
            for some in rows.chunks(PART) {
                diesel::insert_into(kpi_returns::table).values(some).on_conflict_do_nothing().execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(kpi_returns::table).values(row).on_conflict_do_nothing().execute(c)?;
            }
        }
    }
    Ok(())
}

/// Writes what a delivery or a reminder makes of returns that are held.
pub fn rewrite(conn: &mut Conn, rows: &[ReturnRow]) -> Result<()> {
    use diesel::upsert::excluded;
    let changed = || {
        (
            kpi_returns::state.eq(excluded(kpi_returns::state)),
            kpi_returns::submission_id.eq(excluded(kpi_returns::submission_id)),
            kpi_returns::received_at.eq(excluded(kpi_returns::received_at)),
            kpi_returns::submitted_at.eq(excluded(kpi_returns::submitted_at)),
            kpi_returns::submitted_by.eq(excluded(kpi_returns::submitted_by)),
            kpi_returns::changes_since_approval.eq(excluded(kpi_returns::changes_since_approval)),
            kpi_returns::reminder.eq(excluded(kpi_returns::reminder)),
            kpi_returns::version.eq(excluded(kpi_returns::version)),
            kpi_returns::updated_at.eq(excluded(kpi_returns::updated_at)),
        )
    };
    match conn {
        Conn::Postgres(c) => {
            for some in rows.chunks(PART) {
                let all = diesel::insert_into(kpi_returns::table).values(some);
                all.on_conflict(kpi_returns::id).do_update().set(changed()).execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for row in rows {
                let one = diesel::insert_into(kpi_returns::table).values(row);
                one.on_conflict(kpi_returns::id).do_update().set(changed()).execute(c)?;
            }
        }
    }
    Ok(())
}
