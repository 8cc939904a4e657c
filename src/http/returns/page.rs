//! The page on which data is returned by hand: a page, its style and its script, each a file of its own. It uses the public API
//! alone.

use actix_web::HttpResponse;
use actix_web::http::header;

/// It loads what this service serves, and nothing is run that stands in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

fn file(media: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(text)
}

pub async fn page() -> HttpResponse {
    file("text/html; charset=utf-8", include_str!("returns.html"))
}

pub async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", include_str!("returns.css"))
}

pub async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", include_str!("returns.js"))
}
