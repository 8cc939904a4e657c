//! `/v1/benefits/{id}/realisations` and `/v1/benefit-realisations`.

use super::ops;
use super::rules::Realisation;
use super::store::{self, ListBenefitRealisations, RealisationRow};
use crate::benefits::ops::get_benefit;
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use crate::{params, path};
use actix_web::{delete, get, post, web};

type RealisationResponse = Stored<Realisation>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_all_benefit_realisations)
        .service(list_benefit_realisations)
        .service(create_benefit_realisation)
        .service(get_benefit_realisation)
        .service(delete_benefit_realisation);
}

path! { RealisationPath, id: uuid "The id of the benefit", realisation: uuid "The id of the realised figure" }

params! {
    /// How the realised figures of a benefit are paged.
    pub struct ListOfBenefit list of RealisationRow {}
}

/// List what was achieved
///
/// Lists the figures that were confirmed of all benefits, by year. With `asOf`, those that were in force on that day: the rows of a
/// realised figure of a report.
#[utoipa::path(tag = "benefits", params(ListBenefitRealisations), responses((status = 200, description = "A page of figures", body = Listing<RealisationResponse>)))]
#[get("/v1/benefit-realisations")]
pub async fn list_all_benefit_realisations(
    cx: Cx,
    asked: Asked<ListBenefitRealisations>,
) -> Result<Listed<RealisationResponse>> {
    cx.list_with(asked, store::list, ops::shown).await
}

/// List what was achieved of a benefit
///
/// Lists the figures that were confirmed, by year; those that were taken back too.
#[utoipa::path(tag = "benefits", params(IdPath, ListOfBenefit), responses((status = 200, description = "A page of figures", body = Listing<RealisationResponse>)))]
#[get("/v1/benefits/{id}/realisations")]
pub async fn list_benefit_realisations(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListOfBenefit>,
) -> Result<Listed<RealisationResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, _: &ListOfBenefit| {
        Ok(store::of_claim(get_benefit(conn, context, &path.id)?.row.id))
    };
    cx.list_with(asked, rows, ops::shown).await
}

/// Confirm what was achieved of a benefit
///
/// Confirms the figure of a financial year, with a certainty of its own. Only somebody of another body than everyone who made or changed the
/// claim, or the claim that it replaces, confirms it, once every side has accepted the claim. The claim then stays as it is.
#[utoipa::path(tag = "benefits", params(IdPath), request_body = Realisation, responses((status = 201, description = "Confirmed", body = RealisationResponse)))]
#[post("/v1/benefits/{id}/realisations")]
pub async fn create_benefit_realisation(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<Realisation>,
) -> Result<Created<RealisationResponse>> {
    cx.create(body, move |conn, context, new| ops::create_benefit_realisation(conn, context, &path.id, new)).await
}

/// Get what was achieved of a benefit in a year
///
/// Returns the figure, how certain it is, and who confirmed it.
#[utoipa::path(tag = "benefits", params(RealisationPath), responses((status = 200, description = "The figure", body = RealisationResponse)))]
#[get("/v1/benefits/{id}/realisations/{realisation}")]
pub async fn get_benefit_realisation(cx: Cx, path: web::Path<RealisationPath>) -> Result<Answer<RealisationResponse>> {
    cx.show(move |conn, context| ops::get_benefit_realisation(conn, context, &path.id, &path.realisation)).await
}

/// Take back what was achieved of a benefit
///
/// Corrects a mistake: the figure counts on no day. It is kept with the reason. Then confirm the right one.
#[utoipa::path(tag = "benefits", params(RealisationPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/benefits/{id}/realisations/{realisation}")]
pub async fn delete_benefit_realisation(
    cx: Cx,
    path: web::Path<RealisationPath>,
    wrong: Query<Wrong>,
) -> Result<Reply> {
    let RealisationPath { id, realisation } = path.into_inner();
    cx.remove(move |conn, context| ops::delete_benefit_realisation(conn, context, &id, &realisation, wrong.0)).await
}
