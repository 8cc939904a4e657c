//! The task that keeps numbering events, on every instance; a lock lets one of them work at a time.

use super::store::sequence;
use crate::db::Db;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Writes come in bursts; one numbering for all of a burst spares a commit for each.
const GATHER: Duration = Duration::from_millis(20);
/// Events of another instance that died before numbering them.
const PATROL: Duration = Duration::from_secs(2);

/// Numbers events until the process ends, each time that something was written.
pub async fn keep_numbering(db: Db, written: Arc<Notify>) {
    loop {
        let _ = tokio::time::timeout(PATROL, written.notified()).await;
        tokio::time::sleep(GATHER).await;
        loop {
            match db.write(sequence).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(cause = error.cause().unwrap_or_default(), "events could not be numbered yet");
                    break;
                }
            }
        }
    }
}
