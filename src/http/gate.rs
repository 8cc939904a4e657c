//! The one way in. In this order: name the request, find the operation (else 404, or 405 with `Allow`), authenticate,
//! limit, authorise by role, negotiate media types, and hand over to the handler; on the way out: the problem, the
//! conditional answer, the common headers, the log line and the metrics.

use super::jobs::prefers_later;
use super::limits::Quota;
use super::operations::{Endpoint, Found};
use super::reply::Elsewhere;
use super::request::Cx;
use super::workbook::XLSX;
use super::{params, peer, problem};
use crate::access::{Actor, Operation};
use crate::error::{Code, Error, Result};
use crate::http::context::{Context, IfMatch};
use crate::http::service::Service;
use crate::traces;
use crate::vocabulary::{Id, Timestamp};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Method, StatusCode, Uri, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// What a request is called in logs and answers.
struct Named {
    request_id: String,
    correlation_id: Option<String>,
    target: String,
}

/// What a request is counted as that is none of the operations.
const NO_OPERATION: &str = "none";

/// The headers by which a caller's trace goes on.
struct Propagated<'a>(&'a header::HeaderMap);

impl opentelemetry::propagation::Extractor for Propagated<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(header::HeaderName::as_str).collect()
    }
}

/// The middleware around every route.
pub async fn gate(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let named = name(&request);
    let Some(service) = request.app_data::<web::Data<Service>>().cloned() else {
        return Err(Error::internal("the service is not in the router").into());
    };
    let head = request.method() == Method::HEAD;
    if head {
        request.head_mut().method = Method::GET;
    }
    let now = (service.clock)();
    let mut quota = None;
    let mut again = None;
    let operation = || match service.operations.find(request.method().as_str(), request.path()) {
        Found::Endpoint(endpoint) => endpoint.id,
        _ => NO_OPERATION,
    };
    let span = traces::of_request(operation, request.method().as_str(), &Propagated(request.headers()));
    let (endpoint, admitted) = admit(&service, &request, &named, now, &mut quota).instrument(span.clone()).await;
    let mut response = match admitted {
        Err(error) => request.into_response(problem::respond(&error, path(&named.target), &named.request_id)),
        Ok(cx) => {
            if let Some(mut cx) = cx {
                cx.admission = started.elapsed();
                again = cx.idempotency_key.as_ref().map(|_| cx.again());
                request.extensions_mut().insert(cx);
            }
            let not_modified = list(&request, "if-none-match").ok().flatten();
            // A handler's failure is a response by now; only a failing middleware would be an error here.
            let mut response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
            let elsewhere = response.response().extensions().get::<Elsewhere>().cloned();
            if let (Some(Elsewhere(path)), Some(cx)) = (elsewhere, again) {
                response = completed(response, &next, cx, &path).await?;
            }
            let response = as_problem(response, &named);
            if unchanged(&response, not_modified.as_deref()) {
                strip(response, StatusCode::NOT_MODIFIED)
            } else {
                response
            }
        }
    };
    if head {
        let status = response.status();
        response = strip(response, status);
    }
    dress(&mut response, &named, quota);
    if service.is_leaving() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let id = endpoint.map_or(NO_OPERATION, |endpoint| endpoint.id);
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    service.metrics.observe(id, status, elapsed);
    traces::answered(&span, status);
    tracing::info!(
        request_id = named.request_id,
        operation = id,
        status,
        micros = elapsed.as_micros() as u64,
        "request"
    );
    Ok(response)
}

/// A kept answer whose body was too large to keep, with the record as it is read now; without a body where the caller may
/// not read it, or it is gone.
async fn completed(
    kept: ServiceResponse<BoxBody>,
    next: &Next<impl MessageBody + 'static>,
    cx: Cx,
    path: &str,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Found::Endpoint(endpoint) = cx.service.operations.find(Method::GET.as_str(), path) else { return Ok(kept) };
    let Some(operation) = endpoint.operation else { return Ok(kept) };
    let Ok(uri) = path.parse::<Uri>() else { return Ok(kept) };
    if permit(&cx.service, operation, &cx.context.actor).is_err() {
        return Ok(kept);
    }
    let (request, kept) = kept.into_parts();
    let mut request = ServiceRequest::from_request(request);
    *request.match_info_mut() = actix_web::dev::Path::new(actix_web::dev::Url::new(uri.clone()));
    request.head_mut().method = Method::GET;
    request.head_mut().uri = uri;
    let context = Context { operation, ..cx.context };
    let accept = endpoint.produces.first().copied().unwrap_or("");
    request.extensions_mut().insert(Cx { context, endpoint, accept, target: path.to_owned(), ..cx });
    let read = next.call(request).await?.map_into_boxed_body();
    if read.status() != StatusCode::OK {
        return Ok(ServiceResponse::new(read.into_parts().0, kept));
    }
    let (request, mut whole) = read.into_parts();
    *whole.status_mut() = kept.status();
    for (name, value) in kept.headers() {
        if name == header::LOCATION || name == "idempotency-replayed" {
            whole.headers_mut().insert(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, whole))
}

/// The middleware around the library that answers preflights: what it refuses becomes a problem like any other refusal.
pub async fn preflight(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let named = name(&request);
    let asked = request.method() == Method::OPTIONS;
    let response = next.call(request).await?.map_into_boxed_body();
    if !asked || response.status() != StatusCode::BAD_REQUEST || is_answered(&response) {
        return Ok(response);
    }
    let refusal = Error::new(Code::MalformedHeader)
        .detail("This origin may not call the service from a browser, or the requested method is unknown.");
    let answer = problem::respond(&refusal, path(&named.target), &named.request_id);
    let mut response = ServiceResponse::new(response.request().clone(), answer);
    dress(&mut response, &named, None);
    Ok(response)
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn name(request: &ServiceRequest) -> Named {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let request_id = text("x-request-id").and_then(Id::parse).unwrap_or_else(Id::generate).to_string();
    let clean = |text: &str| text.chars().filter(|c| c.is_ascii_graphic()).take(200).collect::<String>();
    let correlation_id = text("x-correlation-id").map(clean).filter(|text| !text.is_empty());
    let target: String =
        request.uri().path_and_query().map_or("/", |target| target.as_str()).chars().take(4000).collect();
    Named { request_id, correlation_id, target }
}

/// Everything that can be decided before the handler. The endpoint is returned for a refused request too, for the log.
async fn admit(
    service: &web::Data<Service>,
    request: &ServiceRequest,
    named: &Named,
    now: Timestamp,
    quota: &mut Option<Quota>,
) -> (Option<&'static Endpoint>, Result<Option<Cx>>) {
    if request.path().contains("%00") {
        return (None, Err(Error::new(Code::MalformedPath).detail("The path contains a NUL character.")));
    }
    let endpoint = match service.operations.find(request.method().as_str(), request.path()) {
        Found::Endpoint(endpoint) => Some(endpoint),
        Found::OtherMethods(allow) => {
            return (
                None,
                Err(Error::new(Code::MethodNotAllowed)
                    .detail(format!("This path has the methods {allow}."))
                    .with("allow", allow)),
            );
        }
        Found::Nothing if service.is_page(request.path()) => None,
        Found::Nothing => return (None, Err(Error::new(Code::NotFound).detail("There is nothing at this path."))),
    };
    let cx = enter(service, request, named, now, endpoint, quota).await;
    (endpoint, cx)
}

const END_USER: &str = "NHSD-End-User-Organisation-ODS";

async fn enter(
    service: &web::Data<Service>,
    request: &ServiceRequest,
    named: &Named,
    now: Timestamp,
    endpoint: Option<&'static Endpoint>,
    quota: &mut Option<Quota>,
) -> Result<Option<Cx>> {
    let caller = || {
        let client =
            |address: SocketAddr| peer::client(&service.config.trusted_proxies, address.ip(), request.headers());
        request.peer_addr().map_or_else(|| "unknown".to_owned(), |address| peer::household(client(address)))
    };
    let text = |name: &str| once(request, name);
    let authorization = text("authorization")?;
    let Some((endpoint, operation)) = endpoint.and_then(|endpoint| Some((endpoint, endpoint.operation?))) else {
        limit(service, caller(), quota)?;
        return Ok(None);
    };
    let authenticated = match authorization {
        None => Ok(Arc::new(Actor::anonymous())),
        Some(authorization) => {
            let end_user = text(END_USER)?;
            if end_user.is_some_and(|code| code.trim().is_empty()) {
                return Err(malformed(END_USER, "it names no organisation"));
            }
            service.doorkeeper.admit(authorization, end_user, now).await
        }
    };
    let client = match &authenticated {
        Ok(actor) if !actor.is_anonymous() => actor.subject.clone(),
        _ => caller(),
    };
    limit(service, client.clone(), quota)?;
    let actor = authenticated?;
    permit(service, operation, &actor)?;
    check_lengths(request)?;
    check_query(endpoint, request.query_string())?;
    let accept = accepted(endpoint, list(request, "accept")?.as_deref())?;
    text("content-encoding")?;
    let content_type = content_type(endpoint, text("content-type")?)?;
    let if_match = list(request, "if-match")?.as_deref().map(if_match).transpose()?;
    if endpoint.conditional && if_match.is_none() {
        return Err(Error::new(Code::VersionRequired));
    }
    let idempotency_key = text("idempotency-key")?.map(idempotency_key).transpose()?.filter(|_| endpoint.idempotent);
    let context = Context { now, actor, operation, request_id: named.request_id.clone(), if_match };
    Ok(Some(Cx {
        service: service.clone(),
        context,
        endpoint,
        idempotency_key,
        accept,
        content_type,
        target: named.target.clone(),
        host: text("host")?.unwrap_or("localhost").to_owned(),
        client,
        admission: Duration::ZERO,
        later: endpoint.answers_later && list(request, "prefer")?.is_some_and(|prefer| prefers_later(&prefer)),
        run: None,
    }))
}

/// The one value of a header. Of two that say different things one would be ignored, and another reader, such as a proxy,
/// might take the other.
fn once<'a>(request: &'a ServiceRequest, name: &str) -> Result<Option<&'a str>> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed(name, "it is given twice"));
    }
    value.to_str().map(Some).map_err(|_| malformed(name, NOT_ASCII))
}

/// A header that is a list, which may be written in several lines (RFC 9110, 5.3).
fn list(request: &ServiceRequest, name: &str) -> Result<Option<String>> {
    let lines = request.headers().get_all(name).map(header::HeaderValue::to_str);
    let lines: Vec<&str> = lines.collect::<Result<_, _>>().map_err(|_| malformed(name, NOT_ASCII))?;
    Ok(Some(lines.join(",")).filter(|all| !all.is_empty()))
}

const NOT_ASCII: &str = "it holds bytes outside printable ASCII";

fn limit(service: &Service, client: String, quota: &mut Option<Quota>) -> Result<()> {
    let Some(state) = service.limiter.as_ref().map(|limiter| limiter.check(client)) else { return Ok(()) };
    *quota = Some(state);
    match state.retry_after_seconds {
        None => Ok(()),
        Some(seconds) => Err(Error::new(Code::RateLimited).detail(format!("Try again in {seconds} seconds."))),
    }
}

/// Whether the caller's roles allow the operation anywhere at all; where they do is decided beside the data.
///
/// # Errors
/// `unauthenticated` or `forbidden`.
pub fn permit(service: &Service, operation: Operation, actor: &Actor) -> Result<()> {
    let public = operation.row().anonymous && service.config.public_read;
    if public || actor.may(operation) {
        return Ok(());
    }
    if actor.is_anonymous() {
        Err(Error::new(Code::Unauthenticated))
    } else if let (Some(end_user), false) = (&actor.end_user, operation.row().placed) {
        let detail = format!(
            "{END_USER} narrows this request to {}, and what it asks for belongs to no organisation. Send it without that header.",
            end_user.code
        );
        Err(Error::new(Code::Forbidden).detail(detail))
    } else {
        Err(Error::new(Code::Forbidden).detail("None of your grants allows this operation."))
    }
}

/// The longest header of those that take any text.
pub const LONGEST_HEADER: usize = 4000;

fn check_lengths(request: &ServiceRequest) -> Result<()> {
    let length = |name: &str| request.headers().get(name).map_or(0, header::HeaderValue::len);
    match ["X-Request-ID", "X-Correlation-ID", "If-None-Match"].into_iter().find(|name| length(name) > LONGEST_HEADER) {
        Some(name) => Err(malformed(name, "it is longer than 4000 bytes")),
        None => Ok(()),
    }
}

/// Refuses parameters that no part of the operation reads. Those it declares are read by its handler.
fn check_query(endpoint: &Endpoint, query: &str) -> Result<()> {
    let marked = params::byte_order_mark(query)?.is_some();
    if marked && !endpoint.produces.contains(&"text/csv") {
        return Err(Error::new(Code::UnknownParameter)
            .detail("This operation has no query parameter bom, since it does not answer CSV."));
    }
    let only_marked = marked && !query.contains('&');
    if endpoint.has_query || query.is_empty() || only_marked {
        return Ok(());
    }
    Err(Error::new(Code::UnknownParameter).detail("This operation has no query parameters."))
}

fn malformed(name: &str, why: &str) -> Error {
    Error::new(Code::MalformedHeader).detail(format!("The header {name} cannot be read: {why}."))
}

/// Entity tags as `If-Match` and `If-None-Match` list them.
pub const TAGS: &str = r#"^(\*|(W/)?"[!#-+\--~]*"([ \t]*,[ \t]*(W/)?"[!#-+\--~]*")*)$"#;

fn if_match(text: &str) -> Result<IfMatch> {
    if text.trim() == "*" {
        return Ok(IfMatch::Any);
    }
    let tags: Option<Vec<&str>> = text.split(',').map(tag).collect();
    let tags = tags.ok_or_else(|| malformed("If-Match", "expected an ETag such as W/\"3\""))?;
    // A tag this service never made matches no version.
    let version = |tag: &str| tag.parse().ok().filter(|_| tag.bytes().all(|b| b.is_ascii_digit()));
    Ok(IfMatch::Versions(tags.into_iter().filter_map(version).collect()))
}

/// What is inside the quotes of an entity tag.
fn tag(text: &str) -> Option<&str> {
    let tag = text.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    tag.bytes().all(|b| b.is_ascii_graphic() && b != b'"').then_some(tag)
}

fn idempotency_key(text: &str) -> Result<String> {
    let fits = !text.is_empty()
        && text.len() <= crate::http::idempotency::LONGEST
        && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
        .ok_or_else(|| malformed("Idempotency-Key", "expected 1 to 200 printable characters without spaces"))
}

/// The first media type of the operation that the client takes, by its own order of preference.
fn accepted(endpoint: &Endpoint, accept: Option<&str>) -> Result<&'static str> {
    let default = endpoint.produces.first().copied().unwrap_or("");
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(default) };
    let mut ranges: Vec<(f32, &str)> = accept
        .split(',')
        .map(|range| {
            let mut parts = range.split(';');
            let media = parts.next().unwrap_or_default().trim();
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
            (weight, media)
        })
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    ranges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let fits = |offer: &&'static str, range: &str| {
        let essence = offer.split(';').next().unwrap_or(offer);
        range == "*/*"
            || range.eq_ignore_ascii_case(essence)
            || range.strip_suffix("/*").is_some_and(|kind| essence.split('/').next() == Some(kind))
    };
    if endpoint.produces.is_empty() {
        return Ok(default);
    }
    let found = ranges.iter().find_map(|(_, range)| endpoint.produces.iter().find(|offer| fits(offer, range)));
    found.copied().ok_or_else(|| {
        Error::new(Code::NotAcceptable).detail(format!("This operation can answer {}.", endpoint.produces.join(", ")))
    })
}

/// The essence of the body's media type, which the operation must read; charsets other than UTF-8 are refused.
fn content_type(endpoint: &Endpoint, given: Option<&str>) -> Result<String> {
    if endpoint.consumes.is_empty() {
        return Ok(String::new());
    }
    let unsupported = || {
        Error::new(Code::UnsupportedMediaType)
            .detail(format!("This operation reads {} in UTF-8.", endpoint.consumes.join(", ")))
    };
    let mut parts = given.ok_or_else(unsupported)?.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        part.trim().to_ascii_lowercase().strip_prefix("charset=").map(|c| c.trim_matches('"').to_owned())
    });
    let utf8 = charset.is_none_or(|charset| charset == "utf-8" || charset == "us-ascii");
    // application/json says the same as merge-patch+json does, to clients that cannot set the latter.
    let reads = endpoint
        .consumes
        .iter()
        .any(|media| *media == essence || (essence == "application/json" && media.ends_with("merge-patch+json")));
    if utf8 && reads { Ok(essence) } else { Err(unsupported()) }
}

/// Renders a handler's failure; one of the framework's own becomes the code of its status.
fn as_problem(response: ServiceResponse<BoxBody>, named: &Named) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let error = match response.response().error() {
        None if status.is_client_error() || status.is_server_error() => None,
        None => return response,
        Some(error) => error.as_error::<Error>(),
    };
    if is_answered(&response) {
        return response;
    }
    let answer = match error {
        Some(error) => problem::respond(error, path(&named.target), &named.request_id),
        None => {
            let code = match status {
                StatusCode::NOT_FOUND => Code::NotFound,
                StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
                StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
                StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
                status if status.is_client_error() => Code::MalformedPath,
                _ => Code::Internal,
            };
            problem::respond(&Error::new(code), path(&named.target), &named.request_id)
        }
    };
    ServiceResponse::new(response.request().clone(), answer)
}

/// Whether a failure is answered in full already: as a problem, or as a refused submission that goes back as the sender's own table,
/// or in the words of RFC 6749.
fn is_answered(response: &ServiceResponse<BoxBody>) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], header::HeaderValue::as_bytes);
    let is_token = response.request().path() == problem::TOKEN_ENDPOINT && media.starts_with(b"application/json");
    is_token || media.starts_with(b"application/problem") || media.starts_with(b"text/csv") || media == XLSX.as_bytes()
}

/// Whether a conditional GET names the version that would be answered.
fn unchanged(response: &ServiceResponse<BoxBody>, wanted: Option<&str>) -> bool {
    let (Some(wanted), Some(tag)) = (wanted, response.headers().get(header::ETAG)) else {
        return false;
    };
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = bare(tag.to_str().unwrap_or_default());
    response.status() == StatusCode::OK
        && response.request().method() == Method::GET
        && wanted.split(',').any(|one| one.trim() == "*" || bare(one) == tag)
}

/// The same answer without its body.
fn strip(response: ServiceResponse<BoxBody>, status: StatusCode) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let mut bare = HttpResponse::build(status).finish();
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_ENCODING {
            bare.headers_mut().insert(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, bare.map_into_boxed_body())
}

/// The headers every answer has.
fn dress(response: &mut ServiceResponse<BoxBody>, named: &Named, quota: Option<Quota>) {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            headers.insert(header::HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", &named.request_id);
    if let Some(id) = &named.correlation_id {
        set("x-correlation-id", id);
    }
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "no-referrer");
    set("strict-transport-security", "max-age=31536000; includeSubDomains");
    if let Some(quota) = quota {
        set("ratelimit-policy", &format!("\"default\";q={};w={}", quota.limit, quota.window_seconds));
        set(
            "ratelimit",
            &format!(
                "\"default\";r={};t={}",
                quota.remaining,
                quota.retry_after_seconds.unwrap_or(quota.window_seconds)
            ),
        );
        if let Some(seconds) = quota.retry_after_seconds {
            set("retry-after", &seconds.to_string());
        }
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        let reusable = headers.contains_key(header::ETAG);
        headers.insert(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static(if reusable { "private, no-cache" } else { "no-store" }),
        );
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = header::HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.append(
        header::VARY,
        header::HeaderValue::from_static("Authorization, NHSD-End-User-Organisation-ODS, Accept"),
    );
}
