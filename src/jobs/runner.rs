//! The task that does jobs, on every instance. A job is done on the threads for imports or exports, under a lease that is
//! held anew while it goes on: a job whose instance died is taken up by whichever looks first.

use crate::access::{Actor, EndUser};
use crate::db::jobs::{self, JobKind, JobRow, Outcome, Run};
use crate::db::{Conn, Db};
use crate::error::{Error, Kind, Result};
use crate::grants::doorkeeper::actor_of;
use crate::http::gate::permit;
use crate::http::operations::Found;
use crate::http::service::Service;
use crate::http::streaming::Spooled;
use crate::http::{Asked, Context, Cx, Query, Upload, problem};
use crate::kpis::{submissions, values};
use crate::organisations;
use crate::vocabulary::{Id, Timestamp};
use actix_web::web::Data;
use std::io::{Read, Seek, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// How often it is looked whether a job waits that nobody here has rung for.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// How often a lease is held anew, and progress written down.
const HOLDS_EVERY: Duration = Duration::from_secs(1);
/// How many parts of an answer are written at a time.
const PARTS: u64 = 16;

/// Does jobs until the process ends.
pub async fn keep_working(service: Data<Service>) {
    let places = Arc::new(Semaphore::new(service.config.db.bulk));
    while !service.is_leaving() {
        let _ = timeout(LOOKS_EVERY, service.jobs.notified()).await;
        if let Err(error) = begin(&service, &places).await {
            warn(&error);
        }
    }
}

fn warn(error: &Error) {
    tracing::warn!(cause = error.cause().unwrap_or_default(), "jobs could not be done");
}

/// Begins jobs that wait, as long as there is a place for one more.
async fn begin(service: &Data<Service>, places: &Arc<Semaphore>) -> Result<()> {
    let db = &service.db;
    while !service.is_leaving()
        && let Ok(place) = places.clone().try_acquire_owned()
        && is_open(service).await?
    {
        let (instance, now) = (db.instance(), (service.clock)());
        let Some((job, run)) = db.write(move |conn| jobs::take_up(conn, instance, now)).await? else { return Ok(()) };
        actix_web::rt::spawn(work(service.clone(), job, Arc::new(run), place));
    }
    Ok(())
}

async fn is_open(service: &Data<Service>) -> Result<bool> {
    let now = (service.clock)();
    service.db.read(move |conn| jobs::are_open(conn, now)).await
}

/// Does a job, and gives it up where the lease is lost.
async fn work(service: Data<Service>, job: JobRow, run: Arc<Run>, place: OwnedSemaphorePermit) {
    let (id, target, request_id) = (job.id, job.target.clone(), job.request_id.clone());
    let mut answering = Box::pin(answer(&service, job, &run));
    let done = loop {
        tokio::select! {
            done = &mut answering => break done,
            () = sleep(HOLDS_EVERY) => {}
        }
        let (held, now) = (run.clone(), (service.clock)());
        match service.db.write(move |conn| jobs::hold(conn, &held, now)).await {
            Ok(false) => break Ok(()),
            Ok(true) => {}
            Err(error) => warn(&error),
        }
    };
    drop(answering);
    service.written.notify_one();
    if let Err(error) = done {
        let instance = target.split('?').next().unwrap_or_default();
        let now = (service.clock)();
        let settled = if error.code().kind() == Kind::Unavailable {
            service.db.write(move |conn| jobs::give_back(conn, &run, now)).await
        } else {
            let problem = problem::reply(&error, instance, &request_id).map(|reply| reply.body);
            if error.code().kind() == Kind::Internal {
                tracing::error!(job = %id, cause = error.cause().unwrap_or_default(), "a job failed");
            }
            let end = |problem| service.db.write(move |conn| jobs::end(conn, &run, Outcome::Failed(problem), now));
            match problem {
                Ok(problem) => end(problem).await,
                Err(error) => Err(error),
            }
        };
        if let Err(error) = settled {
            warn(&error);
        }
    }
    drop(place);
    service.jobs.notify_one();
}

/// Does what was asked, as its maker may now.
async fn answer(service: &Data<Service>, job: JobRow, run: &Arc<Run>) -> Result<()> {
    let (method, path) = job.kind.request();
    let Found::Endpoint(endpoint) = service.operations.find(method, path) else {
        return Err(Error::internal("a job has no operation"));
    };
    let operation = endpoint.operation.ok_or_else(|| Error::internal("a job's operation has no row"))?;
    let (now, maker) = ((service.clock)(), (job.made_by, job.end_user_id));
    let actor = Arc::new(service.db.snapshot(move |conn| actor(conn, maker, now)).await?);
    permit(service, operation, &actor)?;
    let accept = endpoint.produces.iter().find(|media| **media == job.accept).copied().unwrap_or_default();
    let client = actor.subject.clone();
    let cx = Cx {
        service: service.clone(),
        context: Context { now, actor, operation, request_id: job.request_id, if_match: None },
        endpoint,
        idempotency_key: None,
        accept,
        content_type: job.content_type,
        target: job.target.clone(),
        host: String::new(),
        client,
        admission: Duration::ZERO,
        later: false,
        run: Some(run.clone()),
    };
    let query = job.target.split_once('?').map_or("", |(_, query)| query);
    match job.kind {
        JobKind::SubmitKpiValues => {
            let upload = upload(&service.db, job.id).await?;
            let reply = submissions::http::submit(cx, Query::of(query)?, upload).await?;
            tracing::info!(job = %job.id, status = reply.status, "a job is done");
            Ok(())
        }
        JobKind::ExportKpiValues => {
            let listed = values::http::kpi_values(cx, Asked::of(query)?).await?;
            let spooled = listed.into_spooled().ok_or_else(|| Error::internal("an export was no export"))?;
            keep_export(service, run, spooled).await
        }
    }
}

/// Who made a job, with the grants that they have now.
fn actor(conn: &mut Conn, (made_by, end_user): (String, Option<Id>), now: Timestamp) -> Result<Actor> {
    let end_user = match end_user {
        Some(id) => Some(EndUser { id, code: organisations::store::names(conn, [id])?.of(id).0 }),
        None => None,
    };
    Ok(Actor { end_user, ..actor_of(conn, &made_by, now)? })
}

/// What was sent, in a file of this machine.
async fn upload(db: &Db, job: Id) -> Result<Upload> {
    let mut upload = Upload::nothing()?;
    for number in 0.. {
        let Some(bytes) = db.read(move |conn| jobs::part(conn, job, false, number)).await? else { break };
        upload.file.write_all(&bytes).map_err(Error::internal)?;
        upload.size += bytes.len() as u64;
    }
    upload.file.rewind().map_err(Error::internal)?;
    Ok(upload)
}

/// Writes an export into the database, some parts at a time, and ends the job with the last.
async fn keep_export(service: &Data<Service>, run: &Arc<Run>, spooled: Spooled) -> Result<()> {
    let (media, mut reader) = (spooled.content_type().to_owned(), spooled.into_reader());
    let (most, mut number, mut size) = (PARTS * jobs::PART as u64, 0, 0);
    loop {
        let (run, now, media) = (run.clone(), (service.clock)(), media.clone());
        let some = move |conn: &mut Conn| {
            let added = jobs::add_answer(conn, &run, number, reader.by_ref().take(most), now)?;
            if added < most {
                jobs::end(conn, &run, Outcome::Succeeded(None, media, size + added), now)?;
            }
            Ok((added, reader))
        };
        let (added, rest) = service.db.write(some).await?;
        if added < most {
            return Ok(());
        }
        (reader, size, number) = (rest, size + added, number + PARTS as i32);
    }
}
