//! Rate limits, by client: governor's buckets, answered in the `RateLimit` headers.

use crate::config::RateLimit;
use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;

/// What is left of a client's allowance.
#[derive(Clone, Copy)]
pub struct Quota {
    pub limit: u32,
    pub window_seconds: u64,
    pub remaining: u32,
    pub retry_after_seconds: Option<u64>,
}

pub struct Limiter {
    buckets: RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
    settings: RateLimit,
}

impl Limiter {
    pub fn new(settings: RateLimit) -> Self {
        let each = settings.per / settings.requests.get();
        let quota = governor::Quota::with_period(each).unwrap_or(governor::Quota::per_second(settings.requests));
        let quota = quota.allow_burst(settings.requests);
        Self { buckets: RateLimiter::keyed(quota).with_middleware(), clock: DefaultClock::default(), settings }
    }

    /// Counts one request of this client.
    pub fn check(&self, client: String) -> Quota {
        let (limit, window_seconds) = (self.settings.requests.get(), self.settings.per.as_secs());
        match self.buckets.check_key(&client) {
            Ok(state) => {
                Quota { limit, window_seconds, remaining: state.remaining_burst_capacity(), retry_after_seconds: None }
            }
            Err(not_yet) => {
                let wait = not_yet.wait_time_from(self.clock.now());
                Quota { limit, window_seconds, remaining: 0, retry_after_seconds: Some(wait.as_secs() + 1) }
            }
        }
    }

    /// Forgets clients that have not called for a while.
    pub fn sweep(&self) {
        self.buckets.retain_recent();
    }
}
