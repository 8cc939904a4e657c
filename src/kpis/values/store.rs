//! Values and revisions in the database.

use crate::access::Reach;
use crate::calendar::{DayRange, PeriodType};
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::Unindexed;
use crate::db::schema::{kpi_value_revisions, kpi_values, kpis, organisation_closure, series};
use crate::error::{Error, Result};
use crate::http::context::Context;
use crate::http::params::{CodeParam, Codes, Line};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::parse_breakdown_text;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::store::below;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{few, innovations, organisations, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, InnerJoinQuerySource, IntoBoxed, Select, exists};
use diesel::prelude::*;

/// A value with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_values)]
pub struct ValueRow {
    pub series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    pub kpi_id: Id,
    #[diesel(select_expression = series::organisation_id)]
    pub organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    pub innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    pub breakdown: String,
    pub period_start: NaiveDate,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
}

type Source = InnerJoinQuerySource<kpi_values::table, series::table>;
type Values = Select<InnerJoin<kpi_values::table, series::table>, AsSelect<ValueRow, MultiBackend>>;
type Query = IntoBoxed<'static, Values, MultiBackend>;

sortable! {
    ValueRow, Source, Query;
    0: "period" => kpi_values::period_start, Day, |row| row.period_start;
    tie 1 => kpi_values::series_id, Number, |row| row.series_id;
}

params! {
    /// What a list of values may be narrowed to.
    pub struct ListValues list of ValueRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: values of that organisation and of all below it today.
        place: CodeParam = "place",
        /// The slug of the innovation that the values are about.
        innovation: CodeParam = "innovation",
        /// A breakdown, such as `1` or `type=1`. Needs a single KPI.
        breakdown: Line = "breakdown",
        /// The first day: values of periods that begin on it or later. With a single KPI it can be a period of that KPI.
        from: Line = "from",
        /// The last day: values of periods that begin on it or earlier. A period means its last day.
        to: Line = "to",
        /// The id of the submission that wrote them.
        submission: Id = "submission",
    }
}

/// Values inside the reach.
///
/// # Errors
/// `unknown-reference`; `validation-failed` for ends that are no days, and for a breakdown without a single KPI.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListValues) -> Result<Query> {
    let (reach, today) = (context.reach(), context.today());
    let kpis = asked.kpi.as_ref().map(|codes| catalogue::store::all_referred(conn, "?kpi", &codes.0)).transpose()?;
    let only = kpis.as_deref().and_then(|kpis| if let [one] = kpis { Some(one) } else { None });
    let text = |line: &'_ Option<Line>| line.as_ref().map(|line| line.0.clone());
    let kind = only.map_or(PeriodType::Day, |kpi| kpi.period_type);
    let days = DayRange::read(kind, text(&asked.from).as_deref(), text(&asked.to).as_deref(), "?")?;
    let breakdown = asked.breakdown.as_ref().map(|line| breakdown(only, &line.0)).transpose()?;
    let organisations = match &asked.organisation {
        Some(codes) => Some(organisations::store::all_referred(conn, "?organisation", &codes.0)?),
        None => None,
    };
    let place = asked.place.as_ref().map(|place| organisations::store::referred(conn, "?place", &place.0)).transpose()?;
    let innovation =
        asked.innovation.as_ref().map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
    let kpis = kpis.map(|kpis| kpis.into_iter().map(|kpi| kpi.id).collect());
    let wanted = Wanted { reach, today, kpis, organisations, place, innovation, breakdown };
    let mut query =
        kpi_values::table.inner_join(series::table).select(ValueRow::as_select()).into_boxed::<MultiBackend>();
    if wanted.narrows() {
        let found = kpi_values::table.filter(kpi_values::series_id.eq_any(wanted.found()));
        query = if few!(conn, found.select(kpi_values::version)) {
            query.filter(kpi_values::series_id.eq_any(wanted.found()))
        } else {
            query.filter(Unindexed::of(exists(wanted.linked())))
        };
    }
    if let Some(from) = days.from {
        query = query.filter(kpi_values::period_start.ge(from));
    }
    if let Some(to) = days.to {
        query = query.filter(kpi_values::period_start.le(to));
    }
    if let Some(submission) = asked.submission {
        query = query.filter(kpi_values::submission_id.eq(submission));
    }
    Ok(query)
}

type SeriesIds = IntoBoxed<'static, Select<series::table, series::id>, MultiBackend>;

/// The series whose values are wanted: those of the caller's reach, and of the filters.
struct Wanted {
    reach: Reach,
    today: NaiveDate,
    kpis: Option<Vec<Id>>,
    organisations: Option<Vec<Id>>,
    place: Option<Id>,
    innovation: Option<Id>,
    breakdown: Option<String>,
}

impl Wanted {
    /// Whether there are others.
    fn narrows(&self) -> bool {
        let Self { reach, kpis, organisations, place, innovation, breakdown, .. } = self;
        let named = kpis.is_some() || organisations.is_some() || place.is_some() || innovation.is_some();
        named || breakdown.is_some() || !reach.everything
    }

    /// All of them, to read the values of each.
    fn found(&self) -> SeriesIds {
        let series = self.of(series::table.select(series::id).into_boxed());
        match self.place {
            Some(place) => series.filter(series::organisation_id.eq_any(below(vec![place], self.today))),
            None => series,
        }
    }

    /// The one of a value, if it is among them.
    fn linked(&self) -> SeriesIds {
        let own = series::table.filter(series::id.eq(kpi_values::series_id));
        let series = self.of(own.select(series::id).into_boxed());
        let Some(place) = self.place else { return series };
        let organisation = organisation_closure::descendant_id.eq(series::organisation_id);
        series.filter(exists(below(vec![place], self.today).filter(organisation)))
    }

    fn of(&self, mut series: SeriesIds) -> SeriesIds {
        let reach = self.reach.clone();
        if !reach.everything {
            let programmes = kpis::table.filter(kpis::programme.eq_any(reach.programmes)).select(kpis::id);
            series = series.filter(
                series::organisation_id
                    .eq_any(below(reach.organisations, self.today))
                    .or(series::kpi_id.eq_any(programmes))
                    .or(series::innovation_id.eq_any(reach.innovations)),
            );
        }
        if let Some(kpis) = &self.kpis {
            series = series.filter(series::kpi_id.eq_any(kpis.clone()));
        }
        if let Some(organisations) = &self.organisations {
            series = series.filter(series::organisation_id.eq_any(organisations.clone()));
        }
        if let Some(innovation) = self.innovation {
            series = series.filter(series::innovation_id.eq(innovation));
        }
        if let Some(breakdown) = &self.breakdown {
            series = series.filter(series::breakdown.eq(breakdown.clone()));
        }
        series
    }
}

/// The canonical text of a breakdown of the only KPI asked for.
fn breakdown(only: Option<&KpiRow>, text: &str) -> Result<String> {
    let unknown = |detail| Error::invalid("?breakdown", "unknown-breakdown", detail);
    let kpi = only.ok_or_else(|| unknown("A breakdown needs a single KPI."))?;
    parse_breakdown_text(&kpi.breakdowns(), text).ok_or_else(|| unknown("This is not a breakdown of the KPI."))
}

/// The key of a series: its KPI, organisation and innovation.
///
/// # Errors
/// The database's own.
pub fn series_key(conn: &mut Conn, id: i64) -> Result<Option<(Id, Id, Id)>> {
    let key = series::table.find(id).select((series::kpi_id, series::organisation_id, series::innovation_id));
    Ok(key.first(conn).optional()?)
}

/// A value that was written over or taken away.
#[derive(Queryable)]
pub struct RevisionRow {
    pub series_id: i64,
    pub period_start: NaiveDate,
    pub version: i32,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub kpi_version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
    pub replaced_by: Id,
    pub replaced_at: NaiveDateTime,
}

type Revisions = kpi_value_revisions::BoxedQuery<'static, MultiBackend>;

sortable! {
    RevisionRow, kpi_value_revisions::table, Revisions;
    0: "replacedAt" => kpi_value_revisions::replaced_at, Instant, |row| row.replaced_at;
    1: "updatedAt" => kpi_value_revisions::updated_at, Instant, |row| row.updated_at;
    tie 2 => kpi_value_revisions::version, Small, |row| row.version;
    key "version" => kpi_value_revisions::version, Small;
}

params! {
    /// How revisions are paged.
    pub struct ListRevisions list of RevisionRow {}
}

/// What one value was before.
pub fn revisions(series_id: i64, period_start: NaiveDate) -> Revisions {
    let own = kpi_value_revisions::table.filter(kpi_value_revisions::series_id.eq(series_id));
    own.filter(kpi_value_revisions::period_start.eq(period_start)).into_boxed()
}
