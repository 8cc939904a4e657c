//! Values and revisions in the database.

use super::provisional::{self, ListedValue, ValuesQuery, WaitingQuery};
use super::rows::{Query, ValueRow};
use super::rules::{UNSUPPRESSED, not_provisional};
use crate::access::{Reach, ReachParts};
use crate::calendar::{DayRange, PeriodType};
use crate::db::dialect::{Engine, FEW, Unindexed};
use crate::db::list::Listed as _;
use crate::db::schema::{kpi_value_drafts, kpi_value_revisions, kpi_values, kpis, organisation_closure, series};
use crate::db::{Conn, MultiBackend};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Codes, Context, Line};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::parse_breakdown_text;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::store::below;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{innovations, narrow, organisations, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, IntoBoxed, Select, exists};
use diesel::prelude::*;
use std::collections::HashSet;

params! {
    /// What a list of values may be narrowed to.
    pub struct ListValues list of ListedValue {
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
        /// Instead of `from` and `to`: `last-12-months`, `last-4-quarters` and the like for the last ones that have ended by today in London,
        /// `last-financial-year`, or `this-financial-year` for the one that runs.
        period: CodeParam = "period",
        /// The id of the submission that wrote them.
        submission: Id = "submission",
        /// Whether values that await approval are laid over those that count, wherever you may see values as they are; elsewhere you get
        /// what counts. Refused to whoever sees none as they are. Default: what counts.
        provisional: bool = "provisional",
    }
}

/// Values inside the reach.
///
/// # Errors
/// `unknown-reference`; `validation-failed` for ends that are no days, and for a breakdown without a single KPI; `forbidden` for what
/// awaits approval where the caller sees no values as they are.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListValues) -> Result<ValuesQuery> {
    let (reach, today) = (context.reach(), context.today());
    let whole = asked.provisional.unwrap_or_default().then(|| context.actor.reach(UNSUPPRESSED));
    if whole.as_ref().is_some_and(Reach::is_nothing) {
        return Err(not_provisional());
    }
    let kpis = asked.kpi.as_ref().map(|codes| catalogue::store::all_referred(conn, "?kpi", &codes.0)).transpose()?;
    let only = kpis.as_deref().and_then(|kpis| if let [one] = kpis { Some(one) } else { None });
    let text = |line: &'_ Option<Line>| line.as_ref().map(|line| line.0.clone());
    let kind = only.map_or(PeriodType::Day, |kpi| kpi.period_type);
    let days = match &asked.period {
        Some(period) => DayRange::relative(&period.0, asked.from.is_some() || asked.to.is_some(), today)?,
        None => DayRange::read(kind, text(&asked.from).as_deref(), text(&asked.to).as_deref(), "?")?,
    };
    let breakdown = asked.breakdown.as_ref().map(|line| breakdown(only, &line.0)).transpose()?;
    let organisations = match &asked.organisation {
        Some(codes) => Some(organisations::store::all_referred(conn, "?organisation", &codes.0)?),
        None => None,
    };
    let place =
        asked.place.as_ref().map(|place| organisations::store::referred(conn, "?place", &place.0)).transpose()?;
    let innovation =
        asked.innovation.as_ref().map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
    let kpis = kpis.map(|kpis| kpis.into_iter().map(|kpi| (kpi.id, kpi.number)).collect());
    let series = WantedSeries { reach, today, kpis, organisations, place, innovation, breakdown };
    let query = |many: bool| {
        let mut query = series.values(many);
        narrow! { query, days;
            from => kpi_values::period_start.ge(*from);
            to => kpi_values::period_start.le(*to);
        }
        if let Some(submission) = asked.submission {
            query = query.filter(kpi_values::submission_id.eq(submission));
        }
        match &whole {
            Some(whole) => provisional::uncovered(query, whole, today),
            None => query,
        }
    };
    let waiting = whole.as_ref().map(|whole| {
        let mut query = series.waiting(whole);
        narrow! { query, days;
            from => kpi_value_drafts::period_start.ge(*from);
            to => kpi_value_drafts::period_start.le(*to);
        }
        match asked.submission {
            Some(submission) => query.filter(kpi_value_drafts::submission_id.eq(submission)),
            None => query,
        }
    });
    let planned_blindly = conn.engine() == Engine::Sqlite && series.are_narrowed();
    let many = planned_blindly && ValueRow::count(query(false), FEW + 1, conn)? as i64 > FEW;
    Ok(ValuesQuery::of(query(many), waiting))
}

/// The series whose values are wanted: those of the caller's reach, and of the filters.
struct WantedSeries {
    reach: Reach,
    today: NaiveDate,
    /// Each with its number, by which its values lie together.
    kpis: Option<Vec<(Id, i32)>>,
    organisations: Option<Vec<Id>>,
    place: Option<Id>,
    innovation: Option<Id>,
    breakdown: Option<String>,
}

impl WantedSeries {
    /// Whether any series is left out.
    fn are_narrowed(&self) -> bool {
        let Self { reach, kpis, organisations, place, innovation, breakdown, .. } = self;
        let named = kpis.is_some() || organisations.is_some() || place.is_some() || innovation.is_some();
        named || breakdown.is_some() || !reach.is_everything()
    }

    /// Their values. Where there are many, SQLite follows the values in the list's own order and looks each series up.
    fn values(&self, many: bool) -> Query {
        let values = kpi_values::table.inner_join(series::table).select(ValueRow::as_select());
        let mut query = values.into_boxed::<MultiBackend>();
        let organisation = Unindexed::when(many, series::organisation_id);
        let kpi = Unindexed::when(many, series::kpi_id);
        let innovation = Unindexed::when(many, series::innovation_id);
        let ReachParts { everything, programmes, organisations, innovations, within } = self.reach.clone().into_parts();
        if let Some(place) = within {
            query = query.filter(organisation.eq_any(below(vec![place], self.today)));
        }
        if !everything {
            let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
            let own = organisation.eq_any(below(organisations, self.today)).or(kpi.eq_any(programmes));
            query = query.filter(own.or(innovation.eq_any(innovations)));
        }
        // A value's number is that of its series. PostgreSQL, told so beside the number itself, takes it for a second
        // narrowing, expects few rows, and sorts all that it finds instead of following them in order.
        let own_number = kpi_values::kpi_number.eq(series::kpi_number);
        query = match self.kpis.as_deref() {
            None => query.filter(own_number),
            Some([(_, number)]) => query.filter(kpi_values::kpi_number.eq(*number)),
            Some(several) => {
                let (ids, numbers): (Vec<Id>, Vec<i32>) = several.iter().copied().unzip();
                query.filter(own_number).filter(kpi.eq_any(ids)).filter(kpi_values::kpi_number.eq_any(numbers))
            }
        };
        if let Some(organisations) = &self.organisations {
            query = query.filter(organisation.eq_any(organisations.clone()));
        }
        if let Some(place) = self.place {
            let (inside, descendant) = (below(vec![place], self.today), organisation_closure::descendant_id);
            query = if many {
                let linked = inside.filter(descendant.eq(series::organisation_id)).select(descendant);
                query.filter(Unindexed::of(exists(linked)))
            } else {
                query.filter(organisation.eq_any(inside.select(descendant)))
            };
        }
        if let Some(wanted) = self.innovation {
            query = query.filter(innovation.eq(wanted));
        }
        if let Some(breakdown) = &self.breakdown {
            query = query.filter(Unindexed::when(many, series::breakdown).eq(breakdown.clone()));
        }
        query
    }
}

impl WantedSeries {
    /// What awaits approval in the place of their values, of those that may be seen.
    fn waiting(&self, whole: &Reach) -> WaitingQuery {
        let mut query = provisional::waiting(whole, self.today);
        if let Some(several) = &self.kpis {
            let (ids, numbers): (Vec<Id>, Vec<i32>) = several.iter().copied().unzip();
            query = query.filter(series::kpi_id.eq_any(ids)).filter(kpi_value_drafts::kpi_number.eq_any(numbers));
        }
        narrow! { query, self;
            organisations => series::organisation_id.eq_any(organisations.clone());
            place => series::organisation_id.eq_any(below(vec![*place], self.today));
            innovation => series::innovation_id.eq(*innovation);
            breakdown => series::breakdown.eq(breakdown.clone());
        }
        query
    }
}

/// The canonical text of a breakdown of the only KPI asked for.
fn breakdown(only: Option<&KpiRow>, text: &str) -> Result<String> {
    let unknown = |detail| Error::invalid("?breakdown", "unknown-breakdown", detail);
    let kpi = only.ok_or_else(|| unknown("A breakdown needs a single KPI."))?;
    parse_breakdown_text(&kpi.breakdowns(), text).ok_or_else(|| unknown("This is not a breakdown of the KPI."))
}

/// The key of a series: its KPI, organisation and innovation.
pub fn series_key(conn: &mut Conn, id: i64) -> Result<Option<(Id, Id, Id)>> {
    let key = series::table.find(id).select((series::kpi_id, series::organisation_id, series::innovation_id));
    Ok(key.first(conn).optional()?)
}

/// A value that was written over or taken away.
#[derive(Queryable)]
#[expect(dead_code, reason = "the whole row is read")]
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

sortable! { RevisionRow, Revisions, key "version" => kpi_value_revisions::version as Small;
    kpi_value_revisions of |row| row => "replacedAt" replaced_at, "updatedAt" updated_at, then version;
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

/// A value that a submission wrote over or took away, with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_value_revisions)]
pub struct ReplacedRow {
    pub series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    pub kpi_id: Id,
    #[diesel(select_expression = series::kpi_number)]
    kpi_number: i32,
    #[diesel(select_expression = series::organisation_id)]
    pub organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    pub innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    pub breakdown: String,
    pub period_start: NaiveDate,
    pub version: i32,
    pub replaced_by: Id,
    pub replaced_at: NaiveDateTime,
}

type Replaced = Select<InnerJoin<kpi_value_revisions::table, series::table>, AsSelect<ReplacedRow, MultiBackend>>;
type ReplacedQuery = IntoBoxed<'static, Replaced, MultiBackend>;

sortable! { ReplacedRow, ReplacedQuery;
    kpi_value_revisions of |row| row => "period" period_start, then series_id;
}

params! {
    /// Which replaced values are listed.
    pub struct ListReplacedKpiValues list of ReplacedRow {
        /// The id of the submission that replaced them. It is needed.
        replaced_by: Id = "replacedBy",
    }
}

/// The values inside the reach that a submission replaced: a submission replaces each of them once.
///
/// # Errors
/// `validation-failed` without the submission.
pub fn replaced(_: &mut Conn, context: &Context, asked: &ListReplacedKpiValues) -> Result<ReplacedQuery> {
    let by = asked.replaced_by.ok_or_else(|| {
        Error::invalid("?replacedBy", "missing", "Expected the id of the submission that replaced the values.")
    })?;
    let ReachParts { everything, programmes, organisations, innovations, within } = context.reach().into_parts();
    let mut query = kpi_value_revisions::table.inner_join(series::table).select(ReplacedRow::as_select()).into_boxed();
    if let Some(place) = within {
        query = query.filter(series::organisation_id.eq_any(below(vec![place], context.today())));
    }
    if !everything {
        let programmes = kpis::table.filter(kpis::programme.eq_any(programmes)).select(kpis::id);
        let own = series::organisation_id.eq_any(below(organisations, context.today()));
        query = query.filter(own.or(series::kpi_id.eq_any(programmes)).or(series::innovation_id.eq_any(innovations)));
    }
    Ok(query.filter(kpi_value_revisions::replaced_by.eq(by)))
}

/// Those of the values that are there.
pub fn present(conn: &mut Conn, rows: &[ReplacedRow]) -> Result<HashSet<(i64, NaiveDate)>> {
    let kpis: HashSet<i32> = rows.iter().map(|row| row.kpi_number).collect();
    let series: Vec<i64> = rows.iter().map(|row| row.series_id).collect();
    let starts: Vec<NaiveDate> = rows.iter().map(|row| row.period_start).collect();
    let some =
        kpi_values::table.filter(kpi_values::kpi_number.eq_any(kpis)).filter(kpi_values::series_id.eq_any(series));
    let some = some.filter(kpi_values::period_start.eq_any(starts));
    let keys: Vec<(i64, NaiveDate)> = some.select((kpi_values::series_id, kpi_values::period_start)).load(conn)?;
    Ok(keys.into_iter().collect())
}
