//! Counters and timings for Prometheus: requests by operation and status, and how the lanes to the database stand.

use crate::db::Load;
use prometheus::{
    CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
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
    lanes: Lanes,
}

/// What is known of each lane, read when somebody asks.
struct Lanes {
    queued: GaugeVec,
    room: GaugeVec,
    helping: GaugeVec,
    connections: GaugeVec,
    idle: GaugeVec,
    done: CounterVec,
    waited: CounterVec,
    worked: CounterVec,
    refused: CounterVec,
    late: CounterVec,
}

impl Lanes {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| {
            let made = GaugeVec::new(Opts::new(name, help), &["lane"])?;
            registry.register(Box::new(made.clone())).map(|()| made)
        };
        let counter = |name: &str, help: &str| {
            let made = CounterVec::new(Opts::new(name, help), &["lane"])?;
            registry.register(Box::new(made.clone())).map(|()| made)
        };
        Ok(Self {
            queued: gauge("database_queue_jobs", "Jobs that wait for a thread")?,
            room: gauge("database_queue_room", "Jobs that may wait at most")?,
            helping: gauge("database_helping_threads", "Threads that help out while jobs take long")?,
            connections: gauge("database_connections", "Connections of the pool")?,
            idle: gauge("database_connections_idle", "Connections that nobody uses")?,
            done: counter("database_jobs_total", "Jobs that ran")?,
            waited: counter("database_wait_seconds_total", "Time that jobs waited for a thread")?,
            worked: counter("database_work_seconds_total", "Time that jobs ran")?,
            refused: counter("database_jobs_refused_total", "Jobs for which the queue had no room")?,
            late: counter("database_jobs_late_total", "Jobs that were not done by their deadline")?,
        })
    }

    fn set(&self, load: &Load) {
        let lane = &[load.lane];
        for (gauge, value) in [
            (&self.queued, load.queued as f64),
            (&self.room, load.depth as f64),
            (&self.helping, load.helping as f64),
            (&self.connections, load.connections.into()),
            (&self.idle, load.idle.into()),
        ] {
            gauge.with_label_values(lane).set(value);
        }
        for (counter, value) in [
            (&self.done, load.done as f64),
            (&self.waited, load.waited.as_secs_f64()),
            (&self.worked, load.worked.as_secs_f64()),
            (&self.refused, load.refused as f64),
            (&self.late, load.late as f64),
        ] {
            let counter = counter.with_label_values(lane);
            counter.inc_by((value - counter.get()).max(0.0));
        }
    }
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
        let lanes = Lanes::new(&registry).map_err(text)?;
        Ok(Self {
            registry,
            requests,
            seconds,
            lanes,
            feed_clients,
            events_unnumbered,
            deliveries,
            delivery_lag_seconds,
        })
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

    /// The exposition text, with the lanes as they stand now.
    pub fn render(&self, loads: &[Load]) -> String {
        loads.iter().for_each(|load| self.lanes.set(load));
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}
