//! Where what is told goes: lines on stderr for `TURINGBOX_LOG`, and spans to a collector of OpenTelemetry.
//!
//! A process has one subscriber, and that is all that is global: it takes what it is told, and nothing that an
//! agent can reach asks it for anything.

#[cfg(feature = "otel")]
mod client;
#[cfg(feature = "otel")]
mod export;

use std::{
    fmt::Debug,
    io::{self, Write},
};

use tracing::{field::Field, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    field::MakeExt,
    filter::{FilterFn, ParseError, Targets, filter_fn},
    fmt::{
        self,
        format::{self, FmtSpan},
    },
    layer::SubscriberExt,
};

use crate::cli::{Globals, Stop, render, terminal::escape};

/// What is ours. What libraries tell may have in it what agents sent and were sent.
const OURS: &str = "turingbox";

/// The variable that says what is written to stderr.
const LOG: &str = "TURINGBOX_LOG";

/// The variables that ask for an export.
const ASKING: [&str; 3] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER"];

/// Whatever listens, until the command is over.
pub struct Telemetry {
    #[cfg(feature = "otel")]
    export: Option<export::Export>,
}

impl Telemetry {
    /// Begins to listen, if anybody asks for that.
    pub fn begin() -> Result<Self, Stop> {
        let lines = variable(LOG).map(|directives| lines(&directives)).transpose()?;
        #[cfg(feature = "otel")]
        let (spans, export) = asked().and_then(|_| export::begin()).unzip();
        #[cfg(not(feature = "otel"))]
        let spans = None::<tracing_subscriber::layer::Identity>;
        if lines.is_some() || spans.is_some() {
            // There is one already where this is a part of another program, and that one is theirs to choose.
            let _ = tracing::subscriber::set_global_default(Registry::default().with(spans).with(lines));
        }
        Ok(Self {
            #[cfg(feature = "otel")]
            export,
        })
    }

    /// Sends what wasn't sent yet, for a moment.
    pub fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(why) = self.export.and_then(export::Export::end) {
            render::warning(&why);
        }
    }
}

/// Says with `-v` that telemetry is asked for and can't be had. The variables are often those of a whole machine, so
/// it is nobody's mistake.
pub fn note_if_missing(globals: &Globals) {
    if let Some(name) = asked().filter(|_| globals.verbose && cfg!(not(feature = "otel"))) {
        render::note(&format!(
            "`{name}` is set, and this turingbox was built without its feature `otel`: nothing is exported"
        ));
    }
}

/// The variable that asks for an export, if one does.
fn asked() -> Option<&'static str> {
    let is_set = |name: &&str| variable(name).is_some_and(|value| *name != "OTEL_TRACES_EXPORTER" || value == "otlp");
    let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|value| value != "otlp");
    ASKING.into_iter().find(is_set).filter(|_| !is_off)
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
    Some(value).filter(|value| !value.is_empty())
}

/// What is told, as `directives` pick it, a line for each event and for the end of each span.
fn lines<S>(directives: &str) -> Result<impl Layer<S> + use<S>, Stop>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let wrong = |why: &str| {
        let forms = "write a level (`info`), or one for each part (`turingbox::policy=debug,turingbox::engine=info`)";
        Stop::Usage(format!("{LOG} can't be understood, `{directives}`: {why}\n\n{forms}"))
    };
    let targets: Targets = directives.parse().map_err(|error: ParseError| wrong(&error.to_string()))?;
    if let Some((foreign, _)) = targets.iter().find(|(target, _)| !target.starts_with(OURS)) {
        return Err(wrong(&format!("`{foreign}` is no part of turingbox's")));
    }
    let lines = fmt::layer().with_ansi(false).with_span_events(FmtSpan::CLOSE).with_writer(|| Escaped);
    let lines = lines.fmt_fields(format::debug_fn(field).delimited(" "));
    Ok(lines.with_filter(ours(targets)))
}

/// A field, for a person: without whose it is, and with no more of a digest than tells it from others.
fn field(out: &mut format::Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => out.write_str(value.trim_matches('"')),
        "turingbox.agent.digest" => write!(out, "agent.digest={}", value.get(1..13).unwrap_or_default()),
        name => write!(out, "{}={value}", name.trim_start_matches("turingbox.")),
    }
}

/// Takes of what is ours what `targets` take.
fn ours(targets: Targets) -> FilterFn<impl Fn(&tracing::Metadata<'_>) -> bool> {
    let level = targets.iter().map(|(_, level)| level).chain(targets.default_level()).max();
    let takes = move |about: &tracing::Metadata<'_>| {
        about.target().starts_with(OURS) && targets.would_enable(about.target(), about.level())
    };
    filter_fn(takes).with_max_level_hint(level.unwrap_or(LevelFilter::OFF))
}

/// Stderr, which no name in a library can write to a terminal's liking.
struct Escaped;

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // It comes a line at a time. Where stderr is closed there is nobody to tell.
        drop(anstream::stderr().lock().write_all(escape(&String::from_utf8_lossy(bytes)).as_bytes()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
