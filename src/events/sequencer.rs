//! The task that keeps numbering events, on every instance; a lock lets one of them work at a time. And the one that looks
//! how far they are numbered, for all who wait on this instance.

use super::store::{end, sequence};
use crate::db::Db;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Writes come in bursts; one numbering for all of a burst spares a commit for each.
const GATHER: Duration = Duration::from_millis(20);
/// Events of another instance that died before numbering them.
const PATROL: Duration = Duration::from_secs(2);
/// How often it is looked whether there are more, while somebody waits.
const LOOK: Duration = Duration::from_millis(200);

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

/// Says how far events are numbered, by whichever instance, until the process ends.
pub async fn keep_looking(db: Db, numbered: watch::Sender<i64>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if numbered.receiver_count() == 0 {
            continue;
        }
        match db.read(|conn| end(conn).map(|end| end.position)).await {
            Ok(position) => {
                numbered.send_if_modified(|last| std::mem::replace(last, position) != position);
            }
            Err(error) => tracing::debug!(cause = error.cause().unwrap_or_default(), "who waits for changes waits on"),
        }
    }
}
