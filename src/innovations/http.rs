//! `/v1/innovations`. Without a token only the public facts are shown: who registered an innovation, and its number in
//! the NHS Innovation Service, are not.

use super::ops;
use super::rules::{AdoptingUnit, EligiblePopulation, Evidence, Innovation, NewKeeper, StandardMet};
use super::store::{self, ListInnovations, OwnedInnovation};
use super::words::{Area, CareSetting, Category, OpportunityArea, Shift, Stage};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, Listed, Listing, Patch, Reply, Routes};
use crate::path;
use crate::record::Record;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::instant;
use actix_web::{delete, get, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;

type InnovationPatch = Patch<Innovation>;

/// The read of one innovation comes first, since it is the most frequent request and routes are tried in order.
pub fn routes(routes: &mut Routes) {
    routes
        .service(get_innovation)
        .service(list_innovations)
        .service(create_innovation)
        .service(update_innovation)
        .service(delete_innovation)
        .service(assign_innovation_keeper)
        .service(transition_innovation)
        .service(list_innovation_transitions);
}

/// An innovation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InnovationResponse {
    #[schema(example = "heartflow", max_length = 60)]
    slug: String,
    #[schema(example = "INN-2026-00042", max_length = 30)]
    reference: String,
    #[schema(example = "HeartFlow", max_length = 200)]
    name: String,
    #[schema(max_length = 1000)]
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000, nullable = false)]
    description: Option<String>,
    main_category: Category,
    #[schema(max_items = 13)]
    categories: Vec<Category>,
    #[schema(max_items = 11)]
    areas: Vec<Area>,
    #[schema(max_items = 16)]
    care_settings: Vec<CareSetting>,
    #[schema(max_items = 3)]
    shifts: Vec<Shift>,
    #[schema(max_items = 9)]
    priorities: Vec<OpportunityArea>,
    stage: Stage,
    /// The code of the organisation that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", max_length = 60, nullable = false)]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    owner_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    eligible_population: Option<EligiblePopulation>,
    #[schema(max_items = 100)]
    evidence: Vec<Evidence>,
    #[schema(max_items = 13)]
    standards_met: Vec<StandardMet>,
    #[schema(max_items = 50)]
    adopting_units: Vec<AdoptingUnit>,
    /// The number in the NHS Innovation Service. Shown to callers with a token only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, nullable = false)]
    nis_unique_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://www.heartflow.com", max_length = 500, nullable = false)]
    website: Option<String>,
    illustrative: bool,
    /// The slug of the programme that keeps it. Without one, national administrators do, or of a draft its applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", max_length = 60, nullable = false)]
    keeper: Option<String>,
    /// Whether it is an applicant's draft, which is in no list, count or report.
    draft: bool,
    /// Whether it is your own draft.
    kept_by_you: bool,
    /// The subject of whoever registered it. Shown to callers with a token only, and of a draft to its applicant alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    created_by: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// The operations on this innovation that your grants allow. Lists, and answers without a token, leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["transition_innovation", "update_innovation"]), max_items = 10, nullable = false)]
    actions: Option<Vec<&'static str>>,
}

impl Record for InnovationResponse {
    fn key(&self) -> String {
        self.slug.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

impl InnovationResponse {
    fn of(found: OwnedInnovation, context: &Context) -> Self {
        let OwnedInnovation { row, owner, owner_name } = found;
        let known = context.actor.sees_more_than_the_public();
        let kept_by_you = ops::is_own_draft(context, &row);
        Self {
            eligible_population: row.eligible_population(),
            slug: row.slug,
            reference: row.reference,
            name: row.name,
            summary: row.summary,
            description: row.description,
            main_category: row.main_category,
            categories: row.categories.0,
            areas: row.areas.0,
            care_settings: row.care_settings.0,
            shifts: row.shifts.0,
            priorities: row.priorities.0,
            stage: row.stage,
            owner,
            owner_name,
            evidence: row.evidence.value,
            standards_met: row.standards_met.value,
            adopting_units: row.adopting_units.value,
            nis_unique_id: row.nis_unique_id.filter(|_| known),
            website: row.website,
            illustrative: row.illustrative,
            kept_by_you,
            keeper: row.keeper,
            draft: row.draft,
            created_by: (known && (kept_by_you || !row.draft)).then_some(row.created_by),
            version: row.version,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            actions: None,
        }
    }

    /// One record by itself: with what the caller may do to it.
    fn alone(found: OwnedInnovation, conn: &mut Conn, context: &Context) -> Result<Self> {
        let known = context.actor.sees_more_than_the_public();
        let actions = known.then(|| ops::actions(conn, context, &found)).transpose()?;
        Ok(Self { actions, ..Self::of(found, context) })
    }
}

path! { InnovationPath, slug: innovation "The innovation's slug" }

/// Get an innovation
///
/// Finds an innovation by its slug. With a token, `actions` lists what you may do with it now.
#[utoipa::path(tag = "innovations", params(InnovationPath), responses((status = 200, description = "The innovation", body = InnovationResponse)))]
#[get("/v1/innovations/{slug}")]
pub async fn get_innovation(cx: Cx, path: web::Path<InnovationPath>) -> Result<Answer<InnovationResponse>> {
    cx.show(move |conn, context| {
        InnovationResponse::alone(ops::get_innovation(conn, context, &path.slug)?, conn, context)
    })
    .await
}

/// List innovations
///
/// Lists the innovations that are not archived.
#[utoipa::path(tag = "innovations", params(ListInnovations), responses((status = 200, description = "A page of innovations", body = Listing<InnovationResponse>)))]
#[get("/v1/innovations")]
pub async fn list_innovations(cx: Cx, asked: Asked<ListInnovations>) -> Result<Listed<InnovationResponse>> {
    cx.list_with(asked, store::list, |_, context, rows| {
        Ok(rows.into_iter().map(|found| InnovationResponse::of(found, context)).collect())
    })
    .await
}

/// Register an innovation
///
/// National administrators and programme managers can register innovations. One that a programme manager registers is kept
/// by the manager's programme, and joins it today. One that an applicant registers is a draft: it is shown to the applicant
/// and to national administrators, and to a programme whose call an application that names it was submitted to.
#[utoipa::path(tag = "innovations", request_body = Innovation, responses((status = 201, description = "Registered", body = InnovationResponse)))]
#[post("/v1/innovations")]
pub async fn create_innovation(cx: Cx, body: Body<Innovation>) -> Result<Created<InnovationResponse>> {
    cx.create(body, |conn, context, new| {
        InnovationResponse::alone(ops::create_innovation(conn, context, new)?, conn, context)
    })
    .await
}

/// Change an innovation
///
/// Takes a merge patch. The slug never changes, and the stage changes by transitions.
#[utoipa::path(
    tag = "innovations",
    params(InnovationPath),
    request_body(content = InnovationPatch, example = json!({ "website": "https://www.heartflow.com" })),
    responses((status = 200, description = "Changed", body = InnovationResponse)),
)]
#[patch("/v1/innovations/{slug}")]
pub async fn update_innovation(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<InnovationPatch>,
) -> Result<Answer<InnovationResponse>> {
    cx.change(body, move |conn, context, patch| {
        InnovationResponse::alone(ops::update_innovation(conn, context, &path.slug, &patch)?, conn, context)
    })
    .await
}

/// Archive an innovation
///
/// Hides it in lists and by its address. Records that refer to it stay, and its slug is not used again.
#[utoipa::path(tag = "innovations", params(InnovationPath), responses((status = 204, description = "Archived")))]
#[delete("/v1/innovations/{slug}")]
pub async fn delete_innovation(cx: Cx, path: web::Path<InnovationPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_innovation(conn, context, &path.slug)).await
}

/// Say who keeps an innovation
///
/// Hands an innovation on to a programme, which from then on may change and archive it and answers for it where others
/// propose a link. A manager takes a draft, which an application showed to the programme, by naming the programme: that
/// publishes it.
#[utoipa::path(tag = "innovations", params(InnovationPath), request_body = NewKeeper, responses((status = 200, description = "Handed on", body = InnovationResponse)))]
#[post("/v1/innovations/{slug}/keeper")]
pub async fn assign_innovation_keeper(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<NewKeeper>,
) -> Result<Answer<InnovationResponse>> {
    cx.change(body, move |conn, context, new| {
        InnovationResponse::alone(ops::assign_innovation_keeper(conn, context, &path.slug, new)?, conn, context)
    })
    .await
}

/// Move an innovation to another stage
///
/// Moves forward to any later stage. Moving back, or to withdrawn, needs a reason. A move to early adoption or beyond is
/// made by a national administrator or a manager of the programme that keeps it, not by a fellow.
#[utoipa::path(tag = "innovations", params(InnovationPath), request_body = AskedMove, responses((status = 200, description = "Moved", body = InnovationResponse)))]
#[post("/v1/innovations/{slug}/transitions")]
pub async fn transition_innovation(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<AskedMove>,
) -> Result<Answer<InnovationResponse>> {
    cx.change(body, move |conn, context, asked| {
        InnovationResponse::alone(ops::transition_innovation(conn, context, &path.slug, asked)?, conn, context)
    })
    .await
}

/// List the moves of an innovation
///
/// Lists every change of the stage, oldest first by default.
#[utoipa::path(tag = "innovations", params(InnovationPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/innovations/{slug}/transitions")]
pub async fn list_innovation_transitions(
    cx: Cx,
    path: web::Path<InnovationPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _: &ListTransitions| {
        Ok(transitions::store::history(ops::RESOURCE, ops::get_innovation(conn, context, &path.slug)?.row.id))
    })
    .await
}
