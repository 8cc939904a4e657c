//! `/v1/kpi-submissions`.

use super::answer::{self, Judged};
use super::input;
use super::ops::{self, Terms};
use super::rules::{Counts, Mode, Outcome, Strategy, SubmissionState};
use super::store::{self, SubmissionFilter, SubmissionLineRow, SubmissionRow};
use crate::db::by_id;
use crate::error::{Code, Error, Result};
use crate::http::csv::{self, CsvFileRequest};
use crate::http::params::{CodeParam, OneOf, OneWord, Query};
use crate::http::problem::status_of;
use crate::http::reply::{CSV, Listing, NDJSON, Reply};
use crate::http::request::{Cx, Upload};
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use crate::{csv_body, params};
use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(submit_kpi_values)
        .service(list_kpi_submissions)
        .service(get_kpi_submission)
        .service(list_kpi_submission_rows);
}

params! {
    /// How a submission is to be taken.
    pub struct SubmitTerms {
        /// The KPI of rows that name none.
        kpi: CodeParam = "kpi",
        /// Tell what would happen, and write nothing.
        dry_run: bool = "dryRun",
        /// All rows or none, or just the good ones; atomic unless told.
        mode: OneWord<Mode> = "mode",
        /// What may be done with values; upsert unless told.
        strategy: OneWord<Strategy> = "strategy",
    }
}

params! {
    /// What a list of submissions may be narrowed to.
    pub struct ListSubmissions list of SubmissionRow {
        /// The KPI they were sent for.
        kpi: CodeParam = "kpi",
        /// What became of them.
        state: OneOf<SubmissionState> = "state",
    }
}

params! {
    /// Which rows of a submission.
    pub struct ListSubmissionRows list of SubmissionLineRow {
        /// What became of them; rejected rows are kept for seven days.
        outcome: OneOf<Outcome> = "outcome",
    }
}

/// KPI values to submit.
#[derive(ToSchema)]
#[schema(example = json!({ "kpi": "ae-attendances", "rows": [{ "organisation": "RF4", "period": "2017-03", "breakdown": "1", "value": 21289 }] }))]
pub struct SubmitKpiValuesRequest {
    /// The KPI of rows that name none.
    #[schema(max_length = 400, nullable = false)]
    pub kpi: Option<String>,
    #[schema(max_items = 500000)]
    pub rows: Vec<SubmissionRowInput>,
}

/// One value. What a row leaves out of qualifier, basis and comment stays as it is, and null takes it away. A row that has this shape but is wrong
/// in what it says, such as text for a number, is told with its fault beside the rows that are right.
#[derive(ToSchema)]
pub struct SubmissionRowInput {
    /// The KPI, if it is not the submission's.
    #[schema(max_length = 400, nullable = false)]
    pub kpi: Option<String>,
    /// Code of the organisation.
    #[schema(max_length = 400, example = "RF4")]
    pub organisation: String,
    /// Slug of the innovation, where the value is of one.
    #[schema(max_length = 400, nullable = false)]
    pub innovation: Option<String>,
    /// The period, in the form of the KPI's period type.
    #[schema(max_length = 400, example = "2017-03")]
    pub period: String,
    #[schema(value_type = BreakdownInput, required = false)]
    pub breakdown: Option<Value>,
    #[schema(value_type = FigureInput, required = false)]
    pub value: Option<Value>,
    #[schema(value_type = FigureInput, required = false)]
    pub numerator: Option<Value>,
    #[schema(value_type = FigureInput, required = false)]
    pub denominator: Option<Value>,
    /// A word of the code list `qualifiers`; null takes back what was sent before, which leaves `exact`.
    #[schema(max_length = 400, example = "exact")]
    pub qualifier: Option<String>,
    /// A word of the code list `bases`; null takes back what was sent before, which leaves `measured`.
    #[schema(max_length = 400, example = "measured")]
    pub basis: Option<String>,
    /// At most 2,000 characters; null takes away the comment that is there.
    #[schema(max_length = 20000)]
    pub comment: Option<String>,
    /// Whether the series is invented for illustration. A series that was marked so once stays marked.
    #[schema(nullable = false)]
    pub illustrative: Option<bool>,
}

/// A breakdown: a member, or with several dimensions an object of members.
pub struct BreakdownInput;

impl utoipa::PartialSchema for BreakdownInput {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let member = json!({ "type": "string", "maxLength": 400 });
        let members = json!({ "type": "object", "additionalProperties": member, "maxProperties": 8 });
        let schema = json!({ "oneOf": [member, members], "description": "A member, or with several dimensions an object of members." });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl ToSchema for BreakdownInput {}

/// A figure of a row: a number.
pub struct FigureInput;

impl utoipa::PartialSchema for FigureInput {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let number = json!({ "type": "number", "format": "double" });
        let text =
            json!({ "type": "string", "maxLength": 400, "description": "Read, and told as a fault of the row." });
        let schema = json!({ "oneOf": [number, text], "description": "A number." });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl ToSchema for FigureInput {}

/// What became of a submission.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionResponse {
    id: Id,
    state: SubmissionState,
    dry_run: bool,
    mode: Mode,
    strategy: Strategy,
    counts: SubmissionCounts,
    /// Up to 1,000 rows: rejected first, then changed, each by line.
    #[schema(max_items = 1000, value_type = Vec<SubmissionRowResponse>)]
    rows: Vec<Value>,
    /// Whether there are more of them.
    rows_truncated: bool,
    /// What deserves a second look.
    #[schema(max_items = 1000)]
    warnings: Vec<crate::http::problem::ProblemFault>,
}

/// Rows by what became of them.
#[derive(Serialize, ToSchema)]
pub struct SubmissionCounts {
    #[schema(minimum = 0)]
    received: i64,
    #[schema(minimum = 0)]
    created: i64,
    #[schema(minimum = 0)]
    updated: i64,
    #[schema(minimum = 0)]
    unchanged: i64,
    #[schema(minimum = 0)]
    deleted: i64,
    #[schema(minimum = 0)]
    rejected: i64,
}

impl From<Counts> for SubmissionCounts {
    fn from(counts: Counts) -> Self {
        let Counts { received, created, updated, unchanged, deleted, rejected } = counts;
        Self { received, created, updated, unchanged, deleted, rejected }
    }
}

/// What became of one row.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "rows are rendered by answer.rs in this shape")]
pub struct SubmissionRowResponse {
    /// Line of the CSV, counted from its header, or place in the JSON, counted from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// JSON pointer to the row, counted without a header.
    #[schema(example = "/rows/5", max_length = 40)]
    pointer: String,
    outcome: Outcome,
    #[schema(max_items = 20)]
    errors: Vec<RowErrorResponse>,
    /// KPI, organisation, innovation, period and breakdown.
    #[schema(value_type = Object)]
    key: Value,
    /// The value before, if there was one.
    #[schema(value_type = Option<MeasureResponse>)]
    old: Value,
    /// The value after, if there is one.
    #[schema(value_type = Option<MeasureResponse>)]
    new: Value,
}

/// What is wrong with a row.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "rows are rendered by answer.rs in this shape")]
pub struct RowErrorResponse {
    #[schema(example = "period-type", max_length = 60)]
    code: String,
    /// What was expected.
    #[schema(max_length = 2000)]
    detail: String,
}

/// A value with what qualifies it.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "rows are rendered by answer.rs in this shape")]
pub struct MeasureResponse {
    value: f64,
    #[schema(nullable = false)]
    numerator: Option<f64>,
    #[schema(nullable = false)]
    denominator: Option<f64>,
    qualifier: Qualifier,
    basis: Basis,
    #[schema(max_length = 2000, nullable = false)]
    comment: Option<String>,
}

impl SubmissionResponse {
    fn of(row: SubmissionRow, rows: Vec<Value>, rows_truncated: bool) -> Self {
        Self {
            id: row.id,
            state: row.state,
            dry_run: row.dry_run,
            mode: row.mode,
            strategy: row.strategy,
            counts: row.counts().into(),
            rows,
            rows_truncated,
            warnings: Vec::new(),
        }
    }
}

csv_body! {
    /// KPI values as CSV.
    KpiValuesCsv: input::COLUMNS
}

/// Submit KPI values
///
/// As JSON, CSV, or JSON lines such as
/// `{"organisation":"RF4","period":"2017-03","breakdown":"1","value":21289}`. A dry run (200) tells row by row what would
/// change and what is wrong; the real run (201) does exactly that. When any row is wrong, an atomic submission (422)
/// writes nothing. With `Accept: text/csv` the answer is your own file with the columns `outcome`, `problem` and
/// `expected`; mended, it can be sent as it is. A file that is refused whole is then answered with the columns `line`,
/// `problem` and `expected`. In CSV an empty cell says nothing, and `(none)` takes a qualifier, basis or comment away.
#[utoipa::path(
    tag = "kpi-submissions",
    params(SubmitTerms),
    request_body(content(
        (SubmitKpiValuesRequest = "application/json"),
        (KpiValuesCsv = "text/csv", example = json!("organisation,period,breakdown,value\nRF4,2017-03,1,21289\n")),
        (CsvFileRequest = "multipart/form-data"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "Checked; nothing is written", content((SubmissionResponse = "application/json"), (String = "text/csv"))),
        (status = 201, description = "Written", headers(("Location" = String)), content((SubmissionResponse = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The body cannot be read", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"))),
        (status = 422, description = "Rows are wrong, so nothing is written; or the request breaks a rule", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"))),
    ),
)]
#[post("/v1/kpi-submissions")]
pub async fn submit_kpi_values(cx: Cx, query: Query<SubmitTerms>, upload: Upload) -> Result<Reply> {
    let Query(query) = query;
    let terms = Terms {
        kpi: query.kpi.map(|code| code.0),
        dry_run: query.dry_run.unwrap_or(false),
        mode: query.mode.map_or(Mode::Atomic, |mode| mode.0),
        strategy: query.strategy.map_or(Strategy::Upsert, |strategy| strategy.0),
    };
    let (is_csv, wants_csv) = (cx.brings_csv(), cx.wants("text/csv"));
    let instance = cx.target.clone();
    let again = upload.file.try_clone().map_err(Error::internal)?;
    let read = match cx.content_type.as_str() {
        _ if is_csv => input::read_csv,
        "application/x-ndjson" => input::read_ndjson,
        _ => input::read_json,
    };
    let prepare = move || read(upload.file);
    let answer = cx.bulk_write(&upload.hash, prepare, move |conn, context, input| {
        let judged = ops::submit_kpi_values(conn, context, &terms, input)?;
        let id = judged.row.id;
        let status = match judged.row.state {
            SubmissionState::Accepted => StatusCode::CREATED,
            SubmissionState::Checked => StatusCode::OK,
            SubmissionState::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let reply = if wants_csv {
            csv_answer(status, &judged, is_csv.then_some(again))?
        } else {
            json_answer(status, judged, &instance, &context.request_id)?
        };
        Ok(if status == StatusCode::CREATED {
            reply.header("Location", format!("/v1/kpi-submissions/{id}"))
        } else {
            reply
        })
    });
    match answer.await {
        Err(refused) if is_csv && wants_csv && csv::is_of_file(&refused) => {
            Ok(Reply::text(status_of(refused.code()), CSV, csv::sheet_of_faults(&refused)?))
        }
        answer => answer,
    }
}

fn csv_answer(status: StatusCode, judged: &Judged, sent: Option<std::fs::File>) -> Result<Reply> {
    let body = match sent {
        Some(mut file) => {
            std::io::Seek::rewind(&mut file).map_err(Error::internal)?;
            answer::annotate(file, judged)?
        }
        None => answer::as_csv(judged)?,
    };
    Ok(Reply::text(status, CSV, body))
}

fn json_answer(status: StatusCode, judged: Judged, instance: &str, request_id: &str) -> Result<Reply> {
    let (rows, truncated) = judged.told();
    if !judged.failed() {
        return Reply::json(status, &SubmissionResponse::of(judged.row, rows, truncated));
    }
    let rejected = judged.row.rejected;
    let response = serde_json::to_value(SubmissionResponse::of(judged.row, rows, truncated))?;
    let mut error =
        Error::new(Code::RowsRejected).detail(format!("{rejected} row(s) were rejected, so nothing was written."));
    for name in ["id", "state", "dryRun", "mode", "counts", "rows", "rowsTruncated", "warnings"] {
        error = error.with(name, response[name].clone());
    }
    crate::http::problem::reply(&error, instance, request_id)
}

/// List submissions
///
/// Yours, and those for organisations inside your scope, newest last unless sorted otherwise.
#[utoipa::path(tag = "kpi-submissions", params(ListSubmissions), responses((status = 200, description = "A page of submissions", body = Listing<SubmissionSummary>)))]
#[get("/v1/kpi-submissions")]
pub async fn list_kpi_submissions(cx: Cx, query: Query<ListSubmissions>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let filter = SubmissionFilter {
            kpi: query.kpi.map(|code| code.0.to_ascii_lowercase()),
            states: query.state.map(|states| states.0),
        };
        Reply::page(store::list(conn, context, &context.reach(), &filter, &query.page)?, &target, SubmissionSummary::of)
    })
    .await
}

/// A submission, without its rows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionSummary {
    id: Id,
    /// The KPI of rows that named none.
    #[schema(max_length = 60)]
    kpi: Option<String>,
    state: SubmissionState,
    dry_run: bool,
    mode: Mode,
    strategy: Strategy,
    counts: SubmissionCounts,
    #[schema(max_length = 300)]
    submitted_by: String,
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: String,
}

impl SubmissionSummary {
    fn of(row: SubmissionRow) -> Self {
        Self {
            id: row.id,
            state: row.state,
            dry_run: row.dry_run,
            mode: row.mode,
            strategy: row.strategy,
            counts: row.counts().into(),
            submitted_at: instant(row.submitted_at),
            kpi: row.kpi_code,
            submitted_by: row.submitted_by,
        }
    }
}

fn find(conn: &mut crate::db::Conn, context: &crate::http::context::Context, id: &str) -> Result<SubmissionRow> {
    by_id(id, "submission", |id| store::find(conn, context, &context.reach(), id))
}

/// Get a submission
///
/// How it was taken, when, by whom, and how many of its rows were written or rejected.
#[utoipa::path(
    tag = "kpi-submissions",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 200, description = "The submission", body = SubmissionSummary)),
)]
#[get("/v1/kpi-submissions/{id}")]
pub async fn get_kpi_submission(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, context| Reply::ok(&SubmissionSummary::of(find(conn, context, &id)?))).await
}

/// List the rejected rows of a submission
///
/// Kept for seven days; as JSON, or as JSON lines with `Accept: application/x-ndjson`.
#[utoipa::path(
    tag = "kpi-submissions",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36), ListSubmissionRows),
    responses((status = 200, description = "A page of rows", content((Listing<SubmissionRowResponse> = "application/json"), (String = "application/x-ndjson")))),
)]
#[get("/v1/kpi-submissions/{id}/rows")]
pub async fn list_kpi_submission_rows(
    cx: Cx,
    id: web::Path<String>,
    query: Query<ListSubmissionRows>,
) -> Result<Reply> {
    let (Query(query), target, lines) = (query, cx.target.clone(), cx.wants("application/x-ndjson"));
    cx.read(move |conn, context| {
        let submission = find(conn, context, &id)?;
        let mut page = store::lines(conn, submission.id, &query.page)?;
        if query.outcome.is_some_and(|wanted| !wanted.0.contains(&Outcome::Rejected)) {
            page.rows.clear();
            page.next = None;
        }
        if lines {
            let body: String = page.rows.iter().map(|row| format!("{}\n", row.document)).collect();
            return Ok(Reply::text(StatusCode::OK, NDJSON, body.into_bytes()));
        }
        Reply::page(page, &target, |row| -> Box<RawValue> { answer::raw(row.document) })
    })
    .await
}
