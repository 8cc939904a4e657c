//! What goes on beside requests so that large totals are there when they are asked for.

use super::ops::{self, Work};
use super::store::{self, Key};
use crate::db::Conn;
use crate::error::Result;
use crate::http::service::Service;
use crate::vocabulary::Timestamp;
use actix_web::web;
use chrono::TimeDelta;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often it is looked for what is behind.
const LOOK: Duration = Duration::from_secs(2);

/// After how many days without being asked for a total is no longer kept.
const UNASKED: TimeDelta = TimeDelta::days(35);

/// The totals that a request added up, and that should be kept.
#[derive(Clone, Default)]
pub struct Wish(Arc<Mutex<Vec<Key>>>);

impl Wish {
    /// Makes an answer, which says what should be kept by [`Wish::set`].
    ///
    /// # Errors
    /// Those of the answer.
    pub async fn beside<T, A: Future<Output = Result<T>>>(
        service: web::Data<Service>,
        answer: impl FnOnce(Self) -> A,
    ) -> Result<T> {
        let wish = Self::default();
        let answer = answer(wish.clone()).await;
        wish.leave(&service);
        answer
    }

    pub fn set(&self, keys: impl IntoIterator<Item = Key>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = keys.into_iter().collect();
    }

    /// Asks for them, once the answer is made. Nobody waits for that, nor is told when it fails: the next request asks again.
    fn leave(self, service: &web::Data<Service>) {
        let keys = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let (service, now) = (service.clone(), (service.clock)());
        if !keys.is_empty() {
            actix_web::rt::spawn(async move {
                let want =
                    move |conn: &mut Conn| keys.iter().try_for_each(|key| store::want(conn, key, now.naive_utc()));
                let asked = service.db.write(want).await;
                if let Err(error) = asked {
                    tracing::debug!(cause = error.cause().unwrap_or_default(), "a total is not kept yet");
                }
            });
        }
    }
}

/// Makes the totals that are wanted or behind, for as long as the service runs.
pub async fn keep_up(service: web::Data<Service>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = catch_up(&service).await {
            tracing::warn!(cause = error.cause().unwrap_or_default(), "totals are behind");
        }
    }
}

/// Makes every total that is due, one after the other.
///
/// # Errors
/// The lanes' own.
pub async fn catch_up(service: &web::Data<Service>) -> Result<()> {
    let now = (service.clock)();
    let Work { due, unmoved, position } = service.db.read(move |conn| ops::work(conn, now)).await?;
    if !unmoved.is_empty() {
        service.db.write(move |conn| store::advance(conn, &unmoved, position)).await?;
    }
    for key in due {
        // One that cannot be made holds back no other.
        if let Err(error) = make_one(service, key).await {
            tracing::warn!(cause = error.cause().unwrap_or_default(), "a total is behind");
        }
    }
    Ok(())
}

async fn make_one(service: &web::Data<Service>, key: Key) -> Result<()> {
    let (now, claimed) = ((service.clock)(), key.clone());
    if !service.db.write(move |conn| ops::claim(conn, &claimed, now)).await? {
        return Ok(());
    }
    let wanted = key.clone();
    let made = service.db.report(move |conn| ops::make(conn, &wanted, now)).await?;
    service.db.write(move |conn| store::keep(conn, &key, made)).await
}

/// Forgets totals that nobody asked for of late.
///
/// # Errors
/// The database's own.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    store::forget(conn, (now - UNASKED).date_naive())
}
