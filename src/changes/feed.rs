//! Reading the feed, and waiting for what comes: on the web thread, while nothing is asked of the database.

use super::ops::{self, After, Changes, Next, Page, Wanted};
use crate::access::outside;
use crate::db::Conn;
use crate::error::Result;
use crate::http::places::Place;
use crate::http::service::Service;
use crate::http::{Context, Cx, Kind};
use actix_web::web::{Bytes, Data};
use futures_util::stream::{Stream, StreamExt, iter, unfold};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How soon who waits sees that the process is to stop.
const AWAKE: Duration = Duration::from_millis(500);
/// How often a stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Somebody who reads the feed.
pub struct Reader {
    service: Data<Service>,
    context: Context,
    /// The headers that let the caller in, to be asked again: a wait outlives grants and tokens.
    authorization: String,
    end_user: Option<String>,
    wanted: Wanted,
    after: After,
    numbered: watch::Receiver<i64>,
    _place: Option<Place>,
    _waiting: Option<Waiting>,
}

/// One more who waits, in the metrics.
struct Waiting(Data<Service>);

impl Waiting {
    fn new(service: &Data<Service>) -> Self {
        service.metrics.feed_clients.inc();
        Self(service.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.metrics.feed_clients.dec();
    }
}

impl Reader {
    /// Somebody who may wait takes a place among those of the same client.
    ///
    /// # Errors
    /// `too-many-at-once`.
    pub async fn new(
        cx: Cx,
        (authorization, end_user): (Option<String>, Option<String>),
        wanted: Wanted,
        after: After,
        waits: bool,
    ) -> Result<Self> {
        let place = if waits { Some(cx.place(Kind::Feeds).await?) } else { None };
        let (service, context) = (cx.service, cx.context);
        Ok(Self {
            numbered: service.numbered.subscribe(),
            _waiting: waits.then(|| Waiting::new(&service)),
            _place: place,
            authorization: authorization.unwrap_or_default(),
            end_user,
            service,
            context,
            wanted,
            after,
        })
    }

    async fn read(&mut self) -> Result<Page> {
        let (context, wanted, after) = (self.context.clone(), self.wanted.clone(), self.after.clone());
        let mut page = self.service.db.snapshot(move |conn| ops::page(conn, &context, &wanted, &after)).await?;
        if page.scope.is_some() {
            let context = self.context.clone();
            let keep = move |conn: &mut Conn| ops::keep_scope(conn, &context, &page).map(|()| page);
            page = self.service.db.write(keep).await?;
        }
        self.after = After::Cursor(page.next.clone());
        Ok(page)
    }

    /// Lets the caller in anew.
    async fn renew(&mut self) -> Result<()> {
        let now = (self.service.clock)();
        if !self.authorization.is_empty() {
            let admitted = self.service.doorkeeper.admit(&self.authorization, self.end_user.as_deref(), now);
            let actor = admitted.await?;
            if !actor.may(self.context.operation) {
                return Err(outside());
            }
            self.context.actor = actor;
        }
        self.context.now = now;
        Ok(())
    }

    /// The next page: at once where there is something, else when there is, and at the latest then.
    ///
    /// # Errors
    /// As [`ops::page`], and as letting the caller in.
    pub async fn next(&mut self, until: Instant) -> Result<Changes> {
        loop {
            self.numbered.mark_unchanged();
            let begins = matches!(self.after, After::Now);
            let page = self.read().await?;
            if !page.data.is_empty() || !page.is_last || begins || !self.waited(until).await {
                return Ok(Changes { data: page.data, page: Next { next: page.next.text() } });
            }
            self.renew().await?;
        }
    }

    /// Waits for more events. Returns whether there are some.
    async fn waited(&mut self, until: Instant) -> bool {
        loop {
            let now = Instant::now();
            if now >= until || self.service.is_leaving() {
                return false;
            }
            let changed = tokio::time::timeout(AWAKE.min(until - now), self.numbered.changed()).await;
            if let Ok(changed) = changed {
                return changed.is_ok();
            }
        }
    }

    /// A page as one message of a stream of events, the cursor as its id; an empty one only says that the stream is alive.
    fn message(changes: &Changes) -> Result<Bytes> {
        let next = &changes.page.next;
        if changes.data.is_empty() {
            return Ok(Bytes::from(format!(": alive\nid: {next}\n\n")));
        }
        Ok(Bytes::from(format!("id: {next}\nevent: changes\ndata: {}\n\n", serde_json::to_string(changes)?)))
    }

    /// The changes as they come, until the process is to stop or the caller is let in no more.
    ///
    /// # Errors
    /// `internal` where the first page cannot be written as JSON.
    pub fn stream(self, first: &Changes) -> Result<impl Stream<Item = Result<Bytes>> + 'static> {
        let begun = iter([Ok(Self::message(first)?)]);
        Ok(begun.chain(unfold(self, async |mut reader| {
            if reader.service.is_leaving() || reader.renew().await.is_err() {
                return None;
            }
            let changes = reader.next(Instant::now() + ALIVE).await.ok()?;
            Some((Self::message(&changes), reader))
        })))
    }
}
