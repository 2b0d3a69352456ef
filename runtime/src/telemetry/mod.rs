//! What happens, told while it happens: spans and events of `tracing`, for whatever subscriber the process has.
//! `TELEMETRY.md` beside this crate has all of them.
//!
//! All of them are made here, so that it can be seen here what they hold: names from libraries, places on the
//! tape, codes, and numbers. No value that an agent is given or gives, no message of one and no request of one
//! is ever told, so no secret is either.
//!
//! Where nobody listens, a span costs a comparison.

mod batch;
mod events;

use std::{future::poll_fn, pin::Pin};

use tracing::{Span, field::Empty, level_filters::LevelFilter};

use crate::{
    Outcome, Value,
    agent::{Agent, Body},
};

pub use events::{allowed, compiling, denied, recorded};

/// What subscribers know spans and events by: the part that they are of.
const ENGINE: &str = "turingbox::engine";
const BATCH: &str = "turingbox::batch";
const POLICY: &str = "turingbox::policy";
const SANDBOX: &str = "turingbox::sandbox";

/// The longest text of one attribute, in bytes: a place on the tape has up to 240, and what follows its last
/// dot. It is a step's id or an agent's name, each up to 100.
const MAX_TEXT: usize = 512;

/// What tells of something that has begun. Unless it is ended, it was interrupted.
#[derive(Debug)]
pub struct Open(Span);

/// Where a step is.
pub struct Place<'a> {
    /// Its path on the tape.
    pub path: &'a dyn Fn() -> String,
    /// How often it has failed before.
    pub attempt: u32,
    /// What it is given.
    pub inputs: &'a [(String, Value)],
}

/// A span of an agent that is called: with fields of its own, and those that are known at its end.
///
/// Where nobody listens, `tracing` would make the fields for `log`, which a crate that we use has it write to, and
/// throw them away.
macro_rules! agent_span {
    ($name:literal, [$($parent:tt)*], $agent:expr, { $($field:tt)* }) => {
        if LevelFilter::current() < LevelFilter::INFO {
            Span::none()
        } else {
            tracing::info_span!(
                target: ENGINE,
                $($parent)*
                $name,
                turingbox.agent.name = $agent.manifest.name.as_str(),
                turingbox.agent.digest = $agent.digest(),
                turingbox.agent.kind = kind($agent),
                $($field)*
                turingbox.output.size = Empty,
                turingbox.fuel = Empty,
                turingbox.memory.peak = Empty,
                turingbox.io.size = Empty,
                turingbox.steps = Empty,
                turingbox.calls = Empty,
                turingbox.denials = Empty,
                turingbox.recorded = Empty,
                error.type = Empty,
            )
        }
    };
}

/// What `told` gives, whose events are told below `span`. It stays where it is: the state of a call is large, and
/// to move it would cost more than to tell of it.
pub async fn within<T>(span: &Span, mut told: Pin<&mut impl Future<Output = T>>) -> T {
    poll_fn(|context| span.in_scope(|| told.as_mut().poll(context))).await
}

impl Open {
    /// A run of `agent`: below what its caller has entered, if anything.
    pub fn run(agent: &Agent, run: &str, inputs: &[(String, Value)]) -> Self {
        Self(agent_span!("run", [], agent, {
            turingbox.run.id = run,
            turingbox.input.size = size(inputs),
        }))
    }

    /// A step that calls `agent`, in what `workflow` tells of.
    pub fn step(workflow: &Span, agent: &Agent, place: &Place<'_>) -> Self {
        Self(agent_span!("step", [parent: workflow,], agent, {
            turingbox.step.path = %bounded(&(place.path)()),
            turingbox.step.attempt = i64::from(place.attempt),
            turingbox.input.size = size(place.inputs),
        }))
    }

    /// A step that runs for each of `items` items. What is told of these is below it.
    pub fn items(workflow: &Span, agent: &Agent, path: impl Fn() -> String, items: usize) -> Self {
        Self(agent_span!("items", [parent: workflow,], agent, {
            turingbox.step.path = %bounded(&path()),
            turingbox.step.items = signed(items as u64),
        }))
    }

    /// A call that the code of another agent makes: below what is entered, which is that agent's step.
    pub fn call(agent: &Agent, path: &str, inputs: &[(String, Value)]) -> Self {
        Self(agent_span!("call", [], agent, {
            turingbox.step.path = %bounded(path),
            turingbox.input.size = size(inputs),
        }))
    }

    /// The span.
    pub fn span(&self) -> &Span {
        &self.0
    }

    /// Says how it went.
    pub fn end(self, outcome: &Outcome) {
        let span = self.ended();
        if span.is_disabled() {
            return;
        }
        let Outcome { outputs, usage, denials, failure, .. } = outcome;
        span.record("turingbox.output.size", size(outputs));
        span.record("turingbox.fuel", signed(usage.fuel));
        span.record("turingbox.memory.peak", signed(usage.memory));
        span.record("turingbox.io.size", signed(usage.bytes));
        span.record("turingbox.steps", signed(usage.steps));
        span.record("turingbox.calls", signed(usage.calls));
        span.record("turingbox.denials", signed(denials.len() as u64 + denials.omitted()));
        if let Some(failure) = failure {
            span.record("error.type", failure.code.name());
        }
    }

    /// The span, of which nothing more has to be said when this is dropped.
    fn ended(mut self) -> Span {
        std::mem::replace(&mut self.0, Span::none())
    }
}

/// What is dropped in the middle has no outcome.
impl Drop for Open {
    fn drop(&mut self) {
        if !self.0.is_disabled() {
            self.0.record("error.type", crate::Code::Interrupted.name());
        }
    }
}

/// The word for an agent's kind, as its manifest has it.
fn kind(agent: &Agent) -> &'static str {
    match agent.body {
        Body::Template(_) => "template",
        Body::Proc(_) => "proc",
        Body::Workflow(_) => "workflow",
    }
}

/// The bytes of values, without their names.
fn size(values: &[(String, Value)]) -> i64 {
    signed(values.iter().map(|(_, value)| value.len() as u64).sum())
}

/// OpenTelemetry has no other whole numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What is told of `text`: no more than [`MAX_TEXT`] bytes, and no control characters.
fn bounded(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MAX_TEXT)];
    cut.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_clean() {
        assert_eq!(bounded("3.parse[2]~1"), "3.parse[2]~1");
        assert_eq!(bounded("a\u{1b}[31m\nb\u{9b}"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
        assert_eq!(bounded(&"é".repeat(1000)).len(), MAX_TEXT);
        assert_eq!((signed(7), signed(u64::MAX)), (7, i64::MAX));
    }
}
