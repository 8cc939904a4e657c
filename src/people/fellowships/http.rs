//! `/v1/fellowships`.

use super::ops;
use super::rules::{Fellowship, FellowshipState};
use super::store::{self, FellowshipFilter, NumberedFellowship};
use crate::db::Conn;
use crate::error::Result;
use crate::http::lists::Listed;
use crate::http::params::{Asked, CodeParam, OneOf, Query, Whole};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Id, instant};
use crate::{innovations, organisations, params, transitions};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_fellowships)
        .service(create_fellowship)
        .service(get_fellowship)
        .service(update_fellowship)
        .service(transition_fellowship)
        .service(list_fellowship_transitions);
}

params! {
    /// What a list of fellowships may be narrowed to.
    pub struct ListFellowships list of NumberedFellowship {
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// The number of their cohort.
        cohort: Whole<1, 9999> = "cohort",
        /// The id of the fellow.
        fellow: Id = "fellow",
        /// The slug of an innovation carried in them.
        innovation: CodeParam = "innovation",
        /// The code of their host.
        host: CodeParam = "host",
        /// Where they stand.
        state: OneOf<FellowshipState> = "state",
        /// Those that begin before this day.
        to: NaiveDate = "to",
        /// Those that hold on this day and were not withdrawn.
        active_on: NaiveDate = "activeOn",
    }
}

/// Names a fellowship in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FellowshipPath {
    /// The fellowship's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// The slug of an innovation.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
pub struct InnovationSlug(String);

/// A fellowship to plan.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "fellow": "01a20d9c-dde4-71a4-9e4d-b70329105025", "programme": "nia", "cohort": 1, "innovations": ["mycopd"], "host": "RJZ", "wholeTimeEquivalent": 0.2, "from": "2015-07-01" }))]
pub struct CreateFellowshipRequest {
    fellow: Id,
    /// The slug of the programme.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    programme: String,
    /// The number of the cohort.
    #[schema(minimum = 1, maximum = 9999)]
    cohort: i32,
    /// What is carried in it.
    #[serde(default)]
    #[schema(max_items = 100)]
    innovations: Vec<InnovationSlug>,
    /// The code of the organisation that hosts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    host: Option<String>,
    /// The code of the company a joint post is shared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    industry_partner: Option<String>,
    /// The share of full time, to the millionth.
    #[schema(exclusive_minimum = 0, maximum = 1)]
    whole_time_equivalent: f64,
    from: NaiveDate,
    /// The first day it no longer holds; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
}

type FellowshipPatch = Patch<CreateFellowshipRequest>;

impl CreateFellowshipRequest {
    fn parts(self) -> (Id, Fellowship) {
        let fellowship = Fellowship {
            programme: self.programme,
            cohort: self.cohort,
            innovations: self.innovations.into_iter().map(|slug| slug.0).collect(),
            host: self.host,
            industry_partner: self.industry_partner,
            whole_time_equivalent: self.whole_time_equivalent,
            from: self.from,
            to: self.to,
        };
        (self.fellow, fellowship)
    }

    fn of(fellow: Id, fellowship: Fellowship) -> Self {
        Self {
            fellow,
            programme: fellowship.programme,
            cohort: fellowship.cohort,
            innovations: fellowship.innovations.into_iter().map(InnovationSlug).collect(),
            host: fellowship.host,
            industry_partner: fellowship.industry_partner,
            whole_time_equivalent: fellowship.whole_time_equivalent,
            from: fellowship.from,
            to: fellowship.to,
        }
    }
}

/// A fellowship.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FellowshipResponse {
    id: Id,
    fellow: Id,
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(minimum = 1, maximum = 9999)]
    cohort: i32,
    #[schema(max_items = 100)]
    innovations: Vec<InnovationSlug>,
    #[schema(max_length = 60)]
    host: Option<String>,
    #[schema(max_length = 60)]
    industry_partner: Option<String>,
    #[schema(maximum = 1)]
    whole_time_equivalent: f64,
    from: NaiveDate,
    /// The first day it no longer holds; null until further notice.
    to: Option<NaiveDate>,
    state: FellowshipState,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl FellowshipResponse {
    fn of(row: &store::FellowshipRow, fellowship: Fellowship) -> Self {
        let said = CreateFellowshipRequest::of(row.fellow_id, fellowship);
        Self {
            id: row.id,
            fellow: said.fellow,
            programme: said.programme,
            cohort: said.cohort,
            innovations: said.innovations,
            host: said.host,
            industry_partner: said.industry_partner,
            whole_time_equivalent: said.whole_time_equivalent,
            from: said.from,
            to: said.to,
            state: row.state,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(conn: &mut Conn, found: &NumberedFellowship) -> Result<Reply> {
    let fellowship = ops::describe(conn, found)?;
    Ok(Reply::ok(&FellowshipResponse::of(&found.row, fellowship))?.version(found.row.version))
}

/// List fellowships
///
/// Of every programme, the earliest first.
#[utoipa::path(tag = "people", params(ListFellowships), responses((status = 200, description = "A page of fellowships", body = Listing<FellowshipResponse>)))]
#[get("/v1/fellowships")]
pub async fn list_fellowships(cx: Cx, query: Query<ListFellowships>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let innovation =
            query.innovation.map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
        let host = query.host.map(|code| organisations::ops::referred(conn, "?host", &code.0)).transpose()?;
        let filter = FellowshipFilter {
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            cohort: query.cohort.and_then(|number| i32::try_from(number.0).ok()),
            fellow: query.fellow,
            innovation,
            host,
            states: query.state.map(|states| states.0),
            to: query.to,
            active_on: query.active_on,
        };
        let page = store::list(conn, &filter, &query.page)?;
        let mut described = ops::described(conn, &page.rows)?.into_iter();
        Reply::page(page, &target, |found| {
            described.next().map(|fellowship| FellowshipResponse::of(&found.row, fellowship))
        })
    })
    .await
}

/// Plan a fellowship
///
/// A fellow's place in a cohort, with the innovations carried in it.
#[utoipa::path(
    tag = "people",
    request_body = CreateFellowshipRequest,
    responses((status = 201, description = "Planned", body = FellowshipResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/fellowships")]
pub async fn create_fellowship(cx: Cx, body: Body<CreateFellowshipRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let (fellow, new) = request.parts();
        let found = ops::create_fellowship(conn, context, fellow, new)?;
        let (location, fellowship) = (format!("/v1/fellowships/{}", found.row.id), ops::describe(conn, &found)?);
        Reply::created(location, found.row.version, &FellowshipResponse::of(&found.row, fellowship))
    })
    .await
}

/// Get a fellowship
///
/// With its innovations, host and share of full time.
#[utoipa::path(
    tag = "people",
    params(FellowshipPath),
    responses((status = 200, description = "The fellowship", body = FellowshipResponse, headers(("ETag" = String)))),
)]
#[get("/v1/fellowships/{id}")]
pub async fn get_fellowship(cx: Cx, path: web::Path<FellowshipPath>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let found = ops::get_fellowship(conn, &path.id)?;
        reply(conn, &found)
    })
    .await
}

/// Change a fellowship
///
/// A merge patch of everything but the fellow, the programme, and the state, which moves by transitions.
#[utoipa::path(
    tag = "people",
    params(FellowshipPath),
    request_body(content = FellowshipPatch, content_type = "application/merge-patch+json", example = json!({ "to": "2016-07-01" })),
    responses((status = 200, description = "Changed", body = FellowshipResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/fellowships/{id}")]
pub async fn update_fellowship(cx: Cx, path: web::Path<FellowshipPath>, body: Body<FellowshipPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |fellow, present| Ok(patch.apply(&CreateFellowshipRequest::of(fellow, present))?.parts());
        let found = ops::update_fellowship(conn, context, &path.id, change)?;
        reply(conn, &found)
    })
    .await
}

/// Move a fellowship
///
/// `planned` becomes `active`, then `completed`; `active` may pause; a fellowship is withdrawn with a reason.
#[utoipa::path(
    tag = "people",
    params(FellowshipPath),
    request_body = AskedMove,
    responses((status = 200, description = "Moved", body = FellowshipResponse, headers(("ETag" = String)))),
)]
#[post("/v1/fellowships/{id}/transitions")]
pub async fn transition_fellowship(
    cx: Cx,
    path: web::Path<FellowshipPath>,
    body: Body<AskedMove>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let found = ops::transition_fellowship(conn, context, &path.id, request.into())?;
        reply(conn, &found)
    })
    .await
}

/// List the moves of a fellowship
///
/// Every change of its state, oldest first unless sorted otherwise.
#[utoipa::path(
    tag = "people",
    params(FellowshipPath, ListTransitions),
    responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)),
)]
#[get("/v1/fellowships/{id}/transitions")]
pub async fn list_fellowship_transitions(
    cx: Cx,
    path: web::Path<FellowshipPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, _, _: &ListTransitions| {
        let found = ops::get_fellowship(conn, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
