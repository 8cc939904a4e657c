//! Lock exceptions in the database.

use super::rules::{LockException, LockExceptionAdded};
use crate::calendar::Span;
use crate::db::schema::lock_exceptions;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::kpis::{catalogue, sets};
use crate::organisations;
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::store::{all_referred, below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, Instant, Timestamp, instant};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = lock_exceptions, treat_none_as_null = true)]
pub struct LockExceptionRow {
    pub id: Id,
    /// [`Id::NONE`] for one of a KPI.
    pub set_id: Id,
    /// [`Id::NONE`] for one of a set.
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub until_at: NaiveDateTime,
    pub reason: String,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl LockExceptionRow {
    pub fn span(&self) -> Span {
        Span { from: self.from_on, to: self.to_on }
    }

    /// Whether it opens a period that ends on this day: of a KPI that is in this set, or in none.
    pub fn opens(&self, set: Option<Id>, kpi: Id, organisation: Id, day: NaiveDate) -> bool {
        let is_of = self.kpi_id == kpi || set == Some(self.set_id);
        is_of && self.organisation_id == organisation && self.span().holds(day)
    }
}

type Exceptions = lock_exceptions::BoxedQuery<'static, MultiBackend>;

sortable! { LockExceptionRow, Exceptions, key "id" => lock_exceptions::id as Id;
    lock_exceptions of |row| row => "until" until_at, "updatedAt" updated_at, then id;
}

writable! { lock_exceptions, LockExceptionRow }

params! {
    /// What a list of lock exceptions may be narrowed to.
    pub struct ListLockExceptions list of LockExceptionRow {
        /// The code of a set.
        set: CodeParam = "set",
        /// The code of a KPI.
        kpi: CodeParam = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: exceptions of that organisation and of all below it today.
        place: CodeParam = "place",
        /// Exceptions that hold at this moment.
        open_at: Timestamp = "openAt",
        /// Whether they were taken back. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// # Errors
/// `unknown-reference` for a set, a KPI, an organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListLockExceptions) -> Result<Exceptions> {
    let mut query = lock_exceptions::table.into_boxed::<MultiBackend>();
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(lock_exceptions::withdrawn_at.is_not_null())
    } else {
        query.filter(lock_exceptions::withdrawn_at.is_null())
    };
    narrow! { query, asked;
        set => lock_exceptions::set_id.eq(sets::store::referred(conn, "?set", &set.0)?.id);
        kpi => lock_exceptions::kpi_id.eq(catalogue::store::referred(conn, "?kpi", &kpi.0)?.id);
        organisation => lock_exceptions::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        open_at => lock_exceptions::created_at.le(open_at.naive_utc()).and(lock_exceptions::until_at.gt(open_at.naive_utc()));
    }
    let place = asked.place.as_ref().map(|place| referred(conn, "?place", &place.0)).transpose()?;
    for place in place.into_iter().chain(context.within()) {
        query = query.filter(lock_exceptions::organisation_id.eq_any(below(vec![place], context.today())));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<LockExceptionRow>> {
    Ok(lock_exceptions::table.find(id).first(conn).optional()?)
}

/// The exceptions that hold at a moment.
pub fn open(conn: &mut Conn, now: Timestamp) -> Result<Vec<LockExceptionRow>> {
    let open = lock_exceptions::table.filter(lock_exceptions::until_at.gt(now.naive_utc()));
    Ok(open.filter(lock_exceptions::withdrawn_at.is_null()).load(conn)?)
}

/// The exceptions with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<LockExceptionRow>) -> Result<Vec<Stored<LockException>>> {
    let kpis = catalogue::store::find_by_ids(conn, &rows.iter().map(|row| row.kpi_id).collect::<Vec<_>>())?;
    let sets = sets::store::find_by_ids(conn, &rows.iter().map(|row| row.set_id).collect::<Vec<_>>())?;
    let names = organisations::store::names(conn, rows.iter().map(|row| row.organisation_id))?;
    let named = |row: LockExceptionRow| {
        let (organisation, organisation_name) = names.of(row.organisation_id);
        let (set, kpi) = (sets.get(&row.set_id), kpis.get(&row.kpi_id));
        let added = LockExceptionAdded {
            id: row.id,
            set_name: set.map(|set| set.name.clone()),
            kpi_name: kpi.map(|kpi| kpi.name.clone()),
            organisation_name,
            made_by: row.made_by,
            created_at: instant(row.created_at),
            withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
        };
        let written = LockException {
            set: set.map(|set| set.code.clone()),
            kpi: kpi.map(|kpi| kpi.code.clone()),
            organisation,
            from: row.from_on,
            to: row.to_on,
            until: Instant(row.until_at.and_utc()),
            reason: row.reason,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}
