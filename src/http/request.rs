//! What a handler is given: [`Cx`], through which it reads and writes, and [`Body`], which is read in full but not
//! looked into until the caller is known, allowed, and not repeating an earlier request.

use super::heavy::heavy;
use super::inflate::{Inflater, Sink};
use super::jobs;
use super::operations::Endpoint;
use super::places::{Kind, Place};
use super::reply::{Answer, Created, Reply};
use super::schemas;
use crate::db::jobs::Run;
use crate::db::{Conn, Db, Steps, shares};
use crate::error::{Code, Error, Fault, Result};
use crate::http::context::Context;
use crate::http::idempotency::{self, Claim};
use crate::http::service::Service;
use crate::record::Record;
use crate::vocabulary::Timestamp;
use actix_multipart::{Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::future::{Future, Ready, ready};
use std::io::{Seek, Write};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The request as the gate left it: authenticated, permitted, with its headers understood.
pub struct Cx {
    pub service: web::Data<Service>,
    pub context: Context,
    pub endpoint: &'static Endpoint,
    pub idempotency_key: Option<String>,
    /// The media type the answer will have, of those the operation offers.
    pub accept: &'static str,
    /// The media type of the body.
    pub content_type: String,
    /// Path and query, as asked for.
    pub target: String,
    /// The host the client asked, as its `Host` header says.
    pub host: String,
    /// By whom what is done is counted: a subject, or the address of a caller without a token.
    pub client: String,
    /// How long it took to let the caller in, which is part of the time within which the answer is due.
    pub admission: Duration,
    /// Whether the client would rather be answered later (`Prefer: respond-async`).
    pub later: bool,
    /// The job that this request is, where it was kept to be answered later.
    pub run: Option<Arc<Run>>,
}

impl Cx {
    /// The same for another operation that the same request comes to.
    pub fn again(&self) -> Self {
        Self {
            service: self.service.clone(),
            context: Context { if_match: None, ..self.context.clone() },
            endpoint: self.endpoint,
            idempotency_key: None,
            accept: self.accept,
            content_type: String::new(),
            target: self.target.clone(),
            host: self.host.clone(),
            client: self.client.clone(),
            admission: self.admission,
            later: false,
            run: None,
        }
    }
}

impl FromRequest for Cx {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .extensions_mut()
                .remove::<Self>()
                .ok_or_else(|| Error::internal("the gate did not admit this request")),
        )
    }
}

/// What is done with the database for a request. Boxed, so that what runs it is compiled once.
type Job = Box<dyn FnOnce(&mut Conn, &Context) -> Result<Reply> + Send>;
/// What is looked up before a change, and what is made of that without the database: the change itself.
type Look = Box<dyn FnOnce(&mut Conn, &Context) -> Result<Consider> + Send>;
type Consider = Box<dyn FnOnce() -> Result<Job> + Send>;
/// As [`Job`], of one that may be run again.
type Again = Box<dyn FnMut(&mut Conn, &Context) -> Result<Reply> + Send>;

/// How a change is run.
enum Work {
    /// In a transaction of the short lane.
    Short(Box<dyn FnOnce() -> Result<Job> + Send>),
    /// As short, after something that takes long without the database.
    Considered(Box<dyn FnOnce() -> Result<Look> + Send>),
    /// As if nobody else wrote meanwhile, and again when somebody did.
    Money(Box<dyn FnOnce() -> Result<Again> + Send>),
    /// Begins its transactions itself; on a thread for imports unless it is short.
    Import { work: Import, is_short: bool },
}

/// What an import does: it keeps its answer in the last of its transactions.
type Import = Box<dyn FnOnce(&mut Steps, &Answerer) -> Result<Reply> + Send>;

impl Cx {
    /// The database, which answers in the time that is left.
    pub fn db(&self) -> Db {
        let patience = self.service.db.patience();
        self.service.db.until(Instant::now() + patience.saturating_sub(self.admission))
    }

    /// Waits for a place among the long work of the caller, to be held until it is done.
    ///
    /// # Errors
    /// As [`Places::take`](super::places::Places::take).
    pub async fn place(&self, kind: Kind) -> Result<Place> {
        let patience =
            if kind == Kind::Charts { self.service.config.db.patience } else { self.service.config.db.bulk_patience };
        self.service.places.take(kind, &self.client, Instant::now() + patience.saturating_sub(self.admission)).await
    }

    /// A read of one statement; its answer is rendered inside the job.
    ///
    /// # Errors
    /// What the job returns, or the lane's own.
    pub async fn read(self, job: impl FnOnce(&mut Conn, &Context) -> Result<Reply> + Send + 'static) -> Result<Reply> {
        let (db, context, job): (_, _, Job) = (self.db(), self.context, Box::new(job));
        db.read(move |conn| job(conn, &context)).await
    }

    /// A read of several statements that see one moment.
    ///
    /// # Errors
    /// As [`Cx::read`].
    pub async fn snapshot(
        self,
        job: impl FnOnce(&mut Conn, &Context) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let (db, context, job): (_, _, Job) = (self.db(), self.context, Box::new(job));
        db.snapshot(move |conn| job(conn, &context)).await
    }

    /// A long read of one moment over much of the register.
    ///
    /// # Errors
    /// As [`Cx::read`].
    pub async fn report(
        self,
        job: impl FnOnce(&mut Conn, &Context) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let _place = self.place(Kind::Reports).await?;
        let (context, job): (_, Job) = (self.context, Box::new(job));
        self.service.db.report(move |conn| job(conn, &context)).await
    }

    /// One record, with the version it has.
    ///
    /// # Errors
    /// What `find` fails with, or the lane's own.
    pub async fn show<R: Into<T>, T: Record>(
        self,
        find: impl FnOnce(&mut Conn, &Context) -> Result<R> + Send + 'static,
    ) -> Result<Answer<T>> {
        let reply = self.read(move |conn, context| Reply::record(&find(conn, context)?.into()));
        reply.await.map(Answer::of)
    }

    /// What has no version of its own, read of one moment and named by its content.
    ///
    /// # Errors
    /// What `find` fails with, or the lane's own.
    pub async fn answer<T: Serialize>(
        self,
        find: impl FnOnce(&mut Conn, &Context) -> Result<T> + Send + 'static,
    ) -> Result<Answer<T>> {
        let reply = self.snapshot(move |conn, context| Ok(Reply::ok(&find(conn, context)?)?.named_by_content()));
        reply.await.map(Answer::of)
    }

    /// As [`Cx::show`], of a record that is read in several statements.
    ///
    /// # Errors
    /// As [`Cx::show`].
    pub async fn show_whole<R: Into<T>, T: Record>(
        self,
        find: impl FnOnce(&mut Conn, &Context) -> Result<R> + Send + 'static,
    ) -> Result<Answer<T>> {
        let reply = self.snapshot(move |conn, context| Reply::record(&find(conn, context)?.into()));
        reply.await.map(Answer::of)
    }

    /// A new record: 201 with its address below the path that was asked for, or that path for one without a name.
    ///
    /// # Errors
    /// `malformed-body`, `validation-failed`, what `make` fails with, or the lane's own.
    pub async fn create<B: DeserializeOwned + Send + 'static, R: Into<T>, T: Record>(
        self,
        body: Body<B>,
        make: impl FnOnce(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Created<T>> {
        let path = self.path();
        self.create_at(path, body, make).await
    }

    /// As [`Cx::create`], of a record whose address is below another path, such as `/v1/calls`.
    ///
    /// # Errors
    /// As [`Cx::create`].
    pub async fn create_at<B: DeserializeOwned + Send + 'static, R: Into<T>, T: Record>(
        self,
        path: impl Into<String>,
        body: Body<B>,
        make: impl FnOnce(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Created<T>> {
        let path = path.into();
        let job =
            move |conn: &mut Conn, context: &Context, given| Reply::of_new(&path, &make(conn, context, given)?.into());
        self.write_json(body, job).await.map(Created::of)
    }

    /// As [`Cx::create`], of a record that is made of very many rows: it waits with the imports, and sees one moment throughout.
    ///
    /// # Errors
    /// As [`Cx::create`].
    pub async fn create_large<B: DeserializeOwned + Send + 'static, R: Into<T>, T: Record>(
        self,
        body: Body<B>,
        make: impl FnOnce(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Created<T>> {
        let (path, endpoint, service, hash) = (self.path(), self.endpoint, self.service.clone(), body.hash);
        let size = body.bytes.len() as u64;
        let work = Box::new(move |steps: &mut Steps, answerer: &Answerer| {
            let given: B = schemas::read(service.schemas, endpoint, &body.bytes)?;
            let job = |conn: &mut Conn, context: &Context| Reply::of_new(&path, &make(conn, context, given)?.into());
            steps.write_of_one_moment(|conn| answerer.answer(conn, job))
        });
        self.once(&hash, size, Work::Import { work, is_short: false }).await.map(Created::of)
    }

    /// As [`Cx::create`], of money: serializable, so `make` may run more than once.
    ///
    /// # Errors
    /// As [`Cx::create`].
    pub async fn create_money<B: DeserializeOwned + Clone + Send + 'static, R: Into<T>, T: Record>(
        self,
        body: Body<B>,
        mut make: impl FnMut(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Created<T>> {
        let path = self.path();
        let job =
            move |conn: &mut Conn, context: &Context, given| Reply::of_new(&path, &make(conn, context, given)?.into());
        self.write_money(body, job).await.map(Created::of)
    }

    /// A change of a record by a merge patch, a move, or another document.
    ///
    /// # Errors
    /// As [`Cx::create`].
    pub async fn change<B: DeserializeOwned + Send + 'static, R: Into<T>, T: Record>(
        self,
        body: Body<B>,
        change: impl FnOnce(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Answer<T>> {
        let job = move |conn: &mut Conn, context: &Context, given| Reply::record(&change(conn, context, given)?.into());
        self.write_json(body, job).await.map(Answer::of)
    }

    /// As [`Cx::change`], of money: serializable, so `change` may run more than once.
    ///
    /// # Errors
    /// As [`Cx::create`].
    pub async fn change_money<B: DeserializeOwned + Clone + Send + 'static, R: Into<T>, T: Record>(
        self,
        body: Body<B>,
        mut change: impl FnMut(&mut Conn, &Context, B) -> Result<R> + Send + 'static,
    ) -> Result<Answer<T>> {
        let job = move |conn: &mut Conn, context: &Context, given| Reply::record(&change(conn, context, given)?.into());
        self.write_money(body, job).await.map(Answer::of)
    }

    /// A record taken away: 204.
    ///
    /// # Errors
    /// What `take` fails with, or the lane's own.
    pub async fn remove(self, take: impl FnOnce(&mut Conn, &Context) -> Result<()> + Send + 'static) -> Result<Reply> {
        self.write(move |conn, context| take(conn, context).map(|()| Reply::no_content())).await
    }

    /// As [`Cx::remove`], of money: serializable, so `take` may run more than once.
    ///
    /// # Errors
    /// As [`Cx::remove`].
    pub async fn remove_money(
        self,
        mut take: impl FnMut(&mut Conn, &Context) -> Result<()> + Send + 'static,
    ) -> Result<Reply> {
        let job = move |conn: &mut Conn, context: &Context| take(conn, context).map(|()| Reply::no_content());
        self.once(&[], 0, Work::Money(Box::new(move || Ok(Box::new(job))))).await
    }

    /// A change without a body: its event and its stored answer are in the same transaction.
    ///
    /// # Errors
    /// As [`Cx::read`].
    pub async fn write(self, job: impl FnOnce(&mut Conn, &Context) -> Result<Reply> + Send + 'static) -> Result<Reply> {
        self.once(&[], 0, Work::Short(Box::new(move || Ok(Box::new(job))))).await
    }

    /// A change with a JSON body. Order: replay, then the body's shape and rules, then the change itself.
    ///
    /// # Errors
    /// `malformed-body`, `validation-failed`, and as [`Cx::read`].
    pub async fn write_json<T: DeserializeOwned + Send + 'static>(
        self,
        body: Body<T>,
        job: impl FnOnce(&mut Conn, &Context, T) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let (endpoint, service, hash) = (self.endpoint, self.service.clone(), body.hash);
        let size = body.bytes.len() as u64;
        let prepare = move || -> Result<Job> {
            let given: T = schemas::read(service.schemas, endpoint, &body.bytes)?;
            Ok(Box::new(move |conn, context| job(conn, context, given)))
        };
        self.once(&hash, size, Work::Short(Box::new(prepare))).await
    }

    /// A change with a JSON body that takes thinking over, such as holding answers against a form that somebody wrote:
    /// `look` finds what is needed, `consider` makes of it what is to be done, on a thread without a connection and outside
    /// any transaction, and `job` does that, if what was found is still so.
    ///
    /// # Errors
    /// As [`Cx::write_json`].
    pub async fn considered<B, L, C>(
        self,
        body: Body<B>,
        look: impl FnOnce(&mut Conn, &Context, B) -> Result<L> + Send + 'static,
        consider: impl FnOnce(L) -> Result<C> + Send + 'static,
        job: impl FnOnce(&mut Conn, &Context, C) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply>
    where
        B: DeserializeOwned + Send + 'static,
        L: Send + 'static,
        C: Send + 'static,
    {
        let (endpoint, service, hash) = (self.endpoint, self.service.clone(), body.hash);
        let size = body.bytes.len() as u64;
        let prepare = move || -> Result<Look> {
            let given: B = schemas::read(service.schemas, endpoint, &body.bytes)?;
            Ok(Box::new(move |conn, context| {
                let found = look(conn, context, given)?;
                Ok(Box::new(move || -> Result<Job> {
                    let considered = consider(found)?;
                    Ok(Box::new(move |conn, context| job(conn, context, considered)))
                }))
            }))
        };
        self.once(&hash, size, Work::Considered(Box::new(prepare))).await
    }

    /// A change of money with a JSON body: as [`Cx::write_json`], serializable, so the job may run more than once.
    ///
    /// # Errors
    /// As [`Cx::write_json`].
    pub async fn write_money<T: DeserializeOwned + Clone + Send + 'static>(
        self,
        body: Body<T>,
        mut job: impl FnMut(&mut Conn, &Context, T) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let (endpoint, service, hash) = (self.endpoint, self.service.clone(), body.hash);
        let size = body.bytes.len() as u64;
        let prepare = move || -> Result<Again> {
            let given: T = schemas::read(service.schemas, endpoint, &body.bytes)?;
            Ok(Box::new(move |conn, context| job(conn, context, given.clone())))
        };
        self.once(&hash, size, Work::Money(Box::new(prepare))).await
    }

    /// A change of many rows, in one transaction. They are prepared (parsed) before that begins, so that reading them
    /// holds no lock.
    ///
    /// # Errors
    /// As [`Cx::read`].
    pub async fn import<P: Send + 'static>(
        self,
        upload: Upload,
        prepare: impl FnOnce(File) -> Result<P> + Send + 'static,
        job: impl FnOnce(&mut Conn, &Context, P) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let work = move |steps: &mut Steps, answerer: &Answerer, file| {
            let prepared = prepare(file)?;
            steps.write(|conn| answerer.answer(conn, |conn, context| job(conn, context, prepared)))
        };
        self.import_in_steps(upload, work).await
    }

    /// A change of many rows that begins its transactions itself, and keeps its answer in the last of them.
    ///
    /// # Errors
    /// As [`Cx::read`].
    pub async fn import_in_steps(
        self,
        upload: Upload,
        work: impl FnOnce(&mut Steps, &Answerer, File) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let Upload { file, hash, size } = upload;
        let work = Box::new(move |steps: &mut Steps, answerer: &Answerer| work(steps, answerer, file));
        self.once(&hash, size, Work::Import { work, is_short: size <= SHORT }).await
    }

    /// Does the work, or answers what the same request was answered before. It goes on where the client goes away, since
    /// what was claimed must be finished or given back.
    async fn once(self, hash: &[u8], size: u64, work: Work) -> Result<Reply> {
        if let Some(run) = self.run.clone() {
            // Its body is stored already, and whoever gives it up drops it.
            let answerer = Answerer { context: self.context, claim: None, run: Some(run) };
            return self::run(&self.service.db.at_leisure(), work, answerer).await;
        }
        let claim = self.idempotency_key.as_ref().map(|key| {
            // The same body sent to another record is another request.
            let whole = [self.target.as_bytes(), hash].concat();
            let request = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &whole);
            Claim::new(&self.context, key, request.as_ref(), self.service.db.instance(), &self.target)
        });
        let long = matches!(work, Work::Import { is_short: false, .. });
        let place = if long { Some(self.place(Kind::Imports).await?) } else { None };
        let (db, written) = (self.db(), self.service.written.clone());
        let share = Share::of(&self.context, size, self.service.config.storage_per_day);
        let answerer = Answerer { context: self.context, claim: claim.clone(), run: None };
        let doing = async move {
            let _place = place;
            if let Some(claim) = &claim
                && let Some(stored) = idempotency::await_claim(&db, claim).await?
            {
                return Ok(stored);
            }
            let outcome = match share.take(&db).await {
                Ok(()) => run(&db, work, answerer).await,
                refused => refused.map(|()| Reply::no_content()),
            };
            written.notify_one();
            let kept = outcome.as_ref().is_ok_and(|reply| reply.status < 300);
            if let Some(claim) = claim.filter(|_| !kept) {
                // Only answers of success are kept: whatever stopped this one may be over when the client tries again.
                idempotency::give_back(&db, claim).await;
            }
            if outcome.as_ref().is_err_and(|error| error.code() != Code::StorageShare) {
                share.give_back(&db).await;
            }
            outcome
        };
        actix_web::rt::spawn(doing).await.map_err(Error::internal)?
    }

    /// The path that was asked for, without its query.
    fn path(&self) -> String {
        self.target.split('?').next().unwrap_or_default().to_owned()
    }

    /// The absolute address that was asked for, with its query: where the register says it is, or where the client found it.
    pub fn address(&self) -> String {
        let origin = match &self.service.config.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.host),
        };
        format!("{origin}{}", self.target)
    }

    /// Whether the body is a CSV, by itself or in a form.
    pub fn brings_csv(&self) -> bool {
        ["text/csv", FORM].contains(&self.content_type.as_str())
    }

    /// Whether a client asked for CSV.
    pub fn wants(&self, media_type: &str) -> bool {
        self.accept == media_type
    }
}

async fn run(db: &Db, work: Work, answerer: Answerer) -> Result<Reply> {
    match work {
        Work::Short(prepare) => {
            let job = prepare()?;
            db.write(move |conn| answerer.answer(conn, job)).await
        }
        Work::Considered(prepare) => {
            let (look, context) = (prepare()?, answerer.context.clone());
            let consider = db.snapshot(move |conn| look(conn, &context)).await?;
            let job = heavy(db.due(), consider).await?;
            db.write(move |conn| answerer.answer(conn, job)).await
        }
        Work::Money(prepare) => {
            let mut job = prepare()?;
            db.write_serializable(move |conn| answerer.answer(conn, &mut job)).await
        }
        Work::Import { work, is_short } => {
            let job = move |steps: &mut Steps| work(steps, &answerer);
            if is_short { db.steps(job).await } else { db.import(job).await }
        }
    }
}

/// What a large body takes of the share of storage that its sender has for the day.
#[derive(Clone)]
struct Share {
    client: String,
    now: Timestamp,
    size: u64,
    limit: Option<u64>,
}

impl Share {
    fn of(context: &Context, size: u64, limit: Option<u64>) -> Self {
        // What is small is not counted.
        let size = if size > shares::SMALL && limit.is_some() { size } else { 0 };
        Self { client: context.actor.subject.clone(), now: context.now, size, limit }
    }

    async fn take(&self, db: &Db) -> Result<()> {
        let Self { client, now, size, limit } = self.clone();
        if size == 0 { Ok(()) } else { db.write(move |conn| shares::take(conn, &client, now, size, limit)).await }
    }

    /// Nothing was stored. Where that cannot be written down now, the client has a little less today.
    async fn give_back(&self, db: &Db) {
        let Self { client, now, size, .. } = self.clone();
        if size > 0
            && let Err(error) = db.write(move |conn| shares::give_back(conn, &client, now, size)).await
        {
            tracing::debug!(cause = error.cause().unwrap_or_default(), "a share of storage was not given back");
        }
    }
}

/// What a change needs inside its transaction.
pub struct Answerer {
    pub context: Context,
    claim: Option<Claim>,
    /// The job whose answer it is.
    run: Option<Arc<Run>>,
}

impl Answerer {
    /// Runs the job, and keeps its answer.
    fn answer(&self, conn: &mut Conn, job: impl FnOnce(&mut Conn, &Context) -> Result<Reply>) -> Result<Reply> {
        let reply = job(conn, &self.context)?;
        self.keep(conn, reply)
    }

    /// Keeps the answer for whoever asks again with the same key, in the last transaction of the work.
    ///
    /// # Errors
    /// `overloaded` where somebody else has taken the key, or the job, over meanwhile.
    pub fn keep(&self, conn: &mut Conn, reply: Reply) -> Result<Reply> {
        if let Some(run) = &self.run {
            jobs::end(conn, &self.context, run, &reply)?;
            shares::take(conn, &self.context.actor.subject, self.context.now, reply.body.len() as u64, None)?;
        }
        if let Some(claim) = self.claim.as_ref().filter(|_| reply.status < 300) {
            let kept = idempotency::finish(conn, claim, &reply)?;
            shares::take(conn, &self.context.actor.subject, self.context.now, kept as u64, None)?;
        }
        Ok(reply)
    }

    /// Whether the answer is a job's, whose effect is there once or not at all.
    pub fn is_of_job(&self) -> bool {
        self.run.is_some()
    }

    /// Notes how far a job has come.
    pub fn progress(&self, done: usize, of: usize) {
        if let Some(run) = &self.run {
            run.progress(done as i64, Some(of as i64));
        }
    }
}

/// Declares what names a record in a path: members, each with its kind, or how it is documented, and what it is.
#[macro_export]
macro_rules! path {
    ($name:ident, $($members:tt)+) => { $crate::path!(@ $name [] $($members)+,); };
    (@ $name:ident [$($done:tt)*] $(,)?) => {
        #[doc = "Names a record in a path."]
        #[derive(Clone, serde::Deserialize, utoipa::IntoParams)]
        #[into_params(parameter_in = Path)]
        pub struct $name { $($done)* }
    };
    (@ $name:ident [$($done:tt)*] $member:ident: [$($param:tt)*] $doc:literal, $($rest:tt)*) => {
        $crate::path!(@ $name [$($done)* #[doc = $doc] #[param($($param)*)] pub $member: String,] $($rest)*);
    };
    (@ $name:ident $done:tt $member:ident: uuid $($rest:tt)*) => {
        $crate::path!(@ $name $done $member: [format = "uuid", max_length = 36] $($rest)*);
    };
    (@ $name:ident $done:tt $member:ident: innovation $($rest:tt)*) => {
        $crate::path!(@ $name $done $member: [example = "heartflow", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60] $($rest)*);
    };
    (@ $name:ident $done:tt $member:ident: organisation $($rest:tt)*) => {
        $crate::path!(@ $name $done $member: [example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60] $($rest)*);
    };
    (@ $name:ident $done:tt $member:ident: fund $($rest:tt)*) => {
        $crate::path!(@ $name $done $member: [example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60] $($rest)*);
    };
    (@ $name:ident $done:tt $member:ident: kpi $($rest:tt)*) => { $crate::path!(@ $name $done $member: code "emergency-performance" $($rest)*); };
    (@ $name:ident $done:tt $member:ident: programme $($rest:tt)*) => { $crate::path!(@ $name $done $member: code "nia" $($rest)*); };
    (@ $name:ident $done:tt $member:ident: network $($rest:tt)*) => { $crate::path!(@ $name $done $member: code "q" $($rest)*); };
    (@ $name:ident $done:tt $member:ident: code $example:literal $($rest:tt)*) => {
        $crate::path!(@ $name $done $member: [example = $example, pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60] $($rest)*);
    };
}

path! { IdPath, id: uuid "The record's id" }

/// A JSON body, read but not yet parsed.
pub struct Body<T> {
    pub bytes: Vec<u8>,
    pub hash: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T> Body<T> {
    /// A body that was spooled because it might have been a large one, and turned out to be JSON.
    ///
    /// # Errors
    /// `body-too-large` above the limit for JSON.
    pub fn spooled(cx: &Cx, mut upload: Upload) -> Result<Self> {
        let limit = cx.service.config.max_json_bytes;
        let mut bytes = Vec::new();
        let mut limited = std::io::Read::take(&mut upload.file, limit as u64 + 1);
        std::io::Read::read_to_end(&mut limited, &mut bytes).map_err(Error::internal)?;
        if bytes.len() > limit {
            return Err(Error::new(Code::BodyTooLarge).detail(format!("The body is larger than {limit} bytes.")));
        }
        Ok(Self { bytes, hash: upload.hash, of: PhantomData })
    }
}

impl<T> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let limit =
                request.app_data::<web::Data<Service>>().map_or(0, |service| service.config.max_json_bytes as u64);
            let (bytes, hash) = receive(&request, payload, Sink::new(Vec::new(), limit)).await?;
            Ok(Self { bytes, hash, of: PhantomData })
        })
    }
}

/// A large body, spooled to a temporary file that vanishes with it, so that a slow uploader holds no connection.
pub struct Upload {
    pub file: File,
    pub hash: Vec<u8>,
    /// In bytes, unpacked.
    pub size: u64,
}

impl Upload {
    /// Of a request without a body.
    ///
    /// # Errors
    /// `internal` where there is no room for a temporary file.
    pub fn nothing() -> Result<Self> {
        Ok(Self { file: tempfile::tempfile().map_err(Error::internal)?, hash: Vec::new(), size: 0 })
    }
}

/// The most bytes of a body whose rows are short work, answered as soon as any other: about a thousand rows.
const SHORT: u64 = 16 * 1024;

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let limit = request.app_data::<web::Data<Service>>().map_or(0, |service| service.config.max_upload_bytes);
            let file = std::io::BufWriter::new(tempfile::tempfile().map_err(Error::internal)?);
            let (file, hash) = receive(&request, payload, Sink::new(file, limit)).await?;
            let mut file = file.into_inner().map_err(Error::internal)?;
            let size = file.stream_position().map_err(Error::internal)?;
            file.rewind().map_err(Error::internal)?;
            Ok(Self { file, hash, size })
        })
    }
}

/// A form; of those, one with a single file is read as that file.
pub const FORM: &str = "multipart/form-data";

/// Reads a body to its end, unpacking it, within the limits of size (once it is unpacked) and time.
async fn receive<W: Write + Send + 'static>(
    request: &HttpRequest,
    payload: Payload,
    sink: Sink<W>,
) -> Result<(W, Vec<u8>)> {
    let service = request.app_data::<web::Data<Service>>().ok_or_else(|| Error::internal("no service"))?;
    let encoding = request.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap_or("?"));
    let inflater = Inflater::new(encoding, sink)?;
    let reading = async {
        if !request.content_type().eq_ignore_ascii_case(FORM) {
            return unpacked(payload, inflater).await;
        }
        if !inflater.is_plain() {
            return Err(Error::new(Code::UnsupportedMediaType).detail("A form is sent without Content-Encoding."));
        }
        file_of(Multipart::new(request.headers(), payload), inflater).await
    };
    let sink = tokio::time::timeout(service.config.body_timeout, reading).await;
    Ok(sink.map_err(|_| Error::new(Code::RequestTimeout))??.into_parts())
}

fn broken_off(cause: PayloadError) -> Error {
    Error::new(Code::MalformedBody).detail("The body broke off.").context(cause)
}

async fn unpacked<W: Write + Send + 'static>(mut payload: Payload, mut inflater: Inflater<W>) -> Result<Sink<W>> {
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken_off)?;
        if inflater.is_plain() {
            inflater.take(&chunk)?;
            continue;
        }
        // A few bytes may be long to unpack: other requests are served meanwhile.
        let unpacking = tokio::task::spawn_blocking(move || inflater.take(&chunk).map(|()| inflater));
        inflater = unpacking.await.map_err(Error::internal)??;
    }
    inflater.finish()
}

/// Takes the one file out of a form.
async fn file_of<W: Write>(mut form: Multipart, mut inflater: Inflater<W>) -> Result<Sink<W>> {
    let malformed = || {
        let detail = "Expected a form with one part, the file, by the name file: curl -F file=@return.csv. Parameters go into the query.";
        Error::new(Code::MalformedBody).detail(detail).fault(Fault::new("/file", "form", detail))
    };
    let failed = |cause| match cause {
        MultipartError::Payload(cause) => broken_off(cause),
        cause => malformed().context(cause),
    };
    let mut parts = 0;
    while let Some(mut part) = form.try_next().await.map_err(failed)? {
        parts += 1;
        if parts > 1 || part.name() != Some("file") {
            return Err(malformed());
        }
        while let Some(chunk) = part.try_next().await.map_err(failed)? {
            inflater.take(&chunk)?;
        }
    }
    if parts == 1 { inflater.finish() } else { Err(malformed()) }
}
