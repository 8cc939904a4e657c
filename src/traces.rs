//! Traces for OpenTelemetry: a span for each request, with one for each piece of database work in it, sent by OTLP over HTTP
//! to the collector that the settings name. A span says which operation, which lane, how long and with what status: never
//! who asked, for whom, or about what.

use async_trait::async_trait;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of every span, by which the log leaves them out and the layer of traces takes nothing else.
pub const TARGET: &str = "traces";
/// How long the collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends batches from the exporter's own thread by the client that everything else uses, on the runtime of the service.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (client, request) = (self.client.clone(), request.try_into()?);
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = sent.await??;
        Ok(Response::builder().status(status).body(body)?)
    }
}

/// What sends traces. It must be kept for as long as there are any, and sends the last of them when it goes.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send to the collector at this address. Call it on the runtime of the service.
    ///
    /// # Errors
    /// Text, where the exporter cannot be made.
    pub fn start(collector: &str) -> Result<Self, String> {
        // Fails where it was done before, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|cause| cause.to_string())?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Sender { client, runtime: tokio::runtime::Handle::current() })
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(format!("{collector}/v1/traces"))
            .build()
            .map_err(|cause| cause.to_string())?;
        let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    pub fn tracer(&self) -> Tracer {
        self.0.tracer(env!("CARGO_PKG_NAME"))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(cause) = self.0.shutdown() {
            tracing::warn!(%cause, "the last traces were not sent");
        }
    }
}

/// The span of a request, below the one that its `traceparent` names (W3C Trace Context). The operation is looked for only
/// where somebody takes traces.
pub fn of_request(operation: impl FnOnce() -> &'static str, method: &str, headers: &impl Extractor) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.kind = "server",
        otel.name = operation(),
        otel.status_code = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        // Without the layer of traces there is nothing that could have a parent.
        let _ = span.set_parent(TraceContextPropagator::new().extract(headers));
    }
    span
}

/// Says in a request's span how it was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a piece of database work for a request, from its place in the queue to its end. `waited_us` is how long it
/// stood there. What the service does by itself has none.
pub fn of_database(lane: &str) -> Span {
    if Span::current().is_disabled() {
        return Span::none();
    }
    tracing::info_span!(target: TARGET, "database", otel.kind = "client", lane, waited_us = Empty)
}
