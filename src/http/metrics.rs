//! Counters and timings for Prometheus, by operation and status.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Duration;

pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    /// Who waits for changes on this instance.
    pub feed_clients: IntGauge,
    /// Events that are committed and have no position yet.
    pub events_unnumbered: IntGauge,
    /// What was sent to webhooks, by what came of it.
    pub deliveries: IntCounterVec,
    /// The age of the oldest change that a webhook has yet to hear of.
    pub delivery_lag_seconds: IntGauge,
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
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).map_err(text)?;
            registry.register(Box::new(gauge.clone())).map_err(text)?;
            Ok::<_, String>(gauge)
        };
        let feed_clients = gauge("feed_clients", "Requests that wait for changes")?;
        let events_unnumbered = gauge("events_unnumbered", "Committed events that have no position yet")?;
        let delivery_lag_seconds =
            gauge("webhook_delivery_lag_seconds", "Age of the oldest change that a webhook was not sent yet")?;
        let options = Opts::new("webhook_deliveries_total", "Attempts to send to webhooks by outcome");
        let deliveries = IntCounterVec::new(options, &["outcome"]).map_err(text)?;
        registry.register(Box::new(deliveries.clone())).map_err(text)?;
        Ok(Self { registry, requests, seconds, feed_clients, events_unnumbered, deliveries, delivery_lag_seconds })
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
