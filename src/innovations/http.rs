//! `/v1/innovations`. Without a token only the public facts are told: who registered an innovation, and its number in
//! the NHS Innovation Service, are not.

use super::ops;
use super::rules::{self, Innovation, list};
use super::store::{self, InnovationFilter, OwnedInnovation};
use super::words::{
    Area, CareSetting, Category, EvidenceType, OpportunityArea, Shift, Stage, Standard, StandardStatus,
};
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::lists::Listed;
use crate::http::params::{Asked, CodeParam, Codes, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Basis, Qualifier, Timestamp, Word, instant};
use actix_web::{delete, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The read of one innovation comes first: it is what most requests are, and routes are tried in order.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(get_innovation)
        .service(list_innovations)
        .service(create_innovation)
        .service(update_innovation)
        .service(delete_innovation)
        .service(transition_innovation)
        .service(list_innovation_transitions);
}

params! {
    /// What a list of innovations may be narrowed to.
    pub struct ListInnovations list of OwnedInnovation {
        /// Words of the name, reference, summary or description; quotation marks hold a phrase together.
        q: SearchTerms = "q",
        /// How far they have come.
        stage: OneOf<Stage> = "stage",
        /// Categories, the main one or another.
        category: OneOf<Category> = "category",
        /// Main categories.
        main_category: OneOf<Category> = "mainCategory",
        /// What they help with.
        area: OneOf<Area> = "area",
        /// Where they are used.
        care_setting: OneOf<CareSetting> = "careSetting",
        /// Which shift they serve.
        shift: OneOf<Shift> = "shift",
        /// Opportunity areas they answer to.
        priority: OneOf<OpportunityArea> = "priority",
        /// Codes of the organisations that own them.
        owner: Codes = "owner",
        /// A programme they are members of today, or were by the day of `joinedBy`.
        programme: CodeParam = "programme",
        /// Those that had joined the programme by this day, whether or not they are members still.
        joined_by: NaiveDate = "joinedBy",
        /// Those changed at or after this instant.
        updated_from: Timestamp = "updatedFrom",
    }
}

/// How many people an innovation could serve: in a year, where the need is an event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EligiblePopulation)]
pub struct EligiblePopulationBody {
    #[schema(example = 35000, minimum = 0, maximum = 10_000_000_000_i64)]
    value: i64,
    qualifier: Qualifier,
    basis: Basis,
}

impl From<rules::EligiblePopulation> for EligiblePopulationBody {
    fn from(population: rules::EligiblePopulation) -> Self {
        Self { value: population.value, qualifier: population.qualifier, basis: population.basis }
    }
}

/// A piece of evidence that an innovation works.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InnovationEvidence)]
pub struct EvidenceBody {
    #[serde(rename = "type")]
    kind: EvidenceType,
    #[schema(example = "HeartFlow FFRCT for estimating fractional flow reserve", min_length = 1, max_length = 300)]
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "https://www.nice.org.uk/guidance/htg430",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    url: Option<String>,
    /// The year it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2017, minimum = 1900, maximum = 2100, nullable = false)]
    year: Option<i32>,
}

/// A standard, and whether it is met.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StandardMet)]
pub struct StandardMetBody {
    standard: Standard,
    status: StandardStatus,
}

/// An innovation to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "HeartFlow",
    "summary": "Software that turns a CT scan of the heart into a model of blood flow in the coronary arteries.",
    "mainCategory": "digital",
    "categories": ["digital", "medical-device", "ai"],
    "careSettings": ["acute-trusts-outpatient"],
    "shifts": ["analogue-to-digital"],
    "stage": "spread",
    "eligiblePopulation": { "value": 35000, "qualifier": "at-most", "basis": "estimated" },
    "website": "https://www.heartflow.com"
}))]
pub struct CreateInnovationRequest {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its public key, which never changes; made of the name unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "heartflow",
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        min_length = 1,
        max_length = 60,
        nullable = false
    )]
    slug: Option<String>,
    /// What it is, in a sentence or two.
    #[schema(min_length = 1, max_length = 1000)]
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000, nullable = false)]
    description: Option<String>,
    main_category: Category,
    /// Every category it belongs to, the main one among them; that one alone unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 13)]
    categories: Vec<Category>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 11)]
    areas: Vec<Area>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    care_settings: Vec<CareSetting>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 3)]
    shifts: Vec<Shift>,
    /// The opportunity areas it answers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 9)]
    priorities: Vec<OpportunityArea>,
    /// How far it has come: proof-of-concept unless told. From then on it moves by transitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    stage: Option<Stage>,
    /// Code of the organisation that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    eligible_population: Option<EligiblePopulationBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    evidence: Vec<EvidenceBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 13)]
    standards_met: Vec<StandardMetBody>,
    /// Its number in the NHS Innovation Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, nullable = false)]
    nis_unique_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "https://www.heartflow.com",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    website: Option<String>,
    /// Whether it is drawn up for illustration and is not to be taken for fact.
    #[serde(default)]
    illustrative: bool,
}

type InnovationPatch = Patch<CreateInnovationRequest>;

impl From<CreateInnovationRequest> for Innovation {
    fn from(request: CreateInnovationRequest) -> Self {
        let population = |p: EligiblePopulationBody| rules::EligiblePopulation {
            value: p.value,
            qualifier: p.qualifier,
            basis: p.basis,
        };
        let evidence = |e: EvidenceBody| rules::Evidence { kind: e.kind, title: e.title, url: e.url, year: e.year };
        let standard = |s: StandardMetBody| rules::StandardMet { standard: s.standard, status: s.status };
        Self {
            slug: request.slug,
            name: request.name,
            summary: request.summary,
            description: request.description,
            main_category: request.main_category,
            categories: request.categories,
            areas: request.areas,
            care_settings: request.care_settings,
            shifts: request.shifts,
            priorities: request.priorities,
            stage: request.stage.unwrap_or(Stage::ProofOfConcept),
            owner: request.owner,
            eligible_population: request.eligible_population.map(population),
            evidence: request.evidence.into_iter().map(evidence).collect(),
            standards_met: request.standards_met.into_iter().map(standard).collect(),
            nis_unique_id: request.nis_unique_id,
            website: request.website,
            illustrative: request.illustrative,
        }
    }
}

impl From<&Innovation> for CreateInnovationRequest {
    fn from(innovation: &Innovation) -> Self {
        let innovation = innovation.clone();
        let evidence = |e: rules::Evidence| EvidenceBody { kind: e.kind, title: e.title, url: e.url, year: e.year };
        let standard = |s: rules::StandardMet| StandardMetBody { standard: s.standard, status: s.status };
        Self {
            name: innovation.name,
            slug: innovation.slug,
            summary: innovation.summary,
            description: innovation.description,
            main_category: innovation.main_category,
            categories: innovation.categories,
            areas: innovation.areas,
            care_settings: innovation.care_settings,
            shifts: innovation.shifts,
            priorities: innovation.priorities,
            stage: Some(innovation.stage),
            owner: innovation.owner,
            eligible_population: innovation.eligible_population.map(Into::into),
            evidence: innovation.evidence.into_iter().map(evidence).collect(),
            standards_met: innovation.standards_met.into_iter().map(standard).collect(),
            nis_unique_id: innovation.nis_unique_id,
            website: innovation.website,
            illustrative: innovation.illustrative,
        }
    }
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
    /// Code of the organisation that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", max_length = 60, nullable = false)]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    eligible_population: Option<EligiblePopulationBody>,
    #[schema(value_type = Vec<EvidenceBody>, max_items = 100)]
    evidence: Box<RawValue>,
    #[schema(value_type = Vec<StandardMetBody>, max_items = 13)]
    standards_met: Box<RawValue>,
    /// Its number in the NHS Innovation Service; not told without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, nullable = false)]
    nis_unique_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://www.heartflow.com", max_length = 500, nullable = false)]
    website: Option<String>,
    illustrative: bool,
    /// Who registered it; not told without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    created_by: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// Operations on it that your grants allow; not in lists, and not without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["transition_innovation", "update_innovation"]), max_items = 10, nullable = false)]
    actions: Option<Vec<&'static str>>,
}

impl InnovationResponse {
    fn of(found: OwnedInnovation, context: &Context) -> Self {
        let OwnedInnovation { row, owner } = found;
        let known = !context.actor.is_anonymous();
        Self {
            eligible_population: row.eligible_population().map(Into::into),
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
            evidence: RawValue::from_string(row.evidence).unwrap_or_default(),
            standards_met: RawValue::from_string(row.standards_met).unwrap_or_default(),
            nis_unique_id: row.nis_unique_id.filter(|_| known),
            website: row.website,
            illustrative: row.illustrative,
            created_by: known.then_some(row.created_by),
            version: row.version,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            actions: None,
        }
    }

    /// One record by itself: with what the caller may do to it.
    fn alone(conn: &mut Conn, context: &Context, found: OwnedInnovation) -> Result<Self> {
        let known = !context.actor.is_anonymous();
        let actions = known.then(|| ops::actions(conn, context, &found)).transpose()?;
        Ok(Self { actions, ..Self::of(found, context) })
    }
}

/// Names an innovation in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InnovationPath {
    /// Its slug
    #[param(example = "heartflow", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    pub slug: String,
}

fn reply(conn: &mut Conn, context: &Context, found: OwnedInnovation) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&InnovationResponse::alone(conn, context, found)?)?.version(version))
}

/// Get an innovation
///
/// By its slug. With a token, its actions say what you may do with it now.
#[utoipa::path(
    tag = "innovations",
    params(InnovationPath),
    responses((status = 200, description = "The innovation", body = InnovationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/innovations/{slug}")]
pub async fn get_innovation(cx: Cx, path: web::Path<InnovationPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let found = ops::get_innovation(conn, &path.slug)?;
        reply(conn, context, found)
    })
    .await
}

/// List innovations
///
/// Filtered, sorted and paged; archived ones are not among them.
#[utoipa::path(tag = "innovations", params(ListInnovations), responses((status = 200, description = "A page of innovations", body = Listing<InnovationResponse>)))]
#[get("/v1/innovations")]
pub async fn list_innovations(cx: Cx, query: Query<ListInnovations>) -> Result<Reply> {
    fn tagged<W: Word>(list: &'static str, words: Option<OneOf<W>>) -> Option<(&'static str, Vec<&'static str>)> {
        words.map(|words| (list, words.0.into_iter().map(Word::as_str).collect()))
    }
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let tags = [
            tagged(list::CATEGORY, query.category),
            tagged(list::AREA, query.area),
            tagged(list::CARE_SETTING, query.care_setting),
            tagged(list::SHIFT, query.shift),
            tagged(list::PRIORITY, query.priority),
        ];
        let filter = InnovationFilter {
            search: query.q,
            stages: query.stage.map(|stages| stages.0),
            main_categories: query.main_category.map(|categories| categories.0),
            tags: tags.into_iter().flatten().collect(),
            owners: query.owner.map(|codes| codes.0.iter().map(|code| code.to_ascii_uppercase()).collect()),
            programme: query.programme.map(|slug| slug.0),
            joined_by: query.joined_by,
            today: context.today(),
            updated_from: query.updated_from.map(|at| at.naive_utc()),
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, |found| InnovationResponse::of(found, context))
    })
    .await
}

/// Register an innovation
///
/// National administrators and programme managers may; a programme manager's becomes a member of the manager's
/// programmes from today.
#[utoipa::path(
    tag = "innovations",
    request_body = CreateInnovationRequest,
    responses((status = 201, description = "Registered", body = InnovationResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/innovations")]
pub async fn create_innovation(cx: Cx, body: Body<CreateInnovationRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let found = ops::create_innovation(conn, context, request.into())?;
        let (location, version) = (format!("/v1/innovations/{}", found.row.slug), found.row.version);
        Reply::created(location, version, &InnovationResponse::alone(conn, context, found)?)
    })
    .await
}

/// Change an innovation
///
/// A merge patch of everything but its slug, which never changes, and its stage, which moves by transitions.
#[utoipa::path(
    tag = "innovations",
    params(InnovationPath),
    request_body(content = InnovationPatch, content_type = "application/merge-patch+json", example = json!({ "website": "https://www.heartflow.com" })),
    responses((status = 200, description = "Changed", body = InnovationResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/innovations/{slug}")]
pub async fn update_innovation(cx: Cx, path: web::Path<InnovationPath>, body: Body<InnovationPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let found =
            ops::update_innovation(conn, context, &path.slug, |present| Ok(patch.apply(&present.into())?.into()))?;
        reply(conn, context, found)
    })
    .await
}

/// Archive an innovation
///
/// It is seen no more, in lists or by itself; what refers to it stays, and its slug is not given again.
#[utoipa::path(
    tag = "innovations",
    params(InnovationPath),
    responses((status = 204, description = "Archived")),
)]
#[delete("/v1/innovations/{slug}")]
pub async fn delete_innovation(cx: Cx, path: web::Path<InnovationPath>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_innovation(conn, context, &path.slug)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Move an innovation to another stage
///
/// Forward by any number of steps; back, or to withdrawn, with a reason. To early adoption and beyond it is moved by a
/// national administrator or a manager of one of its programmes, not by its fellow alone.
#[utoipa::path(
    tag = "innovations",
    params(InnovationPath),
    request_body = AskedMove,
    responses((status = 200, description = "Moved", body = InnovationResponse, headers(("ETag" = String)))),
)]
#[post("/v1/innovations/{slug}/transitions")]
pub async fn transition_innovation(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<AskedMove>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let found = ops::transition_innovation(conn, context, &path.slug, request.into())?;
        reply(conn, context, found)
    })
    .await
}

/// List the moves of an innovation
///
/// Every change of its stage, oldest first unless sorted otherwise.
#[utoipa::path(
    tag = "innovations",
    params(
        InnovationPath,
        ListTransitions,
    ),
    responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)),
)]
#[get("/v1/innovations/{slug}/transitions")]
pub async fn list_innovation_transitions(
    cx: Cx,
    path: web::Path<InnovationPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, _, _: &ListTransitions| {
        let found = ops::get_innovation(conn, &path.slug)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
