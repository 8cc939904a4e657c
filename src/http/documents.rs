//! The API document in both its forms, the problem pages, the front page, and Swagger UI.

use crate::error::{Code, Error};
use crate::http::problem::status_of;
use crate::http::service::Service;
use crate::http::yaml::quoted;
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};

/// Get the API document as JSON
///
/// Returns the OpenAPI 3.1 document that requests are checked against.
#[utoipa::path(tag = "platform", responses((status = 200, description = "This document", body = Object)))]
#[get("/openapi.json")]
pub async fn get_openapi_json(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(service.document_json.clone())
}

/// Get the API document as YAML
///
/// Returns the same document as `/openapi.json`.
#[utoipa::path(tag = "platform", responses((status = 200, description = "This document", body = Object, content_type = "application/yaml")))]
#[get("/openapi.yaml")]
pub async fn get_openapi_yaml(service: web::Data<Service>) -> Result<HttpResponse, Error> {
    let yaml = match service.document_yaml.get() {
        Some(yaml) => yaml.clone(),
        None => {
            let typed: utoipa::openapi::OpenApi = serde_json::from_slice(&service.document_json)?;
            let yaml = web::Bytes::from(quoted(&typed.to_yaml().map_err(Error::internal)?));
            service.document_yaml.get_or_init(|| yaml).clone()
        }
    };
    Ok(HttpResponse::Ok()
        .content_type("application/yaml")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(yaml))
}

/// Get the page of a problem code
///
/// Returns the page that the `type` of a problem points at: what the code means and what to do.
#[utoipa::path(
    tag = "platform",
    params(("code" = String, Path, description = "The code of a problem", max_length = 60, pattern = "^[a-z-]{1,60}$", example = "validation-failed")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "There is no problem with this code", body = crate::http::problem::Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/problems/{code}")]
pub async fn get_problem_page(code: web::Path<String>) -> Result<HttpResponse, Error> {
    let known = Code::ALL.iter().find(|known| known.as_str() == code.as_str());
    let code = known.ok_or_else(|| Error::not_found("problem code"))?;
    let body = format!(
        "<h1>{}</h1><p><code>{}</code>, status {}</p><p>{}</p><p><a href=\"/docs/guides/api-fundamentals#problems\">How problems are answered</a></p>",
        code.title(),
        code.as_str(),
        status_of(*code).as_u16(),
        code.meaning()
    );
    Ok(page(code.title(), &body))
}

/// An address, and the words that lead to it.
type Link = (&'static str, &'static str);

/// The visitors of the front page, each with a next step and links.
const VISITORS: [(&str, &str, &[Link]); 5] = [
    (
        "You connect another system",
        "Read one list to its end, then keep a copy up to date. Innovations, organisations and KPIs need no token.",
        &[
            ("/docs/guides/integrators", "Guide for integrators"),
            ("/v1/innovations?limit=2", "A first page of innovations"),
            ("/docs/guides/api-fundamentals", "The API on one page"),
        ],
    ),
    (
        "You build a page or a dashboard",
        "Generate a typed client from the API document. Charts come ready to show.",
        &[
            ("/docs/guides/frontends", "Guide for frontend teams"),
            ("/openapi.json", "The API document"),
            ("/docs/", "Every operation, to try in the browser"),
        ],
    ),
    (
        "You send KPI values",
        "Fill in the template of your KPIs, check it, mend what is wrong, then send it.",
        &[
            ("/returns", "Return data by hand"),
            ("/docs/guides/submitters", "Guide for submitters"),
            ("/v1/kpis", "The KPIs"),
            ("/v1/code-lists", "The coded values"),
        ],
    ),
    (
        "You run a programme",
        "Open a call, follow your fellows and awards, and get the impact report in one request.",
        &[
            ("/docs/guides/programme-teams", "Guide for programme teams"),
            ("/docs/guides/reporting-cycle", "Guide to a reporting cycle"),
            ("/v1/programmes", "The programmes"),
        ],
    ),
    (
        "You operate this service",
        "Check the settings, migrate the database, watch health and metrics.",
        &[
            ("/docs/guides/operations", "Operations"),
            ("/docs/guides/performance", "Performance"),
            ("/docs/guides/security", "Security"),
            ("/health/ready", "Is it ready?"),
        ],
    ),
];

/// The front page: what the register is, and the next step of each kind of visitor.
pub async fn front() -> HttpResponse {
    let mut body = String::from(
        "<h1>Innovation Register</h1>\
         <p>The national register of health innovations: what they are, who uses them, the programmes and money behind them, and the KPIs \
         that show whether they spread. It is a REST/JSON API; <a href=\"/docs/\">try it in the browser</a>.</p>",
    );
    for (who, next, links) in VISITORS {
        body.push_str(&format!("<section><h2>{who}</h2><p>{next}</p><ul>"));
        for (href, text) in links {
            body.push_str(&format!("<li><a href=\"{href}\">{text}</a></li>"));
        }
        body.push_str("</ul></section>");
    }
    body.push_str(
        "<section><h2>You need a token</h2><p>What is not public needs an access token. A demonstration prints one for each of six people \
         when it starts; for this service, ask those who operate it. <a href=\"/docs/guides/api-fundamentals#who-you-are\">How to send it</a>.</p></section>",
    );
    page("Innovation Register", &body)
}

/// The content security policy of our pages: they load nothing.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE: &str = "body{font:1.1rem/1.5 Arial,Helvetica,sans-serif;max-width:46rem;margin:0 auto 3rem;padding:0 1rem;color:#212b32;background:#fff}\
h1,h2,h3{line-height:1.25}a{color:#005eb8}header{border-bottom:1px solid #aeb7bd;margin-bottom:2rem}header li,header ul{display:inline;margin:0;padding:0}\
header a{display:inline-block;padding:.8em 1em .8em 0}code,pre{background:#f0f4f5;font-size:.9em}code{padding:.1em .3em;overflow-wrap:anywhere}pre{padding:.8em;overflow-x:auto}\
pre code{padding:0;overflow-wrap:normal}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #aeb7bd;padding:.3em .6em .3em 0;\
text-align:left;vertical-align:top}td.figure{text-align:right}caption{text-align:left;font-weight:bold}td ul{margin:0;padding-left:1.1em}.key{list-style:none;padding:0}.key li{display:flex;align-items:center;gap:.4em}.key svg,td svg{vertical-align:middle}\
.measures{font-size:.85em}.measures td:nth-child(2){white-space:nowrap}body:has(.landscape){max-width:80rem}.landscape{page:landscape}@page landscape{size:A4 landscape;margin:12mm}td a{font-size:.8em;overflow-wrap:anywhere}.illustrative{border:2px solid #212b32;padding:.3em .6em;font-weight:bold}\
@media print{body{font-size:10.5pt}.key{columns:2}.grid{break-inside:avoid}h2:has(+.wide .measures){break-before:page}body,body:has(.landscape){margin:0;max-width:none}tr,li{break-inside:avoid}thead{display:table-header-group}.wide{overflow:visible}h2,h3{break-after:avoid}a{color:inherit}header{display:none}}";

/// A page that stands alone, fit for print. The body is HTML, in which foreign text was escaped by [`escaped`].
pub fn html(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html><html lang=\"en-GB\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body>{HEADER}<main>{body}</main></body></html>"
    )
}

/// The links from every page to the others. They are not printed.
const HEADER: &str = "<header><nav aria-label=\"Innovation Register\"><ul><li><a href=\"/\">Innovation Register</a></li> \
<li><a href=\"/docs/\">API in the browser</a></li> <li><a href=\"/docs/guides/api-fundamentals\">The API on one page</a></li></ul></nav></header>";

/// Text made safe for HTML, also in an attribute.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Answers a page of ours.
pub fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(html(title, body))
}

/// Swagger UI, from this binary and nowhere else.
pub fn swagger_ui() -> impl actix_web::dev::HttpServiceFactory {
    let config = utoipa_swagger_ui::Config::new(["/openapi.json"])
        .persist_authorization(false)
        .use_base_layout()
        // Nearly two hundred operations: the groups are shown, and a box to narrow them.
        .doc_expansion("none")
        .filter(true)
        .deep_linking(true)
        .default_models_expand_depth(0)
        .display_request_duration(true)
        .validator_url("none");
    web::scope("/docs")
        .wrap(actix_web::middleware::DefaultHeaders::new().add((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        )))
        .service(utoipa_swagger_ui::SwaggerUi::new("/{_:.*}").config(config))
}
