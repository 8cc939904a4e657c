//! `/v1/adoption-imports`.

use super::input::read_rows;
use super::ops::{self, AdoptionRowResponse, Done, Terms};
use super::rules::COLUMNS;
use crate::delivery::{Counts, MOST_ROWS, Mode, SubmissionState, rejected, said};
use crate::error::{Error, Fault, Result};
use crate::http::csv;
use crate::http::problem::status_of;
use crate::http::{CSV, Cx, OneWord, Query, Reply, Routes, Upload};
use crate::{csv_body, params};
use actix_web::http::StatusCode;
use actix_web::post;
use serde::Serialize;
use std::fs::File;
use std::io::Seek;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(import_adoptions);
}

params! {
    /// How a return is processed.
    pub struct ImportTerms {
        /// Whether to check the rows and write nothing. Default: false.
        dry_run: bool = "dryRun",
        /// Whether one wrong row rejects the whole return (`atomic`) or only itself (`partial`). Default: atomic.
        mode: OneWord<Mode> = "mode",
    }
}

csv_body! {
    /// Adoptions as CSV.
    AdoptionsCsv: COLUMNS
}

/// The result of a return.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionImportResponse {
    state: SubmissionState,
    dry_run: bool,
    mode: Mode,
    counts: Counts,
    /// Up to 1,000 rows: rejected first, then changed, each by line.
    #[schema(max_items = 1000)]
    rows: Vec<AdoptionRowResponse>,
    /// Whether there are more rows than these.
    rows_truncated: bool,
    /// What deserves a second look.
    #[schema(max_items = 1000)]
    warnings: Vec<Fault>,
}

/// Import adoptions
///
/// Send up to 5,000 rows of CSV. A row names an innovation and an organisation (and an indication, if there is one), the `stage` that was
/// reached and the day on which it began (`effectiveOn`), and what was counted. An adoption that is not there is recorded; one that is
/// there is moved and changed, late stages between those that are there. A stage that the adoption came to on that very day changes nothing,
/// nor does its present stage without a day, so a file can be sent twice. A dry run (200) reports row by row what would change and what is wrong; the real run (201)
/// does exactly that. When any row is wrong, an atomic return (422) writes nothing. An empty cell says nothing, and `(none)` takes away.
/// Several barriers or codes stand in one cell, with semicolons between. With `Accept: text/csv` the answer is your own file with three
/// more columns: `outcome`, `problem` and `expected`.
#[utoipa::path(
    tag = "adoptions",
    params(ImportTerms),
    request_body(content(
        (AdoptionsCsv = "text/csv", example = json!("innovation,organisation,stage,effectiveOn,sites\nheartflow,RJZ,piloting,2016-03-01,2\n")),
    )),
    responses(
        (status = 200, description = "Checked, and nothing was written", content((AdoptionImportResponse = "application/json"), (String = "text/csv"))),
        (status = 201, description = "Written", content((AdoptionImportResponse = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The body cannot be read", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"))),
        (status = 422, description = "Rows are wrong, so nothing was written; or the request breaks a rule", content((crate::http::problem::Problem = "application/problem+json"), (String = "text/csv"))),
    ),
)]
#[post("/v1/adoption-imports")]
pub async fn import_adoptions(cx: Cx, query: Query<ImportTerms>, upload: Upload) -> Result<Reply> {
    let terms =
        Terms { dry_run: query.0.dry_run.unwrap_or(false), mode: query.0.mode.map_or(Mode::Atomic, |mode| mode.0) };
    let (wants_csv, instance) = (cx.wants("text/csv"), cx.target.clone());
    let sent = upload.file.try_clone().map_err(Error::internal)?;
    let answer = cx.import_in_steps(upload, move |steps, answerer, file| {
        let rows = read_rows(file)?;
        steps.write_much(|conn| {
            let done = ops::import_adoptions(conn, &answerer.context, terms, &rows)?;
            let status = match done.state {
                SubmissionState::Accepted => StatusCode::CREATED,
                SubmissionState::Checked => StatusCode::OK,
                SubmissionState::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let reply = if wants_csv {
                csv_answer(status, &done, &sent)?
            } else {
                json_answer(status, terms, &done, (&instance, &answerer.context.request_id))?
            };
            answerer.keep(conn, reply)
        })
    });
    match answer.await {
        Err(refused) if wants_csv && csv::is_of_file(&refused) => {
            Ok(Reply::text(status_of(refused.code()), CSV, csv::sheet_of_faults(&refused)?))
        }
        answer => answer,
    }
}

fn csv_answer(status: StatusCode, done: &Done, mut sent: &File) -> Result<Reply> {
    sent.rewind().map_err(Error::internal)?;
    let verdict = |(place, row): (usize, &AdoptionRowResponse)| {
        let errors = Some(row.errors.as_slice()).filter(|errors| !errors.is_empty());
        let [outcome, problem, expected] = said(errors.map_or(Ok(row.outcome), Err), done.failed());
        match done.warnings.get(&place) {
            Some(warning) => [outcome, warning.code.to_owned(), warning.detail.clone()],
            None => [outcome, problem, expected],
        }
    };
    let file = sent.try_clone().map_err(Error::internal)?;
    let mut rows = csv::Reader::open(file, &COLUMNS, &[])?;
    Ok(Reply::text(status, CSV, csv::annotate(&mut rows, &COLUMNS, done.rows.iter().enumerate().map(verdict))?))
}

fn json_answer(status: StatusCode, terms: Terms, done: &Done, (instance, request): (&str, &str)) -> Result<Reply> {
    let (rows, rows_truncated) = done.listed();
    let Terms { dry_run, mode } = terms;
    let (state, counts) = (done.state, done.counts);
    let warnings = done.warnings.values().take(MOST_ROWS).cloned().collect();
    let response = AdoptionImportResponse { state, dry_run, mode, counts, rows, rows_truncated, warnings };
    if !done.failed() {
        return Reply::json(status, &response);
    }
    let members = serde_json::to_value(response)?;
    let error = MEMBERS.iter().fold(rejected(counts), |error, name| error.with(name, members[*name].clone()));
    crate::http::problem::reply(&error, instance, request)
}

/// What a failure says of the return, as a success does.
const MEMBERS: [&str; 7] = ["state", "dryRun", "mode", "counts", "rows", "rowsTruncated", "warnings"];
