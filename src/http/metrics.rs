//! Counters and timings for Prometheus, by operation and status.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use std::time::Duration;

pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    /// # Errors
    /// Text, where a metric cannot be registered.
    pub fn new() -> Result<Self, String> {
        let text = |cause: prometheus::Error| cause.to_string();
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("http_requests_total", "Requests by operation and status"),
            &["operation", "status"],
        )
        .map_err(text)?;
        let buckets = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let options = HistogramOpts::new("http_request_seconds", "Time to answer by operation").buckets(buckets);
        let seconds = HistogramVec::new(options, &["operation"]).map_err(text)?;
        registry.register(Box::new(requests.clone())).map_err(text)?;
        registry.register(Box::new(seconds.clone())).map_err(text)?;
        Ok(Self { registry, requests, seconds })
    }

    pub fn observe(&self, operation: &str, status: u16, elapsed: Duration) {
        let mut digits = [0u8; 3];
        for (place, digit) in digits.iter_mut().zip([status / 100 % 10, status / 10 % 10, status % 10]) {
            *place = b'0' + digit as u8;
        }
        let status = std::str::from_utf8(&digits).unwrap_or("000");
        self.requests.with_label_values(&[operation, status]).inc();
        self.seconds.with_label_values(&[operation]).observe(elapsed.as_secs_f64());
    }

    /// The exposition text.
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}
