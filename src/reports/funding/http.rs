//! `/v1/reports/funding`.

use super::ops::{self, Asked, Line};
use super::rules::GroupBy;
use crate::calendar::DayRange;
use crate::error::Result;
use crate::funding::money::Money;
use crate::http::csv::Sheet;
use crate::http::params::{CodeParam, OneWord, Query};
use crate::http::reply::{CSV, Reply};
use crate::http::request::Cx;
use crate::params;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(get_funding_report);
}

params! {
    /// How a funding report is made.
    pub struct GetFundingReport {
        /// What it is grouped by. Default: fund.
        by: OneWord<GroupBy> = "by",
        /// The code of one fund.
        fund: CodeParam = "fund",
        /// The slug of a programme: its funds.
        programme: CodeParam = "programme",
        /// The first day that counts. Default: from the beginning.
        from: NaiveDate = "from",
        /// The last day that counts. Default: today.
        to: NaiveDate = "to",
    }
}

/// The money of one group, in decimal numbers of its currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FundingLineResponse {
    /// A code of a fund, funder or place, a slug of a programme, or a financial year; null for what has none.
    #[schema(example = "NIA-2015", max_length = 60)]
    key: Option<String>,
    #[schema(example = "GBP", min_length = 3, max_length = 3)]
    currency: String,
    /// Null by place: contributions have none.
    #[schema(example = "1000000.00", max_length = 30)]
    contributed: Option<String>,
    #[schema(example = "650000.00", max_length = 30)]
    committed: String,
    /// Net of what was returned.
    #[schema(example = "240000.00", max_length = 30)]
    disbursed: String,
    #[schema(example = "140000.00", max_length = 30)]
    released: String,
    #[schema(example = "0.00", max_length = 30)]
    written_off: String,
    /// In, less out.
    #[schema(example = "-25000.00", max_length = 30)]
    reallocated: String,
    /// Left for new awards: contributed and reallocated, less committed, with what was released. Null by place.
    #[schema(example = "465000.00", max_length = 30)]
    available: Option<String>,
    /// What the profiles of its awards plan for the financial years that begin in these days.
    #[schema(example = "200000.00", max_length = 30)]
    planned: String,
    /// Disbursed less planned.
    #[schema(example = "40000.00", max_length = 30)]
    variance: String,
}

impl FundingLineResponse {
    fn of(by: GroupBy, line: Line) -> Self {
        let Line { key, currency, totals } = line;
        let amount = |minor: i64| Money::of(minor, &currency).amount();
        let placed = by == GroupBy::Place;
        Self {
            contributed: (!placed).then(|| amount(totals.contributed)),
            committed: amount(totals.committed),
            disbursed: amount(totals.disbursed - totals.returned),
            released: amount(totals.released),
            written_off: amount(totals.written_off),
            reallocated: amount(totals.reallocated_in - totals.reallocated_out),
            available: (!placed).then(|| amount(totals.available())),
            planned: amount(totals.planned),
            variance: amount(totals.variance()),
            key,
            currency,
        }
    }
}

/// Where the money went.
#[derive(Serialize, ToSchema)]
pub struct FundingReportResponse {
    by: GroupBy,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[schema(max_items = 10000)]
    lines: Vec<FundingLineResponse>,
    #[schema(max_items = 20)]
    notes: Vec<&'static str>,
}

const NOTES: [&str; 3] = [
    "A funder's share of what was done with a fund's money is the share of all contributions to the fund that it made, divided to the penny.",
    "A place is the integrated care board that the recipient lies below today; null is for recipients below none, people among them, and for what was done to funds alone.",
    "Planned is what the profiles of approved awards say for the financial years that begin in the days asked for, up to today by default; variance is what was disbursed, net of returns, less that.",
];

/// Get the funding report
///
/// Contributed, committed, disbursed, released, reallocated and available, with the variance against what was planned,
/// by fund, funder, programme, place or financial year; of the funds you may see. As JSON or CSV.
#[utoipa::path(
    tag = "reports",
    params(GetFundingReport),
    responses((status = 200, description = "The report", content((FundingReportResponse = "application/json"), (String = "text/csv")))),
)]
#[get("/v1/reports/funding")]
pub async fn get_funding_report(cx: Cx, query: Query<GetFundingReport>) -> Result<Reply> {
    let (Query(query), csv) = (query, cx.wants("text/csv"));
    cx.bulk_read(move |conn, context| {
        let asked = Asked {
            by: query.by.map_or(GroupBy::Fund, |by| by.0),
            fund: query.fund.map(|code| code.0),
            programme: query.programme.map(|slug| slug.0),
            days: DayRange::new(query.from, query.to, "?")?,
        };
        let lines = ops::get_funding_report(conn, context, &asked)?;
        let lines: Vec<_> = lines.into_iter().map(|line| FundingLineResponse::of(asked.by, line)).collect();
        if csv {
            return Ok(Reply::text(StatusCode::OK, CSV, sheet(&lines)?));
        }
        let Asked { by, days: DayRange { from, to }, .. } = asked;
        Reply::ok(&FundingReportResponse { by, from, to, lines, notes: NOTES.to_vec() })
    })
    .await
}

fn sheet(lines: &[FundingLineResponse]) -> Result<Vec<u8>> {
    let mut sheet = Sheet::with_header([
        "key",
        "currency",
        "contributed",
        "committed",
        "disbursed",
        "released",
        "writtenOff",
        "reallocated",
        "available",
        "planned",
        "variance",
    ])?;
    for line in lines {
        sheet.row([
            line.key.as_deref().unwrap_or_default(),
            &line.currency,
            line.contributed.as_deref().unwrap_or_default(),
            &line.committed,
            &line.disbursed,
            &line.released,
            &line.written_off,
            &line.reallocated,
            line.available.as_deref().unwrap_or_default(),
            &line.planned,
            &line.variance,
        ])?;
    }
    sheet.finish()
}
