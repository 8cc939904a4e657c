//! The API document in both its forms, the problem pages, and the front page.

use crate::error::{Code, Error};
use crate::http::problem::status_of;
use crate::http::service::Service;
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};

/// The API document as JSON
///
/// OpenAPI 3.1: the same document that the requests are checked against.
#[utoipa::path(tag = "platform", responses((status = 200, description = "This document", body = Object)))]
#[get("/openapi.json")]
pub async fn get_openapi_json(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(service.document_json.clone())
}

/// The API document as YAML
///
/// The same document as `/openapi.json`.
#[utoipa::path(tag = "platform", responses((status = 200, description = "This document", body = Object, content_type = "application/yaml")))]
#[get("/openapi.yaml")]
pub async fn get_openapi_yaml(service: web::Data<Service>) -> Result<HttpResponse, Error> {
    let yaml = match service.document_yaml.get() {
        Some(yaml) => yaml.clone(),
        None => {
            let typed: utoipa::openapi::OpenApi = serde_json::from_slice(&service.document_json)?;
            let yaml = web::Bytes::from(typed.to_yaml().map_err(Error::internal)?);
            service.document_yaml.get_or_init(|| yaml).clone()
        }
    };
    Ok(HttpResponse::Ok()
        .content_type("application/yaml")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(yaml))
}

/// What a problem code means
///
/// The page that the `type` of a problem points at.
#[utoipa::path(
    tag = "platform",
    params(("code" = String, Path, description = "A problem's code", max_length = 60, pattern = "^[a-z-]{1,60}$", example = "validation-failed")),
    responses(
        (status = 200, description = "A page for people", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such code", body = crate::http::problem::Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/problems/{code}")]
pub async fn get_problem_page(code: web::Path<String>) -> Result<HttpResponse, Error> {
    let known = Code::ALL.iter().find(|known| known.as_str() == code.as_str());
    let code = known.ok_or_else(|| Error::not_found("problem code"))?;
    let body = format!(
        "<h1>{}</h1><p><code>{}</code>, status {}</p><p>{}</p><p><a href=\"/docs/\">API documentation</a></p>",
        code.title(),
        code.as_str(),
        status_of(*code).as_u16(),
        code.meaning()
    );
    Ok(page(code.title(), &body))
}

/// The front page: what this is and where to go.
pub async fn front() -> HttpResponse {
    page(
        "Innovation Register",
        "<h1>Innovation Register</h1>\
         <p>The register of health innovations, where they are used, and the KPIs that show whether they spread: a REST/JSON API.</p>\
         <ul><li><a href=\"/docs/\">Try the API in the browser</a></li>\
         <li><a href=\"/openapi.json\">The API document</a> (<a href=\"/openapi.yaml\">YAML</a>), to generate a client from</li>\
         <li><a href=\"/v1/innovations\">Innovations</a>, <a href=\"/v1/organisations\">organisations</a>, <a href=\"/v1/kpis\">KPIs</a>, <a href=\"/v1/code-lists\">code lists</a></li>\
         <li><a href=\"/health/ready\">Is it up?</a></li></ul>",
    )
}

/// What a page of ours may load: nothing from anywhere.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// A page of our own, fit for print. The body is HTML; what is not ours in it was escaped by [`escaped`].
pub fn html(title: &str, body: &str) -> String {
    const STYLE: &str = "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #aeb7bd;padding:.3em .6em .3em 0;text-align:left}td.figure{text-align:right}td a{font-size:.8em;overflow-wrap:anywhere}@media print{body{margin:0;max-width:none}a{color:inherit}}body{font:1.1rem/1.5 sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color:#212b32}a{color:#005eb8}code{background:#f0f4f5;padding:.1em .3em}";
    let title = escaped(title);
    format!(
        "<!doctype html><html lang=\"en-GB\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

/// Text as it may stand in HTML, in an attribute too.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(html(title, body))
}

/// Swagger UI, from this binary and nowhere else.
pub fn swagger_ui() -> impl actix_web::dev::HttpServiceFactory {
    let config = utoipa_swagger_ui::Config::new(["/openapi.json"]).persist_authorization(false).use_base_layout();
    web::scope("/docs")
        .wrap(actix_web::middleware::DefaultHeaders::new().add((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        )))
        .service(utoipa_swagger_ui::SwaggerUi::new("/{_:.*}").config(config))
}
