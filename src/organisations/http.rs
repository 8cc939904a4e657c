//! `/v1/organisations`: one by one as JSON, or many at once as CSV.

use super::import::{ImportResponse, OrganisationsCsv, OrganisationsFileRequest, import, read_rows};
use super::ops;
use super::rules::Organisation;
use super::store::{self, ListOrganisations};
use crate::error::Result;
use crate::http::schemas;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Reply, Routes, Upload};
use crate::path;
use crate::record::Stored;
use actix_web::{Either, get, patch, post, web};

type OrganisationResponse = Stored<Organisation>;
type OrganisationPatch = Patch<Organisation>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_organisations)
        .service(create_organisation)
        .service(get_organisation)
        .service(update_organisation);
}

path! { OrganisationPath, code: organisation "Its code, in any case" }

/// List organisations
///
/// Lists the organisations. `place` means an organisation and all below it, on the day `asOf`.
#[utoipa::path(tag = "organisations", params(ListOrganisations), responses((status = 200, description = "A page of organisations", body = Listing<OrganisationResponse>)))]
#[get("/v1/organisations")]
pub async fn list_organisations(cx: Cx, asked: Asked<ListOrganisations>) -> Result<Listed<OrganisationResponse>> {
    cx.list_with(asked, store::list, ops::shown).await
}

/// Get an organisation
///
/// Finds an organisation by its code, in upper or lower case.
#[utoipa::path(tag = "organisations", params(OrganisationPath), responses((status = 200, description = "The organisation", body = OrganisationResponse)))]
#[get("/v1/organisations/{code}")]
pub async fn get_organisation(cx: Cx, path: web::Path<OrganisationPath>) -> Result<Answer<OrganisationResponse>> {
    cx.show(move |conn, context| Ok(ops::get_organisation(conn, &path.code)?.on(context.today()))).await
}

/// Register organisations
///
/// Registers one as JSON (201), or many as CSV with the same names as columns (200). The CSV also updates
/// organisations that exist; the answer counts the rows created, updated and unchanged. If any row is wrong, nothing
/// is written. An empty cell says nothing, so what is there stays; `(none)` takes it away.
#[utoipa::path(
    tag = "organisations",
    request_body(content(
        (Organisation = "application/json"),
        (OrganisationsCsv = "text/csv", example = json!("code,name,type,parent\nRJZ,King's College Hospital NHS Foundation Trust,nhs-trust,QKK\n")),
        (inline(OrganisationsFileRequest) = "multipart/form-data", example = json!({ "file": "code,name,type,parent\nRJZ,King's College Hospital NHS Foundation Trust,nhs-trust,QKK\n" })),
    )),
    responses(
        (status = 201, description = "Registered", body = OrganisationResponse),
        (status = 200, description = "Imported", body = ImportResponse),
    ),
)]
#[post("/v1/organisations")]
pub async fn create_organisation(cx: Cx, upload: Upload) -> Result<Either<Created<OrganisationResponse>, Reply>> {
    if cx.brings_csv() {
        cx.context.reach().require_everything()?;
        let (service, endpoint) = (cx.service.clone(), cx.endpoint);
        let fit = move |row| schemas::fit(service.schemas, endpoint, row);
        let done = cx.import(upload, read_rows, |conn, context, rows| import(conn, context, rows, fit));
        return done.await.map(Either::Right);
    }
    let body = Body::<Organisation>::spooled(&cx, upload)?;
    cx.create(body, |conn, context, new| Ok(ops::create_organisation(conn, context, new)?.on(context.today())))
        .await
        .map(Either::Left)
}

/// Change an organisation
///
/// Takes a merge patch. The code cannot change, and the parent changes by edges. Closing it by `validTo` ends its edges on that day;
/// those that ended with it last as long as it does where the day changes again. Days on which a succession rests change only once that
/// is taken back, and another type has to fit its edges.
#[utoipa::path(tag = "organisations", params(OrganisationPath), request_body(content = OrganisationPatch, example = json!({ "postcode": "SE5 9RS" })), responses((status = 200, description = "Changed", body = OrganisationResponse)))]
#[patch("/v1/organisations/{code}")]
pub async fn update_organisation(
    cx: Cx,
    path: web::Path<OrganisationPath>,
    body: Body<OrganisationPatch>,
) -> Result<Answer<OrganisationResponse>> {
    cx.change(body, move |conn, context, patch| {
        Ok(ops::update_organisation(conn, context, &path.code, &patch)?.on(context.today()))
    })
    .await
}
