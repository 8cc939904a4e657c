//! `/v1/people/{id}/erasure`.

use super::ops::{self, Erasure};
use super::store::{OpenText, SealedRow};
use crate::error::Result;
use crate::http::{Body, Cx, IdPath, Reply, Routes};
use crate::vocabulary::{Id, instant};
use actix_web::{post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(erase_person);
    super::requests::http::routes(routes);
}

/// Why a person is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Asked for by the person on 3 March." }))]
pub struct ErasePersonRequest {
    /// The reason. It is kept, so do not name anybody.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Something that is kept out of every list until its retention ends. Only the subject-access export shows it.
#[derive(Serialize, ToSchema)]
pub struct SealedRecord {
    /// The kind of record.
    #[schema(example = "application", max_length = 60)]
    resource: String,
    id: Id,
    /// Why it is kept.
    #[schema(max_length = 500)]
    ground: String,
    /// The day it is removed.
    until: NaiveDate,
}

/// What became of a person's data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErasureResponse {
    person: Id,
    #[schema(format = "date-time", max_length = 40)]
    erased_at: String,
    #[schema(max_length = 500)]
    reason: String,
    sealed: Vec<SealedRecord>,
    /// Texts that others wrote and that have the name, the e-mail address or the subject of the person in them. Read each,
    /// and change it where it is about the person. A text that names them in another way is not found.
    texts: Vec<OpenText>,
}

impl From<Erasure> for ErasureResponse {
    fn from(Erasure { row, sealed, texts }: Erasure) -> Self {
        let sealed = sealed.into_iter().map(|SealedRow { resource, record_id, ground, until_on, .. }| SealedRecord {
            resource,
            id: record_id,
            ground,
            until: until_on,
        });
        Self {
            person: row.person_id,
            erased_at: instant(row.made_at),
            reason: row.ground,
            sealed: sealed.collect(),
            texts,
        }
    }
}

/// Erase a person
///
/// Removes the name, contacts, consent, profile and subject for good, wherever they are, and answers what is kept and why.
/// Fellowships, awards and every total stay. A request that is repeated with its Idempotency-Key is not answered with the
/// person's data any more. Erasing a person twice is not an error.
#[utoipa::path(tag = "people", params(IdPath), request_body = ErasePersonRequest, responses((status = 200, description = "Erased", body = ErasureResponse)))]
#[post("/v1/people/{id}/erasure")]
pub async fn erase_person(cx: Cx, path: web::Path<IdPath>, body: Body<ErasePersonRequest>) -> Result<Reply> {
    let (db, person) = (cx.db(), path.id.clone());
    let erased = cx.write_json(body, move |conn, context, request| {
        let erasure = ops::erase_person(conn, context, &path.id, &request.reason)?;
        Reply::ok(&ErasureResponse::from(erasure))
    });
    let reply = erased.await?;
    // By the log it is done again after a restore.
    tracing::info!(%person, "a person was erased");
    // What it cannot do now, since somebody reads, the housekeeping does later.
    if let Err(error) = db.empty_journal().await {
        tracing::warn!(cause = error.cause().unwrap_or_default(), "the journal is not emptied yet");
    }
    Ok(reply)
}
