//! `/v1/kpi-grid`.

use super::answer::KpiGridResponse;
use super::ops::{self, GridQuery};
use super::store::Chosen;
use crate::error::Result;
use crate::http::documents::POLICY;
use crate::http::{CSV, CodeParam, Codes, Cx, OneWord, Query, Reply, Routes, SVG};
use crate::kpis::spc::answer::SpcChart;
use crate::kpis::spc::rules::Profile;
use crate::kpis::spc::words::Recalculations;
use crate::kpis::totals::asked::TotalQuery;
use crate::kpis::totals::rules::TotalBasis;
use crate::kpis::totals::summaries::upkeep::Wish;
use crate::organisations::rules::Geography;
use crate::params;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::NaiveDate;

pub fn routes(routes: &mut Routes) {
    routes.service(get_kpi_grid);
}

params! {
    /// Whose grid is meant, and of which KPIs.
    pub struct GetKpiGrid {
        /// The code of an organisation: its own series. Give this or `place`.
        organisation: CodeParam = "organisation",
        /// The code of a place. The series of that organisation and of all below it are added up, by each KPI's aggregation.
        place: CodeParam = "place",
        /// Codes of KPIs. Default: every live KPI that has values there.
        kpi: Codes = "kpi",
        /// The code of a KPI set: its KPIs, also those without values.
        set: CodeParam = "set",
        /// The slug of a programme: its KPIs alone.
        programme: CodeParam = "programme",
        /// The slug of an innovation. Default: the series of no innovation.
        innovation: CodeParam = "innovation",
        /// Whose rules to follow. Default: `mdc`.
        profile: OneWord<Profile> = "profile",
        /// The first day: periods that begin on it or later. Earlier periods do not count. With a single KPI it can be a period of that KPI.
        from: CodeParam = "from",
        /// The last day: periods that begin on it or earlier. A period means its last day.
        to: CodeParam = "to",
        /// Instead of `from` and `to`: `last-12-months`, `last-4-quarters` and the like for the last ones that have ended by today in London,
        /// `last-financial-year`, or `this-financial-year` for the one that runs.
        period: CodeParam = "period",
        /// The map on which the organisations of the place are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`. Default: today.
        as_of: NaiveDate = "asOf",
        /// Whether only organisations of the place that reported in every period count. Default: `all`.
        basis: OneWord<TotalBasis> = "basis",
        /// `none` to see every series as if it had never been recalculated. Default: `all`.
        recalculations: OneWord<Recalculations> = "recalculations",
        /// Whether values that await approval are laid over those that count; what is made of them is marked. KPIs whose values here you
        /// may not all see as they are are left out. What is beside it by `against` always counts. Default: what counts.
        provisional: bool = "provisional",
        /// The code of a place, such as England: its figure of the same period stands beside each.
        against: CodeParam = "against",
    }
}

impl From<GetKpiGrid> for GridQuery {
    fn from(query: GetKpiGrid) -> Self {
        let code = |code: Option<CodeParam>| code.map(|code| code.0);
        Self {
            series: TotalQuery {
                organisation: code(query.organisation),
                place: code(query.place),
                innovation: code(query.innovation),
                breakdown: None,
                from: code(query.from),
                to: code(query.to),
                map: (query.geography.map(|word| word.0), query.as_of),
                basis: query.basis.map(|word| word.0),
                release: None,
                provisional: query.provisional.unwrap_or_default(),
            },
            chosen: Chosen {
                kpis: query.kpi.map(|codes| codes.0),
                set: code(query.set),
                programme: code(query.programme),
            },
            profile: query.profile.map(|word| word.0),
            recalculations: query.recalculations.map(|word| word.0),
            against: code(query.against),
        }
    }
}

/// Get the grid of an organisation or a place
///
/// Returns what every KPI says of its latest period: value, target, variation, assurance, a sparkline and what is missing, each as the
/// KPI's own analysis has it, counted by variation and assurance. KPIs outside what you may see are left out, and a note says how many.
/// As JSON, as CSV, as a page to print (`text/html`), or as a drawing (`image/svg+xml`).
#[utoipa::path(tag = "spc", params(GetKpiGrid), responses((status = 200, description = "The grid", content((KpiGridResponse = "application/json"), (String = "text/csv"), (String = "text/html"), (SpcChart = "image/svg+xml")), headers(("ETag" = String)))))]
#[get("/v1/kpi-grid")]
pub async fn get_kpi_grid(cx: Cx, query: Query<GetKpiGrid>) -> Result<Reply> {
    let (Query(query), today) = (query, cx.context.today());
    let period = query.period.as_ref().map(|words| words.0.clone());
    let query = GridQuery::from(query);
    let query = GridQuery { series: query.series.over(period.as_deref(), today)?, ..query };
    let [csv, page, picture] = ["text/csv", "text/html", SVG].map(|media_type| cx.wants(media_type));
    let service = cx.service.clone();
    let answer = |wish: Wish| {
        cx.report(move |conn, context| {
            let grid = ops::get_kpi_grid(conn, context, &query)?;
            wish.set(grid.to_keep.clone());
            let text = |media_type, body| Reply::text(StatusCode::OK, media_type, body);
            let reply = if csv {
                text(CSV, KpiGridResponse::of(&grid).csv()?)
            } else if page {
                let page = text("text/html; charset=utf-8", grid.page().into_bytes());
                page.header("Content-Security-Policy", POLICY.to_owned())
            } else if picture {
                text(SVG, grid.picture().into_bytes())
            } else {
                Reply::ok(&KpiGridResponse::of(&grid))?
            };
            Ok(reply.named_by_content())
        })
    };
    Wish::beside(service, answer).await
}
