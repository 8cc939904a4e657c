//! `Prefer: respond-async` (RFC 7240): the request is kept as a job, whose address is the answer. The task that does jobs is
//! above the features; what a handler needs for one is here.

use super::jobs::JobResponse;
use super::reply::Reply;
use super::request::{Cx, Upload};
use crate::db::jobs::{self, Asked, JobKind, JobRow};
use crate::error::Result;
use actix_web::http::StatusCode;

impl Cx {
    /// Keeps the request as a job, and answers with its address.
    ///
    /// # Errors
    /// As [`Cx::import_in_steps`]; `too-many-at-once`.
    pub async fn answer_later(self, kind: JobKind, upload: Upload) -> Result<Reply> {
        let actor = &self.context.actor;
        let asked = Asked {
            kind,
            made_by: actor.subject.clone(),
            end_user_id: self.context.within(),
            request_id: self.context.request_id.clone(),
            target: self.target.clone(),
            accept: self.accept,
            content_type: self.content_type.clone(),
        };
        let (row, ring) = (JobRow::new(asked, self.context.now), self.service.clone());
        let answer = self.import_in_steps(upload, move |steps, answerer, file| {
            steps.write_much(|conn| {
                jobs::keep(conn, &row, file)?;
                let location = format!("/v1/jobs/{}", row.id);
                let reply = Reply::json(StatusCode::ACCEPTED, &JobResponse::from(row))?.header("Location", location);
                answerer.keep(conn, reply.header("Preference-Applied", "respond-async".to_owned()))
            })
        });
        let answer = answer.await?;
        ring.jobs.notify_one();
        Ok(answer)
    }
}
