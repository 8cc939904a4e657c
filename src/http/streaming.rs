//! Long answers: read from the database as fast as it gives them, into a spool, and only then sent. So a slow reader holds
//! no connection and no snapshot; a failure has a status, and every answer a length, by which a reader knows that it has
//! all of it.

use super::csv;
use super::places::Kind;
use super::reply::CSV;
use super::request::Cx;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::context::Context;
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::web::Bytes;
use futures_util::stream::unfold;
use std::io::{Seek, Write};
use tempfile::{SpooledData, SpooledTempFile, spooled_tempfile};
use tokio::io::AsyncReadExt;

/// A spool up to this size stays in memory.
const IN_MEMORY: usize = 256 * 1024;
/// How much is sent at a time.
const CHUNK: usize = 64 * 1024;

/// Where an answer waits until it is whole.
pub struct Spool {
    file: SpooledTempFile,
    room: u64,
}

impl Spool {
    /// Adds to the answer.
    ///
    /// # Errors
    /// `export-too-large` above the largest size; `storage-full` where there is no room for it here.
    pub fn add(&mut self, chunk: &[u8]) -> Result<()> {
        crate::db::wanted()?;
        self.room = self.room.checked_sub(chunk.len() as u64).ok_or_else(|| Error::new(Code::ExportTooLarge))?;
        self.file.write_all(chunk).map_err(Error::internal)
    }
}

/// Answers with what the work adds to the spool.
///
/// # Errors
/// What the work fails with.
pub async fn spooled(
    cx: Cx,
    content_type: &'static str,
    work: impl FnOnce(&mut Conn, &Context, &mut Spool) -> Result<()> + Send + 'static,
) -> Result<HttpResponse> {
    let query = cx.target.split_once('?').map_or("", |(_, query)| query);
    let mark = content_type == CSV && csv::is_marked(query);
    let mut spool = Spool { file: spooled_tempfile(IN_MEMORY), room: cx.service.config.max_export_bytes };
    let _place = cx.place(Kind::Exports).await?;
    let context = cx.context;
    let filling = move |conn: &mut Conn| {
        if mark {
            spool.add(csv::MARK)?;
        }
        work(conn, &context, &mut spool)?;
        Ok(spool.file.into_inner())
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(content_type);
    match cx.service.db.export(filling).await? {
        SpooledData::InMemory(whole) => Ok(answer.body(whole.into_inner())),
        SpooledData::OnDisk(mut file) => {
            let length = file.stream_position().map_err(Error::internal)?;
            file.rewind().map_err(Error::internal)?;
            let chunks = unfold(tokio::fs::File::from_std(file), |mut file| async move {
                let mut chunk = Vec::with_capacity(CHUNK);
                match (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await {
                    Ok(0) => None,
                    read => Some((read.map(|_| Bytes::from(chunk)), file)),
                }
            });
            Ok(answer.body(SizedStream::new(length, chunks)))
        }
    }
}
