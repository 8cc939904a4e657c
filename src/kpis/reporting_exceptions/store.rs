//! Reporting exceptions in the database.

use super::rules::{ExceptionKind, ReportingException, ReportingExceptionAdded};
use crate::calendar::Span;
use crate::db::schema::reporting_exceptions;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context, OneOf};
use crate::kpis::catalogue;
use crate::kpis::names::Names;
use crate::kpis::series::SeriesKey;
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::store::{all_referred, below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = reporting_exceptions, treat_none_as_null = true)]
pub struct ExceptionRow {
    pub id: Id,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    /// Canonical; empty for every member.
    pub breakdown: String,
    pub kind: ExceptionKind,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub reason: String,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl ExceptionRow {
    pub fn new(
        context: &Context,
        kind: ExceptionKind,
        key: SeriesKey,
        Span { from, to }: Span,
        reason: String,
    ) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            kpi_id: key.kpi,
            organisation_id: key.organisation,
            innovation_id: key.innovation,
            breakdown: key.breakdown,
            kind,
            from_on: from,
            to_on: to,
            reason,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    pub fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }

    pub fn span(&self) -> Span {
        Span { from: self.from_on, to: self.to_on }
    }
}

type Exceptions = reporting_exceptions::BoxedQuery<'static, MultiBackend>;

sortable! { ExceptionRow, Exceptions, key "id" => reporting_exceptions::id as Id;
    reporting_exceptions of |row| row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { reporting_exceptions, ExceptionRow }

params! {
    /// What a list of reporting exceptions may be narrowed to.
    pub struct ListReportingExceptions list of ExceptionRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: exceptions of that organisation and of all below it.
        place: CodeParam = "place",
        /// Why values are not expected.
        kind: OneOf<ExceptionKind> = "kind",
        /// Exceptions that hold on this day.
        active_on: NaiveDate = "activeOn",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// # Errors
/// `unknown-reference` for a KPI, an organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListReportingExceptions) -> Result<Exceptions> {
    let mut query = reporting_exceptions::table.into_boxed::<MultiBackend>();
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(reporting_exceptions::withdrawn_at.is_not_null())
    } else {
        query.filter(reporting_exceptions::withdrawn_at.is_null())
    };
    if let Some(Codes(codes)) = &asked.kpi {
        let kpis: Vec<Id> =
            catalogue::store::all_referred(conn, "?kpi", codes)?.into_iter().map(|kpi| kpi.id).collect();
        query = query.filter(reporting_exceptions::kpi_id.eq_any(kpis));
    }
    narrow! { query, asked;
        organisation => reporting_exceptions::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        kind => one_of!(reporting_exceptions::kind, kind.0.clone());
        active_on => reporting_exceptions::from_on.le(*active_on).and(reporting_exceptions::to_on.gt(*active_on));
    }
    let place = asked.place.as_ref().map(|place| referred(conn, "?place", &place.0)).transpose()?;
    for place in place.into_iter().chain(context.within()) {
        query = query.filter(reporting_exceptions::organisation_id.eq_any(below(vec![place], context.today())));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ExceptionRow>> {
    Ok(reporting_exceptions::table.find(id).first(conn).optional()?)
}

/// The exceptions that stand from some KPIs and an innovation, of one organisation or of every one.
pub fn standing(conn: &mut Conn, kpis: &[Id], innovation: Option<Id>, only: Option<Id>) -> Result<Vec<ExceptionRow>> {
    let mut rows = reporting_exceptions::table
        .filter(reporting_exceptions::kpi_id.eq_any(kpis.to_vec()))
        .filter(reporting_exceptions::withdrawn_at.is_null())
        .into_boxed::<MultiBackend>();
    if let Some(innovation) = innovation {
        rows = rows.filter(reporting_exceptions::innovation_id.eq(innovation));
    }
    if let Some(organisation) = only {
        rows = rows.filter(reporting_exceptions::organisation_id.eq(organisation));
    }
    Ok(rows.order_by(reporting_exceptions::id).load(conn)?)
}

/// The exceptions with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<ExceptionRow>) -> Result<Vec<Stored<ReportingException>>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: ExceptionRow| {
        let key = row.key();
        let (series, (from, to)) = (names.series(&key), row.span().ends());
        let added = ReportingExceptionAdded {
            id: row.id,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation_name: names.organisation(key.organisation).1,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            made_by: row.made_by,
            created_at: instant(row.created_at),
            withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
        };
        let written = ReportingException {
            kpi: series.kpi,
            organisation: series.organisation,
            innovation: series.innovation,
            breakdown: series.breakdown,
            kind: row.kind,
            from: from.unwrap_or(row.from_on),
            to,
            reason: row.reason,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}
