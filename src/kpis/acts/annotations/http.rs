//! `/v1/annotations`.

use super::ops;
use super::rules::Annotation;
use super::store::{self, ListAnnotations};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type AnnotationResponse = Stored<Annotation>;
type AnnotationPatch = Patch<Annotation>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_annotations)
        .service(create_annotation)
        .service(get_annotation)
        .service(update_annotation)
        .service(delete_annotation);
}

/// List annotations
///
/// Lists what was noted of points of series that you may see as they are. Like a comment, an annotation may say what is kept back of a
/// value, so others see neither.
#[utoipa::path(tag = "spc", params(ListAnnotations), responses((status = 200, description = "A page of annotations", body = Listing<AnnotationResponse>)))]
#[get("/v1/annotations")]
pub async fn list_annotations(cx: Cx, asked: Asked<ListAnnotations>) -> Result<Listed<AnnotationResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Annotate a point of a series
///
/// Says what is to be known of a period: of an organisation's own series, or of the total of a place. SPC answers tell it and charts
/// print it; it changes no figure.
#[utoipa::path(tag = "spc", request_body = Annotation, responses((status = 201, description = "Recorded", body = AnnotationResponse)))]
#[post("/v1/annotations")]
pub async fn create_annotation(cx: Cx, body: Body<Annotation>) -> Result<Created<AnnotationResponse>> {
    cx.create(body, ops::create_annotation).await
}

/// Get an annotation
///
/// Returns the point that it is of, its text and its author.
#[utoipa::path(tag = "spc", params(IdPath), responses((status = 200, description = "The annotation", body = AnnotationResponse)))]
#[get("/v1/annotations/{id}")]
pub async fn get_annotation(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<AnnotationResponse>> {
    cx.show_whole(move |conn, context| ops::get_annotation(conn, context, &path.id)).await
}

/// Change the text of an annotation
///
/// Takes a merge patch with `text`. What was noted of another point is taken back and noted there.
#[utoipa::path(tag = "spc", params(IdPath), request_body(content = AnnotationPatch, example = json!({ "text": "A second department opened on the third." })), responses((status = 200, description = "Changed", body = AnnotationResponse)))]
#[patch("/v1/annotations/{id}")]
pub async fn update_annotation(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AnnotationPatch>,
) -> Result<Answer<AnnotationResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_annotation(conn, context, &path.id, &patch)).await
}

/// Take back an annotation
///
/// From then on answers and charts leave it out. It is kept with the reason, and listed with `withdrawn=true`.
#[utoipa::path(tag = "spc", params(IdPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/annotations/{id}")]
pub async fn delete_annotation(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_annotation(conn, context, &path.id, wrong.0)).await
}
