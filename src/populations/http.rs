//! `/v1/populations`: one by one as JSON, or many at once as CSV.

use super::input::{PopulationsCsv, read_rows};
use super::ops;
use super::rules::Population;
use super::store::{self, ListPopulations};
use crate::delivery::Counts;
use crate::error::Result;
use crate::http::schemas;
use crate::http::{
    Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Upload, Wrong,
};
use crate::record::Stored;
use actix_web::{Either, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

type PopulationResponse = Stored<Population>;
type PopulationPatch = Patch<Population>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_populations)
        .service(create_population)
        .service(get_population)
        .service(update_population)
        .service(delete_population);
}

/// How many rows were created, updated and left unchanged.
#[derive(Serialize, ToSchema)]
pub struct PopulationImportResponse {
    counts: Counts,
}

/// List populations
///
/// Lists how many people organisations and places had, in all and by deprivation, ethnicity, sex and age, and how many of them an innovation is
/// meant for, earliest first by default. Uptake by group, and the patients that could be reached, are reckoned of these.
#[utoipa::path(tag = "organisations", params(ListPopulations), responses((status = 200, description = "A page of populations", body = Listing<PopulationResponse>)))]
#[get("/v1/populations")]
pub async fn list_populations(cx: Cx, asked: Asked<ListPopulations>) -> Result<Listed<PopulationResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Record populations
///
/// Records one as JSON (201), or many as CSV with the same names as columns (200). A row of the CSV whose organisation, kind, day, group, edition,
/// innovation and indication are there already corrects that one, and leaves what it says nothing of; the answer counts the rows created, updated and unchanged. If any row is
/// wrong, nothing is written. National administrators record published figures, which everybody reads.
#[utoipa::path(
    tag = "organisations",
    request_body(content(
        (Population = "application/json"),
        (PopulationsCsv = "text/csv", example = json!("organisation,kind,on,group,edition,value,source\nRJZ,resident,2024-06-30,imd-quintile=1,imd-2019,184200,Mid-year estimates\n")),
    )),
    responses(
        (status = 201, description = "Recorded", body = PopulationResponse),
        (status = 200, description = "Imported", body = PopulationImportResponse),
    ),
)]
#[post("/v1/populations")]
pub async fn create_population(cx: Cx, upload: Upload) -> Result<Either<Created<PopulationResponse>, Reply>> {
    if cx.brings_csv() {
        cx.context.reach().require_everything()?;
        let (service, endpoint) = (cx.service.clone(), cx.endpoint);
        let fit = move |row| schemas::fit(service.schemas, endpoint, row);
        let done = cx.import(upload, read_rows, |conn, context, rows| {
            let counts = ops::import_populations(conn, context, rows, fit)?;
            Reply::ok(&PopulationImportResponse { counts })
        });
        return done.await.map(Either::Right);
    }
    let body = Body::<Population>::spooled(&cx, upload)?;
    cx.create(body, ops::create_population).await.map(Either::Left)
}

/// Get a population
///
/// Returns whose people they are, the day, how many, and who published it.
#[utoipa::path(tag = "organisations", params(IdPath), responses((status = 200, description = "The population", body = PopulationResponse)))]
#[get("/v1/populations/{id}")]
pub async fn get_population(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<PopulationResponse>> {
    cx.show(move |conn, _| ops::get_population(conn, &path.id)).await
}

/// Correct a population
///
/// Takes a merge patch of `value`, `qualifier`, `basis`, `source` and `illustrative`. Reports of past days change with it: it is information about
/// those days.
#[utoipa::path(tag = "organisations", params(IdPath), request_body(content = PopulationPatch, example = json!({ "value": 184310 })), responses((status = 200, description = "Corrected", body = PopulationResponse)))]
#[patch("/v1/populations/{id}")]
pub async fn update_population(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<PopulationPatch>,
) -> Result<Answer<PopulationResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_population(conn, context, &path.id, &patch)).await
}

/// Take back a population
///
/// Corrects a mistake: the row counts on no day. It is kept with the reason, and listed with `withdrawn=true`.
#[utoipa::path(tag = "organisations", params(IdPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/populations/{id}")]
pub async fn delete_population(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_population(conn, context, &path.id, wrong.0)).await
}
