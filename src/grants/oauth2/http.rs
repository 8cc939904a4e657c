//! `/oauth2/token` and what says where it is.

use super::ops::{LIFE, Refused, TokenOffice};
use super::requests;
use crate::error::{Code, Error, Result};
use crate::grants::client_keys::rules::SIGNED_WITH;
use crate::http::problem::TokenError;
use crate::http::service::Service;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const FORM: &str = "application/x-www-form-urlencoded";

/// What a client asks for a token with.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "read by hand, since each refusal says what was expected; this is its description")]
pub struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials", pattern = "^client_credentials$", max_length = 60)]
    grant_type: String,
    /// With an assertion: always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(pattern = "^urn:ietf:params:oauth:client-assertion-type:jwt-bearer$", max_length = 100, nullable = false)]
    client_assertion_type: Option<String>,
    /// A JWT that the client signed (RFC 7523): `iss` and `sub` its id, `aud` this address, a `jti` that it never used before,
    /// and an `exp` at most five minutes ahead.
    #[schema(max_length = 4096, nullable = false)]
    client_assertion: Option<String>,
    /// With a secret: the client's id. Id and secret can also be sent by HTTP Basic.
    #[schema(max_length = 100, nullable = false)]
    client_id: Option<String>,
    /// The secret.
    #[schema(max_length = 200, nullable = false)]
    client_secret: Option<String>,
}

/// An access token (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenResponse {
    /// Send it as `Authorization: Bearer`.
    #[schema(max_length = 8192)]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", max_length = 20)]
    token_type: &'static str,
    /// The number of seconds for which it is good.
    #[schema(example = 600)]
    expires_in: i64,
}

/// Ask for an access token
///
/// The grant type is `client_credentials`. A client proves who it is by an assertion that it signed (`private_key_jwt`) or by its
/// secret, in the body or by HTTP Basic. Refusals are those of RFC 6749, and say what was expected. Ask for a new token shortly
/// before the old one ends.
#[utoipa::path(
    tag = "access",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenResponse),
        (status = 400, description = "The request cannot be read, or asks for what there is not", body = TokenError),
        (status = 401, description = "The client was refused", body = TokenError),
        (status = 408, description = "The body took too long to arrive", body = TokenError),
        (status = 413, description = "The body is too large", body = TokenError),
        (status = 415, description = "The body is no form", body = TokenError),
        (status = 429, description = "Too many requests", body = TokenError),
        (status = 500, description = "Something went wrong here", body = TokenError),
        (status = "default", description = "Any other failure", body = TokenError),
    ),
)]
#[post("/oauth2/token")]
pub async fn issue_token(
    request: HttpRequest,
    body: web::Bytes,
    office: web::Data<TokenOffice>,
    service: web::Data<Service>,
) -> Result<HttpResponse> {
    if !request.content_type().eq_ignore_ascii_case(FORM) {
        return Err(Error::new(Code::UnsupportedMediaType).detail(format!("The body must be {FORM}.")));
    }
    let authorization = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::to_str).transpose();
    let authorization = authorization.map_err(|_| {
        Error::new(Code::MalformedHeader).detail("The Authorization header holds bytes outside printable ASCII.")
    })?;
    let read = requests::read(&body, authorization);
    let issued = match read {
        Ok(proof) => office.issue(proof, (service.clock)()).await,
        Err(refusal) => Err(Refused::ByRule(refusal)),
    };
    match issued {
        Ok(access_token) => {
            let token = TokenResponse { access_token, token_type: "Bearer", expires_in: LIFE.num_seconds() };
            Ok(answer(StatusCode::OK, &token))
        }
        Err(Refused::ByRule(refusal)) => Ok(refuse(&refusal)),
        Err(Refused::ByFault(error)) => Err(error),
    }
}

fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(body)
}

fn refuse(refusal: &TokenError) -> HttpResponse {
    tracing::info!(error = refusal.error, detail = refusal.error_description, "token refused");
    if refusal.error != requests::INVALID_CLIENT {
        return answer(StatusCode::BAD_REQUEST, refusal);
    }
    let mut response = answer(StatusCode::UNAUTHORIZED, refusal);
    let challenge = header::HeaderValue::from_static("Basic realm=\"oauth2\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// Where everything is that a client needs to get a token (RFC 8414).
#[derive(Serialize, ToSchema)]
pub struct ServerMetadata {
    #[schema(max_length = 500)]
    issuer: String,
    #[schema(max_length = 500)]
    token_endpoint: String,
    #[schema(max_length = 500)]
    jwks_uri: String,
    #[schema(max_items = 10)]
    grant_types_supported: [&'static str; 1],
    /// None: there is no endpoint that people are sent to.
    #[schema(value_type = Vec<String>, max_items = 10)]
    response_types_supported: [&'static str; 0],
    #[schema(max_items = 10)]
    token_endpoint_auth_methods_supported: [&'static str; 3],
    #[schema(max_items = 10)]
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
    #[schema(max_length = 500)]
    service_documentation: String,
}

/// Where tokens are to be had
///
/// The metadata of the built-in authorization server (RFC 8414).
#[utoipa::path(tag = "access", responses((status = 200, description = "The metadata", body = ServerMetadata)))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn get_authorization_server(office: web::Data<TokenOffice>) -> HttpResponse {
    let issuer = office.issuer().to_owned();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=900")).json(ServerMetadata {
        token_endpoint: office.token_endpoint(),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        grant_types_supported: ["client_credentials"],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        token_endpoint_auth_signing_alg_values_supported: SIGNED_WITH,
        service_documentation: format!("{issuer}/docs/guides/integrators"),
        issuer,
    })
}
