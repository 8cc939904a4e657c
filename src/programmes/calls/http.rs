//! `/v1/programmes/{slug}/calls` and `/v1/calls/{id}`.

use super::ops;
use super::rules::Call;
use super::store::{self, ListCalls};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type CallResponse = Stored<Call>;
type CallPatch = Patch<Call>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_calls).service(create_call).service(get_call).service(update_call);
}

/// List the calls of a programme
///
/// Lists the calls, earliest closing first by default.
#[utoipa::path(tag = "programmes", params(ProgrammePath, ListCalls), responses((status = 200, description = "A page of calls", body = Listing<CallResponse>)))]
#[get("/v1/programmes/{slug}/calls")]
pub async fn list_calls(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    asked: Asked<ListCalls>,
) -> Result<Listed<CallResponse>> {
    cx.list(asked, move |conn, _, asked| Ok(store::list(get_programme(conn, &path.slug)?.slug, asked))).await
}

/// Open a call of a programme
///
/// Give the priorities that an application must name, the form that it fills in, and the criteria of its reviews.
#[utoipa::path(tag = "programmes", params(ProgrammePath), request_body = Call, responses((status = 201, description = "Opened", body = CallResponse)))]
#[post("/v1/programmes/{slug}/calls")]
pub async fn create_call(cx: Cx, path: web::Path<ProgrammePath>, body: Body<Call>) -> Result<Created<CallResponse>> {
    let slug = path.slug.clone();
    let look =
        move |conn: &mut Conn, context: &Context, new| ops::may_create_call(conn, context, &path.slug).map(|()| new);
    let create = move |conn: &mut Conn, context: &Context, new| {
        Reply::of_new("/v1/calls", &CallResponse::from(ops::create_call(conn, context, &slug, &new)?))
    };
    cx.considered(body, look, Call::checked, create).await.map(Created::of)
}

/// Get a call
///
/// Returns the call with its newest form.
#[utoipa::path(tag = "programmes", params(IdPath), responses((status = 200, description = "The call", body = CallResponse)))]
#[get("/v1/calls/{id}")]
pub async fn get_call(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<CallResponse>> {
    cx.show(move |conn, _| ops::get_call(conn, &path.id)).await
}

/// Change a call
///
/// Takes a merge patch. A new form is a new version, and applications keep the version they were written for.
#[utoipa::path(tag = "programmes", params(IdPath), request_body(content = CallPatch, example = json!({ "closesAt": "2018-10-31T12:00" })), responses((status = 200, description = "Changed", body = CallResponse)))]
#[patch("/v1/calls/{id}")]
pub async fn update_call(cx: Cx, path: web::Path<IdPath>, body: Body<CallPatch>) -> Result<Answer<CallResponse>> {
    let id = path.id.clone();
    let look = move |conn: &mut Conn, context: &Context, patch| ops::revise_call(conn, context, &path.id, &patch);
    let change = move |conn: &mut Conn, context: &Context, revision| {
        Reply::record(&CallResponse::from(ops::update_call(conn, context, &id, revision)?))
    };
    cx.considered(body, look, ops::Revision::checked, change).await.map(Answer::of)
}
