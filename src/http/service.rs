//! What every request can reach.

use super::limits::Limiter;
use super::metrics::Metrics;
use super::operations::Operations;
use super::places::Places;
use super::schemas::Schemas;
use crate::access::Doorkeeper;
use crate::config::Config;
use crate::db::Db;
use crate::vocabulary::Timestamp;
use actix_web::web::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, watch};

/// Where the present moment comes from; tests set it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One for the process, made by `startup`.
pub struct Service {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub doorkeeper: Arc<dyn Doorkeeper>,
    pub operations: &'static Operations,
    pub schemas: &'static Schemas,
    pub limiter: Option<Limiter>,
    pub places: Places,
    pub metrics: Metrics,
    /// Rung after every change, so that its events are numbered at once.
    pub written: Arc<Notify>,
    /// Rung when a job waits.
    pub jobs: Arc<Notify>,
    /// The position of the last numbered event, looked at while somebody waits for the next.
    pub numbered: watch::Sender<i64>,
    /// Whether the process has been told to stop.
    pub leaving: AtomicBool,
    pub document_json: Bytes,
    pub document_yaml: &'static OnceLock<Bytes>,
}

impl Service {
    /// Whether the process has been told to stop, so that it is to get no more requests.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Whether the path is one of the pages for people, which are no operations of the API.
    pub fn is_page(&self, path: &str) -> bool {
        let is_below =
            |page: &str| path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        path == "/" || is_below("/docs") || is_below("/returns")
    }
}
