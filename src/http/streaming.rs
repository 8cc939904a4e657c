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
use actix_web::body::SizedStream;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::stream::unfold;
use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
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
    /// Whether the same can be asked for as a job, which has more room.
    later: bool,
}

/// An answer that is whole, and waits to be sent.
pub struct Spooled {
    content_type: &'static str,
    content: Content,
}

enum Content {
    InMemory(Vec<u8>),
    OnDisk(File, u64),
}

impl Spool {
    /// Adds to the answer.
    ///
    /// # Errors
    /// `export-too-large` above the largest size; `storage-full` where there is no room for it here.
    pub fn add(&mut self, chunk: &[u8]) -> Result<()> {
        crate::db::wanted()?;
        self.room = self.room.checked_sub(chunk.len() as u64).ok_or_else(|| self.too_large())?;
        self.file.write_all(chunk).map_err(Error::internal)
    }

    fn too_large(&self) -> Error {
        let error = Error::new(Code::ExportTooLarge);
        if !self.later {
            return error;
        }
        error.detail(
            "The rows that fit the filters are more than one answer may carry. Send the same request with the header \
             `Prefer: respond-async`: a job then makes the export, and its result is downloaded when it is there.",
        )
    }
}

impl Spooled {
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The answer from its beginning.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        match self.content {
            Content::InMemory(whole) => Box::new(Cursor::new(whole)),
            Content::OnDisk(file, _) => Box::new(file),
        }
    }
}

impl Responder for Spooled {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer.content_type(self.content_type);
        match self.content {
            Content::InMemory(whole) => answer.body(whole),
            Content::OnDisk(file, length) => {
                let chunks = unfold(tokio::fs::File::from_std(file), |mut file| async move {
                    let mut chunk = Vec::with_capacity(CHUNK);
                    match (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await {
                        Ok(0) => None,
                        read => Some((read.map(|_| Bytes::from(chunk)), file)),
                    }
                });
                answer.body(SizedStream::new(length, chunks))
            }
        }
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
) -> Result<Spooled> {
    let query = cx.target.split_once('?').map_or("", |(_, query)| query);
    let mark = content_type == CSV && csv::is_marked(query);
    let (config, is_job) = (&cx.service.config, cx.run.is_some());
    let room = if is_job { config.max_job_export_bytes } else { config.max_export_bytes };
    let later = cx.endpoint.answers_later && !is_job;
    let mut spool = Spool { file: spooled_tempfile(IN_MEMORY), room, later };
    let _place = if is_job { None } else { Some(cx.place(Kind::Exports).await?) };
    let context = cx.context;
    let filling = move |conn: &mut Conn| {
        if mark {
            spool.add(csv::MARK)?;
        }
        work(conn, &context, &mut spool)?;
        Ok(spool.file.into_inner())
    };
    let db = if is_job { cx.service.db.at_leisure() } else { cx.service.db.clone() };
    let content = match db.export(filling).await? {
        SpooledData::InMemory(whole) => Content::InMemory(whole.into_inner()),
        SpooledData::OnDisk(mut file) => {
            let length = file.stream_position().map_err(Error::internal)?;
            file.rewind().map_err(Error::internal)?;
            Content::OnDisk(file, length)
        }
    };
    Ok(Spooled { content_type, content })
}
