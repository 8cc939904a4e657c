//! `/v1/programmes`.

use super::ops;
use super::rules::Programme;
use super::store::{self, ListProgrammes};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type ProgrammeResponse = Stored<Programme>;
type ProgrammePatch = Patch<Programme>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_programmes).service(create_programme).service(get_programme).service(update_programme);
}

path! { ProgrammePath, slug: programme "The programme's slug" }

/// List programmes
///
/// Lists the programmes, by name by default.
#[utoipa::path(tag = "programmes", params(ListProgrammes), responses((status = 200, description = "A page of programmes", body = Listing<ProgrammeResponse>)))]
#[get("/v1/programmes")]
pub async fn list_programmes(cx: Cx, asked: Asked<ListProgrammes>) -> Result<Listed<ProgrammeResponse>> {
    cx.list(asked, store::list).await
}

/// Create a programme
///
/// Only national administrators can create a programme. Its managers can change it afterwards.
#[utoipa::path(tag = "programmes", request_body = Programme, responses((status = 201, description = "Created", body = ProgrammeResponse)))]
#[post("/v1/programmes")]
pub async fn create_programme(cx: Cx, body: Body<Programme>) -> Result<Created<ProgrammeResponse>> {
    cx.create(body, ops::create_programme).await
}

/// Get a programme
///
/// Finds a programme by its slug, in upper or lower case.
#[utoipa::path(tag = "programmes", params(ProgrammePath), responses((status = 200, description = "The programme", body = ProgrammeResponse)))]
#[get("/v1/programmes/{slug}")]
pub async fn get_programme(cx: Cx, path: web::Path<ProgrammePath>) -> Result<Answer<ProgrammeResponse>> {
    cx.show(move |conn, _| ops::get_programme(conn, &path.slug)).await
}

/// Change a programme
///
/// Takes a merge patch from the programme's managers. The slug never changes.
#[utoipa::path(tag = "programmes", params(ProgrammePath), request_body(content = ProgrammePatch, example = json!({ "website": "https://nhsaccelerator.com" })), responses((status = 200, description = "Changed", body = ProgrammeResponse)))]
#[patch("/v1/programmes/{slug}")]
pub async fn update_programme(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    body: Body<ProgrammePatch>,
) -> Result<Answer<ProgrammeResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_programme(conn, context, &path.slug, &patch)).await
}
