//! Spans, sent to a collector of OpenTelemetry by OTLP over HTTP. The SDK reads what the usual variables say.
//!
//! A run never waits for it: what is told goes into a queue with a bound, and is lost where that is full. Only the
//! command's end waits, for a moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry::{
    Context, ContextGuard, InstrumentationScope, KeyValue, Value,
    propagation::{Extractor, TextMapPropagator},
    trace::{Status, TracerProvider},
};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{self, BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanProcessor},
};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::{OURS, client::Sender, variable};
use crate::cli::render;

/// How long the end of a command waits for what is still to be sent.
const MAX_FLUSH: Duration = Duration::from_secs(5);

/// How long a collector may take for one request, where `OTEL_EXPORTER_OTLP_TIMEOUT` doesn't say.
const MAX_REQUEST: Duration = Duration::from_secs(10);

/// The most spans that wait to be sent, some 2 KiB each, where `OTEL_BSP_MAX_QUEUE_SIZE` doesn't say: half a second
/// of the shortest steps.
const MAX_QUEUE: usize = 8192;

/// How often a request is tried again. What can't be sent for longer than that is lost, and the command ends.
const MAX_RETRIES: usize = 2;

/// An export that is under way.
pub struct Export {
    provider: SdkTracerProvider,
    sender: Sender,
    counts: Arc<Counts>,
    /// What the spans of this process are below, as its caller says.
    _caller: ContextGuard,
}

#[derive(Debug, Default)]
struct Counts {
    ended: AtomicU64,
    sent: AtomicU64,
}

/// Begins to export. Where that can't be done, it is said, and the command goes on without.
pub fn begin<S>() -> Option<(impl Layer<S> + use<S>, Export)>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let sender = Sender::new(time());
    let exporter = exporter(sender.clone()).inspect_err(|why| render::warning(&not_exported(why))).ok()?;
    let counts = Arc::<Counts>::default();
    let mut config = BatchConfigBuilder::default();
    if variable(trace::OTEL_BSP_MAX_QUEUE_SIZE).is_none() {
        config = config.with_max_queue_size(MAX_QUEUE);
    }
    let exporter = Counted { exporter, counts: counts.clone() };
    let queue = BatchSpanProcessor::builder(exporter).with_batch_config(config.build()).build();
    let queue = Named { queue, counts: counts.clone() };
    let provider = SdkTracerProvider::builder().with_span_processor(queue).with_resource(resource()).build();
    let scope = InstrumentationScope::builder(OURS).with_version(env!("CARGO_PKG_VERSION")).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false);
    let layer = layer.with_filter(Targets::new().with_target(OURS, tracing::Level::INFO));
    let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &Caller);
    Some((layer, Export { provider, sender, counts, _caller: caller.attach() }))
}

impl Export {
    /// Sends what is left, and says what was lost, if anything was.
    pub fn end(self) -> Option<String> {
        let in_time = self.provider.shutdown_with_timeout(MAX_FLUSH);
        let (ended, sent) = (self.counts.ended.load(Relaxed), self.counts.sent.load(Relaxed));
        let lost = ended.saturating_sub(sent);
        let why = match (in_time, self.sender.why()) {
            (_, Some(why)) => why,
            (Err(_), None) => format!("the collector takes longer than {MAX_FLUSH:?}"),
            (Ok(()), None) => "there were more than it could take".to_owned(),
        };
        (lost > 0).then(|| not_exported(&format!("{lost} of {ended} spans were lost: {why}")))
    }
}

fn not_exported(why: &str) -> String {
    format!("telemetry: {why}")
}

/// What sends spans, as the variables say.
fn exporter(sender: Sender) -> Result<SpanExporter, String> {
    let protocol = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"].into_iter().find_map(variable);
    if let Some(protocol) = protocol.filter(|protocol| protocol != "http/protobuf") {
        return Err(format!("nothing is exported: it is sent as `http/protobuf`, and not as `{protocol}`"));
    }
    let retries = RetryPolicy::recommended().with_max_retries(MAX_RETRIES);
    let exporter = SpanExporter::builder().with_http().with_http_client(sender).with_retry_policy(retries).build();
    exporter.map_err(|error| format!("nothing is exported: {error}"))
}

/// How long one request may take.
fn time() -> Duration {
    let named = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"].into_iter().find_map(variable);
    named.and_then(|time| time.parse().ok()).map_or(MAX_REQUEST, Duration::from_millis)
}

/// Whose spans they are: `turingbox`'s, unless a variable says otherwise.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = Resource::builder().with_attribute(version.clone()).build();
    let name = named.get(&"service.name".into()).map(|name| name.to_string());
    if name.is_some_and(|name| !name.starts_with("unknown_service")) {
        return named;
    }
    Resource::builder().with_attribute(version).with_service_name(OURS).build()
}

/// The variables of the process that says what its children are a part of.
struct Caller;

impl Extractor for Caller {
    fn get(&self, key: &str) -> Option<&str> {
        // It is asked for by reference, and is there as long as the process.
        static SAID: [std::sync::OnceLock<Option<String>>; 2] = [const { std::sync::OnceLock::new() }; 2];
        let place = ["traceparent", "tracestate"].iter().position(|known| *known == key)?;
        SAID[place].get_or_init(|| variable(&key.to_ascii_uppercase())).as_deref()
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Counts what is sent.
#[derive(Debug)]
struct Counted {
    exporter: SpanExporter,
    counts: Arc<Counts>,
}

impl trace::SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        self.exporter.export(batch).await?;
        self.counts.sent.fetch_add(count, Relaxed);
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Gives spans what OpenTelemetry has a place for: the agent in their names, and failures in their statuses.
#[derive(Debug)]
struct Named {
    queue: BatchSpanProcessor,
    counts: Arc<Counts>,
}

impl SpanProcessor for Named {
    fn on_start(&self, span: &mut trace::Span, context: &Context) {
        self.queue.on_start(span, context);
    }

    fn on_end(&self, mut span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if let Some(agent) = attribute(&span, "turingbox.agent.name") {
            span.name = format!("{} {agent}", span.name).into();
        }
        if let Some(code) = attribute(&span, "error.type") {
            span.status = Status::error(code.to_string());
        }
        self.counts.ended.fetch_add(1, Relaxed);
        self.queue.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.queue.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.queue.set_resource(resource);
    }
}

fn attribute<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}
