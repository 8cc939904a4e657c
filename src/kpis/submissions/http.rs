//! `/v1/kpi-submissions`.

use super::answer::{self, Judged, MOST_WARNINGS};
use super::input;
use super::ops::{self, Terms};
use super::rows::SubmissionRowResponse;
use super::rules::Strategy;
use super::sent::{Sent, Source, form};
use super::store::{self, ListSubmissionRows, ListSubmissions, NamedSubmission};
use crate::db::Conn;
use crate::db::jobs::JobKind;
use crate::delivery::{self, Counts, MOST_ROWS, Mode, SubmissionState};
use crate::error::{Error, Fault, Result};
use crate::http::csv;
use crate::http::heavy::heavy;
use crate::http::idempotency::MOST_KEPT;
use crate::http::jobs::JobResponse;
use crate::http::params::invalid;
use crate::http::problem::status_of;
use crate::http::request::FORM;
use crate::http::schemas::{shape_of, text_fault};
use crate::http::workbook::{Book, WorkbookBody, XLSX, is_workbook};
use crate::http::{
    Answer, Asked, CSV, CodeParam, Context, Cx, IdPath, Line, Listed, Listing, OneWord, Query, Reply, Routes, Upload,
};
use crate::kpis::catalogue::rules::BreakdownInput;
use crate::vocabulary::{Id, instant};
use crate::{csv_body, params};
use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes
        .service(submit_kpi_values)
        .service(list_kpi_submissions)
        .service(get_kpi_submission)
        .service(list_kpi_submission_rows);
}

params! {
    /// How a submission is processed.
    pub struct SubmitTerms {
        /// The code of the KPI, for rows that name none.
        kpi: CodeParam = "kpi",
        /// The code of a set of KPIs, for a table with a column for each of them: a CSV or a workbook.
        set: CodeParam = "set",
        /// Whether to check the rows and write nothing. Default: false.
        dry_run: bool = "dryRun",
        /// Whether one wrong row rejects the whole submission (`atomic`) or only itself (`partial`). Default: atomic.
        mode: OneWord<Mode> = "mode",
        /// What the submission may do with values. Default: upsert.
        strategy: OneWord<Strategy> = "strategy",
        /// Whether to write into locked periods, such as to load history. For a national-admin alone, with a `reason`. Default: false.
        force: bool = "force",
        /// Why locks are passed over. It is needed with `force`, and kept with the submission. Do not name people.
        reason: Line = "reason",
    }
}

impl SubmitTerms {
    /// Why locks are passed over, if they are.
    fn forced(&self) -> Result<Option<String>> {
        let reason = self.reason.as_ref().map(|line| line.0.trim()).filter(|reason| !reason.is_empty());
        match (self.force.unwrap_or(false), reason) {
            (true, None) => Err(Error::invalid("?reason", "missing", "Say why the submission passes over locks.")),
            (false, Some(_)) => Err(Error::invalid("?reason", "not-applicable", "A reason is for force=true alone.")),
            (true, Some(reason)) => match text_fault(reason) {
                Some((code, detail)) => Err(Error::invalid("?reason", code, detail)),
                None => Ok(Some(reason.to_owned())),
            },
            (false, None) => Ok(None),
        }
    }
}

/// KPI values to submit.
#[derive(ToSchema)]
#[schema(example = json!({ "kpi": "emergency-attendances", "rows": [{ "organisation": "RJZ", "period": "2017-03", "breakdown": "1", "value": 21289 }] }))]
#[expect(dead_code, reason = "only its schema is used")]
pub struct SubmitKpiValuesRequest {
    /// The code of the KPI, for rows that name none.
    #[schema(max_length = 400, nullable = false)]
    pub kpi: Option<String>,
    #[schema(max_items = 500000)]
    pub rows: Vec<SubmissionRowInput>,
}

/// One value. What a row leaves out of qualifier, basis and comment stays as it is, and null takes it away. A row that has this shape but is wrong
/// value, such as text for a number, is reported with its fault beside the other rows.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct SubmissionRowInput {
    /// The code of the KPI, if it is not the submission's.
    #[schema(max_length = 400, nullable = false)]
    pub kpi: Option<String>,
    /// Code of the organisation.
    #[schema(max_length = 400, example = "RJZ")]
    pub organisation: String,
    /// The slug of the innovation, if the value is about one.
    #[schema(max_length = 400, nullable = false)]
    pub innovation: Option<String>,
    /// The period, written as the KPI's period type requires.
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
    /// A word of the code list `qualifiers`; null takes back what was sent before, which leaves `exact`. `not-applicable` with no
    /// numbers says that there was nothing to divide, as numerator 0 and denominator 0 do, or nothing to take a mean of, as
    /// denominator 0 does.
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
    /// Why the value is right though it looks doubtful: it takes the warnings of the row away. At most 2,000 characters.
    #[schema(max_length = 20000, nullable = false)]
    pub justification: Option<String>,
}

/// A figure of a row: a number.
pub struct FigureInput;

impl utoipa::PartialSchema for FigureInput {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let number = json!({ "type": "number", "format": "double" });
        let text = json!({ "type": "string", "maxLength": 400, "description": "Accepted in the body, and reported as a fault of the row." });
        let schema = json!({ "oneOf": [number, text], "description": "A number." });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl ToSchema for FigureInput {}

/// The result of a submission.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionResponse {
    id: Id,
    state: SubmissionState,
    dry_run: bool,
    mode: Mode,
    strategy: Strategy,
    counts: Counts,
    /// Up to 1,000 rows: rejected first, then changed, each by line.
    #[schema(max_items = 1000)]
    rows: Vec<SubmissionRowResponse>,
    /// Whether there are more rows than these.
    rows_truncated: bool,
    /// How many of the rejected rows, from the first on, can be read at `/v1/kpi-submissions/{id}/rows` for seven days. Up
    /// to 20,000 are kept, and 1 MiB of them.
    #[schema(minimum = 0, maximum = 20000)]
    rows_kept: usize,
    /// What deserves a second look, and stops nothing: `outside-life` for a value of a period in which its organisation did not exist;
    /// for a value that changes, held against up to 24 before it, `share-for-percentage`, `change` (more than three times the last or
    /// less than a third of it, from 20 on) and `outlier` (z or modified z beyond 3, where there are 12); and `validation-rule` where a rule of
    /// its KPI is broken. A `justification` of the row
    /// takes the latter away.
    #[schema(max_items = 1000)]
    warnings: Vec<Fault>,
}

impl SubmissionResponse {
    fn of(judged: &Judged, rows: Vec<SubmissionRowResponse>, rows_truncated: bool) -> Self {
        let row = judged.row.clone();
        Self {
            rows_kept: judged.kept().len(),
            id: row.id,
            state: row.state,
            dry_run: row.dry_run,
            mode: row.mode,
            strategy: row.strategy,
            counts: row.counts(),
            rows,
            rows_truncated,
            warnings: judged.warnings().into_values().flatten().take(MOST_WARNINGS).collect(),
        }
    }
}

csv_body! {
    /// KPI values as CSV.
    KpiValuesCsv: input::COLUMNS
}

/// KPI values as CSV or as a workbook, as the one file of a form: what `curl -F file=@return.csv` and browsers send.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the file is taken out of the form while it arrives")]
struct KpiValuesFileRequest {
    file: KpiValuesCsv,
}

/// Submit KPI values
///
/// Send the values as JSON, CSV, or JSON lines such as
/// `{"organisation":"RJZ","period":"2019-04","breakdown":"1","value":18250}`. A dry run (200) reports row by row what would
/// change and what is wrong; the real run (201) does exactly that. When any row is wrong, an atomic submission (422)
/// writes nothing. With `Accept: text/csv` the answer is your own file with three more columns: `outcome`, `problem` and
/// `expected`. Correct it and send it back as it is. A file that is refused whole is then answered with the columns `line`,
/// `problem` and `expected`. In CSV an empty cell says nothing, and `(none)` takes a qualifier, basis or comment away.
///
/// With `?set=` a CSV has a row for each organisation, period and breakdown, and a column for each KPI of the set: `<kpi>` for the
/// value, `<kpi>.numerator`, `<kpi>.denominator`, `<kpi>.qualifier`, `<kpi>.basis`, `<kpi>.comment` and `<kpi>.justification` beside it. Each cell that says
/// something is a value, and faults point at it (`/rows/5/<kpi>`). `/v1/kpi-sets/{code}/template.csv` is such a table to fill in.
///
/// A workbook (.xlsx) is read as a CSV is: the sheet called Return, or the first, with the names of the columns in its first row.
/// Faults point at cells (`/sheets/Return/C7`). Asked for as a workbook, the answer is your own table with what is to be mended marked.
///
/// With `Prefer: respond-async` a job does it (202), with your grants as they are then.
#[utoipa::path(
    tag = "kpi-submissions",
    params(SubmitTerms),
    request_body(content(
        (SubmitKpiValuesRequest = "application/json"),
        (KpiValuesCsv = "text/csv", example = json!("organisation,period,breakdown,value\nRJZ,2017-03,1,21289\n")),
        (WorkbookBody = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("the bytes of an .xlsx file")),
        (inline(KpiValuesFileRequest) = "multipart/form-data", example = json!({ "file": "organisation,period,breakdown,value\nRJZ,2017-03,1,21289\n" })),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "Checked, and nothing was written", content((SubmissionResponse = "application/json"), (String = "text/csv"), (WorkbookBody = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 201, description = "Written", content((SubmissionResponse = "application/json"), (String = "text/csv"), (WorkbookBody = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 202, description = "A job does it", body = JobResponse),
        (status = 400, description = "The body cannot be read", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"))),
        (status = 422, description = "Rows are wrong, so nothing was written; or the request breaks a rule", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"), (WorkbookBody = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    ),
)]
#[post("/v1/kpi-submissions")]
pub async fn submit_kpi_values(cx: Cx, query: Query<SubmitTerms>, upload: Upload) -> Result<Reply> {
    if cx.later {
        query.0.forced()?;
        return cx.answer_later(JobKind::SubmitKpiValues, upload).await;
    }
    submit(cx, query, upload).await
}

/// Processes a submission.
///
/// # Errors
/// What is wrong with it as a whole, and as [`Cx::import_in_steps`].
pub async fn submit(cx: Cx, query: Query<SubmitTerms>, upload: Upload) -> Result<Reply> {
    let Query(query) = query;
    let terms = Terms {
        forced: query.forced()?,
        kpi: query.kpi.map(|code| code.0),
        dry_run: query.dry_run.unwrap_or(false),
        mode: query.mode.map_or(Mode::Atomic, |mode| mode.0),
        strategy: query.strategy.map_or(Strategy::Upsert, |strategy| strategy.0),
    };
    terms.permit(&cx.context)?;
    let delivery = Delivery::of(&cx, upload, query.set.is_some()).await?;
    if query.set.is_some() && terms.kpi.is_some() {
        return Err(invalid("set", "give either the set whose KPIs are columns or the KPI of the rows".to_owned()));
    }
    let (set, accept, instance) = (query.set.map(|code| code.0), cx.accept, cx.target.clone());
    let is_job = cx.run.is_some();
    let (is_csv, shape) = (delivery.media == Media::Csv, shape_of::<SubmitKpiValuesRequest>()?);
    let Delivery { media, book, upload } = delivery;
    let answer = cx.import_in_steps(upload, move |steps, answerer, file| {
        let form = set.map(|code| steps.snapshot(|conn| form(conn, "?set", &code))).transpose()?;
        let (sent, input) = match (media, book) {
            (_, Some(book)) => Sent::new(Source::Book(book), form).read_all(),
            (Media::Csv, _) => Sent::new(Source::Csv(file), form).read_all(),
            (Media::Lines, _) => input::read_ndjson(file, &shape).map(|input| (None, input)),
            _ => input::read_json(file, &shape).map(|input| (None, input)),
        }?;
        ops::deliver(steps, answerer, &terms, input, |judged| {
            let status = match judged.row.state {
                SubmissionState::Accepted => StatusCode::CREATED,
                SubmissionState::Checked => StatusCode::OK,
                SubmissionState::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let reply = match accept {
                // Why a job failed is a problem, whatever its answer would have been.
                _ if answerer.is_of_job() && judged.failed() => {
                    json_answer(status, judged, &instance, &answerer.context.request_id)?
                }
                "text/csv" => csv_answer(status, judged, sent.as_ref())?,
                XLSX => book_answer(status, judged, sent.as_ref())?,
                _ => json_answer(status, judged, &instance, &answerer.context.request_id)?,
            };
            Ok(match status {
                StatusCode::CREATED => reply.header("Location", format!("/v1/kpi-submissions/{}", judged.row.id)),
                _ => reply,
            })
        })
    });
    match answer.await {
        Err(refused) if is_csv && accept == "text/csv" && !is_job && csv::is_of_file(&refused) => {
            Ok(Reply::text(status_of(refused.code()), CSV, csv::sheet_of_faults(&refused)?))
        }
        answer => answer,
    }
}

/// What a delivery is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    Json,
    Lines,
    Csv,
    Book,
}

/// A delivery before any thread for the database has it.
struct Delivery {
    media: Media,
    /// Unpacked and read.
    book: Option<Box<Book>>,
    upload: Upload,
}

impl Delivery {
    /// Finds out what was sent. A workbook is read on a thread for such work.
    async fn of(cx: &Cx, mut upload: Upload, is_wide: bool) -> Result<Self> {
        let is_book = cx.content_type == XLSX || (cx.content_type == FORM && is_workbook(&upload.file)?);
        let media = match cx.content_type.as_str() {
            _ if is_book => Media::Book,
            _ if cx.brings_csv() => Media::Csv,
            "application/x-ndjson" => Media::Lines,
            _ => Media::Json,
        };
        if is_wide && matches!(media, Media::Json | Media::Lines) {
            return Err(invalid("set", "a set is for a CSV or a workbook with a column for each KPI".to_owned()));
        }
        let mut book = None;
        if is_book {
            let (file, limit) = (upload.file.try_clone().map_err(Error::internal)?, cx.service.config.max_upload_bytes);
            let read = heavy(cx.db().due(), move || Book::open(file, limit)).await?;
            // What it takes to work on, which may be much more than it took to send.
            upload.size = upload.size.max(read.unpacked);
            book = Some(Box::new(read));
        }
        Ok(Self { media, book, upload })
    }
}

/// What is kept of an answer that is too large to keep: the counts, or the first rows of a CSV. The rows that were
/// rejected can be read at an address of their own.
const FEW_ROWS: usize = 100;

fn csv_answer(status: StatusCode, judged: &Judged, sent: Option<&Sent>) -> Result<Reply> {
    let body = match sent {
        Some(sent) => sent.as_csv(judged)?,
        None => answer::as_csv(judged, MOST_ROWS)?,
    };
    let kept = if body.len() > MOST_KEPT { Some(answer::as_csv(judged, FEW_ROWS)?) } else { None };
    Ok(Reply { kept, ..Reply::text(status, CSV, body) })
}

fn book_answer(status: StatusCode, judged: &Judged, sent: Option<&Sent>) -> Result<Reply> {
    let body = match sent {
        Some(sent) => sent.as_book(judged)?.finish()?,
        None => answer::as_book(judged, MOST_ROWS)?,
    };
    let kept = if body.len() > MOST_KEPT { Some(answer::as_book(judged, FEW_ROWS)?) } else { None };
    Ok(Reply { kept, ..Reply::text(status, XLSX, body) })
}

fn json_answer(status: StatusCode, judged: &Judged, instance: &str, request_id: &str) -> Result<Reply> {
    let (rows, truncated) = judged.rows();
    if !judged.failed() {
        let whole = SubmissionResponse::of(judged, rows, truncated);
        let reply = Reply::json(status, &whole)?;
        let short = || Reply::json(status, &SubmissionResponse { rows: Vec::new(), rows_truncated: true, ..whole });
        let kept = if reply.body.len() > MOST_KEPT { Some(short()?.body) } else { None };
        return Ok(Reply { kept, ..reply });
    }
    let response = serde_json::to_value(SubmissionResponse::of(judged, rows, truncated))?;
    let mut error = delivery::rejected(judged.row.counts());
    for name in ["id", "state", "dryRun", "mode", "counts", "rows", "rowsTruncated", "rowsKept", "warnings"] {
        error = error.with(name, response[name].clone());
    }
    crate::http::problem::reply(&error, instance, request_id)
}

/// List submissions
///
/// Lists your own submissions and those for organisations in your scope, oldest first by default.
#[utoipa::path(tag = "kpi-submissions", params(ListSubmissions), responses((status = 200, description = "A page of submissions", body = Listing<SubmissionSummary>)))]
#[get("/v1/kpi-submissions")]
pub async fn list_kpi_submissions(cx: Cx, asked: Asked<ListSubmissions>) -> Result<Listed<SubmissionSummary>> {
    cx.list(asked, store::list).await
}

/// A submission, without its rows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionSummary {
    id: Id,
    /// The KPI of rows that named none.
    #[schema(max_length = 60)]
    kpi: Option<String>,
    /// Its name; null if there is no such KPI.
    #[schema(max_length = 300)]
    kpi_name: Option<String>,
    state: SubmissionState,
    dry_run: bool,
    mode: Mode,
    strategy: Strategy,
    counts: Counts,
    /// Why it was written in spite of locks; null for any other.
    #[schema(max_length = 200)]
    forced_reason: Option<String>,
    #[schema(max_length = 300)]
    submitted_by: String,
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: String,
}

impl From<NamedSubmission> for SubmissionSummary {
    fn from(NamedSubmission { row, kpi_name }: NamedSubmission) -> Self {
        Self {
            id: row.id,
            kpi_name,
            state: row.state,
            dry_run: row.dry_run,
            mode: row.mode,
            strategy: row.strategy,
            counts: row.counts(),
            submitted_at: instant(row.submitted_at),
            kpi: row.kpi_code,
            forced_reason: row.forced_reason,
            submitted_by: row.submitted_by,
        }
    }
}

/// Get a submission
///
/// Returns how the submission was processed, when and by whom it was sent, and how many rows were written or rejected.
#[utoipa::path(tag = "kpi-submissions", params(IdPath), responses((status = 200, description = "The submission", body = SubmissionSummary, headers(("ETag" = String)))))]
#[get("/v1/kpi-submissions/{id}")]
pub async fn get_kpi_submission(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<SubmissionSummary>> {
    cx.answer(move |conn, context| ops::get_kpi_submission(conn, context, &path.id).map(Into::into)).await
}

/// List the rejected rows of a submission
///
/// Lists the rejected rows, which are kept for seven days: up to 20,000 of a submission, and 1 MiB of them.
#[utoipa::path(tag = "kpi-submissions", params(IdPath, ListSubmissionRows), responses((status = 200, description = "A page of rows", body = Listing<SubmissionRowResponse>)))]
#[get("/v1/kpi-submissions/{id}/rows")]
pub async fn list_kpi_submission_rows(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListSubmissionRows>,
) -> Result<Listed<SubmissionRowResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, asked: &ListSubmissionRows| {
        Ok(store::lines(ops::get_kpi_submission(conn, context, &path.id)?.row.id, asked))
    };
    cx.list(asked, rows).await
}
