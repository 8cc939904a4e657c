//! Nobody takes more than a share of the threads: of each kind of long work, a client has some jobs at a time, further ones
//! wait for its own, in order, and above a number of those it is told to. So what one client asks for waits behind what
//! it asked for before, and never in front of everybody else.

use crate::db::Sizes;
use crate::error::{Code, Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The kinds of work that are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Imports,
    Exports,
    Reports,
    /// Analyses and charts of one series.
    Charts,
    /// Waiting for changes, which holds no thread.
    Feeds,
}

/// How many jobs of a client may wait for its earlier ones.
const MOST_WAITING: usize = 16;
/// How many requests of a client may wait for changes.
const FEEDS: usize = 20;
/// From so many clients on, those who have nothing to do are forgotten at once.
const MANY: usize = 1_000;

/// Who has how many jobs of each kind.
pub struct Places {
    /// For bulk work.
    bulk: usize,
    charts: usize,
    queues: Mutex<HashMap<(Kind, String), Arc<Semaphore>>>,
}

/// A place among the jobs of a client, held while the job is done.
pub struct Place {
    _permit: OwnedSemaphorePermit,
    _queue: Arc<Semaphore>,
}

impl Places {
    /// Half of the threads for a client, so that it never has all.
    pub fn new(sizes: &Sizes) -> Self {
        let [bulk, charts] = [sizes.bulk, sizes.readers].map(|threads| threads.div_ceil(2).max(1));
        Self { bulk, charts, queues: Mutex::default() }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// `too-many-at-once` where too many jobs of this client wait already; `overloaded` where its turn does not come in time.
    pub async fn take(&self, kind: Kind, client: &str, until: Instant) -> Result<Place> {
        let at_once = match kind {
            Kind::Imports | Kind::Exports | Kind::Reports => self.bulk,
            Kind::Charts => self.charts,
            Kind::Feeds => FEEDS,
        };
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            if queues.len() > MANY {
                queues.retain(|_, queue| Arc::strong_count(queue) > 1);
            }
            let queue = queues.entry((kind, client.to_owned())).or_insert_with(|| Arc::new(Semaphore::new(at_once)));
            // Whoever works or waits has the queue twice: with the place, and beside it.
            let has = (Arc::strong_count(queue) - 1).div_ceil(2);
            if has >= at_once + MOST_WAITING {
                let detail = format!("You have {has} requests of this kind in progress. Wait for some of them.");
                return Err(Error::new(Code::TooManyAtOnce).detail(detail).retry_in(1));
            }
            queue.clone()
        };
        let permit = tokio::time::timeout_at(until.into(), queue.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::new(Code::Overloaded).context("its client has too much to do"))?;
        Ok(Place { _permit: permit.map_err(Error::internal)?, _queue: queue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::time::Duration;

    fn places() -> Places {
        let patience = Duration::from_secs(1);
        Places::new(&Sizes { readers: 4, writers: 1, bulk: 2, patience, bulk_patience: patience })
    }

    #[actix_web::test]
    async fn a_client_waits_for_itself_and_for_nobody_else() {
        let places = places();
        let at_once = Instant::now();
        let first = places.take(Kind::Reports, "one", at_once + Duration::from_secs(60)).await.unwrap();
        let second = places.take(Kind::Reports, "one", at_once).await.err().unwrap();
        assert_eq!(second.code(), Code::Overloaded);
        assert!(places.take(Kind::Reports, "two", at_once).await.is_ok());
        assert!(places.take(Kind::Exports, "one", at_once).await.is_ok());
        drop(first);
        assert!(places.take(Kind::Reports, "one", at_once).await.is_ok());
    }

    #[actix_web::test]
    async fn of_those_who_wait_there_is_a_number() {
        let places = places();
        let soon = Instant::now() + Duration::from_secs(60);
        let working = places.take(Kind::Imports, "one", soon).await.unwrap();
        let mut waiting: Vec<_> =
            (0..MOST_WAITING).map(|_| Box::pin(places.take(Kind::Imports, "one", soon))).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        let refused = places.take(Kind::Imports, "one", soon).await.err().unwrap();
        assert_eq!((refused.code().as_str(), refused.retry_after()), ("too-many-at-once", Some(1)));
        drop(working);
        assert!(waiting.remove(0).await.is_ok());
    }
}
