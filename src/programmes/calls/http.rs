//! `/v1/programmes/{slug}/calls` and `/v1/calls/{id}`.

use super::ops;
use super::rules::{Call, Criterion, Priority};
use super::store::{self, NumberedCall};
use crate::db::Conn;
use crate::error::Result;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Id, Timestamp, instant};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_calls).service(create_call).service(get_call).service(update_call);
}

params! {
    /// What the calls of a programme may be narrowed to.
    pub struct ListCalls list of NumberedCall {
        /// Those that are open at this instant.
        open_at: Timestamp = "openAt",
    }
}

/// Names a call in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct CallPath {
    /// The call's id
    #[param(format = "uuid", max_length = 36)]
    pub id: String,
}

/// One of the priorities of a call.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallPriority)]
pub struct PriorityBody {
    #[schema(example = "mental-health", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    code: String,
    #[schema(example = "Mental health", min_length = 1, max_length = 200)]
    label: String,
}

/// What reviewers score from zero on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CallCriterion)]
pub struct CriterionBody {
    #[schema(example = "impact", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60)]
    code: String,
    #[schema(example = "Impact on patients", min_length = 1, max_length = 200)]
    label: String,
    /// How much it counts beside the others.
    #[schema(minimum = 1, maximum = 100)]
    weight: i64,
    /// The highest score.
    #[schema(example = 5, minimum = 1, maximum = 100)]
    max_score: i64,
}

/// A call to open. Times are instants, or local times of the zone: `24:00` is the end of a day.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "title": "NIA call 2018",
    "opensAt": "2018-09-03T09:00",
    "closesAt": "2018-10-24T24:00",
    "zone": "Europe/London",
    "priorities": [{ "code": "mental-health", "label": "Mental health" }, { "code": "primary-care", "label": "Primary care" }],
    "criteria": [{ "code": "impact", "label": "Impact on patients", "weight": 2, "maxScore": 5 }]
}))]
pub struct CreateCallRequest {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// The number of the cohort it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9999, nullable = false)]
    cohort: Option<i32>,
    #[schema(min_length = 10, max_length = 40)]
    opens_at: String,
    /// The first moment at which no application is taken any more.
    #[schema(min_length = 10, max_length = 40)]
    closes_at: String,
    /// The IANA zone of its local times; Europe/London unless told.
    #[serde(default = "london")]
    #[schema(max_length = 60, default = "Europe/London")]
    zone: String,
    /// An application names one or more of them.
    #[schema(min_items = 1, max_items = 50)]
    priorities: Vec<PriorityBody>,
    #[serde(default)]
    #[schema(max_items = 50)]
    criteria: Vec<CriterionBody>,
    /// JSON Schema (draft 2020-12) of an application's data: an object, without references to the outside, such as
    /// `{"type": "object", "required": ["aim"], "properties": {"aim": {"type": "string", "maxLength": 500}}}`.
    #[serde(default = "any_object")]
    #[schema(value_type = Object)]
    form: Value,
    /// How many days an offer may be accepted after the day it was made.
    #[serde(default = "four_weeks")]
    #[schema(minimum = 1, maximum = 365, default = 28)]
    offer_days: i32,
}

fn london() -> String {
    chrono_tz::Europe::London.name().to_owned()
}

fn any_object() -> Value {
    serde_json::json!({ "type": "object" })
}

fn four_weeks() -> i32 {
    28
}

type CallPatch = Patch<CreateCallRequest>;

impl From<CreateCallRequest> for Call {
    fn from(request: CreateCallRequest) -> Self {
        let criterion = |one: CriterionBody| Criterion {
            code: one.code,
            label: one.label,
            weight: one.weight,
            max_score: one.max_score,
        };
        Self {
            title: request.title,
            cohort: request.cohort,
            opens_at: request.opens_at,
            closes_at: request.closes_at,
            zone: request.zone,
            priorities: request.priorities.into_iter().map(|p| Priority { code: p.code, label: p.label }).collect(),
            criteria: request.criteria.into_iter().map(criterion).collect(),
            form: request.form,
            offer_days: request.offer_days,
        }
    }
}

impl From<Call> for CreateCallRequest {
    fn from(call: Call) -> Self {
        let criterion = |one: Criterion| CriterionBody {
            code: one.code,
            label: one.label,
            weight: one.weight,
            max_score: one.max_score,
        };
        Self {
            title: call.title,
            cohort: call.cohort,
            opens_at: call.opens_at,
            closes_at: call.closes_at,
            zone: call.zone,
            priorities: call.priorities.into_iter().map(|p| PriorityBody { code: p.code, label: p.label }).collect(),
            criteria: call.criteria.into_iter().map(criterion).collect(),
            form: call.form,
            offer_days: call.offer_days,
        }
    }
}

/// A call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallResponse {
    id: Id,
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(minimum = 1, maximum = 9999)]
    cohort: Option<i32>,
    #[schema(max_length = 200)]
    title: String,
    #[schema(format = "date-time", max_length = 40)]
    opens_at: String,
    /// The first instant at which no application is taken any more.
    #[schema(format = "date-time", max_length = 40)]
    closes_at: String,
    /// The IANA zone the two were set in.
    #[schema(example = "Europe/London", max_length = 60)]
    zone: String,
    /// What the clocks of the zone show when it opens.
    #[schema(example = "2018-09-03T09:00:00", max_length = 40)]
    opens_at_local: String,
    /// What the clocks of the zone show when it closes.
    #[schema(example = "2018-10-25T00:00:00", max_length = 40)]
    closes_at_local: String,
    #[schema(max_items = 50)]
    priorities: Vec<PriorityBody>,
    #[schema(max_items = 50)]
    criteria: Vec<CriterionBody>,
    #[schema(minimum = 1)]
    form_version: i32,
    /// The newest form; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    form: Option<Value>,
    #[schema(minimum = 1, maximum = 365)]
    offer_days: i32,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl CallResponse {
    fn of(found: NumberedCall) -> Result<Self> {
        let NumberedCall { row, cohort } = found;
        let criterion = |one: Criterion| CriterionBody {
            code: one.code,
            label: one.label,
            weight: one.weight,
            max_score: one.max_score,
        };
        Ok(Self {
            id: row.id,
            cohort,
            opens_at: instant(row.opens_at),
            closes_at: instant(row.closes_at),
            opens_at_local: row.local(row.opens_at)?,
            closes_at_local: row.local(row.closes_at)?,
            priorities: row.priorities()?.into_iter().map(|p| PriorityBody { code: p.code, label: p.label }).collect(),
            criteria: row.criteria()?.into_iter().map(criterion).collect(),
            programme: row.programme,
            title: row.title,
            zone: row.zone,
            form_version: row.form_version,
            form: None,
            offer_days: row.offer_days,
            version: row.version,
            updated_at: instant(row.updated_at),
        })
    }

    fn alone(conn: &mut Conn, found: NumberedCall) -> Result<Self> {
        let form = Some(ops::form(conn, &found.row)?);
        Ok(Self { form, ..Self::of(found)? })
    }
}

fn reply(conn: &mut Conn, found: NumberedCall) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&CallResponse::alone(conn, found)?)?.version(version))
}

/// List the calls of a programme
///
/// Those that close first come first.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath, ListCalls),
    responses((status = 200, description = "A page of calls", body = Listing<CallResponse>)),
)]
#[get("/v1/programmes/{slug}/calls")]
pub async fn list_calls(cx: Cx, path: web::Path<ProgrammePath>, query: Query<ListCalls>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let programme = get_programme(conn, &path.slug)?;
        let page = store::list(conn, &programme.slug, query.open_at, &query.page)?;
        Reply::page_of(page, &target, CallResponse::of)
    })
    .await
}

/// Open a call of a programme
///
/// With the priorities an application must name, the form it fills in, and the criteria it is reviewed by.
#[utoipa::path(
    tag = "programmes",
    params(ProgrammePath),
    request_body = CreateCallRequest,
    responses((status = 201, description = "Opened", body = CallResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/programmes/{slug}/calls")]
pub async fn create_call(cx: Cx, path: web::Path<ProgrammePath>, body: Body<CreateCallRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let found = ops::create_call(conn, context, &path.slug, request.into())?;
        let (location, version) = (format!("/v1/calls/{}", found.row.id), found.row.version);
        Reply::created(location, version, &CallResponse::alone(conn, found)?)
    })
    .await
}

/// Get a call
///
/// With its newest form.
#[utoipa::path(
    tag = "programmes",
    params(CallPath),
    responses((status = 200, description = "The call", body = CallResponse, headers(("ETag" = String)))),
)]
#[get("/v1/calls/{id}")]
pub async fn get_call(cx: Cx, path: web::Path<CallPath>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let found = ops::get_call(conn, &path.id)?;
        reply(conn, found)
    })
    .await
}

/// Change a call
///
/// A merge patch. Another form is another version of it; applications keep the version they were written on.
#[utoipa::path(
    tag = "programmes",
    params(CallPath),
    request_body(content = CallPatch, content_type = "application/merge-patch+json", example = json!({ "closesAt": "2018-10-31T12:00" })),
    responses((status = 200, description = "Changed", body = CallResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/calls/{id}")]
pub async fn update_call(cx: Cx, path: web::Path<CallPath>, body: Body<CallPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Call| Ok(patch.apply(&present.into())?.into());
        let found = ops::update_call(conn, context, &path.id, change)?;
        reply(conn, found)
    })
    .await
}
