//! `/v1/kpis/{code}/totals`.

use super::answer::KpiTotalsResponse;
use super::asked::{Asked, TotalQuery};
use super::by::{By, totals_by};
use super::ops;
use super::rules::TotalBasis;
use super::summaries::upkeep::Wish;
use crate::error::{Error, Result};
use crate::http::{CSV, CodeParam, Cx, Line, OneWord, Query, Reply, Routes};
use crate::kpis::catalogue::http::KpiPath;
use crate::kpis::releases::reading;
use crate::organisations::rules::Geography;
use crate::params;
use crate::vocabulary::Id;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::NaiveDate;

pub fn routes(routes: &mut Routes) {
    routes.service(get_kpi_totals);
}

params! {
    /// Which totals of the KPI are meant.
    pub struct GetKpiTotals {
        /// The code of the place. The series of that organisation and of all below it are added up by the KPI's aggregation.
        place: CodeParam = "place",
        /// The slug of an innovation. Default: the series of no innovation.
        innovation: CodeParam = "innovation",
        /// One member of each dimension, as `type=1;sex=f`, or the member alone if there is one dimension. Default: the
        /// total over the members.
        breakdown: Line = "breakdown",
        /// The first period, or a date: periods that begin on it or later.
        from: CodeParam = "from",
        /// The last period, or a date: periods that begin on it or earlier.
        to: CodeParam = "to",
        /// Instead of `from` and `to`: `last-12-months`, `last-4-quarters` and the like for the last ones that have ended by today in London,
        /// `last-financial-year`, or `this-financial-year` for the one that runs.
        period: CodeParam = "period",
        /// The map on which the organisations of the place are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`. Default: today.
        as_of: NaiveDate = "asOf",
        /// Whether only organisations that reported in every period count. Default: `all`.
        basis: OneWord<TotalBasis> = "basis",
        /// What the totals are told apart by: `breakdown:` and a dimension of the KPI, `place:` and a type of organisations, or `innovation`.
        by: Line = "by",
        /// The id of a release that holds figures of the place: they are answered as they were published.
        release: Id = "release",
        /// Whether values that await approval are laid over those that count; what is made of them is marked. For those who may see
        /// all of these values as they are. Default: what counts.
        provisional: bool = "provisional",
    }
}

impl From<GetKpiTotals> for TotalQuery {
    fn from(query: GetKpiTotals) -> Self {
        Self {
            organisation: None,
            place: query.place.map(|code| code.0),
            innovation: query.innovation.map(|slug| slug.0),
            breakdown: query.breakdown.map(|line| line.0),
            from: query.from.map(|code| code.0),
            to: query.to.map(|code| code.0),
            map: (query.geography.map(|word| word.0), query.as_of),
            basis: query.basis.map(|word| word.0),
            release: query.release,
            provisional: query.provisional.unwrap_or_default(),
        }
    }
}

/// Get the totals of a KPI below a place
///
/// Returns what was reported below the place, added up period by period, and how much of what was expected that is. Whoever has once
/// sent a value is expected in every later period, until it closes or a reporting exception says otherwise. What is missing is never
/// estimated. As JSON or CSV.
///
/// With `by` the totals are told apart, and each body counts in one part. By places of a type, what lies under none of them has points without
/// a place.
///
/// Readers without the grant to see small counts get each total rounded to 5, or to the nearest multiple of 5 that leaves a count from 1 to 7
/// within it three possible values; what cannot be told so is `suppressed`. England's totals are exact wherever that tells nothing. Whoever sees
/// some of the values as they are gets these exactly, and the rest by this rule, unless the rest is of one series alone.
#[utoipa::path(tag = "kpi-values", params(KpiPath, GetKpiTotals), responses((status = 200, description = "The totals", content((KpiTotalsResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/kpis/{code}/totals")]
pub async fn get_kpi_totals(cx: Cx, path: web::Path<KpiPath>, query: Query<GetKpiTotals>) -> Result<Reply> {
    let (Query(query), csv, today) = (query, cx.wants("text/csv"), cx.context.today());
    let period = query.period.as_ref().map(|words| words.0.clone());
    let by = query.by.clone();
    let query = TotalQuery::from(query).over(period.as_deref(), today)?;
    let service = cx.service.clone();
    let answer = |wish: Wish| {
        cx.report(move |conn, context| {
            if query.place.is_none() {
                return Err(Error::invalid("?place", "missing", "Name the place whose totals are meant."));
            }
            let asked = Asked { tells_states: true, ..Asked::read(conn, &path.code, &query)? };
            let (totalled, parts, revised_since) = match (query.release, by) {
                (Some(_), Some(_)) => {
                    let detail = "A release holds totals that are not told apart. Leave by out.";
                    return Err(Error::invalid("?by", "not-applicable", detail));
                }
                (Some(release), None) => (reading::totals(conn, context, &asked, &query, release)?, None, None),
                (None, Some(Line(text))) => {
                    let by = By::read(&asked.kpi, &text, &query)?;
                    let (totalled, parts) = totals_by(conn, context, &asked, &query, &by)?;
                    (totalled, Some((text, parts)), None)
                }
                (None, None) => {
                    let totalled = ops::totals(conn, context, &asked, &query)?;
                    let revised_since = reading::revised_since(conn, context, &asked, &query, &totalled)?;
                    (totalled, None, revised_since)
                }
            };
            wish.set(totalled.to_keep.clone());
            let answer = KpiTotalsResponse::of(asked, query.innovation, totalled, parts, revised_since);
            let answer = answer.ok_or_else(|| Error::internal("a total of no place"))?;
            if csv { Ok(Reply::text(StatusCode::OK, CSV, answer.csv()?)) } else { Reply::ok(&answer) }
        })
    };
    Wish::beside(service, answer).await
}
