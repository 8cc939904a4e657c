//! `/v1/people/{id}/subject-access-export`.

use super::ops;
use crate::error::Result;
use crate::http::{Cx, IdPath, Reply, Routes};
use actix_web::{get, web};

pub fn routes(routes: &mut Routes) {
    routes.service(export_person);
}

/// Get everything held about a person
///
/// A subject-access export, for the person and for national administrators.
#[utoipa::path(tag = "people", params(IdPath), responses((status = 200, description = "What is held", body = Object)))]
#[get("/v1/people/{id}/subject-access-export")]
pub async fn export_person(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.snapshot(move |conn, context| Reply::ok(&ops::export_person(conn, context, &path.id)?)).await
}
