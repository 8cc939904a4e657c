//! RFC 9457 problems: the one place where a failure becomes an HTTP answer.

use super::reply::Reply;
use crate::error::{Code, Error, Fault, Kind, MOST_FAULTS};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

/// An error (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The address of a page that says what the code means and what to do.
    #[schema(example = "/problems/validation-failed", format = "uri-reference", max_length = 200)]
    r#type: String,
    #[schema(example = "The request breaks a rule", max_length = 200)]
    title: &'static str,
    #[schema(example = 422, minimum = 400, maximum = 599)]
    status: u16,
    #[schema(max_length = 2000)]
    detail: String,
    /// The path of the request.
    #[schema(example = "/v1/innovations", max_length = 2000)]
    instance: String,
    /// The stable code to match on.
    #[schema(example = "validation-failed", max_length = 60)]
    code: &'static str,
    /// The id of the request. Quote it when you report the problem.
    #[schema(format = "uuid", max_length = 36)]
    request_id: String,
    /// The faults in the request, up to 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    errors: Vec<Fault>,
    /// Further members by kind, such as `allowed`, `counts` or `rows`.
    #[serde(flatten)]
    #[schema(ignore)]
    extensions: serde_json::Map<String, serde_json::Value>,
}

/// Where refusals are those of RFC 6749, since every client library for tokens reads them.
pub const TOKEN_ENDPOINT: &str = "/oauth2/token";

/// A refusal of the token endpoint (RFC 6749, 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenError {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type` or `invalid_scope`; `temporarily_unavailable` and
    /// `server_error` where it is not the client's fault.
    #[schema(value_type = String, example = "invalid_client", max_length = 60)]
    pub error: &'static str,
    /// What was wrong and what was expected.
    #[schema(max_length = 2000)]
    pub error_description: String,
}

impl From<&Error> for TokenError {
    fn from(error: &Error) -> Self {
        let word = match error.code().kind() {
            Kind::Internal => "server_error",
            Kind::Unavailable | Kind::TooMany => "temporarily_unavailable",
            _ => "invalid_request",
        };
        Self { error: word, error_description: error.public_detail().to_owned() }
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unreadable => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Gone => StatusCode::GONE,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The status that a code is answered with.
pub fn status_of(code: Code) -> StatusCode {
    status(code.kind())
}

/// Renders the failure for the given request, and logs what the caller must not see.
pub fn respond(error: &Error, instance: &str, request_id: &str) -> HttpResponse {
    let code = error.code();
    let status = status_of(code);
    if status.is_server_error() {
        tracing::error!(request_id, code = code.as_str(), cause = error.cause().unwrap_or_default(), "request failed");
    } else if let Some(cause) = error.cause() {
        tracing::debug!(request_id, code = code.as_str(), cause, "request refused");
    }
    let mut response = HttpResponse::build(status);
    response.content_type(CONTENT_TYPE);
    match code.kind() {
        Kind::Unauthenticated => {
            response.insert_header((header::WWW_AUTHENTICATE, challenge(error)));
        }
        Kind::MethodNotAllowed => {
            if let Some((_, serde_json::Value::String(allow))) =
                error.extended().iter().find(|(name, _)| *name == "allow")
            {
                response.insert_header((header::ALLOW, allow.as_str()));
            }
        }
        _ => {}
    }
    if let Some(seconds) = error.retry_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if instance == TOKEN_ENDPOINT {
        return response.content_type("application/json").json(TokenError::from(error));
    }
    // The problem's members are all plain values, so this cannot fail.
    response.body(serde_json::to_string(&problem(error, instance, request_id)).unwrap_or_default())
}

const CONTENT_TYPE: &str = "application/problem+json";

/// How to say who one is (RFC 6750, 3): what was wrong with a token that was sent, and nothing of the kind where none was.
fn challenge(error: &Error) -> String {
    let realm = "Bearer realm=\"innovation-register\"";
    if error.code() != Code::InvalidToken {
        return realm.to_owned();
    }
    let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    let described: String = error.public_detail().chars().filter(plain).collect();
    format!("{realm}, error=\"invalid_token\", error_description=\"{described}\"")
}

/// A refusal that is part of a committed answer, such as that of an atomic submission with wrong rows.
///
/// # Errors
/// `internal` when it cannot be written as JSON.
pub fn reply(error: &Error, target: &str, request_id: &str) -> crate::error::Result<Reply> {
    let instance = target.split('?').next().unwrap_or(target);
    Ok(Reply::text(status_of(error.code()), CONTENT_TYPE, serde_json::to_vec(&problem(error, instance, request_id))?))
}

/// The problem of a code as the API document shows it.
pub fn example(code: Code) -> Problem {
    let mut error = Error::new(code);
    let fault = |pointer: &str, code, detail: &str| Fault::new(pointer, code, detail);
    match code {
        Code::ValidationFailed => {
            let expected = "Expected one of the words of the code list categories.";
            error = Error::validation(vec![fault("/mainCategory", "unknown-word", expected)]);
        }
        Code::UnknownReference => {
            error = error.fault(fault("/owner", "unknown-reference", "There is no organisation of this code."));
        }
        Code::InvalidParameter => {
            error = error.fault(fault("?limit", "invalid-parameter", "Expected a whole number from 1 to 500."));
        }
        Code::UnknownParameter => {
            error = error.fault(fault("?colour", "unknown-parameter", "Expected one of stage, category, sort, limit."));
        }
        _ => {}
    }
    problem(&error, "/v1/innovations", "01a20093-f9f6-71e4-8af4-9af4eeb9b44c")
}

fn problem(error: &Error, instance: &str, request_id: &str) -> Problem {
    let code = error.code();
    Problem {
        r#type: format!("/problems/{}", code.as_str()),
        title: code.title(),
        status: status_of(code).as_u16(),
        detail: error.public_detail().to_owned(),
        instance: instance.to_owned(),
        code: code.as_str(),
        request_id: request_id.to_owned(),
        errors: error.listed().iter().take(MOST_FAULTS).cloned().collect(),
        extensions: error.extended().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    }
}

/// A handler's error travels to the gate, which knows the request and renders it there.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status_of(self.code())
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code().as_str())
    }
}

impl std::error::Error for Error {}
