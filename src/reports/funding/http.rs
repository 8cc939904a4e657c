//! `/v1/reports/funding`.

use super::ops::{self, Asked, Line};
use super::rules::GroupBy;
use crate::calendar::DayRange;
use crate::error::Result;
use crate::funding::money::Money;
use crate::http::csv::Sheet;
use crate::http::{CSV, CodeParam, Cx, OneWord, Query, Reply, Routes};
use crate::params;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(get_funding_report);
}

params! {
    /// The grouping and filters of a funding report.
    pub struct GetFundingReport {
        /// The grouping. Default: fund.
        by: OneWord<GroupBy> = "by",
        /// The code of one fund.
        fund: CodeParam = "fund",
        /// The slug of a programme: only its funds' money and its awards.
        programme: CodeParam = "programme",
        /// The first day that counts. Default: no limit.
        from: NaiveDate = "from",
        /// The last day that counts. Default: today.
        to: NaiveDate = "to",
    }
}

/// The money of one group, in decimal numbers of its currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FundingLineResponse {
    /// The group: the code of a fund, funder or place, the slug of a programme (an award's own), or a financial year. Null for money without such a group.
    #[schema(example = "NIA-2015", max_length = 60)]
    key: Option<String>,
    #[schema(example = "GBP", min_length = 3, max_length = 3)]
    currency: String,
    /// Null when grouped by place, since contributions have no place.
    #[schema(example = "1000000.00", max_length = 30)]
    contributed: Option<String>,
    #[schema(example = "650000.00", max_length = 30)]
    committed: String,
    /// The money paid out, less what was returned.
    #[schema(example = "240000.00", max_length = 30)]
    disbursed: String,
    #[schema(example = "140000.00", max_length = 30)]
    released: String,
    #[schema(example = "0.00", max_length = 30)]
    written_off: String,
    /// Reallocated in, less reallocated out.
    #[schema(example = "-25000.00", max_length = 30)]
    reallocated: String,
    /// What is left for new awards: pledged, contributed without a pledge and reallocated, less what is committed of the financial
    /// years that begin in these days. Null when grouped by place.
    #[schema(example = "465000.00", max_length = 30)]
    available: Option<String>,
    /// The confirmed pledges for the financial years that begin in these days. Null when grouped by place.
    #[schema(example = "1000000.00", max_length = 30)]
    pledged: Option<String>,
    /// The planned payments of its awards in the financial years that begin in these days.
    #[schema(example = "200000.00", max_length = 30)]
    planned: String,
    /// Disbursed minus planned.
    #[schema(example = "40000.00", max_length = 30)]
    variance: String,
    /// Whether some of the money is invented for illustration, or where its recipients lay.
    illustrative: bool,
}

impl FundingLineResponse {
    fn of(by: GroupBy, line: Line) -> Self {
        let Line { key, currency, totals, illustrative } = line;
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
            pledged: (!placed).then(|| amount(totals.pledged)),
            planned: amount(totals.planned),
            variance: amount(totals.variance()),
            illustrative,
            key,
            currency,
        }
    }
}

/// A funding report.
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

const NOTES: [&str; 4] = [
    "A funder's share of a fund's awards and payments is its share of all contributions to the fund up to the last day asked for and of what was then still to come of confirmed pledges, divided to the penny.",
    "A place is the integrated care board that the recipient belonged to by geography on the day of each movement; of what was planned, on the first day of the financial year or of the plan. Null stands for recipients without a board, such as people, and for money that no award moved.",
    "An award counts for its own programme, and what a fund has left for that of the fund.",
    "Planned is the sum of the profiles of approved awards in the financial years that begin in the days asked for, up to today by default: as they were on the last of them, and of a terminated award up to its end. Variance is disbursed, net of returns, minus planned.",
];

/// Get the funding report
///
/// Returns the money pledged, contributed, committed, disbursed, released, reallocated and available, and the variance from the plan,
/// by fund, funder, programme, place or financial year, for the funds you may see. As JSON or CSV.
#[utoipa::path(tag = "reports", params(GetFundingReport), responses((status = 200, description = "The report", content((FundingReportResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/reports/funding")]
pub async fn get_funding_report(cx: Cx, query: Query<GetFundingReport>) -> Result<Reply> {
    let (Query(query), csv) = (query, cx.wants("text/csv"));
    cx.report(move |conn, context| {
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
        "pledged",
        "planned",
        "variance",
        "illustrative",
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
            line.pledged.as_deref().unwrap_or_default(),
            &line.planned,
            &line.variance,
            if line.illustrative { "true" } else { "" },
        ])?;
    }
    sheet.finish()
}
