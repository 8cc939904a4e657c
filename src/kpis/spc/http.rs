//! `/v1/kpis/{code}/spc`, `/v1/kpis/{code}/chart.svg` and `/v1/spc-analyses`.

use super::answer::{SpcChart, SpcResponse};
use super::body::{self, AnalyseSpc, AnalyseSpcRequest};
use super::chart::Icon;
use super::ops::{self, SpcQuery};
use super::rules::Profile;
use super::words::{Differences, Recalculations};
use crate::error::{Error, Result};
use crate::http::heavy::heavy;
use crate::http::schemas;
use crate::http::{Answer, Body, CodeParam, Cx, Kind, Line, OneWord, Query, Reply, Routes, SVG, Upload, Whole};
use crate::kpis::catalogue::http::KpiPath;
use crate::kpis::catalogue::rules::ConflictRule;
use crate::kpis::totals::asked::TotalQuery;
use crate::kpis::totals::rules::TotalBasis;
use crate::kpis::totals::summaries::upkeep::Wish;
use crate::organisations::rules::Geography;
use crate::vocabulary::Id;
use crate::{csv_body, params};
use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use chrono::NaiveDate;

pub fn routes(routes: &mut Routes) {
    routes.service(get_kpi_spc).service(get_kpi_chart).service(analyse_spc).service(get_spc_icon);
}

params! {
    /// Which series of the KPI is analysed, and how.
    pub struct GetKpiSpc {
        /// The code of the organisation of the series. Give this or `place`.
        organisation: CodeParam = "organisation",
        /// The code of a place. The series of that organisation and of all below it are added up by the KPI's aggregation.
        place: CodeParam = "place",
        /// The map on which the organisations of the place are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`. Default: today.
        as_of: NaiveDate = "asOf",
        /// Whether only organisations of the place that reported in every period count. Default: `all`.
        basis: OneWord<TotalBasis> = "basis",
        /// Whether values that await approval are laid over those that count; what is made of them is marked. For those who may see
        /// all of these values as they are. Default: what counts.
        provisional: bool = "provisional",
        /// The slug of an innovation. Default: the series of no innovation.
        innovation: CodeParam = "innovation",
        /// One member of each dimension, as `type=1;sex=f`, or the member alone if there is one dimension. Default: the
        /// total over the members.
        breakdown: Line = "breakdown",
        /// Whose rules to follow. Default: `mdc`.
        profile: OneWord<Profile> = "profile",
        /// Whether to leave outlying moving ranges out of their mean. Default: as the profile says.
        screen_outliers: bool = "screenOutliers",
        /// How many points on one side of the mean make a shift. Default: 7.
        shift_length: Whole<6, 8> = "shiftLength",
        /// How many points, each higher (or each lower) than the one before, make a trend. Default: 7.
        trend_length: Whole<6, 8> = "trendLength",
        /// How many points a variation and an assurance need. Default: 13 for `mdc`, 2 for `ptd`.
        min_points: Whole<2, 10000> = "minPoints",
        /// How to classify a point that shows improvement and concern at once. Default: as the KPI says.
        conflict_rule: OneWord<ConflictRule> = "conflictRule",
        /// The first period, or a date: periods that begin on it or later. Earlier periods do not count.
        from: CodeParam = "from",
        /// The last period, or a date: periods that begin on it or earlier. Later periods do not count.
        to: CodeParam = "to",
        /// Instead of `from` and `to`: `last-12-months`, `last-4-quarters` and the like for the last ones that have ended by today in London,
        /// `last-financial-year`, or `this-financial-year` for the one that runs.
        period: CodeParam = "period",
        /// `year` to analyse changes since the same period a year before instead of values, such as of a seasonal series. Of days and
        /// weeks that is the one 52 weeks before. Default: values.
        differences: OneWord<Differences> = "differences",
        /// `none` to see the series as if it had never been recalculated. Default: `all`.
        recalculations: OneWord<Recalculations> = "recalculations",
        /// The id of a release: its figures of the place, or of the series, as they were published.
        release: Id = "release",
    }
}

impl GetKpiSpc {
    /// The question, as it is meant on this day.
    fn on(self, today: NaiveDate) -> Result<SpcQuery> {
        let period = self.period.as_ref().map(|words| words.0.clone());
        let query = SpcQuery::from(self);
        Ok(SpcQuery { series: query.series.over(period.as_deref(), today)?, ..query })
    }
}

impl From<GetKpiSpc> for SpcQuery {
    fn from(query: GetKpiSpc) -> Self {
        Self {
            series: TotalQuery {
                organisation: query.organisation.map(|code| code.0),
                place: query.place.map(|code| code.0),
                innovation: query.innovation.map(|slug| slug.0),
                breakdown: query.breakdown.map(|line| line.0),
                from: query.from.map(|code| code.0),
                to: query.to.map(|code| code.0),
                map: (query.geography.map(|word| word.0), query.as_of),
                basis: query.basis.map(|word| word.0),
                release: query.release,
                provisional: query.provisional.unwrap_or_default(),
            },
            choices: body::choices(
                query.profile,
                query.screen_outliers,
                (query.shift_length, query.trend_length),
                query.min_points,
                query.conflict_rule,
            ),
            differences: query.differences.map(|word| word.0),
            recalculations: query.recalculations.map(|word| word.0),
        }
    }
}

/// Analyse a series of a KPI
///
/// Returns the mean, limits, rules and icons of an XmR chart, for the series of one organisation or the total of a place.
/// Periods without a value are gaps. The analysis uses the values that you may see.
/// A total that lacks too much of what is expected is `partial`: it is told, and counts in no limit, rule or icon.
#[utoipa::path(tag = "spc", params(KpiPath, GetKpiSpc), responses((status = 200, description = "The analysis", body = SpcResponse, headers(("ETag" = String)))))]
#[get("/v1/kpis/{code}/spc")]
pub async fn get_kpi_spc(cx: Cx, path: web::Path<KpiPath>, query: Query<GetKpiSpc>) -> Result<Answer<SpcResponse>> {
    let (query, _place) = (query.0.on(cx.context.today())?, cx.place(Kind::Charts).await?);
    let service = cx.service.clone();
    let answer = |wish: Wish| {
        cx.answer(move |conn, context| {
            let (study, to_keep) = ops::get_kpi_spc(conn, context, &path.code, &query)?;
            wish.set(to_keep);
            Ok(SpcResponse::of(&study))
        })
    };
    Wish::beside(service, answer).await
}

/// Draw the chart of a series of a KPI
///
/// Returns the same analysis as an SVG that stands alone, without scripts, styles or outside references.
#[utoipa::path(tag = "spc", params(KpiPath, GetKpiSpc), responses((status = 200, description = "The chart", body = SpcChart, content_type = "image/svg+xml", headers(("ETag" = String)))))]
#[get("/v1/kpis/{code}/chart.svg")]
pub async fn get_kpi_chart(cx: Cx, path: web::Path<KpiPath>, query: Query<GetKpiSpc>) -> Result<Reply> {
    let (query, _place) = (query.0.on(cx.context.today())?, cx.place(Kind::Charts).await?);
    let service = cx.service.clone();
    let answer = |wish: Wish| {
        cx.snapshot(move |conn, context| {
            let (study, to_keep) = ops::get_kpi_spc(conn, context, &path.code, &query)?;
            wish.set(to_keep);
            Ok(Reply::text(StatusCode::OK, SVG, study.chart().into_bytes()).named_by_content())
        })
    };
    Wish::beside(service, answer).await
}

/// Icons never change under their name.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// How wide and high an icon is, in pixels, unless a page says otherwise.
const ICON: u32 = 108;

/// Get an icon
///
/// Returns an icon of variation or assurance as an SVG that stands alone, by the name that it has across the NHS, such as
/// `VariationIconCommonCause` or `AssuranceIconHitOrMiss`. It has a text alternative.
#[utoipa::path(
    tag = "spc",
    params(("name" = String, Path, description = "The name of an icon", max_length = 60, pattern = "^[A-Za-z]{1,60}$", example = "VariationIconCommonCause")),
    responses(
        (status = 200, description = "The icon", body = SpcChart, content_type = "image/svg+xml"),
        (status = 404, description = "There is no icon of this name", body = crate::http::problem::Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/icons/{name}.svg")]
pub async fn get_spc_icon(name: web::Path<String>) -> Result<Reply> {
    let icon = Icon::named(&name).ok_or_else(|| {
        let known = Icon::names().collect::<Vec<_>>().join(", ");
        Error::not_found("icon").detail(format!("There is no icon of this name. Expected one of {known}."))
    })?;
    Ok(Reply::text(StatusCode::OK, SVG, icon.svg(ICON).into_bytes()).header("Cache-Control", FOR_GOOD.to_owned()))
}

csv_body! {
    /// Points as CSV.
    SpcPointsCsv: body::COLUMNS
}

/// Analyse a series that is sent along
///
/// Analyses points without storing them. Send JSON, or CSV with the columns `period`, `value` and optionally `target` and
/// `excluded`. What the body leaves out can be given by query. An empty or absent value is a gap. With
/// `Accept: image/svg+xml` the answer is the chart.
#[utoipa::path(
    tag = "spc",
    params(AnalyseSpc),
    request_body(content(
        (AnalyseSpcRequest = "application/json"),
        (SpcPointsCsv = "text/csv", example = json!("period,value,target\n2024-01,14,12\n2024-02,11,12\n2024-03,,12\n2024-04,9,12\n")),
    )),
    responses((status = 200, description = "The analysis", content((SpcResponse = "application/json"), (SpcChart = "image/svg+xml")))),
)]
#[post("/v1/spc-analyses")]
pub async fn analyse_spc(cx: Cx, query: Query<AnalyseSpc>, upload: Upload) -> Result<Reply> {
    let body = Body::<AnalyseSpcRequest>::spooled(&cx, upload)?;
    let _place = cx.place(Kind::Charts).await?;
    let until = cx.service.db.due();
    let analysis = move || {
        let given = if cx.content_type == "text/csv" {
            body::read_csv(&body.bytes, query.0.into())?
        } else {
            schemas::read::<AnalyseSpcRequest>(cx.service.schemas, cx.endpoint, &body.bytes)?.given(query.0.into())
        };
        let study = given.study()?;
        if cx.wants(SVG) {
            return Ok(Reply::text(StatusCode::OK, SVG, study.chart().into_bytes()));
        }
        Reply::ok(&SpcResponse::of(&study))
    };
    heavy(until, analysis).await
}
