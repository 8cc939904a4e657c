//! `/v1/kpi-definition-library`.

use super::rules::{LibraryEntry, entries};
use crate::error::Result;
use crate::http::{Answer, Collection, Cx, Routes};
use actix_web::get;

pub fn routes(routes: &mut Routes) {
    routes.service(list_kpi_definition_library);
}

/// List the library of KPI definitions
///
/// Lists definitions to begin with: of the health innovation networks, of the set-up of trials, of uptake and of urgent care. The
/// `definition` of an entry is the body of a `POST /v1/kpis`.
#[utoipa::path(tag = "kpis", responses((status = 200, description = "The definitions", body = Collection<LibraryEntry>)))]
#[get("/v1/kpi-definition-library")]
pub async fn list_kpi_definition_library(_: Cx) -> Result<Answer<Collection<LibraryEntry>>> {
    Answer::ok(&Collection { data: entries().to_vec() })
}
