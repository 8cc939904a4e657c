//! Annotations in the database.

use super::rules::{Annotation, AnnotationAdded};
use crate::access::ReachParts;
use crate::db::schema::{annotations, kpis};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::kpis::catalogue;
use crate::kpis::names::Names;
use crate::kpis::series::SeriesKey;
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::store::{all_referred, below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = annotations, treat_none_as_null = true)]
pub struct AnnotationRow {
    pub id: Id,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    /// Canonical; empty for the total.
    pub breakdown: String,
    pub period_start: NaiveDate,
    pub text: String,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl AnnotationRow {
    pub fn new(context: &Context, key: SeriesKey, period_start: NaiveDate, text: String) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            kpi_id: key.kpi,
            organisation_id: key.organisation,
            innovation_id: key.innovation,
            breakdown: key.breakdown,
            period_start,
            text,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }
}

type Annotations = annotations::BoxedQuery<'static, MultiBackend>;

sortable! { AnnotationRow, Annotations, key "id" => annotations::id as Id;
    annotations of |row| row => "period" period_start, "updatedAt" updated_at, then id;
}

writable! { annotations, AnnotationRow }

params! {
    /// What a list of annotations may be narrowed to.
    pub struct ListAnnotations list of AnnotationRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: annotations of the series of that organisation and of all below it today.
        place: CodeParam = "place",
        /// Whether they were taken back. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// The annotations of series that the caller may see as they are.
fn visible(context: &Context) -> Annotations {
    let mut query = annotations::table.into_boxed::<MultiBackend>();
    let ReachParts { everything, programmes, organisations, innovations, within } = context.reach().into_parts();
    if let Some(place) = within {
        query = query.filter(annotations::organisation_id.eq_any(below(vec![place], context.today())));
    }
    if everything {
        return query;
    }
    let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
    let own = annotations::organisation_id.eq_any(below(organisations, context.today()));
    let own = own.or(annotations::kpi_id.eq_any(programmes));
    query.filter(own.or(annotations::innovation_id.eq_any(innovations)))
}

/// # Errors
/// `unknown-reference` for a KPI, an organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListAnnotations) -> Result<Annotations> {
    let mut query = visible(context);
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(annotations::withdrawn_at.is_not_null())
    } else {
        query.filter(annotations::withdrawn_at.is_null())
    };
    if let Some(Codes(codes)) = &asked.kpi {
        let kpis: Vec<Id> =
            catalogue::store::all_referred(conn, "?kpi", codes)?.into_iter().map(|kpi| kpi.id).collect();
        query = query.filter(annotations::kpi_id.eq_any(kpis));
    }
    narrow! { query, asked;
        organisation => annotations::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        place => annotations::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], context.today()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<AnnotationRow>> {
    Ok(visible(context).filter(annotations::id.eq(id)).first(conn).optional()?)
}

/// What stands of the same series of several KPIs, by period, for those who may see it.
pub fn of_kpis(
    conn: &mut Conn,
    kpis: &[Id],
    (organisation, innovation, breakdown): (Id, Id, &str),
) -> Result<Vec<AnnotationRow>> {
    let rows = annotations::table
        .filter(annotations::withdrawn_at.is_null())
        .filter(annotations::kpi_id.eq_any(kpis.to_vec()))
        .filter(annotations::organisation_id.eq(organisation))
        .filter(annotations::innovation_id.eq(innovation))
        .filter(annotations::breakdown.eq(breakdown.to_owned()));
    Ok(rows.order_by((annotations::period_start, annotations::id)).load(conn)?)
}

/// The annotations with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<AnnotationRow>) -> Result<Vec<Stored<Annotation>>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: AnnotationRow| {
        let key = row.key();
        let series = names.series(&key);
        let added = AnnotationAdded {
            id: row.id,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation_name: names.organisation(key.organisation).1,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            made_by: row.made_by,
            created_at: instant(row.created_at),
            withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
        };
        let written = Annotation {
            kpi: series.kpi,
            organisation: series.organisation,
            innovation: series.innovation,
            breakdown: series.breakdown,
            period: names.label(&key, row.period_start),
            text: row.text,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}
