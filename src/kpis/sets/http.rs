//! `/v1/kpi-sets`: which KPIs are asked of whom.

use super::ops;
use super::rules::KpiSet;
use super::store::{self, AskTemplate, ListKpiSets};
use super::template::Template;
use crate::db::Conn;
use crate::error::Result;
use crate::http::workbook::{WorkbookBody, XLSX};
use crate::http::{Answer, Asked, Body, CSV, Context, Created, Cx, Listed, Listing, Patch, Query, Reply, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post, web};

type KpiSetResponse = Stored<KpiSet>;
type KpiSetPatch = Patch<KpiSet>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_kpi_sets)
        .service(create_kpi_set)
        .service(get_kpi_set)
        .service(update_kpi_set)
        .service(get_kpi_set_template)
        .service(get_kpi_set_workbook);
}

path! { KpiSetPath, code: [example = "urgent-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60] "Its code, in any case" }

/// List sets of KPIs
///
/// Lists the sets, each with its KPIs and who is asked for them.
#[utoipa::path(tag = "kpis", params(ListKpiSets), responses((status = 200, description = "A page of sets", body = Listing<KpiSetResponse>)))]
#[get("/v1/kpi-sets")]
pub async fn list_kpi_sets(cx: Cx, asked: Asked<ListKpiSets>) -> Result<Listed<KpiSetResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::with_members(conn, rows)).await
}

/// Create a set of KPIs
///
/// From then on only those who are assigned to a set of these KPIs can send their values: organisations of the types that stand
/// at or below the place on the last day of a period.
#[utoipa::path(tag = "kpis", request_body = KpiSet, responses((status = 201, description = "Created", body = KpiSetResponse)))]
#[post("/v1/kpi-sets")]
pub async fn create_kpi_set(cx: Cx, body: Body<KpiSet>) -> Result<Created<KpiSetResponse>> {
    cx.create(body, ops::create_kpi_set).await
}

/// Get a set of KPIs
///
/// Returns the set with its KPIs and who is asked for them.
#[utoipa::path(tag = "kpis", params(KpiSetPath), responses((status = 200, description = "The set", body = KpiSetResponse)))]
#[get("/v1/kpi-sets/{code}")]
pub async fn get_kpi_set(cx: Cx, path: web::Path<KpiSetPath>) -> Result<Answer<KpiSetResponse>> {
    cx.show_whole(move |conn, _| ops::get_kpi_set(conn, &path.code)).await
}

/// Change a set of KPIs
///
/// Takes a merge patch. The code cannot change. A list of KPIs or assignments replaces the list before it: an assignment that ends stays in the list, with its `to`.
#[utoipa::path(tag = "kpis", params(KpiSetPath), request_body(content = KpiSetPatch, example = json!({ "assignments": [{ "place": "QKK", "to": "2026-04-01" }, { "place": "QMJ", "from": "2026-04-01" }] })), responses((status = 200, description = "Changed", body = KpiSetResponse)))]
#[patch("/v1/kpi-sets/{code}")]
pub async fn update_kpi_set(
    cx: Cx,
    path: web::Path<KpiSetPath>,
    body: Body<KpiSetPatch>,
) -> Result<Answer<KpiSetResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_kpi_set(conn, context, &path.code, &patch)).await
}

/// Get a CSV template for a set of KPIs
///
/// Returns a table to fill in and send to `/v1/kpi-submissions?set=`: a row for each organisation of the set for which you may send
/// values, each period and breakdown, and the columns of each KPI. At most 10,000 rows and 200,000 cells (422 beyond that).
#[utoipa::path(
    tag = "kpis",
    params(KpiSetPath, AskTemplate),
    responses((status = 200, description = "The template", body = String, content_type = "text/csv",
        example = json!("organisation,organisationName,period,breakdown,emergency-attendances\nRJZ,King's College Hospital,2019-03,1,\n"))),
)]
#[get("/v1/kpi-sets/{code}/template.csv")]
pub async fn get_kpi_set_template(cx: Cx, path: web::Path<KpiSetPath>, asked: Query<AskTemplate>) -> Result<Reply> {
    cx.snapshot(move |conn, context| answer(conn, context, &path.code, &asked.0, CSV, Template::as_csv)).await
}

/// Get a workbook to fill in for a set of KPIs
///
/// Returns the same table as `template.csv` as an Excel workbook: the cells to fill in can be typed in and take numbers only, the
/// others are locked, with nothing needed to unlock them, and a second sheet says what goes where.
#[utoipa::path(
    tag = "kpis",
    params(KpiSetPath, AskTemplate),
    responses((status = 200, description = "The workbook", body = WorkbookBody, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
)]
#[get("/v1/kpi-sets/{code}/template.xlsx")]
pub async fn get_kpi_set_workbook(cx: Cx, path: web::Path<KpiSetPath>, asked: Query<AskTemplate>) -> Result<Reply> {
    let code = path.code.to_ascii_lowercase();
    cx.report(move |conn, context| {
        answer(conn, context, &path.code, &asked.0, XLSX, |template| template.as_book(&code))
    })
    .await
}

fn answer(
    conn: &mut Conn,
    context: &Context,
    code: &str,
    asked: &AskTemplate,
    media: &'static str,
    write: impl FnOnce(&Template) -> Result<Vec<u8>>,
) -> Result<Reply> {
    let template = ops::get_kpi_set_template(conn, context, code, asked)?;
    let extension = if media == XLSX { "xlsx" } else { "csv" };
    let name = format!("attachment; filename=\"{}.{extension}\"", code.to_ascii_lowercase());
    Ok(Reply::text(StatusCode::OK, media, write(&template)?).header("Content-Disposition", name))
}
