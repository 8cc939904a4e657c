//! What releases froze, in the database: figures of places, and the values they were made of.

use super::figures::Frozen;
use crate::access::ReachParts;
use crate::calendar::DayRange;
use crate::db::json::Json;
use crate::db::schema::{kpi_release_figures, kpi_release_values, kpi_releases, kpi_values, kpis, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::innovations;
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::store::{all_referred, below, counted_below, referred};
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{insert_all, narrow, params, sortable};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Binary;

/// The total of a period, of a KPI below a place: of an innovation or [`Id::NONE`], of a combination of members or, empty, of all.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_release_figures)]
pub struct FigureRow {
    pub release_id: Id,
    pub period_start: NaiveDate,
    pub number: i32,
    pub kpi_id: Id,
    pub place_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    /// As it was, and as it was published: without what would tell small counts.
    pub exact: Json<Frozen>,
    pub published: Json<Frozen>,
    /// How many organisations had values in the periods of the release.
    pub organisations: i32,
    pub apportioned: bool,
    pub illustrative: bool,
}

impl FigureRow {
    pub fn shown(&self, is_whole: bool) -> Frozen {
        if is_whole { self.exact.value } else { self.published.value }
    }
}

/// A value, as it was.
#[derive(Queryable, Clone)]
pub struct FrozenValueRow {
    pub release_id: Id,
    pub period_start: NaiveDate,
    pub series_id: i64,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub version: i32,
    pub kpi_version: i32,
    pub illustrative: bool,
}

type Figures = kpi_release_figures::BoxedQuery<'static, MultiBackend>;

sortable! { FigureRow, Figures;
    kpi_release_figures of |row| row => "period" period_start, then number;
}

params! {
    /// What the figures of a release may be narrowed to.
    pub struct ListReleaseFigures list of FigureRow {
        /// The code of a KPI.
        kpi: CodeParam = "kpi",
        /// The code of one of its places.
        place: CodeParam = "place",
        /// The slug of an innovation.
        innovation: CodeParam = "innovation",
        /// The first day: figures of periods that begin on it or later.
        from: NaiveDate = "from",
        /// The last day: figures of periods that begin on it or earlier.
        to: NaiveDate = "to",
    }
}

/// The figures of a release.
///
/// # Errors
/// `unknown-reference` for the KPI, the place or the innovation; `validation-failed` for days that are reversed.
pub fn figures(conn: &mut Conn, release: Id, asked: &ListReleaseFigures) -> Result<Figures> {
    let mut query =
        kpi_release_figures::table.filter(kpi_release_figures::release_id.eq(release)).into_boxed::<MultiBackend>();
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => kpi_release_figures::period_start.ge(*from);
        to => kpi_release_figures::period_start.le(*to);
    }
    narrow! { query, asked;
        kpi => kpi_release_figures::kpi_id.eq(catalogue::store::referred(conn, "?kpi", &kpi.0)?.id);
        place => kpi_release_figures::place_id.eq(referred(conn, "?place", &place.0)?);
        innovation => kpi_release_figures::innovation_id.eq(innovations::ops::referred(conn, "?innovation", &innovation.0)?);
    }
    Ok(query)
}

type Values = kpi_release_values::BoxedQuery<'static, MultiBackend>;

sortable! { FrozenValueRow, Values;
    kpi_release_values of |row| row => "period" period_start, then series_id;
}

params! {
    /// What the values of a release may be narrowed to.
    pub struct ListReleaseValues list of FrozenValueRow {
        /// The code of a KPI.
        kpi: CodeParam = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: values of that organisation and of all below it today.
        place: CodeParam = "place",
        /// The slug of an innovation.
        innovation: CodeParam = "innovation",
        /// The first day: values of periods that begin on it or later.
        from: NaiveDate = "from",
        /// The last day: values of periods that begin on it or earlier.
        to: NaiveDate = "to",
    }
}

/// The values of a release inside the reach.
///
/// # Errors
/// `unknown-reference` for what is named; `validation-failed` for days that are reversed.
pub fn values(conn: &mut Conn, context: &Context, release: Id, asked: &ListReleaseValues) -> Result<Values> {
    let mut query =
        kpi_release_values::table.filter(kpi_release_values::release_id.eq(release)).into_boxed::<MultiBackend>();
    let (organisation, today) = (kpi_release_values::organisation_id, context.today());
    let ReachParts { everything, programmes, organisations, innovations, within } = context.reach().into_parts();
    if let Some(place) = within {
        query = query.filter(organisation.eq_any(below(vec![place], today)));
    }
    if !everything {
        let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
        let own = organisation.eq_any(below(organisations, today)).or(kpi_release_values::kpi_id.eq_any(programmes));
        query = query.filter(own.or(kpi_release_values::innovation_id.eq_any(innovations)));
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => kpi_release_values::period_start.ge(*from);
        to => kpi_release_values::period_start.le(*to);
    }
    narrow! { query, asked;
        kpi => kpi_release_values::kpi_id.eq(catalogue::store::referred(conn, "?kpi", &kpi.0)?.id);
        organisation => kpi_release_values::organisation_id.eq_any(all_referred(conn, "?organisation", &organisation.0)?);
        place => kpi_release_values::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], today));
        innovation => kpi_release_values::innovation_id.eq(innovations::ops::referred(conn, "?innovation", &innovation.0)?);
    }
    Ok(query)
}

/// Whose values are frozen: of all who count below these places on a day's map, and of some others.
#[derive(Debug, Clone)]
pub struct Inside {
    pub places: Vec<Id>,
    pub on: NaiveDate,
    pub others: Vec<Id>,
}

/// Freezes the values of a KPI in the periods that begin between two days, `most` of them: in one statement, so that none is
/// read into memory. Returns how many there are.
pub fn freeze_values(
    conn: &mut Conn,
    release: Id,
    kpi: &KpiRow,
    (from, to): (NaiveDate, NaiveDate),
    (inside, most): (&Inside, i64),
) -> Result<i64> {
    use kpi_release_values as frozen;
    let counted = series::organisation_id.eq_any(counted_below(inside.places.clone(), inside.on));
    let chosen = kpi_values::table
        .inner_join(series::table)
        .filter(kpi_values::kpi_number.eq(kpi.number))
        .filter(kpi_values::period_start.between(from, to))
        .filter(counted.or(series::organisation_id.eq_any(inside.others.clone())))
        .limit(most)
        .select((
            release.into_sql::<Binary>(),
            kpi_values::period_start,
            kpi_values::series_id,
            series::kpi_id,
            series::organisation_id,
            series::innovation_id,
            series::breakdown,
            kpi_values::value,
            kpi_values::numerator,
            kpi_values::denominator,
            kpi_values::qualifier,
            kpi_values::basis,
            kpi_values::version,
            kpi_values::kpi_version,
            series::illustrative,
        ));
    let columns = (
        frozen::release_id,
        frozen::period_start,
        frozen::series_id,
        frozen::kpi_id,
        frozen::organisation_id,
        frozen::innovation_id,
        frozen::breakdown,
        frozen::value,
        frozen::numerator,
        frozen::denominator,
        frozen::qualifier,
        frozen::basis,
        frozen::version,
        frozen::kpi_version,
        frozen::illustrative,
    );
    let written = diesel::insert_into(frozen::table).values(chosen).into_columns(columns).execute(conn)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}

/// Of which KPIs, innovations and breakdowns a release has values.
pub fn kinds(conn: &mut Conn, release: Id) -> Result<Vec<(Id, Id, String)>> {
    use kpi_release_values as frozen;
    let kinds = frozen::table.filter(frozen::release_id.eq(release)).distinct();
    let kinds = kinds.select((frozen::kpi_id, frozen::innovation_id, frozen::breakdown));
    Ok(kinds.order_by((frozen::innovation_id, frozen::breakdown, frozen::kpi_id)).load(conn)?)
}

/// Whether a release has values of its own period, rather than of those before it alone, and whether any is invented.
pub fn looks(conn: &mut Conn, release: Id, period_start: NaiveDate) -> Result<(bool, bool)> {
    use kpi_release_values as frozen;
    let own = || frozen::table.filter(frozen::release_id.eq(release));
    let reported = diesel::select(diesel::dsl::exists(own().filter(frozen::period_start.eq(period_start))));
    let invented = diesel::select(diesel::dsl::exists(own().filter(frozen::illustrative.eq(true))));
    Ok((reported.get_result(conn)?, invented.get_result(conn)?))
}

pub fn insert_figures(conn: &mut Conn, rows: &[FigureRow]) -> Result<()> {
    insert_all!(conn, kpi_release_figures::table, rows);
    Ok(())
}

/// Which total is meant.
#[derive(Debug, Clone, Copy)]
pub struct TotalKey<'a> {
    pub kpi: Id,
    pub place: Id,
    pub innovation: Id,
    pub breakdown: &'a str,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_total(key: TotalKey<'_>) -> _ {
    let kpi: Id = key.kpi;
    let place: Id = key.place;
    let innovation: Id = key.innovation;
    let breakdown: String = key.breakdown.to_owned();
    kpi_release_figures::table
        .filter(kpi_release_figures::kpi_id.eq(kpi))
        .filter(kpi_release_figures::place_id.eq(place))
        .filter(kpi_release_figures::innovation_id.eq(innovation))
        .filter(kpi_release_figures::breakdown.eq(breakdown))
}

/// The figures of one total in a release, in the order of time.
pub fn figures_of(conn: &mut Conn, release: Id, key: TotalKey<'_>) -> Result<Vec<FigureRow>> {
    let own = of_total(key).filter(kpi_release_figures::release_id.eq(release));
    Ok(own.order_by(kpi_release_figures::period_start).load(conn)?)
}

/// The figures of one total in the periods that begin between two days, with when and as what each was released, the oldest release
/// first.
pub fn released(
    conn: &mut Conn,
    key: TotalKey<'_>,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Vec<(FigureRow, super::store::ReleaseRow)>> {
    let mut query = of_total(key)
        .inner_join(kpi_releases::table.on(kpi_releases::id.eq(kpi_release_figures::release_id)))
        .select((kpi_release_figures::all_columns, kpi_releases::all_columns))
        .into_boxed::<MultiBackend>();
    if let Some(from) = from {
        query = query.filter(kpi_release_figures::period_start.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(kpi_release_figures::period_start.le(to));
    }
    let order = (kpi_releases::updated_at, kpi_releases::id, kpi_release_figures::period_start);
    Ok(query.order_by(order).load(conn)?)
}

/// The values of an organisation in a release, of a breakdown or of all of them, in the order of time.
pub fn values_of(
    conn: &mut Conn,
    release: Id,
    (kpi, organisation, innovation): (Id, Id, Id),
    breakdown: Option<&str>,
) -> Result<Vec<FrozenValueRow>> {
    use kpi_release_values as frozen;
    let mut query = frozen::table
        .filter(frozen::organisation_id.eq(organisation))
        .filter(frozen::kpi_id.eq(kpi))
        .filter(frozen::release_id.eq(release))
        .filter(frozen::innovation_id.eq(innovation))
        .into_boxed::<MultiBackend>();
    if let Some(breakdown) = breakdown {
        query = query.filter(frozen::breakdown.eq(breakdown.to_owned()));
    }
    Ok(query.order_by((frozen::period_start, frozen::series_id)).load(conn)?)
}
