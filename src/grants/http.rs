//! `/v1/me` and the published keys.

use super::doorkeeper::TokenDoorkeeper;
use super::ops;
use super::rules::Grant as GrantRule;
use super::store::{self, ListGrants};
use crate::access::{Grant, Role, Scope, ScopeKind};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Reply, Routes};
use crate::record::Stored;
use crate::vocabulary::instant;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    super::clients::http::routes(routes);
    super::client_keys::http::routes(routes);
    super::client_secrets::http::routes(routes);
    routes
        .service(get_me)
        .service(get_jwks)
        .service(super::oauth2::http::issue_token)
        .service(super::oauth2::http::get_authorization_server)
        .service(list_grants)
        .service(create_grant)
        .service(get_grant)
        .service(update_grant)
        .service(delete_grant);
}

type GrantResponse = Stored<GrantRule>;
type GrantPatch = Patch<GrantRule>;

/// List grants
///
/// Lists who holds which role where: all grants for a national administrator, and else your own, those you gave, and those for
/// what lies in your scope.
#[utoipa::path(tag = "access", params(ListGrants), responses((status = 200, description = "A page of grants", body = Listing<GrantResponse>)))]
#[get("/v1/grants")]
pub async fn list_grants(cx: Cx, asked: Asked<ListGrants>) -> Result<Listed<GrantResponse>> {
    cx.list(asked, store::list).await
}

/// Give a grant
///
/// Each role takes one kind of scope: `national-admin`, `national-evaluator` and `reader` the whole register; `programme-manager` a
/// programme; `regional-lead` and `submitter` an organisation with all below it; `fellow` an innovation; `evaluator` what is assigned
/// to it; `applicant` what it makes itself. Grants are given downwards: a national administrator gives any, a regional lead
/// `submitter` at or below its organisation and `regional-lead` below it, a programme manager `fellow` for an innovation of the
/// programme; and none that lasts longer than the giver's own.
#[utoipa::path(tag = "access", request_body = GrantRule, responses((status = 201, description = "Given", body = GrantResponse)))]
#[post("/v1/grants")]
pub async fn create_grant(cx: Cx, body: Body<GrantRule>) -> Result<Created<GrantResponse>> {
    cx.create(body, ops::create_grant).await
}

/// Get a grant
///
/// Returns the grant, also one that has ended.
#[utoipa::path(tag = "access", params(IdPath), responses((status = 200, description = "The grant", body = GrantResponse)))]
#[get("/v1/grants/{id}")]
pub async fn get_grant(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<GrantResponse>> {
    cx.show(move |conn, context| ops::get_grant(conn, context, &path.id)).await
}

/// Change when a grant ends
///
/// Takes a merge patch of `to`.
#[utoipa::path(tag = "access", params(IdPath), request_body(content = GrantPatch, example = json!({ "to": "2027-04-01T00:00:00Z" })), responses((status = 200, description = "Changed", body = GrantResponse)))]
#[patch("/v1/grants/{id}")]
pub async fn update_grant(cx: Cx, path: web::Path<IdPath>, body: Body<GrantPatch>) -> Result<Answer<GrantResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_grant(conn, context, &path.id, &patch)).await
}

/// Take a grant back
///
/// It ends now, and within five seconds on every instance. The record stays.
#[utoipa::path(tag = "access", params(IdPath), responses((status = 204, description = "Taken back")))]
#[delete("/v1/grants/{id}")]
pub async fn delete_grant(cx: Cx, path: web::Path<IdPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_grant(conn, context, &path.id)).await
}

/// The caller and what they may do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeResponse {
    #[schema(example = "demo-trust-submitter", max_length = 300)]
    subject: String,
    #[schema(max_items = 1000)]
    grants: Vec<HeldGrant>,
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
pub struct HeldGrant {
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

impl From<&Grant> for HeldGrant {
    fn from(grant: &Grant) -> Self {
        let target = match &grant.scope {
            Scope::Programme(slug) => Some(slug.clone()),
            Scope::Organisation { code, .. } => Some(code.clone()),
            Scope::Innovation { slug, .. } => Some(slug.clone()),
            Scope::National | Scope::Own | Scope::Assigned => None,
        };
        Self {
            role: grant.role,
            scope: grant.role.scope(),
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
        grants: actor.grants.iter().map(HeldGrant::from).collect(),
        expires_at: actor.expires_at.map(|at| instant(at.naive_utc())),
        end_user_organisation: actor.end_user.as_ref().map(|end_user| end_user.code.clone()),
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
