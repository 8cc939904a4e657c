//! `/v1/events`.

use super::ops::{self, EventKind, LearningEvent};
use super::store::{self, EventFilter, HostedEvent};
use crate::db::Conn;
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::calendar::london_midnight;
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_learning_events)
        .service(create_learning_event)
        .service(get_learning_event)
        .service(update_learning_event);
}

params! {
    /// What a list of learning events may be narrowed to.
    pub struct ListLearningEvents list of HostedEvent {
        /// Words of the title.
        q: SearchTerms = "q",
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// What kind they are.
        kind: OneOf<EventKind> = "kind",
        /// The first day they begin on, in London.
        from: NaiveDate = "from",
        /// The first day after, in London.
        to: NaiveDate = "to",
    }
}

/// Names a learning event in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LearningEventPath {
    /// The event's id
    #[param(format = "uuid", max_length = 36)]
    pub id: String,
}

/// A learning event to plan.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "programme": "nia", "title": "Making the case to commissioners", "kind": "workshop", "startsAt": "2015-10-06T10:00", "endsAt": "2015-10-06T16:00" }))]
pub struct CreateLearningEventRequest {
    /// The slug of the programme.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    programme: String,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    kind: EventKind,
    /// An instant, such as `2015-10-06T09:00:00Z`, or a local time of the zone, such as `2015-10-06T10:00`.
    #[schema(min_length = 10, max_length = 40)]
    starts_at: String,
    /// As startsAt.
    #[schema(min_length = 10, max_length = 40)]
    ends_at: String,
    /// The IANA zone of local times.
    #[serde(default = "london")]
    #[schema(default = "Europe/London", max_length = 60)]
    zone: String,
    /// The code of the organisation that hosts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    host: Option<String>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

fn london() -> String {
    "Europe/London".to_owned()
}

type LearningEventPatch = Patch<CreateLearningEventRequest>;

impl From<CreateLearningEventRequest> for LearningEvent {
    fn from(request: CreateLearningEventRequest) -> Self {
        let CreateLearningEventRequest { programme, title, kind, starts_at, ends_at, zone, host, illustrative } =
            request;
        Self { programme, title, kind, starts_at, ends_at, zone, host, illustrative }
    }
}

impl From<LearningEvent> for CreateLearningEventRequest {
    fn from(event: LearningEvent) -> Self {
        let LearningEvent { programme, title, kind, starts_at, ends_at, zone, host, illustrative } = event;
        Self { programme, title, kind, starts_at, ends_at, zone, host, illustrative }
    }
}

/// A learning event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearningEventResponse {
    id: Id,
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    #[schema(max_length = 200)]
    title: String,
    kind: EventKind,
    #[schema(format = "date-time", max_length = 40)]
    starts_at: String,
    #[schema(format = "date-time", max_length = 40)]
    ends_at: String,
    #[schema(example = "Europe/London", max_length = 60)]
    zone: String,
    #[schema(max_length = 60)]
    host: Option<String>,
    /// How many people attended.
    #[schema(minimum = 0)]
    attended: i64,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl LearningEventResponse {
    fn of(found: HostedEvent, attended: i64) -> Self {
        let said = found.event();
        Self {
            id: found.row.id,
            programme: said.programme,
            title: said.title,
            kind: said.kind,
            starts_at: said.starts_at,
            ends_at: said.ends_at,
            zone: said.zone,
            host: said.host,
            attended,
            illustrative: said.illustrative,
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }

    fn one(conn: &mut Conn, found: HostedEvent) -> Result<Self> {
        let attended = store::attended(conn, &[found.row.id])?.remove(&found.row.id).unwrap_or_default();
        Ok(Self::of(found, attended))
    }
}

fn reply(conn: &mut Conn, found: HostedEvent) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&LearningEventResponse::one(conn, found)?)?.version(version))
}

/// List learning events
///
/// Of every programme, the earliest first.
#[utoipa::path(tag = "people", params(ListLearningEvents), responses((status = 200, description = "A page of events", body = Listing<LearningEventResponse>)))]
#[get("/v1/events")]
pub async fn list_learning_events(cx: Cx, query: Query<ListLearningEvents>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let filter = EventFilter {
            search: query.q,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            kinds: query.kind.map(|kinds| kinds.0),
            from: query.from.map(|day| london_midnight(day).naive_utc()),
            to: query.to.map(|day| london_midnight(day).naive_utc()),
        };
        let page = store::list(conn, &filter, &query.page)?;
        let ids: Vec<Id> = page.rows.iter().map(|found| found.row.id).collect();
        let attended = store::attended(conn, &ids)?;
        Reply::page(page, &target, |found| {
            let count = attended.get(&found.row.id).copied().unwrap_or_default();
            LearningEventResponse::of(found, count)
        })
    })
    .await
}

/// Plan a learning event
///
/// Of a programme, at instants or local times of a zone.
#[utoipa::path(
    tag = "people",
    request_body = CreateLearningEventRequest,
    responses((status = 201, description = "Planned", body = LearningEventResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/events")]
pub async fn create_learning_event(cx: Cx, body: Body<CreateLearningEventRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_learning_event(conn, context, request.into())?;
        let (location, version) = (format!("/v1/events/{}", made.row.id), made.row.version);
        Reply::created(location, version, &LearningEventResponse::of(made, 0))
    })
    .await
}

/// Get a learning event
///
/// With how many attended.
#[utoipa::path(
    tag = "people",
    params(LearningEventPath),
    responses((status = 200, description = "The event", body = LearningEventResponse, headers(("ETag" = String)))),
)]
#[get("/v1/events/{id}")]
pub async fn get_learning_event(cx: Cx, path: web::Path<LearningEventPath>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let found = ops::get_learning_event(conn, &path.id)?;
        reply(conn, found)
    })
    .await
}

/// Change a learning event
///
/// A merge patch of everything but its programme.
#[utoipa::path(
    tag = "people",
    params(LearningEventPath),
    request_body(content = LearningEventPatch, content_type = "application/merge-patch+json", example = json!({ "endsAt": "2015-10-06T17:00" })),
    responses((status = 200, description = "Changed", body = LearningEventResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/events/{id}")]
pub async fn update_learning_event(
    cx: Cx,
    path: web::Path<LearningEventPath>,
    body: Body<LearningEventPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: LearningEvent| Ok(patch.apply(&present.into())?.into());
        let found = ops::update_learning_event(conn, context, &path.id, change)?;
        reply(conn, found)
    })
    .await
}
