//! `/v1/people/{id}`: what is held about a person, and its erasure.

use super::ops;
use crate::error::Result;
use crate::http::reply::Reply;
use crate::http::request::{Body, Cx};
use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    super::fellows::http::routes(config);
    super::fellowships::http::routes(config);
    config.service(export_person).service(erase_person);
}

/// Names a person in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PersonPath {
    /// The person's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// Why a person is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Asked for by the person on 3 March." }))]
pub struct ErasePersonRequest {
    /// Kept in the audit trail: name nobody in it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Get everything held about a person
///
/// A subject-access export, for the person and for national administrators.
#[utoipa::path(
    tag = "people",
    params(PersonPath),
    responses((status = 200, description = "What is held", body = Object)),
)]
#[get("/v1/people/{id}/subject-access-export")]
pub async fn export_person(cx: Cx, path: web::Path<PersonPath>) -> Result<Reply> {
    cx.read(move |conn, context| Reply::ok(&ops::export_person(conn, context, &path.id)?)).await
}

/// Erase a person
///
/// Name, contacts, consent and profile are gone for good; fellowships, awards and every total stay. Again is no fault.
#[utoipa::path(
    tag = "people",
    params(PersonPath),
    request_body = ErasePersonRequest,
    responses((status = 204, description = "Erased")),
)]
#[post("/v1/people/{id}/erasure")]
pub async fn erase_person(cx: Cx, path: web::Path<PersonPath>, body: Body<ErasePersonRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        ops::erase_person(conn, context, &path.id, &request.reason)?;
        Ok(Reply::no_content())
    })
    .await
}
