//! The task that keeps numbering events, on every instance; a lock lets one of them work at a time.

use super::sequence;
use crate::db::Db;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Writes come in bursts; one numbering for all of a burst spares a commit for each.
const GATHER: Duration = Duration::from_millis(20);
/// Events of another instance that died before numbering them.
const PATROL: Duration = Duration::from_secs(2);

#[derive(Clone, Default)]
pub struct Sequencer(Arc<Notify>);

impl Sequencer {
    /// Says that something was written.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Numbers events until the process ends.
    pub async fn run(self, db: Db) {
        loop {
            let _ = tokio::time::timeout(PATROL, self.0.notified()).await;
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
}
