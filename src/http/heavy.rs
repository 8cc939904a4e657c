//! Work that takes the processor for a while and needs no database: on threads of its own, as many at a time as there are
//! processors, so that nobody who waits for a web thread or a database thread waits for it.

use crate::error::{Code, Error, Result};
use std::sync::OnceLock;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Does the work, once it is its turn.
///
/// # Errors
/// What the work fails with; `overloaded` where its turn does not come in time.
pub async fn heavy<T: Send + 'static>(until: Instant, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    static ROOM: OnceLock<Semaphore> = OnceLock::new();
    let room = ROOM.get_or_init(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));
    let turn = tokio::time::timeout_at(until.into(), room.acquire()).await;
    let _turn = turn.map_err(|_| Error::new(Code::Overloaded))?.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
