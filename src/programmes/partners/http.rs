//! `/v1/programmes/{slug}/partners`.

use super::ops;
use super::rules::Partner;
use super::store::{self, ListProgrammePartners};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::record::Stored;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::{ListTransitions, history};
use actix_web::{get, patch, post, web};

type ProgrammePartnerResponse = Stored<Partner>;
type ProgrammePartnerPatch = Patch<Partner>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_programme_partners)
        .service(create_programme_partner)
        .service(get_programme_partner)
        .service(update_programme_partner)
        .service(transition_programme_partner)
        .service(list_programme_partner_transitions);
}

path! { PartnerPath, slug: programme "The programme's slug", id: uuid "The partner's id" }

/// List the partners of a programme
///
/// Lists the partners, past, present and future. Use `on` for those of one day.
#[utoipa::path(tag = "programmes", params(ProgrammePath, ListProgrammePartners), responses((status = 200, description = "A page of partners", body = Listing<ProgrammePartnerResponse>)))]
#[get("/v1/programmes/{slug}/partners")]
pub async fn list_programme_partners(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    asked: Asked<ListProgrammePartners>,
) -> Result<Listed<ProgrammePartnerResponse>> {
    cx.list(asked, move |conn, context, asked| Ok(store::list(context, get_programme(conn, &path.slug)?.slug, asked)))
        .await
}

/// Add a partner to a programme
///
/// Records that an organisation is a partner in a role, from a day on. The programme proposes it; a lead or submitter who
/// acts for the organisation agrees by a transition, or a national administrator, and until then it counts nowhere.
#[utoipa::path(tag = "programmes", params(ProgrammePath), request_body = Partner, responses((status = 201, description = "Added", body = ProgrammePartnerResponse)))]
#[post("/v1/programmes/{slug}/partners")]
pub async fn create_programme_partner(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    body: Body<Partner>,
) -> Result<Created<ProgrammePartnerResponse>> {
    cx.create(body, move |conn, context, new| ops::create_programme_partner(conn, context, &path.slug, new)).await
}

/// Get a partner of a programme
///
/// Returns the partner with its role and dates.
#[utoipa::path(tag = "programmes", params(PartnerPath), responses((status = 200, description = "The partner", body = ProgrammePartnerResponse)))]
#[get("/v1/programmes/{slug}/partners/{id}")]
pub async fn get_programme_partner(cx: Cx, path: web::Path<PartnerPath>) -> Result<Answer<ProgrammePartnerResponse>> {
    cx.show(move |conn, context| ops::get_programme_partner(conn, context, &path.slug, &path.id)).await
}

/// Change a partner of a programme
///
/// Takes a merge patch of the role and dates. Setting `to` ends the partnership. Of what was agreed, the programme by itself
/// takes away only.
#[utoipa::path(tag = "programmes", params(PartnerPath), request_body(content = ProgrammePartnerPatch, example = json!({ "to": "2018-04-01" })), responses((status = 200, description = "Changed", body = ProgrammePartnerResponse)))]
#[patch("/v1/programmes/{slug}/partners/{id}")]
pub async fn update_programme_partner(
    cx: Cx,
    path: web::Path<PartnerPath>,
    body: Body<ProgrammePartnerPatch>,
) -> Result<Answer<ProgrammePartnerResponse>> {
    let PartnerPath { slug, id } = path.into_inner();
    cx.change(body, move |conn, context, patch| ops::update_programme_partner(conn, context, &slug, &id, &patch)).await
}

/// Agree to a partnership, decline or end it
///
/// Moves from `proposed` to `agreed`, which only those who act for the organisation can do, or to `declined`, from where the
/// end that proposed it may propose it once more, and from `agreed` to `ended`. A partnership that ended still counts for the days before.
#[utoipa::path(tag = "programmes", params(PartnerPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = ProgrammePartnerResponse)))]
#[post("/v1/programmes/{slug}/partners/{id}/transitions")]
pub async fn transition_programme_partner(
    cx: Cx,
    path: web::Path<PartnerPath>,
    body: Body<AskedMove>,
) -> Result<Answer<ProgrammePartnerResponse>> {
    let PartnerPath { slug, id } = path.into_inner();
    cx.change(body, move |conn, context, asked| ops::transition_programme_partner(conn, context, &slug, &id, asked))
        .await
}

/// List the moves of a partnership
///
/// Lists who agreed to it, declined or ended it, oldest first by default.
#[utoipa::path(tag = "programmes", params(PartnerPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/programmes/{slug}/partners/{id}/transitions")]
pub async fn list_programme_partner_transitions(
    cx: Cx,
    path: web::Path<PartnerPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_programme_partner(conn, context, &path.slug, &path.id)?;
        Ok(history(ops::RESOURCE, found.row.id))
    })
    .await
}
