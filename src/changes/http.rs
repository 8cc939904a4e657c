//! `GET /v1/changes`.

use super::feed::Reader;
use super::ops::{After, Changes, Wanted};
use super::rules::{CURSOR, Resource};
use crate::error::Result;
use crate::http::params::{Param, invalid};
use crate::http::{CodeParam, Cx, OneOf, Query, Reply, Whole};
use crate::organisations::ops::referred;
use crate::params;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

params! {
    /// Which part of the feed is asked for.
    pub struct ListChanges {
        /// The cursor of an earlier answer; `now` for the end. Default: the beginning.
        after: AfterParam = "after",
        /// The kinds of records.
        resource: OneOf<Resource> = "resource",
        /// The code of a place: changes of that organisation's records and of all below it.
        place: CodeParam = "place",
        /// The number of changes to look for. Default: 100.
        limit: Whole<1, 500> = "limit",
        /// Seconds to wait where there is nothing yet.
        wait: Whole<0, 30> = "wait",
    }
}

/// A cursor of the feed as clients write it, or `now`.
#[derive(Debug, Clone)]
pub struct AfterParam(String);

impl Param for AfterParam {
    fn read(text: &str) -> std::result::Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_cursor = text.len() == CURSOR && text.chars().all(fits);
        let expected = || "expected page.next of an earlier answer as it was, or now".to_owned();
        (text == "now" || is_cursor).then(|| Self(text.to_owned())).ok_or_else(expected)
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(now|[A-Za-z0-9_-]{48})$", "minLength": 3, "maxLength": CURSOR })
    }
}

const STREAM: &str = "text/event-stream";

/// List changes
///
/// Lists what changed in what you may see, oldest first, so that a copy can be kept in step: which record, what became of
/// it, and where it is read. `page.next` is always there; go on with it as `after`. With `wait` the answer comes when there is
/// something. With `Accept: text/event-stream` changes are sent as they come, each message with its cursor as id.
#[utoipa::path(tag = "changes", params(ListChanges), responses((status = 200, description = "The next changes", content((Changes = "application/json"), (String = "text/event-stream")))))]
#[get("/v1/changes")]
pub async fn list_changes(cx: Cx, query: Query<ListChanges>, request: HttpRequest) -> Result<HttpResponse> {
    let query = query.0;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let streams = cx.wants(STREAM);
    // A browser that connects again says where it was.
    let last = header("last-event-id").filter(|_| streams);
    let after = After::read(last.as_deref().or(query.after.as_ref().map(|after| after.0.as_str())))?;
    let place = match query.place {
        Some(CodeParam(code)) => Some(cx.db().read(move |conn| referred(conn, "?place", &code)).await?),
        None => None,
    };
    let resources = query.resource.map(|words| words.0).unwrap_or_default();
    let limit = query.limit.map_or(100, |Whole(limit)| usize::try_from(limit).unwrap_or(1));
    let wait = query.wait.map_or(0, |Whole(seconds)| u64::try_from(seconds).unwrap_or_default());
    if streams && wait > 0 {
        return Err(invalid("wait", "a stream waits by itself".to_owned()));
    }
    let caller = (header("authorization"), header("nhsd-end-user-organisation-ods"));
    let mut reader = Reader::new(cx, caller, Wanted { resources, place, limit }, after, streams || wait > 0).await?;
    let first = reader.next(Instant::now() + Duration::from_secs(wait)).await?;
    if !streams {
        return Ok(Reply::ok(&first)?.respond_to(&request));
    }
    let stream = reader.stream(&first)?;
    // Not packed, since what is packed is held back.
    Ok(HttpResponse::Ok().content_type(STREAM).insert_header(("content-encoding", "identity")).streaming(stream))
}
