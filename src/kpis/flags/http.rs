//! `/v1/kpi-value-flags`.

use super::ops;
use super::rules::KpiValueFlag;
use super::store::{self, ListKpiValueFlags};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use actix_web::{get, patch, web};

type KpiValueFlagResponse = Stored<KpiValueFlag>;
type KpiValueFlagPatch = Patch<KpiValueFlag>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_kpi_value_flags).service(get_kpi_value_flag).service(update_kpi_value_flag);
}

/// List the flags of doubtful values
///
/// Lists what was doubtful of values when they were sent, oldest first by default: of the values that you may see unsuppressed.
#[utoipa::path(tag = "kpi-values", params(ListKpiValueFlags), responses((status = 200, description = "A page of flags", body = Listing<KpiValueFlagResponse>)))]
#[get("/v1/kpi-value-flags")]
pub async fn list_kpi_value_flags(cx: Cx, asked: Asked<ListKpiValueFlags>) -> Result<Listed<KpiValueFlagResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Get a flag of a doubtful value
///
/// Returns what was doubtful, and why it is right, if somebody said so.
#[utoipa::path(tag = "kpi-values", params(IdPath), responses((status = 200, description = "The flag", body = KpiValueFlagResponse)))]
#[get("/v1/kpi-value-flags/{id}")]
pub async fn get_kpi_value_flag(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<KpiValueFlagResponse>> {
    cx.show(move |conn, context| ops::get_kpi_value_flag(conn, context, &path.id)).await
}

/// Justify a doubtful value
///
/// Takes a merge patch with `justification`, which clears the flag. Null opens it again. Whoever may send values of the organisation
/// may justify them; a row of a submission can bring its `justification` too.
#[utoipa::path(tag = "kpi-values", params(IdPath), request_body(content = KpiValueFlagPatch, example = json!({ "justification": "A second department opened on the third." })), responses((status = 200, description = "Changed", body = KpiValueFlagResponse)))]
#[patch("/v1/kpi-value-flags/{id}")]
pub async fn update_kpi_value_flag(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<KpiValueFlagPatch>,
) -> Result<Answer<KpiValueFlagResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_kpi_value_flag(conn, context, &path.id, &patch)).await
}
