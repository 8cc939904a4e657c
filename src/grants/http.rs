//! `/v1/me` and the published keys.

use super::ops::TokenDoorkeeper;
use crate::access::{Grant, Role, Scope};
use crate::error::Result;
use crate::http::{Answer, Cx};
use crate::vocabulary::instant;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

/// The caller and what they may do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeResponse {
    #[schema(example = "demo-trust-submitter", max_length = 300)]
    subject: String,
    #[schema(max_items = 1000)]
    grants: Vec<GrantResponse>,
    /// The instant at which the token expires.
    #[schema(format = "date-time", max_length = 40)]
    expires_at: Option<String>,
    /// The organisation the request was narrowed to.
    #[schema(max_length = 60)]
    end_user_organisation: Option<String>,
    /// Operations that one of the grants allows, somewhere.
    #[schema(max_items = 1000)]
    operations: Vec<&'static str>,
}

/// A role and where it holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantResponse {
    role: Role,
    scope: ScopeKind,
    /// The organisation, programme or innovation it holds for.
    #[schema(example = "RF4", max_length = 200)]
    target: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    from: String,
    #[schema(format = "date-time", max_length = 40)]
    to: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    National,
    Programme,
    Organisation,
    Innovation,
    Unscoped,
}

impl From<&Grant> for GrantResponse {
    fn from(grant: &Grant) -> Self {
        let (scope, target) = match &grant.scope {
            Scope::National => (ScopeKind::National, None),
            Scope::Programme(slug) => (ScopeKind::Programme, Some(slug.clone())),
            Scope::Organisation { code, .. } => (ScopeKind::Organisation, Some(code.clone())),
            Scope::Innovation { slug, .. } => (ScopeKind::Innovation, Some(slug.clone())),
            Scope::Unscoped => (ScopeKind::Unscoped, None),
        };
        Self {
            role: grant.role,
            scope,
            target,
            from: instant(grant.from.naive_utc()),
            to: instant(grant.to.naive_utc()),
        }
    }
}

/// Who am I
///
/// The subject of the token, its grants with their dates, and the operations they allow.
#[utoipa::path(tag = "me", responses((status = 200, description = "You", body = MeResponse)))]
#[get("/v1/me")]
pub async fn get_me(cx: Cx) -> Result<Answer<MeResponse>> {
    let actor = &cx.context.actor;
    let allowed = cx
        .service
        .operations
        .all()
        .iter()
        .filter(|endpoint| endpoint.operation.is_some_and(|operation| actor.may(operation)));
    let mut operations: Vec<&'static str> = allowed.map(|endpoint| endpoint.id).collect();
    operations.sort_unstable();
    Answer::ok(&MeResponse {
        subject: actor.subject.clone(),
        grants: actor.grants.iter().map(GrantResponse::from).collect(),
        expires_at: actor.expires_at.map(|at| instant(at.naive_utc())),
        end_user_organisation: actor.end_user_organisation.clone(),
        operations,
    })
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct JwksResponse {
    #[schema(value_type = Vec<Object>, max_items = 20)]
    keys: Vec<jsonwebtoken::jwk::Jwk>,
}

/// The keys that access tokens are signed with
///
/// The public halves as a JSON Web Key Set (RFC 7517): those in use, those about to be, and those lately retired.
#[utoipa::path(tag = "platform", responses((status = 200, description = "The public keys, an hour before they sign", body = JwksResponse)))]
#[get("/.well-known/jwks.json")]
pub async fn get_jwks(doorkeeper: web::Data<TokenDoorkeeper>) -> HttpResponse {
    let keys = doorkeeper.issuer().keys.clone();
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=900")).json(JwksResponse { keys })
}
