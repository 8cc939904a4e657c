//! `/v1/kpis/{code}/totals`.

use super::answer::KpiTotalsResponse;
use super::asked::{Asked, TotalQuery};
use super::ops;
use super::rules::TotalBasis;
use super::summaries::upkeep::Wish;
use crate::error::{Error, Result};
use crate::http::{CSV, CodeParam, Cx, Line, OneWord, Query, Reply, Routes};
use crate::kpis::catalogue::http::KpiPath;
use crate::organisations::rules::Geography;
use crate::params;
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
        /// The map on which the organisations of the place are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`. Default: today.
        as_of: NaiveDate = "asOf",
        /// Whether only organisations that reported in every period count. Default: `all`.
        basis: OneWord<TotalBasis> = "basis",
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
            provisional: query.provisional.unwrap_or_default(),
        }
    }
}

/// Get the totals of a KPI below a place
///
/// Returns what was reported below the place, added up period by period, and how much of what was expected that is. Whoever has once
/// sent a value is expected in every later period, until it closes or a reporting exception says otherwise. What is missing is never
/// estimated. As JSON or CSV.
#[utoipa::path(tag = "kpi-values", params(KpiPath, GetKpiTotals), responses((status = 200, description = "The totals", content((KpiTotalsResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/kpis/{code}/totals")]
pub async fn get_kpi_totals(cx: Cx, path: web::Path<KpiPath>, query: Query<GetKpiTotals>) -> Result<Reply> {
    let (query, csv): (TotalQuery, bool) = (query.0.into(), cx.wants("text/csv"));
    let service = cx.service.clone();
    let answer = |wish: Wish| {
        cx.report(move |conn, context| {
            if query.place.is_none() {
                return Err(Error::invalid("?place", "missing", "Name the place whose totals are meant."));
            }
            let asked = Asked { tells_states: true, ..Asked::read(conn, &path.code, &query)? };
            let totalled = ops::totals(conn, context, &asked, &query)?;
            wish.set(totalled.to_keep.clone());
            let answer = KpiTotalsResponse::of(asked, query.innovation, totalled);
            let answer = answer.ok_or_else(|| Error::internal("a total of no place"))?;
            if csv { Ok(Reply::text(StatusCode::OK, CSV, answer.csv()?)) } else { Reply::ok(&answer) }
        })
    };
    Wish::beside(service, answer).await
}
