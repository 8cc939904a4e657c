//! Long answers, streamed: made chunk by chunk on a bulk thread, sent as they come, so that memory stays bounded and a
//! slow reader holds up nobody but the bulk lane, and that not for long.

use super::csv;
use super::reply::CSV;
use super::request::Cx;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::context::Context;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use std::time::Duration;

/// How long a reader may keep a chunk waiting before the answer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the chunks of an answer go.
pub struct Chunks(flume::Sender<Result<Bytes>>);

impl Chunks {
    /// Sends a chunk; false when nobody reads any more.
    pub fn send(&self, chunk: Vec<u8>) -> bool {
        self.0.send_timeout(Ok(chunk.into()), PATIENCE).is_ok()
    }
}

/// Answers with what the work sends.
///
/// # Errors
/// What the work fails with before its first chunk; after it the answer breaks off, since its status is sent already.
pub async fn streamed(
    cx: Cx,
    content_type: &'static str,
    work: impl FnOnce(&mut Conn, &Context, &Chunks) -> Result<()> + Send + 'static,
) -> Result<HttpResponse> {
    let query = cx.target.split_once('?').map_or("", |(_, query)| query);
    let mark = (content_type == CSV && csv::is_marked(query)).then(|| Ok(Bytes::from_static(csv::MARK)));
    let (sender, body) = flume::bounded::<Result<Bytes>>(2);
    let failed = sender.clone();
    actix_web::rt::spawn(async move {
        let (context, chunks) = (cx.context.clone(), Chunks(sender));
        let work = move |conn: &mut Conn| work(conn, &context, &chunks);
        if let Err(error) = cx.service.db.bulk_read(work).await {
            // After the first chunk, breaking off is the one way left to say that it is not all.
            let _ = failed.send_async(Err(error)).await;
        }
    });
    // The first chunk tells whether the request was a good one, while there is still a status to say so.
    let first = body.recv_async().await.map_err(Error::internal)??;
    let all = futures_util::stream::iter(mark.into_iter().chain([Ok(first)])).chain(body.into_stream());
    Ok(HttpResponse::Ok().content_type(content_type).streaming(all))
}
