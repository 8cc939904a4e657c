//! `/v1/jobs`.

use super::ops;
use super::store::{self, ListJobs};
use crate::db::Conn;
use crate::db::jobs;
use crate::error::{Error, Result};
use crate::http::jobs::JobResponse;
use crate::http::workbook::WorkbookBody;
use crate::http::{Answer, Asked, Body, Context, Cx, IdPath, Listed, Listing, Routes};
use crate::kpis::submissions::http::SubmissionResponse;
use crate::transitions::rules::AskedMove;
use actix_web::body::SizedStream;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, post, web};
use futures_util::stream::unfold;

pub fn routes(routes: &mut Routes) {
    routes.service(list_jobs).service(get_job).service(get_job_result).service(transition_job);
}

/// List jobs
///
/// Lists your jobs, oldest first by default; all of them for a national administrator. They are kept for seven days.
#[utoipa::path(tag = "jobs", params(ListJobs), responses((status = 200, description = "A page of jobs", body = Listing<JobResponse>)))]
#[get("/v1/jobs")]
pub async fn list_jobs(cx: Cx, asked: Asked<ListJobs>) -> Result<Listed<JobResponse>> {
    cx.list(asked, store::list).await
}

/// Get a job
///
/// Returns how far it has come. Once it has succeeded, `result` is the address of what came of it; where it failed, `problem`
/// says why, as the answer to the request would have. Ask again after a second or more,
/// without If-None-Match while it runs: its progress changes, and its version does not.
#[utoipa::path(tag = "jobs", params(IdPath), responses((status = 200, description = "The job", body = JobResponse)))]
#[get("/v1/jobs/{id}")]
pub async fn get_job(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<JobResponse>> {
    let find = move |conn: &mut Conn, context: &Context| {
        let job = ops::get_job(conn, context, &path.id)?;
        JobResponse::whole(conn, job)
    };
    cx.show_whole(find).await
}

/// Get the result of a job
///
/// Returns what the request would have been answered with, in the media type that it asked for: the rows of an export, the
/// answer to a submission.
#[utoipa::path(tag = "jobs", params(IdPath), responses((status = 200, description = "What was answered", content((String = "text/csv"), (String = "application/x-ndjson"), (SubmissionResponse = "application/json"), (WorkbookBody = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/v1/jobs/{id}/result")]
pub async fn get_job_result(cx: Cx, path: web::Path<IdPath>) -> Result<HttpResponse> {
    let (db, context) = (cx.service.db.clone(), cx.context);
    let job = cx.service.db.read(move |conn| ops::get_job_result(conn, &context, &path.id)).await?;
    let parts = unfold(0, move |number| {
        let db = db.clone();
        async move {
            match db.read(move |conn| jobs::part(conn, job.id, true, number)).await {
                Ok(None) => None,
                read => Some((read.map(|bytes| Bytes::from(bytes.unwrap_or_default())), number + 1)),
            }
        }
    });
    let size = u64::try_from(job.answer_bytes).map_err(Error::internal)?;
    let media = job.answer_type.unwrap_or_default();
    Ok(HttpResponse::Ok().content_type(media).body(SizedStream::new(size, parts)))
}

/// Cancel a job
///
/// Moves one that has not ended to `cancelled`: nothing of what it has done so far is kept. `If-Match: *` cancels it however
/// far it has come.
#[utoipa::path(tag = "jobs", params(IdPath), request_body(content = AskedMove, example = json!({ "to": "cancelled" })), responses((status = 200, description = "Cancelled", body = JobResponse)))]
#[post("/v1/jobs/{id}/transitions")]
pub async fn transition_job(cx: Cx, path: web::Path<IdPath>, body: Body<AskedMove>) -> Result<Answer<JobResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_job(conn, context, &path.id, asked)).await
}
