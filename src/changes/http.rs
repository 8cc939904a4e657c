//! `GET /v1/changes`.

use super::feed::Reader;
use super::ops::{After, Changes, Wanted};
use super::rules::Resource;
use crate::error::Result;
use crate::http::params::invalid;
use crate::http::{CodeParam, Cx, Line, OneOf, Query, Reply, Whole};
use crate::organisations::ops::referred;
use crate::params;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use std::time::{Duration, Instant};

params! {
    /// Which part of the feed is asked for.
    pub struct ListChanges {
        /// The cursor of an earlier answer; `now` for the end. Default: the beginning.
        after: Line = "after",
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
    let after = After::read(last.as_deref().or(query.after.as_ref().map(|line| line.0.as_str())))?;
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
